//! Values that the text itself calls a password, key or token.
//!
//! Invariant: reads at most [`VALUE_MAX`] bytes after the word. What people write in place of a value (placeholders,
//! variables, sentences about passwords) is not a finding.

use super::{PASSWORD_WORDS, WORDS, plausible, push};
use crate::detect::Context;

/// Longer values are texts, not passwords.
const VALUE_MAX: usize = 160;

/// What may stand between the word and the value in a sentence.
const VERBS: [&[u8]; 12] = [
    b"is ",
    b"is: ",
    b"was ",
    b"ist ",
    b"est ",
    b"es ",
    b"to ",
    b"lautet ",
    b"jest ",
    "è ".as_bytes(),
    "é ".as_bytes(),
    b"value=",
];
/// Words that mean much else, so that a password has to be assigned to them.
const SHORT_WORDS: [&str; 4] = ["pw", "pass", "clave", "mdp"];

/// Reports the value after an announcing word that stands from `from` to `end`.
pub(crate) fn value(context: &mut Context<'_>, word: &str, from: usize, end: usize) {
    let is_password = WORDS[..PASSWORD_WORDS].contains(&word);
    let Some((start, assigned)) = value_start(context, end) else {
        return;
    };
    let is_parameter = matches!(context.byte_before(from), b'?' | b'&');
    let Some(stop) = value_end(context, start, is_parameter) else {
        return;
    };
    context.steps += (stop - end) as u64 + 8;
    let value = &context.bytes[start..stop];
    if !context.text.is_char_boundary(start) || !context.text.is_char_boundary(stop) || plausible::is_placeholder(value) {
        return;
    }
    if is_password {
        if is_like_password(value) && (assigned || !SHORT_WORDS.contains(&word)) {
            push(context, "password", start..stop, "called a password", if assigned { 0.8 } else { 0.7 });
        }
    } else if (assigned || is_exact(word) || matches!(word, "bearer" | "authorization basic")) && is_like_key(value, word) {
        // An address around it keeps only what is sure.
        let score = if is_parameter && (is_exact(word) || matches!(word, "secret" | "token")) { 0.8 } else { 0.65 };
        push(context, "named-secret", start..stop, "called a key, token or secret, and looks random", score);
    }
}

/// Where the value begins after `password: `, `password is "`, `"token": "`, and whether a sign assigned it.
fn value_start(context: &Context<'_>, end: usize) -> Option<(usize, bool)> {
    let bytes = context.bytes;
    let skip = |mut at: usize, what: &[u8]| {
        while bytes.get(at).is_some_and(|b| what.contains(b)) && at < end + 24 {
            at += 1;
        }
        at
    };
    let mut at = skip(end, b"\"'`])");
    at = skip(at, b" \t");
    let rest = &bytes[at.min(bytes.len())..];
    let assigned;
    let verb = VERBS.iter().find(|v| rest.len() > v.len() && rest[..v.len()].eq_ignore_ascii_case(v));
    if let Some(verb) = verb {
        at += verb.len();
        assigned = verb.ends_with(b"=");
    } else {
        let after = skip(at, b"=:>");
        assigned = after > at;
        if !assigned && at == end {
            return None;
        }
        at = after;
    }
    at = skip(at, b" \t");
    at = skip(at, b"\"'`");
    (at < bytes.len() && bytes[at] != b'\n').then_some((at, assigned))
}

/// The end of the value: white space or a quotation mark, of a parameter in an address also the next parameter.
fn value_end(context: &Context<'_>, start: usize, is_parameter: bool) -> Option<usize> {
    let rest = &context.bytes[start..];
    let ends = |b: &u8| matches!(b, 0..=b' ' | b'"' | b'\'' | b'`' | b'<' | b'>') || is_parameter && *b == b'&';
    let length = rest.iter().take(VALUE_MAX + 1).take_while(|b| !ends(b)).count();
    if length > VALUE_MAX {
        return None;
    }
    let mut end = start + length;
    while end > start && matches!(context.bytes[end - 1], b',' | b';' | b')' | b']' | b'}') {
        end -= 1;
    }
    if end > start && matches!(context.bytes[end - 1], b'.' | b'?') {
        end -= 1;
    }
    (end > start).then_some(end)
}

/// Letters with digits or signs, not a sentence's word, not a path or a call.
pub(super) fn is_like_password(value: &[u8]) -> bool {
    let digit = value.iter().any(u8::is_ascii_digit);
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    let sign = value.iter().filter(|b| b.is_ascii_punctuation()).count();
    let is_number = value.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'/' | b':'));
    // The closing bracket may have been taken for the sentence's.
    let name = value.iter().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.')).count();
    let is_expression = value.contains(&b'(') && value.contains(&b')')
        || name >= 3 && value.get(name) == Some(&b'(')
        || value.starts_with(b"$")
        || value.starts_with(b"/")
        || plausible::find(value, b"://")
        || value.starts_with(b"@")
        || value.starts_with(b"#");
    let is_shortened = value.windows(2).any(|w| w == b"n'");
    (6..=64).contains(&value.len())
        && letter
        && (digit
            || (sign > 0
                && value.iter().any(u8::is_ascii_uppercase)
                && !value.contains(&b'-')
                && !value.contains(&b'.')
                && !value.contains(&b'/')
                && !value.contains(&b'_')))
        && !is_number
        && !is_expression
        && !is_shortened
        && plausible::distinct(value) >= 4
}

fn is_like_key(value: &[u8], word: &str) -> bool {
    let least = if word == "key" { 20 } else { 16 };
    let alphabet = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~'));
    let dots = value.split(|b| *b == b'.').count() - 1;
    value.len() >= least
        && alphabet
        && dots <= 2
        && plausible::random(value)
        && plausible::distinct(value) >= 9
        && (!is_uuid(value) || is_exact(word))
        && mixed_runs(value)
}

/// Words that leave no doubt, so that even an identifier after them is a secret.
fn is_exact(word: &str) -> bool {
    matches!(
        word,
        "api key"
            | "apikey"
            | "api token"
            | "apitoken"
            | "api secret"
            | "apisecret"
            | "auth token"
            | "authtoken"
            | "access token"
            | "client secret"
            | "secret key"
    )
}

/// "cache-key-2024-final-version" is words; a random value changes between letters and digits inside its parts.
fn mixed_runs(value: &[u8]) -> bool {
    let changes = value
        .windows(2)
        .filter(|w| {
            (w[0].is_ascii_digit() && w[1].is_ascii_alphabetic()) || (w[0].is_ascii_alphabetic() && w[1].is_ascii_digit())
        })
        .count();
    changes >= 3
        || (changes >= 1 && value.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count() >= 3)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}
