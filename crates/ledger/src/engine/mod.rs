//! The ledger at work: appending with group commit, reading, checkpoints, and what holds them together.
//!
//! ```text
//! callers ─► queue (bounded) ─► seal ─► commit (one fdatasync) ─► answers ─► settle ─► checkpoint
//! ```
//! Invariant: an answer is given only after the batch is durable; a checkpoint is signed only over entries
//! that lie durable in their final place. Blocking: three threads, no runtime; `append` answers with
//! something that can be waited for or awaited.

mod attach;
mod log_file;
mod open;
mod options;
mod pending;
mod pipeline;
mod queue;
mod reader;
mod record;
mod sealer;
mod state;

use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use self::attach::{BlobError, StoredBlob};
pub use self::log_file::{FORMAT, LogFile, SigningKey};
pub use self::open::{OpenError, create, create_in};
pub use self::options::{Environment, OnFatal, Options};
pub use self::pending::Pending;
pub(crate) use self::reader::Leaves;
pub use self::reader::{Opened, ReadError, Reader, StreamEntries};
pub use self::record::{AppendError, NewEntry, Receipt};

use self::pending::{Answer, pending};
use self::queue::{Control, Item, LastWord};
use self::record::{check_caller, check_limits};
use self::state::Shared;
use crate::body;
use crate::checkpoint::Checkpoint;
use crate::ids::StreamId;
use crate::keys::keystore::Generation;
use crate::keys::ring::KeyRing;
use crate::note::Signer;
use crate::store::Store;
use crate::wiped::{Wiped, wipe};

/// The stream of the ledger's own acts: holds, policies, tombstones, rotations.
pub const LEDGER_STREAM: StreamId = StreamId(*b"gatepost-ledger\0");
/// The retention class of the ledger's own acts, which are never disposed of.
pub const LEDGER_CLASS: u16 = 0;
/// Highest retention class: each open one takes room in the low-water mark.
pub const CLASS_MAX: u16 = 99;

/// A record on its way to the sealer.
struct Request {
    entry: NewEntry,
    canonical: Wiped,
    packed: Wiped,
    compressed: bool,
    /// Removed with the request, unless the record is taken in.
    blob: Option<StoredBlob>,
    answer: Answer<Receipt>,
}

/// A ledger that is open for writing. Cheap to share behind an `Arc`; closing drains and checkpoints.
pub struct Ledger {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    pub(crate) governance: Mutex<()>,
    recovered: crate::store::Recovered,
}

impl Ledger {
    /// Appends a record. Waits while the queue is full; the answer comes when the record is durable.
    pub fn append(&self, entry: NewEntry) -> Result<Pending<Receipt>, AppendError> {
        check_caller(&entry)?;
        self.enqueue(entry, None, true)
    }

    /// Like [`Ledger::append`], but refuses when the queue is full instead of waiting.
    pub fn try_append(&self, entry: NewEntry) -> Result<Pending<Receipt>, AppendError> {
        check_caller(&entry)?;
        self.enqueue(entry, None, false)
    }

    /// Appends several records in this order; the answers come when each is durable. None is appended when
    /// one of them is over a limit.
    pub fn append_batch(&self, entries: Vec<NewEntry>) -> Result<Vec<Pending<Receipt>>, AppendError> {
        for entry in &entries {
            check_caller(entry)?;
            check_limits(entry, false)?;
        }
        let (mut items, mut answers) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for entry in entries {
            let (answer, pending) = pending();
            items.push(prepare(entry, None, answer));
            answers.push(pending);
        }
        self.shared.queue.push_all(items).map_err(|()| self.stopped())?;
        Ok(answers)
    }

    /// Appends one of the ledger's own acts.
    pub(crate) fn append_own(&self, entry: NewEntry) -> Result<Receipt, AppendError> {
        self.enqueue(entry, None, true)?.wait()
    }

    fn enqueue(&self, entry: NewEntry, blob: Option<StoredBlob>, wait: bool) -> Result<Pending<Receipt>, AppendError> {
        check_limits(&entry, blob.is_some())?;
        let (answer, pending) = pending();
        let item = Item::Append(Box::new(prepare(entry, blob, answer)));
        if wait {
            self.shared.queue.push(item).map_err(|()| self.stopped())?;
        } else {
            self.shared.queue.try_push(item).map_err(|full| if full { AppendError::QueueFull } else { self.stopped() })?;
        }
        Ok(pending)
    }

    /// Waits until everything appended so far is settled and a checkpoint covers it; answers with that.
    pub fn checkpoint_now(&self) -> Result<Option<Checkpoint>, AppendError> {
        let (answer, pending) = pending();
        self.shared.queue.push(Item::Control(Control::Checkpoint(answer))).map_err(|()| self.stopped())?;
        pending.wait()
    }

    /// Runs `act` while nothing is in flight: everything before is settled and checkpointed, everything
    /// after waits, and no segment that was open before is continued afterwards.
    pub(crate) fn while_quiet<T>(&self, act: impl FnOnce() -> T) -> Result<T, AppendError> {
        let resume = self.pause()?;
        let outcome = act();
        // The pipeline also goes on when this side is gone.
        drop(resume);
        Ok(outcome)
    }

    /// The same in two steps with one of the ledger's own acts between them: `decide` makes it while nothing is in flight, and `act` runs
    /// when it is durable and signed. No record comes between.
    pub(crate) fn while_quiet_append<D, T, E: From<AppendError>>(
        &self,
        decide: impl FnOnce() -> Result<(NewEntry, D), E>,
        act: impl FnOnce(Receipt, D) -> Result<T, E>,
    ) -> Result<T, E> {
        let resume = self.pause()?;
        let (entry, decided) = decide()?;
        check_limits(&entry, false)?;
        let ((answer, receipt), (signed, quiet)) = (pending(), pending());
        let last = LastWord { request: Box::new(prepare(entry, None, answer)), quiet: signed };
        resume.send(last).map_err(|_| self.stopped())?;
        let receipt = receipt.wait()?;
        quiet.wait()?;
        let outcome = act(receipt, decided);
        drop(resume);
        outcome
    }

    /// Waits until nothing is in flight; it stays so until the answer is dropped.
    fn pause(&self) -> Result<Sender<LastWord>, AppendError> {
        let (answer, quiet) = pending();
        let (resume, resumed) = std::sync::mpsc::channel();
        let pause = Control::Pause { quiet: answer, resumed };
        self.shared.queue.push(Item::Control(pause)).map_err(|()| self.stopped())?;
        quiet.wait()?;
        Ok(resume)
    }

    /// A handle for reading; it stays valid while the ledger lives and sees what is settled or applied.
    pub fn reader(&self) -> Reader {
        Reader::of_writer(self.shared.clone())
    }

    /// Number of entries that are durable.
    pub fn size(&self) -> u64 {
        self.shared.committed.load(Ordering::Acquire)
    }

    /// Size of the newest signed checkpoint.
    pub fn checkpointed(&self) -> u64 {
        self.shared.checkpointed.load(Ordering::Acquire)
    }

    /// What was found when the ledger was opened.
    pub fn recovered(&self) -> &crate::store::Recovered {
        &self.recovered
    }

    /// Why the ledger has stopped, if it has.
    pub fn stop_reason(&self) -> Option<String> {
        self.shared.stop_reason()
    }

    /// Drains, settles, checkpoints and ends the threads. Dropping does the same.
    pub fn close(self) -> Result<(), AppendError> {
        self.end()
    }

    /// The same through a shared handle: others who hold one can still read, and their appends are refused. When the disk is full, what
    /// is acknowledged stays in the write-ahead ring and goes to its place at the next start; the error says so.
    pub fn end(&self) -> Result<(), AppendError> {
        self.shared.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a ledger thread panicked");
            }
        }
        self.shared.store.retire();
        self.stop_reason().map_or(Ok(()), |reason| Err(AppendError::Stopped(reason)))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.shared.environment
    }

    pub(crate) fn with_ring<T>(&self, act: impl FnOnce(&mut KeyRing) -> T) -> T {
        act(&mut self.shared.ring.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the key ring as a new generation under a new key and destroys the old one.
    /// Only while nothing is in flight.
    pub(crate) fn renew_keystore(&self, master: &dyn crate::keys::master::MasterKey) -> Result<u64, OpenError> {
        let escrow = {
            let log = self.shared.log.read().unwrap_or_else(PoisonError::into_inner);
            open::recipients(&log)?
        };
        let ring = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
        let mut generation = self.shared.generation.lock().unwrap_or_else(PoisonError::into_inner);
        let entropy = &*self.shared.environment.entropy;
        let next = Generation::new(generation.number + 1, entropy);
        let bytes = next.seal(&ring, master, &escrow, entropy)?;
        self.shared.store.replace_generation(next.number, &bytes).inspect_err(|error| {
            self.shared.stop(&format!("writing the keystore failed: {error}"));
        })?;
        *generation = next;
        Ok(generation.number)
    }

    /// Changes the public description of the log.
    pub(crate) fn update_log(&self, change: impl FnOnce(&mut LogFile)) -> Result<(), OpenError> {
        let mut log = self.shared.log.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = log.clone();
        change(&mut changed);
        changed.save(&*self.shared.store, &*self.shared.environment.disk, &self.shared.root)?;
        *log = changed;
        Ok(())
    }

    /// Signs with this key from now on. Only while nothing is in flight.
    pub(crate) fn use_signer(&self, signer: Signer) {
        *self.shared.signer.write().unwrap_or_else(PoisonError::into_inner) = signer;
    }

    fn stopped(&self) -> AppendError {
        AppendError::Stopped(self.shared.stop_reason().unwrap_or_else(|| "it was closed".to_owned()))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // Why it stopped was logged when it did.
        let _ended = self.end();
    }
}

/// The part of sealing that needs no order, done by the caller's thread.
fn prepare(mut entry: NewEntry, blob: Option<StoredBlob>, answer: Answer<Receipt>) -> Request {
    let canonical = body::canonical(entry.source_time_ms, blob.as_ref().map(|blob| &blob.reference), &entry.body);
    wipe(&mut entry.body);
    entry.body = Vec::new();
    let packed = body::pack(&canonical);
    let compressed = packed.is_some();
    let packed = Wiped::new(packed.unwrap_or_else(|| canonical.to_vec()));
    Request { entry, canonical, packed, compressed, blob, answer }
}

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
mod attach_tests;
