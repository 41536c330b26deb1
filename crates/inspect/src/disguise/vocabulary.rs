//! The words that a disguise may hide: those of the text heads' classes, small words around them, words of lists.
//!
//! Invariant: immutable; a look-up is one probe of a table over the same hashes as tokens have.

use crate::heads::classes::{ClassTable, Classes};
use crate::tokens::{hash_folded, hash_step};

/// Words that hold a sentence together and stand in no class.
const SMALL: &[&str] = &[
    "a", "all", "am", "an", "and", "are", "as", "at", "away", "back", "be", "but", "by", "can", "did", "do", "does", "down",
    "for", "from", "get", "go", "got", "had", "has", "have", "how", "if", "in", "is", "it", "just", "like", "man", "much",
    "must", "off", "on", "one", "or", "out", "people", "really", "should", "so", "such", "that", "the", "their", "there", "this",
    "to", "up", "was", "were", "what", "when", "who", "why", "will", "with",
];
/// Long words that are made of others by chance, seen in ordinary posts.
const WHOLE: &[&str] = &["blackburn", "doughnut", "doughnuts", "nutshell", "nutshells", "psychotherapist", "psychotherapists"];
/// Words that stand for whom something is aimed at, besides the classes of groups and of "you".
const WHOM: &[&str] = &["all", "everyone", "me", "them", "us"];
/// Pieces of a joined word: a sentence of more is nobody's hashtag.
const PIECES_MAX: usize = 8;
/// Letters of the longest word that is looked for.
const WORD_MAX: usize = 16;
/// Letters of a piece that gives a joined word away; shorter ones stand in too many words by chance.
const TELLING_MIN: usize = 4;
/// Letters of a joined word that are looked at.
pub(super) const JOINED_MAX: usize = 48;

/// Sets of four letters of five bits each.
const LEADS: usize = 1 << 20;

/// Four letters in one number; the case and what is no letter fall together with some letter.
#[inline]
fn lead(four: [u8; TELLING_MIN]) -> usize {
    let four = u32::from_le_bytes(four);
    (four & 0x1f | four >> 3 & 0x3e0 | four >> 6 & 0x7c00 | four >> 9 & 0xf_8000) as usize
}

/// What a word is to a disguise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    /// Not in the table.
    No,
    /// Holds sentences together.
    Small,
    /// Whom something is aimed at: you, me, a group.
    Whom,
    /// Worth hiding.
    Telling,
}

impl Known {
    fn of(classes: Classes) -> Self {
        if classes.any(Classes::CHARGED) {
            Self::Telling
        } else if classes.any(Classes(Classes::YOU.0 | Classes::IDENTITY.0)) {
            Self::Whom
        } else {
            Self::Small
        }
    }
}

/// Word hash → what it is, open addressing; and the words that asterisks may stand in.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    slots: Box<[(u64, Known)]>,
    /// First letters of every telling word, a bit for each four; see [`lead`].
    leads: Box<[u64; LEADS / 64]>,
    masked: Box<[&'static str]>,
}

impl Vocabulary {
    /// The words of the classes and those of the lists.
    pub(crate) fn build(listed: &[Box<[u8]>]) -> Self {
        let as_is = |list: &'static [&str], known| list.iter().map(move |word| (word.as_bytes(), known));
        let mut words: Vec<(&[u8], Known)> = as_is(SMALL, Known::Small).chain(as_is(WHOM, Known::Whom)).collect();
        words.extend(ClassTable::builtin_words().map(|(word, classes)| (word.as_bytes(), Known::of(classes))));
        words.extend(listed.iter().map(|letters| (&**letters, Known::Telling)));
        // Swear words first: where several fit, one of them is meant more often than a slur.
        let of_class = |class| ClassTable::builtin_words().filter(move |(_, classes)| classes.any(class)).map(|(word, _)| word);
        let masked = of_class(Classes::PROFANE).chain(of_class(Classes::SLUR)).collect::<Vec<_>>();
        let mut slots = vec![(0, Known::No); (words.len() * 4).next_power_of_two()].into_boxed_slice();
        let mask = slots.len() - 1;
        let mut leads: Box<[u64; LEADS / 64]> = vec![0; LEADS / 64].try_into().expect("a vector of that length");
        for (letters, known) in words {
            if let (Some(four), Known::Telling) = (letters.first_chunk(), known) {
                let lead = lead(*four);
                leads[lead / 64] |= 1 << (lead % 64);
            }
            let hash = hash_folded(letters);
            let mut slot = slot_of(hash) & mask;
            while slots[slot].1 != Known::No && slots[slot].0 != hash {
                slot = (slot + 1) & mask;
            }
            slots[slot] = (hash, known.max(slots[slot].1));
        }
        Self { slots, leads, masked: masked.into_boxed_slice() }
    }

    pub(super) fn of(&self, hash: u64) -> Known {
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(hash) & mask;
        loop {
            match self.slots[slot] {
                (_, Known::No) => return Known::No,
                (found, known) if found == hash => return known,
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Whether a telling word may stand inside these letters; "no" is certain and costs no look-up of words.
    pub(super) fn may_hold_telling(&self, letters: &[u8]) -> bool {
        let held = letters.windows(TELLING_MIN).fold(0, |held, window| {
            let lead = lead(window.try_into().expect("a window of four letters"));
            held | self.leads[lead / 64] >> (lead % 64)
        });
        held & 1 == 1
    }

    /// The swear word that letters with asterisks stand for.
    pub(super) fn unmask(&self, letters: &[u8]) -> Option<&'static str> {
        let fits = |word: &&&str| {
            word.len() == letters.len() && word.bytes().zip(letters).all(|(have, wanted)| *wanted == b'*' || have == *wanted)
        };
        self.masked.iter().find(fits).copied()
    }

    /// Cuts letters into known words, at least one of them telling; gives the ends of the pieces. Prefers few pieces. Two
    /// pieces must say something to somebody ("killyourself") or be telling both: the language has too many compounds.
    pub(super) fn split(&self, letters: &[u8]) -> Option<Pieces> {
        if letters.len() > JOINED_MAX || !self.may_hold_telling(letters) || WHOLE.iter().any(|word| word.as_bytes() == letters) {
            return None;
        }
        // Fewest pieces up to each letter, without and with a telling one, and where the last piece begins.
        let mut best = [[(u8::MAX, 0_u8); 2]; JOINED_MAX + 1];
        best[0][0] = (0, 0);
        for from in 0..letters.len() {
            if best[from] == [(u8::MAX, 0); 2] {
                continue;
            }
            let mut hash = hash_folded(b"");
            for to in from + 1..=letters.len().min(from + WORD_MAX) {
                hash = hash_step(hash, letters[to - 1]);
                let known = if to == 1 && !matches!(letters[0], b'a' | b'i' | b'u') || to - from == 1 && from > 0 {
                    Known::No
                } else {
                    self.of(hash)
                };
                if known == Known::No {
                    continue;
                }
                let is_telling = known == Known::Telling && to - from >= TELLING_MIN;
                for told in 0..2 {
                    let pieces = best[from][told].0.saturating_add(1);
                    let slot = &mut best[to][usize::from(told == 1 || is_telling)];
                    if pieces < slot.0 {
                        *slot = (pieces, u8::try_from(from << 1 | told).unwrap_or(u8::MAX));
                    }
                }
            }
        }
        Pieces::read(&best, letters.len()).filter(|pieces| pieces.count > 2 || self.is_aimed(letters, pieces))
    }

    fn is_aimed(&self, letters: &[u8], pieces: &Pieces) -> bool {
        let (first, second) = letters.split_at(usize::from(pieces.ends[0]));
        let least = self.of(hash_folded(first)).min(self.of(hash_folded(second)));
        least >= Known::Whom && first.len().min(second.len()) > 1
    }
}

/// Ends of the pieces of a joined word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pieces {
    ends: [u8; PIECES_MAX],
    count: usize,
}

impl Pieces {
    fn read(best: &[[(u8, u8); 2]], length: usize) -> Option<Self> {
        let (count, _) = best[length][1];
        let count = usize::from(count);
        if count > PIECES_MAX {
            return None;
        }
        let mut ends = [0; PIECES_MAX];
        let (mut at, mut told) = (length, 1);
        for end in ends[..count].iter_mut().rev() {
            *end = u8::try_from(at).unwrap_or(u8::MAX);
            let back = best[at][told].1;
            (at, told) = (usize::from(back >> 1), usize::from(back & 1));
        }
        Some(Self { ends, count })
    }

    /// One past the last letter of each piece.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> + '_ {
        self.ends[..self.count].iter().map(|end| usize::from(*end))
    }
}

fn slot_of(hash: u64) -> usize {
    // The top bits after one multiplication: FNV's low bits alone are weak for short words.
    usize::try_from(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or(0)
}
