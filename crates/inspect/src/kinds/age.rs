//! Ages of people.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;

pub(crate) const KIND: Kind = Kind {
    id: "AGE",
    title: "Age of a person",
    group: Group::Time,
    docs: "A number from 0 to 120 with words that make it an age: aged, turned, years old, y/o, Jahre alt, ans, años, anni, jaar oud, anos, lat.",
    words: &[
        ("en", &["aged", "age of", "turned", "age", "year old", "years old", "years of age", "yr old", "yrs old", "y o", "yo"]),
        ("de", &["jahre alt", "jähriger", "jährige", "alter von", "im alter"]),
        ("fr", &["âgé de", "âgée de", "ans"]),
        ("es", &["años de edad", "años", "edad"]),
        ("it", &["anni", "età"]),
        ("nl", &["jaar oud", "leeftijd"]),
        ("pt", &["anos de idade", "idade"]),
        ("pl", &["lat", "wiek"]),
    ],
    examples: &[
        "I just turned 42",
        "This 79 year old female",
        "and i'm 54 y/o.",
        "er ist 33 Jahre alt",
        "retired at the age of 61",
        "aged 7",
        "j'ai 34 ans",
        "tengo 34 años",
        "tenho 34 anos",
        "mam 34 lata",
    ],
    counter_examples: &[
        "turned 180 degrees",
        "42 people",
        "a 10-year plan",
        "page 42",
        "hace 3 años",
        "il y a 34 ans",
        "2 anni fa",
    ],
    proof: "a number with words of age",
    ..BLANK
};

const BEFORE: [&str; 14] = [
    "turned ",
    "aged ",
    "age of ",
    "age: ",
    "age ",
    "turning ",
    "im alter von ",
    "âgé de ",
    "âgée de ",
    "edad: ",
    "età: ",
    "leeftijd: ",
    "idade: ",
    "wiek: ",
];
const AFTER: [&str; 28] = [
    " year old",
    "-year-old",
    " years old",
    " year-old",
    "-year old",
    " years of age",
    " yr old",
    " yrs old",
    " y/o",
    "y/o",
    " y.o",
    " yo ",
    "yo ",
    " jahre alt",
    "-jährige",
    " ans et ",
    " ans.",
    " ans,",
    " años",
    " anni",
    " jaar oud",
    " anos de idade",
    " lat.",
    " lat ",
    " months old",
    " mois.",
    " yo.",
    " yo,",
];
/// Words before and after a number that make an age of it only together: "il y a 34 ans" is none.
const AROUND: [(&str, &str); 9] = [
    ("j'ai ", " ans"),
    ("il a ", " ans"),
    ("elle a ", " ans"),
    ("tenho ", " anos"),
    ("tem ", " anos"),
    ("mam ", " lat"),
    ("ma ", " lat"),
    ("ha ", " anni"),
    ("ho ", " anni"),
];
/// "hace 3 años", "2 anni fa": a time that has passed.
const PASSED: [&str; 8] = ["hace ", "durante ", "il y a ", "depuis ", "da ", "seit ", "por ", "od "];
const PASSED_AFTER: [&str; 3] = [" anni fa", " años atrás", " lat temu"];
/// "turned 180 degrees", "turned 5 pages": a noun after the number is no age unless it is a pause.
const PAUSES: [&str; 12] = ["", ".", "!", ",", "?", ")", " years", " today", " yesterday", " this", " and", "\n"];

/// Reports an age when the digits at `start..end` are one.
pub(crate) fn scan(context: &mut Context<'_>, start: usize, end: usize) {
    let count = end - start;
    if !(1..=3).contains(&count) || number(&context.bytes[start..end]) > 120 || is_word(context.byte_before(start)) {
        return;
    }
    // Nearly every number has neither a space nor a sign beside it that an age has.
    if context.byte_before(start) != b' ' && !matches!(context.bytes.get(end), Some(b' ' | b'-' | b'y' | b'Y')) {
        return;
    }
    context.steps += 60;
    let after_at = |words: &[&str]| {
        words.iter().any(|w| {
            let rest = &context.bytes[end..];
            rest.len() >= w.len() && eq_folded(&rest[..w.len()], w.as_bytes())
        })
    };
    let follows = |w: &str| {
        let head = &context.bytes[..start];
        let at = head.len().wrapping_sub(w.len());
        head.len() >= w.len() && eq_folded(&head[at..], w.as_bytes()) && !is_word(context.byte_before(at))
    };
    let before = BEFORE.iter().find(|w| follows(w));
    let pause = context.bytes.len() == end || after_at(&PAUSES[1..]);
    let (from, score) = match before {
        _ if PASSED.iter().any(|w| follows(w)) || after_at(&PASSED_AFTER) => return,
        _ if after_at(&AFTER) || AROUND.iter().any(|(before, after)| follows(before) && after_at(&[after])) => (start, 75),
        Some(word) if pause || *word != "turned " => (start, 70),
        _ => return,
    };
    context.report(super::index::age, from..end, KIND.proof, score);
}

fn eq_folded(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).all(|(x, y)| x | 0x20 == y | 0x20)
}
