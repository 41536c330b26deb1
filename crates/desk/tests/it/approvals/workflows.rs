//! Workflows on both engines: written, ordered, refused when nobody could go through, looked at again every day.

use std::collections::BTreeSet;

use desk::{
    Actor, Error,
    approvals::{
        Approver, Need, Step,
        workflows::{self, Addition, CheckWorkflows, Cover, WINDOW_MS, Workflow},
    },
    jobs::Registry,
    people,
    profiles::{self, NewProfile},
    rights::{Given, Level, Right},
};
use testkit::on_both;

pub(crate) fn step(name: &str, approvers: impl IntoIterator<Item = Approver>, need: Need) -> Step {
    Step {
        name: name.to_owned(),
        approvers: approvers.into_iter().collect(),
        need,
        delegate_after_ms: None,
        delegates: BTreeSet::new(),
        because: String::new(),
    }
}

pub(crate) fn workflow(name: &str, steps: Vec<Step>) -> Workflow {
    Workflow { name: name.to_owned(), cover: Cover::default(), steps, window_ms: WINDOW_MS }
}

fn profile(handle: &str) -> NewProfile {
    NewProfile {
        network: "sandbox".to_owned(),
        handle: handle.to_owned(),
        title: handle.to_owned(),
        group: None,
        protected: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_are_written_ordered_changed_and_removed_by_people_with_the_right() {
    on_both(|test| async move {
        let desk = &test.desk;
        test.workspace().await;
        let keeper = test.person_with(&[Given::Right(Right::Workflows)]).await;
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        let asked = [Approver::Person(reader.person)];
        let first = workflows::create(desk, &keeper.actor, workflow("First", vec![step("Legal", asked, Need::Any)]))
            .await
            .expect("created");
        let second = workflows::create(desk, &keeper.actor, workflow("Second", vec![step("Brand", asked, Need::All)]))
            .await
            .expect("created");
        let again = workflows::create(desk, &keeper.actor, workflow("FIRST", vec![step("Legal", asked, Need::Any)])).await;
        assert!(matches!(again, Err(Error::Invalid(_))), "a name is taken whatever its case");
        workflows::order(desk, &keeper.actor, &[second, first]).await.expect("ordered");
        let book = workflows::list(desk, &keeper.actor).await.expect("the book");
        let names: Vec<_> = book.workflows.iter().map(|kept| kept.workflow.name.as_str()).collect();
        assert_eq!(names, ["Second", "First"]);
        assert_eq!(book.workflows[0].workflow.steps[0].because, "workflow “Second”");
        let seen = book.workflows[1].revision;
        workflows::change(desk, &keeper.actor, first, seen, workflow("Third", vec![step("Legal", asked, Need::Any)]))
            .await
            .expect("changed");
        let old =
            workflows::change(desk, &keeper.actor, first, seen, workflow("Fourth", vec![step("Legal", asked, Need::Any)])).await;
        assert!(matches!(old, Err(Error::Conflict(_))), "somebody else was faster");
        assert!(matches!(workflows::order(desk, &keeper.actor, &[first]).await, Err(Error::Conflict(_))));
        workflows::remove(desk, &keeper.actor, second).await.expect("removed");
        assert_eq!(workflows::list(desk, &keeper.actor).await.expect("the book").workflows.len(), 1);
        assert!(workflows::list(desk, &reader.actor).await.is_err(), "not without the right");
        assert!(workflows::create(desk, &reader.actor, workflow("Mine", vec![step("Me", asked, Need::Any)])).await.is_err());
        assert!(workflows::create(desk, &Actor::operator(), workflow("Mine", vec![step("Me", asked, Need::Any)])).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_nobody_could_end_today_is_refused() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = test.workspace().await;
        profiles::add(desk, &owner.actor, &profile("main")).await.expect("a profile");
        let sees = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        let blind = test.person_with(&[]).await;
        let gone = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        people::suspend(desk, &owner.actor, gone.person).await.expect("suspended");
        let person = |somebody: &testkit::people::Somebody| Approver::Person(somebody.person);
        for (approvers, need, fits) in [
            (vec![person(&sees)], Need::Any, true),
            (vec![person(&blind)], Need::Any, false),
            (vec![person(&gone)], Need::Any, false),
            (vec![person(&sees), person(&blind)], Need::Quorum(2), false),
            (vec![person(&sees), person(&owner)], Need::Quorum(2), true),
        ] {
            let name = format!("{}", if fits { approvers.len() } else { Default::default() });
            let made = workflows::create(desk, &owner.actor, workflow(&name, vec![step("Legal", approvers, need)])).await;
            match made {
                Ok(_) => assert!(fits),
                Err(Error::Invalid(invalid)) => assert!(!fits && invalid.to_string().contains("nobody could end"), "{invalid}"),
                Err(error) => panic!("{error}"),
            }
        }
        let addition = Addition {
            name: "mentions a competitor".to_owned(),
            cover: Cover::default(),
            tags: BTreeSet::new(),
            findings: BTreeSet::from(["CREDIT_CARD".to_owned()]),
            steps: vec![step("Legal", [person(&blind)], Need::Any)],
        };
        assert!(matches!(workflows::create_addition(desk, &owner.actor, addition.clone()).await, Err(Error::Invalid(_))));
        let misspelt = Addition {
            findings: BTreeSet::from(["LISTED_TERM.competitor".to_owned()]),
            steps: vec![step("Legal", [person(&sees)], Need::Any)],
            ..addition.clone()
        };
        let refused = workflows::create_addition(desk, &owner.actor, misspelt).await;
        assert!(matches!(refused, Err(Error::Invalid(invalid)) if invalid.to_string().contains("nothing is ever found")));
        let workable = Addition { steps: vec![step("Legal", [person(&sees)], Need::Any)], ..addition };
        workflows::create_addition(desk, &owner.actor, workable).await.expect("created");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_look_marks_a_workflow_whose_people_are_gone_and_takes_the_mark_away_when_they_are_back() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = test.workspace().await;
        profiles::add(desk, &owner.actor, &profile("main")).await.expect("a profile");
        let ann = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        workflows::create(desk, &owner.actor, workflow("Brand", vec![step("Legal", [Approver::Person(ann.person)], Need::Any)]))
            .await
            .expect("created");
        let looked = async || {
            test.clock.advance_ms(25 * 60 * 60 * 1_000);
            test.run_jobs(&Registry::new().with(CheckWorkflows)).await;
            let owner = test.sign_in(owner.person).await.actor;
            workflows::list(desk, &owner).await.expect("the book").workflows[0].stuck.clone()
        };
        assert_eq!(looked().await, None);
        people::suspend(desk, &Actor::operator(), ann.person).await.expect("suspended");
        let stuck = looked().await.expect("marked");
        assert!(stuck.why.contains("Legal") && stuck.why.contains("main"), "{}", stuck.why);
        assert_eq!(looked().await.expect("still marked").since, stuck.since, "since the first time");
        people::restore(desk, &Actor::operator(), ann.person).await.expect("restored");
        test.sign_in(ann.person).await;
        assert_eq!(looked().await, None);
    })
    .await;
}
