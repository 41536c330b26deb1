//! SQL of imports.

use networks::import::Refused;

use crate::{
    capture::imports::{ImportRun, ImportState, NewImport},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{ImportId, PersonId, ProfileId, Time},
};

fn read(row: &Row) -> Result<ImportRun> {
    let state: String = row.get("state")?;
    Ok(ImportRun {
        id: row.get("id")?,
        profile: row.get("profile_id")?,
        format: row.get("format")?,
        file_name: row.get("file_name")?,
        file_bytes: row.get("file_bytes")?,
        file_digest: row.get("file_digest")?,
        state: ImportState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        position: row.get("position")?,
        recorded: row.get("recorded")?,
        duplicates: row.get("duplicates")?,
        refused: row.get("refused")?,
        started_by: row.get("started_by")?,
        started_at: row.get("started_at_ms")?,
        finished_at: row.get("finished_at_ms")?,
        error: row.get("error")?,
    })
}

pub(crate) async fn insert(
    tx: &mut Tx,
    id: ImportId,
    profile: ProfileId,
    new: &NewImport,
    next_entry: i64,
    by: Option<PersonId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO import_runs (id, profile_id, format, file_name, file_bytes, file_digest, state, position, recorded, duplicates, \
         refused, next_entry, started_by, started_at_ms) VALUES ($1,$2,$3,$4,$5,$6,'running',0,0,0,0,$7,$8,$9)")
    .bind(id)
    .bind(profile)
    .bind(&new.format)
    .bind(&new.file_name)
    .bind(new.file_bytes)
    .bind(new.file_digest)
    .bind(next_entry)
    .bind(by)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn get(on: &mut dyn Connection, id: ImportId) -> Result<Option<ImportRun>> {
    sql("SELECT * FROM import_runs WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

pub(crate) async fn unfinished(
    on: &mut dyn Connection,
    profile: ProfileId,
    format: &str,
    digest: &[u8; 32],
) -> Result<Option<ImportRun>> {
    sql("SELECT * FROM import_runs WHERE profile_id = $1 AND format = $2 AND file_digest = $3 AND state <> 'done' \
         ORDER BY started_at_ms DESC LIMIT 1")
    .bind(profile)
    .bind(format)
    .bind(*digest)
    .optional(on)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

pub(crate) async fn newest(on: &mut dyn Connection, limit: i64) -> Result<Vec<ImportRun>> {
    sql("SELECT * FROM import_runs ORDER BY started_at_ms DESC, id DESC LIMIT $1")
        .bind(limit)
        .all(on)
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(crate) async fn next_entry(on: &mut dyn Connection, id: ImportId) -> Result<Option<i64>> {
    let row = sql("SELECT next_entry FROM import_runs WHERE id = $1").bind(id).optional(on).await?;
    Ok(row.map(|row| row.get("next_entry")).transpose()?)
}

pub(crate) async fn advance(
    tx: &mut Tx,
    id: ImportId,
    recorded: i64,
    duplicates: i64,
    refused: i64,
    next_entry: i64,
) -> Result<()> {
    sql("UPDATE import_runs SET position = position + $2, recorded = recorded + $3, duplicates = duplicates + $4, \
         refused = refused + $5, next_entry = $6, state = 'running' WHERE id = $1")
    .bind(id)
    .bind(recorded + duplicates + refused)
    .bind(recorded)
    .bind(duplicates)
    .bind(refused)
    .bind(next_entry)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn add_refusal(tx: &mut Tx, id: ImportId, item: i64, place: &str, reason: &str) -> Result<()> {
    sql("INSERT INTO import_refusals (run_id, item, place, reason) VALUES ($1,$2,$3,$4)")
        .bind(id)
        .bind(item)
        .bind(place)
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn finish(tx: &mut Tx, id: ImportId, state: ImportState, error: Option<&str>, now: Time) -> Result<()> {
    sql("UPDATE import_runs SET state = $2, error = $3, finished_at_ms = $4 WHERE id = $1")
        .bind(id)
        .bind(state.id())
        .bind(error)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn refusals(on: &mut dyn Connection, id: ImportId, from: i64, limit: i64) -> Result<Vec<(i64, Refused)>> {
    let rows = sql("SELECT item, place, reason FROM import_refusals WHERE run_id = $1 AND item >= $2 ORDER BY item LIMIT $3")
        .bind(id)
        .bind(from)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(|row| Ok((row.get("item")?, Refused { place: row.get("place")?, reason: row.get("reason")? }))).collect()
}
