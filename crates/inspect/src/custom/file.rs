//! The file in which an operator writes down kinds of their own, with their tests beside them.
//!
//! ```text
//! # Numbers that only we use.
//! kind STAFF_NUMBER "Staff number"
//!     pattern EMP-[0-9]{4,6}
//!     # luhn, mod11_10 or verhoeff over the digits, mod97 over letters too; may be left out
//!     checksum luhn
//!     # supporting words and phrases raise the score; may be left out
//!     words staff, employee number
//!     # report only beside such a word; may be left out
//!     needs word
//!     # at least one text in which it must be found
//!     found staff EMP-1230
//!     not found staff EMP-1231
//! ```
//!
//! Invariant: what [`parse`] accepts compiles, and every example in it holds. Problems carry line and column.

use std::fmt;

use super::{CUSTOM_KINDS_MAX, Checksum, CustomKind, PatternError};
use crate::{Config, ConfigError, Inspector, Message, Scratch};

/// Bytes of a file: more than the most kinds need with all their words and examples.
const FILE_BYTES_MAX: usize = 1 << 18;
/// Problems reported at once: more is not read.
const PROBLEMS_MAX: usize = 100;

/// What is wrong in a file of kinds, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindFileError {
    /// From 1.
    pub line: u32,
    /// In Unicode scalar values, from 1; 1 where the whole line is meant.
    pub column: u32,
    /// What is wrong.
    pub problem: KindFileProblem,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindFileProblem {
    /// The file is too large to be one of kinds.
    TooLarge,
    /// A line that belongs to a kind stands before the first one.
    OutsideKind,
    /// No name or no title in quotes after `kind`.
    Header,
    /// A word that begins no line.
    UnknownField(String),
    /// A line that may stand once stands twice.
    Twice(&'static str),
    /// A checksum that is not known.
    UnknownChecksum(String),
    /// Nothing to look for.
    NoPattern,
    /// No text in which the kind must be found.
    NoExample,
    /// Name, pattern or words are not accepted.
    Kind(PatternError),
    /// All kinds together are not accepted.
    Together(ConfigError),
    /// The kind is not found in its own example.
    Missed,
    /// The kind is found where its file says that it must not.
    FoundWrongly,
}

impl fmt::Display for KindFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if self.column > 1 {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for KindFileError {}

impl fmt::Display for KindFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the file has more than {} KiB; is it a file of kinds?", FILE_BYTES_MAX >> 10),
            Self::OutsideKind => f.write_str("begin with a line such as: kind STAFF_NUMBER \"Staff number\""),
            Self::Header => f.write_str("write the name and, in quotes, the title: kind STAFF_NUMBER \"Staff number\""),
            Self::UnknownField(word) => {
                write!(f, "{word:?} is none of: kind, pattern, checksum, words, needs word, found, not found")
            }
            Self::Twice(field) => write!(f, "this kind has a second `{field}` line; keep one"),
            Self::UnknownChecksum(word) => write!(f, "checksum {word:?} is none of: luhn, mod97, mod11_10, verhoeff"),
            Self::NoPattern => f.write_str("this kind has no `pattern` line"),
            Self::NoExample => f.write_str("this kind needs a `found` line: a text in which it must be found"),
            Self::Kind(problem) => problem.fmt(f),
            Self::Together(problem) => problem.fmt(f),
            Self::Missed => f.write_str("the kind is not found in this example; change the pattern, the checksum or the example"),
            Self::FoundWrongly => f.write_str("the kind is found in this text although it must not be; narrow the pattern"),
        }
    }
}

/// A kind as it is read, with the lines of its parts.
struct Draft<'a> {
    kind: CustomKind,
    line: u32,
    /// Line and column of the pattern.
    pattern: Option<(u32, u32)>,
    checksum: bool,
    words: Option<u32>,
    /// Line, text, and whether it must be found.
    examples: Vec<(u32, &'a str, bool)>,
}

struct Reader<'a> {
    drafts: Vec<Draft<'a>>,
    problems: Vec<KindFileError>,
}

/// Reads and checks a file of kinds; gives every problem, in the order of the lines.
pub fn parse(content: &str) -> Result<Vec<CustomKind>, Vec<KindFileError>> {
    if content.len() > FILE_BYTES_MAX {
        return Err(vec![KindFileError { line: 1, column: 1, problem: KindFileProblem::TooLarge }]);
    }
    let mut reader = Reader { drafts: Vec::new(), problems: Vec::new() };
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    for (number, line) in (1..).zip(content.lines()) {
        if reader.problems.len() >= PROBLEMS_MAX {
            break;
        }
        if reader.drafts.len() > CUSTOM_KINDS_MAX {
            // What follows is not read, so nothing is said of the kind that is one too many but that.
            let line = reader.drafts.pop().map_or(1, |draft| draft.line);
            let problem = KindFileProblem::Together(ConfigError::TooManyCustomKinds { most: CUSTOM_KINDS_MAX });
            reader.problems.push(KindFileError { line, column: 1, problem });
            break;
        }
        if let Err((column, problem)) = reader.line(number, line) {
            reader.problems.push(KindFileError { line: number, column, problem });
        }
    }
    reader.check_each();
    if reader.problems.is_empty() {
        reader.check_together();
    }
    reader.problems.sort_by_key(|problem| (problem.line, problem.column));
    if reader.problems.is_empty() {
        Ok(reader.drafts.into_iter().map(|draft| draft.kind).collect())
    } else {
        Err(reader.problems)
    }
}

/// Cuts the first word off.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

impl<'a> Reader<'a> {
    fn line(&mut self, number: u32, line: &'a str) -> Result<(), (u32, KindFileProblem)> {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let (field, rest) = word(text);
        if field == "kind" {
            return self.header(number, rest).map_err(|problem| (1, problem));
        }
        let Some(draft) = self.drafts.last_mut() else { return Err((1, KindFileProblem::OutsideKind)) };
        let twice = |field, is_twice: bool| if is_twice { Err((1, KindFileProblem::Twice(field))) } else { Ok(()) };
        match (field, word(rest)) {
            ("pattern", _) => {
                twice("pattern", draft.pattern.is_some())?;
                let before = line.len() - line.trim_end().len();
                let from = line.len() - before - rest.len();
                draft.pattern = Some((number, column(line, from)));
                rest.clone_into(&mut draft.kind.pattern);
            }
            ("checksum", (name, "")) => {
                twice("checksum", draft.checksum)?;
                draft.checksum = true;
                draft.kind.checksum = Some(checksum(name).ok_or_else(|| (1, KindFileProblem::UnknownChecksum(name.to_owned())))?);
            }
            ("words", _) => {
                twice("words", draft.words.is_some())?;
                draft.words = Some(number);
                draft.kind.words = rest.split(',').map(|phrase| phrase.trim().to_owned()).collect();
            }
            ("needs", ("word", "")) => {
                twice("needs word", draft.kind.needs_word)?;
                draft.kind.needs_word = true;
            }
            ("found", _) => draft.examples.push((number, rest, true)),
            ("not", ("found", text)) => draft.examples.push((number, text, false)),
            _ => return Err((1, KindFileProblem::UnknownField(field.to_owned()))),
        }
        Ok(())
    }

    fn header(&mut self, line: u32, rest: &str) -> Result<(), KindFileProblem> {
        let (id, title) = word(rest);
        let title = title.strip_prefix('"').and_then(|title| title.strip_suffix('"')).map(str::trim);
        let title = title.filter(|title| !title.is_empty() && !title.contains('"'));
        let kind = CustomKind {
            id: id.to_owned(),
            title: title.unwrap_or_default().to_owned(),
            pattern: String::new(),
            checksum: None,
            words: Vec::new(),
            needs_word: false,
        };
        // What follows belongs to this kind even when its header is wrong.
        self.drafts.push(Draft { kind, line, pattern: None, checksum: false, words: None, examples: Vec::new() });
        if title.is_some() { Ok(()) } else { Err(KindFileProblem::Header) }
    }

    /// Each kind by itself.
    fn check_each(&mut self) {
        let Self { drafts, problems } = self;
        for draft in drafts.iter() {
            let mut add = |line, column, problem| problems.push(KindFileError { line, column, problem });
            if draft.examples.iter().all(|(_, _, wanted)| !wanted) {
                add(draft.line, 1, KindFileProblem::NoExample);
            }
            let Some((line, begin)) = draft.pattern else {
                add(draft.line, 1, KindFileProblem::NoPattern);
                continue;
            };
            let Err(problem) = super::check(&draft.kind) else { continue };
            let (line, column) = match &problem {
                PatternError::Name => (draft.line, 1),
                PatternError::Words => (draft.words.unwrap_or(draft.line), 1),
                _ => (line, begin + problem.at().map_or(0, |at| column(&draft.kind.pattern, at) - 1)),
            };
            add(line, column, KindFileProblem::Kind(problem));
        }
    }

    /// Names used twice, cost, and every example, once nothing else is wrong.
    fn check_together(&mut self) {
        let config = Config {
            only: vec!["custom".to_owned()],
            custom: self.drafts.iter().map(|draft| draft.kind.clone()).collect(),
            heads: false,
            ..Config::default()
        };
        let inspector = match Inspector::compile(&config) {
            Ok(inspector) => inspector,
            Err(error) => {
                let line_of = |id: &str| self.drafts.iter().rfind(|draft| draft.kind.id == id).map_or(1, |draft| draft.line);
                let (line, problem) = match error {
                    ConfigError::Custom { id, problem } => (line_of(&id), KindFileProblem::Kind(problem)),
                    ConfigError::CustomKindsTooCostly { ref id, .. } => (line_of(id), KindFileProblem::Together(error)),
                    _ => (self.drafts.last().map_or(1, |draft| draft.line), KindFileProblem::Together(error)),
                };
                self.problems.push(KindFileError { line, column: 1, problem });
                return;
            }
        };
        let mut scratch = Scratch::new();
        for draft in &self.drafts {
            for &(line, text, wanted) in &draft.examples {
                let report = inspector.inspect(&Message::from_text(text), &mut scratch);
                let found = report.findings().iter().any(|finding| report.kind(finding) == draft.kind.id);
                if found != wanted {
                    let problem = if wanted { KindFileProblem::Missed } else { KindFileProblem::FoundWrongly };
                    self.problems.push(KindFileError { line, column: 1, problem });
                }
            }
        }
    }
}

/// The column of a byte of a line, from 1.
fn column(line: &str, byte: usize) -> u32 {
    let before = line.char_indices().take_while(|(at, _)| *at < byte).count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

fn checksum(name: &str) -> Option<Checksum> {
    match name {
        "luhn" => Some(Checksum::Luhn),
        "mod97" => Some(Checksum::Mod97),
        "mod11_10" => Some(Checksum::Mod11And10),
        "verhoeff" => Some(Checksum::Verhoeff),
        _ => None,
    }
}
