//! Names of people and channels of a workspace, remembered between calls, because Slack's messages carry ids only.
//!
//! Everything here can be asked for again: forgetting it costs calls, never truth. Ids decide what an event is, names only how it
//! reads. Bounded: a workspace beyond [`PEOPLE_MAX`] is forgotten and learned anew.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, OnceLock},
};

use serde_json::Value;

use super::text::Directory;
use crate::event::{Party, Place, PlaceKind};

/// People remembered of one workspace: about 100 bytes each, so 5 MiB.
const PEOPLE_MAX: usize = 50_000;
/// Workspaces remembered: a desk has a few.
const WORKSPACES_MAX: usize = 64;
/// The longest name taken.
const NAME_CHARS_MAX: usize = 200;

/// What is known of one workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    people: HashMap<String, Party>,
    channels: BTreeMap<String, Channel>,
    /// Ids that the network was asked for and does not know: not asked again.
    unknown: BTreeSet<String>,
}

/// A channel as `conversations.list` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    pub place: Place,
    /// Whether its history can be read with the token at hand.
    pub readable: bool,
}

impl Names {
    /// A channel as a place. What kind an unknown one is follows from what the event says, else from its id, else it is taken for
    /// private: the narrower reading.
    pub fn place(&self, id: &str, said: Option<&str>) -> Place {
        if let Some(channel) = self.channels.get(id) {
            return channel.place.clone();
        }
        let kind = match (said, id.chars().next()) {
            (Some("channel"), _) => PlaceKind::Workspace,
            (Some("im" | "mpim" | "app_home"), _) | (None, Some('D')) => PlaceKind::Direct,
            _ => PlaceKind::Private,
        };
        Place { native_id: id.to_owned(), name: None, kind }
    }

    /// The channels whose history can be read, in the order of their ids.
    pub fn readable(&self) -> impl Iterator<Item = &Place> {
        self.channels.values().filter(|channel| channel.readable).map(|channel| &channel.place)
    }

    /// Whether a person has to be asked for.
    pub fn lacks(&self, id: &str) -> bool {
        !self.people.contains_key(id) && !self.unknown.contains(id)
    }

    /// Whether nobody is known yet.
    pub fn is_new(&self) -> bool {
        self.people.is_empty() && self.unknown.is_empty()
    }

    /// Learns a person from a `user` object.
    pub fn learn_person(&mut self, user: &Value) {
        let Some(id) = user["id"].as_str() else { return };
        if self.people.len() >= PEOPLE_MAX {
            self.people.clear();
        }
        self.people.insert(id.to_owned(), person(id, user));
    }

    /// Notes that nobody is known by this id.
    pub fn learn_unknown(&mut self, id: &str) {
        if self.unknown.len() >= PEOPLE_MAX {
            self.unknown.clear();
        }
        self.unknown.insert(id.to_owned());
    }

    /// Learns a channel from a `channel` object.
    pub fn learn_channel(&mut self, channel: &Value, reads_all: bool) {
        let Some(id) = channel["id"].as_str() else { return };
        let is = |name: &str| channel[name].as_bool().unwrap_or(false);
        let kind = if is("is_im") || is("is_mpim") {
            PlaceKind::Direct
        } else if is("is_private") || is("is_group") {
            PlaceKind::Private
        } else {
            PlaceKind::Workspace
        };
        // Conversations with one person carry their id instead of a name, and no membership: whoever sees one is in it.
        let with = channel["user"].as_str().and_then(|user| self.person(user)).map(str::to_owned);
        let name = named(&channel["name"]).or(with);
        let readable = is("is_member") || is("is_im") || reads_all && kind == PlaceKind::Workspace;
        let place = Place { native_id: id.to_owned(), name, kind };
        self.channels.insert(id.to_owned(), Channel { place, readable });
    }

    /// Learns a channel's new name.
    pub fn rename_channel(&mut self, id: &str, name: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.place.name = Some(name.chars().take(NAME_CHARS_MAX).collect());
        }
    }

    /// Forgets the channels, before they are listed again.
    pub fn forget_channels(&mut self) {
        self.channels.clear();
    }
}

impl Directory for Names {
    fn party(&self, id: &str) -> Party {
        self.people.get(id).cloned().unwrap_or_else(|| Party { native_id: id.to_owned(), ..Party::default() })
    }

    fn person(&self, id: &str) -> Option<&str> {
        let party = self.people.get(id)?;
        party.name.as_deref().or(party.handle.as_deref())
    }

    fn channel(&self, id: &str) -> Option<&str> {
        self.channels.get(id)?.place.name.as_deref()
    }
}

fn person(id: &str, user: &Value) -> Party {
    let profile = &user["profile"];
    let name = named(&profile["display_name"])
        .or_else(|| named(&profile["real_name"]))
        .or_else(|| named(&user["real_name"]))
        .or_else(|| named(&user["name"]));
    Party { native_id: id.to_owned(), handle: named(&user["name"]), name, bot: user["is_bot"].as_bool().unwrap_or(false) }
}

/// A name that says something, not too long.
fn named(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(NAME_CHARS_MAX).collect())
}

/// The names of one workspace, shared by all its profiles; the key is server and team.
pub(crate) fn with<T>(workspace: &str, look: impl FnOnce(&mut Names) -> T) -> T {
    static ALL: OnceLock<Mutex<HashMap<String, Names>>> = OnceLock::new();
    let mut all: MutexGuard<'_, HashMap<String, Names>> =
        ALL.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if all.len() >= WORKSPACES_MAX && !all.contains_key(workspace) {
        all.clear();
    }
    look(all.entry(workspace.to_owned()).or_default())
}
