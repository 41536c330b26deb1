//! Sessions: what a cookie opens, and everything that ends it.

use desk::{
    Actor, Error, Principal, SecondFactor, people,
    rights::{Given, Level, Right},
    sign_in::{self, SESSION_AGE_MAX_MS, SESSION_IDLE_MAX_MS},
};
use testkit::on_both;

fn is_nobody(actor: &Actor) -> bool {
    actor.principal == Principal::Nobody && actor.rights == desk::rights::EffectiveRights::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_leads_to_its_person_with_the_rights_of_this_moment() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = test.person_with(&[Given::Right(Right::Assets), Given::Level(Level::ReadOnly)]).await;
        assert_eq!(ann.actor.person(), Some(ann.person));
        assert_eq!(ann.actor.session(), Some(ann.session));
        assert!(ann.actor.rights.has(Right::Assets) && !ann.actor.rights.has(Right::People));
        let visit = sign_in::resume(&test.desk, &ann.cookie, None, "").await.expect("resumes");
        let (person, workspace) = visit.signed_in.expect("somebody");
        assert_eq!((person.id, workspace.name.as_str()), (ann.person, "Example Works"));
        for made_up in ["", "x", &ann.cookie[1..], &"x".repeat(100_000)] {
            assert!(is_nobody(&test.resume(made_up).await), "a made-up cookie opened something");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_idle_and_at_its_age_however_much_it_is_used() {
    on_both(|test| async move {
        test.workspace().await;
        let idle = test.person_with(&[]).await;
        test.clock.advance_ms(SESSION_IDLE_MAX_MS - 1);
        assert!(!is_nobody(&test.resume(&idle.cookie).await), "used in time, it goes on");
        test.clock.advance_ms(SESSION_IDLE_MAX_MS);
        assert!(is_nobody(&test.resume(&idle.cookie).await), "idle for too long");

        let busy = test.person_with(&[]).await;
        for _ in 0..(SESSION_AGE_MAX_MS / (SESSION_IDLE_MAX_MS / 2)) - 1 {
            test.clock.advance_ms(SESSION_IDLE_MAX_MS / 2);
            assert!(!is_nobody(&test.resume(&busy.cookie).await));
        }
        test.clock.advance_ms(SESSION_IDLE_MAX_MS / 2);
        assert!(is_nobody(&test.resume(&busy.cookie).await), "too old, although used all the time");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn last_seen_is_written_at_most_once_a_minute() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = test.person_with(&[]).await;
        let seen = async || sign_in::sessions(&test.desk, &ann.actor).await.expect("own sessions")[0].last_seen_at;
        let first = seen().await;
        test.clock.advance_ms(59_999);
        test.resume(&ann.cookie).await;
        assert_eq!(seen().await, first);
        test.clock.advance_ms(1);
        test.resume(&ann.cookie).await;
        assert_eq!(seen().await, first.plus_ms(60_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_and_end_their_own_sessions_and_nobody_elses() {
    on_both(|test| async move {
        test.workspace().await;
        let desk = &test.desk;
        let here = test.person_with(&[]).await;
        let (there, elsewhere) = (test.sign_in(here.person).await, test.sign_in(here.person).await);
        let other = test.person_with(&[]).await;
        assert_eq!(sign_in::sessions(desk, &here.actor).await.expect("own").len(), 3);
        sign_in::revoke_session(desk, &here.actor, there.session).await.expect("own session");
        assert!(is_nobody(&test.resume(&there.cookie).await));
        let refused = sign_in::revoke_session(desk, &here.actor, other.session).await;
        assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
        assert!(!is_nobody(&test.resume(&other.cookie).await));
        assert_eq!(sign_in::revoke_other_sessions(desk, &here.actor).await.expect("others"), 1);
        assert!(is_nobody(&test.resume(&elsewhere.cookie).await));
        assert!(!is_nobody(&test.resume(&here.cookie).await), "the one in use stays");
        sign_in::sign_out(desk, &here.actor).await.expect("leaves");
        assert!(is_nobody(&test.resume(&here.cookie).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_of_people_ends_the_sessions_of_others() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = test.person_with(&[]).await;
        assert_eq!(sign_in::sessions_of(&test.desk, &owner.actor, ann.person).await.expect("listed").len(), 1);
        assert!(matches!(sign_in::end_sessions_of(&test.desk, &ann.actor, owner.person).await, Err(Error::Refused(_))));
        assert_eq!(sign_in::end_sessions_of(&test.desk, &owner.actor, ann.person).await.expect("ended"), 1);
        assert!(is_nobody(&test.resume(&ann.cookie).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_a_suspended_person_is_nobodys_from_the_next_request_on() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let gone = test.suspended().await;
        assert!(is_nobody(&gone.actor));
        people::restore(&test.desk, &owner.actor, gone.person).await.expect("restored");
        assert!(is_nobody(&test.resume(&gone.cookie).await), "restoring does not bring a session back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_owner_is_through_the_door() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        assert!(matches!(
            owner.actor.principal,
            Principal::Person { second_factor: SecondFactor::Shown, stepped_up_at: Some(_), .. }
        ));
        assert!(owner.actor.rights.has(Right::People));
    })
    .await;
}
