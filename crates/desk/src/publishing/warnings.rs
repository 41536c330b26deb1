//! Posts that get in each other's way: the same text again on a profile, or two posts at nearly the same time. Pure.
//!
//! Invariants: a warning never stops anything and names the other post; a post does not get in its own way; what is compared is
//! folded (case, spacing, links' tracking parameters) so that a copy with a new link parameter is still a copy.

use std::hash::Hasher as _;

use rustc_hash::{FxHashSet, FxHasher};

use crate::ids::{ProfileId, Time};

/// Two posts on one profile nearer than this share a slot: followers see them as one burst.
pub const SAME_SLOT_MS: i64 = 15 * 60 * 1_000;
/// The same text again within this time is a duplicate; later it is a tradition.
pub const DUPLICATE_WITHIN_MS: i64 = 30 * 24 * 3_600_000;
/// Per cent of shared word pairs from which two texts count as the same.
const ALIKE_PERCENT: usize = 80;
/// Words that are compared: the beginning of a long text says enough.
const WORDS_MAX: usize = 400;

/// A post as far as it can get in another's way.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a, Id> {
    /// Which.
    pub id: Id,
    /// Where.
    pub profile: ProfileId,
    /// When it is due or went out; nothing while it has no time.
    pub slot: Option<Time>,
    /// What it says there.
    pub text: &'a str,
}

/// How two posts get in each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash<Id> {
    /// The same text, or nearly, on the same profile.
    Duplicate {
        /// The other.
        other: Id,
        /// Where.
        profile: ProfileId,
        /// Whether it is word for word the same.
        exact: bool,
    },
    /// Nearly the same time on the same profile.
    SameSlot {
        /// The other.
        other: Id,
        /// Where.
        profile: ProfileId,
        /// When that one is due.
        at: Time,
    },
}

/// What gets in the way of a post, among others.
pub fn clashes<Id: Copy + PartialEq>(post: &Planned<'_, Id>, others: &[Planned<'_, Id>]) -> Vec<Clash<Id>> {
    let said = Said::of(post.text);
    let mut found = Vec::new();
    for other in others.iter().filter(|other| other.id != post.id && other.profile == post.profile) {
        let apart = post.slot.zip(other.slot).map(|(one, two)| one.since_ms(two).saturating_abs());
        if let Some(at) = other.slot.filter(|_| apart.is_some_and(|apart| apart < SAME_SLOT_MS)) {
            found.push(Clash::SameSlot { other: other.id, profile: other.profile, at });
        }
        // A text without words (a picture alone) says nothing about being the same.
        if !said.words.is_empty() && apart.is_none_or(|apart| apart < DUPLICATE_WITHIN_MS) {
            let theirs = folded(other.text);
            let exact = said.words == theirs;
            if exact || said.is_like(&theirs) {
                found.push(Clash::Duplicate { other: other.id, profile: other.profile, exact });
            }
        }
    }
    found
}

/// A folded word, by its hash: thousands of texts are compared while somebody types.
type Word = u64;

/// What a post says, prepared to be compared with many others.
struct Said {
    words: Vec<Word>,
    pairs: FxHashSet<(Word, Word)>,
}

impl Said {
    fn of(text: &str) -> Self {
        let words = folded(text);
        Self { pairs: pairs(&words).collect(), words }
    }

    fn is_like(&self, theirs: &[Word]) -> bool {
        // Sets of which one has less than this share of the other's size cannot share more. Pairs may repeat, so theirs are at most these.
        let most = theirs.len().saturating_sub(1);
        if most * 100 < self.pairs.len() * ALIKE_PERCENT {
            return false;
        }
        let theirs: FxHashSet<_> = pairs(theirs).collect();
        let shared = self.pairs.intersection(&theirs).count();
        let all = self.pairs.len() + theirs.len() - shared;
        // Below four pairs a single word makes most of the difference.
        all >= 4 && shared * 100 >= all * ALIKE_PERCENT
    }
}

fn pairs(words: &[Word]) -> impl Iterator<Item = (Word, Word)> {
    words.windows(2).map(|pair| (pair[0], pair[1]))
}

/// The words of a text without what does not make it another one.
fn folded(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    for link in networks::text::links(text) {
        plain_words(&text[at..link.start], &mut words);
        // What comes after `?` or `#` mostly says where a reader came from.
        words.push(word(text[link.clone()].split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')));
        at = link.end;
    }
    plain_words(&text[at..], &mut words);
    words.truncate(WORDS_MAX);
    words
}

fn plain_words(text: &str, words: &mut Vec<Word>) {
    let solid = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.extend(solid.map(word));
}

fn word(text: &str) -> Word {
    let mut hasher = FxHasher::default();
    if text.is_ascii() {
        text.bytes().for_each(|letter| hasher.write_u8(letter.to_ascii_lowercase()));
        return hasher.finish();
    }
    text.chars().flat_map(char::to_lowercase).for_each(|letter| hasher.write_u32(u32::from(letter)));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn profile(byte: u8) -> ProfileId {
        ProfileId(Uuid::from_bytes([byte; 16]))
    }

    fn planned(id: u32, on: u8, slot: Option<i64>, text: &str) -> Planned<'_, u32> {
        Planned { id, profile: profile(on), slot: slot.map(Time), text }
    }

    #[test]
    fn the_same_text_with_another_tracking_parameter_is_the_same() {
        let one = planned(1, 1, None, "We open on Monday! https://a.test/x?from=one");
        let found = clashes(&one, &[planned(2, 1, None, "we open on  monday https://a.test/x/#two")]);
        assert_eq!(found, [Clash::Duplicate { other: 2, profile: profile(1), exact: true }]);
    }

    #[test]
    fn a_changed_word_in_a_long_text_is_still_a_copy_and_another_text_is_not() {
        let text = "Our new kite flies in the lightest wind and folds into a bag that fits every bicycle basket in town";
        let near = text.replace("lightest", "slightest");
        let one = planned(1, 1, Some(0), text);
        let found = clashes(
            &one,
            &[planned(2, 1, Some(HOUR_MS), &near), planned(3, 1, Some(HOUR_MS), "Something else entirely, promised")],
        );
        assert_eq!(found, [Clash::Duplicate { other: 2, profile: profile(1), exact: false }]);
    }

    #[test]
    fn another_profile_and_long_ago_are_no_duplicates() {
        let one = planned(1, 1, Some(0), "We open on Monday");
        let others = [planned(2, 2, Some(0), "We open on Monday"), planned(3, 1, Some(DUPLICATE_WITHIN_MS), "We open on Monday")];
        assert_eq!(clashes(&one, &others), []);
    }

    #[test]
    fn posts_within_a_quarter_of_an_hour_share_a_slot() {
        let one = planned(1, 1, Some(HOUR_MS), "one");
        let others =
            [planned(2, 1, Some(HOUR_MS + SAME_SLOT_MS - 1), "two"), planned(3, 1, Some(HOUR_MS + SAME_SLOT_MS), "three")];
        let at = Time(HOUR_MS + SAME_SLOT_MS - 1);
        assert_eq!(clashes(&one, &others), [Clash::SameSlot { other: 2, profile: profile(1), at }]);
    }

    proptest! {
        #[test]
        fn getting_in_the_way_is_mutual_and_never_with_oneself(
            texts in prop::collection::vec("([ab] ){0,8}", 2),
            slots in prop::collection::vec(prop::option::of(0..2_000_000i64), 2),
        ) {
            let (one, two) = (planned(1, 1, slots[0], &texts[0]), planned(2, 1, slots[1], &texts[1]));
            prop_assert_eq!(clashes(&one, &[two]).len(), clashes(&two, &[one]).len());
            prop_assert!(clashes(&one, &[one]).is_empty());
        }
    }
}
