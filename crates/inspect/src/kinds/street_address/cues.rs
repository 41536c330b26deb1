//! Addresses without a word for a street: what follows "lives at" or "send it to", what stands before a flat, field post.
//!
//! Invariant: an address has a number; only capitalised words beside it belong to it.

use super::{NAME_WORDS_MAX, finish, is_house_number, name_after};
use crate::detect::Context;
use crate::scan::is_word;

/// Between a cue and the address: spaces, a colon, a line end, "is".
const CUE_GAP_MAX: usize = 8;
/// Bytes in which the street before a flat is looked for.
const BEFORE_MAX: usize = 64;
/// Bytes of unit and box before a field post office.
const FIELD_MAX: usize = 48;

/// Reports the address that follows a cue: "12 Rynek", "Tylova 285", "12 34 rue X 5".
pub(crate) fn cue(context: &mut Context<'_>, end: usize) {
    let gap = context.bytes[end..].iter().take(CUE_GAP_MAX).take_while(|b| matches!(b, b' ' | b':' | b'\n' | b'\t')).count();
    let start = end + gap;
    context.steps += 64;
    if gap == 0 || start >= context.bytes.len() {
        return;
    }
    // Numbers first, at most two of them.
    let (mut at, mut numbers) = (start, 0);
    while numbers < 2 {
        let length = context.bytes[at..].iter().take(7).take_while(|b| b.is_ascii_alphanumeric()).count();
        if !is_house_number(&context.bytes[at..at + length]) || !matches!(context.bytes.get(at + length), Some(b' ' | b',')) {
            break;
        }
        numbers += 1;
        at += length + 1;
        at += usize::from(context.bytes.get(at) == Some(&b' '));
    }
    let first = context.byte(at);
    if !(first.is_ascii_uppercase() || first >= 0xc3) || at == 0 {
        return;
    }
    let Some(name) = name_after(context, at - 1).filter(|name| *name > at) else { return };
    let (last, has_last) = number_behind(context, name);
    if numbers + usize::from(has_last) > 0 && (has_last || words(context, at, name) > 1) {
        finish(context, start, last);
    }
}

fn words(context: &Context<'_>, from: usize, to: usize) -> usize {
    context.bytes[from..to].split(|b| *b == b' ').count()
}

/// "Tylova 285": the end of the number behind a name, and whether there is one.
fn number_behind(context: &Context<'_>, name: usize) -> (usize, bool) {
    let gap = context.bytes[name..].iter().take(2).take_while(|b| matches!(b, b' ' | b',')).count();
    let at = name + gap;
    let length = context.bytes[at.min(context.bytes.len())..].iter().take(7).take_while(|b| b.is_ascii_alphanumeric()).count();
    let fits = gap > 0 && is_house_number(&context.bytes[at..at + length]);
    if fits { (at + length, true) } else { (name, false) }
}

/// Reports "Tylova 285, Apt. 4" and "12 Rynek\nSuite 3": a flat's number with the street before it. A flat on a line of
/// its own is a finding of its own, as the street is.
pub(crate) fn dwelling(context: &mut Context<'_>, start: usize, end: usize) {
    let gap = context.bytes[end..].iter().take(3).take_while(|b| matches!(b, b' ' | b'.' | b'#')).count();
    let at = end + gap;
    let length = context.bytes[at..].iter().take(6).take_while(|b| b.is_ascii_alphanumeric()).count();
    context.steps += BEFORE_MAX as u64 * 2;
    if gap == 0 || !is_flat(&context.bytes[at..at + length]) {
        return;
    }
    let before = context.bytes[..start].iter().rev().take(8).take_while(|b| matches!(b, b' ' | b',' | b'\n' | b'?' | b'\r')).count();
    let stop = start - before;
    let Some(from) = street_before(context, stop) else { return };
    if context.bytes[stop..start].contains(&b'\n') {
        finish(context, from, stop);
        finish(context, start, at + length);
    } else if before > 0 {
        finish(context, from, at + length);
    }
}

fn is_flat(word: &[u8]) -> bool {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    (1..=4).contains(&digits) && word.len() <= digits + 1
}

/// Where numbers and capitalised words that end at `stop` begin, on one line and with a number first or last.
fn street_before(context: &Context<'_>, stop: usize) -> Option<usize> {
    let floor = stop - context.bytes[..stop].iter().rev().take(BEFORE_MAX).take_while(|b| !matches!(b, b'\n' | b':' | b'?')).count();
    let (mut at, mut from) = (stop, None);
    let (mut names, mut numbers) = (0, 0);
    while names + numbers < NAME_WORDS_MAX + 2 {
        let inside = |b: &u8| is_word(*b) || matches!(b, b'\'' | b'-' | b'.');
        let length = context.bytes[floor..at].iter().rev().take_while(|b| inside(b)).count();
        let word = &context.bytes[at - length..at];
        if is_house_number(word) {
            numbers += 1;
        } else if word.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0xc3) {
            names += 1;
        } else if !(names > 0 && matches!(word, b"de" | b"la" | b"del" | b"van" | b"der" | b"e" | b"da" | b"do" | b"di" | b"v")) {
            break;
        }
        at -= length;
        from = Some((at, is_house_number(word), is_house_number(word) || from.is_some_and(|(_, _, any)| any)));
        if at == floor || !matches!(context.bytes[at - 1], b' ' | b',') {
            break;
        }
        at -= 1;
        if at > floor && context.bytes[at - 1] == b',' {
            at -= 1;
        }
    }
    let (from, ..) = from.filter(|_| names > 0 && numbers > 0)?;
    let first = context.bytes[from];
    (first.is_ascii_uppercase() || first.is_ascii_digit() || first >= 0xc3).then_some(from)
}

/// Reports "PSC 3294, Box 9168\nAPO AA 61487", "Unit 8411 Box 3596\nDPO AP 34698", "USS Dam\nFPO AE 94560".
pub(crate) fn field_post(context: &mut Context<'_>, start: usize, end: usize) {
    let digits = context.bytes[end..].iter().skip(1).take(6).take_while(|b| b.is_ascii_digit()).count();
    context.steps += FIELD_MAX as u64 * 2;
    if context.byte(end) != b' ' || digits != 5 || !context.bytes[start].is_ascii_uppercase() {
        return;
    }
    let to = end + 6;
    let floor = start.saturating_sub(FIELD_MAX);
    let window = &context.bytes[floor..start];
    let opens = [&b"PSC "[..], b"Unit ", b"USS ", b"USNS ", b"USCGC ", b"CMR "];
    let found = (0..window.len()).rev().find(|at| {
        opens.iter().any(|word| window[*at..].starts_with(word)) && !is_word(context.byte_before(floor + at))
    });
    let from = found.map_or(start, |at| floor + at);
    if context.text.get(from..to).is_some() {
        context.report(crate::kinds::index::street_address, from..to, super::KIND.proof, 85);
    }
}
