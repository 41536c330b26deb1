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
    counter_examples: &["20-00-00", "the account was opened 31-66-55 years ago"],
    shapes: &["dd-dd-dd d{8}", "dd dd dd d{8}", "dd-dd-dd"],
    check: |c| if c.norm.len() == 14 { Check::Good } else { Check::Weak },
    proof: "sort code and account",
    alone: 45,
    supported: 90,
};
