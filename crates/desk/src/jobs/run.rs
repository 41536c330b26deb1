//! Running one claimed job: its code beside its heartbeat, then writing down how the attempt ended.
//!
//! Invariant: code whose lease was lost is stopped; what it had not committed is gone. The end of an attempt is written only if the
//! lease still counts.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    Attempt, ChangeError, Completion, Failure, JobState, Outcome, Stop,
    attempt::Progress,
    change,
    model::Job,
    registry::{AnyKind, Running},
    rules::{Event, Unfit},
};
use crate::{
    desk::{Desk, Topic},
    metric_names,
};

/// Heartbeats in the time of one lease: two may be late before it runs out.
const HEARTBEATS_PER_LEASE: u32 = 3;
/// How often the end of an attempt is tried to be written before it is left to the lease to run out.
const SETTLE_TRIES_MAX: u32 = 3;
/// Between two such tries.
const SETTLE_PAUSE: Duration = Duration::from_millis(300);

/// A job that this worker holds.
pub(super) struct Held {
    pub(super) kind: Arc<dyn AnyKind>,
    pub(super) job: Arc<Job>,
    pub(super) payload: String,
}

/// Runs a held job to the end of this attempt. `stop` asks its code to end; `abandon` ends it.
pub(super) async fn run(desk: &Desk, held: &Held, stop: watch::Receiver<Option<Stop>>, abandon: &CancellationToken) {
    let progress = Arc::new(Progress::default());
    let attempt = Attempt { desk: desk.clone(), job: held.job.clone(), stop: stop.clone(), progress: progress.clone() };
    let completion = Completion { desk: desk.clone(), job: held.job.id, epoch: held.job.lease_epoch };
    let outcome = match held.kind.start(attempt, completion, &held.payload) {
        Ok(running) => attend(desk, held, running, &progress, abandon).await,
        Err(error) => Err(Failure::give_up(format!("the payload cannot be read by this version: {error}"))),
    };
    // Without this, code that stops for no reason would be begun again at once, for ever.
    let nobody_asked = stop.borrow().is_none() && !abandon.is_cancelled();
    let outcome = match outcome {
        Err(Failure::Stopped) if nobody_asked => Err(Failure::retry("the job's code stopped although nobody asked it to")),
        other => other,
    };
    let how = settle(desk, held, outcome).await;
    let kind = held.job.kind.clone();
    let took_ms = held.job.started_at_ms.map_or(0, |start| desk.now().since_ms(start).max(0));
    metrics::counter!(metric_names::JOBS_ATTEMPTS.name, "kind" => kind.clone(), "outcome" => how).increment(1);
    metrics::histogram!(metric_names::JOBS_DURATION.name, "kind" => kind, "outcome" => how).record(seconds(took_ms));
    desk.announce(Topic::Jobs);
}

/// Milliseconds as the seconds that metrics are in.
#[expect(clippy::cast_precision_loss, reason = "durations are far below 2^53 ms")]
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

async fn attend(desk: &Desk, held: &Held, running: Running, progress: &Progress, abandon: &CancellationToken) -> Outcome {
    // A task of its own, so that a panic ends the attempt and not the worker.
    let mut work = AbortOnDropHandle::new(tokio::spawn(running));
    let lease_ms = held.kind.info().limits.lease_ms;
    let every = Duration::from_millis(u64::from((lease_ms / HEARTBEATS_PER_LEASE).max(1)));
    let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ended = false;
    loop {
        let stopped_with = tokio::select! {
            joined = &mut work => return joined.unwrap_or_else(|error| Err(broken_off(&error))),
            () = abandon.cancelled() => Failure::Stopped,
            _ = beat.tick(), if !ended => match renew(desk, held, progress).await {
                Ok(()) => continue,
                // It has just completed and is about to say so.
                Err(ChangeError::Unfit(Unfit::Ended(_))) => {
                    ended = true;
                    continue;
                }
                Err(ChangeError::Unfit(_)) => Failure::LeaseLost,
                Err(ChangeError::Database(error)) => {
                    tracing::warn!(job = %held.job.id, kind = %held.job.kind, %error, "a job's heartbeat was not written");
                    continue;
                }
            },
        };
        work.abort();
        // It may have ended in that very moment. Only when this is over is its transaction gone.
        return (&mut work).await.unwrap_or(Err(stopped_with));
    }
}

fn broken_off(error: &tokio::task::JoinError) -> Failure {
    if error.is_panic() {
        // The panic's own text may hold anything; it is in the log only.
        Failure::retry("the job's code panicked; the log of that moment says where")
    } else {
        Failure::Stopped
    }
}

async fn renew(desk: &Desk, held: &Held, progress: &Progress) -> Result<(), ChangeError> {
    let mut tx = desk.db().begin().await?;
    let lease_ms = i64::from(held.kind.info().limits.lease_ms);
    let event = Event::Renew { epoch: held.job.lease_epoch, lease_ms, progress: progress.get() };
    change(&mut tx, held.job.id, &event, desk.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down how an attempt ended, and answers with the word for it.
async fn settle(desk: &Desk, held: &Held, outcome: Outcome) -> &'static str {
    let failure = match outcome {
        Ok(_completed) => return "done",
        Err(Failure::LeaseLost) => {
            tracing::warn!(job = %held.job.id, kind = %held.job.kind, "an attempt lost its lease; nothing of it was kept");
            return "lease_lost";
        }
        Err(failure) => failure,
    };
    let epoch = held.job.lease_epoch;
    let error = failure.to_string();
    let event = match failure {
        Failure::Retry { after_ms, .. } => {
            let backoff = held.kind.info().limits.backoff.wait_ms(held.job.attempts, desk.random());
            Event::Fail { epoch, error: &error, retry_after_ms: Some(after_ms.map_or(backoff, |after| after.max(backoff))) }
        }
        Failure::GiveUp(_) => Event::Fail { epoch, error: &error, retry_after_ms: None },
        Failure::Stopped | Failure::LeaseLost => Event::HandBack { epoch },
    };
    for _ in 0..SETTLE_TRIES_MAX {
        match write_end(desk, held, &event).await {
            Ok(job) => return end_in_words(&job, &event),
            // Its commit had reached the database although the answer did not reach the code.
            Err(ChangeError::Unfit(Unfit::Ended(JobState::Done))) => return "done",
            Err(ChangeError::Unfit(_)) => return "lease_lost",
            Err(ChangeError::Database(error)) => {
                tracing::warn!(job = %held.job.id, kind = %held.job.kind, %error, "the end of an attempt was not written");
                tokio::time::sleep(SETTLE_PAUSE).await;
            }
        }
    }
    "unrecorded"
}

async fn write_end(desk: &Desk, held: &Held, event: &Event<'_>) -> Result<Job, ChangeError> {
    let mut tx = desk.db().begin().await?;
    let job = change(&mut tx, held.job.id, event, desk.now()).await?;
    tx.commit().await?;
    Ok(job)
}

fn end_in_words(job: &Job, event: &Event<'_>) -> &'static str {
    match (job.state, event) {
        (JobState::Dead, _) => {
            let error = job.last_error.as_deref().unwrap_or_default();
            tracing::error!(job = %job.id, kind = %job.kind, attempts = job.attempts, error, "a job was given up");
            "dead"
        }
        (JobState::Cancelled, _) => "cancelled",
        (_, Event::HandBack { .. }) => "handed_back",
        _ => "retry",
    }
}
