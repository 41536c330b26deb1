//! The table of words that mean something to a detector: supporting words, words that speak against a number,
//! honorifics, months, street types …
//!
//! A word is known by a cheap 64-bit key (its first and last eight bytes with the case bit set, and its length), made
//! once per word of the text by [`key`]; a bitmap answers "no" for almost every ordinary word. A phrase is stored
//! under its last two words with the keys of all words before the last.
//!
//! Invariant: immutable after [`WordTable::build`]; a look-up never allocates. Not done here: stems, accents.

use std::collections::{HashMap, HashSet};

use crate::masks::eight_at;

/// Kinds that may have supporting words: registry plus user-defined ones.
pub(crate) const KINDS_MAX: usize = 384;
const KIND_WORDS: usize = KINDS_MAX / 64;
/// Words of a phrase before its last one; longer phrases say nothing that shorter ones do not.
pub(crate) const PHRASE_BEFORE_MAX: usize = 4;
/// Bits of the filter in front of the table: a few thousand words fill a thirtieth of it, and it stays in the first-level cache.
const BITMAP_BITS: usize = 1 << 17;

/// What a word does beside supporting kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Speaks against personal numbers: order, tracking, version …
    Against,
    /// Mr, Dr, Frau …: a name follows.
    Honorific,
    /// "my name is", "ich heiße": a name follows.
    Introduction,
    /// "I am": a name may follow.
    WeakIntroduction,
    /// "Hi", "Dear": a name and a comma may follow.
    Greeting,
    /// "kind regards", "viele Grüße": a name may stand in the next line.
    Closing,
    /// "name:", "contact:" …: a name follows a colon.
    NameField,
    /// "my wife", "mein Chef": a name may follow.
    Relation,
    /// "directed by", "a man named": a name of two words follows.
    Credit,
    /// "lives at": a name stands before, an address may follow.
    LivesAt,
    /// "address", "send it to": an address may follow.
    AddressCue,
    /// Suite, Apt, Wohnung: a number follows, an address stands before.
    Dwelling,
    /// APO, FPO, DPO: a military address.
    FieldPost,
    /// Street, rue, Straße …
    Street,
    /// PO Box, Postfach.
    PostBox,
    /// January = 1 …
    Month(u8),
    /// Monday, Montag …
    Weekday,
    /// in, since, of, during: a year may follow.
    BeforeYear,
    /// zero = 0 …
    Digit(u8),
    /// at, arobase: `@` in words.
    AtSign,
    /// dot, punkt: `.` in words.
    DotSign,
    /// "password", "token": a secret may follow.
    Secret,
    /// "curl", "mysql": a password may stand among the arguments.
    Program,
    /// "BIC", "SWIFT": a bank's identifier may follow.
    BankCode,
    /// A statement about a person stands here: I, my, she …
    Personal,
    /// A word of health, belief, union, orientation.
    Special,
    /// A nationality or political affiliation.
    Nationality,
}

/// One meaning of a word or phrase.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    before: [u64; PHRASE_BEFORE_MAX],
    before_count: u8,
    kinds: [u64; KIND_WORDS],
    /// Kinds that it supports less than their own words do.
    weak: [u64; KIND_WORDS],
    pub text: Box<str>,
}

impl Entry {
    pub(crate) fn supports(&self, kind: u16) -> bool {
        self.kinds[usize::from(kind) / 64] >> (kind % 64) & 1 == 1
    }

    /// Whether it names the sort of number, of whatever country.
    pub(crate) fn supports_weakly(&self, kind: u16) -> bool {
        self.weak[usize::from(kind) / 64] >> (kind % 64) & 1 == 1
    }

    pub(crate) fn words_before(&self) -> usize {
        usize::from(self.before_count)
    }
}

/// Where a known word stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WordHit {
    pub start: u32,
    pub end: u32,
    pub entry: u16,
    /// What the entry does; here too, because entries are large and most hits are asked for nothing else.
    pub role: Option<Role>,
}

/// The compiled table.
#[derive(Debug)]
pub(crate) struct WordTable {
    bitmap: Box<[u64; BITMAP_BITS / 64]>,
    slots: Box<[Slot]>,
    mask: usize,
    entries: Vec<Entry>,
    /// The role of each entry.
    roles: Box<[Option<Role>]>,
    /// The next entry of the chain after each.
    nexts: Box<[u16]>,
}

/// What is known of a word, or of the last two words of a phrase.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: u64,
    /// The last entry that was added; entries are chained from there.
    entry: u16,
    /// Phrases end in this word; they stand under its key and that of the word before.
    ends_phrases: bool,
}

const NONE: u16 = u16::MAX;
const EMPTY: Slot = Slot { key: 0, entry: NONE, ends_phrases: false };

/// The case bit of every byte.
const CASE: u64 = 0x2020_2020_2020_2020;

/// The key of a word of at least one byte: case is ignored for ASCII and Latin-1 letters.
#[inline]
pub(crate) fn key(bytes: &[u8], start: usize, end: usize) -> u64 {
    let len = end - start;
    // No branches: how long a word is cannot be foretold.
    let first = (eight_at(bytes, start) | CASE) & u64::MAX >> (64 - 8 * len.min(8));
    let last = (eight_at(bytes, end.saturating_sub(8)) | CASE) & u64::from(len > 8).wrapping_neg();
    mix(first, last, len)
}

#[inline]
fn mix(first: u64, last: u64, len: usize) -> u64 {
    let mixed = (first ^ last.rotate_left(29) ^ (len as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}

/// The key under which phrases stand that end in these two words.
#[inline]
fn pair_key(word: u64, before: u64) -> u64 {
    mix(word.rotate_left(23), before, 2)
}

/// The spellings that a key does not fold by itself: beyond Latin-1, small and capital letters differ in other bits.
fn spellings(phrase: &str) -> Vec<String> {
    let mut all = vec![phrase.to_owned()];
    if !phrase.is_ascii() {
        let mut chars = phrase.chars();
        let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        for spelling in [phrase.to_uppercase(), first + chars.as_str()] {
            if !all.contains(&spelling) {
                all.push(spelling);
            }
        }
    }
    all
}

/// Splits a word or phrase of a list into the runs that the scan will see.
fn runs(phrase: &str) -> Vec<(usize, usize)> {
    let bytes = phrase.as_bytes();
    let mut out = Vec::new();
    let mut start = None;
    for (i, b) in bytes.iter().enumerate() {
        let inside = b.is_ascii_alphanumeric() || *b >= 0x80;
        match (inside, start) {
            (true, None) => start = Some(i),
            (false, Some(s)) => {
                out.push((s, i));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(s) = start {
        out.push((s, bytes.len()));
    }
    out
}

/// Collects words before the table is built.
#[derive(Debug, Default)]
pub(crate) struct WordTableBuilder {
    by_key: HashMap<u64, u16>,
    phrase_ends: HashSet<u64>,
    entries: Vec<Entry>,
    roles: Vec<Option<Role>>,
    nexts: Vec<u16>,
}

impl WordTableBuilder {
    /// Adds a word that supports a kind.
    pub(crate) fn support(&mut self, phrase: &str, kind: u16) {
        for spelling in spellings(phrase) {
            self.support_one(&spelling, kind);
        }
    }

    /// Adds a word that supports a kind less than its own words do.
    pub(crate) fn support_weakly(&mut self, phrase: &str, kind: u16) {
        for spelling in spellings(phrase) {
            if let Some(entry) = self.entry(&spelling, None) {
                entry.weak[usize::from(kind) / 64] |= 1 << (kind % 64);
            }
        }
    }

    fn support_one(&mut self, phrase: &str, kind: u16) {
        let entry = self.entry(phrase, None);
        if let Some(entry) = entry {
            entry.kinds[usize::from(kind) / 64] |= 1 << (kind % 64);
        }
    }

    /// Adds a word with a role of its own.
    pub(crate) fn role(&mut self, phrase: &str, role: Role) {
        for spelling in spellings(phrase) {
            self.entry(&spelling, Some(role));
        }
    }

    fn entry(&mut self, phrase: &str, role: Option<Role>) -> Option<&mut Entry> {
        let runs = runs(phrase);
        let (last, earlier) = runs.split_last()?;
        let keep = earlier.len().saturating_sub(PHRASE_BEFORE_MAX);
        let mut before = [0; PHRASE_BEFORE_MAX];
        // Nearest first, as the scan remembers them.
        for (slot, (s, e)) in before.iter_mut().zip(earlier[keep..].iter().rev()) {
            *slot = key(phrase.as_bytes(), *s, *e);
        }
        let before_count = u8::try_from(earlier.len().min(PHRASE_BEFORE_MAX)).expect("at most four");
        let word = key(phrase.as_bytes(), last.0, last.1);
        let word = if before_count == 0 {
            word
        } else {
            self.phrase_ends.insert(word);
            pair_key(word, before[0])
        };
        let head = self.by_key.get(&word).copied().unwrap_or(NONE);
        let mut at = head;
        while at != NONE {
            let entry = &self.entries[usize::from(at)];
            if entry.before == before && entry.before_count == before_count && self.roles[usize::from(at)] == role {
                return Some(&mut self.entries[usize::from(at)]);
            }
            at = self.nexts[usize::from(at)];
        }
        let index = u16::try_from(self.entries.len()).ok().filter(|i| *i != NONE)?;
        self.entries.push(Entry { before, before_count, kinds: [0; KIND_WORDS], weak: [0; KIND_WORDS], text: phrase.into() });
        self.roles.push(role);
        self.nexts.push(head);
        self.by_key.insert(word, index);
        self.entries.last_mut()
    }

    /// Freezes the table.
    pub(crate) fn build(self) -> WordTable {
        // A word that only ends phrases has a slot of its own without an entry.
        let only_ends = self.phrase_ends.iter().filter(|word| !self.by_key.contains_key(word)).map(|word| (*word, NONE));
        let mut keys: Vec<(u64, u16)> = self.by_key.iter().map(|(word, entry)| (*word, *entry)).chain(only_ends).collect();
        keys.sort_unstable();
        let size = (keys.len() * 2 + 1).next_power_of_two();
        let mask = size - 1;
        let mut slots = vec![EMPTY; size].into_boxed_slice();
        let mut bitmap = Box::new([0u64; BITMAP_BITS / 64]);
        for (key, entry) in keys {
            let bit = bitmap_bit(key);
            bitmap[bit / 64] |= 1 << (bit % 64);
            let mut at = slot_of(key) & mask;
            while !slots[at].is_empty() {
                at = (at + 1) & mask;
            }
            slots[at] = Slot { key, entry, ends_phrases: self.phrase_ends.contains(&key) };
        }
        WordTable { bitmap, slots, mask, entries: self.entries, roles: self.roles.into(), nexts: self.nexts.into() }
    }
}

impl Slot {
    fn is_empty(self) -> bool {
        self.entry == NONE && !self.ends_phrases
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
fn bitmap_bit(word: u64) -> usize {
    word as usize % BITMAP_BITS
}

fn slot_of(word: u64) -> usize {
    (word >> 20) as usize
}

impl WordTable {
    pub(crate) fn entry(&self, index: u16) -> &Entry {
        &self.entries[usize::from(index)]
    }

    pub(crate) fn role(&self, index: u16) -> Option<Role> {
        self.roles[usize::from(index)]
    }

    /// Whether a word may be in the table; "no" is certain and costs one look at a small bitmap.
    #[inline]
    pub(crate) fn may_know(&self, word: u64) -> bool {
        let bit = bitmap_bit(word);
        self.bitmap[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Calls `found` with every entry whose phrase ends in this word, the last added first; `before` holds the keys of
    /// the words before, nearest last.
    #[inline]
    pub(crate) fn look_up(&self, word: u64, before: &[u64], mut found: impl FnMut(u16, usize)) {
        let slot = self.slot(word);
        let mut alone = slot.entry;
        let mut phrase = NONE;
        if slot.ends_phrases {
            let pair = pair_key(word, before.last().copied().unwrap_or(0));
            phrase = if self.may_know(pair) { self.slot(pair).entry } else { NONE };
        }
        while alone != NONE || phrase != NONE {
            let take_phrase = alone == NONE || phrase != NONE && phrase > alone;
            if take_phrase {
                let entry = &self.entries[usize::from(phrase)];
                let count = entry.words_before();
                let have = before.iter().rev();
                if entry.before[..count].iter().zip(have).filter(|(want, have)| want == have).count() == count {
                    found(phrase, count);
                }
                phrase = self.nexts[usize::from(phrase)];
            } else {
                found(alone, 0);
                alone = self.nexts[usize::from(alone)];
            }
        }
    }

    fn slot(&self, key: u64) -> Slot {
        let mut at = slot_of(key) & self.mask;
        loop {
            let slot = self.slots[at];
            if slot.key == key || slot.is_empty() {
                return slot;
            }
            at = (at + 1) & self.mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(table: &WordTable, text: &str) -> Vec<String> {
        let mut before = [0; PHRASE_BEFORE_MAX];
        let mut out = Vec::new();
        for (s, e) in runs(text) {
            let word = key(text.as_bytes(), s, e);
            table.look_up(word, &before, |entry, _| out.push(table.entry(entry).text.to_string()));
            before.rotate_left(1);
            before[PHRASE_BEFORE_MAX - 1] = word;
        }
        out
    }

    #[test]
    fn words_are_found_without_regard_to_case_and_phrases_only_as_a_whole() {
        let mut builder = WordTableBuilder::default();
        builder.support("social security", 3);
        builder.support("Führerscheinnummer", 4);
        builder.role("order", Role::Against);
        let table = builder.build();
        assert_eq!(hits(&table, "my SOCIAL Security"), ["social security"]);
        assert_eq!(hits(&table, "security, social"), Vec::<String>::new());
        assert_eq!(hits(&table, "FÜHRERSCHEINNUMMER Order"), ["Führerscheinnummer", "order"]);
        assert_eq!(hits(&table, "orders, boarder"), Vec::<String>::new());
    }
}
