//! SQL of attachments: what waits to be fetched, and what became of it.

use networks::event::Attachment;

use super::streams;
use crate::{
    capture::attachments::{Outcome, Pending, Settled, Which},
    db::{Connection, Query, Row, Tx, sql},
    error::Result,
    ids::{ImportId, MessageId, ProfileId, Time},
};

const COLUMNS: &str = "a.message, a.entry, a.part, a.native_id, a.file_name, a.media_type, a.bytes, a.alt, a.source, a.tries, m.id, \
                       m.profile_id FROM attachments a JOIN messages m ON m.number = a.message";

fn read(row: &Row) -> Result<Pending> {
    let which =
        Which { message: row.get("id")?, entry: row.get("entry")?, part: row.get("part")?, native_id: row.get("native_id")? };
    let attachment = Attachment {
        native_id: which.native_id.clone(),
        file_name: row.get("file_name")?,
        media_type: row.get("media_type")?,
        bytes: row.get::<Option<i64>>("bytes")?.and_then(|bytes| u64::try_from(bytes).ok()),
        alt: row.get("alt")?,
        source: row.get("source")?,
    };
    Ok(Pending { number: row.get("message")?, profile: row.get("profile_id")?, which, attachment, tries: row.get("tries")? })
}

async fn pending(on: &mut dyn Connection, query: Query) -> Result<Vec<Pending>> {
    query.all(on).await?.iter().map(read).collect()
}

/// The profiles of which something waits to be fetched from their network, and may be tried now.
pub(crate) async fn due_profiles(on: &mut dyn Connection, now: Time) -> Result<Vec<ProfileId>> {
    let rows =
        sql("SELECT DISTINCT profile_id FROM attachments WHERE state = 'pending' AND import_id IS NULL AND next_try_at_ms <= $1")
            .bind(now)
            .all(on)
            .await?;
    rows.iter().filter_map(|row| row.get("profile_id").transpose()).map(|id| Ok(id?)).collect()
}

/// What waits to be fetched from a profile's network and may be tried now, what waits longest first.
pub(crate) async fn due(on: &mut dyn Connection, profile: ProfileId, now: Time, limit: i64) -> Result<Vec<Pending>> {
    let text = format!(
        "SELECT {COLUMNS} WHERE a.state = 'pending' AND a.import_id IS NULL AND a.profile_id = $1 AND a.next_try_at_ms <= $2 \
         ORDER BY a.next_try_at_ms, a.message, a.entry, a.part LIMIT $3"
    );
    pending(on, sql(text).bind(profile).bind(now).bind(limit)).await
}

/// What waits to be read out of an import's file.
pub(crate) async fn in_file(on: &mut dyn Connection, import: ImportId, limit: i64) -> Result<Vec<Pending>> {
    let text =
        format!("SELECT {COLUMNS} WHERE a.state = 'pending' AND a.import_id = $1 ORDER BY a.message, a.entry, a.part LIMIT $2");
    pending(on, sql(text).bind(import).bind(limit)).await
}

/// Writes down what the record says of an attachment; false when the tables say so already. What is stored stays stored.
pub(crate) async fn settle(tx: &mut Tx, entry: i64, settled: &Settled) -> Result<bool> {
    let Which { message, entry: text_entry, part, .. } = settled.which;
    let (state, digest, bytes, stored, error) = match &settled.outcome {
        Outcome::Stored { sha256, bytes } => ("stored", hex::decode(sha256).ok(), Some(*bytes), Some(entry), None),
        Outcome::Missing { reason } => ("failed", None, None, None, Some(reason.as_str())),
    };
    let changed = sql("UPDATE attachments SET state = $4, digest = $5, bytes = COALESCE($6, bytes), stored_entry = $7, error = $8 \
                       WHERE message = (SELECT number FROM messages WHERE id = $1) AND entry = $2 AND part = $3 AND state <> 'stored'")
    .bind(message)
    .bind(text_entry)
    .bind(part)
    .bind(state)
    .bind(digest)
    .bind(bytes)
    .bind(stored)
    .bind(error)
    .execute(tx)
    .await?;
    if changed == 1 {
        note_change(tx, message).await?;
    }
    Ok(changed == 1)
}

/// Notes that fetching failed for now.
pub(crate) async fn postpone(tx: &mut Tx, pending: &Pending, until: Time, error: &str) -> Result<()> {
    sql("UPDATE attachments SET tries = tries + 1, next_try_at_ms = $4, error = $5 \
         WHERE message = $1 AND entry = $2 AND part = $3 AND state = 'pending'")
    .bind(pending.number)
    .bind(pending.which.entry)
    .bind(pending.which.part)
    .bind(until)
    .bind(error)
    .execute(tx)
    .await?;
    Ok(())
}

/// What was given up waits again, from now on; false for what was not, and for what an export file holds.
pub(crate) async fn again(tx: &mut Tx, message: MessageId, (entry, part): (i64, i64), now: Time) -> Result<bool> {
    let changed = sql("UPDATE attachments SET state = 'pending', tries = tries + 1, next_try_at_ms = $4, error = NULL \
                       WHERE message = (SELECT number FROM messages WHERE id = $1) AND entry = $2 AND part = $3 AND state = 'failed' \
                       AND import_id IS NULL")
    .bind(message)
    .bind(entry)
    .bind(part)
    .bind(now)
    .execute(tx)
    .await?;
    if changed == 1 {
        note_change(tx, message).await?;
    }
    Ok(changed == 1)
}

/// Gives the message the next change number: whoever follows looks at it again.
async fn note_change(tx: &mut Tx, message: MessageId) -> Result<()> {
    let change = streams::reserve(tx, 1).await?;
    sql("UPDATE messages SET changed = $2 WHERE id = $1").bind(message).bind(change).execute(tx).await?;
    Ok(())
}

/// Notes that the source names it and has no bytes to give.
pub(crate) async fn only_named(tx: &mut Tx, pending: &Pending) -> Result<()> {
    sql("UPDATE attachments SET state = 'named' WHERE message = $1 AND entry = $2 AND part = $3 AND state = 'pending'")
        .bind(pending.number)
        .bind(pending.which.entry)
        .bind(pending.which.part)
        .execute(tx)
        .await?;
    Ok(())
}
