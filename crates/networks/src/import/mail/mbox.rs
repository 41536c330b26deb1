//! Cutting a mailbox file into mails.
//!
//! RFC 4155 and its two ways of quoting: a mail begins after a line `From …` at the start of the file or after an empty line; lines of
//! a text that begin like that carry a `>` in front, which `mboxrd` adds to every `>From` too. A file without a `From ` line is one mail.

use std::io::{self, Read};

use crate::import::lines::{Line, LineReader, without_end};

/// The longest line that is looked at; mail has lines of at most 998 bytes, some programs write longer ones.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A mailbox.
pub(super) struct Mailbox<R> {
    lines: LineReader<R>,
    mail_bytes_max: usize,
    /// Bytes read so far.
    offset: u64,
    /// Whether the file has `From ` lines; known after its first line.
    separated: Option<bool>,
    count: u64,
    ended: bool,
}

/// What comes next.
pub(super) enum Next {
    /// A mail as it stands in the file, without its `From ` line, and where it begins.
    Mail { offset: u64, bytes: Vec<u8> },
    /// A mail that was skipped.
    TooLong,
}

/// Whether a file begins with a `From ` line or a header field.
pub(super) fn begins_like_mail(start: &[u8]) -> bool {
    if start.starts_with(b"From ") {
        return true;
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let name = start.split(|&byte| byte == b':').next().unwrap_or_default();
    name.len() < start.len()
        && !name.is_empty()
        && name.len() < 80
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether a line that begins with `From ` parts mails, or is a sentence that a program forgot to quote: RFC 4155 has an address and a
/// time behind it, some programs only the address.
fn is_separator(line: &[u8]) -> bool {
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1).collect();
    let is_time = |word: &&[u8]| {
        word.split(|&byte| byte == b':').count() >= 2 && word.iter().all(|&byte| byte.is_ascii_digit() || byte == b':')
    };
    words.len() <= 1 || words.iter().any(is_time)
}

impl<R: Read> Mailbox<R> {
    pub(super) fn new(source: R, mail_bytes_max: usize) -> Self {
        Self {
            lines: LineReader::bytes(source, LINE_BYTES_MAX),
            mail_bytes_max,
            offset: 0,
            separated: None,
            count: 0,
            ended: false,
        }
    }

    /// From the middle of a mailbox: where a mail begins.
    pub(super) fn within(source: R, mail_bytes_max: usize) -> Self {
        Self { separated: Some(true), ..Self::new(source, mail_bytes_max) }
    }

    /// How many mails were found.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The next mail.
    pub(super) fn next(&mut self) -> io::Result<Option<Next>> {
        if self.ended {
            return Ok(None);
        }
        let (mut bytes, mut begin, mut too_long, mut after_empty) = (Vec::new(), self.offset, false, true);
        loop {
            let line = match self.lines.next_raw() {
                Ok(Some(line)) => line,
                Ok(None) => {
                    self.ended = true;
                    break;
                }
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            };
            let Line::Bytes(line) = line else {
                // The length of a skipped line is not known: where mails begin after it is not either.
                too_long = true;
                continue;
            };
            self.offset += line.len() as u64;
            let separator = after_empty && line.starts_with(b"From ") && (self.separated.is_none() || is_separator(line));
            if self.separated.is_none() {
                self.separated = Some(separator);
                if separator {
                    begin = self.offset;
                    continue;
                }
            }
            if separator && self.separated == Some(true) {
                if bytes.is_empty() && !too_long {
                    begin = self.offset;
                    continue;
                }
                break;
            }
            after_empty = without_end(line).is_empty();
            if bytes.len() + line.len() > self.mail_bytes_max {
                too_long = true;
                bytes = Vec::new();
            }
            if !too_long {
                bytes.extend_from_slice(line);
            }
        }
        if bytes.trim_ascii().is_empty() && !too_long {
            return Ok(None);
        }
        self.count += 1;
        Ok(Some(if too_long { Next::TooLong } else { Next::Mail { offset: begin, bytes } }))
    }
}

/// The mail without the quoting of `From ` lines.
pub(super) fn unquoted(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"\n>").is_none() {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let quoted = line.starts_with(b">")
            && line.iter().position(|&byte| byte != b'>').is_some_and(|at| line[at..].starts_with(b"From "));
        out.extend_from_slice(if quoted { &line[1..] } else { line });
    }
    out.into()
}
