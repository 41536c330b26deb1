//! Authenticator apps and recovery codes.

use desk::{
    Actor, Error, Principal, Refusal, SecondFactor,
    ids::PersonId,
    people,
    rights::{Given, Level, Operation, Right},
    sign_in::{self, CEREMONY_MS, Step, THROTTLE_WAIT_MAX_MS},
    workspace::{self, SecondFactorRule},
};
use testkit::{TestDesk, on_both};

use super::{BROWSER, PASSWORD, app_code, asked, invalid_field, member, member_with_app, number, stranger, stranger_number};

async fn first_factor(test: &TestDesk, email: &str) -> desk::Result<Step> {
    sign_in::with_password(&test.desk, &stranger(), email, PASSWORD, BROWSER).await
}

fn second_factor(actor: &Actor) -> Option<SecondFactor> {
    match actor.principal {
        Principal::Person { second_factor, .. } => Some(second_factor),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_app_is_asked_for_its_code_and_a_code_works_once() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let ceremony = asked(first_factor(&test, "ann@example.test").await);
        assert!(sign_in::second_factor_methods(&test.desk, &ceremony).await.expect("methods").totp);
        let code = app_code(&test, &ann.secret);
        assert_eq!(invalid_field(sign_in::with_totp(&test.desk, &stranger(), &ceremony, "000000", BROWSER).await), "code");
        let session = sign_in::with_totp(&test.desk, &stranger(), &ceremony, &code, BROWSER).await.expect("through");
        let actor = test.resume(session.cookie.reveal()).await;
        assert_eq!((actor.person(), second_factor(&actor)), (Some(ann.person), Some(SecondFactor::Shown)));

        let reused = sign_in::with_totp(&test.desk, &stranger(), &ceremony, &code, BROWSER).await;
        assert!(matches!(reused, Err(Error::Conflict(_))), "the ceremony is used up: {reused:?}");
        let again = asked(first_factor(&test, "ann@example.test").await);
        let replayed = sign_in::with_totp(&test.desk, &stranger(), &again, &code, BROWSER).await;
        assert_eq!(invalid_field(replayed), "code", "a code somebody looked over the shoulder for does not work again");
        test.clock.advance_ms(30_000);
        let next = app_code(&test, &ann.secret);
        sign_in::with_totp(&test.desk, &stranger(), &again, &next, BROWSER).await.expect("the next code works");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_twice_at_once_opens_one_session() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let ceremonies =
            [asked(first_factor(&test, "ann@example.test").await), asked(first_factor(&test, "ann@example.test").await)];
        let code = app_code(&test, &ann.secret);
        let [one, two] = ceremonies.each_ref().map(|ceremony| {
            let (desk, ceremony, code) = (test.desk.clone(), ceremony.clone(), code.clone());
            tokio::spawn(async move { sign_in::with_totp(&desk, &stranger(), &ceremony, &code, BROWSER).await.is_ok() })
        });
        assert!(one.await.expect("runs") ^ two.await.expect("runs"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceremony_expires_ends_with_a_suspension_and_guessing_codes_waits() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let expired = asked(first_factor(&test, "ann@example.test").await);
        test.clock.advance_ms(CEREMONY_MS);
        let code = app_code(&test, &ann.secret);
        let late = sign_in::with_totp(&test.desk, &stranger(), &expired, &code, BROWSER).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");

        let ceremony = asked(first_factor(&test, "ann@example.test").await);
        let mut waits = false;
        for n in 0..8 {
            let guess = sign_in::with_totp(&test.desk, &stranger_number(n), &ceremony, "123123", BROWSER).await;
            waits = matches!(guess, Err(Error::TooMany { .. }));
        }
        assert!(waits, "guessing codes from many addresses has to wait");
        test.clock.advance_ms(THROTTLE_WAIT_MAX_MS);

        let ceremony = asked(first_factor(&test, "ann@example.test").await);
        people::suspend(&test.desk, &Actor::operator(), ann.person).await.expect("suspended");
        let code = app_code(&test, &ann.secret);
        assert!(sign_in::with_totp(&test.desk, &stranger(), &ceremony, &code, BROWSER).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_recovery_codes_each_stand_in_once_until_new_ones_are_made() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        assert_eq!(ann.codes.0.len(), 10);
        let use_code = async |code: &str| {
            let ceremony = asked(first_factor(&test, "ann@example.test").await);
            sign_in::with_recovery_code(&test.desk, &stranger(), &ceremony, code, BROWSER).await
        };
        let sloppy = ann.codes.0[0].reveal().to_uppercase().replace('-', " ").replace('0', "O");
        use_code(&sloppy).await.expect("written another way");
        assert_eq!(invalid_field(use_code(ann.codes.0[0].reveal()).await), "code", "used");
        assert_eq!(invalid_field(use_code("aaaaa-aaaaa").await), "code", "made up");
        let actor = ann.actor;
        assert_eq!(sign_in::factors(&test.desk, &actor).await.expect("own").recovery_codes_left, 9);
        let fresh = sign_in::regenerate_recovery_codes(&test.desk, &test_again(&test, ann.person).await).await.expect("new ones");
        assert_eq!(invalid_field(use_code(ann.codes.0[1].reveal()).await), "code", "replaced");
        use_code(fresh.0[9].reveal()).await.expect("a new one");
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM recovery_codes").await, 10);
    })
    .await;
}

/// Another session of the person, with everything shown.
async fn test_again(test: &TestDesk, person: PersonId) -> Actor {
    test.sign_in(person).await.actor
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_asks_whoever_publishes_or_administers_and_leaves_only_the_set_up_open() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let (person, plain) = member(&test, "ann@example.test").await;
        assert_eq!(second_factor(&plain), Some(SecondFactor::NotAsked));
        let cookie = |step| super::done(step).cookie.reveal().to_owned();
        let ann = cookie(first_factor(&test, "ann@example.test").await);
        for given in [Given::Level(Level::CanReply), Given::Level(Level::FullPublishing), Given::Right(Right::Settings)] {
            let give = desk::rights::Give {
                holder: desk::rights::Holder::Person(person),
                given,
                scope: desk::rights::Scope::Workspace,
                expires_at: None,
                reason: String::new(),
            };
            let grant = desk::rights::give(&test.desk, &owner.actor, give).await.expect("given");
            let asked_now = test.resume(&ann).await;
            assert_eq!(second_factor(&asked_now), Some(SecondFactor::Missing), "{}", given.id());
            let refused = people::change_own(&test.desk, &asked_now, "Ann", None, people::Theme::Dark).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::SecondFactorNeeded))), "{refused:?}");
            desk::rights::take(&test.desk, &owner.actor, grant).await.expect("taken");
        }
        assert_eq!(second_factor(&test.resume(&ann).await), Some(SecondFactor::NotAsked));
        workspace::change(&test.desk, &owner.actor, "Example Works", "UTC", SecondFactorRule::Everybody).await.expect("changed");
        let missing = test.resume(&ann).await;
        assert_eq!(second_factor(&missing), Some(SecondFactor::Missing));
        let setup = sign_in::start_totp(&test.desk, &missing, "").await.expect("the set-up is open");
        let code = app_code(&test, setup.secret.reveal());
        sign_in::confirm_totp(&test.desk, &missing, setup.id, &code).await.expect("in force");
        assert_eq!(second_factor(&test.resume(&ann).await), Some(SecondFactor::Shown), "set up means shown");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_an_app_up_takes_a_right_code_in_time_and_ends_sessions_without_one() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, actor) = member(&test, "ann@example.test").await;
        let elsewhere = super::done(first_factor(&test, "ann@example.test").await);
        let setup = sign_in::start_totp(&test.desk, &actor, "Telephone").await.expect("begins");
        assert!(setup.url.reveal().starts_with("otpauth://totp/Example%20Works:ann%40example.test?secret="));
        assert_eq!(invalid_field(sign_in::confirm_totp(&test.desk, &actor, setup.id, "000000").await), "code");
        super::done(first_factor(&test, "ann@example.test").await);
        let shown_again = sign_in::resume_totp(&test.desk, &actor, setup.id).await.expect("still pending");
        assert_eq!(shown_again.secret.reveal(), setup.secret.reveal());
        let code = app_code(&test, setup.secret.reveal());
        sign_in::confirm_totp(&test.desk, &actor, setup.id, &code).await.expect("in force").expect("recovery codes");
        assert!(test.resume(elsewhere.cookie.reveal()).await.person().is_none(), "opened without a second factor");
        assert!(sign_in::resume_totp(&test.desk, &actor, setup.id).await.is_err(), "the secret is not shown again");
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM totp_factors WHERE confirmed_at_ms IS NOT NULL").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_confirms_anothers_app_or_removes_their_factor() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let (_, bob) = member(&test, "bob@example.test").await;
        let own = sign_in::factors(&test.desk, &ann.actor).await.expect("own").totp[0].id;
        assert!(matches!(sign_in::remove_factor(&test.desk, &bob, own).await, Err(Error::NotFound(_))));
        let pending = sign_in::start_totp(&test.desk, &test_again(&test, ann.person).await, "Second").await.expect("begins");
        let code = app_code(&test, pending.secret.reveal());
        assert!(sign_in::confirm_totp(&test.desk, &bob, pending.id, &code).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_factor_stays_while_the_workspace_asks_for_one() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let actor = test_again(&test, ann.person).await;
        let id = sign_in::factors(&test.desk, &actor).await.expect("own").totp[0].id;
        workspace::change(&test.desk, &owner.actor, "Example Works", "UTC", SecondFactorRule::Everybody).await.expect("changed");
        assert!(matches!(sign_in::remove_factor(&test.desk, &actor, id).await, Err(Error::Conflict(_))));
        workspace::change(&test.desk, &owner.actor, "Example Works", "UTC", SecondFactorRule::Nobody).await.expect("changed");
        sign_in::remove_factor(&test.desk, &actor, id).await.expect("nobody asks");
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM recovery_codes").await, 0, "they stand in for nothing now");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_did_not_show_the_second_factor_cannot_change_factors() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let mut sneaky = test_again(&test, ann.person).await;
        if let Principal::Person { second_factor, .. } = &mut sneaky.principal {
            *second_factor = SecondFactor::NotAsked;
        }
        for refused in [
            sign_in::start_totp(&test.desk, &sneaky, "").await.map(drop),
            sign_in::start_passkey(&test.desk, &sneaky).await.map(drop),
            sign_in::regenerate_recovery_codes(&test.desk, &sneaky).await.map(drop),
        ] {
            assert!(matches!(refused, Err(Error::Refused(Refusal::StepUpNeeded(Operation::FactorAdd)))), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operator_clears_the_factors_of_somebody_who_lost_them_all() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let refused = sign_in::clear_factors(&test.desk, &owner.actor, ann.person).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorNeeded(_)))), "{refused:?}");
        let running = test.sign_in(ann.person).await;
        sign_in::clear_factors(&test.desk, &Actor::operator(), ann.person).await.expect("cleared");
        assert!(test.resume(&running.cookie).await.person().is_none());
        super::done(first_factor(&test, "ann@example.test").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_secrets_nor_codes_stand_in_the_database() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let mut reader = test.desk.db().read().await.expect("reads");
        let row = desk::db::sql("SELECT sealed_secret FROM totp_factors").one(&mut reader).await.expect("one");
        let sealed: Vec<u8> = row.get("sealed_secret").expect("bytes");
        assert!(sealed.len() > 20 + 12 && !sealed.windows(16).any(|part| part == &ann.secret.as_bytes()[..16]));
        let row = desk::db::sql("SELECT code_hash FROM recovery_codes").one(&mut reader).await.expect("one");
        assert_eq!(row.get::<Vec<u8>>("code_hash").expect("bytes").len(), 32);
    })
    .await;
}
