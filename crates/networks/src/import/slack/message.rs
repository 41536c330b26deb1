//! One message of an export becomes its events.
//!
//! The fields that everybody's messages have are read without copying; the rest only when it is there. A field of an unexpected
//! shape costs that field, not the message.

use std::{borrow::Cow, collections::VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::People;
use crate::{
    event::{Attachment, Content, Event, Party, Place, Raw, What},
    import::{Item, json},
    slack::{
        mapping::{joined_or_left, member_revision, native_id, place_change, time_ms},
        text::{self, Directory as _},
    },
};

/// A text that is not copied when it stands as it is in the file.
#[derive(Deserialize, Debug, Clone, Default)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    subtype: Option<Text<'a>>,
    #[serde(borrow, default)]
    ts: Option<Text<'a>>,
    #[serde(borrow, default)]
    user: Option<Text<'a>>,
    #[serde(borrow, default)]
    inviter: Option<Text<'a>>,
    #[serde(borrow, default)]
    bot_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    username: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    thread_ts: Option<Text<'a>>,
    #[serde(borrow, default)]
    deleted_ts: Option<Text<'a>>,
    #[serde(borrow, default)]
    edited: Option<Edited<'a>>,
    #[serde(borrow, default)]
    user_profile: Option<UserProfile<'a>>,
    #[serde(borrow, default)]
    reactions: Vec<Reaction<'a>>,
    #[serde(borrow, default)]
    files: Vec<File<'a>>,
    #[serde(borrow, default)]
    file: Option<File<'a>>,
    #[serde(default)]
    attachments: Vec<Value>,
}

#[derive(Deserialize)]
struct Edited<'a> {
    #[serde(borrow)]
    ts: Text<'a>,
    #[serde(borrow, default)]
    user: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct UserProfile<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    display_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    real_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Reaction<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    users: Vec<Text<'a>>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    mimetype: Option<Text<'a>>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    alt_txt: Option<Text<'a>>,
    /// What Slack shows of a mail.
    #[serde(borrow, default)]
    plain_text: Option<Text<'a>>,
    /// What Slack shows of a snippet.
    #[serde(borrow, default)]
    preview: Option<Text<'a>>,
    #[serde(borrow, default)]
    url_private: Option<Text<'a>>,
}

/// Fields whose odd shape is not worth a message.
const EXPENDABLE: [&str; 6] = ["files", "file", "attachments", "reactions", "user_profile", "edited"];

/// Puts the events of a message into the queue, or says why it cannot be taken.
pub(super) fn events(raw: &[u8], place: &Place, people: &People, queue: &mut VecDeque<Item>) -> Result<(), String> {
    match serde_json::from_slice::<Message<'_>>(raw) {
        Ok(message) => take(&message, raw, place, people, queue),
        Err(error) => {
            let not_sound = |error: serde_json::Error| format!("it is not a message as Slack writes them ({})", what_of(&error));
            let mut value: Value = serde_json::from_slice(raw).map_err(not_sound)?;
            let fields = value.as_object_mut().ok_or_else(|| not_sound(error))?;
            for field in EXPENDABLE {
                fields.remove(field);
            }
            let lean = value.to_string();
            take(&serde_json::from_str::<Message<'_>>(&lean).map_err(not_sound)?, raw, place, people, queue)
        }
    }
}

/// What is wrong, without any text of the message.
fn what_of(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "a field has an unexpected kind of value",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it is not sound JSON in UTF-8",
    };
    format!("{kind}, at column {} of its line {}", error.column(), error.line())
}

fn take(message: &Message<'_>, raw: &[u8], place: &Place, people: &People, queue: &mut VecDeque<Item>) -> Result<(), String> {
    let ts = message.ts.as_deref().ok_or("it has no `ts`, the time that is its id")?;
    let at_ms = time_ms(ts).ok_or("its `ts` is not a time as Slack writes them")?;
    let native_id = native_id(&place.native_id, ts);
    let event = |raw: &[u8], native_id: String, revision: String, what: What, time_ms: Option<i64>, by: Option<Party>| {
        let raw = Raw { media_type: "application/json".to_owned(), bytes: raw.to_vec() };
        let (posted_at_ms, place) = (Some(at_ms), place.clone());
        Item::Event(Box::new(Event { native_id, revision, what, source_time_ms: time_ms, posted_at_ms, place, by, raw }))
    };
    let subtype = message.subtype.as_deref().unwrap_or_default();
    match subtype {
        "message_changed" | "message_replied" | "message_deleted" => {
            return history(message, subtype, raw, place, people, queue);
        }
        "tombstone" => {
            let event = event(raw, native_id, "delete".to_owned(), What::Deleted, None, None);
            queue.push_back(event);
            return Ok(());
        }
        _ => {}
    }
    let by = author(message, people);
    let channel = place.native_id.clone();
    if let Some(change) = joined_or_left(subtype) {
        let party = by.clone().unwrap_or_default();
        let by = message.inviter.as_deref().map(|id| people.party(id)).or(by);
        let revision = member_revision(&party.native_id, change, ts);
        queue.push_back(event(raw, channel, revision, What::Member { party, change }, Some(at_ms), by));
        return Ok(());
    }
    if let Some(change) = place_change(subtype) {
        let what = What::PlaceChanged { change: change.to_owned() };
        queue.push_back(event(raw, channel, format!("{change}:{ts}"), what, Some(at_ms), by));
        return Ok(());
    }
    if let Some(kind) = message.kind.as_deref().filter(|kind| *kind != "message") {
        queue.push_back(event(raw, native_id, String::new(), What::Other { name: kind.to_owned() }, Some(at_ms), by));
        return Ok(());
    }
    let content = Box::new(content(message, raw, place, people));
    match &message.edited {
        Some(edited) => {
            let revision = format!("edit:{}", &*edited.ts);
            let by = edited.user.as_deref().map(|id| people.party(id)).or(by);
            queue.push_back(event(raw, native_id.clone(), revision, What::Edited(content), time_ms(&edited.ts), by));
        }
        None => queue.push_back(event(raw, native_id.clone(), String::new(), What::Posted(content), Some(at_ms), by)),
    }
    // A reaction's raw form is its own part of the message, which may be long and have hundreds.
    let parts = json::member(raw, "reactions").into_iter().flat_map(json::elements);
    for (reaction, part) in message.reactions.iter().zip(parts) {
        for user in &reaction.users {
            let party = people.party(user);
            let revision = format!("react:{}:{}:add", &**user, &*reaction.name);
            let what = What::Reacted { key: reaction.name.0.to_string(), added: true };
            queue.push_back(event(part, native_id.clone(), revision, what, None, Some(party)));
        }
    }
    Ok(())
}

/// Exports that log edits and deletions hold them as the events they were, with what was there before.
fn history(
    message: &Message<'_>,
    subtype: &str,
    raw: &[u8],
    place: &Place,
    people: &People,
    queue: &mut VecDeque<Item>,
) -> Result<(), String> {
    use json::member;
    let inner = |key: &str| member(raw, key).filter(|bytes| bytes.starts_with(b"{"));
    let before = inner("previous_message").or_else(|| inner("original"));
    let plain_message = |bytes: &[u8]| {
        let parsed = serde_json::from_slice::<Message<'_>>(bytes).ok();
        parsed.is_some_and(|message| {
            !matches!(message.subtype.as_deref(), Some("message_changed" | "message_replied" | "message_deleted"))
        })
    };
    if let Some(before) = before.filter(|before| subtype != "message_replied" && plain_message(before)) {
        events(before, place, people, queue)?;
    }
    if subtype == "message_deleted" {
        let deleted = message.deleted_ts.as_deref().map(str::to_owned).or_else(|| {
            let before: Message<'_> = serde_json::from_slice(before?).ok()?;
            before.ts.as_deref().map(str::to_owned)
        });
        let deleted = deleted.ok_or("it says a message was deleted and not which")?;
        let at_ms = message.ts.as_deref().and_then(time_ms);
        queue.push_back(Item::Event(Box::new(Event {
            native_id: native_id(&place.native_id, &deleted),
            revision: "delete".to_owned(),
            what: What::Deleted,
            source_time_ms: at_ms,
            posted_at_ms: time_ms(&deleted),
            place: place.clone(),
            by: author(message, people),
            raw: Raw { media_type: "application/json".to_owned(), bytes: raw.to_vec() },
        })));
        return Ok(());
    }
    match inner("message").filter(|now| plain_message(now)) {
        Some(now) => events(now, place, people, queue),
        None if before.is_some() => Ok(()),
        None => Err("it says a message changed and not how".to_owned()),
    }
}

fn author(message: &Message<'_>, people: &People) -> Option<Party> {
    let bot = message.bot_id.as_deref().filter(|id| !id.is_empty());
    let Some(id) = message.user.as_deref().filter(|id| !id.is_empty()).or(bot) else {
        return message.username.as_deref().map(|name| Party {
            native_id: name.to_owned(),
            name: Some(name.to_owned()),
            ..Party::default()
        });
    };
    if let Some(party) = people.get(id) {
        return Some(party.clone());
    }
    let profile = message.user_profile.as_ref();
    let filled = |text: Option<&Text<'_>>| text.filter(|text| !text.is_empty()).map(|text| text.0.to_string());
    Some(Party {
        native_id: id.to_owned(),
        handle: profile.and_then(|profile| filled(profile.name.as_ref())),
        name: (profile.and_then(|profile| filled(profile.display_name.as_ref()).or_else(|| filled(profile.real_name.as_ref()))))
            .or_else(|| filled(message.username.as_ref())),
        bot: bot.is_some(),
    })
}

fn content(message: &Message<'_>, raw: &[u8], place: &Place, people: &People) -> Content {
    let blocks: Vec<Value> =
        json::member(raw, "blocks").and_then(|blocks| serde_json::from_slice(blocks).ok()).unwrap_or_default();
    let text = message.text.as_deref().unwrap_or_default();
    let read = text::of_members(&blocks, text, &message.attachments, people);
    let mut attachments: Vec<_> =
        message.files.iter().chain(&message.file).enumerate().map(|(at, file)| attached(at, file)).collect();
    attachments.extend(message.attachments.iter().enumerate().filter_map(|(at, card)| preview(at, card)));
    let thread = message.thread_ts.as_deref().filter(|&thread| Some(thread) != message.ts.as_deref());
    let thread = thread.map(|thread| native_id(&place.native_id, thread));
    Content {
        text: read.text,
        reply_to: thread.clone(),
        thread,
        mentions: read.mentions,
        links: read.links,
        attachments,
        ..Content::default()
    }
}

fn attached(at: usize, file: &File<'_>) -> Attachment {
    let owned = |text: &Option<Text<'_>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    Attachment {
        native_id: owned(&file.id).unwrap_or_else(|| format!("file:{at}")),
        file_name: owned(&file.name),
        media_type: owned(&file.mimetype),
        bytes: file.size,
        alt: owned(&file.alt_txt)
            .or_else(|| owned(&file.plain_text))
            .or_else(|| owned(&file.preview))
            .map(|alt| text::shown(&alt)),
        source: owned(&file.url_private),
    }
}

/// The preview of a link: it hangs on the message and is not what its author wrote.
fn preview(at: usize, card: &Value) -> Option<Attachment> {
    let said = |key: &str| card.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let source = said("from_url")?;
    let alt = said("title").or_else(|| said("fallback"));
    Some(Attachment { native_id: format!("card:{at}"), alt, source: Some(source), ..Attachment::default() })
}
