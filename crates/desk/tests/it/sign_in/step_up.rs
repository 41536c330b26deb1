//! Step-up: a fresh proof for sensitive acts, with the second factor of whoever has one.

use desk::{
    Error, Refusal,
    rights::STEP_UP_WINDOW_MS,
    sign_in::{self, TypedFactor},
};
use testkit::{SoftPasskey, on_both};

use super::{PASSWORD, app_code, invalid_field, member, member_with_app};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_second_factor_the_password_is_the_proof_for_ten_minutes() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, _) = member(&test, "ann@example.test").await;
        let here = test.sign_in(person).await;
        test.clock.advance_ms(STEP_UP_WINDOW_MS);
        let stale = test.resume(&here.cookie).await;
        let refused = sign_in::start_totp(&test.desk, &stale, "").await.map(drop);
        assert!(matches!(refused, Err(Error::Refused(Refusal::StepUpNeeded(_)))), "{refused:?}");
        assert_eq!(invalid_field(sign_in::step_up(&test.desk, &stale, "wrong", None).await), "password");
        sign_in::step_up(&test.desk, &stale, PASSWORD, None).await.expect("proven");
        sign_in::start_totp(&test.desk, &test.resume(&here.cookie).await, "").await.expect("fresh again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_second_factor_shows_it_and_the_password_alone_is_not_enough() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let here = test.sign_in(ann.person).await;
        test.clock.advance_ms(STEP_UP_WINDOW_MS);
        let stale = test.resume(&here.cookie).await;
        let needs = sign_in::step_up_needs(&test.desk, &stale).await.expect("told");
        assert!(needs.password && needs.methods.totp && !needs.methods.passkey);
        assert_eq!(invalid_field(sign_in::step_up(&test.desk, &stale, PASSWORD, None).await), "code");
        let wrong = sign_in::step_up(&test.desk, &stale, PASSWORD, Some(TypedFactor::Totp("000000"))).await;
        assert_eq!(invalid_field(wrong), "code");
        let code = app_code(&test, &ann.secret);
        let wrong = sign_in::step_up(&test.desk, &stale, "wrong", Some(TypedFactor::Totp(&code))).await;
        assert_eq!(invalid_field(wrong), "password");
        let refused = sign_in::change_password(&test.desk, &test.resume(&here.cookie).await, "vellum grinder at dawn").await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StepUpNeeded(_)))), "{refused:?}");
        sign_in::step_up(&test.desk, &stale, PASSWORD, Some(TypedFactor::Totp(&code))).await.expect("both");
        let replayed = sign_in::step_up(&test.desk, &stale, PASSWORD, Some(TypedFactor::Totp(&code))).await;
        assert_eq!(invalid_field(replayed), "code", "a code works once, here too");
        let recovery = ann.codes.0[0].reveal();
        sign_in::step_up(&test.desk, &stale, PASSWORD, Some(TypedFactor::Recovery(recovery))).await.expect("stands in");
        let fresh = test.resume(&here.cookie).await;
        sign_in::change_password(&test.desk, &fresh, "vellum grinder at dawn").await.expect("fresh");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_the_step_up_of_a_stolen_session_has_to_wait() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, _) = member(&test, "ann@example.test").await;
        let stolen = test.sign_in(person).await.actor;
        let mut waits = false;
        for _ in 0..8 {
            waits = matches!(sign_in::step_up(&test.desk, &stolen, "a guess", None).await, Err(Error::TooMany { .. }));
        }
        assert!(waits);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_steps_up_in_the_session_that_asked_and_in_no_other() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, actor) = member(&test, "ann@example.test").await;
        let mut key = SoftPasskey::new("https://desk.example.test");
        let challenge = sign_in::start_passkey(&test.desk, &actor).await.expect("begins");
        let answer = key.register(&challenge.options);
        sign_in::add_passkey(&test.desk, &actor, challenge.ceremony.reveal(), &answer, "").await.expect("registered");
        let (here, there) = (test.sign_in(person).await, test.sign_in(person).await);
        test.clock.advance_ms(STEP_UP_WINDOW_MS);
        let challenge = sign_in::start_passkey_step_up(&test.desk, &here.actor).await.expect("begins");
        let answer = key.sign_in(&challenge.options);
        let ceremony = challenge.ceremony.reveal();
        let elsewhere = sign_in::step_up_with_passkey(&test.desk, &there.actor, ceremony, &answer).await;
        assert!(matches!(elsewhere, Err(Error::Conflict(_))), "{elsewhere:?}");
        sign_in::step_up_with_passkey(&test.desk, &here.actor, ceremony, &answer).await.expect("proven");
        sign_in::start_passkey(&test.desk, &test.resume(&here.cookie).await).await.expect("fresh here");
        let refused = sign_in::start_passkey(&test.desk, &test.resume(&there.cookie).await).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StepUpNeeded(_)))), "{refused:?}");
    })
    .await;
}
