//! What can go wrong with an index, and what to do then. A query that cannot be read is a [`crate::ParseError`].

use std::{io, path::PathBuf};

/// Why the index could not do it.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is none.
    #[error("there is no search index in {0}; build it with `gatepost search --rebuild`")]
    Missing(PathBuf),
    /// It was made by another version of Gatepost.
    #[error("the search index has format {found}, this version writes {FORMAT}; build it again with `gatepost search --rebuild`",
        FORMAT = crate::index::FORMAT)]
    OtherFormat {
        /// The format found.
        found: u32,
    },
    /// Its files do not hold what was written.
    #[error("the search index is damaged ({what}); nothing is lost, build it again with `gatepost search --rebuild`")]
    Damaged {
        /// What was noticed.
        what: String,
    },
    /// Another process writes it.
    #[error("the search index is being written by another process; stop `gatepost serve` or wait until it is done")]
    Busy,
    /// It was opened for reading.
    #[error("the search index was opened for reading only")]
    ReadOnly,
    /// A page was asked for with a mark of another search.
    #[error("this page mark belongs to another search; start again from the first page")]
    ForeignPage,
    /// A page so far down that ranking it makes no sense.
    #[error("only the first {max} results are ranked; add a word or a date, or sort by time")]
    TooFar {
        /// The limit.
        max: usize,
    },
    /// The position given with changes is not beyond what the index has.
    #[error("the index is at position {at}, it cannot be set to {asked}")]
    Backwards {
        /// Where it is.
        at: u64,
        /// What was asked.
        asked: u64,
    },
    /// The disk.
    #[error("failed to read or write the search index: {0}")]
    Io(#[from] io::Error),
    /// Stopped on request.
    #[error("stopped; what was done is kept and continued next time")]
    Stopped,
    /// Not built.
    #[error("{0} is not supported yet")]
    NotYet(&'static str),
}

impl SearchError {
    /// Whether building the index again is what helps.
    pub fn asks_for_a_rebuild(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::OtherFormat { .. } | Self::Damaged { .. })
    }
}
