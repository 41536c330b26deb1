//! Inspecting what was recorded: findings with their place, heads and sentiment in a dozen bytes.
//!
//! Invariants: only what is in the record is looked at; a found value is never stored, logged or handed on, only where it stands; the
//! company's lists are exchanged while messages come in, and each finding says which version of which rules made it.

use std::{
    cell::RefCell,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use inspect::{Message, Report, Scratch, heads::Head};
use networks::event::Content;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{
    desk::{Desk, Topic},
    error::Result,
    live,
    word_lists::{self, Depth, ListSet},
};

/// The version of [`Assessment`]'s bytes.
const ASSESSMENT_FORMAT: u8 = 1;
/// Most findings kept of one text: a list of a thousand card numbers is one incident.
pub const FINDINGS_MAX: usize = 200;

/// How often the number of the lists' changes is read when nothing is announced: twice within what a change may take to reach everybody.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is looked for at the moment: the inspector with the company's lists. Cheap to share; everybody who shares it sees the same.
pub struct Examiner {
    lists: RwLock<Arc<ListSet>>,
    depth: Depth,
    /// One at a time compiles.
    turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Examiner").field("depth", &self.depth).finish_non_exhaustive()
    }
}

impl Examiner {
    /// With everything the inspector can find by itself; [`Self::refresh`] adds the company's lists.
    ///
    /// # Errors
    /// [`Error::Internal`](crate::error::Error::Internal) when the built-in model cannot be read.
    pub fn new() -> Result<Self> {
        Self::with(Depth::Everything)
    }

    /// That finds what stands in lists and nothing else: for whoever only has to know what is never published.
    pub(crate) fn of_lists() -> Self {
        Self::with(Depth::ListsOnly).expect("without lists and model there is nothing that could not be compiled")
    }

    fn with(depth: Depth) -> Result<Self> {
        let lists = RwLock::new(Arc::new(ListSet::compile(&[], 0, depth)?));
        Ok(Self { lists, depth, turn: tokio::sync::Mutex::default() })
    }

    /// What is looked for now. Whoever holds it finishes with the same lists.
    pub fn current(&self) -> Arc<ListSet> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in the lists as they stand, when they changed.
    ///
    /// # Errors
    /// The database's; what was in use stays in use.
    pub async fn refresh(&self, desk: &Desk) -> Result<()> {
        if word_lists::revision(&mut desk.db().read().await?).await? == self.current().revision() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let (revision, lists) = word_lists::in_force(&mut desk.db().read().await?).await?;
        if revision == self.current().revision() {
            return Ok(());
        }
        let depth = self.depth;
        let compiled = super::intake::blocking(move || ListSet::compile(&lists, revision, depth)).await?;
        for (name, why) in compiled.unusable() {
            tracing::error!(
                list = name,
                why,
                "a word list does not compile here and finds nothing; nothing is published until it is mended or switched off"
            );
        }
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(compiled);
        Ok(())
    }

    /// Keeps the lists as they stand until told to stop: a change is in use here within two seconds, whichever process made it.
    pub async fn follow(self: Arc<Self>, desk: Desk, stop: CancellationToken) {
        let mut updates = desk.live();
        while !stop.is_cancelled() {
            if let Err(error) = self.refresh(&desk).await {
                tracing::error!(%error, "word lists cannot be read; the ones known here stay in use");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = live::told(&mut updates, Topic::WordLists) => {}
            }
        }
    }
}

/// Where in a message something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind, for example `CREDIT_CARD`, or `LISTED_TERM.` with the code of the list.
    pub kind: String,
    /// The rule that found it.
    pub detector: String,
    /// The version of the rules: the list's, or the inspector's for what no list brings.
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
pub(crate) fn examine(lists: &ListSet, content: &Content) -> Examined {
    SCRATCH.with_borrow_mut(|scratch| examine_with(lists, content, scratch))
}

fn examine_with(lists: &ListSet, content: &Content, scratch: &mut Scratch) -> Examined {
    let alt_texts: Vec<_> = content.attachments.iter().map(|attachment| attachment.alt.as_deref().unwrap_or("")).collect();
    // A target that stands in the text was read there; the part's index stays that of the link.
    let links: Vec<_> =
        content.links.iter().map(|link| if content.text.contains(link.as_str()) { "" } else { link.as_str() }).collect();
    let message = Message { text: &content.text, alt_texts: &alt_texts, links: &links, image_texts: &[] };
    let mut examined = Examined::default();
    let report = lists.inspector().inspect(&message, scratch);
    examined.assessment = Assessment::of(&report);
    examined.language = report.language().map(inspect::language::Language::id).filter(|id| *id != "und");
    note(lists, &report, None, &mut examined.findings);
    if let Some(subject) = &content.subject {
        let report = lists.inspector().inspect(&Message::from_text(subject), scratch);
        note(lists, &report, Some("subject"), &mut examined.findings);
    }
    examined
}

/// Looks at what is written in the pictures of a content, each in its place; empty for a picture that nobody read.
pub(crate) fn examine_pictures(lists: &ListSet, image_texts: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if image_texts.iter().any(|text| !text.is_empty()) {
        let message = Message { image_texts, ..Message::default() };
        SCRATCH.with_borrow_mut(|scratch| note(lists, &lists.inspector().inspect(&message, scratch), None, &mut findings));
    }
    findings
}

fn note(lists: &ListSet, report: &Report<'_>, zone: Option<&str>, findings: &mut Vec<Finding>) {
    for found in report.findings() {
        if findings.len() >= FINDINGS_MAX {
            return;
        }
        let kind = lists.kind(report, found);
        findings.push(Finding {
            version: lists.version(&kind).to_owned(),
            kind,
            detector: report.detector(found).to_owned(),
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
