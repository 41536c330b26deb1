//! From records and views to events: the rules of `native_id` and `revision` are here.
//!
//! | event | `native_id` | `revision` |
//! |---|---|---|
//! | post | `at://<DID>/app.bsky.feed.post/<record key>` | empty |
//! | own record that was replaced while we watched | the post's | `edit:<CID>` |
//! | deletion of an own post | the post's | `delete` |
//! | like or repost, own reposts too | the post's that it is of | `react:<DID>:<like or repost>:add:<record key of the like or repost>`, `…:remove:…` |
//! | new follower | the profile's DID | `member:<DID>:followed:<address of the follow>` |
//! | any other notification | the address of its record | the notification's reason |
//! | any other own record that is read | its address | its CID |
//! | an element that cannot be read | `at://<DID>/unreadable/<SHA-256 of its bytes>` | empty |
//!
//! A repository says nothing of earlier versions of a record, and an importer of one (CAR) finds one version of each: so the version that
//! is found first has the empty revision. The CID that a post was sent with is in [`crate::Published::revision`].
//! Pure: no calls, no clock.

use serde_json::{Value, value::RawValue};

use super::entity::{Author, PostView, RecordEntity};
use crate::{
    account::Account,
    event::{Attachment, Content, Event, Membership, Party, Place, PlaceKind, Raw, What},
};

pub(super) const POST: &str = "app.bsky.feed.post";
pub(super) const REPOST: &str = "app.bsky.feed.repost";

/// A server's bytes of one element.
pub(super) fn raw(part: &RawValue) -> Raw {
    Raw { media_type: "application/json".to_owned(), bytes: part.get().as_bytes().to_vec() }
}

/// Unix milliseconds of a server's time.
pub(super) fn time_ms(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// The parts of `at://<DID>/<collection>/<record key>`.
pub(super) fn address(uri: &str) -> Option<(&str, &str, &str)> {
    let mut parts = uri.strip_prefix("at://")?.split('/');
    let address = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && address.0.starts_with("did:") && !address.1.is_empty() && !address.2.is_empty();
    is_whole.then_some(address)
}

pub(super) fn party(author: &Author) -> Party {
    let name = author.display_name.clone().filter(|name| !name.is_empty());
    let handle = Some(format!("@{}", author.handle)).filter(|handle| handle.len() > 1);
    Party { native_id: author.did.clone(), handle, name, bot: false }
}

pub(super) fn own_party(account: &Account) -> Party {
    Party { native_id: account.native_id.clone(), handle: Some(account.handle.clone()), name: account.name.clone(), bot: false }
}

/// Somebody's feed. All of it is public.
pub(super) fn feed(of: &Party) -> Place {
    Place { native_id: of.native_id.clone(), name: of.handle.clone(), kind: PlaceKind::Public }
}

/// A record of a repository; nothing when it is none of those that say something.
pub(super) fn record_event(record: &RecordEntity, by: Party, raw: Raw) -> Event {
    let at_ms = time_ms(record.value["createdAt"].as_str());
    let content = match address(&record.uri) {
        Some((did, POST, key)) => post(&record.uri, did, key, &record.value),
        Some((_, REPOST, key)) if subject(&record.value).is_some() => {
            let of = subject(&record.value).unwrap_or_default();
            return Event { source_time_ms: at_ms, ..reaction_event("repost", true, &of, key, by, raw) };
        }
        _ => return other_event("record", record.uri.clone(), record.cid.clone(), at_ms, by, raw),
    };
    Event {
        native_id: record.uri.clone(),
        revision: String::new(),
        what: What::Posted(Box::new(content)),
        source_time_ms: at_ms,
        posted_at_ms: None,
        place: feed(&by),
        by: Some(by),
        raw,
    }
}

/// An own record that took the place of another one under its key.
pub(super) fn replaced(event: Event, cid: &str) -> Event {
    match event.what {
        What::Posted(content) => Event { revision: format!("edit:{cid}"), what: What::Edited(content), ..event },
        _ => event,
    }
}

/// Whom a like or repost is of.
pub(super) fn subject(record: &Value) -> Option<String> {
    text(&record["subject"]["uri"])
}

/// Somebody liked or shared a post, or took it back. `record_key` is that of the like or share.
pub(super) fn reaction_event(key: &str, added: bool, of: &str, record_key: &str, by: Party, raw: Raw) -> Event {
    let change = if added { "add" } else { "remove" };
    Event {
        native_id: of.to_owned(),
        revision: format!("react:{}:{key}:{change}:{record_key}", by.native_id),
        what: What::Reacted { key: key.to_owned(), added },
        source_time_ms: None,
        posted_at_ms: None,
        place: feed(&by),
        by: Some(by),
        raw,
    }
}

/// A post as a view shows it.
pub(super) fn view_event(view: &PostView, raw: Raw) -> Event {
    let record = RecordEntity { uri: view.uri.clone(), cid: view.cid.clone(), value: view.record.clone() };
    record_event(&record, party(&view.author), raw)
}

/// A notification, whatever it is about.
pub(super) fn notification_event(view: &PostView, own: &Place, raw: Raw) -> Event {
    let by = party(&view.author);
    let at_ms = time_ms(view.indexed_at.as_deref());
    let reason = view.reason.as_deref().unwrap_or_default();
    match (reason, subject(&view.record)) {
        ("reply" | "mention" | "quote" | "subscribed-post", _) => view_event(view, raw),
        ("like" | "repost" | "like-via-repost" | "repost-via-repost", Some(subject)) => {
            let key = if reason.starts_with("like") { "like" } else { "repost" };
            let record_key = address(&view.uri).map_or(view.uri.as_str(), |(_, _, record_key)| record_key);
            Event { source_time_ms: at_ms, place: own.clone(), ..reaction_event(key, true, &subject, record_key, by, raw) }
        }
        ("follow", _) => Event {
            native_id: own.native_id.clone(),
            revision: format!("member:{}:followed:{}", by.native_id, view.uri),
            what: What::Member { party: by.clone(), change: Membership::Followed },
            source_time_ms: at_ms,
            posted_at_ms: None,
            place: own.clone(),
            by: Some(by),
            raw,
        },
        (reason, _) => {
            let other = other_event(reason, view.uri.clone(), reason.to_owned(), at_ms, by, raw);
            Event { place: own.clone(), ..other }
        }
    }
}

/// A record that is gone. Nothing says when it went.
pub(super) fn deleted_event(uri: &str, by: Party, raw: Raw) -> Event {
    Event {
        native_id: uri.to_owned(),
        revision: "delete".to_owned(),
        what: What::Deleted,
        source_time_ms: None,
        posted_at_ms: None,
        place: feed(&by),
        by: Some(by),
        raw,
    }
}

/// Something that has no form of its own.
pub(super) fn other_event(name: &str, native_id: String, revision: String, at_ms: Option<i64>, by: Party, raw: Raw) -> Event {
    let place = feed(&by);
    Event {
        native_id,
        revision,
        what: What::Other { name: name.to_owned() },
        source_time_ms: at_ms,
        posted_at_ms: None,
        place,
        by: Some(by),
        raw,
    }
}

/// Where a browser shows a post.
pub(super) fn permalink(uri: &str) -> Option<String> {
    let (did, _, key) = address(uri).filter(|(_, collection, _)| *collection == POST)?;
    Some(format!("https://bsky.app/profile/{did}/post/{key}"))
}

fn post(uri: &str, did: &str, _key: &str, record: &Value) -> Content {
    let said = text(&record["text"]).unwrap_or_default();
    let mut content = Content {
        language: text(&record["langs"][0]),
        reply_to: text(&record["reply"]["parent"]["uri"]),
        thread: text(&record["reply"]["root"]["uri"]).filter(|root| root != uri),
        permalink: permalink(uri),
        ..Content::default()
    };
    for facet in record["facets"].as_array().into_iter().flatten() {
        for feature in facet["features"].as_array().into_iter().flatten() {
            match feature["$type"].as_str() {
                Some("app.bsky.richtext.facet#link") => content.links.extend(text(&feature["uri"])),
                Some("app.bsky.richtext.facet#mention") => content.mentions.extend(mentioned(&said, facet, feature)),
                _ => {}
            }
        }
    }
    embed(&record["embed"], did, &mut content);
    let mut seen = std::collections::HashSet::new();
    content.links.retain(|link| seen.insert(link.clone()));
    content.text = said;
    content
}

/// The stretch of text names the person; it is counted in bytes and may be anything.
fn mentioned(said: &str, facet: &Value, feature: &Value) -> Option<Party> {
    let at = |name: &str| facet["index"][name].as_u64().and_then(|at| usize::try_from(at).ok());
    let handle =
        at("byteStart").zip(at("byteEnd")).and_then(|(start, end)| said.get(start..end)).filter(|text| text.starts_with('@'));
    Some(Party { native_id: text(&feature["did"])?, handle: handle.map(str::to_owned), name: None, bot: false })
}

fn embed(embed: &Value, did: &str, content: &mut Content) {
    match embed["$type"].as_str() {
        Some("app.bsky.embed.images") => {
            for image in embed["images"].as_array().into_iter().flatten() {
                content.attachments.extend(attachment(&image["image"], &image["alt"], did));
            }
        }
        Some("app.bsky.embed.gallery") => {
            for image in embed["items"].as_array().into_iter().flatten() {
                content.attachments.extend(attachment(&image["image"], &image["alt"], did));
            }
        }
        Some("app.bsky.embed.video") => content.attachments.extend(attachment(&embed["video"], &embed["alt"], did)),
        Some("app.bsky.embed.external") => content.links.extend(text(&embed["external"]["uri"])),
        Some("app.bsky.embed.record") => content.quotes = text(&embed["record"]["uri"]),
        Some("app.bsky.embed.recordWithMedia") => {
            content.quotes = text(&embed["record"]["record"]["uri"]);
            // One level: media hold no further record.
            if embed["media"]["$type"] != "app.bsky.embed.recordWithMedia" {
                self::embed(&embed["media"], did, content);
            }
        }
        _ => {}
    }
}

fn attachment(blob: &Value, alt: &Value, did: &str) -> Option<Attachment> {
    // The second form is of records before 2023.
    let cid = text(&blob["ref"]["$link"]).or_else(|| text(&blob["cid"]))?;
    Some(Attachment {
        source: Some(format!("{did} {cid}")),
        native_id: cid,
        file_name: None,
        media_type: text(&blob["mimeType"]),
        bytes: blob["size"].as_u64(),
        alt: text(alt),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
