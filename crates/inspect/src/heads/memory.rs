//! Remembers what frequent words add up to, so that a message costs a look-up a word instead of a dozen table rows.
//!
//! Direct-mapped and compared letter by letter: a word either finds its own sum or is summed again, so results never
//! depend on what was read before. It belongs to one model; another model empties it.

use super::classes::Classes;
use super::model::COLUMNS;
use crate::masks::eight_at;

/// Slots; nine in ten words of a stream of messages stand in this many, which a core's second-level cache still holds.
const SLOTS: usize = 1 << 12;
/// Longer words are rare and summed each time.
const LETTERS_MAX: usize = 16;

/// What the model says of a word by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub classes: Classes,
    /// How many features its letters have.
    pub features: u32,
    /// Their sums in the scale of the columns' weights.
    pub sums: [f32; COLUMNS],
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The letters, zero behind them; all zero: empty.
    letters: [u64; 2],
    known: Known,
}

const EMPTY: Slot = Slot { letters: [0; 2], known: Known { classes: Classes(0), features: 0, sums: [0.0; COLUMNS] } };

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct WordMemory {
    slots: Vec<Slot>,
    model: u64,
}

impl WordMemory {
    /// Makes it that of a model, by checksum.
    pub(super) fn belong_to(&mut self, model: u64) {
        if self.slots.is_empty() || self.model != model {
            self.slots.clear();
            self.slots.resize(SLOTS, EMPTY);
            self.model = model;
        }
    }

    /// What is known of a word; `sum` finds it out when it is not remembered.
    #[inline]
    pub(super) fn recall(&mut self, letters: &[u8], hash: u64, sum: impl FnOnce() -> Known) -> Known {
        // The top bits of a product: the low bits of a hash of few letters are weak.
        let place = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize;
        match self.slots.get_mut(place) {
            Some(slot) if (1..=LETTERS_MAX).contains(&letters.len()) => {
                let letters = [eight_at(letters, 0), if letters.len() > 8 { eight_at(letters, 8) } else { 0 }];
                if slot.letters != letters {
                    *slot = Slot { letters, known: sum() };
                }
                slot.known
            }
            _ => sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: f32) -> Known {
        Known { features: 1, sums: [value; COLUMNS], ..EMPTY.known }
    }

    #[test]
    fn a_word_is_summed_once_and_another_in_its_slot_is_not_mistaken_for_it() {
        let mut memory = WordMemory::default();
        memory.belong_to(1);
        let mut calls = 0;
        for (word, value) in [("one", 1.0), ("one", 9.0), ("two", 2.0), ("two", 9.0), ("one", 3.0)] {
            let found = memory.recall(word.as_bytes(), 7, || {
                calls += 1;
                known(value)
            });
            assert!(found.sums[0] < 9.0, "{word}");
        }
        assert_eq!(calls, 3, "same slot: one, two and one again");
    }

    #[test]
    fn another_model_empties_it_and_long_words_are_not_kept() {
        let mut memory = WordMemory::default();
        memory.belong_to(1);
        memory.recall(b"one", 7, || known(1.0));
        memory.belong_to(2);
        assert!(memory.recall(b"one", 7, || known(5.0)).sums[0] > 4.0);
        let (long, longest) = ([b'a'; LETTERS_MAX + 1], [b'a'; LETTERS_MAX]);
        for (word, second) in [(&long[..], 2.0), (&longest, 1.0), (b"", 2.0)] {
            memory.recall(word, 7, || known(1.0));
            let again = memory.recall(word, 7, || known(2.0)).sums[0];
            assert!((again - second).abs() < 0.1, "{} letters", word.len());
        }
    }
}
