//! Fixed-width items in files of a fixed number of items each, addressed by item number.
//!
//! Invariant: item `n` always lies at the same place, so writing a batch again changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{io, lock, sync};
use crate::io::{Disk, DiskFile, Open, read_exact_at, write_all_at};
use crate::store::StoreError;

/// Open files kept for reading; more are closed all at once.
const OPEN_FILES_MAX: usize = 128;

pub(super) struct Pack {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    item_len: usize,
    per_file: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<u64, Arc<dyn DiskFile>>,
    dirty: BTreeSet<u64>,
    created: bool,
}

impl Pack {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf, item_len: usize, per_file: u64) -> Self {
        Self { disk, folder, item_len, per_file, state: Mutex::default() }
    }

    /// Writes consecutive items from number `first`.
    pub(super) fn write(&self, mut first: u64, mut items: &[u8]) -> Result<(), StoreError> {
        while !items.is_empty() {
            let (number, at) = (first / self.per_file, first % self.per_file);
            let room = usize::try_from(self.per_file - at).unwrap_or(usize::MAX) * self.item_len;
            let (now, later) = items.split_at(room.min(items.len()));
            let file = self.open_for_writing(number)?;
            write_all_at(&*file, now, at * self.item_len as u64).map_err(io("write", &self.path(number)))?;
            first += (now.len() / self.item_len) as u64;
            items = later;
        }
        Ok(())
    }

    /// Reads `count` consecutive items from number `first`.
    pub(super) fn read(&self, mut first: u64, count: usize) -> Result<Vec<u8>, StoreError> {
        let mut out = vec![0; count * self.item_len];
        let mut rest = &mut out[..];
        while !rest.is_empty() {
            let (number, at) = (first / self.per_file, first % self.per_file);
            let room = usize::try_from(self.per_file - at).unwrap_or(usize::MAX) * self.item_len;
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            let file = self.open(number, Open::Read)?;
            read_exact_at(&*file, now, at * self.item_len as u64).map_err(io("read", &self.path(number)))?;
            first += (now.len() / self.item_len) as u64;
            rest = later;
        }
        Ok(out)
    }

    /// Cuts off everything from item number `end` on.
    pub(super) fn truncate(&self, end: u64) -> Result<(), StoreError> {
        for name in self.disk.list(&self.folder).map_err(io("list", &self.folder))? {
            let Some(number) = name.strip_suffix(".pack").and_then(|n| n.parse::<u64>().ok()) else {
                continue;
            };
            let first = number * self.per_file;
            let keep = end.saturating_sub(first).min(self.per_file) * self.item_len as u64;
            let path = self.path(number);
            let file = self.open_for_writing(number)?;
            if file.len().map_err(io("look at", &path))? > keep {
                file.set_len(keep).map_err(io("cut", &path))?;
            }
        }
        Ok(())
    }

    /// Makes everything written durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let (dirty, created) = {
            let mut state = lock(&self.state);
            (std::mem::take(&mut state.dirty), std::mem::take(&mut state.created))
        };
        for number in dirty {
            let file = self.open(number, Open::Write)?;
            file.sync().map_err(sync(&self.path(number)))?;
        }
        if created {
            self.disk.sync_dir(&self.folder).map_err(sync(&self.folder))?;
        }
        Ok(())
    }

    fn open_for_writing(&self, number: u64) -> Result<Arc<dyn DiskFile>, StoreError> {
        let known = lock(&self.state).dirty.contains(&number);
        if !known {
            let path = self.path(number);
            let exists = self.disk.exists(&path).map_err(io("look for", &path))?;
            lock(&self.state).created |= !exists;
            // A file that was opened for reading only must be opened again.
            let file: Arc<dyn DiskFile> = Arc::from(self.disk.open(&path, Open::Write).map_err(io("open", &path))?);
            let mut state = lock(&self.state);
            state.open.insert(number, file);
            state.dirty.insert(number);
        }
        self.open(number, Open::Write)
    }

    fn open(&self, number: u64, how: Open) -> Result<Arc<dyn DiskFile>, StoreError> {
        let mut state = lock(&self.state);
        if let Some(file) = state.open.get(&number) {
            return Ok(file.clone());
        }
        let path = self.path(number);
        let file: Arc<dyn DiskFile> = Arc::from(self.disk.open(&path, how).map_err(io("open", &path))?);
        if state.open.len() >= OPEN_FILES_MAX {
            state.open.clear();
        }
        state.open.insert(number, file.clone());
        Ok(file)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}.pack"))
    }
}
