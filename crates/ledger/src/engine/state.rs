//! What the threads and all handles of a ledger share, and how it stops.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::queue::Queue;
use super::{Environment, LogFile, OnFatal, Options};
use crate::index::Index;
use crate::keys::keystore::Generation;
use crate::keys::ring::KeyRing;
use crate::note::Signer;
use crate::store::Store;

/// Longest wait of a reader for an entry that is durable but not readable yet; only a full disk takes longer.
const READ_WAIT_MAX: Duration = Duration::from_secs(5);

/// Lets readers wait for what is durable to become readable.
#[derive(Default)]
pub(super) struct Applied {
    size: Mutex<u64>,
    grown: Condvar,
}

impl Applied {
    pub(super) fn grow(&self, size: u64) {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner) = size;
        self.grown.notify_all();
    }

    /// Waits until `size` entries are readable, or for as long as a reader should at most.
    pub(super) fn wait_for(&self, size: u64) {
        let applied = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.grown.wait_timeout_while(applied, READ_WAIT_MAX, |applied| *applied < size);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// What the threads and all handles share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) index: Index,
    pub(super) ring: RwLock<KeyRing>,
    pub(super) generation: Mutex<Generation>,
    pub(super) signer: RwLock<Signer>,
    pub(super) log: RwLock<LogFile>,
    pub(super) root: PathBuf,
    pub(super) environment: Environment,
    pub(super) options: Options,
    pub(super) queue: Queue,
    pub(super) checkpointed: AtomicU64,
    pub(super) committed: AtomicU64,
    pub(super) applied: Applied,
    /// Why everything is refused, once it is.
    pub(super) stopped: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn stop(&self, reason: &str) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.is_none() {
            tracing::error!(reason, "the ledger stops");
            *stopped = Some(reason.to_owned());
        }
        drop(stopped);
        if self.options.on_fatal == OnFatal::Abort {
            std::process::abort();
        }
        self.store.retire();
        self.queue.abandon();
    }

    /// Ends without having put everything in its place: nothing acknowledged is lost, the next process finds it.
    pub(super) fn give_up(&self, reason: &str) {
        tracing::warn!(reason, "the ledger ends early");
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.to_owned());
        self.store.retire();
        self.queue.abandon();
    }

    pub(super) fn stop_reason(&self) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
