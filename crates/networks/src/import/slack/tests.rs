//! Exports as Slack makes them, in their variants, and damaged ones.

use std::io::Write;

use super::FORMAT;
use crate::{
    event::{Membership, PlaceKind, What},
    import::{
        Limits,
        testing::{content, read, read_within, survives, zip},
    },
};

const USERS: &str = r#"[
  {"id":"U1","team_id":"T1","name":"ada","deleted":false,"real_name":"Ada Example","is_bot":false,"profile":{"display_name":"Ada","real_name":"Ada Example"}},
  {"id":"U2","name":"bo","profile":{"display_name":"","real_name":"Bo Example"}},
  {"id":"B7","name":"deploy","is_bot":true,"profile":{}}
]"#;
const CHANNELS: &str =
    r#"[{"id":"C1","name":"general","created":1,"creator":"U1","is_archived":false,"members":["U1","U2"],"topic":{"value":""}}]"#;
const DAY: &str = r#"[
    {"client_msg_id":"x","type":"message","text":"Hi <@U2> &amp; <!here>, see <https:\/\/example.test\/a?b=1&amp;c=2|the plan> in <#C1|general>","user":"U1","ts":"1700000000.000100","team":"T1","thread_ts":"1700000000.000100","reply_count":1,
     "reactions":[{"name":"+1","users":["U2","U9"],"count":2}],
     "files":[{"id":"F1","name":"plan.pdf","mimetype":"application\/pdf","size":3,"url_private":"https:\/\/files.example.test\/F1?t=x"}]},
    {"type":"message","text":"fine","user":"U2","ts":"1700000001.000200","thread_ts":"1700000000.000100","parent_user_id":"U1","edited":{"user":"U2","ts":"1700000009.000000"}},
    {"type":"message","subtype":"channel_join","user":"U2","text":"<@U2> has joined the channel","ts":"1700000002.000000","inviter":"U1"},
    {"type":"message","subtype":"bot_message","bot_id":"B7","username":"Deploy","text":"","ts":"1700000003.000000","attachments":[{"fallback":"f","title":"Build 7","text":"failed for <@U1>","fields":[{"title":"Branch","value":"main"}]}]},
    {"type":"message","subtype":"tombstone","text":"This message was deleted.","user":"USLACKBOT","ts":"1700000004.000000","thread_ts":"1700000004.000000","hidden":true},
    {"type":"message","user":"U1","text":"","ts":"1700000005.000000","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"only in blocks "},{"type":"user","user_id":"U2"}]}]}]},
    {"type":"message","user":"U1","text":"odd","ts":"1700000006.000000","files":[null],"reactions":"none"},
    {"type":"message","user":"U1","text":"no time"},
    {"type":"message","subtype":"channel_topic","user":"U1","topic":"x","text":"<@U1> set the topic","ts":"1700000007.000000"},
    {"type":"message","subtype":"message_changed","ts":"1700000011.000000","message":{"type":"message","user":"U1","text":"after","ts":"1700000010.000000","edited":{"user":"U1","ts":"1700000011.000000"}},"previous_message":{"type":"message","user":"U1","text":"before","ts":"1700000010.000000"}},
    {"type":"message","subtype":"message_deleted","deleted_ts":"1700000012.000000","ts":"1700000013.000000","previous_message":{"type":"message","user":"U1","text":"gone","ts":"1700000012.000000"}}
]"#;

fn sample() -> Vec<u8> {
    zip(&[
        ("users.json", USERS.as_bytes()),
        ("channels.json", CHANNELS.as_bytes()),
        ("groups.json", br#"[{"id":"G1","name":"board","members":["U1"]}]"#),
        ("dms.json", br#"[{"id":"D1","created":1,"members":["U1","U2"]}]"#),
        ("mpims.json", br#"[{"id":"G2","name":"mpdm-ada--bo--cy-1","members":["U1","U2","U3"]}]"#),
        ("integration_logs.json", br#"[{"a":1},{"a":2}]"#),
        ("canvases.json", br#"[{"a":1}]"#),
        ("general/2023-11-14.json", DAY.as_bytes()),
        ("board/2023-11-14.json", br#"[{"type":"message","user":"U1","text":"secret","ts":"1700000020.000000"}]"#),
        ("D1/2023-11-14.json", br#"[{"type":"message","user":"U2","text":"psst","ts":"1700000021.000000"}]"#),
        ("mpdm-ada--bo--cy-1/2023-11-14.json", br#"[{"type":"message","user":"U3","text":"three","ts":"1700000022.000000"}]"#),
        ("unlisted/2023-11-14.json", br#"[{"type":"message","user":"U3","text":"where","ts":"1700000023.000000"}]"#),
        ("__uploads/F1/plan.pdf", b"pdf"),
        ("__MACOSX/._users.json", b"junk"),
    ])
}

#[test]
fn every_message_of_every_kind_of_conversation_is_read_once() {
    let all = read(&FORMAT, &sample());
    assert_eq!(all.failed, None);
    assert_eq!(
        all.texts(),
        [
            ("D1:1700000021.000000", "", "psst"),
            ("G1:1700000020.000000", "", "secret"),
            ("C1:1700000000.000100", "", "Hi @Bo Example & @here, see the plan in #general"),
            ("C1:1700000001.000200", "edit:1700000009.000000", "fine"),
            ("C1:1700000003.000000", "", "Build 7\nfailed for @Ada\nBranch\nmain"),
            ("C1:1700000005.000000", "", "only in blocks @Bo Example"),
            ("C1:1700000006.000000", "", "odd"),
            ("C1:1700000010.000000", "", "before"),
            ("C1:1700000010.000000", "edit:1700000011.000000", "after"),
            ("C1:1700000012.000000", "", "gone"),
            ("G2:1700000022.000000", "", "three"),
            ("unlisted:1700000023.000000", "", "where"),
        ]
    );
    let kinds: Vec<_> = ["D1:1700000021.000000", "G1:1700000020.000000", "C1:1700000006.000000", "unlisted:1700000023.000000"]
        .map(|id| all.event(id, "").place.kind)
        .into();
    assert_eq!(kinds, [PlaceKind::Direct, PlaceKind::Private, PlaceKind::Workspace, PlaceKind::Private]);
    assert_eq!(all.event("D1:1700000021.000000", "").place.name.as_deref(), Some("Ada, Bo Example"));
}

#[test]
fn what_hangs_on_a_message_is_kept_with_it() {
    let all = read(&FORMAT, &sample());
    let first = all.event("C1:1700000000.000100", "");
    assert_eq!(first.source_time_ms, Some(1_700_000_000_000));
    assert_eq!(first.by.as_ref().and_then(|by| by.name.as_deref()), Some("Ada"));
    let said = content(first).unwrap();
    assert_eq!(said.links, ["https://example.test/a?b=1&c=2"]);
    assert_eq!(said.mentions.iter().map(|party| &*party.native_id).collect::<Vec<_>>(), ["U2"]);
    assert_eq!((said.thread.as_deref(), said.attachments[0].file_name.as_deref()), (None, Some("plan.pdf")));
    assert_eq!(all.attached, [("F1".to_owned(), Ok(b"pdf".to_vec()))]);
    let reply = content(all.event("C1:1700000001.000200", "edit:1700000009.000000")).unwrap();
    assert_eq!(reply.thread.as_deref(), Some("C1:1700000000.000100"));
    assert!(DAY.contains(std::str::from_utf8(&first.raw.bytes).unwrap()) && first.raw.bytes.starts_with(b"{\"client_msg_id\""));
    let bot = all.event("C1:1700000003.000000", "").by.as_ref().unwrap();
    assert!(bot.bot);
}

#[test]
fn reactions_joins_deletions_and_topics_are_events_of_their_own() {
    let all = read(&FORMAT, &sample());
    for user in ["U2", "U9"] {
        let reaction = all.event("C1:1700000000.000100", &format!("react:{user}:+1:add"));
        assert_eq!(reaction.what, What::Reacted { key: "+1".to_owned(), added: true });
        assert_eq!(reaction.raw.bytes, br#"{"name":"+1","users":["U2","U9"],"count":2}"#);
    }
    let join = all.event("C1", "member:U2:joined:1700000002.000000");
    assert!(matches!(&join.what, What::Member { change: Membership::Joined, party } if party.native_id == "U2"));
    let tombstone = all.event("C1:1700000004.000000", "delete");
    assert_eq!((&tombstone.what, tombstone.source_time_ms), (&What::Deleted, None), "when it went is not told");
    let posted = |id: &str, revision: &str| all.event(id, revision).posted_at_ms;
    assert_eq!(posted("C1:1700000004.000000", "delete"), Some(1_700_000_004_000));
    assert_eq!(posted("C1:1700000012.000000", "delete"), Some(1_700_000_012_000));
    assert_eq!(posted("C1:1700000001.000200", "edit:1700000009.000000"), Some(1_700_000_001_000));
    assert_eq!(all.event("C1:1700000012.000000", "delete").source_time_ms, Some(1_700_000_013_000));
    assert_eq!(all.event("C1", "topic:1700000007.000000").what, What::PlaceChanged { change: "topic".to_owned() });
}

#[test]
fn what_slack_shows_of_a_snippet_and_a_mail_stands_with_it() {
    let day = br#"[{"type":"message","user":"U1","text":"f","ts":"1.0","files":[
        {"id":"F1","name":"notes.txt","mode":"snippet","preview":"the first lines"},
        {"id":"F2","name":"mail","mode":"email","plain_text":"dear all","preview":"<html>"},
        {"id":"F3","name":"p.png","alt_txt":"a cat"}]}]"#;
    let all = read(&FORMAT, &zip(&[("channels.json", CHANNELS.as_bytes()), ("general/2023-11-14.json", day)]));
    let alts: Vec<_> = content(&all.events[0]).unwrap().attachments.iter().map(|file| file.alt.as_deref()).collect();
    assert_eq!(alts, [Some("the first lines"), Some("dear all"), Some("a cat")]);
}

#[test]
fn what_cannot_be_taken_is_listed_and_what_is_no_message_is_counted() {
    let all = read(&FORMAT, &sample());
    assert_eq!(all.refused.len(), 1);
    assert_eq!(all.refused[0].place, "general/2023-11-14.json, item 8");
    assert!(all.refused[0].reason.contains("`ts`"), "{:?}", all.refused);
    let left: Vec<_> = all.left_out.iter().map(|left| (&*left.what, left.count)).collect();
    assert_eq!(left, [("canvases.json", 1), ("integration_logs.json", 2)]);
}

#[test]
fn an_export_in_a_folder_and_one_of_public_channels_only_are_read() {
    let day: &[u8] = br#"[{"type":"message","user":"U1","text":"hello","ts":"1700000020.000000"}]"#;
    let all = read(&FORMAT, &zip(&[("Export/channels.json", CHANNELS.as_bytes()), ("Export/general/2023-11-14.json", day)]));
    assert_eq!(all.texts(), [("C1:1700000020.000000", "", "hello")]);
    let broken: &[u8] = br#"[{"type":"message","user":"U1","text":"hello","ts":"1700000020.000000"}, {"type"#;
    let all = read(
        &FORMAT,
        &zip(&[("channels.json", CHANNELS.as_bytes()), ("general/2023-11-14.json", broken), ("general/2023-11-15.json", day)]),
    );
    assert_eq!((all.events.len(), all.refused.len()), (2, 1));
    assert!(all.refused[0].reason.contains("cut off"), "{:?}", all.refused);
}

#[test]
fn a_day_that_was_altered_in_the_archive_is_told_from_a_whole_one() {
    let day: &[u8] = br#"[{"type":"message","user":"U1","text":"hello","ts":"1700000020.000000"}]"#;
    let mut stored = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("channels.json", CHANNELS.as_bytes()), ("general/2023-11-14.json", day)] {
        stored.start_file(name, options).unwrap();
        stored.write_all(bytes).unwrap();
    }
    let mut bytes = stored.finish().unwrap().into_inner();
    assert!(read(&FORMAT, &bytes).refused.is_empty());
    let at = bytes.windows(5).position(|five| five == b"hello").unwrap();
    bytes[at] = b'H';
    let all = read(&FORMAT, &bytes);
    assert!(all.refused.len() == 1 && all.refused[0].reason.contains("its checksum is wrong"), "{:?}", all.refused);
}

#[test]
fn an_export_is_of_the_workspace_that_most_of_its_people_are_of() {
    let source = |users: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Export Nov 2023.zip");
        std::fs::write(&path, zip(&[("channels.json", CHANNELS.as_bytes()), ("users.json", users)])).unwrap();
        (FORMAT.open)(&path, Limits::default()).unwrap().source()
    };
    assert_eq!(source(br#"[{"id":"U8","team_id":"T0"},{"id":"U1","team_id":"T1"},{"id":"U2","team_id":"T1"}]"#), "T1");
    assert_eq!(source(br#"[{"id":"U1"}]"#), "Export Nov 2023");
}

#[test]
fn what_is_no_slack_export_is_refused_with_what_to_do() {
    let failed = read(&FORMAT, &zip(&[("channels/general.txt", b"hi")])).failed.unwrap();
    assert!(failed.contains("choose JSON"), "{failed}");
    assert!(read(&FORMAT, b"[]").failed.unwrap().contains("ZIP"));
}

#[test]
fn a_message_over_the_limit_is_refused_and_the_next_is_taken() {
    let day = format!(r#"[{{"ts":"1.0","text":"{}"}},{{"ts":"2.0","text":"ok"}}]"#, "x".repeat(5000));
    let bytes = zip(&[("channels.json", CHANNELS.as_bytes()), ("general/2023-11-14.json", day.as_bytes())]);
    let all = read_within(&FORMAT, &bytes, Limits { item_bytes_max: 1000, ..Limits::default() });
    assert_eq!((all.texts(), all.refused.len()), (vec![("C1:2.0", "", "ok")], 1));
}

#[test]
fn damaged_exports_never_panic_and_read_the_same_twice() {
    survives(&FORMAT, &sample(), 150);
    let mut stored = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in [("users.json", USERS), ("channels.json", CHANNELS), ("general/2023-11-14.json", DAY)] {
        stored.start_file(name, options).unwrap();
        stored.write_all(text.as_bytes()).unwrap();
    }
    survives(&FORMAT, &stored.finish().unwrap().into_inner(), 300);
    crate::import::fuzz::damage(DAY.as_bytes(), 1500, 3, |day| {
        read(&FORMAT, &zip(&[("channels.json", CHANNELS.as_bytes()), ("general/2023-11-14.json", day)]));
    });
}
