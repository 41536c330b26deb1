//! Answers remembered for requests that carry an idempotency key, so that a repeated request is not done twice.
//!
//! Invariants: of all requests with one owner and key, one is done; an answer is remembered for [`REMEMBERED_MS`] at most and only
//! sealed, because it may hold a link or a token. What HTTP makes of it belongs to the API.

mod store;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    db::{self, Tx},
    desk::Desk,
    error::{Error, Result},
    ids::Time,
};

/// How long an answer is remembered: a client that still repeats a request after a day has another problem.
pub const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1_000;

/// The status of a request that is under way: no answer has it.
const UNDER_WAY: i64 = 0;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers worth giving again.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What a request with a key finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing: it is the first, and must end with [`remember`] or [`forget`].
    Nothing,
    /// The answer to the same request.
    Answer(Answer),
    /// The key belongs to another request.
    AnotherRequest,
    /// The same request is under way, or the server died while it was.
    UnderWay,
}

/// Claims a key for a request. `owner` is the token's or person's id; `request` is everything that makes the request what it is.
pub async fn claim(desk: &Desk, owner: Uuid, key: &str, request: &[u8]) -> Result<Found> {
    let digest = desk.sealer().digest(request);
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    store::forget_old(&mut tx, owner, key, now.plus_ms(-REMEMBERED_MS)).await?;
    let is_first = store::insert(&mut tx, owner, key, &digest, UNDER_WAY, now).await?;
    let row = if is_first { None } else { store::find(&mut tx, owner, key).await? };
    tx.commit().await?;
    match row {
        None if is_first => Ok(Found::Nothing),
        // Forgotten between the two statements: whoever held it has ended without having changed anything.
        None => Ok(Found::UnderWay),
        Some(row) if row.request_digest != digest => Ok(Found::AnotherRequest),
        Some(row) if row.status == UNDER_WAY => Ok(Found::UnderWay),
        Some(row) => open(desk, owner, key, &row.body).map(Found::Answer),
    }
}

/// Remembers the answer of the request that claimed the key.
pub async fn remember(desk: &Desk, owner: Uuid, key: &str, answer: &Answer) -> Result<()> {
    let plain = serde_json::to_vec(answer).map_err(|error| Error::Internal(format!("an answer could not be kept: {error}")))?;
    let body = STANDARD.encode(desk.sealer().seal(desk.ids(), &context(owner, key), &plain));
    let mut tx = desk.db().begin().await?;
    store::update(&mut tx, owner, key, i64::from(answer.status), &body).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a key back whose request changed nothing, so that it can be tried again.
pub async fn forget(desk: &Desk, owner: Uuid, key: &str) -> Result<()> {
    let mut tx = desk.db().begin().await?;
    store::delete(&mut tx, owner, key).await?;
    tx.commit().await?;
    Ok(())
}

fn open(desk: &Desk, owner: Uuid, key: &str, body: &str) -> Result<Answer> {
    let broken = |what: &str| Error::Internal(format!("a remembered answer is {what}"));
    let sealed = STANDARD.decode(body).map_err(|_| broken("not base64"))?;
    let plain = desk.sealer().open(&context(owner, key), &sealed)?;
    serde_json::from_slice(&plain).map_err(|_| broken("not in its own form"))
}

fn context(owner: Uuid, key: &str) -> String {
    format!("idempotency/{owner}/{key}")
}

/// Forgets answers that are too old, at most `limit` of them. Answers how many.
pub async fn sweep(tx: &mut Tx, now: Time, limit: i64) -> db::Result<u64> {
    store::forget(tx, now.plus_ms(-REMEMBERED_MS), limit).await
}
