//! Reading what was captured, as it stands now: the stream, a thread, a message, what changed.
//!
//! Invariant: every reading begins with the profiles that the caller may read ([`Operation::MessagesRead`]); what is on others does not exist,
//! not even as a count. Only the numbers of changes, which are one row for all profiles, have gaps where something happened on others.

use std::collections::{BTreeSet, HashSet};

use super::{
    masking::is_covered,
    model::{Message, PlaceSeen, StreamFilter, StreamPage, Thread},
    naming::Naming,
    store::reading as store,
};
use crate::{
    act::Object,
    actor::{Actor, Principal},
    db::Connection,
    desk::Desk,
    error::{Error, Invalid, Refusal, Result},
    ids::{MessageId, PlaceId, ProfileId},
    profiles::{self, Profile},
    rights::{Operation, Target, decide, within_scope},
};

/// Messages of a stream's page at most.
pub const STREAM_PAGE_MAX: u32 = 200;
/// Messages of a thread that are shown.
pub const THREAD_MAX: usize = 500;
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
    within_scope(actor, Operation::MessagesRead)?;
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
    let mut reader = desk.db().read().await?;
    let mut changed = store::changes_after(&mut reader, after, i64::from(limit)).await?;
    let last = changed.last().map_or(after, |change| change.changed);
    changed.retain(|change| readable.contains(&change.profile) && filter.place.is_none_or(|wanted| wanted == change.place));
    let numbers: Vec<_> = changed.iter().map(|change| change.number).collect();
    let mut messages = store::by_number(&mut reader, &numbers).await?;
    // One that changed again between the two readings is told of here, as it stands, and once more at its new place.
    messages.sort_by_key(|message| message.changed);
    Ok((messages, last))
}

/// One message, for somebody who will see what is masked in it. The reason and the kinds that were covered go on record, before.
///
/// # Errors
/// As [`message`]; [`Error::Invalid`] without a reason.
pub async fn unmask(desk: &Desk, actor: &Actor, id: MessageId, reason: &str) -> Result<Message> {
    let message = message(desk, actor, id).await?;
    unmasked(desk, actor, &message, reason).await?;
    Ok(message)
}

/// Puts on record that somebody sees what is masked in a message, and why.
pub(super) async fn unmasked(desk: &Desk, actor: &Actor, message: &Message, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Invalid::field("reason", format!("say why, in up to {REASON_MAX} characters; it goes on record")));
    }
    let mut act = desk.act(actor, Operation::MessageUnmask, Target::Workspace).await?;
    let kinds: BTreeSet<_> =
        message.findings.iter().filter(|finding| is_covered(finding)).map(|finding| finding.kind.clone()).collect();
    act.record(Object::new("message", message.id))
        .detail("profile", message.profile.to_string())
        .detail("kinds", kinds.into_iter().collect::<Vec<_>>())
        .detail("reason", reason);
    act.commit().await
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

/// Whether a message of a profile was captured, by the network's id of it. It decides nothing about rights: part of other acts.
pub(crate) async fn is_captured(desk: &Desk, on: &mut dyn Connection, profile: ProfileId, native_id: &str) -> Result<bool> {
    let id = Naming::new(desk.sealer(), profile).message(native_id);
    Ok(!store::by_id(on, &[id]).await?.is_empty())
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

/// What changed after change number `after`, in the order of the changes: for what is derived from what messages say (the index). Without
/// reactions and counts of replies. It decides nothing about rights, so it is the desk's own.
pub async fn changes(desk: &Desk, after: i64, limit: u32) -> Result<Vec<Message>> {
    store::changed_after(&mut desk.db().read().await?, after, i64::from(limit)).await
}

/// The number of the last change.
pub async fn last_change(desk: &Desk) -> Result<i64> {
    store::last_change(&mut desk.db().read().await?).await
}
