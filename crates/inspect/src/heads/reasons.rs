//! The words that weigh most for a head.

use super::model::COLUMNS;

/// Reasons a head gives at most: more is noise to the reader.
pub const REASONS_MAX: usize = 3;

/// Indices into the message's tokens, strongest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    tokens: [u32; REASONS_MAX],
    len: usize,
}

impl Reasons {
    /// The tokens with the largest weight in a column; only those that speak for the head.
    pub(super) fn strongest(words: &[[f32; COLUMNS]], column: usize) -> Reasons {
        let mut best = [(0.0_f32, 0_u32); REASONS_MAX];
        for (index, word) in (0_u32..).zip(words) {
            let mut entry = (word[column], index);
            for slot in &mut best {
                if entry.0 > slot.0 {
                    std::mem::swap(slot, &mut entry);
                }
            }
        }
        let len = best.iter().take_while(|(weight, _)| *weight > 0.0).count();
        Reasons { tokens: best.map(|(_, index)| index), len }
    }

    /// Token indices, strongest first.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens[..self.len]
    }
}
