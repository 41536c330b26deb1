//! From Mastodon's entities to events: the rules of `native_id` and `revision` are here.
//!
//! | event | `native_id` | `revision` |
//! |---|---|---|
//! | status | its ActivityPub address (`uri`), the same on every server and in an archive | empty |
//! | own or others' boost | the address of the boost | empty |
//! | edit | the status's | `edit:<edited_at in Unix ms>` |
//! | deletion | the status's | `delete` |
//! | favourite or boost of an own status | the status's | `react:<account's address>:<like or repost>:add:<notification id>` |
//! | new follower | the profile's account address | `member:<account's address>:followed:<Unix ms>` |
//! | any other notification | `<server>/notifications/<id>` | empty |
//! | an element that cannot be read | `<server>/unreadable/<SHA-256 of its bytes>` | empty |
//!
//! The id that only one server knows is not used as a name; it is kept in the cursor, because a stream and a deletion tell nothing else.
//! An archive holds the newest version of a status only: when it was edited, that is its edit, and the first version is not there.
//! Pure: no calls, no clock.

use serde_json::value::RawValue;

use super::entity::{AccountEntity, MediaEntity, Says, Status, Version};
use crate::{
    event::{Attachment, Content, Event, Membership, Party, Place, PlaceKind, Raw, What},
    text,
};

/// What the thread around a status is, by addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) parent: Option<String>,
    pub(super) root: Option<String>,
}

/// A server's bytes of one element.
pub(super) fn raw(part: &RawValue) -> Raw {
    Raw { media_type: "application/json".to_owned(), bytes: part.get().as_bytes().to_vec() }
}

/// Unix milliseconds of a server's time.
pub(super) fn time_ms(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// The revision of a status as it stands.
pub(super) fn revision(status: &Status) -> String {
    time_ms(status.edited_at.as_deref()).map(edit_revision).unwrap_or_default()
}

pub(super) fn edit_revision(edited_ms: i64) -> String {
    format!("edit:{edited_ms}")
}

/// A person by the address that stays; `host` completes the handles of the server's own people.
pub(super) fn party(account: &AccountEntity, host: &str) -> Party {
    let lasting = account.uri.clone().or_else(|| account.url.clone()).unwrap_or_else(|| account.id.clone());
    let name = account.display_name.clone().filter(|name| !name.is_empty());
    Party { native_id: lasting, handle: Some(handle(&account.acct, host)), name, bot: account.bot }
}

/// `@name@host`, whoever's server it is.
pub(super) fn handle(acct: &str, host: &str) -> String {
    if acct.contains('@') { format!("@{acct}") } else { format!("@{acct}@{host}") }
}

/// The status as it stands: posted, or edited when it says so.
pub(super) fn status_event(status: &Status, part: &RawValue, around: &Around, host: &str) -> Event {
    let content = content(status, &status.says, around, host);
    let edited_ms = time_ms(status.edited_at.as_deref());
    let what = if edited_ms.is_some() { What::Edited(Box::new(content)) } else { What::Posted(Box::new(content)) };
    Event {
        native_id: status.uri.clone(),
        revision: revision(status),
        what,
        source_time_ms: edited_ms.or_else(|| time_ms(status.created_at.as_deref())),
        posted_at_ms: time_ms(status.created_at.as_deref()),
        place: place(status, host),
        by: Some(party(&status.account, host)),
        raw: raw(part),
    }
}

/// An earlier version of a status, from its history; the first one is the post.
pub(super) fn version_event(
    status: &Status,
    part: &RawValue,
    version: &Version,
    is_first: bool,
    around: &Around,
    host: &str,
) -> Event {
    let says = Box::new(content(status, &version.says, around, host));
    let at_ms = time_ms(version.created_at.as_deref());
    Event {
        revision: if is_first { String::new() } else { at_ms.map(edit_revision).unwrap_or_default() },
        what: if is_first { What::Posted(says) } else { What::Edited(says) },
        source_time_ms: at_ms,
        posted_at_ms: None,
        raw: raw(part),
        ..status_event(status, part, around, host)
    }
}

/// A status that is gone. Servers do not say when it went.
pub(super) fn deleted_event(uri: &str, by: Option<Party>, place: Place, raw: Raw) -> Event {
    Event {
        native_id: uri.to_owned(),
        revision: "delete".to_owned(),
        what: What::Deleted,
        source_time_ms: None,
        posted_at_ms: None,
        place,
        by,
        raw,
    }
}

/// Somebody liked or shared.
pub(super) fn reaction_event(key: &str, id: &str, at_ms: Option<i64>, status: &Status, by: Party, raw: Raw, host: &str) -> Event {
    Event {
        native_id: status.uri.clone(),
        revision: format!("react:{}:{key}:add:{id}", by.native_id),
        what: What::Reacted { key: key.to_owned(), added: true },
        source_time_ms: at_ms,
        posted_at_ms: None,
        place: place(status, host),
        by: Some(by),
        raw,
    }
}

/// Somebody follows now.
pub(super) fn follow_event(id: &str, at_ms: Option<i64>, by: Party, own: Place, raw: Raw) -> Event {
    let when = at_ms.map_or_else(|| id.to_owned(), |ms| ms.to_string());
    Event {
        native_id: own.native_id.clone(),
        revision: format!("member:{}:followed:{when}", by.native_id),
        what: What::Member { party: by.clone(), change: Membership::Followed },
        source_time_ms: at_ms,
        posted_at_ms: None,
        place: own,
        by: Some(by),
        raw,
    }
}

/// A notification of a kind that has no form of its own.
pub(super) fn other_event(name: &str, native_id: String, at_ms: Option<i64>, by: Option<Party>, own: Place, raw: Raw) -> Event {
    let what = What::Other { name: name.to_owned() };
    Event { native_id, revision: String::new(), what, source_time_ms: at_ms, posted_at_ms: None, place: own, by, raw }
}

/// The author's feed; who can read there follows from the status.
pub(super) fn place(status: &Status, host: &str) -> Place {
    let author = party(&status.account, host);
    let kind = match status.visibility.as_str() {
        "direct" => PlaceKind::Direct,
        "private" | "limited" => PlaceKind::Limited,
        _ => PlaceKind::Public,
    };
    Place { native_id: author.native_id, name: author.handle, kind }
}

fn content(status: &Status, says: &Says, around: &Around, host: &str) -> Content {
    // A share has nothing of its own to say: what it shares is what a reader sees.
    if let Some(shared) = &status.reblog {
        let inner = content(shared, &shared.says, &Around::default(), host);
        return Content { quotes: Some(shared.uri.clone()), reply_to: None, permalink: status.url.clone(), ..inner };
    }
    let mut readable = text::from_html(&says.content);
    if let Some(poll) = &says.poll {
        for option in &poll.options {
            readable.text.push_str("\n- ");
            readable.text.push_str(&option.title);
        }
    }
    let mut links = readable.links;
    let card = status.card.as_ref().and_then(|card| card.url.clone());
    if let Some(card) = card.filter(|card| !links.contains(card)) {
        links.push(card);
    }
    let quoted = status.quote.as_ref().and_then(|quote| quote.quoted_status.as_ref());
    Content {
        text: readable.text,
        subject: Some(says.spoiler_text.clone()).filter(|warning| !warning.is_empty()),
        language: status.language.clone().filter(|language| !language.is_empty()),
        reply_to: around.parent.clone(),
        thread: around.root.clone().filter(|root| *root != status.uri),
        quotes: quoted.map(|quoted| quoted.uri.clone()),
        mentions: status.mentions.iter().map(|mention| mentioned(mention, host)).collect(),
        links,
        attachments: says.media_attachments.iter().map(attachment).collect(),
        permalink: status.url.clone(),
    }
}

fn mentioned(mention: &super::entity::Mention, host: &str) -> Party {
    let native_id = if mention.url.is_empty() { mention.acct.clone() } else { mention.url.clone() };
    Party { native_id, handle: Some(handle(&mention.acct, host)), name: None, bot: false }
}

fn attachment(media: &MediaEntity) -> Attachment {
    let file_name = media.url.as_deref().and_then(|url| url.rsplit('/').next()).map(|name| {
        let name = name.split(['?', '#']).next().unwrap_or_default();
        percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned()
    });
    Attachment {
        native_id: media.id.clone(),
        media_type: media.kind.as_deref().and_then(|kind| media_type(kind, file_name.as_deref())),
        file_name: file_name.filter(|name| !name.is_empty()),
        bytes: None,
        alt: media.description.clone().filter(|alt| !alt.is_empty()),
        source: media.url.clone(),
    }
}

/// Servers name only the kind; the rest follows from the name. Nothing when neither tells.
fn media_type(kind: &str, name: Option<&str>) -> Option<String> {
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    let known = match ending.as_deref().unwrap_or_default() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" => "audio/ogg",
        _ => "",
    };
    if known.is_empty() {
        return match kind {
            // A `gifv` is a picture that was made a video.
            "gifv" => Some("video/mp4".to_owned()),
            _ => None,
        };
    }
    Some(known.to_owned())
}
