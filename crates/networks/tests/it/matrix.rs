//! Matrix against a real Synapse: everything of the connector goes through the fault proxy.

use std::collections::BTreeSet;
use std::time::Duration;

use networks::account::{Begun, Clock, Connected, Cursor, Session};
use networks::error::{Class, Effect, Result};
use networks::event::{Attachment, Event, Membership, PlaceKind, What};
use networks::matrix::Matrix;
use networks::network::{Batch, ConnectRequest, Delivery, Gap, Network, SetUp};
use networks::outgoing::{Media, Outgoing};
use serde_json::{Value, json};
use testkit::eventually;
use testkit::fault_proxy::{Fault, FaultProxy, Reply};
use testkit::peers::synapse::Synapse;
use testkit::peers::synapse_people::{escaped, register, say};

use crate::rig::Kept;

/// A homeserver with two people, and the proxy that the connector sees it through.
struct Home {
    server: Synapse,
    proxy: FaultProxy,
    ada: String,
}

impl Home {
    async fn start(more: &str, service: Option<&str>) -> Self {
        let server = Synapse::start(more, service).expect("Synapse starts");
        let proxy = FaultProxy::before(server.address()).await.expect("proxy");
        let ada = register(&server.url(), "ada").await;
        Self { server, proxy, ada }
    }

    /// The connector's account, signed in by its password.
    async fn desk(&self) -> Session {
        register(&self.server.url(), "desk").await;
        let fields = [("server", self.proxy.url()), ("user", "desk".to_owned()), ("password", "pw-desk".to_owned())];
        session(connected("password", &fields).await)
    }

    async fn as_ada(&self, method: &str, path: &str, body: Value) -> Value {
        say(&self.server.url(), method, path, &self.ada, body).await
    }

    /// A room of Ada's; whoever is invited comes.
    async fn room(&self, name: &str, invite: Option<&Session>) -> String {
        let invited: Vec<&str> = invite.iter().map(|session| session.account.native_id.as_str()).collect();
        let body = json!({"name": name, "preset": "private_chat", "invite": invited});
        let room = self.as_ada("POST", "createRoom", body).await["room_id"].as_str().expect("a room").to_owned();
        if let Some(session) = invite {
            self.join(&room, session).await;
        }
        room
    }

    async fn join(&self, room: &str, session: &Session) {
        let token = session.secrets.get("access_token").expect("a token");
        say(&self.server.url(), "POST", &format!("join/{}", escaped(room)), token, json!({})).await;
    }

    async fn put(&self, room: &str, kind: &str, key: &str, content: Value) -> String {
        let path = format!("rooms/{}/send/{kind}/{key}", escaped(room));
        self.as_ada("PUT", &path, content).await["event_id"].as_str().expect("an event").to_owned()
    }

    async fn ada_says(&self, room: &str, text: &str) -> String {
        self.put(room, "m.room.message", &format!("t-{text}").replace(' ', "-"), json!({"msgtype": "m.text", "body": text})).await
    }
}

async fn begun(method: &str, fields: &[(&str, String)]) -> Result<Begun> {
    let request = ConnectRequest {
        method: method.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        redirect_uri: String::new(),
        random: std::array::from_fn(|at| u8::try_from(at).expect("below 64")),
        now_ms: 0,
    };
    Matrix.begin(&request).await
}

async fn connected(method: &str, fields: &[(&str, String)]) -> Connected {
    match begun(method, fields).await.expect("connected") {
        Begun::Done(connected) => *connected,
        Begun::Redirect { .. } => panic!("Matrix needs no round trip"),
    }
}

fn session(connected: Connected) -> Session {
    Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: Clock::default(),
    }
}

/// Pulls until nothing more is there right now; errors of bad moments are counted and pulled again.
async fn drain(session: &Session, mut cursor: Option<Cursor>) -> (Vec<Event>, Vec<Gap>, Cursor, usize) {
    let (mut events, mut gaps, mut failures) = (Vec::new(), Vec::new(), 0);
    for _ in 0..100 {
        match Matrix.pull(session, cursor.as_ref(), Duration::ZERO).await {
            Ok(batch) => {
                assert!(batch.events.len() <= Batch::MAX);
                events.extend(batch.events);
                gaps.extend(batch.gaps);
                cursor = Some(batch.cursor);
                if !batch.more {
                    return (events, gaps, cursor.expect("just set"), failures);
                }
            }
            Err(error) => {
                assert!(matches!(error.class, Class::RetryLater | Class::Bug), "{error}");
                failures += 1;
            }
        }
    }
    panic!("the pull does not end");
}

fn ids(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(|event| format!("{} {}", event.native_id, event.revision)).collect()
}

fn texts(events: &[Event]) -> Vec<String> {
    let said = |event: &Event| match &event.what {
        What::Posted(content) | What::Edited(content) => Some(content.text.clone()),
        _ => None,
    };
    events.iter().filter_map(said).collect()
}

fn post(room: &str, key: &str, text: &str) -> Outgoing {
    Outgoing { place: Some(room.to_owned()), ..Outgoing::new(key, text) }
}

async fn fetched(session: &Session, attachment: &Attachment, bytes_max: u64) -> Result<Vec<u8>> {
    let mut bytes = Kept::default();
    Matrix.fetch(session, attachment, bytes_max, &mut bytes).await.map(|()| bytes.0)
}

#[tokio::test]
async fn everything_that_happens_in_a_room_is_told_once() {
    let home = Home::start("", None).await;
    let desk = home.desk().await;
    let room = home.room("Launch", Some(&desk)).await;
    let first = home.ada_says(&room, "hello").await;
    let at = |id: &str| format!("{room}/{id}");
    let edit = json!({"msgtype": "m.text", "body": "* hello all", "m.new_content": {"msgtype": "m.text", "body": "hello all"}, "m.relates_to": {"rel_type": "m.replace", "event_id": first}});
    let edit = home.put(&room, "m.room.message", "edit", edit).await;
    let reply = json!({"msgtype": "m.text", "body": "in a thread", "m.relates_to": {"rel_type": "m.thread", "event_id": first}});
    let reply = home.put(&room, "m.room.message", "reply", reply).await;
    let reaction = home
        .put(&room, "m.reaction", "r", json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": first, "key": "👍"}}))
        .await;
    let secret = home.put(&room, "m.room.encrypted", "e", json!({"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})).await;
    let (past, gaps, cursor, _) = drain(&desk, None).await;
    let told = ids(&past);
    for id in [
        format!("{} ", at(&first)),
        format!("{} edit:{edit}", at(&first)),
        format!("{} ", at(&reply)),
        format!("{} react:@ada:localhost:👍:add:{reaction}", at(&first)),
        format!("{} ", at(&secret)),
    ] {
        assert!(told.contains(&id), "{id} in {told:?}");
    }
    assert_eq!(told.len(), past.len(), "each once");
    assert_eq!(gaps, []);
    assert!(past.iter().any(|event| matches!(&event.what, What::Other { name } if name == "encrypted, not readable")));
    let thread = past.iter().find(|event| event.native_id == at(&reply)).expect("the reply");
    assert!(matches!(&thread.what, What::Posted(content) if content.thread.as_deref() == Some(at(&first).as_str())));
    assert_eq!((thread.place.name.as_deref(), thread.place.kind), (Some("Launch"), PlaceKind::Private));
    assert_eq!(thread.by.as_ref().and_then(|by| by.name.as_deref()), Some("ada"));
    let joined = |event: &Event| matches!(&event.what, What::Member { party, change: Membership::Joined } if party.native_id == "@desk:localhost");
    assert!(past.iter().any(joined));

    // From here on as it happens.
    let gone = home.ada_says(&room, "to be gone").await;
    for (target, key) in [(&gone, "x1"), (&reaction, "x2")] {
        home.as_ada("PUT", &format!("rooms/{}/redact/{}/{key}", escaped(&room), escaped(target)), json!({})).await;
    }
    home.as_ada("PUT", &format!("rooms/{}/state/m.room.name", escaped(&room)), json!({"name": "The launch"})).await;
    home.as_ada(
        "PUT",
        &format!("rooms/{}/state/m.room.encryption", escaped(&room)),
        json!({"algorithm": "m.megolm.v1.aes-sha2"}),
    )
    .await;
    home.as_ada("POST", &format!("rooms/{}/kick", escaped(&room)), json!({"user_id": "@desk:localhost"})).await;
    let (live, gaps, _, _) = drain(&desk, Some(cursor)).await;
    let told = ids(&live);
    assert!(told.contains(&format!("{} delete", at(&gone))), "{told:?}");
    assert!(told.contains(&format!("{} react:@ada:localhost:👍:remove:{reaction}", at(&first))), "{told:?}");
    assert!(live.iter().any(|event| matches!(&event.what, What::PlaceChanged { change } if change == "renamed")));
    assert!(live.iter().any(|event| matches!(&event.what, What::Member { change: Membership::Removed, .. })));
    assert!(gaps.iter().any(|gap| gap.reason.contains("encrypted") && gap.place.as_deref() == Some(room.as_str())), "{gaps:?}");
    assert!(gaps.iter().any(|gap| gap.reason.contains("no longer in the room")), "{gaps:?}");
    assert!(told.is_disjoint(&ids(&past)), "nothing is told twice");
}

#[tokio::test]
async fn what_a_sync_leaves_out_is_read_backwards_through_faults_and_a_restart() {
    let mut home = Home::start("", None).await;
    let desk = home.desk().await;
    let (busy, quiet) = (home.room("Busy", Some(&desk)).await, home.room("Quiet", Some(&desk)).await);
    let (_, _, cursor, _) = drain(&desk, None).await;
    let mut expected = BTreeSet::new();
    for number in 0..130 {
        expected.insert(format!("{busy}/{} ", home.ada_says(&busy, &format!("m{number}")).await));
    }
    expected.insert(format!("{quiet}/{} ", home.ada_says(&quiet, "one").await));
    // A room that is joined later is told from its beginning.
    let late = home.room("Late", None).await;
    expected.insert(format!("{late}/{} ", home.ada_says(&late, "before you came").await));
    home.as_ada("POST", &format!("rooms/{}/invite", escaped(&late)), json!({"user_id": "@desk:localhost"})).await;
    home.join(&late, &desk).await;

    let first = Matrix.pull(&desk, Some(&cursor), Duration::ZERO).await.expect("the sync");
    assert!(first.more, "the busy room is left to be read backwards");
    // In the middle of it the server goes and comes back, and answers badly in between.
    home.server.stop().expect("stopped");
    let down = Matrix.pull(&desk, Some(&first.cursor), Duration::ZERO).await.unwrap_err();
    assert_eq!(down.class, Class::RetryLater);
    home.server.start_again().expect("starts again");
    for fault in [Fault::CutAnswer(900), Fault::Truncate(500), Fault::Instead(Reply::status(502))] {
        home.proxy.when(1, |call| call.path.contains("/messages"), fault);
    }
    let (rest, gaps, cursor, failures) = drain(&desk, Some(first.cursor)).await;
    assert!(failures >= 2, "{failures}");
    assert_eq!(gaps, []);
    let mut told = ids(&first.events);
    told.extend(ids(&rest));
    assert_eq!(expected.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "nothing is lost");
    let (nothing, _, cursor, _) = drain(&desk, Some(cursor)).await;
    assert_eq!(ids(&nothing), BTreeSet::new(), "the list is done");
    // A server that was started again tells our own membership once more when we speak: no reason to read everything again.
    let pages = || home.proxy.seen().iter().filter(|call| call.path.contains("/messages")).count();
    let before = pages();
    let sent = Matrix.send(&desk, &post(&busy, "key-1", "we are back")).await.expect("sent");
    let (told, _, _, _) = drain(&desk, Some(cursor)).await;
    assert_eq!((ids(&told), pages()), (BTreeSet::from([format!("{} ", sent.native_id)]), before));
}

#[tokio::test]
async fn news_is_waited_for_and_an_invitation_is_told() {
    let home = Home::start("", None).await;
    let desk = home.desk().await;
    let (_, _, cursor, _) = drain(&desk, None).await;
    let waiting = Matrix.pull(&desk, Some(&cursor), Duration::from_secs(30));
    let inviting = home.as_ada("POST", "createRoom", json!({"name": "Come in", "invite": ["@desk:localhost"]}));
    let (batch, room) = tokio::join!(waiting, inviting);
    let room = room["room_id"].as_str().expect("a room").to_owned();
    let events = batch.expect("told").events;
    let invited = events
        .iter()
        .find(|event| matches!(&event.what, What::Member { change: Membership::Invited, .. }))
        .expect("an invitation");
    assert_eq!((invited.native_id.as_str(), invited.place.name.as_deref()), (room.as_str(), Some("Come in")));
    assert_eq!(invited.by.as_ref().map(|by| by.native_id.as_str()), Some("@ada:localhost"));
}

#[tokio::test]
async fn a_post_goes_out_once_whatever_happens_to_its_answer() {
    let home = Home::start("", None).await;
    let desk = home.desk().await;
    let room = home.room("Launch", Some(&desk)).await;
    let (_, _, cursor, _) = drain(&desk, None).await;
    let once = post(&room, "key-1", "once only, @ada:localhost");
    home.proxy.when(1, |call| call.path.contains("/send/"), Fault::Refuse);
    assert_eq!(Matrix.send(&desk, &once).await.unwrap_err().class, Class::RetryLater);
    assert_eq!(Matrix.find(&desk, &once).await, Ok(None), "it never arrived");
    home.proxy.when(1, |call| call.path.contains("/send/"), Fault::CutBeforeAnswer);
    let unknown = Matrix.send(&desk, &once).await.unwrap_err();
    assert_eq!((unknown.class, unknown.effect), (Class::RetryLater, Effect::Unknown));
    let found = Matrix.find(&desk, &once).await.expect("looked up").expect("it is there");
    let again = Matrix.send(&desk, &once).await.expect("the server knows the transaction");
    assert_eq!(again.native_id, found.native_id, "a repetition is no second message");
    for page in 0..20 {
        let others = json!({"chunk": [{"event_id": "$other", "origin_server_ts": 1, "content": {}}], "end": format!("t{page}")});
        home.proxy.when(1, |call| call.path.contains("/messages"), Fault::Instead(Reply::json(others.to_string())));
    }
    let untold = Matrix.find(&desk, &post(&room, "key-3", "mine")).await.unwrap_err();
    assert_eq!(untold.class, Class::RetryLater, "a list without end does not tell that it is not there: {untold}");
    home.proxy.heal();
    home.proxy.when(1, |call| call.path.contains("/send/"), Fault::Duplicate);
    let reply = Outgoing { reply_to: Some(found.native_id.clone()), place: None, ..post(&room, "key-2", "a reply") };
    Matrix.send(&desk, &reply).await.expect("sent");

    let (told, _, cursor, _) = drain(&desk, Some(cursor)).await;
    assert_eq!(texts(&told), ["once only, @ada:localhost", "a reply"]);
    let answer = told.iter().find_map(|event| match &event.what {
        What::Posted(content) if content.text == "a reply" => content.reply_to.clone(),
        _ => None,
    });
    assert_eq!(answer.as_deref(), Some(found.native_id.as_str()));

    let changed = Matrix.edit(&desk, &found.native_id, &post(&room, "key-3", "better")).await.expect("changed");
    let read = Matrix.read_back(&desk, &found.native_id).await.expect("read").expect("there");
    assert_eq!((read.native_id.as_str(), Some(read.revision.as_str())), (found.native_id.as_str(), changed.revision.as_deref()));
    assert!(matches!(&read.what, What::Edited(content) if content.text == "better"));
    for _ in 0..2 {
        Matrix.delete(&desk, &found.native_id, "key-4").await.expect("taken back, or gone already");
    }
    assert_eq!(Matrix.read_back(&desk, &found.native_id).await, Ok(None));
    let (told, _, _, _) = drain(&desk, Some(cursor)).await;
    assert!(ids(&told).contains(&format!("{} delete", found.native_id)), "{told:?}");
    let never = home.room("Not ours", None).await;
    assert_eq!(Matrix.send(&desk, &post(&never, "key-5", "x")).await.unwrap_err().class, Class::RefusedContent);
}

#[tokio::test]
async fn files_go_out_and_come_back() {
    let home = Home::start("", None).await;
    let desk = home.desk().await;
    let room = home.room("Files", Some(&desk)).await;
    let bytes = b"\x89PNG fictional".to_vec();
    let media = Media {
        bytes: bytes.clone(),
        media_type: "image/png".to_owned(),
        file_name: "plan.png".to_owned(),
        alt: None,
        size: Some((2, 3)),
    };
    let uploaded = Matrix.upload(&desk, &media).await.expect("uploaded");
    let with_file = Outgoing { media: vec![uploaded], ..post(&room, "key-1", "the plan") };
    Matrix.send(&desk, &with_file).await.expect("sent");
    let (told, _, _, _) = drain(&desk, None).await;
    let content = told.iter().find_map(|event| match &event.what {
        What::Posted(content) if !content.attachments.is_empty() => Some(content),
        _ => None,
    });
    let content = content.expect("a message with a file");
    let attachment = &content.attachments[0];
    assert_eq!((content.text.as_str(), attachment.file_name.as_deref()), ("the plan", Some("plan.png")));
    assert_eq!(fetched(&desk, attachment, 1_000).await, Ok(bytes.clone()));
    assert_eq!(fetched(&desk, attachment, 3).await.unwrap_err().class, Class::RefusedContent);
    let missing = Attachment { source: Some("mxc://localhost/nothing".to_owned()), ..attachment.clone() };
    assert_eq!(fetched(&desk, &missing, 1_000).await.unwrap_err().class, Class::Gone);
    // A server from before authenticated media says that it does not know the address.
    let unknown =
        Reply::status(404).header("content-type", "application/json").piece(Duration::ZERO, r#"{"errcode":"M_UNRECOGNIZED"}"#);
    home.proxy.when(1, |call| call.path.contains("/v1/media/"), Fault::Instead(unknown));
    home.proxy.when(
        1,
        |call| call.path.contains("/media/v3/download"),
        Fault::Instead(Reply::status(200).piece(Duration::ZERO, bytes.clone())),
    );
    assert_eq!(fetched(&desk, attachment, 1_000).await, Ok(bytes));
    let asked = home.proxy.seen().pop().expect("asked");
    assert!(asked.path.contains("/media/v3/download") && asked.header("authorization").is_none(), "{asked:?}");
}

#[tokio::test]
async fn a_token_runs_out_is_renewed_and_is_revoked() {
    let home = Home::start("refreshable_access_token_lifetime: 2s\n", None).await;
    let desk = home.desk().await;
    eventually("the token runs out", async || Matrix.check(&desk).await.is_err()).await;
    assert_eq!(Matrix.check(&desk).await.unwrap_err().class, Class::Expired);
    let renewed = Session { secrets: Matrix.refresh(&desk, 0).await.expect("renewed"), ..desk.clone() };
    assert_eq!(Matrix.check(&renewed).await.expect("as good as new").account.native_id, "@desk:localhost");
    assert_ne!(renewed.secrets.get("refresh_token"), desk.secrets.get("refresh_token"));

    let plain = [("server", home.proxy.url()), ("access_token", home.ada.clone())];
    let ada = session(connected("token", &plain).await);
    home.as_ada("POST", "logout", json!({})).await;
    let revoked = Matrix.pull(&ada, None, Duration::ZERO).await.unwrap_err();
    assert_eq!(revoked.class, Class::Reauthorise, "{revoked}");
    assert_eq!(Matrix.refresh(&ada, 0).await.unwrap_err().class, Class::Reauthorise);
    let wrong = [("server", home.proxy.url()), ("user", "desk".to_owned()), ("password", "wrong".to_owned())];
    assert_eq!(begun("password", &wrong).await.unwrap_err().class, Class::Reauthorise);
}

#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    let home = Home::start("", None).await;
    let desk = home.desk().await;
    let limited = Reply::status(429)
        .header("content-type", "application/json")
        .piece(Duration::ZERO, r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}"#);
    home.proxy.when(1, |call| call.path.contains("/sync"), Fault::Instead(limited));
    let error = Matrix.pull(&desk, None, Duration::ZERO).await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (Class::RetryLater, Some(Duration::from_millis(2_500))));
    let room = home.room("Noise", Some(&desk)).await;
    home.ada_says(&room, "hello").await;
    for seed in 0..40 {
        home.proxy.when(1, |call| call.path.contains("/sync") || call.path.contains("/messages"), Fault::Corrupt(seed));
        let mut cursor = None;
        for _ in 0..2 {
            match Matrix.pull(&desk, cursor.as_ref(), Duration::ZERO).await {
                Ok(batch) => cursor = Some(batch.cursor),
                Err(error) => assert_ne!(error.class, Class::Reauthorise, "{error}"),
            }
        }
        home.proxy.heal();
    }
}

#[tokio::test]
async fn a_whole_server_is_recorded_by_its_application_service() {
    let hooks = FaultProxy::alone().await.expect("listener");
    // The first transaction is not answered well: the server sends it again. (It does not believe answers without a length.)
    hooks.when(1, |call| call.path.contains("/transactions/"), Fault::Instead(Reply::status(500)));
    hooks.when(usize::MAX, |_| true, Fault::Instead(Reply::json("{}").header("content-length", "2")));
    let fields = [("server", "http://127.0.0.1:1".to_owned()), ("server_name", "localhost".to_owned())];
    let mut desk = session(connected("service", &fields).await);
    let set_up = SetUp { session: Some(&desk), hook_url: &format!("{}/hooks/1", hooks.url()), redirect_uri: "" };
    let registration = Matrix.set_up_files(set_up).remove(0).text;
    let home = Home::start("", Some(&registration)).await;
    desk.account.server = home.proxy.url();
    assert_eq!(Matrix.check(&desk).await.expect("the server knows the token").account.native_id, "@gatepost:localhost");

    // A room that the desk was never invited to.
    let room = home.room("Between us", None).await;
    let said = home.ada_says(&room, "nobody hears this").await;
    let received = || {
        let mut events = Vec::new();
        for call in hooks.seen() {
            let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
            let headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
            let path = path.strip_prefix("/hooks/1").expect("below the hook address");
            let delivery = Delivery { method: &call.method, path, query, headers: &headers, body: &call.body, now_ms: 0 };
            let received = Matrix.receive(&desk, delivery).expect("understood");
            assert_eq!(received.status, 200);
            events.extend(received.events);
        }
        events
    };
    let id = format!("{room}/{said} ");
    eventually("the message is sent to the service", async || ids(&received()).contains(&id)).await;
    let events = received();
    assert!(ids(&events).len() < events.len(), "the repeated transaction brought the same ids again");
    let event = events.iter().find(|event| format!("{} {}", event.native_id, event.revision) == id).expect("told");
    assert_eq!(event.place.name.as_deref(), Some("Between us"));
    let pulled = Matrix.pull(&desk, None, Duration::ZERO).await.expect("the token holds");
    assert_eq!((pulled.events.len(), pulled.more), (0, false));
}
