//! A Mattermost bulk export: JSON lines, alone or in a ZIP with the files that hang on posts.
//!
//! Shapes: <https://docs.mattermost.com/administration-guide/onboard/bulk-loading-data.html> (data format). The form carries no ids; by its own rule a post
//! is told by channel, time and message. Here it is `<team>/<channel>:<create_at>:<user>:<digest of the message>`, so that the same
//! post of two exports is one, and two posts of a program in one millisecond are two. A post that was edited between two exports is
//! therefore a second message; the export keeps only what it says last. Replies stand inside their post's line: the raw form of
//! such a post has its replies cut out (`[]`), each reply its own exact bytes.

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use aws_lc_rs::digest;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Format, Import, ImportError, Item, LeftOut, Limits, Refused,
    archive::Archive,
    json,
    lines::{Line, LineReader},
    links,
};
use crate::event::{Attachment, Content, Event, Membership, Party, Place, PlaceKind, Raw, What};

/// The form.
pub const FORMAT: Format = Format {
    id: "mattermost",
    name: "Mattermost bulk export",
    network: "mattermost",
    how: "On the server: `mmctl export create`, then `mmctl export download`. Give the ZIP, or the JSONL file of it.",
    docs: "https://docs.mattermost.com/administration-guide/manage/bulk-export-tool.html",
    open: |path, limits| Ok(Box::new(BulkExport::open(path, limits)?)),
};

/// The longest line: a post stands with all its replies in one; ten thousand long ones fit.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The most people and channels whose names are kept.
const LISTED_MAX: usize = 1_000_000;

struct BulkExport {
    archive: Option<Archive>,
    lines: LineReader<Box<dyn Read + Send>>,
    ended: bool,
    people: HashMap<String, Party>,
    channels: HashMap<String, Place>,
    queue: VecDeque<Item>,
    limits: Limits,
    name: String,
    meter: super::Meter,
}

#[derive(Deserialize)]
struct Post {
    team: Option<String>,
    channel: Option<String>,
    #[serde(default)]
    channel_members: Vec<String>,
    #[serde(flatten)]
    said: Said,
}

#[derive(Deserialize)]
struct Said {
    user: String,
    #[serde(default)]
    message: String,
    create_at: i64,
    #[serde(default)]
    edit_at: Option<i64>,
    #[serde(default)]
    delete_at: Option<i64>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    props: Option<Value>,
    #[serde(default)]
    reactions: Option<Vec<Reaction>>,
    #[serde(default)]
    attachments: Option<Vec<Attached>>,
}

#[derive(Deserialize)]
struct Reaction {
    user: String,
    emoji_name: String,
    create_at: i64,
}

#[derive(Deserialize)]
struct Attached {
    path: String,
}

#[derive(Deserialize)]
struct Person {
    username: String,
    nickname: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct Channel {
    team: String,
    name: String,
    display_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl BulkExport {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let read = |error| ImportError::Read { name: path.display().to_string(), error };
        let meter = super::Meter::default();
        let mut queue = VecDeque::new();
        let (archive, reader): (_, Box<dyn Read + Send>) = if Archive::is_one(path) {
            let mut archive = Archive::open(path, limits)?;
            queue.extend(archive.take_refused().into_iter().map(Item::Refused));
            let found = archive.entries().find(|(_, name)| super::has_ending(name, &["jsonl"])).map(|(id, _)| id);
            let id = found.ok_or(ImportError::Form {
                expected: "a Mattermost bulk export",
                found: "the ZIP holds no .jsonl file".to_owned(),
            })?;
            meter.all(archive.unpacked_bytes(id));
            let reader = meter.count(archive.read(id).map_err(read)?);
            (Some(archive), Box::new(reader))
        } else {
            let file = File::open(path).map_err(read)?;
            meter.all(file.metadata().map_err(read)?.len());
            (None, Box::new(meter.count(BufReader::new(file))))
        };
        let mut lines = LineReader::text(reader, LINE_BYTES_MAX);
        let first = lines.next().map_err(read)?;
        let version = matches!(first, Some(Line::Bytes(line)) if json::member(line, "type") == Some(b"\"version\""));
        if !version {
            let found = "its first line does not tell the version; give the export as mmctl made it".to_owned();
            return Err(ImportError::Form { expected: "a Mattermost bulk export", found });
        }
        let (people, channels) = (HashMap::new(), HashMap::new());
        Ok(Self { archive, lines, ended: false, people, channels, queue, limits, name: super::stem(path), meter })
    }

    fn read_line(&mut self) -> Result<(), ImportError> {
        let at = format!("line {}", self.lines.number() + 1);
        let taken = match self.lines.next() {
            Ok(Some(Line::Bytes(line))) if line.trim_ascii().is_empty() => Ok(()),
            Ok(Some(Line::Bytes(line))) => {
                let mut reader = LineOf {
                    people: &mut self.people,
                    channels: &mut self.channels,
                    queue: &mut self.queue,
                    item_bytes_max: self.limits.item_bytes_max,
                    at,
                };
                reader.take(line)
            }
            Ok(Some(Line::TooLong)) => {
                Err(format!("the line is longer than {LINE_BYTES_MAX} bytes, the most that one post with its replies may have"))
            }
            Ok(None) => {
                self.ended = true;
                Ok(())
            }
            Err(error) => {
                self.ended = true;
                if let Some(archive) = &self.archive {
                    archive.check_budget()?;
                }
                Err(format!("{error}; the rest of the file is not read"))
            }
        };
        if let Err(reason) = taken {
            self.queue.push_back(Item::Refused(Refused { place: format!("line {}", self.lines.number()), reason }));
        }
        Ok(())
    }
}

/// What reading one line changes.
struct LineOf<'a> {
    people: &'a mut HashMap<String, Party>,
    channels: &'a mut HashMap<String, Place>,
    queue: &'a mut VecDeque<Item>,
    item_bytes_max: u64,
    /// Where it stands.
    at: String,
}

impl LineOf<'_> {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let kind = json::member(line, "type").ok_or("the line is not an object with a `type`")?;
        let body = |key: &str| json::member(line, key).ok_or_else(|| format!("the line has a `type` {key} and no `{key}`"));
        match kind {
            b"\"user\"" => self.person(body("user")?, false),
            b"\"bot\"" => self.person(body("bot")?, true),
            b"\"channel\"" => self.channel(body("channel")?),
            b"\"post\"" => self.post(line, body("post")?),
            b"\"direct_post\"" => self.post(line, body("direct_post")?),
            _ => Ok(()),
        }
    }

    fn person(&mut self, body: &[u8], bot: bool) -> Result<(), String> {
        let person: Person = serde_json::from_slice(body).map_err(|error| what_of(&error))?;
        let filled = |name: Option<String>| name.filter(|name| !name.is_empty());
        let full = [filled(person.first_name), filled(person.last_name)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = filled(person.nickname).or(filled(Some(full))).or(filled(person.display_name));
        if self.people.len() < LISTED_MAX {
            let party = Party { native_id: person.username.clone(), handle: Some(person.username.clone()), name, bot };
            self.people.insert(person.username, party);
        }
        Ok(())
    }

    fn channel(&mut self, body: &[u8]) -> Result<(), String> {
        let channel: Channel = serde_json::from_slice(body).map_err(|error| what_of(&error))?;
        let kind = if channel.kind.as_deref() == Some("O") { PlaceKind::Workspace } else { PlaceKind::Private };
        let native_id = format!("{}/{}", channel.team, channel.name);
        if self.channels.len() < LISTED_MAX {
            let name = channel.display_name.filter(|name| !name.is_empty()).or(Some(channel.name));
            self.channels.insert(native_id.clone(), Place { native_id, name, kind });
        }
        Ok(())
    }

    fn party(&self, username: &str) -> Party {
        self.people.get(username).cloned().unwrap_or_else(|| Party {
            native_id: username.to_owned(),
            handle: Some(username.to_owned()),
            ..Party::default()
        })
    }

    fn place(&self, post: &Post) -> Result<Place, String> {
        if let (Some(team), Some(channel)) = (&post.team, &post.channel) {
            let native_id = format!("{team}/{channel}");
            return Ok(self.channels.get(&native_id).cloned().unwrap_or(Place {
                native_id,
                name: Some(channel.clone()),
                kind: PlaceKind::Private,
            }));
        }
        if post.channel_members.is_empty() {
            return Err("the post names neither team and channel nor the members of a conversation".to_owned());
        }
        let mut members = post.channel_members.clone();
        members.sort();
        let name =
            members.iter().map(|member| self.party(member).name.unwrap_or_else(|| member.clone())).collect::<Vec<_>>().join(", ");
        Ok(Place { native_id: format!("direct:{}", members.join(",")), name: Some(name), kind: PlaceKind::Direct })
    }

    fn post(&mut self, line: &[u8], body: &[u8]) -> Result<(), String> {
        let post: Post = serde_json::from_slice(body).map_err(|error| what_of(&error))?;
        let place = self.place(&post)?;
        let replies = json::member(body, "replies").filter(|replies| replies.starts_with(b"["));
        let native_id = id_of(&place, &post.said);
        // A reply that cannot be taken is an item of its own; the others stand.
        if let Err(reason) = self.said(&post.said, &place, None, without(line, replies)) {
            self.queue.push_back(Item::Refused(Refused { place: self.at.clone(), reason }));
        }
        for (at, raw) in replies.into_iter().flat_map(json::elements).enumerate() {
            let taken = match serde_json::from_slice::<Said>(raw) {
                Ok(reply) => self.said(&reply, &place, Some(&native_id), raw.to_vec()),
                Err(error) => Err(what_of(&error)),
            };
            if let Err(reason) = taken {
                let place = format!("{}, reply {}", self.at, at + 1);
                self.queue.push_back(Item::Refused(Refused { place, reason }));
            }
        }
        Ok(())
    }

    fn said(&mut self, said: &Said, place: &Place, thread: Option<&str>, raw: Vec<u8>) -> Result<(), String> {
        if raw.len() as u64 > self.item_bytes_max {
            return Err(format!("it is larger than {} bytes, the most that one message may have", self.item_bytes_max));
        }
        let native_id = id_of(place, said);
        let raw = Raw { media_type: "application/json".to_owned(), bytes: raw };
        let by = Some(self.party(&said.user));
        let event = |revision: String, what: What, time_ms: i64, by: Option<Party>| {
            let event = Event {
                native_id: native_id.clone(),
                revision,
                what,
                source_time_ms: Some(time_ms),
                posted_at_ms: Some(said.create_at),
                place: place.clone(),
                by,
                raw: raw.clone(),
            };
            Item::Event(Box::new(event))
        };
        let edited = said.edit_at.filter(|&at| at > 0);
        if let Some((what, revision)) = self.system(said) {
            self.queue.push_back(event(revision, what, said.create_at, by));
        } else {
            let content = Box::new(self.content(said, thread));
            match edited {
                Some(edited) => self.queue.push_back(event(format!("edit:{edited}"), What::Edited(content), edited, by)),
                None => self.queue.push_back(event(String::new(), What::Posted(content), said.create_at, by)),
            }
        }
        for reaction in said.reactions.iter().flatten() {
            let revision = format!("react:{}:{}:add:{}", reaction.user, reaction.emoji_name, reaction.create_at);
            let what = What::Reacted { key: reaction.emoji_name.clone(), added: true };
            self.queue.push_back(event(revision, what, reaction.create_at, Some(self.party(&reaction.user))));
        }
        if let Some(deleted) = said.delete_at.filter(|&at| at > 0) {
            self.queue.push_back(event("delete".to_owned(), What::Deleted, deleted, None));
        }
        Ok(())
    }

    fn content(&self, said: &Said, thread: Option<&str>) -> Content {
        let mut text = said.message.clone();
        for card in said.props.as_ref().and_then(|props| props.get("attachments")).and_then(Value::as_array).into_iter().flatten()
        {
            let before = text.len();
            for part in ["pretext", "author_name", "title", "text"] {
                append(&mut text, card.get(part));
            }
            for field in card.get("fields").and_then(Value::as_array).into_iter().flatten() {
                append(&mut text, field.get("title"));
                append(&mut text, field.get("value"));
            }
            append(&mut text, card.get("footer"));
            if text.len() == before {
                append(&mut text, card.get("fallback"));
            }
        }
        let attachments = said.attachments.iter().flatten().map(|file| Attachment {
            native_id: file.path.clone(),
            file_name: file.path.rsplit('/').next().map(str::to_owned),
            source: Some(file.path.clone()),
            ..Attachment::default()
        });
        let mut mentions: Vec<Party> = Vec::new();
        for word in text.split(|c: char| !(c.is_alphanumeric() || "@._-".contains(c))) {
            let name = word.strip_prefix('@').map(|name| name.trim_end_matches(['.', '-', '_']));
            if let Some(party) = name.and_then(|name| self.people.get(name)).filter(|party| !mentions.contains(party)) {
                mentions.push(party.clone());
            }
        }
        let thread = thread.map(str::to_owned);
        Content {
            links: links::in_text(&text),
            mentions,
            attachments: attachments.collect(),
            reply_to: thread.clone(),
            thread,
            text,
            ..Content::default()
        }
    }

    /// Posts that the server wrote itself (their types begin with `system_`).
    fn system(&self, said: &Said) -> Option<(What, String)> {
        let kind = said.kind.as_deref().and_then(|kind| kind.strip_prefix("system_"))?;
        let named =
            |key: &str| said.props.as_ref().and_then(|props| props.get(key)).and_then(Value::as_str).map(|name| self.party(name));
        let myself = || self.party(&said.user);
        let (change, party) = match kind {
            "join_channel" | "join_team" => (Membership::Joined, myself()),
            "leave_channel" | "leave_team" => (Membership::Left, myself()),
            "add_to_channel" | "add_to_team" => (Membership::Joined, named("addedUsername").unwrap_or_else(myself)),
            "remove_from_channel" | "remove_from_team" => (Membership::Removed, named("removedUsername").unwrap_or_else(myself)),
            other => return Some((What::PlaceChanged { change: other.to_owned() }, String::new())),
        };
        let word = match change {
            Membership::Joined => "joined",
            Membership::Left => "left",
            _ => "removed",
        };
        let revision = format!("member:{}:{word}:{}", party.native_id, said.create_at);
        Some((What::Member { party, change }, revision))
    }
}

/// One more line, when there is one.
fn append(text: &mut String, line: Option<&Value>) {
    let Some(line) = line.and_then(Value::as_str).filter(|line| !line.is_empty()) else { return };
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

fn id_of(place: &Place, said: &Said) -> String {
    let digest = digest::digest(&digest::SHA256, said.message.as_bytes());
    format!("{}:{}:{}:{}", place.native_id, said.create_at, said.user, hex::encode(&digest.as_ref()[..8]))
}

/// The line with an empty list in place of the replies.
fn without(line: &[u8], replies: Option<&[u8]>) -> Vec<u8> {
    let Some(replies) = replies else { return line.to_vec() };
    let start = replies.as_ptr().addr() - line.as_ptr().addr();
    [&line[..start], b"[]", &line[start + replies.len()..]].concat()
}

/// What is wrong, without any text of the message.
fn what_of(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or has an unexpected kind of value",
        _ => "it is not sound JSON in UTF-8",
    };
    format!("{kind}, at column {}", error.column())
}

impl Import for BulkExport {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            if self.ended {
                return Ok(None);
            }
            self.read_line()?;
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.meter.progress()
    }

    fn source(&self) -> String {
        self.name.clone()
    }

    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        let (Some(archive), Some(path)) = (&self.archive, &attachment.source) else { return Ok(None) };
        let bare = path.trim_start_matches("./").trim_start_matches("data/");
        let id = archive.find(&format!("data/{bare}")).or_else(|| archive.find(bare));
        id.map(|id| super::entry_as_attachment(archive, id, self.limits)).transpose()
    }

    fn left_out(&self) -> Vec<LeftOut> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
