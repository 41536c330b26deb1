//! What the index answers: ids in order, and counts.

use std::collections::BTreeMap;

use crate::{
    message::{Position, ProfileKey, RecordId},
    request::PageCursor,
};

/// A message that matches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Its id.
    pub id: RecordId,
    /// When it was written, Unix milliseconds.
    pub time_ms: i64,
    /// How well it matches; 0 when sorted by time.
    pub score: f32,
}

/// How many matches there are of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Per network.
    pub networks: BTreeMap<String, u64>,
    /// Per profile of the scope.
    pub profiles: BTreeMap<ProfileKey, u64>,
    /// Per kind of finding; a message with two kinds counts for both.
    pub findings: BTreeMap<String, u64>,
}

/// A page of results.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The results.
    pub hits: Vec<Hit>,
    /// How many match in all, exactly; nothing when sorted by relevance and not asked for.
    pub total: Option<u64>,
    /// Counts, when asked for.
    pub counts: Option<Counts>,
    /// Where the next page begins; nothing when this is the last.
    pub next: Option<PageCursor>,
    /// How far the index has followed the caller's changes.
    pub position: Position,
}
