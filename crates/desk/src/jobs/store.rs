//! SQL of the jobs and their schedules.

use super::model::{Job, JobFilter, JobState, KindCounts, Lease};
use crate::{
    db::{Connection, DbError, Query, Result, Row, Tx, Value, corrupt, sql},
    ids::{JobId, Time},
    paging::{Page, PageRequest},
};

const COLUMNS: &str = "id, kind, dedupe_key, state, run_at_ms, attempts, attempts_max, lease_owner, lease_until_ms, lease_epoch, \
                       cancel_requested, progress_done, progress_total, last_error, created_at_ms, started_at_ms, finished_at_ms";

/// Writes a new job, unless one of its kind with the same dedupe key waits or runs. Answers whether it was written.
pub(super) async fn insert(tx: &mut Tx, job: &Job, payload: &str) -> Result<bool> {
    let written = sql("INSERT INTO jobs (id, kind, dedupe_key, payload, state, run_at_ms, attempts, attempts_max, lease_epoch, \
                       cancel_requested, created_at_ms) VALUES ($1, $2, $3, $4, 'queued', $5, 0, $6, 0, FALSE, $7) \
                       ON CONFLICT (kind, dedupe_key) WHERE dedupe_key IS NOT NULL AND state IN ('queued', 'running') DO NOTHING")
    .bind(job.id)
    .bind(&job.kind)
    .bind(job.dedupe_key.clone())
    .bind(payload)
    .bind(job.run_at_ms)
    .bind(job.attempts_max)
    .bind(job.created_at_ms)
    .execute(tx)
    .await?;
    Ok(written == 1)
}

/// The job that waits or runs under a dedupe key.
pub(super) async fn by_dedupe_key(tx: &mut Tx, kind: &str, key: &str) -> Result<Option<JobId>> {
    sql("SELECT id FROM jobs WHERE kind = $1 AND dedupe_key = $2 AND state IN ('queued', 'running')")
        .bind(kind)
        .bind(key)
        .optional(tx)
        .await?
        .map(|row| row.get("id"))
        .transpose()
}

/// Jobs of a kind that are free to be taken, with their payloads: those whose lease ran out, then those that are due. On
/// PostgreSQL they stay locked until the transaction ends, and those that another transaction works on are left out.
pub(super) async fn free(tx: &mut Tx, kind: &str, now: Time, limit: i64) -> Result<Vec<(Job, String)>> {
    let lock = tx.skip_locked();
    let mut rows = Vec::new();
    for condition in ["state = 'running' AND lease_until_ms <= $2", "state = 'queued' AND run_at_ms <= $2"] {
        let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
        let text =
            format!("SELECT {COLUMNS}, payload FROM jobs WHERE kind = $1 AND {condition} ORDER BY run_at_ms, id LIMIT $3 {lock}");
        rows.extend(sql(text).bind(kind).bind(now).bind(left).all(tx).await?);
    }
    rows.iter().map(|row| Ok((read(row)?, row.get("payload")?))).collect()
}

/// Whether [`free`] would find something, without a lock.
pub(super) async fn anything_free(reader: &mut dyn Connection, kind: &str, now: Time) -> Result<bool> {
    let found = sql("SELECT CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE kind = $1 AND state = 'queued' AND run_at_ms <= $2) \
                     OR EXISTS (SELECT 1 FROM jobs WHERE kind = $1 AND state = 'running' AND lease_until_ms <= $2) \
                     THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS found")
    .bind(kind)
    .bind(now)
    .one(reader)
    .await?;
    Ok(found.get::<i64>("found")? == 1)
}

/// How many jobs of a kind are held under a lease that counts.
pub(super) async fn held(tx: &mut Tx, kind: &str, now: Time) -> Result<i64> {
    sql("SELECT COUNT(*) AS n FROM jobs WHERE kind = $1 AND state = 'running' AND lease_until_ms > $2")
        .bind(kind)
        .bind(now)
        .one(tx)
        .await?
        .get("n")
}

/// Those of a worker's jobs that somebody asked to stop.
pub(super) async fn asked_to_stop(reader: &mut dyn Connection, owner: &str) -> Result<Vec<JobId>> {
    let rows = sql("SELECT id FROM jobs WHERE state = 'running' AND lease_owner = $1 AND cancel_requested")
        .bind(owner)
        .all(reader)
        .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// One job, kept from being changed by anybody else until the transaction ends.
pub(super) async fn locked(tx: &mut Tx, id: JobId) -> Result<Option<Job>> {
    let lock = tx.for_update();
    sql(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1 {lock}")).bind(id).optional(tx).await?.map(|row| read(&row)).transpose()
}

/// One job.
pub(super) async fn find(reader: &mut dyn Connection, id: JobId) -> Result<Option<Job>> {
    sql(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1")).bind(id).optional(reader).await?.map(|row| read(&row)).transpose()
}

/// Writes what a rule made of a job read with [`locked`] or [`free`]. The epoch and state it was read with are asked for once
/// more, so that even without the lock a stale writer changes nothing.
pub(super) async fn save(tx: &mut Tx, before: &Job, after: &Job) -> Result<()> {
    let changed = sql("UPDATE jobs SET state = $1, run_at_ms = $2, attempts = $3, lease_owner = $4, lease_until_ms = $5, \
                       lease_epoch = $6, cancel_requested = $7, progress_done = $8, progress_total = $9, last_error = $10, \
                       started_at_ms = $11, finished_at_ms = $12 WHERE id = $13 AND lease_epoch = $14 AND state = $15")
    .bind(after.state.id())
    .bind(after.run_at_ms)
    .bind(after.attempts)
    .bind(after.lease.as_ref().map(|lease| lease.owner.clone()))
    .bind(after.lease.as_ref().map(|lease| lease.until_ms))
    .bind(after.lease_epoch)
    .bind(after.cancel_requested)
    .bind(after.progress_done)
    .bind(after.progress_total)
    .bind(after.last_error.clone())
    .bind(after.started_at_ms)
    .bind(after.finished_at_ms)
    .bind(before.id)
    .bind(before.lease_epoch)
    .bind(before.state.id())
    .execute(tx)
    .await?;
    if changed == 1 { Ok(()) } else { Err(DbError::Missing) }
}

/// A page of jobs, newest first.
pub(super) async fn list(reader: &mut dyn Connection, filter: &JobFilter, after: JobId, page: &PageRequest) -> Result<Page<Job>> {
    let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Vec::<Value>::new());
    if let Some(kind) = &filter.kind {
        values.push(kind.into());
        conditions.push(format!("kind = ${}", values.len()));
    }
    if let Some(state) = filter.state {
        values.push(state.id().into());
        conditions.push(format!("state = ${}", values.len()));
    }
    let conditions = conditions.join(" AND ");
    let bound = |query: Query| values.iter().cloned().fold(query, Query::bind);
    let total = bound(sql(format!("SELECT COUNT(*) AS n FROM jobs WHERE {conditions}"))).one(reader).await?.get("n")?;
    let (cursor, limit) = (values.len() + 1, values.len() + 2);
    let rows =
        bound(sql(format!("SELECT {COLUMNS} FROM jobs WHERE {conditions} AND id < ${cursor} ORDER BY id DESC LIMIT ${limit}")))
            .bind(after)
            .bind(page.limit())
            .all(reader)
            .await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, page, total, |job| job.id.to_string()))
}

/// Jobs that wait, run or were given up, by kind, in the order of the kinds' ids.
pub(super) async fn counts(reader: &mut dyn Connection, now: Time) -> Result<Vec<KindCounts>> {
    let rows = sql("SELECT kind, state, COUNT(*) AS n, MIN(run_at_ms) AS oldest FROM jobs \
                    WHERE state IN ('queued', 'running', 'dead') GROUP BY kind, state ORDER BY kind")
    .all(reader)
    .await?;
    let mut counts: Vec<KindCounts> = Vec::new();
    for row in &rows {
        let kind: String = row.get("kind")?;
        if counts.last().is_none_or(|last| last.kind != kind) {
            counts.push(KindCounts { kind, ..KindCounts::default() });
        }
        let entry = counts.last_mut().expect("an entry was just made sure of");
        let n = row.get("n")?;
        match read_state(row)? {
            JobState::Queued => {
                entry.queued = n;
                entry.oldest_wait_ms = now.since_ms(row.get("oldest")?).max(0);
            }
            JobState::Running => entry.running = n,
            JobState::Dead | JobState::Done | JobState::Cancelled => entry.dead = n,
        }
    }
    Ok(counts)
}

/// Removes jobs that ended in a state before a moment, at most `limit` of them. Answers how many.
pub(super) async fn forget(tx: &mut Tx, state: JobState, before: Time, limit: i64) -> Result<u64> {
    // A job never ends before it is due, so the index over `run_at_ms` narrows this down.
    sql("DELETE FROM jobs WHERE id IN \
         (SELECT id FROM jobs WHERE state = $1 AND run_at_ms < $2 AND finished_at_ms < $2 ORDER BY run_at_ms LIMIT $3)")
    .bind(state.id())
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}

/// Makes sure that a kind is on the schedule with this rhythm. A changed rhythm begins anew at `first_at`.
pub(super) async fn put_schedule(tx: &mut Tx, kind: &str, every_ms: i64, first_at: Time) -> Result<()> {
    sql("INSERT INTO schedules (kind, every_ms, next_at_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (kind) DO UPDATE SET every_ms = excluded.every_ms, next_at_ms = excluded.next_at_ms \
         WHERE schedules.every_ms <> excluded.every_ms")
    .bind(kind)
    .bind(every_ms)
    .bind(first_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The kinds whose tick has come, without a lock.
pub(super) async fn due_schedules(reader: &mut dyn Connection, now: Time) -> Result<Vec<String>> {
    let rows = sql("SELECT kind FROM schedules WHERE next_at_ms <= $1 ORDER BY kind").bind(now).all(reader).await?;
    rows.iter().map(|row| row.get("kind")).collect()
}

/// The rhythm and the tick of a kind whose tick has come, locked; nothing when another node was faster or is at it.
pub(super) async fn due_schedule(tx: &mut Tx, kind: &str, now: Time) -> Result<Option<(i64, Time)>> {
    let lock = tx.skip_locked();
    sql(format!("SELECT every_ms, next_at_ms FROM schedules WHERE kind = $1 AND next_at_ms <= $2 {lock}"))
        .bind(kind)
        .bind(now)
        .optional(tx)
        .await?
        .map(|row| Ok((row.get("every_ms")?, row.get("next_at_ms")?)))
        .transpose()
}

/// Sets the next tick of a kind.
pub(super) async fn set_tick(tx: &mut Tx, kind: &str, next_at: Time, now: Time) -> Result<()> {
    sql("UPDATE schedules SET next_at_ms = $1, last_enqueued_at_ms = $2 WHERE kind = $3")
        .bind(next_at)
        .bind(now)
        .bind(kind)
        .execute(tx)
        .await?;
    Ok(())
}

fn read_state(row: &Row) -> Result<JobState> {
    let state: String = row.get("state")?;
    JobState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))
}

fn read(row: &Row) -> Result<Job> {
    let owner: Option<String> = row.get("lease_owner")?;
    let until: Option<Time> = row.get("lease_until_ms")?;
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        dedupe_key: row.get("dedupe_key")?,
        state: read_state(row)?,
        run_at_ms: row.get("run_at_ms")?,
        attempts: row.get("attempts")?,
        attempts_max: row.get("attempts_max")?,
        lease: owner.zip(until).map(|(owner, until_ms)| Lease { owner, until_ms }),
        lease_epoch: row.get("lease_epoch")?,
        cancel_requested: row.get("cancel_requested")?,
        progress_done: row.get("progress_done")?,
        progress_total: row.get("progress_total")?,
        last_error: row.get("last_error")?,
        created_at_ms: row.get("created_at_ms")?,
        started_at_ms: row.get("started_at_ms")?,
        finished_at_ms: row.get("finished_at_ms")?,
    })
}
