//! Bulk exports as mmctl makes them, and damaged ones.

use super::*;
use crate::import::testing::{content, read, survives, zip};

const EXPORT: &str = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"acme","display_name":"Acme","type":"O"}}
{"type":"channel","channel":{"team":"acme","name":"town","display_name":"Town Square","type":"O","header":"","purpose":""}}
{"type":"user","user":{"username":"ada","email":"ada@example.test","nickname":"","first_name":"Ada","last_name":"Example","teams":[]}}
{"type":"post","post":{"team":"acme","channel":"town","user":"ada","message":"hello @bo, see https://example.test","create_at":1700000000000,"edit_at":0,"reactions":[{"user":"bo","emoji_name":"+1","create_at":1700000003000}],"replies":[{"user":"bo","message":"first","create_at":1700000001000,"edit_at":1700000009000,"attachments":[{"path":"2023/f/a.txt"}]},{"user":"bo"},{"user":"ada","message":"second","create_at":1700000002000}]}}
{"type":"post","post":{"team":"acme","channel":"secret","user":"bo","message":"x","create_at":1700000004000}}
{"type":"post","post":{"team":"acme","channel":"town","user":"ada","type":"system_add_to_channel","props":{"addedUsername":"bo"},"message":"bo added","create_at":1700000005000}}
{"type":"direct_channel","direct_channel":{"members":["bo","ada"]}}
{"type":"direct_post","direct_post":{"channel_members":["bo","ada"],"user":"bo","message":"psst","create_at":1700000006000}}
{"type":"post","post":{"team":"acme"}}
"#;

#[test]
fn posts_replies_and_direct_messages_are_read_once() {
    let all = read(&FORMAT, EXPORT.as_bytes());
    let texts: Vec<_> = all.texts().iter().map(|(_, revision, text)| (*revision, *text)).collect();
    let want =
        [("", "hello @bo, see https://example.test"), ("edit:1700000009000", "first"), ("", "second"), ("", "x"), ("", "psst")];
    assert_eq!(texts, want);
    let places: Vec<_> = all.events.iter().filter(|event| content(event).is_some()).map(|event| event.place.kind).collect();
    let (workspace, private, direct) = (PlaceKind::Workspace, PlaceKind::Private, PlaceKind::Direct);
    assert_eq!(places, [workspace, workspace, workspace, private, direct]);
    assert_eq!(all.events.last().unwrap().place.native_id, "direct:ada,bo");
    assert_eq!(all.refused.iter().map(|refused| &*refused.place).collect::<Vec<_>>(), ["line 5, reply 2", "line 10"]);
    assert!(all.refused[0].reason.contains("at column"), "{:?}", all.refused);
}

#[test]
fn threads_reactions_and_system_posts_are_what_they_were() {
    let all = read(&FORMAT, EXPORT.as_bytes());
    let post = &all.events[0];
    let react = all.event(&post.native_id, "react:bo:+1:add:1700000003000");
    assert_eq!(react.what, What::Reacted { key: "+1".to_owned(), added: true });
    let first = all.events.iter().find(|event| event.revision == "edit:1700000009000").unwrap();
    assert_eq!(content(first).unwrap().thread.as_ref(), Some(&post.native_id));
    assert!(first.posted_at_ms.is_some_and(|posted| posted < 1_700_000_009_000), "when it was written, not when it was changed");
    assert!(all.events.iter().any(|event| event.revision == "member:bo:joined:1700000005000"));
    let raw = std::str::from_utf8(&post.raw.bytes).unwrap();
    assert!(raw.contains("\"replies\":[]}}") && !raw.contains("first"), "{raw}");
    assert!(first.raw.bytes.starts_with(b"{\"user\":\"bo\",\"message\":\"first\"") && first.raw.bytes.ends_with(b"}"));
}

#[test]
fn each_reply_that_cannot_be_taken_is_refused_by_itself() {
    let post = r#"{"type":"post","post":{"team":"a","channel":"b","user":"ada","message":"root","create_at":1700000000000,"replies":[{"user":"bo"},{"user":"bo","message":"fine","create_at":1700000001000},5]}}"#;
    let all = read(&FORMAT, format!("{{\"type\":\"version\"}}\n{post}\n").as_bytes());
    assert_eq!(all.texts().iter().map(|(_, _, text)| *text).collect::<Vec<_>>(), ["root", "fine"]);
    let places: Vec<_> = all.refused.iter().map(|refused| &*refused.place).collect();
    assert_eq!(places, ["line 2, reply 1", "line 2, reply 3"]);
}

#[test]
fn what_a_program_wrote_into_a_card_is_read_whole() {
    let post = r#"{"type":"post","post":{"team":"a","channel":"b","user":"bot","message":"","create_at":1700000000000,"props":{"attachments":[{"title":"Alarm","fallback":"x","fields":[{"title":"Disk","value":"full"}],"footer":"host 7"},{"fallback":"only this"}]}}}"#;
    let all = read(&FORMAT, format!("{{\"type\":\"version\"}}\n{post}\n").as_bytes());
    assert_eq!(all.texts()[0].2, "Alarm\nDisk\nfull\nhost 7\nonly this");
}

#[test]
fn a_zip_brings_its_files_along() {
    let all = read(&FORMAT, &zip(&[("import.jsonl", EXPORT.as_bytes()), ("data/2023/f/a.txt", b"abc")]));
    assert_eq!(all.attached, [("2023/f/a.txt".to_owned(), Ok(b"abc".to_vec()))]);
}

#[test]
fn two_posts_of_one_millisecond_are_two_and_the_same_post_is_one() {
    let line = |text: &str| {
        format!(
            r#"{{"type":"post","post":{{"team":"a","channel":"b","user":"bot","message":"{text}","create_at":1700000000000}}}}"#
        )
    };
    let all = read(&FORMAT, format!("{{\"type\":\"version\"}}\n{}\n{}\n{}", line("one"), line("two"), line("one")).as_bytes());
    let ids: Vec<_> = all.events.iter().map(|event| &event.native_id).collect();
    assert!(ids[0] != ids[1] && ids[0] == ids[2]);
}

#[test]
fn another_file_is_refused_and_a_damaged_one_never_panics() {
    assert!(read(&FORMAT, b"{\"a\":1}\n").failed.unwrap().contains("mmctl"));
    survives(&FORMAT, EXPORT.as_bytes(), 800);
    survives(&FORMAT, &zip(&[("import.jsonl", EXPORT.as_bytes())]), 200);
}
