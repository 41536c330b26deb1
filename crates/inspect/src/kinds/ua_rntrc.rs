//! Taxpayer number (Ukraine).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UA_RNTRC",
    title: "Taxpayer number (Ukraine)",
    group: Group::National,
    countries: &["UA"],
    docs: "Ten digits with modulus 11.",
    words: &[("uk", &["рнокпп", "іпн", "ідентифікаційний код"]), ("en", &["ukrainian tax"])],
    examples: &["РНОКПП 1759013776"],
    counter_examples: &["РНОКПП 1759013777"],
    shapes: &["d{10}"],
    check,
    proof: "check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let sum: u32 = digit(c.norm[1]) * 5
        + digit(c.norm[2]) * 7
        + digit(c.norm[3]) * 9
        + digit(c.norm[4]) * 4
        + digit(c.norm[5]) * 6
        + digit(c.norm[6]) * 10
        + digit(c.norm[7]) * 5
        + digit(c.norm[8]) * 7
        + 11 * 11
        - digit(c.norm[0]);
    Check::from(sum % 11 % 10 == digit(c.norm[9]))
}
