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
    let mut hash = mix_letters(0, first.small);
    let (mut letters, mut upper, mut all) = (first.letters != 0, first.upper != 0, first.is_all_upper());
    let mut digits = first.has_digit();
    let several = first.letters & first.letters.wrapping_sub(1) != 0 || length > 8;
    let mut leads = first.letters & first.letters.wrapping_neg() & first.upper != 0;
    if length > 8 {
        let second = Eight::at(bytes, start + 8, length - 8);
        hash = mix_letters(hash, second.small);
        leads |= !letters && second.letters & second.letters.wrapping_neg() & second.upper != 0;
        let counted = first.letters.count_ones() + second.letters.count_ones();
        letters = counted > 0;
        upper |= second.upper != 0;
        all &= second.is_all_upper();
        digits |= second.has_digit();
        if counted < 2 {
            return false;
        }
    }
    // No branches: how people write cannot be foretold.
    let bit = |holds: bool, mark: Marks| if holds { mark.0 } else { 0 };
    let all_caps = several & all & upper;
    let marks =
        Marks(bit(all_caps, Marks::ALL_CAPS) | bit(leads & !all, Marks::TITLE) | bit(letters & digits, Marks::WITH_DIGIT));
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (offset(start), offset(end));
    let kind = if letters { TokenKind::Word } else { TokenKind::Number };
    tokens.list.push(Token { start, end, hash, kind, marks, fold_start: start, fold_end: end });
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
    fn is_all_upper(&self) -> bool {
        self.upper == self.letters
    }

    #[inline]
    fn has_digit(&self) -> bool {
        self.letters != LETTERS & self.inside
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
        let equal = !((differs & !HIGH_BITS) + !HIGH_BITS | differs) & HIGH_BITS;
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
