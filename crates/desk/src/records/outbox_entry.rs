//! What publishing and approvals put on record: each version, decision, attempt and answer, on its way into the ledger.
//!
//! Invariants: an entry is written in the transaction of the act that causes it, gapless and in commit order; it is shipped in that order
//! and stands in the ledger exactly once; [`waits`] says whether something has to be there before a post may be sent.

use ledger::{
    engine::NewEntry,
    entry::EntryKind,
    ids::{RecordId, StreamId},
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::store;
use crate::{
    db::{Connection, Tx},
    desk::Desk,
    error::{Error, Result},
    ids::{PostId, ProfileId, RecordEntryId, Time},
};

/// The ledger's stream of what was published and how it was decided.
pub const POSTS_STREAM: StreamId = StreamId(*b"gatepost-posts\0\0");
/// The retention class of it.
pub const POSTS_CLASS: u16 = 3;

/// Something about a post that goes on record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordEntry {
    pub(super) kind: &'static str,
    pub(super) post: PostId,
    pub(super) profile: Option<ProfileId>,
    pub(super) gates: bool,
    pub(super) body: Json,
}

impl RecordEntry {
    /// Something that has to be in the ledger before anything of the post is sent: a version, a decision.
    ///
    /// # Errors
    /// [`Error::Internal`] when the value is not plain data.
    pub fn new(kind: &'static str, post: PostId, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_value(body).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { kind, post, profile: None, gates: true, body })
    }

    /// Something that happened on a profile: an attempt, an answer. Nothing waits for it.
    #[must_use]
    pub fn happened_on(mut self, profile: ProfileId) -> Self {
        (self.profile, self.gates) = (Some(profile), false);
        self
    }
}

/// An entry as it stands in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnRecord {
    /// Its number in the outbox.
    pub seq: i64,
    /// Its record id in the ledger.
    pub id: RecordEntryId,
    /// `post_version`, `decision`, `attempt`, ….
    pub kind: String,
    /// The post.
    pub post: PostId,
    /// The profile, for what happened on one.
    pub profile: Option<ProfileId>,
    /// When.
    pub at: Time,
    /// What.
    pub body: Json,
    /// Its position in the ledger, once it is there.
    pub entry: Option<i64>,
}

/// Writes entries at the end of an act's transaction.
pub(crate) async fn append(desk: &Desk, tx: &mut Tx, now: Time, entries: Vec<RecordEntry>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let last = store::reserve(tx, entries.len()).await?;
    let first = last - i64::try_from(entries.len()).unwrap_or(0) + 1;
    for (seq, entry) in (first..).zip(entries) {
        store::insert_entry(tx, seq, desk.fresh(), &entry, now).await?;
    }
    Ok(())
}

/// Whether something of a post has to reach the ledger before it may be sent.
pub(crate) async fn waits(on: &mut dyn Connection, post: PostId) -> Result<bool> {
    store::waits(on, post).await
}

/// Everything on record about a post, oldest first.
pub(crate) async fn of_post(on: &mut dyn Connection, post: PostId, limit: i64) -> Result<Vec<OnRecord>> {
    store::entries_of(on, post, limit).await
}

/// The entry of the ledger.
pub(super) fn record_of(entry: &OnRecord) -> Result<NewEntry> {
    let body = json!({ "kind": entry.kind, "id": entry.id, "post": entry.post, "profile": entry.profile, "at_ms": entry.at.0,
        "body": entry.body });
    Ok(NewEntry {
        kind: EntryKind::AuditAct,
        record_id: RecordId(entry.id.bytes()),
        stream: POSTS_STREAM,
        subjects: Vec::new(),
        retention_class: POSTS_CLASS,
        refers_to: RecordId::NONE,
        source_time_ms: entry.at.0,
        body: serde_json::to_vec(&body).map_err(|error| Error::Internal(error.to_string()))?,
    })
}
