//! Messages for tests, and a short way to ask for them.

use std::path::Path;

use jiff::tz::TimeZone;
use search::{
    Change, Counting, Embedded, Marks, Message, Options, Order, Position, ProfileKey, Query, RecordId, Request, Scope,
    SearchIndex, Setting,
};
use tempfile::TempDir;

pub const SHOP: ProfileKey = ProfileKey([1; 16]);
pub const HELP: ProfileKey = ProfileKey([2; 16]);
/// 2026-03-31T12:00Z.
pub const NOON: i64 = 1_774_958_400_000;

pub fn id(number: u64) -> RecordId {
    RecordId(u128::from(number).to_be_bytes())
}

/// A plain message: English by default, of the shop, on Slack, one second after the one before.
pub fn message(number: u64, text: &str) -> Message {
    Message {
        id: id(number),
        profile: SHOP,
        network: "slack".to_owned(),
        channel: vec!["support".to_owned(), "C024BE91L".to_owned()],
        person: vec!["Alice Smith".to_owned(), "alice.s".to_owned()],
        time_ms: NOON + i64::try_from(number).expect("a small number") * 1_000,
        language: None,
        text: text.to_owned(),
        also: Vec::new(),
        findings: Vec::new(),
        marks: Marks::default(),
    }
}

pub fn setting() -> Setting {
    Setting { profiles: vec![("shop".to_owned(), SHOP), ("help".to_owned(), HELP)], ..Setting::at(NOON, TimeZone::UTC) }
}

pub fn query(text: &str) -> Query {
    Query::parse(text, &setting()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub struct Desk {
    pub index: Embedded,
    pub folder: TempDir,
}

impl Desk {
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { index: open(folder.path()), folder }
    }

    /// Messages numbered from 1, committed.
    pub fn of_texts(texts: &[&str]) -> Self {
        Self::of(texts.iter().zip(1..).map(|(text, number)| message(number, text)).collect())
    }

    pub fn of(messages: Vec<Message>) -> Self {
        let desk = Self::empty();
        desk.add(messages);
        desk
    }

    pub fn add(&self, messages: Vec<Message>) {
        let position = Position(self.index.position().0 + messages.len() as u64);
        self.index.apply(messages.into_iter().map(Change::Add).collect(), position).expect("taken");
        self.index.commit().expect("committed");
    }

    /// Numbers of the messages that match, the newest first.
    pub fn find(&self, text: &str) -> Vec<u64> {
        self.find_in(text, Scope::of([SHOP, HELP]))
    }

    pub fn find_in(&self, text: &str, scope: Scope) -> Vec<u64> {
        let request = Request::new(query(text), scope, Order::Newest).limit(100).counting(Counting::Total);
        let answer = self.index.search(&request).expect("an answer");
        assert_eq!(answer.total, Some(answer.hits.len() as u64), "the count is right");
        answer.hits.iter().map(|hit| number(hit.id)).collect()
    }

    /// Numbers of the messages that match, the best first.
    pub fn best(&self, text: &str) -> Vec<u64> {
        let request = Request::new(query(text), Scope::of([SHOP, HELP]), Order::Relevance).limit(100);
        self.index.search(&request).expect("an answer").hits.iter().map(|hit| number(hit.id)).collect()
    }
}

pub fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, options()).expect("an index")
}

/// The least memory the engine takes: tests run side by side.
pub fn options() -> Options {
    Options { memory_bytes: 15_000_000, ..Options::default() }
}

pub fn number(id: RecordId) -> u64 {
    u64::try_from(u128::from_be_bytes(id.0)).expect("a small number")
}
