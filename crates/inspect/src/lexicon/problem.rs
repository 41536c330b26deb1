//! What can be wrong with a list, with its line, said so that its author knows what to write instead.

use super::parse::{ANCHOR_LETTERS_MIN, DISTANCE_MAX, PHRASE_WORDS_MAX, RULES_MAX};
use std::fmt;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file does not begin with `list`.
    NoHeader,
    /// The header lacks an identifier or a quoted title, or its version is no number.
    BadHeader,
    /// `level` is none of the three.
    UnknownLevel(String),
    /// `zones` names something else.
    UnknownZone(String),
    /// `skip` names something else.
    UnknownSkip(String),
    /// A term without a word in it.
    EmptyTerm,
    /// More than [`PHRASE_WORDS_MAX`] words.
    LongPhrase(usize),
    /// A wildcard with fewer than [`ANCHOR_LETTERS_MIN`] letters at either end.
    WideWildcard(String),
    /// NEAR or BEFORE without a number from 1 to [`DISTANCE_MAX`].
    BadDistance(String),
    /// NEAR or BEFORE twice in one term.
    TwoDistances,
    /// An indented line outside a rule.
    OutsideRule,
    /// An indented line that begins with none of `any`, `all`, `not`.
    UnknownPart(String),
    /// AND or OR between words, which only rules know.
    Operator(String),
    /// The line of a rule, not indented.
    NotIndented,
    /// A setting that does not exist, and the one that was probably meant.
    NoSuchSetting(String, &'static str),
    /// A second header.
    SecondHeader,
    /// A rule with neither `any` nor `all`.
    RuleWithoutTerms,
    /// A rule without a name.
    UnnamedRule,
    /// The same identifier twice in one list; the first stands in this line.
    Duplicate(String, u32),
    /// More than [`RULES_MAX`] rules.
    TooManyRules,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoHeader => write!(f, "the first line must be: list IDENTIFIER \"Title\""),
            Problem::BadHeader => write!(f, "write the header as: list IDENTIFIER \"Title\" version NUMBER"),
            Problem::UnknownLevel(word) => write!(f, "level {word:?} is none of low, medium, high"),
            Problem::UnknownZone(word) => {
                write!(f, "zone {word:?} is none of text, alt, link, image")
            }
            Problem::UnknownSkip(word) => {
                write!(f, "skip {word:?} is neither quoted nor disclaimer")
            }
            Problem::EmptyTerm => write!(f, "a term needs at least one word"),
            Problem::LongPhrase(words) => write!(f, "{words} words in a row, allowed are {PHRASE_WORDS_MAX}; use NEAR instead"),
            Problem::WideWildcard(word) => {
                write!(f, "wildcard {word:?} needs {ANCHOR_LETTERS_MIN} letters at its beginning or end")
            }
            Problem::BadDistance(word) => write!(f, "{word:?} needs a number of words from 1 to {DISTANCE_MAX}, like NEAR/5"),
            Problem::TwoDistances => write!(f, "one NEAR or BEFORE a term; write a rule with `all` for more"),
            Problem::OutsideRule => write!(f, "an indented line belongs to a rule; begin one with: rule NAME"),
            Problem::UnknownPart(word) => write!(f, "{word:?} is none of any, all, not"),
            Problem::Operator(word) => {
                write!(f, "{word} does not join words; write `rule NAME` with `any`, `all` and `not` below it")
            }
            Problem::NotIndented => write!(f, "alternatives belong to a rule: write `rule NAME` and indent this line below it"),
            Problem::NoSuchSetting(word, meant) => write!(f, "{word:?} is no setting; write `{meant}`"),
            Problem::SecondHeader => write!(f, "a file holds one list; put this one into a file of its own"),
            Problem::RuleWithoutTerms => write!(f, "the rule has neither `any` nor `all`, so nothing can be found"),
            Problem::UnnamedRule => write!(f, "a rule needs a name: rule NAME"),
            Problem::Duplicate(id, line) => {
                write!(f, "{id:?} stands in line {line} already; remove one")
            }
            Problem::TooManyRules => write!(f, "more than {RULES_MAX} rules; split the lists between programs"),
        }
    }
}

/// A problem with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListError {
    /// The list's file name.
    pub name: String,
    /// Line, from 1.
    pub line: u32,
    /// What is wrong and what to write instead.
    pub problem: Problem,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.name, self.line, self.problem)
    }
}

impl std::error::Error for ListError {}
