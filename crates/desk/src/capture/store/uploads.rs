//! SQL of uploaded export files.

use networks::import::tally::Tally;

use crate::{
    capture::uploads::{Upload, UploadState},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{ImportId, JobId, ProfileId, UploadId},
};

fn read(row: &Row) -> Result<Upload> {
    let state: String = row.get("state")?;
    let tally: Option<String> = row.get("tally")?;
    let tally = tally.map(|tally| serde_json::from_str::<Tally>(&tally)).transpose();
    Ok(Upload {
        id: row.get("id")?,
        format: row.get("format")?,
        file_name: row.get("file_name")?,
        file_bytes: row.get("file_bytes")?,
        file_digest: row.get("file_digest")?,
        source: row.get("source")?,
        profile: row.get("profile_id")?,
        run: row.get("run_id")?,
        job: row.get("job_id")?,
        node: row.get("node")?,
        state: UploadState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        tally: tally.map_err(|error| corrupt("tally", error.to_string()))?,
        trouble: None,
        uploaded_by: row.get("uploaded_by")?,
        uploaded_at: row.get("uploaded_at_ms")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, upload: &Upload) -> Result<()> {
    sql("INSERT INTO uploads (id, format, file_name, file_bytes, file_digest, source, profile_id, node, state, uploaded_by, \
         uploaded_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)")
    .bind(upload.id)
    .bind(&upload.format)
    .bind(&upload.file_name)
    .bind(upload.file_bytes)
    .bind(&upload.file_digest)
    .bind(&upload.source)
    .bind(upload.profile)
    .bind(&upload.node)
    .bind(upload.state.id())
    .bind(upload.uploaded_by)
    .bind(upload.uploaded_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn get(on: &mut dyn Connection, id: UploadId) -> Result<Option<Upload>> {
    sql("SELECT * FROM uploads WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

/// The newest upload of an import.
pub(crate) async fn of_run(on: &mut dyn Connection, run: ImportId) -> Result<Option<Upload>> {
    let query = sql("SELECT * FROM uploads WHERE run_id = $1 ORDER BY uploaded_at_ms DESC, id DESC LIMIT 1").bind(run);
    query.optional(on).await?.as_ref().map(read).transpose()
}

/// Files that are there, newest first.
pub(crate) async fn present(on: &mut dyn Connection, limit: i64) -> Result<Vec<Upload>> {
    let query = sql("SELECT * FROM uploads WHERE state <> 'removed' ORDER BY uploaded_at_ms DESC, id DESC LIMIT $1").bind(limit);
    query.all(on).await?.iter().map(read).collect()
}

pub(crate) async fn set_state(tx: &mut Tx, id: UploadId, state: UploadState, job: Option<JobId>) -> Result<()> {
    sql("UPDATE uploads SET state = $2, job_id = $3 WHERE id = $1").bind(id).bind(state.id()).bind(job).execute(tx).await?;
    Ok(())
}

pub(crate) async fn begun(tx: &mut Tx, id: UploadId, profile: ProfileId, run: ImportId) -> Result<()> {
    sql("UPDATE uploads SET profile_id = $2, run_id = $3 WHERE id = $1").bind(id).bind(profile).bind(run).execute(tx).await?;
    Ok(())
}

pub(crate) async fn counted(tx: &mut Tx, id: UploadId, tally: &Tally) -> Result<()> {
    let tally = serde_json::to_string(tally).expect("texts and numbers are JSON");
    sql("UPDATE uploads SET state = 'counted', tally = $2 WHERE id = $1 AND state = 'counting'")
        .bind(id)
        .bind(tally)
        .execute(tx)
        .await?;
    Ok(())
}
