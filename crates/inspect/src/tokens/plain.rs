//! The plain case, almost every word of almost every message: up to eight ASCII letters and digits, nothing to fold but
//! the case. The word is one `u64`; its marks and its hash are arithmetic on it.
//!
//! Invariant: gives the token that the scanning loop would give, or none and leaves the word to the loop.

use super::{Marks, Token, TokenKind, Tokens, mix_letters};
use crate::masks::eight_at;

const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
const CASE: u64 = u64::from_le_bytes([0x20; 8]);
const LETTERS: u64 = u64::from_le_bytes([0x40; 8]);

/// Pushes the word of letters and digits at `start..end`; says whether it was a plain one.
#[inline]
pub(super) fn word(tokens: &mut Tokens, bytes: &[u8], start: usize, end: usize) -> bool {
    let length = end - start;
    if length > 8 || bytes.get(end).is_some_and(|next| *next == b'\'' || !next.is_ascii()) {
        return false;
    }
    let inside = u64::MAX >> (64 - 8 * length);
    let written = eight_at(bytes, start) & inside;
    let small = written | (CASE & inside);
    if is_stretched(small, length) || begins_address(small, bytes.get(start + 3)) {
        return false;
    }
    let letters = small & LETTERS;
    let upper = letters & !(written << 1);
    let (letter_count, upper_count) = (letters.count_ones(), upper.count_ones());
    let first_is_upper = letters & letters.wrapping_neg() & upper != 0;
    // No branches: how people write cannot be foretold.
    let bit = |holds: bool, mark: Marks| if holds { mark.0 } else { 0 };
    let marks = Marks(
        bit(letter_count >= 2 && upper_count == letter_count, Marks::ALL_CAPS)
            | bit(first_is_upper && upper_count < letter_count, Marks::TITLE)
            | bit(letter_count > 0 && (letter_count as usize) < length, Marks::WITH_DIGIT),
    );
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (offset(start), offset(end));
    let kind = if letter_count == 0 { TokenKind::Number } else { TokenKind::Word };
    tokens.list.push(Token { start, end, hash: mix_letters(0, small), kind, marks, fold_start: start, fold_end: end });
    true
}

/// Three equal characters in a row.
#[inline]
fn is_stretched(small: u64, length: usize) -> bool {
    if length < 3 {
        return false;
    }
    let differs = small ^ small >> 8;
    // The high bit of each byte that equals the next.
    let equal = !((differs & !HIGH_BITS) + !HIGH_BITS | differs) & HIGH_BITS;
    equal & equal >> 8 & u64::MAX >> (64 - 8 * (length - 2)) != 0
}

/// `http`, `https`, `www.`
#[inline]
fn begins_address(small: u64, fourth: Option<&u8>) -> bool {
    const HTTP: u64 = u32::from_le_bytes(*b"http") as u64;
    const WWW: u64 = u32::from_le_bytes(*b"www\0") as u64;
    small & 0xffff_ffff == HTTP || small == WWW && fourth == Some(&b'.')
}
