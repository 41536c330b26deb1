//! Reading back what the record has and the tables lack.
//!
//! Invariant: what is read back leads to the same rows as when it came straight from a source; nothing in it is looked for again at its source.

use ledger::{
    engine::{Ledger, ReadError},
    entry::EntryKind,
};

use super::{
    super::{
        attachments::Settled,
        body,
        naming::Naming,
        notes::Note,
        record::{self, Appended, Recorded, number, stream_of},
    },
    Durable, Then,
};
use crate::{
    desk::Desk,
    error::{Error, Result},
    ids::{ProfileId, Time},
};

/// Entries read back from the record at a time.
const READ_BACK_MAX: usize = 500;

/// The next entries of a stream, as if they had just been appended.
pub(super) fn read_back(desk: &Desk, ledger: &Ledger, profile: ProfileId, from: i64) -> Result<Durable> {
    let failed = |error: ReadError| Error::Internal(format!("the record cannot be read back: {error}"));
    let reader = ledger.reader();
    let mut naming = Naming::new(desk.sealer(), profile);
    let mut back =
        Durable { appended: Appended::default(), attached: Vec::new(), gaps: Vec::new(), beat_at: None, then: Then::Nothing };
    for entry in reader.stream(stream_of(profile), from.unsigned_abs()).take(READ_BACK_MAX) {
        let entry = entry.map_err(failed)?;
        back.appended.reach.add(number(entry.stream_seq));
        let opened = match reader.read(entry.seq) {
            Ok(opened) => opened,
            // Erased or disposed of meanwhile: there is nothing to show any more.
            Err(ReadError::Unreadable { .. }) => continue,
            Err(error) => return Err(failed(error)),
        };
        let Ok(stored) = opened.body() else { continue };
        let seq = number(entry.seq);
        match entry.kind {
            EntryKind::Heartbeat => back.beat_at = Some(Time(entry.captured_at_ms)),
            EntryKind::Gap => back.gaps.extend(Note::read(&stored.bytes).map(|note| (seq, note))),
            EntryKind::Attachment => back.attached.extend(Settled::read(&stored.bytes).map(|settled| (seq, settled))),
            EntryKind::Import => {}
            _ => match body::read(&stored.bytes) {
                Ok(captured) => back.appended.recorded.push(Recorded {
                    import: captured.via.import(),
                    named: record::name(captured.event, &mut naming),
                    entry: seq,
                    captured_at_ms: entry.captured_at_ms,
                }),
                Err(error) => tracing::error!(entry = seq, %error, "an entry of the record cannot be shown"),
            },
        }
    }
    Ok(back)
}
