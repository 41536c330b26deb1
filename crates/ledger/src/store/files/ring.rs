//! The write-ahead ring: a preallocated file that batches are written to one after the other, and around.
//!
//! Batches start on page boundaries, so that writing one never touches a page of another. A batch that does
//! not fit before the end starts again at zero. Invariant: bytes between the low-water mark and the newest
//! batch are never overwritten.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use super::{io, lock, sync};
use crate::io::{Disk, DiskFile, Open, write_all_at};
use crate::store::StoreError;

/// Batches start on multiples of this.
pub(super) const PAGE: u64 = 4096;
/// Zeroes written at a time when the ring is laid out.
const FILL_BYTES: usize = 1024 * 1024;

pub(super) struct Ring {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    len: u64,
    space: Mutex<Space>,
    released: Condvar,
}

/// Which part of the ring is taken: from `head` to `tail`, around the end when `tail < head`.
struct Space {
    head: u64,
    tail: u64,
    /// Committed batches that were not released: number and where each ends.
    batches: VecDeque<(u64, u64)>,
    stopped: bool,
}

impl Ring {
    /// Writes the whole ring once, so that later syncs change no metadata and need no new space.
    pub(super) fn create(disk: &dyn Disk, path: &Path, len: u64) -> Result<(), StoreError> {
        let file = disk.open(path, Open::Write).map_err(io("create", path))?;
        let zeroes = vec![0; FILL_BYTES];
        let mut at = 0;
        while at < len {
            let part = usize::try_from(len - at).map_or(FILL_BYTES, |rest| rest.min(FILL_BYTES));
            write_all_at(&*file, &zeroes[..part], at).map_err(io("fill", path))?;
            at += part as u64;
        }
        file.sync().map_err(sync(path))
    }

    /// Opens the ring with everything before `offset` released.
    pub(super) fn open(disk: &dyn Disk, path: &Path, offset: u64) -> Result<Self, StoreError> {
        let file = disk.open(path, Open::Write).map_err(io("open", path))?;
        let len = file.len().map_err(io("look at", path))?;
        let space = Space { head: offset, tail: offset, batches: VecDeque::new(), stopped: false };
        Ok(Self { path: path.to_owned(), file, len, space: Mutex::new(space), released: Condvar::new() })
    }

    /// Writes and syncs a batch; waits for room.
    pub(super) fn write(&self, batch_no: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let offset = self.reserve(batch_no, bytes.len() as u64)?;
        let written = write_all_at(&*self.file, bytes, offset).map_err(io("write", &self.path));
        let done = written.and_then(|()| self.file.sync().map_err(sync(&self.path)));
        if done.is_err() {
            lock(&self.space).stopped = true;
        }
        done
    }

    /// Where a committed batch that is not released ends.
    pub(super) fn end_of(&self, batch_no: u64) -> Result<u64, StoreError> {
        let space = lock(&self.space);
        let found = space.batches.iter().find(|(number, _)| *number == batch_no);
        found.map(|(_, end)| *end).ok_or(StoreError::Stopped)
    }

    /// Frees the room of all batches up to this one.
    pub(super) fn release(&self, batch_no: u64, end: u64) {
        let mut space = lock(&self.space);
        while space.batches.front().is_some_and(|(number, _)| *number <= batch_no) {
            space.batches.pop_front();
        }
        space.head = end;
        drop(space);
        self.released.notify_all();
    }

    /// Nobody will release room any more: who waits for it gets an error.
    pub(super) fn stop(&self) {
        lock(&self.space).stopped = true;
        self.released.notify_all();
    }

    pub(super) fn is_half_full(&self) -> bool {
        let space = lock(&self.space);
        !space.batches.is_empty() && self.taken(&space) > self.len / 2
    }

    fn taken(&self, space: &Space) -> u64 {
        if space.tail >= space.head { space.tail - space.head } else { self.len - space.head + space.tail }
    }

    fn reserve(&self, batch_no: u64, bytes: u64) -> Result<u64, StoreError> {
        let length = bytes.next_multiple_of(PAGE);
        let mut space = lock(&self.space);
        loop {
            if space.stopped || length > self.len / 2 {
                return Err(StoreError::Stopped);
            }
            if let Some(offset) = self.fit(&mut space, length) {
                space.tail = offset + length;
                let end = space.tail;
                space.batches.push_back((batch_no, end));
                return Ok(offset);
            }
            space = self.released.wait(space).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The tail never catches up with the head: equal means empty.
    fn fit(&self, space: &mut Space, length: u64) -> Option<u64> {
        if space.tail >= space.head {
            if space.tail + length <= self.len && (space.tail + length < self.len || space.head > 0) {
                return Some(space.tail);
            }
            return (length < space.head).then_some(0);
        }
        (space.tail + length < space.head).then_some(space.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::RealDisk;

    #[test]
    fn room_is_reused_only_after_release() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("ring");
        Ring::create(&RealDisk, &path, 10 * PAGE).expect("created");
        let ring = Ring::open(&RealDisk, &path, 0).expect("opened");
        let mut offsets = Vec::new();
        for batch_no in 1..=4 {
            ring.write(batch_no, &[1; 5000]).expect("fits");
            offsets.push(ring.end_of(batch_no).expect("known"));
        }
        assert_eq!(offsets, [2 * PAGE, 4 * PAGE, 6 * PAGE, 8 * PAGE]);
        assert!(ring.is_half_full());
        assert!(ring.fit(&mut lock(&ring.space), 3 * PAGE).is_none());
        ring.release(2, 4 * PAGE);
        ring.write(5, &[1; 9000]).expect("wraps around");
        assert_eq!(ring.end_of(5).expect("known"), 3 * PAGE);
        assert!(ring.fit(&mut lock(&ring.space), PAGE).is_none(), "head and tail never meet");
    }
}
