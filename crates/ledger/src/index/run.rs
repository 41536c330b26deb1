//! A sorted file of index rows with a filter and fences, so that most look-ups read one block or none.
//!
//! ```text
//! magic "GPIX" ‖ version u8 ‖ table u8 ‖ zero(2) ‖ first u64 ‖ end u64 ‖ rows u64 ‖ filter words u64
//! ‖ fences (24 each, one per 128 rows) ‖ filter (u64 each) ‖ crc32c ‖ rows (32 each)
//! ```
//! Invariant: rows are sorted by id, then position; rows themselves carry no checksum, because every answer
//! is compared with the entry.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Table;
use crate::io::{Disk, DiskFile, Open, read_exact_at, write_all_at};

const MAGIC: [u8; 4] = *b"GPIX";
const VERSION: u8 = 1;
const HEAD_LEN: usize = 40;
const ROW_LEN: usize = 32;
const KEY_LEN: usize = 24;
const ROWS_PER_FENCE: usize = 128;
const FILTER_BITS_PER_ROW: u64 = 10;
const FILTER_PROBES: usize = 6;
/// Rows read or written at a time.
const CHUNK_ROWS: usize = 4096;
/// Longest fences and filter read: a run over 400 million rows.
const HEAD_BYTES_MAX: u64 = 1024 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) id: [u8; 16],
    pub(super) position: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) seq: u64,
}

impl Row {
    fn encode(self) -> [u8; ROW_LEN] {
        let mut out = [0; ROW_LEN];
        out[..16].copy_from_slice(&self.key.id);
        out[16..24].copy_from_slice(&self.key.position.to_be_bytes());
        out[24..].copy_from_slice(&self.seq.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Self {
        Self { key: key_of(bytes), seq: u64::from_be_bytes(bytes[24..32].try_into().expect("eight bytes")) }
    }
}

fn key_of(bytes: &[u8]) -> Key {
    Key {
        id: bytes[..16].try_into().expect("sixteen bytes"),
        position: u64::from_be_bytes(bytes[16..24].try_into().expect("eight bytes")),
    }
}

pub(super) struct Run {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    pub(super) end: u64,
    file: Box<dyn DiskFile>,
    rows: usize,
    rows_at: u64,
    fences: Vec<Key>,
    filter: Filter,
}

impl Run {
    /// Opens a run of this table; `None` when the name is not one.
    pub(super) fn open(disk: &dyn Disk, path: &Path, table: Table) -> std::io::Result<Option<Self>> {
        if path.extension().and_then(|e| e.to_str()) != Some(extension(table)) {
            return Ok(None);
        }
        let file = disk.open(path, Open::Read)?;
        let mut head = [0; HEAD_LEN];
        read_exact_at(&*file, &mut head, 0)?;
        let field = |at: usize| u64::from_be_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let (rows, words) = (field(24), field(32));
        let fences = rows.div_ceil(ROWS_PER_FENCE as u64);
        let rest = fences.saturating_mul(KEY_LEN as u64).saturating_add(words.saturating_mul(8));
        if head[..6] != [&MAGIC[..], &[VERSION, code(table)]].concat() || rest > HEAD_BYTES_MAX {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; usize::try_from(rest + 4).map_err(std::io::Error::other)?];
        read_exact_at(&*file, &mut body, HEAD_LEN as u64)?;
        let crc = body.split_off(body.len() - 4);
        let rows_at = HEAD_LEN as u64 + rest + 4;
        let whole = file.len()? == rows_at + rows * ROW_LEN as u64;
        if crc32c::crc32c_append(crc32c::crc32c(&head), &body).to_be_bytes() != crc[..] || !whole {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let (fences, filter) = body.split_at(usize::try_from(fences).map_err(std::io::Error::other)? * KEY_LEN);
        Ok(Some(Self {
            path: path.to_owned(),
            first: field(8),
            end: field(16),
            file,
            rows: usize::try_from(rows).map_err(std::io::Error::other)?,
            rows_at,
            fences: fences.chunks_exact(KEY_LEN).map(key_of).collect(),
            filter: Filter(filter.chunks_exact(8).map(|w| u64::from_be_bytes(w.try_into().expect("eight bytes"))).collect()),
        }))
    }

    /// Writes sorted rows as a new run over the entries `covered`.
    pub(super) fn write(
        disk: &dyn Disk,
        folder: &Path,
        table: Table,
        covered: Range<u64>,
        rows: usize,
        sorted: impl Iterator<Item = Row>,
    ) -> std::io::Result<Self> {
        Self::write_fallible(disk, folder, table, covered, rows, sorted.map(Ok))
    }

    fn write_fallible(
        disk: &dyn Disk,
        folder: &Path,
        table: Table,
        covered: Range<u64>,
        rows: usize,
        sorted: impl Iterator<Item = std::io::Result<Row>>,
    ) -> std::io::Result<Self> {
        let path = folder.join(format!("{:020}-{:020}.{}", covered.start, covered.end, extension(table)));
        let temporary = crate::io::temporary_name(&path);
        let file = disk.open(&temporary, Open::Write)?;
        file.set_len(0)?;
        let mut filter = Filter::for_rows(rows);
        let mut fences = Vec::with_capacity(rows.div_ceil(ROWS_PER_FENCE));
        let words = filter.0.len();
        let rows_at = (HEAD_LEN + rows.div_ceil(ROWS_PER_FENCE) * KEY_LEN + words * 8 + 4) as u64;
        let (mut chunk, mut written, mut count) = (Vec::with_capacity(CHUNK_ROWS * ROW_LEN), rows_at, 0);
        for row in sorted {
            let row = row?;
            if count % ROWS_PER_FENCE == 0 {
                fences.extend_from_slice(&row.encode()[..KEY_LEN]);
            }
            filter.insert(&row.key.id);
            chunk.extend_from_slice(&row.encode());
            count += 1;
            if chunk.len() >= CHUNK_ROWS * ROW_LEN {
                write_all_at(&*file, &chunk, written)?;
                written += chunk.len() as u64;
                chunk.clear();
            }
        }
        write_all_at(&*file, &chunk, written)?;
        let mut head = [&MAGIC[..], &[VERSION, code(table), 0, 0]].concat();
        for field in [covered.start, covered.end, rows as u64, words as u64] {
            head.extend_from_slice(&field.to_be_bytes());
        }
        head.extend_from_slice(&fences);
        head.extend(filter.0.iter().flat_map(|word| word.to_be_bytes()));
        let crc = crc32c::crc32c(&head);
        head.extend_from_slice(&crc.to_be_bytes());
        write_all_at(&*file, &head, 0)?;
        file.sync()?;
        drop(file);
        disk.rename(&temporary, &path)?;
        Self::open(disk, &path, table)?.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
    }

    /// Merges runs into one.
    pub(super) fn merge(
        disk: &dyn Disk,
        folder: &Path,
        table: Table,
        covered: Range<u64>,
        runs: &[Arc<Self>],
    ) -> std::io::Result<Self> {
        let rows = runs.iter().map(|run| run.rows).sum();
        let mut readers: Vec<_> = runs.iter().map(|run| Reader::new(run)).collect();
        let mut failed = None;
        let sorted = std::iter::from_fn(|| {
            let mut best: Option<(usize, Row)> = None;
            for (index, reader) in readers.iter_mut().enumerate() {
                match reader.peek() {
                    Ok(Some(row)) if best.is_none_or(|(_, other)| row < other) => {
                        best = Some((index, row));
                    }
                    Ok(_) => {}
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed.take() {
                return Some(Err(error));
            }
            let (index, row) = best?;
            readers[index].skip();
            Some(Ok(row))
        });
        Self::write_fallible(disk, folder, table, covered, rows, sorted)
    }

    /// Up to `limit` rows from the first one not below `key`; empty when the filter excludes its id.
    pub(super) fn from(&self, key: Key, limit: usize) -> std::io::Result<Vec<Row>> {
        if !self.filter.may_contain(&key.id) {
            return Ok(Vec::new());
        }
        let fence = self.fences.partition_point(|fence| *fence <= key).saturating_sub(1);
        let mut at = fence * ROWS_PER_FENCE;
        let mut found: Vec<Row> = Vec::new();
        while at < self.rows && found.len() < limit {
            let rows = self.read(at, ROWS_PER_FENCE)?;
            at += rows.len();
            found.extend(rows.iter().filter(|row| row.key >= key).take(limit - found.len()));
            if found.last().is_some_and(|row| row.key.id != key.id) {
                break;
            }
        }
        Ok(found)
    }

    /// The highest position under this id.
    pub(super) fn last_position(&self, id: [u8; 16]) -> std::io::Result<Option<u64>> {
        if !self.filter.may_contain(&id) {
            return Ok(None);
        }
        let last = Key { id, position: u64::MAX };
        let fence = self.fences.partition_point(|fence| *fence <= last).saturating_sub(1);
        let rows = self.read(fence * ROWS_PER_FENCE, ROWS_PER_FENCE)?;
        Ok(rows.iter().rev().find(|row| row.key.id == id).map(|row| row.key.position))
    }

    fn read(&self, first: usize, count: usize) -> std::io::Result<Vec<Row>> {
        let count = count.min(self.rows.saturating_sub(first));
        let mut bytes = vec![0; count * ROW_LEN];
        read_exact_at(&*self.file, &mut bytes, self.rows_at + (first * ROW_LEN) as u64)?;
        Ok(bytes.chunks_exact(ROW_LEN).map(Row::decode).collect())
    }
}

/// Reads a run from its start in chunks.
struct Reader<'a> {
    run: &'a Run,
    next: usize,
    chunk: std::collections::VecDeque<Row>,
}

impl<'a> Reader<'a> {
    fn new(run: &'a Run) -> Self {
        Self { run, next: 0, chunk: std::collections::VecDeque::new() }
    }

    fn peek(&mut self) -> std::io::Result<Option<Row>> {
        if self.chunk.is_empty() && self.next < self.run.rows {
            self.chunk = self.run.read(self.next, CHUNK_ROWS)?.into();
            self.next += self.chunk.len();
        }
        Ok(self.chunk.front().copied())
    }

    fn skip(&mut self) {
        self.chunk.pop_front();
    }
}

/// A Bloom filter over ids.
struct Filter(Vec<u64>);

impl Filter {
    fn for_rows(rows: usize) -> Self {
        let bits = (rows as u64 * FILTER_BITS_PER_ROW).max(64);
        Self(vec![0; usize::try_from(bits.div_ceil(64)).unwrap_or(usize::MAX)])
    }

    fn insert(&mut self, id: &[u8; 16]) {
        for bit in self.bits(id) {
            self.0[bit / 64] |= 1 << (bit % 64);
        }
    }

    fn may_contain(&self, id: &[u8; 16]) -> bool {
        !self.0.is_empty() && self.bits(id).into_iter().all(|bit| self.0[bit / 64] >> (bit % 64) & 1 == 1)
    }

    fn bits(&self, id: &[u8; 16]) -> [usize; FILTER_PROBES] {
        let half = |at: usize| u64::from_be_bytes(id[at..at + 8].try_into().expect("eight bytes"));
        // Ids may be in order of time, so both halves are mixed.
        let mix = |x: u64| (x ^ x >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ x >> 29;
        let (a, b) = (mix(half(0) ^ mix(half(8))), mix(half(8) ^ mix(half(0)).rotate_left(17)) | 1);
        let total = self.0.len() as u64 * 64;
        std::array::from_fn(|n| usize::try_from(a.wrapping_add((n as u64).wrapping_mul(b)) % total).unwrap_or(0))
    }
}

fn extension(table: Table) -> &'static str {
    match table {
        Table::Records => "records",
        Table::Streams => "streams",
        Table::Subjects => "subjects",
    }
}

fn code(table: Table) -> u8 {
    match table {
        Table::Records => 1,
        Table::Streams => 2,
        Table::Subjects => 3,
    }
}
