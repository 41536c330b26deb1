//! Several nodes on one database: shared work, limits over all nodes, leases, schedules, shutting down.

use std::time::Duration;

use desk::{
    Desk,
    jobs::{JobState, Registry, When, Worker, WorkerOptions, house_kinds},
};
use testkit::{
    TestDesk, eventually,
    jobs::{Behaviour, GatedJob, RowJob, WhenAsked, create_effects, effects, enqueue_now},
    on_both,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{job, running};

/// A lease that does not run out unless the test moves the clock, and whose first heartbeat comes after any test.
const LONG_LEASE_MS: u32 = 600_000;
/// A lease with heartbeats within the test.
const SHORT_LEASE_MS: u32 = 300;

/// Longer than any job here takes once it may go on.
const PATIENT: Duration = Duration::from_mins(1);

type Gated = GatedJob<LONG_LEASE_MS, 64>;

struct Node {
    stop: CancellationToken,
    worker: JoinHandle<()>,
}

impl Node {
    fn start(desk: &Desk, registry: &Registry, finish_within: Duration) -> Self {
        let stop = CancellationToken::new();
        let options = WorkerOptions { name: "test".to_owned(), at_once_max: 4, finish_within };
        let worker = tokio::spawn(Worker::new(desk.clone(), registry.clone(), options).run(stop.clone()));
        Self { stop, worker }
    }

    async fn end(self) {
        self.stop.cancel();
        self.worker.await.expect("the worker ends without a panic");
    }
}

async fn enqueue_gated(test: &TestDesk, jobs: usize) -> Vec<desk::ids::JobId> {
    let mut ids = Vec::new();
    for _ in 0..jobs {
        ids.push(enqueue_now::<Gated>(&test.desk, &WhenAsked::GoOn, When::default()).await.id());
    }
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_work_at_the_same_time_and_each_job_is_done_once() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let other = test.another_node(2).await;
        let kind = Gated::default();
        let registry = Registry::new().with(kind.clone());
        let ids = enqueue_gated(&test, 60).await;
        let nodes = [Node::start(&test.desk, &registry, PATIENT), Node::start(&other, &registry, PATIENT)];
        // Each runs four at once at most, so eight at the gate means that both work.
        eventually("eight jobs at the gate", async || kind.gate.inside() == 8).await;
        kind.gate.let_pass(ids.len());
        eventually("every effect", async || effects(test.desk.db()).await.len() >= ids.len()).await;
        for node in nodes {
            node.end().await;
        }
        assert_eq!(effects(test.desk.db()).await, ids);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_a_kind_holds_over_all_nodes() {
    on_both(|test| async move {
        type OneOrTwo = GatedJob<LONG_LEASE_MS, 2>;
        create_effects(test.desk.db()).await;
        let other = test.another_node(2).await;
        let kind = OneOrTwo::default();
        let registry = Registry::new().with(kind.clone()).with(RowJob);
        for _ in 0..6 {
            enqueue_now::<OneOrTwo>(&test.desk, &WhenAsked::GoOn, When::default()).await;
        }
        let nodes = [Node::start(&test.desk, &registry, PATIENT), Node::start(&other, &registry, PATIENT)];
        eventually("two at the gate", async || kind.gate.inside() == 2).await;
        // A job of another kind is not held up by them.
        enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await;
        eventually("the other kind's effect", async || effects(test.desk.db()).await.len() == 1).await;
        kind.gate.let_pass(6);
        eventually("every effect", async || effects(test.desk.db()).await.len() == 7).await;
        for node in nodes {
            node.end().await;
        }
        assert_eq!(kind.gate.inside_max(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_does_after_it_lost_its_lease_is_refused() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let other = test.another_node(2).await;
        let (slow, quick) = (Gated::default(), Gated::default());
        let id = enqueue_gated(&test, 1).await[0];
        let slow_node = Node::start(&test.desk, &Registry::new().with(slow.clone()), PATIENT);
        eventually("the slow node at the gate", async || slow.gate.inside() == 1).await;
        test.clock.advance_ms(i64::from(LONG_LEASE_MS) + 1);
        let quick_node = Node::start(&other, &Registry::new().with(quick.clone()), PATIENT);
        // Whoever looks first takes it; the slow node may be the one, then it holds two attempts, of which one counts.
        eventually("a second attempt", async || slow.gate.inside() + quick.gate.inside() == 2).await;
        assert_eq!(job(&test.desk, id).await.lease_epoch, 2);
        // The gate lets pass in the order of arrival, so this is the former holder. It tries to complete, and leaves.
        slow.gate.let_pass(1);
        eventually("the former holder's end", async || slow.gate.inside() + quick.gate.inside() == 1).await;
        assert_eq!(effects(test.desk.db()).await, [], "nothing of the former holder was kept");
        assert_eq!(job(&test.desk, id).await.state, JobState::Running);
        slow.gate.let_pass(1);
        quick.gate.let_pass(1);
        eventually("the end", async || job(&test.desk, id).await.state == JobState::Done).await;
        slow_node.end().await;
        quick_node.end().await;
        assert_eq!(effects(test.desk.db()).await, [id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_keeps_the_lease_and_brings_the_progress() {
    on_both(|test| async move {
        type Beating = GatedJob<SHORT_LEASE_MS, 1>;
        create_effects(test.desk.db()).await;
        let kind = Beating::default();
        let registry = Registry::new().with(kind.clone());
        let id = enqueue_now::<Beating>(&test.desk, &WhenAsked::GoOn, When::default()).await.id();
        let node = Node::start(&test.desk, &registry, PATIENT);
        eventually("the job at the gate", async || kind.gate.inside() == 1).await;
        let claimed_until = job(&test.desk, id).await.lease.expect("it runs").until_ms;
        for _ in 0..3 {
            // Short of the lease's end each time, far past the first one together.
            test.clock.advance_ms(i64::from(SHORT_LEASE_MS) * 2 / 3);
            let until = test.desk.now().plus_ms(i64::from(SHORT_LEASE_MS));
            eventually("a heartbeat", async || job(&test.desk, id).await.lease.is_some_and(|lease| lease.until_ms == until))
                .await;
        }
        assert!(test.desk.now() > claimed_until);
        let held = job(&test.desk, id).await;
        assert_eq!((held.lease_epoch, held.progress_done, held.progress_total), (1, Some(1), Some(2)));
        kind.gate.let_pass(1);
        eventually("the end", async || job(&test.desk, id).await.state == JobState::Done).await;
        node.end().await;
        assert_eq!(effects(test.desk.db()).await, [id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_of_the_schedule_makes_one_job_over_all_nodes() {
    const HOUR_MS: i64 = 3_600_000;
    on_both(|test| async move {
        let other = test.another_node(2).await;
        let worker = |desk: &Desk| Worker::new(desk.clone(), house_kinds(), WorkerOptions::default());
        let (mut one, mut two) = (worker(&test.desk), worker(&other));
        let made = async || {
            let page = desk::paging::PageRequest::default();
            let filter = desk::jobs::JobFilter { kind: Some("house.forget_finished_jobs".to_owned()), state: None };
            desk::jobs::list(&test.desk, &desk::Actor::operator(), &filter, &page).await.expect("lists").total
        };
        for (tick, later_ms) in [(1, 0), (2, HOUR_MS), (3, 5 * HOUR_MS)] {
            test.clock.advance_ms(later_ms);
            let (first, second) = tokio::join!(one.work_until_idle(), two.work_until_idle());
            first.and(second).expect("both nodes look");
            assert_eq!(made().await, tick, "ticks missed while nothing ran are not made up for");
        }
        test.clock.advance_ms(HOUR_MS - 1);
        one.work_until_idle().await.expect("looks");
        assert_eq!(made().await, 3, "nothing before the next tick");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_ends_hands_back_what_it_holds() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let kind = Gated::default();
        let registry = Registry::new().with(kind.clone());
        let ids = enqueue_gated(&test, 2).await;
        let listening = enqueue_now::<Gated>(&test.desk, &WhenAsked::Stop, When::default()).await.id();
        let node = Node::start(&test.desk, &registry, Duration::ZERO);
        eventually("three at the gate", async || kind.gate.inside() == 3).await;
        node.end().await;
        assert_eq!(kind.gate.inside(), 0, "nothing goes on in the background");
        for id in ids.iter().copied().chain([listening]) {
            let back = job(&test.desk, id).await;
            assert_eq!((back.state, back.attempts, back.lease), (JobState::Queued, 0, None));
        }
        assert_eq!(effects(test.desk.db()).await, []);
        kind.gate.let_pass(3);
        test.run_jobs(&registry).await;
        assert_eq!(effects(test.desk.db()).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_ends_lets_a_job_finish_that_is_about_to() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let kind = Gated::default();
        let ids = enqueue_gated(&test, 1).await;
        let node = Node::start(&test.desk, &Registry::new().with(kind.clone()), PATIENT);
        eventually("the job at the gate", async || kind.gate.inside() == 1).await;
        node.stop.cancel();
        let late = enqueue_gated(&test, 1).await[0];
        kind.gate.let_pass(1);
        node.end().await;
        assert_eq!(effects(test.desk.db()).await, ids);
        assert_eq!(job(&test.desk, late).await.state, JobState::Queued, "nothing new was taken");
        test.expect_jobs_left(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_that_is_cancelled_on_another_node_stops() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let other = test.another_node(2).await;
        let kind = Gated::default();
        let id = enqueue_now::<Gated>(&test.desk, &WhenAsked::Stop, When::default()).await.id();
        let node = Node::start(&test.desk, &Registry::new().with(kind.clone()), PATIENT);
        eventually("the job at the gate", async || kind.gate.inside() == 1).await;
        let asked = desk::jobs::cancel(&other, &desk::Actor::operator(), id).await.expect("asks");
        assert_eq!(asked, desk::jobs::Cancelled::Asked);
        eventually("the end", async || job(&test.desk, id).await.state == JobState::Cancelled).await;
        node.end().await;
        assert_eq!((running(&test.desk).await, effects(test.desk.db()).await.len()), (0, 0));
    })
    .await;
}
