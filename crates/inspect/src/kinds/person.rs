//! Names of people, where the text itself says that it is one.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;
use crate::words::Role;

pub(crate) const KIND: Kind = Kind {
    id: "PERSON",
    title: "Name of a person",
    group: Group::Contact,
    docs: "One to four capitalised words after an honorific (Mr, Dr, Frau, Mme, Sra., Sig., Pan …), after a self-introduction (my name is, ich heiße, je m'appelle, me llamo, mi chiamo, ik heet, chamo-me, nazywam się), after a field label (Name:), between a greeting and a comma, after a relation (my wife, mein Chef), after a credit (directed by, a man named), before “lives at”, in the line below the end of a letter (kind regards, viele Grüße …), as the speaker of a quoted line, or alone in the line above an address or number. Names that nothing announces are left alone: guessing them would mark brands and places.",
    words: &[],
    examples: &[
        "Mrs. Baker called",
        "My name is Jürgen Krämer",
        "Hi Thelma, thanks",
        "Name: Åsa Laine",
        "ich heiße Ana López",
        "Dr. Megan Sato",
        "my wife Anna is ill",
        "What's your name? Steven Hemerka",
        "Lóa Sigmundsdóttir lives at 79 Rue de Kairouan",
        "a film directed by Erin Mourik and others",
        "Best regards,\nJohn Smith",
        "Mit freundlichen Grüßen\n\nHans Meier\nMusterfirma",
        "Thanks,\nAnna",
    ],
    counter_examples: &["Hi there, all", "Mr. and Mrs.", "my name is mud", "Dear customer, hello", "I'm Sorry", "my wife loves Berlin", "He lives at home", "written by Amazon", "Call Me Maybe", "Kind regards,\nAcme Bank", "Thanks\nAwesome", "regards\nThe report follows tomorrow"],
    proof: "announced as a name",
    ..BLANK
};

const WORDS_MAX: usize = 4;
/// Bytes and lines below a name in which the number of an address is looked for.
const BLOCK_MAX: usize = 160;
const BLOCK_LINES_MAX: usize = 3;
/// Capitalised words that follow a greeting or a relation, or stand alone in a line, without being a name.
const NOT_NAMES: &[&str] = &[
    "I'm", "all", "and", "any", "both", "colleague", "colleagues", "customer", "customers", "dear", "der", "die", "everybody",
    "everyone", "folks", "friend", "friends", "god", "guys", "he", "hello", "hi", "i", "in", "it", "just", "ladies", "lord",
    "love", "madam", "mr", "mrs", "ms", "my", "no", "not", "oh", "ok", "okay", "or", "our", "santa", "she", "sir", "so",
    "sorry", "team", "thanks", "thank", "that", "the", "there", "they", "this", "to", "very", "we", "what", "who", "yes", "you",
    "your", "president", "minister", "world", "support", "dr", "prof", "frau", "herr", "from", "at", "a", "an", "is", "was",
    "happy", "sure", "glad", "sad", "american", "german", "french", "canadian", "british", "australian", "dutch", "irish",
    "polish", "maybe", "he's", "she's", "it's", "someone", "somebody", "nobody", "everything", "today", "tomorrow", "crazy",
    "daddy", "mommy", "when", "where", "why", "how", "if", "but", "because", "street", "road", "new", "old", "good", "great",
    "best", "first", "last", "please", "hey", "mother", "father", "dad", "mom", "mum", "only", "also", "now", "then", "jr",
    "sr", "re", "fwd", "table", "page", "part", "chapter", "section", "figure", "about", "contact", "home", "note", "subject",
    "date", "total", "summary", "done", "nit",
];
/// Small words inside names.
const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "bin", "al", "el", "zu", "ten", "ter",
];

/// Words in signatures that are no person's.
const ORGANISATIONS: &[&str] = &[
    "gmbh", "inc", "ltd", "llc", "corp", "corporation", "company", "group", "bank", "ag", "team", "department", "office", "service",
    "services", "support", "sales", "kundenservice", "international", "solutions", "systems", "management",
];

/// Reports a name that stands alone in the line below the end of a letter.
fn below_closing(context: &mut Context<'_>, end: usize) {
    let is_gap = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'.' | b'!' | b'-' | b'>');
    let gap = context.bytes[end..].iter().take(8).take_while(|b| is_gap(b)).count();
    context.steps += gap as u64;
    if !context.bytes[end..end + gap].contains(&b'\n') {
        return;
    }
    let from = end + gap;
    let Some((stop, count)) = name(context, from, false) else { return };
    context.steps += (stop - from) as u64 + 8;
    let rest = context.bytes[stop..].iter().take_while(|b| **b != b'\n').take(4).any(|b| !matches!(b, b' ' | b'\r' | b',' | b'.'));
    let is_firm = context.text.get(from..stop).is_some_and(|name| name.split(' ').any(|word| is_listed(ORGANISATIONS, word)));
    // "Thanks" alone ends a sentence as well.
    let is_thanks = [&b"thanks"[..], b"cheers"].iter().any(|w| end >= w.len() && context.bytes[end - w.len()..end].eq_ignore_ascii_case(w));
    let is_first_name = count == 1 && (!is_thanks || context.bytes[end] == b',');
    if !rest && !is_firm && (count > 1 || is_first_name) {
        context.report(super::index::person, from..stop, KIND.proof, if count > 1 { 65 } else { 55 });
    }
}

/// Reports a name after a word that announces one.
pub(crate) fn word(context: &mut Context<'_>, role: Role, end: usize) {
    if role == Role::Closing {
        return below_closing(context, end);
    }
    let (from, score) = match role {
        Role::Honorific => (end + usize::from(context.byte(end) == b'.'), 75),
        Role::Introduction => (end, 80),
        Role::WeakIntroduction => (end, 50),
        Role::Greeting | Role::Credit => (end, 55),
        Role::NameField if context.byte(end) == b':' => (end + 1, 75),
        Role::NameField if context.byte(end) == b'?' => (end + 1, 60),
        Role::Relation => (end, 60),
        _ => return,
    };
    let from = spaces(context, from, if role == Role::NameField { 12 } else { 1 });
    let any_case = role == Role::NameField && context.byte(end) == b':';
    let Some((stop, count)) = name(context, from, any_case) else { return };
    context.steps += (stop - from) as u64 + 8;
    match role {
        Role::Greeting if count > 2 || !matches!(context.byte(stop), b',' | b'!') => return,
        Role::Credit if count < 2 => return,
        Role::WeakIntroduction if count > 3 || !is_pause(context, stop, count) => return,
        _ => {}
    }
    context.report(super::index::person, from..stop, KIND.proof, score);
}

/// Reports up to three capitalised words that end right before `at`.
pub(crate) fn before(context: &mut Context<'_>, at: usize) {
    let Some(stop) = at.checked_sub(1).filter(|stop| context.bytes[*stop] == b' ') else { return };
    let floor = stop - context.bytes[..stop].iter().rev().take(64).take_while(|b| !matches!(b, b'\n' | b'.' | b',' | b';')).count();
    let mut from = stop;
    for _ in 0..3 {
        let length = context.bytes[floor..from].iter().rev().take_while(|b| is_word(**b) || matches!(b, b'-' | b'\'')).count();
        let word = from - length;
        context.steps += length as u64 + 1;
        let fits = context.text.get(word..from).is_some_and(|word| {
            word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() > 1 && !is_listed(NOT_NAMES, word)
        });
        if !fits {
            break;
        }
        if word == floor || context.bytes[word - 1] != b' ' {
            return finish_before(context, word, stop);
        }
        from = word - 1;
    }
    if from < stop {
        finish_before(context, from + 1, stop);
    }
}

fn finish_before(context: &mut Context<'_>, from: usize, to: usize) {
    if context.text.get(from..to).is_some() {
        context.report(super::index::person, from..to, KIND.proof, 60);
    }
}

/// Lines that are nothing but a name above a line with a number, and speakers of quoted lines. Texts of one line have
/// neither.
pub(crate) fn lines(context: &mut Context<'_>) {
    // `contains` looks at a word of the machine at a time, `position` at a byte.
    if !context.bytes.contains(&b'\n') {
        return;
    }
    let first_end = context.bytes.iter().position(|b| *b == b'\n').unwrap_or(context.bytes.len());
    context.steps += context.bytes.len() as u64;
    let (mut from, mut end) = (0, first_end);
    let mut opens = true;
    loop {
        let line = &context.bytes[from..end];
        let lead = line.iter().take(8).take_while(|b| matches!(b, b' ' | b'?' | b'>' | b'-' | b'\r')).count();
        let is_empty = line.trim_ascii().is_empty();
        context.steps += BLOCK_MAX as u64 / 4;
        if !is_empty && let Some((stop, count)) = name(context, from + lead, false) {
            let rest = context.bytes[stop..end].trim_ascii();
            let is_speaker = rest.starts_with(b":") && rest[1..].trim_ascii_start().first().is_some_and(|b| matches!(b, b'"' | b'\\'));
            if is_speaker && count <= 2 || opens && rest.is_empty() && count >= 2 && number_below(context, end) {
                context.report(super::index::person, from + lead..stop, KIND.proof, 55);
            }
        }
        opens = is_empty || line.iter().all(|b| !b.is_ascii_alphanumeric());
        if end >= context.bytes.len() {
            return;
        }
        from = end + 1;
        end = from + context.bytes[from..].iter().position(|b| *b == b'\n').unwrap_or(context.bytes.len() - from);
    }
}

/// Whether one of the next lines looks like an address, a telephone number or a mailbox.
fn number_below(context: &Context<'_>, end: usize) -> bool {
    let below = &context.bytes[end..context.bytes.len().min(end + BLOCK_MAX)];
    let lines = below.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.take(BLOCK_LINES_MAX).any(|line| {
        let digits = line.iter().filter(|b| b.is_ascii_digit()).count();
        line.len() <= 80 && (digits >= 2 || line.contains(&b'@'))
    })
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
        if count == 0 && !any_case && !rest.chars().next()?.is_uppercase() {
            return None;
        }
        let length = rest
            .char_indices()
            .take(24)
            .find(|(_, c)| !(c.is_alphabetic() || matches!(c, '\'' | '’' | '-')))
            .map_or(rest.len().min(96), |(i, _)| i);
        let word = rest.get(..length)?.trim_end_matches(['-', '\'', '’']);
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        let first = word.chars().next()?;
        let initial = word.chars().count() == 1 && first.is_uppercase();
        if count > 0 && !initial && !first.is_uppercase() && is_listed(PARTICLES, word) {
            particles += 1;
        } else if (first.is_uppercase() || any_case && first.is_alphabetic())
            && (any_case || initial || word.chars().skip(1).any(char::is_lowercase))
            && (initial && count > 0 || !is_listed(NOT_NAMES, word))
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
