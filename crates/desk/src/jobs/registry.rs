//! Job kinds: one unit each, with id, title, docs, limits, payload, schedule and code; and the list of them.
//!
//! The list makes the worker, the metrics and the jobs page. A kind that is not in a node's list is left to nodes that know it,
//! so nodes of two versions can share one database.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    attempt::{Attempt, Completed, Completion, Failure},
    rules::Backoff,
};

/// How an attempt ended, as its code says.
pub type Outcome = Result<Completed, Failure>;

/// What bounds the jobs of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often a job may be begun before it is dead.
    pub attempts_max: u16,
    /// How many may run at once over all nodes.
    pub running_max: u16,
    /// How long a job stays with a worker that sends no heartbeat, in milliseconds. Longer than any pause a healthy process makes.
    pub lease_ms: u32,
    /// Waits between attempts.
    pub backoff: Backoff,
}

impl Limits {
    /// For housekeeping: one at a time, patient.
    pub const HOUSEKEEPING: Self = Self {
        attempts_max: 5,
        running_max: 1,
        lease_ms: 60_000,
        backoff: Backoff { first_ms: 30_000, longest_ms: 30 * 60 * 1_000 },
    };
}

/// A rhythm in which one job is enqueued over all nodes, unless the one before still waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule<P> {
    /// Milliseconds between ticks.
    pub every_ms: u32,
    /// What each job is given.
    pub payload: P,
}

/// A kind of job.
pub trait JobKind: Send + Sync + 'static {
    /// The name in the database: `area.verb`. Never changed once released, because jobs wait under it.
    const ID: &'static str;
    /// What it does, as a page says it.
    const TITLE: &'static str;
    /// What it does and what to do when it dies, in a few sentences.
    const DOCS: &'static str;
    /// What bounds it.
    const LIMITS: Limits;
    /// What a job needs to know: ids, never content or secrets. Stored as JSON; a newer version must read what an older wrote.
    type Payload: Serialize + DeserializeOwned + Send + 'static;

    /// The rhythm in which it happens by itself, if it does.
    fn schedule(&self) -> Option<Schedule<Self::Payload>> {
        None
    }

    /// Whether this node can work on jobs of this kind now. While it cannot, they wait or go to another node.
    fn is_ready(&self) -> bool {
        true
    }

    /// Does the work once. The effect belongs in the transaction that is given to `completion`: it becomes durable together with
    /// the job's end, or not at all. What reaches out of the database needs an idempotency of its own, because it can be tried again.
    fn run(&self, attempt: Attempt, completion: Completion, payload: Self::Payload) -> impl Future<Output = Outcome> + Send;
}

/// What is known about a kind without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindInfo {
    /// The name in the database.
    pub id: &'static str,
    /// What it does, as a page says it.
    pub title: &'static str,
    /// What it does and what to do when it dies.
    pub docs: &'static str,
    /// What bounds it.
    pub limits: Limits,
    /// The rhythm in which it happens by itself, in milliseconds.
    pub every_ms: Option<u32>,
}

pub(super) type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A kind without its payload type.
pub(super) trait AnyKind: Send + Sync {
    fn info(&self) -> &KindInfo;
    fn is_ready(&self) -> bool;
    /// The payload of a scheduled job as JSON.
    fn scheduled_payload(&self) -> Option<serde_json::Result<String>>;
    fn start(&self, attempt: Attempt, completion: Completion, payload: &str) -> Result<Running, serde_json::Error>;
}

struct Typed<K> {
    kind: Arc<K>,
    info: KindInfo,
}

impl<K: JobKind> AnyKind for Typed<K> {
    fn info(&self) -> &KindInfo {
        &self.info
    }

    fn is_ready(&self) -> bool {
        self.kind.is_ready()
    }

    fn scheduled_payload(&self) -> Option<serde_json::Result<String>> {
        self.kind.schedule().map(|schedule| serde_json::to_string(&schedule.payload))
    }

    fn start(&self, attempt: Attempt, completion: Completion, payload: &str) -> Result<Running, serde_json::Error> {
        let payload = serde_json::from_str(payload)?;
        let kind = self.kind.clone();
        Ok(Box::pin(async move { kind.run(attempt, completion, payload).await }))
    }
}

/// The kinds a node works on.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<dyn AnyKind>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

impl Registry {
    /// No kinds yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    ///
    /// # Panics
    /// When the id is taken or a limit is 0: a mistake in the program that shows at its first start.
    #[must_use]
    pub fn with<K: JobKind>(mut self, kind: K) -> Self {
        let limits = K::LIMITS;
        assert!(
            limits.attempts_max > 0 && limits.running_max > 0 && limits.lease_ms > 0,
            "job kind {} has a limit of 0 and would never run",
            K::ID
        );
        let every_ms = kind.schedule().map(|schedule| schedule.every_ms);
        assert!(every_ms != Some(0), "job kind {} is scheduled every 0 ms", K::ID);
        let info = KindInfo { id: K::ID, title: K::TITLE, docs: K::DOCS, limits, every_ms };
        let taken = self.kinds.insert(K::ID, Arc::new(Typed { kind: Arc::new(kind), info }));
        assert!(taken.is_none(), "two job kinds have the id {}", K::ID);
        self
    }

    /// Every kind, in the order of their ids.
    pub fn kinds(&self) -> impl Iterator<Item = &KindInfo> {
        self.kinds.values().map(|kind| kind.info())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<dyn AnyKind>> {
        self.kinds.get(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn AnyKind>> {
        self.kinds.values()
    }
}
