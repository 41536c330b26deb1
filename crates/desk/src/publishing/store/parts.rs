//! SQL of the parts of a post on one profile: their keys, what the network called their files, and where they are.

use networks::outgoing::{Published, Uploaded};

use super::{json, text_of};
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{ProfileId, Time},
    publishing::model::TargetKey,
};

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::publishing) struct PartRow {
    pub part: u32,
    pub key: String,
    pub media: Vec<Uploaded>,
    pub native_id: Option<String>,
    pub permalink: Option<String>,
    pub sent_at: Option<Time>,
    pub deleted_at: Option<Time>,
}

fn read(row: &Row) -> Result<PartRow> {
    Ok(PartRow {
        part: row.get("part")?,
        key: row.get("key")?,
        media: json(row, "media")?,
        native_id: row.get("native_id")?,
        permalink: row.get("permalink")?,
        sent_at: row.get("sent_at_ms")?,
        deleted_at: row.get("deleted_at_ms")?,
    })
}

/// All of a target, in order; a part has a row once it has a key or a file on the network.
pub(in crate::publishing) async fn all(on: &mut dyn Connection, target: TargetKey) -> Result<Vec<PartRow>> {
    let rows = sql("SELECT * FROM target_parts WHERE post_id = $1 AND profile_id = $2 ORDER BY part")
        .bind(target.post)
        .bind(target.profile)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

/// A part with its key, which never changes once it is there.
pub(in crate::publishing) async fn ensure(tx: &mut Tx, target: TargetKey, part: u32, fresh: &str) -> Result<()> {
    sql("INSERT INTO target_parts (post_id, profile_id, part, key, media) VALUES ($1,$2,$3,$4,'[]') ON CONFLICT DO NOTHING")
        .bind(target.post)
        .bind(target.profile)
        .bind(part)
        .bind(fresh)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the network called a part's files so far.
pub(in crate::publishing) async fn uploaded(tx: &mut Tx, target: TargetKey, part: u32, media: &[Uploaded]) -> Result<()> {
    sql("UPDATE target_parts SET media = $4 WHERE post_id = $1 AND profile_id = $2 AND part = $3")
        .bind(target.post)
        .bind(target.profile)
        .bind(part)
        .bind(text_of(&media)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// The network forgot the files of parts that are not there.
pub(in crate::publishing) async fn forget_uploads(tx: &mut Tx, target: TargetKey) -> Result<()> {
    sql("UPDATE target_parts SET media = '[]' WHERE post_id = $1 AND profile_id = $2 AND native_id IS NULL")
        .bind(target.post)
        .bind(target.profile)
        .execute(tx)
        .await?;
    Ok(())
}

/// A part is there.
pub(in crate::publishing) async fn is_there(
    tx: &mut Tx,
    target: TargetKey,
    part: u32,
    there: &Published,
    now: Time,
) -> Result<()> {
    sql("UPDATE target_parts SET native_id = $4, revision = $5, permalink = $6, sent_at_ms = $7 \
         WHERE post_id = $1 AND profile_id = $2 AND part = $3")
    .bind(target.post)
    .bind(target.profile)
    .bind(part)
    .bind(&there.native_id)
    .bind(there.revision.clone())
    .bind(there.permalink.clone())
    .bind(there.source_time_ms.map_or(now, Time))
    .execute(tx)
    .await?;
    Ok(())
}

/// A part is gone again.
pub(in crate::publishing) async fn is_gone(tx: &mut Tx, target: TargetKey, part: u32, now: Time) -> Result<()> {
    sql("UPDATE target_parts SET deleted_at_ms = $4 WHERE post_id = $1 AND profile_id = $2 AND part = $3")
        .bind(target.post)
        .bind(target.profile)
        .bind(part)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes every part of a target that begins anew: its keys belong to what it said before.
pub(in crate::publishing) async fn remove(tx: &mut Tx, target: TargetKey) -> Result<()> {
    sql("DELETE FROM target_parts WHERE post_id = $1 AND profile_id = $2")
        .bind(target.post)
        .bind(target.profile)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a message of a profile is a part that was sent from here.
pub(in crate::publishing) async fn is_ours(on: &mut dyn Connection, profile: ProfileId, native_id: &str) -> Result<bool> {
    let row = sql("SELECT 1 AS found FROM target_parts WHERE profile_id = $1 AND native_id = $2 LIMIT 1")
        .bind(profile)
        .bind(native_id)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// Whether an attempt on a profile has not come to its end: what comes in from there may be its effect.
pub(in crate::publishing) async fn any_open(on: &mut dyn Connection, profile: ProfileId) -> Result<bool> {
    let row =
        sql("SELECT 1 AS found FROM targets WHERE profile_id = $1 AND (state = 'sending' OR held_for = 'uncertain') LIMIT 1")
            .bind(profile)
            .optional(on)
            .await?;
    Ok(row.is_some())
}
