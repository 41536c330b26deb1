//! Against the real server: both directions, tokens, outages and restarts.

use std::time::Duration;

use networks::{Class, Network, Session, account::Begun, bluesky::Bluesky, event::What};
use serde_json::{Value, json};
use testkit::{
    fault_proxy::{Fault, FaultProxy, Reply},
    peers::bluesky_people::{account, call},
};

use super::{Rig, connect, key, rig, run_out};
use crate::rig::{Kept, about, content, picture, post, read_all, request};

/// The service has nothing to tell.
fn quiet(app_view: &FaultProxy) {
    app_view.when(
        usize::MAX,
        |call| call.path.contains("listNotifications"),
        Fault::Instead(Reply::json(r#"{"notifications":[]}"#)),
    );
    app_view.when(usize::MAX, |call| call.path.contains("getPosts"), Fault::Instead(Reply::json(r#"{"posts":[]}"#)));
}

#[tokio::test]
async fn what_is_posted_is_read_with_the_same_id_and_its_end_is_too() {
    let Rig { server, app_view } = rig().await;
    quiet(&app_view);
    let session = connect(&server, "kites").await;
    let other = connect(&server, "robin").await;
    assert!(session.account.native_id.starts_with("did:plc:"));
    assert_eq!(Bluesky.check(&session).await.expect("standing").account, session.account);
    let mut cursor = None;
    assert!(read_all(&Bluesky, &session, &mut cursor).await.expect("nothing yet").is_empty());

    let file = picture();
    let mut first = post(&key(1), "🪁 New kites, @robin.test: https://shop.example.test/kites #kites @nobody.test");
    first.media = vec![Bluesky.upload(&session, &file).await.expect("the file")];
    let sent = Bluesky.send(&session, &first).await.expect("posted");
    let again = Bluesky.send(&session, &first).await.expect("the same again");
    assert_eq!((&again.native_id, &again.revision), (&sent.native_id, &sent.revision), "a repetition is the first post");
    assert_eq!(
        Bluesky.find(&session, &first).await.expect("a look").map(|found| found.native_id).as_ref(),
        Some(&sent.native_id)
    );
    let mut answer = post(&key(2), "and an answer");
    answer.reply_to = Some(sent.native_id.clone());
    answer.quotes = Some(sent.native_id.clone());
    let answered = Bluesky.send(&session, &answer).await.expect("answered");
    let mut third = post(&key(3), "to the answer, by somebody else");
    third.reply_to = Some(answered.native_id.clone());
    let theirs = Bluesky.send(&other, &third).await.expect("answered");

    let events = read_all(&Bluesky, &session, &mut cursor).await.expect("both");
    assert_eq!(events.len(), 2, "{events:#?}");
    let [event] = about(&events, &sent.native_id)[..] else { panic!("once: {events:#?}") };
    let says = content(event).expect("a message");
    assert_eq!((event.revision.as_str(), event.source_time_ms), ("", sent.source_time_ms));
    assert_eq!(says.text, first.text);
    assert_eq!(says.links, ["https://shop.example.test/kites"]);
    assert_eq!(
        says.mentions.iter().map(|party| (&party.native_id, party.handle.as_deref())).collect::<Vec<_>>(),
        [(&other.account.native_id, Some("@robin.test"))]
    );
    assert_eq!(says.language.as_deref(), Some("en"));
    let [attachment] = &says.attachments[..] else { panic!("one: {says:?}") };
    assert_eq!((attachment.alt.as_deref(), attachment.bytes), (Some("a red kite"), Some(file.bytes.len() as u64)));
    for reader in [&session, &other] {
        let mut kept = Kept::default();
        Bluesky.fetch(reader, attachment, 10_000, &mut kept).await.expect("the file");
        assert_eq!(kept.0, file.bytes);
    }
    let reply = content(about(&events, &answered.native_id)[0]).expect("a message");
    assert_eq!(
        (reply.reply_to.as_ref(), reply.thread.as_ref(), reply.quotes.as_ref()),
        (Some(&sent.native_id), Some(&sent.native_id), Some(&sent.native_id))
    );
    let read = Bluesky.read_back(&other, &theirs.native_id).await.expect("a look").expect("there");
    let deep = content(&read).expect("a message");
    assert_eq!(
        (deep.reply_to.as_ref(), deep.thread.as_ref()),
        (Some(&answered.native_id), Some(&sent.native_id)),
        "root and parent"
    );

    for hidden in [true, true, false] {
        Bluesky.hide(&session, &theirs.native_id, hidden).await.expect("changed");
        let gate = sent.native_id.replace("app.bsky.feed.post", "app.bsky.feed.threadgate");
        let gate = Bluesky.read_back(&session, &gate).await.expect("a look").expect("a gate");
        let gate: Value = serde_json::from_slice(&gate.raw.bytes).expect("JSON");
        let expected = if hidden { json!([theirs.native_id]) } else { json!([]) };
        assert_eq!(gate["value"]["hiddenReplies"], expected);
    }
    assert_eq!(Bluesky.hide(&other, &theirs.native_id, true).await.unwrap_err().class, Class::Bug, "not under a post of theirs");

    Bluesky.delete(&session, &sent.native_id, "d").await.expect("deleted");
    Bluesky.delete(&session, &sent.native_id, "d").await.expect("gone already is well");
    assert_eq!(Bluesky.delete(&other, &answered.native_id, "d").await.unwrap_err().class, Class::Bug);
    let events = read_all(&Bluesky, &session, &mut cursor).await.expect("the end");
    let [gone] = &events[..] else { panic!("one: {events:#?}") };
    assert_eq!((&gone.native_id, &gone.what, gone.revision.as_str()), (&sent.native_id, &What::Deleted, "delete"));
    assert_eq!(Bluesky.read_back(&session, &sent.native_id).await, Ok(None));
    assert_eq!(Bluesky.find(&session, &first).await, Ok(None));

    changed_elsewhere(&server.url(), &session, &answered.native_id, &theirs, &mut cursor).await;

    let too_long = post(&key(4), &"kite ".repeat(61));
    assert_eq!(Bluesky.send(&session, &too_long).await.unwrap_err().class, Class::RefusedContent);
    answer.key = key(5);
    assert_eq!(Bluesky.send(&session, &answer).await.unwrap_err().class, Class::Gone, "nobody answers what is gone");
    assert_eq!(Bluesky.edit(&session, &answered.native_id, &post("k", "x")).await.unwrap_err().class, Class::Bug);
}

/// A record is replaced and a post shared with another program, and the share is taken back.
async fn changed_elsewhere(
    base: &str,
    session: &Session,
    own: &str,
    theirs: &networks::Published,
    cursor: &mut Option<networks::Cursor>,
) {
    let again = |collection: &str, key: &str, record: Value| json!({ "repo": session.account.native_id, "collection": collection, "rkey": key, "record": record });
    let token = session.secrets.get("access_token").expect("a token");
    let own_key = own.rsplit('/').next().expect("a key");
    let record = json!({ "$type": "app.bsky.feed.post", "text": "replaced", "createdAt": "2026-11-10T12:00:00.000Z" });
    let written = call(base, Some(token), "com.atproto.repo.putRecord", &again("app.bsky.feed.post", own_key, record)).await;
    let subject = json!({ "uri": theirs.native_id, "cid": theirs.revision });
    let repost = json!({ "$type": "app.bsky.feed.repost", "subject": subject, "createdAt": "2026-11-10T12:00:00.000Z" });
    call(base, Some(token), "com.atproto.repo.putRecord", &again("app.bsky.feed.repost", "3kkkkkkkkkkkk", repost)).await;
    let events = read_all(&Bluesky, session, cursor).await.expect("both");
    let replaced = about(&events, own)[0];
    assert_eq!(replaced.revision, format!("edit:{}", written["cid"].as_str().expect("a cid")));
    assert!(matches!(&replaced.what, What::Edited(content) if content.text == "replaced"));
    let shared = about(&events, &theirs.native_id)[0];
    assert_eq!(shared.revision, format!("react:{}:repost:add:3kkkkkkkkkkkk", session.account.native_id));
    Bluesky
        .delete(session, &format!("at://{}/app.bsky.feed.repost/3kkkkkkkkkkkk", session.account.native_id), "d")
        .await
        .expect("taken back");
    let events = read_all(&Bluesky, session, cursor).await.expect("taken back");
    assert_eq!(about(&events, &theirs.native_id)[0].what, What::Reacted { key: "repost".to_owned(), added: false });
}

#[tokio::test]
async fn tokens_that_run_out_are_renewed_and_a_withdrawn_password_needs_the_person() {
    let Rig { server, app_view } = rig().await;
    quiet(&app_view);
    let (owner, password) = account(&server, "kites").await;
    let (base, directory) = (server.url(), server.directory_url());
    let form = |password: &str| {
        let fields = [("identifier", "@kites.test"), ("app_password", password), ("server", &base), ("directory", &directory)];
        request("app_password", "", &fields)
    };
    assert_eq!(Bluesky.begin(&form("wrong")).await.map(drop).unwrap_err().class, Class::Reauthorise);
    let Ok(Begun::Done(connected)) = Bluesky.begin(&form(&password)).await else { panic!("connected") };
    let mut session = Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: networks::Clock::default(),
    };
    let now = session.clock.now_ms();
    let good = session.secrets.get("access_token").expect("a token").to_owned();
    session.secrets.set("access_token", run_out(&good));
    for error in [
        Bluesky.check(&session).await.map(drop).unwrap_err(),
        Bluesky.send(&session, &post(&key(1), "kites")).await.map(drop).unwrap_err(),
        Bluesky.pull(&session, None, Duration::ZERO).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.class, Class::Expired, "{error}");
    }
    session.secrets = Bluesky.refresh(&session, now).await.expect("renewed");
    Bluesky.send(&session, &post(&key(1), "kites")).await.expect("posted with the new token");

    // The renewing token ran out too: the password opens a new session.
    let renewing = session.secrets.get("refresh_token").expect("a token").to_owned();
    session.secrets.set("refresh_token", run_out(&renewing));
    session.secrets = Bluesky.refresh(&session, now).await.expect("a new session");
    Bluesky.check(&session).await.expect("it opens");

    call(&base, Some(&owner), "com.atproto.server.revokeAppPassword", &json!({ "name": "gatepost" })).await;
    let error = Bluesky.refresh(&session, now).await.unwrap_err();
    assert_eq!(error.class, Class::Reauthorise, "{error}");
    session.secrets.set("access_token", "not.a.token");
    assert_eq!(Bluesky.check(&session).await.unwrap_err().class, Class::Reauthorise);
}

/// A view of a post as the service gives it in a notification.
fn notification(reason: &str, uri: &str, did: &str, record: &Value, at: &str) -> Value {
    json!({
        "uri": uri, "cid": "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a", "reason": reason, "record": record,
        "author": { "did": did, "handle": "robin.test", "displayName": "Robin" }, "isRead": false, "indexedAt": at,
    })
}

#[tokio::test]
async fn what_others_do_arrives_by_notifications_and_an_outage_hides_nothing() {
    let Rig { server, app_view } = rig().await;
    let session = connect(&server, "kites").await;
    let sent = Bluesky.send(&session, &post(&key(1), "who wants kites?")).await.expect("posted");

    // The service is down: our own post is told, then the outage.
    app_view.when(usize::MAX, |_| true, Fault::Instead(Reply::status(503)));
    let first = Bluesky.pull(&session, None, Duration::ZERO).await.expect("our own");
    assert_eq!(first.events.len(), 1);
    let mut cursor = Some(first.cursor);
    let error = read_all(&Bluesky, &session, &mut cursor).await.unwrap_err();
    assert_eq!(error.class, Class::RetryLater, "{error}");
    app_view.heal();

    let them = "did:plc:robinrobinrobinrobinrob";
    let subject = json!({ "subject": { "uri": sent.native_id, "cid": sent.revision }, "createdAt": "2026-11-10T12:00:00.000Z" });
    let reference = json!({ "uri": sent.native_id, "cid": sent.revision });
    let reply = json!({ "$type": "app.bsky.feed.post", "text": "one for me", "createdAt": "2026-11-10T12:00:00.000Z",
        "reply": { "root": reference, "parent": reference } });
    let uri = |collection: &str, key: &str| format!("at://{them}/{collection}/{key}");
    let list = json!({ "cursor": "the-past", "notifications": [
        notification("reply", &uri("app.bsky.feed.post", "3k4"), them, &reply, "2026-11-10T12:00:04.000Z"),
        notification("repost", &uri("app.bsky.feed.repost", "3k3"), them, &subject, "2026-11-10T12:00:03.000Z"),
        notification("like", &uri("app.bsky.feed.like", "3k2"), them, &subject, "2026-11-10T12:00:02.000Z"),
        notification("follow", &uri("app.bsky.graph.follow", "3k1"), them, &json!({ "subject": session.account.native_id }), "2026-11-10T12:00:01.000Z"),
        { "surprise": true },
    ]});
    let older = json!({ "notifications": [
        notification("verified", &uri("app.bsky.graph.verification", "3k0"), them, &json!({}), "2026-11-10T12:00:00.000Z"),
    ]});
    let plays = |path: &'static str, body: &Value| {
        app_view.when(usize::MAX, move |call| call.path.contains(path), Fault::Instead(Reply::json(body.to_string())));
    };
    plays("cursor=the-past", &older);
    plays("listNotifications", &list);
    plays("getPosts", &json!({ "posts": [] }));
    let own = json!({ "uri": sent.native_id, "cid": sent.revision, "record": { "text": "who wants kites?", "createdAt": "2026-11-10T11:00:00.000Z" },
        "author": { "did": session.account.native_id, "handle": "kites.test" }, "indexedAt": "2026-11-10T11:00:00.000Z" });
    plays(
        "getPostThread",
        &json!({ "thread": { "$type": "app.bsky.feed.defs#threadViewPost", "post": {}, "replies": [],
        "parent": { "$type": "app.bsky.feed.defs#threadViewPost", "post": own } } }),
    );

    let events = read_all(&Bluesky, &session, &mut cursor).await.expect("all of it");
    let answer = about(&events, &uri("app.bsky.feed.post", "3k4"));
    let says = content(answer[0]).expect("a message");
    assert_eq!((says.text.as_str(), says.reply_to.as_ref()), ("one for me", Some(&sent.native_id)));
    assert_eq!(answer[0].by.as_ref().and_then(|by| by.name.as_deref()), Some("Robin"));
    let names: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::Reacted { key, .. } => Some(key.as_str()),
            What::Other { name } => Some(name.as_str()),
            What::Member { .. } => Some("follow"),
            _ => None,
        })
        .collect();
    assert!(names.contains(&"unreadable"), "as often as it is listed, with the same pair: {names:?}");
    for name in ["like", "repost", "follow", "verified"] {
        assert_eq!(names.iter().filter(|one| **one == name).count(), 1, "{name} in {names:?}");
    }
    let like = events.iter().find(|event| matches!(&event.what, What::Reacted { key, .. } if key == "like")).expect("a like");
    assert_eq!((&like.native_id, like.revision.as_str()), (&sent.native_id, format!("react:{them}:like:add:3k2").as_str()));
    let quiet = read_all(&Bluesky, &session, &mut cursor).await.expect("nothing new");
    assert!(quiet.iter().all(|event| matches!(&event.what, What::Other { name } if name == "unreadable")), "{quiet:#?}");
}

#[tokio::test]
async fn reading_goes_on_where_it_was_after_the_server_was_killed_in_the_middle() {
    let Rig { mut server, app_view } = rig().await;
    quiet(&app_view);
    let session = connect(&server, "kites").await;
    let mut sent = Vec::new();
    for number in 0..60 {
        sent.push(Bluesky.send(&session, &post(&key(number), &format!("kite {number}"))).await.expect("posted").native_id);
    }
    let first = Bluesky.pull(&session, None, Duration::ZERO).await.expect("a page");
    assert!(first.more && first.events.len() < sent.len());
    server.kill().expect("killed");
    let error = Bluesky.pull(&session, Some(&first.cursor), Duration::ZERO).await.unwrap_err();
    assert_eq!(error.class, Class::RetryLater, "{error}");
    server.resume().expect("started again");
    sent.push(Bluesky.send(&session, &post(&key(99), "one more kite")).await.expect("posted").native_id);
    let mut cursor = Some(first.cursor);
    let rest = read_all(&Bluesky, &session, &mut cursor).await.expect("the rest");
    let mut read: Vec<String> = first.events.into_iter().chain(rest).map(|event| event.native_id).collect();
    read.sort();
    sent.sort();
    assert_eq!(read, sent, "each once, none missing");
}
