//! The audit log: who did what to which object, when, from where, with what outcome.
//!
//! Invariants: entries are written in the transaction of the act (by [`crate::Act::commit`]); `seq` is gapless and in commit order;
//! an entry holds digests, ids and counts, never a text that somebody may have to remove later; there is no operation that
//! changes or removes an entry.

mod model;
mod store;

pub use model::{AuditFilter, Entry, Outcome, StoredEntry};

use crate::{
    actor::Actor,
    db::{Connection, Tx},
    desk::Desk,
    error::Result,
    ids::Time,
    paging::{Page, PageRequest},
    rights::{Operation, Target},
};

/// Entries a feed or an export reads at a time.
pub const FEED_BATCH_MAX: u32 = 1_000;

/// Appends entries at the end of a transaction.
pub(crate) async fn append(desk: &Desk, tx: &mut Tx, actor: &Actor, now: Time, entries: Vec<Entry>) -> Result<()> {
    let last = store::reserve(tx, entries.len()).await?;
    let first = last - i64::try_from(entries.len()).unwrap_or(0) + 1;
    for (seq, entry) in (first..).zip(entries) {
        store::insert(tx, seq, desk.fresh(), actor, now, &entry).await?;
    }
    Ok(())
}

/// A page of the log, newest first. Reading it is itself recorded, once per page of results.
pub async fn list(desk: &Desk, actor: &Actor, filter: &AuditFilter, page: &PageRequest) -> Result<Page<StoredEntry>> {
    let mut reader = desk.view(actor, Operation::AuditRead, Target::Workspace).await?;
    store::list(&mut reader, filter, page).await
}

/// One entry of the log. Reading it is itself recorded.
pub async fn entry(desk: &Desk, actor: &Actor, seq: i64) -> Result<StoredEntry> {
    let mut reader = desk.view(actor, Operation::AuditRead, Target::Workspace).await?;
    let found = store::after(&mut reader, &AuditFilter::default(), seq.saturating_sub(1), 1).await?;
    found.into_iter().find(|entry| entry.seq == seq).ok_or(crate::error::Error::NotFound("audit log entry"))
}

/// How many entries fit a filter. A number is not a reading of the log, so it leaves no entry.
pub async fn count(desk: &Desk, actor: &Actor, filter: &AuditFilter) -> Result<i64> {
    let mut reader = desk.view(actor, Operation::AuditFeed, Target::Workspace).await?;
    store::count(&mut reader, filter).await
}

/// The next entries after a sequence number, oldest first, for a feed.
pub async fn feed(desk: &Desk, actor: &Actor, after_seq: i64, limit: u32) -> Result<Vec<StoredEntry>> {
    let mut reader = desk.view(actor, Operation::AuditFeed, Target::Workspace).await?;
    store::after(&mut reader, &AuditFilter::default(), after_seq, limit.clamp(1, FEED_BATCH_MAX)).await
}

/// The next entries after a sequence number, oldest first, for the ledger's outbox. Not an operation: nobody sees them.
pub(crate) async fn after(on: &mut dyn Connection, after_seq: i64, limit: u32) -> Result<Vec<StoredEntry>> {
    store::after(on, &AuditFilter::default(), after_seq, limit).await
}

/// An export in progress: the entries under a filter up to the newest one at its start, read in batches.
pub struct Export {
    desk: Desk,
    filter: AuditFilter,
    after_seq: i64,
    last_seq: i64,
}

/// Begins an export; that it was made is recorded before the first entry is read.
pub async fn export(desk: Desk, actor: &Actor, filter: AuditFilter) -> Result<Export> {
    let mut reader = desk.view(actor, Operation::AuditExport, Target::Workspace).await?;
    let last_seq = store::newest(&mut reader).await?;
    drop(reader);
    Ok(Export { desk, filter, after_seq: 0, last_seq })
}

impl Export {
    /// The next entries, oldest first; empty at the end.
    pub async fn next(&mut self) -> Result<Vec<StoredEntry>> {
        let mut reader = self.desk.db().read().await?;
        let mut batch = store::after(&mut reader, &self.filter, self.after_seq, FEED_BATCH_MAX).await?;
        batch.retain(|entry| entry.seq <= self.last_seq);
        if let Some(entry) = batch.last() {
            self.after_seq = entry.seq;
        }
        Ok(batch)
    }
}
