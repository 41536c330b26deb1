//! One attempt at a job, as its code sees it: what it can ask, how it ends.
//!
//! Invariant: only a [`Completion`] makes a [`Completed`], and only by committing the effect and the job's end in one transaction,
//! in which the lease's epoch is checked. So an attempt that lost its lease, or died, leaves no effect behind.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use thiserror::Error;
use tokio::sync::watch;

use super::{
    ChangeError, change,
    model::Job,
    rules::{Event, Unfit},
};
use crate::{
    act::Act,
    db::{DbError, Tx},
    desk::{Desk, Topic},
    error::Error,
    ids::JobId,
};

/// Why an attempt should end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled the job.
    Cancelled,
    /// The process ends; the job will be handed back.
    ShuttingDown,
}

/// The units of work done and to be done. -1 stands for "not said".
#[derive(Debug)]
pub(super) struct Progress {
    done: AtomicI64,
    total: AtomicI64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { done: AtomicI64::new(-1), total: AtomicI64::new(-1) }
    }
}

impl Progress {
    pub(super) fn get(&self) -> Option<(i64, i64)> {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        (done >= 0 && total >= 0).then_some((done, total))
    }
}

/// What the code of a job works with.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub(super) desk: Desk,
    pub(super) job: Arc<Job>,
    pub(super) stop: watch::Receiver<Option<Stop>>,
    pub(super) progress: Arc<Progress>,
}

impl Attempt {
    /// The desk.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.job.id
    }

    /// Which attempt this is, from 1.
    pub fn number(&self) -> i64 {
        self.job.attempts
    }

    /// Whether to end early, and why. Ask between pieces of work; then return [`Failure::Stopped`].
    pub fn stop_asked(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Waits until the attempt should end early. For use in a `select!` beside a long wait.
    pub async fn stopped(&mut self) -> Stop {
        loop {
            if let Some(stop) = *self.stop.borrow_and_update() {
                return stop;
            }
            if self.stop.changed().await.is_err() {
                // The worker is gone, and with it the process' wish to go on.
                return Stop::ShuttingDown;
            }
        }
    }

    /// Says how far the work is. It is written with the next heartbeat, so it costs nothing and needs no transaction.
    pub fn progress(&self, done: u32, total: u32) {
        self.progress.done.store(i64::from(done), Ordering::Relaxed);
        self.progress.total.store(i64::from(total), Ordering::Relaxed);
    }
}

/// The right to end a job with its effect, once.
#[derive(Debug)]
pub struct Completion {
    pub(super) desk: Desk,
    pub(super) job: JobId,
    pub(super) epoch: i64,
}

/// Proof that a job's effect and its end were committed together.
#[derive(Debug)]
pub struct Completed(());

impl Completion {
    /// Commits the transaction with the job's effect, together with the job's end.
    ///
    /// # Errors
    /// [`Failure::LeaseLost`] when somebody else holds the job by now: nothing of the transaction is kept.
    pub async fn commit(self, mut tx: Tx) -> Result<Completed, Failure> {
        self.end(&mut tx).await?;
        tx.commit().await?;
        self.desk.announce(Topic::Jobs);
        Ok(Completed(()))
    }

    /// The same for an act with its audit entries.
    ///
    /// # Errors
    /// As [`Completion::commit`].
    pub async fn commit_act(self, mut act: Act<'_>) -> Result<Completed, Failure> {
        self.end(act.tx()).await?;
        act.announce(Topic::Jobs);
        act.commit().await?;
        Ok(Completed(()))
    }

    async fn end(&self, tx: &mut Tx) -> Result<(), Failure> {
        match change(tx, self.job, &Event::Complete { epoch: self.epoch }, self.desk.now()).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Unfit(_)) => Err(Failure::LeaseLost),
            Err(ChangeError::Database(error)) => Err(error.into()),
        }
    }
}

/// Why an attempt did not complete its job.
#[derive(Debug, Error)]
pub enum Failure {
    /// It may work another time.
    #[error("{error}")]
    Retry {
        /// What happened, for the jobs page: ids and reasons, no content, no secret.
        error: String,
        /// Not before this many milliseconds, when the other side said so; otherwise the kind's backoff decides.
        after_ms: Option<i64>,
    },
    /// It will never work as it stands: dead at once.
    #[error("{0}")]
    GiveUp(String),
    /// It ended early because [`Attempt::stop_asked`] said so.
    #[error("stopped on request")]
    Stopped,
    /// Somebody else holds the job by now.
    #[error("{}", Unfit::LeaseLost)]
    LeaseLost,
}

impl Failure {
    /// May work another time.
    pub fn retry(error: impl Into<String>) -> Self {
        Self::Retry { error: error.into(), after_ms: None }
    }

    /// May work another time, but not before.
    pub fn retry_after(error: impl Into<String>, after_ms: i64) -> Self {
        Self::Retry { error: error.into(), after_ms: Some(after_ms) }
    }

    /// Will never work as it stands.
    pub fn give_up(error: impl Into<String>) -> Self {
        Self::GiveUp(error.into())
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Corrupt { .. } | DbError::Schema(_) => Self::GiveUp(error.to_string()),
            _ => Self::retry(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            Error::Refused(_) | Error::Invalid(_) | Error::NotFound(_) => Self::GiveUp(error.to_string()),
            Error::Conflict(_) | Error::TooMany { .. } | Error::Sealed(_) | Error::Internal(_) => Self::retry(error.to_string()),
        }
    }
}
