//! Against the real service behind feeds, threads and notifications, which follows the real server. One of each for the whole walk: they
//! take some fifteen seconds to start.

use std::time::Duration;

use networks::{Event, Network, Session, bluesky::Bluesky, event::What};
use serde_json::{Value, json};
use testkit::peers::{self, bluesky_people::call};

use super::{connect, key};
use crate::rig::{Kept, about, content, picture, post, read_all, read_until};

/// Writes a record as another program of the account would, and answers its address.
async fn write(base: &str, by: &Session, collection: &str, record: Value) -> String {
    let token = by.secrets.get("access_token").expect("a token");
    let body = json!({ "repo": by.account.native_id, "collection": collection, "record": record });
    let written = call(base, Some(token), "com.atproto.repo.createRecord", &body).await;
    written["uri"].as_str().expect("an address").to_owned()
}

/// Asks a question as the account.
async fn ask(base: &str, by: &Session, question: &str) -> Value {
    let token = by.secrets.get("access_token").expect("a token");
    let request = networks::http::client().get(format!("{base}/xrpc/{question}")).bearer_auth(token);
    serde_json::from_slice(&request.send().await.expect("an answer").bytes().await.expect("a body")).expect("JSON")
}

/// The events in a form that can be compared, without what a second look may see otherwise (the bytes hold counts).
fn pairs(events: &[Event]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = events.iter().map(|event| (event.native_id.clone(), event.revision.clone())).collect();
    pairs.sort();
    pairs
}

#[tokio::test]
async fn what_others_do_is_told_by_the_real_service_and_filled_back_the_same() {
    let server = peers::bluesky::Bluesky::with_feeds().expect("the Bluesky servers");
    let base = server.url();
    let (kites, robin) = (connect(&server, "kites").await, connect(&server, "robin").await);
    let mut cursor = None;

    let file = picture();
    let mut first = post(&key(1), "New kites");
    first.media = vec![Bluesky.upload(&kites, &file).await.expect("the file")];
    let ours = Bluesky.send(&kites, &first).await.expect("posted");
    taken_in(&base, &robin, &ours).await;
    let mut live = read_all(&Bluesky, &kites, &mut cursor).await.expect("our own");
    assert_eq!(about(&live, &ours.native_id).len(), 1);

    // The other side: an answer, an answer to our answer, a mention, a quote with a picture, a like, a share, a follower.
    let mut answer = post(&key(2), "how much?");
    answer.reply_to = Some(ours.native_id.clone());
    let answer = Bluesky.send(&robin, &answer).await.expect("answered");
    taken_in(&base, &robin, &answer).await;
    let mut back = post(&key(3), "ten");
    back.reply_to = Some(answer.native_id.clone());
    let back = Bluesky.send(&kites, &back).await.expect("answered back");
    taken_in(&base, &robin, &back).await;
    let mut deep = post(&key(4), "one, please");
    deep.reply_to = Some(back.native_id.clone());
    let deep = Bluesky.send(&robin, &deep).await.expect("answered again");
    let mention = Bluesky.send(&robin, &post(&key(5), "ask @kites.test")).await.expect("mentioned");
    let mut quote = post(&key(6), "look at these");
    quote.quotes = Some(ours.native_id.clone());
    quote.media = vec![Bluesky.upload(&robin, &file).await.expect("the file")];
    let quote = Bluesky.send(&robin, &quote).await.expect("quoted");
    let subject = json!({ "uri": ours.native_id, "cid": ours.revision });
    let at = "2026-11-10T12:00:00.000Z";
    for kind in ["like", "repost"] {
        let collection = format!("app.bsky.feed.{kind}");
        write(&base, &robin, &collection, json!({ "$type": collection, "subject": subject, "createdAt": at })).await;
    }
    let follow = json!({ "$type": "app.bsky.graph.follow", "subject": kites.account.native_id, "createdAt": at });
    write(&base, &robin, "app.bsky.graph.follow", follow).await;

    // The service tells of them in no order.
    let messages = [&answer, &back, &deep, &mention, &quote].map(|sent| sent.native_id.as_str());
    let is_whole = |told: &[Event]| {
        let acts = told.iter().filter(|event| matches!(event.what, What::Reacted { .. } | What::Member { .. })).count();
        acts == 3 && messages.iter().all(|id| about(told, id).into_iter().any(|event| content(event).is_some()))
    };
    for _ in 0..60 {
        live.extend(read_all(&Bluesky, &kites, &mut cursor).await.expect("the service answers"));
        if is_whole(&live) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(is_whole(&live), "answers {messages:?} or acts are missing among {:?}", pairs(&live));
    let says = |id: &str| content(about(&live, id)[0]).expect("a message").clone();
    let told = says(&deep.native_id);
    assert_eq!((told.reply_to.as_ref(), told.thread.as_ref()), (Some(&back.native_id), Some(&ours.native_id)));
    let told = says(&mention.native_id);
    assert_eq!(told.mentions.iter().map(|party| &party.native_id).collect::<Vec<_>>(), [&kites.account.native_id]);
    let told = says(&quote.native_id);
    let [attachment] = &told.attachments[..] else { panic!("one: {told:?}") };
    assert_eq!((told.quotes.as_ref(), attachment.alt.as_deref()), (Some(&ours.native_id), Some("a red kite")));
    let mut kept = Kept::default();
    Bluesky.fetch(&kites, attachment, 10_000, &mut kept).await.expect("the other's file");
    assert_eq!(kept.0, file.bytes);
    for kind in ["like", "repost"] {
        let reacted = |event: &&Event| matches!(&event.what, What::Reacted { key, added: true } if key == kind);
        let reactions: Vec<_> = live.iter().filter(reacted).collect();
        assert_eq!(reactions.len(), 1, "{kind} in {live:#?}");
        assert_eq!(reactions[0].native_id, ours.native_id);
        assert_eq!(reactions[0].by.as_ref().map(|by| &by.native_id), Some(&robin.account.native_id));
    }
    assert!(read_all(&Bluesky, &kites, &mut cursor).await.expect("quiet").is_empty(), "nothing is told twice");

    // A profile that is connected only now gets the same, under the same names.
    let mut past = read_all(&Bluesky, &kites, &mut None).await.expect("the past");
    past.retain(|event| live.iter().any(|told| told.native_id == event.native_id));
    let (mut live_pairs, mut past_pairs) = (pairs(&live), pairs(&past));
    live_pairs.dedup();
    past_pairs.dedup();
    assert_eq!(past_pairs, live_pairs);

    backdated(&base, &kites, &robin, &back, &mut cursor).await;
    shown_to_others(&base, &kites, &robin, [&ours, &answer]).await;
}

/// What another program dates back stands behind what is known already, in the repository as among the notifications.
async fn backdated(
    base: &str,
    kites: &Session,
    robin: &Session,
    liked: &networks::Published,
    cursor: &mut Option<networks::Cursor>,
) {
    let at = "2024-11-10T12:00:00.000Z";
    let subject = json!({ "uri": liked.native_id, "cid": liked.revision });
    let like = json!({ "$type": "app.bsky.feed.like", "subject": subject, "createdAt": at });
    write(base, robin, "app.bsky.feed.like", like).await;
    let is_like = |event: &Event| event.native_id == liked.native_id && matches!(event.what, What::Reacted { .. });
    read_until(&Bluesky, kites, cursor, "the like of two years ago", is_like).await;
    let token = kites.secrets.get("access_token").expect("a token");
    let old = json!({ "repo": kites.account.native_id, "collection": "app.bsky.feed.post", "rkey": "3kaaaaaaaaaaa",
        "record": { "$type": "app.bsky.feed.post", "text": "an old one", "createdAt": at } });
    let old = call(base, Some(token), "com.atproto.repo.createRecord", &old).await;
    let events = read_all(&Bluesky, kites, cursor).await.expect("the old one");
    assert_eq!(
        events.iter().map(|event| event.native_id.as_str()).collect::<Vec<_>>(),
        [old["uri"].as_str().expect("an address")]
    );
}

/// What we did is what the service shows: the feed with the picture's text, the hidden answer, the deletion.
async fn shown_to_others(base: &str, kites: &Session, robin: &Session, [ours, answer]: [&networks::Published; 2]) {
    let feed = ask(base, robin, &format!("app.bsky.feed.getAuthorFeed?actor={}", kites.account.native_id)).await;
    let posts: Vec<&Value> = feed["feed"].as_array().expect("a feed").iter().map(|item| &item["post"]).collect();
    let shown = posts.iter().find(|post| post["uri"] == ours.native_id.as_str()).expect("in the feed");
    assert_eq!((&shown["embed"]["images"][0]["alt"], &shown["replyCount"]), (&json!("a red kite"), &json!(1)));

    Bluesky.hide(kites, &answer.native_id, true).await.expect("hidden");
    let thread = format!("app.bsky.feed.getPostThread?uri={}", ours.native_id);
    let hidden = json!([answer.native_id]);
    shows(base, robin, &thread, |told| told["thread"]["post"]["threadgate"]["record"]["hiddenReplies"] == hidden).await;

    Bluesky.delete(kites, &ours.native_id, "d").await.expect("deleted");
    let posts = format!("app.bsky.feed.getPosts?uris={}", ours.native_id);
    shows(base, robin, &posts, |told| told["posts"].as_array().is_some_and(Vec::is_empty)).await;
}

/// The service works on several people's posts at once, and tells nobody of an answer to something it does not have yet.
async fn taken_in(base: &str, by: &Session, sent: &networks::Published) {
    let posts = format!("app.bsky.feed.getPosts?uris={}", sent.native_id);
    shows(base, by, &posts, |told| told["posts"][0]["uri"] == sent.native_id.as_str()).await;
}

/// Asks until the service has taken in what happened.
async fn shows(base: &str, by: &Session, question: &str, is_it: impl Fn(&Value) -> bool) {
    let mut told = Value::Null;
    for _ in 0..60 {
        told = ask(base, by, question).await;
        if is_it(&told) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{question} never showed it; the last answer was {told:#}");
}
