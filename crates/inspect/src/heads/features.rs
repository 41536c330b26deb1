//! Which rows of the table a message touches.
//!
//! Per word: the word, its negated form inside the reach of a negation, its character 3- to 5-grams with word ends
//! marked, its classes. Between words: pairs, the same with one side replaced by its class, and sequences of classes,
//! where every identity group looks alike. The trainer and the engine call the same code; changing it means training
//! again and raising the model's format.

use super::classes::{ClassTable, Classes};
use super::set_phrases::SetPhrases;
use crate::masks::eight_at;
use crate::tokens::{Marks, Token, TokenKind, Tokens, hash_letters};

/// Longest part of a word, in bytes, that is cut into character grams: longer "words" are data, not language.
const GRAM_BYTES_MAX: usize = 24;
/// Features that a word's own letters have at most: itself and three grams from each place.
pub(super) const OWN_FEATURES_MAX: usize = 1 + 3 * GRAM_BYTES_MAX;
/// Words after a negation that it reaches, unless the sentence ends before.
const NEGATION_REACH: u32 = 3;

/// What the scorer needs to know of a token, besides its own features.
#[derive(Clone, Copy, Debug)]
pub struct WordView {
    /// Hash that stands for the word (mentions, numbers and addresses each share one).
    pub hash: u64,
    /// Word classes.
    pub classes: Classes,
    /// Inside the reach of a negation.
    pub negated: bool,
    /// Marks of the token.
    pub marks: Marks,
    /// Kind of the token.
    pub kind: TokenKind,
}

/// Kinds of feature, mixed into the hash so that a pair never meets a word.
#[derive(Clone, Copy)]
enum Salt {
    Word = 1,
    Gram = 2,
    Negated = 3,
    Pair = 4,
    HalfPair = 5,
    ClassPair = 6,
    ClassSkip = 7,
    ClassTriple = 8,
    Abstract = 9,
    Mark = 10,
    End = 11,
    Class = 12,
}

/// Row of a table of `rows` rows.
pub fn row_of(feature: u64, rows: u32) -> u32 {
    (((feature >> 32) * u64::from(rows)) >> 32) as u32
}

fn mix(salt: Salt, first: u64, second: u64) -> u64 {
    let mut h = first ^ second.rotate_left(29) ^ (salt as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
    h = (h ^ (h >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ (h >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h ^ (h >> 32)
}

/// What stands for a number.
const NUMBER: &[u8] = b" 0";

/// The letters and the hash that stand for a token (mentions, numbers and addresses each share one), and its kind.
pub(super) fn word_of<'a>(tokens: &'a Tokens, token: &Token) -> (&'a [u8], u64, TokenKind) {
    // What a programmer called a thing says nothing of the tone.
    let kind = if token.marks.has(Marks::QUALIFIED) { TokenKind::Number } else { token.kind };
    // With a space before them, so that no word of a text has the same letters.
    let shared: &'static [u8] = match kind {
        TokenKind::Mention => b" @user",
        TokenKind::Url => b" http",
        TokenKind::Number if token.end - token.start == 4 => b" 0000",
        TokenKind::Number => NUMBER,
        TokenKind::Word | TokenKind::Hashtag | TokenKind::Emoji => return (tokens.folded(token), token.hash, kind),
    };
    (shared, hash_letters(&shared[1..]), kind)
}

/// Fills `views` with one view a token, at most `limit`. `classes_of` says the classes of a word by its letters and hash.
pub(super) fn view_with(
    tokens: &Tokens,
    phrases: &SetPhrases,
    limit: usize,
    views: &mut Vec<WordView>,
    mut classes_of: impl FnMut(&[u8], u64, TokenKind) -> Classes,
) {
    views.clear();
    let mut reach = 0_u32;
    let mut covered = 0_usize;
    for (at, token) in tokens.list().iter().enumerate().take(limit) {
        if covered == 0 {
            covered = phrases.length_at(&tokens.list()[at..]);
        }
        let (letters, hash, kind) =
            if covered > 0 { (NUMBER, hash_letters(&NUMBER[1..]), TokenKind::Number) } else { word_of(tokens, token) };
        covered = covered.saturating_sub(1);
        let classes = classes_of(letters, hash, kind);
        if token.marks.has(Marks::AFTER_STOP) {
            reach = 0;
        }
        let negated = reach > 0;
        reach = if classes.any(Classes::NOT) { NEGATION_REACH } else { reach.saturating_sub(1) };
        views.push(WordView { hash, classes, negated, marks: token.marks, kind });
    }
}

/// Fills `views` with one view a token, at most `limit`.
pub fn view(tokens: &Tokens, table: &ClassTable, limit: usize, views: &mut Vec<WordView>) {
    view_with(tokens, &table.phrases, limit, views, |_, hash, _| table.of(hash));
}

/// Features that depend on a word's own letters only, so that a scorer may keep their sum.
pub(super) fn own_features(letters: &[u8], hash: u64, kind: TokenKind, mut emit: impl FnMut(u64)) {
    emit(mix(Salt::Word, hash, 0));
    if !matches!(kind, TokenKind::Word | TokenKind::Hashtag) {
        return;
    }
    let letters = &letters[..letters.len().min(GRAM_BYTES_MAX)];
    // The word with its ends marked, in a buffer on the stack, and room behind it.
    let mut marked = [0_u8; GRAM_BYTES_MAX + 2 + 8];
    marked[0] = b'<';
    marked[1..=letters.len()].copy_from_slice(letters);
    marked[letters.len() + 1] = b'>';
    let length = letters.len() + 2;
    for start in 0..length - 2 {
        let eight = eight_at(&marked, start);
        for letters in 3..=(length - start).min(5) {
            emit(mix(Salt::Gram, eight & u64::MAX >> (64 - 8 * letters), 0));
        }
    }
}

/// Features of the token at `at` together with its neighbours to the left.
pub fn joint_features(views: &[WordView], at: usize, mut emit: impl FnMut(u64)) {
    let view = &views[at];
    if view.negated {
        emit(mix(Salt::Negated, view.hash, 0));
    }
    if view.marks.has(Marks::ALL_CAPS) {
        emit(mix(Salt::Mark, 1, 0));
    }
    if view.marks.has(Marks::STRETCHED) {
        emit(mix(Salt::Mark, 2, 0));
    }
    if view.marks.has(Marks::AFTER_EXCLAIM) {
        emit(mix(Salt::Mark, 3, 0));
    }
    if view.marks.has(Marks::AFTER_QUESTION) {
        emit(mix(Salt::Mark, 4, 0));
    }
    if view.marks.has(Marks::SKIN_TONE) {
        emit(mix(Salt::Mark, 5, 0));
    }
    let Some(before) = at.checked_sub(1).map(|index| &views[index]) else {
        emit(mix(Salt::Pair, 0, view.hash));
        return;
    };
    emit(mix(Salt::Pair, before.hash, view.hash));
    if before.classes.0 != 0 {
        emit(mix(Salt::HalfPair, first_class(before), view.hash));
    }
    if view.classes.0 != 0 {
        emit(mix(Salt::HalfPair, before.hash, first_class(view)));
    }
    abstract_pair(before, view, &mut emit);
    if let Some(earlier) = at.checked_sub(2).map(|index| &views[index]) {
        let group = Classes(Classes::IDENTITY.0 | Classes::SLUR.0);
        if earlier.classes.any(group) || before.classes.any(group) || view.classes.any(group) {
            let pair = mix(Salt::Abstract, stand_in(earlier), stand_in(before));
            emit(mix(Salt::Abstract, pair, stand_in(view)));
        }
    }
}

/// Pairs where an identity word is replaced by its class.
fn abstract_pair(before: &WordView, view: &WordView, emit: &mut impl FnMut(u64)) {
    if before.classes.any(Classes::IDENTITY) || view.classes.any(Classes::IDENTITY) {
        emit(mix(Salt::Abstract, stand_in(before), stand_in(view)));
    }
}

fn stand_in(view: &WordView) -> u64 {
    if view.classes.any(Classes::IDENTITY) { 1 } else { view.hash }
}

/// How the classes of one word are read when they stand in a sequence; a word of several classes is the same as
/// another only in some of these readings.
#[derive(Clone, Copy)]
enum Reading {
    All,
    First,
}

impl Reading {
    fn of(self, classes: Classes) -> u64 {
        match self {
            Reading::All => u64::from(classes.0),
            Reading::First => 1_000 + u64::from(classes.0.trailing_zeros()),
        }
    }
}

fn first_class(view: &WordView) -> u64 {
    Reading::First.of(view.classes)
}

/// Features over the classified words: each class, negated or not, then pairs, pairs with a skip and triples.
pub fn class_features(views: &[WordView], classed: &mut Vec<(Classes, bool)>, mut emit: impl FnMut(u64)) {
    classed.clear();
    classed.extend(views.iter().filter(|view| view.classes.0 != 0).map(|view| (view.classes, view.negated)));
    for (classes, negated) in &*classed {
        let mut rest = classes.0;
        while rest != 0 {
            let bit = u64::from(rest.trailing_zeros());
            rest &= rest - 1;
            // Twice: a class says more than a single pair, and a feature's value is how often it is emitted.
            let feature = mix(Salt::Class, bit, u64::from(*negated));
            emit(feature);
            emit(feature);
        }
    }
    for reading in [Reading::All, Reading::First] {
        let mut last = [0_u64; 2];
        for (classes, _) in &*classed {
            let class = reading.of(*classes);
            emit(mix(Salt::ClassPair, last[1], class));
            emit(mix(Salt::ClassSkip, last[0], class));
            emit(mix(Salt::ClassTriple, mix(Salt::ClassTriple, last[0], last[1]), class));
            last = [last[1], class];
        }
        emit(mix(Salt::End, last[0], last[1]));
    }
}

/// Every feature of a message that has been viewed, once per occurrence.
pub fn all_features(tokens: &Tokens, views: &[WordView], mut emit: impl FnMut(u64)) {
    for (at, (token, view)) in tokens.list().iter().zip(views).enumerate() {
        own_features(word_of(tokens, token).0, view.hash, view.kind, &mut emit);
        joint_features(views, at, &mut emit);
    }
    class_features(views, &mut Vec::new(), &mut emit);
}
