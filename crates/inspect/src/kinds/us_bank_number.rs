//! Bank account number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_BANK_NUMBER",
    title: "Bank account number (United States)",
    group: Group::Financial,
    countries: &["US"],
    docs: "Eight to seventeen digits beside a word for an account; no check digit exists.",
    words: &[(
        "en",
        &[
            "account number",
            "bank account",
            "checking account",
            "savings account",
            "account no",
            "acct number",
            "acct no",
            "account",
            "acct",
            "deposit account",
        ],
    )],
    examples: &["bank account 945456787654"],
    counter_examples: &["945456787654 views"],
    shapes: &["d{8}", "d{9}", "d{10}", "d{11}", "d{12}", "d{13}", "d{14}", "d{17}"],
    check,
    proof: "length of an account number",
    supported: 55,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
