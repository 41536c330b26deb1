//! Passwords and the throttle before them.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, phc::PasswordHash},
};
use desk::{
    Error, Refusal,
    audit_log::{self, AuditFilter, Outcome},
    db::sql,
    paging::PageRequest,
    people,
    sign_in::{self, Step, THROTTLE_WAIT_MAX_MS},
};
use testkit::{TestDesk, on_both};

use super::{BROWSER, PASSWORD, done, invalid_field, member, number, stranger, stranger_number};

async fn sign_in(test: &TestDesk, email: &str, password: &str) -> desk::Result<Step> {
    sign_in::with_password(&test.desk, &stranger(), email, password, BROWSER).await
}

#[tokio::test(flavor = "multi_thread")]
async fn address_and_password_open_a_session_whatever_the_case_of_the_address() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, _) = member(&test, "ann@example.test").await;
        let session = done(sign_in(&test, " ANN@example.test ", PASSWORD).await);
        assert_eq!(test.resume(session.cookie.reveal()).await.person(), Some(person));
        assert_eq!(invalid_field(sign_in(&test, "ann@example.test", "unhurried tapir glas").await), "password");
        assert_eq!(invalid_field(sign_in(&test, "ann@example.test", "").await), "password");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_gets_the_same_answer_after_the_same_work() {
    on_both(|test| async move {
        test.workspace().await;
        member(&test, "ann@example.test").await;
        let (_, _) = people::create(&test.desk, &desk::Actor::operator(), "new@example.test", "New", &[]).await.expect("invited");
        let mut answers = Vec::new();
        for email in ["ann@example.test", "nobody@example.test", "new@example.test", "", "no address at all"] {
            let before = sign_in::password_verifications();
            answers.push(sign_in(&test, email, "not the password of anybody").await.expect_err("refused").to_string());
            assert!(sign_in::password_verifications() > before, "{email}: no password was verified");
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_known_addresses_are_throttled_alike_and_the_wait_ends() {
    on_both(|test| async move {
        test.workspace().await;
        member(&test, "ann@example.test").await;
        for email in ["ann@example.test", "nobody@example.test"] {
            let mut answers = Vec::new();
            for n in 0..9 {
                let caller = stranger_number(n);
                let answer = sign_in::with_password(&test.desk, &caller, email, "wrong all the time", BROWSER).await;
                answers.push(matches!(answer, Err(Error::TooMany { .. })));
            }
            // Five are free; the sixth is looked at and starts the wait.
            assert_eq!(answers, [false, false, false, false, false, false, true, true, true], "{email}");
        }
        let right = sign_in(&test, "ann@example.test", PASSWORD).await;
        assert!(matches!(right, Err(Error::TooMany { .. })), "the right password waits too: {right:?}");
        test.clock.advance_ms(THROTTLE_WAIT_MAX_MS);
        done(sign_in(&test, "ann@example.test", PASSWORD).await);
        for _ in 0..5 {
            assert_eq!(
                invalid_field(sign_in(&test, "ann@example.test", "wrong").await),
                "password",
                "success forgets the failures"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_at_once_are_no_way_around_the_throttle() {
    on_both(|test| async move {
        test.workspace().await;
        member(&test, "ann@example.test").await;
        let attempts = (0..24).map(|n| {
            let desk = test.desk.clone();
            tokio::spawn(async move {
                sign_in::with_password(&desk, &stranger_number(n), "ann@example.test", "wrong all the time", BROWSER).await
            })
        });
        let mut looked_at = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            looked_at += i32::from(matches!(attempt.await.expect("runs"), Err(Error::Invalid(_))));
        }
        assert_eq!(looked_at, 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_that_tries_many_accounts_has_to_wait() {
    on_both(|test| async move {
        test.workspace().await;
        let mut waits = false;
        for n in 0..40 {
            let answer = sign_in(&test, &format!("somebody{n}@example.test"), "wrong all the time").await;
            waits = matches!(answer, Err(Error::TooMany { .. }));
        }
        assert!(waits);
        let elsewhere = stranger_number(200);
        let answer = sign_in::with_password(&test.desk, &elsewhere, "fresh@example.test", "wrong", BROWSER).await;
        assert_eq!(invalid_field(answer), "password", "another address does not wait");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_on_record_without_the_password_or_an_unknown_address() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let (ann, _) = member(&test, "ann@example.test").await;
        let _wrong = sign_in(&test, "ann@example.test", "hidden-password-typed").await;
        let _unknown = sign_in(&test, "secret-address@elsewhere.test", "hidden-password-typed").await;
        let filter = AuditFilter { outcome: Some(Outcome::Failed), ..AuditFilter::default() };
        let entries = audit_log::list(&test.desk, &owner.actor, &filter, &PageRequest::default()).await.expect("read").items;
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[1].object_id, entries[1].address.as_deref()), (Some(ann.0), Some("192.0.2.7")));
        assert!(entries[0].object_id.is_none() && entries[0].details.contains_key("address_digest"));
        let everything = format!("{entries:?}");
        assert!(!everything.contains("hidden-password-typed") && !everything.contains("secret-address"), "{everything}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_learns_that_an_account_is_suspended_and_nothing_opens() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, _) = member(&test, "ann@example.test").await;
        people::suspend(&test.desk, &desk::Actor::operator(), person).await.expect("suspended");
        assert_eq!(invalid_field(sign_in(&test, "ann@example.test", "not the password").await), "password");
        let right = sign_in(&test, "ann@example.test", PASSWORD).await;
        assert!(matches!(right, Err(Error::Refused(Refusal::Suspended))), "{right:?}");
        assert_eq!(
            number(&test, "SELECT COUNT(*) AS n FROM sessions WHERE ended_at_ms IS NULL AND method <> 'password'").await,
            0
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_with_old_parameters_still_works_and_is_replaced() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, _) = member(&test, "ann@example.test").await;
        let params = Params::new(8 * 1024, 1, 1, None).expect("within the limits");
        let old: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), b"0123456789abcdef")
            .expect("hashes");
        let mut tx = test.desk.db().begin().await.expect("begins");
        sql("UPDATE passwords SET hash = $1 WHERE person_id = $2")
            .bind(old.to_string())
            .bind(person)
            .execute(&mut tx)
            .await
            .expect("updates");
        tx.commit().await.expect("commits");
        for _ in 0..2 {
            done(sign_in(&test, "ann@example.test", PASSWORD).await);
        }
        let mut reader = test.desk.db().read().await.expect("reads");
        let row = sql("SELECT hash FROM passwords").one(&mut reader).await.expect("one");
        let hash: String = row.get("hash").expect("text");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_password_needs_a_fresh_proof_and_ends_the_other_sessions() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, actor) = member(&test, "ann@example.test").await;
        let other = done(sign_in(&test, "ann@example.test", PASSWORD).await);
        for weak in ["short", "password1234", "annexample2026", "Example Works!", PASSWORD.repeat(20).as_str()] {
            assert_eq!(invalid_field(sign_in::change_password(&test.desk, &actor, weak).await), "password", "{weak}");
        }
        assert_eq!(sign_in::change_password(&test.desk, &actor, "vellum grinder at dawn").await.expect("changed"), 1);
        assert!(test.resume(other.cookie.reveal()).await.person().is_none());
        assert_eq!(invalid_field(sign_in(&test, "ann@example.test", PASSWORD).await), "password");
        let session = done(sign_in(&test, "ann@example.test", "vellum grinder at dawn").await);
        test.clock.advance_ms(desk::rights::STEP_UP_WINDOW_MS);
        let later = test.resume(session.cookie.reveal()).await;
        let refused = sign_in::change_password(&test.desk, &later, "another vellum grinder").await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StepUpNeeded(_)))), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_never_takes_over_a_cookie_that_was_planted_and_ends_the_session_it_replaces() {
    on_both(|test| async move {
        test.workspace().await;
        let (person, before) = member(&test, "ann@example.test").await;
        let planted = test.sign_in(person).await;
        let caller = test.resume(&planted.cookie).await;
        let session = done(sign_in::with_password(&test.desk, &caller, "ann@example.test", PASSWORD, BROWSER).await);
        assert_ne!(session.cookie.reveal(), planted.cookie);
        assert!(test.resume(&planted.cookie).await.person().is_none(), "the session it replaces ended");
        assert_ne!(Some(session.id), before.session());
    })
    .await;
}
