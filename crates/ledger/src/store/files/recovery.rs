//! Opening for writing after any kind of end: replay of the ring, cutting of torn tails, refusal of damage.
//!
//! Invariant: everything that was acknowledged is in the result, or opening fails with the damage found.
//! Recovery can be interrupted and repeated at any point.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::low_water::{LowWater, LowWaterFile};
use super::ring::{PAGE, Ring};
use super::{Applied, FileStore, Writer, io, make_folders, sync, sync_layout};
use crate::checkpoint::Checkpoint;
use crate::damage::{Damage, DamageClass};
use crate::frame::{BATCH_HEAD, BatchHead, FrameError};
use crate::io::{DiskFile, Open, read_exact_at};
use crate::merkle::{self, Frontier};
use crate::note::Note;
use crate::store::{Recovered, SealedBatch, Store as _, StoreError, StoredTree};
use crate::tile::TILE_LEVEL_MAX;

pub(super) fn recover(mut store: FileStore, lock: Box<dyn DiskFile>) -> Result<(FileStore, Recovered), StoreError> {
    let disk = store.disk.clone();
    if make_folders(&*disk, &store.root)? {
        sync_layout(&*disk, &store.root)?;
    }
    let marks = LowWaterFile::open_for_writing(&*disk, &store.root.join("wal/low-water"))?;
    let mark = marks.newest()?;
    cut_tails(&store, &mark)?;
    store.size.store(mark.size, Ordering::Release);
    let mut tree = load_tree(&store, &mark)?;
    let replayed = replay(&store, &mark, &mut tree)?;
    let newest = store.checkpoints.open_for_writing()?;
    check_against_checkpoint(&store, newest.as_deref())?;
    let ring = Ring::open(&*disk, &store.root.join("wal/ring"), replayed.offset)?;
    let applied = Applied {
        batch_no: replayed.next_batch_no - 1,
        root: tree.root(),
        ring_end: replayed.offset,
        next_segment: replayed.next_segment,
    };
    let applied = Mutex::new(applied);
    store.bodies.seal_all();
    store.writer = Some(Writer { ring, low_water: Mutex::new(marks), applied, _lock: lock });
    sync_folders(&store)?;
    store.settle()?;
    store.blobs.clear_pending()?;
    let recovered = Recovered {
        next_batch_no: replayed.next_batch_no,
        next_segment: replayed.next_segment,
        replayed: tree.size() - mark.size,
        torn: replayed.torn,
        tree,
    };
    Ok((store, recovered))
}

/// Whatever lies behind the low-water mark was not settled: it is written again from the ring.
fn cut_tails(store: &FileStore, mark: &LowWater) -> Result<(), StoreError> {
    store.entries.truncate(mark.size)?;
    for (level, pack) in (0_u8..).zip(&store.tiles) {
        pack.truncate(crate::tile::items_at(level, mark.size))?;
    }
    store.bodies.truncate(&mark.segments, mark.next_segment)?;
    store.keys.open_for_writing(mark.generation, mark.keys_len)
}

/// A process that was killed may have made files and folders whose names it never synced. This one finds them there and would not
/// think of it, so all names are made to last before the first mark that relies on them.
fn sync_folders(store: &FileStore) -> Result<(), StoreError> {
    let bodies = store.root.join("bodies");
    let classes = store.disk.list(&bodies).map_err(io("list", &bodies))?;
    let fixed = ["entries", "bodies", "checkpoints", "keys"].map(|name| store.root.join(name));
    let levels = (0..=TILE_LEVEL_MAX).map(|level| store.root.join("tiles").join(level.to_string()));
    for folder in fixed.into_iter().chain(levels).chain(classes.iter().map(|class| bodies.join(class))) {
        store.disk.sync_dir(&folder).map_err(sync(&folder))?;
    }
    Ok(())
}

fn load_tree(store: &FileStore, mark: &LowWater) -> Result<Frontier, StoreError> {
    let damaged = |detail: String| StoreError::from(Damage::new(DamageClass::TreeAltered, detail));
    let tree = match Frontier::load(&StoredTree(store), mark.size) {
        Err(StoreError::Io { source, .. })
            if matches!(source.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::NotFound) =>
        {
            return Err(damaged(format!("tiles end before the low-water mark of {} entries", mark.size)));
        }
        other => other?,
    };
    if tree.root() != mark.root {
        return Err(damaged(format!("tiles do not lead to the root stored for {} entries", mark.size)));
    }
    Ok(tree)
}

struct Replayed {
    offset: u64,
    next_batch_no: u64,
    next_segment: u64,
    torn: bool,
}

/// Applies every whole batch after the mark, in order.
fn replay(store: &FileStore, mark: &LowWater, tree: &mut Frontier) -> Result<Replayed, StoreError> {
    let path = store.root.join("wal/ring");
    let file = store.disk.open(&path, Open::Read).map_err(io("open", &path))?;
    let len = file.len().map_err(io("look at", &path))?;
    let mut done =
        Replayed { offset: mark.ring_offset, next_batch_no: mark.next_batch_no, next_segment: mark.next_segment, torn: false };
    // The next batch follows the last one, or starts again at zero. A torn batch of an earlier end may still
    // lie at one of the two places, so whichever can be taken apart counts.
    let mut torn = None;
    'batches: loop {
        for offset in [done.offset, 0] {
            let read = read_batch(&*file, offset, len, done.next_batch_no).map_err(io("read", &path))?;
            let Some(bytes) = read else { continue };
            let end = offset + (bytes.len() as u64).next_multiple_of(PAGE);
            let mut grown = tree.clone();
            match SealedBatch::rebuild(bytes, &mut grown) {
                Ok(batch) => {
                    store.place(&batch)?;
                    let segments = batch.entries.iter().map(|entry| entry.segment + 1);
                    done.next_segment = segments.fold(done.next_segment, u64::max);
                    store.size.store(batch.commit.size, Ordering::Release);
                    *tree = grown;
                    done.offset = end;
                    done.next_batch_no += 1;
                    continue 'batches;
                }
                Err(error) => torn = Some((done.next_batch_no, error)),
            }
        }
        break;
    }
    let torn = torn.filter(|(number, _)| *number == done.next_batch_no).map(|(_, error)| error);
    done.torn = torn.is_some();
    let reason = torn.unwrap_or(FrameError::Magic);
    refuse_if_followed(&*file, len, done.next_batch_no, &reason)?;
    Ok(done)
}

/// The bytes of the batch with this number at `offset`; `None` when there is no header of it.
/// A batch that is cut off by the end of the ring is handed out short, and refused when taken apart.
fn read_batch(file: &dyn DiskFile, offset: u64, len: u64, number: u64) -> std::io::Result<Option<Vec<u8>>> {
    if offset + BATCH_HEAD as u64 > len {
        return Ok(None);
    }
    let mut head = [0; BATCH_HEAD];
    read_exact_at(file, &mut head, offset)?;
    let Ok(head) = BatchHead::decode(&head) else {
        return Ok(None);
    };
    if head.batch_no != number {
        return Ok(None);
    }
    let total = (head.total_len() as u64).min(len - offset);
    let mut bytes = vec![0; usize::try_from(total).map_err(std::io::Error::other)?];
    read_exact_at(file, &mut bytes, offset)?;
    Ok(Some(bytes))
}

/// A torn tail is the end of the ring. If a later batch exists, this one had been acknowledged: damage.
fn refuse_if_followed(file: &dyn DiskFile, len: u64, missing: u64, error: &FrameError) -> Result<(), StoreError> {
    let mut offset = 0;
    let mut head = [0; BATCH_HEAD];
    while offset + PAGE <= len {
        if read_exact_at(file, &mut head, offset).is_ok() && BatchHead::decode(&head).is_ok_and(|head| head.batch_no > missing) {
            let detail = format!("batch {missing} cannot be read ({error}) but a later one was acknowledged");
            return Err(Damage::new(DamageClass::RingDamaged, detail).into());
        }
        offset += PAGE;
    }
    Ok(())
}

/// The newest signed checkpoint must be a prefix of what was recovered.
fn check_against_checkpoint(store: &FileStore, newest: Option<&str>) -> Result<(), StoreError> {
    let Some(note) = newest else { return Ok(()) };
    let unreadable = |error: String| Damage::new(DamageClass::CheckpointAltered, format!("newest checkpoint: {error}"));
    let note = Note::parse(note.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|error| unreadable(error.to_string()))?;
    if checkpoint.size > store.size() {
        let detail = format!("{} entries were signed but only {} are there", checkpoint.size, store.size());
        return Err(Damage::at(DamageClass::EntryMissing, store.size(), detail).into());
    }
    if merkle::root(&StoredTree(store), checkpoint.size)? != checkpoint.root {
        let detail = format!("the tree of {} entries does not have the signed root", checkpoint.size);
        return Err(Damage::new(DamageClass::TreeAltered, detail).into());
    }
    Ok(())
}
