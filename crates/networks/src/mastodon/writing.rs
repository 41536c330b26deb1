//! What goes out: posts, answers, changes, deletions and files.
//!
//! A post carries its key as `Idempotency-Key`: Mastodon answers a repetition within an hour with the first post. Servers that do not
//! know the header would post twice, so an attempt of unknown outcome is looked up first ([`find`]), by what it says, whom it answers
//! and, where the key is a UUIDv7, not before the time in it. What is not found among what was posted since is not there; where not all
//! of that can be seen, nobody can tell.

use std::time::Duration;

use reqwest::{Method, StatusCode, multipart};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    client::{Api, segment},
    entity::Status,
    mapping, thread,
};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    event::Event,
    http::{self, ANSWER_BYTES_MAX},
    outgoing::{Audience, Media, Outgoing, Published, Uploaded, not_before_ms},
    text,
};

/// Looks at a file that the server is still working on, one a second: what takes longer is tried again later.
const MEDIA_LOOKS_MAX: u32 = 25;
const MEDIA_LOOK_EVERY: Duration = Duration::from_secs(1);
/// Own posts that are asked for at once when one of unknown outcome is looked for, and how often: beyond that nobody can tell.
const FIND_PAGE: usize = 40;
const FIND_PAGES_MAX: usize = 10;

pub(super) async fn send(session: &Session, post: &Outgoing) -> Result<Published> {
    let api = Api::of(session)?;
    let form = form(&api, post).await?;
    let request = api.request(Method::POST, "api/v1/statuses")?.header("Idempotency-Key", &post.key).form(&form);
    match posted(api.ask(request, "posting").await) {
        Ok(status) => Ok(published(&status)),
        Err(refused) if refused.class == Class::RefusedContent => Err(forgotten(&api, post).await.unwrap_or(refused)),
        Err(error) => Err(error),
    }
}

/// Why a post was refused, when it is for a file that the server does not have any more: it refuses such a post like any other (422)
/// and has to be asked for each file.
async fn forgotten(api: &Api, post: &Outgoing) -> Option<NetworkError> {
    for media in &post.media {
        match api.look(&format!("api/v1/media/{}", segment(&media.0)), &[], "looking for a file").await {
            Ok(Some(_)) => {}
            Ok(None) => return Some(NetworkError::new(Class::Gone, "the server does not have the post's files any more")),
            // Nobody can tell: the refusal stands.
            Err(_) => return None,
        }
    }
    None
}

/// An answer to a post that we cannot read: the post is there all the same.
fn posted(answered: Result<http::Answered>) -> Result<Status> {
    answered?.json().map_err(NetworkError::effect_unknown)
}

pub(super) async fn find(session: &Session, post: &Outgoing) -> Result<Option<Published>> {
    let api = Api::of(session)?;
    let reply_to = match &post.reply_to {
        Some(uri) => {
            Some(api.resolve(uri).await?.ok_or_else(|| NetworkError::new(Class::Gone, "the message to answer is gone"))?)
        }
        None => None,
    };
    let not_before = not_before_ms(&post.key);
    let is_older = |status: &Status| {
        not_before.zip(mapping::time_ms(status.created_at.as_deref())).is_some_and(|(limit, posted_ms)| posted_ms < limit)
    };
    let is_it = |status: &&Status| {
        status.reblog.is_none()
            && status.in_reply_to_id == reply_to
            && !is_older(status)
            && status.says.media_attachments.len() == post.media.len()
            && status.says.spoiler_text == post.subject.clone().unwrap_or_default()
            && says_the_same(status, &post.text)
    };
    let (limit, mut before) = (FIND_PAGE.to_string(), String::new());
    for _ in 0..FIND_PAGES_MAX {
        let from = (!before.is_empty()).then_some(("max_id", before.as_str()));
        let query: Vec<_> = [("limit", limit.as_str())].into_iter().chain(from).collect();
        let own: Vec<Status> = api.own(&query).await?;
        if let Some(found) = own.iter().find(is_it) {
            return Ok(Some(published(found)));
        }
        match own.last() {
            Some(oldest) if !is_older(oldest) && oldest.id != before => before.clone_from(&oldest.id),
            // A server that has no further pages tells the newest ones again.
            Some(oldest) if oldest.id == before && own.len() >= FIND_PAGE => break,
            _ => return Ok(None),
        }
    }
    Err(NetworkError::retry("so much was posted since that the server does not tell whether it is there"))
}

/// Servers shorten the handles of mentions and write their own white space.
fn says_the_same(status: &Status, sent: &str) -> bool {
    let plain = |text: &str| {
        let words = text.split_whitespace().map(|word| match word.strip_prefix('@').and_then(|name| name.split_once('@')) {
            Some((name, _host)) => format!("@{name}"),
            None => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let as_typed = status.text.as_deref().is_some_and(|text| plain(text) == plain(sent));
    as_typed || plain(&text::from_html(&status.says.content).text) == plain(sent)
}

pub(super) async fn read_back(session: &Session, native_id: &str) -> Result<Option<Event>> {
    let api = Api::of(session)?;
    let Some(id) = api.resolve(native_id).await? else { return Ok(None) };
    let Some((status, answered)) = api.status(&id).await? else { return Ok(None) };
    let part: Box<RawValue> = answered.json()?;
    let (around, _others) = thread::around(&api, &status, 0).await?;
    Ok(Some(mapping::status_event(&status, &part, &around, &api.host())))
}

pub(super) async fn edit(session: &Session, native_id: &str, post: &Outgoing) -> Result<Published> {
    let api = Api::of(session)?;
    let id = api.resolve(native_id).await?.ok_or_else(|| NetworkError::new(Class::Gone, "the post to change is gone"))?;
    let mut form = form(&api, post).await?;
    // Whom it answers and who may read it cannot be changed.
    form.retain(|(name, _)| !matches!(name.as_str(), "in_reply_to_id" | "visibility" | "quoted_status_id"));
    let path = format!("api/v1/statuses/{}", segment(&id));
    let status: Status = posted(api.ask(api.request(Method::PUT, &path)?.form(&form), "changing a post").await)?;
    Ok(published(&status))
}

pub(super) async fn delete(session: &Session, native_id: &str) -> Result<()> {
    let api = Api::of(session)?;
    let Some(id) = api.resolve(native_id).await? else { return Ok(()) };
    match api.ask(api.request(Method::DELETE, &format!("api/v1/statuses/{}", segment(&id)))?, "deleting a post").await {
        Err(error) if error.class != Class::Gone => Err(error),
        _ => Ok(()),
    }
}

async fn form(api: &Api, post: &Outgoing) -> Result<Vec<(String, String)>> {
    let mut form = vec![("status".to_owned(), post.text.clone())];
    let mut set = |name: &str, value: String| form.push((name.to_owned(), value));
    let visibility = match post.audience {
        Audience::Public => "public",
        Audience::Unlisted => "unlisted",
        Audience::Followers => "private",
        Audience::Direct => "direct",
    };
    set("visibility", visibility.to_owned());
    if let Some(warning) = &post.subject {
        set("spoiler_text", warning.clone());
        set("sensitive", "true".to_owned());
    }
    if let Some(language) = &post.language {
        set("language", language.clone());
    }
    for media in &post.media {
        set("media_ids[]", media.0.clone());
    }
    for (name, uri) in [("in_reply_to_id", &post.reply_to), ("quoted_status_id", &post.quotes)] {
        if let Some(uri) = uri {
            let id = api.resolve(uri).await?;
            set(name, id.ok_or_else(|| NetworkError::new(Class::Gone, "the message that the post answers or quotes is gone"))?);
        }
    }
    Ok(form)
}

fn published(status: &Status) -> Published {
    Published {
        native_id: status.uri.clone(),
        revision: Some(mapping::revision(status)),
        permalink: status.url.clone(),
        source_time_ms: mapping::time_ms(status.edited_at.as_deref().or(status.created_at.as_deref())),
    }
}

pub(super) async fn upload(session: &Session, media: &Media) -> Result<Uploaded> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
        #[serde(default)]
        url: Option<String>,
    }
    let api = Api::of(session)?;
    let file = multipart::Part::bytes(media.bytes.clone()).file_name(media.file_name.clone());
    let file = file.mime_str(&media.media_type).map_err(|_| {
        NetworkError::new(Class::RefusedContent, "the file's media type cannot be read: give it one like image/png")
    })?;
    let mut form = multipart::Form::new().part("file", file);
    if let Some(alt) = &media.alt {
        form = form.text("description", alt.clone());
    }
    let answered = api.ask(api.request(Method::POST, "api/v2/media")?.multipart(form), "giving the server a file").await?;
    let made: Made = answered.json()?;
    let is_ready = answered.status != StatusCode::ACCEPTED && made.url.is_some();
    if is_ready {
        return Ok(Uploaded(made.id));
    }
    let path = format!("api/v1/media/{}", segment(&made.id));
    for _ in 0..MEDIA_LOOKS_MAX {
        tokio::time::sleep(MEDIA_LOOK_EVERY).await;
        let looked = http::call(api.request(Method::GET, &path)?, ANSWER_BYTES_MAX).await?;
        match looked.status {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => return Ok(Uploaded(made.id)),
            _ => return Err(looked.usual_error("preparing a file").unwrap_or_else(|| NetworkError::retry("preparing a file"))),
        }
    }
    Err(NetworkError::retry("the server is still working on the file: try again later"))
}
