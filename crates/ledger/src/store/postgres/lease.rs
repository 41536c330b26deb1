//! Who may write: the lease on the head row, and the epoch that fences off whoever had it before.
//!
//! Invariant: the epoch grows with every taking; times are the database's. It decides nothing about data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgRow};

use super::{Head, StoreError, io, place, unsigned};

/// What PostgreSQL answers when a table is not there.
const UNDEFINED_TABLE: &str = "42P01";

/// Who holds a log, as everybody can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What the writer called itself; empty when it gave the lease back.
    pub owner: String,
    /// The fencing epoch: how often the lease was taken.
    pub epoch: u64,
    /// Whether the lease has ended, so that whoever asks first gets it.
    pub is_free: bool,
}

/// Who holds the log, and its size.
pub(super) async fn holder(pool: &PgPool, log: &str) -> Result<(Holder, u64), StoreError> {
    let row = sqlx::query("SELECT owner, epoch, lease_until <= now(), size FROM ledger_heads WHERE log = $1")
        .bind(log)
        .fetch_optional(pool)
        .await;
    let row = match row {
        // No tables yet: nobody has made a log here.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_TABLE) => None,
        other => other.map_err(io("read the head of"))?,
    };
    let row = row.ok_or_else(|| StoreError::Missing(place()))?;
    let read = || {
        let holder = Holder { owner: row.try_get(0)?, epoch: unsigned(row.try_get(1)?), is_free: row.try_get(2)? };
        Ok((holder, unsigned(row.try_get(3)?)))
    };
    read().map_err(io("read the head of"))
}

/// Takes the lease when nobody holds it, under a new epoch.
pub(super) async fn take(pool: &PgPool, log: &str, owner: &str, lease: Duration) -> Result<Head, StoreError> {
    let taken = sqlx::query(
        "UPDATE ledger_heads
         SET epoch = epoch + 1, owner = $2, lease_until = now() + make_interval(secs => $3)
         WHERE log = $1 AND lease_until <= now()
         RETURNING size, root, next_batch_no, next_segment, epoch",
    )
    .bind(log)
    .bind(owner)
    .bind(lease.as_secs_f64())
    .fetch_optional(pool)
    .await
    .map_err(io("take the lease of"))?;
    if let Some(row) = taken {
        return head_of(&row).map_err(io("read the head of"));
    }
    let known: Option<PgRow> = sqlx::query("SELECT owner FROM ledger_heads WHERE log = $1")
        .bind(log)
        .fetch_optional(pool)
        .await
        .map_err(io("read the head of"))?;
    Err(if known.is_some() { StoreError::Locked(place()) } else { StoreError::Missing(place()) })
}

fn head_of(row: &PgRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        size: row.try_get(0)?,
        root: row.try_get(1)?,
        next_batch_no: row.try_get(2)?,
        next_segment: row.try_get(3)?,
        epoch: row.try_get(4)?,
    })
}

/// Prolongs the lease until the epoch is not ours any more. Failures of the network are waited out: the epoch protects the log.
pub(super) async fn keep(pool: PgPool, log: String, epoch: i64, lease: Duration, fenced: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(lease / 3).await;
        let kept =
            sqlx::query("UPDATE ledger_heads SET lease_until = now() + make_interval(secs => $3) WHERE log = $1 AND epoch = $2")
                .bind(&log)
                .bind(epoch)
                .bind(lease.as_secs_f64())
                .execute(&pool)
                .await;
        match kept {
            Ok(done) if done.rows_affected() == 0 => {
                fenced.store(true, Ordering::Release);
                return;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the lease of the ledger could not be prolonged"),
        }
    }
}

/// Ends the lease at once. When that fails it ends by itself.
pub(super) async fn give_back(pool: &PgPool, log: &str, epoch: i64) {
    let given = sqlx::query("UPDATE ledger_heads SET lease_until = now(), owner = '' WHERE log = $1 AND epoch = $2")
        .bind(log)
        .bind(epoch)
        .execute(pool)
        .await;
    if let Err(error) = given {
        tracing::warn!(%error, "the lease of the ledger could not be given back; it ends by itself");
    }
}
