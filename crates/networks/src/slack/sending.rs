//! Posting, changing, taking back, files; and looking up whether something of ours is there.
//!
//! Slack has no idempotency key. What we post carries a mark in its metadata ([`fingerprint`] of the key), a post with files carries
//! their ids; [`find`] looks for these, so that an attempt with an unknown outcome is never repeated blindly.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use url::Url;

use super::{
    client::{self, Api, Does},
    mapping::{self, Around},
    names, text,
};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    event::{Attachment, Event},
    http,
    network::Sink,
    outgoing::{Media, Outgoing, Published, Uploaded, fingerprint, not_before_ms},
};

/// The name of our metadata.
const MARK: &str = "gatepost_post";
/// Pages of a hundred messages that are looked through for a post of ours. It is minutes old; beyond that nobody can tell.
const FIND_PAGES_MAX: usize = 10;
/// How often Slack is asked where a file was shared, and the pause between: it shares them in its own time.
const SHARE_LOOKS_MAX: usize = 5;
const SHARE_PAUSE: Duration = Duration::from_millis(500);
/// A file of the largest size that we take, over a slow line.
const FILE_TIME_MAX: Duration = Duration::from_mins(15);

/// A file that Slack has.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    id: String,
    title: String,
}

/// Where a post goes: channel, and the thread it is in.
struct Target<'a> {
    channel: &'a str,
    thread: Option<&'a str>,
}

fn target(post: &Outgoing) -> Result<Target<'_>> {
    let refused = |why: &str| NetworkError::new(Class::RefusedContent, why);
    if post.subject.is_some() || post.quotes.is_some() {
        return Err(refused("Slack has no subjects and no quotes; put the text or the link into the message"));
    }
    let answered = post.thread.as_deref().or(post.reply_to.as_deref());
    let Some(id) = answered else {
        let channel = post.place.as_deref().ok_or_else(|| refused("Slack needs a channel; choose one"))?;
        return Ok(Target { channel, thread: None });
    };
    let (channel, ts) = mapping::parts(id).ok_or_else(|| refused("the message to answer is not one of Slack's"))?;
    if post.place.as_deref().is_some_and(|place| place != channel) {
        return Err(refused("the message to answer is in another channel"));
    }
    Ok(Target { channel, thread: Some(ts) })
}

fn metadata(key: &str) -> String {
    json!({ "event_type": MARK, "event_payload": { "key": fingerprint(key) } }).to_string()
}

fn published(session: &Session, channel: &str, ts: &str, revision: Option<String>) -> Published {
    let link = session.account.link.as_deref().map(|link| link.trim_end_matches('/'));
    Published {
        native_id: mapping::native_id(channel, ts),
        revision,
        permalink: link.map(|link| format!("{link}/archives/{channel}/p{}", ts.replace('.', ""))),
        source_time_ms: mapping::time_ms(ts),
    }
}

/// Posts or replies.
pub(crate) async fn send(session: &Session, post: &Outgoing) -> Result<Published> {
    let target = target(post)?;
    let api = Api::bot(session)?;
    let text = text::escaped(&post.text);
    if !post.media.is_empty() {
        return send_files(session, &api, &target, post, &text).await;
    }
    let metadata = metadata(&post.key);
    let mut fields = vec![("channel", target.channel), ("text", &text), ("metadata", &metadata)];
    fields.extend(target.thread.map(|ts| ("thread_ts", ts)));
    let answer: Value = api.call(Does::Write, "chat.postMessage", &fields).await?;
    // The channel may have been named; the answer says its id.
    let channel = answer["channel"].as_str().unwrap_or(target.channel);
    match answer["ts"].as_str().filter(|ts| mapping::time_ms(ts).is_some()) {
        Some(ts) => Ok(published(session, channel, ts, None)),
        None => Err(NetworkError::malformed("chat.postMessage: the answer has no time stamp").effect_unknown()),
    }
}

fn held(post: &Outgoing) -> Result<Vec<Held>> {
    let read = |uploaded: &Uploaded| serde_json::from_str(&uploaded.0);
    let wrong = |_| NetworkError::new(Class::Bug, "the file was not uploaded by this connector; upload it again");
    post.media.iter().map(read).collect::<std::result::Result<_, _>>().map_err(wrong)
}

async fn send_files(session: &Session, api: &Api<'_>, target: &Target<'_>, post: &Outgoing, text: &str) -> Result<Published> {
    let held = held(post)?;
    let files = serde_json::to_string(&held).map_err(|_| NetworkError::malformed("the files cannot be named"))?;
    let mut fields = vec![("files", files.as_str()), ("channel_id", target.channel)];
    if !text.is_empty() {
        fields.push(("initial_comment", text));
    }
    fields.extend(target.thread.map(|ts| ("thread_ts", ts)));
    let _shared_later: Value = api.call(Does::Write, "files.completeUploadExternal", &fields).await?;
    for _ in 0..SHARE_LOOKS_MAX {
        if let Ok(Some(found)) = find_files(session, api, target, &held).await {
            return Ok(found);
        }
        client::pause(SHARE_PAUSE).await;
    }
    Err(NetworkError::retry("Slack took the files and has not shared them yet").effect_unknown())
}

/// The message in which a file of ours was shared.
async fn find_files(session: &Session, api: &Api<'_>, target: &Target<'_>, held: &[Held]) -> Result<Option<Published>> {
    let Some(first) = held.first() else { return Ok(None) };
    let answer: Value = match api.call(Does::Read, "files.info", &[("file", &first.id)]).await {
        Ok(answer) => answer,
        Err(error) if error.class == Class::Gone => return Ok(None),
        Err(error) => return Err(error),
    };
    let shares = &answer["file"]["shares"];
    let times = ["public", "private"].iter().filter_map(|kind| shares[*kind][target.channel].as_array()).flatten();
    let ts = times.filter_map(|share| share["ts"].as_str()).max();
    Ok(ts.map(|ts| published(session, target.channel, ts, None)))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    messages: Vec<Box<RawValue>>,
}

/// Whether a post of ours is there.
pub(crate) async fn find(session: &Session, post: &Outgoing) -> Result<Option<Published>> {
    let target = target(post)?;
    let api = Api::bot(session)?;
    if !post.media.is_empty() {
        return find_files(session, &api, &target, &held(post)?).await;
    }
    let mark = fingerprint(&post.key);
    let method = if target.thread.is_some() { "conversations.replies" } else { "conversations.history" };
    let oldest = not_before_ms(&post.key).map(|ms| (ms / 1_000).to_string());
    let mut next = String::new();
    for _ in 0..FIND_PAGES_MAX {
        let mut fields = vec![("channel", target.channel), ("limit", "100"), ("include_all_metadata", "true")];
        fields.extend(oldest.as_deref().map(|oldest| ("oldest", oldest)));
        fields.extend(target.thread.map(|ts| ("ts", ts)));
        if !next.is_empty() {
            fields.push(("cursor", &next));
        }
        let page: Value = api.call(Does::Read, method, &fields).await?;
        let ours = |message: &&Value| {
            message["metadata"]["event_type"] == MARK && message["metadata"]["event_payload"]["key"] == mark.as_str()
        };
        let found = page["messages"].as_array().into_iter().flatten().find(ours);
        if let Some(ts) = found.and_then(|message| message["ts"].as_str()) {
            return Ok(Some(published(session, target.channel, ts, None)));
        }
        match page["response_metadata"]["next_cursor"].as_str().filter(|cursor| !cursor.is_empty()) {
            Some(cursor) => cursor.clone_into(&mut next),
            None => return Ok(None),
        }
    }
    Err(NetworkError::retry("so much was said since that Slack does not tell whether it is there"))
}

fn own(native_id: &str) -> Result<(&str, &str)> {
    mapping::parts(native_id).ok_or_else(|| NetworkError::new(Class::Bug, "this is not the id of a Slack message"))
}

/// Reads a message back.
pub(crate) async fn read_back(session: &Session, native_id: &str) -> Result<Option<Event>> {
    let (channel, ts) = own(native_id)?;
    let api = Api::reader(session)?;
    let history = [("channel", channel), ("latest", ts), ("oldest", ts), ("inclusive", "true"), ("limit", "100")];
    let replies = [("channel", channel), ("ts", ts), ("limit", "100")];
    for (method, fields) in [("conversations.history", &history[..]), ("conversations.replies", &replies[..])] {
        let page: Page = match api.call(Does::Read, method, fields).await {
            Ok(page) => page,
            Err(error) if error.class == Class::Gone => continue,
            Err(error) => return Err(error),
        };
        let found = page.messages.iter().find(|raw| {
            let message: Value = serde_json::from_str(raw.get()).unwrap_or_default();
            message["ts"] == ts && message["subtype"] != "tombstone"
        });
        if let Some(raw) = found {
            let event = names::with(&client::workspace(session), |names| {
                let place = names.place(channel, None);
                mapping::of_history(raw.get(), &place, Around { names, link: session.account.link.as_deref() }).into_iter().next()
            });
            return Ok(event);
        }
    }
    Ok(None)
}

/// Changes a post of ours.
pub(crate) async fn edit(session: &Session, native_id: &str, post: &Outgoing) -> Result<Published> {
    let (channel, ts) = own(native_id)?;
    let (text, metadata) = (text::escaped(&post.text), metadata(&post.key));
    let fields = [("channel", channel), ("ts", ts), ("text", text.as_str()), ("metadata", metadata.as_str())];
    let answer: Value = Api::bot(session)?.call(Does::Write, "chat.update", &fields).await?;
    let revision = answer["message"]["edited"]["ts"].as_str().map(|edited| format!("edit:{edited}"));
    Ok(published(session, channel, ts, revision))
}

/// Takes a post of ours back; it may be gone already.
pub(crate) async fn delete(session: &Session, native_id: &str) -> Result<()> {
    let (channel, ts) = own(native_id)?;
    match Api::bot(session)?.call::<Value>(Does::Write, "chat.delete", &[("channel", channel), ("ts", ts)]).await {
        Err(error) if error.class != Class::Gone => Err(error),
        _ => Ok(()),
    }
}

/// Gives Slack a file. It shows nowhere until a post shares it.
pub(crate) async fn upload(session: &Session, media: &Media) -> Result<Uploaded> {
    let api = Api::bot(session)?;
    let length = media.bytes.len().to_string();
    let mut fields = vec![("filename", media.file_name.as_str()), ("length", &length)];
    if let Some(alt) = media.alt.as_deref().filter(|alt| !alt.is_empty()) {
        fields.push(("alt_txt", alt));
    }
    let answer: Value = api.call(Does::Write, "files.getUploadURLExternal", &fields).await?;
    let (Some(url), Some(id)) = (answer["upload_url"].as_str(), answer["file_id"].as_str()) else {
        return Err(NetworkError::malformed("files.getUploadURLExternal: the answer has no address"));
    };
    let url = Url::parse(url).ok().filter(|url| api.owns(url));
    let url = url.ok_or_else(|| NetworkError::malformed("files.getUploadURLExternal: the address is not Slack's own"))?;
    let request = http::write_client()
        .post(url)
        .header("content-type", "application/octet-stream")
        .timeout(FILE_TIME_MAX)
        .body(media.bytes.clone());
    let answered = http::call(request, http::ANSWER_BYTES_MAX).await?;
    if let Some(error) = answered.usual_error("uploading a file") {
        return Err(error);
    }
    let held = Held { id: id.to_owned(), title: media.file_name.clone() };
    serde_json::to_string(&held).map(Uploaded).map_err(|_| NetworkError::malformed("the file cannot be named"))
}

/// Fetches a file. The token goes to Slack's own host only.
pub(crate) async fn fetch(session: &Session, attachment: &Attachment, bytes_max: u64, sink: &mut dyn Sink) -> Result<()> {
    let api = Api::reader(session)?;
    let gone = |why: &str| NetworkError::new(Class::Gone, why);
    let source = attachment.source.as_deref().ok_or_else(|| gone("the file was deleted or hidden by the workspace's plan"))?;
    let url = Url::parse(source).map_err(|_| NetworkError::malformed("the file's address cannot be read"))?;
    if !api.owns(&url) {
        return Err(gone("the file is kept outside Slack; it is not fetched"));
    }
    let request = http::client().get(url).bearer_auth(api.token().unwrap_or_default()).timeout(FILE_TIME_MAX);
    let mut response = http::begin(request).await?;
    let status = response.status();
    let is_page = response
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    // Slack shows its sign-in page to whom it does not give a file.
    let sign_in = status.is_redirection() || is_page && attachment.media_type.as_deref() != Some("text/html");
    if sign_in {
        return Err(NetworkError::new(
            Class::Reauthorise,
            "Slack does not give the file: the scope files:read is missing, or the app was removed",
        ));
    }
    if !status.is_success() {
        let answered = http::Answered { status, headers: response.headers().clone(), body: Vec::new() };
        return Err(answered.usual_error("fetching a file").unwrap_or_else(|| NetworkError::malformed("fetching a file failed")));
    }
    let mut taken = 0_u64;
    while let Some(part) = response.chunk().await.map_err(|error| http::broken(&error))? {
        taken += part.len() as u64;
        if taken > bytes_max {
            return Err(NetworkError::new(Class::RefusedContent, format!("the file is larger than {bytes_max} bytes")));
        }
        sink.write(&part).await?;
    }
    Ok(())
}
