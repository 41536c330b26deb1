//! The query language: what a person types, read into clauses, with errors that say where and what to write instead.
//!
//! `docs/search.md` has the grammar. Invariants: reading any text ends in a query or an error, never in a panic; a query written out
//! with [`Display`](std::fmt::Display) and read again is the same query. What a clause finds is the index's business.

mod clause;
mod dates;
mod error;
mod fields;
mod lex;
mod parse;

use std::fmt;

pub use clause::{Clause, Kind};
pub use error::{ParseError, Problem};
pub use fields::{FIELDS, Field};
use jiff::tz::TimeZone;

use crate::message::ProfileKey;

/// Bytes of a query: a screen of text; a longer one was pasted by mistake.
pub const QUERY_BYTES_MAX: usize = 2_000;
/// Words, phrases and fields in a query: each is looked up in every part of the index.
pub const CLAUSES_MAX: usize = 64;
/// Parentheses and minus signs inside each other.
pub const DEPTH_MAX: usize = 16;

/// What the reader of a query has to know of its surroundings.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The present moment, Unix milliseconds: what `today` and `7d` start from.
    pub now_ms: i64,
    /// The time zone in which days begin.
    pub zone: TimeZone,
    /// The profiles that may be named, each by any of its names. A name that is not here does not exist for whoever asks.
    pub profiles: Vec<(String, ProfileKey)>,
    /// The networks that exist; when empty, any is taken.
    pub networks: Vec<String>,
    /// The kinds of findings that exist; when empty, any is taken.
    pub finding_kinds: Vec<String>,
}

impl Setting {
    /// Nothing known but the time: no profile can be named.
    pub fn at(now_ms: i64, zone: TimeZone) -> Self {
        Self { now_ms, zone, profiles: Vec::new(), networks: Vec::new(), finding_kinds: Vec::new() }
    }
}

/// A query that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    clause: Clause,
}

impl Query {
    /// Reads a query. An empty one matches every message.
    ///
    /// # Errors
    /// [`ParseError`] with the place and what to write.
    pub fn parse(text: &str, setting: &Setting) -> Result<Self, ParseError> {
        parse::parse(text, setting).map(|clause| Self { clause })
    }

    /// The query that matches every message.
    pub fn everything() -> Self {
        Self { clause: Clause::Everything }
    }

    /// Its clauses.
    pub fn clause(&self) -> &Clause {
        &self.clause
    }

    /// Whether anything in it says how well a message matches: without a word to look for, all matches are alike.
    pub fn ranks(&self) -> bool {
        self.clause.ranks()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.clause, f)
    }
}

#[cfg(test)]
mod tests;
