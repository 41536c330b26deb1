//! SQL of passwords.

use crate::{
    db::{Connection, Tx, sql},
    error::Result,
    ids::{PersonId, Time},
};

pub(super) async fn hash_of(on: &mut dyn Connection, person: PersonId) -> Result<Option<String>> {
    let row = sql("SELECT hash FROM passwords WHERE person_id = $1").bind(person).optional(on).await?;
    Ok(row.map(|row| row.get("hash")).transpose()?)
}

pub(super) async fn changed_at(on: &mut dyn Connection, person: PersonId) -> Result<Option<Time>> {
    let row = sql("SELECT changed_at_ms FROM passwords WHERE person_id = $1").bind(person).optional(on).await?;
    Ok(row.map(|row| row.get("changed_at_ms")).transpose()?)
}

pub(super) async fn set(tx: &mut Tx, person: PersonId, hash: &str, now: Time) -> Result<()> {
    sql("INSERT INTO passwords (person_id, hash, changed_at_ms) VALUES ($1,$2,$3) \
         ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at_ms = excluded.changed_at_ms")
    .bind(person)
    .bind(hash)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces a hash by one of the same password, unless the password was changed meanwhile.
pub(super) async fn replace(tx: &mut Tx, person: PersonId, old: &str, new: &str) -> Result<()> {
    sql("UPDATE passwords SET hash = $3 WHERE person_id = $1 AND hash = $2").bind(person).bind(old).bind(new).execute(tx).await?;
    Ok(())
}
