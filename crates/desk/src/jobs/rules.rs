//! The life of a job: what may follow on what, who may say so, and how long to wait before the next attempt. Pure.
//!
//! Invariants, checked by [`broken_invariant`] in tests and in debug builds: a job has a lease exactly while it runs; its epoch
//! never goes back; what an earlier holder sends is refused; a job is completed at most once.

use thiserror::Error;

use super::model::{Job, JobState, Lease};
use crate::ids::Time;

/// Longest error text kept with a job, in bytes: enough for a sentence and its cause, too little for a page of somebody's data.
pub const ERROR_BYTES_MAX: usize = 1_000;

/// Longest wait that a failing job may ask for: a network's "try again tomorrow" still fits.
pub const RETRY_AFTER_MS_MAX: i64 = 24 * 60 * 60 * 1_000;

/// Waits between attempts: doubling from the first to the longest, each drawn from its upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Longest wait after the first failed attempt.
    pub first_ms: u32,
    /// Longest wait after any attempt.
    pub longest_ms: u32,
}

impl Backoff {
    /// How long to wait after the attempt with this number (from 1). `random` decides where in the upper half.
    pub fn wait_ms(self, attempt: i64, random: u64) -> i64 {
        let doublings = u32::try_from(attempt.clamp(1, 32) - 1).unwrap_or(0);
        let longest = u64::from(self.longest_ms).min(u64::from(self.first_ms) << doublings);
        let least = longest / 2;
        let wait = least + random % (longest - least + 1);
        i64::try_from(wait).unwrap_or(i64::from(self.longest_ms))
    }
}

/// What happens to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'e> {
    /// A worker takes it: a queued job that is due, or a running one whose lease ran out.
    Claim {
        /// The worker.
        owner: &'e str,
        /// How long the lease counts without a heartbeat.
        lease_ms: i64,
    },
    /// The holder with this epoch is still at it.
    Renew {
        /// The holder's epoch.
        epoch: i64,
        /// How long the lease counts from now.
        lease_ms: i64,
        /// How far it is, and of how much.
        progress: Option<(i64, i64)>,
    },
    /// The holder's effect is part of this transaction.
    Complete {
        /// The holder's epoch.
        epoch: i64,
    },
    /// The attempt failed.
    Fail {
        /// The holder's epoch.
        epoch: i64,
        /// Why.
        error: &'e str,
        /// How long to wait before the next attempt, or nothing to give up now.
        retry_after_ms: Option<i64>,
    },
    /// The holder stopped because it was asked to (cancelled), or because its process ends.
    HandBack {
        /// The holder's epoch.
        epoch: i64,
    },
    /// Somebody wants it not to happen.
    Cancel,
    /// Somebody wants a dead job to be tried again.
    RunAgain,
}

/// Why an event does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Another worker holds the job by now, or it ended under another holder.
    #[error("the lease of this attempt was lost; whoever holds the job now does its work")]
    LeaseLost,
    /// It is not due, or somebody holds it.
    #[error("the job is not free to be taken")]
    NotFree,
    /// It ended.
    #[error("the job has already ended ({})", .0.id())]
    Ended(JobState),
    /// Only dead jobs can be run again.
    #[error("only a dead job can be run again; this one is {}", .0.id())]
    NotDead(JobState),
}

/// The job after the event.
///
/// # Errors
/// [`Unfit`] when the event does not apply; the job stays as it is.
pub fn apply(job: &Job, event: &Event<'_>, now: Time) -> Result<Job, Unfit> {
    let mut next = job.clone();
    match *event {
        Event::Claim { owner, lease_ms } => claim(&mut next, owner, lease_ms, now)?,
        Event::Renew { epoch, lease_ms, progress } => {
            let lease = held(&mut next, epoch)?;
            lease.until_ms = lease.until_ms.max(now.plus_ms(lease_ms));
            if let Some((done, total)) = progress {
                (next.progress_done, next.progress_total) = (Some(done), Some(total));
            }
        }
        Event::Complete { epoch } => {
            held(&mut next, epoch)?;
            next.last_error = None;
            end(&mut next, JobState::Done, now);
        }
        Event::Fail { epoch, error, retry_after_ms } => {
            held(&mut next, epoch)?;
            next.last_error = Some(shortened(error));
            match retry_after_ms {
                _ if next.cancel_requested => end(&mut next, JobState::Cancelled, now),
                Some(wait) if next.attempts < next.attempts_max => {
                    requeue(&mut next, now.plus_ms(wait.clamp(0, RETRY_AFTER_MS_MAX)));
                }
                _ => end(&mut next, JobState::Dead, now),
            }
        }
        Event::HandBack { epoch } => {
            held(&mut next, epoch)?;
            if next.cancel_requested {
                end(&mut next, JobState::Cancelled, now);
            } else {
                next.attempts -= 1;
                requeue(&mut next, now);
            }
        }
        Event::Cancel => match job.state {
            JobState::Queued => end(&mut next, JobState::Cancelled, now),
            JobState::Running => next.cancel_requested = true,
            ended => return Err(Unfit::Ended(ended)),
        },
        Event::RunAgain => {
            if job.state != JobState::Dead {
                return Err(Unfit::NotDead(job.state));
            }
            next.attempts = 0;
            next.finished_at_ms = None;
            (next.progress_done, next.progress_total) = (None, None);
            requeue(&mut next, now);
        }
    }
    debug_assert_eq!(broken_invariant(&next), None, "{next:?}");
    Ok(next)
}

/// Takes a free job. One that was cancelled, or that took its worker down with it once too often, ends here instead.
fn claim(job: &mut Job, owner: &str, lease_ms: i64, now: Time) -> Result<(), Unfit> {
    match (job.state, &job.lease) {
        (JobState::Queued, None) if job.run_at_ms <= now => {}
        (JobState::Running, Some(lease)) if lease.until_ms <= now => {
            if job.cancel_requested {
                end(job, JobState::Cancelled, now);
                return Ok(());
            }
            if job.attempts >= job.attempts_max {
                job.last_error = Some("the process working on it ended or hung without a word, at the last attempt".to_owned());
                end(job, JobState::Dead, now);
                return Ok(());
            }
        }
        _ => return Err(Unfit::NotFree),
    }
    job.state = JobState::Running;
    job.attempts += 1;
    job.lease_epoch += 1;
    job.lease = Some(Lease { owner: owner.to_owned(), until_ms: now.plus_ms(lease_ms.max(1)) });
    job.started_at_ms = Some(now);
    (job.progress_done, job.progress_total) = (None, None);
    Ok(())
}

fn held(job: &mut Job, epoch: i64) -> Result<&mut Lease, Unfit> {
    if job.lease_epoch != epoch {
        return Err(Unfit::LeaseLost);
    }
    let state = job.state;
    job.lease.as_mut().ok_or(Unfit::Ended(state))
}

fn requeue(job: &mut Job, at: Time) {
    job.state = JobState::Queued;
    job.lease = None;
    job.cancel_requested = false;
    job.run_at_ms = at;
}

fn end(job: &mut Job, state: JobState, now: Time) {
    job.state = state;
    job.lease = None;
    job.finished_at_ms = Some(now);
}

/// Cuts an error text to [`ERROR_BYTES_MAX`], never inside a character.
fn shortened(error: &str) -> String {
    let end = (0..=ERROR_BYTES_MAX.min(error.len())).rev().find(|&at| error.is_char_boundary(at)).unwrap_or(0);
    error[..end].to_owned()
}

/// The next tick after `now` on the grid that `next` lies on: ticks missed while nothing ran are not made up for.
pub fn next_tick(next: Time, every_ms: i64, now: Time) -> Time {
    let every = every_ms.max(1);
    if next > now {
        return next;
    }
    next.plus_ms((now.since_ms(next) / every + 1).saturating_mul(every))
}

/// What is wrong with a job that must not be, if anything.
pub fn broken_invariant(job: &Job) -> Option<&'static str> {
    let broken = [
        (job.lease.is_some() != (job.state == JobState::Running), "a job has a lease exactly while it runs"),
        (job.finished_at_ms.is_some() != job.state.is_final(), "a job has an end exactly when it ended"),
        (job.attempts < 0 || job.attempts > job.attempts_max, "a job is begun at most as often as it may be"),
        (job.state == JobState::Queued && job.attempts >= job.attempts_max, "a waiting job has an attempt left"),
        (job.state == JobState::Queued && job.cancel_requested, "only a running job is asked to stop"),
        (job.state == JobState::Running && job.started_at_ms.is_none(), "a running job began some time"),
    ];
    broken.into_iter().find_map(|(is_broken, what)| is_broken.then_some(what))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
