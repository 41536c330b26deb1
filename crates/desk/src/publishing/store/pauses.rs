//! SQL of the stop switch.

use super::named;
use crate::{
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PauseId, PersonId, Time},
    publishing::pauses::{Pause, PauseMode, PauseScope},
};

fn read(row: &Row) -> Result<Pause> {
    let kind: String = row.get("scope_kind")?;
    let missing = || corrupt("scope_id", "a scope without what it is about");
    let id = || -> Result<Vec<u8>> { Ok(row.get::<Option<Vec<u8>>>("scope_id")?.ok_or_else(missing)?) };
    let uuid = |bytes: Vec<u8>| uuid::Uuid::from_slice(&bytes).map_err(|_| corrupt("scope_id", "not 16 bytes long"));
    let scope = match kind.as_str() {
        "everything" => PauseScope::Everything,
        "network" => PauseScope::Network(row.get::<Option<String>>("network")?.ok_or_else(missing)?),
        "group" => PauseScope::Group(uuid(id()?)?.into()),
        "profile" => PauseScope::Profile(uuid(id()?)?.into()),
        other => return Err(corrupt("scope_kind", format!("unknown value `{other}`")).into()),
    };
    Ok(Pause {
        id: row.get("id")?,
        scope,
        mode: named(row, "mode", PauseMode::parse)?,
        reason: row.get("reason")?,
        by: row.get("paused_by")?,
        since: row.get("paused_at_ms")?,
        resumed_by: row.get("resumed_by")?,
        resumed_at: row.get("resumed_at_ms")?,
    })
}

/// Those in force, the oldest first.
pub(in crate::publishing) async fn open(on: &mut dyn Connection) -> Result<Vec<Pause>> {
    let rows = sql("SELECT * FROM publishing_pauses WHERE resumed_at_ms IS NULL ORDER BY paused_at_ms, id").all(on).await?;
    rows.iter().map(read).collect()
}

/// Those that ended, the newest first.
pub(in crate::publishing) async fn ended(on: &mut dyn Connection, limit: i64) -> Result<Vec<Pause>> {
    let rows =
        sql("SELECT * FROM publishing_pauses WHERE resumed_at_ms IS NOT NULL ORDER BY resumed_at_ms DESC, id DESC LIMIT $1")
            .bind(limit)
            .all(on)
            .await?;
    rows.iter().map(read).collect()
}

pub(in crate::publishing) async fn insert(tx: &mut Tx, pause: &Pause) -> Result<()> {
    let (id, network) = match &pause.scope {
        PauseScope::Everything => (None, None),
        PauseScope::Network(network) => (None, Some(network.clone())),
        PauseScope::Group(group) => (Some(group.bytes().to_vec()), None),
        PauseScope::Profile(profile) => (Some(profile.bytes().to_vec()), None),
    };
    sql("INSERT INTO publishing_pauses (id, scope_kind, scope_id, network, mode, reason, paused_by, paused_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)")
    .bind(pause.id)
    .bind(pause.scope.kind())
    .bind(id)
    .bind(network)
    .bind(pause.mode.id())
    .bind(&pause.reason)
    .bind(pause.by)
    .bind(pause.since)
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends one; whether it was in force.
pub(in crate::publishing) async fn resume(tx: &mut Tx, id: PauseId, by: Option<PersonId>, now: Time) -> Result<bool> {
    let ended = sql("UPDATE publishing_pauses SET resumed_by = $2, resumed_at_ms = $3 WHERE id = $1 AND resumed_at_ms IS NULL")
        .bind(id)
        .bind(by)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(ended == 1)
}
