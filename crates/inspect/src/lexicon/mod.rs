//! Lists of words and phrases that a company wants to hear about, with rules for what must stand near and what not.
//!
//! A list is a plain text file (see [`parse`] for its grammar) that is compiled, together with all others, to one
//! immutable automaton over token hashes: looking a message up costs about the same for 5,000 terms and for 50,000.
//! A bad list is refused with file, line and reason, all problems at once, and the lists in use stay in use.
//!
//! Invariants: spans are those of whole tokens and point into the scanned text; findings come in order of their
//! start; the work for one message is bounded by [`STEPS_PER_TOKEN_MAX`] and [`OCCURRENCES_MAX`]; nothing is
//! allocated after warm-up. Not done here: reading files, deciding what happens after a finding.

mod backtest;
mod compile;
mod exclude;
mod find;
mod glob;
mod packs;
mod parse;
mod problem;
mod slot;
mod stem;
#[cfg(test)]
mod tests;

pub use backtest::{Backtest, Difference, EXAMPLES_MAX, backtest};
pub use packs::{Pack, STARTER_PACKS};
pub use problem::{ListError, Problem};
pub use slot::LexiconSlot;

use crate::tokens::Tokens;
use compile::Automaton;
use std::fmt;

/// Automaton steps that one token may start. Only lists full of wildcards come near it; beyond it the rest of that
/// token's continuations is not followed.
pub const STEPS_PER_TOKEN_MAX: u32 = 256;
/// Phrase occurrences kept for one text; beyond it the rest is not looked at and [`Found::is_complete`] says so.
pub const OCCURRENCES_MAX: usize = 4_096;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth a look.
    Low,
    /// Needs a person.
    #[default]
    Medium,
    /// Must not go out unseen.
    High,
}

impl Level {
    /// The name in lists and reports.
    pub fn id(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }
}

/// Which part of a message a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The words of the message.
    Text,
    /// Alternative text of its pictures.
    Alt,
    /// Its links.
    Link,
    /// Text read from its pictures.
    Image,
}

impl Zone {
    /// Every zone.
    pub const ALL: [Zone; 4] = [Zone::Text, Zone::Alt, Zone::Link, Zone::Image];

    /// The name in lists.
    pub fn id(self) -> &'static str {
        match self {
            Zone::Text => "text",
            Zone::Alt => "alt",
            Zone::Link => "link",
            Zone::Image => "image",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One list to compile: its name (for messages about errors) and its content.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name or title shown in errors.
    pub name: &'a str,
    /// The text of the list.
    pub content: &'a str,
}

/// A compiled rule, as it appears in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Identifier of its list.
    pub list: String,
    /// Version that the list states; 1 when it states none.
    pub list_version: u32,
    /// Identifier of the rule: its name, or the term itself.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// Line in the list's file, for explanations.
    pub line: u32,
}

/// One finding: which rule, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index for [`Lexicon::rule`].
    pub rule: u32,
    /// First byte in the scanned text.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Working memory of [`Lexicon::find`]; keep one a thread.
#[derive(Clone, Debug, Default)]
pub struct LexiconScratch {
    occurrences: Vec<find::Occurrence>,
    candidates: Vec<u32>,
    exclusions: Vec<exclude::Exclusion>,
    globs: Vec<u32>,
    found: Vec<Found>,
    complete: bool,
}

impl LexiconScratch {
    /// What the last call of [`Lexicon::find`] found, in order of start.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Whether the last text held no more than [`OCCURRENCES_MAX`] occurrences.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// Compiled lists; immutable, shared between threads.
#[derive(Clone)]
pub struct Lexicon {
    rules: Vec<Rule>,
    automaton: Automaton,
    words: Box<[Box<[u8]>]>,
}

impl fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lexicon").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Lexicon {
    /// Compiles lists; on any problem none is used and every problem is named, up to [`parse::PROBLEMS_MAX`].
    pub fn compile(sources: &[Source<'_>]) -> Result<Lexicon, Vec<ListError>> {
        let mut problems = Vec::new();
        let mut drafts = Vec::new();
        for source in sources {
            parse::parse(*source, &mut drafts, &mut problems);
        }
        parse::refuse_duplicates(&drafts, &mut problems);
        problems.truncate(parse::PROBLEMS_MAX);
        if problems.is_empty() {
            let automaton = Automaton::build(&drafts);
            let words = drafts.iter().flat_map(parse::Draft::exact_words).collect();
            Ok(Lexicon { rules: drafts.into_iter().map(|draft| draft.rule).collect(), automaton, words })
        } else {
            Err(problems)
        }
    }

    /// No lists.
    pub fn empty() -> Lexicon {
        Lexicon { rules: Vec::new(), automaton: Automaton::build(&[]), words: Box::default() }
    }

    /// The rule of a finding.
    pub fn rule(&self, index: u32) -> Option<&Rule> {
        self.rules.get(index as usize)
    }

    /// Letters of the words that terms hold as they stand: what a disguise may hide.
    pub(crate) fn words(&self) -> &[Box<[u8]>] {
        &self.words
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Looks the scanned text up; `text` must be what `tokens` were scanned from. The findings are left in `scratch`.
    pub fn find<'s>(&self, text: &str, tokens: &Tokens, zone: Zone, scratch: &'s mut LexiconScratch) -> &'s [Found] {
        find::run(&self.automaton, text, tokens, zone, scratch);
        scratch.found()
    }
}
