//! Reading: entries, bodies, streams, proofs. Works beside the writer and on a ledger opened for reading.
//!
//! Invariant: a body that is handed out was decrypted, decompressed and compared with its commitment.
//! What was removed is never guessed at: the caller asks for the verdict.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{LogFile, Shared};
use crate::blob::{BlobName, BlobReader};
use crate::body::{self, Body};
use crate::checkpoint::Checkpoint;
use crate::damage::{Damage, DamageClass};
use crate::entry::{ENTRY_LEN, Entry, FLAG_BLOB};
use crate::frame::SealedBody;
use crate::hash::{Hash, sha256};
use crate::ids::{RecordId, StreamId, SubjectId};
use crate::index::Index;
use crate::io::Disk;
use crate::keys::record::RecordKey;
use crate::keys::ring::KeyRing;
use crate::keys::secret::Secret;
use crate::keys::tree::{LeafPath, SegmentTree};
use crate::merkle;
use crate::note::{Note, VerifierKey};
use crate::proof::TlogProof;
use crate::store::{Store, StoreError, StoredTree};
use crate::wiped::Wiped;

/// Entries of a stream that are looked up at a time.
const STREAM_CHUNK: usize = 256;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such entry.
    #[error("there is no entry {seq}: the log has {size}")]
    NoEntry {
        /// What was asked for.
        seq: u64,
        /// What there is.
        size: u64,
    },
    /// The entry is there, its body cannot be read any more (or these keys do not allow it).
    #[error("body of entry {seq} cannot be read: {reason}")]
    Unreadable {
        /// Which entry.
        seq: u64,
        /// Why.
        reason: Unreadable,
    },
    /// No checkpoint covers the entry yet.
    #[error("no checkpoint covers entry {0} yet: wait a second and ask again")]
    NotSigned(u64),
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index could not be read.
    #[error("index: {0}; remove `index/` and open the ledger again")]
    Index(#[from] std::io::Error),
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        Self::Store(damage.into())
    }
}

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its bytes were removed.
    #[error("its bytes were removed")]
    BytesRemoved,
    /// Its attachment was removed.
    #[error("its attachment was removed")]
    BlobRemoved,
    /// Its segment's key, or its slot of it, is gone.
    #[error("the key of its slot is gone")]
    SlotKeyGone,
    /// A subject's key is gone.
    #[error("the key of a person it is about is gone")]
    SubjectKeyGone,
}

/// Paths to the leaves used last, by segment: for opening many bodies in order.
#[derive(Default)]
pub(crate) struct Leaves(HashMap<u64, LeafPath>);

impl Leaves {
    /// Segments remembered: more than retention classes can have open at once.
    const SEGMENTS_MAX: usize = 256;

    fn leaf(&mut self, segment: u64, tree: &SegmentTree, slot: u32) -> Option<Secret> {
        if self.0.len() >= Self::SEGMENTS_MAX && !self.0.contains_key(&segment) {
            self.0.clear();
        }
        self.0.entry(segment).or_default().leaf(tree, slot)
    }
}

/// A body that was opened and compared with its commitment.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The entry.
    pub entry: Entry,
    /// Whom it is about.
    pub subjects: Vec<SubjectId>,
    /// The canonical body: what the commitment covers.
    pub canonical: Wiped,
    /// The salt of the commitment: with it and the canonical body anyone can check the entry.
    pub salt: [u8; 32],
}

impl Opened {
    /// Source time and the caller's bytes.
    pub fn body(&self) -> Result<Body, body::BodyError> {
        body::parse(&self.canonical)
    }
}

/// What a reader needs when there is no writer in this process.
pub(super) struct ReaderParts {
    pub(super) store: Arc<dyn Store>,
    pub(super) index: Index,
    pub(super) ring: RwLock<KeyRing>,
    pub(super) log: RwLock<LogFile>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) root: PathBuf,
}

/// A handle for reading. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Source);

#[derive(Clone)]
enum Source {
    Writer(Arc<Shared>),
    /// The settler itself, which must not wait for itself.
    Settler(Arc<Shared>),
    Parts(Arc<ReaderParts>),
}

impl Reader {
    pub(super) fn of_writer(shared: Arc<Shared>) -> Self {
        Self(Source::Writer(shared))
    }

    pub(super) fn of_settler(shared: Arc<Shared>) -> Self {
        Self(Source::Settler(shared))
    }

    pub(super) fn of_parts(parts: ReaderParts) -> Self {
        Self(Source::Parts(Arc::new(parts)))
    }

    pub(super) fn parts(&self) -> Option<&ReaderParts> {
        match &self.0 {
            Source::Parts(parts) => Some(parts),
            Source::Writer(_) | Source::Settler(_) => None,
        }
    }

    /// Number of entries that can be read: beside a writer, everything that was answered to be durable.
    pub fn size(&self) -> u64 {
        if let Source::Writer(shared) = &self.0 {
            shared.applied.wait_for(shared.committed.load(Ordering::Acquire));
        }
        self.store().size()
    }

    /// The public description of the log.
    pub fn log(&self) -> LogFile {
        match &self.0 {
            Source::Writer(shared) | Source::Settler(shared) => shared.log.read().unwrap_or_else(PoisonError::into_inner).clone(),
            Source::Parts(parts) => parts.log.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// The log's verifier keys.
    pub fn verifiers(&self) -> Result<Vec<VerifierKey>, ReadError> {
        let altered = |error| Damage::new(DamageClass::CheckpointAltered, format!("log.toml: {error}"));
        Ok(self.log().verifiers().map_err(altered)?)
    }

    /// The entry with this number.
    pub fn entry(&self, seq: u64) -> Result<Entry, ReadError> {
        let size = self.size();
        if seq >= size {
            return Err(ReadError::NoEntry { seq, size });
        }
        let entry = decode(&self.store().entries(seq, 1)?, seq)?;
        if entry.seq != seq {
            return Err(Damage::at(DamageClass::EntryAltered, seq, format!("entry {} lies there", entry.seq)).into());
        }
        Ok(entry)
    }

    /// Up to `count` entries from `first`.
    pub fn entries(&self, first: u64, count: usize) -> Result<Vec<Entry>, ReadError> {
        let count = usize::try_from(self.size().saturating_sub(first)).unwrap_or(usize::MAX).min(count);
        let bytes = self.store().entries(first, count)?;
        (first..).zip(bytes.chunks_exact(ENTRY_LEN)).map(|(seq, bytes)| decode(bytes, seq)).collect()
    }

    /// Number of the entry with this record id.
    pub fn find(&self, record: RecordId) -> Result<Option<u64>, ReadError> {
        let Some(seq) = self.index().find(record)? else {
            return Ok(None);
        };
        if seq >= self.size() {
            // Numbered, but not durable yet.
            return Ok(None);
        }
        if self.entry(seq)?.record_id != record {
            return Err(Damage::at(DamageClass::IndexWrong, seq, format!("record {record} is not there")).into());
        }
        Ok(Some(seq))
    }

    /// Opens the body of an entry and compares it with its commitment.
    pub fn read(&self, seq: u64) -> Result<Opened, ReadError> {
        let entry = self.entry(seq)?;
        let unreadable = |reason| ReadError::Unreadable { seq, reason };
        let sealed = self.store().body(&entry)?.ok_or_else(|| unreadable(Unreadable::BytesRemoved))?;
        self.open_sealed(&entry, &sealed)
    }

    /// Opens the attachment of an entry; `None` when it has none. What is read is compared with the entry on the way.
    pub fn blob(&self, seq: u64) -> Result<Option<BlobReader>, ReadError> {
        let opened = self.read(seq)?;
        let Some(reference) = body::blob_of(&opened.canonical) else {
            return Ok(None);
        };
        let source = self.store().open_blob(reference.name)?;
        let source = source.ok_or(ReadError::Unreadable { seq, reason: Unreadable::BlobRemoved })?;
        Ok(Some(BlobReader::new(source, reference)))
    }

    /// The name of an entry's attachment, as far as its stored body still says it.
    pub(crate) fn blob_name(&self, entry: &Entry) -> Result<Option<BlobName>, ReadError> {
        if entry.flags & FLAG_BLOB == 0 {
            return Ok(None);
        }
        let Some(sealed) = self.store().body(entry)? else {
            return Ok(None);
        };
        let parsed = SealedBody::parse(&sealed);
        Ok(parsed.map_err(|error| Damage::at(DamageClass::BodyAltered, entry.seq, error.to_string()))?.blob)
    }

    /// Compares a sealed body with the hash in its entry and opens it.
    fn open_sealed(&self, entry: &Entry, sealed: &[u8]) -> Result<Opened, ReadError> {
        if sha256(sealed) != entry.sealed_sha256 {
            let why = "the stored bytes do not match the hash in the entry";
            return Err(Damage::at(DamageClass::BodyAltered, entry.seq, why).into());
        }
        self.open_intact(entry, sealed, &mut Leaves::default())
    }

    /// Opens a sealed body that was compared with the hash in its entry already.
    pub(crate) fn open_intact(&self, entry: &Entry, sealed: &[u8], leaves: &mut Leaves) -> Result<Opened, ReadError> {
        let altered = |why: String| Damage::at(DamageClass::BodyAltered, entry.seq, why);
        let parsed = SealedBody::parse(sealed).map_err(|error| altered(error.to_string()))?;
        let key = self.record_key(entry, &parsed.subjects, leaves)?;
        let packed = key.open(sealed).map_err(|error| altered(error.to_string()))?;
        let canonical = body::unpack(entry.flags, &packed, entry.body_len).map_err(|error| altered(error.to_string()))?;
        if key.commit(&canonical) != entry.commitment {
            let why = "the plaintext does not match the commitment in the entry";
            return Err(Damage::at(DamageClass::CommitmentWrong, entry.seq, why).into());
        }
        let named = body::blob_of(&canonical).map(|blob| blob.name);
        if named != parsed.blob || named.is_some() != (entry.flags & FLAG_BLOB != 0) {
            let why = "entry, sealed body and plaintext name different attachments";
            return Err(Damage::at(DamageClass::CommitmentWrong, entry.seq, why).into());
        }
        Ok(Opened { entry: *entry, subjects: parsed.subjects, canonical, salt: *key.salt() })
    }

    /// Derives a record's key, or says which part of it is gone.
    fn record_key(&self, entry: &Entry, subjects: &[SubjectId], leaves: &mut Leaves) -> Result<RecordKey, ReadError> {
        let unreadable = |reason| ReadError::Unreadable { seq: entry.seq, reason };
        let ring = self.ring();
        let segment = ring.segments.get(&entry.segment);
        let leaf = segment.and_then(|keys| leaves.leaf(entry.segment, &keys.tree, entry.slot));
        let leaf = leaf.ok_or_else(|| unreadable(Unreadable::SlotKeyGone))?;
        let keys = ring.subject_keys(subjects).map_err(|_| unreadable(Unreadable::SubjectKeyGone))?;
        Ok(RecordKey::derive(&leaf, keys, entry.record_id))
    }

    /// Whom the stored body of an entry is about; empty when the bytes are gone.
    pub fn subjects(&self, entry: &Entry) -> Result<Vec<SubjectId>, ReadError> {
        let Some(sealed) = self.store().body(entry)? else {
            return Ok(Vec::new());
        };
        let parsed = SealedBody::parse(&sealed);
        Ok(parsed.map_err(|error| Damage::at(DamageClass::BodyAltered, entry.seq, error.to_string()))?.subjects)
    }

    /// The entries of a stream in order, from position `from`.
    pub fn stream(&self, stream: StreamId, from: u64) -> StreamEntries<'_> {
        StreamEntries { reader: self, stream, next: from, ahead: Vec::new().into_iter(), done: false }
    }

    /// How many entries a stream has.
    pub fn stream_len(&self, stream: StreamId) -> Result<u64, ReadError> {
        Ok(self.index().stream_last(stream)?.map_or(0, |last| last + 1))
    }

    /// Up to `limit` numbers of entries about a subject, from entry `from` on.
    pub fn about(&self, subject: SubjectId, from: u64, limit: usize) -> Result<Vec<u64>, ReadError> {
        Ok(self.index().subject(subject, from, limit)?)
    }

    /// The newest checkpoint, its signature checked.
    pub fn checkpoint(&self) -> Result<Option<(Checkpoint, Note)>, ReadError> {
        let Some(text) = self.store().checkpoint()? else {
            return Ok(None);
        };
        let opened = Checkpoint::open(text.as_bytes(), &self.log().origin, &self.verifiers()?);
        let altered = |error: crate::checkpoint::CheckpointError| {
            Damage::new(DamageClass::CheckpointAltered, format!("newest checkpoint: {error}"))
        };
        Ok(Some(opened.map_err(altered)?))
    }

    /// Siblings from an entry to the root of the first `size` entries.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        let readable = self.size();
        if seq >= size || size > readable {
            return Err(ReadError::NoEntry { seq: seq.max(size.saturating_sub(1)), size: readable });
        }
        Ok(merkle::inclusion_proof(&StoredTree(self.store()), seq, size)?)
    }

    /// Proof that the first `old` entries are a prefix of the first `new`.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        let size = self.size();
        if old > new || new > size {
            return Err(ReadError::NoEntry { seq: new, size });
        }
        Ok(merkle::consistency_proof(&StoredTree(self.store()), old, new)?)
    }

    /// Root of the first `size` entries.
    pub fn root(&self, size: u64) -> Result<Hash, ReadError> {
        let readable = self.size();
        if size > readable {
            return Err(ReadError::NoEntry { seq: size, size: readable });
        }
        Ok(merkle::root(&StoredTree(self.store()), size)?)
    }

    /// The C2SP proof of an entry under the newest checkpoint.
    pub fn prove(&self, seq: u64) -> Result<TlogProof, ReadError> {
        let (checkpoint, note) =
            self.checkpoint()?.filter(|(checkpoint, _)| checkpoint.size > seq).ok_or(ReadError::NotSigned(seq))?;
        let hashes = self.inclusion_proof(seq, checkpoint.size)?;
        Ok(TlogProof { extra: Vec::new(), index: seq, hashes, checkpoint: note })
    }

    /// The store behind, for serving tiles and for verifying.
    pub fn store(&self) -> &dyn Store {
        match &self.0 {
            Source::Writer(shared) | Source::Settler(shared) => &*shared.store,
            Source::Parts(parts) => &*parts.store,
        }
    }

    fn index(&self) -> &Index {
        match &self.0 {
            Source::Writer(shared) | Source::Settler(shared) => &shared.index,
            Source::Parts(parts) => &parts.index,
        }
    }

    pub(crate) fn ring(&self) -> RwLockReadGuard<'_, KeyRing> {
        let ring = match &self.0 {
            Source::Writer(shared) | Source::Settler(shared) => &shared.ring,
            Source::Parts(parts) => &parts.ring,
        };
        ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries of a stream, one after the other.
pub struct StreamEntries<'a> {
    reader: &'a Reader,
    stream: StreamId,
    next: u64,
    ahead: std::vec::IntoIter<u64>,
    done: bool,
}

impl Iterator for StreamEntries<'_> {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.ahead.len() == 0 {
            match self.reader.index().stream(self.stream, self.next, STREAM_CHUNK) {
                Err(error) => {
                    self.done = true;
                    return Some(Err(error.into()));
                }
                Ok(seqs) => self.ahead = seqs.into_iter(),
            }
        }
        let seq = self.ahead.next().filter(|seq| *seq < self.reader.size());
        let Some(seq) = seq else {
            self.done = true;
            return None;
        };
        let entry = self.reader.entry(seq).and_then(|entry| {
            if entry.stream_id == self.stream && entry.stream_seq == self.next {
                return Ok(entry);
            }
            let detail = format!("stream {} expects its entry {} there", self.stream, self.next);
            Err(Damage::at(DamageClass::IndexWrong, seq, detail).into())
        });
        self.next += 1;
        self.done = entry.is_err();
        Some(entry)
    }
}

fn decode(bytes: &[u8], seq: u64) -> Result<Entry, ReadError> {
    Ok(Entry::decode(bytes).map_err(|error| Damage::at(DamageClass::EntryAltered, seq, error.to_string()))?)
}
