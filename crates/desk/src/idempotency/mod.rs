//! Answers remembered for requests that carry an idempotency key, so that a repeated request is not done twice.
//!
//! Invariant: an answer is remembered for [`REMEMBERED_MS`] at most. This part only forgets; remembering belongs to the API.

mod store;

use crate::{
    db::{Result, Tx},
    ids::Time,
};

/// How long an answer is remembered: a client that still repeats a request after a day has another problem.
pub const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1_000;

/// Forgets answers that are too old, at most `limit` of them. Answers how many.
pub async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> Result<u64> {
    store::forget(tx, now.plus_ms(-REMEMBERED_MS), limit).await
}
