//! Vehicle registration (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_VEHICLE_REGISTRATION",
    title: "Vehicle registration (India)",
    group: Group::Document,
    countries: &["IN"],
    docs: "State, district, series letters, four digits.",
    words: &[("en", &["vehicle", "plate", "rto", "registration", "car number", "number plate"])],
    examples: &["vehicle MH 12 AB 1234"],
    counter_examples: &["MH 12 AB 1234 is on sale", "XX 12 AB 1234"],
    shapes: &["LLddLLdddd", "LL dd LL dddd", "LL-dd-LL-dddd", "LLddLdddd", "LL dd L dddd", "LL-dd-L-dddd"],
    check,
    proof: "state exists",
    supported: 84,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let state = &c.norm[..2];
    let known = b"ANAPARASBRCHCGDDDLGAGJHRHPJKJHKAKLLALDMPMHMNMLMZNLODOROPPYPBRJSKTNTSTRUPUKWBTG".chunks(2).any(|s| s == state);
    Check::from(known && c.is_upper())
}
