//! Kinds that only this operator knows: a pattern, an optional check digit, supporting words.
//!
//! Invariant: kinds that compile cost at most [`CUSTOM_STEPS_MAX`] steps for a byte of text together, whatever the text;
//! there is no way to write slower ones. It does not offer look-around or back references.

mod file;
mod pattern;

pub use file::{KindFileError, KindFileProblem, parse as parse_file};

pub use pattern::PatternError;

use crate::check as digits;
use crate::config::{Config, ConfigError};
use crate::detect::Context;
use crate::kinds::{self, Group};
use pattern::Pattern;

/// User-defined kinds in one inspector: each costs a pass over the text, and none of the others may become slow.
pub const CUSTOM_KINDS_MAX: usize = 64;
/// Steps for a byte of text that all user-defined kinds may cost together, in the worst case: sixteen symbols for each
/// of the most kinds there may be.
pub const CUSTOM_STEPS_MAX: usize = 1024;
/// Letters in the name of a kind.
const ID_MAX: usize = 64;
/// Supporting words of a kind: eight languages, four words each.
const WORDS_MAX: usize = 32;
/// Bytes of a supporting word or phrase.
const WORD_BYTES_MAX: usize = 64;

/// A check digit for a user-defined kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Luhn, as on payment cards.
    Luhn,
    /// ISO 7064 MOD 97-10: remainder 1.
    Mod97,
    /// ISO 7064 MOD 11,10.
    Mod11And10,
    /// Verhoeff.
    Verhoeff,
}

/// A kind as the operator writes it.
#[derive(Debug, Clone)]
pub struct CustomKind {
    /// The name in reports: capitals, digits, underscores.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Letters as they stand, classes (`[A-Z0-9]`, `\d`, `\w`, `\s` for a space), groups with `|`, and `?`, `{n}`, `{n,m}`.
    pub pattern: String,
    /// Check digit over the digits of the match (for [`Checksum::Mod97`] over letters and digits).
    pub checksum: Option<Checksum>,
    /// Supporting words or phrases.
    pub words: Vec<String>,
    /// Report only with a supporting word.
    pub needs_word: bool,
}

/// A user-defined kind, ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub id: String,
    number: u16,
    pattern: Pattern,
    checksum: Option<Checksum>,
    scores: (u8, u8),
    is_on: bool,
}

/// Checks and compiles the operator's kinds.
pub(crate) fn compile(config: &Config) -> Result<Vec<Compiled>, ConfigError> {
    let customs = &config.custom;
    if customs.len() > CUSTOM_KINDS_MAX {
        return Err(ConfigError::TooManyCustomKinds { most: CUSTOM_KINDS_MAX });
    }
    let mut all: Vec<Compiled> = Vec::with_capacity(customs.len());
    let mut cost = 0;
    for (number, custom) in (kinds::ALL.len()..).zip(customs) {
        let refuse = |problem| ConfigError::Custom { id: custom.id.clone(), problem };
        if all.iter().any(|other| other.id == custom.id) {
            return Err(refuse(PatternError::Name));
        }
        let pattern = check(custom).map_err(refuse)?;
        cost += pattern.cost();
        if cost > CUSTOM_STEPS_MAX {
            return Err(ConfigError::CustomKindsTooCostly { id: custom.id.clone(), most: CUSTOM_STEPS_MAX });
        }
        let scores = match (custom.needs_word, custom.checksum) {
            (true, _) => (0, 85),
            (false, Some(_)) => (75, 95),
            (false, None) => (60, 85),
        };
        all.push(Compiled {
            id: custom.id.clone(),
            number: u16::try_from(number).expect("fewer than KINDS_MAX kinds"),
            pattern,
            checksum: custom.checksum,
            scores,
            is_on: config.chooses(&custom.id, Group::Custom),
        });
    }
    Ok(all)
}

/// Checks one kind by itself and compiles its pattern.
fn check(custom: &CustomKind) -> Result<Pattern, PatternError> {
    let named = !custom.id.is_empty()
        && custom.id.len() <= ID_MAX
        && custom.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !named || kinds::ALL.iter().any(|k| k.id == custom.id) {
        return Err(PatternError::Name);
    }
    let says = |word: &String| word.len() <= WORD_BYTES_MAX && word.chars().any(char::is_alphanumeric);
    if custom.words.len() > WORDS_MAX || !custom.words.iter().all(says) || custom.needs_word && custom.words.is_empty() {
        return Err(PatternError::Words);
    }
    Pattern::compile(&custom.pattern)
}

/// Reports every match of one user-defined kind.
pub(crate) fn scan(context: &mut Context<'_>, kind: &Compiled) {
    if !kind.is_on {
        return;
    }
    let (bytes, text) = (context.bytes, context.text);
    let mut found = |context: &mut Context<'_>, start: usize, end: usize| {
        if text.is_char_boundary(start) && text.is_char_boundary(end) && passes(kind.checksum, &bytes[start..end]) {
            context.report_supported(kind.number, start..end, "fits a user-defined pattern", kind.scores);
        }
    };
    pattern::run(&kind.pattern, context, &mut found);
}

fn passes(checksum: Option<Checksum>, raw: &[u8]) -> bool {
    let mut norm = [0; 64];
    let mut count = 0;
    let counts = |byte: &&u8| byte.is_ascii_digit() || checksum == Some(Checksum::Mod97) && byte.is_ascii_alphabetic();
    for byte in raw.iter().filter(counts).take(norm.len()) {
        norm[count] = byte.to_ascii_uppercase();
        count += 1;
    }
    let norm = &norm[..count];
    match checksum {
        None => true,
        Some(Checksum::Luhn) => digits::luhn(norm),
        Some(Checksum::Mod97) => digits::mod97(norm.iter().copied()) == Some(1),
        Some(Checksum::Mod11And10) => digits::mod11_10(norm),
        Some(Checksum::Verhoeff) => digits::verhoeff(norm),
    }
}
