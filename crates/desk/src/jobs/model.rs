//! Types of the jobs: a job as it stands in the database, its states, and what lists and counts answer.

use serde::Serialize;

use crate::{
    ids::{JobId, Time},
    text_enum::text_enum,
};

text_enum! {
    /// Where a job stands.
    JobState {
        /// It waits for its time or for a free worker.
        Queued = "queued", "Waiting";
        /// A worker holds it under a lease.
        Running = "running", "Running";
        /// Its effect happened.
        Done = "done", "Done";
        /// It was given up; a person can run it again.
        Dead = "dead", "Given up";
        /// Somebody cancelled it before its effect happened.
        Cancelled = "cancelled", "Cancelled";
    }
}

impl JobState {
    /// Whether nothing more happens to the job by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }
}

/// A worker's hold on a running job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// The worker.
    pub owner: String,
    /// Until when it counts if it is not renewed.
    pub until_ms: Time,
}

/// A job without its payload, which pages do not need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Id.
    pub id: JobId,
    /// The id of its kind.
    pub kind: String,
    /// At most one job of a kind with the same key waits or runs.
    pub dedupe_key: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// Not before this moment.
    pub run_at_ms: Time,
    /// How often it was begun; an attempt handed back does not count.
    pub attempts: i64,
    /// How often it may be begun.
    pub attempts_max: i64,
    /// Who holds it; exactly when it runs.
    pub lease: Option<Lease>,
    /// Grows with every claim: what a former holder still sends is recognised by its old number.
    pub lease_epoch: i64,
    /// Somebody asked the running job to stop.
    pub cancel_requested: bool,
    /// How far it is, in units of its own.
    pub progress_done: Option<i64>,
    /// How many units there are.
    pub progress_total: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at_ms: Time,
    /// When the last attempt began.
    pub started_at_ms: Option<Time>,
    /// When it ended for good.
    pub finished_at_ms: Option<Time>,
}

/// Which jobs are wanted. Everything given has to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// The id of a kind.
    pub kind: Option<String>,
    /// A state.
    pub state: Option<JobState>,
}

/// How many jobs of one kind there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    /// The id of the kind.
    pub kind: String,
    /// Waiting, due or not.
    pub queued: i64,
    /// Held by a worker.
    pub running: i64,
    /// Given up.
    pub dead: i64,
    /// How long the job that is due longest has been due, in milliseconds; 0 when none is due.
    pub oldest_wait_ms: i64,
}

/// What became of a request to enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// A new job.
    New(JobId),
    /// A job of the kind with the same dedupe key already waits or runs.
    AlreadyThere(JobId),
}

impl Enqueued {
    /// The job that will do the work.
    pub fn id(self) -> JobId {
        match self {
            Self::New(id) | Self::AlreadyThere(id) => id,
        }
    }
}

/// What became of a request to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not begun and will not.
    AtOnce,
    /// It runs; it was told to stop, and may still finish first.
    Asked,
}
