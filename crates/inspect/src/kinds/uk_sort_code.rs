//! Sort code and account number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_SORT_CODE",
    title: "Sort code and account number (United Kingdom)",
    group: Group::Financial,
    countries: &["GB"],
    docs: "Six digits in pairs and an account of eight digits, beside a word for an account.",
    words: &[("en", &["sort code", "account", "bank"])],
    examples: &["sort code 20-00-00 55779911"],
    counter_examples: &["20-00-00"],
    shapes: &["dd-dd-dd d{8}", "dd dd dd d{8}"],
    check: |_| Check::Good,
    proof: "sort code and account",
    alone: 45,
    supported: 90,
};
