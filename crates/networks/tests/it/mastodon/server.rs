//! Against a real server, undisturbed: connecting, both directions, and its restart.

use std::time::Duration;

use networks::{
    Class, Event, Network,
    account::Begun,
    event::{Membership, PlaceKind, What},
    mastodon::Mastodon,
    outgoing::Audience,
};
use testkit::peers::snac::Snac;

use super::{BACK, connect, finish};
use crate::rig::{Kept, about, content, picture, post, read_all, read_until, request};

#[tokio::test]
async fn a_profile_connects_by_the_browser_and_is_known_by_its_lasting_address() {
    let server = Snac::start().expect("snac");
    let session = connect(&server, &server.url(), "kites").await;
    assert_eq!(session.account.native_id, format!("{}/kites", server.url()));
    assert_eq!(session.account.handle, format!("@kites@{}", server.host()));
    let standing = Mastodon.check(&session).await.expect("standing");
    assert_eq!(standing.account, session.account);
    assert_eq!(standing.missing_scopes, [] as [&str; 0]);
    let limits = Mastodon.limits(&session);
    assert_eq!((limits.text.max, limits.text.link_counts), (100_000, 32), "the server's own limits");
}

#[tokio::test]
async fn a_token_that_is_revoked_or_a_foreign_answer_connects_nobody() {
    let server = Snac::start().expect("snac");
    let password = server.add("kites").expect("an account");
    let form = request("oauth", BACK, &[("server", &server.url())]);
    let Ok(Begun::Redirect { url, pending }) = Mastodon.begin(&form).await else { panic!("a redirect") };
    let back = Snac::agree(&server.url(), &url, "kites", &password).await.expect("agreed");
    let forged = back.replace("state=", "state=x");
    assert_eq!(finish(&form, &pending, &forged).await.unwrap_err().class, Class::Reauthorise);
    let denied = format!("{BACK}?error=access_denied&state={}", pending.state);
    assert_eq!(finish(&form, &pending, &denied).await.unwrap_err().class, Class::Reauthorise);
    let mut session = finish(&form, &pending, &back).await.expect("the true one");

    session.secrets.set("access_token", "not-one-of-theirs");
    let refused = [
        Mastodon.check(&session).await.map(drop).unwrap_err(),
        Mastodon.pull(&session, None, Duration::ZERO).await.map(drop).unwrap_err(),
        Mastodon.send(&session, &post("k", "text")).await.map(drop).unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.class, Class::Reauthorise, "{error}");
    }
    let by_hand = request("token", BACK, &[("server", &server.url()), ("access_token", "neither")]);
    assert_eq!(Mastodon.begin(&by_hand).await.map(drop).unwrap_err().class, Class::Reauthorise);
}

#[tokio::test]
async fn what_is_posted_is_read_with_the_same_id_and_its_changes_are_too() {
    let server = Snac::start().expect("snac");
    let session = connect(&server, &server.url(), "kites").await;
    let mut cursor = None;
    assert!(read_all(&Mastodon, &session, &mut cursor).await.expect("nothing yet").is_empty());

    let file = picture();
    let uploaded = Mastodon.upload(&session, &file).await.expect("the file");
    let mut first =
        post("01900000-0000-7000-8000-000000000001", "New kites & more at https://shop.example.test/kites\nsecond line");
    first.subject = Some("advertising".to_owned());
    first.media = vec![uploaded];
    let sent = Mastodon.send(&session, &first).await.expect("posted");
    let mut answer = post("01900000-0000-7000-8000-000000000002", "and an answer");
    answer.reply_to = Some(sent.native_id.clone());
    let answered = Mastodon.send(&session, &answer).await.expect("answered");

    let events = read_all(&Mastodon, &session, &mut cursor).await.expect("both");
    let [event] = about(&events, &sent.native_id)[..] else { panic!("once: {events:#?}") };
    let says = content(event).expect("a message");
    assert_eq!((event.revision.as_str(), event.place.kind), ("", PlaceKind::Public));
    assert_eq!(event.by.as_ref().map(|by| &by.native_id), Some(&session.account.native_id));
    assert_eq!(event.source_time_ms, sent.source_time_ms);
    assert_eq!(says.text, "New kites & more at https://shop.example.test/kites\nsecond line");
    assert_eq!(says.subject.as_deref(), Some("advertising"));
    assert_eq!(says.links, ["https://shop.example.test/kites"]);
    assert_eq!(says.attachments[0].alt.as_deref(), Some("a red kite"));
    assert!(String::from_utf8_lossy(&event.raw.bytes).contains(&sent.native_id), "the server's own bytes");
    let mut kept = Kept::default();
    Mastodon.fetch(&session, &says.attachments[0], 10_000, &mut kept).await.expect("the file");
    assert_eq!(kept.0, file.bytes);
    let too_long = Mastodon.fetch(&session, &says.attachments[0], 10, &mut Kept::default()).await.unwrap_err();
    assert_eq!(too_long.class, Class::Bug);
    let reply = content(about(&events, &answered.native_id)[0]).expect("a message").clone();
    assert_eq!((reply.reply_to.as_ref(), reply.thread.as_ref()), (Some(&sent.native_id), Some(&sent.native_id)));

    assert!(read_all(&Mastodon, &session, &mut cursor).await.expect("nothing new").is_empty());
    let edited = Mastodon.edit(&session, &answered.native_id, &post("e", "a better answer")).await.expect("changed");
    Mastodon.delete(&session, &sent.native_id, "d").await.expect("deleted");
    Mastodon.delete(&session, &sent.native_id, "d").await.expect("gone already is well");
    let events = read_all(&Mastodon, &session, &mut cursor).await.expect("the changes");
    let change = about(&events, &answered.native_id)[0];
    assert!(matches!(change.what, What::Edited(_)) && change.revision.starts_with("edit:"), "{change:?}");
    assert_eq!(
        (edited.revision.as_deref(), content(change).expect("text").text.as_str()),
        (Some(change.revision.as_str()), "a better answer")
    );
    let gone = about(&events, &sent.native_id)[0];
    assert_eq!((&gone.what, gone.revision.as_str()), (&What::Deleted, "delete"));
    assert_eq!(Mastodon.read_back(&session, &sent.native_id).await, Ok(None));
    let there = Mastodon.read_back(&session, &answered.native_id).await.expect("an answer").expect("there");
    assert_eq!((there.native_id, there.revision), (answered.native_id, change.revision.clone()));
    assert!(read_all(&Mastodon, &session, &mut cursor).await.expect("nothing new").is_empty());
}

#[tokio::test]
async fn what_others_do_arrives_and_can_be_answered() {
    let server = Snac::start().expect("snac");
    let us = connect(&server, &server.url(), "kites").await;
    let them = connect(&server, &server.url(), "robin").await;
    let sent = Mastodon.send(&us, &post("k1", "who wants kites?")).await.expect("posted");
    let mut cursor = None;
    read_all(&Mastodon, &us, &mut cursor).await.expect("our own");

    // A person's acts that the connector has no use for are made with the server's API.
    let client = networks::http::write_client();
    let act = async |path: String, form: &[(&str, &str)]| -> serde_json::Value {
        let token = them.secrets.get("access_token").expect("a token");
        let request = client.post(format!("{}/api/v1/{path}", server.url())).bearer_auth(token).form(form);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    };
    act(format!("accounts/{}/follow", us.settings["account_id"]), &[]).await;
    let local = local_id(&server, &us, &sent.native_id).await;
    act(format!("statuses/{local}/favourite"), &[]).await;
    act(format!("statuses/{local}/reblog"), &[]).await;
    let hello = format!("@kites@{} one for me, please", server.host());
    let reply = act("statuses".to_owned(), &[("status", &hello), ("in_reply_to_id", &local)]).await;
    let reply_uri = reply["uri"].as_str().expect("an address").to_owned();

    let is_by_them = |event: &Event| event.by.as_ref().is_some_and(|by| by.native_id == them.account.native_id);
    let mut events = Vec::new();
    for (what, is_it) in [
        ("the answer", Box::new(|event: &Event| event.native_id == reply_uri) as Box<dyn Fn(&Event) -> bool>),
        ("the like", Box::new(|event| matches!(&event.what, What::Reacted { key, added: true } if key == "like"))),
        ("the boost", Box::new(|event| matches!(&event.what, What::Reacted { key, added: true } if key == "repost"))),
        ("the follower", Box::new(|event| matches!(&event.what, What::Member { change: Membership::Followed, .. }))),
    ] {
        if !events.iter().any(&is_it) {
            events.extend(read_until(&Mastodon, &us, &mut cursor, what, &is_it).await);
        }
        let event = events.iter().find(|event| is_it(event)).expect("found above");
        assert!(is_by_them(event), "{what}: {event:?}");
    }
    let arrived = content(about(&events, &reply_uri)[0]).expect("a message");
    assert_eq!(arrived.reply_to.as_ref(), Some(&sent.native_id));
    let mut thanks = post("k2", &format!("@robin@{} it is yours", server.host()));
    thanks.reply_to = Some(reply_uri.clone());
    thanks.audience = Audience::Unlisted;
    let thanks = Mastodon.send(&us, &thanks).await.expect("answered");
    let events = read_all(&Mastodon, &us, &mut cursor).await.expect("our own answer");
    let ours = content(about(&events, &thanks.native_id)[0]).expect("a message");
    assert_eq!((ours.reply_to.as_ref(), ours.thread.as_ref()), (Some(&reply_uri), Some(&sent.native_id)));
}

/// The server's own id of a status, as a client that shows it has it.
async fn local_id(server: &Snac, session: &networks::Session, uri: &str) -> String {
    let path = format!("{}/api/v1/accounts/{}/statuses", server.url(), session.settings["account_id"]);
    let token = session.secrets.get("access_token").expect("a token");
    let bytes = networks::http::write_client()
        .get(path)
        .bearer_auth(token)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&bytes).expect("a list");
    let found = listed.iter().find(|status| status["uri"] == uri).expect("listed");
    found["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn reading_goes_on_where_it_was_after_the_server_was_killed_in_the_middle() {
    let mut server = Snac::start().expect("snac");
    let session = connect(&server, &server.url(), "kites").await;
    let mut sent = Vec::new();
    for number in 0..45 {
        sent.push(
            Mastodon
                .send(&session, &post(&format!("k{number}"), &format!("kite number {number}")))
                .await
                .expect("posted")
                .native_id,
        );
    }
    let first = Mastodon.pull(&session, None, Duration::ZERO).await.expect("a page");
    assert!(first.more && !first.events.is_empty());
    server.kill().expect("killed");
    let error = Mastodon.pull(&session, Some(&first.cursor), Duration::ZERO).await.unwrap_err();
    assert_eq!((error.class, error.effect), (Class::RetryLater, networks::error::Effect::None), "{error}");
    server.resume().expect("started again");

    sent.push(Mastodon.send(&session, &post("late", "one more kite")).await.expect("posted").native_id);
    let mut cursor = Some(first.cursor);
    let rest = read_until(&Mastodon, &session, &mut cursor, "the newest", |event| Some(&event.native_id) == sent.last()).await;
    let mut read: Vec<String> = first.events.into_iter().chain(rest).map(|event| event.native_id).collect();
    read.sort();
    sent.sort();
    assert_eq!(read, sent, "each once, none missing");
}
