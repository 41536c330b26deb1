//! Having the newest checkpoint stamped by one time authority, again and again.
//!
//! One of these runs per authority, so that one that fails or hangs does not keep the other from being asked. Invariants: the path of
//! capture never waits for it (the network is waited for on a thread of its own, and what is stamped is signed already); it asks at most
//! [`ATTEMPTS_MAX`] times per interval; a stamp is stored only after it was verified; each interval without a stamp leaves an entry that
//! says why.

use std::{sync::Arc, time::Duration};

use ledger::{
    engine::Ledger,
    timestamp::{Authority, Transport},
};
use tokio_util::sync::CancellationToken;

use super::off_the_runtime;
use crate::{
    desk::Desk,
    error::{Error, Result},
    metric_names::LEDGER_TIMESTAMPS,
};

/// Questions per interval: a failure that lasts longer than the pauses between them is for an operator, not for more questions.
const ATTEMPTS_MAX: u32 = 4;
/// The first pause at most; it doubles, so that all of them together stay below eight minutes.
const FIRST_PAUSE_MAX: Duration = Duration::from_mins(1);
/// The first pause is this part of the interval at most: seven of them stay below it.
const FIRST_PAUSE_PARTS: u32 = 16;
/// How long until a log without any checkpoint is looked at again.
const NOTHING_YET: Duration = Duration::from_secs(2);

/// The loop for one authority, on the node that writes.
pub struct Stamping {
    /// For time and jitter.
    pub desk: Desk,
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// Who is asked.
    pub authority: Authority,
    /// Over what.
    pub transport: Arc<dyn Transport>,
    /// How often.
    pub interval: Duration,
}

impl Stamping {
    /// Asks until told to stop, or until the ledger has ended.
    pub async fn run(self, stop: CancellationToken) {
        let mut wait = self.until_first().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            match self.round(&stop).await {
                Ok(next) => wait = next,
                Err(error) => {
                    tracing::error!(authority = self.authority.name(), %error, "the outcome of a time stamp could not be put on record");
                    wait = self.interval;
                }
            }
            if self.ledger.stop_reason().is_some() {
                return;
            }
        }
    }

    /// A restart does not ask again for what was stamped a moment ago.
    async fn until_first(&self) -> Duration {
        let (reader, name) = (self.ledger.reader(), self.authority.name().to_owned());
        let newest = off_the_runtime(move || reader.newest_stamp(&name)).await;
        let newest = newest.ok().and_then(|newest| {
            newest
                .inspect_err(
                    |error| tracing::error!(authority = self.authority.name(), %error, "the newest time stamp cannot be read"),
                )
                .ok()
        });
        newest.flatten().map_or(Duration::ZERO, |stamp| {
            let age_ms = self.desk.now().0.saturating_sub(stamp.time_us / 1_000);
            self.interval.saturating_sub(Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)))
        })
    }

    /// Asks until there is a stamp or enough was asked; answers with how long to wait then. The first failure of a round and a stamp are
    /// put on record, the failures in between only counted.
    async fn round(&self, stop: &CancellationToken) -> Result<Duration> {
        for attempt in 0..ATTEMPTS_MAX {
            let Some(failed) = self.ask(attempt == 0).await? else { return Ok(NOTHING_YET.min(self.interval)) };
            if !failed || attempt + 1 == ATTEMPTS_MAX {
                break;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause(self.interval, attempt, self.desk.random())) => {}
            }
        }
        Ok(self.interval)
    }

    /// Asks once; whether it failed, or `None` when there is nothing to stamp.
    async fn ask(&self, record_failure: bool) -> Result<Option<bool>> {
        let (ledger, authority, transport) = (self.ledger.clone(), self.authority.clone(), self.transport.clone());
        let asked = off_the_runtime(move || ledger.ask_for_stamp(&authority, &*transport)).await?;
        let Some(asked) = asked.map_err(|error| Error::Internal(error.to_string()))? else { return Ok(None) };
        let failure = asked.failure().map(ToString::to_string);
        let outcome = if failure.is_some() { "failed" } else { "stamped" };
        let name = self.authority.name().to_owned();
        metrics::counter!(LEDGER_TIMESTAMPS.name, "authority" => name.clone(), "outcome" => outcome).increment(1);
        if let Some(reason) = &failure {
            tracing::warn!(authority = name, reason, "no time stamp");
        }
        if failure.is_none() || record_failure {
            let ledger = self.ledger.clone();
            let recorded = off_the_runtime(move || ledger.record_stamp(&asked)).await?;
            recorded.map_err(|error| Error::Internal(error.to_string()))?;
        }
        Ok(Some(failure.is_some()))
    }
}

/// How long to wait after a failed attempt, numbered from 0: doubling, between half and all of it.
fn pause(interval: Duration, attempt: u32, random: u64) -> Duration {
    let whole = (interval / FIRST_PAUSE_PARTS).min(FIRST_PAUSE_MAX) * 2_u32.saturating_pow(attempt.min(ATTEMPTS_MAX));
    let half = whole / 2;
    let part = u32::try_from(random % 1_000).unwrap_or(0);
    half + half * part / 1_000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ATTEMPTS_MAX, pause};

    #[test]
    fn all_pauses_of_a_round_stay_within_half_of_the_interval() {
        for seconds in [1, 60, 3_600, 604_800] {
            let interval = Duration::from_secs(seconds);
            let longest: Duration = (0..ATTEMPTS_MAX - 1).map(|attempt| pause(interval, attempt, 999)).sum();
            assert!(longest <= interval / 2, "{seconds} s: {longest:?}");
            assert!(longest <= Duration::from_mins(8));
            assert!(pause(interval, 1, 0) >= pause(interval, 0, 999), "it grows");
        }
    }
}
