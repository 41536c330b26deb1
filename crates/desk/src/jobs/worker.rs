//! The worker loop: looks for due jobs, runs as many as it may, and hands back what it holds when the process ends.
//!
//! It looks when [`Topic::Jobs`] is announced and at least every [`LOOK_EVERY`]. What it only looks at, it reads without a lock, so an
//! idle desk writes nothing. It holds no state that matters: everything it forgets when killed comes back when the leases run out.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    JobState, Registry, Stop, When, enqueue_json,
    registry::AnyKind,
    rules::{self, Event},
    run::{Held, run, seconds},
    store,
};
use crate::{
    db::Reader,
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{JobId, Time},
    metric_names,
};

/// At most this long between two looks: how late a job may begin whose announcement was missed, or that waits for its time.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much longer a look may take when the process is to end.
const LOOK_GRACE: Duration = Duration::from_millis(500);
/// Between two countings of all jobs for the metrics: as often as they are usually read.
const COUNT_EVERY_MS: i64 = 10_000;
/// After the time for ending by themselves, jobs are stopped and handed back within this time; together under ten seconds.
const HAND_BACK_WITHIN: Duration = Duration::from_secs(2);
/// Rounds of [`Worker::work_until_idle`]: more than any chain of jobs that enqueue jobs, less than for ever.
const ROUNDS_MAX: u32 = 1_000;

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerOptions {
    /// What it is called on the jobs page; a random part is added.
    pub name: String,
    /// Jobs it runs at once. Each may hold a database connection, so stay below the pool's size.
    pub at_once_max: usize,
    /// How long running jobs may go on when the process ends. At most seven seconds, so that all is over within ten.
    pub finish_within: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { name: format!("process {}", std::process::id()), at_once_max: 4, finish_within: Duration::from_millis(7_500) }
    }
}

/// Works on the jobs of a registry.
#[derive(Debug)]
pub struct Worker {
    desk: Desk,
    registry: Registry,
    options: WorkerOptions,
    owner: String,
    /// Which kind comes first at the next look, so that a busy one does not starve the others.
    turn: usize,
    schedules_are_put: bool,
    counted_at: Option<Time>,
}

/// The jobs a worker holds.
#[derive(Default)]
struct Crew {
    tasks: JoinSet<JobId>,
    stops: HashMap<JobId, watch::Sender<Option<Stop>>>,
    abandon: CancellationToken,
}

impl Crew {
    fn take_on(&mut self, desk: &Desk, held: Held) {
        let (stop, asked) = watch::channel(None);
        self.stops.insert(held.job.id, stop);
        let (desk, abandon) = (desk.clone(), self.abandon.clone());
        self.tasks.spawn(async move {
            run(&desk, &held, asked, &abandon).await;
            held.job.id
        });
    }

    /// Waits for a job to end; never when there is none.
    async fn one_ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(id)) => {
                self.stops.remove(&id);
            }
            Some(Err(error)) => tracing::error!(%error, "the worker failed around a job; its lease will run out"),
            None => std::future::pending().await,
        }
    }

    async fn all_ended(&mut self) {
        while !self.tasks.is_empty() {
            self.one_ended().await;
        }
    }

    fn ask(&self, id: JobId, stop: Stop) {
        if let Some(sender) = self.stops.get(&id) {
            sender.send_if_modified(|asked| asked.is_none() && asked.replace(stop).is_none());
        }
    }
}

impl Worker {
    /// A worker on a desk. It does nothing until it is run.
    pub fn new(desk: Desk, registry: Registry, options: WorkerOptions) -> Self {
        let owner = format!("{} {:08x}", options.name, desk.random() & 0xffff_ffff);
        Self { desk, registry, options, owner, turn: 0, schedules_are_put: false, counted_at: None }
    }

    /// Works until told to stop, then takes no more jobs, gives those it holds time to end, and hands back the rest.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut live = self.desk.live();
        let mut crew = Crew::default();
        while !stop.is_cancelled() {
            tokio::select! {
                looked = self.look(&mut crew) => if let Err(error) = looked {
                    tracing::warn!(%error, "the worker could not look for jobs; trying again");
                },
                // A database that does not answer must not hold up the end. A claim cut off here runs out with its lease.
                () = cancelled_since(&stop, LOOK_GRACE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = crew.one_ended() => {}
                () = jobs_announced(&mut live) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        self.hand_back(crew).await;
    }

    /// Works until nothing is due and nothing runs. For tests and for commands that end.
    ///
    /// # Errors
    /// When the database fails, or when jobs keep coming.
    pub async fn work_until_idle(&mut self) -> Result<()> {
        let mut crew = Crew::default();
        for _ in 0..ROUNDS_MAX {
            self.look(&mut crew).await?;
            if crew.tasks.is_empty() {
                return Ok(());
            }
            crew.all_ended().await;
        }
        Err(Error::Internal(format!(
            "jobs were still due after {ROUNDS_MAX} rounds; one of them enqueues itself again and again"
        )))
    }

    async fn hand_back(&self, mut crew: Crew) {
        for id in crew.stops.keys().copied().collect::<Vec<_>>() {
            crew.ask(id, Stop::ShuttingDown);
        }
        if tokio::time::timeout(self.options.finish_within, crew.all_ended()).await.is_ok() {
            return;
        }
        crew.abandon.cancel();
        if tokio::time::timeout(HAND_BACK_WITHIN, crew.all_ended()).await.is_err() {
            tracing::warn!(
                jobs = crew.tasks.len(),
                "jobs could not be handed back in time; they are taken up when their leases run out"
            );
        }
    }

    async fn look(&mut self, crew: &mut Crew) -> Result<()> {
        self.put_schedules().await?;
        let now = self.desk.now();
        let mut reader = self.desk.db().read().await?;
        let ticks = store::due_schedules(&mut reader, now).await?;
        if !crew.stops.is_empty() {
            for id in store::asked_to_stop(&mut reader, &self.owner).await? {
                crew.ask(id, Stop::Cancelled);
            }
        }
        self.count(&mut reader, now).await?;
        drop(reader);
        for kind in ticks.iter().filter_map(|id| self.registry.get(id)) {
            tick(&self.desk, kind.as_ref(), now).await?;
        }
        let mut kinds: Vec<_> = self.registry.all().filter(|kind| kind.is_ready()).cloned().collect();
        self.turn += 1;
        let first = self.turn % kinds.len().max(1);
        kinds.rotate_left(first);
        for kind in kinds {
            let room = self.options.at_once_max.saturating_sub(crew.tasks.len());
            if room == 0 {
                break;
            }
            for held in self.claim(&kind, room, now).await? {
                crew.take_on(&self.desk, held);
            }
        }
        Ok(())
    }

    /// Takes free jobs of a kind, as many as there is room for here and under the limit of the kind.
    async fn claim(&self, kind: &Arc<dyn AnyKind>, room: usize, now: Time) -> Result<Vec<Held>> {
        let info = kind.info();
        let mut reader = self.desk.db().read().await?;
        if !store::anything_free(&mut reader, info.id, now).await? {
            return Ok(Vec::new());
        }
        drop(reader);
        let mut tx = self.desk.db().begin().await?;
        // Two nodes that counted at the same time would together take more than the limit.
        tx.lock(&format!("jobs.claim.{}", info.id)).await?;
        let left = i64::from(info.limits.running_max) - store::held(&mut tx, info.id, now).await?;
        let limit = left.min(i64::try_from(room).unwrap_or(i64::MAX));
        if limit <= 0 {
            return Ok(Vec::new());
        }
        let event = Event::Claim { owner: &self.owner, lease_ms: i64::from(info.limits.lease_ms) };
        let mut taken = Vec::new();
        for (before, payload) in store::free(&mut tx, info.id, now, limit).await? {
            let Ok(after) = rules::apply(&before, &event, now) else { continue };
            store::save(&mut tx, &before, &after).await?;
            if after.state == JobState::Running {
                taken.push(Held { kind: kind.clone(), job: Arc::new(after), payload });
            } else {
                tracing::error!(job = %after.id, kind = info.id, state = after.state.id(), "a job ended without its worker");
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Puts the kinds of this node on the schedule, once.
    async fn put_schedules(&mut self) -> Result<()> {
        if self.schedules_are_put {
            return Ok(());
        }
        let mut tx = self.desk.db().begin().await?;
        for (id, every_ms) in self.registry.kinds().filter_map(|kind| Some((kind.id, kind.every_ms?))) {
            store::put_schedule(&mut tx, id, i64::from(every_ms), self.desk.now()).await?;
        }
        tx.commit().await?;
        self.schedules_are_put = true;
        Ok(())
    }

    async fn count(&mut self, reader: &mut Reader, now: Time) -> Result<()> {
        if self.counted_at.is_some_and(|at| at <= now && now.since_ms(at) < COUNT_EVERY_MS) {
            return Ok(());
        }
        self.counted_at = Some(now);
        let counts = store::counts(reader, now).await?;
        for kind in self.registry.kinds() {
            let found = counts.iter().find(|entry| entry.kind == kind.id).cloned().unwrap_or_default();
            let set = |metric: metric_names::Metric, value: f64| metrics::gauge!(metric.name, "kind" => kind.id).set(value);
            set(metric_names::JOBS_QUEUED, number(found.queued));
            set(metric_names::JOBS_RUNNING, number(found.running));
            set(metric_names::JOBS_DEAD, number(found.dead));
            set(metric_names::JOBS_OLDEST_WAIT, seconds(found.oldest_wait_ms));
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 jobs")]
fn number(count: i64) -> f64 {
    count as f64
}

/// Enqueues the job of a tick, unless another node was faster or the job before it is not over.
async fn tick(desk: &Desk, kind: &dyn AnyKind, now: Time) -> Result<()> {
    let info = kind.info();
    let Some(payload) = kind.scheduled_payload() else { return Ok(()) };
    let payload =
        payload.map_err(|error| Error::Internal(format!("the payload of job kind {} cannot be written: {error}", info.id)))?;
    let mut tx = desk.db().begin().await?;
    let Some((every_ms, tick)) = store::due_schedule(&mut tx, info.id, now).await? else { return Ok(()) };
    let when = When { at: None, dedupe_key: Some("schedule".to_owned()) };
    enqueue_json(desk, &mut tx, info.id, info.limits, payload, when).await?;
    store::set_tick(&mut tx, info.id, rules::next_tick(tick, every_ms, now), now).await?;
    tx.commit().await?;
    Ok(())
}

/// Waits until so much time has passed since the token was cancelled.
async fn cancelled_since(stop: &CancellationToken, grace: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// Waits until jobs are announced, or until announcements were missed.
async fn jobs_announced(live: &mut broadcast::Receiver<Topic>) {
    loop {
        match live.recv().await {
            Ok(Topic::Jobs) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}
