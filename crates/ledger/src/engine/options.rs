//! What a ledger is run with: its limits and intervals, and what comes from outside.

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::io::{Disk, RealDisk};

/// What comes from outside.
#[derive(Clone)]
pub struct Environment {
    /// The file system.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Environment {
    fn default() -> Self {
        Self { disk: Arc::new(RealDisk), clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) }
    }
}

/// What happens when syncing fails and nobody knows what is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFatal {
    /// End the process at once: the only safe thing for a server.
    Abort,
    /// Refuse everything from then on: for tests and tools.
    Stop,
}

/// Limits and intervals.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Longest time between a change and the checkpoint over it.
    pub checkpoint_interval: Duration,
    /// Most entries between checkpoints.
    pub checkpoint_entries: u64,
    /// Most records waiting to be sealed; more make callers wait.
    pub queue_records_max: usize,
    /// Most bytes waiting to be sealed; more make callers wait.
    pub queue_bytes_max: usize,
    /// Most records in one batch.
    pub batch_records_max: usize,
    /// Most bytes in one batch; a ring holds at least eight of them.
    pub batch_bytes_max: usize,
    /// A segment of bodies is ended at this size.
    pub segment_bytes_max: u64,
    /// A segment of bodies is ended after this time, so that it can be disposed of as a whole.
    pub segment_span_ms_max: i64,
    /// New records are refused when less than this is free on the disk.
    pub reserve_bytes: u64,
    /// What happens when syncing fails.
    pub on_fatal: OnFatal,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            checkpoint_interval: Duration::from_secs(1),
            checkpoint_entries: 1 << 16,
            queue_records_max: 1 << 15,
            queue_bytes_max: 32 * 1024 * 1024,
            batch_records_max: 4096,
            batch_bytes_max: 2 * 1024 * 1024,
            segment_bytes_max: 256 * 1024 * 1024,
            segment_span_ms_max: 7 * 24 * 3600 * 1000,
            reserve_bytes: 256 * 1024 * 1024,
            on_fatal: OnFatal::Abort,
        }
    }
}
