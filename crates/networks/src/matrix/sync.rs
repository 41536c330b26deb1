//! What happened since: `/sync` with a long poll, and `/messages` backwards for what a sync leaves out.
//!
//! A sync tells the newest events of a room and says when it left some out (`limited`). Then, and for a room that was just joined,
//! and when a sync brings more than a batch holds, the room is put on a list and read backwards from the sync's end to its
//! beginning, page by page, before the next sync. The first sync puts every room on the list, to the beginning of what the
//! account may see. Both ends of the list are the sync's own tokens, so a crash repeats at most the pages since the last cursor,
//! and the record takes repetitions once. A room that cannot be read becomes a gap.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{
    client::{self, Api},
    mapping,
    memory::{self, Relation},
};
use crate::{
    account::{Cursor, Session},
    error::{Class, NetworkError, Result},
    event::{Event, What},
    http,
    network::{Batch, Gap},
};

/// Events of a room in one sync before it says `limited`.
const TIMELINE: usize = 50;
/// Events asked for at once when reading backwards.
const PAGE: usize = 100;
/// Pages read in one pull.
const PAGES_MAX: usize = 8;
/// Rooms on the list: with their ids they fit into a cursor.
const ROOMS_MAX: usize = 800;
/// The longest wait for news: servers cut longer ones short.
const WAIT_MAX: Duration = Duration::from_mins(2);
/// A first sync of some thousand rooms with their names.
const SYNC_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Redactions whose target is looked up in one pull; others are taken for deletions of messages.
const LOOK_UPS_MAX: usize = 30;

/// How far an account is read: what a cursor holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// Where the next sync begins.
    since: String,
    /// What is still to be read backwards from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fill: Option<Fill>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Fill {
    /// Where to stop; nothing: at the beginning of what can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// The rooms; the last one is being read.
    rooms: Vec<Wanted>,
    /// Its next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    #[serde(rename = "r")]
    room: String,
    /// To its beginning, wherever the others stop: it was just joined.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    whole: bool,
}

#[derive(Deserialize)]
struct Synced {
    next_batch: String,
    #[serde(default)]
    rooms: Rooms,
    #[serde(default)]
    account_data: Events,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rooms {
    join: BTreeMap<String, Room>,
    leave: BTreeMap<String, Room>,
    invite: BTreeMap<String, Invited>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    state: Events,
    timeline: Timeline,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Invited {
    invite_state: Events,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Events {
    events: Vec<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Timeline {
    events: Vec<Box<RawValue>>,
    limited: bool,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    chunk: Vec<Box<RawValue>>,
    #[serde(default)]
    state: Vec<Box<RawValue>>,
    #[serde(default)]
    end: Option<String>,
}

/// What happened since the cursor.
pub(crate) async fn pull(session: &Session, cursor: Option<&Cursor>, wait: Duration) -> Result<Batch> {
    let progress: Option<Progress> = match cursor {
        None => None,
        Some(Cursor(text)) => {
            let wrong = |_| NetworkError::malformed("the cursor is not one of Matrix's; read from the beginning");
            Some(serde_json::from_str(text).map_err(wrong)?)
        }
    };
    let mut pull =
        Pull { api: Api::of(session)?, session, key: client::memory_key(session), events: Vec::new(), gaps: Vec::new() };
    let progress = match progress {
        Some(mut progress) if progress.fill.is_some() => {
            pull.fill(&mut progress).await?;
            progress
        }
        progress => pull.sync(progress, wait.min(WAIT_MAX)).await?,
    };
    let more = progress.fill.is_some();
    let text = serde_json::to_string(&progress).map_err(|_| NetworkError::malformed("the cursor cannot be written"))?;
    if text.len() > Cursor::MAX {
        return Err(NetworkError::new(Class::Bug, "too many rooms for one profile; name the ones to capture in its settings"));
    }
    Ok(Batch { events: pull.events, cursor: Cursor(text), more, gaps: pull.gaps })
}

struct Pull<'a> {
    api: Api<'a>,
    session: &'a Session,
    key: String,
    events: Vec<Event>,
    gaps: Vec<Gap>,
}

impl Pull<'_> {
    async fn sync(&mut self, progress: Option<Progress>, wait: Duration) -> Result<Progress> {
        let first = progress.is_none();
        let since = progress.map(|progress| progress.since).unwrap_or_default();
        let (filter, timeout) = (filter(self.session, first), wait.as_millis().to_string());
        let mut query = vec![("filter", filter.as_str()), ("set_presence", "offline")];
        if !first {
            query.extend([("since", since.as_str()), ("timeout", timeout.as_str())]);
        }
        let synced: Synced = self.api.get_long(&["sync"], &query, wait + http::CALL_MAX, SYNC_BYTES_MAX).await?;
        self.learn_direct(&synced.account_data);
        let mut rooms = Vec::new();
        for (room, told) in synced.rooms.join.iter().chain(&synced.rooms.leave) {
            let joined = self.learn(room, told);
            let fits = self.events.len() + told.timeline.events.len() <= Batch::MAX;
            if first || told.timeline.limited || joined || !fits {
                rooms.push(Wanted { room: room.clone(), whole: joined && !first });
            } else {
                self.take(room, &told.timeline.events).await;
            }
        }
        for (room, told) in &synced.rooms.invite {
            self.invited(room, told);
        }
        for room in synced.rooms.leave.keys() {
            self.gaps.push(Gap {
                place: Some(room.clone()),
                from_ms: None,
                until_ms: None,
                reason: "the account is no longer in the room: invite it again to go on".to_owned(),
            });
        }
        if rooms.len() > ROOMS_MAX {
            for left_out in rooms.drain(ROOMS_MAX..) {
                let reason = format!("more than {ROOMS_MAX} rooms to read at once; name the rooms to capture in the settings");
                self.gaps.push(Gap { place: Some(left_out.room), from_ms: None, until_ms: None, reason });
            }
        }
        let to = (!first).then_some(since);
        let fill = (!rooms.is_empty()).then_some(Fill { to, rooms, page: None });
        Ok(Progress { since: synced.next_batch, fill })
    }

    fn learn_direct(&self, data: &Events) {
        for raw in &data.events {
            let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
            if event["type"] == "m.direct" {
                memory::with(&self.key, |memory| memory.learn_direct(&event["content"]));
            }
        }
    }

    /// Learns names and relations of a room. Whether this account joined it just now: only then a sync tells the room's whole state,
    /// its creation with it. (Its own membership may be told again whenever it speaks.)
    fn learn(&self, room: &str, told: &Room) -> bool {
        let mut joined = false;
        memory::with(&self.key, |memory| {
            for raw in told.state.events.iter().chain(&told.timeline.events) {
                let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
                mapping::learn(&event, room, memory);
                joined |= event["type"] == "m.room.create";
            }
        });
        joined
    }

    fn invited(&mut self, room: &str, told: &Invited) {
        let me = self.session.account.native_id.as_str();
        let found = memory::with(&self.key, |memory| {
            for raw in &told.invite_state.events {
                mapping::learn(&serde_json::from_str(raw.get()).unwrap_or_default(), room, memory);
            }
            told.invite_state.events.iter().find_map(|raw| mapping::of_invitation(raw.get(), room, me, memory))
        });
        self.events.extend(found);
    }

    /// Reads some pages backwards.
    async fn fill(&mut self, progress: &mut Progress) -> Result<()> {
        for call in 0..PAGES_MAX {
            let Some(fill) = progress.fill.as_mut() else { return Ok(()) };
            let Some(wanted) = fill.rooms.last() else {
                progress.fill = None;
                return Ok(());
            };
            let (room, to) = (wanted.room.clone(), fill.to.as_deref().filter(|_| !wanted.whole));
            match self.page(&room, fill.page.as_deref().unwrap_or(&progress.since), to).await {
                Ok(next) => fill.page = next,
                Err(error) if matches!(error.class, Class::Gone | Class::RefusedContent) => {
                    self.gaps.push(Gap { place: Some(room), from_ms: None, until_ms: None, reason: error.message });
                    fill.page = None;
                }
                Err(error) if call == 0 => return Err(error),
                // What was read so far is kept; the next pull meets the same error with nothing to lose.
                Err(_) => return Ok(()),
            }
            if fill.page.is_none() {
                fill.rooms.pop();
            }
            if fill.rooms.is_empty() {
                progress.fill = None;
            }
        }
        Ok(())
    }

    /// One page, mapped oldest first; where the next one begins, if there is one.
    async fn page(&mut self, room: &str, from: &str, to: Option<&str>) -> Result<Option<String>> {
        let limit = PAGE.to_string();
        let mut query =
            vec![("dir", "b"), ("from", from), ("limit", limit.as_str()), ("filter", r#"{"lazy_load_members":true}"#)];
        query.extend(to.map(|to| ("to", to)));
        let mut page: Page = self.api.get(&["rooms", room, "messages"], &query).await?;
        page.chunk.reverse();
        memory::with(&self.key, |memory| {
            // State of that time: names that nobody told since.
            for raw in page.state.iter().chain(&page.chunk) {
                let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
                // What is known already is newer than what a page of the past says.
                let is_new_name = event["type"] == "m.room.member"
                    && event["state_key"].as_str().is_some_and(|user| memory.party(room, user).name.is_none());
                if is_new_name || !event["state_key"].is_string() {
                    mapping::learn(&event, room, memory);
                }
            }
        });
        let is_over = page.chunk.is_empty();
        self.take(room, &page.chunk).await;
        Ok(page.end.filter(|end| !is_over && end != from))
    }

    /// Maps events of a room, after looking up what their redactions are about.
    async fn take(&mut self, room: &str, events: &[Box<RawValue>]) {
        self.look_up_redacted(room, events).await;
        let mapped: Vec<Event> =
            memory::with(&self.key, |memory| events.iter().map(|raw| mapping::of_event(raw.get(), room, memory)).collect());
        for event in &mapped {
            if matches!(&event.what, What::PlaceChanged { change } if change == "encrypted from here on") {
                self.gaps.push(Gap {
                    place: Some(room.to_owned()),
                    from_ms: event.source_time_ms,
                    until_ms: None,
                    reason: "the room is encrypted: its messages are recorded, and cannot be read".to_owned(),
                });
            }
        }
        self.events.extend(mapped);
    }

    /// A redaction does not say what it takes back; the server still knows the kind of it.
    async fn look_up_redacted(&self, room: &str, events: &[Box<RawValue>]) {
        let mut looked_up = 0;
        for raw in events.iter().filter(|raw| raw.get().contains("m.room.redaction")) {
            let event: Value = serde_json::from_str(raw.get()).unwrap_or_default();
            let Some(target) = event["redacts"].as_str().or(event["content"]["redacts"].as_str()) else { continue };
            let known = memory::with(&self.key, |memory| memory.relation(target).is_some());
            if known || looked_up == LOOK_UPS_MAX {
                continue;
            }
            looked_up += 1;
            let Ok(found) = self.api.get::<Value>(&["rooms", room, "event", target], &[]).await else { continue };
            let relation = match found["type"].as_str() {
                None | Some("m.room.message" | "m.room.encrypted" | "m.sticker" | "m.poll.start") => Relation::Message,
                Some(kind) => Relation::Other { kind: kind.chars().take(60).collect() },
            };
            memory::with(&self.key, |memory| memory.learn_relation(target, relation));
        }
    }
}

/// What a sync is to tell: no typing, receipts or presence; of the state what names and opens a room.
fn filter(session: &Session, first: bool) -> String {
    let mut room = json!({
        "timeline": { "limit": if first { 1 } else { TIMELINE }, "lazy_load_members": true },
        "state": {
            "lazy_load_members": true,
            "types": [
                "m.room.create",
                "m.room.name",
                "m.room.canonical_alias",
                "m.room.join_rules",
                "m.room.history_visibility",
                "m.room.member",
            ],
        },
        "ephemeral": { "types": [] },
        "account_data": { "types": [] },
    });
    let chosen =
        session.settings.get("rooms").map(|rooms| rooms.split([',', ' ']).filter(|room| room.starts_with('!')).collect());
    if let Some(chosen) = chosen.filter(|chosen: &Vec<&str>| !chosen.is_empty()) {
        room["rooms"] = json!(chosen);
    }
    json!({ "room": room, "presence": { "types": [] }, "account_data": { "types": ["m.direct"] } }).to_string()
}
