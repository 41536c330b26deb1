//! SQL of canaries.

use crate::{
    capture::canary::{Canary, Seen, Step},
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{ProfileId, Time},
};

/// A canary with what a round needs.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) canary: Canary,
    /// The key of the act under way.
    pub(crate) key: Option<String>,
    /// The message of the round under way.
    pub(crate) native_id: Option<String>,
    /// What the round has seen so far.
    pub(crate) seen: Seen,
    /// What rounds are compared with.
    pub(crate) baseline: Option<Seen>,
}

fn read(row: &Row) -> Result<Stored> {
    let step: String = row.get("step")?;
    let shapes = |text: &str| serde_json::from_str::<Seen>(text).map_err(|error| corrupt("seen", error.to_string()));
    let baseline: Option<String> = row.get("baseline")?;
    let baseline = baseline.as_deref().map(shapes).transpose()?;
    let canary = Canary {
        profile: row.get("profile_id")?,
        place: row.get("place")?,
        every_ms: row.get("every_ms")?,
        step: Step::parse(&step).ok_or_else(|| corrupt("step", format!("unknown step `{step}`")))?,
        step_at: row.get("step_at_ms")?,
        next_at: row.get("next_at_ms")?,
        rounds: row.get("rounds")?,
        has_baseline: baseline.is_some(),
        problem: row.get("problem")?,
        problem_since: row.get("problem_since_ms")?,
    };
    let seen: String = row.get("seen")?;
    Ok(Stored { canary, key: row.get("key")?, native_id: row.get("native_id")?, seen: shapes(&seen)?, baseline })
}

pub(crate) async fn get(on: &mut dyn Connection, profile: ProfileId) -> Result<Option<Stored>> {
    sql("SELECT * FROM canaries WHERE profile_id = $1").bind(profile).optional(on).await?.as_ref().map(read).transpose()
}

pub(crate) async fn all(on: &mut dyn Connection) -> Result<Vec<Stored>> {
    sql("SELECT * FROM canaries ORDER BY profile_id").all(on).await?.iter().map(read).collect()
}

/// Puts a canary, or another place and rhythm for it: there is nothing to compare with then.
pub(crate) async fn put(tx: &mut Tx, profile: ProfileId, place: &str, every_ms: i64, now: Time) -> Result<()> {
    sql("INSERT INTO canaries (profile_id, place, every_ms, step, step_at_ms, next_at_ms, rounds, seen) \
         VALUES ($1,$2,$3,'idle',$4,$4,0,'{}') \
         ON CONFLICT (profile_id) DO UPDATE SET place = excluded.place, every_ms = excluded.every_ms, next_at_ms = excluded.next_at_ms, \
         baseline = CASE WHEN canaries.place = excluded.place THEN canaries.baseline ELSE NULL END, problem = NULL, \
         problem_since_ms = NULL")
    .bind(profile)
    .bind(place)
    .bind(every_ms)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx, profile: ProfileId) -> Result<()> {
    sql("DELETE FROM canaries WHERE profile_id = $1").bind(profile).execute(tx).await?;
    Ok(())
}

/// Forgets what rounds are compared with; the next one begins at once.
pub(crate) async fn accept(tx: &mut Tx, profile: ProfileId, now: Time) -> Result<()> {
    sql("UPDATE canaries SET baseline = NULL, problem = NULL, problem_since_ms = NULL, next_at_ms = $2 WHERE profile_id = $1")
        .bind(profile)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes down where a round stands.
pub(crate) async fn save(tx: &mut Tx, stored: &Stored) -> Result<()> {
    let json = |seen: &Seen| serde_json::to_string(seen).expect("texts are JSON");
    let Canary { profile, step, step_at, next_at, rounds, problem, problem_since, .. } = &stored.canary;
    sql(
        "UPDATE canaries SET step = $2, step_at_ms = $3, key = $4, native_id = $5, next_at_ms = $6, rounds = $7, baseline = $8, \
         seen = $9, problem = $10, problem_since_ms = $11 WHERE profile_id = $1",
    )
    .bind(*profile)
    .bind(step.id())
    .bind(*step_at)
    .bind(stored.key.as_deref())
    .bind(stored.native_id.as_deref())
    .bind(*next_at)
    .bind(*rounds)
    .bind(stored.baseline.as_ref().map(json))
    .bind(json(&stored.seen))
    .bind(problem.as_deref())
    .bind(*problem_since)
    .execute(tx)
    .await?;
    Ok(())
}
