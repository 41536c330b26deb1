//! The second layer: a small network over the experts' sums, their strongest words and a few counts.
//!
//! One hidden layer of rectified units plus a direct linear path; some 2,000 multiplications a message.

use super::classes::Classes;
use super::f32_of;
use super::features::WordView;
use super::model::COLUMNS;
use crate::sentiment;
use crate::tokens::{Marks, TokenKind, Tokens};

/// Counts of how a message is written.
const STYLE: usize = 8;
/// Classes in the reach of a negation.
const NEGATED: usize = 4;
/// What the second layer sees: sums, strongest words, style, classes, negated classes, sentiment rules.
pub const INPUTS: usize = 2 * COLUMNS + STYLE + Classes::COUNT + NEGATED + sentiment::RULES;
/// Hidden units.
pub const HIDDEN: usize = 24;
/// Eight heads, then negative, neutral, positive.
pub const OUTPUTS: usize = 11;
/// Hidden units summed at a time.
const REGISTERS: usize = 24;
const _: () = assert!(HIDDEN.is_multiple_of(REGISTERS));
/// Outputs with one that is always zero: whole vectors of four.
pub const LANES: usize = OUTPUTS.next_multiple_of(4);

const COLUMN_NEGATIVE: usize = 13;
const COLUMN_POSITIVE: usize = 14;

/// Everything the inputs are computed from.
pub struct Inputs<'a> {
    /// The scanned message.
    pub tokens: &'a Tokens,
    /// One view a token.
    pub views: &'a [WordView],
    /// One row of experts' weights a token, from its own letters.
    pub words: &'a [[f32; COLUMNS]],
    /// The experts' sums over the message.
    pub totals: [f32; COLUMNS],
}

impl Inputs<'_> {
    /// The vector that the network reads.
    pub fn build(&self) -> [f32; INPUTS] {
        let mut inputs = [0.0; INPUTS];
        inputs[..COLUMNS].copy_from_slice(&self.totals);
        let mut at = COLUMNS;
        let mut strongest = [0.0_f32; COLUMNS];
        for word in self.words {
            for (top, sum) in strongest.iter_mut().zip(word) {
                let weight = sum * STRONGEST_SCALE;
                *top = if weight > *top { weight } else { *top };
            }
        }
        inputs[at..at + COLUMNS].copy_from_slice(&strongest);
        at += COLUMNS;
        inputs[at..at + STYLE].copy_from_slice(&self.style());
        at += STYLE;
        let (mut all, mut negated) = (UpToThree::default(), UpToThree::default());
        for view in self.views {
            all.count(view.classes.0);
            negated.count(if view.negated { view.classes.0 } else { 0 });
        }
        let watched = [Classes::INSULT, Classes::LOVE, Classes::HATE, Classes::VIOLENCE];
        let counts = (0..Classes::COUNT).map(|bit| all.of(bit));
        for count in counts.chain(watched.map(|class| negated.of(class.0.trailing_zeros() as usize))) {
            inputs[at] = 0.5 * f32_of(count);
            at += 1;
        }
        let valence = |index: usize| {
            let word = &self.words[index];
            (word[COLUMN_POSITIVE] - word[COLUMN_NEGATIVE]) * STRONGEST_SCALE
        };
        inputs[at..].copy_from_slice(&sentiment::rules(self.tokens, self.views, valence));
        inputs
    }

    fn style(&self) -> [f32; STYLE] {
        let (mut caps, mut mentions, mut urls, mut emoji, mut tags) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        for view in self.views {
            caps += u32::from(view.marks.has(Marks::ALL_CAPS));
            mentions += u32::from(view.kind == TokenKind::Mention);
            urls += u32::from(view.kind == TokenKind::Url);
            emoji += u32::from(view.kind == TokenKind::Emoji);
            tags += u32::from(view.kind == TokenKind::Hashtag);
        }
        let words = f32_of(u32::try_from(self.views.len()).unwrap_or(0));
        [
            (1.0 + words).ln() * 0.5 - 1.2,
            f32_of(self.tokens.exclaims().min(4)) * 0.25,
            f32_of(self.tokens.questions().min(4)) * 0.25,
            f32_of(caps) / words.max(1.0),
            f32_of(mentions.min(3)) * 0.33,
            f32_of(urls.min(1)),
            f32_of(emoji.min(3)) * 0.33,
            f32_of(tags.min(3)) * 0.33,
        ]
    }
}

/// Counts each of 32 bits up to three and no further, all of them at once.
#[derive(Default)]
struct UpToThree {
    ones: u32,
    twos: u32,
}

impl UpToThree {
    #[inline]
    fn count(&mut self, bits: u32) {
        (self.ones, self.twos) = (self.ones ^ bits | self.ones & self.twos, self.twos | self.ones & bits);
    }

    fn of(&self, bit: usize) -> u32 {
        (self.ones >> bit & 1) + 2 * (self.twos >> bit & 1)
    }
}

/// A word has a tenth of a message's features: brings its sum to the scale of the totals.
const STRONGEST_SCALE: f32 = 0.2;

/// The network's weights.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Input to hidden, an input's row at a time.
    pub first: Vec<[f32; HIDDEN]>,
    /// Hidden biases.
    pub first_bias: [f32; HIDDEN],
    /// Hidden to output, a hidden unit's row at a time.
    pub second: Vec<[f32; LANES]>,
    /// Input straight to output.
    pub direct: Vec<[f32; LANES]>,
    /// Output biases.
    pub second_bias: [f32; LANES],
}

impl Stack {
    /// Numbers in the flat form.
    pub const FLAT: usize = INPUTS * HIDDEN + HIDDEN + HIDDEN * LANES + INPUTS * LANES + LANES;

    /// Logits of the outputs.
    pub fn run(&self, inputs: &[f32; INPUTS]) -> [f32; LANES] {
        // Half of the inputs are zero; which ones is noted without a branch, because no message is like the one before.
        let mut active = [0_u8; INPUTS];
        let mut count = 0;
        for (index, input) in (0_u8..).zip(inputs) {
            active[count] = index;
            count += usize::from(*input != 0.0);
        }
        let active = &active[..count];
        let mut hidden = self.first_bias;
        // As many sums at a time as there are registers.
        for (part, sums) in hidden.as_chunks_mut::<REGISTERS>().0.iter_mut().enumerate() {
            let mut kept = *sums;
            for &index in active {
                let input = inputs[usize::from(index)];
                let row = &self.first[usize::from(index)].as_chunks::<REGISTERS>().0[part];
                for (unit, weight) in kept.iter_mut().zip(row) {
                    *unit += input * weight;
                }
            }
            *sums = kept;
        }
        let mut outputs = self.second_bias;
        for &index in active {
            let input = inputs[usize::from(index)];
            for (output, weight) in outputs.iter_mut().zip(&self.direct[usize::from(index)]) {
                *output += input * weight;
            }
        }
        for (unit, row) in hidden.iter().zip(&self.second) {
            let unit = unit.max(0.0);
            for (output, weight) in outputs.iter_mut().zip(row) {
                *output += unit * weight;
            }
        }
        outputs
    }

    /// All numbers in one row, in the order of the fields.
    pub fn to_flat(&self) -> Vec<f32> {
        let parts = self.first.as_flattened().iter().chain(&self.first_bias).chain(self.second.as_flattened());
        parts.chain(self.direct.as_flattened()).chain(&self.second_bias).copied().collect()
    }

    /// All zero.
    pub fn zero() -> Stack {
        Stack::from_flat(&[])
    }

    /// The inverse of [`Stack::to_flat`]; numbers that are missing are zero.
    pub fn from_flat(flat: &[f32]) -> Stack {
        let mut rest = flat.iter().copied();
        let mut next = || rest.next().unwrap_or(0.0);
        Stack {
            first: (0..INPUTS).map(|_| std::array::from_fn(|_| next())).collect(),
            first_bias: std::array::from_fn(|_| next()),
            second: (0..HIDDEN).map(|_| std::array::from_fn(|_| next())).collect(),
            direct: (0..INPUTS).map(|_| std::array::from_fn(|_| next())).collect(),
            second_bias: std::array::from_fn(|_| next()),
        }
    }
}
