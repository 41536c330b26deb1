//! Where the ledger keeps things: the [`Store`] trait, and the batch that is handed to it.
//!
//! A store makes a batch durable (`commit`), puts it where it is read from (`apply`), and says when that is
//! durable too (`settle`). Invariant: after `commit` returned, a crash at any point loses nothing of the
//! batch; before, it may lose all of it but never a part. A store holds no plaintext and no keys in clear.

pub mod files;
#[cfg(feature = "postgres")]
pub mod postgres;

use std::path::PathBuf;

use crate::blob::{BlobName, BlobSource};
use crate::damage::Damage;
use crate::entry::{Entry, FLAG_BLOB};
use crate::frame::{self, BATCH_HEAD, BatchHead, Commit, FRAME_HEAD, FrameError, SealedBody};
use crate::hash::Hash;
use crate::merkle::{Frontier, HashReader};

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done, as in "write".
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Syncing failed: what is on the medium is unknown, so the process has to stop and recover.
    #[error("sync {path}: {source}; what is on the disk is unknown: stop, check the disk, start again")]
    Sync {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Stored data is damaged.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Another process writes.
    #[error("another process has the ledger in {0} open for writing: stop it first")]
    Locked(PathBuf),
    /// Another process took over, and this one must stop.
    #[error("another process took over this log: this one has stopped without writing")]
    Fenced,
    /// The store is closed or was stopped by an earlier error.
    #[error("the store has stopped after an earlier error: start the program again")]
    Stopped,
    /// Nothing there.
    #[error("there is no ledger in {0}: create one first")]
    Missing(PathBuf),
    /// Something there already.
    #[error("there is a ledger in {0} already")]
    Exists(PathBuf),
    /// This kind of store keeps none.
    #[error("this ledger's store keeps no attachments: record that it was left out")]
    NoBlobs,
    /// Written by a newer program.
    #[error("the ledger has format {0}, which this program does not know: use a newer one")]
    Format(u32),
}

impl StoreError {
    /// Whether trying again may help (the disk is full) rather than being a reason to stop.
    pub fn is_out_of_space(&self) -> bool {
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
    }
}

/// A batch that is ready to be stored.
#[derive(Debug, Clone)]
pub struct SealedBatch {
    /// Its header.
    pub head: BatchHead,
    /// Its commit frame.
    pub commit: Commit,
    /// Header, key additions, frames and commit frame, as they lie in the write-ahead ring.
    pub bytes: Vec<u8>,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Where each sealed body lies in `bytes`.
    pub bodies: Vec<std::ops::Range<usize>>,
    /// Hashes to store, by tile level, in order.
    pub hashes: Vec<(u8, Hash)>,
}

impl SealedBatch {
    /// Sealed key additions.
    pub fn keys(&self) -> &[u8] {
        &self.bytes[BATCH_HEAD..BATCH_HEAD + self.head.keys_len as usize]
    }

    /// Seq and name of each attachment that the batch's entries have.
    pub fn blobs(&self) -> impl Iterator<Item = (u64, BlobName)> + '_ {
        let with_blob = self.entries.iter().zip(&self.bodies).filter(|(entry, _)| entry.flags & FLAG_BLOB != 0);
        with_blob.filter_map(|(entry, body)| Some((entry.seq, SealedBody::parse(&self.bytes[body.clone()]).ok()?.blob?)))
    }

    /// Takes a batch read back from storage apart, growing `tree` by it and comparing the root.
    pub fn rebuild(bytes: Vec<u8>, tree: &mut Frontier) -> Result<Self, FrameError> {
        let batch = frame::read_batch(&bytes)?;
        let (head, commit) = (batch.head, batch.commit);
        if head.first_seq != tree.size() {
            return Err(FrameError::Batch("it does not follow the log"));
        }
        let mut at = BATCH_HEAD + head.keys_len as usize;
        let end = at + batch.frames.len();
        let (mut entries, mut bodies, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        while at < end {
            let read = frame::read_frame(&bytes[at..end])?;
            if read.entry.seq != tree.size() {
                return Err(FrameError::Batch("its entries are not numbered one after the other"));
            }
            bodies.push(at + FRAME_HEAD + crate::entry::ENTRY_LEN..at + read.length);
            tree.push(read.entry.leaf_hash(), |level, hash| {
                hashes.push((level, hash));
            });
            entries.push(read.entry);
            at += read.length;
        }
        if tree.size() != commit.size || tree.root() != commit.root {
            return Err(FrameError::Batch("its entries do not lead to its root"));
        }
        Ok(Self { head, commit, bytes, entries, bodies, hashes })
    }
}

/// What a store found when it was opened.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// The tree over everything durable.
    pub tree: Frontier,
    /// Number of the next batch.
    pub next_batch_no: u64,
    /// Number of the next key segment; numbers are never used twice.
    pub next_segment: u64,
    /// Entries that were replayed from the write-ahead ring.
    pub replayed: u64,
    /// Bytes after the last commit frame that were cut off.
    pub torn: bool,
}

/// One segment of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// Retention class.
    pub class: u16,
    /// Number.
    pub segment: u64,
}

/// What tidying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Segments that were moved.
    pub moved: usize,
    /// Removed segments whose object is gone.
    pub gone: usize,
    /// Removed segments whose object is still locked.
    pub locked: usize,
}

/// Where a log's public description is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    /// In `log.toml` in the ledger's folder: the store keeps none.
    InFolder,
    /// The store is to keep it, and has none yet.
    NotYet,
    /// Here it is.
    Here(String),
}

/// What a scan of a segment calls with seq and sealed body (`None` when wiped).
pub type EachBody<'a> = dyn FnMut(u64, Option<&[u8]>) -> Result<(), StoreError> + 'a;

/// An attachment that is being written. Dropping it unfinished removes it.
pub trait BlobSink: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
    /// Gives it its name. Durable on return; it becomes readable when an entry that names it is applied.
    fn finish(self: Box<Self>, name: BlobName) -> Result<(), StoreError>;
}

/// A place that keeps a log. Blocking; safe to call from several threads, except that `commit`, `apply` and
/// `settle` are each called by one thread at a time and batches arrive in order.
pub trait Store: Send + Sync {
    /// Makes a batch durable. May wait until `settle` has freed room.
    fn commit(&self, batch: &SealedBatch) -> Result<(), StoreError>;
    /// Puts a committed batch where it is read from; repeating it changes nothing.
    fn apply(&self, batch: &SealedBatch) -> Result<(), StoreError>;
    /// Makes everything applied so far durable in its final place and frees the ring.
    fn settle(&self) -> Result<(), StoreError>;
    /// Whether `settle` should be called soon to make room.
    fn wants_settle(&self) -> bool;
    /// Bytes that can still be written before the reserve is touched.
    fn free_bytes(&self) -> Result<u64, StoreError>;

    /// Nothing more will be written through this store: whoever waits for room gets an error, and what keeps others from writing is given
    /// back as far as that is possible. Reading stays possible.
    fn retire(&self) {}
    /// Moves what is finished to where it is kept for long, and removes there what was removed here. For stores that have such a place;
    /// repeating it changes nothing.
    fn tidy(&self) -> Result<Tidied, StoreError> {
        Ok(Tidied::default())
    }
    /// Looks how far the writer has come, in a store that was opened for reading beside one.
    fn refresh(&self) -> Result<(), StoreError> {
        Ok(())
    }
    /// The public description of the log, when the store keeps it.
    fn description(&self) -> Result<Description, StoreError> {
        Ok(Description::InFolder)
    }
    /// Replaces the public description; durable on return. Only for stores that keep it.
    fn put_description(&self, _text: &str) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    /// Entries that can be read (applied).
    fn size(&self) -> u64;
    /// `count` encoded entries from `first`, one after the other.
    fn entries(&self, first: u64, count: usize) -> Result<Vec<u8>, StoreError>;
    /// Stored hashes of a tile level.
    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError>;
    /// The sealed body of an entry; `None` when it was removed or wiped. Damaged bytes are returned as they
    /// are: the caller compares the hash.
    fn body(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError>;
    /// The sealed bodies of several entries, each as [`Store::body`] answers it; for reading many in order.
    fn bodies(&self, entries: &[Entry]) -> Vec<Result<Option<Vec<u8>>, StoreError>> {
        entries.iter().map(|entry| self.body(entry)).collect()
    }
    /// Calls `each` with seq and sealed body (`None` when wiped) of everything in a segment, in slot order.
    fn scan_segment(&self, name: SegmentName, each: &mut EachBody<'_>) -> Result<(), StoreError>;
    /// Segments whose bodies are stored.
    fn segments(&self) -> Result<Vec<SegmentName>, StoreError>;
    /// Overwrites one sealed body with zeroes; durable after `sync_bodies`.
    fn wipe_body(&self, entry: &Entry) -> Result<(), StoreError>;
    /// Makes wiping durable.
    fn sync_bodies(&self) -> Result<(), StoreError>;
    /// Removes all bodies of a segment; durable on return. Repeating it changes nothing.
    fn remove_segment(&self, name: SegmentName) -> Result<(), StoreError>;

    /// Starts writing an attachment.
    fn begin_blob(&self) -> Result<Box<dyn BlobSink>, StoreError> {
        Err(StoreError::NoBlobs)
    }
    /// Removes an attachment that was finished but that no committed entry names.
    fn discard_blob(&self, _name: BlobName) {}
    /// Opens the attachment that an applied entry names; `None` when it is gone.
    fn open_blob(&self, _name: BlobName) -> Result<Option<Box<dyn BlobSource>>, StoreError> {
        Err(StoreError::NoBlobs)
    }
    /// Removes attachments; durable on return. Those that are gone already are no error.
    fn remove_blobs(&self, names: &[BlobName]) -> Result<(), StoreError> {
        if names.is_empty() { Ok(()) } else { Err(StoreError::NoBlobs) }
    }

    /// Adds a signed checkpoint; durable on return. Refuses one that is not larger than the newest.
    fn add_checkpoint(&self, size: u64, note: &str) -> Result<(), StoreError>;
    /// The newest signed checkpoint.
    fn checkpoint(&self) -> Result<Option<String>, StoreError>;
    /// Calls `each` with every signed checkpoint from the oldest on.
    fn each_checkpoint(&self, each: &mut dyn FnMut(&str) -> Result<(), StoreError>) -> Result<(), StoreError>;
    /// Keeps a file beside the checkpoint of this size (a timestamp token); durable on return.
    fn put_anchor(&self, size: u64, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Sizes and names of the files kept beside checkpoints.
    fn anchors(&self) -> Result<Vec<(u64, String)>, StoreError>;
    /// The largest size beside which a file of this name is kept.
    fn newest_anchor(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.anchors()?.iter().filter(|(_, found)| found == name).map(|(size, _)| *size).max())
    }
    /// One of them.
    fn anchor(&self, size: u64, name: &str) -> Result<Vec<u8>, StoreError>;

    /// Numbers of the stored keystore generations.
    fn generations(&self) -> Result<Vec<u64>, StoreError>;
    /// A generation's file and the additions sealed since.
    fn read_generation(&self, number: u64) -> Result<(Vec<u8>, Vec<u8>), StoreError>;
    /// Writes a new generation, makes it durable, then destroys all others.
    /// Everything committed must have been settled before.
    fn replace_generation(&self, number: u64, bytes: &[u8]) -> Result<(), StoreError>;
}

/// Reads a store's hashes for proofs.
#[derive(Clone, Copy)]
pub struct StoredTree<'a>(pub &'a dyn Store);

impl HashReader for StoredTree<'_> {
    type Error = StoreError;

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        self.0.hashes(level, first, count)
    }
}
