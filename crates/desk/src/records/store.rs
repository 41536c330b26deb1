//! SQL of the outbox's cursor.

use crate::{
    db::{Connection, Tx, sql},
    error::Result,
};

/// The newest audit entry that is in the ledger; 0 when none is.
pub(super) async fn shipped(on: &mut dyn Connection) -> Result<i64> {
    let row = sql("SELECT value FROM counters WHERE name = 'ledger_outbox'").one(on).await?;
    Ok(row.get("value")?)
}

/// Moves the cursor forward, never back.
pub(super) async fn advance(tx: &mut Tx, seq: i64) -> Result<()> {
    sql("UPDATE counters SET value = $1 WHERE name = 'ledger_outbox' AND value < $1").bind(seq).execute(tx).await?;
    Ok(())
}
