//! Identity card number (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_IDENTITY_CARD",
    title: "Identity card number (Italy)",
    group: Group::Document,
    countries: &["IT"],
    docs: "Two letters, five digits, two letters, or two letters and seven digits, beside a word.",
    words: &[("it", &["carta d'identità", "carta identità", "identità", "documento", "cie", "c i n"])],
    examples: &["carta d'identità CA12345AA", "CIE: CA12345AA"],
    counter_examples: &["volo CA12345AA"],
    shapes: &["LLd{5}LL", "LLd{7}", "LLdLLLLd"],
    check,
    supported: 75,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
