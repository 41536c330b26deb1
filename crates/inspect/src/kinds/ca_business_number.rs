//! Business number (Canada).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CA_BUSINESS_NUMBER",
    title: "Business number (Canada)",
    group: Group::Financial,
    countries: &["CA"],
    docs: "Nine digits with Luhn and a programme account (RC, RT, RP …) of four digits (CRA).",
    words: &[("en", &["business number", "gst", "hst", "cra", "bn"]), ("fr", &["numéro d'entreprise", "tps"])],
    examples: &["GST 123026635 RC 0001"],
    counter_examples: &["GST 123026636 RC 0001"],
    shapes: &["d{9}LLd{4}", "d{9} LLd{4}", "d{5} dddd LL dddd", "d{9} LL dddd"],
    check,
    proof: "Luhn check digit and programme fit",
    alone: 75,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    let programme = &c.norm[9..11];
    Check::from(luhn(&c.norm[..9]) && [b"RC", b"RT", b"RP", b"RM", b"RR", b"RZ"].iter().any(|p| programme == &p[..]))
}
