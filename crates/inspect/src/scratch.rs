//! Buffers that an inspection needs, kept from message to message so that nothing is allocated after warm-up.
//!
//! Invariant: a scratch holds no state that influences a result; any scratch gives the same report.

use crate::fold::{Folded, Stretches};
use crate::heads::{Assessment, HeadScratch};
use crate::language::Language;
use crate::lexicon::LexiconScratch;
use crate::report::{Finding, View};
use crate::scan::Scan;
use crate::tokens::Tokens;

/// The buffers; one for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) scan: Scan,
    pub(crate) view_scan: Scan,
    pub(crate) folded: Folded,
    pub(crate) stretches: Stretches,
    pub(crate) joined: Folded,
    pub(crate) undisguised: Folded,
    /// The view of the body that the tokens were scanned from.
    pub(crate) body_view: View,
    pub(crate) findings: Vec<Finding>,
    pub(crate) spare: Vec<Finding>,
    pub(crate) steps: u64,
    pub(crate) tokens: Tokens,
    pub(crate) head_work: HeadScratch,
    pub(crate) lexicon: LexiconScratch,
    pub(crate) assessment: Option<Assessment>,
    pub(crate) language: Option<Language>,
    pub(crate) terms: Vec<Finding>,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leads a stretch of the body as the heads saw it back to the original.
    pub(crate) fn in_body(&self, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let map = match self.body_view {
            View::Undisguised => &self.undisguised.map,
            View::Folded => &self.folded.map,
            View::Plain | View::Joined => return span,
        };
        let (start, end) = map.original(span);
        start as usize..end as usize
    }

    /// Inner-loop turns of the last inspection: what the cost bound is stated and tested in.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}
