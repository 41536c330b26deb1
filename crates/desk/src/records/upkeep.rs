//! What keeps the ledger in order while nobody looks: removals that a crash interrupted, archiving, and the scrub.
//!
//! Runs on the node that writes, at low priority: the scrub rests three times as long as it reads, and stops between two pieces when it
//! is told to. How far it came is kept in a file beside the index, so a restart goes on there; that file is derived and may be removed
//! (then the scrub begins anew, as it does on another node). Invariant: a scrub is on record only when it has read everything.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use ledger::{
    engine::Ledger,
    governance::{GovernanceError, recent::Recent},
    keys::master::MasterKey,
    store::Tidied,
    verify::Progress,
};
use tokio_util::sync::CancellationToken;

use super::off_the_runtime;
use crate::{
    desk::Desk,
    error::{Error, Result},
    metric_names::{LEDGER_ARCHIVED, LEDGER_SCRUBS, LEDGER_UPKEEP_FAILURES},
};

/// How often it is looked whether there is something to do. Finished segments appear a few times a day at most.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// How much longer than it reads a scrub rests: it takes a quarter of one core and of the disk at most.
const REST_FACTOR: u32 = 3;
/// The longest rest at once, so that a stop is heard.
const REST_MAX: Duration = Duration::from_millis(250);
/// How often the progress is kept: so much at most is read again after a crash.
const KEEP_EVERY: Duration = Duration::from_secs(20);
/// A progress file is a few hundred bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The background work on one ledger.
pub struct Upkeep {
    /// For the time.
    pub desk: Desk,
    /// The ledger, open for writing.
    pub ledger: Arc<Ledger>,
    /// Finishing a removal writes the keystore anew.
    pub master: Arc<dyn MasterKey>,
    /// From the end of one scrub to the beginning of the next.
    pub scrub_interval: Duration,
    /// Where the progress of the scrub is kept.
    pub progress_file: PathBuf,
}

impl Upkeep {
    /// Works until told to stop, or until the ledger has ended.
    pub async fn run(self, stop: CancellationToken) {
        self.report("removal", self.finish_removals().await);
        let upkeep = Arc::new(self);
        loop {
            upkeep.report("archive", upkeep.tidy().await);
            upkeep.report("scrub", upkeep.clone().scrub_when_due(&stop).await);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY.min(upkeep.scrub_interval)) => {}
            }
            if upkeep.ledger.stop_reason().is_some() {
                return;
            }
        }
    }

    fn report(&self, what: &'static str, outcome: Result<()>) {
        if let Err(error) = outcome
            && self.ledger.stop_reason().is_none()
        {
            metrics::counter!(LEDGER_UPKEEP_FAILURES.name, "what" => what).increment(1);
            tracing::error!(what, %error, "upkeep of the record failed; it is tried again");
        }
    }

    async fn finish_removals(&self) -> Result<()> {
        let (ledger, master) = (self.ledger.clone(), self.master.clone());
        let finished = off_the_runtime(move || ledger.finish_removals(&*master)).await?.map_err(internal)?;
        if finished > 0 {
            tracing::info!(finished, "removals that were interrupted are finished");
        }
        Ok(())
    }

    async fn tidy(&self) -> Result<()> {
        let reader = self.ledger.reader();
        let tidied = off_the_runtime(move || reader.store().tidy()).await?;
        let Tidied { moved, gone, locked } = tidied.map_err(|error| Error::Internal(error.to_string()))?;
        metrics::counter!(LEDGER_ARCHIVED.name).increment(moved as u64);
        if moved + gone > 0 {
            tracing::info!(moved, gone, locked, "segments moved to the archive, and removed there");
        }
        Ok(())
    }

    async fn scrub_when_due(self: Arc<Self>, stop: &CancellationToken) -> Result<()> {
        let stop = stop.clone();
        off_the_runtime(move || {
            let kept = read_progress(&self.progress_file);
            if kept.is_none() && !self.is_due()? {
                return Ok(());
            }
            self.scrub(&kept.unwrap_or_default(), &stop)
        })
        .await?
        .map_err(internal)
    }

    fn is_due(&self) -> std::result::Result<bool, GovernanceError> {
        let reader = self.ledger.reader();
        let since_ms = match Recent::read(&reader, &[])?.scrub {
            Some(scrub) => scrub.at_ms,
            None if reader.size() == 0 => return Ok(false),
            None => reader.entry(0)?.captured_at_ms,
        };
        let age_ms = self.desk.now().0.saturating_sub(since_ms);
        Ok(u64::try_from(age_ms).is_ok_and(|age_ms| Duration::from_millis(age_ms) >= self.scrub_interval))
    }

    fn scrub(&self, from: &Progress, stop: &CancellationToken) -> std::result::Result<(), GovernanceError> {
        let (mut read_since, mut kept_at) = (Instant::now(), Instant::now());
        let report = self.ledger.scrub_from(from, &mut |progress| {
            std::thread::sleep((read_since.elapsed() * REST_FACTOR).min(REST_MAX));
            read_since = Instant::now();
            let stops = stop.is_cancelled();
            if stops || kept_at.elapsed() >= KEEP_EVERY {
                kept_at = Instant::now();
                write_progress(&self.progress_file, progress);
            }
            !stops
        })?;
        if report.stopped {
            return Ok(());
        }
        self.ledger.record_scrub(&report)?;
        // There is none when it was never kept.
        let _gone = std::fs::remove_file(&self.progress_file);
        let outcome = if report.findings == 0 { "clean" } else { "damage" };
        metrics::counter!(LEDGER_SCRUBS.name, "outcome" => outcome).increment(1);
        if let Some(first) = report.first() {
            tracing::error!(
                findings = report.findings,
                first,
                "the scrub found damage in the record; run `gatepost ledger verify`"
            );
        }
        Ok(())
    }
}

/// What was kept; nothing when there is none or it cannot be read, which costs a scrub from the beginning.
fn read_progress(path: &Path) -> Option<Progress> {
    let length = std::fs::metadata(path).ok()?.len();
    (length <= FILE_BYTES_MAX).then(|| serde_json::from_slice(&std::fs::read(path).ok()?).ok())?
}

/// Replaces the file in one step; a failure costs a scrub from the beginning, so it is only told.
fn write_progress(path: &Path, progress: &Progress) {
    let draft = path.with_extension("new");
    let bytes = serde_json::to_vec(progress).expect("plain data");
    if let Err(error) = std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, path)) {
        tracing::warn!(%error, "how far the scrub came could not be kept");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn internal(error: GovernanceError) -> Error {
    Error::Internal(error.to_string())
}
