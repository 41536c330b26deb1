//! JSON elements out of one file or of many in an archive: lists, pages (`{"value": […]}`) and lines.
//!
//! What every importer of JSON has in common: the order of the files is that of their names, a file that breaks is refused from there on
//! and the next one is read.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use super::{
    ImportError, Limits, Meter, Refused,
    archive::{Archive, EntryId},
    has_ending,
    json::{self, ArrayReader, Element},
    lines::{Line, LineReader},
};

type Source = Box<dyn Read + Send>;

/// A line may hold a whole page of messages.
const PAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The elements of files.
pub(super) struct Feed {
    pub(super) archive: Option<Archive>,
    /// What is still to be read, the next last.
    files: Vec<EntryId>,
    reading: Option<Reading>,
    key: &'static str,
    limits: Limits,
    meter: Meter,
}

struct Reading {
    /// What a place in it begins with: nothing for a plain file.
    name: String,
    form: Form,
}

enum Form {
    List(ArrayReader<Source>),
    Lines(LineReader<Source>),
}

/// What a step brought.
pub(super) enum Step {
    /// Something, or nothing yet.
    More,
    /// These cannot be taken.
    Refused(Vec<Refused>),
    /// The end of the last file.
    End,
}

impl Feed {
    /// Over a plain file: a list, an object with a list under `key`, or lines.
    pub(super) fn of_file(path: &Path, key: &'static str, limits: Limits) -> Result<Self, ImportError> {
        let read = |error| ImportError::Read { name: path.display().to_string(), error };
        let file = File::open(path).map_err(read)?;
        let meter = Meter::default();
        meter.all(file.metadata().map_err(read)?.len());
        let mut feed = Self { archive: None, files: Vec::new(), reading: None, key, limits, meter };
        let lines = path.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
        let source: Source = Box::new(feed.meter.count(BufReader::new(file)));
        feed.reading = Some(feed.reading_of(String::new(), lines, source));
        Ok(feed)
    }

    /// Over some entries of an archive.
    pub(super) fn of_entries(archive: Archive, mut files: Vec<EntryId>, key: &'static str, limits: Limits) -> Self {
        let meter = Meter::default();
        meter.all(files.iter().fold(0, |sum: u64, &id| sum.saturating_add(archive.unpacked_bytes(id))));
        files.reverse();
        Self { archive: Some(archive), files, reading: None, key, limits, meter }
    }

    pub(super) fn progress(&self) -> (u64, u64) {
        self.meter.progress()
    }

    fn reading_of(&self, name: String, lines: bool, source: Source) -> Reading {
        let form = if lines {
            Form::Lines(LineReader::text(source, PAGE_BYTES_MAX))
        } else {
            Form::List(ArrayReader::new(source, Some(self.key), self.limits.item_bytes_max, Vec::new()))
        };
        Reading { name, form }
    }

    /// Gives the next elements to `take`, which says why if it cannot take one.
    pub(super) fn step(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), String>) -> Result<Step, ImportError> {
        if self.reading.is_none() {
            let (Some(archive), Some(id)) = (&self.archive, self.files.pop()) else { return Ok(Step::End) };
            let name = archive.name(id).to_owned();
            let lines = has_ending(&name, &["jsonl", "ndjson"]);
            match archive.read(id) {
                Ok(reader) => {
                    let source: Source = Box::new(self.meter.count(reader));
                    self.reading = Some(self.reading_of(name + ", ", lines, source));
                }
                Err(error) => return Ok(Step::Refused(vec![Refused { place: name, reason: error.to_string() }])),
            }
        }
        let reading = self.reading.as_mut().expect("opened above");
        let item_bytes_max = self.limits.item_bytes_max;
        let mut refused = Vec::new();
        let ended = match &mut reading.form {
            Form::List(list) => {
                let found = list.next().map(|found| found.map(|element| taken(&element, item_bytes_max, &mut take)));
                let place = |count: u64| format!("{}item {count}", reading.name);
                end_of(found, || place(list.count()), &mut refused)
            }
            Form::Lines(lines) => {
                let key = self.key;
                let mut wrong = Vec::new();
                let found =
                    lines.next().map(|found| found.map(|line| line_taken(&line, key, item_bytes_max, &mut take, &mut wrong)));
                let place = format!("{}line {}", reading.name, lines.number());
                let each = wrong.into_iter().map(|(at, reason)| Refused { place: format!("{place}, item {at}"), reason });
                refused.extend(each);
                end_of(found, || place.clone(), &mut refused)
            }
        };
        if ended {
            self.reading = None;
        }
        if let Some(archive) = &self.archive {
            archive.check_budget()?;
        }
        Ok(if refused.is_empty() { Step::More } else { Step::Refused(refused) })
    }
}

fn taken(element: &Element<'_>, item_bytes_max: u64, take: &mut impl FnMut(&[u8]) -> Result<(), String>) -> Result<(), String> {
    match *element {
        Element::Bytes(bytes) if bytes.len() as u64 <= item_bytes_max => take(bytes),
        _ => Err(format!("it is larger than {item_bytes_max} bytes, the most that one message may have")),
    }
}

/// A line is a message, or a page of them, each of which may be `wrong` by itself.
fn line_taken(
    line: &Line<'_>,
    key: &str,
    item_bytes_max: u64,
    take: &mut impl FnMut(&[u8]) -> Result<(), String>,
    wrong: &mut Vec<(usize, String)>,
) -> Result<(), String> {
    let Line::Bytes(line) = line else { return Err(format!("the line is longer than {PAGE_BYTES_MAX} bytes")) };
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    let Some(page) = json::member(line, key).filter(|page| page.starts_with(b"[")) else {
        return taken(&Element::Bytes(line), item_bytes_max, take);
    };
    for (at, element) in json::elements(page).enumerate() {
        if let Err(reason) = taken(&Element::Bytes(element), item_bytes_max, take) {
            wrong.push((at + 1, reason));
        }
    }
    Ok(())
}

/// Whether the file is over; what could not be taken goes to `refused`.
fn end_of(found: std::io::Result<Option<Result<(), String>>>, place: impl Fn() -> String, refused: &mut Vec<Refused>) -> bool {
    match found {
        Ok(None) => true,
        Ok(Some(Ok(()))) => false,
        Ok(Some(Err(reason))) => {
            refused.push(Refused { place: place(), reason });
            false
        }
        Err(error) => {
            refused.push(Refused { place: place(), reason: format!("{error}; the rest of this file is not read") });
            true
        }
    }
}
