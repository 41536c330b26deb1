//! Deciding on both engines: what an approval lets out, what voids it, and what time does to it.

use std::collections::BTreeSet;

use desk::{
    Error, Time,
    approvals::{
        self, Approver, BULK_MAX, Ballot, ContentDigest, LookAtSubmissions, Mine, Need, Others, SubmissionState as S, Verdict,
        workflows::{Addition, Cover, create_addition},
    },
    audit_log::{self, AuditFilter},
    ids::SubmissionId,
    jobs::Registry,
    paging::PageRequest,
    people,
    publishing::{self, Part, PostForm, Saved, Sent, TargetState as T},
    rights::{Given, Level, Right},
};
use testkit::on_both;

use super::{
    cast::{HOUR, Scene, delegated, reject},
    workflows::step,
};
use crate::publishing::form;

fn look() -> Registry {
    Registry::new().with(LookAtSubmissions)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_everybody_asked_agreed_to_is_scheduled_within_its_window() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 2, Need::All).await;
        let (post, id, _) = scene.waiting("two have to agree", 5).await;
        assert_eq!(scene.target(post).await.0, T::Pending);
        assert_eq!(scene.decide(0, id, Verdict::Approve).await.expect("decided"), S::Pending);
        assert_eq!(scene.target(post).await.0, T::Pending, "one is not all");
        assert_eq!(scene.decide(1, id, Verdict::Approve).await.expect("decided"), S::Approved);
        let shown = publishing::get(scene.desk(), &scene.author.actor, post).await.expect("readable");
        let window = shown.targets[0].life.cleared.expect("cleared");
        assert_eq!((window.from, window.until), (scene.in_hours(5).plus_ms(-HOUR / 2), scene.in_hours(5).plus_ms(HOUR / 2)));
        assert_eq!(scene.target(post).await.0, T::Scheduled);
        let filter = AuditFilter { act: Some("approvals.decide".to_owned()), ..AuditFilter::default() };
        let auditor = test.person_with(&[Given::Right(Right::AuditLog)]).await.actor;
        let log = audit_log::list(scene.desk(), &auditor, &filter, &PageRequest::default()).await.expect("the log");
        assert_eq!(log.items.len(), 2);
        assert_eq!(log.items[0].details["state"], "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_needs_its_reason_and_takes_the_post_back_to_its_author() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 2, Need::Any).await;
        let (post, id, _) = scene.waiting("no", 5).await;
        assert!(matches!(scene.decide(0, id, reject("  ")).await, Err(Error::Conflict(why)) if why.contains("reason")));
        assert_eq!(scene.decide(0, id, reject("the price is wrong")).await.expect("decided"), S::Rejected);
        assert_eq!(scene.target(post).await.0, T::Draft);
        assert!(matches!(scene.decide(1, id, Verdict::Approve).await, Err(Error::Conflict(_))), "it has ended");
        let shown = approvals::get(scene.desk(), &scene.author.actor, id).await.expect("the author reads why").shown;
        assert_eq!(shown.steps[0].decisions[0].verdict, reject("the price is wrong"));
        let (post, id, _) = scene.waiting("almost", 5).await;
        let change = Verdict::AskForChange { reason: "name the city".to_owned() };
        assert_eq!(scene.decide(1, id, change).await.expect("decided"), S::ChangeWanted);
        assert_eq!(scene.target(post).await.0, T::Draft);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_change_of_content_voids_what_was_decided_and_an_old_page_decides_nothing() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 2, Need::All).await;
        let (post, id, seen) = scene.waiting("before", 5).await;
        scene.decide(0, id, Verdict::Approve).await.expect("decided");
        let revision = publishing::get(scene.desk(), &scene.author.actor, post).await.expect("readable").revision;
        let slot = Some(scene.in_hours(5));
        let changed = PostForm { slot, ..form("after", &[scene.profile]) };
        let saved = publishing::save(scene.desk(), &scene.author.actor, post, revision, &changed).await.expect("saved");
        assert!(matches!(saved, Saved::Done(_)));
        assert_eq!(scene.state(id).await, S::Voided);
        assert_eq!(scene.target(post).await.0, T::Draft);
        let late = scene.decide_as(&scene.approvers[1].actor, id, seen, Verdict::Approve).await;
        assert!(matches!(late, Err(Error::Conflict(_))));
        let Ok(Sent::Pending(second)) = scene.submit(post).await else { panic!("it is submitted again") };
        let old = scene.decide_as(&scene.approvers[1].actor, second, seen, Verdict::Approve).await;
        assert!(matches!(old, Err(Error::Conflict(why)) if why.contains("changed since you looked")));
        scene.decide(0, second, Verdict::Approve).await.expect("anew");
        assert_eq!(scene.decide(1, second, Verdict::Approve).await.expect("anew"), S::Approved);
        // Even after everybody agreed.
        let revision = publishing::get(scene.desk(), &scene.author.actor, post).await.expect("readable").revision;
        let again = PostForm { slot, ..form("after all", &[scene.profile]) };
        publishing::save(scene.desk(), &scene.author.actor, post, revision, &again).await.expect("saved");
        assert_eq!((scene.state(second).await, scene.target(post).await.0), (S::Voided, T::Draft));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_approved_in_time_expires_and_a_late_decision_publishes_nothing() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (post, id, seen) = scene.waiting("too late", 1).await;
        test.clock.advance_ms(HOUR);
        let late = scene.decide_as(&scene.approvers[0].actor, id, seen, Verdict::Approve).await;
        assert!(matches!(late, Err(Error::Conflict(why)) if why.contains("expired")), "even before anybody noticed");
        test.run_jobs(&look()).await;
        assert_eq!((scene.state(id).await, scene.target(post).await.0), (S::Expired, T::Expired));
        assert!(scene.decide_as(&scene.approvers[0].actor, id, seen, Verdict::Approve).await.is_err());
        assert_eq!(scene.target(post).await.0, T::Expired);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_or_cancelled_can_not_be_approved() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (post, id, seen) = scene.waiting("taken back", 5).await;
        publishing::withdraw(scene.desk(), &scene.author.actor, post).await.expect("taken back");
        assert_eq!(scene.state(id).await, S::Withdrawn);
        assert!(scene.decide_as(&scene.approvers[0].actor, id, seen, Verdict::Approve).await.is_err());
        assert_eq!(scene.target(post).await.0, T::Draft);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_without_a_workflow_but_what_its_author_may_publish_freely() {
    on_both(|test| async move {
        let scene = Scene::new(&test).await;
        let post = scene.post("who would agree?", 5).await;
        assert!(matches!(scene.submit(post).await, Err(Error::Conflict(why)) if why.contains("no approval workflow covers")));
        assert_eq!(scene.target(post).await.0, T::Draft, "a refused submission changes nothing");
        assert_eq!(scene.submit_as(&scene.owner.actor, post).await.expect("full publishing, open profile"), Sent::Scheduled);
        // The only approver is the author.
        let keeper = test.person_with(&[Given::Level(Level::NeedsApproval)]).await;
        scene.rule(vec![step("Legal", [Approver::Person(keeper.person)], Need::Any)]).await;
        let form = PostForm { slot: Some(scene.in_hours(5)), ..form("mine", &[scene.profile]) };
        let own = publishing::create(scene.desk(), &keeper.actor, &form).await.expect("begun");
        assert!(
            matches!(scene.submit_as(&keeper.actor, own).await, Err(Error::Conflict(why)) if why.contains("nobody could decide"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_come_in_order_a_quorum_counts_and_delegates_stand_in_after_their_wait() {
    on_both(|test| async move {
        let scene = Scene::new(&test).await;
        let delegate = Approver::Person(scene.approvers[2].person);
        let first = delegated(scene.step("First", 0..1, Need::Any), HOUR, [delegate]);
        scene.rule(vec![first, scene.step("Second", 0..3, Need::Quorum(2))]).await;
        let (post, id, _) = scene.waiting("a long way", 48).await;
        assert!(
            matches!(scene.decide(1, id, Verdict::Approve).await, Err(Error::Conflict(why)) if why.contains("does not ask you"))
        );
        assert!(scene.decide(2, id, Verdict::Approve).await.is_err(), "delegates wait");
        test.clock.advance_ms(HOUR);
        assert_eq!(scene.decide(2, id, Verdict::Approve).await.expect("in time"), S::Pending);
        assert_eq!(scene.decide(0, id, Verdict::Approve).await.expect("the second step"), S::Pending);
        assert!(
            matches!(scene.decide(0, id, Verdict::Approve).await, Err(Error::Conflict(why)) if why.contains("already decided"))
        );
        assert_eq!(scene.decide(1, id, Verdict::Approve).await.expect("two of three"), S::Approved);
        assert_eq!(scene.target(post).await.0, T::Scheduled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_adds_a_step_that_says_why_it_is_there() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let addition = Addition {
            name: "campaign goes through brand".to_owned(),
            cover: Cover::default(),
            tags: BTreeSet::from(["campaign".to_owned()]),
            findings: BTreeSet::new(),
            steps: vec![scene.step("Brand", 1..2, Need::Any)],
        };
        create_addition(scene.desk(), &scene.owner.actor, addition).await.expect("created");
        let tagged = PostForm {
            slot: Some(scene.in_hours(5)),
            tags: BTreeSet::from(["campaign".to_owned()]),
            ..form("tagged", &[scene.profile])
        };
        let post = publishing::create(scene.desk(), &scene.author.actor, &tagged).await.expect("begun");
        let Ok(Sent::Pending(id)) = scene.submit(post).await else { panic!("somebody is asked") };
        let shown = approvals::get(scene.desk(), &scene.owner.actor, id).await.expect("readable").shown;
        let steps: Vec<_> = shown.steps.iter().map(|step| (step.name.as_str(), step.because.as_str())).collect();
        assert_eq!(steps, [("Legal", "workflow “Legal”"), ("Brand", "rule “campaign goes through brand”")]);
        scene.decide(0, id, Verdict::Approve).await.expect("the first");
        assert_eq!(scene.decide(1, id, Verdict::Approve).await.expect("the added"), S::Approved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_waits_for_them_and_nobody_what_they_cannot_read() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 2, Need::Any).await;
        let (_, late, _) = scene.waiting("later", 9).await;
        let (_, soon, _) = scene.waiting("sooner", 2).await;
        let (mine, counts) = approvals::waiting_for_me(scene.desk(), &scene.approvers[0].actor).await.expect("a list");
        assert_eq!(mine.iter().map(|waiting| waiting.shown.kept.id).collect::<Vec<_>>(), [soon, late], "the most urgent first");
        assert_eq!((counts.mine, counts.all), (2, 2));
        let relation = async |actor| approvals::get(scene.desk(), actor, soon).await.expect("readable").mine;
        assert_eq!(relation(&scene.approvers[0].actor).await, Mine::Asked);
        assert_eq!(relation(&scene.approvers[2].actor).await, Mine::NotAsked);
        assert_eq!(relation(&scene.author.actor).await, Mine::OwnWork);
        let stranger = test.person_with(&[]).await.actor;
        assert!(matches!(approvals::get(scene.desk(), &stranger, soon).await, Err(Error::NotFound("submission"))));
        assert_eq!(approvals::counts(scene.desk(), &stranger).await.expect("counted").all, 0);
        let ballot = Ballot { seen: scene.seen(soon).await, verdict: Verdict::Approve, others: None };
        assert!(matches!(approvals::decide(scene.desk(), &stranger, soon, ballot).await, Err(Error::NotFound("submission"))));
        people::suspend(scene.desk(), &desk::Actor::operator(), scene.approvers[0].person).await.expect("suspended");
        scene.decide(1, soon, Verdict::Approve).await.expect("the other one can");
        assert!(scene.decide(0, late, Verdict::Approve).await.is_err(), "whoever is suspended is on no panel");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_decided_at_once_each_with_what_was_seen() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (good, first, seen) = scene.waiting("one", 5).await;
        let (_, second, _) = scene.waiting("two", 5).await;
        let items = [(first, seen), (second, ContentDigest([9; 32]))];
        let outcomes =
            approvals::decide_many(scene.desk(), &scene.approvers[0].actor, &items, &Verdict::Approve).await.expect("tried");
        assert!(matches!(outcomes[0], (id, Ok(S::Approved)) if id == first));
        assert!(
            matches!(&outcomes[1], (id, Err(Error::Conflict(why))) if *id == second && why.contains("changed since you looked"))
        );
        assert_eq!((scene.target(good).await.0, scene.state(second).await), (T::Scheduled, S::Pending));
        let many = vec![(first, seen); BULK_MAX + 1];
        assert!(approvals::decide_many(scene.desk(), &scene.approvers[0].actor, &many, &Verdict::Approve).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_to_one_message_are_resolved_in_words() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let answer = async |text: &str| -> (desk::ids::PostId, SubmissionId) {
            let mut form = PostForm { slot: Some(scene.in_hours(5)), ..form(text, &[scene.profile]) };
            form.draft.common.reply_to = Some("their-message".to_owned());
            form.draft.common.parts = vec![Part { text: text.to_owned(), media: Vec::new() }];
            let post = publishing::create(scene.desk(), &scene.author.actor, &form).await.expect("begun");
            let Ok(Sent::Pending(id)) = scene.submit(post).await else { panic!("somebody is asked") };
            (post, id)
        };
        let (first, one) = answer("we are sorry").await;
        let (second, two) = answer("it was the weather").await;
        assert_eq!(approvals::get(scene.desk(), &scene.owner.actor, one).await.expect("readable").others, [two]);
        let refused = scene.decide(0, one, Verdict::Approve).await;
        assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("1 more answers to the same message")));
        assert_eq!((scene.state(one).await, scene.state(two).await), (S::Pending, S::Pending));
        let ballot = Ballot { seen: scene.seen(one).await, verdict: Verdict::Approve, others: Some(Others::Reject) };
        approvals::decide(scene.desk(), &scene.approvers[0].actor, one, ballot).await.expect("resolved");
        assert_eq!((scene.state(one).await, scene.state(two).await), (S::Approved, S::Rejected));
        assert_eq!((scene.target(first).await.0, scene.target(second).await.0), (T::Scheduled, T::Draft));
        let (_, three) = answer("a third").await;
        scene.decide(0, three, Verdict::Approve).await.expect("nothing else waits");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_people_left_is_marked_and_marked_no_more_when_they_are_back() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (_, id, _) = scene.waiting("nobody there", 48).await;
        let stuck_since = async || {
            let mut reader = scene.desk().db().read().await.expect("reads");
            let row = desk::db::sql("SELECT stuck_since_ms FROM submissions WHERE id = $1").bind(id);
            row.one(&mut reader).await.expect("a row").get::<Option<Time>>("stuck_since_ms").expect("a time")
        };
        people::suspend(scene.desk(), &desk::Actor::operator(), scene.approvers[0].person).await.expect("suspended");
        test.run_jobs(&look()).await;
        assert_eq!(stuck_since().await, Some(scene.desk().now()));
        people::restore(scene.desk(), &desk::Actor::operator(), scene.approvers[0].person).await.expect("restored");
        test.sign_in(scene.approvers[0].person).await;
        test.clock.advance_ms(61_000);
        test.run_jobs(&look()).await;
        assert_eq!(stuck_since().await, None);
    })
    .await;
}
