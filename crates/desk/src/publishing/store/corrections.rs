//! SQL of corrections: changes and deletions of what was published.

use super::named;
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{CorrectionId, HolderId, PostId, Time},
    publishing::{
        corrections::{Correction, CorrectionKind, CorrectionState},
        model::TargetKey,
    },
};

fn read(row: &Row) -> Result<Correction> {
    Ok(Correction {
        id: row.get("id")?,
        target: TargetKey { post: row.get("post_id")?, profile: row.get("profile_id")? },
        kind: named(row, "kind", CorrectionKind::parse)?,
        part: row.get("part")?,
        version: row.get::<Option<i64>>("version")?.and_then(|version| u32::try_from(version).ok()),
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        asked_at: row.get("asked_at_ms")?,
        state: named(row, "state", CorrectionState::parse)?,
        tries: row.get("tries")?,
        ended_at: row.get("ended_at_ms")?,
        message: row.get("message")?,
    })
}

pub(in crate::publishing) async fn insert(tx: &mut Tx, new: &Correction, due: Option<Time>) -> Result<()> {
    sql("INSERT INTO corrections (id, post_id, profile_id, kind, part, version, reason, asked_by, asked_at_ms, state, tries, due_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,0,$11)")
    .bind(new.id)
    .bind(new.target.post)
    .bind(new.target.profile)
    .bind(new.kind.id())
    .bind(new.part)
    .bind(new.version)
    .bind(&new.reason)
    .bind(new.asked_by)
    .bind(new.asked_at)
    .bind(new.state.id())
    .bind(due)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::publishing) async fn of_post(on: &mut dyn Connection, post: PostId) -> Result<Vec<Correction>> {
    let rows = sql("SELECT * FROM corrections WHERE post_id = $1 ORDER BY asked_at_ms, id").bind(post).all(on).await?;
    rows.iter().map(read).collect()
}

pub(in crate::publishing) async fn lock(tx: &mut Tx, id: CorrectionId) -> Result<Option<Correction>> {
    let text = format!("SELECT * FROM corrections WHERE id = $1 {}", tx.for_update());
    sql(text).bind(id).optional(tx).await?.as_ref().map(read).transpose()
}

/// Those that were waiting for a version to be cleared may be made now; or never, when it will not be.
pub(in crate::publishing) async fn version_is(
    tx: &mut Tx,
    post: PostId,
    version: Option<u32>,
    state: CorrectionState,
    due: Option<Time>,
    message: Option<&str>,
    now: Time,
) -> Result<()> {
    let (condition, number) = match version {
        Some(number) => (" AND version = $6", i64::from(number)),
        None => (" AND version >= $6", 0),
    };
    let text = format!(
        "UPDATE corrections SET state = $2, due_ms = $3, message = $4, ended_at_ms = $5 WHERE post_id = $1 AND state = 'waiting'{condition}"
    );
    sql(text)
        .bind(post)
        .bind(state.id())
        .bind(due)
        .bind(message.map(str::to_owned))
        .bind(due.is_none().then_some(now))
        .bind(number)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::publishing) async fn due(tx: &mut Tx, now: Time, limit: i64) -> Result<Vec<CorrectionId>> {
    let text = format!(
        "SELECT id FROM corrections WHERE due_ms IS NOT NULL AND due_ms <= $1 ORDER BY due_ms LIMIT $2 {}",
        tx.skip_locked()
    );
    let rows = sql(text).bind(now).bind(limit).all(tx).await?;
    rows.iter().map(|row| Ok(row.get("id")?)).collect()
}

pub(in crate::publishing) async fn next_due(on: &mut dyn Connection) -> Result<Option<Time>> {
    Ok(sql("SELECT MIN(due_ms) AS due FROM corrections WHERE due_ms IS NOT NULL").one(on).await?.get("due")?)
}

/// One more try begins; the next not before `due`.
pub(in crate::publishing) async fn begin(tx: &mut Tx, id: CorrectionId, holder: HolderId, due: Time) -> Result<()> {
    sql("UPDATE corrections SET state = 'under_way', holder = $2, tries = tries + 1, due_ms = $3 WHERE id = $1")
        .bind(id)
        .bind(holder)
        .bind(due)
        .execute(tx)
        .await?;
    Ok(())
}

/// Nobody looks at it before this moment.
pub(in crate::publishing) async fn postpone(tx: &mut Tx, id: CorrectionId, due: Time, message: Option<&str>) -> Result<()> {
    sql("UPDATE corrections SET due_ms = $2, message = $3 WHERE id = $1")
        .bind(id)
        .bind(due)
        .bind(message.map(str::to_owned))
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::publishing) async fn end(
    tx: &mut Tx,
    id: CorrectionId,
    state: CorrectionState,
    message: Option<&str>,
    now: Time,
) -> Result<()> {
    sql("UPDATE corrections SET state = $2, message = $3, ended_at_ms = $4, due_ms = NULL WHERE id = $1")
        .bind(id)
        .bind(state.id())
        .bind(message.map(str::to_owned))
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}
