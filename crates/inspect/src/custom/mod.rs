//! Kinds that only this operator knows: a pattern, an optional check digit, supporting words.
//!
//! Invariant: a pattern that compiles costs at most [`pattern::POSITIONS_MAX`] steps for a byte of text and kind, whatever
//! the text; there is no way to write a slower one. It does not offer look-around or back references.

mod pattern;

pub use pattern::PatternError;

use crate::check;
use crate::config::ConfigError;
use crate::detect::Context;
use crate::kinds;
use pattern::Pattern;

/// User-defined kinds in one inspector: each costs a pass over the text, and none of the others may become slow.
pub const CUSTOM_KINDS_MAX: usize = 64;
/// Letters in the name of a kind.
const ID_MAX: usize = 64;

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
    /// Literals, classes (`[A-Z0-9]`, `\d`, `\w`), groups with `|`, and `?`, `{n}`, `{n,m}`.
    pub pattern: String,
    /// Check digit over the letters and digits of the match.
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
}

/// Checks and compiles the operator's kinds.
pub(crate) fn compile(customs: &[CustomKind]) -> Result<Vec<Compiled>, ConfigError> {
    if customs.len() > CUSTOM_KINDS_MAX {
        return Err(ConfigError::TooManyCustomKinds { most: CUSTOM_KINDS_MAX });
    }
    (kinds::ALL.len()..)
        .zip(customs)
        .map(|(number, custom)| {
            let refuse = |problem| ConfigError::Custom { id: custom.id.clone(), problem };
            let named = !custom.id.is_empty()
                && custom.id.len() <= ID_MAX
                && custom.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if !named || kinds::ALL.iter().any(|k| k.id == custom.id) {
                return Err(refuse(PatternError::Name));
            }
            let scores = match (custom.needs_word, custom.checksum) {
                (true, _) => (0, 85),
                (false, Some(_)) => (75, 95),
                (false, None) => (60, 85),
            };
            Ok(Compiled {
                id: custom.id.clone(),
                number: u16::try_from(number).expect("fewer than KINDS_MAX kinds"),
                pattern: Pattern::compile(&custom.pattern).map_err(refuse)?,
                checksum: custom.checksum,
                scores,
            })
        })
        .collect()
}

/// Reports every match of one user-defined kind.
pub(crate) fn scan(context: &mut Context<'_>, kind: &Compiled) {
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
    for byte in raw.iter().filter(|b| b.is_ascii_alphanumeric()).take(norm.len()) {
        norm[count] = byte.to_ascii_uppercase();
        count += 1;
    }
    let norm = &norm[..count];
    match checksum {
        None => true,
        Some(Checksum::Luhn) => check::luhn(norm),
        Some(Checksum::Mod97) => check::mod97(norm.iter().copied()) == Some(1),
        Some(Checksum::Mod11And10) => check::mod11_10(norm),
        Some(Checksum::Verhoeff) => check::verhoeff(norm),
    }
}
