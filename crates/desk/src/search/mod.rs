//! Search: which captured messages hold these words, for whom.
//!
//! Invariants: who searches needs the right to, and what is found, counted and named in an answer lies on profiles that the caller may
//! read, both decided at each question; that it was asked is on record before it is answered; a message in an answer is read from the
//! database, so what it says is what stands there now. The index is derived: [`Indexer`] follows the changes of
//! [`capture`], and an index that is lost or of another version is built again. There is no SQL here; the words are the
//! `search` crate's business.

mod indexed;
mod indexer;
mod opening;
mod rebuild;
mod trace;

use std::{collections::HashMap, ops::Range, sync::Arc};

pub use ::search::{
    Counting, Order, PageCursor, ParseError, SearchIndex,
    query::{FIELDS, Field},
};
use ::search::{Highlighter, Language, ProfileKey, RecordId, Request, Scope, SearchError, Setting};
use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

pub use self::{
    indexer::Indexer,
    opening::{open, open_read_only},
    rebuild::{Progress, rebuild},
};
use crate::{
    actor::Actor,
    capture::{self, Message},
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::{MessageId, ProfileId},
    profiles::Profile,
    rights::{Operation, Target},
    word_lists,
};

/// The language of messages whose source and inspector do not say: that of most messages nobody marks.
const FALLBACK: Option<Language> = Some(Language::English);

/// What somebody asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// The query, as typed; `docs/search.md` has the language.
    pub text: String,
    /// Which results come first.
    pub order: Order,
    /// What is counted besides.
    pub counting: Counting,
    /// Results on the page.
    pub limit: usize,
    /// Where the page begins.
    pub after: Option<PageCursor>,
    /// Where the asker's days begin.
    pub zone: TimeZone,
}

impl Question {
    /// The newest twenty and how many there are, days beginning at UTC.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), order: Order::Newest, counting: Counting::Total, limit: 20, after: None, zone: TimeZone::UTC }
    }
}

/// A message that was found, and where in its text the query matches (bytes).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The message as it stands now.
    pub message: Message,
    /// Spans of its text to mark.
    pub marks: Vec<Range<usize>>,
}

/// How many matches there are of each kind, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Per network.
    pub networks: Vec<(String, u64)>,
    /// Per profile: its id, its title.
    pub profiles: Vec<(ProfileId, String, u64)>,
    /// Per kind of finding.
    pub findings: Vec<(String, u64)>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The results of the page.
    pub results: Vec<Hit>,
    /// How many there are in all, exactly; nothing by relevance when it was not asked for.
    pub total: Option<u64>,
    /// Counts, when asked for.
    pub counts: Option<Counts>,
    /// Where the next page begins.
    pub next: Option<PageCursor>,
    /// Changes of messages that are not findable yet: 0 within two seconds of quiet.
    pub waiting: i64,
}

/// What a question leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// An answer.
    Found(Box<Found>),
    /// The query was not understood: where, and what to write.
    NotUnderstood(ParseError),
}

/// Search over an index. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    index: Arc<dyn SearchIndex>,
    asked: Arc<trace::Asked>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Search")
    }
}

impl Search {
    /// Search over this index.
    pub fn new(index: Arc<dyn SearchIndex>) -> Self {
        Self { index, asked: Arc::default() }
    }

    /// Answers a question, within what the caller may read.
    ///
    /// # Errors
    /// [`Error::Refused`] without the right to search, and as in [`capture::readable`]; [`Error::Conflict`] when the index cannot answer, with what to do.
    pub async fn ask(&self, desk: &Desk, actor: &Actor, question: &Question) -> Result<Answer> {
        desk.allow(actor, Operation::MessagesSearch, Target::Workspace).await?;
        let readable = capture::readable(desk, actor).await?;
        let listed = word_lists::kinds(&mut desk.db().read().await?).await?;
        let query = match ::search::Query::parse(&question.text, &setting(desk, &readable, &listed, question)) {
            Ok(query) => query,
            Err(error) => return Ok(Answer::NotUnderstood(error)),
        };
        let scope = Scope::of(readable.iter().map(|profile| key(profile.id)));
        let request = Request::new(query.clone(), scope, question.order)
            .counting(question.counting)
            .limit(question.limit)
            .after(question.after);
        let index = self.index.clone();
        let answer = tokio::task::spawn_blocking(move || index.search(&request)).await;
        let answer = answer.map_err(|error| Error::Internal(error.to_string()))?.map_err(failed)?;
        self.asked.record(desk, actor, question, query.clause(), readable.len(), answer.total).await?;
        let ids: Vec<_> = answer.hits.iter().map(|hit| MessageId(Uuid::from_bytes(hit.id.0))).collect();
        let messages = capture::messages(desk, actor, &ids).await?;
        let position = i64::try_from(answer.position.0).unwrap_or(i64::MAX);
        Ok(Answer::Found(Box::new(Found {
            results: marked(&query, messages),
            total: answer.total,
            counts: answer.counts.map(|counts| named(counts, &readable)),
            next: answer.next,
            waiting: (capture::last_change(desk).await? - position).max(0),
        })))
    }
}

/// A time zone by its name, for [`Question::zone`].
///
/// # Errors
/// [`Error::Invalid`] when there is none of that name.
pub fn time_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| Invalid::field("zone", "no such time zone; write one such as Europe/Vienna or UTC"))
}

fn setting(desk: &Desk, readable: &[Profile], listed: &[(String, String)], question: &Question) -> Setting {
    let names = readable.iter().flat_map(|profile| {
        let key = key(profile.id);
        [profile.title.clone(), profile.handle.clone(), profile.id.0.to_string()].map(|name| (name, key))
    });
    let mut networks: Vec<String> = readable.iter().map(|profile| profile.network.to_lowercase()).collect();
    networks.sort_unstable();
    networks.dedup();
    let built_in = inspect::kinds::all().iter().map(|kind| kind.id.to_lowercase());
    let finding_kinds = built_in.chain(listed.iter().map(|(kind, _)| kind.to_lowercase())).collect();
    Setting { profiles: names.collect(), networks, finding_kinds, ..Setting::at(desk.now().0, question.zone.clone()) }
}

fn marked(query: &::search::Query, messages: Vec<Message>) -> Vec<Hit> {
    let mut highlighter = Highlighter::new(query, FALLBACK);
    let mut results = Vec::with_capacity(messages.len());
    for message in messages {
        let marks = highlighter.spans(&message.text, message.language.as_deref());
        results.push(Hit { message, marks });
    }
    results
}

fn named(counts: ::search::Counts, readable: &[Profile]) -> Counts {
    let titles: HashMap<ProfileKey, &Profile> = readable.iter().map(|profile| (key(profile.id), profile)).collect();
    let profiles = counts.profiles.into_iter();
    let mut profiles: Vec<_> =
        profiles.filter_map(|(key, count)| titles.get(&key).map(|profile| (profile.id, profile.title.clone(), count))).collect();
    profiles.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    Counts { networks: most_first(counts.networks), profiles, findings: most_first(counts.findings) }
}

fn most_first(counts: impl IntoIterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn key(id: ProfileId) -> ProfileKey {
    ProfileKey(id.0.into_bytes())
}

fn record(id: MessageId) -> RecordId {
    RecordId(id.0.into_bytes())
}

/// What the index could not do, as the caller hears it.
fn failed(error: SearchError) -> Error {
    match error {
        error @ (SearchError::ForeignPage | SearchError::TooFar { .. }) => Error::Conflict(error.to_string()),
        error if error.asks_for_a_rebuild() => Error::Conflict(error.to_string()),
        error => Error::Internal(error.to_string()),
    }
}
