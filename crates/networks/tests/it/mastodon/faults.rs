//! A real server behind a proxy that does to calls what networks do.

use std::time::Duration;

use networks::{Class, Network, error::Effect, mastodon::Mastodon};
use testkit::{
    fault_proxy::{Fault, FaultProxy, Reply, Seen},
    peers::snac::Snac,
};

use super::connect;
use crate::rig::{post, read_all};

struct Rig {
    _server: Snac,
    proxy: FaultProxy,
    session: networks::Session,
}

async fn rig() -> Rig {
    let server = Snac::start().expect("snac");
    let proxy = FaultProxy::before(server.address()).await.expect("a port");
    let mut session = connect(&server, &server.url(), "kites").await;
    session.account.server = proxy.url();
    Rig { _server: server, proxy, session }
}

fn is_post(call: &Seen) -> bool {
    call.method == "POST" && call.path == "/api/v1/statuses"
}

#[tokio::test]
async fn an_attempt_of_unknown_outcome_is_found_instead_of_repeated() {
    let Rig { proxy, session, _server } = rig().await;
    let key = "01900000-0000-7000-8000-000000000001";
    let cases = [
        (Fault::Refuse, false),
        (Fault::CutBeforeAnswer, true),
        (Fault::CutAnswer(30), true),
        (Fault::Truncate(30), true),
        (Fault::After(Reply::status(502)), true),
        (Fault::Instead(Reply::status(503)), false),
    ];
    for (number, (fault, happened)) in cases.into_iter().enumerate() {
        let name = format!("{fault:?}");
        let outgoing = post(key, &format!("kite {number} for @nobody@example.test"));
        proxy.when(1, is_post, fault);
        let error = Mastodon.send(&session, &outgoing).await.unwrap_err();
        assert_eq!(error.effect, Effect::Unknown, "{name}: {error}");
        let found = Mastodon.find(&session, &outgoing).await.expect("a look");
        assert_eq!(found.is_some(), happened, "{name}");
        if let Some(found) = found {
            let there = Mastodon.read_back(&session, &found.native_id).await.expect("a look").expect("there");
            assert_eq!(there.revision, found.revision.unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn an_attempt_is_found_among_all_that_was_posted_since() {
    let Rig { proxy, session, _server } = rig().await;
    let lost = post("01900000-0000-7000-8000-000000000001", "the lost one");
    proxy.when(1, is_post, Fault::CutBeforeAnswer);
    assert_eq!(Mastodon.send(&session, &lost).await.unwrap_err().effect, Effect::Unknown);
    for number in 0..45 {
        Mastodon.send(&session, &post(&format!("k{number}"), &format!("kite {number}"))).await.expect("posted");
    }
    assert!(Mastodon.find(&session, &lost).await.expect("a look").is_some());
    assert_eq!(Mastodon.find(&session, &post("k", "never sent")).await, Ok(None), "the list came to its end");
}

#[tokio::test]
async fn the_same_words_from_before_the_key_was_made_are_not_taken_for_the_post() {
    let Rig { proxy: _proxy, session, _server } = rig().await;
    let outgoing = post("k", "every day the same");
    let sent = Mastodon.send(&session, &outgoing).await.expect("posted");
    assert_eq!(Mastodon.find(&session, &outgoing).await.expect("a look").map(|found| found.native_id), Some(sent.native_id));
    // A UUIDv7 of an hour from now.
    let later_ms = networks::Clock::default().now_ms() + 3_600_000;
    let hex = format!("{later_ms:012x}");
    let later = post(&format!("{}-{}-7000-8000-000000000000", &hex[..8], &hex[8..]), "every day the same");
    assert_eq!(Mastodon.find(&session, &later).await, Ok(None));
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_given_it() {
    let Rig { proxy, session, _server } = rig().await;
    proxy.when(1, is_post, Fault::Instead(Reply::too_many(17)));
    let error = Mastodon.send(&session, &post("k", "kites")).await.unwrap_err();
    assert_eq!((error.class, error.retry_after, error.effect), (Class::RetryLater, Some(Duration::from_secs(17)), Effect::None));
    let limited = Reply::status(429)
        .header("date", "Tue, 10 Nov 2026 12:00:00 GMT")
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", "2026-11-10T12:03:00.000000Z");
    proxy.next("/api/v1/notifications", Fault::Instead(limited));
    let error = Mastodon.pull(&session, None, Duration::ZERO).await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (Class::RetryLater, Some(Duration::from_mins(3))));
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_by_answers_that_break() {
    let Rig { proxy, session, _server } = rig().await;
    let mut sent = Vec::new();
    for number in 0..30 {
        sent.push(
            Mastodon.send(&session, &post(&format!("k{number}"), &format!("kite {number}"))).await.expect("posted").native_id,
        );
    }
    let faults =
        [Fault::Refuse, Fault::CutBeforeAnswer, Fault::CutAnswer(1), Fault::Truncate(1), Fault::Body(b"<html>".to_vec())];
    for path in ["/api/v1/notifications", "/api/v1/accounts/"] {
        for fault in faults.clone() {
            let name = format!("{path} {fault:?}");
            // A question on a connection that closes is asked twice.
            proxy.when(2, move |call| call.path.starts_with(path), fault);
            let error = Mastodon.pull(&session, None, Duration::ZERO).await.map(drop).expect_err(&name);
            assert!(matches!(error.class, Class::RetryLater | Class::Bug), "{name}: {error}");
            assert!(!error.to_string().contains("kite"), "an error tells nothing of an answer");
            proxy.heal();
        }
    }
    proxy.next("/api/v1/accounts/", Fault::Duplicate);
    proxy.next("/api/v1/accounts/", Fault::Delay(Duration::from_millis(20)));
    let mut cursor = None;
    let events = read_all(&Mastodon, &session, &mut cursor).await.expect("whole again");
    let mut read: Vec<String> = events.into_iter().map(|event| event.native_id).collect();
    read.sort();
    sent.sort();
    assert_eq!(read, sent);
}

#[tokio::test]
async fn whatever_bytes_are_changed_reading_ends_and_recovers() {
    let Rig { proxy, session, _server } = rig().await;
    Mastodon.send(&session, &post("k", "kite")).await.expect("posted");
    for seed in 1..40 {
        proxy.next("/api/v1/accounts/", Fault::Corrupt(seed * 7_919));
        // A changed text may still be a list of statuses; what may not happen is a panic or a wait without end.
        if let Err(error) = Mastodon.pull(&session, None, Duration::ZERO).await {
            assert!(matches!(error.class, Class::Bug | Class::RetryLater), "{error}");
        }
        proxy.heal();
    }
    assert_eq!(read_all(&Mastodon, &session, &mut None).await.expect("whole again").len(), 1);
}
