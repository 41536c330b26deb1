//! Outside approvers through a real mail server: the way in, what they see, and what opens nothing.

use desk::{
    Actor, Error,
    approvals::{
        self, Approver, Need, SubmissionState as S, Verdict,
        outside::{self, CODE_LIFE_MS, CODE_TRIES_MAX, CODES_PER_HOUR_MAX, DIGEST_WAIT_MS, GUEST_SESSION_MS, WriteToGuest},
    },
    db::sql,
    ids::{GuestId, SubmissionId},
    jobs::Registry,
    mail::SendMail,
    publishing::{self, MediaDigest, PostForm, Sent, TargetState as T, media::Rendition},
};
use testkit::{
    TestDesk, on_both_with_mail,
    peers::mail::{Behaviour, MailSink},
};

use super::{
    cast::{HOUR, Scene, reject},
    workflows::step,
};
use crate::publishing::form;

const EMAIL: &str = "gil@agency.example.test";

/// A guest who was named, and a link for them, without the letter.
pub(crate) async fn link(test: &TestDesk) -> String {
    let owner = test.workspace().await;
    let guest = outside::invite(&test.desk, &owner.actor, EMAIL, "Gil Guest").await.expect("named");
    let link = "a-link-made-by-a-test-with-many-characters".to_owned();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, link.as_bytes());
    let (now, mut tx) = (test.desk.now(), test.desk.db().begin().await.expect("begins"));
    sql("INSERT INTO guest_invitations (id, guest_id, token_hash, created_at_ms, expires_at_ms) VALUES ($1,$1,$2,$3,$4)")
        .bind(guest)
        .bind(hash.as_ref())
        .bind(now)
        .bind(now.plus_ms(outside::INVITATION_LIFE_MS))
        .execute(&mut tx)
        .await
        .expect("a link");
    tx.commit().await.expect("commits");
    link
}

/// A scene whose workflow asks a guest.
async fn asking_a_guest(test: &TestDesk) -> (Scene<'_>, GuestId) {
    let scene = Scene::new(test).await;
    let guest = outside::invite(scene.desk(), &scene.owner.actor, EMAIL, "Gil Guest").await.expect("named");
    scene.rule(vec![step("Agency", [Approver::Guest(guest)], Need::Any)]).await;
    (scene, guest)
}

async fn mail(test: &TestDesk) {
    test.run_jobs(&Registry::new().with(WriteToGuest).with(SendMail)).await;
}

/// Lets the letter be written, and answers with its link.
async fn letter(test: &TestDesk, sink: &MailSink) -> String {
    test.clock.advance_ms(DIGEST_WAIT_MS);
    mail(test).await;
    let letter = sink.letters().pop().expect("a letter");
    let body = letter.body();
    let link = body.split("/outside/").nth(1).expect("a link").split_whitespace().next().expect("a link").to_owned();
    assert!(body.contains("https://desk.example.test/outside/"));
    link
}

/// The code in the newest letter.
async fn code(test: &TestDesk, sink: &MailSink) -> String {
    mail(test).await;
    let body = sink.letters().pop().expect("a letter").body();
    body.split("Your code is ").nth(1).expect("a code").lines().next().expect("a code").to_owned()
}

/// The whole way in: the guest as they act then.
async fn come_in(test: &TestDesk, sink: &MailSink, link: &str) -> Actor {
    let browser = outside::ask_for_code(&test.desk, &Actor::nobody(None), link, "a browser").await.expect("sent");
    let code = code(test, sink).await;
    outside::enter(&test.desk, &Actor::nobody(None), browser.cookie.reveal(), &code).await.expect("the code opens");
    outside::resume(&test.desk, browser.cookie.reveal(), Some("192.0.2.7".parse().expect("an address"))).await.expect("answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_tells_of_several_posts_and_the_guest_decides_with_address_and_browser_on_record() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let (scene, _) = asking_a_guest(&test).await;
        let (good, one, _) = scene.waiting("the first kite", 30).await;
        let (bad, two, _) = scene.waiting("the second kite", 20).await;
        let link = letter(&test, &sink).await;
        assert_eq!(sink.letters().len(), 1, "one letter for both");
        assert_eq!(sink.letters()[0].field("Subject"), Some("2 posts wait for your approval"));
        assert!(!sink.letters()[0].body().contains("kite"), "no word of a post");
        let guest = come_in(&test, &sink, &link).await;
        let asked = outside::asked(scene.desk(), &guest).await.expect("what is asked");
        assert_eq!(asked.iter().map(|shown| shown.kept.id).collect::<Vec<_>>(), [two, one]);
        assert_eq!(asked[0].preview.targets[0].content.parts[0].text, "the second kite");
        let seen = asked[1].preview.digest;
        assert_eq!(
            outside::decide(scene.desk(), &guest, one, seen, Verdict::Approve, "Browser 1.0").await.expect("decided"),
            S::Approved
        );
        assert_eq!(scene.target(good).await.0, T::Scheduled);
        assert!(outside::decide(scene.desk(), &guest, two, seen, Verdict::Approve, "b").await.is_err(), "with another's digest");
        assert!(
            outside::decide(scene.desk(), &guest, two, asked[0].preview.digest, reject(""), "b").await.is_err(),
            "without reason"
        );
        let no = outside::decide(scene.desk(), &guest, two, asked[0].preview.digest, reject("not our kite"), "Browser 1.0").await;
        assert_eq!(no.expect("decided"), S::Rejected);
        assert_eq!(scene.target(bad).await.0, T::Draft);
        assert!(outside::asked(scene.desk(), &guest).await.expect("nothing more").is_empty());
        let mut reader = scene.desk().db().read().await.expect("reads");
        let rows = sql("SELECT address, user_agent, voice_kind FROM decisions").all(&mut reader).await.expect("rows");
        for row in &rows {
            assert_eq!(row.get::<String>("voice_kind").expect("text"), "guest");
            assert_eq!(row.get::<String>("address").expect("text"), "192.0.2.7");
            assert_eq!(row.get::<String>("user_agent").expect("text"), "Browser 1.0");
        }
        assert_eq!(rows.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_approves_one_of_two_answers_and_the_other_stays_with_the_desk() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let (scene, _) = asking_a_guest(&test).await;
        let mut waiting = Vec::new();
        for text in ["we are sorry", "it was the weather"] {
            let mut form = PostForm { slot: Some(scene.in_hours(5)), ..form(text, &[scene.profile]) };
            form.draft.common.reply_to = Some("their-message".to_owned());
            let post = publishing::create(scene.desk(), &scene.author.actor, &form).await.expect("begun");
            let Ok(Sent::Pending(id)) = scene.submit(post).await else { panic!("the guest is asked") };
            waiting.push(id);
        }
        let link = letter(&test, &sink).await;
        let guest = come_in(&test, &sink, &link).await;
        let seen = scene.seen(waiting[0]).await;
        let state = outside::decide(scene.desk(), &guest, waiting[0], seen, Verdict::Approve, "b").await;
        assert_eq!((state.expect("decided"), scene.state(waiting[1]).await), (S::Approved, S::Pending));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_alone_opens_nothing_and_a_code_only_the_browser_that_asked_for_it_once_and_in_time() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let (scene, _) = asking_a_guest(&test).await;
        scene.waiting("a kite", 30).await;
        let link = letter(&test, &sink).await;
        let (desk, nobody) = (scene.desk(), Actor::nobody(None));
        outside::invited(desk, &link).await.expect("it can ask for a code");
        assert!(outside::invited(desk, "made up").await.is_err());
        assert!(
            outside::asked(desk, &outside::resume(desk, &link, None).await.expect("answers")).await.is_err(),
            "the link is no key"
        );
        let first = outside::ask_for_code(desk, &nobody, &link, "one").await.expect("sent");
        let right = code(&test, &sink).await;
        let other = outside::ask_for_code(desk, &nobody, &link, "two").await.expect("sent");
        mail(&test).await;
        assert!(outside::enter(desk, &nobody, other.cookie.reveal(), &right).await.is_err(), "the code of another browser");
        assert!(outside::asked(desk, &outside::resume(desk, first.cookie.reveal(), None).await.expect("answers")).await.is_err());
        outside::enter(desk, &nobody, first.cookie.reveal(), &right).await.expect("its own browser");
        assert!(outside::enter(desk, &nobody, first.cookie.reveal(), &right).await.is_err(), "once");
        let guest = outside::resume(desk, first.cookie.reveal(), None).await.expect("answers");
        assert_eq!(outside::asked(desk, &guest).await.expect("open").len(), 1);
        // Trying does not help: the right code opens no more after five wrong ones.
        let third = outside::ask_for_code(desk, &nobody, &link, "three").await.expect("sent");
        let right = code(&test, &sink).await;
        let wrong = if right.starts_with('1') { "2222 2222" } else { "1111 1111" };
        for _ in 0..CODE_TRIES_MAX {
            assert!(matches!(outside::enter(desk, &nobody, third.cookie.reveal(), wrong).await, Err(Error::Invalid(_))));
        }
        assert!(matches!(outside::enter(desk, &nobody, third.cookie.reveal(), &right).await, Err(Error::Invalid(_))));
        let fourth = outside::ask_for_code(desk, &nobody, &link, "four").await.expect("sent");
        let right = code(&test, &sink).await;
        test.clock.advance_ms(CODE_LIFE_MS);
        assert!(outside::enter(desk, &nobody, fourth.cookie.reveal(), &right).await.is_err(), "too late");
        for number in 5..=CODES_PER_HOUR_MAX {
            outside::ask_for_code(desk, &nobody, &link, &number.to_string()).await.expect("sent");
        }
        assert!(matches!(outside::ask_for_code(desk, &nobody, &link, "more").await, Err(Error::TooMany { .. })));
        mail(&test).await;
        test.clock.advance_ms(GUEST_SESSION_MS);
        assert!(outside::asked(desk, &outside::resume(desk, first.cookie.reveal(), None).await.expect("answers")).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_sees_only_what_asks_them_now_by_any_id() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let (scene, guest_id) = asking_a_guest(&test).await;
        let (post, own, seen) = scene.waiting("for the guest", 30).await;
        let link = letter(&test, &sink).await;
        let guest = come_in(&test, &sink, &link).await;
        let desk = scene.desk();
        // Something else waits, for people.
        let book = approvals::workflows::list(desk, &scene.owner.actor).await.expect("the book");
        let keeper = test.sign_in(scene.owner.person).await.actor;
        let kept = &book.workflows[0];
        let inside =
            approvals::workflows::Workflow { steps: vec![scene.step("Inside", 0..1, Need::Any)], ..kept.workflow.clone() };
        approvals::workflows::change(desk, &keeper, kept.id, kept.revision, inside).await.expect("changed");
        let (other_post, other, other_seen) = scene.waiting("for people only", 30).await;
        assert_eq!(outside::asked(desk, &guest).await.expect("a list").len(), 1);
        let refused = outside::decide(desk, &guest, other, other_seen, Verdict::Approve, "b").await;
        assert!(matches!(refused, Err(Error::NotFound("submission"))));
        let made_up = outside::decide(desk, &guest, SubmissionId(uuid::Uuid::nil()), seen, Verdict::Approve, "b").await;
        assert!(matches!(made_up, Err(Error::NotFound("submission"))));
        assert!(outside::file(desk, &guest, own, (MediaDigest([1; 32]), Rendition::Whole)).await.is_err());
        assert!(outside::file(desk, &guest, other, (MediaDigest([1; 32]), Rendition::Whole)).await.is_err());
        for id in [post, other_post] {
            assert!(publishing::get(desk, &guest, id).await.is_err());
        }
        for id in [own, other] {
            assert!(approvals::get(desk, &guest, id).await.is_err());
            let ballot = approvals::Ballot { seen, verdict: Verdict::Approve, others: None };
            assert!(approvals::decide(desk, &guest, id, ballot).await.is_err());
        }
        assert!(approvals::workflows::list(desk, &guest).await.is_err());
        assert!(outside::guests(desk, &guest).await.is_err());
        // What was taken back asks nobody any more.
        publishing::withdraw(desk, &scene.author.actor, post).await.expect("taken back");
        assert!(outside::asked(desk, &guest).await.expect("a list").is_empty());
        assert!(outside::decide(desk, &guest, own, seen, Verdict::Approve, "b").await.is_err());
        outside::revoke(desk, &keeper, guest_id).await.expect("revoked");
        test.clock.advance_ms(HOUR);
        mail(&test).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_the_guest_the_link_or_the_browser_closes_it_at_once() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let (scene, guest) = asking_a_guest(&test).await;
        scene.waiting("a kite", 30).await;
        let link = letter(&test, &sink).await;
        let (desk, nobody) = (scene.desk(), Actor::nobody(None));
        let entered = async || {
            let browser = outside::ask_for_code(desk, &nobody, &link, "b").await?;
            let code = code(&test, &sink).await;
            outside::enter(desk, &nobody, browser.cookie.reveal(), &code).await?;
            Ok::<_, Error>(browser.cookie)
        };
        let opens = async |cookie: &desk::sign_in::Code| {
            let actor = outside::resume(desk, cookie.reveal(), None).await.expect("answers");
            outside::asked(desk, &actor).await.is_ok()
        };
        let keeper = test.sign_in(scene.owner.person).await.actor;
        let cookie = entered().await.expect("in");
        let view = || async { outside::guests(desk, &keeper).await.expect("the list").remove(0) };
        outside::revoke_session(desk, &keeper, view().await.sessions[0].id).await.expect("ended");
        assert!(!opens(&cookie).await);
        let cookie = entered().await.expect("in again");
        let left = entered().await.expect("and again");
        let leaving = outside::resume(desk, left.reveal(), None).await.expect("answers");
        outside::leave(desk, &leaving).await.expect("left");
        assert!(opens(&cookie).await && !opens(&left).await);
        outside::revoke_invitation(desk, &keeper, view().await.invitations[0].id).await.expect("revoked");
        assert!(!opens(&cookie).await && entered().await.is_err() && outside::invited(desk, &link).await.is_err());
        scene.waiting("another kite", 30).await;
        let link = letter(&test, &sink).await;
        let browser = outside::ask_for_code(desk, &nobody, &link, "b").await.expect("a new link");
        let code = code(&test, &sink).await;
        outside::enter(desk, &nobody, browser.cookie.reveal(), &code).await.expect("in");
        assert!(opens(&browser.cookie).await);
        outside::revoke(desk, &keeper, guest).await.expect("revoked");
        assert!(!opens(&browser.cookie).await && outside::invited(desk, &link).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_the_author_is_never_an_outside_approver_of_their_post() {
    on_both_with_mail(Behaviour::default(), |test, sink| async move {
        let scene = Scene::new(&test).await;
        let desk = scene.desk();
        let own = "person2@example.test";
        let taken = outside::invite(desk, &scene.owner.actor, own, "The Author").await;
        assert!(matches!(taken, Err(Error::Invalid(_))), "whoever has an account is asked as a person");
        // With a tag it is another text and the same mailbox.
        let guest =
            outside::invite(desk, &scene.owner.actor, "Person2+agency@example.test", "Somebody Else").await.expect("named");
        scene.rule(vec![step("Agency", [Approver::Guest(guest)], Need::Any)]).await;
        let post = scene.post("mine", 30).await;
        assert!(matches!(scene.submit(post).await, Err(Error::Conflict(why)) if why.contains("nobody could decide")));
        let other = publishing::create(desk, &scene.owner.actor, &crate::publishing::form("theirs", &[scene.profile]))
            .await
            .expect("begun");
        assert!(matches!(scene.submit_as(&scene.owner.actor, other).await, Ok(Sent::Pending(_))), "of somebody else's it is");
        letter(&test, &sink).await;
    })
    .await;
}
