//! How far an importer has read: bytes done and bytes in all.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Counts what goes through the readers it hands out.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    done: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
}

impl Meter {
    /// Says how many bytes there are.
    pub(super) fn all(&self, bytes: u64) {
        self.all.store(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that went another way.
    pub(super) fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A reader whose bytes count.
    pub(super) fn count<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, done: Arc::clone(&self.done) }
    }

    /// Bytes done and bytes in all; never more done than there are, whatever an archive says of itself.
    pub(super) fn progress(&self) -> (u64, u64) {
        let all = self.all.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(all), all)
    }
}

/// A reader that counts.
pub(super) struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.done.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}
