//! What the record says of a message: its history, the platform's bytes, its place in the log with the time stamps over it, the proof that
//! a stranger checks, and its thread as it stood.
//!
//! Invariants: every reading begins as in [`super::reading`]; bytes and proofs hold what is masked elsewhere, so where anything is covered
//! they need a reason on record ([`Operation::MessageUnmask`]) or leave the text out. What a message said before is read from the record,
//! because a text is stored once.

use std::{io::Read, sync::Arc};

use ledger::{
    bundle::{Bundle, CannotProve, Disclosure, Verdict},
    engine::{Ledger, ReadError, Reader},
    governance::Removals,
    timestamp::stated_time_us,
};
use networks::event::{Content, What};
use serde::Serialize;

use super::{
    body::{self, Captured},
    intake::blocking,
    masking::is_covered,
    model::{Message, Revision, Thread},
    reading::{THREAD_MAX, message, unmasked},
    record::number,
    store::reading as store,
};
use crate::{
    actor::Actor,
    desk::Desk,
    error::{Error, Result},
    ids::{MessageId, Time},
    rights::{Operation, Target, decide},
};

/// Entries of a message's history that are shown.
const HISTORY_MAX: i64 = 500;

/// Reads bodies of the record. Works wherever a ledger is open, for writing or for reading.
#[derive(Clone)]
pub struct RecordReader(Reader);

impl std::fmt::Debug for RecordReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecordReader")
    }
}

/// How an entry stands in the log: what a page says beside a message, and what leads to its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Its number in the log.
    pub entry: i64,
    /// Its position in the profile's stream, without gaps.
    pub stream_entry: i64,
    /// Its leaf hash, in hexadecimal digits.
    pub leaf_hash: String,
    /// The signed checkpoint over it; nothing when it is not signed yet.
    pub signed: Option<Signed>,
}

/// The checkpoint that covers an entry: the oldest stamped one, because its stamps are closest to the capture, else the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Entries under it.
    pub size: i64,
    /// Its root hash, in hexadecimal digits.
    pub root: String,
    /// The log's name.
    pub origin: String,
    /// The log's public keys, the newest last: with one of them a stranger checks the signature.
    pub keys: Vec<String>,
    /// The time stamps over it.
    pub stamps: Vec<StampSeen>,
}

/// A time stamp over a checkpoint, as its authority states it. Checking it needs the authority's certificate: the proof's verifier does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampSeen {
    /// The authority's configured name.
    pub authority: String,
    /// When, by the authority's clock.
    pub stated_at: Time,
}

/// A file with which a stranger checks an entry, and what this server found when it checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The file, JSON: `gatepost ledger prove` writes the same.
    pub file: String,
    /// What became of the text.
    pub says: ProofSays,
    /// The checkpoint it leads to.
    pub signed: Signed,
}

/// What a proof says of the text it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofSays {
    /// The recorded text is in the file.
    Present,
    /// The text is left out; that it was recorded is proved.
    Withheld,
    /// The text was removed from the record by this entry.
    Removed(i64),
}

impl RecordReader {
    /// Of a ledger that is open in this process.
    pub fn new(ledger: &Arc<Ledger>) -> Self {
        Self(ledger.reader())
    }

    /// Of a reader.
    pub fn of(reader: Reader) -> Self {
        Self(reader)
    }

    /// A captured record with its raw bytes; nothing but the reason when it cannot be read any more.
    pub(super) async fn captured(&self, entry: i64) -> Result<std::result::Result<Captured, String>> {
        let reader = self.0.clone();
        blocking(move || {
            let opened = match reader.read(entry.unsigned_abs()) {
                Ok(opened) => opened,
                Err(ReadError::Unreadable { reason, .. }) => return Ok(Err(reason.to_string())),
                Err(error) => return Err(failed(error)),
            };
            let stored = opened.body().map_err(|error| Error::Internal(error.to_string()))?;
            Ok(body::read(&stored.bytes).map_err(|error| error.to_string()))
        })
        .await
    }

    /// What an entry said, with its subject and whatever else changes with the text.
    async fn said(&self, entry: i64) -> Result<std::result::Result<Option<Content>, String>> {
        Ok(self.captured(entry).await?.map(|captured| match captured.event.what {
            What::Posted(content) | What::Edited(content) => Some(*content),
            _ => None,
        }))
    }

    /// Where an entry stands.
    pub async fn position(&self, entry: i64) -> Result<Position> {
        let reader = self.0.clone();
        blocking(move || {
            let found = reader.entry(entry.unsigned_abs()).map_err(failed)?;
            // Whether its text was removed does not change where it stands.
            let signed = match Bundle::of(&reader, &Removals::default(), found.seq, Disclosure::ProofOnly) {
                Ok(bundle) => Some(check(&reader, &bundle)?.0),
                Err(CannotProve::Read(ReadError::NotSigned(_))) => None,
                Err(error) => return Err(unproved(error)),
            };
            let (stream_entry, leaf_hash) = (number(found.stream_seq), hex::encode(found.leaf_hash()));
            Ok(Position { entry, stream_entry, leaf_hash, signed })
        })
        .await
    }

    async fn prove(&self, entry: i64, disclosure: Disclosure) -> Result<Proof> {
        let reader = self.0.clone();
        blocking(move || {
            let removals = Removals::read(&reader).map_err(failed)?;
            let bundle = Bundle::of(&reader, &removals, entry.unsigned_abs(), disclosure).map_err(unproved)?;
            let (signed, says) = check(&reader, &bundle)?;
            let file = bundle.to_json().map_err(|error| Error::Internal(error.to_string()))?;
            Ok(Proof { file, says, signed })
        })
        .await
    }

    /// The blob of an entry: its length and its bytes, whose reading blocks.
    pub(super) async fn blob(&self, entry: i64) -> Result<(u64, Box<dyn Read + Send>)> {
        let reader = self.0.clone();
        blocking(move || match reader.blob(entry.unsigned_abs()) {
            Ok(Some(blob)) => Ok((blob.plain_len(), Box::new(blob) as Box<dyn Read + Send>)),
            Ok(None) | Err(ReadError::Unreadable { .. }) => Err(Error::NotFound("readable attachment")),
            Err(error) => Err(failed(error)),
        })
        .await
    }

    /// Raw bytes that stand in records of their own, right before the entry.
    async fn raw_parts(&self, entry: i64, parts: usize) -> Result<Vec<u8>> {
        let reader = self.0.clone();
        blocking(move || {
            let whole = reader.entry(entry.unsigned_abs()).map_err(failed)?;
            let from = whole.stream_seq.saturating_sub(parts as u64);
            let mut bytes = Vec::new();
            for part in reader.stream(whole.stream_id, from).take(parts) {
                let part = part.map_err(failed)?;
                let stored = reader.read(part.seq).map_err(failed)?.body().map_err(|error| Error::Internal(error.to_string()))?;
                if part.refers_to != whole.record_id {
                    return Err(Error::NotFound("whole record: it was interrupted and came again"));
                }
                bytes.extend_from_slice(body::part_bytes(&stored.bytes));
            }
            Ok(bytes)
        })
        .await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: ReadError) -> Error {
    Error::Internal(format!("the record cannot be read: {error}"))
}

fn unproved(error: CannotProve) -> Error {
    match error {
        CannotProve::Read(ReadError::NotSigned(_)) => {
            Error::Conflict("the entry is not signed yet; a checkpoint follows within seconds, so try again".to_owned())
        }
        error => Error::Internal(format!("the record does not prove the entry: {error}")),
    }
}

/// Checks a bundle as a stranger would, but with the log's own keys.
fn check(reader: &Reader, bundle: &Bundle) -> Result<(Signed, ProofSays)> {
    let log = reader.log();
    let verified = bundle.verify(&log.origin, &reader.verifiers().map_err(failed)?, |_| None);
    let verified = verified.map_err(|error| Error::Internal(format!("the record's own proof is refused: {error}")))?;
    let stamp = |stamp: &ledger::bundle::BundledStamp| {
        let stated_at = stated_time_us(&stamp.response).ok()?;
        Some(StampSeen { authority: stamp.authority.clone(), stated_at: Time(stated_at / 1_000) })
    };
    let signed = Signed {
        size: number(verified.checkpoint.size),
        root: hex::encode(verified.checkpoint.root),
        stamps: bundle.timestamps.iter().filter_map(stamp).collect(),
        origin: log.origin,
        keys: log.keys.into_iter().map(|key| key.key).collect(),
    };
    let says = match verified.verdict {
        Verdict::Present => ProofSays::Present,
        Verdict::Withheld => ProofSays::Withheld,
        Verdict::Disposed(by) | Verdict::Erased(by) => ProofSays::Removed(number(by)),
    };
    Ok((signed, says))
}

/// A message with everything the record says about it, oldest first.
///
/// # Errors
/// As [`message`]; a record that cannot be read.
pub async fn history(desk: &Desk, actor: &Actor, record: &RecordReader, id: MessageId) -> Result<(Message, Vec<Revision>)> {
    let message = message(desk, actor, id).await?;
    let mut reader = desk.db().read().await?;
    let mut revisions = store::revisions(&mut reader, message.number, HISTORY_MAX).await?;
    let mut findings = store::findings(&mut reader, message.number).await?;
    drop(reader);
    if let Some(entry) = message.first_entry {
        revisions.push(Revision {
            entry,
            record: message.id.0,
            kind: "posted".to_owned(),
            revision: String::new(),
            by: message.author.clone(),
            source_time: Some(message.posted_at),
            captured_at: message.captured_at,
            text: None,
            unreadable: None,
            findings: Vec::new(),
        });
    }
    revisions.sort_by_key(|revision| (revision.kind != "posted", revision.source_time, revision.entry));
    for revision in &mut revisions {
        revision.findings = findings.remove(&revision.entry).unwrap_or_default();
        match record.said(revision.entry).await? {
            Ok(content) => revision.text = content.map(|content| content.text),
            Err(reason) => revision.unreadable = Some(reason),
        }
    }
    Ok((message, revisions))
}

/// The thread that a message is in, as the record had it when `entry` was recorded: without what came later, and with the texts of then.
/// Reactions are left out; nothing says when they stood.
///
/// # Errors
/// As [`message`]; a record that cannot be read.
pub async fn thread_as_of(desk: &Desk, actor: &Actor, record: &RecordReader, id: MessageId, entry: i64) -> Result<Thread> {
    let one = message(desk, actor, id).await?;
    let root = one.thread.unwrap_or(one.id);
    let limit = i64::try_from(THREAD_MAX).unwrap_or(i64::MAX) + 1;
    let (mut messages, other) = store::thread_as_of(&mut desk.db().read().await?, root, entry, limit).await?;
    messages.retain(|message| message.profile == one.profile);
    messages.sort_by_key(|message| (message.id != root, message.posted_at, message.number));
    let cut = messages.len() > THREAD_MAX;
    messages.truncate(THREAD_MAX);
    for message in messages.iter_mut().filter(|message| other.contains(&message.id)) {
        // What cannot be read any more stays without words; its history says why.
        let said = match message.text_entry {
            Some(entry) => record.said(entry).await?.ok().flatten(),
            None => None,
        };
        let said = said.unwrap_or_default();
        (message.text, message.subject) = (said.text, said.subject);
        (message.mentions, message.links) = (said.mentions, said.links);
    }
    Ok(Thread { root, messages, cut })
}

/// A message, when the entry is one of its own.
async fn of_entry(desk: &Desk, actor: &Actor, id: MessageId, entry: i64) -> Result<Message> {
    let message = message(desk, actor, id).await?;
    let known = store::revisions(&mut desk.db().read().await?, message.number, HISTORY_MAX).await?;
    if message.first_entry != Some(entry) && !known.iter().any(|revision| revision.entry == entry) {
        return Err(Error::NotFound("entry of this message"));
    }
    Ok(message)
}

/// Whether anything in any version of a message is covered.
async fn is_masked(desk: &Desk, message: &Message) -> Result<bool> {
    let findings = store::findings(&mut desk.db().read().await?, message.number).await?;
    Ok(findings.values().flatten().any(is_covered))
}

/// The platform's bytes of an entry of a message, exactly as received, with their media type.
///
/// # Errors
/// As [`message`]; [`Error::NotFound`] when the entry is not one of the message's, or can no longer be read; when something in the message
/// is masked, [`Error::Refused`] or [`Error::Conflict`] with what to do.
pub async fn raw(desk: &Desk, actor: &Actor, record: &RecordReader, id: MessageId, entry: i64) -> Result<(String, Vec<u8>)> {
    let message = of_entry(desk, actor, id, entry).await?;
    if is_masked(desk, &message).await? {
        decide(actor, Operation::MessageUnmask, Target::Workspace, desk.now())?;
        return Err(Error::Conflict("something in it is masked; show it first, with a reason, on the message's page".to_owned()));
    }
    bytes(record, entry).await
}

/// The same for somebody who will see what is masked in them; the reason goes on record before.
///
/// # Errors
/// As [`raw`] and [`super::unmask`].
pub async fn raw_unmasked(
    desk: &Desk,
    actor: &Actor,
    record: &RecordReader,
    id: MessageId,
    entry: i64,
    reason: &str,
) -> Result<(String, Vec<u8>)> {
    let message = of_entry(desk, actor, id, entry).await?;
    unmasked(desk, actor, &message, reason).await?;
    bytes(record, entry).await
}

async fn bytes(record: &RecordReader, entry: i64) -> Result<(String, Vec<u8>)> {
    let captured = record.captured(entry).await?.map_err(|_| Error::NotFound("readable record"))?;
    let mut bytes = captured.event.raw.bytes;
    if captured.raw_parts > 0 {
        bytes = record.raw_parts(entry, captured.raw_parts).await?;
    }
    Ok((captured.event.raw.media_type, bytes))
}

/// The proof of an entry of a message, checked. The recorded text is in it unless something in the message is masked.
///
/// # Errors
/// As [`message`]; [`Error::NotFound`] when the entry is not one of the message's; [`Error::Conflict`] when it is not signed yet.
pub async fn prove(desk: &Desk, actor: &Actor, record: &RecordReader, id: MessageId, entry: i64) -> Result<Proof> {
    let message = of_entry(desk, actor, id, entry).await?;
    let disclosure = if is_masked(desk, &message).await? { Disclosure::ProofOnly } else { Disclosure::Content };
    record.prove(entry, disclosure).await
}

/// The same with the text, for somebody who will see what is masked in it; the reason goes on record before.
///
/// # Errors
/// As [`prove`] and [`super::unmask`].
pub async fn prove_unmasked(
    desk: &Desk,
    actor: &Actor,
    record: &RecordReader,
    id: MessageId,
    entry: i64,
    reason: &str,
) -> Result<Proof> {
    let message = of_entry(desk, actor, id, entry).await?;
    unmasked(desk, actor, &message, reason).await?;
    record.prove(entry, Disclosure::Content).await
}
