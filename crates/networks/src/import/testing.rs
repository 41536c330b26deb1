//! What the tests of every format need: files made in memory, and everything that is read from one.

use std::io::{Cursor, Read, Write};

use super::{Format, ImportError, Item, LeftOut, Limits, Refused, fuzz};
use crate::event::{Attachment, Content, Event, What};

/// All that a file gave.
#[derive(Debug, Default)]
pub(super) struct Everything {
    pub(super) events: Vec<Event>,
    pub(super) refused: Vec<Refused>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) failed: Option<String>,
    /// The bytes of every attachment that the file holds, by the attachment's id.
    pub(super) attached: Vec<(String, Result<Vec<u8>, String>)>,
}

/// Reads a file to its end.
pub(super) fn read(format: &Format, bytes: &[u8]) -> Everything {
    read_within(format, bytes, Limits::default())
}

/// Reads a file to its end within other limits.
pub(super) fn read_within(format: &Format, bytes: &[u8], limits: Limits) -> Everything {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample");
    std::fs::write(&path, bytes).unwrap();
    let mut all = Everything::default();
    let mut import = match (format.open)(&path, limits) {
        Ok(import) => import,
        Err(error) => return Everything { failed: Some(error.to_string()), ..all },
    };
    all.left_out = import.left_out();
    loop {
        match import.next() {
            Ok(Some(Item::Event(event))) => all.events.push(*event),
            Ok(Some(Item::Refused(refused))) => all.refused.push(refused),
            Ok(None) => break,
            Err(error) => {
                all.failed = Some(error.to_string());
                break;
            }
        }
    }
    let (done, whole) = import.progress();
    assert!(done <= whole, "{done} of {whole}");
    let attachments: Vec<Attachment> =
        all.events.iter().filter_map(content).flat_map(|content| content.attachments.clone()).collect();
    for attachment in attachments {
        let read = |mut reader: Box<dyn Read + Send + '_>| -> Result<Vec<u8>, ImportError> {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map_err(|error| ImportError::Read { name: String::new(), error })?;
            Ok(bytes)
        };
        match import.attachment(&attachment) {
            Ok(None) => {}
            Ok(Some(reader)) => {
                all.attached.push((attachment.native_id.clone(), read(reader).map_err(|error| error.to_string())));
            }
            Err(error) => all.attached.push((attachment.native_id.clone(), Err(error.to_string()))),
        }
    }
    all
}

/// What an event says, if it says something.
pub(super) fn content(event: &Event) -> Option<&Content> {
    match &event.what {
        What::Posted(content) | What::Edited(content) => Some(content),
        _ => None,
    }
}

impl Everything {
    /// The id, revision and text of every event that says something.
    pub(super) fn texts(&self) -> Vec<(&str, &str, &str)> {
        self.events
            .iter()
            .filter_map(|event| content(event).map(|content| (&*event.native_id, &*event.revision, &*content.text)))
            .collect()
    }

    /// The event of an id and revision.
    #[track_caller]
    pub(super) fn event(&self, native_id: &str, revision: &str) -> &Event {
        let found = self.events.iter().find(|event| event.native_id == native_id && event.revision == revision);
        let ids = || self.events.iter().map(|event| format!("{} {}", event.native_id, event.revision)).collect::<Vec<_>>();
        found.unwrap_or_else(|| {
            panic!("no {native_id} {revision} in {:#?}; refused {:#?}; {:?}", ids(), self.refused, self.failed)
        })
    }
}

/// A ZIP of some files.
pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Damages a sample many times: no panic, and every file reads the same twice.
pub(super) fn survives(format: &Format, sample: &[u8], times: u32) {
    fuzz::damage(sample, times, 7, |bytes| {
        let (once, twice) = (read(format, bytes), read(format, bytes));
        assert!(once.events == twice.events, "the events differ");
        assert_eq!(once.refused, twice.refused);
        assert_eq!(once.failed.is_some(), twice.failed.is_some());
    });
}
