//! Where lists may be told not to look: quotations and legal footers.
//!
//! A quotation stands between quotation marks on one line, or is a line that begins with `>`. A disclaimer begins with
//! one of the phrases below, at the start of a line or sentence, and reaches to the end of the text.

use super::parse::{SKIP_DISCLAIMER, SKIP_QUOTED};
use crate::tokens::Tokens;

/// A range of bytes with the bits of why it is excluded.
#[derive(Clone, Copy, Debug)]
pub struct Exclusion {
    start: u32,
    end: u32,
    why: u8,
}

/// Exclusions kept for one text: more quotations than that are a transcript, which is looked at like any text.
const EXCLUSIONS_MAX: usize = 1_024;

/// How disclaimers begin, folded; compared with the words after a line break or full stop.
const DISCLAIMERS: &[&str] = &[
    "disclaimer",
    "confidentiality notice",
    "legal notice",
    "this email and any attachments",
    "this e mail and any attachments",
    "this message and any attachments",
    "this email is confidential",
    "this message is confidential",
    "this email is intended",
    "this message is intended",
    "the information contained in this",
    "the information in this email",
    "if you are not the intended recipient",
    "views expressed are my own",
    "opinions expressed are my own",
    "views are my own",
    "opinions are my own",
    "all opinions are my own",
];

/// Fills `exclusions`, sorted by start within each kind.
pub fn run(text: &str, tokens: &Tokens, exclusions: &mut Vec<Exclusion>) {
    quotations(text, exclusions);
    if let Some(start) = disclaimer(tokens) {
        exclusions.push(Exclusion { start, end: u32::MAX, why: SKIP_DISCLAIMER });
    }
}

/// The bits of the exclusions that hold a position.
pub fn inside(exclusions: &[Exclusion], at: u32) -> u8 {
    let Some((last, quotations)) = exclusions.split_last() else {
        return 0;
    };
    let holds = |one: &Exclusion| {
        if one.start <= at && at < one.end { one.why } else { 0 }
    };
    // Quotations are disjoint and sorted; the disclaimer, if any, is last and open-ended.
    let next = quotations.partition_point(|one| one.start <= at);
    holds(last) | next.checked_sub(1).map_or(0, |index| holds(&quotations[index]))
}

fn quotations(text: &str, exclusions: &mut Vec<Exclusion>) {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let line_end = line_start + line.len();
        if exclusions.len() >= EXCLUSIONS_MAX {
            return;
        }
        if line.trim_start().starts_with('>') {
            exclusions.push(Exclusion { start: offset(line_start), end: offset(line_end), why: SKIP_QUOTED });
        } else {
            let mut open: Option<(usize, char)> = None;
            for (at, c) in line.char_indices() {
                match open {
                    Some((start, closing)) if c == closing => {
                        let (start, end) = (offset(line_start + start), offset(line_start + at));
                        if exclusions.len() < EXCLUSIONS_MAX {
                            exclusions.push(Exclusion { start, end, why: SKIP_QUOTED });
                        }
                        open = None;
                    }
                    Some(_) => {}
                    None => open = closing_of(c).map(|closing| (at, closing)),
                }
            }
        }
        line_start = line_end;
    }
}

fn closing_of(c: char) -> Option<char> {
    match c {
        '"' => Some('"'),
        '“' => Some('”'),
        '„' => Some('“'),
        '«' => Some('»'),
        '»' => Some('«'),
        '「' => Some('」'),
        _ => None,
    }
}

/// First byte of the disclaimer.
fn disclaimer(tokens: &Tokens) -> Option<u32> {
    use crate::tokens::Marks;
    let list = tokens.list();
    (0..list.len())
        .filter(|&at| at == 0 || list[at].marks.has(Marks::AFTER_STOP))
        .find(|&at| {
            DISCLAIMERS.iter().any(|phrase| {
                let mut words = phrase.split(' ');
                let mut rest = list[at..].iter();
                words.all(|word| rest.next().is_some_and(|token| tokens.folded(token) == word.as_bytes()))
            })
        })
        .map(|at| list[at].start)
}
