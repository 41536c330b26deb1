//! From events to durable entries of the ledger: names, bodies, subjects, and the answers.
//!
//! Invariant: what comes out of [`append`] is durable. An event whose record is in the ledger already comes out as a duplicate, with the
//! position of the first; nothing here looks at what an event says.

use ledger::{
    engine::{AppendError, Ledger, NewEntry, Pending, Receipt, StoredBlob},
    entry::EntryKind,
    ids::{RecordId, StreamId, SubjectId},
};
use networks::{Event, event::What};
use uuid::Uuid;

use super::{
    body::{self, Circumstances, Via},
    naming::Naming,
    rules,
};
use crate::{
    error::{Error, Result},
    ids::{ImportId, MessageId, PartyId, PlaceId, ProfileId},
};

/// The retention class of what is captured, until retention schedules choose.
pub const CAPTURE_CLASS: u16 = 2;

/// The stream of a profile in the ledger.
pub fn stream_of(profile: ProfileId) -> StreamId {
    StreamId(profile.bytes())
}

/// An event with its names.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) event: Event,
    pub(crate) record: Uuid,
    pub(crate) message: MessageId,
    pub(crate) place: PlaceId,
    pub(crate) party: Option<PartyId>,
}

/// Gives an event its names.
pub(crate) fn name(event: Event, naming: &mut Naming<'_>) -> Named {
    let record = naming.record(&event.native_id, &event.revision);
    let message = if event.revision.is_empty() { MessageId(record) } else { naming.message(&event.native_id) };
    let place = naming.place(&event.place.native_id);
    let party = match &event.what {
        What::Member { party, .. } => Some(&party.native_id),
        _ => event.by.as_ref().map(|by| &by.native_id),
    };
    let party = party.map(|native_id| naming.party(native_id));
    Named { event, record, message, place, party }
}

/// An event on its way into the ledger.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) named: Named,
    /// Entries it becomes: one, and one for each part of raw bytes that did not fit.
    pub(crate) entries: Vec<NewEntry>,
}

/// Makes the entries of an event. `author` is the known author of the message it is about, where that is somebody else.
pub(crate) fn prepare(
    mut named: Named,
    stream: StreamId,
    author: Option<PartyId>,
    about: &Circumstances<'_>,
    naming: &mut Naming<'_>,
) -> Prepared {
    let written = body::write(&mut named.event, about);
    let mut subjects: Vec<_> = named.party.into_iter().chain(author).map(|party| SubjectId(party.bytes())).collect();
    subjects.dedup();
    let concerns_a_message =
        rules::step(&named.event.what, &named.event.revision).is_some() || matches!(named.event.what, What::Reacted { .. });
    let refers_to =
        if concerns_a_message && named.message.0 != named.record { RecordId(named.message.bytes()) } else { RecordId::NONE };
    let kind = rules::entry_kind(&named.event.what);
    let source_time_ms = named.event.source_time_ms.unwrap_or(about.received_at_ms);
    let entry = |record: Uuid, kind, refers_to, body| NewEntry {
        kind,
        record_id: RecordId(record.into_bytes()),
        stream,
        subjects: subjects.clone(),
        retention_class: CAPTURE_CLASS,
        refers_to,
        source_time_ms,
        body,
    };
    // The parts first: whatever is interrupted, an event that is in the record has all of its bytes there.
    let mut entries = Vec::with_capacity(1 + written.parts.len());
    for (part, bytes) in (1..).zip(written.parts) {
        let record = naming.part(named.record, &format!("raw:{part}:{}", hex::encode(written.raw_digest)));
        entries.push(entry(record, EntryKind::Attachment, RecordId(named.record.into_bytes()), bytes));
    }
    entries.push(entry(named.record, kind, refers_to, written.body));
    Prepared { named, entries }
}

/// An event that is in the record.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) named: Named,
    /// The import whose file it came from.
    pub(crate) import: Option<ImportId>,
    /// Its position in the ledger.
    pub(crate) entry: i64,
    /// When the ledger took it in.
    pub(crate) captured_at_ms: i64,
}

/// What became of a lot of events, in their order.
#[derive(Debug, Default)]
pub(crate) struct Appended {
    /// New in the record.
    pub(crate) recorded: Vec<Recorded>,
    /// Whether each event of the lot was new.
    pub(crate) order: Vec<Fresh>,
    /// Where in the profile's stream the new entries lie.
    pub(crate) reach: Reach,
}

/// Where in a stream new entries lie, and how many they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Position of the first and behind the last.
    pub(crate) span: Option<(i64, i64)>,
    /// How many.
    pub(crate) count: i64,
}

impl Reach {
    /// One more entry.
    pub(crate) fn add(&mut self, stream_seq: i64) {
        let (start, end) = self.span.unwrap_or((stream_seq, stream_seq));
        self.span = Some((start.min(stream_seq), end.max(stream_seq + 1)));
        self.count += 1;
    }

    /// Whether these are exactly the entries that follow `applied`, with nobody else's between them.
    pub(crate) fn follows(&self, applied: i64) -> bool {
        self.span.is_none_or(|(start, end)| start == applied && end - start == self.count)
    }

    /// How many entries of the stream there are with these.
    pub(crate) fn end(&self, applied: i64) -> i64 {
        self.span.map_or(applied, |(_, end)| end.max(applied))
    }
}

/// Whether an event was new to the record; the number is its position in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    New(i64),
    Repeated(i64),
}

/// Hands prepared events to the ledger and waits until they are durable. Blocks while the ledger's queue is full.
pub(crate) fn append(ledger: &Ledger, lot: Vec<Prepared>, via: &Via) -> Result<Appended> {
    let mut entries = Vec::with_capacity(lot.len());
    let mut named = Vec::with_capacity(lot.len());
    for prepared in lot {
        named.push((prepared.named, prepared.entries.len()));
        entries.extend(prepared.entries);
    }
    let answers = ledger.append_batch(entries).map_err(|error| refused(&error))?;
    let mut answers = answers.into_iter().map(Pending::wait);
    let mut appended = Appended::default();
    for (named, count) in named {
        for part in answers.by_ref().take(count - 1) {
            appended.add(taken(part)?.1);
        }
        let (fresh, receipt) = taken(answers.next().expect("one answer for each entry"))?;
        appended.add(receipt);
        appended.order.push(fresh);
        if let (Fresh::New(entry), Some(receipt)) = (fresh, receipt) {
            appended.recorded.push(Recorded { named, import: via.import(), entry, captured_at_ms: receipt.captured_at_ms });
        }
    }
    Ok(appended)
}

/// Hands entries that are no events to the ledger, each with its blob if it has one, and waits until they are durable. One that is there
/// already stays as it is.
pub(crate) fn append_entries(ledger: &Ledger, entries: Vec<(NewEntry, Option<StoredBlob>)>) -> Result<()> {
    let append = |(entry, blob)| match blob {
        Some(blob) => ledger.append_with_blob(entry, blob),
        None => ledger.append(entry),
    };
    let answers: std::result::Result<Vec<_>, _> = entries.into_iter().map(append).collect();
    for answer in answers.map_err(|error| refused(&error))? {
        taken(answer.wait())?;
    }
    Ok(())
}

impl Appended {
    fn add(&mut self, receipt: Option<Receipt>) {
        if let Some(receipt) = receipt {
            self.reach.add(number(receipt.stream_seq));
        }
    }
}

fn taken(answer: std::result::Result<Receipt, AppendError>) -> Result<(Fresh, Option<Receipt>)> {
    match answer {
        Ok(receipt) if receipt.repeated => Ok((Fresh::Repeated(number(receipt.seq)), None)),
        Ok(receipt) => Ok((Fresh::New(number(receipt.seq)), Some(receipt))),
        // The same event once more, in other words: another capture time, a counter that moved on. The first one stands.
        Err(AppendError::Conflict { seq }) => Ok((Fresh::Repeated(number(seq)), None)),
        Err(error) => Err(refused(&error)),
    }
}

pub(crate) fn refused(error: &AppendError) -> Error {
    Error::Internal(format!("the ledger does not take what was captured: {error}"))
}

/// A position of the ledger as the database has it.
pub(crate) fn number(seq: u64) -> i64 {
    i64::try_from(seq).expect("a log has fewer than 2^63 entries")
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn entries_of_somebody_else_are_noticed() {
        let reach = |seqs: &[i64]| {
            let mut reach = Reach::default();
            for seq in seqs {
                reach.add(*seq);
            }
            reach
        };
        assert!(reach(&[]).follows(7) && reach(&[7, 8, 9]).follows(7));
        assert!(!reach(&[8, 9]).follows(7), "one before");
        assert!(!reach(&[7, 9]).follows(7), "one between");
        assert_eq!((reach(&[7, 8]).end(7), reach(&[]).end(7)), (9, 7));
    }
}
