//! Clauses of a query, and how they are written out.

use std::fmt::{self, Display, Write};

use crate::message::{Mark, ProfileKey};

/// Which findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any.
    Any,
    /// Of this kind, or of a kind below it (`secret` has `secret.api_key` below it).
    Of(String),
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// Matches every message.
    Everything,
    /// A word in any of its forms.
    Word(String),
    /// A word as it is written, but for case and accents.
    Exact(String),
    /// Words as they are written, one after the other.
    Phrase(String),
    /// The author has these words in a name.
    Person(String),
    /// The channel has these words in a name.
    Channel(String),
    /// Captured for a profile of this name.
    Profile {
        /// The name that was written.
        name: String,
        /// The profiles of that name.
        keys: Vec<ProfileKey>,
    },
    /// On this network.
    Network(String),
    /// In this language (two or three letters).
    Language(String),
    /// With a finding.
    Finding(Kind),
    /// Has or is something.
    Mark(Mark),
    /// Written at or after the one moment and before the other, Unix milliseconds.
    Written {
        /// The first moment.
        from_ms: Option<i64>,
        /// The first moment that is too late.
        until_ms: Option<i64>,
        /// As it was written, for example `after:2026-03`.
        said: String,
    },
    /// Does not match this.
    Not(Box<Clause>),
    /// Matches all of these.
    All(Vec<Clause>),
    /// Matches one of these.
    AnyOf(Vec<Clause>),
}

impl Clause {
    pub(super) fn ranks(&self) -> bool {
        match self {
            Self::Word(_) | Self::Exact(_) | Self::Phrase(_) => true,
            Self::All(parts) | Self::AnyOf(parts) => parts.iter().any(Self::ranks),
            _ => false,
        }
    }

    fn write_part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::All(_) | Self::AnyOf(_)) { write!(f, "({self})") } else { Display::fmt(self, f) }
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => Ok(()),
            Self::Word(word) => f.write_str(word),
            Self::Exact(word) => write!(f, "={word}"),
            Self::Phrase(words) => write!(f, "\"{words}\""),
            Self::Person(name) => field(f, "from", name),
            Self::Channel(name) => field(f, "in", name),
            Self::Profile { name, .. } => field(f, "profile", name),
            Self::Network(name) => field(f, "network", name),
            Self::Language(tag) => field(f, "lang", tag),
            Self::Finding(Kind::Any) => f.write_str("finding:any"),
            Self::Finding(Kind::Of(kind)) => field(f, "finding", kind),
            Self::Mark(mark @ (Mark::Attachment | Mark::Link)) => write!(f, "has:{}", mark.id()),
            Self::Mark(mark) => write!(f, "is:{}", mark.id()),
            Self::Written { said, .. } => f.write_str(said),
            Self::Not(part) => {
                f.write_char('-')?;
                part.write_part(f)
            }
            Self::All(parts) => list(f, parts, " "),
            Self::AnyOf(parts) => list(f, parts, " OR "),
        }
    }
}

fn field(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    let is_plain = value.chars().all(|letter| letter.is_alphanumeric() || "-_.@/#".contains(letter));
    if is_plain { write!(f, "{name}:{value}") } else { write!(f, "{name}:\"{value}\"") }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Clause], between: &str) -> fmt::Result {
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            f.write_str(between)?;
        }
        part.write_part(f)?;
    }
    Ok(())
}
