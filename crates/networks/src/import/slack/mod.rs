//! A Slack export: the ZIP that workspace owners download, in all its variants.
//!
//! Shapes: <https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports>, message subtypes:
//! <https://docs.slack.dev/reference/events/message>. Public channels are in `channels.json`, private ones in `groups.json`, direct
//! messages in `dms.json` and `mpims.json`, people in `users.json` (`org_users.json` of an organisation), messages in one list per
//! conversation and day. The archive may hold several workspaces or lie in a folder of its own. Files are not part of an export
//! but for those of tools that add them (`__uploads/…`, `…/attachments/…`): those are taken.
//!
//! A message is `<channel id>:<ts>`, as in the live connector. The export keeps of an edited message what it said last, so it is an
//! `Edited` event of that edit and no post is invented; of a deleted first message of a thread it keeps a tombstone; a reaction
//! without its time. Log files and canvases are counted and left out.

mod message;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io::Read,
    path::Path,
};

use serde::Deserialize;

use super::{
    Format, Import, ImportError, Item, LeftOut, Limits, Refused,
    archive::{Archive, EntryId, EntryReader},
    json::{ArrayReader, Element},
};
use crate::{
    event::{Attachment, Party, Place, PlaceKind},
    slack::text::Directory,
};

/// The form.
pub const FORMAT: Format = Format {
    id: "slack",
    name: "Slack export",
    network: "slack",
    how: "In Slack: workspace settings, Security, Import and export data, Export (JSON). Give the ZIP file as it is downloaded.",
    docs: "https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports",
    open: |path, limits| Ok(Box::new(SlackExport::open(path, limits)?)),
};

/// The most people and the most conversations of one export: memory for their names stays under 200 MB.
const LISTED_MAX: usize = 500_000;

/// Lists at the root that hold conversations, and what kind those are.
const LISTS: [(&str, PlaceKind); 4] = [
    ("channels.json", PlaceKind::Workspace),
    ("groups.json", PlaceKind::Private),
    ("mpims.json", PlaceKind::Direct),
    ("dms.json", PlaceKind::Direct),
];

/// People by id.
type People = HashMap<String, Party>;

impl Directory for People {
    fn party(&self, id: &str) -> Party {
        self.get(id).cloned().unwrap_or_else(|| Party { native_id: id.to_owned(), ..Party::default() })
    }

    fn person(&self, id: &str) -> Option<&str> {
        let party = self.get(id)?;
        party.name.as_deref().or(party.handle.as_deref())
    }

    /// Exports name channels in the reference itself.
    fn channel(&self, _id: &str) -> Option<&str> {
        None
    }
}

struct SlackExport {
    archive: Archive,
    limits: Limits,
    name: String,
    people: People,
    /// How many of the people are of each workspace: of guests from others an export lists fewer.
    teams: BTreeMap<String, u64>,
    /// Conversations by their folder in the archive.
    places: HashMap<String, Place>,
    /// Files that hang on messages, by Slack's file id.
    files: HashMap<String, EntryId>,
    /// The day files, in order.
    days: Vec<EntryId>,
    next_day: usize,
    reading: Option<Day>,
    storage: Vec<u8>,
    queue: VecDeque<Item>,
    left_out: Vec<LeftOut>,
    done_bytes: u64,
    all_bytes: u64,
}

/// The day file that is being read.
struct Day {
    name: String,
    place: Place,
    elements: ArrayReader<EntryReader>,
    packed_bytes: u64,
}

#[derive(Deserialize)]
struct Conversation {
    id: Option<String>,
    name: Option<String>,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    team_id: Option<String>,
    name: Option<String>,
    real_name: Option<String>,
    #[serde(default)]
    is_bot: bool,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

impl User {
    fn party(self) -> Party {
        let filled = |name: &String| !name.is_empty();
        let (display, real) = self.profile.map_or((None, None), |profile| (profile.display_name, profile.real_name));
        Party {
            native_id: self.id,
            handle: self.name.filter(filled),
            name: display.filter(filled).or(real.filter(filled)).or(self.real_name.filter(filled)),
            bot: self.is_bot,
        }
    }
}

impl SlackExport {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let archive = Archive::open(path, limits)?;
        let name = super::stem(path);
        let mut export = Self {
            archive,
            limits,
            name,
            people: People::new(),
            teams: BTreeMap::new(),
            places: HashMap::new(),
            files: HashMap::new(),
            days: Vec::new(),
            next_day: 0,
            reading: None,
            storage: Vec::new(),
            queue: VecDeque::new(),
            left_out: Vec::new(),
            done_bytes: 0,
            all_bytes: 0,
        };
        export.queue.extend(export.archive.take_refused().into_iter().map(Item::Refused));
        export.sort_entries()?;
        Ok(export)
    }

    /// Looks at every name in the archive: lists, days, files, and what is left out.
    fn sort_entries(&mut self) -> Result<(), ImportError> {
        let mut lists = Vec::new();
        let mut other_files = 0;
        let all: Vec<_> = self.archive.entries().map(|(id, name)| (id, name.to_owned())).collect();
        for (id, name) in all {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
            if folder.split('/').next() == Some("__MACOSX") || file.starts_with("._") || file == ".DS_Store" {
                continue;
            }
            if matches!(file, "users.json" | "org_users.json") {
                self.read_people(id)?;
            } else if let Some((_, kind)) = LISTS.iter().find(|(list, _)| *list == file) {
                lists.push((id, folder.to_owned(), *kind));
            } else if is_day(file) && !folder.is_empty() {
                self.days.push(id);
                self.all_bytes += self.archive.packed_bytes(id);
            } else if let Some(file_id) = uploaded(folder, file) {
                self.files.insert(file_id.to_owned(), id);
            } else if let "integration_logs.json" | "canvases.json" | "content_flags.json" | "lists.json" = file {
                let count = self.count(id)?;
                self.left_out.push(LeftOut { what: file.to_owned(), count });
            } else {
                other_files += 1;
            }
        }
        if lists.is_empty() {
            return Err(ImportError::Form {
                expected: "a Slack export in JSON",
                found: "it has no channels.json, groups.json, mpims.json or dms.json; export again and choose JSON, not text"
                    .to_owned(),
            });
        }
        if other_files > 0 {
            self.left_out.push(LeftOut { what: "other files".to_owned(), count: other_files });
        }
        lists.into_iter().try_for_each(|(id, root, kind)| self.read_places(id, &root, kind))
    }

    fn read_people(&mut self, id: EntryId) -> Result<(), ImportError> {
        self.each_listed(id, |export, bytes| {
            let mut user: User = serde_json::from_slice(bytes).ok()?;
            if let Some(team) = user.team_id.take().filter(|team| !team.is_empty()) {
                *export.teams.entry(team).or_default() += 1;
            }
            let party = user.party();
            export.people.insert(party.native_id.clone(), party);
            Some(())
        })
    }

    fn read_places(&mut self, id: EntryId, root: &str, kind: PlaceKind) -> Result<(), ImportError> {
        let root = if root.is_empty() { String::new() } else { format!("{root}/") };
        self.each_listed(id, |export, bytes| {
            let listed: Conversation = serde_json::from_slice(bytes).ok()?;
            let native_id = listed.id.clone().or_else(|| listed.name.clone())?;
            let name = match kind {
                PlaceKind::Direct => {
                    Some(export.names_of(&listed.members)).filter(|names| !names.is_empty()).or(listed.name.clone())
                }
                _ => listed.name.clone(),
            };
            let place = Place { native_id, name, kind };
            for folder in [listed.id, listed.name].into_iter().flatten() {
                export.places.insert(format!("{root}{folder}"), place.clone());
            }
            Some(())
        })
    }

    /// Calls `take` with each element of a list; what it cannot take is refused.
    fn each_listed(&mut self, id: EntryId, take: impl Fn(&mut Self, &[u8]) -> Option<()>) -> Result<(), ImportError> {
        let name = self.archive.name(id).to_owned();
        let read = |error| ImportError::Read { name: name.clone(), error };
        let mut elements = ArrayReader::new(self.archive.read(id).map_err(read)?, None, self.limits.item_bytes_max, Vec::new());
        while let Some(element) = elements.next().map_err(read)? {
            let taken = match element {
                Element::Bytes(bytes) => take(self, bytes).is_some(),
                Element::TooLong => false,
            };
            let number = elements.count();
            if !taken {
                let reason = "it is not a person or conversation as Slack lists them; names of it stay unknown".to_owned();
                self.queue.push_back(Item::Refused(Refused { place: format!("{name}, item {number}"), reason }));
            }
            if number > LISTED_MAX as u64 {
                return Err(ImportError::Limit(format!("{name} lists more than {LISTED_MAX}; export in parts")));
            }
        }
        Ok(())
    }

    fn count(&self, id: EntryId) -> Result<u64, ImportError> {
        let Ok(reader) = self.archive.read(id) else { return Ok(0) };
        let mut elements = ArrayReader::new(reader, None, self.limits.item_bytes_max, Vec::new());
        while let Ok(Some(_)) = elements.next() {}
        self.archive.check_budget()?;
        Ok(elements.count())
    }

    fn names_of(&self, members: &[String]) -> String {
        let name = |id: &String| match self.people.get(id) {
            Some(party) => party.name.as_ref().or(party.handle.as_ref()).unwrap_or(id).clone(),
            None => id.clone(),
        };
        members.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Opens the next day file. False when there is none.
    fn open_day(&mut self) -> bool {
        let Some(&id) = self.days.get(self.next_day) else { return false };
        self.next_day += 1;
        let name = self.archive.name(id).to_owned();
        let packed_bytes = self.archive.packed_bytes(id);
        match self.archive.read(id) {
            Ok(reader) => {
                let storage = std::mem::take(&mut self.storage);
                let elements = ArrayReader::new(reader, None, self.limits.item_bytes_max, storage);
                let place = self.place_of(&name);
                self.reading = Some(Day { name, place, elements, packed_bytes });
            }
            Err(error) => {
                self.done_bytes += packed_bytes;
                self.queue.push_back(Item::Refused(Refused { place: name, reason: error.to_string() }));
            }
        }
        true
    }

    /// The conversation of a day file. One that no list names is taken as private: nobody sees it who should not.
    fn place_of(&self, name: &str) -> Place {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.places.get(folder).cloned().unwrap_or_else(|| {
            let last = folder.rsplit_once('/').map_or(folder, |(_, last)| last);
            Place { native_id: last.to_owned(), name: Some(last.to_owned()), kind: PlaceKind::Private }
        })
    }

    /// Reads one element of the open day into the queue.
    fn read_element(&mut self) -> Result<(), ImportError> {
        let Some(day) = &mut self.reading else { return Ok(()) };
        let refused = match day.elements.next() {
            Ok(Some(Element::Bytes(bytes))) => match message::events(bytes, &day.place, &self.people, &mut self.queue) {
                Ok(()) => return Ok(()),
                Err(reason) => Some((true, reason)),
            },
            Ok(Some(Element::TooLong)) => Some((
                true,
                format!("it is larger than {} bytes, the most that one message may have", self.limits.item_bytes_max),
            )),
            Ok(None) => None,
            Err(error) => Some((false, format!("{error}; the rest of this file is not read"))),
        };
        let ended = !matches!(refused, Some((true, _)));
        if let Some((_, reason)) = refused {
            let place = format!("{}, item {}", day.name, day.elements.count());
            self.queue.push_back(Item::Refused(Refused { place, reason }));
        }
        if ended {
            let day = self.reading.take().expect("it was open above");
            self.done_bytes += day.packed_bytes;
            self.storage = day.elements.into_storage();
        }
        self.archive.check_budget()
    }
}

impl Import for SlackExport {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            if self.reading.is_some() {
                self.read_element()?;
            } else if !self.open_day() {
                return Ok(None);
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        (self.done_bytes, self.all_bytes)
    }

    /// The workspace's id: the file's name tells only when it was made.
    fn source(&self) -> String {
        let most = self.teams.iter().max_by_key(|(_, people)| **people);
        most.map_or_else(|| self.name.clone(), |(team, _)| team.clone())
    }

    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        let Some(&id) = self.files.get(&attachment.native_id) else { return Ok(None) };
        super::entry_as_attachment(&self.archive, id, self.limits).map(Some)
    }

    fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.clone()
    }
}

/// `2024-01-31.json`.
fn is_day(file: &str) -> bool {
    file.strip_suffix(".json").is_some_and(|day| {
        day.len() == 10
            && day.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
    })
}

/// Slack's id of a file that a tool has put into the archive: `__uploads/F1/name` or `channel/attachments/F1-name`.
fn uploaded<'a>(folder: &'a str, file: &'a str) -> Option<&'a str> {
    if let Some((before, id)) = folder.rsplit_once('/') {
        if before.rsplit('/').next() == Some("__uploads") {
            return Some(id);
        }
        if id == "attachments" {
            return file.split_once('-').map(|(id, _)| id);
        }
    }
    None
}

#[cfg(test)]
mod tests;
