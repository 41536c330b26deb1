//! Where the time of taking in goes: what each stage worked, for whoever measures.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde::Serialize;

/// How long each stage has worked, waiting for other stages not counted. Stages work side by side: the sum may exceed the time that passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Naming, writing bodies, and the ledger until it is durable.
    pub record_ms: u64,
    /// The inspector.
    pub inspect_ms: u64,
    /// The transaction that makes it visible.
    pub store_ms: u64,
}

/// The clocks of the stages.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    pub(super) record: Clock,
    pub(super) inspect: Clock,
    pub(super) store: Clock,
}

/// Adds up.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

impl Clock {
    /// Measures a piece of work.
    pub(super) async fn time<T>(&self, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = work.await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_add(micros, Ordering::Relaxed);
        done
    }

    fn ms(&self) -> u64 {
        u64::try_from(Duration::from_micros(self.0.load(Ordering::Relaxed)).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clocks {
    pub(super) fn read(&self) -> Spent {
        Spent { record_ms: self.record.ms(), inspect_ms: self.inspect.ms(), store_ms: self.store.ms() }
    }
}
