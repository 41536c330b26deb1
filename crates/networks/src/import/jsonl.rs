//! Gatepost's own form: one message per line, in JSON. `docs/import.md` describes it with its schema and every refusal.
//!
//! The way in for everything that has no importer of its own. Strict on purpose: an unknown field is refused rather than dropped,
//! because a typing error in `deleted` must not leave a deleted message standing. A ZIP may hold `.jsonl` files and the attachments
//! that they name.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use serde_json::{Map, Value};

use super::{
    Format, Import, ImportError, Item, Limits, Refused,
    archive::{Archive, EntryId},
    json,
    lines::{Line, LineReader},
    links,
};
use crate::event::{Attachment, Content, Event, Party, Place, PlaceKind, Raw, What};

/// The form.
pub const FORMAT: Format = Format {
    id: "jsonl",
    name: "JSON lines",
    network: "imported",
    how: "Write one JSON object per line with id, channel, author, time and text, as docs/import.md describes; or a ZIP of such files with \
          the attachments they name.",
    docs: "docs/import.md",
    open: |path, limits| Ok(Box::new(JsonLines::open(path, limits)?)),
};

/// The earliest and latest time that is believed: the years 1970 to 2200. A time in seconds falls into January 1970 and is noticed.
const TIME_MS: std::ops::Range<i64> = 31_536_000_000..7_258_118_400_000;

/// The most attachments of one message.
const ATTACHMENTS_MAX: usize = 1_000;

struct JsonLines {
    archive: Option<Archive>,
    /// The files that are still to be read, the next last.
    files: Vec<EntryId>,
    reading: Option<(String, LineReader<Box<dyn Read + Send>>)>,
    queue: VecDeque<Item>,
    limits: Limits,
    name: String,
    meter: super::Meter,
}

impl JsonLines {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let name = super::stem(path);
        let meter = super::Meter::default();
        let mut open = Self { archive: None, files: Vec::new(), reading: None, queue: VecDeque::new(), limits, name, meter };
        if Archive::is_one(path) {
            let mut archive = Archive::open(path, limits)?;
            open.queue.extend(archive.take_refused().into_iter().map(Item::Refused));
            open.files =
                archive.entries().filter(|(_, name)| super::has_ending(name, &["jsonl", "ndjson"])).map(|(id, _)| id).collect();
            if open.files.is_empty() {
                return Err(ImportError::Form { expected: "a ZIP of .jsonl files", found: "it holds none".to_owned() });
            }
            open.files.reverse();
            open.meter.all(open.files.iter().map(|&id| archive.unpacked_bytes(id)).sum());
            open.archive = Some(archive);
        } else {
            let read = |error| ImportError::Read { name: path.display().to_string(), error };
            let file = File::open(path).map_err(read)?;
            open.meter.all(file.metadata().map_err(read)?.len());
            let reader: Box<dyn Read + Send> = Box::new(open.meter.count(BufReader::new(file)));
            open.reading = Some((String::new(), LineReader::text(reader, limits.item_bytes_max)));
        }
        Ok(open)
    }

    /// Opens the next file of the archive. False when there is none.
    fn open_file(&mut self) -> Result<bool, ImportError> {
        let (Some(archive), Some(id)) = (&self.archive, self.files.pop()) else { return Ok(false) };
        let name = archive.name(id).to_owned();
        let reader = archive.read(id).map_err(|error| ImportError::Read { name: name.clone(), error })?;
        let reader: Box<dyn Read + Send> = Box::new(self.meter.count(reader));
        self.reading = Some((format!("{name}, "), LineReader::text(reader, self.limits.item_bytes_max)));
        Ok(true)
    }

    fn read_line(&mut self) -> Result<(), ImportError> {
        let Some((file, lines)) = &mut self.reading else { return Ok(()) };
        let refused = match lines.next() {
            Ok(Some(Line::Bytes(line))) if line.trim_ascii().is_empty() => return Ok(()),
            Ok(Some(Line::Bytes(line))) => match events(line, &mut self.queue) {
                Ok(()) => return Ok(()),
                Err(reason) => reason,
            },
            Ok(Some(Line::TooLong)) => {
                format!("the line is longer than {} bytes, the most that one message may have", self.limits.item_bytes_max)
            }
            Ok(None) => {
                self.reading = None;
                return Ok(());
            }
            Err(error) => {
                let name = format!("{file}line {}", lines.number() + 1);
                if self.archive.is_none() {
                    return Err(ImportError::Read { name, error });
                }
                self.reading = None;
                self.queue.push_back(Item::Refused(Refused {
                    place: name,
                    reason: format!("{error}; the rest of this file is not read"),
                }));
                return self.archive.as_ref().map_or(Ok(()), Archive::check_budget);
            }
        };
        self.queue.push_back(Item::Refused(Refused { place: format!("{file}line {}", lines.number()), reason: refused }));
        Ok(())
    }
}

impl Import for JsonLines {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            if self.reading.is_some() {
                self.read_line()?;
            } else if !self.open_file()? {
                return Ok(None);
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.meter.progress()
    }

    fn source(&self) -> String {
        self.name.clone()
    }

    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        let (Some(archive), Some(path)) = (&self.archive, &attachment.source) else { return Ok(None) };
        let id = archive.find(path).ok_or_else(|| ImportError::Form {
            expected: "an archive with every attachment that it names",
            found: "a file that a message names is missing in it".to_owned(),
        })?;
        super::entry_as_attachment(archive, id, self.limits).map(Some)
    }
}

/// Puts the events of a line into the queue, or says why it cannot be taken.
fn events(line: &[u8], queue: &mut VecDeque<Item>) -> Result<(), String> {
    let not_sound = |error: serde_json::Error| format!("the line is not sound JSON in UTF-8, at column {}", error.column());
    let Value::Object(mut fields) = serde_json::from_slice(line).map_err(not_sound)? else {
        return Err("the line is not an object: write {\"id\": …, \"channel\": …, …}".to_owned());
    };
    let raw = match json::member(line, "raw") {
        None | Some(b"null") => Raw { media_type: "application/json".to_owned(), bytes: line.to_vec() },
        Some(_) if fields.get("raw").is_some_and(Value::is_string) => {
            let text = fields.get("raw").and_then(Value::as_str).unwrap_or_default();
            Raw { media_type: "text/plain".to_owned(), bytes: text.as_bytes().to_vec() }
        }
        Some(bytes) => Raw { media_type: "application/json".to_owned(), bytes: bytes.to_vec() },
    };
    fields.remove("raw");
    let native_id = required_text(&mut fields, "id")?;
    if native_id.is_empty() {
        return Err("`id` is empty: give every message an id of its own".to_owned());
    }
    let place = place(fields.remove("channel"))?;
    let by = author(fields.remove("author"))?;
    let time_ms = time(fields.remove("time"), "time")?.ok_or("`time` is missing: give the time in Unix milliseconds")?;
    let text = required_text(&mut fields, "text")?;
    let thread = optional_text(&mut fields, "thread")?.filter(|thread| *thread != native_id);
    let edited = time(fields.remove("edited"), "edited")?;
    let deleted = match fields.remove("deleted") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(None),
        Some(other) => Some(time(Some(other), "deleted")?),
    };
    let attachments = attachments(fields.remove("attachments"))?;
    if let Some(unknown) = fields.keys().next() {
        let name: String = unknown.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(format!("`{name}` is not a field of this form: correct its name, or put it into `raw`"));
    }
    let mut push = |revision: String, what: What, source_time_ms: Option<i64>| {
        let event = Event {
            native_id: native_id.clone(),
            revision,
            what,
            source_time_ms,
            posted_at_ms: Some(time_ms),
            place: place.clone(),
            by: by.clone(),
            raw: raw.clone(),
        };
        queue.push_back(Item::Event(Box::new(event)));
    };
    if deleted.is_none() || !text.is_empty() || !attachments.is_empty() {
        let content = Box::new(Content {
            links: links::in_text(&text),
            text,
            reply_to: thread.clone(),
            thread,
            attachments,
            ..Content::default()
        });
        match edited {
            Some(edited) => push(format!("edit:{edited}"), What::Edited(content), Some(edited)),
            None => push(String::new(), What::Posted(content), Some(time_ms)),
        }
    }
    if let Some(deleted) = deleted {
        push("delete".to_owned(), What::Deleted, deleted);
    }
    Ok(())
}

fn required_text(fields: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    optional_text(fields, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

fn optional_text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` is not a text: write it in quotes")),
    }
}

fn time(value: Option<Value>, name: &str) -> Result<Option<i64>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match number.as_i64().filter(|time| TIME_MS.contains(time)) {
            Some(time) => Ok(Some(time)),
            None => Err(format!(
                "`{name}` is not a time between 1971 and 2200 in whole Unix milliseconds (seconds are multiplied by 1000)"
            )),
        },
        Some(_) => Err(format!("`{name}` is not a number: give the time in Unix milliseconds")),
    }
}

/// A text, or an object with `id` and more.
fn with_id(value: Option<Value>, name: &str, known: &[&str]) -> Result<Map<String, Value>, String> {
    let fields = match value {
        None | Some(Value::Null) => return Err(format!("`{name}` is missing")),
        Some(Value::String(id)) => Map::from_iter([("id".to_owned(), Value::String(id))]),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(format!("`{name}` is neither a text nor an object with `id`")),
    };
    if fields.get("id").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(format!("`{name}` has no id"));
    }
    if fields.keys().any(|key| key != "id" && !known.contains(&&**key)) {
        return Err(format!("`{name}` has an unknown field: it may have id, {}", known.join(", ")));
    }
    Ok(fields)
}

fn place(value: Option<Value>) -> Result<Place, String> {
    let mut fields = with_id(value, "channel", &["name", "kind"])?;
    let native_id = required_text(&mut fields, "id")?;
    let name = optional_text(&mut fields, "name")?.or_else(|| Some(native_id.clone()));
    let kind = match optional_text(&mut fields, "kind")?.as_deref() {
        None | Some("private") => PlaceKind::Private,
        Some("public") => PlaceKind::Public,
        Some("limited") => PlaceKind::Limited,
        Some("workspace") => PlaceKind::Workspace,
        Some("direct") => PlaceKind::Direct,
        Some(_) => return Err("`channel.kind` is none of public, limited, workspace, private, direct".to_owned()),
    };
    Ok(Place { native_id, name, kind })
}

fn author(value: Option<Value>) -> Result<Option<Party>, String> {
    let mut fields = with_id(value, "author", &["name", "handle", "bot"])?;
    let bot = match fields.remove("bot") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(bot)) => bot,
        Some(_) => return Err("`author.bot` is neither true nor false".to_owned()),
    };
    let native_id = required_text(&mut fields, "id")?;
    Ok(Some(Party { native_id, handle: optional_text(&mut fields, "handle")?, name: optional_text(&mut fields, "name")?, bot }))
}

fn attachments(value: Option<Value>) -> Result<Vec<Attachment>, String> {
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err("`attachments` is not a list".to_owned()),
    };
    if list.len() > ATTACHMENTS_MAX {
        return Err(format!("`attachments` has more than {ATTACHMENTS_MAX} entries"));
    }
    list.into_iter().map(attachment).collect()
}

fn attachment(value: Value) -> Result<Attachment, String> {
    let mut fields = with_id(Some(value), "attachments", &["name", "type", "bytes", "alt", "path"])?;
    let bytes = match fields.remove("bytes") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().ok_or("`attachments.bytes` is not a whole number")?),
    };
    Ok(Attachment {
        native_id: required_text(&mut fields, "id")?,
        file_name: optional_text(&mut fields, "name")?,
        media_type: optional_text(&mut fields, "type")?,
        bytes,
        alt: optional_text(&mut fields, "alt")?,
        source: optional_text(&mut fields, "path")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::testing::{content, read, read_within, survives, zip};

    const FULL: &str = r#"{"id":"m2","channel":{"id":"c1","name":"News","kind":"workspace"},"author":{"id":"u1","name":"Ada","bot":true},"time":1700000001000,"text":"see https://example.test/x","thread":"m1","edited":1700000002000,"attachments":[{"id":"a1","name":"a.txt","type":"text/plain","bytes":3,"path":"files/a.txt"}],"raw":{"x" : 1}}"#;
    const PLAIN: &str = r#"{"id":"m1","channel":"c1","author":"u1","time":1700000000000,"text":"hello"}"#;

    #[test]
    fn a_line_is_a_message_with_all_that_it_says() {
        let all = read(&FORMAT, format!("{PLAIN}\r\n\n{FULL}").as_bytes());
        assert_eq!(all.texts(), [("m1", "", "hello"), ("m2", "edit:1700000002000", "see https://example.test/x")]);
        let first = all.event("m1", "");
        assert_eq!((first.place.kind, first.raw.bytes.as_slice()), (PlaceKind::Private, PLAIN.as_bytes()));
        let second = all.event("m2", "edit:1700000002000");
        assert_eq!((second.place.kind, second.raw.bytes.as_slice()), (PlaceKind::Workspace, &br#"{"x" : 1}"#[..]));
        let said = content(second).unwrap();
        assert_eq!((said.thread.as_deref(), &*said.links[0]), (Some("m1"), "https://example.test/x"));
        assert!(second.by.as_ref().unwrap().bot);
        assert_eq!((second.source_time_ms, second.posted_at_ms), (Some(1_700_000_002_000), Some(1_700_000_001_000)));
    }

    #[test]
    fn a_deleted_message_is_what_it_said_and_that_it_went() {
        let line = |deleted: &str, text: &str| PLAIN.replace("\"hello\"", &format!("\"{text}\",\"deleted\":{deleted}"));
        let kinds = |line: &str| {
            read(&FORMAT, line.as_bytes()).events.iter().map(|e| (e.revision.clone(), e.source_time_ms)).collect::<Vec<_>>()
        };
        let gone = ("delete".to_owned(), Some(1_700_000_005_000));
        assert_eq!(kinds(&line("1700000005000", "hello")), [(String::new(), Some(1_700_000_000_000)), gone.clone()]);
        assert_eq!(kinds(&line("1700000005000", "")), [gone]);
        assert_eq!(kinds(&line("true", "")), [("delete".to_owned(), None)]);
        assert_eq!(kinds(&line("false", "hello")), [(String::new(), Some(1_700_000_000_000))]);
    }

    #[test]
    fn every_refusal_says_what_to_do_and_repeats_no_text() {
        let cases = [
            ("{", "not sound JSON"),
            ("[]", "not an object"),
            (&PLAIN.replace("\"id\"", "\"di\""), "`id` is missing"),
            (&PLAIN.replace("\"m1\"", "\"\""), "`id` is empty"),
            (&PLAIN.replace("\"m1\"", "7"), "`id` is not a text"),
            (&PLAIN.replace("\"c1\"", "{}"), "`channel` has no id"),
            (&PLAIN.replace("\"c1\"", "{\"id\":\"c\",\"kind\":\"odd\"}"), "none of public"),
            (&PLAIN.replace("\"c1\"", "{\"id\":\"c\",\"x\":1}"), "unknown field"),
            (&PLAIN.replace("\"u1\"", "null"), "`author` is missing"),
            (&PLAIN.replace("1700000000000", "1700000000"), "multiplied by 1000"),
            (&PLAIN.replace("1700000000000", "\"yesterday\""), "`time` is not a number"),
            (&PLAIN.replace("\"hello\"", "null"), "`text` is missing"),
            (&PLAIN.replace("\"text\"", "\"edited\":\"x\",\"text\""), "`edited` is not a number"),
            (&PLAIN.replace("\"text\"", "\"deletd\":1,\"text\""), "`deletd` is not a field"),
            (&PLAIN.replace("\"text\"", "\"attachments\":{},\"text\""), "`attachments` is not a list"),
        ];
        for (line, reason) in cases {
            let all = read(&FORMAT, line.as_bytes());
            assert_eq!((all.events.len(), all.refused.len()), (0, 1), "{line}");
            let refused = &all.refused[0];
            assert!(refused.reason.contains(reason) && refused.place == "line 1", "{line}: {refused:?}");
            assert!(!refused.reason.contains("hello") && !refused.reason.contains("yesterday"));
        }
        let all =
            read_within(&FORMAT, format!("{FULL}\n{PLAIN}").as_bytes(), Limits { item_bytes_max: 100, ..Limits::default() });
        assert_eq!((all.events.len(), all.refused[0].reason.contains("longer than 100")), (1, true));
        assert!(read(&FORMAT, b"\xff\xfe{\0").failed.unwrap().contains("iconv"));
    }

    #[test]
    fn a_zip_brings_its_attachments_along() {
        let all = read(&FORMAT, &zip(&[("a.jsonl", FULL.as_bytes()), ("files/a.txt", b"abc"), ("z.jsonl", PLAIN.as_bytes())]));
        assert_eq!(all.events.len(), 2);
        assert_eq!(all.attached, [("a1".to_owned(), Ok(b"abc".to_vec()))]);
        let missing = read(&FORMAT, &zip(&[("a.jsonl", FULL.as_bytes())]));
        assert!(missing.attached[0].1.as_ref().unwrap_err().contains("missing"));
    }

    #[test]
    fn damaged_files_never_panic_and_read_the_same_twice() {
        survives(&FORMAT, format!("{PLAIN}\n{FULL}\n").as_bytes(), 1500);
        survives(&FORMAT, &zip(&[("a.jsonl", FULL.as_bytes()), ("files/a.txt", b"abc")]), 200);
    }
}
