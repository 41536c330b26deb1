//! The bytes of a file: what the program sees, what would survive a power cut, and what lies between.

use std::sync::Arc;

use super::Random;

/// What a disk writes at once: within a sector a write happens or does not.
pub(super) const SECTOR: usize = 512;
/// What copies of a disk share.
const PAGE: usize = 4096;

/// Bytes in shared pages, so that a copy of a disk costs next to nothing. A page that was never written is zero.
#[derive(Debug, Default, Clone)]
pub(super) struct Bytes {
    pub(super) len: usize,
    pages: Vec<Option<Arc<[u8; PAGE]>>>,
}

impl Bytes {
    pub(super) fn resize(&mut self, len: usize) {
        if len < self.len && !len.is_multiple_of(PAGE) {
            let zeroes = vec![0; (PAGE - len % PAGE).min(self.len - len)];
            self.write(len, &zeroes);
        }
        self.pages.resize(len.div_ceil(PAGE), None);
        self.len = len;
    }

    pub(super) fn write(&mut self, offset: usize, data: &[u8]) {
        if self.len < offset + data.len() {
            self.resize(offset + data.len());
        }
        let mut done = 0;
        while done < data.len() {
            let (page, start) = ((offset + done) / PAGE, (offset + done) % PAGE);
            let length = (PAGE - start).min(data.len() - done);
            let part = &data[done..done + length];
            let slot = &mut self.pages[page];
            if slot.is_some() || part.iter().any(|byte| *byte != 0) {
                let bytes = slot.get_or_insert_with(|| Arc::new([0; PAGE]));
                Arc::make_mut(bytes)[start..start + length].copy_from_slice(part);
            }
            done += length;
        }
    }

    pub(super) fn read(&self, offset: usize, out: &mut [u8]) {
        let mut done = 0;
        while done < out.len() {
            let (page, start) = ((offset + done) / PAGE, (offset + done) % PAGE);
            let length = (PAGE - start).min(out.len() - done);
            match &self.pages[page] {
                Some(bytes) => {
                    out[done..done + length].copy_from_slice(&bytes[start..start + length]);
                }
                None => out[done..done + length].fill(0),
            }
            done += length;
        }
    }

    pub(super) fn to_vec(&self) -> Vec<u8> {
        let mut out = vec![0; self.len];
        self.read(0, &mut out);
        out
    }
}

#[derive(Debug, Default, Clone)]
pub(super) struct Inode {
    pub(super) current: Bytes,
    pub(super) durable: Bytes,
    /// Changes since the last sync, oldest first.
    pub(super) pending: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

impl Inode {
    pub(super) fn apply(bytes: &mut Bytes, change: &Change) {
        match change {
            Change::Write { offset, data } => bytes.write(*offset, data),
            Change::Length(length) => bytes.resize(*length),
        }
    }

    /// Synced bytes, and of each later change a random choice of its sectors.
    pub(super) fn after_cut(&self, random: &mut Random) -> Self {
        let mut bytes = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Length(_) => {
                    if random.coin() {
                        Self::apply(&mut bytes, change);
                    }
                }
                Change::Write { offset, data } => {
                    let mut start = 0;
                    while start < data.len() {
                        let sector_end = ((offset + start) / SECTOR + 1) * SECTOR - offset;
                        let end = data.len().min(sector_end);
                        if random.coin() {
                            let part = Change::Write { offset: offset + start, data: data[start..end].to_vec() };
                            Self::apply(&mut bytes, &part);
                        }
                        start = end;
                    }
                }
            }
        }
        Self { current: bytes.clone(), durable: bytes, pending: Vec::new() }
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            Self::apply(&mut self.durable, &change);
        }
    }
}
