//! Inspecting what was recorded: findings with their place, heads and sentiment in a dozen bytes.
//!
//! Invariants: only what is in the record is looked at; a found value is never stored, logged or handed on, only where it stands; the
//! inspector can be exchanged while messages come in, and each finding says which version made it.

use std::{
    cell::RefCell,
    sync::{Arc, PoisonError, RwLock},
};

use inspect::{Config, Inspector, Message, Report, Scratch, heads::Head};
use networks::event::Content;
use serde::Serialize;

use crate::error::{Error, Result};

/// The version of [`Assessment`]'s bytes.
const ASSESSMENT_FORMAT: u8 = 1;
/// Most findings kept of one text: a list of a thousand card numbers is one incident.
pub const FINDINGS_MAX: usize = 200;

/// The inspector in use.
pub struct Examiner {
    inspector: RwLock<Arc<Inspector>>,
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Examiner")
    }
}

impl Examiner {
    /// With everything the inspector can find by itself.
    ///
    /// # Errors
    /// [`Error::Internal`] when the built-in model cannot be read.
    pub fn new() -> Result<Self> {
        let inspector = Inspector::compile(&Config::default()).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { inspector: RwLock::new(Arc::new(inspector)) })
    }

    /// Uses another inspector from now on.
    pub fn exchange(&self, inspector: Arc<Inspector>) {
        *self.inspector.write().unwrap_or_else(PoisonError::into_inner) = inspector;
    }

    pub(crate) fn current(&self) -> Arc<Inspector> {
        self.inspector.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Where in a message something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind, for example `CREDIT_CARD`.
    pub kind: String,
    /// The rule that found it.
    pub detector: String,
    /// The version of the rules.
    pub version: String,
    /// `low`, `medium` or `high`.
    pub level: String,
    /// Confidence in thousandths.
    pub score: i64,
    /// `text`, `subject`, `alt_text`, `link` or `image_text`.
    pub zone: String,
    /// Index of the part inside its zone.
    pub zone_part: i64,
    /// First byte (UTF-8) in that part.
    pub start: i64,
    /// One past the last byte.
    pub end: i64,
}

/// What the text heads say of a message, in twelve bytes: each probability in 255ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Probability of each head, in the order of [`Head::ALL`].
    pub heads: [u8; 8],
    /// Bit `n` is set when head `n` reached its published threshold.
    pub flags: u8,
    /// Negative, neutral, positive.
    pub sentiment: [u8; 3],
}

impl Assessment {
    /// The bytes as they are stored.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![ASSESSMENT_FORMAT];
        bytes.extend_from_slice(&self.heads);
        bytes.push(self.flags);
        bytes.extend_from_slice(&self.sentiment);
        bytes
    }

    /// Reads stored bytes; nothing for a form this program does not know.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let rest: &[u8; 12] = rest.try_into().ok().filter(|_| format == ASSESSMENT_FORMAT)?;
        Some(Self { heads: rest[..8].try_into().ok()?, flags: rest[8], sentiment: rest[9..].try_into().ok()? })
    }

    /// The heads that reached their threshold, with their probability.
    pub fn flagged(&self) -> impl Iterator<Item = (Head, f32)> + '_ {
        Head::ALL
            .into_iter()
            .zip(self.heads)
            .enumerate()
            .filter(|(n, _)| self.flags >> n & 1 == 1)
            .map(|(_, (head, value))| (head, f32::from(value) / 255.0))
    }

    fn of(report: &Report<'_>) -> Option<Self> {
        let assessment = report.assessment()?;
        let mut heads = [0; 8];
        let mut flags = 0;
        for (n, head) in Head::ALL.into_iter().enumerate() {
            heads[n] = share(assessment.probability(head));
            flags |= u8::from(assessment.is_flagged(head)) << n;
        }
        let s = assessment.sentiment;
        Some(Self { heads, flags, sentiment: [share(s.negative), share(s.neutral), share(s.positive)] })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and 255 before it is cut")]
fn share(probability: f32) -> u8 {
    (probability * 255.0).round().clamp(0.0, 255.0) as u8
}

/// What was seen in one content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Examined {
    pub(crate) findings: Vec<Finding>,
    pub(crate) assessment: Option<Assessment>,
    /// The language the text seems to be in, where that can be told.
    pub(crate) language: Option<&'static str>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Looks at a content: text, subject, alternative texts, link targets.
pub(crate) fn examine(inspector: &Inspector, content: &Content) -> Examined {
    SCRATCH.with_borrow_mut(|scratch| examine_with(inspector, content, scratch))
}

fn examine_with(inspector: &Inspector, content: &Content, scratch: &mut Scratch) -> Examined {
    let alt_texts: Vec<_> = content.attachments.iter().map(|attachment| attachment.alt.as_deref().unwrap_or("")).collect();
    // A target that stands in the text was read there; the part's index stays that of the link.
    let links: Vec<_> =
        content.links.iter().map(|link| if content.text.contains(link.as_str()) { "" } else { link.as_str() }).collect();
    let message = Message { text: &content.text, alt_texts: &alt_texts, links: &links, image_texts: &[] };
    let mut examined = Examined::default();
    let report = inspector.inspect(&message, scratch);
    examined.assessment = Assessment::of(&report);
    examined.language = report.language().map(inspect::language::Language::id).filter(|id| *id != "und");
    note(&report, None, &mut examined.findings);
    if let Some(subject) = &content.subject {
        note(&inspector.inspect(&Message::from_text(subject), scratch), Some("subject"), &mut examined.findings);
    }
    examined
}

/// Looks at what is written in the pictures of a content, each in its place; empty for a picture that nobody read.
pub(crate) fn examine_pictures(inspector: &Inspector, image_texts: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if image_texts.iter().any(|text| !text.is_empty()) {
        let message = Message { image_texts, ..Message::default() };
        SCRATCH.with_borrow_mut(|scratch| note(&inspector.inspect(&message, scratch), None, &mut findings));
    }
    findings
}

fn note(report: &Report<'_>, zone: Option<&str>, findings: &mut Vec<Finding>) {
    for found in report.findings() {
        if findings.len() >= FINDINGS_MAX {
            return;
        }
        findings.push(Finding {
            kind: report.kind(found).to_owned(),
            detector: report.detector(found).to_owned(),
            version: inspect::VERSION.to_owned(),
            level: found.level().name().to_owned(),
            score: thousandths(found.score),
            zone: zone.unwrap_or(found.zone.name()).to_owned(),
            zone_part: i64::from(found.part),
            start: i64::from(found.start),
            end: i64::from(found.end),
        });
    }
}

#[expect(clippy::cast_possible_truncation, reason = "held between 0 and 1000 before it is cut")]
fn thousandths(score: f32) -> i64 {
    (score * 1000.0).round().clamp(0.0, 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use networks::event::{Attachment, Content};

    use super::{Assessment, Examiner, examine};

    #[test]
    fn every_zone_is_looked_at_and_no_value_is_kept() {
        let examiner = Examiner::new().expect("compiles");
        let content = Content {
            text: "my card is 4111 1111 1111 1111".to_owned(),
            subject: Some("write to ann@example.test".to_owned()),
            links: vec!["https://example.test/?mail=bob@example.test".to_owned()],
            attachments: vec![
                Attachment::default(),
                Attachment { alt: Some("a card, 5500 0000 0000 0004".to_owned()), ..Attachment::default() },
            ],
            ..Content::default()
        };
        let examined = examine(&examiner.current(), &content);
        let found = |kind: &str, zone: &str, part: i64| {
            examined.findings.iter().any(|finding| finding.kind == kind && finding.zone == zone && finding.zone_part == part)
        };
        assert!(found("CREDIT_CARD", "text", 0) && found("CREDIT_CARD", "alt_text", 1), "{examined:?}");
        assert!(found("EMAIL_ADDRESS", "subject", 0) && found("EMAIL_ADDRESS", "link", 0), "{examined:?}");
        let shown = format!("{examined:?}");
        assert!(!shown.contains("4111") && !shown.contains("ann@"), "{shown}");
    }

    #[test]
    fn an_assessment_reads_back_and_an_unknown_one_is_none() {
        let assessment = Assessment { heads: [1, 2, 3, 4, 5, 6, 7, 8], flags: 0b101, sentiment: [9, 10, 11] };
        assert_eq!(Assessment::read(&assessment.bytes()), Some(assessment));
        assert_eq!(assessment.flagged().count(), 2);
        let mut newer = assessment.bytes();
        newer[0] = 2;
        assert_eq!(Assessment::read(&newer), None);
    }
}
