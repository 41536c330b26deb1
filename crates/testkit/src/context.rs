//! A clock that moves when told to, and ids that are the same in every run.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use desk::{Clock, Ids, Time};

/// The moment at which tests begin: 2026-03-02T09:00:00Z, a Monday.
pub const TESTS_BEGIN: Time = Time(1_772_442_000_000);

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(TESTS_BEGIN.0))
    }
}

impl ManualClock {
    /// Moves on (or back, for tests of bad clocks).
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Jumps to a moment.
    pub fn set(&self, time: Time) {
        self.0.store(time.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
}

/// Repeatable "random" bytes (SplitMix64). Never for anything but tests.
#[derive(Debug)]
pub struct SeededIds(Mutex<u64>);

impl SeededIds {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Ids for SeededIds {
    fn random(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().expect("no test panics while it holds the seed");
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}
