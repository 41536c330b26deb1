//! Jobs: work that happens after the transaction that causes it, exactly once in effect, on any node.
//!
//! Invariants: a job is enqueued in the business transaction, so it exists if and only if its cause does; its effect and its end are
//! one transaction, refused when the lease was lost; every change of a job is decided by [`rules`] and by nothing else. A payload
//! holds ids, never content or secrets. There is no operation that edits a waiting job.
//!
//! Leases are measured with the nodes' clocks: a node whose clock is ahead by more than a lease takes jobs that are being worked
//! on. That costs work, never a second effect.

mod attempt;
mod housekeeping;
mod model;
mod registry;
mod rules;
mod run;
mod store;
mod worker;

pub use attempt::{Attempt, Completed, Completion, Failure, Stop};
pub use housekeeping::{ForgetFinishedJobs, ForgetIdempotencyKeys, ForgetOldAccess};
pub use model::{Cancelled, Enqueued, Job, JobFilter, JobState, KindCounts, Lease};
pub use registry::{JobKind, KindInfo, Limits, Outcome, Registry, Schedule};
pub use rules::{Backoff, ERROR_BYTES_MAX, RETRY_AFTER_MS_MAX};
pub use worker::{Worker, WorkerOptions};

use serde_json::json;
use uuid::Uuid;

use self::rules::{Event, Unfit};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals,
    db::{Connection, DbError, Tx},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{JobId, Time},
    live, mail,
    paging::{Page, PageRequest},
    rights::{Operation, Target},
};

/// Longest payload, in bytes of JSON: ids of a large selection fit, content does not belong there.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1_024;
/// Longest dedupe key, in bytes: a few ids.
pub const DEDUPE_KEY_BYTES_MAX: usize = 200;
/// How often enqueuing looks for the job that stands in its way, when that one ends in just that moment.
const ENQUEUE_TRIES_MAX: u32 = 5;

/// When and under which key a job is enqueued.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// Not before this moment; at once when nothing is said.
    pub at: Option<Time>,
    /// While a job of the kind with the same key waits **or runs**, no other is enqueued. A running one may already have read what it
    /// works on: put a version into the key where a later change must be seen.
    pub dedupe_key: Option<String>,
}

/// The kinds of the house itself.
pub fn house_kinds() -> Registry {
    Registry::new()
        .with(ForgetIdempotencyKeys)
        .with(ForgetOldAccess)
        .with(ForgetFinishedJobs)
        .with(mail::SendMail)
        .with(mail::ForgetLetters)
        .with(approvals::workflows::CheckWorkflows)
        .with(approvals::LookAtSubmissions)
        .with(approvals::outside::WriteToGuest)
}

/// Enqueues a job in a transaction: it exists if and only if the transaction commits. Workers of other nodes are woken by the
/// commit on PostgreSQL; for this process say `desk.announce(Topic::Jobs)` afterwards (or use [`enqueue_in`]), else it takes a second.
pub async fn enqueue<K: JobKind>(desk: &Desk, tx: &mut Tx, payload: &K::Payload, when: When) -> Result<Enqueued> {
    let payload = serde_json::to_string(payload)
        .map_err(|error| Error::Internal(format!("the payload of job kind {} cannot be written as JSON: {error}", K::ID)))?;
    enqueue_json(desk, tx, K::ID, K::LIMITS, payload, when).await
}

/// Enqueues a job as a consequence of an act, and wakes workers when the act is durable.
pub async fn enqueue_in<K: JobKind>(act: &mut Act<'_>, payload: &K::Payload, when: When) -> Result<Enqueued> {
    let desk = act.desk().clone();
    let enqueued = enqueue::<K>(&desk, act.tx(), payload, when).await?;
    act.announce(Topic::Jobs);
    Ok(enqueued)
}

async fn enqueue_json(desk: &Desk, tx: &mut Tx, kind: &str, limits: Limits, payload: String, when: When) -> Result<Enqueued> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        let problem = format!("the payload of job kind {kind} has {} bytes; {PAYLOAD_BYTES_MAX} are allowed", payload.len());
        return Err(Error::Internal(problem));
    }
    if when.dedupe_key.as_ref().is_some_and(|key| key.len() > DEDUPE_KEY_BYTES_MAX) {
        return Err(Error::Internal(format!(
            "the dedupe key of a job of kind {kind} is longer than {DEDUPE_KEY_BYTES_MAX} bytes"
        )));
    }
    let now = desk.now();
    let job = Job {
        id: desk.fresh(),
        kind: kind.to_owned(),
        dedupe_key: when.dedupe_key,
        state: JobState::Queued,
        run_at_ms: when.at.unwrap_or(now),
        attempts: 0,
        attempts_max: i64::from(limits.attempts_max),
        lease: None,
        lease_epoch: 0,
        cancel_requested: false,
        progress_done: None,
        progress_total: None,
        last_error: None,
        created_at_ms: now,
        started_at_ms: None,
        finished_at_ms: None,
    };
    for _ in 0..ENQUEUE_TRIES_MAX {
        if store::insert(tx, &job, &payload).await? {
            live::notify(tx, Topic::Jobs).await?;
            return Ok(Enqueued::New(job.id));
        }
        let key = job.dedupe_key.as_deref().unwrap_or_default();
        if let Some(id) = store::by_dedupe_key(tx, kind, key).await? {
            return Ok(Enqueued::AlreadyThere(id));
        }
    }
    Err(Error::Conflict(format!("jobs of kind {kind} end as fast as they are enqueued; try again")))
}

/// Why a job was not changed.
#[derive(Debug, thiserror::Error)]
enum ChangeError {
    /// The rules do not allow it.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Reads a job, lets the rules decide, and writes the outcome, in one transaction.
async fn change(tx: &mut Tx, id: JobId, event: &Event<'_>, now: Time) -> std::result::Result<Job, ChangeError> {
    // A job that was forgotten had ended, so whoever still believes to hold it does not.
    let before = store::locked(tx, id).await?.ok_or(Unfit::LeaseLost)?;
    let after = rules::apply(&before, event, now)?;
    store::save(tx, &before, &after).await?;
    if after.state != before.state || after.cancel_requested != before.cancel_requested {
        live::notify(tx, Topic::Jobs).await?;
    }
    Ok(after)
}

/// A page of jobs, newest first.
pub async fn list(desk: &Desk, actor: &Actor, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
    let mut reader = desk.view(actor, Operation::JobsRead, Target::Workspace).await?;
    let after = match &page.after {
        None => JobId(Uuid::max()),
        Some(cursor) => cursor.parse().map_err(|_| Invalid::field("after", "not a cursor that a page gave out"))?,
    };
    Ok(store::list(&mut reader, filter, after, page).await?)
}

/// One job.
pub async fn find(desk: &Desk, actor: &Actor, id: JobId) -> Result<Job> {
    let mut reader = desk.view(actor, Operation::JobsRead, Target::Workspace).await?;
    store::find(&mut reader, id).await?.ok_or(Error::NotFound("job"))
}

/// How many jobs wait, run and were given up, by kind. A kind without any is left out.
pub async fn counts(desk: &Desk, actor: &Actor) -> Result<Vec<KindCounts>> {
    let mut reader = desk.view(actor, Operation::JobsRead, Target::Workspace).await?;
    Ok(store::counts(&mut reader, desk.now()).await?)
}

/// Lets a dead job be tried again, with all its attempts.
///
/// # Errors
/// [`Error::Conflict`] when it is not dead, or when the same work already waits under its dedupe key.
pub async fn retry(desk: &Desk, actor: &Actor, id: JobId) -> Result<Job> {
    match change_as(desk, actor, Operation::JobRetry, id, &Event::RunAgain).await {
        Err(Error::Database(DbError::Duplicate { .. })) => {
            Err(Error::Conflict("the same work already waits or runs as another job".to_owned()))
        }
        other => other,
    }
}

/// Cancels a job: one that waits at once; one that runs is asked to stop.
///
/// # Errors
/// [`Error::Conflict`] when it has ended.
pub async fn cancel(desk: &Desk, actor: &Actor, id: JobId) -> Result<Cancelled> {
    let job = change_as(desk, actor, Operation::JobCancel, id, &Event::Cancel).await?;
    Ok(if job.state == JobState::Cancelled { Cancelled::AtOnce } else { Cancelled::Asked })
}

/// A job, for the subject that enqueued it.
pub(crate) async fn look(on: &mut dyn Connection, id: JobId) -> Result<Option<Job>> {
    Ok(store::find(on, id).await?)
}

/// Cancels a job as a consequence of an act that has an entry of its own. One that has ended stays as it is.
pub(crate) async fn cancel_in(act: &mut Act<'_>, id: JobId) -> Result<()> {
    let now = act.now();
    match change(act.tx(), id, &Event::Cancel, now).await {
        Ok(_) | Err(ChangeError::Unfit(_)) => act.announce(Topic::Jobs),
        Err(ChangeError::Database(error)) => return Err(error.into()),
    }
    Ok(())
}

async fn change_as(desk: &Desk, actor: &Actor, operation: Operation, id: JobId, event: &Event<'_>) -> Result<Job> {
    let mut act = desk.act(actor, operation, Target::Workspace).await?;
    let now = act.now();
    let before = store::locked(act.tx(), id).await?.ok_or(Error::NotFound("job"))?;
    let after = change(act.tx(), id, event, now).await.map_err(|error| match error {
        ChangeError::Unfit(unfit) => Error::Conflict(unfit.to_string()),
        ChangeError::Database(error) => error.into(),
    })?;
    act.record(Object::new("job", id)).before(&before).after(&after).detail("kind", json!(after.kind));
    act.announce(Topic::Jobs);
    act.commit().await?;
    Ok(after)
}
