//! What lists say about posts: kept back when it is submitted and when it is sent, or led to one more step.

use std::{collections::BTreeSet, sync::Arc};

use desk::{
    Error,
    approvals::{
        self, Approver, Need, Step,
        workflows::{self, Addition, Cover},
    },
    capture::Examiner,
    db::sql,
    publishing::{self, HeldFor, Sent, Submitting, TargetState, WarningKind},
    rights::{Given, Level, Right},
    word_lists::{self, Effect, ListForm},
};
use testkit::on_both;

use super::{form, publisher, sending::Stage};

const HOUR: i64 = 3_600_000;

fn list(code: &str, effect: Effect, text: &str) -> ListForm {
    ListForm { code: code.to_owned(), name: code.to_uppercase(), effect, on: true, text: text.to_owned(), ..ListForm::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_term_that_is_never_published_keeps_a_post_from_being_submitted_from_the_moment_its_list_is_saved() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let keeper = test.person_with(&[Given::Right(Right::Rules)]).await.actor;
        let examiner = Examiner::new().expect("compiles");
        let secret = form("Project Larks flies in May", &[profile]);
        let id = publishing::create(desk, &publisher, &secret).await.expect("begun");
        let code_names =
            word_lists::create(desk, &keeper, list("code-names", Effect::Block, "project lark~")).await.expect("saved");
        let warnings = publishing::check(desk, &publisher, &examiner, &secret, Some(id)).await.expect("looked at");
        let warning = warnings.iter().find(|warning| warning.kind == WarningKind::BlockedTerm).expect("it is found");
        assert_eq!((warning.blocks, warning.span, warning.rule.as_deref()), (true, Some((0, 13)), Some("code-names 1")));
        let refused = publishing::submit(desk, &publisher, &examiner, id, 1, &Submitting::default()).await;
        assert!(matches!(refused, Err(Error::Invalid(invalid)) if invalid.to_string().contains("CODE-NAMES")));
        word_lists::switch(desk, &keeper, code_names, 1, false).await.expect("off");
        let sent = publishing::submit(desk, &publisher, &examiner, id, 1, &Submitting::default()).await;
        assert_eq!(sent.expect("submitted"), Sent::Scheduled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_waits_for_its_time_is_held_when_a_list_says_so_meanwhile() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let keeper = stage.test.person_with(&[Given::Right(Right::Rules)]).await;
        let secret = stage.scheduled(form("Project Lark flies in May", &[stage.profile])).await;
        let plain = stage.scheduled(form("Gale Force kites fly, too", &[stage.profile])).await;
        let flagged = list("competitors", Effect::Flag, "gale force");
        word_lists::create(stage.desk(), &keeper.actor, flagged).await.expect("saved");
        let blocked = list("code-names", Effect::Block, "project lark");
        let blocked = word_lists::create(stage.desk(), &keeper.actor, blocked).await.expect("saved");
        stage.later(HOUR).await;
        let held = stage.life(secret).await;
        assert_eq!((held.state, held.held_for), (TargetState::Held, Some(HeldFor::Blocked)));
        assert!(held.reason.is_some_and(|reason| reason.contains("CODE-NAMES")));
        assert_eq!(stage.life(plain).await.state, TargetState::Published, "what is flagged only goes out");
        publishing::release(stage.desk(), &stage.publisher, secret, None).await.expect("released");
        stage.later(1).await;
        assert_eq!(stage.life(secret).await.held_for, Some(HeldFor::Blocked), "letting it go does not lead around the list");
        let again = stage.test.sign_in(keeper.person).await.actor;
        word_lists::switch(stage.desk(), &again, blocked, 1, false).await.expect("off");
        publishing::release(stage.desk(), &stage.publisher, secret, None).await.expect("released");
        stage.later(1).await;
        assert_eq!((stage.life(secret).await.state, stage.texts().len()), (TargetState::Published, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_does_not_compile_any_more_lets_nothing_out_until_it_is_mended() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let keeper = stage.test.person_with(&[Given::Right(Right::Rules)]).await;
        let waiting = stage.scheduled(form("good morning", &[stage.profile])).await;
        let id = word_lists::create(stage.desk(), &keeper.actor, list("broken", Effect::Flag, "kite")).await.expect("saved");
        // As another version of the program may have understood it.
        let mut tx = stage.desk().db().begin().await.expect("begins");
        sql("UPDATE word_list_versions SET text = '*'").execute(&mut tx).await.expect("written");
        tx.commit().await.expect("committed");
        let draft = publishing::create(stage.desk(), &stage.publisher, &form("hello", &[stage.profile])).await.expect("begun");
        let refused = publishing::submit(stage.desk(), &stage.publisher, &stage.examiner, draft, 1, &Submitting::default()).await;
        assert!(matches!(refused, Err(Error::Invalid(invalid)) if invalid.to_string().contains("BROKEN")));
        stage.later(HOUR).await;
        assert_eq!(stage.life(waiting).await.held_for, Some(HeldFor::Blocked));
        let mended = list("broken", Effect::Flag, "kite");
        let again = stage.test.sign_in(keeper.person).await.actor;
        word_lists::change(stage.desk(), &again, id, 1, mended).await.expect("mended");
        publishing::release(stage.desk(), &stage.publisher, waiting, None).await.expect("released");
        stage.later(1).await;
        assert_eq!(stage.life(waiting).await.state, TargetState::Published);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_mentions_a_competitor_goes_through_legal() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let keeper = test.person_with(&[Given::Right(Right::Rules), Given::Right(Right::Workflows)]).await.actor;
        let legal = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
        word_lists::create(desk, &keeper, list("competitors", Effect::Flag, "gale force")).await.expect("saved");
        let step = Step {
            name: "Legal".to_owned(),
            approvers: BTreeSet::from([Approver::Person(legal.person)]),
            need: Need::Any,
            delegate_after_ms: None,
            delegates: BTreeSet::new(),
            because: String::new(),
        };
        let rule = Addition {
            name: "mentions a competitor".to_owned(),
            cover: Cover::default(),
            tags: BTreeSet::new(),
            findings: BTreeSet::from(["LISTED_TERM.competitors".to_owned()]),
            steps: vec![step],
        };
        workflows::create_addition(desk, &keeper, rule).await.expect("created");
        let choices = workflows::choices(desk, &keeper).await.expect("readable");
        assert_eq!(choices.listed, [("LISTED_TERM.competitors".to_owned(), "COMPETITORS".to_owned())]);
        let examiner = Arc::new(Examiner::new().expect("compiles"));
        for (text, through_legal) in [("Better than Gale Force!", true), ("Better than ever!", false)] {
            let id = publishing::create(desk, &publisher, &form(text, &[profile])).await.expect("begun");
            match publishing::submit(desk, &publisher, &examiner, id, 1, &Submitting::default()).await.expect("submitted") {
                Sent::Scheduled => assert!(!through_legal, "{text}"),
                Sent::Pending(submission) => {
                    assert!(through_legal, "{text}");
                    let shown = approvals::get(desk, &legal.actor, submission).await.expect("readable").shown;
                    assert_eq!(shown.steps[0].because, "rule “mentions a competitor”");
                }
            }
        }
    })
    .await;
}
