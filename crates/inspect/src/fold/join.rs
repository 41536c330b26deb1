//! The joined view: closes the gaps in "4 5 3 2", "4.5.3.2", turns "ann at example dot org", "192[.]0[.]2[.]1" and
//! spelled-out digits into what they stand for.
//!
//! Invariant: only what was apart is touched; everything else is carried over. Whether the result means anything is
//! for the validators to say.

use super::{Folded, Map};
use crate::scan::{SINGLES_MIN, Scan, is_word, offset};
use crate::words::{Role, WordHit, WordTable};

/// Spelled-out digits in a row before they are taken for one number.
const SPELLED_MIN: usize = 6;
/// Spaces between two characters of a value written apart.
const GAP_MAX: usize = 3;

/// Texts up to this many bytes are joined as a whole; of longer ones only what stands around the signs of values
/// written apart, so that one such value does not double the cost of a book.
const WHOLE_MAX: usize = 4096;
/// Bytes around a sign that are joined with it: what detectors look at beside a value, and some more.
const AROUND: usize = 640;

/// Finds the stretches of the text that show any sign of values written apart; says whether there are any. Cheap enough
/// for every message.
pub(crate) fn worth_joining(text: &str, scan: &Scan, words: &WordTable, out: &mut Stretches) -> bool {
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
        && signs_in_words(text.as_bytes(), scan, words, &mut stretches)
        && bracketed(text, scan, &mut stretches);
    out.merge();
    !out.list.is_empty()
}

/// Calls `found` with the places of words that may stand for signs or digits, until it answers no.
fn signs_in_words(bytes: &[u8], scan: &Scan, words: &WordTable, found: &mut impl FnMut(usize) -> bool) -> bool {
    let (mut at_end, mut digits, mut last) = (None::<u32>, 0, 0);
    for hit in &scan.hits {
        let is_sign = match words.entry(hit.entry).role {
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
    /// Adds what stands around a place, cut at white space or else between characters.
    fn around(&mut self, text: &str, at: usize) {
        let before = text.floor_char_boundary(at.saturating_sub(AROUND));
        let after = text.floor_char_boundary(text.len().min(at + AROUND));
        let start = text[before..at].find(char::is_whitespace).map_or(before, |i| before + i);
        let end = text[at..after].rfind(char::is_whitespace).map_or(after, |i| at + i);
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
fn sign_in_brackets(window: &[u8]) -> Option<u8> {
    match window {
        [b'[', sign @ (b'.' | b'@' | b':'), b']'] | [b'(', sign @ (b'.' | b'@'), b')'] | [b'{', sign @ (b'.' | b'@'), b'}'] => {
            Some(*sign)
        }
        _ => None,
    }
}

/// The stretch from opening to closing bracket around a word.
fn in_brackets(bytes: &[u8], hit: &WordHit) -> Option<(usize, usize)> {
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

fn provider_follows(bytes: &[u8], end: usize) -> bool {
    let rest = bytes[end.min(bytes.len())..].trim_ascii_start();
    PROVIDERS.iter().any(|p| rest.len() > p.len() && rest[..p.len()].eq_ignore_ascii_case(p.as_bytes()))
}

struct Joiner<'a> {
    bytes: &'a [u8],
    text: &'a str,
    base: Option<&'a Map>,
    scan: &'a Scan,
    words: &'a WordTable,
    hit: usize,
    out: &'a mut Folded,
}

/// Writes the joined view of stretches of `text` (itself possibly folded, then `base` leads back); says whether anything
/// changed.
pub(crate) fn join(
    text: &str,
    stretches: &Stretches,
    base: Option<&Map>,
    scan: &Scan,
    words: &WordTable,
    out: &mut Folded,
) -> bool {
    out.clear();
    let mut joiner = Joiner { bytes: text.as_bytes(), text, base, scan, words, hit: 0, out };
    let (mut changed, mut done) = (false, 0);
    for (start, end) in &stretches.list {
        // What is written apart may reach beyond its stretch.
        let (start, end) = (done.max(*start as usize), *end as usize);
        if start < end && !joiner.out.text.is_empty() {
            // Neither a word nor a line goes on from one stretch to the next.
            joiner.apart(start);
        }
        done = joiner.stretch(start, end, &mut changed);
    }
    changed
}

impl Joiner<'_> {
    /// Joins what stands from `at` to `end`; says where it came to.
    fn stretch(&mut self, mut at: usize, end: usize, changed: &mut bool) -> usize {
        while at < end {
            if at > 0 && is_word(self.bytes[at]) && is_word(self.bytes[at - 1]) {
                at = self.rest_of_word(at);
                continue;
            }
            let next = self.singles(at).or_else(|| self.brackets(at)).or_else(|| self.word(at));
            if let Some(next) = next {
                *changed = true;
                at = next;
            } else {
                let c = self.text[at..].chars().next().expect("inside the text, on a boundary");
                self.copy(at, c);
                at += c.len_utf8();
            }
        }
        at
    }

    /// Parts two stretches; stands for the character at which the second begins.
    fn apart(&mut self, at: usize) {
        let width = self.text[at..].chars().next().map_or(1, char::len_utf8);
        for c in [' ', '|', ' '] {
            self.put(c, at, at + width);
        }
    }

    fn origin(&self, from: usize, to: usize) -> (u32, u32) {
        self.base.map_or((offset(from), offset(to)), |map| map.original(from..to))
    }

    fn copy(&mut self, at: usize, c: char) {
        let (start, end) = self.origin(at, at + c.len_utf8());
        self.out.push(c, start, end);
    }

    /// Inside a word nothing begins: copies up to its end.
    fn rest_of_word(&mut self, at: usize) -> usize {
        let length = self.bytes[at..].iter().take_while(|b| is_word(**b)).count();
        self.out.push_stretch(&self.text[at..at + length], offset(at), self.base);
        at + length
    }

    fn put(&mut self, c: char, from: usize, to: usize) {
        let (start, end) = self.origin(from, to);
        self.out.push(c, start, end);
    }

    /// A run of single characters with the same gap between all of them.
    fn singles(&mut self, at: usize) -> Option<usize> {
        let gap = *self.bytes.get(at + 1)?;
        let first = self.bytes[at];
        let begins = first.is_ascii_alphanumeric() || matches!(first, b'+' | b'(');
        if !begins || !matches!(gap, b' ' | b'.' | b'-' | b'_' | b'/' | b'*' | b'|' | b',' | b'\n') {
            return None;
        }
        if at > 0 && is_word(self.bytes[at - 1]) {
            return None;
        }
        let mut end = at;
        let mut count = 0;
        loop {
            // A single visible ASCII character followed by the gap or by nothing that belongs to it.
            let c = *self.bytes.get(end)?;
            if !c.is_ascii_graphic() || (c == gap) {
                break;
            }
            if is_word(c) && self.bytes.get(end + 1).is_some_and(|b| is_word(*b)) {
                break;
            }
            count += usize::from(is_word(c));
            let after = end + 1;
            let mut width = 0;
            while width < GAP_MAX && self.bytes.get(after + width).is_some_and(|b| same_gap(*b, gap)) {
                width += 1;
            }
            if width == 0 || after + width >= self.bytes.len() {
                end = after;
                break;
            }
            let next = self.bytes[after + width];
            let next_is_long = is_word(next) && self.bytes.get(after + width + 1).is_some_and(|b| is_word(*b));
            if !next.is_ascii_graphic() || next_is_long {
                end = after;
                break;
            }
            end = after + width;
        }
        if count < SINGLES_MIN as usize {
            return None;
        }
        for i in at..end {
            let byte = self.bytes[i];
            let in_gap = same_gap(byte, gap) && i > at;
            if !in_gap {
                self.put(char::from(byte), i, i + 1);
            }
        }
        Some(end)
    }

    fn brackets(&mut self, at: usize) -> Option<usize> {
        if self.bytes[at] == b'h' && self.bytes[at..].starts_with(b"hxxp") && (at == 0 || !is_word(self.bytes[at - 1])) {
            for (i, c) in "http".chars().enumerate() {
                self.put(c, at + i, at + i + 1);
            }
            return Some(at + 4);
        }
        let sign = sign_in_brackets(self.bytes.get(at..at + 3)?)?;
        self.put(char::from(sign), at, at + 3);
        Some(at + 3)
    }

    /// Words for signs and spelled-out digits, when `at` is where one begins (or the space or bracket before it).
    fn word(&mut self, at: usize) -> Option<usize> {
        while self.scan.hits.get(self.hit).is_some_and(|hit| (hit.start as usize) < at) {
            self.hit += 1;
        }
        if !matches!(self.bytes[at], b' ' | b'[' | b'(' | b'{' | b'<' | b'_' | b'-') && !is_word(self.bytes[at]) {
            return None;
        }
        // Phrases of several words do not carry these roles, so hits are in order of their starts here.
        let (index, hit) = self.scan.hits[self.hit..]
            .iter()
            .enumerate()
            .take(HITS_AHEAD)
            .take_while(|(_, hit)| hit.start as usize <= at + SIGN_GAP)
            .find(|(_, hit)| matches!(self.words.entry(hit.entry).role, Some(Role::AtSign | Role::DotSign | Role::Digit(_))))
            .map(|(i, hit)| (self.hit + i, *hit))?;
        let sign = match self.words.entry(hit.entry).role? {
            Role::Digit(_) => {
                return (hit.start as usize == at).then(|| self.spelled(index)).flatten();
            }
            Role::AtSign => '@',
            _ => '.',
        };
        let (from, to) = self.sign_span(&hit, sign)?;
        if from != at {
            return None;
        }
        self.put(sign, from, to);
        self.hit = index + 1;
        Some(to)
    }

    /// From the end of the word before a spelled-out sign to the beginning of the word after it.
    fn sign_span(&self, hit: &WordHit, sign: char) -> Option<(usize, usize)> {
        let bracketed = in_brackets(self.bytes, hit);
        let (mut from, mut to) = bracketed.unwrap_or((hit.start as usize, hit.end as usize));
        while from > 0 && self.bytes[from - 1] == b' ' {
            from -= 1;
        }
        while self.bytes.get(to) == Some(&b' ') {
            to += 1;
        }
        let joins_words = from > 0 && is_word(self.bytes[from - 1]) && self.bytes.get(to).is_some_and(|b| is_word(*b));
        let meant = bracketed.is_some() || sign == '.' || self.dot_follows(to) || provider_follows(self.bytes, hit.end as usize);
        (joins_words && meant).then_some((from, to))
    }

    /// "… at example dot org": a word and then a spelled-out dot.
    fn dot_follows(&self, at: usize) -> bool {
        let Some(rest) = self.text.get(at..) else {
            return false;
        };
        let end = at + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let next = self.scan.first_hit_after(offset(end));
        self.scan.hits[next..].iter().take(2).any(|hit| {
            hit.start as usize <= end + 2 && hit.start as usize >= end && self.words.entry(hit.entry).role == Some(Role::DotSign)
        })
    }

    /// Spelled-out digits in a row.
    fn spelled(&mut self, first: usize) -> Option<usize> {
        let digit = |hit: &WordHit| match self.words.entry(hit.entry).role {
            Some(Role::Digit(d)) => Some(d),
            _ => None,
        };
        let mut count = 0;
        let mut end = self.scan.hits[first].start as usize;
        for hit in &self.scan.hits[first..] {
            let (Some(_), true) = (digit(hit), hit.start as usize >= end) else {
                if (hit.start as usize) < end {
                    continue;
                }
                break;
            };
            let gap = &self.bytes[end..hit.start as usize];
            if gap.len() > 2 || gap.iter().any(|b| !matches!(b, b' ' | b'-' | b',' | b'.')) {
                break;
            }
            count += 1;
            end = hit.end as usize;
        }
        if count < SPELLED_MIN {
            return None;
        }
        let mut at = 0;
        for i in first..self.scan.hits.len() {
            let hit = self.scan.hits[i];
            if hit.end as usize > end {
                break;
            }
            if let (Some(Role::Digit(d)), true) = (self.words.entry(hit.entry).role, hit.start as usize >= at) {
                at = hit.end as usize;
                self.put(char::from(b'0' + d), hit.start as usize, at);
            }
        }
        Some(end)
    }
}

/// Spaces and a bracket that may stand between a word and a spelled-out sign.
const SIGN_GAP: usize = 6;
/// Known words looked ahead from one position.
const HITS_AHEAD: usize = 4;

fn same_gap(byte: u8, gap: u8) -> bool {
    byte == gap
}
