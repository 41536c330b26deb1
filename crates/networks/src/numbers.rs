//! Numbers that look random and are the same everywhere for the same seed (SplitMix64): sample traffic, sample files, damaged files.
//!
//! Invariant: what a seed gives never changes, because the sandbox's messages are made of it again at each look. Not for secrets.

/// What one step adds: the golden ratio in 64 bits.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A small generator of numbers.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The numbers of one moment of a seed; `salt` tells uses of the same moment apart.
    pub fn at(seed: u64, slot: i64, salt: u64) -> Self {
        let mut numbers = Self(seed ^ slot.cast_unsigned().wrapping_mul(STEP) ^ salt.rotate_left(32));
        numbers.next();
        numbers
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "it has no end to tell an iterator's users about")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when nothing is below it.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A place in something of this length; 0 when it is empty.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a usize")
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.place(of.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn a_seed_gives_the_published_numbers() {
        // The first numbers of seed 1234567, as the algorithm's authors' program prints them.
        let mut numbers = Numbers::new(1_234_567);
        assert_eq!([numbers.next(), numbers.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        assert_eq!((numbers.below(0), numbers.below(1), numbers.place(0)), (0, 0, 0));
    }
}
