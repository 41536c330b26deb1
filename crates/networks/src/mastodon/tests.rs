//! Whatever a server answers, mapping it ends, names it, and keeps its bytes.

use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::{
    entity::Status,
    mapping::{self, Around},
};
use crate::event::{PlaceKind, What};

/// A whole status, for having parts of it replaced.
fn status() -> Value {
    let account = json!({ "id": "7", "acct": "robin@b.test", "display_name": "Robin", "url": "https://b.test/@robin",
        "uri": "https://b.test/users/robin", "bot": true });
    json!({
        "id": "100", "uri": "https://b.test/users/robin/statuses/100", "url": "https://b.test/@robin/100",
        "created_at": "2026-11-10T12:00:00.000Z", "edited_at": "2026-11-10T12:00:01.000Z", "account": account,
        "content": "<p>vote <a href=\"https://c.test\">here</a></p>", "spoiler_text": "politics", "visibility": "private", "language": "en",
        "in_reply_to_id": "99", "in_reply_to_account_id": "1", "reblog": null, "replies_count": 2,
        "quote": { "state": "accepted", "quoted_status": { "id": "5", "uri": "https://d.test/5", "account": account } },
        "media_attachments": [{ "id": "55", "type": "image", "url": "https://files.b.test/a%20kite.png?x", "description": "a kite" }],
        "mentions": [{ "id": "1", "acct": "kites", "url": "https://a.test/@kites" }],
        "card": { "url": "https://e.test" }, "poll": { "options": [{ "title": "red" }, { "title": "blue" }] },
    })
}

fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{at}/{index}"), out)),
        _ => {}
    }
}

#[test]
fn every_part_of_a_status_is_found() {
    let part = RawValue::from_string(status().to_string()).unwrap();
    let read: Status = serde_json::from_str(part.get()).unwrap();
    let around = Around { parent: Some("https://a.test/99".to_owned()), root: Some("https://a.test/98".to_owned()) };
    let event = mapping::status_event(&read, &part, &around, "a.test");
    assert_eq!((event.revision.as_str(), event.place.kind), ("edit:1794312001000", PlaceKind::Limited));
    let by = event.by.unwrap();
    assert_eq!(
        (by.native_id.as_str(), by.handle.as_deref(), by.bot),
        ("https://b.test/users/robin", Some("@robin@b.test"), true)
    );
    let What::Edited(says) = event.what else { panic!("an edit") };
    assert_eq!(says.text, "vote here\n- red\n- blue");
    assert_eq!(says.links, ["https://c.test", "https://e.test"]);
    assert_eq!((says.subject.as_deref(), says.language.as_deref()), (Some("politics"), Some("en")));
    assert_eq!((says.reply_to, says.thread), (around.parent, around.root));
    assert_eq!(says.quotes.as_deref(), Some("https://d.test/5"));
    assert_eq!(says.mentions[0].handle.as_deref(), Some("@kites@a.test"));
    let file = &says.attachments[0];
    assert_eq!(
        (file.file_name.as_deref(), file.media_type.as_deref(), file.alt.as_deref()),
        (Some("a kite.png"), Some("image/png"), Some("a kite"))
    );
}

proptest! {
    #[test]
    fn any_change_to_a_status_is_refused_or_mapped_with_its_bytes(
        place in any::<prop::sample::Index>(),
        other in prop_oneof![Just(json!(null)), Just(json!(7)), Just(json!([])), Just(json!({})), "\\PC{0,9}".prop_map(Value::from)],
    ) {
        let mut status = status();
        let mut all = Vec::new();
        places(&status, "", &mut all);
        *status.pointer_mut(&all[place.index(all.len())]).unwrap() = other;
        let part = RawValue::from_string(status.to_string()).unwrap();
        if let Ok(read) = serde_json::from_str::<Status>(part.get()) {
            let event = mapping::status_event(&read, &part, &Around::default(), "a.test");
            prop_assert_eq!(Some(event.native_id.as_str()), status["uri"].as_str());
            prop_assert_eq!(event.raw.bytes, status.to_string().into_bytes());
        }
    }
}
