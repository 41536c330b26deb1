//! Jobs whose effect is an act: its audit entry, its effect and the job's end are one transaction.

use desk::{
    Actor, Object,
    audit_log::{self, AuditFilter},
    db::sql,
    jobs::{Attempt, Completion, JobKind, JobState, Limits, Outcome, Registry, When, enqueue_in},
    paging::PageRequest,
    rights::{Operation, Target},
};
use testkit::{
    TestDesk,
    jobs::{create_effects, effects, enqueue_now, write_effect},
    on_both,
};

use super::job;

/// Acts in the name of the desk, with one row as its effect. With the payload `true`, another worker takes the job away before.
struct ActJob;

impl JobKind for ActJob {
    const ID: &'static str = "test.act";
    const TITLE: &'static str = "Act";
    const DOCS: &'static str = "Acts, with one row as its effect.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = bool;

    async fn run(&self, attempt: Attempt, completion: Completion, taken_away: bool) -> Outcome {
        if taken_away {
            let mut tx = attempt.desk().db().begin().await?;
            sql("UPDATE jobs SET lease_epoch = lease_epoch + 1 WHERE id = $1").bind(attempt.job()).execute(&mut tx).await?;
            tx.commit().await?;
        }
        let actor = Actor::desk("test");
        let mut act = attempt.desk().act(&actor, Operation::SettingsChange, Target::Workspace).await?;
        write_effect(act.tx(), &attempt).await?;
        act.record(Object::all("settings")).detail("by", "a job");
        completion.commit_act(act).await
    }
}

async fn entries(test: &TestDesk) -> i64 {
    let filter = AuditFilter { act: Some(Operation::SettingsChange.id().to_owned()), ..AuditFilter::default() };
    audit_log::list(&test.desk, &Actor::desk("test"), &filter, &PageRequest::default()).await.expect("lists").total
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_a_job_is_done_with_its_entry_and_the_jobs_end() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let id = enqueue_now::<ActJob>(&test.desk, &false, When::default()).await.id();
        test.run_jobs(&Registry::new().with(ActJob)).await;
        assert_eq!(job(&test.desk, id).await.state, JobState::Done);
        assert_eq!((entries(&test).await, effects(test.desk.db()).await), (1, vec![id]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_a_job_that_lost_its_lease_leaves_nothing_not_even_an_entry() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        enqueue_now::<ActJob>(&test.desk, &true, When::default()).await;
        test.run_jobs(&Registry::new().with(ActJob)).await;
        assert_eq!((entries(&test).await, effects(test.desk.db()).await), (0, vec![]));
        test.expect_jobs_left(1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_is_not_committed_enqueues_nothing() {
    on_both(|test| async move {
        create_effects(test.desk.db()).await;
        let actor = Actor::desk("test");
        for committed in [false, true] {
            let mut act = test.desk.act(&actor, Operation::SettingsChange, Target::Workspace).await.expect("is allowed");
            enqueue_in::<ActJob>(&mut act, &false, When::default()).await.expect("enqueues");
            act.record(Object::all("settings")).detail("by", "a person");
            if committed {
                act.commit().await.expect("commits");
            }
        }
        test.run_jobs(&Registry::new().with(ActJob)).await;
        assert_eq!(effects(test.desk.db()).await.len(), 1);
    })
    .await;
}
