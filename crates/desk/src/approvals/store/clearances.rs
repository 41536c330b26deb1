//! SQL of clearances.

use crate::{
    approvals::{clearance::Clearance, model::ContentDigest},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PostId, Time},
};

/// Reads a digest.
pub(in crate::approvals) fn digest(row: &Row, column: &str) -> Result<ContentDigest> {
    let bytes: Vec<u8> = row.get(column)?;
    Ok(ContentDigest(bytes.try_into().map_err(|_| corrupt(column, "a digest is not 32 bytes long"))?))
}

pub(in crate::approvals) async fn put(tx: &mut Tx, clearance: &Clearance) -> Result<()> {
    sql("INSERT INTO clearances (post_id, version, digest, from_ms, until_ms, how, submission_id, cleared_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (post_id, version) DO UPDATE SET digest = excluded.digest, \
         from_ms = excluded.from_ms, until_ms = excluded.until_ms, how = excluded.how, submission_id = excluded.submission_id, \
         cleared_at_ms = excluded.cleared_at_ms, voided_at_ms = NULL")
    .bind(clearance.post)
    .bind(clearance.version)
    .bind(clearance.cleared.digest().0)
    .bind(clearance.cleared.from())
    .bind(clearance.cleared.until())
    .bind(clearance.how.id())
    .bind(clearance.submission)
    .bind(clearance.at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::approvals) async fn in_force(
    on: &mut dyn Connection,
    post: PostId,
    version: u32,
) -> Result<Option<(ContentDigest, Time, Time)>> {
    sql("SELECT digest, from_ms, until_ms FROM clearances WHERE post_id = $1 AND version = $2 AND voided_at_ms IS NULL")
        .bind(post)
        .bind(version)
        .optional(on)
        .await?
        .map(|row| Ok((digest(&row, "digest")?, row.get("from_ms")?, row.get("until_ms")?)))
        .transpose()
}

/// Voids what was cleared of a post but for this content; everything when none is named.
pub(in crate::approvals) async fn void(tx: &mut Tx, post: PostId, keep: Option<ContentDigest>, now: Time) -> Result<u64> {
    let query = match keep {
        Some(digest) => {
            sql("UPDATE clearances SET voided_at_ms = $2 WHERE post_id = $1 AND voided_at_ms IS NULL AND digest <> $3")
                .bind(post)
                .bind(now)
                .bind(digest.0)
        }
        None => sql("UPDATE clearances SET voided_at_ms = $2 WHERE post_id = $1 AND voided_at_ms IS NULL").bind(post).bind(now),
    };
    Ok(query.execute(tx).await?)
}
