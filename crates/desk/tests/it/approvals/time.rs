//! Reminders before the time, delegates after their wait, skips and their second look: on both engines, through a real mail server.

use desk::{
    Actor, Error,
    approvals::{
        self, Approver, LookAtSubmissions, Need, SubmissionState as S, Verdict,
        break_glass::{self, REVIEW_WITHIN_MS, SecondLook},
    },
    jobs::Registry,
    mail::SendMail,
    publishing::TargetState as T,
    rights::{Given, Level, Right},
};
use testkit::{
    TestDesk, on_both, on_both_with_mail,
    peers::mail::{Behaviour, MailSink},
};

use super::cast::{HOUR, Scene, delegated};

/// Lets the look of this minute happen, and the mail that follows.
async fn look(test: &TestDesk) {
    test.run_jobs(&Registry::new().with(LookAtSubmissions).with(SendMail)).await;
}

fn subjects(sink: &MailSink) -> Vec<(String, String)> {
    let letters = sink.letters();
    letters.iter().map(|letter| (letter.to[0].clone(), letter.field("Subject").unwrap_or_default().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_once_a_day_two_hours_and_a_quarter_before_in_one_letter_each() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let scene = Scene::with(&test, 2, Need::All).await;
        let (_, one, _) = scene.waiting("first", 30).await;
        let (_, two, _) = scene.waiting("second", 30).await;
        scene.decide(0, two, Verdict::Approve).await.expect("the first has decided about the second");
        for minutes in [0, 6 * 60, 0, 22 * 60, 0, 105, 0] {
            test.clock.advance_ms(minutes * 60_000 + 60_000);
            look(&test).await;
        }
        let letters = sink.letters();
        for lead in ["24 hours", "2 hours", "15 minutes"] {
            let subject = format!("Approval needed within {lead}");
            let now: Vec<_> = letters.iter().filter(|letter| letter.field("Subject") == Some(&subject)).collect();
            assert_eq!(now.len(), 3, "two approvers and the author: {:?}", subjects(&sink));
            let mentions =
                |id: &desk::ids::SubmissionId| now.iter().filter(|letter| letter.body().contains(&id.to_string())).count();
            assert_eq!((mentions(&one), mentions(&two)), (3, 2), "whoever decided is not asked again");
        }
        assert_eq!(letters.len(), 9);
        let words = letters.iter().any(|letter| letter.body().contains("first") || letter.body().contains("second"));
        assert!(!words, "no letter holds a word of a post");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn delegates_are_written_to_once_when_their_turn_comes() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let scene = Scene::new(&test).await;
        let stand_in = Approver::Person(scene.approvers[1].person);
        scene.rule(vec![delegated(scene.step("Legal", 0..1, Need::Any), 3 * HOUR, [stand_in])]).await;
        scene.waiting("who is there?", 90).await;
        for _ in 0..5 {
            look(&test).await;
            test.clock.advance_ms(HOUR);
        }
        assert_eq!(subjects(&sink).len(), 1);
        assert!(subjects(&sink)[0].1.contains("stand in"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_the_look_still_expires_and_marks() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (post, id, _) = scene.waiting("quiet", 1).await;
        test.clock.advance_ms(30 * 60_000);
        look(&test).await;
        test.clock.advance_ms(31 * 60_000);
        look(&test).await;
        assert_eq!((scene.state(id).await, scene.target(post).await.0), (S::Expired, T::Expired));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn breaking_the_glass_needs_right_reason_and_proof_and_a_second_person_looks_within_a_day() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let second = test.person_with(&[Given::Right(Right::BreakGlass), Given::Level(Level::ReadOnly)]).await;
        let (post, id, seen) = scene.waiting("a recall, now", 5).await;
        let desk = scene.desk();
        assert!(matches!(break_glass::skip(desk, &scene.author.actor, id, seen, "urgent").await, Err(Error::Refused(_))));
        assert!(matches!(break_glass::skip(desk, &scene.owner.actor, id, seen, " ").await, Err(Error::Invalid(_))));
        test.clock.advance_ms(11 * 60_000);
        let unproven = break_glass::skip(desk, &scene.owner.actor, id, seen, "urgent").await;
        assert!(matches!(unproven, Err(Error::Refused(desk::Refusal::StepUpNeeded(_)))));
        let owner = test.sign_in(scene.owner.person).await.actor;
        break_glass::skip(desk, &owner, id, seen, "a dangerous product has to be called back").await.expect("skipped");
        assert_eq!((scene.state(id).await, scene.target(post).await.0), (S::Skipped, T::Scheduled));
        look(&test).await;
        assert_eq!(subjects(&sink).len(), 2, "everybody else with the right: the second person and the workspace's owner");
        assert!(subjects(&sink)[0].1.contains("An approval was skipped"));
        let own = break_glass::review(desk, &owner, id, SecondLook::Accepted, "").await;
        assert!(matches!(own, Err(Error::Conflict(why)) if why.contains("somebody else")));
        test.clock.advance_ms(REVIEW_WITHIN_MS);
        for _ in 0..2 {
            look(&test).await;
            test.clock.advance_ms(60_000);
        }
        assert_eq!(subjects(&sink).len(), 4, "late, and told once");
        let second = test.sign_in(second.person).await.actor;
        let skips = break_glass::skips(desk, &second).await.expect("the list");
        assert!(skips.len() == 1 && skips[0].for_me && skips[0].overdue_since.is_some());
        assert!(matches!(break_glass::review(desk, &second, id, SecondLook::Objected, "").await, Err(Error::Invalid(_))));
        break_glass::review(desk, &second, id, SecondLook::Objected, "the shop could have waited").await.expect("looked at");
        assert!(break_glass::review(desk, &second, id, SecondLook::Accepted, "").await.is_err(), "once");
        let reviewed = break_glass::skips(desk, &second).await.expect("the list")[0].reviewed.clone().expect("looked at");
        assert_eq!((reviewed.2, reviewed.3.as_str()), (SecondLook::Objected, "the shop could have waited"));
        assert!(break_glass::skips(desk, &Actor::nobody(None)).await.is_err());
        let refused = approvals::get(desk, &scene.author.actor, id).await.expect("the author sees it").shown;
        assert_eq!(refused.kept.submission.state, S::Skipped);
    })
    .await;
}
