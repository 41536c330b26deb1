//! Tax number of a tax office (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_TAX_NUMBER",
    title: "Tax number of a tax office (Germany)",
    group: Group::National,
    countries: &["DE"],
    docs: "Office, district and number as the federal states write them, or thirteen digits for the whole country, beside a word.",
    words: &[("de", &["steuernummer", "steuer nr", "steuernr", "st nr", "finanzamt", "stnr"])],
    examples: &["Steuernummer 181/815/08155"],
    counter_examples: &["Aktenzeichen 181/815/08155"],
    shapes: &["dd/ddd/ddddd", "ddd/ddd/ddddd", "ddd/dddd/dddd", "dddd/ddddd/ddddd", "d{13}", "ddd ddd ddddd", "dd ddd ddddd"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
