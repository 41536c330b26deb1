//! A message's texts as the caller may see them, with the places of what was found and of what a search marks.
//!
//! Invariants: what is covered leaves neither its value nor its length; every place is in the text as it is given, counted in characters
//! (Unicode code points), so that a program cuts where it shows.

use std::ops::Range;

use desk::capture::{
    Finding, Message,
    masking::{Cover, MASK, Piece, cut, is_covered},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that a detector found in a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingShape {
    /// The kind, for example `CREDIT_CARD`.
    kind: String,
    /// The rule that found it.
    detector: String,
    /// The version of the rules.
    version: String,
    /// `low`, `medium` or `high`.
    level: String,
    /// Confidence in thousandths.
    score: i64,
    /// Where: `text`, `subject`, `alt_text` or `link`.
    zone: String,
    /// Which of the alternative texts or links, from 0.
    part: i64,
    /// Its first character in that text, as it is given here.
    start: usize,
    /// One past its last character.
    end: usize,
    /// Whether something else stands in its place.
    masked: bool,
}

/// A stretch of the text that a query matches, in characters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarkShape {
    /// Its first character.
    start: usize,
    /// One past its last.
    end: usize,
}

/// What is being put together of one message.
pub(super) struct Shown<'m> {
    message: &'m Message,
    cover: Cover,
    /// What was found, in the texts that were asked for.
    pub(super) findings: Vec<FindingShape>,
}

impl<'m> Shown<'m> {
    pub(super) fn of(message: &'m Message, cover: Cover) -> Self {
        Self { message, cover, findings: Vec::new() }
    }

    /// A text of a zone as it may be shown.
    pub(super) fn text(&mut self, text: &str, zone: &str, part: i64) -> String {
        let (mut given, mut at) = (String::new(), 0);
        for piece in cut(text, &self.message.findings, zone, part, self.cover) {
            let (Piece::Plain(shown) | Piece::Found { shown, .. }) = piece;
            let start = at;
            at += shown.chars().count();
            given.push_str(shown);
            if let Piece::Found { finding, .. } = piece {
                self.findings.push(shape(finding, start..at, self.cover == Cover::Masked && is_covered(finding)));
            }
        }
        given
    }

    /// A link. One that stands in the text was read there, and is covered when what it stands in is.
    pub(super) fn link(&mut self, link: &str, part: usize) -> String {
        let part = i64::try_from(part).unwrap_or(i64::MAX);
        let stands_at = self.message.text.find(link).map(|start| start..start + link.len());
        let is_hidden = self.cover == Cover::Masked && stands_at.is_some_and(|span| covers(&self.message.findings, &span));
        if is_hidden { MASK.to_owned() } else { self.text(link, "link", part) }
    }
}

fn covers(findings: &[Finding], span: &Range<usize>) -> bool {
    let bytes = |at: i64| usize::try_from(at).unwrap_or(0);
    let meets = |finding: &&Finding| bytes(finding.start) < span.end && span.start < bytes(finding.end);
    findings.iter().filter(|finding| finding.zone == "text" && is_covered(finding)).any(|finding| meets(&finding))
}

fn shape(finding: &Finding, span: Range<usize>, masked: bool) -> FindingShape {
    FindingShape {
        kind: finding.kind.clone(),
        detector: finding.detector.clone(),
        version: finding.version.clone(),
        level: finding.level.clone(),
        score: finding.score,
        zone: finding.zone.clone(),
        part: finding.zone_part,
        start: span.start,
        end: span.end,
        masked,
    }
}

/// Marks of a message's text (bytes of the text as it is stored) in the text as it is given; those in what is covered are left out.
pub(super) fn marks(message: &Message, marks: &[Range<usize>]) -> Vec<MarkShape> {
    let (mut shown, mut at) = (Vec::new(), 0);
    for piece in cut(&message.text, &message.findings, "text", 0, Cover::Masked) {
        let (Piece::Plain(text) | Piece::Found { shown: text, .. }) = piece;
        let from = text.as_ptr().addr().wrapping_sub(message.text.as_ptr().addr());
        // A mask is no part of the text.
        if text != MASK && from <= message.text.len() {
            let inside = marks.iter().filter(|mark| mark.start >= from && mark.end <= from + text.len());
            shown.extend(inside.filter_map(|mark| {
                let (before, within) = (text.get(..mark.start - from)?, text.get(mark.start - from..mark.end - from)?);
                let start = at + before.chars().count();
                Some(MarkShape { start, end: start + within.chars().count() })
            }));
        }
        at += text.chars().count();
    }
    shown
}
