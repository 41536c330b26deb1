//! Sending, changing, taking back, files; and looking up whether something of ours is there.
//!
//! The transaction id comes from the key of the post, so that the server itself takes a repetition once while it remembers; the same
//! mark stands in the event, so that [`find`] recognises it later and from another device.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{
    client::{self, Api},
    mapping, memory,
};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    event::{Attachment, Event},
    http,
    network::Sink,
    outgoing::{Media, Outgoing, Published, Uploaded, fingerprint, not_before_ms},
    public_media,
};

/// Where our mark stands in an event.
const MARK: &str = "gatepost.post";
/// Pages of a hundred own events that are looked through for a post of ours. It is minutes old; beyond that nobody can tell.
const FIND_PAGES_MAX: usize = 5;
/// A file of the largest size that we take, over a slow line.
const FILE_TIME_MAX: Duration = Duration::from_mins(15);

/// A file that the server has.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    url: String,
    name: String,
    media_type: String,
    bytes: usize,
    #[serde(default)]
    size: Option<(u32, u32)>,
}

fn refused(why: &str) -> NetworkError {
    NetworkError::new(Class::RefusedContent, why)
}

/// The room of a post: named by id or alias, or by what it answers.
async fn room(api: &Api<'_>, post: &Outgoing) -> Result<String> {
    let of_answer = post.thread.as_deref().or(post.reply_to.as_deref()).map(|id| {
        mapping::parts(id).map(|(room, _)| room.to_owned()).ok_or_else(|| refused("the message to answer is not one of Matrix's"))
    });
    match (post.place.as_deref(), of_answer.transpose()?) {
        (Some(place), Some(room)) if place.starts_with('!') && place != room => {
            Err(refused("the message to answer is in another room"))
        }
        (_, Some(room)) => Ok(room),
        (Some(place), None) if place.starts_with('!') => Ok(place.to_owned()),
        (Some(alias), None) if alias.starts_with('#') => {
            let found: Value = api.get(&["directory", "room", alias], &[]).await?;
            let id = found["room_id"].as_str().map(str::to_owned);
            id.ok_or_else(|| NetworkError::malformed("directory: the answer names no room"))
        }
        _ => Err(refused("Matrix needs a room: its id (!…) or address (#…)")),
    }
}

/// The content of an event that says this.
fn content(post: &Outgoing) -> Result<Value> {
    if post.subject.is_some() || post.quotes.is_some() {
        return Err(refused("Matrix has no subjects and no quotes; put the text or the link into the message"));
    }
    let mut content = match post.media.as_slice() {
        [] => json!({ "msgtype": "m.text", "body": post.text }),
        [file] => with_file(post, file)?,
        _ => return Err(refused("Matrix takes one file a message; send the others as messages of their own")),
    };
    content["m.mentions"] = json!({ "user_ids": mentioned(&post.text) });
    content[MARK] = json!(fingerprint(&post.key));
    Ok(content)
}

fn with_file(post: &Outgoing, file: &Uploaded) -> Result<Value> {
    let wrong = |_| NetworkError::new(Class::Bug, "the file was not uploaded by this connector; upload it again");
    let held: Held = serde_json::from_str(&file.0).map_err(wrong)?;
    let kind = match held.media_type.split('/').next() {
        Some("image") => "m.image",
        Some("video") => "m.video",
        Some("audio") => "m.audio",
        _ => "m.file",
    };
    let mut info = json!({ "mimetype": held.media_type, "size": held.bytes });
    if let Some((width, height)) = held.size {
        info["w"] = json!(width);
        info["h"] = json!(height);
    }
    let body = if post.text.is_empty() { &held.name } else { &post.text };
    Ok(json!({ "msgtype": kind, "body": body, "filename": held.name, "url": held.url, "info": info }))
}

/// User ids that stand in a text as words.
fn mentioned(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c.is_whitespace() || ",;()!?".contains(c)).map(|word| word.trim_end_matches(['.', ':']));
    let mut found: Vec<&str> =
        words.filter(|word| word.starts_with('@') && word[1..].contains(':') && word.len() <= 255).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What a message is to those before it.
fn relation(post: &Outgoing) -> Option<Value> {
    let event = |id: &String| mapping::parts(id).map(|(_, event)| event.to_owned());
    let answered = post.reply_to.as_ref().and_then(event);
    let Some(thread) = post.thread.as_ref().and_then(event) else {
        return answered.map(|event| json!({ "m.in_reply_to": { "event_id": event } }));
    };
    let stand_in = answered.as_ref().is_none_or(|event| *event == thread);
    let last = answered.unwrap_or_else(|| thread.clone());
    Some(
        json!({ "rel_type": "m.thread", "event_id": thread, "is_falling_back": stand_in, "m.in_reply_to": { "event_id": last } }),
    )
}

fn published(room: &str, event: &str) -> Published {
    Published {
        native_id: mapping::native_id(room, event),
        revision: None,
        permalink: Some(format!("https://matrix.to/#/{room}/{event}")),
        source_time_ms: None,
    }
}

async fn put_event(api: &Api<'_>, room: &str, key: &str, content: &Value) -> Result<String> {
    let answer = api.put(&["rooms", room, "send", "m.room.message", &fingerprint(key)], content).await?;
    let id = answer["event_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| NetworkError::malformed("send: the answer names no event").effect_unknown())
}

/// Posts or replies.
pub(crate) async fn send(session: &Session, post: &Outgoing) -> Result<Published> {
    let api = Api::of(session)?;
    let mut content = content(post)?;
    let room = room(&api, post).await?;
    if let Some(relation) = relation(post) {
        content["m.relates_to"] = relation;
    }
    let event = put_event(&api, &room, &post.key, &content).await?;
    Ok(published(&room, &event))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    chunk: Vec<Value>,
    #[serde(default)]
    end: Option<String>,
}

/// Whether a post of ours is there.
pub(crate) async fn find(session: &Session, post: &Outgoing) -> Result<Option<Published>> {
    let api = Api::of(session)?;
    let room = room(&api, post).await?;
    let mark = fingerprint(&post.key);
    let filter = json!({ "senders": [session.account.native_id] }).to_string();
    let mut from: Option<String> = None;
    for _ in 0..FIND_PAGES_MAX {
        let mut query = vec![("dir", "b"), ("limit", "100"), ("filter", filter.as_str())];
        query.extend(from.as_deref().map(|from| ("from", from)));
        let page: Page = api.get(&["rooms", &room, "messages"], &query).await?;
        let ours =
            |event: &&Value| event["content"][MARK] == mark.as_str() || event["unsigned"]["transaction_id"] == mark.as_str();
        if let Some(event) = page.chunk.iter().find(ours).and_then(|event| event["event_id"].as_str()) {
            return Ok(Some(published(&room, event)));
        }
        let oldest_ms = page.chunk.last().and_then(|event| event["origin_server_ts"].as_i64());
        let is_older = not_before_ms(&post.key).zip(oldest_ms).is_some_and(|(limit, oldest_ms)| oldest_ms < limit);
        match page.end {
            Some(end) if !is_older && from.as_ref() != Some(&end) => from = Some(end),
            _ => return Ok(None),
        }
    }
    Err(NetworkError::retry("so much was sent since that the server does not tell whether it is there"))
}

fn own(native_id: &str) -> Result<(&str, &str)> {
    mapping::parts(native_id).ok_or_else(|| NetworkError::new(Class::Bug, "this is not the id of a Matrix message"))
}

/// Reads a message back, as it was changed last.
pub(crate) async fn read_back(session: &Session, native_id: &str) -> Result<Option<Event>> {
    let (room, id) = own(native_id)?;
    let api = Api::of(session)?;
    let raw: Box<RawValue> = match api.get(&["rooms", room, "event", id], &[]).await {
        Ok(raw) => raw,
        Err(error) if error.class == Class::Gone => return Ok(None),
        Err(error) => return Err(error),
    };
    let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    if event["unsigned"]["redacted_because"].is_object() {
        return Ok(None);
    }
    let replacement = &event["unsigned"]["m.relations"]["m.replace"];
    let raw = if replacement["content"].is_object() { replacement.to_string() } else { raw.get().to_owned() };
    Ok(Some(memory::with(&client::memory_key(session), |memory| mapping::of_event(&raw, room, memory))))
}

/// Changes a post of ours.
pub(crate) async fn edit(session: &Session, native_id: &str, post: &Outgoing) -> Result<Published> {
    let (room, id) = own(native_id)?;
    let new = content(post)?;
    let mut content = new.clone();
    content["body"] = json!(format!("* {}", post.text));
    content["m.new_content"] = new;
    content["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": id });
    let event = put_event(&Api::of(session)?, room, &post.key, &content).await?;
    Ok(Published { revision: Some(format!("edit:{event}")), ..published(room, id) })
}

/// Takes a post of ours back; it may be gone already.
pub(crate) async fn delete(session: &Session, native_id: &str, key: &str) -> Result<()> {
    let (room, id) = own(native_id)?;
    match Api::of(session)?.put(&["rooms", room, "redact", id, &fingerprint(key)], &json!({})).await {
        Err(error) if error.class != Class::Gone => Err(error),
        _ => Ok(()),
    }
}

/// Gives the server a file. It shows nowhere until a message names it.
pub(crate) async fn upload(session: &Session, media: &Media) -> Result<Uploaded> {
    let api = Api::of(session)?;
    let request = http::write_client()
        .post(api.url(&["_matrix", "media", "v3", "upload"]))
        .query(&[("filename", media.file_name.as_str())])
        .header("content-type", media.media_type.as_str())
        .timeout(FILE_TIME_MAX)
        .body(media.bytes.clone());
    let answer = api.write(request, &["upload"]).await?;
    let url = answer["content_uri"].as_str().filter(|url| url.starts_with("mxc://"));
    let held = Held {
        url: url.ok_or_else(|| NetworkError::malformed("upload: the answer names no file"))?.to_owned(),
        name: media.file_name.clone(),
        media_type: media.media_type.clone(),
        bytes: media.bytes.len(),
        size: media.size,
    };
    serde_json::to_string(&held).map(Uploaded).map_err(|_| NetworkError::malformed("the file cannot be named"))
}

/// Fetches a file: with the token from the session's own server, as servers want it since version 1.11; without from older ones.
pub(crate) async fn fetch(session: &Session, attachment: &Attachment, bytes_max: u64, sink: &mut dyn Sink) -> Result<()> {
    let gone = || NetworkError::new(Class::Gone, "the file is encrypted or was taken back; its bytes cannot be read");
    let source = attachment.source.as_deref().and_then(|source| source.strip_prefix("mxc://")).ok_or_else(gone)?;
    let (server, id) = source.split_once('/').filter(|(server, id)| !server.is_empty() && !id.is_empty()).ok_or_else(gone)?;
    let api = Api::of(session)?;
    let asked = ["download"];
    let url = api.url(&["_matrix", "client", "v1", "media", "download", server, id]);
    let mut response = http::begin(api.authorised(http::client().get(url)).timeout(FILE_TIME_MAX)).await?;
    if response.status() == 404 {
        let is_old = response.bytes().await.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
        if is_old.is_some_and(|body| body["errcode"] != "M_UNRECOGNIZED") {
            return Err(NetworkError::new(Class::Gone, "the server does not have the file (any more)"));
        }
        let url = api.url(&["_matrix", "media", "v3", "download", server, id]);
        response = http::begin(http::client().get(url).timeout(FILE_TIME_MAX)).await?;
    }
    if response.status().is_redirection() {
        // To a store of files: without the token.
        let location = response.headers().get("location").and_then(|location| location.to_str().ok());
        let location = location.ok_or_else(|| NetworkError::malformed("download: the server redirects nowhere"))?;
        return public_media::fetch(location, &session.account.server, bytes_max, sink).await;
    }
    if !response.status().is_success() {
        let answered = http::Answered { status: response.status(), headers: response.headers().clone(), body: Vec::new() };
        client::refused(&answered, &asked)?;
        return Err(NetworkError::malformed("download: unexpected answer"));
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
