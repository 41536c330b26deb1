//! SQL of reminders.

use crate::{
    db::{Connection, Tx, sql},
    error::Result,
    ids::{SubmissionId, Time},
};

/// Marks a reminder of a step as sent. Answers whether it was not before.
pub(in crate::approvals) async fn mark(tx: &mut Tx, (id, step): (SubmissionId, usize), kind: &str, now: Time) -> Result<bool> {
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let added = sql("INSERT INTO reminders_sent (submission_id, step, kind, sent_at_ms) VALUES ($1,$2,$3,$4) \
         ON CONFLICT (submission_id, step, kind) DO NOTHING")
    .bind(id)
    .bind(step)
    .bind(kind)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(added > 0)
}

/// Whether a reminder of a step was sent.
pub(in crate::approvals) async fn is_marked(
    on: &mut dyn Connection,
    (id, step): (SubmissionId, usize),
    kind: &str,
) -> Result<bool> {
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let found = sql("SELECT kind FROM reminders_sent WHERE submission_id = $1 AND step = $2 AND kind = $3")
        .bind(id)
        .bind(step)
        .bind(kind)
        .optional(on)
        .await?;
    Ok(found.is_some())
}
