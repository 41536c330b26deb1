//! A file while it is being uploaded.
//!
//! Invariants: it lies under a partial name until all of it is on disk; whoever goes away leaves nothing, and what a process that died has
//! left is removed at the next start (its lock is free then); it never takes the disk's last space. Memory is one buffer.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;

use super::UPLOAD_BYTES_MAX;
use crate::{
    capture::intake::blocking,
    error::{Error, Invalid, Result},
};

/// What stays free on the disk, whatever is uploaded: the record and the database live there too, and an import makes them grow.
const FREE_BYTES_MIN: u64 = 2 * 1024 * 1024 * 1024;
/// What is written at once.
const BUFFER_BYTES: usize = 1024 * 1024;
/// Free space is looked at again after so many bytes.
const SPACE_CHECK_BYTES: u64 = 64 * 1024 * 1024;
/// What a partial file's name ends with.
pub(super) const PARTIAL: &str = "part";

/// A file that arrives piece by piece.
pub(super) struct Incoming {
    path: PathBuf,
    /// Away while a buffer is written.
    on_disk: Option<OnDisk>,
    buffer: Vec<u8>,
    is_whole: bool,
}

struct OnDisk {
    file: File,
    digest: digest::Context,
    bytes: u64,
}

/// A whole file on disk.
pub(super) struct Arrived {
    pub(super) bytes: i64,
    pub(super) digest: [u8; 32],
}

impl Incoming {
    /// Begins a file that will lie at `path`. `announced` is its length, as far as the sender says.
    pub(super) async fn begin(path: PathBuf, announced: Option<u64>) -> Result<Self> {
        if announced.is_some_and(|bytes| bytes > UPLOAD_BYTES_MAX) {
            return Err(too_long());
        }
        blocking(move || {
            let failed = |error: io::Error| Error::Internal(format!("the upload cannot be stored: {error}"));
            let folder = path.parent().expect("a file lies in a folder");
            check_space(folder, announced.unwrap_or(0))?;
            let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(partial(&path)).map_err(failed)?;
            file.try_lock().map_err(|error| Error::Internal(error.to_string()))?;
            let on_disk = OnDisk { file, digest: digest::Context::new(&digest::SHA256), bytes: 0 };
            Ok(Self { path, on_disk: Some(on_disk), buffer: Vec::with_capacity(BUFFER_BYTES), is_whole: false })
        })
        .await
    }

    /// The next bytes.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BUFFER_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let broken = || Error::Internal("the upload was broken off before".to_owned());
        let mut on_disk = self.on_disk.take().ok_or_else(broken)?;
        let (buffer, path) = (std::mem::take(&mut self.buffer), self.path.clone());
        let (on_disk, mut buffer) = blocking(move || {
            let before = on_disk.bytes / SPACE_CHECK_BYTES;
            on_disk.bytes += buffer.len() as u64;
            if on_disk.bytes > UPLOAD_BYTES_MAX {
                return Err(too_long());
            }
            if on_disk.bytes / SPACE_CHECK_BYTES != before {
                check_space(path.parent().expect("a file lies in a folder"), 0)?;
            }
            on_disk.digest.update(&buffer);
            let written = on_disk.file.write_all(&buffer);
            written.map_err(|error| Error::Internal(format!("the upload cannot be stored: {error}")))?;
            Ok((on_disk, buffer))
        })
        .await?;
        buffer.clear();
        (self.on_disk, self.buffer) = (Some(on_disk), buffer);
        Ok(())
    }

    /// Makes the file durable under its own name.
    pub(super) async fn finish(mut self) -> Result<Arrived> {
        self.flush().await?;
        let on_disk = self.on_disk.take().expect("flushing gave it back");
        let path = self.path.clone();
        let arrived = blocking(move || {
            let OnDisk { file, digest, bytes } = on_disk;
            let done = file.sync_all().and_then(|()| std::fs::rename(partial(&path), &path));
            let done = done.and_then(|()| File::open(path.parent().expect("a file lies in a folder"))?.sync_all());
            done.map_err(|error| Error::Internal(format!("the upload cannot be stored: {error}")))?;
            let digest = digest.finish().as_ref().try_into().expect("SHA-256 is 32 bytes long");
            Ok(Arrived { bytes: i64::try_from(bytes).unwrap_or(i64::MAX), digest })
        })
        .await?;
        self.is_whole = true;
        Ok(arrived)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_whole {
            // Gone already, or removed at the next start.
            let _ = std::fs::remove_file(partial(&self.path));
        }
    }
}

/// Whether nobody writes a partial file any more.
pub(super) fn is_abandoned(partial: &Path) -> bool {
    match File::open(partial).map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | Err(_) => false,
    }
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension(PARTIAL)
}

fn too_long() -> Error {
    Invalid::field("file", format!("at most {} GiB; import it at the command line instead", UPLOAD_BYTES_MAX >> 30))
}

fn check_space(folder: &Path, wanted: u64) -> Result<()> {
    let stat =
        rustix::fs::statvfs(folder).map_err(|error| Error::Internal(format!("cannot see how full the disk is: {error}")))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < wanted.saturating_add(FREE_BYTES_MIN) {
        let missing = (wanted + FREE_BYTES_MIN - free).div_ceil(1024 * 1024);
        return Err(Invalid::field("file", format!("the server's disk lacks {missing} MiB for it; make room and send it again")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Incoming, is_abandoned, partial};

    #[tokio::test]
    async fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one");
        let bytes: Vec<u8> = (0..2_500_000u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut incoming = Incoming::begin(path.clone(), None).await.expect("begins");
        for piece in bytes.chunks(70_001) {
            incoming.write(piece).await.expect("taken");
        }
        assert!(!path.exists() && !is_abandoned(&partial(&path)), "it is being written");
        let arrived = incoming.finish().await.expect("ends");
        assert_eq!(arrived.bytes, 2_500_000);
        assert_eq!(std::fs::read(&path).expect("there"), bytes);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        assert_eq!(arrived.digest, digest.as_ref());
        // Whoever goes away leaves nothing.
        let mut incoming = Incoming::begin(folder.path().join("two"), None).await.expect("begins");
        incoming.write(b"half").await.expect("taken");
        drop(incoming);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[tokio::test]
    async fn a_file_that_does_not_fit_is_refused_before_it_is_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        for announced in [super::UPLOAD_BYTES_MAX + 1, super::UPLOAD_BYTES_MAX] {
            // The second is allowed and asks for more than disks of tests have free, unless this one is large.
            let begun = Incoming::begin(folder.path().join("one"), Some(announced)).await;
            assert!(begun.is_err() || announced == super::UPLOAD_BYTES_MAX);
        }
    }
}
