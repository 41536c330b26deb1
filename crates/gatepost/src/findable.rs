//! Keeps the search index beside a command that brings messages in, so that they are found as soon as it is done.
//!
//! Invariant: only who holds the data folder writes its index; a running server follows the messages itself, and beside PostgreSQL, where
//! nobody holds a folder, no command does. What is not taken in here is taken in by the next one who holds the folder: the index is derived.

use std::{
    io::{IsTerminal as _, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use desk::{
    Desk,
    search::{Indexer, SearchIndex, open},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::data::ServerLock;

/// Following the messages that come in.
pub(crate) struct Following<'lock> {
    desk: Desk,
    index: Arc<dyn SearchIndex>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _lock: &'lock ServerLock,
}

impl<'lock> Following<'lock> {
    /// Begins to follow, at the side of what the caller does.
    pub(crate) fn begin(desk: &Desk, folder: &Path, lock: &'lock ServerLock) -> anyhow::Result<Self> {
        let (index, _) = open(folder).context("failed to open the search index")?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(Indexer::new(desk.clone(), index.clone()).run(stop.clone()));
        Ok(Self { desk: desk.clone(), index, stop, task, _lock: lock })
    }

    /// Takes in what is left and commits.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.task.await.context("the search index was not followed")?;
        Indexer::new(self.desk, self.index).catch_up().await.context("failed to take what came in into the search index")
    }
}

/// Takes in what no server and no import has taken in yet.
pub(crate) async fn catch_up(desk: &Desk, folder: &Path, _lock: &ServerLock) -> anyhow::Result<()> {
    let (index, _) = open(folder).context("failed to open the search index")?;
    let indexed = i64::try_from(index.position().0).unwrap_or(i64::MAX);
    let waiting = desk::capture::last_change(desk).await?.saturating_sub(indexed);
    if waiting > 0 && std::io::stderr().is_terminal() {
        // Standard error may be closed.
        let _ = writeln!(std::io::stderr(), "taking {waiting} changes into the search index first");
    }
    Indexer::new(desk.clone(), index).catch_up().await.context("failed to take what came in into the search index")
}
