//! SQL of sessions.

use super::{Method, OpenSession, SessionRow};
use crate::{
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PersonId, SessionId, Time},
    people::{Person, PersonState, Theme},
    workspace::{SecondFactorRule, Workspace},
};

/// A session about to be written.
pub(super) struct Insert<'i> {
    pub(super) id: SessionId,
    pub(super) person: PersonId,
    pub(super) hash: [u8; 32],
    pub(super) method: Method,
    pub(super) second_factor: bool,
    pub(super) address: Option<String>,
    pub(super) user_agent: &'i str,
    pub(super) now: Time,
    pub(super) expires_at: Time,
}

pub(super) async fn insert(tx: &mut Tx, row: &Insert<'_>) -> Result<()> {
    sql("INSERT INTO sessions (id, person_id, token_hash, method, second_factor, address, user_agent, created_at_ms, \
         last_seen_at_ms, expires_at_ms, stepped_up_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$8,$9,$8)")
    .bind(row.id)
    .bind(row.person)
    .bind(row.hash)
    .bind(row.method.id())
    .bind(row.second_factor)
    .bind(row.address.clone())
    .bind(row.user_agent)
    .bind(row.now)
    .bind(row.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The running session with this hash, its person and the workspace, in one statement. One that was opened in the very moment of a
/// suspension, too late to be ended by it, is older than the person's state and does not count.
pub(super) async fn open_by_hash(
    on: &mut dyn Connection,
    hash: &[u8; 32],
    now: Time,
    idle_since: Time,
) -> Result<Option<(OpenSession, Person, Workspace)>> {
    let row = sql("SELECT s.id AS session_id, s.second_factor AS second_factor, s.last_seen_at_ms AS last_seen_at_ms,
            s.stepped_up_at_ms AS stepped_up_at_ms, p.id AS person_id, p.email AS email, p.name AS person_name,
            p.time_zone AS person_time_zone, p.theme AS theme, p.letter_keys AS letter_keys, p.state AS state, p.created_at_ms AS person_created_at_ms,
            p.state_changed_at_ms AS state_changed_at_ms, w.name AS workspace_name, w.time_zone AS workspace_time_zone,
            w.second_factor AS rule, w.demo AS demo, w.agents_frozen_at_ms, w.created_at_ms AS workspace_created_at_ms
         FROM sessions s JOIN people p ON p.id = s.person_id JOIN workspace w ON w.id = 1
         WHERE s.token_hash = $1 AND s.ended_at_ms IS NULL AND s.expires_at_ms > $2 AND s.last_seen_at_ms > $3
           AND p.state = 'active' AND s.created_at_ms >= p.state_changed_at_ms")
    .bind(*hash)
    .bind(now)
    .bind(idle_since)
    .optional(on)
    .await?;
    row.as_ref().map(read_open).transpose()
}

fn read_open(row: &Row) -> Result<(OpenSession, Person, Workspace)> {
    let session = OpenSession {
        id: row.get("session_id")?,
        second_factor: row.get("second_factor")?,
        last_seen_at: row.get("last_seen_at_ms")?,
        stepped_up_at: row.get("stepped_up_at_ms")?,
    };
    let (state, theme, rule): (String, String, String) = (row.get("state")?, row.get("theme")?, row.get("rule")?);
    let person = Person {
        id: row.get("person_id")?,
        email: row.get("email")?,
        name: row.get("person_name")?,
        time_zone: row.get("person_time_zone")?,
        theme: Theme::parse(&theme).unwrap_or(Theme::System),
        letter_keys: row.get("letter_keys")?,
        state: PersonState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        created_at: row.get("person_created_at_ms")?,
        state_changed_at: row.get("state_changed_at_ms")?,
    };
    let workspace = Workspace {
        name: row.get("workspace_name")?,
        time_zone: row.get("workspace_time_zone")?,
        // An unknown rule asks everybody: fail closed.
        second_factor: SecondFactorRule::parse(&rule).unwrap_or(SecondFactorRule::Everybody),
        demo: row.get("demo")?,
        agents_frozen_at: row.get("agents_frozen_at_ms")?,
        created_at: row.get("workspace_created_at_ms")?,
    };
    Ok((session, person, workspace))
}

pub(super) async fn touch(
    tx: &mut Tx,
    id: SessionId,
    address: Option<String>,
    agent: &str,
    now: Time,
    before: Time,
) -> Result<()> {
    sql("UPDATE sessions SET last_seen_at_ms = $2, address = $3, user_agent = $4 \
         WHERE id = $1 AND ended_at_ms IS NULL AND last_seen_at_ms <= $5")
    .bind(id)
    .bind(now)
    .bind(address)
    .bind(agent)
    .bind(before)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes a fresh proof of identity; `second_factor` is only ever raised.
pub(super) async fn step_up(tx: &mut Tx, id: SessionId, now: Time, second_factor: bool) -> Result<bool> {
    let changed = sql("UPDATE sessions SET stepped_up_at_ms = $2, second_factor = (second_factor OR $3) \
                       WHERE id = $1 AND ended_at_ms IS NULL")
    .bind(id)
    .bind(now)
    .bind(second_factor)
    .execute(tx)
    .await?;
    Ok(changed > 0)
}

/// The running sessions of a person, the latest seen first.
pub(super) async fn of_person(on: &mut dyn Connection, person: PersonId, now: Time, idle_since: Time) -> Result<Vec<SessionRow>> {
    sql("SELECT * FROM sessions WHERE person_id = $1 AND ended_at_ms IS NULL AND expires_at_ms > $2 AND last_seen_at_ms > $3 \
         ORDER BY last_seen_at_ms DESC, id DESC")
    .bind(person)
    .bind(now)
    .bind(idle_since)
    .all(on)
    .await?
    .iter()
    .map(read)
    .collect()
}

fn read(row: &Row) -> Result<SessionRow> {
    let method: String = row.get("method")?;
    Ok(SessionRow {
        id: row.get("id")?,
        method: Method::parse(&method).ok_or_else(|| corrupt("method", format!("unknown way in `{method}`")))?,
        second_factor: row.get("second_factor")?,
        address: row.get("address")?,
        user_agent: row.get("user_agent")?,
        created_at: row.get("created_at_ms")?,
        last_seen_at: row.get("last_seen_at_ms")?,
        expires_at: row.get("expires_at_ms")?,
    })
}

/// Ends one running session of a person.
pub(super) async fn end(tx: &mut Tx, person: PersonId, id: SessionId, now: Time, reason: &str) -> Result<bool> {
    let changed =
        sql("UPDATE sessions SET ended_at_ms = $3, end_reason = $4 WHERE id = $1 AND person_id = $2 AND ended_at_ms IS NULL")
            .bind(id)
            .bind(person)
            .bind(now)
            .bind(reason)
            .execute(tx)
            .await?;
    Ok(changed > 0)
}

/// Ends the sessions of a person, all or all but one.
pub(super) async fn end_all(tx: &mut Tx, person: PersonId, keep: Option<SessionId>, now: Time, reason: &str) -> Result<u64> {
    let keep = keep.map_or([0; 16], SessionId::bytes);
    Ok(sql("UPDATE sessions SET ended_at_ms = $3, end_reason = $4 WHERE person_id = $1 AND ended_at_ms IS NULL AND id <> $2")
        .bind(person)
        .bind(keep)
        .bind(now)
        .bind(reason)
        .execute(tx)
        .await?)
}

/// Removes sessions that came to an end before `kept_since`, at most `limit` of them.
pub(super) async fn delete_old(tx: &mut Tx, kept_since: Time, limit: i64) -> Result<u64> {
    Ok(sql("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ended_at_ms < $1 OR expires_at_ms < $1 LIMIT $2)")
        .bind(kept_since)
        .bind(limit)
        .execute(tx)
        .await?)
}
