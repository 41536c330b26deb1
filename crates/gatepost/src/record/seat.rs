//! A process's own corner of the data folder for what it derives from a ledger in the database.
//!
//! Several processes may share a data folder beside PostgreSQL (one for pages, one for jobs), and each keeps an index. Invariant: a seat
//! belongs to one process at a time, by a lock that ends with the process; everything in it can be removed when nobody sits there.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Processes that share a data folder; more of them on one machine do nothing that one with more threads does not.
const SEATS_MAX: usize = 16;

/// A seat that was taken.
pub(crate) struct Seat {
    path: PathBuf,
    #[expect(dead_code, reason = "the open file is the lock")]
    lock: File,
}

impl Seat {
    /// Takes the first free one.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        for number in 0..SEATS_MAX {
            let path = prepare(folder, number)?;
            let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path.join("lock"))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path, lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        let full = format!("{SEATS_MAX} processes work in {} already; use another data folder", folder.display());
        Err(io::Error::other(full))
    }

    /// Its folder, which has an `index` in it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The first seat, for whoever only reads what lies there.
pub(super) fn first(folder: &Path) -> io::Result<PathBuf> {
    prepare(folder, 0)
}

fn prepare(folder: &Path, number: usize) -> io::Result<PathBuf> {
    let path = folder.join(format!("seat-{number}"));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.join("index"))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::Seat;

    #[test]
    fn a_seat_belongs_to_one_and_is_free_again_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Seat::take(folder.path()).expect("free");
        let second = Seat::take(folder.path()).expect("another one");
        assert_ne!(first.path(), second.path());
        let path = first.path().to_owned();
        drop(first);
        assert_eq!(Seat::take(folder.path()).expect("free again").path(), path);
    }
}
