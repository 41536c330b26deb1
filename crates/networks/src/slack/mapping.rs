//! Slack's messages and events as [`Event`]s. Pure: no calls, no clock. The importer of Slack exports reads messages with this too.
//!
//! | event | `native_id` | `revision` |
//! |---|---|---|
//! | message | `<channel>:<ts>` | empty |
//! | edit | `<channel>:<ts>` | `edit:<edited.ts>`; where a program changed its message without a mark: `edit:<event_ts>` |
//! | deletion | `<channel>:<ts>` | `delete` |
//! | reaction, seen happening | `<channel>:<ts>` | `react:<user>:<name>:add:<event_ts>`, `…:remove:<event_ts>` |
//! | reaction, found on a message in history or an export | `<channel>:<ts>` | `react:<user>:<name>:add` |
//! | joined, left (message in the channel) | `<channel>` | `member:<user>:joined:<ts>`, `…:left:<ts>` |
//! | joined, left (event) | `<channel>` | `member:<user>:joined:event:<event_ts>`, `…:left:event:<event_ts>` |
//! | channel renamed, topic, archived … | `<channel>` | `<what>:<ts>` |
//! | anything else that was pushed | `event:<event id>` | empty |
//! | a message that cannot be read | `<channel>` | `unreadable:<SHA-256 of its bytes>` |
//!
//! A message of the history that says it was edited gives the edit only: what it said first is not there to be recorded.
//! Invariant: the same bytes give the same events; nothing is dropped: what is not understood becomes [`What::Other`].

use aws_lc_rs::digest;
use serde_json::Value;

use super::{
    names::Names,
    text::{self, Directory as _},
};
use crate::event::{Attachment, Content, Event, Membership, Party, Place, Raw, What};

/// Reactions taken one by one from a page of history; more are in the raw bytes only. Keeps a page of a hundred messages below the
/// most events of a pull.
pub(crate) const REACTIONS_PER_PAGE_MAX: usize = 600;

/// What a mapping needs to know around a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    pub names: &'a Names,
    /// The workspace's address, for permalinks: `https://acme.slack.example.test/`.
    pub link: Option<&'a str>,
}

/// A Slack time stamp as Unix milliseconds: `1700000000.000100`.
pub(crate) fn time_ms(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) {
        return None;
    }
    let seconds: i64 = seconds.parse().ok().filter(|seconds| *seconds <= 253_402_300_799)?;
    let millis = fraction.bytes().chain(*b"00").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(seconds * 1_000 + millis)
}

/// A message's id within its workspace.
pub(crate) fn native_id(channel: &str, ts: &str) -> String {
    format!("{channel}:{ts}")
}

/// Channel and time stamp of a message's id.
pub(crate) fn parts(native_id: &str) -> Option<(&str, &str)> {
    native_id.split_once(':').filter(|(channel, ts)| !channel.is_empty() && time_ms(ts).is_some())
}

/// A message of a channel's history or of an export: itself (or its last edit) and the reactions on it.
pub(crate) fn of_history(raw: &str, place: &Place, around: Around<'_>) -> Vec<Event> {
    let bytes = Raw { media_type: "application/json".to_owned(), bytes: raw.as_bytes().to_vec() };
    let message: Value = serde_json::from_str(raw).unwrap_or_default();
    let Some(ts) = message["ts"].as_str().filter(|ts| time_ms(ts).is_some()) else {
        return vec![unreadable(place, bytes)];
    };
    let mut events = vec![main(&message, ts, place, around, &bytes)];
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        let Some(name) = reaction["name"].as_str() else { continue };
        for user in reaction["users"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            events.push(Event {
                native_id: native_id(&place.native_id, ts),
                revision: format!("react:{user}:{name}:add"),
                what: What::Reacted { key: name.to_owned(), added: true },
                // Slack tells who, not when.
                source_time_ms: None,
                posted_at_ms: None,
                place: place.clone(),
                by: Some(around.names.party(user)),
                raw: bytes.clone(),
            });
        }
    }
    events
}

/// What the message is by its subtype.
fn main(message: &Value, ts: &str, place: &Place, around: Around<'_>, raw: &Raw) -> Event {
    let by = author(message, around.names);
    let event = |native_id: String, revision: String, what: What, time: &str, by: Option<Party>| Event {
        native_id,
        revision,
        what,
        source_time_ms: time_ms(time),
        posted_at_ms: time_ms(ts),
        place: place.clone(),
        by,
        raw: raw.clone(),
    };
    let channel = place.native_id.as_str();
    let subtype = message["subtype"].as_str().unwrap_or_default();
    if let Some(change) = joined_or_left(subtype) {
        let party = by.clone().unwrap_or_default();
        let revision = member_revision(&party.native_id, change, ts);
        let actor = message["inviter"].as_str().map(|id| around.names.party(id)).or(by);
        return event(channel.to_owned(), revision, What::Member { party, change }, ts, actor);
    }
    if let Some(change) = place_change(subtype) {
        let what = What::PlaceChanged { change: change.to_owned() };
        return event(channel.to_owned(), format!("{change}:{ts}"), what, ts, by);
    }
    let id = native_id(channel, ts);
    if subtype == "tombstone" {
        return event(id, "delete".to_owned(), What::Deleted, message["hidden_ts"].as_str().unwrap_or_default(), None);
    }
    let content = Box::new(content(message, ts, place, around));
    match message["edited"]["ts"].as_str() {
        Some(edited) => {
            let editor = message["edited"]["user"].as_str().map(|id| around.names.party(id)).or(by);
            event(id, format!("edit:{edited}"), What::Edited(content), edited, editor)
        }
        None => event(id, String::new(), What::Posted(content), ts, by),
    }
}

pub(crate) fn joined_or_left(subtype: &str) -> Option<Membership> {
    match subtype {
        "channel_join" | "group_join" | "mpim_join" => Some(Membership::Joined),
        "channel_leave" | "group_leave" | "mpim_leave" => Some(Membership::Left),
        _ => None,
    }
}

pub(crate) fn member_revision(user: &str, change: Membership, when: &str) -> String {
    let change = if change == Membership::Joined { "joined" } else { "left" };
    format!("member:{user}:{change}:{when}")
}

/// The house's word for a change of a channel, from a message's subtype.
pub(crate) fn place_change(subtype: &str) -> Option<&'static str> {
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
        "created" => "created",
        "deleted" => "deleted",
        _ => return None,
    })
}

/// Who wrote it: a person, or a program that has no user of its own.
fn author(message: &Value, names: &Names) -> Option<Party> {
    if let Some(user) = message["user"].as_str().filter(|user| !user.is_empty()) {
        let mut party = names.party(user);
        party.bot |= message["bot_id"].is_string();
        return Some(party);
    }
    let name = message["username"].as_str().or(message["bot_profile"]["name"].as_str()).map(str::to_owned);
    // Old webhooks have a name only.
    let id = message["bot_id"].as_str().map(str::to_owned).or_else(|| name.clone())?;
    Some(Party { native_id: id, handle: None, name, bot: message["bot_id"].is_string() })
}

fn content(message: &Value, ts: &str, place: &Place, around: Around<'_>) -> Content {
    let read = text::of_message(message, around.names);
    let channel = place.native_id.as_str();
    let thread = message["thread_ts"].as_str().filter(|thread| *thread != ts && time_ms(thread).is_some());
    let permalink = around.link.map(|link| {
        let page = format!("{}/archives/{channel}/p{}", link.trim_end_matches('/'), ts.replace('.', ""));
        thread.map_or(page.clone(), |thread| format!("{page}?thread_ts={thread}&cid={channel}"))
    });
    Content {
        text: read.text,
        // Slack's threads are one deep: a reply answers the thread.
        reply_to: thread.map(|thread| native_id(channel, thread)),
        thread: thread.map(|thread| native_id(channel, thread)),
        mentions: read.mentions,
        links: read.links,
        attachments: message["files"].as_array().into_iter().flatten().filter_map(file).collect(),
        permalink,
        ..Content::default()
    }
}

/// A file; nothing when it has no id. Of a snippet or a mail, what Slack shows of it stands for what it shows. A file that was deleted or is hidden by the plan's limit has no source.
fn file(file: &Value) -> Option<Attachment> {
    let said = |name: &str| file[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let gone = matches!(file["mode"].as_str(), Some("tombstone" | "hidden_by_limit"));
    Some(Attachment {
        native_id: said("id")?,
        file_name: said("name").or_else(|| said("title")),
        media_type: said("mimetype"),
        bytes: file["size"].as_u64(),
        alt: said("alt_txt").or_else(|| said("plain_text")).or_else(|| said("preview")).map(|alt| text::shown(&alt)),
        source: said("url_private_download").or_else(|| said("url_private")).filter(|_| !gone),
    })
}

fn unreadable(place: &Place, raw: Raw) -> Event {
    let digest = digest::digest(&digest::SHA256, &raw.bytes);
    Event {
        native_id: place.native_id.clone(),
        revision: format!("unreadable:{}", hex::encode(digest)),
        what: What::Other { name: "a message without a time stamp".to_owned() },
        source_time_ms: None,
        posted_at_ms: None,
        place: place.clone(),
        by: None,
        raw,
    }
}

/// An `event_callback` of the Events API. The raw bytes are the call's body.
pub(crate) fn of_push(body: &[u8], envelope: &Value, around: Around<'_>) -> Vec<Event> {
    let event = &envelope["event"];
    let push = Push {
        event,
        // Events of older kinds carry no time of their own.
        at: event["event_ts"].as_str().map_or_else(|| envelope["event_time"].to_string(), str::to_owned),
        id: envelope["event_id"].as_str().unwrap_or_default(),
        envelope_kind: envelope["type"].as_str().unwrap_or("unknown"),
        raw: Raw { media_type: "application/json".to_owned(), bytes: body.to_vec() },
        around,
    };
    let found = match event["type"].as_str().unwrap_or_default() {
        "message" => push.message(),
        "reaction_added" => push.reaction(true),
        "reaction_removed" => push.reaction(false),
        "member_joined_channel" => push.member(Membership::Joined),
        "member_left_channel" => push.member(Membership::Left),
        kind => push.place_changed(kind),
    };
    vec![found.unwrap_or_else(|| push.other())]
}

/// One pushed event.
struct Push<'a> {
    event: &'a Value,
    at: String,
    id: &'a str,
    /// What the call itself is: `app_rate_limited` carries no event.
    envelope_kind: &'a str,
    raw: Raw,
    around: Around<'a>,
}

impl Push<'_> {
    fn place(&self, channel: &str) -> Place {
        self.around.names.place(channel, self.event["channel_type"].as_str())
    }

    fn made(&self, native_id: String, revision: String, what: What, place: Place, by: Option<Party>) -> Event {
        let posted_at_ms = parts(&native_id).and_then(|(_, ts)| time_ms(ts));
        Event { native_id, revision, what, source_time_ms: time_ms(&self.at), posted_at_ms, place, by, raw: self.raw.clone() }
    }

    fn message(&self) -> Option<Event> {
        let place = self.place(self.event["channel"].as_str()?);
        match self.event["subtype"].as_str().unwrap_or_default() {
            "message_changed" => self.changed(place),
            "message_deleted" => {
                let ts = self.event["deleted_ts"].as_str().or(self.event["previous_message"]["ts"].as_str());
                let id = native_id(&place.native_id, ts.filter(|ts| time_ms(ts).is_some())?);
                Some(self.made(id, "delete".to_owned(), What::Deleted, place, None))
            }
            // The thread's counter moved; the reply has an event of its own.
            "message_replied" => None,
            _ => {
                let ts = self.event["ts"].as_str().filter(|ts| time_ms(ts).is_some())?;
                Some(main(self.event, ts, &place, self.around, &self.raw))
            }
        }
    }

    /// A change of a message: an edit when what it says changed; previews and counters are recorded as they came.
    fn changed(&self, place: Place) -> Option<Event> {
        let (message, previous) = (&self.event["message"], &self.event["previous_message"]);
        let ts = message["ts"].as_str().filter(|ts| time_ms(ts).is_some())?;
        if message["subtype"] == "tombstone" {
            return Some(self.made(native_id(&place.native_id, ts), "delete".to_owned(), What::Deleted, place, None));
        }
        let edited = message["edited"]["ts"].as_str().filter(|ts| previous["edited"]["ts"].as_str() != Some(ts));
        if edited.is_some() {
            return Some(main(message, ts, &place, self.around, &self.raw));
        }
        let says = |message: &Value| text::of_message(message, self.around.names).text;
        if previous.is_object() && says(message) == says(previous) && message["files"] == previous["files"] {
            return None;
        }
        let content = Box::new(content(message, ts, &place, self.around));
        let (id, by) = (native_id(&place.native_id, ts), author(message, self.around.names));
        Some(self.made(id, format!("edit:{}", self.at), What::Edited(content), place, by))
    }

    fn reaction(&self, added: bool) -> Option<Event> {
        let item = &self.event["item"];
        let (channel, ts) = (item["channel"].as_str()?, item["ts"].as_str().filter(|ts| time_ms(ts).is_some())?);
        let (user, name) = (self.event["user"].as_str()?, self.event["reaction"].as_str()?);
        let act = if added { "add" } else { "remove" };
        Some(self.made(
            native_id(channel, ts),
            format!("react:{user}:{name}:{act}:{}", self.at),
            What::Reacted { key: name.to_owned(), added },
            self.place(channel),
            Some(self.around.names.party(user)),
        ))
    }

    fn member(&self, change: Membership) -> Option<Event> {
        let (channel, user) = (self.event["channel"].as_str()?, self.event["user"].as_str()?);
        let party = self.around.names.party(user);
        let by = self.event["inviter"].as_str().map_or_else(|| party.clone(), |id| self.around.names.party(id));
        let revision = member_revision(user, change, &format!("event:{}", self.at));
        Some(self.made(channel.to_owned(), revision, What::Member { party, change }, self.place(channel), Some(by)))
    }

    /// `channel_rename` and its like: the channel is an id, or an object that carries the new name.
    fn place_changed(&self, kind: &str) -> Option<Event> {
        let change = place_change(kind)?;
        let channel = &self.event["channel"];
        let id = channel.as_str().or(channel["id"].as_str())?;
        let mut place = self.place(id);
        if let Some(name) = channel["name"].as_str() {
            place.name = Some(name.to_owned());
        }
        let by = self.event["user"].as_str().map(|user| self.around.names.party(user));
        let what = What::PlaceChanged { change: change.to_owned() };
        Some(self.made(id.to_owned(), format!("{change}:{}", self.at), what, place, by))
    }

    fn other(&self) -> Event {
        let kind = self.event["type"].as_str().unwrap_or(self.envelope_kind);
        let subtype = self.event["subtype"].as_str().map(|subtype| format!(".{subtype}")).unwrap_or_default();
        let channel = self.event["channel"].as_str().or(self.event["channel_id"].as_str()).unwrap_or("workspace");
        let digest = || hex::encode(digest::digest(&digest::SHA256, &self.raw.bytes));
        let id = if self.id.is_empty() { digest() } else { self.id.to_owned() };
        let what = What::Other { name: format!("{kind}{subtype}").chars().take(100).collect() };
        let by = self.event["user"].as_str().map(|user| self.around.names.party(user));
        self.made(format!("event:{id}"), String::new(), what, self.place(channel), by)
    }
}

/// Ids of people that a message names: to be known before it is mapped.
pub(crate) fn people(message: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    let mut take = |value: &Value| ids.extend(value.as_str().map(str::to_owned));
    take(&message["user"]);
    take(&message["inviter"]);
    take(&message["edited"]["user"]);
    for reaction in message["reactions"].as_array().into_iter().flatten() {
        reaction["users"].as_array().into_iter().flatten().for_each(&mut take);
    }
    let text = message["text"].as_str().unwrap_or_default();
    ids.extend(text.split("<@").skip(1).filter_map(|rest| rest.split(['>', '|']).next()).map(str::to_owned));
    ids.retain(|id| id.starts_with(['U', 'W']) && id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    ids
}
