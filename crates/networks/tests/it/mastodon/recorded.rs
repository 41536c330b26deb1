//! What snac does not have, played by a proxy without a server in the forms that Mastodon documents: streaming, history, several
//! statuses at once, media that take time, and lists with elements that nobody understands.

use std::{collections::BTreeMap, time::Duration};

use networks::{
    Account, Class, Clock, Network, Outgoing, Secrets, Session,
    error::Effect,
    event::{PlaceKind, What},
    mastodon::Mastodon,
    outgoing::Uploaded,
};
use serde_json::{Value, json};
use testkit::fault_proxy::{Fault, FaultProxy, Reply, Seen};

use crate::rig::{about, content, picture, post, read_all};

/// Longer than any of these tests takes; a stream is waited for this long.
const WAIT: Duration = Duration::from_secs(20);

fn session(server: &FaultProxy) -> Session {
    let settings = [("account_id", "1"), ("streaming", &server.url())];
    Session {
        account: Account {
            native_id: "https://m.example.test/users/kites".to_owned(),
            handle: "@kites@m.example.test".to_owned(),
            name: None,
            link: None,
            server: server.url(),
        },
        secrets: Secrets::default().with("access_token", "secret-token"),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>(),
        clock: Clock::default(),
    }
}

fn account(id: &str, name: &str) -> Value {
    json!({"id": id, "username": name, "acct": name, "display_name": "", "bot": false,
        "url": format!("https://m.example.test/@{name}"), "uri": format!("https://m.example.test/users/{name}")})
}

fn uri(id: &str) -> String {
    format!("https://m.example.test/users/kites/statuses/{id}")
}

fn status(id: &str, text: &str) -> Value {
    json!({"id": id, "uri": uri(id), "url": format!("https://m.example.test/@kites/{id}"), "created_at": "2026-11-10T12:00:00.000Z",
        "edited_at": null, "account": account("1", "kites"), "content": format!("<p>{text}</p>"), "spoiler_text": "",
        "visibility": "public", "language": "en", "in_reply_to_id": null, "in_reply_to_account_id": null, "reblog": null,
        "media_attachments": [], "mentions": [], "card": null, "poll": null, "replies_count": 0})
}

fn with(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("an object") };
    value.as_object_mut().expect("an object").extend(changes);
    value
}

/// Answers every call whose path begins like this.
fn plays(server: &FaultProxy, path: &'static str, body: &Value) {
    server.when(usize::MAX, move |call| call.path.starts_with(path), Fault::Instead(Reply::json(body.to_string())));
}

/// A server that has nothing beyond the first page of any list.
async fn alone() -> FaultProxy {
    let server = FaultProxy::alone().await.expect("a port");
    server.when(usize::MAX, |call| call.path.contains("max_id="), Fault::Instead(Reply::json("[]")));
    server
}

fn is_stream(call: &Seen) -> bool {
    call.path.starts_with("/api/v1/streaming/user")
}

fn stream(pieces: &[&str]) -> Fault {
    let reply = Reply::status(200).header("content-type", "text/event-stream").piece(Duration::ZERO, ":)\n\n");
    Fault::Instead(pieces.iter().fold(reply, |reply, piece| reply.piece(Duration::from_millis(20), *piece)).held_open())
}

/// A server with one own post.
async fn server() -> FaultProxy {
    let server = alone().await;
    plays(&server, "/api/v1/accounts/1/statuses", &json!([status("100", "first")]));
    plays(&server, "/api/v1/notifications", &json!([]));
    server
}

#[tokio::test]
async fn a_stream_is_waited_on_and_only_what_concerns_the_profile_is_taken_from_it() {
    let server = server().await;
    let session = session(&server);
    let mut cursor = None;
    read_all(&Mastodon, &session, &mut cursor).await.expect("the first post");
    let stranger = with(
        status("101", "of somebody followed"),
        json!({"account": account("7", "stranger"), "uri": "https://x.example.test/1"}),
    );
    let to_us = with(
        status("102", "@kites hello"),
        json!({"account": account("7", "stranger"), "uri": "https://x.example.test/2", "visibility": "direct",
            "mentions": [{"id": "1", "username": "kites", "acct": "kites", "url": "https://m.example.test/@kites"}]}),
    );
    server.when(
        1,
        is_stream,
        stream(&[&format!("event: update\ndata: {stranger}\n\n"), &format!("event: update\ndata: {to_us}\n\n")]),
    );
    let batch = Mastodon.pull(&session, cursor.as_ref(), WAIT).await.expect("an event");
    let [event] = &batch.events[..] else { panic!("one: {:#?}", batch.events) };
    assert_eq!((event.native_id.as_str(), event.place.kind), ("https://x.example.test/2", PlaceKind::Direct));
    assert_eq!(
        content(event).expect("a message").mentions[0].handle.as_deref(),
        Some(format!("@kites@{}", server.address()).as_str())
    );
    let asked = server.seen().into_iter().find(is_stream).expect("it was opened");
    assert_eq!(asked.header("authorization"), Some("Bearer secret-token"));
    assert_eq!(asked.header("accept"), Some("text/event-stream"));

    // The deletion of what was taken, and of something else.
    server.when(1, is_stream, stream(&["event: delete\ndata: 101\n\n", "event: delete\ndata: 102\n\n"]));
    plays(&server, "/api/v1/statuses?id", &json!([to_us]));
    let batch = Mastodon.pull(&session, Some(&batch.cursor), WAIT).await.expect("an event");
    let [event] = &batch.events[..] else { panic!("one: {:#?}", batch.events) };
    assert_eq!(
        (event.native_id.as_str(), &event.what, event.revision.as_str()),
        ("https://x.example.test/2", &What::Deleted, "delete")
    );
    assert!(String::from_utf8_lossy(&event.raw.bytes).contains("102"));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_asked_again_instead() {
    for fault in [Fault::Instead(Reply::status(404)), Fault::Refuse] {
        let server = alone().await;
        let session = session(&server);
        server.when(usize::MAX, is_stream, fault);
        plays(&server, "/api/v1/notifications", &json!([]));
        // Nothing at the first look, a post at the second.
        server.next("/api/v1/accounts/1/statuses", Fault::Instead(Reply::json("[]")));
        plays(&server, "/api/v1/accounts/1/statuses", &json!([status("100", "first")]));
        let batch = Mastodon.pull(&session, None, WAIT).await.expect("the post");
        assert_eq!(batch.events.len(), 1);
    }
}

#[tokio::test]
async fn every_version_in_the_history_is_an_event_of_its_own() {
    let server = alone().await;
    let session = session(&server);
    let last = with(status("100", "third"), json!({"edited_at": "2026-11-10T12:20:00.500Z"}));
    let version = |text: &str, at: &str| {
        json!({"content": format!("<p>{text}</p>"), "spoiler_text": "", "sensitive": false, "created_at": at,
        "account": account("1", "kites"), "media_attachments": [], "emojis": []})
    };
    plays(&server, "/api/v1/accounts/1/statuses", &json!([last]));
    plays(&server, "/api/v1/notifications", &json!([]));
    let versions = json!([
        version("first", "2026-11-10T12:00:00.000Z"),
        version("second", "2026-11-10T12:10:00.000Z"),
        version("third", "2026-11-10T12:20:00.500Z")
    ]);
    plays(&server, "/api/v1/statuses/100/history", &versions);
    let mut cursor = None;
    let events = read_all(&Mastodon, &session, &mut cursor).await.expect("versions");
    let told: Vec<_> = about(&events, &uri("100"))
        .into_iter()
        .map(|event| {
            (event.revision.as_str(), content(event).expect("a text").text.as_str(), matches!(event.what, What::Posted(_)))
        })
        .collect();
    assert_eq!(told, [("", "first", true), ("edit:1794312600000", "second", false), ("edit:1794313200500", "third", false)]);
    assert!(read_all(&Mastodon, &session, &mut cursor).await.expect("nothing new").is_empty());
}

#[tokio::test]
async fn others_edits_and_deletions_are_seen_without_a_stream() {
    let server = server().await;
    let session = session(&server);
    let theirs = |id: &str, text: &str| with(status(id, text), json!({"account": account("7", "stranger")}));
    let mention = |id: &str, status: &Value| {
        json!({"id": id, "type": "mention", "created_at": "2026-11-10T12:00:01.000Z",
        "account": account("7", "stranger"), "status": status})
    };
    let (one, two) = (theirs("201", "@kites one"), theirs("202", "@kites two"));
    server.heal();
    server.when(usize::MAX, |call| call.path.contains("max_id="), Fault::Instead(Reply::json("[]")));
    plays(&server, "/api/v1/accounts/1/statuses", &json!([status("100", "first")]));
    plays(&server, "/api/v1/notifications", &json!([mention("2", &two), mention("1", &one)]));
    // Both are there at first.
    server.next("/api/v1/statuses?id", Fault::Instead(Reply::json(json!([one, two]).to_string())));
    let mut cursor = None;
    assert_eq!(read_all(&Mastodon, &session, &mut cursor).await.expect("all").len(), 3);
    // Then one is edited and the other gone.
    let edited = with(theirs("201", "@kites one, better"), json!({"edited_at": "2026-11-10T13:00:00.000Z"}));
    plays(&server, "/api/v1/statuses?id", &json!([edited]));
    let events = read_all(&Mastodon, &session, &mut cursor).await.expect("the changes");
    assert_eq!(events.len(), 2, "{events:#?}");
    assert_eq!(content(about(&events, &uri("201"))[0]).expect("a text").text, "@kites one, better");
    assert_eq!(about(&events, &uri("202"))[0].what, What::Deleted);
    assert!(read_all(&Mastodon, &session, &mut cursor).await.expect("nothing new").is_empty());
}

#[tokio::test]
async fn what_nobody_understands_is_recorded_as_it_came() {
    let server = alone().await;
    let session = session(&server);
    plays(&server, "/api/v1/accounts/1/statuses", &json!([status("100", "fine"), {"surprise": [1, 2]}]));
    let other =
        json!({"id": "9", "type": "severed_relationships", "created_at": "2026-11-10T12:00:01.000Z", "event": {"id": "3"}});
    plays(&server, "/api/v1/notifications", &json!([other, "text"]));
    let mut cursor = None;
    let batch = Mastodon.pull(&session, None, Duration::ZERO).await.expect("all four");
    let mut names: Vec<_> = batch
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Other { name } => Some((name.as_str(), String::from_utf8_lossy(&event.raw.bytes).into_owned())),
            _ => None,
        })
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{:#?}", batch.events);
    assert_eq!(names[0].0, "severed_relationships");
    assert!(names[1..].iter().all(|(name, raw)| *name == "unreadable" && (raw.contains("surprise") || raw == "\"text\"")));
    let again = read_all(&Mastodon, &session, &mut cursor).await.expect("again");
    let pairs = |events: &[networks::Event]| {
        let mut pairs: Vec<_> = events.iter().map(|event| (event.native_id.clone(), event.revision.clone())).collect();
        pairs.sort();
        pairs
    };
    assert_eq!(pairs(&again), pairs(&batch.events), "the same pairs each time");
}

#[tokio::test]
async fn a_file_that_the_server_still_works_on_is_waited_for() {
    let server = alone().await;
    let session = session(&server);
    let making = Reply::status(202).header("content-type", "application/json").piece(Duration::ZERO, r#"{"id":"55","url":null}"#);
    server.next("/api/v2/media", Fault::Instead(making));
    server.next("/api/v1/media/55", Fault::Instead(Reply::status(206).piece(Duration::ZERO, "{}")));
    server.next("/api/v1/media/55", Fault::Instead(Reply::json(r#"{"id":"55","url":"https://m.example.test/55.png"}"#)));
    assert_eq!(Mastodon.upload(&session, &picture()).await.expect("ready").0, "55");
    assert_eq!(server.count("/api/v1/media/55"), 2);
    let sent = server.seen().into_iter().find(|call| call.path == "/api/v2/media").expect("uploaded");
    let body = sent.text();
    assert!(body.contains("name=\"description\"") && body.contains("a red kite") && body.contains("filename=\"kite.png\""));
}

#[tokio::test]
async fn a_post_refused_for_a_file_that_is_gone_is_told_from_one_that_is_not_wanted() {
    let server = alone().await;
    let session = session(&server);
    let with_files = Outgoing { media: vec![Uploaded("55".to_owned()), Uploaded("56".to_owned())], ..post("k", "two kites") };
    let refused = || Fault::Instead(Reply::status(422).piece(Duration::ZERO, r#"{"error":"Validation failed"}"#));
    server.next("/api/v1/statuses", refused());
    server.next("/api/v1/media/55", Fault::Instead(Reply::json(r#"{"id":"55","url":"https://m.example.test/55.png"}"#)));
    let error = Mastodon.send(&session, &with_files).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::Gone, Effect::None), "the second is not there (404): {error}");

    plays(&server, "/api/v1/media/", &json!({"id": "55", "url": "https://m.example.test/55.png"}));
    server.next("/api/v1/statuses", refused());
    let error = Mastodon.send(&session, &with_files).await.unwrap_err();
    assert_eq!(error.class, Class::RefusedContent, "both are there: {error}");
    server.next("/api/v1/statuses", refused());
    assert_eq!(Mastodon.send(&session, &post("k", "no kite")).await.unwrap_err().class, Class::RefusedContent);
}

#[tokio::test]
async fn where_not_all_that_was_posted_since_can_be_seen_nobody_says_that_a_post_is_not_there() {
    let page = |from: u32| (from..from + 40).rev().map(|id| status(&id.to_string(), "another")).collect::<Vec<_>>();
    // A server that goes on telling: posts without end, or the newest ones again and again.
    for changes in [true, false] {
        let server = FaultProxy::alone().await.expect("a port");
        let session = session(&server);
        for number in (0..20).rev() {
            let page = page(if changes { number * 40 } else { 0 });
            server.next("/api/v1/accounts/1/statuses", Fault::Instead(Reply::json(json!(page).to_string())));
        }
        let error = Mastodon.find(&session, &post("k", "mine")).await.unwrap_err();
        assert_eq!(error.class, Class::RetryLater, "{error}");
    }
    // One whose list ends before the key was made.
    let server = FaultProxy::alone().await.expect("a port");
    plays(&server, "/api/v1/accounts/1/statuses", &json!(page(0)));
    let later = post("01b00000-0000-7000-8000-000000000000", "mine");
    assert_eq!(Mastodon.find(&session(&server), &later).await, Ok(None));
}
