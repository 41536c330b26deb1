//! The second layer: a small network over the experts' sums, their strongest words and a few counts.
//!
//! One hidden layer of rectified units plus a direct linear path; about 4,000 multiplications a message.

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
pub const HIDDEN: usize = 48;
/// Eight heads, then negative, neutral, positive.
pub const OUTPUTS: usize = 11;

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
        for word in self.words {
            for column in 0..COLUMNS {
                let strongest = &mut inputs[at + column];
                *strongest = strongest.max(word[column] * STRONGEST_SCALE);
            }
        }
        at += COLUMNS;
        inputs[at..at + STYLE].copy_from_slice(&self.style());
        at += STYLE;
        let mut counts = [0_u32; Classes::COUNT];
        let mut negated = [0_u32; NEGATED];
        for view in self.views {
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += (view.classes.0 >> bit) & 1;
            }
            if view.negated {
                let watched = [Classes::INSULT, Classes::LOVE, Classes::HATE, Classes::VIOLENCE];
                for (class, count) in watched.into_iter().zip(&mut negated) {
                    *count += u32::from(view.classes.any(class));
                }
            }
        }
        for count in counts.into_iter().chain(negated) {
            inputs[at] = 0.5 * f32_of(count.min(3));
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
        let count =
            |test: &dyn Fn(&WordView) -> bool| f32_of(u32::try_from(self.views.iter().filter(|v| test(v)).count()).unwrap_or(0));
        let words = count(&|_| true);
        let caps = count(&|view| view.marks.has(Marks::ALL_CAPS));
        [
            (1.0 + words).ln() * 0.5 - 1.2,
            f32_of(self.tokens.exclaims().min(4)) * 0.25,
            f32_of(self.tokens.questions().min(4)) * 0.25,
            caps / words.max(1.0),
            count(&|view| view.kind == TokenKind::Mention).min(3.0) * 0.33,
            count(&|view| view.kind == TokenKind::Url).min(1.0),
            count(&|view| view.kind == TokenKind::Emoji).min(3.0) * 0.33,
            count(&|view| view.kind == TokenKind::Hashtag).min(3.0) * 0.33,
        ]
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
    pub second: Vec<[f32; OUTPUTS]>,
    /// Input straight to output.
    pub direct: Vec<[f32; OUTPUTS]>,
    /// Output biases.
    pub second_bias: [f32; OUTPUTS],
}

impl Stack {
    /// Numbers in the flat form.
    pub const FLAT: usize = INPUTS * HIDDEN + HIDDEN + HIDDEN * OUTPUTS + INPUTS * OUTPUTS + OUTPUTS;

    /// Logits of the outputs.
    pub fn run(&self, inputs: &[f32; INPUTS]) -> [f32; OUTPUTS] {
        let mut hidden = self.first_bias;
        let mut outputs = self.second_bias;
        for ((input, row), direct) in inputs.iter().zip(&self.first).zip(&self.direct) {
            if *input == 0.0 {
                continue;
            }
            for (unit, weight) in hidden.iter_mut().zip(row) {
                *unit += input * weight;
            }
            for (output, weight) in outputs.iter_mut().zip(direct) {
                *output += input * weight;
            }
        }
        for (unit, row) in hidden.iter().zip(&self.second) {
            if *unit > 0.0 {
                for (output, weight) in outputs.iter_mut().zip(row) {
                    *output += unit * weight;
                }
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
