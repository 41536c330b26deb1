//! The life of one job on one node.

use desk::{
    db::sql,
    jobs::{Enqueued, JobState, Registry, When, enqueue},
};
use testkit::{
    jobs::{Behaviour, RowJob, create_effects, effects, enqueue_now},
    on_both,
};

use super::job;

/// Longer than any wait of the test kind.
const LATER_MS: i64 = 10_000;

fn rows() -> Registry {
    Registry::new().with(RowJob)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_exists_if_and_only_if_its_cause_does() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let mut tx = test.desk.db().begin().await.expect("begins");
        enqueue::<RowJob>(&test.desk, &mut tx, &Behaviour::Succeed, When::default()).await.expect("enqueues");
        drop(tx);
        let kept = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await;
        test.run_jobs(&rows()).await;
        assert_eq!(effects(test.desk.db()).await, [kept.id()]);
        let done = job(&test.desk, kept.id()).await;
        assert_eq!((done.state, done.attempts, done.lease), (JobState::Done, 1, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_waits_for_its_time() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let when = When { at: Some(test.desk.now().plus_ms(500)), dedupe_key: None };
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, when).await.id();
        test.run_jobs(&rows()).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Queued);
        test.clock.advance_ms(500);
        test.run_jobs(&rows()).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Done);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dedupe_key_admits_one_job_until_it_has_ended() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let other = test.another_node(2).await;
        let when = When { at: None, dedupe_key: Some("the same".to_owned()) };
        let mut enqueuers = tokio::task::JoinSet::new();
        for round in 0..16 {
            let desk = if round % 2 == 0 { test.desk.clone() } else { other.clone() };
            let when = when.clone();
            enqueuers.spawn(async move { enqueue_now::<RowJob>(&desk, &Behaviour::Succeed, when).await });
        }
        let all = enqueuers.join_all().await;
        let new: Vec<_> = all.iter().filter(|enqueued| matches!(enqueued, Enqueued::New(_))).collect();
        assert_eq!(new.len(), 1, "{all:?}");
        assert!(all.iter().all(|enqueued| enqueued.id() == new[0].id()), "everybody learns which job it is: {all:?}");
        test.run_jobs(&rows()).await;
        assert!(matches!(enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, when).await, Enqueued::New(_)));
        test.run_jobs(&rows()).await;
        assert_eq!(effects(test.desk.db()).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_leaves_nothing_and_the_next_comes_after_a_wait() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::FailTimes(2), When::default()).await.id();
        let mut waits = Vec::new();
        for _ in 0..2 {
            test.run_jobs(&rows()).await;
            let failed = job(&test.desk, id).await;
            assert_eq!((failed.state, failed.last_error.as_deref()), (JobState::Queued, Some("not yet")));
            waits.push(failed.run_at_ms.since_ms(test.desk.now()));
            assert_eq!(effects(test.desk.db()).await, [], "the effect of a failed attempt is gone");
            test.clock.advance_ms(LATER_MS);
        }
        assert!((500..=1_000).contains(&waits[0]) && (1_000..=2_000).contains(&waits[1]), "{waits:?}");
        test.run_jobs(&rows()).await;
        let done = job(&test.desk, id).await;
        assert_eq!((done.state, done.attempts, done.last_error), (JobState::Done, 3, None));
        assert_eq!(effects(test.desk.db()).await, [id]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_may_ask_for_a_longer_wait() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::FailFor(3_600_000), When::default()).await.id();
        test.run_jobs(&rows()).await;
        assert_eq!(job(&test.desk, id).await.run_at_ms, test.desk.now().plus_ms(3_600_000));
        test.expect_jobs_left(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_at_each_attempt_ends_dead() {
    for behaviour in [Behaviour::FailTimes(99), Behaviour::Panic, Behaviour::StopUnasked] {
        on_both(|test| async move {
            create_effects(test.desk.db()).await;
            let id = enqueue_now::<RowJob>(&test.desk, &behaviour, When::default()).await.id();
            for attempts in 1..=3 {
                test.run_jobs(&rows()).await;
                assert_eq!(job(&test.desk, id).await.attempts, attempts);
                test.clock.advance_ms(LATER_MS);
            }
            let dead = job(&test.desk, id).await;
            assert_eq!(dead.state, JobState::Dead);
            assert!(dead.last_error.is_some() && dead.finished_at_ms.is_some(), "{dead:?}");
            test.run_jobs(&rows()).await;
            assert_eq!(job(&test.desk, id).await, dead, "a dead job is left alone");
            assert_eq!(effects(test.desk.db()).await, []);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_never_work_is_not_tried_twice() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let hopeless = enqueue_now::<RowJob>(&test.desk, &Behaviour::GiveUp, When::default()).await.id();
        let unreadable = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id();
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("UPDATE jobs SET payload = '{}' WHERE id = $1").bind(unreadable).execute(&mut tx).await.expect("updates");
        tx.commit().await.expect("commits");
        test.run_jobs(&rows()).await;
        for id in [hopeless, unreadable] {
            let dead = job(&test.desk, id).await;
            assert_eq!((dead.state, dead.attempts), (JobState::Dead, 1), "{dead:?}");
        }
        assert_eq!(effects(test.desk.db()).await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_a_node_does_not_know_is_left_to_others() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id();
        test.run_jobs(&Registry::new()).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Queued);
        test.expect_jobs_left(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "left 1 jobs behind instead of 0")]
async fn a_test_that_leaves_a_job_behind_fails() {
    on_both(|test| async move {
        enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await;
    })
    .await;
}
