//! Practice number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_BSNR",
    title: "Practice number (Germany)",
    group: Group::Health,
    countries: &["DE"],
    docs: "Nine digits of which the first two name a regional association (KBV).",
    words: &[("de", &["bsnr", "betriebsstättennummer", "betriebsstätten nummer", "betriebsstätte"])],
    examples: &["BSNR 521234509"],
    counter_examples: &["BSNR 401234509"],
    shapes: &["d{9}"],
    check,
    proof: "regional association exists",
    supported: 82,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.number(0, 2), 1..=3 | 17 | 20 | 38 | 46 | 51 | 52 | 71..=73 | 78 | 83 | 88 | 93 | 98 | 99))
}
