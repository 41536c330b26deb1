//! Where to find a record, a stream's entries and a subject's entries: derived from entries, never trusted.
//!
//! The newest rows are in memory, older ones in sorted run files that are merged as they grow in number.
//! Invariant: losing the folder loses nothing; it is built again from entries and bodies. What a look-up
//! answers must be compared with the entry it points to.

mod run;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use self::run::{Key, Row, Run};
use crate::ids::{RecordId, StreamId, SubjectId};
use crate::io::Disk;

/// Rows kept in memory before they are written as a run.
const BLOCK_ROWS: usize = 1 << 16;
/// Runs of similar size that are merged into one.
const MERGE_RUNS: usize = 8;

/// What a row is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// Record id.
    Records,
    /// Stream id and position in the stream.
    Streams,
    /// Subject id and seq.
    Subjects,
}

const TABLES: [Table; 3] = [Table::Records, Table::Streams, Table::Subjects];

/// What the index has to know of an entry.
#[derive(Debug, Clone)]
pub(crate) struct IndexRow {
    pub(crate) seq: u64,
    pub(crate) record: RecordId,
    pub(crate) stream: StreamId,
    pub(crate) stream_seq: u64,
    pub(crate) subjects: Vec<SubjectId>,
}

pub(crate) struct Index {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    block_rows: usize,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    runs: HashMap<Table, Vec<Arc<Run>>>,
    blocks: VecDeque<Block>,
    /// Entries below this are in runs.
    flushed: u64,
}

#[derive(Default)]
struct Block {
    first: u64,
    rows: Vec<IndexRow>,
    ids: HashMap<RecordId, u64>,
    stream_last: HashMap<StreamId, u64>,
}

impl Index {
    /// Opens the runs that cover entries from zero without a gap and below `size`; ignores all others.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: PathBuf, size: u64) -> std::io::Result<Self> {
        let mut found: HashMap<Table, Vec<Arc<Run>>> = HashMap::new();
        let mut flushed = u64::MAX;
        for table in TABLES {
            let mut runs = Vec::new();
            for name in disk.list(&folder)? {
                // A run that cannot be read is as good as none.
                runs.extend(Run::open(&*disk, &folder.join(&name), table).ok().flatten().map(Arc::new));
            }
            runs.sort_by_key(|run| (run.first, std::cmp::Reverse(run.end)));
            let mut covered = 0;
            runs.retain(|run| {
                let follows = run.first == covered && run.end <= size;
                covered = if follows { run.end } else { covered };
                follows
            });
            flushed = flushed.min(covered);
            found.insert(table, runs);
        }
        for runs in found.values_mut() {
            runs.retain(|run| run.end <= flushed);
            flushed = flushed.min(runs.last().map_or(0, |run| run.end));
        }
        for runs in found.values_mut() {
            runs.retain(|run| run.end <= flushed);
        }
        let state = State { runs: found, blocks: VecDeque::new(), flushed };
        Ok(Self { disk, folder, block_rows: BLOCK_ROWS, state: RwLock::new(state) })
    }

    /// Entries below this are in runs.
    #[cfg(test)]
    fn flushed(&self) -> u64 {
        self.read().flushed
    }

    /// Entries below this were added, be they in runs or in memory.
    pub(crate) fn covered(&self) -> u64 {
        let state = self.read();
        state.blocks.back().and_then(|block| block.rows.last()).map_or(state.flushed, |row| row.seq + 1)
    }

    /// Adds rows, which continue where the last ones ended.
    pub(crate) fn add(&self, rows: impl IntoIterator<Item = IndexRow>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            if state.blocks.back().is_none_or(|block| block.rows.len() >= self.block_rows) {
                state.blocks.push_back(Block { first: row.seq, ..Block::default() });
            }
            let block = state.blocks.back_mut().expect("one was just added if there was none");
            block.ids.insert(row.record, row.seq);
            block.stream_last.insert(row.stream, row.stream_seq);
            block.rows.push(row);
        }
    }

    /// Seq of the entry with this record id.
    pub(crate) fn find(&self, record: RecordId) -> std::io::Result<Option<u64>> {
        let state = self.read();
        if let Some(seq) = state.blocks.iter().rev().find_map(|block| block.ids.get(&record)) {
            return Ok(Some(*seq));
        }
        let key = Key { id: record.0, position: 0 };
        for run in state.runs.get(&Table::Records).into_iter().flatten().rev() {
            if let Some(row) = run.from(key, 1)?.first().filter(|row| row.key.id == record.0) {
                return Ok(Some(row.seq));
            }
        }
        Ok(None)
    }

    /// Position of the stream's last entry.
    pub(crate) fn stream_last(&self, stream: StreamId) -> std::io::Result<Option<u64>> {
        let state = self.read();
        if let Some(last) = state.blocks.iter().rev().find_map(|block| block.stream_last.get(&stream)) {
            return Ok(Some(*last));
        }
        for run in state.runs.get(&Table::Streams).into_iter().flatten().rev() {
            if let Some(last) = run.last_position(stream.0)? {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// Up to `limit` seqs of a stream's entries from position `from` on, in order.
    pub(crate) fn stream(&self, stream: StreamId, from: u64, limit: usize) -> std::io::Result<Vec<u64>> {
        self.rows(Table::Streams, Key { id: stream.0, position: from }, limit)
    }

    /// Up to `limit` seqs of entries about a subject, from seq `from` on, in order.
    pub(crate) fn subject(&self, subject: SubjectId, from: u64, limit: usize) -> std::io::Result<Vec<u64>> {
        self.rows(Table::Subjects, Key { id: subject.0, position: from }, limit)
    }

    fn rows(&self, table: Table, from: Key, limit: usize) -> std::io::Result<Vec<u64>> {
        let state = self.read();
        let mut seqs = Vec::new();
        for run in state.runs.get(&table).into_iter().flatten() {
            if seqs.len() >= limit {
                return Ok(seqs);
            }
            let rows = run.from(from, limit - seqs.len())?;
            seqs.extend(rows.iter().take_while(|row| row.key.id == from.id).map(|row| row.seq));
        }
        for row in state.blocks.iter().flat_map(|block| &block.rows) {
            let hit = match table {
                Table::Records => false,
                Table::Streams => row.stream.0 == from.id && row.stream_seq >= from.position,
                Table::Subjects => row.seq >= from.position && row.subjects.iter().any(|s| s.0 == from.id),
            };
            if hit && seqs.len() < limit {
                seqs.push(row.seq);
            }
        }
        Ok(seqs)
    }

    /// Writes full blocks that lie below `settled` as runs and merges runs that have become many.
    pub(crate) fn flush(&self, settled: u64) -> std::io::Result<()> {
        loop {
            let (first, rows) = {
                let state = self.read();
                let ready =
                    |block: &&Block| block.rows.len() >= self.block_rows && block.first + self.block_rows as u64 <= settled;
                let Some(block) = state.blocks.front().filter(ready) else {
                    break;
                };
                (block.first, block.rows.clone())
            };
            let end = first + rows.len() as u64;
            let mut new = Vec::new();
            for table in TABLES {
                let mut sorted = rows_of(table, &rows);
                sorted.sort_unstable();
                new.push((table, Run::write(&*self.disk, &self.folder, table, first..end, sorted.len(), sorted.into_iter())?));
            }
            self.disk.sync_dir(&self.folder)?;
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            for (table, run) in new {
                state.runs.entry(table).or_default().push(Arc::new(run));
            }
            state.blocks.pop_front();
            state.flushed = end;
        }
        TABLES.into_iter().try_for_each(|table| self.merge(table))
    }

    /// Merges the newest runs of one size class when there are enough of them.
    fn merge(&self, table: Table) -> std::io::Result<()> {
        loop {
            let group: Vec<Arc<Run>> = {
                let state = self.read();
                let runs = state.runs.get(&table).map_or(&[][..], Vec::as_slice);
                let class = |run: &Run| ((run.end - run.first) / self.block_rows as u64).checked_ilog(MERGE_RUNS as u64);
                let Some(newest) = runs.last().map(|run| class(run)) else {
                    return Ok(());
                };
                let same = runs.iter().rev().take_while(|run| class(run) == newest).count();
                if same < MERGE_RUNS {
                    return Ok(());
                }
                runs[runs.len() - same..].to_vec()
            };
            let covered = group[0].first..group[group.len() - 1].end;
            let merged = Run::merge(&*self.disk, &self.folder, table, covered, &group)?;
            self.disk.sync_dir(&self.folder)?;
            let gone: HashSet<u64> = group.iter().map(|run| run.first).collect();
            {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                let runs = state.runs.entry(table).or_default();
                runs.retain(|run| !gone.contains(&run.first));
                runs.push(Arc::new(merged));
            }
            for run in group {
                self.disk.remove(&run.path)?;
            }
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rows_of(table: Table, rows: &[IndexRow]) -> Vec<Row> {
    let row = |id: [u8; 16], position: u64, seq: u64| Row { key: Key { id, position }, seq };
    match table {
        Table::Records => rows.iter().map(|r| row(r.record.0, 0, r.seq)).collect(),
        Table::Streams => rows.iter().map(|r| row(r.stream.0, r.stream_seq, r.seq)).collect(),
        Table::Subjects => rows.iter().flat_map(|r| r.subjects.iter().map(move |s| row(s.0, r.seq, r.seq))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::RealDisk;

    const ROWS: u64 = 500;

    fn open(dir: &tempfile::TempDir, size: u64) -> Index {
        let index = Index::open(Arc::new(RealDisk), dir.path().to_owned(), size).expect("opens");
        Index { block_rows: 500, ..index }
    }

    fn row(seq: u64) -> IndexRow {
        let mut record = [0; 16];
        record[..8].copy_from_slice(&crate::hash::sha256(&seq.to_be_bytes())[..8]);
        let stream = StreamId([u8::try_from(seq % 7).expect("small"); 16]);
        let subjects = vec![SubjectId([u8::try_from(seq % 11).expect("small"); 16])];
        IndexRow { seq, record: RecordId(record), stream, stream_seq: seq / 7, subjects }
    }

    fn check(index: &Index, size: u64) {
        for seq in (0..size).step_by(97).chain([0, size - 1]) {
            let expected = row(seq);
            assert_eq!(index.find(expected.record).expect("readable"), Some(seq));
            let ahead = index.stream(expected.stream, expected.stream_seq, 3).expect("readable");
            let wanted: Vec<u64> = (0..3).map(|n| seq + n * 7).filter(|s| *s < size).collect();
            assert_eq!(ahead, wanted);
            let about = index.subject(expected.subjects[0], seq, 2).expect("readable");
            let wanted: Vec<u64> = (0..2).map(|n| seq + n * 11).filter(|s| *s < size).collect();
            assert_eq!(about, wanted);
        }
        assert_eq!(index.find(RecordId([255; 16])).expect("readable"), None);
        assert_eq!(index.stream_last(StreamId([255; 16])).expect("readable"), None);
        let last = row(size - 1);
        assert_eq!(index.stream_last(last.stream).expect("readable"), Some(last.stream_seq));
    }

    #[test]
    fn rows_are_found_in_memory_in_runs_and_after_merging_and_reopening() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let index = open(&dir, 0);
        let size = ROWS * 9 + 100;
        let mut at = 0;
        while at < size {
            let end = (at + 333).min(size);
            index.add((at..end).map(row));
            index.flush(end).expect("written");
            at = end;
        }
        check(&index, size);
        assert_eq!(index.flushed(), ROWS * 9);
        assert_eq!(RealDisk.list(dir.path()).expect("listed").len(), 6, "eight runs were merged into one, one is left");
        drop(index);
        let index = open(&dir, size);
        assert_eq!(index.flushed(), ROWS * 9);
        index.add((index.flushed()..size).map(row));
        check(&index, size);
    }

    #[test]
    fn a_damaged_run_is_ignored() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let index = open(&dir, 0);
        index.add((0..ROWS).map(row));
        index.flush(u64::MAX).expect("written");
        for name in RealDisk.list(dir.path()).expect("listed") {
            let path = dir.path().join(name);
            let mut bytes = std::fs::read(&path).expect("read");
            bytes[20] ^= 1;
            std::fs::write(&path, bytes).expect("written");
        }
        assert_eq!(open(&dir, u64::MAX).flushed(), 0);
    }
}
