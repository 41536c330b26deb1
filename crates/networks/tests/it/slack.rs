//! Slack against the `emulate` stand-in: everything goes through the fault proxy, events come to a listener that keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use networks::account::{Begun, Clock, Connected, Cursor, Session};
use networks::error::{Class, Effect, NetworkError, Result};
use networks::event::{Attachment, Event, What};
use networks::network::{ConnectRequest, Delivery, Network};
use networks::outgoing::{Media, Outgoing};
use networks::slack::Slack;
use serde_json::{Value, json};
use testkit::fault_proxy::{Fault, FaultProxy, Reply};
use testkit::peers::slack::Slack as Server;

use crate::rig::Kept;

const SIGNING_SECRET: &str = "s3cret";
const SCOPES: &str = "channels:history,channels:read,channels:manage,chat:write,files:read,files:write,groups:history,groups:read,\
                      im:history,im:read,mpim:history,mpim:read,reactions:read,reactions:write,team:read,users:read";

/// A workspace behind the proxy, and what it pushed.
struct Workspace {
    server: Server,
    client: reqwest::Client,
    proxy: FaultProxy,
    hooks: FaultProxy,
    session: Session,
    channel: String,
}

impl Workspace {
    async fn start() -> Self {
        let (proxy, hooks) = (FaultProxy::alone().await.expect("proxy"), FaultProxy::alone().await.expect("listener"));
        hooks.when(usize::MAX, |_| true, Fault::Instead(Reply::status(200)));
        let seed = json!({
            "signing_secret": SIGNING_SECRET, "strict_scopes": true, "team": {"name": "Acme", "domain": "acme"},
            "users": [{"name": "desk", "real_name": "The Desk", "email": "desk@example.test"},
                      {"name": "ada", "real_name": "Ada L", "email": "ada@example.test"}],
            "channels": [{"name": "launch"}],
            "tokens": [{"token": "xoxb-desk", "user": "desk", "scopes": SCOPES}, {"token": "xoxp-ada", "user": "ada", "scopes": SCOPES},
                       {"token": "xoxb-poor", "user": "desk", "scopes": "channels:read"}],
            "oauth_apps": [{"client_id": "id-1", "client_secret": "secret-1", "name": "Gatepost", "redirect_uris": ["https://gate.example.test/back"]}],
        });
        let server = Server::start(&seed, &proxy.url(), &format!("{}/hooks/1", hooks.url())).expect("the stand-in starts");
        proxy.point_to(server.address());
        let fields = [("access_token", "xoxb-desk"), ("signing_secret", SIGNING_SECRET), ("server", &proxy.url())];
        let Begun::Done(connected) = Slack.begin(&request("token", &fields)).await.expect("connected") else {
            panic!("a token is enough")
        };
        let session = session(*connected);
        let mut workspace = Self { server, client: reqwest::Client::new(), proxy, hooks, session, channel: String::new() };
        let listed = workspace.as_ada("conversations.list", &[]).await;
        let launch = listed["channels"].as_array().into_iter().flatten().find(|channel| channel["name"] == "launch");
        launch.and_then(|channel| channel["id"].as_str()).expect("the seeded channel").clone_into(&mut workspace.channel);
        workspace
    }

    /// What somebody else does in the workspace, past the connector.
    async fn as_ada(&self, method: &str, fields: &[(&str, &str)]) -> Value {
        let url = format!("http://{}/api/{method}", self.server.address());
        let answer = self.client.post(url).bearer_auth("xoxp-ada").form(fields).send().await.expect("asked");
        let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("answered")).expect("JSON");
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer
    }

    async fn ada_says(&self, text: &str, thread: Option<&str>) -> String {
        let mut fields = vec![("channel", self.channel.as_str()), ("text", text)];
        fields.extend(thread.map(|ts| ("thread_ts", ts)));
        self.as_ada("chat.postMessage", &fields).await["ts"].as_str().expect("a time stamp").to_owned()
    }

    /// Everything pushed so far, understood.
    fn pushed(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for call in self.hooks.seen() {
            let headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
            let now_ms = Clock::default().now_ms();
            let delivery = Delivery { method: &call.method, path: "", query: "", headers: &headers, body: &call.body, now_ms };
            let received = Slack.receive(&self.session, delivery).expect("understood");
            assert_eq!(received.status, 200, "{}", String::from_utf8_lossy(&received.body));
            events.extend(received.events);
        }
        events
    }

    /// Pulls until a sweep is over.
    async fn sweep(&self, mut cursor: Option<Cursor>) -> (Vec<Event>, Cursor) {
        let mut events = Vec::new();
        for _ in 0..50 {
            let batch = Slack.pull(&self.session, cursor.as_ref(), Duration::ZERO).await.expect("pulled");
            assert_eq!(batch.gaps, []);
            events.extend(batch.events);
            cursor = Some(batch.cursor);
            if !batch.more {
                return (events, cursor.expect("just set"));
            }
        }
        panic!("the sweep does not end");
    }

    fn post(&self, key: &str, text: &str) -> Outgoing {
        Outgoing { place: Some(self.channel.clone()), ..Outgoing::new(key, text) }
    }
}

fn request(method: &str, fields: &[(&str, &str)]) -> ConnectRequest {
    ConnectRequest {
        method: method.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        redirect_uri: "https://gate.example.test/back".to_owned(),
        random: [7; 64],
        now_ms: Clock::default().now_ms(),
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

fn ids(events: &[Event]) -> BTreeSet<String> {
    events.iter().map(|event| format!("{} {}", event.native_id, event.revision)).collect()
}

fn text_of(events: &[Event], id: &str) -> Option<String> {
    events.iter().rev().filter(|event| event.native_id == id).find_map(|event| match &event.what {
        What::Posted(content) | What::Edited(content) => Some(content.text.clone()),
        _ => None,
    })
}

async fn fetched(session: &Session, attachment: &Attachment, bytes_max: u64) -> Result<Vec<u8>> {
    let mut bytes = Kept::default();
    Slack.fetch(session, attachment, bytes_max, &mut bytes).await.map(|()| bytes.0)
}

#[tokio::test]
async fn a_workspace_is_connected_by_oauth() {
    let workspace = Workspace::start().await;
    let server = workspace.proxy.url();
    let fields = [
        ("client_id", "id-1"),
        ("client_secret", "secret-1"),
        ("signing_secret", "x"),
        ("server", &server),
        ("as_person", "yes"),
    ];
    let asked = request("oauth", &fields);
    let Begun::Redirect { url, pending } = Slack.begin(&asked).await.expect("begun") else { panic!("Slack has to be asked") };
    let query: BTreeMap<String, String> = reqwest::Url::parse(&url).expect("an address").query_pairs().into_owned().collect();
    let user = workspace.as_ada("auth.test", &[]).await["user_id"].as_str().expect("an id").to_owned();
    let mut agreed: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    agreed.push(("user_id", &user));
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a browser");
    let sent_back = browser.post(format!("{server}/oauth/v2/authorize/callback")).form(&agreed).send().await.expect("agreed");
    let back = sent_back.headers()["location"].to_str().expect("an address").to_owned();
    let query: BTreeMap<String, String> = reqwest::Url::parse(&back).expect("an address").query_pairs().into_owned().collect();

    let mut forged = query.clone();
    forged.insert("state".to_owned(), "another".to_owned());
    assert_eq!(Slack.finish(&asked, &pending, &forged).await.unwrap_err().class, Class::Reauthorise);
    let connected = Slack.finish(&asked, &pending, &query).await.expect("connected");
    assert_eq!(connected.standing.missing_scopes, Vec::<String>::new());
    assert!(connected.secrets.get("user_token").is_some_and(|token| token.starts_with("xoxp-")));
    assert!(!format!("{connected:?}").contains("xoxb-"), "credentials do not print themselves");
    let again = Slack.finish(&asked, &pending, &query).await.unwrap_err();
    assert_eq!(again.class, Class::Reauthorise, "a code is good once: {again}");
    let standing = Slack.check(&session(connected)).await.expect("checked");
    assert!(standing.account.native_id.contains(":U"), "{}", standing.account.native_id);
}

#[tokio::test]
async fn what_happens_is_pushed_and_history_tells_the_same_under_the_same_ids() {
    let workspace = Workspace::start().await;
    let said = workspace.ada_says("hello <@U000000001> &amp; all", None).await;
    let reply = workspace.ada_says("a reply", Some(&said)).await;
    let sent = Slack.send(&workspace.session, &workspace.post("key-1", "our <post> & more")).await.expect("sent");
    let channel = workspace.channel.as_str();
    workspace.as_ada("reactions.add", &[("channel", channel), ("timestamp", &said), ("name", "tada")]).await;
    workspace.as_ada("chat.update", &[("channel", channel), ("ts", &said), ("text", "hello again")]).await;
    let gone = workspace.ada_says("to be gone", None).await;
    workspace.as_ada("chat.delete", &[("channel", channel), ("ts", &gone)]).await;
    workspace.as_ada("conversations.setTopic", &[("channel", channel), ("topic", "the launch")]).await;

    let pushed = workspace.pushed();
    let (read, cursor) = workspace.sweep(None).await;
    let (first, answer) = (format!("{channel}:{said}"), format!("{channel}:{reply}"));
    assert!(ids(&pushed).contains(&format!("{first} ")) && ids(&pushed).contains(&format!("{channel}:{gone} delete")));
    assert_eq!(text_of(&read, &first).as_deref(), Some("hello again"));
    assert_eq!(text_of(&read, &sent.native_id).as_deref(), Some("our <post> & more"));
    // What history tells is what was pushed, but for reactions, which carry no time there.
    let known = ids(&pushed);
    let unknown: Vec<_> = ids(&read).into_iter().filter(|id| !known.contains(id)).collect();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].starts_with(&format!("{first} react:")) && unknown[0].ends_with(":tada:add"));
    let threaded = read.iter().find(|event| event.native_id == answer).expect("the reply");
    assert!(matches!(&threaded.what, What::Posted(content) if content.thread.as_deref() == Some(first.as_str())));
    assert_eq!(threaded.by.as_ref().and_then(|by| by.handle.as_deref()), Some("ada"));
    assert_eq!(threaded.place.name.as_deref(), Some("launch"));

    // Nothing new: the next sweep tells no message again that it told before.
    let (again, cursor) = workspace.sweep(Some(cursor)).await;
    assert!(
        !again.iter().any(|event| matches!(event.what, What::Posted(_) | What::Edited(_)) && event.native_id != answer),
        "{again:?}"
    );
    let later = workspace.ada_says("later", None).await;
    let (healed, _) = workspace.sweep(Some(cursor)).await;
    assert!(ids(&healed).contains(&format!("{channel}:{later} ")), "what the push missed is found");
}

#[tokio::test]
async fn a_long_history_is_read_whole_through_refusals_and_broken_answers() {
    let workspace = Workspace::start().await;
    let mut expected = BTreeSet::new();
    for number in 0..230 {
        expected.insert(format!("{}:{} ", workspace.channel, workspace.ada_says(&format!("message {number}"), None).await));
    }
    for (nth, fault) in [
        Fault::Refuse,
        Fault::CutBeforeAnswer,
        Fault::CutAnswer(700),
        Fault::Instead(Reply::too_many(1)),
        Fault::Instead(Reply::status(503)),
        Fault::Truncate(900),
    ]
    .into_iter()
    .enumerate()
    {
        // Between the good calls: each fault meets another step of the sweep.
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let count = move |path: &str| {
            path.starts_with("/api/conversations.") && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == nth
        };
        workspace.proxy.when(1, move |call| count(&call.path), fault);
    }
    let (mut cursor, mut found, mut failures) = (None, Vec::new(), 0);
    for _ in 0..60 {
        match Slack.pull(&workspace.session, cursor.as_ref(), Duration::ZERO).await {
            Ok(batch) => {
                found.extend(batch.events);
                cursor = Some(batch.cursor);
                if !batch.more {
                    break;
                }
            }
            Err(error) => {
                assert!(matches!(error.class, Class::RetryLater | Class::Bug), "{error}");
                failures += 1;
            }
        }
    }
    assert!(failures >= 2, "the faults were met: {failures}");
    let found = ids(&found);
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "nothing is lost");
}

#[tokio::test]
async fn a_channel_that_is_lost_is_a_gap_from_its_last_message_on() {
    let workspace = Workspace::start().await;
    let last = workspace.ada_says("before", None).await;
    let (_, cursor) = workspace.sweep(None).await;
    let channel = workspace.channel.as_str();
    let leaving = [("channel", channel)];
    let url = format!("http://{}/api/conversations.leave", workspace.server.address());
    let left = workspace.client.post(url).bearer_auth("xoxb-desk").form(&leaving).send().await.expect("asked");
    assert!(left.status().is_success());
    let batch = Slack.pull(&workspace.session, Some(&cursor), Duration::ZERO).await.expect("pulled");
    assert_eq!(batch.gaps.iter().map(|gap| gap.place.as_deref()).collect::<Vec<_>>(), [Some(channel)]);
    let seconds: i64 = last.split('.').next().and_then(|text| text.parse().ok()).expect("a time stamp");
    assert_eq!(batch.gaps[0].from_ms.map(|ms| ms / 1_000), Some(seconds));
    let again = Slack.pull(&workspace.session, Some(&batch.cursor), Duration::ZERO).await.expect("pulled");
    assert_eq!(again.gaps, [], "said once");
}

#[tokio::test]
async fn a_post_with_an_unknown_outcome_is_looked_up_and_not_doubled() {
    let workspace = Workspace::start().await;
    let (session, post) = (&workspace.session, workspace.post("key-2", "once only"));
    workspace.proxy.next("/api/chat.postMessage", Fault::Refuse);
    let never = Slack.send(session, &post).await.unwrap_err();
    assert_eq!(never.class, Class::RetryLater);
    assert_eq!(Slack.find(session, &post).await, Ok(None), "it never arrived");

    workspace.proxy.next("/api/chat.postMessage", Fault::CutBeforeAnswer);
    let unknown = Slack.send(session, &post).await.unwrap_err();
    assert_eq!((unknown.class, unknown.effect), (Class::RetryLater, Effect::Unknown));
    let found = Slack.find(session, &post).await.expect("looked up").expect("it is there");
    let event = Slack.read_back(session, &found.native_id).await.expect("read").expect("there");
    assert!(matches!(&event.what, What::Posted(content) if content.text == "once only"));
    assert_eq!(
        Slack.find(session, &workspace.post("key-3", "once only")).await,
        Ok(None),
        "the same words under another key are another post"
    );

    workspace.proxy.next("/api/chat.postMessage", Fault::Truncate(5));
    let unreadable = Slack.send(session, &workspace.post("key-4", "answer unreadable")).await.unwrap_err();
    assert_eq!(unreadable.effect, Effect::Unknown, "an answer that cannot be read says nothing of the effect");

    let reply = Outgoing { reply_to: Some(found.native_id.clone()), ..workspace.post("key-5", "a reply") };
    let sent = Slack.send(session, &reply).await.expect("sent");
    assert_eq!(Slack.find(session, &reply).await.expect("looked up").map(|found| found.native_id), Some(sent.native_id));
}

#[tokio::test]
async fn where_the_list_of_messages_has_no_end_nobody_says_that_a_post_is_not_there() {
    let workspace = Workspace::start().await;
    let endless = r#"{"ok":true,"messages":[{"ts":"1.000001","text":"another"}],"response_metadata":{"next_cursor":"more"}}"#;
    let is_list = |call: &testkit::fault_proxy::Seen| call.path.starts_with("/api/conversations.history");
    workspace.proxy.when(usize::MAX, is_list, Fault::Instead(Reply::json(endless)));
    let error = Slack.find(&workspace.session, &workspace.post("key-1", "mine")).await.unwrap_err();
    assert_eq!(error.class, Class::RetryLater, "{error}");
    let asked = workspace.proxy.count("/api/conversations.history");
    assert!(asked <= 10, "the looking has an end: {asked}");
}

#[tokio::test]
async fn own_posts_are_changed_and_taken_back() {
    let workspace = Workspace::start().await;
    let session = &workspace.session;
    let sent = Slack.send(session, &workspace.post("key-6", "before")).await.expect("sent");
    let changed = Slack.edit(session, &sent.native_id, &workspace.post("key-7", "after")).await.expect("changed");
    let event = Slack.read_back(session, &sent.native_id).await.expect("read").expect("there");
    assert_eq!(changed.revision.as_deref(), Some(event.revision.as_str()), "the same id as capture gives it");
    assert!(ids(&workspace.pushed()).contains(&format!("{} {}", sent.native_id, event.revision)));
    assert!(matches!(&event.what, What::Edited(content) if content.text == "after"));
    Slack.delete(session, &sent.native_id, "key-8").await.expect("taken back");
    Slack.delete(session, &sent.native_id, "key-8").await.expect("gone already is as good");
    assert_eq!(Slack.read_back(session, &sent.native_id).await, Ok(None));
    assert!(ids(&workspace.pushed()).contains(&format!("{} delete", sent.native_id)));
}

#[tokio::test]
async fn files_go_out_with_a_post_and_come_back_and_the_token_stays_at_home() {
    let workspace = Workspace::start().await;
    let session = &workspace.session;
    let bytes = b"%PDF-1.7 fictional".to_vec();
    let media = Media {
        bytes: bytes.clone(),
        media_type: "application/pdf".to_owned(),
        file_name: "plan.pdf".to_owned(),
        alt: None,
        size: None,
    };
    let uploaded = Slack.upload(session, &media).await.expect("uploaded");
    let post = Outgoing { media: vec![uploaded], ..workspace.post("key-9", "the plan") };
    assert_eq!(Slack.find(session, &post).await, Ok(None), "an uploaded file shows nowhere");
    let sent = Slack.send(session, &post).await.expect("sent");
    assert_eq!(Slack.find(session, &post).await.expect("looked up").map(|found| found.native_id), Some(sent.native_id.clone()));
    let (events, _) = workspace.sweep(None).await;
    let event = events.iter().find(|event| event.native_id == sent.native_id).expect("read");
    let What::Posted(content) = &event.what else { panic!("a message") };
    assert_eq!((content.text.as_str(), content.attachments.len()), ("the plan", 1));
    let attachment = &content.attachments[0];
    assert_eq!(fetched(session, attachment, 1_000).await, Ok(bytes));
    assert_eq!(fetched(session, attachment, 5).await.unwrap_err().class, Class::RefusedContent, "too large");

    let elsewhere = FaultProxy::alone().await.expect("another server");
    let foreign = Attachment { source: Some(format!("{}/x", elsewhere.url())), ..attachment.clone() };
    assert_eq!(fetched(session, &foreign, 1_000).await.unwrap_err().class, Class::Gone);
    assert_eq!(elsewhere.seen().len(), 0, "another server hears nothing, least of all the token");
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let workspace = Workspace::start().await;
    let session = &workspace.session;
    let answers = |body: &str| Fault::Instead(Reply::json(body));
    let mut errors: Vec<NetworkError> = Vec::new();
    for fault in [
        Fault::Instead(Reply::too_many(7)),
        answers(r#"{"ok":false,"error":"token_revoked"}"#),
        answers(r#"{"ok":false,"error":"token_expired"}"#),
        answers(r#"{"ok":false,"error":"msg_too_long"}"#),
        answers(r#"{"ok":false,"error":"made_up_word"}"#),
        answers(r#"{"ok":false,"error":"internal_error"}"#),
    ] {
        workspace.proxy.next("/api/chat.postMessage", fault);
        errors.push(Slack.send(session, &workspace.post("key-10", "x")).await.unwrap_err());
    }
    let classes: Vec<_> = errors.iter().map(|error| error.class).collect();
    let expected = [Class::RetryLater, Class::Reauthorise, Class::Expired, Class::RefusedContent, Class::Bug, Class::RetryLater];
    assert_eq!(classes, expected);
    assert_eq!(errors[0].retry_after, Some(Duration::from_secs(7)));
    assert_eq!(errors[5].effect, Effect::Unknown);

    let poor = Session { secrets: session.secrets.clone().with("access_token", "xoxb-poor"), ..session.clone() };
    let missing = Slack.send(&poor, &workspace.post("key-11", "x")).await.unwrap_err();
    assert_eq!(missing.class, Class::Reauthorise);
    assert!(missing.message.contains("chat:write"), "the scope is named: {missing}");
    let nowhere = Outgoing { place: Some("C404404404".to_owned()), ..workspace.post("key-12", "x") };
    assert_eq!(Slack.send(session, &nowhere).await.unwrap_err().class, Class::Gone);
}

#[tokio::test]
async fn an_expired_token_is_renewed_where_the_app_rotates_them() {
    let workspace = Workspace::start().await;
    let plain = &workspace.session;
    assert_eq!(Slack.refresh(plain, 0).await.unwrap_err().class, Class::Reauthorise, "nothing to renew with");
    let secrets =
        plain.secrets.clone().with("client_id", "id-1").with("client_secret", "secret-1").with("refresh_token", "xoxe-1-old");
    let session = Session { secrets, ..plain.clone() };
    // The stand-in knows no rotation; this is the documented answer.
    let answer =
        r#"{"ok":true,"access_token":"xoxe.xoxb-desk","refresh_token":"xoxe-1-new","expires_in":43200,"token_type":"bot"}"#;
    workspace.proxy.next("/api/oauth.v2.access", Fault::Instead(Reply::json(answer)));
    let renewed = Slack.refresh(&session, 0).await.expect("renewed");
    assert_eq!(renewed.get("access_token"), Some("xoxe.xoxb-desk"));
    assert_eq!(renewed.get("refresh_token"), Some("xoxe-1-new"));
    let asked = workspace.proxy.seen().pop().expect("asked").text();
    assert!(asked.contains("grant_type=refresh_token") && asked.contains("xoxe-1-old"), "{asked}");
}

#[tokio::test]
async fn answers_with_changed_bytes_are_errors_or_events_and_never_a_panic() {
    let workspace = Workspace::start().await;
    for number in 0..5 {
        workspace.ada_says(&format!("message {number} <https://example.test|link>"), None).await;
    }
    for seed in 0..60 {
        workspace.proxy.next("/api/conversations.history", Fault::Corrupt(seed));
        match Slack.pull(&workspace.session, None, Duration::ZERO).await {
            Ok(batch) => assert!(batch.events.iter().all(|event| !event.native_id.is_empty())),
            Err(error) => assert_ne!(error.class, Class::Reauthorise, "{error}"),
        }
        workspace.proxy.heal();
    }
}
