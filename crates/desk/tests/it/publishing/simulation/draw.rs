//! What is drawn: the same numbers for the same seed, and from them what the network does with a call.

use desk::publishing::LOOK_AFTER_MS;
use testkit::fickle::Fate;

use super::SECOND;

/// Numbers that are the same in every run (SplitMix64).
#[derive(Debug)]
pub(super) struct Draw(pub(super) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(super) fn one<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = usize::try_from(self.below(all.len() as u64)).expect("small");
        all.get(at)
    }

    pub(super) fn ms(&mut self, most: i64) -> i64 {
        i64::try_from(self.below(most.unsigned_abs())).expect("small")
    }

    pub(super) fn fate(&mut self) -> Fate {
        match self.below(100) {
            0..50 => Fate::Takes,
            50..59 => Fate::AnswerLost,
            59..65 => Fate::Late(self.ms(LOOK_AFTER_MS)),
            65..73 => Fate::NeverArrives,
            73..79 => Fate::BadMoment,
            79..84 => Fate::Busy(u32::try_from(self.below(120)).expect("small")),
            84..88 => Fate::Refuses,
            88..92 => Fate::Expired,
            _ => Fate::Slow(self.ms(30 * SECOND)),
        }
    }
}
