//! What goes out: posts, answers, changes, deletions and files.
//!
//! A post carries its key as `Idempotency-Key`: Mastodon answers a repetition within an hour with the first post. Servers that do not
//! know the header would post twice, so an attempt of unknown outcome is looked up first ([`find`]), by what it says, whom it answers
//! and, where the key is a UUIDv7, not before the time in it.

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
    outgoing::{Audience, Media, Outgoing, Published, Uploaded, key_time_ms},
    text,
};

/// Looks at a file that the server is still working on, one a second: what takes longer is tried again later.
const MEDIA_LOOKS_MAX: u32 = 25;
const MEDIA_LOOK_EVERY: Duration = Duration::from_secs(1);
/// Own posts looked through for one whose outcome is unknown: more than anybody posts between two attempts.
const FIND_AMONG: &str = "40";
/// Our clock and the server's may differ by this much.
const CLOCKS_DIFFER_MS_MAX: i64 = 5 * 60 * 1_000;

pub(super) async fn send(session: &Session, post: &Outgoing) -> Result<Published> {
    let api = Api::of(session)?;
    let form = form(&api, post).await?;
    let request = api.request(Method::POST, "api/v1/statuses")?.header("Idempotency-Key", &post.key).form(&form);
    let status: Status = posted(api.ask(request, "posting").await)?;
    Ok(published(&status))
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
    let not_before = key_time_ms(&post.key).map(|ms| ms - CLOCKS_DIFFER_MS_MAX);
    let own: Vec<Status> = api.own(&[("limit", FIND_AMONG)]).await?;
    let is_it = |status: &&Status| {
        let posted_ms = mapping::time_ms(status.created_at.as_deref());
        status.reblog.is_none()
            && status.in_reply_to_id == reply_to
            && not_before.is_none_or(|limit| posted_ms.is_none_or(|ms| ms >= limit))
            && status.says.media_attachments.len() == post.media.len()
            && status.says.spoiler_text == post.subject.clone().unwrap_or_default()
            && says_the_same(status, &post.text)
    };
    Ok(own.iter().find(is_it).map(published))
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
