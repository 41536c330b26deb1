//! From candidates to findings: shapes, scanners, supporting words, precedence.
//!
//! Invariant: the work for one byte of text is bounded by constants ([`CANDIDATE_MAX`], [`ATOMS_MAX`],
//! [`FINDINGS_MAX`]); [`Context::steps`] counts it and the tests hold the bound. No scanner looks at a finding of
//! another one; overlaps are settled once, at the end, by [`settle`].

mod detectors;
pub(crate) mod settle;
pub(crate) mod shapes;

pub(crate) use detectors::Detectors;

use crate::kinds;
use crate::message::Zone;
use crate::report::{Finding, NO_RULE, Reason, View};
use crate::scan::{Scan, offset};
use crate::words::{Role, WordHit, WordTable};

/// Letters and digits of the longest candidate: an IBAN has at most 34.
pub(crate) const CANDIDATE_MAX: usize = 40;
/// Groups of the longest candidate: an IBAN of 34 in fours has nine.
pub(crate) const ATOMS_MAX: usize = 10;
/// Findings kept for one part of a message before overlaps are settled; a text with more is a data dump, and one
/// finding is enough to stop it.
pub(crate) const FINDINGS_MAX: usize = 4096;
/// How far before a value a supporting word may stand, in bytes.
const SUPPORT_BEFORE: u32 = 300;
/// Within this distance a word supports fully.
const SUPPORT_NEAR: u32 = 80;
/// How far after a value a supporting word may stand.
const SUPPORT_AFTER: u32 = 60;
/// A word against counts only this close before the value.
const AGAINST_BEFORE: u32 = 32;
/// Known words looked at per value, so that a text made of known words stays linear.
const HITS_MAX: usize = 48;

/// Words found around a value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Support {
    /// Entry of the nearest supporting word.
    pub word: Option<u16>,
    /// It stands within [`SUPPORT_NEAR`].
    pub near: bool,
    /// A word against stands nearer.
    pub against: bool,
}

/// Everything a scanner may read, and where it reports.
pub(crate) struct Context<'a> {
    pub text: &'a str,
    pub bytes: &'a [u8],
    pub scan: &'a Scan,
    pub words: &'a WordTable,
    pub enabled: &'a [u64],
    pub view: View,
    pub zone: Zone,
    pub part: u16,
    /// Byte offsets of the original for a rewritten text.
    pub map: Option<&'a crate::fold::Map>,
    pub out: &'a mut Vec<Finding>,
    /// Inner-loop turns so far.
    pub steps: u64,
}

impl<'a> Context<'a> {
    pub(crate) fn is_on(&self, kind: u16) -> bool {
        self.enabled[usize::from(kind) / 64] >> (kind % 64) & 1 == 1
    }

    /// Known words from the nearest before `at` backwards, no further than `distance` bytes.
    pub(crate) fn hits_before(&self, at: usize, distance: u32) -> impl Iterator<Item = &'a WordHit> + use<'a> {
        let at = offset(at);
        let end = self.scan.hits.partition_point(|hit| hit.end <= at);
        self.scan.hits[..end].iter().rev().take(HITS_MAX).take_while(move |hit| hit.end + distance >= at)
    }

    /// Known words that start at `at` or later, no further than `distance` bytes.
    pub(crate) fn hits_after(&self, at: usize, distance: u32) -> impl Iterator<Item = &'a WordHit> + use<'a> {
        let at = offset(at);
        let first = self.scan.first_hit_after(at);
        self.scan.hits[first..]
            .iter()
            .take(HITS_MAX)
            .filter(move |hit| hit.start >= at)
            .take_while(move |hit| hit.start <= at + distance)
    }

    /// Words that speak for or against `kind` around a span.
    pub(crate) fn support(&mut self, kind: u16, start: usize, end: usize) -> Support {
        let mut support = Support::default();
        let mut against_at = None;
        let mut turns = 1;
        for hit in self.hits_before(start, SUPPORT_BEFORE) {
            turns += 1;
            let entry = self.words.entry(hit.entry);
            let distance = offset(start) - hit.end;
            if hit.role == Some(Role::Against) && distance <= AGAINST_BEFORE && against_at.is_none() {
                against_at = Some(distance);
            }
            if support.word.is_none() && entry.supports_weakly(kind) && distance <= SUPPORT_NEAR {
                support.word = Some(hit.entry);
            }
            if entry.supports(kind) {
                support.word = Some(hit.entry);
                support.near = distance <= SUPPORT_NEAR;
                support.against = against_at.is_some();
                self.steps += turns;
                return support;
            }
        }
        for hit in self.hits_after(end, SUPPORT_AFTER) {
            turns += 1;
            let entry = self.words.entry(hit.entry);
            if entry.supports(kind) {
                support.word = Some(hit.entry);
                support.near = true;
                break;
            }
            if support.word.is_none() && entry.supports_weakly(kind) {
                support.word = Some(hit.entry);
            }
        }
        support.against = against_at.is_some();
        self.steps += turns;
        support
    }

    /// The nearest known word with a role that passes `wanted`, before a position.
    pub(crate) fn role_before(&self, at: usize, distance: u32, wanted: impl Fn(Role) -> bool) -> Option<&'a WordHit> {
        self.hits_before(at, distance).find(|hit| hit.role.is_some_and(&wanted))
    }

    /// Scores a value by the words around it and reports it; `alone` and `supported` are percentages.
    pub(crate) fn report_supported(
        &mut self,
        kind: u16,
        span: std::ops::Range<usize>,
        check: &'static str,
        (alone, supported): (u8, u8),
    ) {
        let support = self.support(kind, span.start, span.end);
        let mut score = match support {
            Support { word: Some(_), near: true, .. } => f32::from(supported),
            Support { word: Some(_), .. } => f32::from(supported.saturating_sub(15).max(alone)),
            Support { word: None, .. } => f32::from(alone),
        };
        if support.against {
            score -= 35.0;
        }
        if score >= 25.0 {
            let reason = Reason { check, word: support.word, against: support.against, view: self.view };
            self.push(kind, kinds::ALL.get(usize::from(kind)).map_or("custom", |k| k.id), span, score / 100.0, reason);
        }
    }

    /// Reports a value with a score in percent.
    pub(crate) fn report(&mut self, kind: u16, span: std::ops::Range<usize>, check: &'static str, score: u8) {
        let reason = Reason { check, word: None, against: false, view: self.view };
        let detector = kinds::ALL.get(usize::from(kind)).map_or("custom", |k| k.id);
        self.push(kind, detector, span, f32::from(score) / 100.0, reason);
    }

    /// Adds a finding; spans of rewritten texts are led back to the original.
    pub(crate) fn push(&mut self, kind: u16, detector: &'static str, span: std::ops::Range<usize>, score: f32, reason: Reason) {
        self.steps += 1;
        if self.out.len() >= FINDINGS_MAX || span.is_empty() {
            return;
        }
        let (start, end) = match self.map {
            None => (offset(span.start), offset(span.end)),
            Some(map) => map.original(span),
        };
        let (zone, part) = (self.zone, self.part);
        self.out.push(Finding { kind, detector, reason, rule: NO_RULE, zone, part, start, end, score });
    }

    /// The byte before a position, a space at the start; a sign for a character that belongs to no word beside it.
    pub(crate) fn byte_before(&self, at: usize) -> u8 {
        let byte = if at == 0 { b' ' } else { self.bytes[at - 1] };
        if byte.is_ascii() { byte } else { self.sign_before(at) }
    }

    /// The byte at a position, a space past the end; a sign for a character that belongs to no word beside it.
    pub(crate) fn byte(&self, at: usize) -> u8 {
        let byte = self.bytes.get(at).copied().unwrap_or(b' ');
        if byte.is_ascii() { byte } else { self.sign_at(at) }
    }

    // Apart from the two above, which are everywhere and stay small.
    #[cold]
    fn sign_before(&self, at: usize) -> u8 {
        sign_or(self.bytes[at - 1], self.text.get(..at).and_then(|text| text.chars().next_back()))
    }

    #[cold]
    fn sign_at(&self, at: usize) -> u8 {
        sign_or(self.bytes[at], self.text.get(at..).and_then(|text| text.chars().next()))
    }
}

/// A quotation mark in place of a character that belongs to no word beside it, the byte itself otherwise.
fn sign_or(byte: u8, c: Option<char>) -> u8 {
    if c.is_some_and(stands_apart) { b'"' } else { byte }
}

/// Quotation marks and other visible punctuation, pictures, and the scripts that are written without spaces: a value may
/// begin and end right beside them. Digits in circles and the like do not stand apart, nor does what is invisible.
fn stands_apart(c: char) -> bool {
    matches!(c,
        '«' | '»' | '¡' | '¿' | '§' | '¶'
        | '\u{0e00}'..='\u{0e4f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{2016}'..='\u{2023}' | '\u{2025}' | '\u{2026}' | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{205e}'
        | '\u{2190}'..='\u{2211}' | '\u{2213}'..='\u{245f}' | '\u{2500}'..='\u{2775}' | '\u{2794}'..='\u{2bff}'
        | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{fe0f}'
        | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff9f}'
        | '\u{1f000}'..='\u{1f0ff}' | '\u{1f200}'..='\u{1faff}'
    )
}
