//! SQL of posts that were not sent from here. kind: candidate (not decided yet) or alert.

use crate::{
    capture::Message,
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{MessageId, PersonId, Time},
    publishing::foreign::ForeignPost,
};

fn read(row: &Row) -> Result<ForeignPost> {
    Ok(ForeignPost {
        message: row.get("message_id")?,
        profile: row.get("profile_id")?,
        native_id: row.get("native_id")?,
        message_number: row.get("message_number")?,
        entry: row.get("entry")?,
        posted_at: row.get("posted_at_ms")?,
        found_at: row.get("found_at_ms")?,
        seen_by: row.get("seen_by")?,
        seen_at: row.get("seen_at_ms")?,
        note: row.get("note")?,
    })
}

/// The last change of capture that was looked at.
pub(in crate::publishing) async fn cursor(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT value FROM counters WHERE name = 'foreign_posts'").one(on).await?.get("value")?)
}

/// Moves the cursor forward, never back.
pub(in crate::publishing) async fn advance(tx: &mut Tx, change: i64) -> Result<()> {
    sql("UPDATE counters SET value = $1 WHERE name = 'foreign_posts' AND value < $1").bind(change).execute(tx).await?;
    Ok(())
}

pub(in crate::publishing) async fn insert(tx: &mut Tx, message: &Message, now: Time) -> Result<()> {
    sql("INSERT INTO foreign_posts (message_id, profile_id, native_id, message_number, entry, posted_at_ms, found_at_ms, kind) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,'candidate') ON CONFLICT DO NOTHING")
    .bind(message.id)
    .bind(message.profile)
    .bind(&message.native_id)
    .bind(message.number)
    .bind(message.first_entry)
    .bind(message.posted_at)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::publishing) async fn candidates(on: &mut dyn Connection, limit: i64) -> Result<Vec<ForeignPost>> {
    let rows = sql("SELECT * FROM foreign_posts WHERE kind = 'candidate' ORDER BY found_at_ms, message_id LIMIT $1")
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

/// It was sent from here after all. Its row stays, so that a later change of it does not make it a candidate again.
pub(in crate::publishing) async fn drop_candidate(tx: &mut Tx, message: MessageId) -> Result<()> {
    sql("UPDATE foreign_posts SET kind = 'ours' WHERE message_id = $1 AND kind = 'candidate'").bind(message).execute(tx).await?;
    Ok(())
}

/// It was not; whether this was not known before.
pub(in crate::publishing) async fn confirm(tx: &mut Tx, message: MessageId, now: Time) -> Result<bool> {
    let changed = sql("UPDATE foreign_posts SET kind = 'alert', found_at_ms = $2 WHERE message_id = $1 AND kind = 'candidate'")
        .bind(message)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

pub(in crate::publishing) async fn open(on: &mut dyn Connection) -> Result<i64> {
    let row = sql("SELECT COUNT(*) AS n FROM foreign_posts WHERE kind = 'alert' AND seen_at_ms IS NULL").one(on).await?;
    Ok(row.get("n")?)
}

pub(in crate::publishing) async fn confirmed(on: &mut dyn Connection, with_seen: bool, limit: i64) -> Result<Vec<ForeignPost>> {
    let seen = if with_seen { "" } else { " AND seen_at_ms IS NULL" };
    let text = format!("SELECT * FROM foreign_posts WHERE kind = 'alert'{seen} ORDER BY found_at_ms DESC, message_id LIMIT $1");
    let rows = sql(text).bind(limit).all(on).await?;
    rows.iter().map(read).collect()
}

pub(in crate::publishing) async fn get(on: &mut dyn Connection, message: MessageId) -> Result<Option<ForeignPost>> {
    let row = sql("SELECT * FROM foreign_posts WHERE message_id = $1 AND kind = 'alert'").bind(message).optional(on).await?;
    row.as_ref().map(read).transpose()
}

pub(in crate::publishing) async fn seen(
    tx: &mut Tx,
    message: MessageId,
    by: Option<PersonId>,
    note: &str,
    now: Time,
) -> Result<bool> {
    let changed = sql("UPDATE foreign_posts SET seen_by = $2, seen_at_ms = $3, note = $4 \
                       WHERE message_id = $1 AND kind = 'alert' AND seen_at_ms IS NULL")
    .bind(message)
    .bind(by)
    .bind(now)
    .bind(note)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}
