//! Types of the audit log.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{
    act::Object,
    ids::{AuditId, PersonId, SessionId, Time, TokenId},
};

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Done,
    /// The caller was not allowed to.
    Refused,
    /// It was tried and did not work (a wrong password).
    Failed,
}

impl Outcome {
    /// The name in the database and in exports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Refused, Self::Failed].into_iter().find(|outcome| outcome.id() == text)
    }
}

/// An entry about to be written.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The operation's id.
    pub act: &'static str,
    /// What it is about.
    pub object: Object,
    /// How it ended.
    pub outcome: Outcome,
    /// Keyed digest of the state before.
    pub before: Option<[u8; 32]>,
    /// Keyed digest of the state after.
    pub after: Option<[u8; 32]>,
    /// Ids, field names, counts.
    pub details: Map<String, Json>,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredEntry {
    /// Position: gapless, in commit order, from 1.
    pub seq: i64,
    /// Id.
    pub id: AuditId,
    /// When, Unix milliseconds.
    pub at_ms: Time,
    /// `person`, `token`, `agent`, `operator`, `desk` or `nobody`.
    pub actor_kind: String,
    /// The person acting or acted for.
    pub actor_id: Option<PersonId>,
    /// The API token in use.
    pub token_id: Option<TokenId>,
    /// The signed-in browser.
    pub session_id: Option<SessionId>,
    /// The network address.
    pub address: Option<String>,
    /// The operation's id.
    pub act: String,
    /// The kind of object.
    pub object_kind: String,
    /// Which object.
    pub object_id: Option<Uuid>,
    /// How it ended.
    pub outcome: Outcome,
    /// Keyed digest of the state before, hexadecimal.
    pub before_digest: Option<String>,
    /// Keyed digest of the state after, hexadecimal.
    pub after_digest: Option<String>,
    /// Ids, field names, counts.
    pub details: Map<String, Json>,
}

/// Which entries are wanted. Everything given has to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// The person acting.
    pub actor: Option<PersonId>,
    /// The operation's id, or an area with a dot at the end (`people.`).
    pub act: Option<String>,
    /// The object.
    pub object: Option<Uuid>,
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// From this moment on.
    pub from: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
}
