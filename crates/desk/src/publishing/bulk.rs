//! Posts from a CSV file: every row read, checked and reported by its line. Pure: nothing is made here.
//!
//! Invariants: the file is hostile until read (bytes, rows, columns and cells are bounded, no formula is run, nothing is guessed from
//! a broken encoding); every row ends in exactly one line of the report, as a draft or with everything that is wrong with it; a row
//! with a mistake harms no other row.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Time as WallTime},
    tz::TimeZone,
};
use thiserror::Error;

use super::{
    calendar::{self, Local},
    content::{Content, Draft, Part, TARGETS_MAX},
};
use crate::ids::{ProfileId, Time};

/// Bytes of a file: a thousand long posts.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Rows of a file: what somebody can look over before saying yes.
pub const ROWS_MAX: usize = 1_000;
/// Bytes of one text, far above every network's limit.
pub const TEXT_BYTES_MAX: usize = 100_000;
/// Bytes of any other cell.
const CELL_BYTES_MAX: usize = 2_000;
/// Tags of a post.
pub const TAGS_MAX: usize = 20;
/// Characters of a tag, campaign or title.
pub const NAME_MAX: usize = 120;

/// A column that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Profiles by title or handle, several separated by `;`.
    Profiles,
    /// The text.
    Text,
    /// The day, `2026-03-31`.
    Date,
    /// The time on the wall, `09:30`.
    Time,
    /// The time zone, `Europe/Berlin`; where it is left out, the importer's own.
    Zone,
    /// What colleagues see in lists.
    Title,
    /// Content warning or subject.
    Subject,
    /// Language (BCP 47).
    Language,
    /// The campaign's name.
    Campaign,
    /// Tags, several separated by `;`.
    Tags,
}

impl Column {
    /// Every column, in the order of the template.
    pub const ALL: &[Self] = &[
        Self::Profiles,
        Self::Text,
        Self::Date,
        Self::Time,
        Self::Zone,
        Self::Title,
        Self::Subject,
        Self::Language,
        Self::Campaign,
        Self::Tags,
    ];

    /// Its head in the file.
    pub fn head(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Text => "text",
            Self::Date => "date",
            Self::Time => "time",
            Self::Zone => "zone",
            Self::Title => "title",
            Self::Subject => "subject",
            Self::Language => "language",
            Self::Campaign => "campaign",
            Self::Tags => "tags",
        }
    }
}

/// What a row needs to know of the desk.
#[derive(Debug, Clone)]
pub struct Context {
    /// Profiles that the importer may write for, by every name they go by, in lower case.
    pub profiles: BTreeMap<String, ProfileId>,
    /// The importer's time zone.
    pub zone: TimeZone,
    /// Now: a row in the past is a mistake.
    pub now: Time,
}

/// A row that can become a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPost {
    /// What colleagues see in lists.
    pub title: String,
    /// What it says, and where.
    pub draft: Draft,
    /// When it is due.
    pub slot: Option<Time>,
    /// The zone its time was written in.
    pub zone: String,
    /// The campaign's name.
    pub campaign: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What a person should know about it, though it can be done.
    pub notes: Vec<String>,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where; nothing for the row as a whole.
    pub column: Option<Column>,
    /// What, and what to do.
    pub what: String,
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file on which it begins.
    pub line: u64,
    /// What it becomes, or everything that is wrong with it.
    pub outcome: Result<Box<PlannedPost>, Vec<Mistake>>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Too large.
    #[error("the file has {0} bytes, the most is {FILE_BYTES_MAX}; cut it in two")]
    TooLarge(usize),
    /// Too many rows.
    #[error("the file has more than {ROWS_MAX} rows; cut it in two")]
    TooManyRows,
    /// Not text as we can read it.
    #[error("line {line} is not UTF-8; save the file as \"CSV UTF-8\"")]
    Encoding {
        /// Where.
        line: usize,
    },
    /// Another kind of file.
    #[error("this is not a CSV file but {0}; save it as \"CSV UTF-8\"")]
    OtherFormat(&'static str),
    /// Nothing in it.
    #[error("the file is empty; its first line names the columns, for example: profiles,text,date,time")]
    Empty,
    /// A column that is needed is missing.
    #[error("there is no column `{}`; the first line names the columns, for example: profiles,text,date,time", .0.head())]
    Missing(Column),
    /// A column twice.
    #[error("the column `{0}` stands twice")]
    Twice(String),
    /// A column that means nothing to us.
    #[error("the column `{0}` is not known; known are {known}", known = Column::ALL.iter().map(|column| column.head()).collect::<Vec<_>>().join(", "))]
    Unknown(String),
}

/// Reads a file.
///
/// # Errors
/// [`Unreadable`] when no row can be reported at all.
pub fn read(bytes: &[u8], context: &Context) -> Result<Vec<Row>, Unreadable> {
    let text = text_of(bytes)?;
    let separator = delimiter(text);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|_| Unreadable::Empty)?.clone();
    let columns = columns(&heads)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        // What is in memory is UTF-8 and rows may be of any length, so nothing is left to go wrong here.
        let Ok(record) = record else { break };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == ROWS_MAX {
            return Err(Unreadable::TooManyRows);
        }
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(Row { line, outcome: row(&record, &columns, context).map(Box::new) });
    }
    if let (Some(opened), Some(last)) = (never_closed(text, separator), rows.last_mut()) {
        let what = format!("the quotation mark on line {opened} is never closed, so everything after it became part of this row");
        let mistake = Mistake { column: None, what };
        last.outcome = Err(last.outcome.clone().err().unwrap_or_default().into_iter().chain([mistake]).collect());
    }
    Ok(rows)
}

/// The line of a quotation mark that opens a cell and has no end: the reader takes the rest of the file for that cell.
fn never_closed(text: &str, separator: u8) -> Option<usize> {
    /// Where in a cell one is (RFC 4180, section 2).
    #[derive(PartialEq)]
    enum In {
        Begin,
        Plain,
        Quoted,
        AfterQuote,
    }
    let (mut at, mut line, mut opened) = (In::Begin, 1, 0);
    for byte in text.bytes() {
        let ends = byte == separator || byte == b'\n' || byte == b'\r';
        at = match (at, byte) {
            (In::Begin, b'"') => {
                opened = line;
                In::Quoted
            }
            (In::Quoted, b'"') => In::AfterQuote,
            (In::Quoted, _) | (In::AfterQuote, b'"') => In::Quoted,
            _ if ends => In::Begin,
            _ => In::Plain,
        };
        line += usize::from(byte == b'\n');
    }
    (at == In::Quoted).then_some(opened)
}

fn text_of(bytes: &[u8]) -> Result<&str, Unreadable> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge(bytes.len()));
    }
    let other = [(&b"PK\x03\x04"[..], "a spreadsheet"), (b"\xD0\xCF\x11\xE0", "an old spreadsheet"), (b"%PDF", "a PDF")];
    if let Some((_, name)) = other.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Unreadable::OtherFormat(name));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0) {
        return Err(Unreadable::Encoding { line: 1 });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Unreadable::Encoding { line: before.matches('\n').count() + 1 }
    })?;
    if text.trim().is_empty() { Err(Unreadable::Empty) } else { Ok(text) }
}

/// Whichever separator the first line uses most: spreadsheets of half of Europe write semicolons.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: u8| first.bytes().filter(|byte| *byte == mark).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

fn columns(heads: &csv::StringRecord) -> Result<BTreeMap<Column, usize>, Unreadable> {
    let mut found = BTreeMap::new();
    for (index, head) in heads.iter().enumerate() {
        let head = head.trim().to_lowercase();
        if head.is_empty() {
            continue;
        }
        let shown = || head.chars().take(40).collect::<String>();
        let column = Column::ALL.iter().find(|column| column.head() == head).ok_or_else(|| Unreadable::Unknown(shown()))?;
        if found.insert(*column, index).is_some() {
            return Err(Unreadable::Twice(head));
        }
    }
    for needed in [Column::Profiles, Column::Text] {
        if !found.contains_key(&needed) {
            return Err(Unreadable::Missing(needed));
        }
    }
    Ok(found)
}

/// The cells of a row with what is wrong with them.
struct Cells<'r> {
    record: &'r csv::StringRecord,
    columns: &'r BTreeMap<Column, usize>,
    mistakes: Vec<Mistake>,
}

impl Cells<'_> {
    fn get(&self, column: Column) -> &str {
        self.columns.get(&column).and_then(|index| self.record.get(*index)).unwrap_or_default().trim()
    }

    fn wrong(&mut self, column: Column, what: impl Into<String>) {
        self.mistakes.push(Mistake { column: Some(column), what: what.into() });
    }

    /// A short text on one line.
    fn line(&mut self, column: Column) -> Option<String> {
        let text = self.get(column).to_owned();
        if text.chars().count() > NAME_MAX || text.chars().any(char::is_control) {
            self.wrong(column, format!("at most {NAME_MAX} characters, without line breaks"));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }
}

fn row(record: &csv::StringRecord, columns: &BTreeMap<Column, usize>, context: &Context) -> Result<PlannedPost, Vec<Mistake>> {
    let mut cells = Cells { record, columns, mistakes: Vec::new() };
    let known = columns.values().copied().max().map_or(0, |last| last + 1);
    if record.iter().skip(known).any(|cell| !cell.trim().is_empty()) {
        let what = "has more cells than the first line has columns; put quotes around texts with separators";
        cells.mistakes.push(Mistake { column: None, what: what.to_owned() });
    }
    bounded(&mut cells);
    let targets = profiles(&mut cells, &context.profiles);
    let text = cells.get(Column::Text).replace("\r\n", "\n");
    if text.is_empty() {
        cells.wrong(Column::Text, "is empty");
    }
    let mut notes = Vec::new();
    let (slot, zone) = slot(&mut cells, context, &mut notes);
    let language = cells.line(Column::Language);
    if language.as_deref().is_some_and(|tag| !is_language(tag)) {
        cells.wrong(Column::Language, "is not a language tag, for example `de` or `pt-BR`");
    }
    let subject = cells.line(Column::Subject);
    let campaign = cells.line(Column::Campaign);
    let title = cells.line(Column::Title);
    let tags = tags(&mut cells);
    if !cells.mistakes.is_empty() {
        return Err(cells.mistakes);
    }
    let common = Content { parts: vec![Part { text: text.clone(), media: Vec::new() }], subject, language, ..Content::default() };
    let title = title.unwrap_or_else(|| title_of(&text));
    Ok(PlannedPost { title, draft: Draft { common, targets }, slot, zone, campaign, tags, notes })
}

fn bounded(cells: &mut Cells<'_>) {
    for &column in Column::ALL {
        let most = if column == Column::Text { TEXT_BYTES_MAX } else { CELL_BYTES_MAX };
        if cells.get(column).len() > most {
            cells.wrong(column, format!("is longer than {most} bytes"));
        }
    }
}

fn profiles(cells: &mut Cells<'_>, known: &BTreeMap<String, ProfileId>) -> BTreeMap<ProfileId, Option<Content>> {
    let names: Vec<String> = cells
        .get(Column::Profiles)
        .split([';', '|'])
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        cells.wrong(Column::Profiles, "names no profile");
    } else if names.len() > TARGETS_MAX {
        cells.wrong(Column::Profiles, format!("names more than {TARGETS_MAX} profiles"));
        return BTreeMap::new();
    }
    let mut targets = BTreeMap::new();
    for name in names {
        if let Some(profile) = known.get(&name.to_lowercase()) {
            targets.insert(*profile, None);
        } else {
            let shown: String = name.chars().take(60).collect();
            cells.wrong(Column::Profiles, format!("there is no profile \"{shown}\" that you may write for"));
        }
    }
    targets
}

fn slot(cells: &mut Cells<'_>, context: &Context, notes: &mut Vec<String>) -> (Option<Time>, String) {
    let (date, time, zone) = (cells.get(Column::Date), cells.get(Column::Time), cells.get(Column::Zone));
    let own = context.zone.iana_name().unwrap_or("UTC");
    let name = if zone.is_empty() { own } else { zone }.to_owned();
    let zone = if zone.is_empty() { Some(context.zone.clone()) } else { TimeZone::get(zone).ok() };
    let given = (!date.is_empty(), !time.is_empty());
    let parsed = (date.parse::<Date>().ok(), wall_time(time));
    let Some(zone) = zone else {
        cells.wrong(Column::Zone, "is not a time zone, for example `Europe/Berlin`");
        return (None, name);
    };
    match (given, parsed) {
        ((false, false), _) => return (None, name),
        ((true, false), _) => cells.wrong(Column::Time, "is missing beside the date"),
        ((false, true), _) => cells.wrong(Column::Date, "is missing beside the time"),
        (_, (None, _)) => cells.wrong(Column::Date, "is not a day, for example `2026-03-31`"),
        (_, (_, None)) => cells.wrong(Column::Time, "is not a time, for example `09:30`"),
        (_, (Some(date), Some(time))) => {
            let Some(local) = calendar::resolve(date.to_datetime(time), &zone) else {
                cells.wrong(Column::Date, "is too far away");
                return (None, name);
            };
            let (at, _) = local.likely();
            match local {
                Local::Never { .. } => {
                    cells.wrong(Column::Time, "does not exist on that day: the clocks are put forward over it; choose another");
                }
                _ if at <= context.now => cells.wrong(Column::Date, "is in the past"),
                Local::Twice { .. } => {
                    notes.push("the clocks are put back that night and this time comes twice; the first one is taken".to_owned());
                    return (Some(at), name);
                }
                Local::Once(_) => return (Some(at), name),
            }
        }
    }
    (None, name)
}

/// `9:30`, `09:30` or `09:30:00`.
fn wall_time(text: &str) -> Option<WallTime> {
    let mut numbers = text.split(':').map(|number| {
        let digits = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if digits { number.parse::<i8>().ok() } else { None }
    });
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().map_or(Some(0), |second| second)?;
    if numbers.next().is_some() {
        return None;
    }
    WallTime::new(hour, minute, second, 0).ok()
}

/// The shape of a BCP 47 tag (RFC 5646, section 2.1), not whether there is such a language.
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let main = parts.next().unwrap_or_default();
    let alphabetic = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    (2..=3).contains(&main.len())
        && alphabetic(main)
        && tag.len() <= 35
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn tags(cells: &mut Cells<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in cells.get(Column::Tags).split([';', '|']).map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
            tags.push(tag.to_owned());
        }
    }
    if tags.len() > TAGS_MAX {
        cells.wrong(Column::Tags, format!("has more than {TAGS_MAX} tags"));
    }
    if tags.iter().any(|tag| tag.chars().count() > NAME_MAX || tag.chars().any(char::is_control)) {
        cells.wrong(Column::Tags, format!("has a tag of more than {NAME_MAX} characters or with line breaks"));
    }
    tags
}

/// The first words of a text, as its title.
pub fn title_of(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut title: String = line.chars().filter(|letter| !letter.is_control()).take(60).collect();
    if line.chars().count() > 60 {
        let end = title.rfind(' ').filter(|end| *end > 20).unwrap_or(title.len());
        title.truncate(end);
        title.push('…');
    }
    title
}
