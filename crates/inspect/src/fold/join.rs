//! The joined view: closes the gaps in "4 5 3 2", "4.5.3.2", turns "ann at example dot org", "192[.]0[.]2[.]1" and
//! spelled-out digits into what they stand for.
//!
//! Invariant: only what was apart is touched; everything else is carried over. Whether the result means anything is
//! for the validators to say.

use super::stretches::{SPELLED_MIN, Stretches, in_brackets, provider_follows, sign_in_brackets};
use super::{Folded, Map};
use crate::scan::{SINGLES_MIN, Scan, is_word, offset};
use crate::words::{Role, WordHit};

/// Spaces between two characters of a value written apart.
const GAP_MAX: usize = 3;

struct Joiner<'a> {
    bytes: &'a [u8],
    text: &'a str,
    base: Option<&'a Map>,
    scan: &'a Scan,
    hit: usize,
    out: &'a mut Folded,
}

/// Writes the joined view of stretches of `text` (itself possibly folded, then `base` leads back); says whether anything
/// changed.
pub(crate) fn join(text: &str, stretches: &Stretches, base: Option<&Map>, scan: &Scan, out: &mut Folded) -> bool {
    out.clear();
    let mut joiner = Joiner { bytes: text.as_bytes(), text, base, scan, hit: 0, out };
    let (mut changed, mut done) = (false, 0);
    for (start, end) in stretches.iter() {
        // What is written apart may reach beyond its stretch.
        let (start, end) = (done.max(start), end);
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
            .find(|(_, hit)| matches!(hit.role, Some(Role::AtSign | Role::DotSign | Role::Digit(_))))
            .map(|(i, hit)| (self.hit + i, *hit))?;
        let sign = match hit.role? {
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
        self.scan.hits[next..]
            .iter()
            .take(2)
            .any(|hit| hit.start as usize <= end + 2 && hit.start as usize >= end && hit.role == Some(Role::DotSign))
    }

    /// Spelled-out digits in a row.
    fn spelled(&mut self, first: usize) -> Option<usize> {
        let digit = |hit: &WordHit| match hit.role {
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
            if let (Some(Role::Digit(d)), true) = (hit.role, hit.start as usize >= at) {
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
