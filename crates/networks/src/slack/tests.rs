use proptest::prelude::*;
use serde_json::json;

use super::{
    mapping::{Around, of_history, of_push, time_ms},
    names::Names,
    *,
};
use crate::{
    account::{Account, Clock},
    any_json::any_json,
    event::{Membership, Place, PlaceKind, What},
};

const LINK: &str = "https://acme.slack.example.test/";

fn names() -> Names {
    let mut names = Names::default();
    names.learn_person(&json!({"id": "U1", "name": "ada", "profile": {"display_name": "Ada"}}));
    names.learn_channel(&json!({"id": "C1", "name": "general", "is_channel": true, "is_member": true}), false);
    names
}

fn place() -> Place {
    Place { native_id: "C1".to_owned(), name: Some("general".to_owned()), kind: PlaceKind::Workspace }
}

fn history(message: &Value) -> Vec<Event> {
    of_history(&message.to_string(), &place(), Around { names: &names(), link: Some(LINK) })
}

fn push(event: &Value) -> Event {
    let envelope =
        json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1_700_000_009, "event": event});
    let mut events = of_push(envelope.to_string().as_bytes(), &envelope, Around { names: &names(), link: Some(LINK) });
    assert_eq!(events.len(), 1);
    events.remove(0)
}

/// An event's identity, in one line.
fn id(event: &Event) -> String {
    format!("{} {}", event.native_id, event.revision)
}

fn session() -> Session {
    let account = Account {
        native_id: "T1:U9".to_owned(),
        handle: "gatepost".to_owned(),
        name: None,
        link: Some(LINK.to_owned()),
        server: "https://slack.com".to_owned(),
    };
    let secrets = Secrets::default().with("access_token", "xoxb-1").with("signing_secret", "s3cret");
    Session { account, secrets, settings: BTreeMap::new(), clock: Clock::default() }
}

#[test]
fn slack_times_become_milliseconds() {
    assert_eq!(time_ms("1355517523.000005"), Some(1_355_517_523_000));
    assert_eq!(time_ms("1355517523.5"), Some(1_355_517_523_500));
    assert_eq!(time_ms("1355517523.678901"), Some(1_355_517_523_678));
    for wrong in ["", "x", "1.", ".1", "-1.0", "99999999999999.0"] {
        assert_eq!(time_ms(wrong), None, "{wrong}");
    }
}

#[test]
fn a_message_is_the_same_event_by_push_and_by_history() {
    let message = json!({"type": "message", "user": "U1", "text": "hello <@U1>", "ts": "1700000000.000100"});
    let mut pushed = message.clone();
    pushed["channel"] = json!("C1");
    pushed["event_ts"] = json!("1700000000.000100");
    let (pushed, read) = (push(&pushed), &history(&message)[0]);
    assert_eq!(id(&pushed), "C1:1700000000.000100 ");
    assert_eq!(id(&pushed), id(read));
    assert_eq!(pushed.what, read.what);
    assert_eq!(pushed.place, read.place);
    assert_eq!(read.source_time_ms, Some(1_700_000_000_000));
    let What::Posted(content) = &read.what else { panic!("{read:?}") };
    assert_eq!(content.text, "hello @Ada");
    assert_eq!(content.permalink.as_deref(), Some("https://acme.slack.example.test/archives/C1/p1700000000000100"));
    assert_eq!(read.by.as_ref().and_then(|by| by.name.as_deref()), Some("Ada"));
}

#[test]
fn an_edit_is_the_same_event_by_push_and_by_history() {
    let message = json!({"type": "message", "user": "U1", "text": "new", "ts": "1700000000.000100", "edited": {"user": "U1", "ts": "1700000005.000000"}});
    let pushed = push(&json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1700000005.000200",
        "event_ts": "1700000005.000200", "message": message, "previous_message": {"text": "old", "ts": "1700000000.000100"}}));
    assert_eq!(id(&pushed), "C1:1700000000.000100 edit:1700000005.000000");
    assert_eq!(id(&pushed), id(&history(&message)[0]));
    assert_eq!((pushed.source_time_ms, pushed.posted_at_ms), (Some(1_700_000_005_000), Some(1_700_000_000_000)));
    assert!(matches!(&pushed.what, What::Edited(content) if content.text == "new"));
}

#[test]
fn a_changed_preview_is_no_edit_and_a_program_s_change_is() {
    let previous = json!({"user": "U1", "text": "see <https://example.test>", "ts": "1700000000.000100"});
    let mut unfurled = previous.clone();
    unfurled["attachments"] = json!([{"from_url": "https://example.test", "title": "A page"}]);
    let change = |message: &Value| {
        push(&json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": "1700000001.000000",
            "message": message, "previous_message": previous}))
    };
    assert!(matches!(&change(&unfurled).what, What::Other { name } if name == "message.message_changed"));
    let mut rewritten = previous.clone();
    rewritten["text"] = json!("done");
    assert_eq!(id(&change(&rewritten)), "C1:1700000000.000100 edit:1700000001.000000");
}

#[test]
fn deletions_reactions_and_membership_say_whom_and_when() {
    let deleted = push(
        &json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1700000000.000100", "event_ts": "1700000007.000000"}),
    );
    assert_eq!(id(&deleted), "C1:1700000000.000100 delete");
    assert_eq!(deleted.what, What::Deleted);
    let item = json!({"type": "message", "channel": "C1", "ts": "1700000000.000100"});
    let added =
        push(&json!({"type": "reaction_added", "user": "U1", "reaction": "tada", "item": item, "event_ts": "1700000008.000000"}));
    assert_eq!(id(&added), "C1:1700000000.000100 react:U1:tada:add:1700000008.000000");
    let removed = push(&json!({"type": "reaction_removed", "user": "U1", "reaction": "tada", "item": item}));
    assert_eq!(
        id(&removed),
        "C1:1700000000.000100 react:U1:tada:remove:1700000009",
        "the envelope's time when the event has none"
    );
    let joined = push(&json!({"type": "member_joined_channel", "user": "U1", "channel": "C1", "event_ts": "1700000008.000000"}));
    assert_eq!(id(&joined), "C1 member:U1:joined:event:1700000008.000000");
    let seen = &history(&json!({"subtype": "channel_join", "user": "U1", "ts": "1700000008.000100", "inviter": "U2"}))[0];
    assert_eq!(id(seen), "C1 member:U1:joined:1700000008.000100");
    assert!(matches!(&seen.what, What::Member { change: Membership::Joined, party } if party.native_id == "U1"));
    assert_eq!(seen.by.as_ref().map(|by| by.native_id.as_str()), Some("U2"));
    let renamed =
        push(&json!({"type": "channel_rename", "channel": {"id": "C1", "name": "all"}, "event_ts": "1700000008.000000"}));
    assert_eq!(id(&renamed), "C1 renamed:1700000008.000000");
    assert_eq!(renamed.place.name.as_deref(), Some("all"));
}

#[test]
fn history_tells_standing_reactions_threads_and_files() {
    let events = history(&json!({"user": "U1", "text": "x", "ts": "1700000002.000000", "thread_ts": "1700000000.000100",
        "reactions": [{"name": "tada", "users": ["U1", "U2"], "count": 2}],
        "files": [{"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 7, "url_private": "https://files.slack.com/a.png", "alt_txt": "a cat"},
                  {"id": "F2", "mode": "tombstone", "url_private": "https://files.slack.com/b.png"}]}));
    assert_eq!(
        events.iter().map(id).collect::<Vec<_>>(),
        ["C1:1700000002.000000 ", "C1:1700000002.000000 react:U1:tada:add", "C1:1700000002.000000 react:U2:tada:add",]
    );
    let What::Posted(content) = &events[0].what else { panic!("a message") };
    assert_eq!(content.thread.as_deref(), Some("C1:1700000000.000100"));
    assert_eq!(content.attachments[0].alt.as_deref(), Some("a cat"));
    assert_eq!(content.attachments[1].source, None, "a deleted file has no bytes");
    assert!(content.permalink.as_deref().is_some_and(|link| link.ends_with("?thread_ts=1700000000.000100&cid=C1")));
}

#[test]
fn a_scope_that_is_missing_is_named() {
    let refusal = errors::Refusal { error: Some("missing_scope".to_owned()), needed: Some("files:read".to_owned()) };
    let error = errors::error("files.info", &refusal);
    assert_eq!(error.class, Class::Reauthorise);
    assert!(error.message.contains("files:read"), "{error}");
    let classes = ["ratelimited", "token_expired", "token_revoked", "msg_too_long", "channel_not_found", "invalid_arguments"];
    assert_eq!(
        classes.map(errors::class),
        [Class::RetryLater, Class::Expired, Class::Reauthorise, Class::RefusedContent, Class::Gone, Class::Bug]
    );
}

/// What an export and the history of the same channel tell, by the importer and by the connector.
#[test]
fn an_export_gives_every_message_the_id_that_capture_gives_it() {
    use std::io::Write as _;

    let messages = json!([
        {"type": "message", "user": "U1", "text": "plain", "ts": "1700000000.000100"},
        {"type": "message", "user": "U1", "text": "edited", "ts": "1700000001.000000", "edited": {"user": "U1", "ts": "1700000002.000000"}},
        {"type": "message", "user": "U1", "text": "reply", "ts": "1700000003.000000", "thread_ts": "1700000000.000100", "parent_user_id": "U1"},
        {"type": "message", "user": "U1", "text": "liked", "ts": "1700000004.000000", "reactions": [{"name": "tada", "users": ["U1"], "count": 1}]},
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined the channel", "ts": "1700000005.000000"},
        {"type": "message", "subtype": "channel_leave", "user": "U1", "text": "<@U1> has left the channel", "ts": "1700000006.000000"},
        {"type": "message", "subtype": "channel_topic", "user": "U1", "text": "topic", "topic": "t", "ts": "1700000007.000000"},
        {"type": "message", "subtype": "channel_name", "user": "U1", "text": "renamed", "old_name": "a", "name": "general", "ts": "1700000008.000000"},
        {"type": "message", "subtype": "channel_archive", "user": "U1", "text": "archived", "ts": "1700000009.000000"},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "build", "text": "done", "ts": "1700000010.000000"},
        {"type": "message", "subtype": "bot_message", "username": "old hook", "text": "done", "ts": "1700000011.000000"},
        {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "ts": "1700000012.000000"},
        {"type": "message", "subtype": "thread_broadcast", "user": "U1", "text": "to all", "ts": "1700000013.000000", "thread_ts": "1700000000.000100"},
        {"type": "message", "subtype": "me_message", "user": "U1", "text": "waves", "ts": "1700000014.000000"},
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    let parts = [
        ("users.json", json!([{"id": "U1", "name": "ada", "profile": {"display_name": "Ada"}}])),
        ("channels.json", json!([{"id": "C1", "name": "general", "members": ["U1"]}])),
        ("general/2023-11-14.json", messages.clone()),
    ];
    for (name, part) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        archive.write_all(part.to_string().as_bytes()).expect("written");
    }
    archive.finish().expect("an archive");
    let format = crate::import::FORMATS.iter().find(|format| format.id == "slack").expect("the importer");
    let mut import = (format.open)(&path, crate::import::Limits::default()).expect("opened");
    let mut imported = Vec::new();
    while let Some(item) = import.next().expect("read") {
        match item {
            crate::import::Item::Event(event) => imported.push(*event),
            crate::import::Item::Refused(refused) => panic!("{refused:?}"),
        }
    }
    let captured: Vec<Event> = messages.as_array().into_iter().flatten().flat_map(history).collect();
    let told = |events: &[Event]| -> Vec<_> {
        let says = |event: &Event| match &event.what {
            What::Posted(content) | What::Edited(content) => (content.text.clone(), content.thread.clone()),
            other => (format!("{other:?}"), None),
        };
        let by = |event: &Event| event.by.as_ref().map(|by| by.native_id.clone());
        let mut told: Vec<_> = events.iter().map(|event| (id(event), by(event), says(event))).collect();
        told.sort();
        told
    };
    assert_eq!(told(&imported), told(&captured));
}

/// Signs as Slack does, by other means than the code under test: RFC 2104 written out over SHA-256.
fn signed(secret: &str, time: i64, body: &[u8]) -> String {
    let hash = |parts: &[&[u8]]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &parts.concat());
    let mut key = secret.as_bytes().to_vec();
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = hash(&[&pad(0x36), format!("v0:{time}:").as_bytes(), body]);
    format!("v0={}", hex::encode(hash(&[&pad(0x5c), inner.as_ref()])))
}

fn deliver(body: &Value, secret: &str, signed_at: i64, now: i64) -> Received {
    let body = body.to_string();
    let headers = [
        ("x-slack-request-timestamp".to_owned(), signed_at.to_string()),
        ("x-slack-signature".to_owned(), signed(secret, signed_at, body.as_bytes())),
    ];
    let delivery =
        Delivery { method: "POST", path: "", query: "", headers: &headers, body: body.as_bytes(), now_ms: now * 1_000 };
    Slack.receive(&session(), delivery).expect("answered")
}

#[test]
fn only_signed_fresh_calls_of_this_workspace_bring_events() {
    let now = 1_700_000_010;
    let event = json!({"type": "message", "channel": "C1", "user": "U1", "text": "hi", "ts": "1700000000.000100"});
    let call = |team: &str| json!({"type": "event_callback", "team_id": team, "event_id": "Ev1", "event": event});
    let good = deliver(&call("T1"), "s3cret", now, now);
    assert_eq!((good.status, good.events.len()), (200, 1));
    let again = deliver(&call("T1"), "s3cret", now, now + 60);
    assert_eq!(id(&again.events[0]), id(&good.events[0]), "a repetition carries the same id");
    for (refused, status) in [
        (deliver(&call("T1"), "another", now, now), 401),
        (deliver(&call("T1"), "s3cret", now - 301, now), 401),
        (deliver(&call("T2"), "s3cret", now, now), 404),
    ] {
        assert_eq!((refused.status, refused.events.len()), (status, 0));
    }
    let challenge = deliver(&json!({"type": "url_verification", "challenge": "c-1"}), "s3cret", now, now);
    assert_eq!((challenge.status, challenge.body.as_slice()), (200, b"c-1".as_slice()));
    let limited = deliver(&json!({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}), "s3cret", now, now);
    assert!(matches!(&limited.events[0].what, What::Other { name } if name == "app_rate_limited"));
}

#[test]
fn the_manifest_asks_for_what_the_connector_checks() {
    let set_up =
        SetUp { session: None, hook_url: "https://gate.example.test/hooks/1", redirect_uri: "https://gate.example.test/back" };
    let manifest: Value = serde_json::from_str(&Slack.set_up_files(set_up)[0].text).expect("JSON");
    assert_eq!(manifest["oauth_config"]["scopes"]["bot"], json!(oauth::BOT_SCOPES));
    assert_eq!(manifest["settings"]["event_subscriptions"]["request_url"], "https://gate.example.test/hooks/1");
}

/// Words and keys that Slack sends.
const WORDS: &[&str] = &["1700000000.000100", "message_changed", "channel_join", "C1", "message"];
const KEYS: &[&str] = &[
    "type",
    "subtype",
    "ts",
    "user",
    "text",
    "channel",
    "message",
    "previous_message",
    "edited",
    "files",
    "blocks",
    "elements",
    "attachments",
    "reactions",
    "users",
    "name",
    "item",
    "thread_ts",
    "deleted_ts",
    "id",
    "event_ts",
    "reaction",
    "fields",
];

proptest! {
    #[test]
    fn whatever_arrives_becomes_events_with_ids_and_the_same_ones_again(value in any_json(WORDS, KEYS)) {
        let (first, again) = (history(&value), history(&value));
        prop_assert_eq!(&first, &again);
        prop_assert!(!first.is_empty());
        let pushed = push(&value);
        prop_assert_eq!(&pushed, &push(&value));
        for event in first.iter().chain([&pushed]) {
            prop_assert!(!event.native_id.is_empty());
            prop_assert!(!event.raw.bytes.is_empty());
        }
    }

    #[test]
    fn whatever_slack_signs_is_answered_and_kept(event in any_json(WORDS, KEYS)) {
        let call = json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event});
        let answered = deliver(&call, "s3cret", 1_700_000_010, 1_700_000_010);
        prop_assert_eq!((answered.status, answered.events.len()), (200, 1));
        prop_assert_eq!(answered.events[0].raw.bytes.clone(), call.to_string().into_bytes());
    }

    #[test]
    fn times_are_read_or_refused(text in "[0-9.\\-]{0,20}") {
        if let Some(ms) = time_ms(&text) {
            prop_assert!((0..=253_402_300_799_999).contains(&ms));
        }
    }
}
