//! Masks findings in a text.
//!
//! Invariant: a mask has a fixed length for its kind, so it does not tell how long the value was; what stands outside
//! of findings is kept byte for byte. Masking does not decide what is worth masking: it masks what the report holds.

use crate::inspector::Report;
use crate::message::Zone;

/// What stands in place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `[CREDIT_CARD]`
    Kind,
    /// Eight full blocks.
    Blocks,
}

const BLOCKS: &str = "████████";

/// The body with every finding of the report masked; overlapping findings become one mask.
pub fn redact(text: &str, report: &Report<'_>, style: Style) -> String {
    redact_part(text, report, Zone::Text, 0, style)
}

/// Another part of the message with every finding in it masked.
pub fn redact_part(text: &str, report: &Report<'_>, zone: Zone, part: u16, style: Style) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let findings = report.findings().iter().filter(|f| f.zone == zone && f.part == part && f.end as usize <= text.len());
    for finding in findings {
        let (start, end) = (finding.start as usize, finding.end as usize);
        if start >= at {
            out.push_str(&text[at..start]);
            match style {
                Style::Kind => {
                    out.push('[');
                    out.push_str(report.kind(finding));
                    out.push(']');
                }
                Style::Blocks => out.push_str(BLOCKS),
            }
        }
        at = at.max(end);
    }
    out.push_str(&text[at..]);
    out
}
