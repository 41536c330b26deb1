//! What goes out: posts, answers, quotes, deletions, hidden answers and files.
//!
//! A post is written under a record key made of its [`Outgoing::key`] ([`super::tid`]), on the condition that there is no such record:
//! a repetition finds the first attempt's record and answers with it. Posts cannot be changed on Bluesky.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Api, Body, error, word},
    entity::{Posts, RecordEntity, Written},
    facets::{self, Found},
    identity,
    mapping::{self, POST, address, raw},
    tid,
};
use crate::{
    account::Session,
    error::{Class, NetworkError, Result},
    event::Event,
    outgoing::{Media, Outgoing, Published, Uploaded},
};

/// A record that says which answers to a post are not shown.
const GATE: &str = "app.bsky.feed.threadgate";
/// The lexicon's limit.
const HIDDEN_MAX: usize = 300;
/// Somebody may write the same record between our reading and writing it.
const HIDE_ATTEMPTS_MAX: u32 = 3;

pub(super) async fn send(session: &Session, post: &Outgoing) -> Result<Published> {
    let api = Api::of(session)?;
    let key = tid::of_key(&post.key)?;
    let record = record(&api, post).await?;
    let body =
        json!({ "repo": session.account.native_id, "collection": POST, "rkey": key, "record": record, "swapRecord": null });
    let answered = api.ask(Method::POST, "com.atproto.repo.putRecord", &[], Body::Json(&body)).await?;
    if word(&answered) == "InvalidSwap" {
        let first = find(session, post).await?;
        return first.ok_or_else(|| NetworkError::retry("posting: an earlier attempt was there and is gone again"));
    }
    if let Some(error) = error(&answered, "posting") {
        return Err(error);
    }
    let written: Written = answered.json().map_err(NetworkError::effect_unknown)?;
    Ok(published(&written.uri, &written.cid, mapping::time_ms(record["createdAt"].as_str())))
}

pub(super) async fn find(session: &Session, post: &Outgoing) -> Result<Option<Published>> {
    let uri = format!("at://{}/{POST}/{}", session.account.native_id, tid::of_key(&post.key)?);
    let found = get_record(&Api::of(session)?, &uri).await?;
    Ok(found.map(|(record, _)| published(&record.uri, &record.cid, mapping::time_ms(record.value["createdAt"].as_str()))))
}

pub(super) async fn read_back(session: &Session, native_id: &str) -> Result<Option<Event>> {
    let found = get_record(&Api::of(session)?, native_id).await?;
    Ok(found.map(|(record, part)| mapping::record_event(&record, mapping::own_party(&session.account), part)))
}

pub(super) async fn delete(session: &Session, native_id: &str) -> Result<()> {
    let (did, collection, key) = address(native_id).ok_or_else(bad_address)?;
    if did != session.account.native_id {
        return Err(NetworkError::new(Class::Bug, "deleting a post: it is not the profile's own"));
    }
    let body = json!({ "repo": did, "collection": collection, "rkey": key });
    // The server says yes to a record that is gone, too.
    Api::of(session)?.post::<Value>("com.atproto.repo.deleteRecord", Body::Json(&body)).await.map(drop)
}

pub(super) async fn upload(session: &Session, media: &Media) -> Result<Uploaded> {
    let body = Body::Bytes(&media.bytes, &media.media_type);
    let answer: Value = Api::of(session)?.post("com.atproto.repo.uploadBlob", body).await?;
    if !answer["blob"].is_object() {
        return Err(NetworkError::malformed("the server took the file and named no blob"));
    }
    let mut image = json!({ "image": answer["blob"], "alt": media.alt.clone().unwrap_or_default() });
    if let Some((width, height)) = media.size {
        image["aspectRatio"] = json!({ "width": width, "height": height });
    }
    Ok(Uploaded(image.to_string()))
}

/// Hides or shows an answer under an own post: an entry of the thread's gate.
pub(super) async fn hide(session: &Session, native_id: &str, hidden: bool) -> Result<()> {
    let api = Api::of(session)?;
    let root = root_of(&api, native_id).await?;
    let (did, _, key) = address(&root).ok_or_else(bad_address)?;
    if did != session.account.native_id {
        return Err(NetworkError::new(Class::Bug, "hiding an answer: the thread does not begin with a post of the profile"));
    }
    let gate = format!("at://{did}/{GATE}/{key}");
    for _ in 0..HIDE_ATTEMPTS_MAX {
        let held = get_record(&api, &gate).await?.map(|(record, _)| record);
        let fresh = json!({ "$type": GATE, "post": root, "createdAt": timestamp(api.now_ms()) });
        let mut record = held.as_ref().map_or(fresh, |held| held.value.clone());
        let mut list: Vec<Value> = record["hiddenReplies"].as_array().cloned().unwrap_or_default();
        list.retain(|uri| uri != native_id);
        if hidden {
            list.push(native_id.into());
        }
        if list.len() > HIDDEN_MAX {
            return Err(NetworkError::new(
                Class::RefusedContent,
                format!("no more than {HIDDEN_MAX} answers to one post can be hidden"),
            ));
        }
        record["hiddenReplies"] = list.into();
        let swap = held.map_or(Value::Null, |held| held.cid.into());
        let body = json!({ "repo": did, "collection": GATE, "rkey": key, "record": record, "swapRecord": swap });
        let answered = api.ask(Method::POST, "com.atproto.repo.putRecord", &[], Body::Json(&body)).await?;
        if word(&answered) != "InvalidSwap" {
            return error(&answered, "hiding an answer").map_or(Ok(()), Err);
        }
    }
    Err(NetworkError::retry("hiding an answer: the list is being changed elsewhere"))
}

async fn root_of(api: &Api, uri: &str) -> Result<String> {
    let (value, _) = record_of(api, uri).await?;
    Ok(value["reply"]["root"]["uri"].as_str().unwrap_or(uri).to_owned())
}

/// A record with its CID, whoever's it is.
async fn record_of(api: &Api, uri: &str) -> Result<(Value, String)> {
    let gone = || NetworkError::new(Class::Gone, "the message to answer, quote or hide is gone");
    let here = get_record(api, uri).await;
    match here {
        Ok(Some((record, _))) => return Ok((record.value, record.cid)),
        Err(error) if matches!(error.class, Class::Reauthorise | Class::Expired) => return Err(error),
        // It lies on another server: the service that sees all of them knows it.
        Ok(None) | Err(_) => {}
    }
    let answer: Posts = match api.get("app.bsky.feed.getPosts", &[("uris", uri)]).await {
        // Both could not tell; the first answer is the nearer one.
        Err(_) if matches!(here, Ok(None)) => return Err(gone()),
        answer => answer?,
    };
    let view = answer.posts.into_iter().find(|post| post.uri == uri).ok_or_else(gone)?;
    Ok((view.record, view.cid))
}

async fn get_record(api: &Api, uri: &str) -> Result<Option<(RecordEntity, crate::event::Raw)>> {
    let (did, collection, key) = address(uri).ok_or_else(bad_address)?;
    let query = [("repo", did), ("collection", collection), ("rkey", key)];
    match api.raw_get("com.atproto.repo.getRecord", &query).await {
        Ok(answered) => {
            let part: Box<serde_json::value::RawValue> = answered.json()?;
            Ok(Some((answered.json()?, raw(&part))))
        }
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn record(api: &Api, post: &Outgoing) -> Result<Value> {
    let mut record = json!({ "$type": POST, "text": post.text, "createdAt": timestamp(api.now_ms()) });
    if let Some(language) = &post.language {
        record["langs"] = json!([language]);
    }
    let facets = facets(api, &post.text).await?;
    if !facets.is_empty() {
        record["facets"] = facets.into();
    }
    if let Some(parent) = &post.reply_to {
        let (value, cid) = record_of(api, parent).await?;
        let parent = json!({ "uri": parent, "cid": cid });
        let root = &value["reply"]["root"];
        let root = if root["uri"].is_string() { json!({ "uri": root["uri"], "cid": root["cid"] }) } else { parent.clone() };
        record["reply"] = json!({ "root": root, "parent": parent });
    }
    let media = images(post)?;
    let quoted = match &post.quotes {
        Some(uri) => {
            let (_, cid) = record_of(api, uri).await?;
            Some(json!({ "$type": "app.bsky.embed.record", "record": { "uri": uri, "cid": cid } }))
        }
        None => None,
    };
    let embed = match (quoted, media) {
        (Some(record), Some(media)) => {
            Some(json!({ "$type": "app.bsky.embed.recordWithMedia", "record": record, "media": media }))
        }
        (one, other) => one.or(other),
    };
    if let Some(embed) = embed {
        record["embed"] = embed;
    }
    Ok(record)
}

fn images(post: &Outgoing) -> Result<Option<Value>> {
    let images: Result<Vec<Value>, _> = post.media.iter().map(|media| serde_json::from_str(&media.0)).collect();
    let images = images.map_err(|_| NetworkError::malformed("a file was not uploaded to Bluesky"))?;
    Ok((!images.is_empty()).then(|| json!({ "$type": "app.bsky.embed.images", "images": images })))
}

/// What is to be marked, in the lexicon's form. A name that nobody has stays plain text.
async fn facets(api: &Api, text: &str) -> Result<Vec<Value>> {
    let mut facets = Vec::new();
    for (at, found) in facets::find(text) {
        let feature = match found {
            Found::Link(uri) => json!({ "$type": "app.bsky.richtext.facet#link", "uri": uri }),
            Found::Tag(tag) => json!({ "$type": "app.bsky.richtext.facet#tag", "tag": tag }),
            Found::Mention(handle) => match resolve(api, &handle).await? {
                Some(did) => json!({ "$type": "app.bsky.richtext.facet#mention", "did": did }),
                None => continue,
            },
        };
        facets.push(json!({ "index": { "byteStart": at.start, "byteEnd": at.end }, "features": [feature] }));
    }
    Ok(facets)
}

async fn resolve(api: &Api, handle: &str) -> Result<Option<String>> {
    match api.get::<Value>("com.atproto.identity.resolveHandle", &[("handle", handle)]).await {
        Ok(answer) => Ok(answer["did"].as_str().map(str::to_owned)),
        Err(error) if matches!(error.class, Class::Gone | Class::RefusedContent) => Ok(None),
        Err(error) => Err(error),
    }
}

fn published(uri: &str, cid: &str, at_ms: Option<i64>) -> Published {
    Published {
        native_id: uri.to_owned(),
        revision: Some(cid.to_owned()),
        permalink: mapping::permalink(uri),
        source_time_ms: at_ms,
    }
}

fn timestamp(now_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    jiff::fmt::temporal::DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&time)
}

fn bad_address() -> NetworkError {
    NetworkError::malformed("the post's address is not one of the AT Protocol's")
}

/// The bytes of an attachment.
pub(super) async fn fetch(
    session: &Session,
    source: Option<&str>,
    bytes_max: u64,
    sink: &mut dyn crate::network::Sink,
) -> Result<()> {
    let named = source.and_then(|source| source.split_once(' '));
    let (did, cid) = named.ok_or_else(|| NetworkError::malformed("the attachment names no blob"))?;
    identity::fetch_blob(session, did, cid, bytes_max, sink).await
}
