//! SQL of the remembered answers.

use crate::{
    db::{Result, Tx, sql},
    ids::Time,
};

pub(super) async fn forget(tx: &mut Tx, before: Time, limit: i64) -> Result<u64> {
    sql("DELETE FROM idempotency_keys WHERE (owner_id, key) IN \
         (SELECT owner_id, key FROM idempotency_keys WHERE created_at_ms < $1 ORDER BY created_at_ms LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}
