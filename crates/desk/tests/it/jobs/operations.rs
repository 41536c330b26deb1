//! What pages and the API do with jobs, and the house's own job kinds.

use desk::{
    Actor, Error,
    audit_log::{AuditFilter, StoredEntry},
    db::sql,
    jobs::{self, Cancelled, JobFilter, JobState, Registry, When, house_kinds},
    paging::PageRequest,
};
use testkit::{
    TestDesk,
    jobs::{Behaviour, RowJob, create_effects, effects, enqueue_now},
    on_both,
};

use super::job;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn rows() -> Registry {
    Registry::new().with(RowJob)
}

async fn entries(test: &TestDesk, act: &str) -> Vec<StoredEntry> {
    let filter = AuditFilter { act: Some(act.to_owned()), ..AuditFilter::default() };
    desk::audit_log::list(&test.desk, &Actor::desk("test"), &filter, &PageRequest::default()).await.expect("lists").items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_job_can_be_run_again_and_that_is_on_record() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let operator = Actor::operator();
        let when = When { at: None, dedupe_key: Some("one".to_owned()) };
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::GiveUp, when.clone()).await.id();
        test.run_jobs(&rows()).await;
        let other = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, when).await.id();
        let in_the_way = jobs::retry(&test.desk, &operator, id).await;
        assert!(matches!(in_the_way, Err(Error::Conflict(_))), "{in_the_way:?}");
        test.run_jobs(&rows()).await;
        let done = jobs::retry(&test.desk, &operator, other).await;
        assert!(matches!(done, Err(Error::Conflict(_))), "{done:?}");
        let again = jobs::retry(&test.desk, &operator, id).await.expect("it is dead");
        assert_eq!((again.state, again.attempts), (JobState::Queued, 0));
        let recorded = entries(&test, "jobs.retry").await;
        assert_eq!(recorded.len(), 1, "what was refused by the state of things left no entry: {recorded:?}");
        assert_eq!(recorded[0].object_id, Some(id.0));
        assert!(recorded[0].before_digest.is_some() && recorded[0].before_digest != recorded[0].after_digest);
        test.run_jobs(&rows()).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Dead);
        assert_eq!(effects(test.desk.db()).await, [other]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_is_cancelled_at_once() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id();
        assert_eq!(jobs::cancel(&test.desk, &Actor::operator(), id).await.expect("cancels"), Cancelled::AtOnce);
        test.run_jobs(&rows()).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Cancelled);
        assert_eq!(effects(test.desk.db()).await, []);
        assert_eq!(entries(&test, "jobs.cancel").await.len(), 1);
        assert!(matches!(jobs::cancel(&test.desk, &Actor::operator(), id).await, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_touches_jobs_without_the_right() {
    on_both(|test| async move {
        let id = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id();
        let (desk, nobody) = (&test.desk, Actor::nobody(None));
        assert!(matches!(jobs::counts(desk, &nobody).await, Err(Error::Refused(_))));
        assert!(matches!(jobs::find(desk, &nobody, id).await, Err(Error::Refused(_))));
        let list = jobs::list(desk, &nobody, &JobFilter::default(), &PageRequest::default()).await;
        assert!(matches!(list, Err(Error::Refused(_))));
        assert!(matches!(jobs::retry(desk, &nobody, id).await, Err(Error::Refused(_))));
        assert!(matches!(jobs::cancel(desk, &nobody, id).await, Err(Error::Refused(_))));
        assert_eq!(job(desk, id).await.state, JobState::Queued);
        test.expect_jobs_left(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_pages_newest_first_and_the_counts_are_right() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let operator = Actor::operator();
        let mut ids = Vec::new();
        for behaviour in [Behaviour::Succeed, Behaviour::GiveUp, Behaviour::Succeed] {
            ids.push(enqueue_now::<RowJob>(&test.desk, &behaviour, When::default()).await.id());
            test.clock.advance_ms(1);
        }
        test.run_jobs(&rows()).await;
        ids.push(enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id());
        ids.reverse();
        test.clock.advance_ms(5_000);
        let mut listed = Vec::new();
        let mut request = PageRequest { after: None, size: 3 };
        loop {
            let page = jobs::list(&test.desk, &operator, &JobFilter::default(), &request).await.expect("lists");
            assert_eq!(page.total, 4);
            listed.extend(page.items.iter().map(|job| job.id));
            let Some(next) = page.next else { break };
            request.after = Some(next);
        }
        assert_eq!(listed, ids);
        let dead = JobFilter { kind: Some("test.row".to_owned()), state: Some(JobState::Dead) };
        let dead = jobs::list(&test.desk, &operator, &dead, &PageRequest::default()).await.expect("lists");
        assert_eq!((dead.total, dead.items[0].id), (1, ids[2]));
        let counts = jobs::counts(&test.desk, &operator).await.expect("counts");
        assert_eq!(counts.len(), 1);
        assert_eq!((counts[0].queued, counts[0].running, counts[0].dead, counts[0].oldest_wait_ms), (1, 0, 1, 5_000));
        let odd = PageRequest { after: Some("odd".to_owned()), size: 3 };
        assert!(matches!(jobs::list(&test.desk, &operator, &JobFilter::default(), &odd).await, Err(Error::Invalid(_))));
        test.run_jobs(&rows()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn housekeeping_forgets_what_has_served_its_time_and_nothing_else() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let now = test.desk.now();
        let mut tx = test.desk.db().begin().await.expect("begins");
        // More than one batch of old ones, and two that are still remembered.
        for (n, age_ms) in (0..1_203).map(|n| (n, if n < 2 { DAY_MS } else { DAY_MS + 1 })) {
            sql("INSERT INTO idempotency_keys (owner_id, key, request_digest, status, body, created_at_ms) \
                 VALUES ($1, $2, $1, 200, '', $3)")
            .bind([7u8; 16])
            .bind(format!("key {n}"))
            .bind(now.plus_ms(-age_ms))
            .execute(&mut tx)
            .await
            .expect("inserts");
        }
        tx.commit().await.expect("commits");
        let done = enqueue_now::<RowJob>(&test.desk, &Behaviour::Succeed, When::default()).await.id();
        let dead = enqueue_now::<RowJob>(&test.desk, &Behaviour::GiveUp, When::default()).await.id();
        test.run_jobs(&rows()).await;
        test.run_jobs(&house_kinds()).await;
        let mut reader = test.desk.db().read().await.expect("reads");
        let left = sql("SELECT COUNT(*) AS n FROM idempotency_keys").one(&mut reader).await.expect("counts");
        assert_eq!(left.get::<i64>("n").expect("a number"), 2);
        drop(reader);

        let gone = async |id| matches!(jobs::find(&test.desk, &Actor::operator(), id).await, Err(Error::NotFound(_)));
        test.clock.advance_ms(30 * DAY_MS);
        test.run_jobs(&house_kinds()).await;
        assert!(!gone(done).await, "thirty days are not over");
        test.clock.advance_ms(DAY_MS);
        test.run_jobs(&house_kinds()).await;
        assert!(gone(done).await && !gone(dead).await, "a dead job waits longer for a person");
        test.clock.advance_ms(150 * DAY_MS);
        test.run_jobs(&house_kinds()).await;
        assert!(gone(dead).await);
    })
    .await;
}
