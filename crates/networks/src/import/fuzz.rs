//! A small fuzzer for the tests of every format: what it makes from a sample is the same for the same seed.
//!
//! It flips bits, cuts, splices and repeats parts of a sound file, because random bytes seldom get past a first check. What it
//! looks for: a panic, and a file that reads differently the second time.

use crate::numbers::Numbers;

/// Calls `check` with damaged forms of a sample.
pub(super) fn damage(sample: &[u8], times: u32, seed: u64, mut check: impl FnMut(&[u8])) {
    let mut numbers = Numbers::new(seed);
    for _ in 0..times {
        let mut bytes = sample.to_vec();
        for _ in 0..=numbers.place(3) {
            let at = numbers.place(bytes.len());
            let length = numbers.place(64).min(bytes.len().saturating_sub(at));
            match numbers.place(6) {
                0 => bytes.truncate(at),
                1 | 2 if at < bytes.len() => bytes[at] ^= 1 << numbers.place(8),
                3 if at < bytes.len() => bytes[at] = [0, 0xff, b'"', b'{', b'\\', b'\n'][numbers.place(6)],
                4 => {
                    let part = bytes[at..at + length].to_vec();
                    let to = numbers.place(bytes.len() + 1);
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
