//! The sandbox's world: what happens in a time slot, computed from a seed and the slot's number alone.
//!
//! Invariant: the same seed and slot give the same events, for ever and on every machine; nothing is remembered. That is what lets
//! a cursor be a slot number and a back-fill be the same computation. Everybody and everything in it is invented.

use std::sync::OnceLock;

use crate::{
    event::{Attachment, Content, Event, Membership, Party, Place, PlaceKind, Raw, What},
    numbers::Numbers,
};

/// Milliseconds in a slot: short enough that somebody who watches sees the next message soon.
pub(super) const SLOT_MS: i64 = 10_000;
/// Messages in an hour of an ordinary day, over a whole feed.
const HOURLY: u64 = 90;
/// A crisis brews once in so many slots (about two days).
const CRISIS_EVERY: i64 = 17_280;
/// How long it lasts (about an hour and a half).
const CRISIS_SLOTS: i64 = 540;
/// How many slots back an answer looks for something to answer (half an hour).
const ANSWERS_WITHIN: u64 = 180;
/// The longest chain of answers.
const THREAD_DEPTH_MAX: usize = 12;
/// An edit follows its message after so many slots; a deletion, and a reaction, likewise.
const EDIT_AFTER: i64 = 4;
const DELETE_AFTER: i64 = 18;
const REACT_AFTER: i64 = 2;

/// Which of the two feeds a profile watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feed {
    /// A public network: customers and passers-by.
    Public,
    /// The company's own chat.
    Internal,
}

impl Feed {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            _ => None,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }
}

/// The sections of `lines.txt` and the fillings of `words.txt`.
struct Texts {
    sections: Vec<Section>,
    words: Vec<(&'static str, Vec<&'static str>)>,
}

struct Section {
    feed: Feed,
    kind: &'static str,
    weight: u64,
    lines: Vec<&'static str>,
}

fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let mut sections: Vec<Section> = Vec::new();
        for line in content_lines(include_str!("lines.txt")) {
            if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let mut parts = head.split(' ');
                let feed = parts.next().and_then(Feed::parse).expect("a section begins with its feed");
                let kind = parts.next().expect("a section has a kind");
                let weight = parts.next().and_then(|weight| weight.parse().ok()).expect("a section has a weight");
                sections.push(Section { feed, kind, weight, lines: Vec::new() });
            } else {
                sections.last_mut().expect("a line stands in a section").lines.push(line);
            }
        }
        let words = content_lines(include_str!("words.txt"))
            .map(|line| line.split_once(": ").expect("a filling has a name"))
            .map(|(name, values)| (name, values.split(" | ").collect()))
            .collect();
        Texts { sections, words }
    })
}

fn content_lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The given names and family names of the cast; a person is one of each.
const GIVEN: &[&str] = &["Abel", "Berit", "Cosmo", "Dagny", "Elio", "Fenna", "Gus", "Hanne", "Ivo", "Juno", "Kaj", "Lumi"];
const FAMILY: &[&str] = &["Quill", "Ravenel", "Sommer", "Tarn", "Umber", "Vale", "Wick", "Yarrow"];
/// The company's own account on either feed.
pub(super) const OURS: &str = "us";
/// Channels of the internal feed.
const CHANNELS: &[(&str, &str, PlaceKind)] = &[
    ("general", "general", PlaceKind::Workspace),
    ("care", "customer-care", PlaceKind::Workspace),
    ("launch", "launch-room", PlaceKind::Private),
    ("direct", "direct messages", PlaceKind::Direct),
];

fn party(number: u64) -> Party {
    let given = GIVEN[usize::try_from(number % GIVEN.len() as u64).expect("an index fits")];
    let family = FAMILY[usize::try_from(number / GIVEN.len() as u64 % FAMILY.len() as u64).expect("an index fits")];
    Party {
        native_id: format!("sp{number}"),
        handle: Some(format!("{}.{}", given.to_lowercase(), family.to_lowercase())),
        name: Some(format!("{given} {family}")),
        bot: false,
    }
}

/// The company itself, as the sandbox knows it.
pub(super) fn ourselves(handle: &str) -> Party {
    Party {
        native_id: OURS.to_owned(),
        handle: Some(handle.to_owned()),
        name: Some("Northwind Kites (demo)".to_owned()),
        bot: false,
    }
}

/// The world of one profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) feed: Feed,
}

/// Where one message stands: slot and number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    slot: i64,
    number: u64,
}

impl At {
    fn id(self) -> String {
        format!("sbx-{}-{}", self.slot, self.number)
    }
}

impl World {
    /// The slot of a time.
    pub(super) fn slot_of(time_ms: i64) -> i64 {
        time_ms.div_euclid(SLOT_MS)
    }

    /// Everything that happens in a slot, oldest first.
    pub(super) fn events(self, slot: i64) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for at in self.messages(slot) {
            events.push(self.posted(at));
        }
        for at in self.messages(slot - REACT_AFTER) {
            let mut dice = self.dice(at, 3);
            if dice.percent(22) {
                events.push(self.reacted(at, slot, &mut dice));
            }
        }
        for at in self.messages(slot - EDIT_AFTER) {
            if self.dice(at, 4).percent(5) {
                events.push(self.edited(at, slot));
            }
        }
        for at in self.messages(slot - DELETE_AFTER) {
            if self.dice(at, 5).percent(3) {
                events.push(self.deleted(at, slot));
            }
        }
        if self.feed == Feed::Internal && slot % 700 == 0 {
            events.push(self.member(slot));
        }
        events
    }

    fn dice(self, at: At, salt: u64) -> Numbers {
        Numbers::at(self.seed, at.slot, at.number * 16 + salt)
    }

    /// How far a crisis has gone in a slot, from 0 to 100; nothing when there is none.
    fn crisis(self, slot: i64) -> Option<u64> {
        if self.feed != Feed::Public {
            return None;
        }
        let window = slot.div_euclid(CRISIS_EVERY);
        let start = window * CRISIS_EVERY
            + Numbers::at(self.seed, window, 99).below((CRISIS_EVERY - CRISIS_SLOTS).unsigned_abs()).cast_signed();
        let into = slot - start;
        (0..CRISIS_SLOTS).contains(&into).then(|| (into * 100 / CRISIS_SLOTS).unsigned_abs())
    }

    /// The messages that begin in a slot.
    fn messages(self, slot: i64) -> impl Iterator<Item = At> {
        let mut dice = Numbers::at(self.seed, slot, 1);
        // Nights are quiet: the hour of the day by universal time is enough for a demo.
        let hour = (slot * SLOT_MS / 3_600_000).rem_euclid(24);
        let day = if (7..22).contains(&hour) { 120 } else { 80 };
        let slots_an_hour = (3_600_000 / SLOT_MS).unsigned_abs();
        let per_mille = HOURLY * day * 10 / slots_an_hour + self.crisis(slot).map_or(0, |gone| 200 + gone * 14);
        let sure = per_mille / 1_000;
        let count = sure + u64::from(dice.below(1_000) < per_mille % 1_000);
        (0..count).map(move |number| At { slot, number })
    }

    /// The message that a message answers, if it answers one.
    fn answers(self, at: At) -> Option<At> {
        let mut dice = self.dice(at, 2);
        if !dice.percent(38) {
            return None;
        }
        let back = 1 + dice.below(ANSWERS_WITHIN).cast_signed();
        (0..40).find_map(|step| self.messages(at.slot - back - step).next())
    }

    fn root(self, at: At) -> Option<At> {
        let mut root = None;
        let mut next = self.answers(at);
        for _ in 0..THREAD_DEPTH_MAX {
            let Some(found) = next else { break };
            root = Some(found);
            next = self.answers(found);
        }
        root
    }

    fn place(self, at: At) -> Place {
        let place = |id: &str, name: &str, kind| Place { native_id: id.to_owned(), name: Some(name.to_owned()), kind };
        match self.feed {
            Feed::Public => place("feed", "Public feed", PlaceKind::Public),
            Feed::Internal => {
                let root = self.root(at).unwrap_or(at);
                let mut dice = self.dice(root, 6);
                let (id, name, kind) = match self.section(root, &mut dice).kind {
                    "launch" | "off_channel" => CHANNELS[2],
                    "pressure" => CHANNELS[3],
                    _ => *dice.pick(&CHANNELS[..2]),
                };
                place(id, name, kind)
            }
        }
    }

    fn section(self, at: At, dice: &mut Numbers) -> &'static Section {
        let all = || texts().sections.iter().filter(|section| section.feed == self.feed);
        if let Some(gone) = self.crisis(at.slot)
            && dice.percent(30 + gone / 2)
        {
            return all().find(|section| section.kind == "crisis").expect("the public feed has crisis lines");
        }
        let mut left = dice.below(all().map(|section| section.weight).sum());
        for section in all() {
            if left < section.weight {
                return section;
            }
            left -= section.weight;
        }
        unreachable!("the number is below the sum of the weights")
    }

    fn text(self, at: At) -> String {
        let mut dice = self.dice(at, 6);
        let section = self.section(at, &mut dice);
        let line = *dice.pick(&section.lines);
        let mut text = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("a brace is closed");
            text.push_str(before);
            text.push_str(&filling(name, &mut dice));
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn content(self, at: At) -> Content {
        let mut content = Content {
            text: self.text(at),
            reply_to: self.answers(at).map(At::id),
            thread: self.root(at).map(At::id),
            permalink: Some(format!("https://sandbox.example.test/{}/{}", self.feed.id(), at.id())),
            ..Content::default()
        };
        content.links = content.text.split(' ').filter(|word| word.starts_with("https://")).map(str::to_owned).collect();
        if content.text.contains("@kites") {
            content.mentions.push(ourselves("kites"));
        }
        if self.dice(at, 7).percent(6) {
            content.attachments.push(Attachment {
                native_id: format!("{}-note", at.id()),
                file_name: Some("note.txt".to_owned()),
                media_type: Some("text/plain".to_owned()),
                bytes: Some(note(&at.id()).len() as u64),
                alt: None,
                source: Some(at.id()),
            });
        }
        content
    }

    fn author(self, at: At) -> Party {
        party(self.dice(at, 8).below((GIVEN.len() * FAMILY.len()) as u64))
    }

    fn time(self, at: At) -> i64 {
        at.slot * SLOT_MS + self.dice(at, 9).below(SLOT_MS.unsigned_abs() / 2).cast_signed()
    }

    fn event(self, at: At, revision: String, what: What, time_ms: i64, by: Party) -> Event {
        let event = Event {
            native_id: at.id(),
            revision,
            what,
            source_time_ms: Some(time_ms),
            posted_at_ms: None,
            place: self.place(at),
            by: Some(by),
            raw: Raw::default(),
        };
        with_raw(event)
    }

    fn posted(self, at: At) -> Event {
        self.event(at, String::new(), What::Posted(Box::new(self.content(at))), self.time(at), self.author(at))
    }

    fn edited(self, at: At, slot: i64) -> Event {
        let mut content = self.content(at);
        content.text.push_str(" (edited: and please answer soon)");
        let time = slot * SLOT_MS + SLOT_MS / 2;
        self.event(at, format!("edit:{time}"), What::Edited(Box::new(content)), time, self.author(at))
    }

    fn deleted(self, at: At, slot: i64) -> Event {
        self.event(at, "delete".to_owned(), What::Deleted, slot * SLOT_MS + SLOT_MS / 2, self.author(at))
    }

    fn reacted(self, at: At, slot: i64, dice: &mut Numbers) -> Event {
        let by = party(dice.below(96));
        let key = (*dice.pick(&["👍", "❤️", "😡", "😂", "🪁"])).to_owned();
        let revision = format!("react:{}:{key}:add", by.native_id);
        self.event(at, revision, What::Reacted { key, added: true }, slot * SLOT_MS + SLOT_MS / 2, by)
    }

    fn member(self, slot: i64) -> Event {
        let mut dice = Numbers::at(self.seed, slot, 77);
        let who = party(dice.below(96));
        let change = if dice.percent(70) { Membership::Joined } else { Membership::Left };
        let place = Place { native_id: "general".into(), name: Some("general".into()), kind: PlaceKind::Workspace };
        with_raw(Event {
            native_id: format!("sbx-member-{slot}"),
            revision: String::new(),
            what: What::Member { party: who.clone(), change },
            source_time_ms: Some(slot * SLOT_MS + SLOT_MS / 2),
            posted_at_ms: None,
            place,
            by: Some(who),
            raw: Raw::default(),
        })
    }
}

fn filling(name: &str, dice: &mut Numbers) -> String {
    match name {
        "order" => format!("NK-{}", 10_000 + dice.below(90_000)),
        // The form of an access key, thrown by the dice: it opens nothing.
        "key" => "AKIA".chars().chain((0..16).map(|_| *dice.pick(&['Q', 'R', '4', 'X', 'K', '7', 'Z', 'M', '2', 'W']))).collect(),
        "password" => format!("Kite-{}-Demo!", 100 + dice.below(900)),
        name => {
            let (_, values) = texts().words.iter().find(|(known, _)| *known == name).expect("every brace has its filling");
            (*dice.pick(values)).to_owned()
        }
    }
}

/// The bytes of the note that hangs on a message.
pub(super) fn note(id: &str) -> String {
    format!("Sandbox note for {id}. Nothing in it is real.\n")
}

/// The sandbox's own wire form is the event as JSON.
pub(super) fn with_raw(mut event: Event) -> Event {
    event.raw =
        Raw { media_type: "application/json".to_owned(), bytes: serde_json::to_vec(&event).expect("an event is plain data") };
    event
}
