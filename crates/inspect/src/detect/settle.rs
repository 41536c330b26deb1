//! Settles overlaps: of two findings on the same characters the better one stays.
//!
//! Better is the higher score, then the plain view over a rewritten one, then the longer span, then the earlier
//! kind. Links and postal addresses are containers: they stay beside what stands inside them, except that
//! weak findings inside a container go. Invariant: what remains is sorted by place, and no two findings of one layer
//! overlap, so scanning several views never doubles a finding.

use crate::kinds::index;
use crate::report::{Finding, View};

/// A finding inside a link or an address stays only from this score on.
const INSIDE_MIN: f32 = 0.8;

fn is_container(finding: &Finding) -> bool {
    finding.kind == index::url || finding.kind == index::street_address
}

fn better(a: &Finding, b: &Finding) -> bool {
    let plain = |f: &Finding| u8::from(f.reason.view == View::Plain);
    let rank = |f: &Finding| (f.score, plain(f), f.end - f.start);
    let (x, y) = (rank(a), rank(b));
    // A rewritten view must not win over the same kind seen in plain view.
    if a.kind == b.kind && x.1 != y.1 {
        return x.1 > y.1;
    }
    x.partial_cmp(&y).is_some_and(|order| order.is_gt() || order.is_eq() && a.kind < b.kind)
}

/// Removes what loses; `findings` is sorted by place afterwards.
pub(crate) fn settle(findings: &mut Vec<Finding>, spare: &mut Vec<Finding>) {
    findings.sort_unstable_by_key(|f| (f.zone, f.part, f.start, f.end, f.kind));
    spare.clear();
    keep_best(findings, spare, is_container);
    let containers = spare.len();
    keep_best(findings, spare, |f| !is_container(f));
    let (outer, inner) = spare.split_at(containers);
    findings.clear();
    let mut at = 0;
    for finding in inner {
        while at < outer.len() && before(&outer[at], finding) {
            at += 1;
        }
        let inside = outer.get(at).is_some_and(|o| o.overlaps(finding) && o.start <= finding.start && o.end >= finding.end);
        if !inside || finding.score >= INSIDE_MIN {
            findings.push(*finding);
        }
    }
    for container in outer {
        let covered = inner.iter().skip(inner.partition_point(|i| before(i, container))).take(4);
        // An e-mail address or a secret that covers the whole link says more than the link.
        if !covered.clone().any(|i| i.overlaps(container) && i.start <= container.start && i.end >= container.end) {
            findings.push(*container);
        }
    }
    findings.sort_unstable_by_key(|f| (f.zone, f.part, f.start, f.end, f.kind));
}

/// Adds listed terms, which stay beside whatever else stands on the same characters; a rewritten view does not repeat
/// a rule that fits the text as it was written.
pub(crate) fn add_terms(findings: &mut Vec<Finding>, terms: &[Finding]) {
    for term in terms {
        let repeats = |other: &Finding| other.rule == term.rule && other.reason.view == View::Plain && other.overlaps(term);
        if findings.len() < super::FINDINGS_MAX
            && (term.reason.view == View::Plain || !terms.iter().take(REPEATS_MAX).any(repeats))
        {
            findings.push(*term);
        }
    }
    findings.sort_unstable_by_key(|f| (f.zone, f.part, f.start, f.end, f.kind, f.rule));
}

/// Terms compared to find repeats; a text with more has been caught already.
const REPEATS_MAX: usize = 256;

fn before(a: &Finding, b: &Finding) -> bool {
    (a.zone, a.part) < (b.zone, b.part) || ((a.zone, a.part) == (b.zone, b.part) && a.end <= b.start)
}

/// Appends to `kept` the findings of one layer that win; `findings` is sorted by place.
fn keep_best(findings: &[Finding], kept: &mut Vec<Finding>, layer: impl Fn(&Finding) -> bool) {
    let floor = kept.len();
    for finding in findings.iter().filter(|f| layer(f)) {
        let mut wins = true;
        while kept.len() > floor {
            let last = &kept[kept.len() - 1];
            if !last.overlaps(finding) {
                break;
            }
            if better(finding, last) {
                kept.pop();
            } else {
                wins = false;
                break;
            }
        }
        if wins {
            kept.push(*finding);
        }
    }
}
