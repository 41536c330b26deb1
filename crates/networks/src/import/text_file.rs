//! The encoding of a text file: UTF-8, with or without a byte order mark; anything else is refused with what to do.

use std::io::{self, Read};

/// A UTF-8 byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Looks at the first bytes: how many to skip (a UTF-8 mark), or what to do about another encoding.
pub(super) fn skip_mark(start: &[u8]) -> Result<usize, &'static str> {
    const WHAT_TO_DO: &str = "it is UTF-16 or UTF-32, not UTF-8; save it as UTF-8 (for example `iconv -f UTF-16 -t UTF-8`)";
    match start {
        [0xef, 0xbb, 0xbf, ..] => Ok(MARK.len()),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => Err(WHAT_TO_DO),
        _ => Ok(0),
    }
}

/// A buffer over a stream that keeps what is still needed and nothing else.
pub(super) struct Buffered<R> {
    pub(super) source: R,
    bytes: Vec<u8>,
    /// What is before this is done with.
    start: usize,
    ended: bool,
}

/// What is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

impl<R: Read> Buffered<R> {
    pub(super) fn new(source: R, mut storage: Vec<u8>) -> Self {
        storage.clear();
        Self { source, bytes: storage, start: 0, ended: false }
    }

    /// What is held.
    pub(super) fn held(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Drops the first bytes of what is held.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Reads more. False at the end of the stream.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
        let held = self.bytes.len();
        self.bytes.resize(held + CHUNK_BYTES, 0);
        loop {
            match self.source.read(&mut self.bytes[held..]) {
                Ok(got) => {
                    self.bytes.truncate(held + got);
                    self.ended = got == 0;
                    return Ok(got > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.bytes.truncate(held);
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// Fills until this many bytes are held. False when the stream ends before.
    pub(super) fn need(&mut self, bytes: usize) -> io::Result<bool> {
        while self.held().len() < bytes {
            if !self.fill()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Skips a byte order mark, or refuses another encoding.
    pub(super) fn skip_mark(&mut self) -> io::Result<()> {
        self.need(3)?;
        let skip = skip_mark(self.held()).map_err(|what| io::Error::new(io::ErrorKind::InvalidData, what))?;
        self.consume(skip);
        Ok(())
    }

    /// The buffer, for the next stream.
    pub(super) fn into_storage(self) -> Vec<u8> {
        self.bytes
    }
}
