//! What an [`crate::Inspector`] is compiled from.
//!
//! Invariant: plain data; nothing is checked here, [`crate::Inspector::compile`] does that.

use crate::kinds::{self, Group};
use crate::report::Level;

/// Which detectors run and what they report.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names of kinds or groups; empty means all.
    pub only: Vec<String>,
    /// Findings below this level are left out.
    pub level_min: Level,
    /// Formats that only this operator uses.
    pub custom: Vec<crate::custom::CustomKind>,
    /// Lists of terms; see [`crate::lexicon`] for their grammar.
    pub lists: Vec<TermList>,
    /// Assess abuse, sentiment and language too.
    pub heads: bool,
}

/// A list of terms in the plain format of [`crate::lexicon`].
#[derive(Debug, Clone)]
pub struct TermList {
    /// Its name in errors.
    pub name: String,
    /// Its lines.
    pub content: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { only: Vec::new(), level_min: Level::Low, custom: Vec::new(), lists: Vec::new(), heads: true }
    }
}

impl Config {
    /// Refuses names of kinds and groups that there are not.
    pub(crate) fn check_names(&self) -> Result<(), ConfigError> {
        let known = || kinds::ALL.iter().map(|k| k.id).chain(Group::ALL.iter().map(|g| g.name()));
        for name in &self.only {
            let is_known = known().any(|k| k.eq_ignore_ascii_case(name)) || self.custom.iter().any(|c| c.id == *name);
            if !is_known {
                let nearest = known().min_by_key(|k| distance(&k.to_ascii_lowercase(), &name.to_ascii_lowercase()));
                return Err(ConfigError::UnknownKind { name: name.clone(), nearest: nearest.unwrap_or_default().to_owned() });
            }
        }
        Ok(())
    }

    /// Whether a kind is chosen.
    pub(crate) fn chooses(&self, id: &str, group: Group) -> bool {
        self.only.is_empty() || self.only.iter().any(|o| o.eq_ignore_ascii_case(id) || o.eq_ignore_ascii_case(group.name()))
    }
}

/// Edits between two names.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// A configuration that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// No kind or group of that name; the nearest one is offered.
    UnknownKind {
        /// What was asked for.
        name: String,
        /// The nearest known name.
        nearest: String,
    },
    /// Lists of terms that do not compile, with every problem found.
    Lists(Vec<crate::lexicon::ListError>),
    /// The model does not read; the build is broken.
    Model(String),
    /// Too many user-defined kinds.
    TooManyCustomKinds {
        /// How many there may be.
        most: usize,
    },
    /// The user-defined kinds together could make a hostile text slow.
    CustomKindsTooCostly {
        /// The kind with which the bound is passed.
        id: String,
        /// The bound.
        most: usize,
    },
    /// A user-defined kind whose pattern is not accepted.
    Custom {
        /// Its name.
        id: String,
        /// What is wrong and where.
        problem: crate::custom::PatternError,
    },
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownKind { name, nearest } => {
                write!(f, "no kind or group is called “{name}”; did you mean “{nearest}”? `gatepost inspect --list` shows all")
            }
            Self::Lists(problems) => {
                for (i, problem) in problems.iter().enumerate() {
                    write!(f, "{}{problem}", if i > 0 { "\n" } else { "" })?;
                }
                Ok(())
            }
            Self::Model(problem) => write!(f, "the text model cannot be read ({problem}); build again"),
            Self::TooManyCustomKinds { most } => write!(f, "more than {most} user-defined kinds; merge some with `|`"),
            Self::CustomKindsTooCostly { id, most } => write!(
                f,
                "with “{id}” the user-defined kinds could cost more than {most} steps for a byte of text; shorten patterns or use fewer"
            ),
            Self::Custom { id, problem } => write!(f, "user-defined kind “{id}”: {problem}"),
        }
    }
}

impl std::error::Error for ConfigError {}
