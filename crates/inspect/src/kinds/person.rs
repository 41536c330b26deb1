//! Names of people, where the text itself says that it is one.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;
use crate::words::Role;

pub(crate) const KIND: Kind = Kind {
    id: "PERSON",
    title: "Name of a person",
    group: Group::Contact,
    docs: "One to four capitalised words after an honorific (Mr, Dr, Frau, Mme, Sra., Sig., Pan …), after a self-introduction (my name is, ich heiße, je m'appelle, me llamo, mi chiamo, ik heet, chamo-me, nazywam się), after a field label (Name:), or between a greeting and a comma. Names that nothing announces are left alone: guessing them would mark brands and places.",
    words: &[],
    examples: &[
        "Mrs. Baker called",
        "My name is Jürgen Krämer",
        "Hi Thelma, thanks",
        "Name: Åsa Laine",
        "ich heiße Ana López",
        "Dr. Megan Sato",
    ],
    counter_examples: &["Hi there, all", "Mr. and Mrs.", "my name is mud", "Dear customer, hello", "I'm Sorry"],
    proof: "announced as a name",
    ..BLANK
};

const WORDS_MAX: usize = 4;
/// Capitalised words that follow "I'm" or a greeting without being a name.
const NOT_NAMES: &[&str] = &[
    "all",
    "and",
    "any",
    "both",
    "colleague",
    "colleagues",
    "customer",
    "customers",
    "dear",
    "der",
    "die",
    "everybody",
    "everyone",
    "folks",
    "friend",
    "friends",
    "god",
    "guys",
    "he",
    "hello",
    "hi",
    "i",
    "in",
    "it",
    "just",
    "ladies",
    "lord",
    "love",
    "madam",
    "mr",
    "mrs",
    "ms",
    "my",
    "no",
    "not",
    "oh",
    "ok",
    "okay",
    "or",
    "our",
    "santa",
    "she",
    "sir",
    "so",
    "sorry",
    "team",
    "thanks",
    "thank",
    "that",
    "the",
    "there",
    "they",
    "this",
    "to",
    "very",
    "we",
    "what",
    "who",
    "yes",
    "you",
    "your",
    "president",
    "minister",
    "world",
    "support",
    "dr",
    "prof",
    "frau",
    "herr",
    "from",
    "at",
    "a",
    "an",
    "is",
    "was",
    "happy",
    "sure",
    "glad",
    "sad",
    "american",
    "german",
    "french",
    "canadian",
    "british",
    "australian",
    "dutch",
    "irish",
    "polish",
];
/// Small words inside names.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "bin", "al", "el", "zu", "ten", "ter",
];

/// Reports a name after a word that announces one.
pub(crate) fn word(context: &mut Context<'_>, role: Role, end: usize) {
    let (from, score) = match role {
        Role::Honorific => (end + usize::from(context.byte(end) == b'.'), 75),
        Role::Introduction => (end, 80),
        Role::WeakIntroduction => (end, 50),
        Role::Greeting => (end, 55),
        Role::NameField if context.byte(end) == b':' => (end + 1, 75),
        _ => return,
    };
    let from = spaces(context, from, if role == Role::NameField { 12 } else { 1 });
    let any_case = role == Role::NameField;
    let Some((stop, count)) = name(context, from, any_case) else { return };
    context.steps += (stop - from) as u64 + 8;
    match role {
        Role::Greeting if count > 2 || !matches!(context.byte(stop), b',' | b'!') => return,
        Role::WeakIntroduction if count > 3 || !is_pause(context, stop, count) => return,
        _ => {}
    }
    context.report(super::index::person, from..stop, KIND.proof, score);
}

fn spaces(context: &Context<'_>, from: usize, most: usize) -> usize {
    from + context.bytes[from.min(context.bytes.len())..].iter().take(most).take_while(|b| **b == b' ').count()
}

/// After "I am", two words in capitals that end the sentence, or one that says where from: "I'm Sick." is no name.
fn is_pause(context: &Context<'_>, at: usize, count: usize) -> bool {
    let rest = &context.bytes[at..];
    let ends = rest.is_empty() || matches!(rest[0], b'.' | b',' | b'!' | b';' | b'\n') || rest.starts_with(b" and ");
    rest.starts_with(b" from ") || (count >= 2 && ends)
}

/// The end of a name that begins at `from` and the number of its words.
fn name(context: &Context<'_>, from: usize, any_case: bool) -> Option<(usize, usize)> {
    let (mut end, mut at, mut count) = (None, from, 0);
    let mut particles = 0;
    while count < WORDS_MAX && particles < 3 {
        let rest = context.text.get(at..)?;
        let length = rest
            .char_indices()
            .take(24)
            .find(|(_, c)| !(c.is_alphabetic() || matches!(c, '\'' | '’' | '-')))
            .map_or(rest.len().min(96), |(i, _)| i);
        let word = rest.get(..length)?.trim_end_matches(['-', '\'', '’']);
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        let first = word.chars().next()?;
        let initial = word.chars().count() == 1 && first.is_uppercase();
        if !initial && is_listed(PARTICLES, word) && count > 0 && !first.is_uppercase() {
            particles += 1;
        } else if (first.is_uppercase() || any_case && first.is_alphabetic())
            && (any_case || initial || word.chars().skip(1).any(char::is_lowercase))
            && !is_listed(NOT_NAMES, word)
            && word.chars().count() < 24
        {
            count += 1;
            let stop = at + word.len();
            end = Some(stop + usize::from(initial && context.byte(stop) == b'.'));
            particles = 0;
        } else {
            break;
        }
        let next = end.map_or(at + word.len(), |e| e.max(at + word.len()));
        if context.byte(next) != b' ' || next + 1 >= context.bytes.len() {
            break;
        }
        at = next + 1;
    }
    let end = end?;
    let single_initial = end - from <= 2;
    (!single_initial && !context.bytes[end..].first().is_some_and(|b| is_word(*b))).then_some((end, count))
}

fn is_listed(list: &[&str], word: &str) -> bool {
    word.len() <= 12 && list.iter().any(|w| w.eq_ignore_ascii_case(word))
}
