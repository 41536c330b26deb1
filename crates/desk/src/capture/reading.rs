//! Reading what was captured: the stream, a thread, a message with its history.
//!
//! Invariant: every reading begins with the profiles that the caller may read ([`Operation::MessagesRead`]); what is on others does not exist,
//! not even as a count. What a message said before is read from the record, because a text is stored once.

use std::{
    collections::{BTreeSet, HashSet},
    io::Read,
    sync::Arc,
};

use ledger::engine::{Ledger, ReadError, Reader};
use networks::event::What;
use serde::Serialize;

use super::{
    body::{self, Captured},
    intake::blocking,
    masking::is_covered,
    model::{Message, PlaceSeen, Revision, StreamFilter, StreamPage, Thread},
    store::reading as store,
};
use crate::{
    act::Object,
    actor::{Actor, Principal},
    desk::Desk,
    error::{Error, Invalid, Refusal, Result},
    ids::{MessageId, PlaceId, ProfileId},
    profiles::{self, Profile},
    rights::{Operation, Target, decide},
};

/// Messages of a stream's page at most.
pub const STREAM_PAGE_MAX: u32 = 200;
/// Messages of a thread that are shown.
pub const THREAD_MAX: usize = 500;
/// Entries of a message's history that are shown.
const HISTORY_MAX: i64 = 500;
/// Characters of a reason to unmask.
pub const REASON_MAX: usize = 500;
/// Places of a profile that are listed.
const PLACES_MAX: i64 = 1_000;

/// The profiles whose messages the caller may read.
///
/// # Errors
/// [`Error::Refused`] when the caller may read none for a reason of their own: not signed in, no second factor, a token without the scope.
pub async fn readable(desk: &Desk, actor: &Actor) -> Result<Vec<Profile>> {
    if actor.principal == Principal::Nobody {
        return Err(Refusal::SignInNeeded.into());
    }
    let mut reader = desk.db().read().await?;
    let mut seen = Vec::new();
    for profile in profiles::everything(&mut reader).await? {
        match decide(actor, Operation::MessagesRead, Target::Profile(profile.id, profile.group), desk.now()) {
            Ok(()) => seen.push(profile),
            Err(Refusal::RightNeeded(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(seen)
}

/// The newest messages that arrived before number `before` (nothing: the newest of all), newest first.
pub async fn stream(desk: &Desk, actor: &Actor, filter: &StreamFilter, before: Option<i64>, size: u32) -> Result<StreamPage> {
    let readable = readable(desk, actor).await?;
    let all = readable.len();
    let wanted: Vec<_> = readable
        .into_iter()
        .filter(|profile| filter.profile.is_none_or(|wanted| wanted == profile.id))
        .filter(|profile| filter.network.as_ref().is_none_or(|wanted| *wanted == profile.network))
        .map(|profile| profile.id)
        .collect();
    let before = before.unwrap_or(i64::MAX);
    let limit = i64::from(size.clamp(1, STREAM_PAGE_MAX)) + 1;
    let mut reader = desk.db().read().await?;
    let everything = wanted.len() == all && profiles::count(&mut reader).await? == i64::try_from(all).unwrap_or(i64::MAX);
    let mut messages = if let Some(place) = filter.place {
        let found = store::place(&mut reader, place).await?.filter(|place| wanted.contains(&place.profile));
        if found.is_none() {
            return Ok(StreamPage { messages: Vec::new(), next: None });
        }
        store::of_place(&mut reader, place, before, limit).await?
    } else if everything {
        store::newest(&mut reader, before, limit).await?
    } else {
        // The newest of each, then the newest of these: each is one short walk along an index, however many messages there are.
        let mut numbers = Vec::new();
        for profile in &wanted {
            numbers.extend(store::numbers_of_profile(&mut reader, *profile, before, limit).await?);
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        numbers.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        store::by_number(&mut reader, &numbers).await?
    };
    let more = messages.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    messages.truncate(usize::try_from(limit - 1).unwrap_or(usize::MAX));
    let next = if more { messages.last().map(|message| message.number) } else { None };
    Ok(StreamPage { messages, next })
}

/// What changed after change number `after` of what the filter lets through, in the order of the changes, and the number of the last
/// change that was looked at. For a stream that follows.
pub async fn news(desk: &Desk, actor: &Actor, filter: &StreamFilter, after: i64, limit: u32) -> Result<(Vec<Message>, i64)> {
    let readable: HashSet<ProfileId> = readable(desk, actor)
        .await?
        .into_iter()
        .filter(|profile| filter.profile.is_none_or(|wanted| wanted == profile.id))
        .filter(|profile| filter.network.as_ref().is_none_or(|wanted| *wanted == profile.network))
        .map(|profile| profile.id)
        .collect();
    let mut changed = changes(desk, after, limit).await?;
    let last = changed.last().map_or(after, |message| message.changed);
    changed.retain(|message| readable.contains(&message.profile) && filter.place.is_none_or(|wanted| wanted == message.place.id));
    Ok((changed, last))
}

/// One message, for somebody who will see what is masked in it. The reason and the kinds that were covered go on record, before.
///
/// # Errors
/// As [`message`]; [`Error::Invalid`] without a reason.
pub async fn unmask(desk: &Desk, actor: &Actor, id: MessageId, reason: &str) -> Result<Message> {
    let message = message(desk, actor, id).await?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Invalid::field("reason", format!("say why, in up to {REASON_MAX} characters; it goes on record")));
    }
    let mut act = desk.act(actor, Operation::MessageUnmask, Target::Workspace).await?;
    let kinds: BTreeSet<_> =
        message.findings.iter().filter(|finding| is_covered(finding)).map(|finding| finding.kind.clone()).collect();
    act.record(Object::new("message", id))
        .detail("profile", message.profile.to_string())
        .detail("kinds", kinds.into_iter().collect::<Vec<_>>())
        .detail("reason", reason);
    act.commit().await?;
    Ok(message)
}

/// Messages by their ids, those that the caller may read, in the order asked for. For the answers of a search.
pub async fn messages(desk: &Desk, actor: &Actor, ids: &[MessageId]) -> Result<Vec<Message>> {
    let readable: HashSet<ProfileId> = readable(desk, actor).await?.into_iter().map(|profile| profile.id).collect();
    let mut reader = desk.db().read().await?;
    let mut found = store::by_id(&mut reader, ids).await?;
    found.retain(|message| readable.contains(&message.profile));
    found.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
    Ok(found)
}

/// One message.
///
/// # Errors
/// [`Error::NotFound`] also when the caller may not read its profile.
pub async fn message(desk: &Desk, actor: &Actor, id: MessageId) -> Result<Message> {
    messages(desk, actor, &[id]).await?.into_iter().next().ok_or(Error::NotFound("message"))
}

/// The thread that a message is in: itself when nobody answered it.
///
/// # Errors
/// As [`message`].
pub async fn thread(desk: &Desk, actor: &Actor, id: MessageId) -> Result<Thread> {
    let one = message(desk, actor, id).await?;
    let root = one.thread.unwrap_or(one.id);
    let mut reader = desk.db().read().await?;
    let limit = i64::try_from(THREAD_MAX).unwrap_or(i64::MAX) + 1;
    let mut messages = store::by_id(&mut reader, &[root]).await?;
    messages.extend(store::of_thread(&mut reader, root, limit).await?);
    // A message of another profile cannot name this thread: ids are derived from the profile.
    messages.retain(|message| message.profile == one.profile);
    messages.sort_by_key(|message| (message.id != root, message.posted_at, message.number));
    let cut = messages.len() > THREAD_MAX;
    messages.truncate(THREAD_MAX);
    Ok(Thread { root, messages, cut })
}

/// The places of a profile, by name.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not read the profile.
pub async fn places(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<Vec<PlaceSeen>> {
    if !readable(desk, actor).await?.iter().any(|readable| readable.id == profile) {
        return Err(Error::NotFound("profile"));
    }
    store::places_of(&mut desk.db().read().await?, profile, PLACES_MAX).await
}

/// One place.
///
/// # Errors
/// [`Error::NotFound`] also when the caller may not read its profile.
pub async fn place(desk: &Desk, actor: &Actor, id: PlaceId) -> Result<PlaceSeen> {
    let readable = readable(desk, actor).await?;
    let found = store::place(&mut desk.db().read().await?, id).await?;
    found.filter(|place| readable.iter().any(|profile| profile.id == place.profile)).ok_or(Error::NotFound("place"))
}

/// What changed after change number `after`, in the order of the changes: for what is derived from messages (the index). It decides
/// nothing about rights, so it is the desk's own.
pub async fn changes(desk: &Desk, after: i64, limit: u32) -> Result<Vec<Message>> {
    store::changed_after(&mut desk.db().read().await?, after, i64::from(limit)).await
}

/// The number of the last change.
pub async fn last_change(desk: &Desk) -> Result<i64> {
    store::last_change(&mut desk.db().read().await?).await
}

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
    /// The size of the newest signed checkpoint over it; nothing when it is not signed yet.
    pub checkpoint_size: Option<i64>,
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
                Err(error) => return Err(Error::Internal(format!("the record cannot be read: {error}"))),
            };
            let stored = opened.body().map_err(|error| Error::Internal(error.to_string()))?;
            Ok(body::read(&stored.bytes).map_err(|error| error.to_string()))
        })
        .await
    }

    /// Where an entry stands.
    pub async fn position(&self, entry: i64) -> Result<Position> {
        let reader = self.0.clone();
        blocking(move || {
            let failed = |error: ReadError| Error::Internal(format!("the record cannot be read: {error}"));
            let found = reader.entry(entry.unsigned_abs()).map_err(failed)?;
            let signed = reader.checkpoint().map_err(failed)?.map(|(checkpoint, _)| checkpoint.size);
            Ok(Position {
                entry,
                stream_entry: super::record::number(found.stream_seq),
                leaf_hash: hex::encode(found.leaf_hash()),
                checkpoint_size: signed.filter(|size| *size > found.seq).map(super::record::number),
            })
        })
        .await
    }
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
        match record.captured(revision.entry).await? {
            Ok(captured) => {
                revision.text = match captured.event.what {
                    What::Posted(content) | What::Edited(content) => Some(content.text),
                    _ => None,
                };
            }
            Err(reason) => revision.unreadable = Some(reason),
        }
    }
    Ok((message, revisions))
}

/// The platform's bytes of an entry of a message, exactly as received, with their media type.
///
/// # Errors
/// As [`message`]; [`Error::NotFound`] when the entry is not one of the message's, or can no longer be read.
pub async fn raw(desk: &Desk, actor: &Actor, record: &RecordReader, id: MessageId, entry: i64) -> Result<(String, Vec<u8>)> {
    let message = message(desk, actor, id).await?;
    let known = store::revisions(&mut desk.db().read().await?, message.number, HISTORY_MAX).await?;
    if message.first_entry != Some(entry) && !known.iter().any(|revision| revision.entry == entry) {
        return Err(Error::NotFound("entry of this message"));
    }
    let captured = record.captured(entry).await?.map_err(|_| Error::NotFound("readable record"))?;
    let mut bytes = captured.event.raw.bytes;
    if captured.raw_parts > 0 {
        bytes = record.raw_parts(entry, captured.raw_parts).await?;
    }
    Ok((captured.event.raw.media_type, bytes))
}

impl RecordReader {
    /// The blob of an entry: its length and its bytes, whose reading blocks.
    pub(super) async fn blob(&self, entry: i64) -> Result<(u64, Box<dyn Read + Send>)> {
        let reader = self.0.clone();
        blocking(move || match reader.blob(entry.unsigned_abs()) {
            Ok(Some(blob)) => Ok((blob.plain_len(), Box::new(blob) as Box<dyn Read + Send>)),
            Ok(None) | Err(ReadError::Unreadable { .. }) => Err(Error::NotFound("readable attachment")),
            Err(error) => Err(Error::Internal(format!("the record cannot be read: {error}"))),
        })
        .await
    }

    /// Raw bytes that stand in records of their own, right before the entry.
    async fn raw_parts(&self, entry: i64, parts: usize) -> Result<Vec<u8>> {
        let reader = self.0.clone();
        blocking(move || {
            let failed = |error: ReadError| Error::Internal(format!("the record cannot be read: {error}"));
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
