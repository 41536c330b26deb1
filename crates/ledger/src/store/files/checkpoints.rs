//! Signed checkpoints, one after the other, and the files that are kept beside some of them.
//!
//! `checkpoints/log` holds `length(4) ‖ crc32c(4) ‖ note ‖ length(4)` per checkpoint; the second length lets
//! the newest be found from the end. Invariant: sizes grow strictly, so there are never two roots for one size.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{io, lock, sync};
use crate::checkpoint::Checkpoint;
use crate::damage::{Damage, DamageClass};
use crate::io::{Disk, DiskFile, Open, read_exact_at, read_file, write_all_at, write_file};
use crate::note::{NOTE_BYTES_MAX, Note};
use crate::store::StoreError;

/// Longest file kept beside a checkpoint: a timestamp token with its certificates.
const ANCHOR_BYTES_MAX: u64 = 1024 * 1024;
const AROUND: u64 = 12;

pub(super) struct Checkpoints {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    state: Mutex<Option<State>>,
}

struct State {
    file: Box<dyn DiskFile>,
    end: u64,
    newest_size: Option<u64>,
}

impl Checkpoints {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Self {
        Self { disk, folder, state: Mutex::new(None) }
    }

    /// Opens the log for writing and cuts off a torn last record.
    pub(super) fn open_for_writing(&self) -> Result<Option<String>, StoreError> {
        let path = self.path();
        let existed = self.disk.exists(&path).map_err(io("look for", &path))?;
        let file = self.disk.open(&path, Open::Write).map_err(io("open", &path))?;
        if !existed {
            self.disk.sync_dir(&self.folder).map_err(sync(&self.folder))?;
        }
        let len = file.len().map_err(io("look at", &path))?;
        let mut newest = self.read_last(&*file, len)?;
        let mut end = len;
        if newest.is_none() && len > 0 {
            // The end is torn, or altered: everything whole before it stays.
            (end, newest) = (0, None);
            while let Some(note) = self.read_at(&*file, end, len)? {
                end += AROUND + note.len() as u64;
                newest = Some(note);
            }
            if len - end > NOTE_BYTES_MAX as u64 + AROUND {
                let detail = format!("checkpoint log is unreadable at byte {end} of {len}");
                return Err(Damage::new(DamageClass::CheckpointAltered, detail).into());
            }
            file.set_len(end).map_err(io("cut", &path))?;
        }
        // Whoever wrote the last record may have been killed before it was synced, or after that failed; then syncing again does nothing.
        // So it is written again. Were the next one written now, a power cut could keep that one and lose this one.
        if let Some(note) = &newest {
            let record = record_of(note)?;
            write_all_at(&*file, &record, end - record.len() as u64).map_err(io("write", &path))?;
        }
        file.sync().map_err(sync(&path))?;
        let newest_size = newest.as_deref().map(size_of).transpose()?;
        *lock(&self.state) = Some(State { file, end, newest_size });
        Ok(newest)
    }

    pub(super) fn add(&self, size: u64, note: &str) -> Result<(), StoreError> {
        let mut guard = lock(&self.state);
        let state = guard.as_mut().ok_or(StoreError::Stopped)?;
        if state.newest_size.is_some_and(|newest| newest >= size) {
            let detail = format!("a checkpoint of size {size} was to follow one of {:?}", state.newest_size);
            return Err(Damage::new(DamageClass::CheckpointAltered, detail).into());
        }
        let record = record_of(note)?;
        let path = self.path();
        write_all_at(&*state.file, &record, state.end).map_err(io("write", &path))?;
        state.file.sync().map_err(sync(&path))?;
        state.end += record.len() as u64;
        state.newest_size = Some(size);
        Ok(())
    }

    pub(super) fn newest(&self) -> Result<Option<String>, StoreError> {
        if let Some(state) = lock(&self.state).as_ref() {
            return self.read_last(&*state.file, state.end);
        }
        let mut newest = None;
        let path = self.path();
        if !self.disk.exists(&path).map_err(io("look for", &path))? {
            return Ok(None);
        }
        let file = self.disk.open(&path, Open::Read).map_err(io("open", &path))?;
        let len = file.len().map_err(io("look at", &path))?;
        if let Some(last) = self.read_last(&*file, len)? {
            return Ok(Some(last));
        }
        self.each(&mut |note| {
            newest = Some(note.to_owned());
            Ok(())
        })?;
        Ok(newest)
    }

    /// Every checkpoint; anything unreadable is damage. A torn last one is cut off when the log is opened for writing.
    pub(super) fn each(&self, each: &mut dyn FnMut(&str) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let path = self.path();
        if !self.disk.exists(&path).map_err(io("look for", &path))? {
            return Ok(());
        }
        let file = self.disk.open(&path, Open::Read).map_err(io("open", &path))?;
        let len = file.len().map_err(io("look at", &path))?;
        let mut at = 0;
        while at < len {
            let Some(note) = self.read_at(&*file, at, len)? else {
                let detail = format!("checkpoint log is unreadable at byte {at} of {len}");
                return Err(Damage::new(DamageClass::CheckpointAltered, detail).into());
            };
            at += AROUND + note.len() as u64;
            each(&note)?;
        }
        Ok(())
    }

    pub(super) fn put_anchor(&self, size: u64, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.anchor_path(size, name)?;
        write_file(&*self.disk, &path, bytes).map_err(io("write", &path))
    }

    pub(super) fn anchors(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let names = self.disk.list(&self.folder).map_err(io("list", &self.folder))?;
        let parts = names
            .iter()
            .filter_map(|name| name.split_once('.'))
            .filter(|(_, name)| std::path::Path::new(name).extension().is_none_or(|e| e != "tmp"));
        let mut anchors: Vec<(u64, String)> =
            parts.filter_map(|(size, name)| Some((size.parse().ok()?, name.to_owned()))).collect();
        anchors.sort_unstable();
        Ok(anchors)
    }

    pub(super) fn anchor(&self, size: u64, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.anchor_path(size, name)?;
        read_file(&*self.disk, &path, ANCHOR_BYTES_MAX).map_err(io("read", &path))
    }

    fn read_last(&self, file: &dyn DiskFile, end: u64) -> Result<Option<String>, StoreError> {
        let Some(at) = end.checked_sub(4) else {
            return Ok(None);
        };
        let mut length = [0; 4];
        read_exact_at(file, &mut length, at).map_err(io("read", &self.path()))?;
        let whole = AROUND + u64::from(u32::from_be_bytes(length));
        end.checked_sub(whole).map_or(Ok(None), |start| self.read_at(file, start, end))
    }

    /// The record at `at`; `None` when it is cut short or damaged.
    fn read_at(&self, file: &dyn DiskFile, at: u64, end: u64) -> Result<Option<String>, StoreError> {
        let path = self.path();
        let mut head = [0; 8];
        if at + AROUND > end {
            return Ok(None);
        }
        read_exact_at(file, &mut head, at).map_err(io("read", &path))?;
        let length = u32::from_be_bytes(head[..4].try_into().expect("four bytes")) as usize;
        // Zeroes are no record: a file system may show them where it lost what was written last.
        if length == 0 || length > NOTE_BYTES_MAX || at + AROUND + length as u64 > end {
            return Ok(None);
        }
        let mut rest = vec![0; length + 4];
        read_exact_at(file, &mut rest, at + 8).map_err(io("read", &path))?;
        let trailer = rest.split_off(length);
        if crc32c::crc32c(&rest).to_be_bytes() != head[4..] || trailer != head[..4] {
            return Ok(None);
        }
        Ok(String::from_utf8(rest).ok())
    }

    fn path(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn anchor_path(&self, size: u64, name: &str) -> Result<PathBuf, StoreError> {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let path = self.folder.join(format!("{size}.{name}"));
        let refused = || io("name", &path)(std::io::Error::from(std::io::ErrorKind::InvalidInput));
        if plain { Ok(path) } else { Err(refused()) }
    }
}

fn record_of(note: &str) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(note.len()).map_err(|_| StoreError::Stopped)?.to_be_bytes();
    let crc = crc32c::crc32c(note.as_bytes()).to_be_bytes();
    Ok([&length[..], &crc, note.as_bytes(), &length].concat())
}

fn size_of(note: &str) -> Result<u64, StoreError> {
    let read = Note::parse(note.as_bytes()).map_err(crate::checkpoint::CheckpointError::from);
    let checkpoint = read.and_then(|note| Checkpoint::parse(&note.text));
    let damaged = |error: crate::checkpoint::CheckpointError| {
        StoreError::from(Damage::new(DamageClass::CheckpointAltered, format!("newest checkpoint: {error}")))
    };
    checkpoint.map(|checkpoint| checkpoint.size).map_err(damaged)
}
