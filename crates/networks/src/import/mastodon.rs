//! A Mastodon account archive: what an account requests under "Import and export", as `.zip` or `.tar.gz` by version.
//!
//! Shapes: <https://docs.joinmastodon.org/user/moving/> and ActivityStreams 2.0 (<https://www.w3.org/TR/activitystreams-vocabulary/>):
//! `actor.json` is the account, `outbox.json` holds its activities, media lie beside them. A status is named by its ActivityPub address,
//! as in the live connector; so are its author and its feed. Shares have no text of their own here: the archive only names what was
//! shared. What others wrote is not in the archive; likes and bookmarks are counted and left out.

use std::{collections::VecDeque, io::Read, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Format, Import, ImportError, Item, LeftOut, Limits,
    archive::{Archive, EntryId},
    feed::{Feed, Step},
    json::ArrayReader,
};
use crate::{
    event::{Attachment, Content, Event, Party, Place, PlaceKind, Raw, What},
    text,
};

/// The form.
pub const FORMAT: Format = Format {
    id: "mastodon",
    name: "Mastodon account archive",
    network: "mastodon",
    how: "In Mastodon: Preferences, Import and export, Data export, Request your archive. Give the file as it is downloaded.",
    docs: "https://docs.joinmastodon.org/user/moving/",
    open: |path, limits| Ok(Box::new(AccountArchive::open(path, limits)?)),
};

/// The address that stands for everybody (ActivityPub, section 5.6), in the forms that servers write.
const EVERYBODY: [&str; 3] = ["https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"];

/// The largest description of an account.
const ACTOR_BYTES_MAX: u64 = 1024 * 1024;

struct AccountArchive {
    feed: Feed,
    account: Account,
    queue: VecDeque<Item>,
    limits: Limits,
    left_out: Vec<LeftOut>,
}

/// Whose archive it is.
struct Account {
    party: Party,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Actor {
    id: String,
    preferred_username: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Activity {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    published: Option<String>,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    cc: Value,
    object: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    id: String,
    summary: Option<String>,
    in_reply_to: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    url: Option<String>,
    content: Option<String>,
    #[serde(default)]
    content_map: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    cc: Value,
    #[serde(default)]
    attachment: Value,
    #[serde(default)]
    tag: Value,
    #[serde(default)]
    one_of: Value,
    #[serde(default)]
    any_of: Value,
    #[serde(default, alias = "quoteUri", alias = "_misskey_quote")]
    quote: Option<Value>,
}

impl AccountArchive {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let mut archive = Archive::open(path, limits)?;
        let queue = archive.take_refused().into_iter().map(Item::Refused).collect();
        let missing = |name: &str| ImportError::Form {
            expected: "a Mastodon account archive",
            found: format!("it has no {name}; request the archive (not the lists in CSV) and give it as it is downloaded"),
        };
        let outbox = find(&archive, "outbox.json").ok_or_else(|| missing("outbox.json"))?;
        let actor = find(&archive, "actor.json").ok_or_else(|| missing("actor.json"))?;
        let actor: Actor =
            serde_json::from_slice(&archive.read_whole(actor, ACTOR_BYTES_MAX)?).map_err(|_| ImportError::Form {
                expected: "a Mastodon account archive",
                found: "its actor.json does not describe an account".to_owned(),
            })?;
        let mut left_out = Vec::new();
        for name in ["likes.json", "bookmarks.json"] {
            let Some(id) = find(&archive, name) else { continue };
            let count = count(&archive, id, limits);
            left_out.push(LeftOut { what: name.to_owned(), count });
        }
        Ok(Self {
            feed: Feed::of_entries(archive, vec![outbox], "orderedItems", limits),
            account: Account::of(actor),
            queue,
            limits,
            left_out,
        })
    }
}

/// A file of the archive, which may lie in a folder of its own.
fn find(archive: &Archive, name: &str) -> Option<EntryId> {
    archive.find(name).or_else(|| {
        let within = format!("/{name}");
        archive.entries().find(|(_, entry)| entry.ends_with(&within)).map(|(id, _)| id)
    })
}

fn count(archive: &Archive, id: EntryId, limits: Limits) -> u64 {
    let Ok(reader) = archive.read(id) else { return 0 };
    let mut elements = ArrayReader::new(reader, Some("orderedItems"), limits.item_bytes_max, Vec::new());
    while let Ok(Some(_)) = elements.next() {}
    elements.count()
}

impl Account {
    fn of(actor: Actor) -> Self {
        let host = url::Url::parse(&actor.id).ok().and_then(|url| url.host_str().map(str::to_owned));
        let handle = actor.preferred_username.zip(host).map(|(name, host)| format!("@{name}@{host}"));
        let bot = actor.kind.as_deref() == Some("Service");
        Self { party: Party { native_id: actor.id, handle, name: actor.name.filter(|name| !name.is_empty()), bot } }
    }

    /// The events of an activity.
    fn events(&self, raw: &[u8], queue: &mut VecDeque<Item>) -> Result<(), String> {
        let not_sound = |error: serde_json::Error| {
            let what = if error.is_data() {
                "a field is missing or has an unexpected kind of value"
            } else {
                "it is not sound JSON in UTF-8"
            };
            format!("it is not an activity as Mastodon writes them: {what}")
        };
        let activity: Activity = serde_json::from_slice(raw).map_err(not_sound)?;
        let published = time(activity.published.as_deref());
        let raw = Raw { media_type: "application/activity+json".to_owned(), bytes: raw.to_vec() };
        let mut push = |native_id: String, revision: String, what: What, (time, created): (_, Option<i64>), kind: PlaceKind| {
            let place = Place { native_id: self.party.native_id.clone(), name: self.party.handle.clone(), kind };
            let (by, raw) = (Some(self.party.clone()), raw.clone());
            let event = Event { native_id, revision, what, source_time_ms: time, posted_at_ms: created, place, by, raw };
            queue.push_back(Item::Event(Box::new(event)));
        };
        match (activity.kind.as_str(), activity.object) {
            ("Announce", Value::String(shared)) => {
                let content = Content { quotes: Some(shared), ..Content::default() };
                push(
                    activity.id,
                    String::new(),
                    What::Posted(Box::new(content)),
                    (published, None),
                    audience(&activity.to, &activity.cc),
                );
            }
            ("Create" | "Update", object @ Value::Object(_)) => {
                let note: Note = serde_json::from_value(object).map_err(not_sound)?;
                let kind = audience(&note.to, &note.cc);
                let (created, updated) = (time(note.published.as_deref()).or(published), time(note.updated.as_deref()));
                let id = note.id.clone();
                let content = Box::new(content(note));
                match updated {
                    Some(updated) => push(id, format!("edit:{updated}"), What::Edited(content), (Some(updated), created), kind),
                    None => push(id, String::new(), What::Posted(content), (created, None), kind),
                }
            }
            (kind, _) => {
                let name = kind.chars().take(100).collect();
                push(activity.id, String::new(), What::Other { name }, (published, None), PlaceKind::Limited);
            }
        }
        Ok(())
    }
}

fn time(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Texts of a value that is one or a list of them.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value.as_str().into_iter().chain(list.iter().filter_map(Value::as_str))
}

/// Objects of a value that is one or a list of them.
fn objects(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Some(value).into_iter().chain(list).filter(|value| value.is_object())
}

fn audience(to: &Value, cc: &Value) -> PlaceKind {
    if texts(to).chain(texts(cc)).any(|address| EVERYBODY.contains(&address)) {
        PlaceKind::Public
    } else if texts(to).chain(texts(cc)).any(|address| address.ends_with("/followers")) {
        PlaceKind::Limited
    } else {
        PlaceKind::Direct
    }
}

fn content(note: Note) -> Content {
    let mut readable = text::from_html(note.content.as_deref().unwrap_or_default());
    for option in objects(&note.one_of).chain(objects(&note.any_of)) {
        readable.text.push_str("\n- ");
        readable.text.push_str(option.get("name").and_then(Value::as_str).unwrap_or_default());
    }
    let said =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let mentions = objects(&note.tag)
        .filter(|tag| said(tag, "type").as_deref() == Some("Mention"))
        .filter_map(|tag| Some(Party { native_id: said(tag, "href")?, handle: said(tag, "name"), ..Party::default() }));
    let attachments = objects(&note.attachment).enumerate().map(|(at, file)| {
        let address = said(file, "url");
        Attachment {
            native_id: address.clone().unwrap_or_else(|| format!("attachment:{at}")),
            file_name: address.as_deref().and_then(|address| address.rsplit('/').next()).map(str::to_owned),
            media_type: said(file, "mediaType"),
            alt: said(file, "name").or_else(|| said(file, "summary")),
            source: address,
            ..Attachment::default()
        }
    });
    let languages = note.content_map.as_ref().filter(|map| map.len() == 1);
    Content {
        text: readable.text,
        subject: note.summary.filter(|warning| !warning.is_empty()),
        language: languages.and_then(|map| map.keys().next().cloned()),
        reply_to: note.in_reply_to,
        quotes: note.quote.as_ref().and_then(Value::as_str).map(str::to_owned),
        mentions: mentions.collect(),
        links: readable.links,
        attachments: attachments.collect(),
        permalink: note.url,
        thread: None,
    }
}

impl Import for AccountArchive {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            let (account, queue) = (&self.account, &mut self.queue);
            match self.feed.step(|raw| account.events(raw, queue))? {
                Step::More => {}
                Step::Refused(refused) => self.queue.extend(refused.into_iter().map(Item::Refused)),
                Step::End => return Ok(None),
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.feed.progress()
    }

    fn source(&self) -> String {
        self.account.party.handle.clone().unwrap_or_else(|| self.account.party.native_id.clone())
    }

    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        let (Some(archive), Some(address)) = (&self.feed.archive, &attachment.source) else { return Ok(None) };
        // Mastodon writes paths within the archive; other servers write whole addresses, whose files are not in it.
        let id = archive.find(address.trim_start_matches('/'));
        id.map(|id| super::entry_as_attachment(archive, id, self.limits)).transpose()
    }

    fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::testing::{content, read, survives, zip};

    const ACTOR: &str =
        r#"{"@context":[],"id":"https://social.example.test/users/ada","type":"Person","preferredUsername":"ada","name":"Ada"}"#;
    const OUTBOX: &str = r#"{"@context":"https://www.w3.org/ns/activitystreams","id":"outbox.json","type":"OrderedCollection","totalItems":4,"orderedItems":[
 {"id":"https://social.example.test/users/ada/statuses/1/activity","type":"Create","actor":"https://social.example.test/users/ada","published":"2023-11-14T22:13:20Z","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":[],"object":{"id":"https://social.example.test/users/ada/statuses/1","type":"Note","summary":"food","inReplyTo":"https://other.example.test/9","published":"2023-11-14T22:13:20Z","url":"https://social.example.test/@ada/1","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["https://social.example.test/users/ada/followers"],"content":"<p>Hello <a href=\"https://example.test/x\">x</a></p>","contentMap":{"en":"<p>Hello</p>"},"attachment":[{"type":"Document","mediaType":"image/png","url":"/media_attachments/files/1/a.png","name":"a cat"}],"tag":[{"type":"Mention","href":"https://other.example.test/users/bo","name":"@bo@other.example.test"}]}},
 {"id":"https://social.example.test/users/ada/statuses/2/activity","type":"Announce","published":"2023-11-14T22:13:21Z","to":["https://social.example.test/users/ada/followers"],"cc":[],"object":"https://other.example.test/7"},
 {"id":"https://social.example.test/users/ada/statuses/3/activity","type":"Create","published":"2023-11-14T22:13:22Z","object":{"id":"https://social.example.test/users/ada/statuses/3","type":"Note","updated":"2023-11-14T22:15:00Z","to":["https://other.example.test/users/bo"],"cc":[],"content":"<p>psst</p>"}},
 {"type":"Create","object":{}}
]}"#;

    fn files() -> Vec<(&'static str, &'static [u8])> {
        vec![
            ("actor.json", ACTOR.as_bytes()),
            ("outbox.json", OUTBOX.as_bytes()),
            ("likes.json", br#"{"orderedItems":["https://a.test/1","https://a.test/2"]}"#),
            ("media_attachments/files/1/a.png", b"png"),
        ]
    }

    #[test]
    fn statuses_carry_their_addresses_text_and_media() {
        let all = read(&FORMAT, &zip(&files()));
        let (first, shared, direct) = (
            "https://social.example.test/users/ada/statuses/1",
            "https://social.example.test/users/ada/statuses/2/activity",
            "https://social.example.test/users/ada/statuses/3",
        );
        assert_eq!(all.texts(), [(first, "", "Hello x"), (shared, "", ""), (direct, "edit:1700000100000", "psst")]);
        let event = all.event(first, "");
        assert_eq!((event.place.kind, event.place.name.as_deref()), (PlaceKind::Public, Some("@ada@social.example.test")));
        let said = content(event).unwrap();
        assert_eq!((said.subject.as_deref(), said.language.as_deref()), (Some("food"), Some("en")));
        assert_eq!(said.attachments[0].alt.as_deref(), Some("a cat"));
        assert_eq!(said.mentions[0].native_id, "https://other.example.test/users/bo");
        assert_eq!(all.attached, [("/media_attachments/files/1/a.png".to_owned(), Ok(b"png".to_vec()))]);
        assert_eq!(content(all.event(shared, "")).unwrap().quotes.as_deref(), Some("https://other.example.test/7"));
        assert_eq!(all.event(shared, "").place.kind, PlaceKind::Limited);
        let edited = all.event(direct, "edit:1700000100000");
        assert_eq!((edited.place.kind, edited.posted_at_ms), (PlaceKind::Direct, Some(1_700_000_002_000)));
        assert_eq!((all.refused.len(), &all.left_out[0]), (1, &LeftOut { what: "likes.json".to_owned(), count: 2 }));
    }

    #[test]
    fn the_older_form_as_a_gzipped_tar_reads_the_same() {
        let tar = super::super::archive::testing::tar_gz(&files());
        let (one, other) = (read(&FORMAT, &zip(&files())), read(&FORMAT, &tar));
        assert_eq!((one.events, one.attached), (other.events, other.attached));
    }

    #[test]
    fn the_lists_in_csv_are_no_archive() {
        let failed = read(&FORMAT, &zip(&[("following.csv", b"a")])).failed.unwrap();
        assert!(failed.contains("outbox.json") && failed.contains("request the archive"), "{failed}");
    }

    #[test]
    fn damaged_archives_never_panic_and_read_the_same_twice() {
        survives(&FORMAT, &zip(&files()), 200);
        crate::import::fuzz::damage(OUTBOX.as_bytes(), 500, 5, |outbox| {
            read(&FORMAT, &zip(&[("actor.json", ACTOR.as_bytes()), ("outbox.json", outbox)]));
        });
    }
}
