//! Whatever a server answers, mapping it ends, names it, and keeps its bytes.

use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::{
    entity::{PostView, RecordEntity},
    mapping,
};
use crate::{
    Account,
    any_json::any_json,
    event::{Event, What},
};

/// A whole post, for having parts of it replaced.
fn post() -> Value {
    json!({
        "$type": "app.bsky.feed.post", "text": "🪁 @robin.test https://a.test", "createdAt": "2026-11-10T12:00:00.000Z", "langs": ["en"],
        "facets": [
            { "index": { "byteStart": 5, "byteEnd": 16 }, "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": "did:plc:r" }] },
            { "index": { "byteStart": 17, "byteEnd": 31 }, "features": [{ "$type": "app.bsky.richtext.facet#link", "uri": "https://a.test" }] },
        ],
        "reply": { "root": { "uri": "at://did:plc:a/app.bsky.feed.post/1", "cid": "c" }, "parent": { "uri": "at://did:plc:a/app.bsky.feed.post/2", "cid": "c" } },
        "embed": { "$type": "app.bsky.embed.recordWithMedia", "record": { "record": { "uri": "at://did:plc:q/app.bsky.feed.post/3", "cid": "c" } },
            "media": { "$type": "app.bsky.embed.images", "images": [{ "alt": "a kite", "image": { "$type": "blob", "ref": { "$link": "bafk" }, "mimeType": "image/png", "size": 7 } }] } },
    })
}

/// Every place in a value, as a path for [`Value::pointer_mut`].
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| places(inner, &format!("{at}/{index}"), out)),
        _ => {}
    }
}

fn map(record: &Value) -> Event {
    let part = RawValue::from_string(record.to_string()).unwrap();
    let record =
        RecordEntity { uri: "at://did:plc:a/app.bsky.feed.post/9".to_owned(), cid: "cid".to_owned(), value: record.clone() };
    let account = Account {
        native_id: "did:plc:a".into(),
        handle: "@a.test".into(),
        name: None,
        link: None,
        server: "https://a.test".into(),
    };
    mapping::record_event(&record, mapping::own_party(&account), mapping::raw(&part))
}

#[test]
fn every_part_of_a_post_is_found() {
    let event = map(&post());
    let What::Posted(says) = &event.what else { panic!("{event:?}") };
    assert_eq!(says.mentions[0].handle.as_deref(), Some("@robin.test"));
    assert_eq!((says.links.as_slice(), says.language.as_deref()), (&["https://a.test".to_owned()][..], Some("en")));
    assert_eq!(says.reply_to.as_deref(), Some("at://did:plc:a/app.bsky.feed.post/2"));
    assert_eq!(says.thread.as_deref(), Some("at://did:plc:a/app.bsky.feed.post/1"));
    assert_eq!(says.quotes.as_deref(), Some("at://did:plc:q/app.bsky.feed.post/3"));
    assert_eq!(
        (says.attachments[0].alt.as_deref(), says.attachments[0].source.as_deref()),
        (Some("a kite"), Some("did:plc:a bafk"))
    );
    assert_eq!(says.permalink.as_deref(), Some("https://bsky.app/profile/did:plc:a/post/9"));
}

proptest! {
    #[test]
    fn any_change_to_a_post_is_still_a_post_with_its_bytes(place in any::<prop::sample::Index>(), other in any_json(&[], &[])) {
        let mut record = post();
        let mut all = Vec::new();
        places(&record, "", &mut all);
        *record.pointer_mut(&all[place.index(all.len())]).unwrap() = other;
        let event = map(&record);
        prop_assert_eq!(event.native_id.as_str(), "at://did:plc:a/app.bsky.feed.post/9");
        prop_assert_eq!(event.raw.bytes.clone(), record.to_string().into_bytes());
        prop_assert!(matches!(event.what, What::Posted(_)));
    }

    #[test]
    fn any_notification_is_an_event(record in any_json(&[], &[]), reason in "like|repost|follow|reply|quote|[a-z-]{0,9}", uri in "at://did:plc:[a-z]{1,3}/[a-z.]{1,9}/[a-z0-9]{1,4}|\\PC{0,9}") {
        let view = json!({ "uri": uri, "author": { "did": "did:plc:b", "handle": "b.test" }, "record": record, "reason": reason });
        let part = RawValue::from_string(view.to_string()).unwrap();
        let read: PostView = serde_json::from_str(part.get()).unwrap();
        let own = mapping::feed(&mapping::party(&read.author));
        let event = mapping::notification_event(&read, &own, mapping::raw(&part));
        prop_assert_eq!(event.by.map(|by| by.native_id), Some("did:plc:b".to_owned()));
        prop_assert_eq!(event.raw.bytes, view.to_string().into_bytes());
    }
}
