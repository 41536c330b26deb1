//! Commercial register number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_HANDELSREGISTER",
    title: "Commercial register number (Germany)",
    group: Group::Financial,
    countries: &["DE"],
    docs: "HRA or HRB and one to six digits.",
    words: &[("de", &["handelsregister", "amtsgericht", "registergericht", "handelsregisternummer"])],
    examples: &["Amtsgericht München HRB 12345"],
    counter_examples: &["ABC 12345"],
    shapes: &["LLL d{3}", "LLL d{4}", "LLL d{5}", "LLL d{6}", "LLLd{4}", "LLLd{5}", "LLLd{6}"],
    check,
    proof: "register and number",
    alone: 60,
    supported: 90,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm.starts_with(b"HRA") || c.norm.starts_with(b"HRB"))
}
