//! Building the index again from the database, with progress, and so that an interruption loses a few seconds of work.

use std::path::PathBuf;

use ::search::{Options, Rebuild, SearchIndex};
use tokio_util::sync::CancellationToken;

use super::indexer::{Feed, blocking};
use crate::{
    capture,
    desk::Desk,
    error::{Error, Result},
};

/// How far a rebuild is, in changes of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it is.
    pub at: i64,
    /// Where it ends.
    pub of: i64,
}

/// Builds the index in a folder again and puts it in use; answers with how many messages it holds, or nothing when it was stopped.
/// Stopped or interrupted, it goes on from there the next time. The one in use answers in the meantime.
///
/// # Errors
/// [`Error::Conflict`] with what to do; the database's.
pub async fn rebuild(
    desk: &Desk,
    folder: PathBuf,
    stop: &CancellationToken,
    mut told: impl FnMut(Progress),
) -> Result<Option<u64>> {
    let mut building = blocking(move || Rebuild::begin(&folder, Options::default())).await?;
    let of = capture::last_change(desk).await?;
    let mut feed = Feed::from(building.position());
    loop {
        told(Progress { at: i64::try_from(feed.position().0).unwrap_or(of).min(of), of });
        if stop.is_cancelled() {
            blocking(move || building.pause()).await?;
            return Ok(None);
        }
        let changes = feed.next(desk).await?;
        if changes.is_empty() {
            break;
        }
        let position = feed.position();
        building = blocking(move || building.apply(changes, position).map(|()| building)).await?;
    }
    let index = blocking(move || building.finish()).await?;
    let size = blocking(move || index.size()).await;
    size.map(|size| Some(size.messages)).map_err(|error| Error::Internal(error.to_string()))
}
