//! The low-water mark: up to where everything lies in its final place, and where replay starts.
//!
//! Two slots of one page are written in turn, so that a torn write always leaves the other one whole.
//! Invariant: the ring behind a mark is not overwritten before that mark's slot is durable.

use std::path::{Path, PathBuf};

use super::{io, sync};
use crate::damage::{Damage, DamageClass};
use crate::hash::Hash;
use crate::io::{Disk, DiskFile, Open, read_exact_at, write_all_at};
use crate::store::{SegmentName, StoreError};

const SLOT_LEN: usize = 4096;
const MAGIC: [u8; 4] = *b"GPLW";
const FIXED_LEN: usize = 98;
const SEGMENT_LEN: usize = 22;
/// Segments that can be open for writing at once: one per retention class.
pub(super) const OPEN_SEGMENTS_MAX: usize = 128;

/// Where an open segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentPosition {
    pub(super) name: SegmentName,
    pub(super) bytes: u64,
    pub(super) slots: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LowWater {
    pub(super) counter: u64,
    pub(super) next_batch_no: u64,
    pub(super) ring_offset: u64,
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) next_segment: u64,
    pub(super) generation: u64,
    pub(super) keys_len: u64,
    pub(super) segments: Vec<SegmentPosition>,
}

impl LowWater {
    fn encode(&self) -> [u8; SLOT_LEN] {
        assert!(self.segments.len() <= OPEN_SEGMENTS_MAX, "one open segment per retention class");
        let mut out = Vec::with_capacity(SLOT_LEN);
        out.extend_from_slice(&MAGIC);
        for field in [self.counter, self.next_batch_no, self.ring_offset, self.size] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        out.extend_from_slice(&self.root);
        for field in [self.next_segment, self.generation, self.keys_len] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        out.extend_from_slice(&u32::try_from(self.segments.len()).expect("limited above").to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        for segment in &self.segments {
            out.extend_from_slice(&segment.name.class.to_be_bytes());
            out.extend_from_slice(&segment.name.segment.to_be_bytes());
            out.extend_from_slice(&segment.bytes.to_be_bytes());
            out.extend_from_slice(&segment.slots.to_be_bytes());
        }
        out.resize(SLOT_LEN - 4, 0);
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_be_bytes());
        out.try_into().expect("one page")
    }

    fn decode(slot: &[u8; SLOT_LEN]) -> Option<Self> {
        let (body, crc) = slot.split_at(SLOT_LEN - 4);
        if body[..4] != MAGIC || crc32c::crc32c(body).to_be_bytes() != crc {
            return None;
        }
        let field = |at: usize| u64::from_be_bytes(body[at..at + 8].try_into().expect("eight bytes"));
        let count = u32::from_be_bytes(body[92..96].try_into().expect("four bytes")) as usize;
        let segments = body[FIXED_LEN..].get(..count.checked_mul(SEGMENT_LEN)?)?.chunks_exact(SEGMENT_LEN);
        let segments = segments.map(|part| SegmentPosition {
            name: SegmentName {
                class: u16::from_be_bytes(part[..2].try_into().expect("two bytes")),
                segment: u64::from_be_bytes(part[2..10].try_into().expect("eight bytes")),
            },
            bytes: u64::from_be_bytes(part[10..18].try_into().expect("eight bytes")),
            slots: u32::from_be_bytes(part[18..].try_into().expect("four bytes")),
        });
        Some(Self {
            counter: field(4),
            next_batch_no: field(12),
            ring_offset: field(20),
            size: field(28),
            root: body[36..68].try_into().expect("32 bytes"),
            next_segment: field(68),
            generation: field(76),
            keys_len: field(84),
            segments: segments.collect(),
        })
    }
}

/// The file with its two slots.
pub(super) struct LowWaterFile {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    newest: Option<LowWater>,
}

impl LowWaterFile {
    pub(super) fn create(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
        let first =
            LowWater { counter: 1, next_batch_no: 1, root: crate::hash::EMPTY_ROOT, next_segment: 1, ..LowWater::default() };
        let mut bytes = LowWater { counter: 0, ..first.clone() }.encode().to_vec();
        bytes.extend_from_slice(&first.encode());
        crate::io::write_file(disk, path, &bytes).map_err(io("write", path))
    }

    /// Opens the file for reading and, when the file allows, writing.
    pub(super) fn open(disk: &dyn Disk, path: &Path) -> Result<Self, StoreError> {
        if !disk.exists(path).map_err(io("look for", path))? {
            let root = path.parent().and_then(Path::parent).unwrap_or(path);
            return Err(StoreError::Missing(root.to_owned()));
        }
        Self::open_as(disk, path, Open::Read)
    }

    /// Opens the file for storing marks.
    pub(super) fn open_for_writing(disk: &dyn Disk, path: &Path) -> Result<Self, StoreError> {
        Self::open_as(disk, path, Open::Write)
    }

    fn open_as(disk: &dyn Disk, path: &Path, how: Open) -> Result<Self, StoreError> {
        let file = disk.open(path, how).map_err(io("open", path))?;
        let mut newest: Option<LowWater> = None;
        for slot in 0..2_u64 {
            let mut bytes = [0; SLOT_LEN];
            match read_exact_at(&*file, &mut bytes, slot * SLOT_LEN as u64) {
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => continue,
                other => other.map_err(io("read", path))?,
            }
            let read = LowWater::decode(&bytes);
            if let Some(state) = read.filter(|s| newest.as_ref().is_none_or(|n| s.counter > n.counter)) {
                newest = Some(state);
            }
        }
        Ok(Self { path: path.to_owned(), file, newest })
    }

    /// The newest whole mark.
    pub(super) fn newest(&self) -> Result<LowWater, StoreError> {
        let lost = || Damage::new(DamageClass::StateLost, "neither slot of the low-water mark can be read");
        self.newest.clone().ok_or_else(|| lost().into())
    }

    /// Writes a mark over the older slot and makes it durable.
    pub(super) fn store(&mut self, mut state: LowWater) -> Result<(), StoreError> {
        state.counter = self.newest()?.counter + 1;
        let offset = state.counter % 2 * SLOT_LEN as u64;
        write_all_at(&*self.file, &state.encode(), offset).map_err(io("write", &self.path))?;
        self.file.sync().map_err(sync(&self.path))?;
        self.newest = Some(state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_a_damaged_one_does_not() {
        let name = SegmentName { class: 3, segment: 9 };
        let state = LowWater {
            counter: 7,
            size: 5,
            root: [8; 32],
            next_segment: 10,
            segments: vec![SegmentPosition { name, bytes: 77, slots: 6 }; OPEN_SEGMENTS_MAX],
            ..LowWater::default()
        };
        let bytes = state.encode();
        assert_eq!(LowWater::decode(&bytes), Some(state));
        for at in (0..SLOT_LEN).step_by(7) {
            let mut bad = bytes;
            bad[at] ^= 4;
            assert_eq!(LowWater::decode(&bad), None);
        }
    }
}
