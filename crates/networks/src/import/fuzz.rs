//! A small fuzzer for the tests of every format: what it makes from a sample is the same for the same seed.
//!
//! It flips bits, cuts, splices and repeats parts of a sound file, because random bytes seldom get past a first check. What it
//! looks for: a panic, and a file that reads differently the second time.

/// A small generator of numbers (the 64-bit mixer of SplitMix, which is enough to choose places).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("below a usize")
    }
}

/// Calls `check` with damaged forms of a sample.
pub(super) fn damage(sample: &[u8], times: u32, seed: u64, mut check: impl FnMut(&[u8])) {
    let mut numbers = Numbers(seed);
    for _ in 0..times {
        let mut bytes = sample.to_vec();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(bytes.len());
            let length = numbers.below(64).min(bytes.len().saturating_sub(at));
            match numbers.below(6) {
                0 => bytes.truncate(at),
                1 | 2 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
                3 if at < bytes.len() => bytes[at] = [0, 0xff, b'"', b'{', b'\\', b'\n'][numbers.below(6)],
                4 => {
                    let part = bytes[at..at + length].to_vec();
                    let to = numbers.below(bytes.len() + 1);
                    bytes.splice(to..to, part);
                }
                _ => {
                    bytes.drain(at..at + length);
                }
            }
        }
        check(&bytes);
    }
}
