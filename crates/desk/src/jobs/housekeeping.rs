//! The house's own job kinds: forgetting what has served its time.
//!
//! Each removes in batches, so that no transaction holds the writer for long, and can be stopped between two of them. A subject
//! that owns a table gives a `sweep`; the tables of other subjects are not touched here.

use super::{Attempt, Completion, Failure, JobKind, JobState, Limits, Outcome, Schedule, store};
use crate::{
    db::{self, Tx},
    idempotency,
    ids::Time,
    sign_in,
};

/// Rows removed in one transaction: some milliseconds on a small disk.
const BATCH_ROWS: i64 = 500;
/// Batches in one job: two million rows; the rest waits for the next tick.
const BATCHES_MAX: u32 = 4_000;
/// Once an hour: limits are in days, and one delete per hour costs nothing.
const EVERY_MS: u32 = 60 * 60 * 1_000;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a done or cancelled job can be looked up: a month's reports can still be explained.
pub const FINISHED_KEPT_MS: i64 = 30 * DAY_MS;
/// How long a dead job waits for a person: longer, because it is work that did not happen.
pub const DEAD_KEPT_MS: i64 = 180 * DAY_MS;

/// Removes in batches until one is not full; the last one ends the job.
async fn sweep_in_batches(
    attempt: &Attempt,
    completion: Completion,
    sweep: impl AsyncFn(&mut Tx, Time) -> db::Result<u64>,
) -> Outcome {
    for _ in 0..BATCHES_MAX {
        let mut tx = attempt.desk().db().begin().await?;
        let removed = sweep(&mut tx, attempt.desk().now()).await?;
        if removed < BATCH_ROWS.unsigned_abs() {
            return completion.commit(tx).await;
        }
        tx.commit().await?;
        if attempt.stop_asked().is_some() {
            return Err(Failure::Stopped);
        }
    }
    completion.commit(attempt.desk().db().begin().await?).await
}

/// Forgets answers remembered for idempotency keys.
#[derive(Debug)]
pub struct ForgetIdempotencyKeys;

impl JobKind for ForgetIdempotencyKeys {
    const ID: &'static str = "house.forget_idempotency_keys";
    const TITLE: &'static str = "Forget remembered API answers";
    const DOCS: &'static str = "Removes answers remembered for idempotency keys after a day. When it dies, nothing is lost but space; \
                                look at its error, then run it again.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: EVERY_MS, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        sweep_in_batches(&attempt, completion, async |tx, now| idempotency::sweep(tx, now, BATCH_ROWS).await).await
    }
}

/// Forgets what no longer opens anything: expired ceremonies, links, throttles, sessions that ended long ago.
#[derive(Debug)]
pub struct ForgetOldAccess;

impl JobKind for ForgetOldAccess {
    const ID: &'static str = "house.forget_old_access";
    const TITLE: &'static str = "Forget ended sessions and expired links";
    const DOCS: &'static str = "Removes sign-ins nobody finished, throttles that ran out, and links and sessions that ended 90 days ago. \
                                When it dies, nothing is lost but space; look at its error, then run it again.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: EVERY_MS, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        // One bounded sweep a tick: an hour's worth is far below its limit.
        let mut tx = attempt.desk().db().begin().await?;
        sign_in::sweep(&mut tx, attempt.desk().now()).await.map_err(|error| Failure::retry(error.to_string()))?;
        completion.commit(tx).await
    }
}

/// Forgets jobs that ended long ago.
#[derive(Debug)]
pub struct ForgetFinishedJobs;

impl JobKind for ForgetFinishedJobs {
    const ID: &'static str = "house.forget_finished_jobs";
    const TITLE: &'static str = "Forget jobs that ended long ago";
    const DOCS: &'static str = "Removes jobs that were done or cancelled 30 days ago, and dead jobs that nobody ran again for 180 days. \
                                When it dies, nothing is lost but space; look at its error, then run it again.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: EVERY_MS, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        sweep_in_batches(&attempt, completion, async |tx, now| forget_finished(tx, now).await).await
    }
}

async fn forget_finished(tx: &mut Tx, now: Time) -> db::Result<u64> {
    for (state, kept_ms) in
        [(JobState::Done, FINISHED_KEPT_MS), (JobState::Cancelled, FINISHED_KEPT_MS), (JobState::Dead, DEAD_KEPT_MS)]
    {
        let removed = store::forget(tx, state, now.plus_ms(-kept_ms), BATCH_ROWS).await?;
        if removed == BATCH_ROWS.unsigned_abs() {
            return Ok(removed);
        }
    }
    Ok(0)
}
