//! Job kinds whose effect can be counted: a row per effect, with nothing that would hide a second one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use desk::{
    Desk,
    db::{Db, Tx, sql},
    ids::JobId,
    jobs::{Attempt, Backoff, Completion, Enqueued, Failure, JobKind, Limits, Outcome, When, enqueue},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// Limits of the test kinds: few attempts, room for everything, leases longer than a test.
const LIMITS: Limits =
    Limits { attempts_max: 3, running_max: 64, lease_ms: 60_000, backoff: Backoff { first_ms: 1_000, longest_ms: 8_000 } };

/// Makes the table that effects are written to. It has no key: a second effect of a job is a second row.
pub async fn create_effects(db: &Db) {
    let mut tx = db.begin().await.expect("begins");
    sql("CREATE TABLE effects (job_id BYTEA NOT NULL, attempt BIGINT NOT NULL)").execute(&mut tx).await.expect("creates");
    tx.commit().await.expect("commits");
}

/// Writes a job's effect.
pub async fn write_effect(tx: &mut Tx, attempt: &Attempt) -> Result<(), Failure> {
    sql("INSERT INTO effects (job_id, attempt) VALUES ($1, $2)").bind(attempt.job()).bind(attempt.number()).execute(tx).await?;
    Ok(())
}

/// The job of each effect, sorted.
pub async fn effects(db: &Db) -> Vec<JobId> {
    let mut reader = db.read().await.expect("reads");
    let rows = sql("SELECT job_id FROM effects ORDER BY job_id").all(&mut reader).await.expect("lists");
    rows.iter().map(|row| row.get("job_id").expect("an id")).collect()
}

/// Enqueues a job in a transaction of its own and wakes this process's workers.
pub async fn enqueue_now<K: JobKind>(desk: &Desk, payload: &K::Payload, when: When) -> Enqueued {
    let mut tx = desk.db().begin().await.expect("begins");
    let enqueued = enqueue::<K>(desk, &mut tx, payload, when).await.expect("enqueues");
    tx.commit().await.expect("commits");
    desk.announce(desk::Topic::Jobs);
    enqueued
}

/// How a [`RowJob`] behaves. Whatever it does, it writes its effect first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behaviour {
    /// Completes.
    Succeed,
    /// Fails in its first attempts, then completes.
    FailTimes(i64),
    /// Fails and asks for this many milliseconds.
    FailFor(i64),
    /// Says that it will never work.
    GiveUp,
    /// Panics.
    Panic,
    /// Stops although nobody asked it to.
    StopUnasked,
}

/// Writes one row.
#[derive(Debug)]
pub struct RowJob;

impl JobKind for RowJob {
    const ID: &'static str = "test.row";
    const TITLE: &'static str = "Write a row";
    const DOCS: &'static str = "Writes one row into the table of effects.";
    const LIMITS: Limits = LIMITS;
    type Payload = Behaviour;

    async fn run(&self, attempt: Attempt, completion: Completion, behaviour: Behaviour) -> Outcome {
        let mut tx = attempt.desk().db().begin().await?;
        write_effect(&mut tx, &attempt).await?;
        match behaviour {
            Behaviour::FailTimes(times) if attempt.number() <= times => Err(Failure::retry("not yet")),
            Behaviour::Succeed | Behaviour::FailTimes(_) => completion.commit(tx).await,
            Behaviour::FailFor(ms) => Err(Failure::retry_after("busy", ms)),
            Behaviour::GiveUp => Err(Failure::give_up("never")),
            Behaviour::Panic => panic!("this panic is part of a test"),
            Behaviour::StopUnasked => Err(Failure::Stopped),
        }
    }
}

/// Where [`GatedJob`]s wait, and how many were there at once.
#[derive(Debug)]
pub struct Gate {
    open: Semaphore,
    inside: AtomicUsize,
    inside_max: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Semaphore::new(0), inside: AtomicUsize::new(0), inside_max: AtomicUsize::new(0) }
    }
}

impl Gate {
    /// Lets this many jobs pass.
    pub fn let_pass(&self, jobs: usize) {
        self.open.add_permits(jobs);
    }

    /// How many wait at the gate.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    /// The most that ever waited at once.
    pub fn inside_max(&self) -> usize {
        self.inside_max.load(Ordering::SeqCst)
    }
}

/// What a [`GatedJob`] does when it is asked to stop while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhenAsked {
    /// Stops.
    Stop,
    /// Does not listen.
    GoOn,
}

/// Waits at a gate, then writes one row. The lease and the number that may run at once are part of the type.
#[derive(Debug, Clone, Default)]
pub struct GatedJob<const LEASE_MS: u32, const RUNNING_MAX: u16> {
    /// Where it waits.
    pub gate: Arc<Gate>,
}

impl<const LEASE_MS: u32, const RUNNING_MAX: u16> JobKind for GatedJob<LEASE_MS, RUNNING_MAX> {
    const ID: &'static str = "test.gated";
    const TITLE: &'static str = "Wait, then write a row";
    const DOCS: &'static str = "Waits until the test lets it pass, then writes one row into the table of effects.";
    const LIMITS: Limits = Limits { lease_ms: LEASE_MS, running_max: RUNNING_MAX, ..LIMITS };
    type Payload = WhenAsked;

    async fn run(&self, mut attempt: Attempt, completion: Completion, when_asked: WhenAsked) -> Outcome {
        struct Inside<'g>(&'g Gate);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                self.0.inside.fetch_sub(1, Ordering::SeqCst);
            }
        }
        attempt.progress(1, 2);
        let now_inside = self.gate.inside.fetch_add(1, Ordering::SeqCst) + 1;
        let _inside = Inside(&self.gate);
        self.gate.inside_max.fetch_max(now_inside, Ordering::SeqCst);
        tokio::select! {
            _ = attempt.stopped(), if when_asked == WhenAsked::Stop => return Err(Failure::Stopped),
            permit = self.gate.open.acquire() => permit.expect("the gate is never closed").forget(),
        }
        let mut tx = attempt.desk().db().begin().await?;
        write_effect(&mut tx, &attempt).await?;
        completion.commit(tx).await
    }
}
