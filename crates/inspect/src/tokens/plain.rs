//! The plain case, almost every word of almost every message: up to sixteen ASCII letters and digits, nothing to fold
//! but the case. The word is one `u64` or two; its marks and its hash are arithmetic on them.
//!
//! Invariant: gives the token that the scanning loop would give, or none and leaves the word to the loop.

use super::{Marks, Token, TokenKind, Tokens, mix_letters};
use crate::masks::eight_at;

const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
const CASE: u64 = u64::from_le_bytes([0x20; 8]);
const LETTERS: u64 = u64::from_le_bytes([0x40; 8]);

/// Letters of the longest word that is read here.
const LENGTH_MAX: usize = 16;

/// Pushes the word of letters and digits at `start..end`; says whether it was a plain one.
#[inline]
pub(super) fn word(tokens: &mut Tokens, bytes: &[u8], start: usize, end: usize) -> bool {
    let length = end - start;
    if length > LENGTH_MAX || bytes.get(end).is_some_and(|next| *next == b'\'' || !next.is_ascii()) {
        return false;
    }
    if length > 2 && is_stretched(bytes, start, length) {
        return false;
    }
    let first = Eight::at(bytes, start, length.min(8));
    if begins_address(first.small, bytes.get(start + 3)) {
        return false;
    }
    let (mut hash, mut case) = (mix_letters(0, first.small), first.case());
    if length > 8 {
        let second = Eight::at(bytes, start + 8, length - 8);
        (hash, case) = (mix_letters(hash, second.small), case.then(second.case()));
    }
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (offset(start), offset(end));
    let kind = if case.letters { TokenKind::Word } else { TokenKind::Number };
    tokens.list.push(Token { start, end, hash, kind, marks: case.marks(), fold_start: start, fold_end: end });
    true
}

/// Up to eight letters and digits; a letter's place is marked by its bit 0x40.
struct Eight {
    small: u64,
    letters: u64,
    upper: u64,
    inside: u64,
}

impl Eight {
    #[inline]
    fn at(bytes: &[u8], start: usize, length: usize) -> Self {
        let inside = u64::MAX >> (64 - 8 * length);
        let written = eight_at(bytes, start) & inside;
        let small = written | (CASE & inside);
        let letters = small & LETTERS;
        Self { small, letters, upper: letters & !(written << 1), inside }
    }

    #[inline]
    fn case(&self) -> Case {
        let lowest = self.letters & self.letters.wrapping_neg();
        Case {
            letters: self.letters != 0,
            several: self.letters != lowest,
            first_is_upper: lowest & self.upper != 0,
            all_upper: self.upper == self.letters,
            digits: self.letters != LETTERS & self.inside,
        }
    }
}

/// How letters and digits are written.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one word, joined without branches")]
struct Case {
    letters: bool,
    /// Two letters or more.
    several: bool,
    first_is_upper: bool,
    /// No letter is small.
    all_upper: bool,
    digits: bool,
}

impl Case {
    #[inline]
    fn then(self, next: Self) -> Self {
        Self {
            letters: self.letters || next.letters,
            several: self.several || next.several || self.letters && next.letters,
            first_is_upper: if self.letters { self.first_is_upper } else { next.first_is_upper },
            all_upper: self.all_upper && next.all_upper,
            digits: self.digits || next.digits,
        }
    }

    #[inline]
    fn marks(self) -> Marks {
        // No branches: how people write cannot be foretold.
        let bit = |holds: bool, mark: Marks| u16::from(holds) * mark.0;
        Marks(
            bit(self.several && self.all_upper, Marks::ALL_CAPS)
                | bit(self.first_is_upper && !self.all_upper, Marks::TITLE)
                | bit(self.letters && self.digits, Marks::WITH_DIGIT),
        )
    }
}

/// Three equal characters in a row, whatever their case.
#[inline]
fn is_stretched(bytes: &[u8], start: usize, length: usize) -> bool {
    (0..length - 2).step_by(8).any(|from| {
        let small = |at: usize| eight_at(bytes, at) | CASE;
        let (one, two, three) = (small(start + from), small(start + from + 1), small(start + from + 2));
        let differs = one ^ two | two ^ three;
        // The high bit of each byte that equals the next two.
        let equal = !(((differs & !HIGH_BITS) + !HIGH_BITS) | differs) & HIGH_BITS;
        equal & u64::MAX >> (64 - 8 * (length - 2 - from).min(8)) != 0
    })
}

/// `http`, `https`, `www.`
#[inline]
fn begins_address(small: u64, fourth: Option<&u8>) -> bool {
    const HTTP: u64 = u32::from_le_bytes(*b"http") as u64;
    const WWW: u64 = u32::from_le_bytes(*b"www\0") as u64;
    small & 0xffff_ffff == HTTP || small == WWW && fourth == Some(&b'.')
}
