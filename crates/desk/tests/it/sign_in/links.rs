//! Single-use links: what each kind opens, once, and never past a second factor.

use desk::{
    Actor, Error, Principal, SecondFactor,
    audit_log::{self, AuditFilter},
    paging::PageRequest,
    people::{self, PersonState},
    sign_in::{self, LinkKind, Step},
    workspace::{self, Purpose},
};
use testkit::{TestDesk, on_both};

use super::{
    BROWSER, PASSWORD, app_code, asked, done, invalid_field, member, member_with_app, number, stranger, stranger_number,
};

async fn use_link(test: &TestDesk, code: &str, password: &str) -> desk::Result<Step> {
    sign_in::use_link_with_password(&test.desk, &stranger(), code, password, BROWSER).await
}

fn is_gone<T>(result: &desk::Result<T>) -> bool {
    matches!(result, Err(Error::NotFound("link")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_comes_in_by_the_set_up_link_and_is_led_to_a_second_factor() {
    on_both(|test| async move {
        let (owner, link) =
            workspace::create(&test.desk, &Actor::operator(), "Example Works", "o@example.test", "Olive", Purpose::Real)
                .await
                .expect("a workspace");
        let (found, person) = sign_in::look_at_link(&test.desk, link.reveal()).await.expect("works");
        assert_eq!((found.kind, person.id), (LinkKind::Setup, owner));
        let session = done(use_link(&test, link.reveal(), PASSWORD).await);
        let actor = test.resume(session.cookie.reveal()).await;
        assert!(matches!(actor.principal, Principal::Person { second_factor: SecondFactor::Missing, .. }));
        let setup = sign_in::start_totp(&test.desk, &actor, "").await.expect("just proven");
        sign_in::confirm_totp(&test.desk, &actor, setup.id, &app_code(&test, setup.secret.reveal())).await.expect("in force");
        let actor = test.resume(session.cookie.reveal()).await;
        assert_eq!(people::get(&test.desk, &actor, owner).await.expect("an owner now").state, PersonState::Active);
        assert!(is_gone(&use_link(&test, link.reveal(), PASSWORD).await), "used");
        assert!(is_gone(&sign_in::look_at_link(&test.desk, link.reveal()).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_does_not_fit_leaves_the_link_working() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, link) = people::create(&test.desk, &Actor::operator(), "ann@example.test", "Ann", &[]).await.expect("made");
        assert_eq!(invalid_field(use_link(&test, link.reveal(), "password1234").await), "password");
        done(use_link(&test, link.reveal(), PASSWORD).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_link_at_once_one_gets_through() {
    on_both(|test| async move {
        test.workspace().await;
        let (_, link) = people::create(&test.desk, &Actor::operator(), "ann@example.test", "Ann", &[]).await.expect("made");
        let tries: Vec<_> = (0..6)
            .map(|n| {
                let (desk, code) = (test.desk.clone(), link.reveal().to_owned());
                tokio::spawn(async move {
                    sign_in::use_link_with_password(&desk, &stranger_number(n), &code, PASSWORD, BROWSER).await
                })
            })
            .collect();
        let mut through = 0;
        for attempt in tries {
            match attempt.await.expect("runs") {
                Ok(Step::Done(_)) => through += 1,
                other => assert!(is_gone(&other)),
            }
        }
        assert_eq!(through, 1);
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM sessions WHERE method = 'link'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_every_session_and_never_passes_the_second_factor() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let running = test.sign_in(ann.person).await;
        let half_way = asked(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await);
        let (kind, link) = people::make_link(&test.desk, &owner.actor, ann.person).await.expect("a reset");
        assert_eq!(kind, LinkKind::Reset);
        let ceremony = asked(use_link(&test, link.reveal(), "vellum grinder at dawn").await);
        assert!(test.resume(&running.cookie).await.person().is_none(), "running sessions end");
        let code = app_code(&test, &ann.secret);
        let old = sign_in::with_totp(&test.desk, &stranger(), &half_way, &code, BROWSER).await;
        assert!(matches!(old, Err(Error::Conflict(_))), "a sign-in half-way through with the old password ends: {old:?}");
        sign_in::with_totp(&test.desk, &stranger(), &ceremony, &code, BROWSER).await.expect("with the second factor");
        assert!(is_gone(&use_link(&test, link.reveal(), PASSWORD).await));
        let stale = sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await;
        assert_eq!(invalid_field(stale), "password");
        asked(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", "vellum grinder at dawn", BROWSER).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_does_not_register_a_passkey() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = member_with_app(&test, "ann@example.test").await;
        let (_, link) = people::make_link(&test.desk, &owner.actor, ann.person).await.expect("a reset");
        let refused = sign_in::start_passkey_with_link(&test.desk, link.reveal()).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_when_revoked_expired_replaced_or_its_person_is_suspended() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let (ann, first) = people::create(&test.desk, &Actor::operator(), "ann@example.test", "Ann", &[]).await.expect("made");
        let (_, second) = people::make_link(&test.desk, &owner.actor, ann).await.expect("another");
        assert!(is_gone(&use_link(&test, first.reveal(), PASSWORD).await), "replaced");
        let pending = sign_in::links_of(&test.desk, &owner.actor, ann).await.expect("listed");
        assert_eq!(pending.len(), 1);
        sign_in::revoke_link(&test.desk, &owner.actor, pending[0].id).await.expect("revoked");
        assert!(is_gone(&use_link(&test, second.reveal(), PASSWORD).await), "revoked");
        let (_, third) = people::make_link(&test.desk, &owner.actor, ann).await.expect("another");
        people::suspend(&test.desk, &owner.actor, ann).await.expect("suspended");
        assert!(is_gone(&use_link(&test, third.reveal(), PASSWORD).await), "suspended");
        people::restore(&test.desk, &owner.actor, ann).await.expect("restored");
        assert!(is_gone(&use_link(&test, third.reveal(), PASSWORD).await), "restoring brings no link back");
        let (_, fourth) = people::make_link(&test.desk, &owner.actor, ann).await.expect("another");
        test.clock.advance_ms(LinkKind::Invitation.lifetime_ms());
        assert!(is_gone(&use_link(&test, fourth.reveal(), PASSWORD).await), "expired");
        assert!(is_gone(&use_link(&test, "made-up", PASSWORD).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_bound_to_the_state_it_was_made_for() {
    on_both(|test| async move {
        test.workspace().await;
        let (ann, _) = member(&test, "ann@example.test").await;
        let (_, link) = people::make_link(&test.desk, &Actor::operator(), ann).await.expect("a reset");
        let mut tx = test.desk.db().begin().await.expect("begins");
        desk::db::sql("UPDATE links SET kind = 'invitation' WHERE used_at_ms IS NULL").execute(&mut tx).await.expect("tampers");
        tx.commit().await.expect("commits");
        assert!(is_gone(&use_link(&test, link.reveal(), PASSWORD).await), "an invitation opens no account that was opened");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_links_from_one_address_has_to_wait() {
    on_both(|test| async move {
        test.workspace().await;
        let mut waits = false;
        for n in 0..40 {
            waits = matches!(use_link(&test, &format!("guess {n}"), PASSWORD).await, Err(Error::TooMany { .. }));
        }
        assert!(waits);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_reset_tells_nothing_makes_no_link_and_stands_in_the_log() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let (ann, _) = member(&test, "ann@example.test").await;
        for email in ["ann@example.test", "nobody@example.test", ""] {
            sign_in::request_reset(&test.desk, &stranger(), email).await.expect("the same answer");
        }
        assert!(sign_in::links_of(&test.desk, &owner.actor, ann).await.expect("listed").is_empty());
        let filter = AuditFilter { act: Some("door.request_reset".to_owned()), ..AuditFilter::default() };
        let entries = audit_log::list(&test.desk, &owner.actor, &filter, &PageRequest::default()).await.expect("read").items;
        let about: Vec<_> = entries.iter().rev().map(|entry| entry.object_id).collect();
        assert_eq!(about, [Some(ann.0), None, None]);
        let mut waits = false;
        for n in 0..8 {
            waits = matches!(
                sign_in::request_reset(&test.desk, &stranger_number(n), "ann@example.test").await,
                Err(Error::TooMany { .. })
            );
        }
        assert!(waits, "asking again and again has to wait");
        done(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await);
    })
    .await;
}
