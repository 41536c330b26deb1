//! The ledger as this process reaches it: may it write here now, and where does it read?
//!
//! One node writes at a time. Whoever wants to append asks [`Record::writer`] in the moment it appends, or follows [`Record::writers`] to
//! begin and end with the right to write. Invariant: a ledger that was taken away refuses every append, so holding an old handle loses
//! time but never doubles anything. It opens nothing itself: the executable does, and says so here.

use std::sync::{Arc, PoisonError, RwLock};

use ledger::engine::{Ledger, Reader};
use tokio::sync::watch;

use super::RecordState;

/// A handle on the record. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub struct Record(Arc<Shared>);

struct Shared {
    writer: watch::Sender<Option<Arc<Ledger>>>,
    reader: RwLock<Option<Reader>>,
    state: watch::Sender<Option<Arc<RecordState>>>,
}

impl Default for Record {
    fn default() -> Self {
        Self(Arc::new(Shared { writer: watch::Sender::new(None), reader: RwLock::new(None), state: watch::Sender::new(None) }))
    }
}

impl Record {
    /// One that can write for as long as the process lives, as on a single machine.
    pub fn of(ledger: Arc<Ledger>) -> Self {
        let record = Self::default();
        record.write_with(ledger);
        record
    }

    /// The ledger, when it may be written to on this node now. Ask again for each piece of work instead of keeping it.
    pub fn writer(&self) -> Option<Arc<Ledger>> {
        self.0.writer.borrow().clone()
    }

    /// The same, followed: `Some` from when this node may write, `None` from when it may not.
    pub fn writers(&self) -> watch::Receiver<Option<Arc<Ledger>>> {
        self.0.writer.subscribe()
    }

    /// For reading: everything on the node that writes, and what was there a few seconds ago on every other one. Reading waits for disk or
    /// database: use a blocking thread.
    pub fn reader(&self) -> Option<Reader> {
        self.writer()
            .map(|ledger| ledger.reader())
            .or_else(|| self.0.reader.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Whether all was well when somebody last looked; none before the first look.
    pub fn state(&self) -> Option<Arc<RecordState>> {
        self.0.state.borrow().clone()
    }

    /// This node writes from now on, with this ledger.
    pub fn write_with(&self, ledger: Arc<Ledger>) {
        self.0.writer.send_replace(Some(ledger));
        *self.0.reader.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// This node reads from now on and does not write.
    pub fn read_with(&self, reader: Reader) {
        *self.0.reader.write().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        self.0.writer.send_replace(None);
    }

    /// This node does not write any more; what it reads with stays.
    pub fn stop_writing(&self) {
        self.0.writer.send_replace(None);
    }

    /// Says how the record does.
    pub fn publish(&self, state: RecordState) {
        self.0.state.send_replace(Some(Arc::new(state)));
    }
}
