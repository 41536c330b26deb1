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
mod pending;
mod pipeline;
mod queue;
mod reader;
mod sealer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

pub use self::attach::{BlobError, StoredBlob};
pub use self::log_file::{FORMAT, LogFile, SigningKey};
pub use self::open::{OpenError, create, create_in};
pub use self::pending::Pending;
pub(crate) use self::reader::Leaves;
pub use self::reader::{Opened, ReadError, Reader, StreamEntries};

use self::pending::{Answer, pending};
use self::queue::{Control, Item, LastWord, Queue};
use crate::body;
use crate::checkpoint::Checkpoint;
use crate::context::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::entry::EntryKind;
use crate::frame::{BODY_BYTES_MAX, SUBJECTS_MAX};
use crate::hash::Hash;
use crate::ids::{RecordId, StreamId, SubjectId};
use crate::index::Index;
use crate::io::{Disk, RealDisk};
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

/// Longest wait of a reader for an entry that is durable but not readable yet; only a full disk takes longer.
const READ_WAIT_MAX: Duration = Duration::from_secs(5);

/// What comes from outside.
#[derive(Clone)]
pub struct Environment {
    /// The file system.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Environment {
    fn default() -> Self {
        Self { disk: Arc::new(RealDisk), clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) }
    }
}

/// What happens when syncing fails and nobody knows what is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFatal {
    /// End the process at once: the only safe thing for a server.
    Abort,
    /// Refuse everything from then on: for tests and tools.
    Stop,
}

/// Limits and intervals.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Longest time between a change and the checkpoint over it.
    pub checkpoint_interval: Duration,
    /// Most entries between checkpoints.
    pub checkpoint_entries: u64,
    /// Most records waiting to be sealed; more make callers wait.
    pub queue_records_max: usize,
    /// Most bytes waiting to be sealed; more make callers wait.
    pub queue_bytes_max: usize,
    /// Most records in one batch.
    pub batch_records_max: usize,
    /// Most bytes in one batch; a ring holds at least eight of them.
    pub batch_bytes_max: usize,
    /// A segment of bodies is ended at this size.
    pub segment_bytes_max: u64,
    /// A segment of bodies is ended after this time, so that it can be disposed of as a whole.
    pub segment_span_ms_max: i64,
    /// New records are refused when less than this is free on the disk.
    pub reserve_bytes: u64,
    /// What happens when syncing fails.
    pub on_fatal: OnFatal,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            checkpoint_interval: Duration::from_secs(1),
            checkpoint_entries: 1 << 16,
            queue_records_max: 1 << 15,
            queue_bytes_max: 32 * 1024 * 1024,
            batch_records_max: 4096,
            batch_bytes_max: 2 * 1024 * 1024,
            segment_bytes_max: 256 * 1024 * 1024,
            segment_span_ms_max: 7 * 24 * 3600 * 1000,
            reserve_bytes: 256 * 1024 * 1024,
            on_fatal: OnFatal::Abort,
        }
    }
}

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it records; the ledger's own kinds are refused.
    pub kind: EntryKind,
    /// Its name; appending it again answers with the first receipt.
    pub record_id: RecordId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Whom it is about: it can be read only while all of their keys exist.
    pub subjects: Vec<SubjectId>,
    /// Retention class, 1 to [`CLASS_MAX`].
    pub retention_class: u16,
    /// The record this one is about, or none.
    pub refers_to: RecordId,
    /// When the source says it happened, Unix milliseconds.
    pub source_time_ms: i64,
    /// The bytes to keep.
    pub body: Vec<u8>,
}

/// What an append is answered with, once it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Position in the log.
    pub seq: u64,
    /// The record's name.
    pub record_id: RecordId,
    /// Position in its stream.
    pub stream_seq: u64,
    /// When it was taken in, Unix milliseconds.
    pub captured_at_ms: i64,
    /// Its leaf hash in the log.
    pub leaf_hash: Hash,
    /// Whether this record id had been appended before; then the first receipt is repeated.
    pub repeated: bool,
}

/// Why a record was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Over a limit.
    #[error("record is over a limit: {0}")]
    Limit(String),
    /// A kind or stream of the ledger's own.
    #[error("{0} is written by the ledger itself: use the operation for it")]
    Reserved(&'static str),
    /// The same record id with other content.
    #[error("record id was used at entry {seq} for other content: record ids are used once")]
    Conflict {
        /// Where the first one is.
        seq: u64,
    },
    /// Nothing more fits into the queue and the caller did not want to wait.
    #[error("the queue is full: try again shortly")]
    QueueFull,
    /// The disk is nearly full.
    #[error("{free} bytes are free on the disk, less than the reserve of {reserve}: free some space")]
    OutOfSpace {
        /// Bytes free.
        free: u64,
        /// Bytes kept in reserve.
        reserve: u64,
    },
    /// The index could not be read.
    #[error("the index could not be read: {0}; remove `index/` and open the ledger again")]
    Index(String),
    /// The ledger was closed or has stopped.
    #[error("the ledger has stopped: {0}")]
    Stopped(String),
}

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

/// Lets readers wait for what is durable to become readable.
#[derive(Default)]
struct Applied {
    size: Mutex<u64>,
    grown: Condvar,
}

impl Applied {
    fn grow(&self, size: u64) {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner) = size;
        self.grown.notify_all();
    }

    /// Waits until `size` entries are readable, or for as long as a reader should at most.
    fn wait_for(&self, size: u64) {
        let applied = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.grown.wait_timeout_while(applied, READ_WAIT_MAX, |applied| *applied < size);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// What the threads and all handles share.
struct Shared {
    store: Arc<dyn Store>,
    index: Index,
    ring: RwLock<KeyRing>,
    generation: Mutex<Generation>,
    signer: RwLock<Signer>,
    log: RwLock<LogFile>,
    root: PathBuf,
    environment: Environment,
    options: Options,
    queue: Queue,
    checkpointed: AtomicU64,
    committed: AtomicU64,
    applied: Applied,
    /// Why everything is refused, once it is.
    stopped: Mutex<Option<String>>,
}

impl Shared {
    fn stop(&self, reason: &str) {
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
    fn give_up(&self, reason: &str) {
        tracing::warn!(reason, "the ledger ends early");
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.to_owned());
        self.store.retire();
        self.queue.abandon();
    }

    fn stop_reason(&self) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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

/// What callers may not write themselves.
fn check_caller(entry: &NewEntry) -> Result<(), AppendError> {
    use EntryKind as Kind;
    let own = matches!(
        entry.kind,
        Kind::HoldSet
            | Kind::HoldReleased
            | Kind::PolicyChange
            | Kind::DisposalTombstone
            | Kind::ErasureTombstone
            | Kind::KeyRotation
            | Kind::RemovalRefused
    );
    if own {
        return Err(AppendError::Reserved("this kind"));
    }
    if entry.stream == LEDGER_STREAM {
        return Err(AppendError::Reserved("this stream"));
    }
    if entry.retention_class == LEDGER_CLASS {
        return Err(AppendError::Reserved("retention class 0"));
    }
    Ok(())
}

fn check_limits(entry: &NewEntry, has_blob: bool) -> Result<(), AppendError> {
    let bytes_max = BODY_BYTES_MAX - body::head_len(has_blob);
    if entry.body.len() > bytes_max {
        return Err(AppendError::Limit(format!("a body has at most {bytes_max} bytes: put what is larger beside it as a blob")));
    }
    if entry.subjects.len() > SUBJECTS_MAX {
        return Err(AppendError::Limit(format!("a record names at most {SUBJECTS_MAX} subjects")));
    }
    if entry.retention_class > CLASS_MAX {
        return Err(AppendError::Limit(format!("retention classes go up to {CLASS_MAX}")));
    }
    if entry.record_id.is_none() {
        return Err(AppendError::Limit("a record id is not all zeroes".to_owned()));
    }
    Ok(())
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
