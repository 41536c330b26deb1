//! What a search leaves in the audit log: that it was made, of which parts it was, and how much it found.
//!
//! Invariants: an entry holds no word of the question and no name in it, only a keyed digest, with which a question that is suspected can
//! be compared; nothing is answered before the entry is durable. The same question again by the same session or token (the next page, a
//! page that reloads) is on record already, within [`SAME_MS`] and as far as this process remembers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use ::search::query::Clause;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::Question;
use crate::{
    act::Object,
    actor::{Actor, Principal},
    audit_log::Outcome,
    desk::Desk,
    error::Result,
    ids::Time,
    rights::Operation,
};

/// How long a question that is asked again is the same reading.
const SAME_MS: i64 = 15 * 60 * 1_000;
/// Questions that are remembered: what a few hundred people ask in that time. One that is forgotten leaves one entry more.
const REMEMBERED_MAX: usize = 1_000;

/// Questions that are on record already.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<VecDeque<(Caller, [u8; 32], Time)>>);

/// A browser or a program: what one of them asked is not on record for another.
type Caller = Option<Uuid>;

fn caller(actor: &Actor) -> Caller {
    match &actor.principal {
        Principal::Person { session, .. } => Some(session.0),
        Principal::Token { token, .. } => Some(token.0),
        Principal::Nobody | Principal::Guest { .. } | Principal::Operator | Principal::Desk(_) => None,
    }
}

impl Asked {
    /// Puts a question with its outcome on record, unless it is.
    pub(super) async fn record(
        &self,
        desk: &Desk,
        actor: &Actor,
        question: &Question,
        clause: &Clause,
        profiles: usize,
        found: Option<u64>,
    ) -> Result<()> {
        let (caller, digest) = (caller(actor), desk.digest(&question.text.trim()));
        if caller.is_some() && self.knows(caller, &digest, desk.now()) {
            return Ok(());
        }
        let mut details = Map::new();
        details.insert("query_digest".to_owned(), hex::encode(digest).into());
        details.insert("parts".to_owned(), parts(clause));
        details.insert("profiles".to_owned(), profiles.into());
        details.insert("found".to_owned(), found.map_or(Json::Null, Json::from));
        desk.note(actor, Operation::MessagesSearch, Object::all("messages"), Outcome::Done, details).await?;
        self.remember(caller, digest, desk.now());
        Ok(())
    }

    fn knows(&self, caller: Caller, digest: &[u8; 32], now: Time) -> bool {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().any(|(by, what, at)| *by == caller && what == digest && now.since_ms(*at) < SAME_MS)
    }

    fn remember(&self, caller: Caller, digest: [u8; 32], now: Time) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|(_, _, at)| now.since_ms(*at) < SAME_MS);
        asked.push_back((caller, digest, now));
        if asked.len() > REMEMBERED_MAX {
            asked.pop_front();
        }
    }
}

/// How often each kind of part stands in a question.
fn parts(clause: &Clause) -> Json {
    let mut counts = BTreeMap::new();
    count(clause, &mut counts);
    serde_json::json!(counts)
}

fn count(clause: &Clause, counts: &mut BTreeMap<&'static str, u32>) {
    let name = match clause {
        Clause::Not(part) => {
            count(part, counts);
            "not"
        }
        Clause::All(parts) | Clause::AnyOf(parts) => {
            for part in parts {
                count(part, counts);
            }
            if matches!(clause, Clause::All(_)) {
                return;
            }
            "or"
        }
        Clause::Everything => "everything",
        Clause::Word(_) => "word",
        Clause::Exact(_) => "exact",
        Clause::Phrase(_) => "phrase",
        Clause::Person(_) => "from",
        Clause::Channel(_) => "in",
        Clause::Profile { .. } => "profile",
        Clause::Network(_) => "network",
        Clause::Language(_) => "lang",
        Clause::Finding(_) => "finding",
        Clause::Mark(_) => "mark",
        Clause::Written { .. } => "time",
    };
    *counts.entry(name).or_default() += 1;
}
