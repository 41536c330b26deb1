//! SQL of the outboxes: the audit log's cursor, and what publishing and approvals put on record.

use super::outbox_entry::{OnRecord, RecordEntry};
use crate::{
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PostId, RecordEntryId, Time},
};

/// The newest audit entry that is in the ledger; 0 when none is.
pub(super) async fn shipped(on: &mut dyn Connection) -> Result<i64> {
    let row = sql("SELECT value FROM counters WHERE name = 'ledger_outbox'").one(on).await?;
    Ok(row.get("value")?)
}

/// Moves the cursor forward, never back.
pub(super) async fn advance(tx: &mut Tx, seq: i64) -> Result<()> {
    sql("UPDATE counters SET value = $1 WHERE name = 'ledger_outbox' AND value < $1").bind(seq).execute(tx).await?;
    Ok(())
}

/// Takes the next `count` numbers and answers with the last of them. Holds the counter until the transaction ends.
pub(super) async fn reserve(tx: &mut Tx, count: usize) -> Result<i64> {
    let count = i64::try_from(count).expect("an act has few entries");
    let row =
        sql("UPDATE counters SET value = value + $1 WHERE name = 'record_outbox' RETURNING value").bind(count).one(tx).await?;
    Ok(row.get("value")?)
}

pub(super) async fn insert_entry(tx: &mut Tx, seq: i64, id: RecordEntryId, entry: &RecordEntry, now: Time) -> Result<()> {
    sql("INSERT INTO record_outbox (seq, id, kind, post_id, profile_id, at_ms, gates, body) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)")
        .bind(seq)
        .bind(id)
        .bind(entry.kind)
        .bind(entry.post)
        .bind(entry.profile)
        .bind(now)
        .bind(entry.gates)
        .bind(entry.body.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<OnRecord> {
    let body: String = row.get("body")?;
    Ok(OnRecord {
        seq: row.get("seq")?,
        id: row.get("id")?,
        kind: row.get("kind")?,
        post: row.get("post_id")?,
        profile: row.get("profile_id")?,
        at: row.get("at_ms")?,
        body: serde_json::from_str(&body).map_err(|error| corrupt("body", error.to_string()))?,
        entry: row.get("entry")?,
    })
}

/// The newest entry that is in the ledger; 0 when none is.
pub(super) async fn entries_shipped(on: &mut dyn Connection) -> Result<i64> {
    let row = sql("SELECT value FROM counters WHERE name = 'record_outbox_shipped'").one(on).await?;
    Ok(row.get("value")?)
}

pub(super) async fn entries_after(on: &mut dyn Connection, seq: i64, limit: u32) -> Result<Vec<OnRecord>> {
    let rows = sql("SELECT * FROM record_outbox WHERE seq > $1 ORDER BY seq LIMIT $2").bind(seq).bind(limit).all(on).await?;
    rows.iter().map(read).collect()
}

/// Notes where entries stand in the ledger, and moves the cursor forward, never back.
pub(super) async fn entries_are_at(tx: &mut Tx, places: &[(i64, i64)]) -> Result<()> {
    for &(seq, entry) in places {
        sql("UPDATE record_outbox SET entry = $2 WHERE seq = $1").bind(seq).bind(entry).execute(tx).await?;
    }
    if let Some((last, _)) = places.last() {
        sql("UPDATE counters SET value = $1 WHERE name = 'record_outbox_shipped' AND value < $1").bind(*last).execute(tx).await?;
    }
    Ok(())
}

pub(super) async fn waits(on: &mut dyn Connection, post: PostId) -> Result<bool> {
    let row = sql("SELECT 1 AS found FROM record_outbox WHERE post_id = $1 AND gates = TRUE AND entry IS NULL LIMIT 1")
        .bind(post)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

pub(super) async fn entries_of(on: &mut dyn Connection, post: PostId, limit: i64) -> Result<Vec<OnRecord>> {
    let rows = sql("SELECT * FROM record_outbox WHERE post_id = $1 ORDER BY seq LIMIT $2").bind(post).bind(limit).all(on).await?;
    rows.iter().map(read).collect()
}
