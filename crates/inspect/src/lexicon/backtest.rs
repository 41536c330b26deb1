//! What would change: old lists, new lists and a stream of messages give the differences.

use super::{Lexicon, LexiconScratch, Zone};
use crate::tokens::Tokens;
use std::collections::BTreeMap;

/// Differences kept as examples; all are counted.
pub const EXAMPLES_MAX: usize = 100;

/// A finding that only one of the two has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the message in the stream, from 0.
    pub message: u64,
    /// Identifier of the list.
    pub list: String,
    /// Identifier of the rule.
    pub rule: String,
    /// First byte in the message.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backtest {
    /// Messages read.
    pub messages: u64,
    /// Messages with a finding by the old lists, and by the new ones.
    pub messages_found: (u64, u64),
    /// Findings that both have.
    pub same: u64,
    /// Findings that only the new lists have.
    pub added: u64,
    /// Findings that only the old lists have.
    pub removed: u64,
    /// Added and removed findings, a rule each (`list`, `rule`).
    pub by_rule: BTreeMap<(String, String), (u64, u64)>,
    /// The first [`EXAMPLES_MAX`] added findings.
    pub added_examples: Vec<Difference>,
    /// The first [`EXAMPLES_MAX`] removed findings.
    pub removed_examples: Vec<Difference>,
}

/// Looks every message up with both. Rules are compared by list and identifier, not by their order in the files.
pub fn backtest<'m>(old: &Lexicon, new: &Lexicon, messages: impl IntoIterator<Item = &'m str>) -> Backtest {
    let mut result = Backtest::default();
    let mut tokens = Tokens::new();
    let mut scratch = LexiconScratch::default();
    for (number, text) in (0_u64..).zip(messages) {
        result.messages += 1;
        tokens.scan(text);
        let before = named(old, text, &tokens, number, &mut scratch);
        let after = named(new, text, &tokens, number, &mut scratch);
        result.messages_found.0 += u64::from(!before.is_empty());
        result.messages_found.1 += u64::from(!after.is_empty());
        for one in &after {
            if before.contains(one) {
                result.same += 1;
            } else {
                result.added += 1;
                result.by_rule.entry((one.list.clone(), one.rule.clone())).or_default().0 += 1;
                keep(&mut result.added_examples, one);
            }
        }
        for one in before.iter().filter(|one| !after.contains(one)) {
            result.removed += 1;
            result.by_rule.entry((one.list.clone(), one.rule.clone())).or_default().1 += 1;
            keep(&mut result.removed_examples, one);
        }
    }
    result
}

fn named(lexicon: &Lexicon, text: &str, tokens: &Tokens, message: u64, scratch: &mut LexiconScratch) -> Vec<Difference> {
    let found = lexicon.find(text, tokens, Zone::Text, scratch);
    let named = found.iter().filter_map(|one| {
        let rule = lexicon.rule(one.rule)?;
        Some(Difference { message, list: rule.list.clone(), rule: rule.id.clone(), start: one.start, end: one.end })
    });
    named.collect()
}

fn keep(examples: &mut Vec<Difference>, one: &Difference) {
    if examples.len() < EXAMPLES_MAX {
        examples.push(one.clone());
    }
}
