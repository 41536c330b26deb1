//! Citizen number (Slovenia, Serbia and neighbours).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SI_EMSO",
    title: "Citizen number (Slovenia, Serbia and neighbours)",
    group: Group::National,
    countries: &["SI", "RS", "BA", "ME", "MK"],
    docs: "Birth date with three digits of the year, region, serial number, check digit (weights 7 to 2).",
    words: &[("sl", &["emšo", "emso"]), ("sr", &["jmbg", "јмбг"]), ("en", &["jmbg", "emso"])],
    examples: &["EMŠO 0101006500006"],
    counter_examples: &["EMŠO 0101006500007"],
    shapes: &["d{13}"],
    check,
    proof: "birth date and check digit fit",
    alone: 55,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = 11 - weighted(c.norm, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let year = c.number(4, 7);
    let year = if year > 800 { 1000 + year } else { 2000 + year };
    Check::from(is_date(year, c.number(2, 4), c.number(0, 2)) && rest % 11 == digit(c.norm[12]))
}
