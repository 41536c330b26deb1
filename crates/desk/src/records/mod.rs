//! Records: how the desk's own acts get into the ledger, who may write it on which node, and what keeps it in order.
//!
//! [`Record`] is the ledger as this process reaches it: for writing on one node at a time, for reading on every one. [`Outbox`] ships the
//! audit log, [`Stamping`] has checkpoints stamped, [`Upkeep`] re-reads what is stored, [`RecordState`] says whether all is well. Search,
//! retention and exports come here later. Invariant: nothing here writes unless it was handed the ledger by [`Record`], and everything
//! that writes ends when the ledger is taken away.

mod outbox;
mod outbox_entry;
mod public_log;
mod record;
mod stamping;
mod state;
mod store;
mod upkeep;

pub use outbox::{AUDIT_CLASS, AUDIT_STREAM, Outbox};
pub use outbox_entry::{OnRecord, POSTS_CLASS, POSTS_STREAM, RecordEntry};
pub(crate) use outbox_entry::{append, of_post, waits};
pub use public_log::PublicLog;
pub use record::Record;
pub use stamping::Stamping;
pub use state::{
    Problem, RecordState, ScrubState, StampState, Watched, WriterState, look, measure, measure_writer, problems, state,
};
pub use upkeep::Upkeep;

/// The program that checks a proof without us.
pub use ledger::bundle::VERIFIER;

use crate::error::{Error, Result};

/// Runs what waits for disk, database or network on a thread where that harms nobody.
async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}
