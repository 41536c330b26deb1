//! One record becomes its event.

use std::collections::VecDeque;

use serde_json::Value;

use super::dag_cbor;
use crate::{
    event::{Attachment, Content, Event, Party, Place, PlaceKind, Raw, What},
    import::Item,
};

/// Puts the event of a record into the queue, or says why it cannot be taken.
pub(super) fn events(key: &str, bytes: Vec<u8>, account: &mut Party, queue: &mut VecDeque<Item>) -> Result<(), String> {
    let record = dag_cbor::whole(&bytes).map_err(|_| "it is not sound DAG-CBOR".to_owned())?;
    let (collection, record_key) = key.split_once('/').ok_or("its key is not that of a record")?;
    let address = format!("at://{}/{key}", account.native_id);
    let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let created = text("createdAt").and_then(|time| time.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_millisecond);
    let subject = record.get("subject").and_then(|subject| subject.get("uri")).and_then(Value::as_str);
    let (native_id, revision, what) = match (collection, subject) {
        ("app.bsky.feed.post", _) => (address.clone(), String::new(), What::Posted(Box::new(content(&record, &address)))),
        ("app.bsky.feed.like" | "app.bsky.feed.repost", Some(subject)) => {
            let name = collection.trim_start_matches("app.bsky.feed.");
            let revision = format!("react:{}:{name}:add:{record_key}", account.native_id);
            (subject.to_owned(), revision, What::Reacted { key: name.to_owned(), added: true })
        }
        _ => {
            if collection == "app.bsky.actor.profile" {
                account.name = text("displayName").map(str::to_owned);
            }
            (address, String::new(), What::Other { name: collection.chars().take(100).collect() })
        }
    };
    queue.push_back(Item::Event(Box::new(Event {
        native_id,
        revision,
        what,
        source_time_ms: created,
        posted_at_ms: None,
        place: Place { native_id: account.native_id.clone(), name: account.name.clone(), kind: PlaceKind::Public },
        by: Some(account.clone()),
        raw: Raw { media_type: "application/vnd.ipld.dag-cbor".to_owned(), bytes },
    })));
    Ok(())
}

fn content(record: &Value, address: &str) -> Content {
    let at = |path: &[&str]| path.iter().try_fold(record, |value, key| value.get(key)).and_then(Value::as_str).map(str::to_owned);
    let (mut mentions, mut links): (Vec<Party>, Vec<String>) = (Vec::new(), Vec::new());
    for feature in list(record.get("facets")).flat_map(|facet| list(facet.get("features"))) {
        match feature.get("$type").and_then(Value::as_str) {
            Some("app.bsky.richtext.facet#link") => links.extend(feature.get("uri").and_then(Value::as_str).map(str::to_owned)),
            Some("app.bsky.richtext.facet#mention") => {
                let did = feature.get("did").and_then(Value::as_str).map(str::to_owned);
                mentions.extend(did.map(|native_id| Party { native_id, ..Party::default() }));
            }
            _ => {}
        }
    }
    let mut content = Content {
        text: at(&["text"]).unwrap_or_default(),
        language: list(record.get("langs")).next().and_then(Value::as_str).map(str::to_owned),
        reply_to: at(&["reply", "parent", "uri"]),
        thread: at(&["reply", "root", "uri"]).filter(|root| root != address),
        mentions,
        links,
        ..Content::default()
    };
    if let Some(embed) = record.get("embed") {
        take_embed(embed, &mut content);
    }
    let mut seen = std::collections::HashSet::new();
    content.links.retain(|link| seen.insert(link.clone()));
    content
}

/// What is embedded: pictures, a film, a card of a link, another post, or a post with media.
fn take_embed(embed: &Value, content: &mut Content) {
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    match embed.get("$type").and_then(Value::as_str).unwrap_or_default() {
        "app.bsky.embed.images" => {
            let images = list(embed.get("images")).filter_map(|image| blob(image.get("image")?, text(image, "alt")));
            content.attachments.extend(images);
        }
        "app.bsky.embed.video" => {
            content.attachments.extend(embed.get("video").and_then(|video| blob(video, text(embed, "alt"))));
        }
        "app.bsky.embed.external" => {
            let Some(card) = embed.get("external") else { return };
            content.links.extend(text(card, "uri"));
            let alt = [text(card, "title"), text(card, "description")].into_iter().flatten().collect::<Vec<_>>().join("\n");
            let attachment = Attachment {
                native_id: "card".to_owned(),
                alt: Some(alt).filter(|alt| !alt.is_empty()),
                source: text(card, "uri"),
                ..Attachment::default()
            };
            content.attachments.push(attachment);
        }
        "app.bsky.embed.record" => content.quotes = embed.get("record").and_then(|record| text(record, "uri")),
        "app.bsky.embed.recordWithMedia" => {
            content.quotes = embed.get("record").and_then(|record| record.get("record")).and_then(|record| text(record, "uri"));
            // Media of a quote cannot quote again: one level is all there is.
            if let Some(media) = embed.get("media").filter(|media| media.get("media").is_none()) {
                take_embed(media, content);
            }
        }
        _ => {}
    }
}

fn blob(blob: &Value, alt: Option<String>) -> Option<Attachment> {
    let link = blob.get("ref").and_then(|link| link.get("$link")).and_then(Value::as_str)?.to_owned();
    Some(Attachment {
        native_id: link.clone(),
        media_type: blob.get("mimeType").and_then(Value::as_str).map(str::to_owned),
        bytes: blob.get("size").and_then(Value::as_u64),
        alt,
        source: Some(link),
        ..Attachment::default()
    })
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter()
}
