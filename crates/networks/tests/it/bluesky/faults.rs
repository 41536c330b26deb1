//! The real server behind a proxy that does to calls what networks do.

use std::time::Duration;

use networks::{Class, Network, bluesky::Bluesky, error::Effect};
use testkit::fault_proxy::{Fault, FaultProxy, Reply, Seen};

use super::{Rig, connect, key, rig};
use crate::rig::{post, read_all};

fn is_post(call: &Seen) -> bool {
    call.path == "/xrpc/com.atproto.repo.putRecord"
}

#[tokio::test]
async fn faults_between_us_and_the_server_lose_and_double_nothing() {
    let Rig { server, app_view } = rig().await;
    app_view.when(
        usize::MAX,
        |call| call.path.contains("listNotifications"),
        Fault::Instead(Reply::json(r#"{"notifications":[]}"#)),
    );
    app_view.when(usize::MAX, |call| call.path.contains("getPosts"), Fault::Instead(Reply::json(r#"{"posts":[]}"#)));
    let proxy = FaultProxy::before(server.address()).await.expect("a port");
    let mut session = connect(&server, "kites").await;
    session.account.server = proxy.url();

    // Sending: what happened is known by looking, and a repetition never posts twice.
    let cases = [
        (Fault::Refuse, false),
        (Fault::CutBeforeAnswer, true),
        (Fault::CutAnswer(10), true),
        (Fault::Truncate(10), true),
        (Fault::After(Reply::status(502)), true),
        (Fault::Instead(Reply::status(503)), false),
    ];
    let mut sent = Vec::new();
    for (number, (fault, happened)) in cases.into_iter().enumerate() {
        let name = format!("{fault:?}");
        let outgoing = post(&key(u32::try_from(number).expect("few")), &format!("kite {number}"));
        proxy.when(1, is_post, fault);
        let error = Bluesky.send(&session, &outgoing).await.unwrap_err();
        assert_eq!(error.effect, Effect::Unknown, "{name}: {error}");
        let found = Bluesky.find(&session, &outgoing).await.expect("a look");
        assert_eq!(found.is_some(), happened, "{name}");
        let again = Bluesky.send(&session, &outgoing).await.expect("again");
        assert!(found.is_none_or(|found| found.native_id == again.native_id && found.revision == again.revision), "{name}");
        sent.push(again.native_id);
    }
    let outgoing = post(&key(100), "twice at once");
    proxy.when(1, is_post, Fault::Duplicate);
    sent.push(Bluesky.send(&session, &outgoing).await.expect("the second finds the first").native_id);

    // Patience.
    let limited = Reply::status(429)
        .header("date", "Tue, 10 Nov 2026 12:00:00 GMT")
        .header("ratelimit-limit", "5000")
        .header("ratelimit-remaining", "0")
        .header("ratelimit-reset", "1794312090");
    proxy.when(1, is_post, Fault::Instead(limited));
    let error = Bluesky.send(&session, &post(&key(101), "too soon")).await.unwrap_err();
    assert_eq!((error.class, error.retry_after, error.effect), (Class::RetryLater, Some(Duration::from_secs(90)), Effect::None));

    // Reading.
    for path in ["getLatestCommit", "listRecords"] {
        for fault in [
            Fault::Refuse,
            Fault::CutAnswer(9),
            Fault::Truncate(9),
            Fault::Body(b"<html>".to_vec()),
            Fault::Instead(Reply::status(500)),
        ] {
            let name = format!("{path} {fault:?}");
            proxy.when(2, move |call| call.path.contains(path), fault);
            let error = Bluesky.pull(&session, None, Duration::ZERO).await.map(drop).expect_err(&name);
            assert!(matches!(error.class, Class::RetryLater | Class::Bug), "{name}: {error}");
            assert!(!error.to_string().contains("kite"), "an error tells nothing of an answer");
            proxy.heal();
        }
    }
    for seed in 1..30 {
        proxy.when(1, |call| call.path.contains("listRecords"), Fault::Corrupt(seed * 7_919));
        if let Err(error) = Bluesky.pull(&session, None, Duration::ZERO).await {
            assert!(matches!(error.class, Class::Bug | Class::RetryLater), "{error}");
        }
        proxy.heal();
    }
    let events = read_all(&Bluesky, &session, &mut None).await.expect("whole again");
    let mut read: Vec<String> = events.into_iter().map(|event| event.native_id).collect();
    read.sort();
    sent.sort();
    assert_eq!(read, sent, "each once, none missing");
}
