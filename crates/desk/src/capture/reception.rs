//! Reception: capture as one process has it. There is a way in while the ledger may be written to here, and none otherwise.
//!
//! Invariant: everything in a process that takes something in (following, fetching attachments, hooks, imports) goes through the same [`Intake`], so that a stream has
//! one order. It begins to follow when this node becomes the writer and ends when it is not any more.

use std::sync::{Arc, Mutex, PoisonError};

use ledger::engine::Ledger;
use tokio_util::sync::CancellationToken;

use super::{Canaries, Connectors, Examiner, Fetcher, Follower, Intake};
use crate::{desk::Desk, records::Record};

/// Capture as this process has it. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub struct Reception(Arc<Shared>);

struct Shared {
    desk: Desk,
    record: Record,
    examiner: Arc<Examiner>,
    connectors: Connectors,
    current: Mutex<Option<(Arc<Ledger>, Intake)>>,
}

impl std::fmt::Debug for Reception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reception")
    }
}

impl Reception {
    /// Of a process with this record and these networks.
    pub fn new(desk: Desk, record: Record, examiner: Arc<Examiner>, connectors: Connectors) -> Self {
        Self(Arc::new(Shared { desk, record, examiner, connectors, current: Mutex::new(None) }))
    }

    /// The way in, when this node may write to the ledger now. Ask again for each piece of work.
    pub fn intake(&self) -> Option<Intake> {
        let ledger = self.0.record.writer();
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ledger) = ledger else {
            *current = None;
            return None;
        };
        if let Some((known, intake)) = current.as_ref()
            && Arc::ptr_eq(known, &ledger)
        {
            return Some(intake.clone());
        }
        let intake = Intake::new(self.0.desk.clone(), ledger.clone(), self.0.examiner.clone());
        *current = Some((ledger, intake.clone()));
        Some(intake)
    }

    /// The networks this process can connect to.
    pub fn connectors(&self) -> &Connectors {
        &self.0.connectors
    }

    /// What inspects. Another inspector can be put in while messages come in.
    pub fn examiner(&self) -> &Arc<Examiner> {
        &self.0.examiner
    }

    /// Follows the connected profiles while this node may write, until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut writers = self.0.record.writers();
        while !stop.is_cancelled() {
            writers.borrow_and_update();
            let Some(intake) = self.intake() else {
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = writers.changed() => if changed.is_err() { return },
                }
                continue;
            };
            if let Err(error) = intake.catch_up_all().await {
                tracing::error!(%error, "what the record has and the database lacks cannot be read back; it is tried with the next message");
            }
            let ends = stop.child_token();
            let connectors = &self.0.connectors;
            let following = tokio::spawn(Follower::new(intake.clone(), connectors.clone()).run(ends.clone()));
            let fetching = tokio::spawn(Fetcher::new(intake.clone(), connectors.clone()).run(ends.clone()));
            let flying = tokio::spawn(Canaries::new(intake, connectors.clone()).run(ends.clone()));
            tokio::select! {
                () = stop.cancelled() => {}
                _ = writers.changed() => {}
            }
            ends.cancel();
            // The way in holds the ledger: it is let go before the record is closed.
            *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let _ = following.await;
            let _ = fetching.await;
            let _ = flying.await;
        }
    }
}
