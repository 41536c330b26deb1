//! Keystore generations as files: `<n>.keys`, and `<n>.log` with what was added since.
//!
//! Invariant: there is at most one generation that counts, the highest; a lower one that a crash left behind
//! is removed when the store is opened for writing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{io, lock, sync};
use crate::io::{Disk, DiskFile, Open, read_file, write_all_at, write_file};
use crate::store::StoreError;

/// Longest keystore read: twenty million subjects.
const KEYS_BYTES_MAX: u64 = 1024 * 1024 * 1024;

pub(super) struct KeyFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    generation: u64,
    log: Option<Box<dyn DiskFile>>,
    len: u64,
    dirty: bool,
    created: bool,
}

impl KeyFiles {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Self {
        Self { disk, folder, state: Mutex::default() }
    }

    /// Prepares for writing: removes older generations, cuts the log of the newest to what the mark says.
    pub(super) fn open_for_writing(&self, marked: u64, marked_len: u64) -> Result<(), StoreError> {
        let generations = self.list()?;
        let Some(newest) = generations.last().copied() else {
            return Ok(());
        };
        for older in &generations[..generations.len() - 1] {
            self.remove(*older)?;
        }
        let mut state = lock(&self.state);
        *state = State { generation: newest, len: if newest == marked { marked_len } else { 0 }, ..State::default() };
        let path = self.log_path(newest);
        if self.disk.exists(&path).map_err(io("look for", &path))? {
            let file = self.disk.open(&path, Open::Write).map_err(io("open", &path))?;
            file.set_len(state.len).map_err(io("cut", &path))?;
            (state.log, state.dirty) = (Some(file), true);
        }
        Ok(())
    }

    pub(super) fn list(&self) -> Result<Vec<u64>, StoreError> {
        let names = self.disk.list(&self.folder).map_err(io("list", &self.folder))?;
        let mut numbers: Vec<u64> =
            names.iter().filter_map(|name| name.strip_suffix(".keys")).filter_map(|n| n.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(super) fn read(&self, number: u64) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let (path, log) = (self.path(number), self.log_path(number));
        let keys = read_file(&*self.disk, &path, KEYS_BYTES_MAX).map_err(io("read", &path))?;
        let additions = match read_file(&*self.disk, &log, KEYS_BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(io("read", &log))?,
        };
        Ok((keys, additions))
    }

    pub(super) fn append_additions(&self, sealed: &[u8]) -> Result<(), StoreError> {
        if sealed.is_empty() {
            return Ok(());
        }
        let mut state = lock(&self.state);
        let path = self.log_path(state.generation);
        if state.log.is_none() {
            state.log = Some(self.disk.open(&path, Open::Write).map_err(io("create", &path))?);
            state.created = true;
        }
        let offset = state.len;
        let file = state.log.as_ref().ok_or(StoreError::Stopped)?;
        write_all_at(&**file, sealed, offset).map_err(io("write", &path))?;
        state.len += sealed.len() as u64;
        state.dirty = true;
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        let path = self.log_path(state.generation);
        if let Some(file) = state.log.as_ref().filter(|_| state.dirty) {
            file.sync().map_err(sync(&path))?;
        }
        if state.created {
            self.disk.sync_dir(&self.folder).map_err(sync(&self.folder))?;
        }
        (state.dirty, state.created) = (false, false);
        Ok(())
    }

    /// Generation and length of its log, for the low-water mark.
    pub(super) fn position(&self) -> (u64, u64) {
        let state = lock(&self.state);
        (state.generation, state.len)
    }

    pub(super) fn replace(&self, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path(number);
        write_file(&*self.disk, &path, bytes).map_err(io("write", &path))?;
        *lock(&self.state) = State { generation: number, ..State::default() };
        for older in self.list()?.into_iter().filter(|older| *older != number) {
            self.remove(older)?;
        }
        self.disk.sync_dir(&self.folder).map_err(sync(&self.folder))
    }

    /// Overwrites and removes a generation: the overwriting helps on disks that write in place.
    fn remove(&self, number: u64) -> Result<(), StoreError> {
        for path in [self.path(number), self.log_path(number)] {
            if !self.disk.exists(&path).map_err(io("look for", &path))? {
                continue;
            }
            let file = self.disk.open(&path, Open::Write).map_err(io("open", &path))?;
            let zeroes = vec![0; 64 * 1024];
            let (len, mut at) = (file.len().map_err(io("look at", &path))?, 0);
            while at < len {
                let part = usize::try_from(len - at).map_or(zeroes.len(), |rest| rest.min(zeroes.len()));
                write_all_at(&*file, &zeroes[..part], at).map_err(io("overwrite", &path))?;
                at += part as u64;
            }
            file.sync().map_err(sync(&path))?;
            drop(file);
            self.disk.remove(&path).map_err(io("remove", &path))?;
        }
        self.disk.sync_dir(&self.folder).map_err(sync(&self.folder))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:010}.keys"))
    }

    fn log_path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:010}.log"))
    }
}
