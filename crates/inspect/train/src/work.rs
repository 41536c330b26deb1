//! Runs independent jobs on all cores; the result does not depend on how many there are.

use std::sync::Mutex;

/// `job(0..count)` in order of index, computed on as many threads as the machine offers.
pub fn map<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    let next = Mutex::new(0_usize);
    let done = Mutex::new((0..count).map(|_| None).collect::<Vec<Option<T>>>());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = {
                        let mut next = next.lock().expect("no job panics while it holds the lock");
                        *next += 1;
                        *next - 1
                    };
                    if index >= count {
                        return;
                    }
                    let result = job(index);
                    done.lock().expect("no job panics while it holds the lock")[index] = Some(result);
                }
            });
        }
    });
    let done = done.into_inner().expect("all threads have ended");
    done.into_iter().map(|result| result.expect("every index was taken once")).collect()
}

/// SplitMix64: small, seeded, the same everywhere.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is above zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() >> 33) as usize % bound
    }

    /// Uniform in -1 to 1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    pub fn signed(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    }

    /// Shuffles in place.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }
}
