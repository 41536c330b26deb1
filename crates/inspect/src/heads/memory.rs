//! Remembers what frequent words add up to, so that a message costs a look-up a word instead of a dozen table rows.
//!
//! Direct-mapped and compared letter by letter: a word either finds its own sum or is summed again, so results never
//! depend on what was read before. It belongs to one model; another model empties it.

use super::model::COLUMNS;

/// Slots; 90 kB stay in a core's second-level cache, where the model's table does not fit.
const SLOTS: usize = 1 << 10;
/// Longer words are rare and summed each time.
const LETTERS_MAX: usize = 19;

#[derive(Clone, Copy, Debug)]
struct Slot {
    letters: [u8; LETTERS_MAX],
    /// Zero: empty.
    len: u8,
    features: u32,
    sums: [i32; COLUMNS],
}

const EMPTY: Slot = Slot { letters: [0; LETTERS_MAX], len: 0, features: 0, sums: [0; COLUMNS] };

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct WordMemory {
    slots: Vec<Slot>,
    model: u64,
}

impl WordMemory {
    /// Makes it that of a model, by checksum.
    pub fn belong_to(&mut self, model: u64) {
        if self.slots.is_empty() || self.model != model {
            self.slots.clear();
            self.slots.resize(SLOTS, EMPTY);
            self.model = model;
        }
    }

    /// The sums and the number of features of a word; `sum` computes them when they are not remembered.
    pub fn recall(&mut self, letters: &[u8], hash: u64, sum: impl FnOnce(&mut [i32; COLUMNS]) -> u32) -> ([i32; COLUMNS], u32) {
        let mut fresh = EMPTY;
        let length = u8::try_from(letters.len()).ok().filter(|length| (1..=LETTERS_MAX).contains(&usize::from(*length)));
        // The top bits of a product: FNV's low bits are weak for short words.
        let place = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
        if let (Some(length), Some(slot)) = (length, self.slots.get_mut(place)) {
            if slot.len == length && slot.letters[..letters.len()] == *letters {
                return (slot.sums, slot.features);
            }
            fresh.letters[..letters.len()].copy_from_slice(letters);
            fresh.len = length;
            fresh.features = sum(&mut fresh.sums);
            *slot = fresh;
        } else {
            fresh.features = sum(&mut fresh.sums);
        }
        (fresh.sums, fresh.features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_summed_once_and_another_in_its_slot_is_not_mistaken_for_it() {
        let mut memory = WordMemory::default();
        memory.belong_to(1);
        let mut calls = 0;
        for (word, value) in [("one", 1), ("one", 9), ("two", 2), ("two", 9), ("one", 3)] {
            let (sums, _) = memory.recall(word.as_bytes(), 7, |sums| {
                calls += 1;
                sums[0] = value;
                1
            });
            assert!(sums[0] < 9, "{word}");
        }
        assert_eq!(calls, 3, "same slot: one, two and one again");
    }

    #[test]
    fn another_model_empties_it_and_long_words_are_not_kept() {
        let mut memory = WordMemory::default();
        memory.belong_to(1);
        memory.recall(b"one", 7, |_| 1);
        memory.belong_to(2);
        assert_eq!(memory.recall(b"one", 7, |_| 5).1, 5);
        let long = [b'a'; LETTERS_MAX + 1];
        memory.recall(&long, 7, |_| 1);
        assert_eq!(memory.recall(&long, 7, |_| 2).1, 2);
        assert_eq!(memory.recall(b"", 7, |_| 3).1, 3);
    }
}
