//! Creating a ledger and opening it: key ring, recovery, index, threads.
//!
//! Invariant: opening for writing either succeeds with everything that was acknowledged, or fails and
//! changes nothing that matters. A damaged ledger can still be opened for reading.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::log_file::{FORMAT, LogFile, SigningKey};
use super::queue::Queue;
use super::reader::{Reader, ReaderParts};
use super::sealer::Sealer;
use super::state::{Applied, Shared};
use super::{Environment, Ledger, Options, pipeline};
use crate::checkpoint::Checkpoint;
use crate::damage::{Damage, DamageClass};
use crate::entry::{ENTRY_LEN, Entry};
use crate::frame::SealedBody;
use crate::index::{Index, IndexRow};
use crate::keys::age::{AgeError, Recipient};
use crate::keys::keystore::{Generation, KeystoreError, Opener};
use crate::keys::master::MasterKey;
use crate::keys::ring::KeyRing;
use crate::keys::secret::Secret;
use crate::note::{Note, NoteError, Signer};
use crate::store::files::FileStore;
use crate::store::{Recovered, Store, StoreError};

/// Entries read at a time when the index is built.
const INDEX_CHUNK: u64 = 4096;

/// Why a ledger could not be created or opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keystore did not open.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// A name or key is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// An escrow recipient is malformed.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// The index could not be read or written.
    #[error("index: {0}; remove `index/` and try again")]
    Index(std::io::Error),
    /// A thread could not be started.
    #[error("thread: {0}")]
    Thread(std::io::Error),
}

impl From<Damage> for OpenError {
    fn from(damage: Damage) -> Self {
        Self::Store(damage.into())
    }
}

/// Creates an empty ledger in `root`, named `origin`, with its first keystore generation wrapped by `master`
/// and sealed to the `escrow` recipients (age X25519), with a write-ahead ring of `ring_bytes`. Answers with its public description.
pub fn create(
    environment: &Environment,
    root: &Path,
    origin: &str,
    master: &dyn MasterKey,
    escrow: &[String],
    ring_bytes: u64,
) -> Result<LogFile, OpenError> {
    FileStore::create(&environment.disk, root, ring_bytes)?;
    let (store, _) = FileStore::open(environment.disk.clone(), root)?;
    create_in(environment, root, origin, master, escrow, &store)
}

/// The same in a store that was laid out elsewhere (a database), which also keeps the public description.
pub fn create_in(
    environment: &Environment,
    root: &Path,
    origin: &str,
    master: &dyn MasterKey,
    escrow: &[String],
    store: &dyn Store,
) -> Result<LogFile, OpenError> {
    let seed = Secret::random(&*environment.entropy);
    let signer = Signer::from_seed(origin, seed.expose())?;
    let keys = vec![SigningKey { from_size: 0, key: signer.verifier().to_string() }];
    let log = LogFile { format: FORMAT, origin: origin.to_owned(), escrow: escrow.to_vec(), keys };
    let ring = KeyRing { signing: vec![(0, seed)], ..KeyRing::default() };
    let generation = Generation::new(1, &*environment.entropy);
    let bytes = generation.seal(&ring, master, &recipients(&log)?, &*environment.entropy)?;
    store.replace_generation(1, &bytes)?;
    log.save(store, &*environment.disk, root)?;
    Ok(log)
}

/// The escrow recipients of a log.
pub(super) fn recipients(log: &LogFile) -> Result<Vec<Recipient>, AgeError> {
    log.escrow.iter().map(|text| text.parse()).collect()
}

impl Ledger {
    /// Opens a ledger in a folder for writing.
    pub fn open(environment: Environment, root: &Path, master: &dyn MasterKey, options: Options) -> Result<Self, OpenError> {
        let ledger = Self::open_with(environment, root, &Opener::Master(master), options)?;
        // Before anything is appended. A ledger on which this fails is damaged or out of space; taking records in matters more.
        if let Err(error) = ledger.finish_newest_removal(master) {
            tracing::error!(%error, "the newest removal could not be finished");
        }
        Ok(ledger)
    }

    /// Opens with the escrow identity when the master key is lost; renew the keystore under a new master
    /// key right afterwards. Does not finish an interrupted removal.
    pub fn open_with(environment: Environment, root: &Path, opener: &Opener<'_>, options: Options) -> Result<Self, OpenError> {
        // The public description first: a folder without one is no ledger, whatever else is in it.
        LogFile::read(&*environment.disk, root)?;
        let (store, recovered) = FileStore::open(environment.disk.clone(), root)?;
        Self::open_in(environment, root, Arc::new(store), recovered, opener, options)
    }

    /// Opens on a store that was opened for writing elsewhere (a database); `root` holds the index, which is this machine's own.
    pub fn open_in(
        environment: Environment,
        root: &Path,
        store: Arc<dyn Store>,
        recovered: Recovered,
        opener: &Opener<'_>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let log = LogFile::load(&*store, &*environment.disk, root)?;
        let (generation, ring) = open_keys(&*store, opener)?;
        let signer = signer_of(&log, &ring)?;
        let checkpointed = newest_size(&*store, &log)?;
        let size = recovered.tree.size();
        let last_captured_at_ms = match size.checked_sub(1) {
            None => 0,
            Some(last) => decode(&store.entries(last, 1)?, last)?.captured_at_ms,
        };
        let index = Index::open(environment.disk.clone(), root.join("index"), size).map_err(OpenError::Index)?;
        fill_index(&*store, &index, size)?;
        let shared = Arc::new(Shared {
            queue: Queue::new(options.queue_records_max, options.queue_bytes_max),
            index,
            ring: RwLock::new(ring),
            generation: Mutex::new(generation),
            signer: RwLock::new(signer),
            log: RwLock::new(log),
            root: root.to_owned(),
            environment,
            options,
            checkpointed: AtomicU64::new(checkpointed),
            committed: AtomicU64::new(size),
            applied: Applied::default(),
            stopped: Mutex::new(None),
            store,
        });
        shared.applied.grow(size);
        let tree = recovered.tree.clone();
        let root_hash = tree.root();
        let sealer = Sealer::new(shared.clone(), tree, recovered.next_batch_no, recovered.next_segment, last_captured_at_ms);
        let threads = pipeline::start(&shared, sealer, size, root_hash).map_err(OpenError::Thread)?;
        Ok(Self { shared, threads: Mutex::new(threads), governance: Mutex::new(()), recovered })
    }
}

impl Reader {
    /// Opens a ledger for reading only, also beside a running writer or when it is damaged: sees what was
    /// settled. Without an opener, bodies cannot be read but everything else can.
    pub fn open(environment: &Environment, root: &Path, opener: Option<&Opener<'_>>) -> Result<Self, OpenError> {
        // The public description first: a folder without one is no ledger, whatever else is in it.
        LogFile::read(&*environment.disk, root)?;
        let store = FileStore::open_read_only(environment.disk.clone(), root)?;
        Self::open_in(environment, root, Arc::new(store), opener)
    }

    /// The same on a store that was opened for reading elsewhere (a database); `root` holds this machine's index, which is read and not
    /// written.
    pub fn open_in(
        environment: &Environment,
        root: &Path,
        store: Arc<dyn Store>,
        opener: Option<&Opener<'_>>,
    ) -> Result<Self, OpenError> {
        let log = LogFile::load(&*store, &*environment.disk, root)?;
        let ring = match opener {
            None => KeyRing::default(),
            Some(opener) => open_keys(&*store, opener)?.1,
        };
        let size = store.size();
        let index = Index::open(environment.disk.clone(), root.join("index"), size).map_err(OpenError::Index)?;
        // A damaged ledger must still open: what cannot be indexed cannot be found by id, only by number.
        let indexed = fill_index(&*store, &index, size);
        if let Err(error) = indexed {
            tracing::warn!(%error, "the index is incomplete");
        }
        Ok(Self::of_parts(ReaderParts {
            store,
            index,
            ring: RwLock::new(ring),
            log: RwLock::new(log),
            disk: environment.disk.clone(),
            root: root.to_owned(),
        }))
    }

    /// For a reader beside a writer in another process: sees what was written since it was opened, with the keys that came with it, and
    /// keeps the index up to it. Only for the one process that the folder of the index belongs to. A writer's own reader is always up to
    /// date and does nothing here.
    pub fn catch_up(&self, opener: &Opener<'_>) -> Result<(), OpenError> {
        let Some(parts) = self.parts() else { return Ok(()) };
        let before = parts.store.size();
        parts.store.refresh()?;
        let size = parts.store.size();
        if size == before {
            return Ok(());
        }
        let log = LogFile::load(&*parts.store, &*parts.disk, &parts.root)?;
        *parts.log.write().unwrap_or_else(PoisonError::into_inner) = log;
        let (_, ring) = open_keys(&*parts.store, opener)?;
        *parts.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        fill_index(&*parts.store, &parts.index, size)?;
        parts.index.flush(size).map_err(OpenError::Index)
    }
}

/// Opens the newest generation and replays the additions since.
fn open_keys(store: &dyn Store, opener: &Opener<'_>) -> Result<(Generation, KeyRing), OpenError> {
    let newest = store.generations()?.last().copied();
    let newest = newest.ok_or_else(|| Damage::new(DamageClass::KeystoreAltered, "there is no keystore"))?;
    let (bytes, additions) = store.read_generation(newest)?;
    let (generation, mut ring) = Generation::open(&bytes, opener)?;
    if generation.number != newest {
        let detail = format!("the file of generation {newest} holds generation {}", generation.number);
        return Err(Damage::new(DamageClass::KeystoreAltered, detail).into());
    }
    for addition in generation.open_additions(&additions)? {
        ring.add(addition);
    }
    Ok((generation, ring))
}

fn signer_of(log: &LogFile, ring: &KeyRing) -> Result<Signer, OpenError> {
    let missing = || Damage::new(DamageClass::KeystoreAltered, "the keystore has no signing key");
    let (_, seed) = ring.signing.last().ok_or_else(missing)?;
    let signer = Signer::from_seed(&log.origin, seed.expose())?;
    if !log.verifiers()?.contains(signer.verifier()) {
        let detail = format!("the signing key {} is not listed in log.toml", signer.verifier());
        return Err(Damage::new(DamageClass::KeystoreAltered, detail).into());
    }
    Ok(signer)
}

/// Size of the newest checkpoint, whose signature is checked.
fn newest_size(store: &dyn Store, log: &LogFile) -> Result<u64, OpenError> {
    let Some(text) = store.checkpoint()? else {
        return Ok(0);
    };
    let altered = |error: String| Damage::new(DamageClass::CheckpointAltered, format!("newest checkpoint: {error}"));
    Note::parse(text.as_bytes()).map_err(|error| altered(error.to_string()))?;
    let opened = Checkpoint::open(text.as_bytes(), &log.origin, &log.verifiers()?);
    Ok(opened.map_err(|error| altered(error.to_string()))?.0.size)
}

/// Adds what no run covers.
fn fill_index(store: &dyn Store, index: &Index, size: u64) -> Result<(), OpenError> {
    let mut first = index.covered();
    while first < size {
        let count = (size - first).min(INDEX_CHUNK);
        let bytes = store.entries(first, usize::try_from(count).expect("a chunk is small"))?;
        let mut rows = Vec::new();
        for (seq, encoded) in (first..).zip(bytes.chunks_exact(ENTRY_LEN)) {
            let entry = decode(encoded, seq)?;
            // A removed body names no subjects any more, and there is nothing left to erase.
            let sealed = store.body(&entry).ok().flatten();
            let subjects = sealed.and_then(|sealed| Some(SealedBody::parse(&sealed).ok()?.subjects));
            rows.push(IndexRow {
                seq,
                record: entry.record_id,
                stream: entry.stream_id,
                stream_seq: entry.stream_seq,
                subjects: subjects.unwrap_or_default(),
            });
        }
        index.add(rows);
        first += count;
    }
    Ok(())
}

fn decode(bytes: &[u8], seq: u64) -> Result<Entry, StoreError> {
    Ok(Entry::decode(bytes).map_err(|error| Damage::at(DamageClass::EntryAltered, seq, error.to_string()))?)
}
