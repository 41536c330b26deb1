//! Is a value that fits a format a real secret, or a placeholder, a hash, a name?
//!
//! Invariant: linear in the value; no dictionary. It decides on the shape of the text only.

use super::format::{Format, Piece};

/// Words inside values that nobody uses as a secret.
const PLACEHOLDERS: &[&[u8]] = &[
    b"example",
    b"placeholder",
    b"your_",
    b"your-",
    b"yourapi",
    b"yourtoken",
    b"yourkey",
    b"yoursecret",
    b"yourpassword",
    b"dummy",
    b"sample",
    b"changeme",
    b"change_me",
    b"change-me",
    b"redacted",
    b"insert",
    b"replace",
    b"xxxx",
    b"****",
    b"....",
    b"todo",
    b"fixme",
    b"notreal",
    b"fake",
    b"<",
    b">",
    b"${",
    b"{{",
    b"%(",
    b"...",
    b"process.env",
    b"os.environ",
    b"getenv",
    b"secrets.",
    b"env.",
];
/// Passwords in samples.
const SAMPLE_PASSWORDS: &[&[u8]] = &[
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"key",
    b"apikey",
    b"api_key",
    b"none",
    b"null",
    b"nil",
    b"true",
    b"false",
    b"undefined",
    b"empty",
    b"string",
    b"hidden",
    b"required",
    b"test",
];
/// Words between a service's name and a value that say it is no secret.
const AGAINST: &[&[u8]] = &[
    b"commit",
    b"sha1",
    b"sha256",
    b"sha-",
    b"md5",
    b"hash",
    b"checksum",
    b"digest",
    b"etag",
    b"uuid",
    b"guid",
    b"revision",
    b"integrity",
    b"order",
    b"tracking",
    b"invoice",
    b"fingerprint",
    b"request id",
    b"trace",
];
/// Words that make a value after a service's name a secret even without `=` or `:`.
const KEY_WORDS: &[&[u8]] = &[b"key", b"token", b"secret", b"password", b"credential", b"auth"];

/// Whether a value is one that people write to stand for a secret.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let lower = Lower::new(value);
    let text = lower.bytes();
    PLACEHOLDERS.iter().any(|p| find(text, p))
        || is_mask(value)
        || SAMPLE_PASSWORDS.contains(&text)
        || run_of_one(text) >= 6
        || ascending_run(text) >= 8
}

/// `[SECRET]`, `[your password]`: what masking or a manual leaves in place of a value, with or without its end.
fn is_mask(value: &[u8]) -> bool {
    let Some(inside) = value.strip_prefix(b"[") else { return false };
    let inside = inside.strip_suffix(b"]").unwrap_or(inside);
    let is_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.');
    let is_phrase = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ');
    inside.iter().all(is_name) || inside.iter().all(is_phrase)
}

/// Whether the variable part of a formatted value looks made by a machine.
pub(super) fn formatted(format: &Format, value: &[u8]) -> bool {
    let literal: usize = format.pieces.iter().map(|p| if let Piece::Literal(text) = p { text.len() } else { 0 }).sum();
    let prefix = format.prefix();
    let variable = &value[prefix.len().min(value.len())..];
    if variable.is_empty() {
        return true;
    }
    let lower = Lower::new(variable);
    // Some formats repeat a letter in their fixed part.
    let repeats = format
        .pieces
        .iter()
        .map(|p| if let Piece::Literal(text) = p { run_of_one(text.as_bytes()) } else { 0 })
        .max()
        .unwrap_or(0);
    if PLACEHOLDERS[..17].iter().any(|p| find(lower.bytes(), p))
        || run_of_one(lower.bytes()) >= 8 + repeats
        || ascending_run(lower.bytes()) >= 10
    {
        return false;
    }
    let wanted = match value.len() - literal.min(value.len()) {
        0..=9 => 3,
        10..=15 => 5,
        16..=23 => 7,
        _ => 8,
    };
    let plain_prefix = prefix.bytes().all(|b| b.is_ascii_alphabetic());
    let letters_only =
        format.pieces.iter().all(|p| matches!(p, Piece::Literal(_) | Piece::Class { class: b'c' | b'k' | b'K' | b'2', .. }));
    let mixed = letters_only
        || !plain_prefix
        || (variable.iter().any(u8::is_ascii_digit) && variable.iter().any(u8::is_ascii_alphabetic));
    distinct(variable) >= wanted && mixed
}

/// Whether a bare value looks made by a machine: many different characters, digits among them, no words.
pub(super) fn random(value: &[u8]) -> bool {
    varied(value) && !is_placeholder(value)
}

/// Many different characters, digits among them or capitals where no word has them.
pub(super) fn varied(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let all_digits = digits == value.len();
    (all_digits || (digits > 0 && letters > 0) || shuffled_letters(value))
        && distinct(value) >= if value.len() < 16 { 6 } else { 7 }
}

fn case_changes(value: &[u8]) -> usize {
    value.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count()
}

/// Letters without digits, but capitals where no word has them.
fn shuffled_letters(value: &[u8]) -> bool {
    let capitals = value.iter().filter(|b| b.is_ascii_uppercase()).count();
    value.len() >= 16 && capitals * 4 >= value.len() && case_changes(value) >= 3
}

/// Different characters in a value.
pub(super) fn distinct(value: &[u8]) -> u32 {
    let (low, high) = value.iter().fold((0u64, 0u64), |(low, high), b| match b {
        0..=63 => (low | 1 << b, high),
        64..=127 => (low, high | 1 << (b - 64)),
        _ => (low, high),
    });
    low.count_ones() + high.count_ones()
}

fn run_of_one(text: &[u8]) -> usize {
    longest(text, |a, b| a == b)
}

fn ascending_run(text: &[u8]) -> usize {
    longest(text, |a, b| b == a.wrapping_add(1) || (a == b'9' && b == b'0'))
}

fn longest(text: &[u8], goes_on: impl Fn(u8, u8) -> bool) -> usize {
    let (mut best, mut run) = (1, 1);
    for pair in text.windows(2) {
        run = if goes_on(pair[0], pair[1]) { run + 1 } else { 1 };
        best = best.max(run);
    }
    best
}

/// Lower-case copy of the beginning of a value, on the stack.
struct Lower {
    buffer: [u8; 256],
    length: usize,
}

impl Lower {
    fn new(value: &[u8]) -> Self {
        let length = value.len().min(256);
        let mut buffer = [0; 256];
        for (to, from) in buffer.iter_mut().zip(value) {
            *to = from.to_ascii_lowercase();
        }
        Self { buffer, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

pub(super) fn find(text: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    let mut at = 0;
    while let Some(i) = text[at..].iter().position(|b| b == first) {
        at += i + 1;
        if text[at..].starts_with(rest) {
            return true;
        }
    }
    false
}

/// What stands before a value on the same line, lower case.
pub(super) struct Window {
    lower: Lower,
}

impl Window {
    /// The window, when what stands in it allows for a secret to follow.
    pub(super) fn before(bytes: &[u8], at: usize, width: usize) -> Option<Self> {
        let line = bytes[..at].iter().rev().take(width).take_while(|b| **b != b'\n').count();
        let window = Self { lower: Lower::new(&bytes[at - line..at]) };
        let text = window.lower.bytes();
        let assigned = text.iter().rev().take(4).any(|b| matches!(b, b'=' | b':' | b'"' | b'\'' | b'`' | b'>'));
        let fits = (assigned || KEY_WORDS.iter().any(|w| find(text, w))) && !AGAINST.iter().any(|w| find(text, w));
        fits.then_some(window)
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        find(self.lower.bytes(), word.as_bytes())
    }
}
