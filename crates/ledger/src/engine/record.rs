//! A record on its way in: what a caller gives, what they are answered, and what is refused before it is queued.

use crate::body;
use crate::entry::EntryKind;
use crate::frame::{BODY_BYTES_MAX, SUBJECTS_MAX};
use crate::hash::Hash;
use crate::ids::{RecordId, StreamId, SubjectId};

use super::{CLASS_MAX, LEDGER_CLASS, LEDGER_STREAM};

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it records; the ledger's own kinds are refused.
    pub kind: EntryKind,
    /// Its name; appending it again answers with the first receipt.
    pub record_id: RecordId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Whom it is about: it can be read only while all of their keys exist.
    pub subjects: Vec<SubjectId>,
    /// Retention class, 1 to [`CLASS_MAX`].
    pub retention_class: u16,
    /// The record this one is about, or none.
    pub refers_to: RecordId,
    /// When the source says it happened, Unix milliseconds.
    pub source_time_ms: i64,
    /// The bytes to keep.
    pub body: Vec<u8>,
}

/// What an append is answered with, once it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Position in the log.
    pub seq: u64,
    /// The record's name.
    pub record_id: RecordId,
    /// Position in its stream.
    pub stream_seq: u64,
    /// When it was taken in, Unix milliseconds.
    pub captured_at_ms: i64,
    /// Its leaf hash in the log.
    pub leaf_hash: Hash,
    /// Whether this record id had been appended before; then the first receipt is repeated.
    pub repeated: bool,
}

/// Why a record was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Over a limit.
    #[error("record is over a limit: {0}")]
    Limit(String),
    /// A kind or stream of the ledger's own.
    #[error("{0} is written by the ledger itself: use the operation for it")]
    Reserved(&'static str),
    /// The same record id with other content.
    #[error("record id was used at entry {seq} for other content: record ids are used once")]
    Conflict {
        /// Where the first one is.
        seq: u64,
    },
    /// Nothing more fits into the queue and the caller did not want to wait.
    #[error("the queue is full: try again shortly")]
    QueueFull,
    /// The disk is nearly full.
    #[error("{free} bytes are free on the disk, less than the reserve of {reserve}: free some space")]
    OutOfSpace {
        /// Bytes free.
        free: u64,
        /// Bytes kept in reserve.
        reserve: u64,
    },
    /// The index could not be read.
    #[error("the index could not be read: {0}; remove `index/` and open the ledger again")]
    Index(String),
    /// The ledger was closed or has stopped.
    #[error("the ledger has stopped: {0}")]
    Stopped(String),
}

/// What callers may not write themselves.
pub(super) fn check_caller(entry: &NewEntry) -> Result<(), AppendError> {
    use EntryKind as Kind;
    let own = matches!(
        entry.kind,
        Kind::HoldSet
            | Kind::HoldReleased
            | Kind::PolicyChange
            | Kind::DisposalTombstone
            | Kind::ErasureTombstone
            | Kind::KeyRotation
            | Kind::RemovalRefused
    );
    if own {
        return Err(AppendError::Reserved("this kind"));
    }
    if entry.stream == LEDGER_STREAM {
        return Err(AppendError::Reserved("this stream"));
    }
    if entry.retention_class == LEDGER_CLASS {
        return Err(AppendError::Reserved("retention class 0"));
    }
    Ok(())
}

pub(super) fn check_limits(entry: &NewEntry, has_blob: bool) -> Result<(), AppendError> {
    let bytes_max = BODY_BYTES_MAX - body::head_len(has_blob);
    if entry.body.len() > bytes_max {
        return Err(AppendError::Limit(format!("a body has at most {bytes_max} bytes: put what is larger beside it as a blob")));
    }
    if entry.subjects.len() > SUBJECTS_MAX {
        return Err(AppendError::Limit(format!("a record names at most {SUBJECTS_MAX} subjects")));
    }
    if entry.retention_class > CLASS_MAX {
        return Err(AppendError::Limit(format!("retention classes go up to {CLASS_MAX}")));
    }
    if entry.record_id.is_none() {
        return Err(AppendError::Limit("a record id is not all zeroes".to_owned()));
    }
    Ok(())
}
