//! Driver's licence number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_DRIVER_LICENSE",
    title: "Driver's licence number (United States)",
    group: Group::Document,
    countries: &["US"],
    docs: "The states' formats: a letter with 3 to 14 digits, two letters with digits, or 7 to 9 and 12 digits alone, beside a word for a licence.",
    words: &[(
        "en",
        &[
            "driver",
            "driver s license",
            "drivers license",
            "driver license",
            "driver s licence",
            "driving licence",
            "driving license",
            "license number",
            "licence number",
            "license no",
            "dl number",
            "dl no",
            "permit",
        ],
    )],
    examples: &["My driver's license number is U62928788557186", "driver's license LH329609T", "driver license 50473044"],
    counter_examples: &["order 50473044", "the driver arrived"],
    shapes: &[
        "Ld{3}",
        "Ld{4}",
        "Ld{5}",
        "Ld{6}",
        "Ld{7}",
        "Ld{8}",
        "Ld{9}",
        "Ld{11}",
        "Ld{12}",
        "Ld{13}",
        "Ld{14}",
        "LLd{2}",
        "LLd{3}",
        "LLd{4}",
        "LLd{5}",
        "LLd{6}",
        "LLd{7}",
        "LLd{6}L",
        "LLddLLLddL",
        "LLLd{6}",
        "d{7}",
        "d{8}",
        "d{9}",
        "d{10}",
        "d{12}",
        "Ld{6}L",
        "ddLLLdd{4}",
        "d{8}LL",
        "dddLLdddd",
        "d{9}L",
        "Lddd-dddd-dddd",
        "Lddd-ddd-ddd-ddd",
    ],
    check,
    proof: "a state's format",
    supported: 78,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
