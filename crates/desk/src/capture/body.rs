//! The body of a captured record, as it stands in the ledger: one line of JSON, a line break, the platform's bytes exactly as received.
//!
//! The line holds the normalised event and who made it so; whoever has the body can check the normalisation against the bytes behind it.
//! Invariants: reading gives back what was written; a body never exceeds what the ledger takes. Raw bytes that do not fit follow in records
//! of their own ([`RawPart`]); a text that is too long is cut in the line, and stands whole in the raw bytes.

use networks::{
    Event,
    event::{Content, Party, Raw, What},
};
use serde::{Deserialize, Serialize};

use crate::ids::ImportId;

/// The version of the form.
pub const FORMAT: u32 = 1;
/// Longest normalised text in the line, in bytes: two hundred pages. More is cut there, and whole in the raw bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Longest body of one record: what the ledger takes, rounded down.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// What an event is called whose normalised form would not fit into a record.
pub const TOO_LARGE: &str = "gatepost.too_large";
/// Longest platform id, in bytes: no platform comes near; a longer one is an attack or a mistake.
pub const ID_BYTES_MAX: usize = 4096;
/// Raw bytes in one further record.
const PART_BYTES: usize = 1000 * 1024;

/// How an event came to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// We asked the network.
    Pull,
    /// The network called us.
    Hook,
    /// We asked for the past.
    BackFill,
    /// From an export file; the import's id.
    Import(uuid::Uuid),
}

impl Via {
    /// The import, if it came from an export file.
    pub(crate) fn import(&self) -> Option<ImportId> {
        match self {
            Self::Import(run) => Some(ImportId(*run)),
            Self::Pull | Self::Hook | Self::BackFill => None,
        }
    }
}

/// The line.
#[derive(Debug, Serialize)]
struct Line<'e> {
    format: u32,
    via: &'e Via,
    connector: &'e str,
    inspector: &'e str,
    received_at_ms: i64,
    #[serde(skip_serializing_if = "is_false")]
    text_cut: bool,
    raw: RawHead<'e>,
    event: &'e Event,
}

#[derive(Debug, Serialize)]
struct RawHead<'e> {
    media_type: &'e str,
    bytes: usize,
    /// Further records that hold the bytes, right before this one in the stream; 0 when they stand behind the line.
    #[serde(skip_serializing_if = "is_zero")]
    parts: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

/// What is said about an event beside itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'c> {
    pub(crate) via: &'c Via,
    pub(crate) connector: &'c str,
    pub(crate) inspector: &'c str,
    pub(crate) received_at_ms: i64,
}

/// A body, and the further ones that hold its raw bytes when they do not fit.
pub(crate) struct Written {
    pub(crate) body: Vec<u8>,
    pub(crate) parts: Vec<Vec<u8>>,
    /// SHA-256 of the raw bytes, when they are in parts.
    pub(crate) raw_digest: [u8; 32],
}

/// Writes the body of an event. Cuts its text when it is too long, and takes its raw bytes out.
pub(crate) fn write(event: &mut Event, circumstances: &Circumstances<'_>) -> Written {
    let raw = std::mem::take(&mut event.raw);
    let mut text_cut = cut_text(&mut event.what);
    let mut body = Vec::with_capacity(raw.bytes.len() + 1024);
    line(&mut body, event, circumstances, &raw, text_cut, 0);
    if body.len() > BODY_BYTES_MAX {
        // Thousands of mentions or attachments: nothing a reader could use. The raw bytes hold all of it.
        event.what = What::Other { name: TOO_LARGE.to_owned() };
        text_cut = true;
        body.clear();
        line(&mut body, event, circumstances, &raw, text_cut, 0);
    }
    if body.len() + raw.bytes.len() <= BODY_BYTES_MAX {
        body.extend_from_slice(&raw.bytes);
        return Written { body, parts: Vec::new(), raw_digest: [0; 32] };
    }
    let of = raw.bytes.len().div_ceil(PART_BYTES);
    body.clear();
    line(&mut body, event, circumstances, &raw, text_cut, of);
    let parts = raw.bytes.chunks(PART_BYTES).zip(1..);
    let parts = parts.map(|(bytes, part)| write_part(&RawPart { format: FORMAT, part, of }, bytes)).collect();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &raw.bytes);
    Written { body, parts, raw_digest: digest.as_ref().try_into().expect("SHA-256 is 32 bytes long") }
}

/// Whether an event can be recorded at all.
///
/// # Errors
/// What is wrong with it, for people; no content.
pub(crate) fn check(event: &Event) -> Result<(), &'static str> {
    let party = event.by.as_ref().map_or(0, |party| party.native_id.len());
    let longest = event.native_id.len().max(event.revision.len()).max(event.place.native_id.len()).max(party);
    if longest > ID_BYTES_MAX {
        return Err("an id of the platform is longer than 4096 bytes");
    }
    if event.native_id.is_empty() { Err("the platform's id is empty") } else { Ok(()) }
}

/// Replaces NUL, which no text of ours can hold, by U+FFFD. The raw bytes keep it.
pub(crate) fn clean(event: &mut Event) {
    fn text(text: &mut String) {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    }
    fn maybe(value: &mut Option<String>) {
        value.as_mut().map(text);
    }
    fn party(party: &mut Party) {
        text(&mut party.native_id);
        maybe(&mut party.handle);
        maybe(&mut party.name);
    }
    text(&mut event.native_id);
    text(&mut event.revision);
    text(&mut event.place.native_id);
    maybe(&mut event.place.name);
    event.by.as_mut().map(party);
    match &mut event.what {
        What::Posted(content) | What::Edited(content) => {
            text(&mut content.text);
            for value in [
                &mut content.subject,
                &mut content.language,
                &mut content.reply_to,
                &mut content.thread,
                &mut content.quotes,
                &mut content.permalink,
            ] {
                maybe(value);
            }
            content.mentions.iter_mut().for_each(party);
            content.links.iter_mut().for_each(text);
            for attachment in &mut content.attachments {
                text(&mut attachment.native_id);
                for value in [&mut attachment.file_name, &mut attachment.media_type, &mut attachment.alt, &mut attachment.source]
                {
                    maybe(value);
                }
            }
        }
        What::Reacted { key, .. } => text(key),
        What::Member { party: who, .. } => party(who),
        What::PlaceChanged { change } => text(change),
        What::Other { name } => text(name),
        What::Deleted => {}
    }
}

fn line(out: &mut Vec<u8>, event: &Event, about: &Circumstances<'_>, raw: &Raw, text_cut: bool, parts: usize) {
    let line = Line {
        format: FORMAT,
        via: about.via,
        connector: about.connector,
        inspector: about.inspector,
        received_at_ms: about.received_at_ms,
        text_cut,
        raw: RawHead { media_type: &raw.media_type, bytes: raw.bytes.len(), parts },
        event,
    };
    serde_json::to_writer(&mut *out, &line).expect("an event is plain data and memory takes it");
    out.push(b'\n');
}

/// Cuts what a platform would not let anybody write: answers whether it did.
fn cut_text(what: &mut What) -> bool {
    match what {
        What::Posted(content) | What::Edited(content) => {
            let Content { text, subject, .. } = &mut **content;
            let cut = cut(text);
            subject.as_mut().is_some_and(crate::capture::body::cut) || cut
        }
        _ => false,
    }
}

fn cut(text: &mut String) -> bool {
    if text.len() <= TEXT_BYTES_MAX {
        return false;
    }
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    true
}

/// One part of raw bytes that did not fit behind their line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPart {
    /// The version of the form.
    pub format: u32,
    /// Which one, from 1.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

fn write_part(part: &RawPart, bytes: &[u8]) -> Vec<u8> {
    let mut body = serde_json::to_vec(part).expect("three numbers");
    body.push(b'\n');
    body.extend_from_slice(bytes);
    body
}

/// The bytes of a part.
pub(crate) fn part_bytes(body: &[u8]) -> &[u8] {
    body.iter().position(|byte| *byte == b'\n').map_or(&[], |end| &body[end + 1..])
}

/// A captured record as it is read back from the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// How it came to us.
    pub via: Via,
    /// The network (and the version of the program) that normalised it.
    pub connector: String,
    /// The inspector that looked at it when it came.
    pub inspector: String,
    /// When it reached us.
    pub received_at_ms: i64,
    /// Whether the normalised text was cut.
    pub text_cut: bool,
    /// The event, with the raw bytes unless they follow in further records.
    pub event: Event,
    /// Length of the raw bytes.
    pub raw_bytes: usize,
    /// Further records that hold the raw bytes.
    pub raw_parts: usize,
}

#[derive(Deserialize)]
struct ReadLine {
    format: u32,
    via: Via,
    connector: String,
    inspector: String,
    received_at_ms: i64,
    #[serde(default)]
    text_cut: bool,
    raw: ReadRawHead,
    event: Event,
}

#[derive(Deserialize)]
struct ReadRawHead {
    media_type: String,
    bytes: usize,
    #[serde(default)]
    parts: usize,
}

/// A body that is not of this form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not a line of JSON with what belongs there.
    #[error("the record's body does not begin with the line that describes it: it was written by another program")]
    Line,
    /// A form this program does not know.
    #[error("the record's body has form {0}, which this program does not know: use a newer one")]
    Format(u32),
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Reads a body.
pub(crate) fn read(body: &[u8]) -> Result<Captured, BodyError> {
    let end = body.iter().position(|byte| *byte == b'\n').ok_or(BodyError::Line)?;
    let version: Version = serde_json::from_slice(&body[..end]).map_err(|_| BodyError::Line)?;
    if version.format != FORMAT {
        return Err(BodyError::Format(version.format));
    }
    let line: ReadLine = serde_json::from_slice(&body[..end]).map_err(|_| BodyError::Line)?;
    debug_assert_eq!(line.format, FORMAT);
    let mut event = line.event;
    event.raw = Raw { media_type: line.raw.media_type, bytes: body[end + 1..].to_vec() };
    Ok(Captured {
        via: line.via,
        connector: line.connector,
        inspector: line.inspector,
        received_at_ms: line.received_at_ms,
        text_cut: line.text_cut,
        event,
        raw_bytes: line.raw.bytes,
        raw_parts: line.raw.parts,
    })
}

#[cfg(test)]
mod tests {
    use networks::{
        Event,
        event::{Content, Party, Place, PlaceKind, Raw, What},
    };
    use proptest::prelude::*;

    use super::{BodyError, Circumstances, TEXT_BYTES_MAX, Via, read, write};

    fn event(text: String, raw: Vec<u8>) -> Event {
        Event {
            native_id: "C1:1.2".to_owned(),
            revision: String::new(),
            what: What::Posted(Box::new(Content { text, ..Content::default() })),
            source_time_ms: Some(5),
            posted_at_ms: None,
            place: Place { native_id: "C1".to_owned(), name: Some("general".to_owned()), kind: PlaceKind::Workspace },
            by: Some(Party { native_id: "U1".to_owned(), ..Party::default() }),
            raw: Raw { media_type: "application/json".to_owned(), bytes: raw },
        }
    }

    const ABOUT: Circumstances<'_> = Circumstances { via: &Via::Pull, connector: "slack/1", inspector: "1", received_at_ms: 7 };

    proptest! {
        #[test]
        fn reading_gives_back_what_was_written(text in ".{0,200}", raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let first = event(text, raw);
            let mut written = first.clone();
            let done = write(&mut written, &ABOUT);
            prop_assert!(done.parts.is_empty());
            let back = read(&done.body).expect("reads");
            prop_assert_eq!(&back.event, &first);
            prop_assert_eq!(back.received_at_ms, 7);
            prop_assert!(!back.text_cut);
        }

        #[test]
        fn reading_anything_else_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn raw_bytes_that_do_not_fit_follow_whole_in_further_records() {
        let raw: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
        let done = write(&mut event("x".to_owned(), raw.clone()), &ABOUT);
        assert_eq!((done.parts.len(), read(&done.body).expect("reads").raw_parts), (3, 3));
        let joined: Vec<u8> = done
            .parts
            .iter()
            .flat_map(|part| {
                assert!(part.len() <= super::BODY_BYTES_MAX);
                part[part.iter().position(|byte| *byte == b'\n').expect("a line") + 1..].iter().copied()
            })
            .collect();
        assert_eq!(joined, raw);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_in_the_line_and_said_to_be() {
        let done = write(&mut event("ä".repeat(TEXT_BYTES_MAX), vec![1]), &ABOUT);
        let back = read(&done.body).expect("reads");
        assert!(back.text_cut);
        let What::Posted(content) = back.event.what else { panic!("a post") };
        assert_eq!(content.text.len(), TEXT_BYTES_MAX);
    }

    #[test]
    fn a_newer_form_is_refused_with_what_to_do() {
        assert_eq!(read(b"{\"format\":2}\n"), Err(BodyError::Format(2)));
        assert_eq!(read(b"hello"), Err(BodyError::Line));
    }
}
