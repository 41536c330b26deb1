//! One message of an export becomes its events.
//!
//! The fields that everybody's messages have are read without copying; the rest only when it is there. A field of an unexpected
//! shape costs that field, not the message.

use std::{borrow::Cow, collections::VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::{People, text};
use crate::{
    event::{Attachment, Content, Event, Membership, Party, Place, Raw, What},
    import::{Item, json},
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
    let time_ms = millis(ts).ok_or("its `ts` is not a time as Slack writes them")?;
    let native_id = format!("{}:{ts}", place.native_id);
    let event = |raw: &[u8], native_id: String, revision: String, what: What, time_ms: Option<i64>, by: Option<Party>| {
        let raw = Raw { media_type: "application/json".to_owned(), bytes: raw.to_vec() };
        Item::Event(Box::new(Event { native_id, revision, what, source_time_ms: time_ms, place: place.clone(), by, raw }))
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
    if let Some(change) = membership(subtype) {
        let party = by.clone().unwrap_or_default();
        let word = if change == Membership::Joined { "joined" } else { "left" };
        let by = message.inviter.as_deref().map(|id| person(id, people)).or(by);
        let revision = format!("member:{}:{word}:{ts}", party.native_id);
        queue.push_back(event(raw, channel, revision, What::Member { party, change }, Some(time_ms), by));
        return Ok(());
    }
    if let Some(change) = place_change(subtype) {
        let what = What::PlaceChanged { change: change.to_owned() };
        queue.push_back(event(raw, channel, format!("{change}:{ts}"), what, Some(time_ms), by));
        return Ok(());
    }
    if let Some(kind) = message.kind.as_deref().filter(|kind| *kind != "message") {
        queue.push_back(event(raw, native_id, String::new(), What::Other { name: kind.to_owned() }, Some(time_ms), by));
        return Ok(());
    }
    let content = Box::new(content(message, raw, place, people));
    match &message.edited {
        Some(edited) => {
            let revision = format!("edit:{}", &*edited.ts);
            let by = edited.user.as_deref().map(|id| person(id, people)).or(by);
            queue.push_back(event(raw, native_id.clone(), revision, What::Edited(content), millis(&edited.ts), by));
        }
        None => queue.push_back(event(raw, native_id.clone(), String::new(), What::Posted(content), Some(time_ms), by)),
    }
    // A reaction's raw form is its own part of the message, which may be long and have hundreds.
    let parts = json::member(raw, "reactions").into_iter().flat_map(json::elements);
    for (reaction, part) in message.reactions.iter().zip(parts) {
        for user in &reaction.users {
            let party = person(user, people);
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
        let time_ms = message.ts.as_deref().and_then(millis);
        queue.push_back(Item::Event(Box::new(Event {
            native_id: format!("{}:{deleted}", place.native_id),
            revision: "delete".to_owned(),
            what: What::Deleted,
            source_time_ms: time_ms,
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

fn person(id: &str, people: &People) -> Party {
    people.get(id).cloned().unwrap_or_else(|| Party { native_id: id.to_owned(), ..Party::default() })
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
    let (mut mentions, mut links) = (Vec::new(), Vec::new());
    let mut said =
        message.text.as_deref().map(|marked| text::plain(marked, people, &mut mentions, &mut links)).unwrap_or_default();
    // Of a program's message the blocks are what Slack shows; its text is for notifications. A person's blocks repeat the text.
    if (said.is_empty() || message.bot_id.is_some())
        && let Some(blocks) = json::member(raw, "blocks").and_then(|blocks| serde_json::from_slice(blocks).ok())
    {
        let shown = text::of_blocks(&blocks, people, &mut mentions, &mut links);
        if !shown.is_empty() {
            said = shown;
        }
    }
    let mut attachments: Vec<_> =
        message.files.iter().chain(&message.file).enumerate().map(|(at, file)| attached(at, file)).collect();
    for (at, card) in message.attachments.iter().enumerate() {
        take_card(at, card, people, &mut said, &mut mentions, &mut links, &mut attachments);
    }
    let thread = message.thread_ts.as_deref().filter(|&thread| Some(thread) != message.ts.as_deref());
    let thread = thread.map(|thread| format!("{}:{thread}", place.native_id));
    Content { text: said, reply_to: thread.clone(), thread, mentions, links, attachments, ..Content::default() }
}

fn attached(at: usize, file: &File<'_>) -> Attachment {
    let owned = |text: &Option<Text<'_>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    Attachment {
        native_id: owned(&file.id).unwrap_or_else(|| format!("file:{at}")),
        file_name: owned(&file.name),
        media_type: owned(&file.mimetype),
        bytes: file.size,
        alt: owned(&file.alt_txt),
        source: owned(&file.url_private),
    }
}

/// Programs write in attachments: that is text of the message. The preview of a link is not; it is a card.
fn take_card(
    at: usize,
    card: &Value,
    people: &People,
    said: &mut String,
    mentions: &mut Vec<Party>,
    links: &mut Vec<String>,
    attachments: &mut Vec<Attachment>,
) {
    let text_of =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(from) = text_of(card, "from_url") {
        let alt = text_of(card, "title").or_else(|| text_of(card, "fallback"));
        attachments.push(Attachment { native_id: format!("card:{at}"), alt, source: Some(from), ..Attachment::default() });
        return;
    }
    let mut parts: Vec<String> = ["pretext", "title", "text"].iter().filter_map(|key| text_of(card, key)).collect();
    for field in card.get("fields").and_then(Value::as_array).into_iter().flatten() {
        parts.extend(["title", "value"].iter().filter_map(|key| text_of(field, key)));
    }
    let mut parts: Vec<_> = parts.iter().map(|part| text::plain(part, people, mentions, links)).collect();
    if parts.is_empty()
        && let Some(blocks) = card.get("blocks")
    {
        parts.push(text::of_blocks(blocks, people, mentions, links));
    }
    if parts.is_empty() {
        parts.extend(text_of(card, "fallback"));
    }
    for part in parts {
        if !said.is_empty() {
            said.push('\n');
        }
        said.push_str(&part);
    }
}

fn membership(subtype: &str) -> Option<Membership> {
    match subtype {
        "channel_join" | "group_join" | "mpim_join" => Some(Membership::Joined),
        "channel_leave" | "group_leave" | "mpim_leave" => Some(Membership::Left),
        _ => None,
    }
}

/// A subtype that is about the conversation, in the live connector's word for it.
fn place_change(subtype: &str) -> Option<&'static str> {
    let (_, change) = subtype.split_once('_').filter(|(kind, _)| matches!(*kind, "channel" | "group" | "mpim"))?;
    Some(match change {
        "name" | "rename" => "renamed",
        "topic" => "topic",
        "purpose" => "purpose",
        "archive" => "archived",
        "unarchive" => "unarchived",
        "convert_to_private" => "made_private",
        "convert_to_public" => "made_public",
        "posting_permissions" => "posting_permissions",
        _ => return None,
    })
}

/// `1355517523.000005` in Unix milliseconds.
fn millis(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) {
        return None;
    }
    let millis = fraction.bytes().chain(*b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(seconds.parse::<i64>().ok()? * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_times_become_milliseconds() {
        assert_eq!(millis("1355517523.000005"), Some(1_355_517_523_000));
        assert_eq!(millis("1355517523.5"), Some(1_355_517_523_500));
        assert_eq!(millis("1355517523.678901"), Some(1_355_517_523_678));
        for wrong in ["", "x", "1.", ".1", "-1.0", "99999999999999.0"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }
}
