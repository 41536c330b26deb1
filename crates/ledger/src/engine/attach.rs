//! Attaching a blob to a record: store the bytes first, then append the record that names them.
//!
//! Invariant: a record is durable only after its blob is. A blob that never gets its record is removed: when its handle is dropped, or
//! after a crash when the ledger is opened again. Memory is two chunks per blob that is being stored.

use std::io::Read;
use std::sync::{Arc, Weak};

use super::pending::Pending;
use super::{AppendError, Ledger, NewEntry, Receipt, Shared, check_caller};
use crate::blob::{BLOB_BYTES_MAX, BlobRef, CHUNK_BYTES, ChunkSealer, FILE_HEAD};
use crate::hash::Hash;
use crate::keys::secret::Secret;
use crate::store::StoreError;
use crate::wiped::Wiped;

/// Free space is looked at again after this many chunks.
const SPACE_CHECK_CHUNKS: u64 = 32;

/// Why a blob was not stored. Nothing of it is left, or will be after the next opening.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes to store could not be read.
    #[error("the attachment could not be read: {0}")]
    Source(std::io::Error),
    /// Longer than allowed.
    #[error("the attachment is longer than {0} bytes: raise the limit, or record that it was left out")]
    TooLong(u64),
    /// The ledger refuses: no space, or it has stopped.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// Storing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A blob that is stored durably but belongs to no record yet. Dropping it removes it.
#[derive(Debug)]
pub struct StoredBlob {
    pub(super) reference: BlobRef,
    owner: Option<Owner>,
}

/// The ledger it was stored in; not kept alive by it.
struct Owner(Weak<Shared>);

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Owner")
    }
}

impl StoredBlob {
    /// SHA-256 of the plaintext.
    pub fn sha256(&self) -> Hash {
        self.reference.sha256
    }

    /// Length of the plaintext in bytes.
    pub fn len(&self) -> u64 {
        self.reference.len
    }

    /// Whether the plaintext has no bytes.
    pub fn is_empty(&self) -> bool {
        self.reference.len == 0
    }

    /// From now on a record names it.
    pub(super) fn adopt(mut self) {
        self.owner = None;
    }
}

impl Drop for StoredBlob {
    fn drop(&mut self) {
        if let Some(shared) = self.owner.take().and_then(|Owner(shared)| shared.upgrade()) {
            shared.store.discard_blob(self.reference.name);
        }
    }
}

impl Ledger {
    /// Encrypts and stores everything that `source` gives, up to `bytes_max` (at most [`BLOB_BYTES_MAX`]); durable on return. Works on the
    /// caller's thread and beside other callers.
    pub fn put_blob(&self, mut source: impl Read, bytes_max: u64) -> Result<StoredBlob, BlobError> {
        let limit = bytes_max.min(BLOB_BYTES_MAX);
        self.check_can_store()?;
        let mut sink = self.shared.store.begin_blob()?;
        let mut sealer = ChunkSealer::new(Secret::random(&*self.shared.environment.entropy));
        sink.write(&FILE_HEAD)?;
        let (mut chunk, mut total) = (read_chunk(&mut source)?, 0);
        for number in 1_u64.. {
            total += chunk.len() as u64;
            if total > limit {
                return Err(BlobError::TooLong(limit));
            }
            let next = if chunk.len() == CHUNK_BYTES { read_chunk(&mut source)? } else { Wiped::default() };
            let is_last = next.is_empty();
            sealer.seal(&mut chunk, is_last);
            sink.write(&chunk)?;
            if is_last {
                break;
            }
            if number.is_multiple_of(SPACE_CHECK_CHUNKS) {
                self.check_can_store()?;
            }
            chunk = next;
        }
        let reference = sealer.finish();
        if let Err(error) = sink.finish(reference.name) {
            if matches!(error, StoreError::Sync { .. }) {
                self.shared.stop(&error.to_string());
            }
            return Err(error.into());
        }
        Ok(StoredBlob { reference, owner: Some(Owner(Arc::downgrade(&self.shared))) })
    }

    /// Like [`Ledger::append`], for a record with this attachment, which is removed again when the record is refused or known already.
    pub fn append_with_blob(&self, entry: NewEntry, blob: StoredBlob) -> Result<Pending<Receipt>, AppendError> {
        check_caller(&entry)?;
        let is_ours = blob.owner.as_ref().is_some_and(|Owner(shared)| shared.as_ptr() == Arc::as_ptr(&self.shared));
        if !is_ours {
            return Err(AppendError::Limit(
                "its attachment was stored in another ledger, or before this one was opened".to_owned(),
            ));
        }
        self.enqueue(entry, Some(blob), true)
    }

    fn check_can_store(&self) -> Result<(), BlobError> {
        if self.shared.stop_reason().is_some() {
            return Err(self.stopped().into());
        }
        let (free, reserve) = (self.shared.store.free_bytes()?, self.shared.options.reserve_bytes);
        if free < reserve { Err(AppendError::OutOfSpace { free, reserve }.into()) } else { Ok(()) }
    }
}

/// Reads until a chunk is full or the source ends.
fn read_chunk(source: &mut impl Read) -> Result<Wiped, BlobError> {
    // Room for the tag too: growing would leave a copy of the plaintext behind.
    let mut chunk = Wiped::new(Vec::with_capacity(CHUNK_BYTES + crate::blob::TAG_BYTES));
    source.take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(BlobError::Source)?;
    Ok(chunk)
}
