//! The contents of one entry as a stream that is checked while it is read.
//!
//! It fails when more comes out than the entry says, when less does, when the checksum differs, and when the archive's budget is
//! spent. Only a stream that was read to its end without an error is what was packed.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    sync::Arc,
};

use super::{Budget, Entry, Kind};

/// What is read from the archive at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// The largest window that a zstd entry may ask for (2^25 = 32 MiB): more than the usual levels use.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// The contents of one entry.
pub(crate) struct EntryReader {
    inner: Box<dyn Read + Send>,
    /// What must still come.
    left: u64,
    crc: Option<(flate2::Crc, u32)>,
    budget: Arc<Budget>,
}

impl EntryReader {
    pub(super) fn new(file: Arc<File>, offset: u64, entry: &Entry, budget: Arc<Budget>) -> io::Result<Self> {
        let section = BufReader::with_capacity(CHUNK_BYTES, Section { file, at: offset, left: entry.packed_bytes });
        let crc = (entry.kind == Kind::Zip).then(|| (flate2::Crc::new(), entry.crc));
        Ok(Self { inner: unpacking(section, entry.method)?, left: entry.bytes, crc, budget })
    }

    fn end(&mut self) -> io::Result<usize> {
        if self.left > 0 {
            return Err(io::Error::other("it ends before its end; the archive is damaged or was cut off: export it again"));
        }
        match self.crc.take() {
            Some((crc, expected)) if crc.sum() != expected => {
                Err(io::Error::other("its checksum is wrong; the archive is damaged or was altered: export it again"))
            }
            _ => Ok(0),
        }
    }
}

impl Read for EntryReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let got = self.inner.read(buffer).map_err(damaged)?;
        if got == 0 {
            return self.end();
        }
        self.left = (self.left.checked_sub(got as u64))
            .ok_or_else(|| io::Error::other("it unpacks to more than it says; the archive is damaged or made to do harm"))?;
        self.budget.take(got as u64)?;
        if let Some((crc, _)) = &mut self.crc {
            crc.update(&buffer[..got]);
        }
        Ok(got)
    }
}

/// What a decoder says, in words that help.
fn damaged(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => error,
        kind => io::Error::new(kind, format!("it cannot be unpacked ({error}); the archive is damaged: export it again")),
    }
}

/// The methods of the ZIP specification (APPNOTE 4.4.5) that exports are packed with. A tar entry is stored.
fn unpacking(section: BufReader<Section>, method: u16) -> io::Result<Box<dyn Read + Send>> {
    Ok(match method {
        0 => Box::new(section),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(section)),
        9 => Box::new(deflate64::Deflate64Decoder::with_buffer(section)),
        93 => {
            let mut decoder = zstd::Decoder::with_buffer(section)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        other => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("it is packed with method {other}, which is not read here; unpack the archive and pack it again"),
            ));
        }
    })
}

/// A stretch of the file, read by position so that many can be open at once.
struct Section {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += got as u64;
        self.left -= got as u64;
        Ok(got)
    }
}
