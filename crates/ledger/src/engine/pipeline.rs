//! The three threads: seal, commit, settle. Batches pass from one to the next in order.
//!
//! Invariant: only the committer answers appends, after the sync; only the settler signs, after everything
//! it signs is durable in its final place. Any failed sync stops everything.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::pending::Answer;
use super::queue::{Control, LastWord, Taken};
use super::reader::Reader;
use super::sealer::{Sealed, Sealer};
use super::{AppendError, Receipt, Request, Shared};
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::store::{SealedBatch, StoreError};

/// Batches that may wait between two threads: enough to overlap them, few enough to bound memory.
const STAGE_DEPTH: usize = 2;
/// Pause before trying again when the disk is full.
const FULL_DISK_RETRY: Duration = Duration::from_millis(200);
/// Free space is looked at again after this many batches.
const SPACE_CHECK_BATCHES: u64 = 64;

/// A durable batch, if there was anything new, and the repeated requests of its lot.
type Committed = (Option<SealedBatch>, Vec<(Request, u64)>);

enum Stage<T> {
    Work(T),
    Control(Control),
}

/// Starts the threads.
pub(super) fn start(shared: &Arc<Shared>, sealer: Sealer, size: u64, root: Hash) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (to_commit, from_seal) = sync_channel(STAGE_DEPTH);
    let (to_settle, from_commit) = sync_channel(STAGE_DEPTH);
    let (one, two, three) = (shared.clone(), shared.clone(), shared.clone());
    let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| std::thread::Builder::new().name(name.to_owned()).spawn(run);
    Ok(vec![
        spawn("ledger-seal", Box::new(move || seal(&one, sealer, &to_commit)))?,
        spawn("ledger-commit", Box::new(move || commit(&two, &from_seal, &to_settle)))?,
        spawn("ledger-settle", Box::new(move || Settler::new(three, size, root).run(&from_commit)))?,
    ])
}

fn seal(shared: &Arc<Shared>, sealer: Sealer, next: &SyncSender<Stage<Sealed>>) {
    seal_until_closed(shared, sealer, next);
    // After a failure others may still be queued: dropping them answers them, so that nobody waits for ever.
    shared.queue.close();
    while shared.queue.take(usize::MAX, usize::MAX).is_some() {}
}

fn seal_until_closed(shared: &Arc<Shared>, mut sealer: Sealer, next: &SyncSender<Stage<Sealed>>) {
    let options = shared.options;
    let mut space = SpaceGuard { batches: 0, refusal: None };
    while let Some(taken) = shared.queue.take(options.batch_records_max, options.batch_bytes_max) {
        let stage = match taken {
            Taken::Control(Control::Pause { quiet, resumed }) => match pause(&mut sealer, next, quiet, &resumed) {
                Some(()) => continue,
                None => return,
            },
            Taken::Control(control) => Stage::Control(control),
            Taken::Records(requests) => match space.check(shared) {
                Some(refusal) => {
                    for request in requests {
                        request.answer.give(Err(refusal.clone()));
                    }
                    continue;
                }
                None => Stage::Work(sealer.seal(requests)),
            },
        };
        if next.send(stage).is_err() {
            return;
        }
    }
}

/// Waits here too, until the other side is dropped: after a pause, nothing may be sealed under what was erased meanwhile. `None` when the
/// other threads are gone.
fn pause(
    sealer: &mut Sealer,
    next: &SyncSender<Stage<Sealed>>,
    mut quiet: Answer<()>,
    resumed: &Receiver<LastWord>,
) -> Option<()> {
    loop {
        let (resume, settled) = std::sync::mpsc::channel();
        let (inner_quiet, reached) = super::pending::pending();
        next.send(Stage::Control(Control::Pause { quiet: inner_quiet, resumed: settled })).ok()?;
        quiet.give(reached.wait());
        let Ok(last) = resumed.recv() else {
            sealer.end_segments();
            return Some(());
        };
        drop(resume);
        // The reserve of space is there for such a record: it may be the one that makes room.
        next.send(Stage::Work(sealer.seal(vec![*last.request]))).ok()?;
        quiet = last.quiet;
    }
}

/// Refuses records while the disk is nearly full; looks again from time to time.
struct SpaceGuard {
    batches: u64,
    refusal: Option<AppendError>,
}

impl SpaceGuard {
    fn check(&mut self, shared: &Shared) -> Option<AppendError> {
        if self.refusal.is_some() || self.batches.is_multiple_of(SPACE_CHECK_BATCHES) {
            let reserve = shared.options.reserve_bytes;
            self.refusal = match shared.store.free_bytes() {
                Ok(free) if free < reserve => Some(AppendError::OutOfSpace { free, reserve }),
                Ok(_) => None,
                Err(error) => Some(AppendError::Stopped(error.to_string())),
            };
        }
        self.batches += 1;
        self.refusal.clone()
    }
}

fn commit(shared: &Arc<Shared>, work: &Receiver<Stage<Sealed>>, next: &SyncSender<Stage<Committed>>) {
    for stage in work {
        let stage = match stage {
            Stage::Control(control) => Stage::Control(control),
            Stage::Work(sealed) => {
                if let Some(batch) = &sealed.batch {
                    if let Err(error) = shared.store.commit(batch) {
                        fail(shared, sealed.answers, &error);
                        return;
                    }
                    shared.committed.store(batch.commit.size, Ordering::Release);
                }
                for (answer, receipt) in sealed.answers {
                    answer.give(Ok(receipt));
                }
                Stage::Work((sealed.batch, sealed.repeated))
            }
        };
        if next.send(stage).is_err() {
            return;
        }
    }
}

fn fail(shared: &Shared, answers: Vec<(Answer<Receipt>, Receipt)>, error: &StoreError) {
    let reason = error.to_string();
    for (answer, _) in answers {
        answer.give(Err(AppendError::Stopped(reason.clone())));
    }
    shared.stop(&reason);
}

/// Puts batches in their final place, and signs.
struct Settler {
    shared: Arc<Shared>,
    size: u64,
    root: Hash,
    settled: u64,
    /// Since when something waits to be signed.
    waiting_since: Option<Instant>,
}

impl Settler {
    fn new(shared: Arc<Shared>, size: u64, root: Hash) -> Self {
        let waiting_since = (shared.checkpointed.load(Ordering::Acquire) < size).then(Instant::now);
        Self { shared, size, root, settled: size, waiting_since }
    }

    fn run(mut self, work: &Receiver<Stage<Committed>>) {
        loop {
            let outcome = match self.next(work) {
                Ok(Some(Stage::Work((batch, repeated)))) => self.apply(batch, repeated),
                Ok(Some(Stage::Control(control))) => self.control(control),
                Ok(None) => self.checkpoint().map(|_| ()),
                Err(()) => {
                    if self.shared.stop_reason().is_none()
                        && let Err(error) = self.checkpoint()
                    {
                        self.end_with(&error);
                    }
                    return;
                }
            };
            if let Err(error) = outcome {
                self.end_with(&error);
                return;
            }
        }
    }

    /// A full disk while closing is no reason to wait for space or to end the process: everything acknowledged is in the ring.
    fn end_with(&self, error: &StoreError) {
        if error.is_out_of_space() && self.shared.queue.is_closed() {
            self.shared.give_up(&format!("{error}; what was acknowledged is kept and goes to its place at the next start"));
        } else {
            self.shared.stop(&error.to_string());
        }
    }

    /// The next piece of work; `None` when a checkpoint is due; an error when there will be no more.
    fn next<T>(&self, work: &Receiver<Stage<T>>) -> Result<Option<Stage<T>>, ()> {
        let Some(since) = self.waiting_since else {
            return work.recv().map(Some).map_err(|_| ());
        };
        let interval = self.shared.options.checkpoint_interval;
        let signed = self.shared.checkpointed.load(Ordering::Acquire);
        let due = self.size - signed >= self.shared.options.checkpoint_entries || self.shared.store.wants_settle();
        let wait = if due { Duration::ZERO } else { interval.saturating_sub(since.elapsed()) };
        if wait.is_zero() {
            return Ok(None);
        }
        match work.recv_timeout(wait) {
            Ok(stage) => Ok(Some(stage)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    fn apply(&mut self, batch: Option<SealedBatch>, repeated: Vec<(Request, u64)>) -> Result<(), StoreError> {
        if let Some(batch) = batch {
            loop {
                match self.shared.store.apply(&batch) {
                    Err(error) if error.is_out_of_space() && !self.shared.queue.is_closed() => {
                        // The batch is safe in the ring; it goes to its place when there is room again.
                        tracing::error!(%error, "the disk is full; waiting for space");
                        std::thread::sleep(FULL_DISK_RETRY);
                    }
                    other => break other?,
                }
            }
            (self.size, self.root) = (batch.commit.size, batch.commit.root);
            self.waiting_since.get_or_insert_with(Instant::now);
            self.shared.applied.grow(self.size);
        }
        for (request, seq) in repeated {
            let answer = self.compare(&request, seq);
            request.answer.give(answer);
        }
        Ok(())
    }

    /// Answers a record id that was seen before: with the first receipt, if it is the same record.
    fn compare(&self, request: &Request, seq: u64) -> Result<Receipt, AppendError> {
        let reader = Reader::of_settler(self.shared.clone());
        let stopped = |error: super::ReadError| AppendError::Stopped(error.to_string());
        let first = reader.entry(seq).map_err(stopped)?;
        let new = &request.entry;
        let same = first.kind == new.kind
            && first.stream_id == new.stream
            && first.retention_class == new.retention_class
            && first.refers_to == new.refers_to
            && first.body_len as usize == request.canonical.len();
        // When the first one was erased or disposed of, its header is all there is to compare.
        let same = same
            && match reader.read(seq) {
                Ok(opened) => {
                    let bodies = (opened.body(), crate::body::parse(&request.canonical));
                    opened.subjects == new.subjects && matches!(bodies, (Ok(one), Ok(two)) if one.same_content(&two))
                }
                Err(super::ReadError::Unreadable { .. }) => true,
                Err(error) => return Err(stopped(error)),
            };
        if !same {
            return Err(AppendError::Conflict { seq });
        }
        Ok(Receipt {
            seq,
            record_id: first.record_id,
            stream_seq: first.stream_seq,
            captured_at_ms: first.captured_at_ms,
            leaf_hash: first.leaf_hash(),
            repeated: true,
        })
    }

    fn control(&mut self, control: Control) -> Result<(), StoreError> {
        let signed = self.checkpoint()?;
        match control {
            Control::Checkpoint(answer) => answer.give(Ok(signed)),
            Control::Pause { quiet, resumed } => {
                quiet.give(Ok(()));
                while resumed.recv().is_ok() {}
            }
        }
        Ok(())
    }

    /// Settles what was applied and signs it, if anything is new. Answers with the newest checkpoint.
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        self.waiting_since = None;
        if self.settled < self.size {
            self.shared.store.settle()?;
            self.settled = self.size;
            if let Err(error) = self.shared.index.flush(self.size) {
                // Derived data: rows stay in memory and are tried again with the next checkpoint.
                tracing::warn!(%error, "the index could not be written");
            }
        }
        if self.size == 0 {
            return Ok(None);
        }
        let signer = self.shared.signer.read().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = Checkpoint::new(signer.verifier().name(), self.size, self.root);
        if self.shared.checkpointed.load(Ordering::Acquire) < self.size {
            let note = signer.sign(checkpoint.text()).to_string();
            self.shared.store.add_checkpoint(self.size, &note)?;
            self.shared.checkpointed.store(self.size, Ordering::Release);
        }
        Ok(Some(checkpoint))
    }
}
