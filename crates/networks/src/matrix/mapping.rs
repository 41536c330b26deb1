//! Matrix events as [`Event`]s. No calls, no clock; names and relations come from [`Memory`].
//!
//! | event | `native_id` | `revision` |
//! |---|---|---|
//! | message, sticker, poll | `<room id>/<event id>` | empty |
//! | edit (`m.replace`) | the first version's | `edit:<event id of the edit>` |
//! | redaction of a message | the message's | `delete` |
//! | reaction | the message's | `react:<user>:<key>:add:<event id of the reaction>` |
//! | redaction of a reaction | the message's | `react:<user>:<key>:remove:<event id of the reaction>` |
//! | redaction of an edit | the message's | `edit:<event id of the edit>:undone` |
//! | membership | `<room id>` | `member:<user>:<change>:<event id>` |
//! | invitation of the profile itself | `<room id>` | `member:<user>:invited:by:<inviter>` |
//! | name, topic, encryption and other state of a room | `<room id>` | `state:<event id>` |
//! | anything else, encrypted messages too | `<room id>/<event id>` | empty |
//! | an event that cannot be read | `<room id>` | `unreadable:<SHA-256 of its bytes>` |
//!
//! The room stands before the event because Matrix finds an event only within its room. Invariant: one event of Matrix is one
//! event here, the same however it came (sync, back-fill, transaction of an application service); nothing is dropped.

use aws_lc_rs::digest;
use serde_json::Value;

use super::memory::{Memory, Relation};
use crate::{
    event::{Attachment, Content, Event, Membership, Party, Raw, What},
    text,
};

/// What a room's encrypted messages are called: they are recorded as they came.
pub(crate) const ENCRYPTED: &str = "encrypted, not readable";
/// Whom a message can mention before the rest is in the raw bytes only.
const MENTIONS_MAX: usize = 100;

/// The id of a message.
pub(crate) fn native_id(room: &str, event: &str) -> String {
    format!("{room}/{event}")
}

/// Room and event of a message's id.
pub(crate) fn parts(native_id: &str) -> Option<(&str, &str)> {
    let at = native_id.rfind("/$")?;
    let (room, event) = (&native_id[..at], &native_id[at + 1..]);
    (room.starts_with('!') && event.len() > 1).then_some((room, event))
}

/// Learns what an event tells about names and relations; before anything of the same batch is mapped.
pub(crate) fn learn(event: &Value, room: &str, memory: &mut Memory) {
    if event["state_key"].is_string() {
        memory.learn_state(room, event);
        return;
    }
    let Some(id) = event["event_id"].as_str() else { return };
    let relates = &event["content"]["m.relates_to"];
    let target = relates["event_id"].as_str().map(str::to_owned);
    let sender = event["sender"].as_str().unwrap_or_default();
    let relation = match (event["type"].as_str().unwrap_or_default(), relates["rel_type"].as_str(), target) {
        ("m.reaction", _, Some(target)) => {
            Relation::Reaction { target, key: relates["key"].as_str().unwrap_or_default().to_owned(), by: sender.to_owned() }
        }
        // An old relation is remembered better than a redacted event tells it.
        ("m.reaction", ..) if memory.relation(id).is_some() => return,
        ("m.room.message" | "m.room.encrypted", Some("m.replace"), Some(target)) => Relation::Edit { target },
        ("m.reaction", ..) => Relation::Other { kind: "m.reaction".to_owned() },
        _ => return,
    };
    memory.learn_relation(id, relation);
}

/// One event.
pub(crate) fn of_event(raw: &str, room: &str, memory: &Memory) -> Event {
    let bytes = Raw { media_type: "application/json".to_owned(), bytes: raw.as_bytes().to_vec() };
    let event: Value = serde_json::from_str(raw).unwrap_or_default();
    let Some(id) = event["event_id"].as_str().filter(|id| id.len() > 1) else {
        return unreadable(room, memory, bytes);
    };
    let seen = Seen { event: &event, id, room, memory, raw: bytes };
    let kind = event["type"].as_str().unwrap_or_default();
    if let Some(redaction) = event["unsigned"]["redacted_because"].as_object() {
        return seen.redacted(kind, redaction);
    }
    match kind {
        "m.room.message" | "m.sticker" | "m.poll.start" | "org.matrix.msc3381.poll.start" => seen.message(kind),
        "m.reaction" => seen.reaction(),
        "m.room.redaction" => seen.redaction(),
        "m.room.member" if event["state_key"].is_string() => seen.member(),
        "m.room.encrypted" => seen.other(ENCRYPTED),
        kind if event["state_key"].is_string() => seen.state(kind),
        kind => seen.other(kind),
    }
}

fn unreadable(room: &str, memory: &Memory, raw: Raw) -> Event {
    Event {
        native_id: room.to_owned(),
        revision: format!("unreadable:{}", hex::encode(digest::digest(&digest::SHA256, &raw.bytes))),
        what: What::Other { name: "an event without an id".to_owned() },
        source_time_ms: None,
        posted_at_ms: None,
        place: memory.place(room),
        by: None,
        raw,
    }
}

/// One event being mapped.
struct Seen<'a> {
    event: &'a Value,
    id: &'a str,
    room: &'a str,
    memory: &'a Memory,
    raw: Raw,
}

impl Seen<'_> {
    fn made(&self, native_id: String, revision: String, what: What) -> Event {
        Event {
            native_id,
            revision,
            what,
            source_time_ms: self.event["origin_server_ts"].as_i64(),
            posted_at_ms: None,
            place: self.memory.place(self.room),
            by: self.event["sender"].as_str().map(|user| self.memory.party(self.room, user)),
            raw: self.raw.clone(),
        }
    }

    fn own_id(&self) -> String {
        native_id(self.room, self.id)
    }

    fn other(&self, name: &str) -> Event {
        let name = if name.is_empty() { "unknown" } else { name };
        self.made(self.own_id(), String::new(), What::Other { name: name.chars().take(100).collect() })
    }

    fn message(&self, kind: &str) -> Event {
        let content = &self.event["content"];
        let relates = &content["m.relates_to"];
        if relates["rel_type"] == "m.replace"
            && let Some(target) = relates["event_id"].as_str()
        {
            let new = if content["m.new_content"].is_object() { &content["m.new_content"] } else { content };
            // Where it stands is told by the first version; a client repeats the relation or leaves it out.
            let what = What::Edited(Box::new(self.content(new, &Value::Null, target)));
            return self.made(native_id(self.room, target), format!("edit:{}", self.id), what);
        }
        if !says_something(content) {
            return self.other(kind);
        }
        let what = What::Posted(Box::new(self.content(content, relates, self.id)));
        self.made(self.own_id(), String::new(), what)
    }

    fn content(&self, content: &Value, relates: &Value, event_id: &str) -> Content {
        let in_room = |id: &Value| id.as_str().map(|id| native_id(self.room, id));
        let thread = (relates["rel_type"] == "m.thread").then(|| in_room(&relates["event_id"])).flatten();
        let answered = in_room(&relates["m.in_reply_to"]["event_id"]);
        // In a thread the answer may be a stand-in for clients that know no threads.
        let is_stand_in = relates["is_falling_back"].as_bool().unwrap_or(false);
        let attachment = attachment(content);
        let (text, mut links) = words(content, attachment.is_some(), answered.is_some());
        links.retain(|link| !link.starts_with("https://matrix.to/"));
        Content {
            text,
            reply_to: answered.filter(|_| !is_stand_in).or_else(|| thread.clone()),
            thread,
            mentions: self.mentions(content),
            links,
            attachments: attachment.into_iter().collect(),
            permalink: Some(format!("https://matrix.to/#/{}/{event_id}", self.room)),
            ..Content::default()
        }
    }

    fn mentions(&self, content: &Value) -> Vec<Party> {
        let users = content["m.mentions"]["user_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
        users.take(MENTIONS_MAX).map(|user| self.memory.party(self.room, user)).collect()
    }

    fn reaction(&self) -> Event {
        let relates = &self.event["content"]["m.relates_to"];
        let (Some(target), Some(key)) = (relates["event_id"].as_str(), relates["key"].as_str()) else {
            return self.other("m.reaction");
        };
        let by = self.event["sender"].as_str().unwrap_or_default();
        let what = What::Reacted { key: key.to_owned(), added: true };
        self.made(native_id(self.room, target), format!("react:{by}:{key}:add:{}", self.id), what)
    }

    /// Something was taken back: what it is follows from what is remembered of its target.
    fn redaction(&self) -> Event {
        let target = self.event["redacts"].as_str().or(self.event["content"]["redacts"].as_str());
        let Some(target) = target else { return self.other("m.room.redaction") };
        self.taken_back(target)
    }

    fn taken_back(&self, target: &str) -> Event {
        let at = |id: &str| native_id(self.room, id);
        match self.memory.relation(target) {
            None | Some(Relation::Message) => self.made(at(target), "delete".to_owned(), What::Deleted),
            Some(Relation::Reaction { target: message, key, by }) => {
                let what = What::Reacted { key: key.clone(), added: false };
                self.made(at(message), format!("react:{by}:{key}:remove:{target}"), what)
            }
            Some(Relation::Edit { target: message }) => {
                let what = What::Other { name: "an edit was taken back".to_owned() };
                self.made(at(message), format!("edit:{target}:undone"), what)
            }
            Some(Relation::Other { kind }) => {
                let what = What::Other { name: format!("{kind} was taken back") };
                self.made(at(target), "delete".to_owned(), what)
            }
        }
    }

    /// An event that arrives when it was taken back already: what it said is gone.
    fn redacted(&self, kind: &str, because: &serde_json::Map<String, Value>) -> Event {
        let is_message = matches!(kind, "m.room.message" | "m.room.encrypted" | "m.sticker" | "m.poll.start");
        let mut event = if self.event["state_key"].is_string() {
            self.made(
                self.room.to_owned(),
                format!("state:{}:delete", self.id),
                What::Other { name: format!("{kind} was taken back") },
            )
        } else if is_message || self.memory.relation(self.id).is_some() {
            self.taken_back(self.id)
        } else {
            self.made(self.own_id(), "delete".to_owned(), What::Other { name: format!("{kind} was taken back") })
        };
        event.source_time_ms = because.get("origin_server_ts").and_then(Value::as_i64);
        event.by = because.get("sender").and_then(Value::as_str).map(|user| self.memory.party(self.room, user));
        event
    }

    fn member(&self) -> Event {
        let user = self.event["state_key"].as_str().unwrap_or_default();
        let now = self.event["content"]["membership"].as_str().unwrap_or_default();
        let before = self.event["unsigned"]["prev_content"]["membership"].as_str();
        let by_self = self.event["sender"] == user;
        let (change, name) = match (now, before) {
            // A new name or picture, not a new member; a ban that is lifted: nobody came or went.
            ("join", Some("join")) | ("leave", Some("ban")) => return self.state("m.room.member"),
            ("join", _) => (Membership::Joined, "joined"),
            ("invite", _) => (Membership::Invited, "invited"),
            ("ban", _) => (Membership::Banned, "banned"),
            ("leave", _) if by_self => (Membership::Left, "left"),
            ("leave", _) => (Membership::Removed, "removed"),
            _ => return self.state("m.room.member"),
        };
        let what = What::Member { party: self.memory.party(self.room, user), change };
        self.made(self.room.to_owned(), format!("member:{user}:{name}:{}", self.id), what)
    }

    fn state(&self, kind: &str) -> Event {
        let change = match kind {
            "m.room.name" => "renamed",
            "m.room.topic" => "topic",
            "m.room.create" => "created",
            "m.room.tombstone" => "replaced by another room",
            "m.room.encryption" => "encrypted from here on",
            "m.room.canonical_alias" => "address",
            "m.room.join_rules" => "who can join",
            "m.room.history_visibility" => "who can read the past",
            "m.room.power_levels" => "rights",
            "m.room.avatar" => "picture",
            "m.room.member" => "a member's name or picture",
            other => other,
        };
        let what = What::PlaceChanged { change: change.chars().take(100).collect() };
        self.made(self.room.to_owned(), format!("state:{}", self.id), what)
    }
}

fn says_something(content: &Value) -> bool {
    content["body"].is_string() || content["url"].is_string() || content["file"].is_object() || poll(content).is_some()
}

/// The question and answers of a poll, stable or as it was called before.
fn poll(content: &Value) -> Option<String> {
    let poll = ["m.poll", "org.matrix.msc3381.poll.start"].iter().map(|name| &content[*name]).find(|poll| poll.is_object())?;
    let said = |part: &Value| -> Option<String> {
        let stable = part["m.text"][0]["body"].as_str();
        stable.or(part["org.matrix.msc1767.text"].as_str()).or(part["body"].as_str()).map(str::to_owned)
    };
    let answers = poll["answers"].as_array().into_iter().flatten().filter_map(said);
    Some(std::iter::once(said(&poll["question"])?).chain(answers).collect::<Vec<_>>().join("\n"))
}

/// Text and links. With HTML that is what clients show; the name of a file is no text of its message.
fn words(content: &Value, is_file: bool, is_answer: bool) -> (String, Vec<String>) {
    if let Some(poll) = poll(content) {
        return (poll, Vec::new());
    }
    let body = content["body"].as_str().unwrap_or_default();
    let caption = !is_file || content["filename"].as_str().is_some_and(|name| name != body);
    if !caption {
        return (String::new(), Vec::new());
    }
    if content["format"] == "org.matrix.custom.html"
        && let Some(html) = content["formatted_body"].as_str()
    {
        let read = text::from_html(without_quoted(html));
        if !read.text.is_empty() {
            return (read.text, read.links);
        }
    }
    let body = if is_answer { without_quote(body) } else { body };
    (body.to_owned(), text::links(body).into_iter().map(|range| body[range].to_owned()).collect())
}

/// Older clients put what they answer before the answer: `<mx-reply>…</mx-reply>`.
fn without_quoted(html: &str) -> &str {
    let rest = html.trim_start();
    if !rest.starts_with("<mx-reply>") {
        return html;
    }
    rest.find("</mx-reply>").map_or(html, |end| &rest[end + "</mx-reply>".len()..])
}

/// The same in plain text: lines that begin with `> `, the first with who is quoted, then an empty line.
fn without_quote(body: &str) -> &str {
    if !body.starts_with("> <@") && !body.starts_with("> * <@") {
        return body;
    }
    let quoted: usize =
        body.split_inclusive('\n').take_while(|line| line.starts_with("> ") || line.trim_end() == ">").map(str::len).sum();
    body[quoted..].trim_start_matches('\n')
}

/// The file of a message. An encrypted one has no source: its bytes say nothing.
fn attachment(content: &Value) -> Option<Attachment> {
    let source = content["url"].as_str().filter(|url| url.starts_with("mxc://"));
    let encrypted = content["file"]["url"].as_str();
    let native_id = source.or(encrypted)?.to_owned();
    let info = &content["info"];
    let name = content["filename"].as_str().or(content["body"].as_str()).filter(|name| !name.is_empty());
    Some(Attachment {
        native_id,
        file_name: name.map(str::to_owned),
        media_type: info["mimetype"].as_str().map(str::to_owned),
        bytes: info["size"].as_u64(),
        alt: None,
        source: source.map(str::to_owned),
    })
}

/// An invitation of the profile itself: its room shows a few events without ids.
pub(crate) fn of_invitation(raw: &str, room: &str, user: &str, memory: &Memory) -> Option<Event> {
    let event: Value = serde_json::from_str(raw).unwrap_or_default();
    let is_ours = event["type"] == "m.room.member" && event["state_key"] == user && event["content"]["membership"] == "invite";
    let by = event["sender"].as_str().filter(|_| is_ours)?;
    Some(Event {
        native_id: room.to_owned(),
        revision: format!("member:{user}:invited:by:{by}"),
        what: What::Member { party: memory.party(room, user), change: Membership::Invited },
        source_time_ms: event["origin_server_ts"].as_i64(),
        posted_at_ms: None,
        place: memory.place(room),
        by: Some(memory.party(room, by)),
        raw: Raw { media_type: "application/json".to_owned(), bytes: raw.as_bytes().to_vec() },
    })
}
