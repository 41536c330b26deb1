//! The outbox: the audit log, and what publishing and approvals put on record, on their way into the ledger.
//!
//! The audit log is its own outbox: its entries are written in the transaction of the act, gapless and in commit order, and
//! [`Outbox`] ships them in that order into one stream of the ledger. Invariants: an entry is shipped at least once and stands in
//! the ledger exactly once (its id is the record id, which the ledger takes once); the cursor moves only after the ledger has
//! answered that the entries are durable. Nothing personal is in an entry but the network address it came from.

use std::{sync::Arc, time::Duration};

use ledger::{
    engine::{AppendError, Ledger, NewEntry},
    entry::EntryKind,
    ids::{RecordId, StreamId},
};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::{off_the_runtime, outbox_entry, store};
use crate::{
    audit_log::{self, StoredEntry},
    desk::{Desk, Topic},
    error::{Error, Result},
    live,
};

/// The ledger's stream of audit entries.
pub const AUDIT_STREAM: StreamId = StreamId(*b"gatepost-audit\0\0");
/// The retention class of audit entries.
pub const AUDIT_CLASS: u16 = 1;
/// Entries shipped at a time: one group commit of the ledger.
const BATCH_MAX: u32 = 500;
/// How often the outbox is looked at when nothing is announced, and after a failure.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Ships audit entries into the ledger. One per ledger: whoever holds the ledger open for writing.
#[derive(Clone)]
pub struct Outbox {
    desk: Desk,
    ledger: Arc<Ledger>,
}

impl Outbox {
    /// An outbox for a ledger that is open for writing.
    pub fn new(desk: Desk, ledger: Arc<Ledger>) -> Self {
        Self { desk, ledger }
    }

    /// Ships the next entries and answers with how many; 0 when everything is shipped.
    ///
    /// # Errors
    /// [`Error::Internal`] when the ledger refuses; the entries stay in the outbox.
    pub async fn ship(&self) -> Result<usize> {
        let mut reader = self.desk.db().read().await?;
        let shipped = store::shipped(&mut reader).await?;
        let entries = audit_log::after(&mut reader, shipped, BATCH_MAX).await?;
        drop(reader);
        let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(0) };
        self.put(entries.iter().map(record_of).collect::<Result<Vec<_>>>()?).await?;
        let mut tx = self.desk.db().begin().await?;
        store::advance(&mut tx, last).await?;
        tx.commit().await?;
        metrics::counter!(crate::metric_names::LEDGER_SHIPPED.name).increment(entries.len() as u64);
        Ok(entries.len())
    }

    /// Ships the next entries of publishing and approvals and answers with how many; 0 when everything is shipped.
    ///
    /// # Errors
    /// [`Error::Internal`] when the ledger refuses; the entries stay in the outbox, and what they gate is not sent.
    pub async fn ship_posts(&self) -> Result<usize> {
        let mut reader = self.desk.db().read().await?;
        let shipped = store::entries_shipped(&mut reader).await?;
        let entries = store::entries_after(&mut reader, shipped, BATCH_MAX).await?;
        drop(reader);
        if entries.is_empty() {
            return Ok(0);
        }
        let at = self.put(entries.iter().map(outbox_entry::record_of).collect::<Result<Vec<_>>>()?).await?;
        let places: Vec<_> = entries.iter().map(|entry| entry.seq).zip(at).collect();
        let mut tx = self.desk.db().begin().await?;
        store::entries_are_at(&mut tx, &places).await?;
        live::notify(&mut tx, Topic::Posts).await?;
        tx.commit().await?;
        self.desk.announce(Topic::Posts);
        metrics::counter!(crate::metric_names::LEDGER_SHIPPED.name).increment(entries.len() as u64);
        Ok(entries.len())
    }

    /// Puts entries into the ledger and answers with their positions once they are durable.
    async fn put(&self, records: Vec<NewEntry>) -> Result<Vec<i64>> {
        let ledger = self.ledger.clone();
        // Handing over may wait for room in the ledger's queue.
        let pending = off_the_runtime(move || ledger.append_batch(records)).await?.map_err(|error| refused(&error))?;
        let mut at = Vec::with_capacity(pending.len());
        for receipt in pending {
            let receipt = receipt.await.map_err(|error| refused(&error))?;
            at.push(i64::try_from(receipt.seq).unwrap_or(i64::MAX));
        }
        Ok(at)
    }

    /// Ships until told to stop; a last time then, so that what was done is on record.
    pub async fn run(self, stop: CancellationToken) {
        let mut updates = self.desk.live();
        loop {
            if let Err(error) = self.ship_all().await {
                tracing::error!(%error, "the ledger does not take the audit log; it waits in the database");
            }
            if stop.is_cancelled() || self.ledger.stop_reason().is_some() {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = audit_news(&mut updates) => {}
            }
        }
    }

    /// Ships everything there is.
    pub async fn ship_all(&self) -> Result<()> {
        while self.ship_posts().await? > 0 {}
        while self.ship().await? > 0 {}
        Ok(())
    }
}

async fn audit_news(updates: &mut tokio::sync::broadcast::Receiver<Topic>) {
    loop {
        match updates.recv().await {
            Ok(Topic::AuditLog) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn refused(error: &AppendError) -> Error {
    Error::Internal(format!("the ledger refused an entry: {error}"))
}

fn record_of(entry: &StoredEntry) -> Result<NewEntry> {
    let body = serde_json::to_vec(entry).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(NewEntry {
        kind: EntryKind::AuditAct,
        record_id: RecordId(entry.id.bytes()),
        stream: AUDIT_STREAM,
        subjects: Vec::new(),
        retention_class: AUDIT_CLASS,
        refers_to: RecordId::NONE,
        source_time_ms: entry.at_ms.0,
        body,
    })
}
