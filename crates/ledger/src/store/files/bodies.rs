//! Sealed bodies: one file per segment, in slot order, and a file of offsets per slot.
//!
//! Invariant: a body's place is fixed by the order of slots, so writing a batch again changes nothing.
//! The offsets can be computed again from the segment. A wiped body keeps its place, filled with zeroes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::low_water::SegmentPosition;
use super::{io, lock, sync};
use crate::damage::{Damage, DamageClass};
use crate::entry::Entry;
use crate::frame::{self, BODY_RECORD_HEAD};
use crate::io::{Disk, DiskFile, Open, read_exact_at, write_all_at};
use crate::store::{EachBody, SealedBatch, SegmentName, StoreError};

/// Open segments kept for reading; more are closed all at once.
const OPEN_FILES_MAX: usize = 128;
/// Bytes of an offset in the index: segments stay below 4 GiB.
const OFFSET_LEN: u64 = 4;
/// Longest run of neighbouring bodies that is read at once.
const RUN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes read at a time when a segment is scanned.
const SCAN_BYTES: usize = 1024 * 1024;

/// A sealed body, or that it is gone, or why it cannot be read.
type BodyRead = Result<Option<Vec<u8>>, StoreError>;

pub(super) struct Bodies {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<SegmentName, Arc<Segment>>,
    /// Segments that are written to.
    growing: BTreeMap<SegmentName, SegmentPosition>,
    dirty: BTreeMap<SegmentName, Arc<Segment>>,
    created: Vec<PathBuf>,
}

struct Segment {
    path: PathBuf,
    data: Box<dyn DiskFile>,
    offsets: Box<dyn DiskFile>,
}

impl Bodies {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Self {
        Self { disk, folder, state: Mutex::default() }
    }

    /// Appends all bodies of a batch, grouped by segment.
    pub(super) fn append(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        let mut by_segment: BTreeMap<SegmentName, Vec<usize>> = BTreeMap::new();
        for (index, entry) in batch.entries.iter().enumerate() {
            by_segment.entry(name_of(entry)).or_default().push(index);
        }
        let mut positions = Vec::new();
        for (name, indexes) in by_segment {
            positions.push(self.append_to(name, batch, &indexes)?);
        }
        let mut state = lock(&self.state);
        for position in positions {
            // One growing segment per class: a new one ends the old one.
            let name = position.name;
            state.growing.retain(|other, _| other.class != name.class || *other == name);
            state.growing.insert(name, position);
        }
        Ok(())
    }

    fn append_to(&self, name: SegmentName, batch: &SealedBatch, indexes: &[usize]) -> Result<SegmentPosition, StoreError> {
        let mut position = self.position_for(name, batch.entries[indexes[0]].slot)?;
        let (mut data, mut offsets) = (Vec::new(), Vec::new());
        for index in indexes {
            let offset = position.bytes + data.len() as u64;
            let offset = u32::try_from(offset).map_err(|_| full(name))?;
            offsets.extend_from_slice(&offset.to_be_bytes());
            frame::write_body_record(&mut data, batch.entries[*index].seq, &batch.bytes[batch.bodies[*index].clone()]);
        }
        let segment = self.open_for_writing(name)?;
        write_all_at(&*segment.data, &data, position.bytes).map_err(io("write", &segment.path))?;
        let at = u64::from(position.slots) * OFFSET_LEN;
        write_all_at(&*segment.offsets, &offsets, at).map_err(io("write offsets of", &segment.path))?;
        position.bytes += data.len() as u64;
        position.slots += u32::try_from(indexes.len()).expect("slots fit 32 bits");
        Ok(position)
    }

    /// The sealed body of an entry; `None` when its segment or the body is gone.
    pub(super) fn read(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((segment, offset)) = self.locate(entry)? else {
            return Ok(None);
        };
        let mut record = vec![0; BODY_RECORD_HEAD + entry.sealed_len as usize];
        match read_exact_at(&*segment.data, &mut record, offset) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(cut_short(entry).into()),
            other => other.map_err(io("read", &segment.path))?,
        }
        Ok(body_of(entry, &record)?)
    }

    /// Reads runs of neighbours at once; whatever cannot be read that way is read one by one.
    pub(super) fn read_many(&self, entries: &[Entry]) -> Vec<BodyRead> {
        let mut by_segment: BTreeMap<SegmentName, Vec<usize>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_segment.entry(name_of(entry)).or_default().push(index);
        }
        let mut found: Vec<Option<BodyRead>> = entries.iter().map(|_| None).collect();
        for indexes in by_segment.into_values() {
            let run: Vec<&Entry> = indexes.iter().map(|index| &entries[*index]).collect();
            if let Some(bodies) = self.read_run(&run) {
                for (index, body) in indexes.into_iter().zip(bodies) {
                    found[index] = Some(body);
                }
            }
        }
        found.into_iter().zip(entries).map(|(found, entry)| found.unwrap_or_else(|| self.read(entry))).collect()
    }

    /// The bodies of consecutive slots of one segment; `None` when they do not lie one after the other.
    fn read_run(&self, run: &[&Entry]) -> Option<Vec<BodyRead>> {
        let (first, last) = (run.first()?, run.last()?);
        let consecutive = run.windows(2).all(|pair| pair[0].slot.checked_add(1) == Some(pair[1].slot));
        let length: usize = run.iter().map(|entry| BODY_RECORD_HEAD + entry.sealed_len as usize).sum();
        if !consecutive || length > RUN_BYTES_MAX {
            return None;
        }
        let (segment, start) = self.locate(first).ok()??;
        let (_, end) = self.locate(last).ok()??;
        let last_length = BODY_RECORD_HEAD + last.sealed_len as usize;
        if end.checked_sub(start)? != (length - last_length) as u64 {
            return None;
        }
        let mut bytes = vec![0; length];
        read_exact_at(&*segment.data, &mut bytes, start).ok()?;
        let mut rest = &bytes[..];
        let bodies = run.iter().map(|entry| {
            let (record, later) = rest.split_at(BODY_RECORD_HEAD + entry.sealed_len as usize);
            rest = later;
            Ok(body_of(entry, record)?)
        });
        Some(bodies.collect())
    }

    /// Fills a body with zeroes: its length and seq stay, its checksum becomes zero.
    pub(super) fn wipe(&self, entry: &Entry) -> Result<(), StoreError> {
        let Some((_, offset)) = self.locate(entry)? else {
            return Ok(());
        };
        let segment = self.open_for_writing(name_of(entry))?;
        let mut head = vec![0; BODY_RECORD_HEAD];
        read_exact_at(&*segment.data, &mut head, offset).map_err(io("read", &segment.path))?;
        if frame::read_body_head(&head).is_ok_and(|(_, _, seq)| seq != entry.seq) {
            return Err(misplaced(entry, "another record lies there").into());
        }
        head[4..8].fill(0);
        head.resize(BODY_RECORD_HEAD + entry.sealed_len as usize, 0);
        write_all_at(&*segment.data, &head, offset).map_err(io("wipe", &segment.path))
    }

    /// Hands out everything in a segment in order; damaged records end the scan with an error.
    pub(super) fn scan(&self, name: SegmentName, each: &mut EachBody<'_>) -> Result<(), StoreError> {
        let Some(segment) = self.open_existing(name)? else {
            return Ok(());
        };
        let end = match lock(&self.state).growing.get(&name) {
            Some(position) => position.bytes,
            None => segment.data.len().map_err(io("look at", &segment.path))?,
        };
        let (mut buffer, mut used, mut at) = (Vec::new(), 0, 0);
        loop {
            let left = &buffer[used..];
            let wanted = match frame::read_body_head(left) {
                Ok((length, _, _)) => BODY_RECORD_HEAD + length,
                Err(frame::FrameError::Short) => BODY_RECORD_HEAD,
                Err(error) => return Err(unreadable(name, at - left.len() as u64, &error).into()),
            };
            if left.len() >= wanted && wanted > 0 && left.len() >= BODY_RECORD_HEAD {
                let record = &left[..wanted];
                if is_wiped(record) {
                    each(u64::from_be_bytes(record[8..16].try_into().expect("eight bytes")), None)?;
                } else {
                    // The checksum is not what counts here: the caller compares with the entry's hash.
                    let seq = u64::from_be_bytes(record[8..16].try_into().expect("eight bytes"));
                    each(seq, Some(&record[BODY_RECORD_HEAD..]))?;
                }
                used += wanted;
                continue;
            }
            if at >= end {
                let torn = !left.is_empty();
                let short = frame::FrameError::Short;
                return if torn { Err(unreadable(name, at - left.len() as u64, &short).into()) } else { Ok(()) };
            }
            buffer.drain(..used);
            used = 0;
            let more = (end - at).min(wanted.max(SCAN_BYTES) as u64);
            let start = buffer.len();
            buffer.resize(start + usize::try_from(more).expect("at most a few MiB"), 0);
            read_exact_at(&*segment.data, &mut buffer[start..], at).map_err(io("read", &segment.path))?;
            at += more;
        }
    }

    /// Segments that have a file.
    pub(super) fn list(&self) -> Result<Vec<SegmentName>, StoreError> {
        let mut names = Vec::new();
        for class in self.disk.list(&self.folder).map_err(io("list", &self.folder))? {
            let Ok(number) = class.parse::<u16>() else {
                continue;
            };
            let folder = self.folder.join(&class);
            for file in self.disk.list(&folder).map_err(io("list", &folder))? {
                let segment = file.strip_suffix(".seg").and_then(|name| name.parse().ok());
                names.extend(segment.map(|segment| SegmentName { class: number, segment }));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes a segment's files and makes that durable.
    pub(super) fn remove(&self, name: SegmentName) -> Result<(), StoreError> {
        {
            let mut state = lock(&self.state);
            state.open.remove(&name);
            state.growing.remove(&name);
            state.dirty.remove(&name);
        }
        let folder = self.class_folder(name.class);
        for path in [self.path(name), self.path(name).with_extension("idx")] {
            match self.disk.remove(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other.map_err(io("remove", &path))?,
            }
        }
        if self.disk.exists(&folder).map_err(io("look for", &folder))? {
            self.disk.sync_dir(&folder).map_err(sync(&folder))?;
        }
        Ok(())
    }

    /// Ends of the segments that are written to.
    pub(super) fn positions(&self) -> Vec<SegmentPosition> {
        lock(&self.state).growing.values().copied().collect()
    }

    /// Cuts growing segments to these ends and removes segments from `next_segment` on: a torn tail.
    pub(super) fn truncate(&self, positions: &[SegmentPosition], next_segment: u64) -> Result<(), StoreError> {
        for position in positions {
            // A growing segment may have been removed by disposal after the mark was written.
            let Some(_) = self.open_existing(position.name)? else {
                continue;
            };
            let segment = self.open_for_writing(position.name)?;
            let fail = |path: &Path| format!("segment {} is shorter than the low-water mark says", path.display());
            if segment.data.len().map_err(io("look at", &segment.path))? < position.bytes {
                return Err(Damage::new(DamageClass::BodyMissing, fail(&segment.path)).into());
            }
            segment.data.set_len(position.bytes).map_err(io("cut", &segment.path))?;
            let offsets = u64::from(position.slots) * OFFSET_LEN;
            segment.offsets.set_len(offsets).map_err(io("cut offsets of", &segment.path))?;
            lock(&self.state).growing.insert(position.name, *position);
        }
        for name in self.list()?.into_iter().filter(|name| name.segment >= next_segment) {
            self.remove(name)?;
        }
        Ok(())
    }

    /// From now on nothing is appended to the segments written so far.
    pub(super) fn seal_all(&self) {
        lock(&self.state).growing.clear();
    }

    /// Makes everything written durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let (dirty, created) = {
            let mut state = lock(&self.state);
            (std::mem::take(&mut state.dirty), std::mem::take(&mut state.created))
        };
        for segment in dirty.values() {
            segment.data.sync().map_err(sync(&segment.path))?;
            segment.offsets.sync().map_err(sync(&segment.path))?;
        }
        for folder in created {
            self.disk.sync_dir(&folder).map_err(sync(&folder))?;
        }
        Ok(())
    }

    fn position_for(&self, name: SegmentName, first_slot: u32) -> Result<SegmentPosition, StoreError> {
        let known = lock(&self.state).growing.get(&name).copied();
        let position = known.unwrap_or(SegmentPosition { name, bytes: 0, slots: 0 });
        if position.slots != first_slot {
            let detail = format!("slot {first_slot} of segment {} follows {}", name.segment, position.slots);
            return Err(Damage::new(DamageClass::SequenceBroken, detail).into());
        }
        Ok(position)
    }

    fn locate(&self, entry: &Entry) -> Result<Option<(Arc<Segment>, u64)>, StoreError> {
        let Some(segment) = self.open_existing(name_of(entry))? else {
            return Ok(None);
        };
        let mut offset = [0; 4];
        match read_exact_at(&*segment.offsets, &mut offset, u64::from(entry.slot) * OFFSET_LEN) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(cut_short(entry).into()),
            other => {
                other.map_err(io("read offsets of", &segment.path))?;
                Ok(Some((segment, u64::from(u32::from_be_bytes(offset)))))
            }
        }
    }

    fn open_existing(&self, name: SegmentName) -> Result<Option<Arc<Segment>>, StoreError> {
        if let Some(segment) = lock(&self.state).open.get(&name) {
            return Ok(Some(segment.clone()));
        }
        let path = self.path(name);
        if !self.disk.exists(&path).map_err(io("look for", &path))? {
            return Ok(None);
        }
        self.open_as(name, Open::Read).map(Some)
    }

    fn open_for_writing(&self, name: SegmentName) -> Result<Arc<Segment>, StoreError> {
        if let Some(segment) = lock(&self.state).dirty.get(&name) {
            return Ok(segment.clone());
        }
        let (folder, path) = (self.class_folder(name.class), self.path(name));
        // Noted before anything is made: when a later step fails and is tried again, what is there by then must still be synced.
        if !self.disk.exists(&folder).map_err(io("look for", &folder))? {
            lock(&self.state).created.push(self.folder.clone());
            self.disk.create_dir_all(&folder).map_err(io("create folder", &folder))?;
        }
        if !self.disk.exists(&path).map_err(io("look for", &path))? {
            lock(&self.state).created.push(folder);
        }
        let segment = self.open_as(name, Open::Write)?;
        lock(&self.state).dirty.insert(name, segment.clone());
        Ok(segment)
    }

    fn open_as(&self, name: SegmentName, how: Open) -> Result<Arc<Segment>, StoreError> {
        let path = self.path(name);
        let index = path.with_extension("idx");
        let data = self.disk.open(&path, how).map_err(io("open", &path))?;
        let offsets = self.disk.open(&index, how).map_err(io("open", &index))?;
        let segment = Arc::new(Segment { path, data, offsets });
        let mut state = lock(&self.state);
        if state.open.len() >= OPEN_FILES_MAX {
            state.open.clear();
        }
        state.open.insert(name, segment.clone());
        Ok(segment)
    }

    fn class_folder(&self, class: u16) -> PathBuf {
        self.folder.join(format!("{class:05}"))
    }

    fn path(&self, name: SegmentName) -> PathBuf {
        self.class_folder(name.class).join(format!("{:012}.seg", name.segment))
    }
}

fn name_of(entry: &Entry) -> SegmentName {
    SegmentName { class: entry.retention_class, segment: entry.segment }
}

/// The sealed body in a record that has to be this entry's; `None` when it was wiped.
fn body_of(entry: &Entry, record: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
    if is_wiped(record) {
        return Ok(None);
    }
    let (length, _, seq) = frame::read_body_head(record).map_err(|error| misplaced(entry, &error.to_string()))?;
    if seq != entry.seq || length != entry.sealed_len as usize {
        return Err(misplaced(entry, "another record lies there"));
    }
    Ok(Some(record[BODY_RECORD_HEAD..].to_vec()))
}

/// A wiped record has no checksum and nothing but zeroes after its head. An intact one never looks like
/// that, because a sealed body ends in a tag.
fn is_wiped(record: &[u8]) -> bool {
    record[4..8] == [0; 4] && record[BODY_RECORD_HEAD..].iter().all(|byte| *byte == 0)
}

fn misplaced(entry: &Entry, why: &str) -> Damage {
    let detail = format!("segment {} slot {}: {why}", entry.segment, entry.slot);
    Damage::at(DamageClass::BodyAltered, entry.seq, detail)
}

fn cut_short(entry: &Entry) -> Damage {
    let detail = format!("segment {} ends before slot {}", entry.segment, entry.slot);
    Damage::at(DamageClass::BodyMissing, entry.seq, detail)
}

fn unreadable(name: SegmentName, offset: u64, error: &frame::FrameError) -> Damage {
    let detail = format!("segment {} at byte {offset}: {error}", name.segment);
    Damage::new(DamageClass::BodyAltered, detail)
}

fn full(name: SegmentName) -> Damage {
    Damage::new(DamageClass::SequenceBroken, format!("segment {} grew over 4 GiB", name.segment))
}
