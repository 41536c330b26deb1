//! Follows the changes of messages, so that a message is found within two seconds of its capture.
//!
//! Invariant: changes go into the index in their order and each once; how far it got is committed with the words, so after a crash it goes on
//! from there. What was not committed is read from the database again.

use std::{sync::Arc, time::Duration};

use ::search::{Change, CommitPolicy, Position, SearchIndex, commit_policy::Waiting};
use tokio::{sync::broadcast::error::RecvError, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    failed,
    indexed::{Networks, change},
};
use crate::{
    capture,
    desk::{Desk, Topic},
    error::{Error, Result},
    profiles,
};

/// Changes read at a time: a few megabytes of messages, and few enough queries for each to matter little.
pub(super) const BATCH_MAX: u32 = 1_000;
/// Text of a batch, in bytes: a longer one makes the next batch shorter, as memory holds several copies of it.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Changes in the first batch: with texts of the greatest length that is 16 MiB.
const BATCH_FIRST: u32 = 64;
/// How often changes are looked for when none are announced, and after a failure.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps an index up to date. One per index.
pub struct Indexer {
    desk: Desk,
    index: Arc<dyn SearchIndex>,
    feed: Feed,
    policy: CommitPolicy,
    begin: Instant,
}

impl std::fmt::Debug for Indexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Indexer").field("taken", &self.feed.taken).finish_non_exhaustive()
    }
}

impl Indexer {
    /// An indexer for an index that is open for writing.
    pub fn new(desk: Desk, index: Arc<dyn SearchIndex>) -> Self {
        let feed = Feed::from(index.position());
        Self { desk, index, feed, policy: CommitPolicy::default(), begin: Instant::now() }
    }

    /// Takes in the next changes and commits when it is time; answers with whether there are more.
    ///
    /// # Errors
    /// [`Error::Conflict`] and [`Error::Internal`] of the index, the database's: what was not committed is read again next time.
    pub async fn step(&mut self) -> Result<Waiting> {
        let done = self.try_step().await;
        if done.is_err() {
            // The index is back at its last commit, and so are we.
            self.feed = Feed::from(self.index.position());
            self.policy.committed();
        }
        done
    }

    async fn try_step(&mut self) -> Result<Waiting> {
        let asked = self.feed.batch;
        let lot = self.feed.next(&self.desk).await?;
        let waiting = if lot.len() >= asked as usize { Waiting::More } else { Waiting::Nothing };
        if !lot.is_empty() {
            let (index, position) = (self.index.clone(), self.feed.position());
            blocking(move || index.apply(lot, position)).await?;
            self.policy.taken(self.now_ms());
        }
        if self.policy.due_in_ms(self.now_ms(), waiting) == Some(0) {
            self.commit().await?;
        }
        Ok(waiting)
    }

    /// Takes in everything there is, and commits.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub async fn catch_up(&mut self) -> Result<()> {
        while self.step().await? == Waiting::More {}
        self.commit().await
    }

    async fn commit(&mut self) -> Result<()> {
        let index = self.index.clone();
        blocking(move || index.commit()).await?;
        self.policy.committed();
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Follows until told to stop; commits a last time then.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut updates = self.desk.live();
        loop {
            // Looked at first: what came before the stop is taken in.
            let is_stopping = stop.is_cancelled();
            let waiting = self.step().await.unwrap_or_else(|error| {
                tracing::error!(%error, "the search index does not take in new messages; they wait in the database");
                Waiting::Nothing
            });
            if is_stopping {
                if let Err(error) = self.commit().await {
                    tracing::error!(%error, "the search index could not be committed; it goes on from its last commit");
                }
                return;
            }
            if waiting == Waiting::More {
                continue;
            }
            let due = self.policy.due_in_ms(self.now_ms(), waiting).map_or(LOOK_EVERY, Duration::from_millis);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(due.min(LOOK_EVERY)) => {}
                () = news(&mut updates) => {}
            }
        }
    }
}

async fn news(updates: &mut tokio::sync::broadcast::Receiver<Topic>) {
    loop {
        match updates.recv().await {
            Ok(Topic::Messages) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Reads changes in their order.
pub(super) struct Feed {
    taken: i64,
    /// How many changes are asked for next.
    batch: u32,
    networks: Networks,
}

impl Feed {
    pub(super) fn from(position: Position) -> Self {
        Self { taken: i64::try_from(position.0).unwrap_or(i64::MAX), batch: BATCH_FIRST, networks: Networks::default() }
    }

    /// How far the changes go that were read.
    pub(super) fn position(&self) -> Position {
        Position(self.taken.unsigned_abs())
    }

    /// The next changes, none when there are none.
    pub(super) async fn next(&mut self, desk: &Desk) -> Result<Vec<Change>> {
        let messages = capture::changes(desk, self.taken, self.batch).await?;
        self.batch = next_batch(self.batch, messages.iter().map(|message| message.text.len()).sum());
        let Some(last) = messages.last().map(|message| message.changed) else { return Ok(Vec::new()) };
        if messages.iter().any(|message| !self.networks.has(message.profile)) {
            self.networks = Networks::of(profiles::everything(&mut desk.db().read().await?).await?);
        }
        let taken = std::mem::replace(&mut self.taken, last);
        let changes = messages.into_iter().map(|message| {
            let network = self.networks.network(message.profile);
            change(message, network, taken)
        });
        Ok(changes.collect())
    }
}

/// How many changes to ask for after a batch of so many, whose texts had so many bytes.
fn next_batch(asked: u32, bytes: usize) -> u32 {
    let fitting = if bytes > BATCH_BYTES {
        asked / 2
    } else if bytes < BATCH_BYTES / 4 {
        asked * 2
    } else {
        asked
    };
    fitting.clamp(BATCH_FIRST / 4, BATCH_MAX)
}

/// Runs a call into the index where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> std::result::Result<T, ::search::SearchError> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(call).await.map_err(|error| Error::Internal(error.to_string()))?.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::{BATCH_BYTES, BATCH_FIRST, BATCH_MAX, next_batch};

    #[test]
    fn long_texts_make_batches_short_and_short_ones_long_again() {
        let mut batch = BATCH_FIRST;
        for _ in 0..10 {
            batch = next_batch(batch, 1_000);
        }
        assert_eq!(batch, BATCH_MAX);
        assert_eq!(next_batch(batch, BATCH_BYTES), BATCH_MAX, "as long as it fits");
        for _ in 0..10 {
            batch = next_batch(batch, BATCH_BYTES + 1);
        }
        assert_eq!(batch, BATCH_FIRST / 4, "never nothing");
    }
}
