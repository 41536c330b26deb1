//! Set phrases: names, idioms and terms of trades whose words would mislead the heads ("cum laude", "sorry for your
//! loss", "kill the process"). Read from `set_phrases.txt`.
//!
//! Invariant: immutable; looking at a word costs one bit, and comparing hashes only where a phrase may begin. What a
//! phrase means is not known here: its words are read as if they were numbers.

use crate::tokens::{Links, Token, Tokens};

/// The longest phrase, in words.
const WORDS_MAX: usize = 5;
/// Bits of the filter for first words: some two hundred phrases fill a twentieth of it.
const FILTER_BITS: usize = 1 << 12;

/// The phrases, by the hashes of their words.
#[derive(Clone, Debug)]
pub(super) struct SetPhrases {
    filter: Box<[u64; FILTER_BITS / 64]>,
    /// Sorted by first word, longer ones first.
    phrases: Box<[Vec<u64>]>,
}

impl SetPhrases {
    /// The phrases that ship with the crate.
    pub(super) fn builtin() -> SetPhrases {
        let mut tokens = Tokens::new();
        let lines = include_str!("set_phrases.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let mut phrases: Vec<Vec<u64>> = lines
            .map(|line| {
                tokens.scan_with(line, Links::Words);
                tokens.list().iter().take(WORDS_MAX).map(|token| token.hash).collect()
            })
            .collect();
        phrases.sort_by_key(|words| (words[0], usize::MAX - words.len()));
        let mut filter = Box::new([0; FILTER_BITS / 64]);
        for words in &phrases {
            let bit = bit_of(words[0]);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        SetPhrases { filter, phrases: phrases.into() }
    }

    /// How many words the longest phrase has that stands at the beginning of these tokens; none is 0.
    #[inline]
    pub(super) fn length_at(&self, tokens: &[Token]) -> usize {
        let Some(first) = tokens.first() else { return 0 };
        let bit = bit_of(first.hash);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 { 0 } else { self.compare(first.hash, tokens) }
    }

    #[cold]
    fn compare(&self, first: u64, tokens: &[Token]) -> usize {
        let from = self.phrases.partition_point(|words| words[0] < first);
        let of_first = self.phrases[from..].iter().take_while(|words| words[0] == first);
        let mut fitting = of_first
            .filter(|words| words.len() <= tokens.len() && words.iter().zip(tokens).all(|(word, token)| *word == token.hash));
        fitting.next().map_or(0, Vec::len)
    }
}

fn bit_of(hash: u64) -> usize {
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_counts_and_only_whole_ones() {
        let phrases = SetPhrases::builtin();
        let mut tokens = Tokens::new();
        let mut length = |text: &str| {
            tokens.scan(text);
            phrases.length_at(tokens.list())
        };
        assert_eq!(length("Cum Laude!"), 2);
        assert_eq!(length("drop dead date"), 3);
        assert_eq!(length("kill the process now"), 3);
        assert_eq!(length("drop dead"), 0);
        assert_eq!(length("cum"), 0);
        assert_eq!(length("shoot me"), 0);
        assert_eq!(length(""), 0);
    }

    #[test]
    fn no_phrase_is_longer_than_what_is_compared() {
        let mut tokens = Tokens::new();
        for line in include_str!("set_phrases.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            tokens.scan_with(line, Links::Words);
            assert!((1..=WORDS_MAX).contains(&tokens.list().len()), "{line}");
            assert_eq!(line, line.to_lowercase(), "phrases are in lower case");
        }
    }
}
