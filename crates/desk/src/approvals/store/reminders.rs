//! SQL of reminders.

use crate::{
    db::{Tx, sql},
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
