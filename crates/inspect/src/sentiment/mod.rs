//! The rule layer of sentiment: how negation, intensifiers, capitals, contrast and punctuation bend the words' valence.
//!
//! The valence of a word or emoji is learned (see `heads`); what stands around it is rule: a negation within three
//! words turns it and weakens it, an intensifier just before it or capitals in a mixed-case text strengthen it, and
//! what follows "but" counts more than what stands before. The rules' sums are inputs of the second layer, which
//! gives the three probabilities of [`crate::heads::Sentiment`].

pub(crate) mod faces;

use crate::heads::classes::Classes;
use crate::heads::features::WordView;
use crate::tokens::{Marks, TokenKind, Tokens, hash_letters};

/// How many numbers [`rules`] gives.
pub const RULES: usize = 6;

/// A negated word keeps this share of its valence, with the sign turned ("not good" is milder than "bad").
const NEGATION_SHARE: f32 = -0.7;
/// Strengthening by an intensifier just before the word.
const INTENSIFIER_SHARE: f32 = 1.3;
/// Strengthening by capitals where the rest is not in capitals.
const CAPITALS_SHARE: f32 = 1.3;
/// Weight of the words before a contrast and after it.
const BEFORE_CONTRAST: f32 = 0.6;
const AFTER_CONTRAST: f32 = 1.4;
/// Each `!` up to four adds this share.
const EXCLAIM_SHARE: f32 = 0.08;

/// Positive sum, negative sum, balance, valence after the last contrast, emoji balance, last word's valence.
/// `valence` gives the learned valence of the token at an index.
pub fn rules(tokens: &Tokens, views: &[WordView], valence: impl Fn(usize) -> f32) -> [f32; RULES] {
    let contrast = hash_letters(b"but");
    let turn = views.iter().rposition(|view| view.hash == contrast);
    let capitals = views.iter().filter(|view| view.marks.has(Marks::ALL_CAPS)).count();
    let mixed_case = capitals * 2 < views.len();
    let (mut positive, mut negative, mut after, mut emoji, mut last) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, view) in views.iter().enumerate() {
        let mut value = valence(index);
        if view.negated && view.kind != TokenKind::Emoji {
            value *= NEGATION_SHARE;
        }
        let strengthened = index.checked_sub(1).is_some_and(|before| views[before].classes.any(Classes::VERY));
        if strengthened {
            value *= INTENSIFIER_SHARE;
        }
        if mixed_case && view.marks.has(Marks::ALL_CAPS) {
            value *= CAPITALS_SHARE;
        }
        if let Some(turn) = turn {
            value *= if index < turn { BEFORE_CONTRAST } else { AFTER_CONTRAST };
            if index > turn {
                after += value;
            }
        }
        if view.kind == TokenKind::Emoji {
            emoji += value;
        }
        positive += value.max(0.0);
        negative += value.min(0.0);
        last = value;
    }
    let stress = 1.0 + EXCLAIM_SHARE * crate::heads::f32_of(tokens.exclaims().min(4));
    let balance = (positive + negative) * stress;
    [soft(positive * stress), soft(negative * stress), soft(balance), soft(after), soft(emoji), soft(last)]
}

/// Keeps sums of long messages within ±2 while small ones stay as they are.
fn soft(x: f32) -> f32 {
    2.0 * x / (2.0 + x.abs())
}
