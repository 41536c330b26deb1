//! SQL of the remembered answers.

use uuid::Uuid;

use crate::{
    db::{Result, Tx, Value, sql},
    ids::Time,
};

pub(super) struct Stored {
    pub(super) request_digest: Vec<u8>,
    pub(super) status: i64,
    pub(super) body: String,
}

fn bytes(owner: Uuid) -> Value {
    Value::Bytes(Some(owner.into_bytes().to_vec()))
}

/// Whether the row is new.
pub(super) async fn insert(tx: &mut Tx, owner: Uuid, key: &str, digest: &[u8; 32], status: i64, now: Time) -> Result<bool> {
    let inserted = sql("INSERT INTO idempotency_keys (owner_id, key, request_digest, status, body, created_at_ms) \
                        VALUES ($1,$2,$3,$4,'',$5) ON CONFLICT (owner_id, key) DO NOTHING")
    .bind(bytes(owner))
    .bind(key)
    .bind(digest.to_vec())
    .bind(status)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

pub(super) async fn find(tx: &mut Tx, owner: Uuid, key: &str) -> Result<Option<Stored>> {
    let row = sql("SELECT request_digest, status, body FROM idempotency_keys WHERE owner_id = $1 AND key = $2")
        .bind(bytes(owner))
        .bind(key)
        .optional(tx)
        .await?;
    row.map(|row| Ok(Stored { request_digest: row.get("request_digest")?, status: row.get("status")?, body: row.get("body")? }))
        .transpose()
}

pub(super) async fn update(tx: &mut Tx, owner: Uuid, key: &str, status: i64, body: &str) -> Result<()> {
    sql("UPDATE idempotency_keys SET status = $3, body = $4 WHERE owner_id = $1 AND key = $2")
        .bind(bytes(owner))
        .bind(key)
        .bind(status)
        .bind(body)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, owner: Uuid, key: &str) -> Result<()> {
    sql("DELETE FROM idempotency_keys WHERE owner_id = $1 AND key = $2").bind(bytes(owner)).bind(key).execute(tx).await?;
    Ok(())
}

/// Forgets the key when it is too old, whether or not it was swept.
pub(super) async fn forget_old(tx: &mut Tx, owner: Uuid, key: &str, before: Time) -> Result<()> {
    sql("DELETE FROM idempotency_keys WHERE owner_id = $1 AND key = $2 AND created_at_ms < $3")
        .bind(bytes(owner))
        .bind(key)
        .bind(before)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, before: Time, limit: i64) -> Result<u64> {
    sql("DELETE FROM idempotency_keys WHERE (owner_id, key) IN \
         (SELECT owner_id, key FROM idempotency_keys WHERE created_at_ms < $1 ORDER BY created_at_ms LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}
