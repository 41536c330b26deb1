//! Tax number (Mexico).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "MX_RFC",
    title: "Tax number (Mexico)",
    group: Group::National,
    countries: &["MX"],
    docs: "Three or four letters, a date, three characters (SAT).",
    words: &[("es", &["rfc", "registro federal"]), ("en", &["mexican tax"])],
    examples: &["RFC GODE561231GR8"],
    counter_examples: &["RFC GODE561331GR8"],
    shapes: &[
        "LLLLd{6}LLd",
        "LLLLd{6}LLL",
        "LLLd{6}LLd",
        "LLLLd{6}dLd",
        "LLLLd{6}Ldd",
        "LLLd{6}Ldd",
        "LLLd{6}LLL",
        "LLLLd{6}LdL",
        "LLLd{6}dLd",
        "LLLLd{6}ddd",
    ],
    check,
    proof: "date inside fits",
    alone: 45,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    let letters = c.norm.iter().take_while(|b| b.is_ascii_alphabetic()).count().min(4);
    Check::from(is_short_date(
        c.number(letters, letters + 2),
        c.number(letters + 2, letters + 4),
        c.number(letters + 4, letters + 6),
    ))
    .and_weak(!c.is_upper())
}
