//! SQL of skipped approvals and their second look.

use crate::{
    approvals::break_glass::SecondLook,
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PersonId, SubmissionId, Time},
};

/// Skips shown at once: more in a year is no emergency any more.
const SHOWN_MAX: i64 = 200;

/// A skip as it is kept.
pub(in crate::approvals) struct Review {
    pub(in crate::approvals) submission: SubmissionId,
    pub(in crate::approvals) by: PersonId,
    pub(in crate::approvals) reason: String,
    pub(in crate::approvals) at: Time,
    pub(in crate::approvals) due_at: Time,
    pub(in crate::approvals) overdue_since: Option<Time>,
    pub(in crate::approvals) reviewed: Option<(PersonId, Time, SecondLook, String)>,
}

fn read(row: &Row) -> Result<Review> {
    let reviewed_by: Option<PersonId> = row.get("reviewed_by")?;
    let reviewed = match reviewed_by {
        Some(person) => {
            let verdict: String = row.get::<Option<String>>("verdict")?.unwrap_or_default();
            let verdict =
                SecondLook::parse(&verdict).ok_or_else(|| corrupt("verdict", format!("unknown verdict `{verdict}`")))?;
            let at: Option<Time> = row.get("reviewed_at_ms")?;
            let remark: Option<String> = row.get("remark")?;
            Some((person, at.unwrap_or(Time(0)), verdict, remark.unwrap_or_default()))
        }
        None => None,
    };
    Ok(Review {
        submission: row.get("submission_id")?,
        by: row.get("skipped_by")?,
        reason: row.get("reason")?,
        at: row.get("skipped_at_ms")?,
        due_at: row.get("due_at_ms")?,
        overdue_since: row.get("overdue_since_ms")?,
        reviewed,
    })
}

pub(in crate::approvals) async fn insert(
    tx: &mut Tx,
    submission: SubmissionId,
    by: PersonId,
    reason: &str,
    now: Time,
    due_at: Time,
) -> Result<()> {
    sql("INSERT INTO break_glass_reviews (submission_id, skipped_by, reason, skipped_at_ms, due_at_ms) VALUES ($1,$2,$3,$4,$5)")
        .bind(submission)
        .bind(by)
        .bind(reason)
        .bind(now)
        .bind(due_at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::approvals) async fn get(on: &mut dyn Connection, id: SubmissionId) -> Result<Option<Review>> {
    sql("SELECT * FROM break_glass_reviews WHERE submission_id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

/// Those that nobody looked at first, then the newest.
pub(in crate::approvals) async fn newest(on: &mut dyn Connection) -> Result<Vec<Review>> {
    sql(format!(
        "SELECT * FROM break_glass_reviews ORDER BY CASE WHEN reviewed_at_ms IS NULL THEN 0 ELSE 1 END, skipped_at_ms DESC, \
         submission_id LIMIT {SHOWN_MAX}"
    ))
    .all(on)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Keeps what the second person said. Answers whether nobody had before.
pub(in crate::approvals) async fn reviewed(
    tx: &mut Tx,
    id: SubmissionId,
    by: PersonId,
    verdict: SecondLook,
    remark: &str,
    now: Time,
) -> Result<bool> {
    let changed = sql("UPDATE break_glass_reviews SET reviewed_by = $2, reviewed_at_ms = $3, verdict = $4, remark = $5 \
         WHERE submission_id = $1 AND reviewed_at_ms IS NULL")
    .bind(id)
    .bind(by)
    .bind(now)
    .bind(verdict.id())
    .bind(remark)
    .execute(tx)
    .await?;
    Ok(changed > 0)
}

/// Marks what is overdue and was not marked before.
pub(in crate::approvals) async fn mark_overdue(tx: &mut Tx, now: Time) -> Result<Vec<(SubmissionId, PersonId)>> {
    sql("UPDATE break_glass_reviews SET overdue_since_ms = $1 WHERE reviewed_at_ms IS NULL AND overdue_since_ms IS NULL \
         AND due_at_ms <= $1 RETURNING submission_id, skipped_by")
    .bind(now)
    .all(tx)
    .await?
    .iter()
    .map(|row| Ok((row.get("submission_id")?, row.get("skipped_by")?)))
    .collect()
}

pub(in crate::approvals) async fn count_overdue(on: &mut dyn Connection, now: Time) -> Result<i64> {
    let row = sql("SELECT COUNT(*) AS n FROM break_glass_reviews WHERE reviewed_at_ms IS NULL AND due_at_ms <= $1")
        .bind(now)
        .one(on)
        .await?;
    Ok(row.get("n")?)
}
