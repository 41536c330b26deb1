//! Building an index again beside the one in use, which answers until the new one is complete.
//!
//! What was built before an interruption is continued. It is thrown away when the index in use was opened for writing in between:
//! something may have been erased from that one.

use std::path::{Path, PathBuf};

use super::{Embedded, Options, folder};
use crate::{
    error::SearchError,
    message::{Change, Position},
    port::SearchIndex,
};

/// Changes between two commits: what an interruption loses, a few seconds of work.
const COMMIT_EVERY: usize = 200_000;

/// An index being built.
#[derive(Debug)]
pub struct Rebuild {
    folder: PathBuf,
    path: PathBuf,
    building: Embedded,
    since_commit: usize,
}

impl Rebuild {
    /// Begins, or goes on where an interruption left it. What cannot be continued is begun again.
    ///
    /// # Errors
    /// [`SearchError::Busy`] while another process builds or writes; the disk.
    pub fn begin(folder: &Path, options: Options) -> Result<Self, SearchError> {
        let path = folder::unfinished(folder)?;
        let building = match Embedded::at(&path, options, super::Access::Write) {
            Err(error) if error.asks_for_a_rebuild() => {
                std::fs::remove_dir_all(&path)?;
                std::fs::create_dir_all(&path)?;
                Embedded::at(&path, options, super::Access::Write)
            }
            other => other,
        }?;
        Ok(Self { folder: folder.to_owned(), path, building, since_commit: 0 })
    }

    /// From where the caller's changes are wanted; 0 for all.
    pub fn position(&self) -> Position {
        self.building.position()
    }

    /// Takes in the next changes.
    ///
    /// # Errors
    /// As [`SearchIndex::apply`]; what was committed stays, and is continued next time.
    pub fn apply(&mut self, changes: Vec<Change>, position: Position) -> Result<(), SearchError> {
        self.since_commit += changes.len();
        self.building.apply(changes, position)?;
        if self.since_commit >= COMMIT_EVERY {
            self.pause()?;
        }
        Ok(())
    }

    /// Keeps what was done, for the next time.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn pause(&mut self) -> Result<(), SearchError> {
        self.since_commit = 0;
        self.building.commit()
    }

    /// Puts the new index in use, in place of the old one.
    ///
    /// # Errors
    /// When the disk refuses; the old one stays in use then.
    pub fn finish(self) -> Result<Embedded, SearchError> {
        self.building.commit()?;
        folder::put_in_use(&self.folder, &self.path)?;
        Ok(self.building)
    }
}
