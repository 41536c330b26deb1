//! Passkeys, answered by a software authenticator that can also misbehave.

use desk::{
    Actor, Error, Principal, Refusal, SecondFactor, people,
    sign_in::{self, NewSession},
};
use testkit::{SoftPasskey, TestDesk, on_both};

use super::{BROWSER, PASSWORD, asked, invalid_field, member, number, stranger};

const SITE: &str = "https://desk.example.test";

/// A member with a passkey beside the password.
async fn member_with_passkey(test: &TestDesk, email: &str) -> (Actor, SoftPasskey) {
    let (_, actor) = member(test, email).await;
    let mut key = SoftPasskey::new(SITE);
    let challenge = sign_in::start_passkey(&test.desk, &actor).await.expect("begins");
    let answer = key.register(&challenge.options);
    let codes = sign_in::add_passkey(&test.desk, &actor, challenge.ceremony.reveal(), &answer, "Key").await.expect("registered");
    assert_eq!(codes.expect("the first second factor brings recovery codes").0.len(), 10);
    (actor, key)
}

async fn sign_in_with(test: &TestDesk, key: &mut SoftPasskey) -> desk::Result<NewSession> {
    let challenge = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins");
    let answer = key.sign_in(&challenge.options);
    sign_in::with_passkey(&test.desk, &stranger(), challenge.ceremony.reveal(), &answer, BROWSER).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_alone_signs_in_without_an_address_and_counts_as_both_factors() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, mut key) = member_with_passkey(&test, "ann@example.test").await;
        let session = sign_in_with(&test, &mut key).await.expect("through");
        let actor = test.resume(session.cookie.reveal()).await;
        assert_eq!(actor.person(), ann.person());
        assert!(matches!(actor.principal, Principal::Person { second_factor: SecondFactor::Shown, .. }));
        let used = sign_in::factors(&test.desk, &actor).await.expect("own").passkeys;
        assert_eq!((used.len(), used[0].last_used_at), (1, Some(test.desk.now())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_is_asked_to_verify_its_user_and_to_keep_the_key_discoverable() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, actor) = member(&test, "ann@example.test").await;
        let options = sign_in::start_passkey(&test.desk, &actor).await.expect("begins").options;
        let selection = &options["publicKey"]["authenticatorSelection"];
        assert_eq!(
            (selection["userVerification"].as_str(), selection["residentKey"].as_str()),
            (Some("required"), Some("preferred"))
        );
        assert_eq!(options["publicKey"]["rp"]["id"], "desk.example.test");
        let options = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins").options;
        assert_eq!(options["publicKey"]["userVerification"], "required");
        assert!(options["publicKey"]["allowCredentials"].as_array().is_none_or(Vec::is_empty), "nobody is named");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_the_second_factor_beside_a_password() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, mut key) = member_with_passkey(&test, "ann@example.test").await;
        let ceremony = asked(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await);
        let methods = sign_in::second_factor_methods(&test.desk, &ceremony).await.expect("methods");
        assert!(methods.passkey && !methods.totp && methods.recovery);
        let challenge = sign_in::start_second_passkey(&test.desk, &ceremony).await.expect("begins");
        let answer = key.sign_in(&challenge.options);
        sign_in::with_second_passkey(&test.desk, &stranger(), &ceremony, &answer, BROWSER).await.expect("through");
        let again = sign_in::with_second_passkey(&test.desk, &stranger(), &ceremony, &answer, BROWSER).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "an answer works once: {again:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_verified_user_for_another_site_or_with_a_stale_counter_is_refused() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, mut key) = member_with_passkey(&test, "ann@example.test").await;
        key.verifies_user = false;
        assert_eq!(invalid_field(sign_in_with(&test, &mut key).await), "passkey", "user not verified");
        key.verifies_user = true;
        key.origin = "https://desk.example.test.attacker.test".to_owned();
        assert_eq!(invalid_field(sign_in_with(&test, &mut key).await), "passkey", "another site");
        key.origin = SITE.to_owned();
        sign_in_with(&test, &mut key).await.expect("an honest answer");
        key.counter -= 1;
        assert_eq!(invalid_field(sign_in_with(&test, &mut key).await), "passkey", "a copy of the key: its counter stands still");
        sign_in_with(&test, &mut key).await.expect("the counter grew again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_answer_and_an_unknown_or_anothers_key_open_nothing() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, mut key) = member_with_passkey(&test, "ann@example.test").await;
        let (_, mut bobs) = member_with_passkey(&test, "bob@example.test").await;
        let challenge = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins");
        let recorded = key.sign_in(&challenge.options);
        let fresh = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins");
        let replayed = sign_in::with_passkey(&test.desk, &stranger(), fresh.ceremony.reveal(), &recorded, BROWSER).await;
        assert_eq!(invalid_field(replayed), "passkey", "an answer to another challenge");

        let mut unknown = SoftPasskey::new(SITE);
        unknown.user_handle.clone_from(&key.user_handle);
        assert_eq!(invalid_field(sign_in_with(&test, &mut unknown).await), "passkey");
        bobs.user_handle.clone_from(&key.user_handle);
        assert_eq!(invalid_field(sign_in_with(&test, &mut bobs).await), "passkey", "another's key in somebody's name");

        let ceremony = asked(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await);
        let challenge = sign_in::start_second_passkey(&test.desk, &ceremony).await.expect("begins");
        let answer = bobs.sign_in(&challenge.options);
        let refused = sign_in::with_second_passkey(&test.desk, &stranger(), &ceremony, &answer, BROWSER).await;
        assert_eq!(invalid_field(refused), "passkey", "another's key as second factor");
        for broken in ["", "{}", "null", &"x".repeat(100_000)] {
            let challenge = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins");
            let refused = sign_in::with_passkey(&test.desk, &stranger(), challenge.ceremony.reveal(), broken, BROWSER).await;
            assert_eq!(invalid_field(refused), "passkey");
        }
        assert!(ann.person().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passkey_of_a_suspended_person_opens_nothing() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, mut key) = member_with_passkey(&test, "ann@example.test").await;
        let challenge = sign_in::start_passkey_sign_in(&test.desk).await.expect("begins");
        people::suspend(&test.desk, &Actor::operator(), ann.person().expect("ann")).await.expect("suspended");
        let answer = key.sign_in(&challenge.options);
        let refused = sign_in::with_passkey(&test.desk, &stranger(), challenge.ceremony.reveal(), &answer, BROWSER).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::Suspended))), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_can_begin_with_a_passkey_and_no_password_at_all() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, link) = people::create(&test.desk, &Actor::operator(), "ann@example.test", "Ann", &[]).await.expect("made");
        let mut key = SoftPasskey::new(SITE);
        let challenge = sign_in::start_passkey_with_link(&test.desk, link.reveal()).await.expect("begins");
        let answer = key.register(&challenge.options);
        let ceremony = challenge.ceremony.reveal();
        let (session, codes) = sign_in::use_link_with_passkey(&test.desk, &stranger(), link.reveal(), ceremony, &answer, BROWSER)
            .await
            .expect("through");
        assert_eq!(codes.0.len(), 10);
        let actor = test.resume(session.cookie.reveal()).await;
        assert_eq!(actor.person(), Some(ann));
        let again = sign_in::use_link_with_passkey(&test.desk, &stranger(), link.reveal(), ceremony, &answer, BROWSER).await;
        assert!(matches!(again, Err(Error::NotFound("link"))), "{again:?}");
        let only = sign_in::factors(&test.desk, &actor).await.expect("own").passkeys[0].id;
        let refused = sign_in::remove_factor(&test.desk, &actor, only).await;
        assert!(matches!(&refused, Err(Error::Conflict(reason)) if reason.contains("only way")), "{refused:?}");
        sign_in_with(&test, &mut key).await.expect("from then on too");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_belongs_to_one_session_and_a_key_to_one_account() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, mut key) = member_with_passkey(&test, "ann@example.test").await;
        let (_, bob) = member(&test, "bob@example.test").await;
        let challenge = sign_in::start_passkey(&test.desk, &bob).await.expect("begins");
        let answer = key.register(&challenge.options);
        let taken = sign_in::add_passkey(&test.desk, &bob, challenge.ceremony.reveal(), &answer, "").await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
        let anns = test.sign_in(ann.person().expect("ann")).await.actor;
        let challenge = sign_in::start_passkey(&test.desk, &anns).await.expect("begins");
        let answer = SoftPasskey::new(SITE).register(&challenge.options);
        let stolen = sign_in::add_passkey(&test.desk, &bob, challenge.ceremony.reveal(), &answer, "").await;
        assert!(matches!(stolen, Err(Error::Conflict(_))), "{stolen:?}");
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM passkeys").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_without_a_verified_user_is_refused() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, actor) = member(&test, "ann@example.test").await;
        let mut key = SoftPasskey::new(SITE);
        key.verifies_user = false;
        let challenge = sign_in::start_passkey(&test.desk, &actor).await.expect("begins");
        let answer = key.register(&challenge.options);
        let refused = sign_in::add_passkey(&test.desk, &actor, challenge.ceremony.reveal(), &answer, "").await;
        assert_eq!(invalid_field(refused), "passkey");
    })
    .await;
}
