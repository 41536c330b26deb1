//! Special category of personal data.

use super::prelude::*;
use crate::detect::Context;
use crate::words::Role;

pub(crate) const KIND: Kind = Kind {
    id: "SPECIAL_CATEGORY",
    title: "Special category of personal data",
    group: Group::Special,
    docs: "A word of health, belief, orientation, origin or union membership in a statement about a person (GDPR article 9).",
    words: &[],
    examples: &["I was diagnosed with depression", "she is a Muslim", "my HIV test was positive", "er ist schwul"],
    counter_examples: &["a depression in the landscape", "the union of sets", "cancer research is important"],
    proof: "a statement about a person",
    alone: 50,
    supported: 60,
    ..BLANK
};

/// Words that, said of a person, tell about health, belief, orientation, origin or membership.
pub(crate) const WORDS: &[&str] = &[
    "depression", "diabetes", "cancer", "hiv", "aids", "hepatitis", "epilepsy", "schizophrenia", "bipolar", "autism", "autistic", "adhd", "dementia", "alzheimer", "parkinson", "pregnant", "pregnancy", "miscarriage", "abortion", "chemotherapy", "dialysis", "leukemia", "tumor", "tumour", "stroke",
    "muslim", "christian", "jewish", "jew", "catholic", "hindu", "buddhist", "atheist", "sikh", "protestant", "gay", "lesbian", "bisexual", "transgender", "queer", "homosexual", "union member", "trade union", "disabled", "wheelchair",
    "krebs", "schwul", "lesbisch", "schwanger", "depressionen", "behindert", "muslimisch", "jüdisch", "katholisch", "evangelisch", "gewerkschaft", "diabète", "dépression", "enceinte", "musulman", "musulmane", "juif", "juive", "homosexuel", "syndicat",
    "cáncer", "embarazada", "musulmán", "judío", "católico", "sindicato", "cancro", "incinta", "depressione", "ebreo", "cattolico", "sindacato", "kanker", "zwanger", "moslim", "joods", "vakbond", "grávida", "câncer", "judeu", "ciąży", "rak", "depresja", "katolik", "żyd", "muzułmanin", "gej",
];
/// Words that make a statement about a person of what follows.
pub(crate) const PERSONAL: &[&str] = &[
    "i am", "i'm", "i was", "i have", "i've", "he is", "he's", "she is", "she's", "he has", "she has", "he was", "she was", "they are", "my", "his", "her", "diagnosed", "suffers from", "suffer from", "tested positive", "was diagnosed", "has been",
    "ich bin", "ich habe", "er ist", "sie ist", "er hat", "sie hat", "meine", "mein", "seine", "ihre", "leidet an", "je suis", "j'ai", "il est", "elle est", "elle a", "soy", "estoy", "tengo", "ella es", "él es", "está", "sono", "ho", "lui è", "lei è", "è",
    "ik ben", "ik heb", "hij is", "zij is", "ze is", "sou", "tenho", "ela é", "ele é", "estou", "jestem", "mam", "ona jest", "on jest", "choruje na", "w",
];
/// How far a personal statement may stand before the word.
const REACH: u32 = 28;

/// Reports a word when a personal statement stands shortly before it.
pub(crate) fn word(context: &mut Context<'_>, start: usize, end: usize) {
    context.steps += 8;
    let stated = context.role_before(start, REACH, |role| role == Role::Personal);
    let same_sentence = |from: usize| !context.bytes[from..start].iter().any(|b| matches!(b, b'.' | b'!' | b'?' | b'\n' | b';'));
    if stated.is_some_and(|hit| same_sentence(hit.end as usize)) {
        context.report(super::index::special_category, start..end, KIND.proof, KIND.alone);
    }
}
