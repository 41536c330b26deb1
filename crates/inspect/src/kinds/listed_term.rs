//! Terms of the operator's lists; the lists themselves stand in `lexicon`.

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "LISTED_TERM",
    title: "Term of a list",
    group: Group::Terms,
    docs: "A word, phrase or combination of a list (must-any, must-all, must-not, NEAR, BEFORE, wildcards, stems). The reason names the rule, its list and the line. The starter packs are such lists.",
    words: &[],
    examples: &["this is strictly confidential"],
    counter_examples: &["good morning"],
    proof: "a listed term",
    ..BLANK
};
