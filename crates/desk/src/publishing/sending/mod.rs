//! The sender: a loop on every node that does jobs, which looks at what is due, claims it, calls the network and writes down the answer.
//!
//! Invariants: the intent of a call is durable before the call, its answer before anything else is done with the post; one function
//! ([`door::send`]) posts; while something of the post has to reach the ledger first, or a pause covers it, nothing is called; a task that
//! is dropped or killed anywhere loses nothing and doubles nothing.

mod call;
mod claim;
mod correct;
mod door;
mod errors;
mod prepare;
mod settle;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    model::TargetKey,
    store::{corrections, targets},
    triage,
};
use crate::{
    capture::{Connectors, Examiner},
    desk::{Desk, Topic},
    error::Result,
    ids::{CorrectionId, HolderId, Time},
    live, metric_names,
};

/// Calls at once: a network that hangs takes this many with it, not the desk.
const AT_ONCE_MAX: usize = 32;
/// What one transaction claims: short enough that the calls begin within their time on two cores.
const CLAIM_MAX: usize = 16;
/// The longest sleep between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest: something due that cannot be claimed yet is not asked for in a tight loop.
const LOOK_MIN: Duration = Duration::from_millis(5);
/// Wait after a failure of our own (database).
const OWN_FAILURE_WAIT: Duration = Duration::from_secs(1);
/// How often the watchdog looks.
const WATCH_EVERY: Duration = Duration::from_secs(10);

/// Sends what is due. Cheap to clone; all clones are the same process.
#[derive(Clone)]
pub struct Sender {
    desk: Desk,
    connectors: Connectors,
    /// What is never published.
    lists: Arc<Examiner>,
    holder: HolderId,
    in_flight: Arc<Mutex<HashSet<Work>>>,
    permits: Arc<Semaphore>,
}

/// What is under way, so that it is not begun twice in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Target(TargetKey),
    Correction(CorrectionId),
}

/// Something claimed that has to be done.
enum Job {
    Prepare(prepare::Preparing),
    Call(call::Calling),
    LookUp(call::Looking),
    Correct(Box<correct::Correcting>),
}

/// A claimed job; what is under way is told apart for as long as it lives.
pub struct Claimed {
    job: Job,
    _mark: Mark,
    /// Taken before it was claimed: what is claimed begins at once, or its moment is over.
    _permit: OwnedSemaphorePermit,
}

struct Mark {
    work: Work,
    all: Arc<Mutex<HashSet<Work>>>,
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.work);
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender of this process.
    pub fn new(desk: Desk, connectors: Connectors) -> Self {
        let holder = desk.fresh();
        let (lists, permits) = (Arc::new(Examiner::of_lists()), Arc::new(Semaphore::new(AT_ONCE_MAX)));
        Self { desk, connectors, lists, holder, in_flight: Arc::default(), permits }
    }

    /// Sends until told to stop; what is under way then is brought to its end.
    pub async fn run(self, stop: CancellationToken) {
        let mut updates = self.desk.live();
        let mut tasks = JoinSet::new();
        let watching = tokio::spawn(watch(self.desk.clone(), stop.clone()));
        while !stop.is_cancelled() {
            while tasks.try_join_next().is_some() {}
            let wait = match self.claim().await {
                Ok(claimed) if !claimed.is_empty() => {
                    for one in claimed {
                        let this = self.clone();
                        tasks.spawn(async move { this.work(one).await });
                    }
                    Duration::ZERO
                }
                Ok(_) => self.until_next().await,
                Err(error) => {
                    tracing::error!(%error, "what is due to be published cannot be claimed; trying again");
                    OWN_FAILURE_WAIT
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
                () = live::told(&mut updates, Topic::Posts), if !wait.is_zero() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
        let _ended = watching.await;
    }

    /// Claims some of what is due now, and writes down what came of those for which nothing is to be called. Empty when nothing is.
    ///
    /// # Errors
    /// Our own failures.
    pub async fn claim(&self) -> Result<Vec<Claimed>> {
        let mut permits = Vec::new();
        while permits.len() < CLAIM_MAX
            && let Ok(permit) = self.permits.clone().try_acquire_owned()
        {
            permits.push(permit);
        }
        if permits.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.claim_targets(&mut permits).await?;
        if claimed.is_empty() { self.claim_corrections(&mut permits).await } else { Ok(claimed) }
    }

    /// Does what was claimed, to its end.
    pub async fn work(&self, claimed: Claimed) {
        let done = match &claimed.job {
            Job::Prepare(what) => self.prepare(what).await,
            Job::Call(what) => self.call(what).await,
            Job::LookUp(what) => self.look_up(what).await,
            Job::Correct(what) => self.correct(what).await,
        };
        if let Err(error) = done {
            // What is not written down is looked up when its time comes.
            tracing::error!(%error, "what became of a post cannot be written down yet");
        }
    }

    /// Claims and works until nothing is due. For tests and for programs that send once.
    ///
    /// # Errors
    /// As [`Sender::claim`].
    pub async fn work_until_idle(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let claimed = self.claim().await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            done += claimed.len();
            join_all(claimed.into_iter().map(|one| self.work(one))).await;
        }
    }

    fn mark(&self, work: Work) -> Option<Mark> {
        let fresh = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(work);
        fresh.then(|| Mark { work, all: self.in_flight.clone() })
    }

    async fn until_next(&self) -> Duration {
        let due = async {
            let mut reader = self.desk.db().read().await?;
            let one = targets::next_due(&mut reader).await?;
            let other = corrections::next_due(&mut reader).await?;
            Result::Ok(one.into_iter().chain(other).min())
        };
        let wait = match due.await {
            Ok(due) => due.map_or(LOOK_EVERY, |due| Duration::from_millis(due.since_ms(self.desk.now()).max(0).unsigned_abs())),
            Err(_) => OWN_FAILURE_WAIT,
        };
        wait.clamp(LOOK_MIN, LOOK_EVERY)
    }
}

/// The watchdog: says how many posts are past their time without anybody doing anything about them.
async fn watch(desk: Desk, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match triage::look(&desk).await {
            Ok((overdue, _)) if overdue > 0 => tracing::error!(overdue, "posts are past their time and neither out nor held"),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "nobody can see whether posts are past their time"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
}

/// Measures how late a call begins.
fn measure_start(slot: Time, now: Time) {
    #[expect(clippy::cast_precision_loss, reason = "a few seconds of milliseconds")]
    metrics::histogram!(metric_names::PUBLISHING_START_LATE.name).record(now.since_ms(slot).max(0) as f64 / 1_000.0);
}
