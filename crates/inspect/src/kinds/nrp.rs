//! Nationality, religious or political group.

use super::prelude::*;
use crate::detect::Context;
use crate::words::Role;

pub(crate) const KIND: Kind = Kind {
    id: "NRP",
    title: "Nationality, religious or political group",
    group: Group::Special,
    docs: "A nationality, religion or political affiliation named of a person.",
    words: &[],
    examples: &["I am German", "she is a Republican"],
    counter_examples: &["German cars are fast"],
    proof: "named of a person",
    alone: 45,
    supported: 55,
    ..BLANK
};

/// Nationalities and political affiliations.
pub(crate) const WORDS: &[&str] = &[
    "american",
    "german",
    "french",
    "british",
    "english",
    "irish",
    "scottish",
    "welsh",
    "spanish",
    "italian",
    "dutch",
    "portuguese",
    "polish",
    "belgian",
    "swiss",
    "austrian",
    "danish",
    "swedish",
    "norwegian",
    "finnish",
    "russian",
    "ukrainian",
    "turkish",
    "greek",
    "czech",
    "hungarian",
    "romanian",
    "bulgarian",
    "croatian",
    "serbian",
    "chinese",
    "japanese",
    "korean",
    "indian",
    "pakistani",
    "mexican",
    "brazilian",
    "canadian",
    "australian",
    "egyptian",
    "nigerian",
    "kenyan",
    "moroccan",
    "israeli",
    "iranian",
    "iraqi",
    "syrian",
    "afghan",
    "vietnamese",
    "thai",
    "filipino",
    "republican",
    "democrat",
    "communist",
    "socialist",
    "conservative",
];
/// Directly before the word.
const REACH: u32 = 6;

/// Reports a word directly after a personal statement: "I am German", "she is a Republican".
pub(crate) fn word(context: &mut Context<'_>, start: usize, end: usize) {
    context.steps += 4;
    let stated = context.role_before(start, REACH, |role| role == Role::Personal);
    let ends_there = end >= context.bytes.len()
        || context.byte(end) != b' '
        || context.bytes[end..].starts_with(b" and ")
        || context.bytes[end..].starts_with(b" from ");
    let is_statement = stated.is_some_and(|hit| hit.end - hit.start > 3);
    if is_statement && ends_there {
        context.report(super::index::nrp, start..end, KIND.proof, KIND.alone);
    }
}
