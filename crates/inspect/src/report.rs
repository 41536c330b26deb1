//! What an inspection found: findings with span, score, level and reason.
//!
//! Invariant: a finding never holds the found value, only where it stands; spans are byte offsets on character
//! boundaries of the original part. It does not decide what happens then.

use std::fmt;

use crate::message::Zone;

/// How sure a finding is, in the three steps that rules are written against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A shape that fits, little else.
    Low,
    /// A shape with a check or a supporting word.
    Medium,
    /// A check and a supporting word, or a format that nothing else uses.
    High,
}

impl Level {
    /// The level of a score between 0 and 1.
    pub fn of(score: f32) -> Self {
        if score >= 0.75 {
            Self::High
        } else if score >= 0.5 {
            Self::Medium
        } else {
            Self::Low
        }
    }

    /// The name used in reports and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Which rewriting had to be undone before the value could be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Found in the text as it was written.
    #[default]
    Plain,
    /// Found after undoing look-alike characters, invisible characters or foreign digits.
    Folded,
    /// Found after also joining letters or digits that were written apart, or words for signs.
    Joined,
    /// Found after putting letters for digits and signs, joining letters and cutting joined words, for listed terms only.
    Undisguised,
}

/// Why something was reported; made into words by [`crate::Report::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason {
    /// What the value itself fulfils.
    pub check: &'static str,
    /// Index of the supporting word in the word table, if one stood near.
    pub word: Option<u16>,
    /// A word that speaks against it stood nearer.
    pub against: bool,
    /// How the text had to be read.
    pub view: View,
}

/// The `rule` of findings that come from no list.
pub(crate) const NO_RULE: u32 = u32::MAX;

/// One thing found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub(crate) kind: u16,
    pub(crate) detector: &'static str,
    pub(crate) reason: Reason,
    /// Rule of a listed term; [`NO_RULE`] for anything else.
    pub(crate) rule: u32,
    /// The part of the message.
    pub zone: Zone,
    /// Index of the part inside its zone.
    pub part: u16,
    /// First byte in the original part.
    pub start: u32,
    /// One past the last byte in the original part.
    pub end: u32,
    /// Between 0 and 1.
    pub score: f32,
}

impl Finding {
    /// The level of the score.
    pub fn level(&self) -> Level {
        Level::of(self.score)
    }

    /// The span as byte range.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How the text had to be read for this to be seen.
    pub fn view(&self) -> View {
        self.reason.view
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.zone == other.zone && self.part == other.part && self.start < other.end && other.start < self.end
    }
}

/// The reason of a finding in words.
pub struct ReasonText<'a> {
    pub(crate) check: &'a str,
    pub(crate) rule: Option<&'a crate::lexicon::Rule>,
    pub(crate) word: Option<&'a str>,
    pub(crate) against: bool,
    pub(crate) view: View,
}

impl fmt::Display for ReasonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.check)?;
        if let Some(rule) = self.rule {
            write!(f, " “{}” (list {} version {}, line {})", rule.id, rule.list, rule.list_version, rule.line)?;
        }
        if let Some(word) = self.word {
            write!(f, "; near “{word}”")?;
        }
        if self.against {
            f.write_str("; a word nearby speaks against it")?;
        }
        match self.view {
            View::Plain => Ok(()),
            View::Folded => f.write_str("; after undoing look-alike or invisible characters"),
            View::Joined => f.write_str("; after joining what was written apart"),
            View::Undisguised => f.write_str("; after undoing a disguised spelling"),
        }
    }
}
