//! The embedded store: plain files in one folder.
//!
//! ```text
//! lock                     flock of the one writer
//! wal/ring  wal/low-water  the only file synced per batch; where replay starts
//! entries/<n>.pack         168-byte entries, 2^18 a file
//! tiles/<level>/<n>.pack   32-byte hashes, 2^20 a file
//! bodies/<class>/<segment>.seg + .idx   sealed bodies; offset per slot
//! blobs/<xx>/<name>.blob, blobs/pending   attachments; those that no entry names yet
//! checkpoints/log, <size>.note, <size>.<name>   signed checkpoints; timestamps
//! keys/<generation>.keys + .log        keystore generation and additions since
//! ```
//! Invariant: crash rules 1 to 6 of the design. The files are described in `docs/ledger-format.md`.

mod blobs;
mod bodies;
mod checkpoints;
mod keys;
mod low_water;
mod pack;
mod recovery;
mod ring;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::blobs::BlobFiles;
use self::bodies::Bodies;
use self::checkpoints::Checkpoints;
use self::keys::KeyFiles;
use self::low_water::{LowWater, LowWaterFile};
use self::pack::Pack;
use self::ring::Ring;
use super::{BlobSink, EachBody, Recovered, SealedBatch, SegmentName, Store, StoreError};
use crate::blob::{BlobName, BlobSource};
use crate::entry::{ENTRY_LEN, Entry};
use crate::hash::{HASH_LEN, Hash};
use crate::io::{Disk, DiskFile, Open};
use crate::tile::TILE_LEVEL_MAX;

/// Entries in one pack: 42 MiB a file.
const ENTRIES_PER_PACK: u64 = 1 << 18;
/// Hashes in one pack: 32 MiB a file.
const HASHES_PER_PACK: u64 = 1 << 20;
/// Smallest ring: a batch with one record of the longest body has to fit eight times.
pub const RING_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// Ring of an ordinary installation: half a second at a hundred thousand records per second.
pub const RING_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;

/// A log in a folder.
pub struct FileStore {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    entries: Pack,
    tiles: Vec<Pack>,
    bodies: Bodies,
    blobs: BlobFiles,
    checkpoints: Checkpoints,
    keys: KeyFiles,
    size: AtomicU64,
    writer: Option<Writer>,
}

/// What only the one writing process has.
struct Writer {
    ring: Ring,
    low_water: Mutex<LowWaterFile>,
    applied: Mutex<Applied>,
    _lock: Box<dyn DiskFile>,
}

/// How far `apply` has come.
#[derive(Debug, Clone, Default)]
struct Applied {
    batch_no: u64,
    root: Hash,
    ring_end: u64,
    next_segment: u64,
}

impl FileStore {
    /// Lays out an empty log: folders, ring, low-water mark. Fails when there is one.
    pub fn create(disk: &Arc<dyn Disk>, root: &Path, ring_bytes: u64) -> Result<(), StoreError> {
        let state = root.join("wal/low-water");
        if disk.exists(&state).map_err(io("look for", &state))? {
            return Err(StoreError::Exists(root.to_owned()));
        }
        make_folders(&**disk, root)?;
        Ring::create(&**disk, &root.join("wal/ring"), ring_bytes.max(RING_BYTES_MIN))?;
        LowWaterFile::create(&**disk, &state)?;
        sync_layout(&**disk, root)?;
        let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), |parent| disk.sync_dir(parent).map_err(sync(parent)))
    }

    /// Opens for reading only: what was settled, up to the newest low-water mark. Changes nothing on disk.
    pub fn open_read_only(disk: Arc<dyn Disk>, root: &Path) -> Result<Self, StoreError> {
        let state = LowWaterFile::open(&*disk, &root.join("wal/low-water"))?.newest()?;
        let store = Self::new(disk, root);
        store.size.store(state.size, Ordering::Release);
        Ok(store)
    }

    /// Opens for writing: takes the lock, replays the ring, cuts off a torn tail.
    pub fn open(disk: Arc<dyn Disk>, root: &Path) -> Result<(Self, Recovered), StoreError> {
        let path = root.join("wal/low-water");
        if !disk.exists(&path).map_err(io("look for", &path))? {
            return Err(StoreError::Missing(root.to_owned()));
        }
        let lock_path = root.join("lock");
        let lock = disk.open(&lock_path, Open::Write).map_err(io("open", &lock_path))?;
        if !lock.try_lock().map_err(io("lock", &lock_path))? {
            return Err(StoreError::Locked(root.to_owned()));
        }
        recovery::recover(Self::new(disk, root), lock)
    }

    fn new(disk: Arc<dyn Disk>, root: &Path) -> Self {
        let pack = |folder: PathBuf, item_len, per_file| Pack::new(disk.clone(), folder, item_len, per_file);
        Self {
            entries: pack(root.join("entries"), ENTRY_LEN, ENTRIES_PER_PACK),
            tiles: (0..=TILE_LEVEL_MAX)
                .map(|level| pack(root.join("tiles").join(level.to_string()), HASH_LEN, HASHES_PER_PACK))
                .collect(),
            bodies: Bodies::new(disk.clone(), root.join("bodies")),
            blobs: BlobFiles::new(disk.clone(), root.join("blobs")),
            checkpoints: Checkpoints::new(disk.clone(), root.join("checkpoints")),
            keys: KeyFiles::new(disk.clone(), root.join("keys")),
            size: AtomicU64::new(0),
            writer: None,
            root: root.to_owned(),
            disk,
        }
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or(StoreError::Stopped)
    }

    /// Puts entries, hashes and bodies of a batch in their place.
    fn place(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        let mut entries = Vec::with_capacity(batch.entries.len() * ENTRY_LEN);
        for entry in &batch.entries {
            entries.extend_from_slice(&entry.encode());
        }
        self.entries.write(batch.head.first_seq, &entries)?;
        for (level, pack) in (0_u8..).zip(&self.tiles) {
            let hashes: Vec<u8> = batch.hashes.iter().filter(|(at, _)| *at == level).flat_map(|(_, hash)| *hash).collect();
            if !hashes.is_empty() {
                pack.write(crate::tile::items_at(level, batch.head.first_seq), &hashes)?;
            }
        }
        // Repeating a failed `place` must change nothing: bodies come last, because only they count positions.
        batch.blobs().try_for_each(|(seq, name)| self.blobs.adopt(name, seq))?;
        self.keys.append_additions(batch.keys())?;
        self.bodies.append(batch)
    }

    /// Syncs everything that `place` wrote.
    fn sync_places(&self) -> Result<(), StoreError> {
        self.entries.sync()?;
        for pack in &self.tiles {
            pack.sync()?;
        }
        self.blobs.sync()?;
        self.bodies.sync()?;
        self.keys.sync()
    }
}

impl Store for FileStore {
    fn commit(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.writer()?.ring.write(batch.head.batch_no, &batch.bytes)
    }

    fn apply(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        let writer = self.writer()?;
        self.place(batch)?;
        let ring_end = writer.ring.end_of(batch.head.batch_no)?;
        let mut applied = lock(&writer.applied);
        let next_segment = batch.entries.iter().map(|entry| entry.segment + 1).fold(applied.next_segment, u64::max);
        *applied = Applied { batch_no: batch.head.batch_no, root: batch.commit.root, ring_end, next_segment };
        self.size.store(batch.commit.size, Ordering::Release);
        Ok(())
    }

    fn settle(&self) -> Result<(), StoreError> {
        let writer = self.writer()?;
        let applied = lock(&writer.applied).clone();
        self.sync_places()?;
        let (generation, keys_len) = self.keys.position();
        let state = LowWater {
            counter: 0,
            next_batch_no: applied.batch_no + 1,
            ring_offset: applied.ring_end,
            size: self.size(),
            root: applied.root,
            next_segment: applied.next_segment,
            generation,
            keys_len,
            segments: self.bodies.positions(),
        };
        lock(&writer.low_water).store(state)?;
        writer.ring.release(applied.batch_no, applied.ring_end);
        Ok(())
    }

    fn retire(&self) {
        if let Some(writer) = &self.writer {
            writer.ring.stop();
        }
    }

    fn refresh(&self) -> Result<(), StoreError> {
        if self.writer.is_none() {
            let state = LowWaterFile::open(&*self.disk, &self.root.join("wal/low-water"))?.newest()?;
            self.size.store(state.size, Ordering::Release);
        }
        Ok(())
    }

    fn wants_settle(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.ring.is_half_full())
    }

    fn free_bytes(&self) -> Result<u64, StoreError> {
        self.disk.free_bytes(&self.root).map_err(io("look at free space of", &self.root))
    }

    fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    fn entries(&self, first: u64, count: usize) -> Result<Vec<u8>, StoreError> {
        self.entries.read(first, count)
    }

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        let pack = self.tiles.get(usize::from(level)).ok_or(StoreError::Stopped)?;
        let bytes = pack.read(first, count)?;
        Ok(bytes.chunks_exact(HASH_LEN).map(|hash| hash.try_into().expect("32 bytes")).collect())
    }

    fn body(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        self.bodies.read(entry)
    }

    fn bodies(&self, entries: &[Entry]) -> Vec<Result<Option<Vec<u8>>, StoreError>> {
        self.bodies.read_many(entries)
    }

    fn scan_segment(&self, name: SegmentName, each: &mut EachBody<'_>) -> Result<(), StoreError> {
        self.bodies.scan(name, each)
    }

    fn segments(&self) -> Result<Vec<SegmentName>, StoreError> {
        self.bodies.list()
    }

    fn wipe_body(&self, entry: &Entry) -> Result<(), StoreError> {
        self.bodies.wipe(entry)
    }

    fn sync_bodies(&self) -> Result<(), StoreError> {
        self.bodies.sync()
    }

    fn remove_segment(&self, name: SegmentName) -> Result<(), StoreError> {
        self.bodies.remove(name)
    }

    fn begin_blob(&self) -> Result<Box<dyn BlobSink>, StoreError> {
        self.writer()?;
        Ok(Box::new(self.blobs.begin()?))
    }

    fn discard_blob(&self, name: BlobName) {
        self.blobs.discard(name);
    }

    fn open_blob(&self, name: BlobName) -> Result<Option<Box<dyn BlobSource>>, StoreError> {
        self.blobs.open(name)
    }

    fn remove_blobs(&self, names: &[BlobName]) -> Result<(), StoreError> {
        self.writer()?;
        self.blobs.remove(names)
    }

    fn add_checkpoint(&self, size: u64, note: &str) -> Result<(), StoreError> {
        self.writer()?;
        self.checkpoints.add(size, note)
    }

    fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.checkpoints.newest()
    }

    fn each_checkpoint(&self, each: &mut dyn FnMut(&str) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.checkpoints.each(each)
    }

    fn put_anchor(&self, size: u64, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.checkpoints.put_anchor(size, name, bytes)
    }

    fn anchors(&self) -> Result<Vec<(u64, String)>, StoreError> {
        self.checkpoints.anchors()
    }

    fn anchor(&self, size: u64, name: &str) -> Result<Vec<u8>, StoreError> {
        self.checkpoints.anchor(size, name)
    }

    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        self.keys.list()
    }

    fn read_generation(&self, number: u64) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        self.keys.read(number)
    }

    fn replace_generation(&self, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.writer()?;
        self.keys.replace(number, bytes)
    }
}

/// Makes the folders that are not there; answers whether any was missing. Copies of a ledger (backups) may lack the empty ones.
fn make_folders(disk: &dyn Disk, root: &Path) -> Result<bool, StoreError> {
    let levels = (0..=TILE_LEVEL_MAX).map(|level| format!("tiles/{level}"));
    let fixed = ["wal", "entries", "tiles", "bodies", "blobs/pending", "checkpoints", "keys", "index"].map(str::to_owned);
    let mut made = false;
    for path in fixed.into_iter().chain(levels).map(|folder| root.join(folder)) {
        if !disk.exists(&path).map_err(io("look for", &path))? {
            disk.create_dir_all(&path).map_err(io("create folder", &path))?;
            made = true;
        }
    }
    Ok(made)
}

/// Makes the names of those folders and of the files made with them durable.
fn sync_layout(disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
    let folders = ["wal", "tiles", "blobs", ""].map(|folder| root.join(folder));
    folders.iter().try_for_each(|path| disk.sync_dir(path).map_err(sync(path)))
}

/// Turns an I/O error into a store error with its context.
fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> StoreError + 'a {
    move |source| StoreError::Io { doing, path: path.to_owned(), source }
}

/// The same for a failed sync, which is never retried.
fn sync(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::Sync { path: path.to_owned(), source }
}

/// Locks; a panic in another thread leaves the data as consistent as it was on disk.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
