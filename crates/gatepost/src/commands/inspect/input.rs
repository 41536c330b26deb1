//! Reads lines in batches, so that a file of any size fits into little memory.
//!
//! Invariant: a batch ends on a line end and never reaches into the next file; at most [`BATCH_BYTES`] plus one line are held per batch. A line longer than
//! [`LINE_MAX`] is an error that says so.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use inspect::Message;
use serde_json::Value;

/// Bytes read at once: large enough that handing over costs nothing, small enough for many threads.
const BATCH_BYTES: usize = 1 << 18;
/// A longer line is not a message.
const LINE_MAX: usize = inspect::TEXT_BYTES_MAX;
/// Inputs smaller than this are done before a progress bar can be read.
const PROGRESS_MIN: u64 = 64 << 20;

/// The files to read, one after the other.
pub(super) struct Source {
    waiting: std::vec::IntoIter<PathBuf>,
    current: Option<Input>,
    total: u64,
    several: bool,
}

/// One file, or standard input.
struct Input {
    name: Arc<str>,
    reader: Box<dyn Read>,
}

/// Stands for standard input among the files.
const STANDARD_INPUT: &str = "-";

impl Source {
    pub(super) fn open(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut total = 0;
        for file in files.iter().filter(|file| !is_standard_input(file)) {
            let about = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
            if about.is_dir() {
                bail!("{} is a folder; name the files in it", file.display());
            }
            total += about.len();
        }
        let files = if files.is_empty() { vec![PathBuf::from(STANDARD_INPUT)] } else { Vec::from(files) };
        if files.iter().any(|file| is_standard_input(file)) && io::stdin().is_terminal() {
            let _ = writeln!(io::stderr(), "reading from the keyboard; end with Ctrl-D");
        }
        Ok(Self { several: files.len() > 1, waiting: files.into_iter(), current: None, total })
    }

    /// Opens the next file; no when there is none.
    fn next_file(&mut self) -> anyhow::Result<bool> {
        let Some(file) = self.waiting.next() else { return Ok(false) };
        self.current = Some(if is_standard_input(&file) {
            Input { name: "standard input".into(), reader: Box::new(io::stdin()) }
        } else {
            let reader = File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Input { name: file.display().to_string().into(), reader: Box::new(reader) }
        });
        Ok(true)
    }

    /// Reads on in the file that is open; nothing at its end.
    fn read(&mut self, buffer: &mut [u8]) -> anyhow::Result<usize> {
        let Some(Input { name, reader }) = &mut self.current else { return Ok(0) };
        loop {
            match reader.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
            }
        }
    }

    fn name(&self) -> Arc<str> {
        self.current.as_ref().map_or_else(|| STANDARD_INPUT.into(), |input| Arc::clone(&input.name))
    }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == STANDARD_INPUT
}

/// Lines that are worked on together.
pub(super) struct Batch {
    bytes: Vec<u8>,
    file: Arc<str>,
    /// Whether lines have to say which file they stand in.
    several: bool,
    first_line: u64,
    jsonl: bool,
}

/// Cuts the input into batches.
pub(super) struct Batches {
    source: Source,
    rest: Vec<u8>,
    line: u64,
    jsonl: bool,
    progress: bool,
    done: u64,
    shown: u64,
}

impl Batches {
    pub(super) fn new(source: Source, jsonl: bool, progress: bool) -> Self {
        let progress = progress && source.total >= PROGRESS_MIN;
        Self { source, rest: Vec::new(), line: 1, jsonl, progress, done: 0, shown: u64::MAX }
    }

    /// The next batch, or nothing at the end. A batch holds lines of one file.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        loop {
            if self.source.current.is_some() {
                if let Some(batch) = self.of_file()? {
                    return Ok(Some(batch));
                }
                self.source.current = None;
            }
            if !self.source.next_file()? {
                return Ok(None);
            }
            self.line = 1;
        }
    }

    /// The next batch of the file that is open, or nothing at its end.
    fn of_file(&mut self) -> anyhow::Result<Option<Batch>> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let have = bytes.len();
            bytes.resize(have + BATCH_BYTES, 0);
            let count = self.source.read(&mut bytes[have..])?;
            bytes.truncate(have + count);
            self.done += count as u64;
            if count == 0 {
                break;
            }
            if let Some(end) = bytes.iter().rposition(|b| *b == b'\n') {
                self.rest = bytes.split_off(end + 1);
                break;
            }
            if bytes.len() > LINE_MAX {
                let (line, name, limit) = (self.line, self.source.name(), LINE_MAX >> 20);
                bail!("line {line} of {name} is longer than {limit} MiB; is this a text file?");
            }
        }
        self.show_progress();
        if bytes.is_empty() {
            return Ok(None);
        }
        if self.line == 1 {
            bytes = text(bytes).with_context(|| format!("cannot read {}", self.source.name()))?;
        }
        let first_line = self.line;
        self.line += (bytes.split(|b| *b == b'\n').count() - 1) as u64;
        let (file, several) = (self.source.name(), self.source.several);
        Ok(Some(Batch { bytes, file, several, first_line, jsonl: self.jsonl }))
    }

    fn show_progress(&mut self) {
        let percent = (self.done * 100).checked_div(self.source.total).unwrap_or(100).min(100);
        if self.progress && percent != self.shown {
            self.shown = percent;
            let _ = write!(io::stderr(), "{}", bar(percent, self.source.total));
        }
    }
}

/// What a file begins with, without a byte order mark. What is no text in UTF-8 is an error: nobody may take a file for
/// clean that was not read.
fn text(mut bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if bytes.starts_with(UTF_8_MARK) {
        bytes.drain(..UTF_8_MARK.len());
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        bail!("it is UTF-16; turn it into UTF-8 first (iconv -f UTF-16 -t UTF-8)");
    }
    if bytes.iter().take(BINARY_LOOK).any(|byte| *byte == 0) {
        bail!("it is not text; extract its text first (pictures: --images)");
    }
    Ok(bytes)
}

/// What some programs put before text in UTF-8.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of a file that are searched for a zero, which no text holds: as many as other tools look at.
const BINARY_LOOK: usize = 8_000;

/// A line that takes the place of the one before.
fn bar(percent: u64, total: u64) -> String {
    let bar = "#".repeat(usize::try_from(percent / 4).unwrap_or(25));
    let end = if percent == 100 { "\n" } else { "" };
    format!("\r[{bar:<25}] {percent:3} % of {} MiB{end}", total >> 20)
}

/// One message of the input.
pub(super) struct Post {
    pub id: Value,
    /// The file in which it stands, when there are several.
    pub file: Option<Arc<str>>,
    pub text: String,
    /// Whether the line ended as Windows ends lines.
    pub has_return: bool,
    pub alt_texts: Vec<String>,
    pub links: Vec<String>,
}

/// Borrowed lists of a post.
pub(super) struct Parts<'a> {
    text: &'a str,
    alt_texts: Vec<&'a str>,
    links: Vec<&'a str>,
}

impl Parts<'_> {
    pub(super) fn message(&self) -> Message<'_> {
        Message { text: self.text, alt_texts: &self.alt_texts, links: &self.links, ..Message::default() }
    }
}

impl Post {
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            text: &self.text,
            alt_texts: self.alt_texts.iter().map(String::as_str).collect(),
            links: self.links.iter().map(String::as_str).collect(),
        }
    }
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = anyhow::Result<Post>> + '_ {
        let bytes = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        (self.first_line..)
            .zip(bytes.split(|b| *b == b'\n'))
            .filter(|(_, line)| !self.jsonl || !line.trim_ascii().is_empty())
            .map(|(number, line)| {
                let mut post = if self.jsonl {
                    json(number, line).with_context(|| format!("cannot read {}", self.file))?
                } else {
                    plain(number, line)
                };
                post.file = self.several.then(|| Arc::clone(&self.file));
                Ok(post)
            })
    }
}

fn plain(number: u64, line: &[u8]) -> Post {
    let (line, has_return) = line.strip_suffix(b"\r").map_or((line, false), |line| (line, true));
    let text = String::from_utf8_lossy(line).into_owned();
    Post { id: number.into(), file: None, text, has_return, alt_texts: Vec::new(), links: Vec::new() }
}

fn json(number: u64, line: &[u8]) -> anyhow::Result<Post> {
    let value: Value =
        serde_json::from_slice(line).with_context(|| format!("line {number} is not JSON; leave out --jsonl for plain lines"))?;
    let Value::Object(mut object) = value else { bail!("line {number} is not a JSON object with \"text\"") };
    let Some(Value::String(text)) = object.remove("text") else { bail!("line {number} has no \"text\" that is a string") };
    let mut list =
        |name| strings(object.remove(name)).with_context(|| format!("line {number}: \"{name}\" is no list of strings"));
    let (alt_texts, links) = (list("alt_texts")?, list("links")?);
    let id = object.remove("id").unwrap_or_else(|| number.into());
    Ok(Post { id, file: None, text, has_return: false, alt_texts, links })
}

/// A list that may be left out; nothing when it holds anything that would go unread.
fn strings(value: Option<Value>) -> Option<Vec<String>> {
    let string = |item| if let Value::String(text) = item { Some(text) } else { None };
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items.into_iter().map(string).collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(current: impl Read + 'static, total: u64) -> Source {
        let current = Some(Input { name: "a test".into(), reader: Box::new(current) });
        Source { waiting: Vec::new().into_iter(), current, total, several: false }
    }

    /// Lines without end.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.iter_mut().enumerate().for_each(|(i, byte)| *byte = if i % 100 == 99 { b'\n' } else { b'x' });
            Ok(buffer.len())
        }
    }

    #[test]
    fn however_long_the_input_a_batch_is_no_larger_than_what_is_read_at_once_and_a_line() {
        let mut batches = Batches::new(source(Endless, 0), false, false);
        for _ in 0..2_000 {
            let batch = batches.next().expect("readable").expect("without end");
            assert!(batch.bytes.len() <= BATCH_BYTES + 100 && batches.rest.len() < 100, "{} bytes", batch.bytes.len());
            assert!(batch.bytes.capacity() <= 4 * BATCH_BYTES, "{} bytes are held", batch.bytes.capacity());
        }
    }

    #[test]
    fn a_bar_shows_the_share_of_large_inputs_only() {
        assert_eq!(bar(40, 10 << 30), "\r[##########               ]  40 % of 10240 MiB");
        assert!(bar(100, 64 << 20).ends_with("100 % of 64 MiB\n"));
        let shows = |total| Batches::new(source(io::empty(), total), false, true).progress;
        assert_eq!((shows(PROGRESS_MIN), shows(PROGRESS_MIN - 1)), (true, false));
    }
}
