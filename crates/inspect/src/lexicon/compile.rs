//! From drafts to the automaton: a trie of words over hash tables, and the rules that each phrase takes part in.

use super::glob;
use super::parse::{Draft, Term, Word};
use crate::tokens::{Token, Tokens, hash_folded};
use std::collections::HashMap;

/// No phrase ends here.
pub const NO_PHRASE: u32 = u32::MAX;
const ROOT: u32 = 0;

/// How a token leaves a node.
#[derive(Clone, Copy)]
pub enum Edge {
    Exact = 1,
    Stem = 2,
    Glob = 4,
}

/// A place in the trie.
#[derive(Clone, Copy)]
pub struct Node {
    /// The phrase that ends here, or [`NO_PHRASE`].
    pub phrase: u32,
    /// Kinds of [`Edge`] that leave it, as bits.
    pub edges: u8,
}

/// A part of a rule over phrases.
#[derive(Clone, Copy)]
pub enum Part {
    Phrase(u32),
    Near(u32, u32, u32),
    Before(u32, u32, u32),
}

/// A rule over phrases.
#[derive(Clone)]
pub struct CompiledRule {
    pub zones: u8,
    pub skip: u8,
    pub any: Box<[Part]>,
    pub all: Box<[Part]>,
    pub not: Box<[Part]>,
}

/// Hash set filter and table in one: key → value, open addressing over a power of two, behind one bit per key.
#[derive(Clone)]
pub struct Table {
    filter: Box<[u64]>,
    slots: Box<[(u64, u32)]>,
}

impl Table {
    fn build(pairs: &[(u64, u32)]) -> Table {
        let capacity = (pairs.len() * 2).next_power_of_two().max(16);
        let filter_words = (pairs.len() / 4).next_power_of_two().max(16);
        let mut table =
            Table { filter: vec![0; filter_words].into_boxed_slice(), slots: vec![(0, NO_PHRASE); capacity].into_boxed_slice() };
        for (key, value) in pairs {
            let (word, bit) = table.filter_place(*key);
            table.filter[word] |= bit;
            let mut slot = table.slot(*key);
            while table.slots[slot].1 != NO_PHRASE {
                slot = (slot + 1) & (capacity - 1);
            }
            table.slots[slot] = (*key, *value);
        }
        table
    }

    /// Whether the key may be there; "no" is certain.
    #[inline]
    fn may_hold(&self, key: u64) -> bool {
        let (word, bit) = self.filter_place(key);
        self.filter[word] & bit != 0
    }

    /// The value of a key. The filter answers most misses from a table sixteen times smaller.
    pub fn get(&self, key: u64) -> Option<u32> {
        if !self.may_hold(key) {
            return None;
        }
        let mut slot = self.slot(key);
        loop {
            match self.slots[slot] {
                (_, NO_PHRASE) => return None,
                (found, value) if found == key => return Some(value),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn filter_place(&self, key: u64) -> (usize, u64) {
        let bits = low_bits(key) & (self.filter.len() * 64 - 1);
        (bits >> 6, 1 << (bits & 63))
    }

    fn slot(&self, key: u64) -> usize {
        low_bits(key >> 32) & (self.slots.len() - 1)
    }
}

/// The first two bytes of a word.
pub fn lead(word: &[u8]) -> u16 {
    let byte = |at: usize| word.get(at).copied().unwrap_or(0);
    u16::from_be_bytes([byte(0), byte(1)])
}

/// A set of leads: most words of a message share theirs with no stem and no wildcard, and are let go at once.
#[derive(Clone)]
pub struct Leads {
    bits: Box<[u64]>,
}

impl Default for Leads {
    fn default() -> Leads {
        Leads { bits: vec![0; 1 << 10].into_boxed_slice() }
    }
}

impl Leads {
    fn add(&mut self, lead: u16) {
        self.bits[usize::from(lead >> 6)] |= 1 << (lead & 63);
    }

    /// Whether any word of the set begins so.
    pub fn has(&self, lead: u16) -> bool {
        self.bits[usize::from(lead >> 6)] >> (lead & 63) & 1 == 1
    }
}

/// Wildcards by their literal beginning or end.
#[derive(Clone)]
pub struct Globs {
    patterns: Box<[Box<[u8]>]>,
    /// Hash of the literal beginning → first place in `by_prefix`.
    prefixes: Table,
    by_prefix: Box<[(u64, u32)]>,
    prefix_lengths: u64,
    prefix_leads: Leads,
    /// The same for the reversed literal end.
    suffixes: Table,
    by_suffix: Box<[(u64, u32)]>,
    suffix_lengths: u64,
}

impl Globs {
    fn build(patterns: Vec<Box<[u8]>>) -> Globs {
        let (mut by_prefix, mut by_suffix) = (Vec::new(), Vec::new());
        let (mut prefix_lengths, mut suffix_lengths) = (0_u64, 0_u64);
        let mut prefix_leads = Leads::default();
        for (index, pattern) in (0_u32..).zip(&patterns) {
            let (prefix, suffix) = (glob::prefix(pattern), glob::suffix(pattern));
            if prefix.len() >= suffix.len() {
                let length = prefix.len().min(63);
                prefix_lengths |= 1 << length;
                prefix_leads.add(lead(prefix));
                by_prefix.push((hash_folded(&prefix[..length]), index));
            } else {
                let length = suffix.len().min(63);
                suffix_lengths |= 1 << length;
                by_suffix.push((reversed_hash(&suffix[suffix.len() - length..]), index));
            }
        }
        by_prefix.sort_unstable();
        by_suffix.sort_unstable();
        Globs {
            patterns: patterns.into_boxed_slice(),
            prefixes: Table::build(&first_places(&by_prefix)),
            by_prefix: by_prefix.into_boxed_slice(),
            prefix_lengths,
            prefix_leads,
            suffixes: Table::build(&first_places(&by_suffix)),
            by_suffix: by_suffix.into_boxed_slice(),
            suffix_lengths,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Calls `emit` with every wildcard that fits the word.
    pub fn fitting(&self, word: &[u8], mut emit: impl FnMut(u32)) {
        if word.len() > glob::WORD_BYTES_MAX {
            return;
        }
        let mut check = |list: &[(u64, u32)], first: Option<u32>, key: u64| {
            let Some(first) = first else { return };
            for (_, index) in list[first as usize..].iter().take_while(|(hash, _)| *hash == key) {
                if glob::fits(&self.patterns[*index as usize], word) {
                    emit(*index);
                }
            }
        };
        if self.prefix_leads.has(lead(word)) {
            let mut hash = hash_folded(b"");
            for (length, byte) in (1..63).zip(word) {
                hash = crate::tokens::hash_step(hash, *byte);
                if self.prefix_lengths >> length & 1 == 1 {
                    check(&self.by_prefix, self.prefixes.get(spread(hash)), hash);
                }
            }
        }
        if self.suffix_lengths == 0 {
            return;
        }
        let mut hash = hash_folded(b"");
        for (length, byte) in (1..63).zip(word.iter().rev()) {
            hash = crate::tokens::hash_step(hash, *byte);
            if self.suffix_lengths >> length & 1 == 1 {
                check(&self.by_suffix, self.suffixes.get(spread(hash)), hash);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller masks the low bits anyway")]
fn low_bits(key: u64) -> usize {
    key as usize
}

fn first_places(sorted: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let mut places: Vec<(u64, u32)> = Vec::new();
    for (place, (hash, _)) in (0_u32..).zip(sorted) {
        if place == 0 || sorted[place as usize - 1].0 != *hash {
            places.push((spread(*hash), place));
        }
    }
    places
}

fn reversed_hash(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(hash_folded(b""), |hash, byte| crate::tokens::hash_step(hash, *byte))
}

fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

/// Everything that looking up needs.
#[derive(Clone)]
pub struct Automaton {
    edges: Table,
    pub nodes: Box<[Node]>,
    pub globs: Globs,
    pub stem_leads: Leads,
    pub rules: Box<[CompiledRule]>,
    /// Rules that a phrase takes part in: `postings[starts[p]..starts[p + 1]]`.
    starts: Box<[u32]>,
    postings: Box<[u32]>,
    /// Whether any rule skips quotations or disclaimers.
    pub skips: bool,
}

impl Automaton {
    /// Follows an edge.
    pub fn follow(&self, node: u32, edge: Edge, value: u64) -> Option<u32> {
        self.edges.get(edge_key(node, edge, value))
    }

    /// Whether a phrase may begin with a token; "no" is certain.
    #[inline]
    pub fn may_begin(&self, token: &Token, tokens: &Tokens) -> bool {
        let edges = self.nodes[ROOT as usize].edges;
        if edges & Edge::Exact as u8 != 0 && self.edges.may_hold(edge_key(ROOT, Edge::Exact, token.hash)) {
            return true;
        }
        if edges & (Edge::Stem as u8 | Edge::Glob as u8) == 0 {
            return false;
        }
        let lead = lead(tokens.folded(token));
        edges & Edge::Stem as u8 != 0 && self.stem_leads.has(lead)
            || edges & Edge::Glob as u8 != 0 && (self.globs.suffix_lengths != 0 || self.globs.prefix_leads.has(lead))
    }

    /// Rules that a phrase takes part in.
    pub fn rules_of(&self, phrase: u32) -> &[u32] {
        &self.postings[self.starts[phrase as usize] as usize..self.starts[phrase as usize + 1] as usize]
    }

    /// Builds it; drafts have been checked by the parser.
    pub fn build(drafts: &[Draft]) -> Automaton {
        let mut builder = Builder::default();
        builder.nodes.push(Node { phrase: NO_PHRASE, edges: 0 });
        let rules: Box<[CompiledRule]> = drafts.iter().map(|draft| builder.rule(draft)).collect();
        let (starts, postings) = postings(&rules, builder.phrases);
        let edges: Vec<(u64, u32)> = builder.edges.into_iter().collect();
        let mut patterns: Vec<(Box<[u8]>, u32)> = builder.globs.into_iter().collect();
        patterns.sort_unstable_by_key(|(_, index)| *index);
        Automaton {
            edges: Table::build(&edges),
            nodes: builder.nodes.into_boxed_slice(),
            globs: Globs::build(patterns.into_iter().map(|(pattern, _)| pattern).collect()),
            stem_leads: builder.stem_leads,
            skips: rules.iter().any(|rule| rule.skip != 0),
            rules,
            starts,
            postings,
        }
    }
}

fn edge_key(node: u32, edge: Edge, value: u64) -> u64 {
    spread(value ^ u64::from(node).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (edge as u64) << 59)
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    edges: HashMap<u64, u32>,
    globs: HashMap<Box<[u8]>, u32>,
    stem_leads: Leads,
    phrases: u32,
}

impl Builder {
    fn rule(&mut self, draft: &Draft) -> CompiledRule {
        let mut parts = |terms: &[Term]| terms.iter().map(|term| self.part(term)).collect();
        CompiledRule {
            zones: draft.zones,
            skip: draft.skip,
            any: parts(&draft.any),
            all: parts(&draft.all),
            not: parts(&draft.not),
        }
    }

    fn part(&mut self, term: &Term) -> Part {
        match term {
            Term::Phrase(words) => Part::Phrase(self.phrase(words)),
            Term::Near(first, second, distance) => Part::Near(self.phrase(first), self.phrase(second), *distance),
            Term::Before(first, second, distance) => Part::Before(self.phrase(first), self.phrase(second), *distance),
        }
    }

    fn phrase(&mut self, words: &[Word]) -> u32 {
        let mut node = ROOT;
        for word in words {
            let (edge, value) = match word {
                Word::Exact(hash, _) => (Edge::Exact, *hash),
                Word::Stem(hash, lead) => {
                    self.stem_leads.add(*lead);
                    (Edge::Stem, *hash)
                }
                Word::Glob(pattern) => {
                    let next = u32::try_from(self.globs.len()).expect("fewer wildcards than rules allow");
                    (Edge::Glob, u64::from(*self.globs.entry(pattern.as_slice().into()).or_insert(next)))
                }
            };
            self.nodes[node as usize].edges |= edge as u8;
            let next = u32::try_from(self.nodes.len()).expect("rules times words stays below 2^32");
            let child = *self.edges.entry(edge_key(node, edge, value)).or_insert(next);
            if child == next {
                self.nodes.push(Node { phrase: NO_PHRASE, edges: 0 });
            }
            node = child;
        }
        let end = &mut self.nodes[node as usize];
        if end.phrase == NO_PHRASE {
            end.phrase = self.phrases;
            self.phrases += 1;
        }
        end.phrase
    }
}

/// Only what can make a rule true leads to it: `not` parts do not.
fn postings(rules: &[CompiledRule], phrases: u32) -> (Box<[u32]>, Box<[u32]>) {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for (index, rule) in (0_u32..).zip(rules) {
        // A rule with `any` is looked at when one of these is found; one without when its first `all` part is.
        let leading = if rule.any.is_empty() { &rule.all[..rule.all.len().min(1)] } else { &rule.any[..] };
        for part in leading {
            let (Part::Phrase(first) | Part::Near(first, ..) | Part::Before(first, ..)) = *part;
            pairs.push((first, index));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let starts = (0..=phrases)
        .map(|phrase| u32::try_from(pairs.partition_point(|(p, _)| *p < phrase)).expect("as many as rule parts"))
        .collect();
    (starts, pairs.into_iter().map(|(_, rule)| rule).collect())
}
