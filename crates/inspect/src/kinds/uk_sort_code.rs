//! Sort code and account number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_SORT_CODE",
    title: "Sort code and account number (United Kingdom)",
    group: Group::Financial,
    countries: &["GB"],
    docs: "Six digits in pairs, with an account of eight digits behind them or beside their name.",
    words: &[("en", &["sort code", "sortcode"])],
    examples: &["sort code 20-00-00 55779911", "Sort code: 31-66-55, account 28719643", "account number 20-00-00 55779911"],
    counter_examples: &["20-00-00", "we opened a bank account 12-11-24"],
    shapes: &["dd-dd-dd d{8}", "dd dd dd d{8}", "dd-dd-dd"],
    check,
    proof: "sort code and account",
    alone: 45,
    supported: 90,
};

fn check(c: &Candidate<'_>) -> Check {
    let is_date = (1..=31).contains(&c.number(0, 2)) && (1..=12).contains(&c.number(2, 4));
    match c.norm.len() {
        14 => Check::Good,
        // "account opened 12-11-24": one sort code in thirty could be a date as well, and dates are what people write.
        _ if is_date => Check::No,
        _ => Check::Weak,
    }
}
