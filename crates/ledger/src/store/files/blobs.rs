//! Attachments as files: `blobs/<two digits>/<name>.blob`, and `blobs/pending/` for what no entry names yet.
//!
//! Invariant: an entry becomes durable only after its blob lies synced in `pending/`; when the entry is put in its place, the blob is
//! renamed out of it, and replaying the entry after a crash does that again. So whatever lies in `pending/` when the replay is over
//! belongs to no entry, and is removed. Relies on a rename between two folders of one file system being all or nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::{io, lock, sync};
use crate::blob::{BlobName, BlobSource};
use crate::damage::{Damage, DamageClass};
use crate::io::{Disk, DiskFile, Open, read_exact_at, write_all_at};
use crate::store::{BlobSink, StoreError};

pub(super) struct BlobFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    next_upload: AtomicU64,
    /// Folders whose names are not synced yet.
    dirty: Mutex<BTreeSet<PathBuf>>,
}

impl BlobFiles {
    pub(super) fn new(disk: Arc<dyn Disk>, folder: PathBuf) -> Self {
        Self { disk, folder, next_upload: AtomicU64::new(0), dirty: Mutex::default() }
    }

    /// Removes what no entry names. Only when nobody is writing a blob and every committed entry was placed and settled.
    pub(super) fn clear_pending(&self) -> Result<(), StoreError> {
        let pending = self.pending();
        for name in self.disk.list(&pending).map_err(io("list", &pending))? {
            let path = pending.join(name);
            self.disk.remove(&path).map_err(io("remove", &path))?;
        }
        Ok(())
    }

    /// Starts a new file.
    pub(super) fn begin(&self) -> Result<Upload, StoreError> {
        let number = self.next_upload.fetch_add(1, Ordering::Relaxed);
        let path = self.pending().join(format!("{number}.upload"));
        let file = self.disk.open(&path, Open::Create).map_err(io("create", &path))?;
        Ok(Upload { disk: self.disk.clone(), pending: self.pending(), path, file, at: 0, is_done: false })
    }

    /// Removes a blob that no entry will name. Failing to is no harm: the next opening does it.
    pub(super) fn discard(&self, name: BlobName) {
        let path = self.pending_path(name);
        if let Err(error) = self.disk.remove(&path) {
            tracing::warn!(path = %path.display(), %error, "an attachment that nobody wants any more could not be removed");
        }
    }

    /// Gives a blob its final name, because an entry that names it is being put in its place. Repeating it changes nothing.
    pub(super) fn adopt(&self, name: BlobName, seq: u64) -> Result<(), StoreError> {
        let (from, to, folder) = (self.pending_path(name), self.path(name), self.shard(name));
        // Also when it is there already: whoever renamed it may have been killed before the folder was synced.
        lock(&self.dirty).extend([self.folder.clone(), folder.clone()]);
        if self.disk.exists(&to).map_err(io("look for", &to))? {
            return Ok(());
        }
        if !self.disk.exists(&from).map_err(io("look for", &from))? {
            return Err(Damage::at(DamageClass::BlobMissing, seq, format!("attachment {name} is not there")).into());
        }
        self.disk.create_dir_all(&folder).map_err(io("create folder", &folder))?;
        self.disk.rename(&from, &to).map_err(io("rename", &from))
    }

    /// Makes all adoptions durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let dirty = std::mem::take(&mut *lock(&self.dirty));
        for folder in &dirty {
            // The folder above may be noted for a blob whose own folder could not be made.
            if self.disk.exists(folder).map_err(io("look for", folder))? {
                self.disk.sync_dir(folder).map_err(sync(folder))?;
            }
        }
        Ok(())
    }

    /// Opens a blob that an entry names; `None` when it is gone.
    pub(super) fn open(&self, name: BlobName) -> Result<Option<Box<dyn BlobSource>>, StoreError> {
        let path = self.path(name);
        match self.disk.open(&path, Open::Read) {
            Ok(file) => Ok(Some(Box::new(Stored(file)))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("open", &path)(error)),
        }
    }

    /// Removes blobs and makes that durable. Those that are gone already are no error.
    pub(super) fn remove(&self, names: &[BlobName]) -> Result<(), StoreError> {
        let mut folders = BTreeSet::new();
        for name in names {
            let path = self.path(*name);
            match self.disk.remove(&path) {
                Ok(()) => {
                    folders.insert(self.shard(*name));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(io("remove", &path)(error)),
            }
        }
        folders.iter().try_for_each(|folder| self.disk.sync_dir(folder).map_err(sync(folder)))
    }

    fn pending(&self) -> PathBuf {
        self.folder.join("pending")
    }

    fn pending_path(&self, name: BlobName) -> PathBuf {
        self.pending().join(format!("{name}.blob"))
    }

    /// One of 256 folders, so that none grows too long to list.
    fn shard(&self, name: BlobName) -> PathBuf {
        self.folder.join(format!("{:02x}", name.0[0]))
    }

    fn path(&self, name: BlobName) -> PathBuf {
        self.shard(name).join(format!("{name}.blob"))
    }
}

/// A blob that is being written; its file is removed when it is dropped unfinished.
pub(super) struct Upload {
    disk: Arc<dyn Disk>,
    pending: PathBuf,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    at: u64,
    is_done: bool,
}

impl BlobSink for Upload {
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        write_all_at(&*self.file, bytes, self.at).map_err(io("write", &self.path))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>, name: BlobName) -> Result<(), StoreError> {
        self.file.sync().map_err(sync(&self.path))?;
        let named = self.pending.join(format!("{name}.blob"));
        self.disk.rename(&self.path, &named).map_err(io("rename", &self.path))?;
        self.is_done = true;
        self.disk.sync_dir(&self.pending).map_err(sync(&self.pending))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_done
            && let Err(error) = self.disk.remove(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished attachment could not be removed");
        }
    }
}

struct Stored(Box<dyn DiskFile>);

impl BlobSource for Stored {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> std::io::Result<()> {
        read_exact_at(&*self.0, out, offset)
    }
}
