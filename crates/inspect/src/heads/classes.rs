//! Word classes: identity groups, insults, negations, pronouns … read from `classes.txt`.
//!
//! A class feature lets a weight learned on one group or one insult hold for all of them. A word may stand in
//! several classes. Looking a word up costs one probe of an open-addressed table over token hashes.

use super::set_phrases::SetPhrases;
use crate::tokens::hash_word;

/// The sections of `classes.txt`, in the order of their bits.
const NAMES: [&str; 25] = [
    "identity",
    "slur",
    "unprotected",
    "thing",
    "you",
    "they",
    "i",
    "not",
    "violence",
    "insult",
    "hate",
    "love",
    "counter",
    "said",
    "profane",
    "very",
    "should",
    "be",
    "sexual",
    "selfharm",
    "unprofessional",
    "belittling",
    "good",
    "bad",
    "political",
];

/// Slots of the table; four times the words of the file keeps probes short.
const SLOTS: usize = 1 << 12;

/// A set of word classes, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(pub u32);

impl Classes {
    /// Protected and other social groups people are born into or belong to.
    pub const IDENTITY: Classes = Classes(1);
    /// Words that abuse such a group.
    pub const SLUR: Classes = Classes(1 << 1);
    /// Second person.
    pub const YOU: Classes = Classes(1 << 4);
    /// First person.
    pub const I: Classes = Classes(1 << 6);
    /// Negation.
    pub const NOT: Classes = Classes(1 << 7);
    /// Violent acts.
    pub const VIOLENCE: Classes = Classes(1 << 8);
    /// Insults and contempt.
    pub const INSULT: Classes = Classes(1 << 9);
    /// Hate and exclusion.
    pub const HATE: Classes = Classes(1 << 10);
    /// Praise and support.
    pub const LOVE: Classes = Classes(1 << 11);
    /// Words that name and condemn bigotry.
    pub const COUNTER: Classes = Classes(1 << 12);
    /// Profanity.
    pub const PROFANE: Classes = Classes(1 << 14);
    /// Intensifiers.
    pub const VERY: Classes = Classes(1 << 15);
    /// Sexual words.
    pub const SEXUAL: Classes = Classes(1 << 18);
    /// Words of despair and self-injury.
    pub const SELF_HARM: Classes = Classes(1 << 19);
    /// Words that sour a review between colleagues.
    pub const UNPROFESSIONAL: Classes = Classes(1 << 20);
    /// Words that sour it when they are aimed at others or their work, not when somebody blames themselves.
    pub const BELITTLING: Classes = Classes(1 << 21);

    /// Every class that some head is about.
    pub const CHARGED: Classes = Classes(
        Classes::SLUR.0
            | Classes::VIOLENCE.0
            | Classes::INSULT.0
            | Classes::HATE.0
            | Classes::PROFANE.0
            | Classes::SEXUAL.0
            | Classes::SELF_HARM.0
            | Classes::UNPROFESSIONAL.0
            | Classes::BELITTLING.0,
    );

    /// How many classes there are.
    pub const COUNT: usize = NAMES.len();

    /// Whether any class of `other` is in the set.
    pub fn any(self, other: Classes) -> bool {
        self.0 & other.0 != 0
    }
}

/// Word hash → classes.
#[derive(Clone, Debug)]
pub struct ClassTable {
    slots: Box<[(u64, Classes)]>,
    /// Phrases whose words have no class.
    pub(super) phrases: SetPhrases,
}

impl ClassTable {
    /// The table that ships with the crate. Unknown section names are skipped; a test holds the file to [`NAMES`].
    pub fn builtin() -> ClassTable {
        let slots = vec![(0, Classes(0)); SLOTS].into_boxed_slice();
        let mut table = ClassTable { slots, phrases: SetPhrases::builtin() };
        for (word, classes) in Self::builtin_words() {
            table.insert(hash_word(word), classes);
        }
        table
    }

    /// The words of the file, one after the other with each class that lists them.
    pub(crate) fn builtin_words() -> impl Iterator<Item = (&'static str, Classes)> {
        let mut bit = None;
        let lines = include_str!("classes.txt").lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(move |line| {
            let header = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            if let Some(name) = header {
                bit = NAMES.iter().position(|known| *known == name);
            }
            let words = if header.is_some() { "" } else { line };
            let bit = bit;
            words.split_whitespace().filter_map(move |word| Some((word, Classes(1 << bit?))))
        })
    }

    /// The classes of a word; none when it stands in no list.
    pub fn of(&self, hash: u64) -> Classes {
        let mut slot = slot_of(hash);
        loop {
            let (key, classes) = self.slots[slot];
            if key == hash || key == 0 {
                return classes;
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    fn insert(&mut self, hash: u64, classes: Classes) {
        let mut slot = slot_of(hash);
        while self.slots[slot].0 != 0 && self.slots[slot].0 != hash {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot].0 = hash;
        self.slots[slot].1.0 |= classes.0;
    }
}

fn slot_of(hash: u64) -> usize {
    // The top bits after one multiplication: FNV's low bits alone are weak for short words.
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_every_class_that_lists_it() {
        let table = ClassTable::builtin();
        assert!(table.of(hash_word("Women")).any(Classes::IDENTITY));
        let both = table.of(hash_word("fucking"));
        assert!(both.any(Classes::PROFANE) && both.any(Classes::VERY));
        assert_eq!(table.of(hash_word("table")), Classes(0));
    }

    #[test]
    fn every_section_of_the_file_is_known_and_the_table_has_room() {
        let sections = include_str!("classes.txt").lines().filter_map(|line| line.strip_prefix('['));
        let known = sections.filter(|name| NAMES.contains(&name.trim_end_matches(']'))).count();
        assert_eq!(known, NAMES.len());
        let used = ClassTable::builtin().slots.iter().filter(|(key, _)| *key != 0).count();
        assert!(used > 500 && used < SLOTS / 2, "{used}");
    }
}
