//! Crashing a real program again and again, at moments nobody chose, and looking at what it left behind each time.
//!
//! The moments come from a seed, so that two runs crash after the same delays; what the program was doing then is the
//! machine's affair, which is the point. A failure names its round and seed.

use std::time::Duration;

use super::{Process, ProcessError};

/// An endless sequence of delays below a limit, drawn from a seed; half of them short, because start-up and the first
/// writes are over quickly.
#[derive(Debug, Clone)]
pub struct Moments {
    state: u64,
    limit: Duration,
}

impl Moments {
    /// Delays below `limit`, the same for the same seed.
    #[must_use]
    pub fn new(seed: u64, limit: Duration) -> Self {
        Self { state: seed, limit }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): statistically sound, one line of state.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Iterator for Moments {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let range = if self.draw().is_multiple_of(2) { self.limit / 8 } else { self.limit };
        let micros = u64::try_from(range.as_micros()).unwrap_or(u64::MAX).max(1);
        Some(Duration::from_micros(self.draw() % micros))
    }
}

/// Starts the program, kills it without warning after a drawn delay, checks what it left; as many times as there are moments given.
/// A program that ends by itself before its moment is not an error here: `check` sees what it left all the same.
///
/// ```
/// use std::{process::Command, time::Duration};
/// use testkit::process::{Moments, Process, crash_campaign};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("count");
/// crash_campaign(
///     Moments::new(7, Duration::from_millis(40)).take(3),
///     |_round| Process::start(Command::new("sh").args(["-c", "while :; do echo x >>$0; done"]).arg(&file)),
///     |_round| match std::fs::read_to_string(&file) {
///         Ok(text) if !text.ends_with('\n') => Err("half a line was left".to_owned()),
///         _ => Ok(()),
///     },
/// )?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What starting, killing or checking reports, with the round and its delay.
pub fn crash_campaign(
    moments: impl IntoIterator<Item = Duration>,
    mut start: impl FnMut(usize) -> Result<Process, ProcessError>,
    mut check: impl FnMut(usize) -> Result<(), String>,
) -> Result<(), String> {
    for (round, delay) in moments.into_iter().enumerate() {
        let failed = |what: &str| format!("round {round}, killed after {delay:?}: {what}");
        let process = start(round).map_err(|error| failed(&error.to_string()))?;
        std::thread::sleep(delay);
        process.kill().map_err(|error| failed(&error.to_string()))?;
        check(round).map_err(|found| failed(&found))?;
    }
    Ok(())
}
