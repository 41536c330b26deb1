//! SQL of submitted versions: inserted and read, never changed.

use super::{json, named, text_of};
use crate::{
    approvals::{ContentDigest, Hand},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::PostId,
    publishing::post::Version,
};

fn read(row: &Row) -> Result<Version> {
    let digest: Vec<u8> = row.get("digest")?;
    Ok(Version {
        number: row.get("number")?,
        draft: json(row, "draft")?,
        slot: row.get("slot_ms")?,
        zone: row.get("slot_zone")?,
        digest: ContentDigest(digest.try_into().map_err(|_| corrupt("digest", "not 32 bytes long"))?),
        findings: json(row, "findings")?,
        made_by: row.get("made_by")?,
        hand: named(row, "hand", Hand::parse)?,
        made_at: row.get("made_at_ms")?,
    })
}

pub(in crate::publishing) async fn insert(tx: &mut Tx, post: PostId, version: &Version) -> Result<()> {
    sql("INSERT INTO post_versions (post_id, number, draft, slot_ms, slot_zone, digest, findings, made_by, hand, made_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)")
    .bind(post)
    .bind(version.number)
    .bind(text_of(&version.draft)?)
    .bind(version.slot)
    .bind(&version.zone)
    .bind(version.digest.0)
    .bind(text_of(&version.findings)?)
    .bind(version.made_by)
    .bind(version.hand.id())
    .bind(version.made_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::publishing) async fn get(on: &mut dyn Connection, post: PostId, number: u32) -> Result<Option<Version>> {
    let row = sql("SELECT * FROM post_versions WHERE post_id = $1 AND number = $2").bind(post).bind(number).optional(on).await?;
    row.as_ref().map(read).transpose()
}

/// All of a post, oldest first.
pub(in crate::publishing) async fn all(on: &mut dyn Connection, post: PostId) -> Result<Vec<Version>> {
    let rows = sql("SELECT * FROM post_versions WHERE post_id = $1 ORDER BY number").bind(post).all(on).await?;
    rows.iter().map(read).collect()
}
