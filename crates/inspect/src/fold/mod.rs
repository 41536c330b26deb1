//! Undoes the ways in which people (and programs) hide a value: look-alike letters, foreign digits, invisible
//! characters, escapes, letters written apart, words for signs.
//!
//! Two rewritten views can come out of a text. The *folded* view changes character by character; the *joined* view
//! also closes gaps. Both carry a [`Map`] back to the original, so spans always point at what was written.
//!
//! Invariant: the map is monotone and only holds character boundaries of the original. ASCII text without gaps and escapes
//! costs nothing here. It finds nothing by itself; a view without a validated value leaves no trace.

mod characters;
mod escapes;
mod join;
mod stretches;

pub(crate) use escapes::is_escape;
pub(crate) use join::join;
pub(crate) use stretches::{Stretches, worth_joining};

use crate::scan::{Scan, offset};
use characters::Folding;

/// For every byte of a rewritten text, the original character that it comes from.
#[derive(Debug, Default)]
pub(crate) struct Map {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Map {
    fn clear(&mut self) {
        self.starts.clear();
        self.ends.clear();
    }

    fn push(&mut self, start: u32, end: u32) {
        self.starts.push(start);
        self.ends.push(end);
    }

    /// The stretch of the original that a (non-empty) stretch of the rewritten text comes from.
    pub(crate) fn original(&self, span: std::ops::Range<usize>) -> (u32, u32) {
        (self.starts[span.start], self.ends[span.end - 1])
    }
}

/// A rewritten text with its way back.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub text: String,
    pub map: Map,
}

impl Folded {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.map.clear();
    }

    /// Copies a stretch that begins at `from` of the text before; `base` leads from there to the original.
    pub(crate) fn push_stretch(&mut self, text: &str, from: u32, base: Option<&Map>) {
        self.text.push_str(text);
        let (start, end) = (from as usize, from as usize + text.len());
        if let Some(base) = base {
            self.map.starts.extend_from_slice(&base.starts[start..end]);
            self.map.ends.extend_from_slice(&base.ends[start..end]);
        } else {
            for (at, c) in text.char_indices() {
                let (first, last) = (from + offset(at), from + offset(at + c.len_utf8()));
                for _ in 0..c.len_utf8() {
                    self.map.push(first, last);
                }
            }
        }
    }

    pub(crate) fn push(&mut self, c: char, start: u32, end: u32) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.map.push(start, end);
        }
    }
}

/// Whether folding may change anything that matters; "no" is certain. Accents, quotation marks and pictures do not.
fn may_matter(text: &str) -> bool {
    let mut last = b' ';
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        if at > 0 {
            last = rest.as_bytes()[at - 1];
        }
        let Some(c) = rest[at..].chars().next() else { return false };
        match characters::fold(c) {
            Folding::Keep => last = 0x80,
            Folding::Drop if !last.is_ascii_graphic() => {}
            Folding::Quiet(to) if !last.is_ascii_digit() => last = u8::try_from(to).unwrap_or(0x80),
            _ => return true,
        }
        rest = &rest[at + c.len_utf8()..];
    }
    false
}

/// Writes the folded view of a text; says whether anything changed that could matter to a detector.
pub(crate) fn fold(text: &str, scan: &Scan, out: &mut Folded) -> bool {
    out.clear();
    let may_change = scan.has_escapes || scan.has_high && may_matter(text);
    may_change && (rewrite(text, scan.has_escapes, out) || scan.has_escapes)
}

fn rewrite(text: &str, has_escapes: bool, out: &mut Folded) -> bool {
    let mut matters = false;
    let mut token_end = 0;
    let mut mixed = false;
    let mut behind = 0;
    for (at, c) in text.char_indices() {
        if at < behind {
            continue;
        }
        let escape = if has_escapes && matches!(c, '&' | '%' | '\\') { escapes::read(&text.as_bytes()[at..]) } else { None };
        let (c, length) = escape.unwrap_or((c, c.len_utf8()));
        behind = at + length;
        let (start, end) = (offset(at), offset(behind));
        if c.is_ascii() {
            out.push(c, start, end);
            continue;
        }
        let after_ascii = out.text.as_bytes().last().is_some_and(u8::is_ascii_graphic);
        match characters::fold(c) {
            Folding::Keep => out.push(c, start, end),
            Folding::Drop => matters |= after_ascii,
            Folding::Quiet(to) => {
                matters |= out.text.as_bytes().last().is_some_and(u8::is_ascii_digit);
                out.push(to, start, end);
            }
            Folding::To(to) => {
                matters = true;
                out.push(to, start, end);
            }
            Folding::LooksLike(to) => {
                if at >= token_end {
                    (token_end, mixed) = token(text, at, &out.text);
                }
                if mixed {
                    matters = true;
                    out.push(to, start, end);
                } else {
                    out.push(c, start, end);
                }
            }
        }
    }
    matters
}

/// The end of the token around `at`, and whether ASCII letters or digits stand in it beside foreign ones.
fn token(text: &str, at: usize, before: &str) -> (usize, bool) {
    let ascii_before =
        before.bytes().rev().take_while(|b| !b.is_ascii_whitespace()).take(TOKEN_MAX).any(|b| b.is_ascii_alphanumeric());
    let mut end = text.len();
    let mut ascii = ascii_before;
    for (i, c) in text[at..].char_indices() {
        if c.is_whitespace() || i > TOKEN_MAX {
            end = at + i;
            break;
        }
        ascii |= c.is_ascii_alphanumeric() || matches!(characters::fold(c), Folding::To(to) if to.is_ascii_alphanumeric());
    }
    (end, ascii)
}

/// Characters looked at to decide whether a token mixes scripts; longer tokens are judged piece by piece.
const TOKEN_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        let mut out = Folded::default();
        rewrite(text, true, &mut out);
        out.text
    }

    #[test]
    fn look_alikes_become_ascii_only_where_scripts_mix() {
        assert_eq!(folded("４５３２"), "4532");
        assert_eq!(folded("٤٥٣٢"), "4532");
        assert_eq!(folded("45\u{200b}32\u{ad}68"), "453268");
        assert_eq!(folded("аnn@exаmple.com"), "ann@example.com");
        assert_eq!(folded("Москва и Омск"), "Москва и Омск");
        assert_eq!(folded("𝟒𝟓 𝐚𝐛"), "45 ab");
        assert_eq!(folded("4️⃣5️⃣"), "45");
        assert_eq!(folded("45&shy;32&#8203;6&#56;&nbsp;1"), "453268 1");
    }

    proptest! {
        #[test]
        fn spans_always_lie_on_character_boundaries_of_the_original(text in "(\\PC|&#[0-9]{1,4};|%[0-7][0-9a-f]|&shy;|\\\\u0[0-9]{3}){0,40}") {
            let mut out = Folded::default();
            rewrite(&text, true, &mut out);
            prop_assert_eq!(out.map.starts.len(), out.text.len());
            let mut last = 0;
            for at in 0..out.text.len() {
                let (start, end) = out.map.original(at..at + 1);
                prop_assert!(text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize));
                prop_assert!(start >= last && end > start);
                last = start;
            }
        }
    }
}
