//! SQL of streams, gaps and the change counter.

use crate::{
    capture::model::GapSeen,
    db::{Connection, Tx, sql},
    error::Result,
    ids::{ProfileId, Time},
};

/// Where a profile's stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Entries of the ledger's stream that are in the tables.
    pub(crate) applied: i64,
    /// The connector's cursor.
    pub(crate) cursor: Option<String>,
    /// How back-filling stands.
    pub(crate) back_fill_state: Option<String>,
    /// Where back-filling goes on.
    pub(crate) back_fill_cursor: Option<String>,
    /// When the stream last said that there was nothing new.
    pub(crate) heartbeat_at: Option<Time>,
}

pub(crate) async fn get(on: &mut dyn Connection, profile: ProfileId) -> Result<Option<Stream>> {
    let row = sql("SELECT * FROM capture_streams WHERE profile_id = $1").bind(profile).optional(on).await?;
    row.map(|row| {
        Ok(Stream {
            applied: row.get("applied")?,
            cursor: row.get("cursor")?,
            back_fill_state: row.get("back_fill_state")?,
            back_fill_cursor: row.get("back_fill_cursor")?,
            heartbeat_at: row.get("heartbeat_at_ms")?,
        })
    })
    .transpose()
}

pub(crate) async fn ensure(tx: &mut Tx, profile: ProfileId) -> Result<()> {
    sql("INSERT INTO capture_streams (profile_id, applied) VALUES ($1, 0) ON CONFLICT (profile_id) DO NOTHING")
        .bind(profile)
        .execute(tx)
        .await?;
    Ok(())
}

/// Every profile that has a stream.
pub(crate) async fn profiles(on: &mut dyn Connection) -> Result<Vec<ProfileId>> {
    let rows = sql("SELECT profile_id FROM capture_streams ORDER BY profile_id").all(on).await?;
    rows.iter().map(|row| Ok(row.get("profile_id")?)).collect()
}

/// Moves on to `applied` entries, from `before`; false when somebody else moved it meanwhile.
pub(crate) async fn advance(tx: &mut Tx, profile: ProfileId, before: i64, applied: i64) -> Result<bool> {
    let changed = sql("UPDATE capture_streams SET applied = $3 WHERE profile_id = $1 AND applied = $2")
        .bind(profile)
        .bind(before)
        .bind(applied)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

pub(crate) async fn set_cursor(tx: &mut Tx, profile: ProfileId, cursor: &str) -> Result<()> {
    sql("UPDATE capture_streams SET cursor = $2 WHERE profile_id = $1").bind(profile).bind(cursor).execute(tx).await?;
    Ok(())
}

pub(crate) async fn set_back_fill(
    tx: &mut Tx,
    profile: ProfileId,
    state: Option<&str>,
    cursor: Option<&str>,
    now: Time,
) -> Result<()> {
    sql("UPDATE capture_streams SET back_fill_state = $2, back_fill_cursor = $3, back_fill_at_ms = $4 WHERE profile_id = $1")
        .bind(profile)
        .bind(state)
        .bind(cursor)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn beat(tx: &mut Tx, profile: ProfileId, at: Time) -> Result<()> {
    sql("UPDATE capture_streams SET heartbeat_at_ms = $2 WHERE profile_id = $1").bind(profile).bind(at).execute(tx).await?;
    Ok(())
}

pub(crate) async fn add_gap(tx: &mut Tx, profile: ProfileId, gap: &GapSeen) -> Result<()> {
    sql("INSERT INTO gaps (profile_id, entry, place, from_ms, until_ms, reason, noted_at_ms, back_filled_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)")
    .bind(profile)
    .bind(gap.entry)
    .bind(gap.place.as_deref())
    .bind(gap.from_ms)
    .bind(gap.until_ms)
    .bind(&gap.reason)
    .bind(gap.noted_at)
    .bind(gap.back_filled_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Gaps of a profile, newest first.
pub(crate) async fn gaps(on: &mut dyn Connection, profile: ProfileId, limit: i64) -> Result<Vec<GapSeen>> {
    let rows =
        sql("SELECT * FROM gaps WHERE profile_id = $1 ORDER BY entry DESC LIMIT $2").bind(profile).bind(limit).all(on).await?;
    rows.iter()
        .map(|row| {
            Ok(GapSeen {
                entry: row.get("entry")?,
                place: row.get("place")?,
                from_ms: row.get("from_ms")?,
                until_ms: row.get("until_ms")?,
                reason: row.get("reason")?,
                noted_at: row.get("noted_at_ms")?,
                back_filled_at: row.get("back_filled_at_ms")?,
            })
        })
        .collect()
}

/// How many gaps of a profile are open.
pub(crate) async fn open_gaps(on: &mut dyn Connection, profile: ProfileId) -> Result<i64> {
    let row =
        sql("SELECT COUNT(*) AS n FROM gaps WHERE profile_id = $1 AND back_filled_at_ms IS NULL").bind(profile).one(on).await?;
    Ok(row.get("n")?)
}

/// Says that the past was read again from its beginning: what the source still has, is there now.
pub(crate) async fn close_gaps(tx: &mut Tx, profile: ProfileId, now: Time) -> Result<u64> {
    Ok(sql("UPDATE gaps SET back_filled_at_ms = $2 WHERE profile_id = $1 AND back_filled_at_ms IS NULL AND noted_at_ms < $2")
        .bind(profile)
        .bind(now)
        .execute(tx)
        .await?)
}

/// Takes the next `count` numbers of changes and answers with the first of them. Holds the counter until the transaction ends.
pub(crate) async fn reserve(tx: &mut Tx, count: usize) -> Result<i64> {
    let count = i64::try_from(count).expect("a lot is limited");
    let row = sql("UPDATE counters SET value = value + $1 WHERE name = 'messages' RETURNING value").bind(count).one(tx).await?;
    Ok(row.get::<i64>("value")? - count + 1)
}
