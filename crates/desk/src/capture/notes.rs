//! What capture itself puts on record between the messages: gaps, heartbeats, the beginning and end of an import.
//!
//! A note is an entry of the profile's stream like any other, so that completeness can be shown from the stream alone.

use ledger::{
    engine::NewEntry,
    entry::EntryKind,
    ids::{RecordId, StreamId},
};
use networks::network::Gap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::CAPTURE_CLASS;

/// The version of the form.
const FORMAT: u32 = 1;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// A stretch could not be read.
    Gap {
        /// The place concerned; nothing for the whole profile.
        place: Option<String>,
        /// From when, where known.
        from_ms: Option<i64>,
        /// Until when, where known.
        until_ms: Option<i64>,
        /// Why, for people.
        reason: String,
        /// Whether it was made up for.
        made: Made,
    },
    /// The source was asked and had nothing (more) up to this cursor.
    Heartbeat {
        /// The connector's cursor.
        cursor: Option<String>,
    },
    /// An import begins.
    ImportBegun {
        /// The import.
        run: Uuid,
        /// The form of the file.
        format: String,
        /// SHA-256 of the file, in hexadecimal digits.
        file_sha256: String,
        /// Its length.
        file_bytes: i64,
    },
    /// An import ends.
    ImportEnded {
        /// The import.
        run: Uuid,
        /// Items that are new in the record.
        recorded: i64,
        /// Items that were there before.
        duplicates: i64,
        /// Items that could not be taken.
        refused: i64,
    },
}

/// Whether a gap was made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// What happened in it is missing.
    Open,
    /// It was read later, as far as the source still had it.
    UpFor,
}

impl Note {
    /// The note of a gap.
    pub(crate) fn gap(gap: Gap, made: Made) -> Self {
        Self::Gap { place: gap.place, from_ms: gap.from_ms, until_ms: gap.until_ms, reason: gap.reason, made }
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    #[serde(flatten)]
    note: Note,
}

impl Note {
    fn kind(&self) -> EntryKind {
        match self {
            Self::Gap { .. } => EntryKind::Gap,
            Self::Heartbeat { .. } => EntryKind::Heartbeat,
            Self::ImportBegun { .. } | Self::ImportEnded { .. } => EntryKind::Import,
        }
    }

    /// The entry of a note.
    pub(crate) fn entry(&self, record: Uuid, stream: StreamId, now_ms: i64) -> NewEntry {
        let written = Written { format: FORMAT, note: self.clone() };
        NewEntry {
            kind: self.kind(),
            record_id: RecordId(record.into_bytes()),
            stream,
            subjects: Vec::new(),
            retention_class: CAPTURE_CLASS,
            refers_to: RecordId::NONE,
            source_time_ms: now_ms,
            body: serde_json::to_vec(&written).expect("texts and numbers are JSON"),
        }
    }

    /// Reads the body of a note's entry; nothing for a form this program does not know.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(body).ok()?;
        (written.format == FORMAT).then_some(written.note)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Note;

    #[test]
    fn a_note_reads_back() {
        for note in [
            Note::Gap { place: None, from_ms: Some(1), until_ms: None, reason: "limited".to_owned(), made: super::Made::Open },
            Note::Heartbeat { cursor: Some("c".to_owned()) },
            Note::ImportEnded { run: Uuid::nil(), recorded: 1, duplicates: 2, refused: 3 },
        ] {
            let entry = note.entry(Uuid::max(), ledger::ids::StreamId([1; 16]), 5);
            assert_eq!(Note::read(&entry.body), Some(note));
        }
        assert_eq!(Note::read(b"{\"format\":2,\"note\":\"heartbeat\"}"), None);
    }
}
