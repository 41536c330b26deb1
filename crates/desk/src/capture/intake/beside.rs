//! What goes beside the events of a lot: gaps and heartbeats on record, cursors and books in the tables.
//!
//! Invariant: a gap that comes twice is on record once; a cursor moves in the transaction that makes its messages visible.

use ledger::engine::{AppendError, Ledger, NewEntry, Pending};
use networks::network::Gap;
use uuid::Uuid;

use super::{
    super::{
        imports,
        model::GapSeen,
        naming::Naming,
        notes::{Made, Note},
        record::{Appended, Fresh, number, refused, stream_of},
        store,
    },
    Then,
};
use crate::{
    db::Tx,
    desk::Desk,
    error::Result,
    ids::{ProfileId, Time},
};

/// Gaps with their positions, and when the heartbeat was.
type Noted = (Vec<(i64, Note)>, Option<Time>);

/// Puts gaps and the heartbeat of a lot on record. A gap's record is named after all that is known of it and the cursor it came with, so
/// that a lot that comes twice leaves it once.
pub(super) fn append_notes(
    desk: &Desk,
    ledger: &Ledger,
    profile: ProfileId,
    (gaps, late): (Vec<Gap>, Vec<Gap>),
    then: &Then,
    now: Time,
    appended: &mut Appended,
) -> Result<Noted> {
    let cursor = match then {
        Then::Cursor(cursor) | Then::Beat(cursor) | Then::BackFill(Some(cursor)) => Some(cursor.0.as_str()),
        Then::Nothing | Then::BackFill(None) | Then::Import(_) => None,
    };
    let mut naming = Naming::new(desk.sealer(), profile);
    let mut noted = Vec::new();
    let open = gaps.into_iter().map(|gap| Note::gap(gap, Made::Open));
    for note in open.chain(late.into_iter().map(|gap| Note::gap(gap, Made::UpFor))) {
        let name = format!("gap:{}:{}", serde_json::to_string(&note).unwrap_or_default(), cursor.unwrap_or_default());
        let entry = note.entry(naming.part(Uuid::from(profile), &name), stream_of(profile), now.0);
        if let Some(seq) = put(ledger, entry, appended)? {
            noted.push((seq, note));
        }
    }
    let mut beat_at = None;
    if let Then::Beat(cursor) = then {
        let note = Note::Heartbeat { cursor: Some(cursor.0.clone()) };
        put(ledger, note.entry(desk.fresh(), stream_of(profile), now.0), appended)?;
        beat_at = Some(now);
    }
    Ok((noted, beat_at))
}

/// Puts one note on record; its position, unless it was there before.
fn put(ledger: &Ledger, entry: NewEntry, appended: &mut Appended) -> Result<Option<i64>> {
    match ledger.append(entry).and_then(Pending::wait) {
        Ok(receipt) if receipt.repeated => Ok(None),
        Ok(receipt) => {
            appended.reach.add(number(receipt.stream_seq));
            Ok(Some(number(receipt.seq)))
        }
        Err(AppendError::Conflict { .. }) => Ok(None),
        Err(error) => Err(refused(&error)),
    }
}

/// Puts what moves with a lot where it has moved to.
pub(super) async fn settle(tx: &mut Tx, profile: ProfileId, then: Then, order: &[Fresh], now: Time) -> Result<()> {
    match then {
        Then::Nothing => Ok(()),
        Then::Cursor(cursor) | Then::Beat(cursor) => store::streams::set_cursor(tx, profile, &cursor.0).await,
        Then::BackFill(Some(cursor)) => store::streams::set_back_fill(tx, profile, Some("running"), Some(&cursor.0), now).await,
        Then::BackFill(None) => store::streams::set_back_fill(tx, profile, Some("done"), None, now).await,
        Then::Import(step) => imports::advance(tx, step, order).await,
    }
}

pub(super) async fn add_gap(tx: &mut Tx, profile: ProfileId, entry: i64, note: &Note, now: Time) -> Result<()> {
    let Note::Gap { place, from_ms, until_ms, reason, made } = note.clone() else { return Ok(()) };
    let back_filled_at = (made == Made::UpFor).then_some(now);
    let gap = GapSeen { entry, place, from_ms, until_ms, reason, noted_at: now, back_filled_at };
    store::streams::add_gap(tx, profile, &gap).await
}
