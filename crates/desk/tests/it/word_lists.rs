//! Word lists: who may change them, what is kept, how soon they count everywhere, and what a trial tells.

use std::{sync::Arc, time::Duration};

use desk::{
    Actor, Desk, Error,
    audit_log::{self, AuditFilter},
    capture::{self, Examiner, StreamFilter, masking::MASK},
    ids::{ProfileId, WordListId},
    paging::PageRequest,
    rights::{self, Give, Given, Holder, Level, Right, Scope},
    search::{Answer, Question},
    word_lists::{self, Effect, ListForm, ListKind, Saved},
};
use testkit::{TestDesk, captured::Captured, on_both, records::post};
use tokio_util::sync::CancellationToken;

const STAFF: &str = "kind STAFF_NUMBER \"Staff number\"\n  pattern EMP-[0-9]{4}\n  found EMP-1230\n";

fn terms(code: &str, effect: Effect, text: &str) -> ListForm {
    ListForm {
        code: code.to_owned(),
        name: format!("The {code}"),
        effect,
        on: true,
        text: text.to_owned(),
        ..ListForm::default()
    }
}

async fn keeper(test: &TestDesk) -> Actor {
    test.person_with(&[Given::Right(Right::Rules), Given::Level(Level::ReadOnly)]).await.actor
}

async fn changed(desk: &Desk, actor: &Actor, id: WordListId, seen: i64, text: &str) -> Saved {
    let form = word_lists::get(desk, actor, id).await.expect("readable").form();
    word_lists::change(desk, actor, id, seen, ListForm { text: text.to_owned(), ..form }).await.expect("answered")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_saved_version_is_kept_and_whoever_is_slower_sees_what_the_other_saved() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = test.workspace().await.actor;
        let keeper = keeper(&test).await;
        let id = word_lists::create(desk, &keeper, terms("competitors", Effect::Flag, "gale force")).await.expect("created");
        assert_eq!(changed(desk, &keeper, id, 1, "gale force\nstorm kites").await, Saved::Done(2));
        let Saved::Conflict(theirs) = changed(desk, &owner, id, 1, "breeze").await else { panic!("the lock did not hold") };
        assert_eq!((theirs.version, theirs.text.as_str(), theirs.saved_by), (2, "gale force\nstorm kites", keeper.person()));
        word_lists::switch(desk, &owner, id, 2, false).await.expect("off");
        let versions = word_lists::versions(desk, &keeper, id).await.expect("readable");
        let said: Vec<_> = versions.iter().map(|kept| (kept.version, kept.on, kept.text.as_str(), kept.saved_by)).collect();
        let (two, one) = ("gale force\nstorm kites", "gale force");
        let (by_owner, by_keeper) = (owner.person(), keeper.person());
        assert_eq!(said, [(3, false, two, by_owner), (2, true, two, by_keeper), (1, true, one, by_keeper)]);
        let again = word_lists::create(desk, &keeper, terms("competitors", Effect::Flag, "other")).await;
        assert!(matches!(again, Err(Error::Invalid(invalid)) if invalid.fields[0].0 == "code"));
        let log = AuditFilter { act: Some("word_lists.change".to_owned()), ..AuditFilter::default() };
        let entries = audit_log::list(desk, &owner, &log, &PageRequest::default()).await.expect("the log").items;
        assert_eq!(entries.len(), 3, "one for each version, none for what was not saved");
        assert!(entries.iter().all(|entry| !format!("{entry:?}").contains("gale")), "no text of a list stands there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_changed_with_the_right_and_read_by_those_who_read_the_log() {
    on_both(|test| async move {
        let desk = &test.desk;
        test.workspace().await;
        let keeper = keeper(&test).await;
        let id = word_lists::create(desk, &keeper, terms("competitors", Effect::Flag, "gale force")).await.expect("created");
        let auditor = test.person_with(&[Given::Right(Right::AuditLog)]).await.actor;
        assert_eq!(word_lists::list(desk, &auditor).await.expect("readable").len(), 1);
        assert_eq!(word_lists::versions(desk, &auditor, id).await.expect("readable").len(), 1);
        let refused = word_lists::switch(desk, &auditor, id, 1, false).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        assert!(word_lists::create(desk, &auditor, terms("mine", Effect::Flag, "x")).await.is_err());
        assert!(word_lists::try_out(desk, &auditor, None, terms("mine", Effect::Flag, "x"), 10).await.is_err());
        let author = test.person_with(&[Given::Level(Level::FullPublishing)]).await.actor;
        assert!(matches!(word_lists::list(desk, &author).await, Err(Error::Refused(_))), "code names are not for everybody");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_compile_is_refused_whole_also_when_only_the_others_are_in_its_way() {
    on_both(|test| async move {
        let desk = &test.desk;
        test.workspace().await;
        let keeper = keeper(&test).await;
        let bad = word_lists::create(desk, &keeper, terms("bad", Effect::Flag, "kite\n*\nlevel huge")).await;
        let Err(Error::Invalid(invalid)) = bad else { panic!("it does not compile") };
        let lines: Vec<_> = invalid.fields.iter().map(|(_, problem)| problem.split(':').next().unwrap_or_default()).collect();
        assert_eq!(lines, ["line 2", "line 3"]);
        assert!(word_lists::list(desk, &keeper).await.expect("readable").is_empty(), "nothing is saved on error");
        let kinds = |code: &str| ListForm { kind: ListKind::Kinds, ..terms(code, Effect::Flag, STAFF) };
        let first = word_lists::create(desk, &keeper, kinds("staff")).await.expect("created");
        let same = word_lists::create(desk, &keeper, kinds("more-staff")).await;
        assert!(matches!(same, Err(Error::Invalid(invalid)) if invalid.to_string().contains("together with the other lists")));
        let off = ListForm { on: false, ..kinds("more-staff") };
        let second = word_lists::create(desk, &keeper, off).await.expect("what is switched off is in nobody's way");
        assert!(word_lists::switch(desk, &keeper, second, 1, true).await.is_err());
        word_lists::switch(desk, &keeper, first, 1, false).await.expect("off");
        word_lists::switch(desk, &keeper, second, 1, true).await.expect("on in its place");
        word_lists::take_over(desk, &keeper, "insider").await.expect("taken over");
        assert!(matches!(word_lists::take_over(desk, &keeper, "insider").await, Err(Error::Invalid(_))), "once");
        assert!(matches!(word_lists::take_over(desk, &keeper, "none").await, Err(Error::NotFound(_))));
    })
    .await;
}

/// Waits until what is looked for is of this revision; a change takes at most two seconds.
async fn until_found(examiner: &Examiner, captured: &Captured, profile: ProfileId, kind: &str) -> (String, String) {
    for round in 0..200 {
        captured.take(profile, vec![post(&format!("m{round}"), "ann", "have you seen gale force kites?")]).await;
        let newest = capture::stream(&captured.desk, &Actor::operator(), &StreamFilter::default(), None, 1).await.expect("read");
        if let Some(found) = newest.messages[0].findings.iter().find(|found| found.kind == kind) {
            return (found.detector.clone(), found.version.clone());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never found with {examiner:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_finds_with_the_new_version_without_a_restart() {
    on_both(|test| async move {
        test.workspace().await;
        let keeper = keeper(&test).await;
        let elsewhere = test.another_node(2).await;
        let captured = Captured::on(&elsewhere);
        let profile = captured.profile("shop").await;
        let stop = CancellationToken::new();
        let following = tokio::spawn(captured.examiner.clone().follow(elsewhere.clone(), stop.clone()));
        let id = word_lists::create(&test.desk, &keeper, terms("competitors", Effect::Flag, "storm")).await.expect("created");
        assert_eq!(changed(&test.desk, &keeper, id, 1, "gale force").await, Saved::Done(2));
        let found = until_found(&captured.examiner, &captured, profile, "LISTED_TERM.competitors").await;
        assert_eq!(found, ("competitors".to_owned(), "2".to_owned()));
        let search = captured.search();
        for (query, understood) in
            [("finding:listed_term.competitors", true), ("finding:listed_term", true), ("finding:listed_term.others", false)]
        {
            let answer = search.ask(&elsewhere, &Actor::operator(), &Question::new(query)).await.expect("an answer");
            assert_eq!(matches!(&answer, Answer::Found(found) if found.total > Some(0)), understood, "{query}: {answer:?}");
        }
        stop.cancel();
        following.await.expect("it ends when told to");
        elsewhere.db().close().await;
    })
    .await;
}

async fn may_not_read(test: &TestDesk, person: desk::ids::PersonId, profile: ProfileId) {
    let none = Give {
        holder: Holder::Person(person),
        given: Given::Level(Level::NoAccess),
        scope: Scope::Profile(profile),
        expires_at: None,
        reason: "a test wants it".to_owned(),
    };
    rights::give(&test.desk, &Actor::desk("test"), none).await.expect("given");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_tells_what_would_change_in_messages_one_may_read_and_shows_nothing_that_is_masked() {
    on_both(|test: Arc<TestDesk>| async move {
        let desk = &test.desk;
        let owner = test.workspace().await.actor;
        let keeper = test.person_with(&[Given::Right(Right::Rules), Given::Level(Level::ReadOnly)]).await;
        let captured = Captured::on(desk);
        let (shop, board) = (captured.profile("shop").await, captured.profile("board").await);
        may_not_read(&test, keeper.person, board).await;
        let keeper = test.resume(&keeper.cookie).await;
        captured
            .take(
                shop,
                vec![
                    post("1", "ann", "storm kites are cheaper, write to ann@example.test about storm kites"),
                    post("2", "ben", "gale force has a sale, badge EMP-1230"),
                    post("3", "cleo", "good morning"),
                ],
            )
            .await;
        captured.take(board, vec![post("4", "dan", "we buy storm kites")]).await;
        let saved = terms("competitors", Effect::Flag, "gale force");
        let id = word_lists::create(desk, &keeper, saved.clone()).await.expect("created");
        let typed = ListForm { text: "storm kites".to_owned(), ..saved };
        let trial = word_lists::try_out(desk, &keeper, Some(id), typed.clone(), 100).await.expect("tried");
        assert_eq!((trial.messages, trial.messages_found, trial.cut), (3, (1, 1), false), "the board's message is not there");
        assert_eq!((trial.added, trial.removed, trial.same), (2, 1, 0));
        let shown = format!("{:?}", trial.added_examples);
        assert!(shown.contains(MASK) && !shown.contains("ann@"), "{shown}");
        assert_eq!(trial.added_examples[0].found, "storm kites");
        assert_eq!(
            word_lists::try_out(desk, &keeper, Some(id), typed, 2).await.expect("tried").messages,
            2,
            "no more than asked"
        );
        let staff = ListForm { kind: ListKind::Kinds, ..terms("staff", Effect::Flag, STAFF) };
        let trial = word_lists::try_out(desk, &keeper, None, staff, 100).await.expect("tried");
        assert_eq!((trial.added, trial.added_examples[0].found.as_str()), (1, MASK), "numbers of our own are covered");
        let log = AuditFilter { act: Some("word_lists.try".to_owned()), ..AuditFilter::default() };
        assert_eq!(audit_log::list(desk, &owner, &log, &PageRequest::default()).await.expect("the log").total, 3);
        assert_eq!(word_lists::get(desk, &keeper, id).await.expect("readable").version, 1, "a trial saves nothing");
    })
    .await;
}
