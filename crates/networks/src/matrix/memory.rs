//! What is remembered of rooms and of reactions and edits between calls, because Matrix tells names and relations once.
//!
//! A redaction names an event and not what it was: to say that a reaction was taken back one has to remember it. Everything here
//! can be asked for again but that; forgetting costs calls, names, and the key of an old reaction, never an event. Bounded.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, OnceLock},
};

use serde_json::Value;

use crate::event::{Party, Place, PlaceKind};

/// Rooms remembered of one account.
const ROOMS_MAX: usize = 5_000;
/// Members whose names are remembered of one room.
const MEMBERS_MAX: usize = 5_000;
/// Reactions and edits remembered of one account: those that people take back are minutes old.
const RELATIONS_MAX: usize = 20_000;
/// Accounts remembered: a desk has a few.
const ACCOUNTS_MAX: usize = 64;
/// The longest name taken.
const NAME_CHARS_MAX: usize = 200;

/// What an event is to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A message of its own.
    Message,
    /// A reaction.
    Reaction { target: String, key: String, by: String },
    /// A later version of a message.
    Edit { target: String },
    /// A reaction whose target is no longer told, or anything that is no message.
    Other { kind: String },
}

#[derive(Debug, Clone, Default)]
struct Room {
    name: Option<String>,
    alias: Option<String>,
    join_rule: Option<String>,
    world_readable: bool,
    direct: bool,
    members: HashMap<String, String>,
}

/// What is known of one account's rooms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    rooms: HashMap<String, Room>,
    direct: HashSet<String>,
    relations: HashMap<String, Relation>,
    order: VecDeque<String>,
    unnamed: HashMap<String, String>,
}

impl Memory {
    /// A room as a place. What is not known is taken for private: the narrower reading.
    pub fn place(&self, room: &str) -> Place {
        let place = |name, kind| Place { native_id: room.to_owned(), name, kind };
        let Some(known) = self.rooms.get(room) else { return place(None, PlaceKind::Private) };
        let kind = if known.direct || self.direct.contains(room) {
            PlaceKind::Direct
        } else if known.world_readable {
            PlaceKind::Public
        } else if known.join_rule.as_deref() == Some("public") {
            PlaceKind::Workspace
        } else {
            PlaceKind::Private
        };
        place(known.name.clone().or_else(|| known.alias.clone()), kind)
    }

    /// A user as a party, with the name they carry in the room.
    pub fn party(&self, room: &str, user: &str) -> Party {
        let name = self.rooms.get(room).and_then(|room| room.members.get(user)).cloned();
        Party { native_id: user.to_owned(), handle: Some(user.to_owned()), name, bot: false }
    }

    /// Learns from a state event what concerns names and who can read.
    pub fn learn_state(&mut self, room: &str, event: &Value) {
        if self.rooms.len() >= ROOMS_MAX && !self.rooms.contains_key(room) {
            self.rooms.clear();
        }
        let known = self.rooms.entry(room.to_owned()).or_default();
        let content = &event["content"];
        match event["type"].as_str().unwrap_or_default() {
            "m.room.name" => known.name = named(&content["name"]),
            "m.room.canonical_alias" => known.alias = named(&content["alias"]),
            "m.room.join_rules" => known.join_rule = named(&content["join_rule"]),
            "m.room.history_visibility" => known.world_readable = content["history_visibility"] == "world_readable",
            "m.room.member" => {
                let Some(user) = event["state_key"].as_str() else { return };
                known.direct |= content["is_direct"].as_bool().unwrap_or(false);
                if let Some(name) = named(&content["displayname"]) {
                    if known.members.len() >= MEMBERS_MAX {
                        known.members.clear();
                    }
                    known.members.insert(user.to_owned(), name);
                }
            }
            _ => {}
        }
    }

    /// Learns which rooms are conversations with one person, from the account data `m.direct`.
    pub fn learn_direct(&mut self, content: &Value) {
        let rooms = content.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_array).flatten();
        self.direct = rooms.filter_map(Value::as_str).take(ROOMS_MAX).map(str::to_owned).collect();
    }

    /// Learns what an event is to another.
    pub fn learn_relation(&mut self, event_id: &str, relation: Relation) {
        if self.relations.insert(event_id.to_owned(), relation).is_none() {
            self.order.push_back(event_id.to_owned());
        }
        if self.order.len() > RELATIONS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.relations.remove(&oldest);
        }
    }

    /// What an event is to another, when it is remembered.
    pub fn relation(&self, event_id: &str) -> Option<&Relation> {
        self.relations.get(event_id)
    }

    /// Notes a room whose name nobody told yet, and a user who is in it.
    pub fn note_unnamed(&mut self, room: &str, user: &str) {
        if self.unnamed.len() < ROOMS_MAX && self.rooms.get(room).is_none_or(|room| room.join_rule.is_none()) {
            self.unnamed.insert(room.to_owned(), user.to_owned());
        }
    }

    /// Some of the rooms whose names are to be asked for; they are not noted any more.
    pub fn take_unnamed(&mut self, most: usize) -> Vec<(String, String)> {
        let some: Vec<String> = self.unnamed.keys().take(most).cloned().collect();
        some.into_iter().filter_map(|room| self.unnamed.remove_entry(&room)).collect()
    }
}

fn named(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(NAME_CHARS_MAX).collect())
}

/// What is remembered of one account; the key is server and user.
pub(crate) fn with<T>(account: &str, look: impl FnOnce(&mut Memory) -> T) -> T {
    static ALL: OnceLock<Mutex<HashMap<String, Memory>>> = OnceLock::new();
    let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if all.len() >= ACCOUNTS_MAX && !all.contains_key(account) {
        all.clear();
    }
    look(all.entry(account.to_owned()).or_default())
}
