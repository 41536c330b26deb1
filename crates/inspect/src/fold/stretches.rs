//! Where a text shows signs of values written apart: single characters in a row, "at" and "dot" in an address,
//! spelled-out digits, signs in brackets.
//!
//! Invariant: linear in the text; stretches are in order, on character boundaries, and none touches another.

use crate::scan::{Scan, is_word, offset};
use crate::words::{Role, WordHit};

/// Spelled-out digits in a row before they are taken for one number.
pub(super) const SPELLED_MIN: usize = 6;
/// Texts up to this many bytes are joined as a whole; of longer ones only what stands around the signs of values
/// written apart, so that one such value does not double the cost of a book.
const WHOLE_MAX: usize = 4096;
/// Bytes around a sign that are joined with it: what detectors look at beside a value, and some more.
const AROUND: usize = 640;

/// Finds the stretches of the text that show any sign of values written apart; says whether there are any. Cheap enough
/// for every message.
pub(crate) fn worth_joining(text: &str, scan: &Scan, out: &mut Stretches) -> bool {
    out.list.clear();
    let mut stretches = |at: usize| {
        if text.len() <= WHOLE_MAX {
            out.list.push((0, offset(text.len())));
            return false;
        }
        out.around(text, at);
        true
    };
    let _all = scan.single_runs.iter().all(|at| stretches(*at as usize))
        && signs_in_words(text.as_bytes(), scan, &mut stretches)
        && bracketed(text, scan, &mut stretches);
    out.merge();
    !out.list.is_empty()
}

/// Calls `found` with the places of words that may stand for signs or digits, until it answers no.
fn signs_in_words(bytes: &[u8], scan: &Scan, found: &mut impl FnMut(usize) -> bool) -> bool {
    let (mut at_end, mut digits, mut last) = (None::<u32>, 0, 0);
    for hit in &scan.hits {
        let is_sign = match hit.role {
            Some(Role::AtSign) => {
                let is_sign = in_brackets(bytes, hit).is_some() || provider_follows(bytes, hit.end as usize);
                at_end = Some(hit.end);
                is_sign
            }
            Some(Role::DotSign) => {
                let after_at = at_end.is_some_and(|at| hit.start <= at + ADDRESS_MAX);
                after_at || in_brackets(bytes, hit).is_some() || top_level_follows(bytes, hit.end as usize)
            }
            Some(Role::Digit(_)) => {
                digits = if hit.start <= last + 2 { digits + 1 } else { 1 };
                last = hit.end;
                digits >= SPELLED_MIN
            }
            _ => false,
        };
        if is_sign && !found(hit.start as usize) {
            return false;
        }
    }
    true
}

/// Stretches of a text in order, none touching another.
#[derive(Debug, Default)]
pub(crate) struct Stretches {
    list: Vec<(u32, u32)>,
}

impl Stretches {
    /// First byte and one past the last byte of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.list.iter().map(|(start, end)| (*start as usize, *end as usize))
    }

    /// Adds what stands around a place, cut at white space or else between characters.
    fn around(&mut self, text: &str, at: usize) {
        let before = text.floor_char_boundary(at.saturating_sub(AROUND));
        let after = text.floor_char_boundary(text.len().min(at + AROUND));
        let start = text[before..at].find(char::is_whitespace).filter(|_| before > 0).map_or(before, |i| before + i);
        let end = text[at..after].rfind(char::is_whitespace).filter(|_| after < text.len()).map_or(after, |i| at + i);
        self.list.push((offset(start), offset(end)));
    }

    fn merge(&mut self) {
        self.list.sort_unstable();
        self.list.dedup_by(|next, last| {
            let touches = next.0 <= last.1;
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
    }
}

/// "example dot com": the word after a spelled-out dot is a common top-level domain.
fn top_level_follows(bytes: &[u8], end: usize) -> bool {
    let rest = bytes[end.min(bytes.len())..].trim_ascii_start();
    let word = &rest[..rest.iter().take(8).take_while(|b| is_word(**b)).count()];
    TOPS.iter().any(|top| word.eq_ignore_ascii_case(top))
}

const TOPS: [&[u8]; 14] = [b"com", b"org", b"net", b"io", b"de", b"fr", b"es", b"it", b"nl", b"pt", b"pl", b"co", b"uk", b"info"];
/// Bytes between a spelled-out "at" and the first dot of the domain.
const ADDRESS_MAX: u32 = 48;

/// Calls `found` with the places of "[.]" and the like, until it answers no.
fn bracketed(text: &str, scan: &Scan, found: &mut impl FnMut(usize) -> bool) -> bool {
    use crate::scan::{AT, COLON, DOT, SIGN};
    scan.chunks.iter().filter(|c| c.classes & SIGN != 0 && c.classes & (DOT | AT | COLON) != 0).all(|c| {
        let bytes = &text.as_bytes()[c.start as usize..c.end as usize];
        let is_sign = bytes.starts_with(b"hxxp") || bytes.windows(3).any(|w| sign_in_brackets(w).is_some());
        !is_sign || found(c.start as usize)
    })
}

/// "[.]", "(@)" and the like.
pub(super) fn sign_in_brackets(window: &[u8]) -> Option<u8> {
    match window {
        [b'[', sign @ (b'.' | b'@' | b':'), b']'] | [b'(', sign @ (b'.' | b'@'), b')'] | [b'{', sign @ (b'.' | b'@'), b'}'] => {
            Some(*sign)
        }
        _ => None,
    }
}

/// The stretch from opening to closing bracket around a word.
pub(super) fn in_brackets(bytes: &[u8], hit: &WordHit) -> Option<(usize, usize)> {
    let (mut start, mut end) = (hit.start as usize, hit.end as usize);
    while start > 0 && bytes[start - 1] == b' ' {
        start -= 1;
    }
    while bytes.get(end) == Some(&b' ') {
        end += 1;
    }
    let open = start.checked_sub(1).map(|i| bytes[i])?;
    let close = *bytes.get(end)?;
    matches!((open, close), (b'[', b']') | (b'(', b')') | (b'{', b'}') | (b'<', b'>') | (b'_', b'_') | (b'-', b'-'))
        .then_some((start - 1, end + 1))
}

const PROVIDERS: [&str; 12] =
    ["gmail.", "yahoo.", "hotmail.", "outlook.", "icloud.", "proton.", "protonmail.", "gmx.", "web.de", "aol.", "live.", "mail."];

pub(super) fn provider_follows(bytes: &[u8], end: usize) -> bool {
    let rest = bytes[end.min(bytes.len())..].trim_ascii_start();
    PROVIDERS.iter().any(|p| rest.len() > p.len() && rest[..p.len()].eq_ignore_ascii_case(p.as_bytes()))
}
