//! What of a message a reader may see without the right to unmask: personal data and secrets are covered, the rest is plain, words of the
//! company's lists too.
//!
//! Invariants: a covered value leaves nothing of itself behind, not even its length; the pieces, put together, say the whole text and
//! nothing twice. It is pure; who may lift the cover is decided by [`super::unmask`].

use super::{examine::Finding, model::Message};
use crate::word_lists::TERM_KIND;

/// What stands for a covered value, whatever its length.
pub const MASK: &str = "••••••";
/// Kinds that are of use to readers and name nobody by themselves.
const PLAIN_KINDS: &[&str] = &["URL", "DATE_TIME", "AGE"];

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'m> {
    /// As it was written.
    Plain(&'m str),
    /// What a detector found, covered or not.
    Found {
        /// What may be shown: the value or [`MASK`].
        shown: &'m str,
        /// What was found.
        finding: &'m Finding,
    },
}

/// Whether the reader sees values or masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Values are covered.
    Masked,
    /// Somebody with the right, and a reason on record, looks.
    Lifted,
}

/// The text of a message in pieces.
pub fn pieces(message: &Message, cover: Cover) -> Vec<Piece<'_>> {
    cut(&message.text, &message.findings, "text", 0, cover)
}

/// A text in pieces, by the findings of its zone and part.
pub fn cut<'m>(text: &'m str, findings: &'m [Finding], zone: &str, part: i64, cover: Cover) -> Vec<Piece<'m>> {
    let span = |finding: &Finding| Some((usize::try_from(finding.start).ok()?, usize::try_from(finding.end).ok()?));
    let mut found: Vec<_> = findings
        .iter()
        .filter(|finding| finding.zone == zone && finding.zone_part == part)
        .filter_map(|finding| span(finding).map(|span| (span, finding)))
        .filter(|((start, end), _)| start < end && text.is_char_boundary(*start) && text.is_char_boundary(*end))
        .collect();
    found.sort_by_key(|((start, end), _)| (*start, std::cmp::Reverse(*end)));
    let (mut pieces, mut at) = (Vec::new(), 0);
    let mut left = found.into_iter().peekable();
    while let Some(((start, mut end), mut finding)) = left.next() {
        // Findings that run into each other are one piece: what covers one of them covers all.
        while let Some(((_, until), other)) = left.next_if(|((from, _), _)| *from < end) {
            end = end.max(until);
            if is_covered(other) && !is_covered(finding) {
                finding = other;
            }
        }
        if start > at {
            pieces.push(Piece::Plain(&text[at..start]));
        }
        let covers = cover == Cover::Masked && is_covered(finding);
        pieces.push(Piece::Found { shown: if covers { MASK } else { &text[start..end] }, finding });
        at = end;
    }
    if at < text.len() {
        pieces.push(Piece::Plain(&text[at..]));
    }
    pieces
}

/// Whether a finding's value is covered.
pub fn is_covered(finding: &Finding) -> bool {
    let is_word = finding.kind.split('.').next() == Some(TERM_KIND);
    finding.level != "low" && !is_word && !PLAIN_KINDS.contains(&finding.kind.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cover, MASK, Piece, cut};
    use crate::capture::Finding;

    fn finding(kind: &str, level: &str, start: i64, end: i64) -> Finding {
        Finding {
            kind: kind.to_owned(),
            detector: kind.to_lowercase(),
            version: "1".to_owned(),
            level: level.to_owned(),
            score: 900,
            zone: "text".to_owned(),
            zone_part: 0,
            start,
            end,
        }
    }

    fn shown(text: &str, findings: &[Finding], cover: Cover) -> String {
        cut(text, findings, "text", 0, cover)
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => *text,
                Piece::Found { shown, .. } => shown,
            })
            .collect()
    }

    #[test]
    fn a_value_is_covered_whole_and_its_length_with_it() {
        let text = "call +1 202 555 0143 on 2026-03-01";
        let findings = [finding("PHONE_NUMBER", "high", 5, 20), finding("DATE_TIME", "medium", 24, 34)];
        assert_eq!(shown(text, &findings, Cover::Masked), format!("call {MASK} on 2026-03-01"));
        assert_eq!(shown(text, &findings, Cover::Lifted), text);
    }

    #[test]
    fn what_lies_inside_or_across_another_is_covered_with_it() {
        let text = "mail ann@example.test now";
        for findings in [
            vec![finding("EMAIL_ADDRESS", "high", 5, 21), finding("URL", "low", 9, 21)],
            vec![finding("URL", "low", 3, 12), finding("EMAIL_ADDRESS", "high", 5, 21)],
        ] {
            assert!(!shown(text, &findings, Cover::Masked).contains("example"), "{findings:?}");
        }
    }

    proptest! {
        #[test]
        fn lifted_it_is_the_text_and_masked_it_shows_no_covered_byte(
            text in "[a-z\u{e4}\u{1f600} ]{0,40}",
            spans in prop::collection::vec((0..60i64, 0..60i64, any::<bool>()), 0..6),
        ) {
            let findings: Vec<_> = spans
                .iter()
                .map(|(start, end, covered)| finding("PHONE_NUMBER", if *covered { "high" } else { "low" }, *start, *end))
                .collect();
            prop_assert_eq!(shown(&text, &findings, Cover::Lifted), text.clone());
            let pieces = cut(&text, &findings, "text", 0, Cover::Masked);
            let base = text.as_ptr().addr();
            for piece in &pieces {
                let shown = match piece {
                    Piece::Plain(shown) | Piece::Found { shown, .. } => *shown,
                };
                if shown == MASK { continue; }
                let from = i64::try_from(shown.as_ptr().addr() - base).unwrap();
                let until = from + i64::try_from(shown.len()).unwrap();
                for covered in findings.iter().filter(|finding| finding.level == "high") {
                    let fits = |at: i64| usize::try_from(at).is_ok_and(|at| text.is_char_boundary(at));
                    if covered.start < covered.end && fits(covered.start) && fits(covered.end) {
                        prop_assert!(until <= covered.start || from >= covered.end, "a covered byte shows");
                    }
                }
            }
        }
    }
}
