//! The port: what the desk needs of a search engine.
//!
//! [`crate::Embedded`] is the one that exists. A cluster that speaks the OpenSearch interface is to stand behind the same trait.

use crate::{
    answer::Answer,
    error::SearchError,
    message::{Change, Position, RecordId},
    request::Request,
};

/// How much an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Messages that can be found.
    pub messages: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Separate parts a search has to look through.
    pub segments: usize,
}

/// An index of messages. All calls block; callers on an async runtime use its blocking threads.
pub trait SearchIndex: Send + Sync {
    /// Answers a request from what was committed.
    ///
    /// # Errors
    /// [`SearchError::Damaged`], [`SearchError::ForeignPage`], [`SearchError::TooFar`].
    fn search(&self, request: &Request) -> Result<Answer, SearchError>;

    /// Takes in changes in the caller's order, and remembers how far they go. They are found after [`Self::commit`].
    ///
    /// # Errors
    /// [`SearchError::Backwards`] when `position` lies behind what was taken in; [`SearchError::ReadOnly`].
    fn apply(&self, changes: Vec<Change>, position: Position) -> Result<(), SearchError>;

    /// Makes what was taken in durable and findable, words and position together.
    ///
    /// # Errors
    /// When the disk refuses; nothing is committed then.
    fn commit(&self) -> Result<(), SearchError>;

    /// How far the committed changes go: after a crash the caller goes on from here.
    fn position(&self) -> Position;

    /// Removes messages so that no byte of theirs is left in the index's files, and commits. Returns when it is done.
    ///
    /// # Errors
    /// When the disk refuses; the messages are not found any more, but the call must be repeated to be sure of the bytes.
    fn forget(&self, ids: &[RecordId]) -> Result<(), SearchError>;

    /// Reads every file and compares checksums.
    ///
    /// # Errors
    /// [`SearchError::Damaged`] naming the files.
    fn verify(&self) -> Result<(), SearchError>;

    /// How much it holds.
    fn size(&self) -> Result<Size, SearchError>;
}
