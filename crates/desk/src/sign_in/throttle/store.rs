//! SQL of throttles.

use super::rules::Failures;
use crate::{
    db::{Tx, sql},
    error::Result,
    ids::Time,
};

pub(super) async fn get(tx: &mut Tx, subject: &str) -> Result<Option<Failures>> {
    let row = sql("SELECT failures, blocked_until_ms FROM throttles WHERE subject = $1").bind(subject).optional(tx).await?;
    row.map(|row| Ok(Failures { count: row.get("failures")?, blocked_until: row.get("blocked_until_ms")? })).transpose()
}

pub(super) async fn put(tx: &mut Tx, subject: &str, failures: Failures, now: Time) -> Result<()> {
    sql("INSERT INTO throttles (subject, failures, first_failure_at_ms, blocked_until_ms) VALUES ($1,$2,$3,$4) \
         ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, blocked_until_ms = excluded.blocked_until_ms")
    .bind(subject)
    .bind(failures.count)
    .bind(now)
    .bind(failures.blocked_until)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, subject: &str) -> Result<()> {
    sql("DELETE FROM throttles WHERE subject = $1").bind(subject).execute(tx).await?;
    Ok(())
}

/// Takes one failure back: the attempt that was counted beforehand succeeded.
pub(super) async fn give_back(tx: &mut Tx, subject: &str, now: Time) -> Result<()> {
    sql("UPDATE throttles SET failures = failures - 1, blocked_until_ms = $2 WHERE subject = $1 AND failures > 0")
        .bind(subject)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_old(tx: &mut Tx, before: Time, limit: i64) -> Result<u64> {
    Ok(sql("DELETE FROM throttles WHERE subject IN (SELECT subject FROM throttles WHERE blocked_until_ms <= $1 LIMIT $2)")
        .bind(before)
        .bind(limit)
        .execute(tx)
        .await?)
}
