//! SQL of authenticator apps, passkeys and recovery codes.

use super::model::{Methods, PasskeyRow, TotpFactor};
use crate::{
    db::{Connection, Tx, sql},
    error::Result,
    ids::{FactorId, PersonId, Time},
};

pub(super) async fn methods(on: &mut dyn Connection, person: PersonId) -> Result<Methods> {
    let row = sql("SELECT (SELECT COUNT(*) FROM totp_factors WHERE person_id = $1 AND confirmed_at_ms IS NOT NULL) AS totp,
            (SELECT COUNT(*) FROM passkeys WHERE person_id = $1) AS passkeys,
            (SELECT COUNT(*) FROM recovery_codes WHERE person_id = $1 AND used_at_ms IS NULL) AS codes")
    .bind(person)
    .one(on)
    .await?;
    let some = |name| Ok::<_, crate::Error>(row.get::<i64>(name)? > 0);
    Ok(Methods { totp: some("totp")?, passkey: some("passkeys")?, recovery: some("codes")? })
}

pub(super) async fn insert_totp(
    tx: &mut Tx,
    id: FactorId,
    person: PersonId,
    name: &str,
    sealed: Vec<u8>,
    now: Time,
) -> Result<()> {
    sql("DELETE FROM totp_factors WHERE person_id = $1 AND confirmed_at_ms IS NULL").bind(person).execute(tx).await?;
    sql("INSERT INTO totp_factors (id, person_id, name, sealed_secret, last_step, created_at_ms) VALUES ($1,$2,$3,$4,0,$5)")
        .bind(id)
        .bind(person)
        .bind(name)
        .bind(sealed)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// The sealed secret of an app that is being set up since `since`.
pub(super) async fn unconfirmed_totp(
    on: &mut dyn Connection,
    person: PersonId,
    id: FactorId,
    since: Time,
) -> Result<Option<Vec<u8>>> {
    let row = sql("SELECT sealed_secret FROM totp_factors \
                   WHERE id = $1 AND person_id = $2 AND confirmed_at_ms IS NULL AND created_at_ms > $3")
    .bind(id)
    .bind(person)
    .bind(since)
    .optional(on)
    .await?;
    Ok(row.map(|row| row.get("sealed_secret")).transpose()?)
}

pub(super) async fn confirm_totp(tx: &mut Tx, id: FactorId, now: Time) -> Result<bool> {
    let changed = sql("UPDATE totp_factors SET confirmed_at_ms = $2 WHERE id = $1 AND confirmed_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

/// The confirmed apps of a person with their sealed secrets.
pub(super) async fn totp_secrets(on: &mut dyn Connection, person: PersonId) -> Result<Vec<(FactorId, Vec<u8>)>> {
    sql("SELECT id, sealed_secret FROM totp_factors WHERE person_id = $1 AND confirmed_at_ms IS NOT NULL ORDER BY id")
        .bind(person)
        .all(on)
        .await?
        .iter()
        .map(|row| Ok((row.get("id")?, row.get("sealed_secret")?)))
        .collect()
}

/// Accepts a step unless it, or a later one, was accepted before.
pub(super) async fn accept_step(tx: &mut Tx, id: FactorId, step: i64) -> Result<bool> {
    let changed =
        sql("UPDATE totp_factors SET last_step = $2 WHERE id = $1 AND last_step < $2").bind(id).bind(step).execute(tx).await?;
    Ok(changed > 0)
}

pub(super) async fn totp_factors(on: &mut dyn Connection, person: PersonId) -> Result<Vec<TotpFactor>> {
    sql("SELECT id, name, created_at_ms FROM totp_factors WHERE person_id = $1 AND confirmed_at_ms IS NOT NULL ORDER BY id")
        .bind(person)
        .all(on)
        .await?
        .iter()
        .map(|row| Ok(TotpFactor { id: row.get("id")?, name: row.get("name")?, created_at: row.get("created_at_ms")? }))
        .collect()
}

pub(super) async fn delete_totp(tx: &mut Tx, person: PersonId, id: FactorId) -> Result<bool> {
    let gone = sql("DELETE FROM totp_factors WHERE id = $1 AND person_id = $2").bind(id).bind(person).execute(tx).await?;
    Ok(gone > 0)
}

pub(super) async fn insert_passkey(
    tx: &mut Tx,
    id: FactorId,
    person: PersonId,
    name: &str,
    credential_id: Vec<u8>,
    credential: &str,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO passkeys (id, person_id, name, credential_id, credential, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(id)
        .bind(person)
        .bind(name)
        .bind(credential_id)
        .bind(credential)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn passkeys(on: &mut dyn Connection, person: PersonId) -> Result<Vec<PasskeyRow>> {
    sql("SELECT id, name, created_at_ms, last_used_at_ms FROM passkeys WHERE person_id = $1 ORDER BY id")
        .bind(person)
        .all(on)
        .await?
        .iter()
        .map(|row| {
            Ok(PasskeyRow {
                id: row.get("id")?,
                name: row.get("name")?,
                created_at: row.get("created_at_ms")?,
                last_used_at: row.get("last_used_at_ms")?,
            })
        })
        .collect()
}

/// The stored credentials of a person.
pub(super) async fn credentials(on: &mut dyn Connection, person: PersonId) -> Result<Vec<String>> {
    let rows = sql("SELECT credential FROM passkeys WHERE person_id = $1 ORDER BY id").bind(person).all(on).await?;
    rows.iter().map(|row| Ok(row.get("credential")?)).collect()
}

/// The passkey with this credential id, whose it is, and its stored credential.
pub(super) async fn passkey(on: &mut dyn Connection, credential_id: Vec<u8>) -> Result<Option<(FactorId, PersonId, String)>> {
    let row =
        sql("SELECT id, person_id, credential FROM passkeys WHERE credential_id = $1").bind(credential_id).optional(on).await?;
    row.map(|row| Ok((row.get("id")?, row.get("person_id")?, row.get("credential")?))).transpose()
}

pub(super) async fn used_passkey(tx: &mut Tx, id: FactorId, credential: &str, now: Time) -> Result<()> {
    sql("UPDATE passkeys SET credential = $2, last_used_at_ms = $3 WHERE id = $1")
        .bind(id)
        .bind(credential)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_passkey(tx: &mut Tx, person: PersonId, id: FactorId) -> Result<bool> {
    let gone = sql("DELETE FROM passkeys WHERE id = $1 AND person_id = $2").bind(id).bind(person).execute(tx).await?;
    Ok(gone > 0)
}

pub(super) async fn delete_recovery_codes(tx: &mut Tx, person: PersonId) -> Result<()> {
    sql("DELETE FROM recovery_codes WHERE person_id = $1").bind(person).execute(tx).await?;
    Ok(())
}

pub(super) async fn insert_recovery_code(tx: &mut Tx, id: FactorId, person: PersonId, digest: [u8; 32], now: Time) -> Result<()> {
    sql("INSERT INTO recovery_codes (id, person_id, code_hash, created_at_ms) VALUES ($1,$2,$3,$4)")
        .bind(id)
        .bind(person)
        .bind(digest)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Uses a recovery code up; false when there is no such code or it was used.
pub(super) async fn use_recovery_code(tx: &mut Tx, person: PersonId, digest: [u8; 32], now: Time) -> Result<bool> {
    let changed = sql("UPDATE recovery_codes SET used_at_ms = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at_ms IS NULL")
        .bind(person)
        .bind(digest)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

pub(super) async fn recovery_codes_left(on: &mut dyn Connection, person: PersonId) -> Result<i64> {
    let row =
        sql("SELECT COUNT(*) AS n FROM recovery_codes WHERE person_id = $1 AND used_at_ms IS NULL").bind(person).one(on).await?;
    Ok(row.get("n")?)
}

/// Removes every second factor of a person: how many apps and passkeys there were.
pub(super) async fn clear(tx: &mut Tx, person: PersonId) -> Result<(u64, u64)> {
    delete_recovery_codes(tx, person).await?;
    let apps = sql("DELETE FROM totp_factors WHERE person_id = $1").bind(person).execute(tx).await?;
    let passkeys = sql("DELETE FROM passkeys WHERE person_id = $1").bind(person).execute(tx).await?;
    Ok((apps, passkeys))
}

/// Removes set-ups that nobody finished.
pub(super) async fn delete_unconfirmed(tx: &mut Tx, before: Time, limit: i64) -> Result<u64> {
    Ok(sql("DELETE FROM totp_factors WHERE id IN \
            (SELECT id FROM totp_factors WHERE confirmed_at_ms IS NULL AND created_at_ms <= $1 LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await?)
}
