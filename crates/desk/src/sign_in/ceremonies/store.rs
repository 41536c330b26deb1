//! SQL of ceremonies.

use super::{Ceremony, Kind};
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{CeremonyId, PersonId, SessionId, Time},
};

#[expect(clippy::too_many_arguments, reason = "one argument a column")]
pub(super) async fn insert(
    tx: &mut Tx,
    id: CeremonyId,
    kind: Kind,
    hash: [u8; 32],
    person: Option<PersonId>,
    session: Option<SessionId>,
    state: &str,
    now: Time,
    expires_at: Time,
) -> Result<()> {
    sql("INSERT INTO ceremonies (id, kind, token_hash, person_id, session_id, state, created_at_ms, expires_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)")
    .bind(id)
    .bind(kind.id())
    .bind(hash)
    .bind(person)
    .bind(session)
    .bind(state)
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn by_hash(on: &mut dyn Connection, hash: [u8; 32], kind: Kind, now: Time) -> Result<Option<Ceremony>> {
    sql("SELECT * FROM ceremonies WHERE token_hash = $1 AND kind = $2 AND expires_at_ms > $3")
        .bind(hash)
        .bind(kind.id())
        .bind(now)
        .optional(on)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

fn read(row: &Row) -> Result<Ceremony> {
    Ok(Ceremony { id: row.get("id")?, person: row.get("person_id")?, session: row.get("session_id")?, state: row.get("state")? })
}

pub(super) async fn set_state(tx: &mut Tx, id: CeremonyId, state: &str) -> Result<()> {
    sql("UPDATE ceremonies SET state = $2 WHERE id = $1").bind(id).bind(state).execute(tx).await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: CeremonyId) -> Result<bool> {
    Ok(sql("DELETE FROM ceremonies WHERE id = $1").bind(id).execute(tx).await? > 0)
}

pub(super) async fn delete_of(tx: &mut Tx, person: PersonId) -> Result<u64> {
    Ok(sql("DELETE FROM ceremonies WHERE person_id = $1").bind(person).execute(tx).await?)
}

pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM ceremonies").one(tx).await?.get("n")?)
}

pub(super) async fn delete_expired(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    Ok(sql("DELETE FROM ceremonies WHERE id IN (SELECT id FROM ceremonies WHERE expires_at_ms <= $1 LIMIT $2)")
        .bind(now)
        .bind(limit)
        .execute(tx)
        .await?)
}
