//! SQL of API tokens.

use super::{ApiToken, InUse};
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{PersonId, Time, TokenId},
    rights::TokenScope,
};

const COLUMNS: &str = "t.id, t.person_id, p.name AS person_name, t.name, t.hint, t.scopes, t.agent, t.created_at_ms, t.expires_at_ms, \
                       t.last_used_at_ms, t.last_used_address, t.revoked_at_ms";

fn read(row: &Row) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.get("id")?,
        person: row.get("person_id")?,
        person_name: row.get("person_name")?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        scopes: row.get::<String>("scopes")?.split_whitespace().map(str::to_owned).collect(),
        agent: row.get("agent")?,
        created_at: row.get("created_at_ms")?,
        expires_at: row.get("expires_at_ms")?,
        last_used_at: row.get("last_used_at_ms")?,
        last_used_address: row.get("last_used_address")?,
        revoked_at: row.get("revoked_at_ms")?,
    })
}

pub(super) async fn insert(tx: &mut Tx, token: &ApiToken, hash: [u8; 32]) -> Result<()> {
    sql("INSERT INTO api_tokens (id, person_id, name, token_hash, hint, scopes, agent, created_at_ms, expires_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)")
    .bind(token.id)
    .bind(token.person)
    .bind(&token.name)
    .bind(hash)
    .bind(&token.hint)
    .bind(token.scopes.join(" "))
    .bind(token.agent)
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The token with this hash when it works now and its person is active since before it was made.
pub(super) async fn in_use(on: &mut dyn Connection, hash: [u8; 32], now: Time) -> Result<Option<InUse>> {
    let row = sql(
        "SELECT t.id, t.person_id, t.scopes, t.agent, t.last_used_at_ms FROM api_tokens t JOIN people p ON p.id = t.person_id \
                   WHERE t.token_hash = $1 AND t.revoked_at_ms IS NULL AND t.expires_at_ms > $2 AND p.state = 'active' \
                   AND t.created_at_ms >= p.state_changed_at_ms",
    )
    .bind(hash)
    .bind(now)
    .optional(on)
    .await?;
    row.map(|row| {
        Ok(InUse {
            id: row.get("id")?,
            person: row.get("person_id")?,
            // A scope that this program does not know is none.
            scopes: row.get::<String>("scopes")?.split_whitespace().filter_map(TokenScope::parse).collect(),
            agent: row.get("agent")?,
            last_used_at: row.get("last_used_at_ms")?,
        })
    })
    .transpose()
}

pub(super) async fn touch(tx: &mut Tx, id: TokenId, address: Option<String>, now: Time) -> Result<()> {
    sql("UPDATE api_tokens SET last_used_at_ms = $2, last_used_address = $3 WHERE id = $1")
        .bind(id)
        .bind(now)
        .bind(address)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn count_working(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<i64> {
    let row = sql("SELECT COUNT(*) AS n FROM api_tokens WHERE person_id = $1 AND revoked_at_ms IS NULL AND expires_at_ms > $2")
        .bind(person)
        .bind(now)
        .one(on)
        .await?;
    Ok(row.get("n")?)
}

pub(super) async fn of_person(on: &mut dyn Connection, person: PersonId, limit: i64) -> Result<Vec<ApiToken>> {
    sql(format!("SELECT {COLUMNS} FROM api_tokens t JOIN people p ON p.id = t.person_id WHERE t.person_id = $1 ORDER BY t.id DESC LIMIT $2"))
        .bind(person)
        .bind(limit)
        .all(on)
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn count_all(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM api_tokens").one(on).await?.get("n")?)
}

/// Everybody's tokens, newest first, from before an id on.
pub(super) async fn all(on: &mut dyn Connection, before: Option<TokenId>, limit: i64) -> Result<Vec<ApiToken>> {
    // The highest id there can be stands for "from the newest on".
    let before = before.map_or([0xff; 16], TokenId::bytes);
    sql(format!(
        "SELECT {COLUMNS} FROM api_tokens t JOIN people p ON p.id = t.person_id WHERE t.id < $1 ORDER BY t.id DESC LIMIT $2"
    ))
    .bind(before)
    .bind(limit)
    .all(on)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Revokes a token, of one person or of whomever, and answers whose it was.
pub(super) async fn revoke(tx: &mut Tx, id: TokenId, person: Option<PersonId>, now: Time) -> Result<Option<PersonId>> {
    let row = sql("UPDATE api_tokens SET revoked_at_ms = $2 \
                   WHERE id = $1 AND revoked_at_ms IS NULL AND (person_id = $3 OR $4) RETURNING person_id")
    .bind(id)
    .bind(now)
    .bind(person.map_or([0; 16], PersonId::bytes))
    .bind(person.is_none())
    .optional(tx)
    .await?;
    Ok(row.map(|row| row.get("person_id")).transpose()?)
}

pub(super) async fn revoke_all(tx: &mut Tx, person: PersonId, now: Time) -> Result<u64> {
    Ok(sql("UPDATE api_tokens SET revoked_at_ms = $2 WHERE person_id = $1 AND revoked_at_ms IS NULL")
        .bind(person)
        .bind(now)
        .execute(tx)
        .await?)
}
