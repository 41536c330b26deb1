//! Names of files and folders, which are safe only once their folder was synced.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub(super) enum NameChange {
    Link(PathBuf, u64),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
    Folder(PathBuf),
}

/// Names of files and folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) files: BTreeMap<PathBuf, u64>,
    pub(super) folders: BTreeSet<PathBuf>,
}

impl Names {
    /// Drops what lies in folders that are not there.
    pub(super) fn prune(&mut self) {
        let whole = |path: &Path, folders: &BTreeSet<PathBuf>| path.ancestors().skip(1).all(|folder| folders.contains(folder));
        let folders = self.folders.clone();
        self.folders.retain(|folder| whole(folder, &folders));
        let folders = self.folders.clone();
        self.files.retain(|file, _| whole(file, &folders));
    }
}

impl NameChange {
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Rename(_, path) | Self::Folder(path) => path.parent(),
        }
    }

    pub(super) fn apply(self, names: &mut Names) {
        match self {
            Self::Link(path, inode) => {
                names.files.insert(path, inode);
            }
            Self::Unlink(path) => {
                names.files.remove(&path);
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.files.remove(&from) {
                    names.files.insert(to, inode);
                }
            }
            Self::Folder(path) => {
                names.folders.insert(path);
            }
        }
    }
}
