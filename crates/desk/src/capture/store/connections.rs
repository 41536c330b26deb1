//! SQL of connections and of round trips under way.

use networks::Account;
use serde::de::DeserializeOwned;

use crate::{
    capture::connections::{Connection as Stored, ConnectionState},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{CeremonyId, PersonId, ProfileId, Time},
};

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_str(&text).map_err(|error| corrupt(column, error.to_string()))?)
}

fn read(row: &Row) -> Result<Stored> {
    let state: String = row.get("state")?;
    Ok(Stored {
        profile: row.get("profile_id")?,
        method: row.get("method")?,
        sealed_secrets: row.get("sealed_secrets")?,
        secrets_version: row.get("secrets_version")?,
        settings: json(row, "settings")?,
        account: json::<Account>(row, "account")?,
        expires_at: row.get("expires_at_ms")?,
        missing_scopes: json(row, "missing_scopes")?,
        state: ConnectionState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        state_changed_at: row.get("state_changed_at_ms")?,
        connected_at: row.get("connected_at_ms")?,
        last_contact_at: row.get("last_contact_at_ms")?,
        last_message_at: row.get("last_message_at_ms")?,
        lag_ms: row.get("lag_ms")?,
        failures: row.get("failures")?,
        next_try_at: row.get("next_try_at_ms")?,
        error_class: row.get("error_class")?,
        error_message: row.get("error_message")?,
        silent_after_ms: row.get("silent_after_ms")?,
        silent_since: row.get("silent_since_ms")?,
    })
}

pub(crate) async fn get(on: &mut dyn Connection, profile: ProfileId) -> Result<Option<Stored>> {
    sql("SELECT * FROM connections WHERE profile_id = $1").bind(profile).optional(on).await?.as_ref().map(read).transpose()
}

pub(crate) async fn all(on: &mut dyn Connection) -> Result<Vec<Stored>> {
    sql("SELECT * FROM connections ORDER BY connected_at_ms, profile_id").all(on).await?.iter().map(read).collect()
}

/// Writes a new or renewed connection as a whole.
pub(crate) async fn save(tx: &mut Tx, new: &Stored) -> Result<()> {
    let json = |value: serde_json::Result<String>| value.expect("texts and numbers are JSON");
    sql("INSERT INTO connections (profile_id, method, sealed_secrets, secrets_version, settings, account, expires_at_ms, \
         missing_scopes, state, state_changed_at_ms, connected_at_ms, last_contact_at_ms, last_message_at_ms, lag_ms, failures, \
         next_try_at_ms, error_class, error_message, silent_after_ms, silent_since_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20) \
         ON CONFLICT (profile_id) DO UPDATE SET method = excluded.method, sealed_secrets = excluded.sealed_secrets, \
         secrets_version = connections.secrets_version + 1, settings = excluded.settings, account = excluded.account, \
         expires_at_ms = excluded.expires_at_ms, missing_scopes = excluded.missing_scopes, state = excluded.state, \
         state_changed_at_ms = excluded.state_changed_at_ms, connected_at_ms = excluded.connected_at_ms, failures = 0, \
         next_try_at_ms = NULL, error_class = NULL, error_message = NULL, silent_since_ms = NULL")
    .bind(new.profile)
    .bind(&new.method)
    .bind(&new.sealed_secrets)
    .bind(new.secrets_version)
    .bind(json(serde_json::to_string(&new.settings)))
    .bind(json(serde_json::to_string(&new.account)))
    .bind(new.expires_at)
    .bind(json(serde_json::to_string(&new.missing_scopes)))
    .bind(new.state.id())
    .bind(new.state_changed_at)
    .bind(new.connected_at)
    .bind(new.last_contact_at)
    .bind(new.last_message_at)
    .bind(new.lag_ms)
    .bind(new.failures)
    .bind(new.next_try_at)
    .bind(new.error_class.as_deref())
    .bind(new.error_message.as_deref())
    .bind(new.silent_after_ms)
    .bind(new.silent_since)
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores renewed credentials; false when somebody else renewed them meanwhile.
pub(crate) async fn renew(tx: &mut Tx, profile: ProfileId, version: i64, sealed: &[u8]) -> Result<bool> {
    let changed = sql(
        "UPDATE connections SET sealed_secrets = $3, secrets_version = secrets_version + 1 WHERE profile_id = $1 AND secrets_version = $2",
    )
    .bind(profile)
    .bind(version)
    .bind(sealed)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Forgets the credentials.
pub(crate) async fn forget_secrets(tx: &mut Tx, profile: ProfileId, now: Time) -> Result<()> {
    sql("UPDATE connections SET sealed_secrets = $2, secrets_version = secrets_version + 1, state = 'disconnected', \
         state_changed_at_ms = $3, expires_at_ms = NULL, silent_since_ms = NULL WHERE profile_id = $1")
    .bind(profile)
    .bind(Vec::new())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes contact: what was asked was answered, or the platform called. A call does not mend a token that is not valid any more.
pub(crate) async fn contacted(
    tx: &mut Tx,
    profile: ProfileId,
    now: Time,
    newest: Option<Time>,
    lag_ms: Option<i64>,
) -> Result<()> {
    sql("UPDATE connections SET last_contact_at_ms = $2, last_message_at_ms = COALESCE($3, last_message_at_ms), \
         lag_ms = COALESCE($4, lag_ms), failures = 0, next_try_at_ms = NULL, error_class = NULL, error_message = NULL, \
         silent_since_ms = NULL, \
         state_changed_at_ms = CASE WHEN state = 'connected' THEN state_changed_at_ms ELSE $2 END, state = 'connected' \
         WHERE profile_id = $1 AND state NOT IN ('disconnected', 'needs_authorisation')")
    .bind(profile)
    .bind(now)
    .bind(newest)
    .bind(lag_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// A failure as it is kept.
pub(crate) struct Failed<'f> {
    pub(crate) state: ConnectionState,
    pub(crate) class: &'f str,
    pub(crate) message: &'f str,
    pub(crate) next_try_at: Option<Time>,
}

/// Notes a failure, unless the connection was renewed or ended meanwhile.
pub(crate) async fn failed(tx: &mut Tx, profile: ProfileId, version: i64, now: Time, failed: &Failed<'_>) -> Result<bool> {
    let changed =
        sql("UPDATE connections SET failures = failures + 1, next_try_at_ms = $5, error_class = $3, error_message = $4, \
         state_changed_at_ms = CASE WHEN state = $2 THEN state_changed_at_ms ELSE $6 END, state = $2 \
         WHERE profile_id = $1 AND secrets_version = $7 AND state <> 'disconnected'")
        .bind(profile)
        .bind(failed.state.id())
        .bind(failed.class)
        .bind(failed.message)
        .bind(failed.next_try_at)
        .bind(now)
        .bind(version)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Notes that a connection is silent; false when that is known.
pub(crate) async fn fell_silent(tx: &mut Tx, profile: ProfileId, now: Time) -> Result<bool> {
    let changed = sql("UPDATE connections SET silent_since_ms = $2 WHERE profile_id = $1 AND silent_since_ms IS NULL")
        .bind(profile)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// A round trip under way.
pub(crate) struct Attempt {
    pub(crate) id: CeremonyId,
    pub(crate) person: PersonId,
    pub(crate) sealed: Vec<u8>,
    pub(crate) expires_at: Time,
}

pub(crate) async fn begin(
    tx: &mut Tx,
    attempt: &Attempt,
    state_digest: [u8; 32],
    profile: Option<ProfileId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO connect_attempts (id, state_digest, person_id, profile_id, sealed, created_at_ms, expires_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7)")
    .bind(attempt.id)
    .bind(state_digest)
    .bind(attempt.person)
    .bind(profile)
    .bind(&attempt.sealed)
    .bind(now)
    .bind(attempt.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes a round trip out: it works once.
pub(crate) async fn take(tx: &mut Tx, state_digest: [u8; 32]) -> Result<Option<Attempt>> {
    let row = sql("DELETE FROM connect_attempts WHERE state_digest = $1 RETURNING id, person_id, sealed, expires_at_ms")
        .bind(state_digest)
        .optional(tx)
        .await?;
    row.map(|row| {
        Ok(Attempt {
            id: row.get("id")?,
            person: row.get("person_id")?,
            sealed: row.get("sealed")?,
            expires_at: row.get("expires_at_ms")?,
        })
    })
    .transpose()
}

/// Removes round trips that nobody came back from.
pub(crate) async fn sweep(tx: &mut Tx, now: Time) -> Result<()> {
    sql("DELETE FROM connect_attempts WHERE expires_at_ms <= $1").bind(now).execute(tx).await?;
    Ok(())
}
