//! SQL of single-use links.

use super::{EndedAccess, Link, LinkKind, PendingLink};
use crate::{
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{LinkId, PersonId, Time},
};

pub(super) async fn revoke_links(tx: &mut Tx, person: PersonId, now: Time) -> Result<u64> {
    Ok(sql("UPDATE links SET revoked_at_ms = $2 WHERE person_id = $1 AND used_at_ms IS NULL AND revoked_at_ms IS NULL")
        .bind(person)
        .bind(now)
        .execute(tx)
        .await?)
}

pub(super) async fn has_proof(on: &mut dyn Connection, person: PersonId) -> Result<bool> {
    let found = sql("SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM passwords WHERE person_id = $1) \
                     OR EXISTS (SELECT 1 FROM passkeys WHERE person_id = $1)")
    .bind(person)
    .optional(on)
    .await?;
    Ok(found.is_some())
}

#[expect(clippy::too_many_arguments, reason = "one argument a column")]
pub(super) async fn insert_link(
    tx: &mut Tx,
    id: LinkId,
    kind: LinkKind,
    hash: &[u8; 32],
    person: PersonId,
    by: Option<PersonId>,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    sql("INSERT INTO links (id, kind, token_hash, person_id, created_by, created_at_ms, expires_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(id)
        .bind(kind.id())
        .bind(*hash)
        .bind(person)
        .bind(by)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(())
}

fn read_link(row: &Row) -> Result<Link> {
    let kind: String = row.get("kind")?;
    Ok(Link {
        id: row.get("id")?,
        kind: LinkKind::parse(&kind).ok_or_else(|| corrupt("kind", format!("unknown link `{kind}`")))?,
        person: row.get("person_id")?,
        expires_at: row.get("expires_at_ms")?,
    })
}

/// The link with this hash, when it works at this moment.
pub(super) async fn link_by_hash(on: &mut dyn Connection, hash: &[u8; 32], now: Time) -> Result<Option<Link>> {
    sql("SELECT id, kind, person_id, expires_at_ms FROM links \
         WHERE token_hash = $1 AND used_at_ms IS NULL AND revoked_at_ms IS NULL AND expires_at_ms > $2")
    .bind(*hash)
    .bind(now)
    .optional(on)
    .await?
    .as_ref()
    .map(read_link)
    .transpose()
}

/// Uses a link up; false when it was used, revoked or has expired meanwhile.
pub(super) async fn use_link(tx: &mut Tx, id: LinkId, now: Time) -> Result<bool> {
    let changed = sql("UPDATE links SET used_at_ms = $2 \
                       WHERE id = $1 AND used_at_ms IS NULL AND revoked_at_ms IS NULL AND expires_at_ms > $2")
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(changed > 0)
}

/// Revokes a pending link and answers whose it was.
pub(super) async fn revoke_link(tx: &mut Tx, id: LinkId, now: Time) -> Result<Option<PersonId>> {
    let row = sql(
        "UPDATE links SET revoked_at_ms = $2 WHERE id = $1 AND used_at_ms IS NULL AND revoked_at_ms IS NULL RETURNING person_id",
    )
    .bind(id)
    .bind(now)
    .optional(tx)
    .await?;
    Ok(row.map(|row| row.get("person_id")).transpose()?)
}

pub(super) async fn pending_links(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<Vec<PendingLink>> {
    sql("SELECT id, kind, created_at_ms, expires_at_ms FROM links \
         WHERE person_id = $1 AND used_at_ms IS NULL AND revoked_at_ms IS NULL AND expires_at_ms > $2 ORDER BY id")
    .bind(person)
    .bind(now)
    .all(on)
    .await?
    .iter()
    .map(|row| {
        let kind: String = row.get("kind")?;
        Ok(PendingLink {
            id: row.get("id")?,
            kind: LinkKind::parse(&kind).ok_or_else(|| corrupt("kind", format!("unknown link `{kind}`")))?,
            created_at: row.get("created_at_ms")?,
            expires_at: row.get("expires_at_ms")?,
        })
    })
    .collect()
}

/// Removes links that ended before `kept_since`, at most `limit` of them.
pub(super) async fn delete_old_links(tx: &mut Tx, kept_since: Time, limit: i64) -> Result<u64> {
    Ok(sql("DELETE FROM links WHERE id IN (SELECT id FROM links WHERE expires_at_ms < $1 LIMIT $2)")
        .bind(kept_since)
        .bind(limit)
        .execute(tx)
        .await?)
}

/// Ends all sessions, tokens, links and ceremonies of the workspace.
pub(super) async fn end_everything(tx: &mut Tx, now: Time) -> Result<EndedAccess> {
    sql("DELETE FROM ceremonies").execute(tx).await?;
    let sessions = sql("UPDATE sessions SET ended_at_ms = $1, end_reason = 'restored' WHERE ended_at_ms IS NULL")
        .bind(now)
        .execute(tx)
        .await?;
    let tokens = sql("UPDATE api_tokens SET revoked_at_ms = $1 WHERE revoked_at_ms IS NULL").bind(now).execute(tx).await?;
    let links = sql("UPDATE links SET revoked_at_ms = $1 WHERE used_at_ms IS NULL AND revoked_at_ms IS NULL")
        .bind(now)
        .execute(tx)
        .await?;
    Ok(EndedAccess { sessions, tokens, links })
}
