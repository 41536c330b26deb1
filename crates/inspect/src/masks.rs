//! Classes of 64 bytes at a time as bits: where words, digits, white space and characters beyond ASCII stand.
//!
//! What reads a text then jumps from the edge of one word to the next instead of asking byte after byte. Eight bytes
//! are classified by a handful of additions on one `u64`, without a branch.
//!
//! Invariant: bit `i` of block `b` is about byte `64 * b + i`; behind the text everything is white space, and at least
//! one such bit follows, so that every word and every stretch ends.

/// The classes of 64 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// ASCII letters and digits.
    pub plain: u64,
    /// ASCII digits.
    pub digit: u64,
    /// White space and control characters.
    pub space: u64,
    /// Bytes of characters beyond ASCII.
    pub high: u64,
}

const BEHIND: Block = Block { plain: 0, digit: 0, space: u64::MAX, high: 0 };

/// The classes of a text; reused from text to text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    blocks: Vec<Block>,
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte whose lower seven bits are at least `n`; `seven` holds those bits and no other.
#[inline]
fn at_least(seven: u64, n: u8) -> u64 {
    seven + every(0x80 - n)
}

/// Brings the high bits of eight bytes together: byte `i` becomes bit `i`.
#[inline]
fn pack(high: u64) -> u64 {
    (high & HIGH_BITS).wrapping_mul(0x0002_0408_1020_4081) >> 56
}

impl Block {
    #[inline]
    fn read(bytes: &[u8; 64]) -> Self {
        let eights: [u64; 8] = std::array::from_fn(|i| eight_at(bytes, 8 * i));
        // Most texts hold nothing beyond ASCII, and need a fifth less work then.
        let is_ascii = eights.iter().fold(0, |sum, eight| sum | eight) & HIGH_BITS == 0;
        if is_ascii { Self::of::<true>(&eights) } else { Self::of::<false>(&eights) }
    }

    #[inline]
    fn of<const IS_ASCII: bool>(eights: &[u64; 8]) -> Self {
        let mut block = Self { plain: 0, digit: 0, space: 0, high: 0 };
        for (i, eight) in eights.iter().enumerate() {
            let eight = if IS_ASCII { eight & LOW_BITS } else { *eight };
            let seven = eight & LOW_BITS;
            let letter = at_least(seven | every(0x20), b'a') & !at_least(seven | every(0x20), b'z' + 1);
            let digit = at_least(seven, b'0') & !at_least(seven, b'9' + 1);
            let space = !at_least(seven, b'!') | at_least(seven, 0x7f);
            block.plain |= pack((letter | digit) & !eight) << (8 * i);
            block.digit |= pack(digit & !eight) << (8 * i);
            block.space |= pack(space & !eight) << (8 * i);
            block.high |= pack(eight) << (8 * i);
        }
        block
    }
}

impl Masks {
    /// Classifies a text.
    pub(crate) fn fill(&mut self, bytes: &[u8]) {
        self.blocks.clear();
        let (whole, rest) = bytes.as_chunks::<64>();
        self.blocks.extend(whole.iter().map(Block::read));
        let mut last = [b' '; 64];
        last[..rest.len()].copy_from_slice(rest);
        self.blocks.push(Block::read(&last));
    }

    /// The blocks, the last of them with white space behind the text.
    #[inline]
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The beginning of the stretch without white space around `at`.
    #[inline]
    pub(crate) fn space_before(&self, at: usize) -> usize {
        let (mut index, bit) = (at / 64, at % 64);
        let mut spaces = self.blocks[index].space << (63 - bit);
        let mut end = at + 1;
        while spaces == 0 && index > 0 {
            end = index * 64;
            index -= 1;
            spaces = self.blocks[index].space;
        }
        end.saturating_sub(spaces.leading_zeros() as usize)
    }

    /// The end of the stretch without white space around `at`.
    #[inline]
    pub(crate) fn space_after(&self, at: usize) -> usize {
        let (mut index, bit) = (at / 64, at % 64);
        let mut spaces = self.blocks.get(index).unwrap_or(&BEHIND).space >> bit;
        let mut start = at;
        while spaces == 0 {
            index += 1;
            start = index * 64;
            spaces = self.blocks.get(index).unwrap_or(&BEHIND).space;
        }
        start + spaces.trailing_zeros() as usize
    }

    /// Whether a digit stands from `from` on and before `to`.
    pub(crate) fn has_digit(&self, from: usize, to: usize) -> bool {
        (from / 64..self.blocks.len().min(to.div_ceil(64))).any(|index| {
            let base = index * 64;
            let inside = u64::MAX << from.saturating_sub(base) & u64::MAX >> (base + 64).saturating_sub(to);
            self.blocks[index].digit & inside != 0
        })
    }

    /// The end of the run of ASCII letters and digits that goes on at `at`; `at` itself when none does.
    #[inline]
    pub(crate) fn plain_end(&self, at: usize) -> usize {
        let (mut index, bit) = (at / 64, at % 64);
        let others = !self.blocks.get(index).unwrap_or(&BEHIND).plain >> bit;
        if others != 0 {
            return at + others.trailing_zeros() as usize;
        }
        loop {
            index += 1;
            let others = !self.blocks.get(index).unwrap_or(&BEHIND).plain;
            if others != 0 {
                return index * 64 + others.trailing_zeros() as usize;
            }
        }
    }
}

/// Eight bytes from a position on, zero behind the text.
#[inline]
pub(crate) fn eight_at(bytes: &[u8], at: usize) -> u64 {
    if let Some(eight) = bytes.get(at..at + 8) {
        return u64::from_le_bytes(eight.try_into().expect("a slice of eight bytes"));
    }
    match bytes.last_chunk::<8>() {
        // The last eight bytes, moved down by as many as stand before the position.
        Some(last) if at < bytes.len() => u64::from_le_bytes(*last) >> (8 * (at + 8 - bytes.len())),
        _ => bytes.iter().skip(at).rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_say_what_the_bytes_are(bytes in prop::collection::vec(any::<u8>(), 0..200), reach in (0_usize..300, 0_usize..300)) {
            let mut masks = Masks::default();
            masks.fill(&bytes);
            for at in 0..masks.blocks().len() * 64 {
                let byte = bytes.get(at).copied().unwrap_or(b' ');
                let block = masks.blocks()[at / 64];
                let bit = |mask: u64| mask >> (at % 64) & 1 == 1;
                prop_assert_eq!(bit(block.plain), byte.is_ascii_alphanumeric());
                prop_assert_eq!(bit(block.digit), byte.is_ascii_digit());
                prop_assert_eq!(bit(block.space), byte <= b' ' || byte == 0x7f);
                prop_assert_eq!(bit(block.high), byte >= 0x80);
            }
            let (from, to) = (reach.0.min(reach.1), reach.0.max(reach.1) + 1);
            let digit = bytes.iter().take(to).skip(from).any(u8::is_ascii_digit);
            prop_assert_eq!(masks.has_digit(from, to), digit);
            prop_assert!(masks.blocks().last().is_some_and(|block| block.space >> 63 == 1));
        }

        #[test]
        fn runs_end_and_eight_bytes_are_read_wherever_they_stand(text in "[a-z]{0,90}[ .]?[a-z0-9]{0,90}", at in 0_usize..190) {
            let mut masks = Masks::default();
            masks.fill(text.as_bytes());
            if text.as_bytes().get(at).is_some_and(|byte| *byte != b' ') {
                prop_assert_eq!(masks.space_before(at), text[..at].rfind(' ').map_or(0, |space| space + 1));
                prop_assert_eq!(masks.space_after(at), text[at..].find(' ').map_or(text.len(), |space| at + space));
            }
            let run = text.bytes().skip(at).take_while(u8::is_ascii_alphanumeric).count();
            prop_assert_eq!(masks.plain_end(at), at + run);
            let mut eight = [0; 8];
            for (to, from) in eight.iter_mut().zip(text.bytes().skip(at)) {
                *to = from;
            }
            prop_assert_eq!(eight_at(text.as_bytes(), at), u64::from_le_bytes(eight));
        }
    }
}
