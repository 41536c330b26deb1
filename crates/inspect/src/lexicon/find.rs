//! Looking a text up: phrases first, then the rules that the found phrases lead to.

use super::compile::{Automaton, Edge, NO_PHRASE, Part, lead};
use super::exclude;
use super::stem;
use super::{Found, LexiconScratch, OCCURRENCES_MAX, STEPS_PER_TOKEN_MAX, Zone};
use crate::tokens::{Token, TokenKind, Tokens};

/// Continuations that wait at one time; the step limit is reached long before in sane lists.
const PENDING_MAX: usize = 64;

/// A phrase found in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    phrase: u32,
    /// First and last token.
    first: u32,
    last: u32,
    /// Bits of the exclusions it stands in.
    inside: u8,
}

pub fn run(automaton: &Automaton, text: &str, tokens: &Tokens, zone: Zone, scratch: &mut LexiconScratch) {
    scratch.occurrences.clear();
    scratch.candidates.clear();
    scratch.exclusions.clear();
    scratch.found.clear();
    scratch.complete = true;
    if automaton.rules.is_empty() {
        return;
    }
    for (start, token) in tokens.list().iter().enumerate() {
        if automaton.may_begin(token, tokens) {
            walk(automaton, tokens, start, scratch);
        }
    }
    if scratch.occurrences.is_empty() {
        return;
    }
    if automaton.skips {
        exclude::run(text, tokens, &mut scratch.exclusions);
        for occurrence in &mut scratch.occurrences {
            let start = tokens.list()[occurrence.first as usize].start;
            occurrence.inside = exclude::inside(&scratch.exclusions, start);
        }
    }
    scratch.occurrences.sort_unstable();
    let mut last = NO_PHRASE;
    for occurrence in &scratch.occurrences {
        if occurrence.phrase != last {
            last = occurrence.phrase;
            scratch.candidates.extend_from_slice(automaton.rules_of(last));
        }
    }
    scratch.candidates.sort_unstable();
    scratch.candidates.dedup();
    let search = Search { occurrences: &scratch.occurrences, tokens: tokens.list() };
    for &rule in &scratch.candidates {
        search.judge(automaton, rule, zone, &mut scratch.found);
    }
    keep_widest(&mut scratch.found);
}

/// Follows every phrase that begins at a token.
fn walk(automaton: &Automaton, tokens: &Tokens, start: usize, scratch: &mut LexiconScratch) {
    let list = tokens.list();
    let mut pending = [(0_u32, 0_usize); PENDING_MAX];
    let mut waiting = 1;
    pending[0] = (0, start);
    let mut steps = 0;
    while waiting > 0 && steps < STEPS_PER_TOKEN_MAX {
        waiting -= 1;
        let (node, at) = pending[waiting];
        let place = automaton.nodes[node as usize];
        if place.phrase != NO_PHRASE {
            if scratch.occurrences.len() >= OCCURRENCES_MAX {
                scratch.complete = false;
                return;
            }
            let offset = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
            scratch.occurrences.push(Occurrence { phrase: place.phrase, first: offset(start), last: offset(at - 1), inside: 0 });
        }
        let Some(token) = list.get(at) else { continue };
        if place.edges == 0 {
            continue;
        }
        let mut push = |next: Option<u32>| {
            if let Some(next) = next.filter(|_| waiting < PENDING_MAX) {
                pending[waiting] = (next, at + 1);
                waiting += 1;
            }
        };
        steps += 1;
        leave(automaton, tokens, token, node, place.edges, &mut scratch.globs, &mut push);
    }
}

/// Offers a token to every kind of edge that leaves a node.
fn leave(
    automaton: &Automaton,
    tokens: &Tokens,
    token: &Token,
    node: u32,
    edges: u8,
    globs: &mut Vec<u32>,
    push: &mut impl FnMut(Option<u32>),
) {
    if edges & Edge::Exact as u8 != 0 {
        push(automaton.follow(node, Edge::Exact, token.hash));
    }
    if !matches!(token.kind, TokenKind::Word | TokenKind::Hashtag | TokenKind::Mention) {
        return;
    }
    let folded = tokens.folded(token);
    if edges & Edge::Stem as u8 != 0 && automaton.stem_leads.has(lead(folded)) {
        push(automaton.follow(node, Edge::Stem, stem::hash(folded)));
    }
    if edges & Edge::Glob as u8 != 0 && !automaton.globs.is_empty() {
        globs.clear();
        automaton.globs.fitting(tokens.folded(token), |glob| globs.push(glob));
        for &glob in globs.iter() {
            push(automaton.follow(node, Edge::Glob, u64::from(glob)));
        }
    }
}

struct Search<'a> {
    occurrences: &'a [Occurrence],
    tokens: &'a [Token],
}

impl Search<'_> {
    fn judge(&self, automaton: &Automaton, index: u32, zone: Zone, found: &mut Vec<Found>) {
        let rule = &automaton.rules[index as usize];
        if rule.zones & zone.bit() == 0 {
            return;
        }
        let stands = |part: &Part, skip: u8| {
            let mut any = false;
            self.places(*part, skip, |_, _| {
                any = true;
                false
            });
            any
        };
        if !rule.all.iter().all(|part| stands(part, rule.skip)) || rule.not.iter().any(|part| stands(part, 0)) {
            return;
        }
        let leading = if rule.any.is_empty() { &rule.all[..1] } else { &rule.any[..] };
        for part in leading {
            self.places(*part, rule.skip, |first, last| {
                found.push(Found { rule: index, start: self.tokens[first as usize].start, end: self.tokens[last as usize].end });
                true
            });
        }
    }

    /// Calls `visit` with the first and last token of every place of a part, until it answers no.
    fn places(&self, part: Part, skip: u8, mut visit: impl FnMut(u32, u32) -> bool) {
        match part {
            Part::Phrase(phrase) => {
                for place in self.of(phrase).iter().filter(|place| place.inside & skip == 0) {
                    if !visit(place.first, place.last) {
                        return;
                    }
                }
            }
            Part::Near(first, second, distance) => {
                let mut go_on = true;
                self.ordered(first, second, distance, skip, |a, b| {
                    go_on = visit(a, b);
                    go_on
                });
                if go_on {
                    self.ordered(second, first, distance, skip, visit);
                }
            }
            Part::Before(first, second, distance) => {
                self.ordered(first, second, distance, skip, visit);
            }
        }
    }

    /// Places of `first` that `second` follows within the distance.
    fn ordered(&self, first: u32, second: u32, distance: u32, skip: u8, mut visit: impl FnMut(u32, u32) -> bool) {
        let followers = self.of(second);
        for place in self.of(first).iter().filter(|place| place.inside & skip == 0) {
            let from = followers.partition_point(|follower| follower.first <= place.last);
            let follower = followers[from..]
                .iter()
                .take_while(|follower| follower.first - place.last - 1 <= distance)
                .find(|follower| follower.inside & skip == 0);
            if follower.is_some_and(|follower| !visit(place.first, follower.last)) {
                return;
            }
        }
    }

    fn of(&self, phrase: u32) -> &[Occurrence] {
        let from = self.occurrences.partition_point(|place| place.phrase < phrase);
        let count = self.occurrences[from..].partition_point(|place| place.phrase == phrase);
        &self.occurrences[from..from + count]
    }
}

/// Drops what lies inside another finding of the same rule, then orders by start.
fn keep_widest(found: &mut Vec<Found>) {
    found.sort_unstable_by_key(|one| (one.rule, one.start, u32::MAX - one.end));
    let mut widest = Found { rule: u32::MAX, start: 0, end: 0 };
    found.retain(|one| {
        let hidden = one.rule == widest.rule && one.end <= widest.end;
        if !hidden {
            widest = *one;
        }
        !hidden
    });
    found.sort_unstable_by_key(|one| (one.start, one.rule, one.end));
}
