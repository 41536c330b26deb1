use proptest::prelude::*;
use serde_json::json;

use super::{
    mapping::{learn, of_event},
    memory::Memory,
    *,
};
use crate::{
    account::{Account, Clock, Secrets},
    any_json::any_json,
    event::{Content, Membership, PlaceKind, What},
};

const ROOM: &str = "!room:example.test";

/// Maps events in order, learning from each before it is mapped, as a sync does.
fn mapped(events: &[Value]) -> Vec<Event> {
    let mut memory = Memory::default();
    for event in events {
        learn(event, ROOM, &mut memory);
    }
    events.iter().map(|event| of_event(&event.to_string(), ROOM, &memory)).collect()
}

fn one(event: &Value) -> Event {
    mapped(std::slice::from_ref(event)).remove(0)
}

fn id(event: &Event) -> String {
    format!("{} {}", event.native_id, event.revision)
}

fn message(id: &str, content: &Value) -> Value {
    json!({"type": "m.room.message", "event_id": id, "sender": "@ada:example.test", "origin_server_ts": 1_700_000_000_000_i64, "content": content})
}

fn text(event: &Event) -> &Content {
    match &event.what {
        What::Posted(content) | What::Edited(content) => content,
        other => panic!("no message: {other:?}"),
    }
}

#[test]
fn messages_replies_and_threads() {
    let plain = one(&message("$1", &json!({"msgtype": "m.text", "body": "see https://example.test/a."})));
    assert_eq!(id(&plain), "!room:example.test/$1 ");
    assert_eq!(plain.source_time_ms, Some(1_700_000_000_000));
    assert_eq!(text(&plain).links, ["https://example.test/a"]);
    assert_eq!(mapping::parts(&plain.native_id), Some((ROOM, "$1")));
    let html = json!({"msgtype": "m.text", "body": "*bold*", "format": "org.matrix.custom.html",
        "formatted_body": "<mx-reply><blockquote>old</blockquote></mx-reply><b>bold</b> <a href=\"https://matrix.to/#/@b:example.test\">Bob</a>",
        "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}, "m.mentions": {"user_ids": ["@b:example.test"]}});
    let answer = one(&message("$2", &html));
    assert_eq!(
        (text(&answer).text.as_str(), text(&answer).links.len()),
        ("bold Bob", 0),
        "what clients show, without what it answers"
    );
    assert_eq!(text(&answer).reply_to.as_deref(), Some("!room:example.test/$0"));
    assert_eq!(text(&answer).mentions[0].native_id, "@b:example.test");
    let quoted = json!({"msgtype": "m.text", "body": "> <@b:example.test> old\n> words\n\nnew", "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}});
    assert_eq!(text(&one(&message("$3", &quoted))).text, "new");
    let threaded = json!({"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": true, "m.in_reply_to": {"event_id": "$last"}}});
    let threaded = one(&message("$4", &threaded));
    assert_eq!(text(&threaded).thread.as_deref(), Some("!room:example.test/$root"));
    assert_eq!(text(&threaded).reply_to, text(&threaded).thread, "the stand-in is no answer");
}

#[test]
fn edits_and_what_is_taken_back_belong_to_the_first_version() {
    let edit = message(
        "$2",
        &json!({"msgtype": "m.text", "body": "* new", "m.new_content": {"msgtype": "m.text", "body": "new"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}),
    );
    let reaction = json!({"type": "m.reaction", "event_id": "$3", "sender": "@ada:example.test",
        "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "👍"}}});
    let redaction = |id: &str, of: &str| json!({"type": "m.room.redaction", "event_id": id, "sender": "@mod:example.test", "redacts": of, "content": {}});
    let events = mapped(&[edit, reaction, redaction("$4", "$3"), redaction("$5", "$2"), redaction("$6", "$1")]);
    assert_eq!(
        events.iter().map(id).collect::<Vec<_>>(),
        [
            "!room:example.test/$1 edit:$2",
            "!room:example.test/$1 react:@ada:example.test:👍:add:$3",
            "!room:example.test/$1 react:@ada:example.test:👍:remove:$3",
            "!room:example.test/$1 edit:$2:undone",
            "!room:example.test/$1 delete",
        ]
    );
    assert_eq!(text(&events[0]).text, "new");
    assert_eq!(events[4].what, What::Deleted);
    assert_eq!(events[4].by.as_ref().map(|by| by.native_id.as_str()), Some("@mod:example.test"));
}

#[test]
fn a_message_that_arrives_redacted_is_the_deletion_that_its_redaction_is() {
    let gone = json!({"type": "m.room.message", "event_id": "$1", "sender": "@ada:example.test", "content": {},
        "unsigned": {"redacted_because": {"event_id": "$2", "sender": "@mod:example.test", "origin_server_ts": 7}}});
    let event = one(&gone);
    assert_eq!((id(&event).as_str(), event.source_time_ms), ("!room:example.test/$1 delete", Some(7)));
    assert_eq!(event.by.as_ref().map(|by| by.native_id.as_str()), Some("@mod:example.test"));
}

#[test]
fn encrypted_events_are_recorded_as_such() {
    let event = one(
        &json!({"type": "m.room.encrypted", "event_id": "$1", "sender": "@ada:example.test", "content": {"ciphertext": "x"}}),
    );
    assert_eq!(event.what, What::Other { name: "encrypted, not readable".to_owned() });
    assert_eq!(id(&event), "!room:example.test/$1 ");
    let file = json!({"msgtype": "m.image", "body": "a.png", "file": {"url": "mxc://example.test/1"}});
    assert_eq!(text(&one(&message("$2", &file))).attachments[0].source, None, "an encrypted file has no bytes to read");
}

#[test]
fn members_come_and_go() {
    let member = |now: &str, before: Value, sender: &str| {
        let event = one(&json!({"type": "m.room.member", "event_id": "$1", "state_key": "@ada:example.test", "sender": sender,
            "content": {"membership": now, "displayname": "Ada"}, "unsigned": {"prev_content": before}}));
        match event.what {
            What::Member { change, .. } => Some(change),
            _ => None,
        }
    };
    let ada = "@ada:example.test";
    assert_eq!(member("join", Value::Null, ada), Some(Membership::Joined));
    assert_eq!(member("join", json!({"membership": "join"}), ada), None, "a new name is no new member");
    assert_eq!(member("leave", json!({"membership": "join"}), ada), Some(Membership::Left));
    assert_eq!(member("leave", json!({"membership": "join"}), "@mod:example.test"), Some(Membership::Removed));
    assert_eq!(member("leave", json!({"membership": "ban"}), "@mod:example.test"), None);
    assert_eq!(member("ban", json!({"membership": "join"}), "@mod:example.test"), Some(Membership::Banned));
    assert_eq!(member("invite", Value::Null, "@mod:example.test"), Some(Membership::Invited));
}

#[test]
fn rooms_have_names_and_say_who_can_read_there() {
    let mut memory = Memory::default();
    assert_eq!(memory.place(ROOM).kind, PlaceKind::Private, "the narrower reading when nothing is known");
    for (kind, content) in [("m.room.name", json!({"name": "Launch"})), ("m.room.join_rules", json!({"join_rule": "public"}))] {
        learn(&json!({"type": kind, "state_key": "", "content": content}), ROOM, &mut memory);
    }
    assert_eq!((memory.place(ROOM).name.as_deref(), memory.place(ROOM).kind), (Some("Launch"), PlaceKind::Workspace));
    learn(
        &json!({"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "world_readable"}}),
        ROOM,
        &mut memory,
    );
    assert_eq!(memory.place(ROOM).kind, PlaceKind::Public);
    memory.learn_direct(&json!({"@b:example.test": [ROOM]}));
    assert_eq!(memory.place(ROOM).kind, PlaceKind::Direct);
}

fn service() -> Session {
    let account = Account {
        native_id: "@gatepost:example.test".to_owned(),
        handle: String::new(),
        name: None,
        link: None,
        server: "https://matrix.example.test".to_owned(),
    };
    let secrets = Secrets::default().with("access_token", "ours").with("server_token", "theirs");
    let settings = [("service_user", "gatepost"), ("server_name", "example.test")];
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Session { account, secrets, settings, clock: Clock::default() }
}

fn call(method: &str, path: &str, token: Option<&str>, query: &str, body: &Value) -> Received {
    let headers: Vec<_> = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))).into_iter().collect();
    let body = body.to_string();
    let delivery = Delivery { method, path, query, headers: &headers, body: body.as_bytes(), now_ms: 0 };
    Matrix.receive(&service(), delivery).expect("answered")
}

#[test]
fn only_the_server_with_its_token_is_believed_and_a_transaction_may_come_twice() {
    let event = json!({"type": "m.room.message", "event_id": "$1", "room_id": ROOM, "sender": "@ada:example.test", "content": {"body": "hi", "msgtype": "m.text"}});
    let body = json!({"events": [event]});
    let path = "/_matrix/app/v1/transactions/1";
    for (token, query, status) in
        [(None, "", 401), (Some("their"), "", 403), (Some("ours"), "", 403), (None, "access_token=other", 403)]
    {
        let refused = call("PUT", path, token, query, &body);
        assert_eq!((refused.status, refused.events.len()), (status, 0));
    }
    let first = call("PUT", path, Some("theirs"), "", &body);
    let again = call("PUT", path, Some("theirs"), "", &body);
    let old = call("PUT", "/transactions/1", None, "access_token=theirs", &body);
    assert_eq!((first.status, id(&first.events[0]).as_str()), (200, "!room:example.test/$1 "));
    assert_eq!((id(&again.events[0]), id(&old.events[0])), (id(&first.events[0]), id(&first.events[0])));
    assert_eq!(
        serde_json::from_slice::<Value>(&first.events[0].raw.bytes).expect("JSON"),
        event,
        "the bytes of this event alone"
    );
    assert_eq!(call("GET", "/_matrix/app/v1/users/@x:example.test", Some("theirs"), "", &body).status, 404);
    assert_eq!(call("POST", "/_matrix/app/v1/ping", Some("theirs"), "", &body).status, 200);
    assert_eq!(call("PUT", path, Some("theirs"), "", &json!({"events": 1})).status, 400);
}

#[test]
fn the_registration_holds_both_tokens_and_the_pattern_of_its_server() {
    let session = service();
    let set_up = SetUp { session: Some(&session), hook_url: "https://gate.example.test/hooks/1/", redirect_uri: "" };
    let file = Matrix.set_up_files(set_up).remove(0);
    for line in [
        "as_token: \"ours\"",
        "hs_token: \"theirs\"",
        "url: \"https://gate.example.test/hooks/1\"",
        r#"regex: "@.*:example\\.test""#,
    ] {
        assert!(file.text.contains(line), "{line} in\n{}", file.text);
    }
    assert!(Matrix.set_up_files(SetUp { session: None, ..set_up }).is_empty());
}

/// Words and keys that Matrix sends.
const WORDS: &[&str] =
    &["m.room.message", "m.reaction", "m.room.redaction", "m.room.member", "m.replace", "m.thread", "$1", "$2"];
const KEYS: &[&str] = &[
    "type",
    "event_id",
    "sender",
    "content",
    "unsigned",
    "state_key",
    "m.relates_to",
    "rel_type",
    "key",
    "body",
    "m.new_content",
    "redacts",
    "redacted_because",
    "membership",
    "formatted_body",
    "format",
    "url",
    "file",
    "info",
    "m.in_reply_to",
    "m.mentions",
];

proptest! {
    #[test]
    fn whatever_arrives_becomes_one_event_with_an_id_and_the_same_one_again(values in prop::collection::vec(any_json(WORDS, KEYS), 1..5)) {
        let (first, again) = (mapped(&values), mapped(&values));
        prop_assert_eq!(&first, &again);
        prop_assert_eq!(first.len(), values.len());
        for event in &first {
            prop_assert!(!event.native_id.is_empty());
            prop_assert!(!event.raw.bytes.is_empty());
        }
    }

    #[test]
    fn whatever_the_server_sends_is_answered(events in prop::collection::vec(any_json(WORDS, KEYS), 0..4)) {
        let answered = call("PUT", "/_matrix/app/v1/transactions/1", Some("theirs"), "", &json!({"events": events}));
        prop_assert_eq!((answered.status, answered.events.len()), (200, events.len()));
    }

    #[test]
    fn an_id_is_taken_apart_as_it_was_put_together(room in "![a-zA-Z0-9/]{1,18}(:[a-z.]{1,10})?", event in "\\$[a-zA-Z0-9+/_-]{1,43}") {
        let id = mapping::native_id(&room, &event);
        prop_assert_eq!(mapping::parts(&id), Some((room.as_str(), event.as_str())));
    }
}
