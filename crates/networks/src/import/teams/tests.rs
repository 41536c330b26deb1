//! Answers of the export API as Microsoft documents them, and damaged ones.

use super::*;
use crate::import::testing::{content, read, survives, zip};

const PAGE: &str = r##"{"@odata.context":"https://graph.example.test/$metadata","@odata.count":5,"value":[
 {"@odata.type":"#microsoft.graph.chatMessage","id":"1700000000000","replyToId":null,"etag":"1","messageType":"message","createdDateTime":"2023-11-14T22:13:20Z","lastModifiedDateTime":"2023-11-14T22:14:20Z","lastEditedDateTime":null,"deletedDateTime":null,"subject":"Plan","locale":"en-us","chatId":null,"webUrl":"https://teams.example.test/1",
  "from":{"application":null,"device":null,"user":{"id":"u-1","displayName":"Ada Example","userIdentityType":"aadUser"}},
  "body":{"contentType":"html","content":"<p>Hello <at id=\"0\">Bo</at>,<br>see <a href=\"https://example.test/x\">this</a></p>"},
  "channelIdentity":{"teamId":"t-1","channelId":"19:c@thread.tacv2"},
  "attachments":[{"id":"f-1","contentType":"reference","contentUrl":"https://files.example.test/a.docx","content":null,"name":"a.docx"},
                 {"id":"k-1","contentType":"application/vnd.microsoft.card.adaptive","content":"{\"body\":[{\"type\":\"TextBlock\",\"text\":\"Card says\"}]}"}],
  "mentions":[{"id":0,"mentionText":"Bo","mentioned":{"user":{"id":"u-2","displayName":"Bo"}}}],
  "reactions":[{"reactionType":"like","createdDateTime":"2023-11-14T22:14:20.5Z","user":{"user":{"id":"u-2","displayName":"Bo"}}}]},
 {"id":"1700000001000","replyToId":"1700000000000","messageType":"message","createdDateTime":"2023-11-14T22:13:21Z","lastEditedDateTime":"2023-11-14T22:15:00Z","from":{"user":{"id":"u-2","displayName":"Bo"}},"body":{"contentType":"text","content":"fine"},"channelIdentity":{"teamId":"t-1","channelId":"19:c@thread.tacv2"},"attachments":[],"mentions":[],"reactions":[]},
 {"id":"1700000002000","messageType":"message","createdDateTime":"2023-11-14T22:13:22Z","deletedDateTime":"2023-11-14T22:16:00Z","from":{"user":{"id":"u-2","displayName":"Bo"}},"body":{"contentType":"html","content":""},"chatId":"19:x@unq.gbl.spaces"},
 {"id":"1700000003000","messageType":"systemEventMessage","createdDateTime":"2023-11-14T22:13:23Z","from":null,"body":{"contentType":"html","content":"<systemEventMessage/>"},"chatId":"19:x@unq.gbl.spaces","eventDetail":{"@odata.type":"#microsoft.graph.membersAddedEventMessageDetail","members":[{"id":"u-3","displayName":null},{"id":"u-4"}],"initiator":{"user":{"id":"u-1","displayName":"Ada Example"}}}},
 {"id":"1700000004000","messageType":"message","createdDateTime":"yesterday","chatId":"19:x"},
 {"id":"1700000005000","messageType":"message","createdDateTime":"2023-11-14T22:13:25Z","body":{"contentType":"text","content":"nowhere"}}
],"@odata.nextLink":"https://graph.example.test/next"}"##;

#[test]
fn an_answer_of_the_export_api_is_read() {
    let all = read(&FORMAT, PAGE.as_bytes());
    assert_eq!(all.failed, None);
    let (first, reply) = ("19:c@thread.tacv2:1700000000000", "19:c@thread.tacv2:1700000001000");
    assert_eq!(all.texts(), [(first, "", "Hello Bo,\nsee this\nCard says"), (reply, "edit:1700000100000", "fine")]);
    let said = content(all.event(first, "")).unwrap();
    assert_eq!(
        (said.subject.as_deref(), &*said.links[0], &*said.mentions[0].native_id),
        (Some("Plan"), "https://example.test/x", "u-2")
    );
    assert_eq!((said.attachments.len(), said.attachments[0].file_name.as_deref()), (2, Some("a.docx")));
    assert_eq!(all.event(first, "").source_time_ms, Some(1_700_000_000_000));
    let reply = all.event(reply, "edit:1700000100000");
    assert_eq!(content(reply).unwrap().thread.as_deref(), Some(first));
    assert_eq!(reply.posted_at_ms, Some(1_700_000_001_000), "when it was written, beside when it was changed");
}

#[test]
fn reactions_deletions_and_system_messages_are_events_of_their_own() {
    let all = read(&FORMAT, PAGE.as_bytes());
    all.event("19:c@thread.tacv2:1700000000000", "react:u-2:like:add:1700000060500");
    assert_eq!(all.event("19:x@unq.gbl.spaces:1700000002000", "delete").source_time_ms, Some(1_700_000_160_000));
    let added = all.event("19:x@unq.gbl.spaces", "member:u-3:joined:1700000003000");
    assert_eq!(added.by.as_ref().map(|by| &*by.native_id), Some("u-1"));
    all.event("19:x@unq.gbl.spaces", "member:u-4:joined:1700000003000");
    let reasons: Vec<_> =
        all.refused.iter().map(|refused| (refused.place.rsplit(", ").next().unwrap(), &*refused.reason)).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].0 == "item 5" && reasons[0].1.contains("createdDateTime"));
    assert!(reasons[1].0 == "item 6" && reasons[1].1.contains("chatId"));
}

#[test]
fn pages_lists_and_lines_in_a_zip_are_read_alike() {
    let one = r#"{"id":"1","createdDateTime":"2023-11-14T22:13:20Z","chatId":"c","body":{"contentType":"text","content":"x"}}"#;
    let (two, three) = (one.replace("\"1\"", "\"2\""), one.replace("\"1\"", "\"3\""));
    let bytes = zip(&[
        ("a.json", format!("[{one}]").as_bytes()),
        ("b.jsonl", format!("{two}\n{{\"value\":[{three}]}}\n").as_bytes()),
        ("c.json", b"{\"value\": ["),
    ]);
    let all = read(&FORMAT, &bytes);
    assert_eq!(all.texts(), [("c:1", "", "x"), ("c:2", "", "x"), ("c:3", "", "x")]);
    assert!(all.refused.len() == 1 && all.refused[0].reason.contains("cut off"), "{:?}", all.refused);
}

#[test]
fn each_message_of_a_page_in_a_line_is_taken_or_refused_by_itself() {
    let one = r#"{"id":"1","createdDateTime":"2023-11-14T22:13:20Z","chatId":"c","body":{"contentType":"text","content":"x"}}"#;
    let all = read(&FORMAT, &zip(&[("a.jsonl", format!("{{\"value\":[5,{one},{{}}]}}\n").as_bytes())]));
    assert_eq!(all.texts(), [("c:1", "", "x")]);
    let places: Vec<_> = all.refused.iter().map(|refused| &*refused.place).collect();
    assert_eq!(places, ["a.jsonl, line 1, item 1", "a.jsonl, line 1, item 3"]);
}

#[test]
fn an_answer_that_failed_is_no_empty_export() {
    let all = read(&FORMAT, br#"{"error":{"code":"Forbidden"}}"#);
    assert!(all.refused.len() == 1 && all.refused[0].reason.contains("no list `value`"), "{:?}", all.refused);
}

#[test]
fn damaged_files_never_panic_and_read_the_same_twice() {
    survives(&FORMAT, PAGE.as_bytes(), 600);
    survives(&FORMAT, &zip(&[("a.json", PAGE.as_bytes())]), 150);
}
