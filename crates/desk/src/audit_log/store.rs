//! SQL of the audit log.

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{AuditFilter, Entry, Outcome, StoredEntry};
use crate::{
    actor::Actor,
    db::{Connection, Query, Row, Tx, Value, corrupt, sql},
    error::{Invalid, Result},
    ids::{AuditId, Time},
    paging::{Page, PageRequest},
};

const COLUMNS: &str = "seq, id, at_ms, actor_kind, actor_id, token_id, session_id, address, act, object_kind, object_id, outcome, \
                       before_digest, after_digest, details";

/// Takes the next `count` sequence numbers and answers with the last of them. Holds the counter until the transaction ends,
/// which is why it is the last thing an act does.
pub(super) async fn reserve(tx: &mut Tx, count: usize) -> Result<i64> {
    let count = i64::try_from(count).expect("an act has few entries");
    let row = sql("UPDATE counters SET value = value + $1 WHERE name = 'audit_log' RETURNING value").bind(count).one(tx).await?;
    Ok(row.get("value")?)
}

pub(super) async fn insert(tx: &mut Tx, seq: i64, id: AuditId, actor: &Actor, now: Time, entry: &Entry) -> Result<()> {
    sql(format!("INSERT INTO audit_entries ({COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)"))
        .bind(seq)
        .bind(id)
        .bind(now)
        .bind(actor.kind())
        .bind(actor.person().map(Uuid::from).or(actor.guest().map(Uuid::from)).map(|id| id.as_bytes().to_vec()))
        .bind(actor.token())
        .bind(actor.session())
        .bind(actor.address.map(|address| address.to_string()))
        .bind(entry.act)
        .bind(entry.object.kind)
        .bind(entry.object.id.map(|id| id.as_bytes().to_vec()))
        .bind(entry.outcome.id())
        .bind(entry.before.map(|digest| digest.to_vec()))
        .bind(entry.after.map(|digest| digest.to_vec()))
        .bind(Json::Object(entry.details.clone()).to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// The conditions of a filter, with their parameters from `$1` on.
fn conditions(filter: &AuditFilter) -> (String, Vec<Value>) {
    let mut text = String::from("1 = 1");
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        text.push_str(" AND ");
        text.push_str(&condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(actor) = filter.actor {
        add("actor_id = ?", actor.into());
    }
    if let Some(act) = &filter.act {
        match act.strip_suffix('.') {
            // '/' is the character after '.', so this is the range of all acts of the area.
            Some(area) => {
                add("act >= ?", format!("{area}.").into());
                add("act < ?", format!("{area}/").into());
            }
            None => add("act = ?", act.into()),
        }
    }
    if let Some(object) = filter.object {
        add("object_id = ?", Value::Bytes(Some(object.as_bytes().to_vec())));
    }
    if let Some(outcome) = filter.outcome {
        add("outcome = ?", outcome.id().into());
    }
    if let Some(from) = filter.from {
        add("at_ms >= ?", from.into());
    }
    if let Some(until) = filter.until {
        add("at_ms < ?", until.into());
    }
    (text, values)
}

fn bind_all(query: Query, values: Vec<Value>) -> Query {
    values.into_iter().fold(query, Query::bind)
}

pub(super) async fn count(reader: &mut dyn Connection, filter: &AuditFilter) -> Result<i64> {
    // The log is gapless and never shrinks, so its newest number counts all of it.
    if *filter == AuditFilter::default() {
        return newest(reader).await;
    }
    let (conditions, values) = conditions(filter);
    let query = sql(format!("SELECT COUNT(*) AS n FROM audit_entries WHERE {conditions}"));
    Ok(bind_all(query, values).one(reader).await?.get("n")?)
}

pub(super) async fn list(reader: &mut dyn Connection, filter: &AuditFilter, page: &PageRequest) -> Result<Page<StoredEntry>> {
    let (conditions, values) = conditions(filter);
    let before: i64 = match &page.after {
        None => i64::MAX,
        Some(cursor) => cursor.parse().map_err(|_| Invalid::field("after", "not a cursor that a page gave out"))?,
    };
    let total = count(reader, filter).await?;
    let n = values.len();
    let query = sql(format!(
        "SELECT {COLUMNS} FROM audit_entries WHERE {conditions} AND seq < ${} ORDER BY seq DESC LIMIT ${}",
        n + 1,
        n + 2
    ));
    let rows = bind_all(query, values).bind(before).bind(page.limit()).all(reader).await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, page, total, |entry| entry.seq.to_string()))
}

pub(super) async fn after(
    reader: &mut dyn Connection,
    filter: &AuditFilter,
    after_seq: i64,
    limit: u32,
) -> Result<Vec<StoredEntry>> {
    let (conditions, values) = conditions(filter);
    let n = values.len();
    let query =
        sql(format!("SELECT {COLUMNS} FROM audit_entries WHERE {conditions} AND seq > ${} ORDER BY seq LIMIT ${}", n + 1, n + 2));
    let rows = bind_all(query, values).bind(after_seq).bind(limit).all(reader).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn newest(reader: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT value FROM counters WHERE name = 'audit_log'").one(reader).await?.get("value")?)
}

fn read(row: &Row) -> Result<StoredEntry> {
    let outcome: String = row.get("outcome")?;
    let details: String = row.get("details")?;
    let details: Map<String, Json> = serde_json::from_str(&details).map_err(|error| corrupt("details", error.to_string()))?;
    let object_id = row
        .get::<Option<Vec<u8>>>("object_id")?
        .map(|bytes| Uuid::from_slice(&bytes).map_err(|_| corrupt("object_id", "not 16 bytes long")))
        .transpose()?;
    Ok(StoredEntry {
        seq: row.get("seq")?,
        id: row.get("id")?,
        at_ms: row.get("at_ms")?,
        actor_kind: row.get("actor_kind")?,
        actor_id: row.get("actor_id")?,
        token_id: row.get("token_id")?,
        session_id: row.get("session_id")?,
        address: row.get("address")?,
        act: row.get("act")?,
        object_kind: row.get("object_kind")?,
        object_id,
        outcome: Outcome::parse(&outcome).ok_or_else(|| corrupt("outcome", format!("unknown outcome `{outcome}`")))?,
        before_digest: row.get::<Option<Vec<u8>>>("before_digest")?.map(hex::encode),
        after_digest: row.get::<Option<Vec<u8>>>("after_digest")?.map(hex::encode),
        details,
    })
}
