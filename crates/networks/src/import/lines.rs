//! Lines of a text stream, one at a time, with a limit: for JSONL and for mailboxes.

use std::io::{self, Read};

use super::text_file::Buffered;

/// Reads lines.
pub(super) struct LineReader<R> {
    buffer: Buffered<R>,
    line_bytes_max: usize,
    number: u64,
    started: bool,
    text: bool,
    /// What the line that was handed out last takes.
    handed: usize,
}

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its bytes without the line end.
    Bytes(&'a [u8]),
    /// It was longer than allowed and has been skipped.
    TooLong,
}

impl<R: Read> LineReader<R> {
    /// Over a text that must be UTF-8; a byte order mark is skipped.
    pub(super) fn text(source: R, line_bytes_max: u64) -> Self {
        Self { text: true, ..Self::bytes(source, line_bytes_max) }
    }

    /// Over any bytes.
    pub(super) fn bytes(source: R, line_bytes_max: u64) -> Self {
        Self {
            buffer: Buffered::new(source, Vec::new()),
            line_bytes_max: usize::try_from(line_bytes_max).unwrap_or(usize::MAX / 2),
            number: 0,
            started: false,
            text: false,
            handed: 0,
        }
    }

    /// The number of the line that was handed out last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line with its line end as it stands.
    pub(super) fn next_raw(&mut self) -> io::Result<Option<Line<'_>>> {
        if !self.started {
            self.started = true;
            if self.text {
                self.buffer.skip_mark()?;
            }
        }
        self.buffer.consume(std::mem::take(&mut self.handed));
        let mut searched = 0;
        let mut skipping = false;
        let end = loop {
            let held = self.buffer.held();
            if let Some(found) = memchr::memchr(b'\n', &held[searched..]) {
                break searched + found + 1;
            }
            searched = held.len();
            if searched > self.line_bytes_max {
                skipping = true;
                self.buffer.consume(searched);
                searched = 0;
            }
            if !self.buffer.fill()? {
                break searched;
            }
        };
        if end == 0 && !skipping {
            return Ok(None);
        }
        self.number += 1;
        self.handed = end;
        if skipping || end > self.line_bytes_max.saturating_add(2) {
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Bytes(&self.buffer.held()[..end])))
    }

    /// The next line without its line end (`\n` or `\r\n`).
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        Ok(self.next_raw()?.map(|line| match line {
            Line::Bytes(bytes) => Line::Bytes(without_end(bytes)),
            Line::TooLong => Line::TooLong,
        }))
    }
}

/// A line without its end.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], most: u64) -> Vec<Option<Vec<u8>>> {
        let mut reader = LineReader::text(bytes, most);
        let mut found = Vec::new();
        while let Some(line) = reader.next().unwrap() {
            found.push(match line {
                Line::Bytes(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
        }
        found
    }

    #[test]
    fn every_kind_of_line_end_and_a_last_line_without_one() {
        let want: Vec<_> = [&b"a"[..], b"", b"b", b"c"].map(|line| Some(line.to_vec())).into();
        assert_eq!(lines(b"\xef\xbb\xbfa\r\n\nb\nc", 10), want);
        assert_eq!(lines(b"", 10), Vec::<Option<Vec<u8>>>::new());
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_is_read() {
        let long = [vec![b'x'; 300_000], b"\nnext\n".to_vec()].concat();
        assert_eq!(lines(&long, 100), vec![None, Some(b"next".to_vec())]);
        assert_eq!(lines(&vec![b'x'; 300_000], 100), vec![None]);
        assert_eq!(lines(b"12345678\n", 5), vec![None]);
    }

    #[test]
    fn another_encoding_is_refused_with_what_to_do() {
        let error = LineReader::text(&b"\xff\xfea\0\n\0"[..], 100).next().unwrap_err();
        assert!(error.to_string().contains("iconv"), "{error}");
    }
}
