//! Bank identifier (BIC).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SWIFT_BIC",
    title: "Bank identifier (BIC)",
    group: Group::Financial,
    docs: "Bank, country, place and sometimes branch (ISO 9362), beside a word.",
    words: &[("en", &["bic", "swift", "swift code"]), ("de", &["bankverbindung"])],
    examples: &["BIC DEUTDEFF500"],
    counter_examples: &["DEUTDEFF500"],
    shapes: &[
        "LLLLLLdL",
        "LLLLLLLd",
        "LLLLLLdd",
        "LLLLLLdLLLL",
        "LLLLLLddLLL",
        "LLLLLLLdLLL",
        "LLLLLLLLLLL",
        "LLLLLLLL",
        "LLLLLLLLddd",
        "LLLLLLdLddd",
    ],
    check,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
