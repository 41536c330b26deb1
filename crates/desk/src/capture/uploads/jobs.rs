//! The two kinds of work on an uploaded file: counting what is in it, and importing it.
//!
//! Invariants: only a node that writes the record takes such work; asked to stop, it stops after what it has read, and goes on there the
//! next time, on the next start too; the file is removed after the end of its import is durable.

use std::{sync::PoisonError, time::Duration};

use networks::import::{Limits as ImportLimits, tally::tally};
use serde::{Deserialize, Serialize};

use super::{Upload, UploadState, Uploads, store};
use crate::{
    actor::Actor,
    capture::{
        import_file::{self, ExportFile, Watch},
        imports::{self, ImportState},
        intake::blocking,
    },
    desk::Topic,
    error::Error,
    ids::UploadId,
    jobs::{Attempt, Backoff, Completion, Failure, JobKind, Limits, Outcome},
};

/// How often the job's own progress is written down for other processes, and readers are told to look.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// Wait of a job that came to a node which has just lost the record.
const ELSEWHERE_MS: i64 = 15_000;
/// Progress is told in these, because a job's progress is a smaller number than a file's length.
const PROGRESS_UNIT: u64 = 1024;

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The upload.
    pub upload: UploadId,
}

/// Imports of uploads may be long and are interrupted by every restart; each costs an attempt.
const LIMITS: Limits = Limits {
    attempts_max: 100,
    running_max: 2,
    lease_ms: 30_000,
    backoff: Backoff { first_ms: 5_000, longest_ms: 5 * 60 * 1_000 },
};

/// Imports an uploaded file.
#[derive(Debug, Clone)]
pub struct ImportFile(pub Uploads);

impl JobKind for ImportFile {
    const ID: &'static str = "capture.import_file";
    const TITLE: &'static str = "Import an uploaded file";
    const DOCS: &'static str = "Reads an uploaded export file into a profile's record. Interrupted, it goes on where it was. When it dies, look \
                                at its error, then run it again or send the file again: nothing is recorded twice.";
    const LIMITS: Limits = LIMITS;
    type Payload = Work;

    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    async fn run(&self, attempt: Attempt, completion: Completion, work: Work) -> Outcome {
        let uploads = &self.0;
        let (desk, actor) = (attempt.desk().clone(), Actor::desk("import"));
        let (upload, file) = found(uploads, &attempt, work.upload).await?;
        let intake = uploads.intake().map_err(|error| Failure::retry_after(error.to_string(), ELSEWHERE_MS))?;
        let run = upload.run.ok_or_else(|| Failure::give_up("the import of this file was never begun"))?;
        let run = imports::get(&desk, &actor, run).await?;
        let watched = Watched::begin(uploads, work.upload);
        let ended = if run.state == ImportState::Done {
            run
        } else {
            let going = Box::pin(import_file::go_on(&intake, &actor, &run, &file, &watched.watch));
            watched.attend(attempt, going).await?
        };
        if ended.state == ImportState::Running {
            return Err(Failure::Stopped);
        }
        let mut tx = desk.db().begin().await?;
        store::set_state(&mut tx, work.upload, UploadState::Removed, None).await?;
        let done = completion.commit(tx).await?;
        uploads.delete_file(work.upload, &file.name);
        desk.announce(Topic::Imports);
        Ok(done)
    }
}

/// Counts what an uploaded file holds.
#[derive(Debug, Clone)]
pub struct CountFile(pub Uploads);

impl JobKind for CountFile {
    const ID: &'static str = "capture.count_file";
    const TITLE: &'static str = "Count what an uploaded file holds";
    const DOCS: &'static str = "A dry run of an import: counts items and what would be refused, and changes nothing. When it dies, look at its \
                                error; the file can be counted or imported again.";
    const LIMITS: Limits = LIMITS;
    type Payload = Work;

    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    async fn run(&self, attempt: Attempt, completion: Completion, work: Work) -> Outcome {
        let desk = attempt.desk().clone();
        let (_, file) = found(&self.0, &attempt, work.upload).await?;
        let watched = Watched::begin(&self.0, work.upload);
        let watch = watched.watch.clone();
        let counting = blocking(move || {
            let opened = (file.format.open)(&file.path, ImportLimits::default());
            let mut import = opened.map_err(|error| Error::Conflict(error.to_string()))?;
            let mut items = 0;
            let tally = tally(&mut *import, |import| {
                items += 1;
                watch.saw(import.progress(), items);
                !watch.is_stopped()
            });
            Ok((!watch.is_stopped()).then_some(tally))
        });
        let Some(tally) = watched.attend(attempt, counting).await? else { return Err(Failure::Stopped) };
        let mut tx = desk.db().begin().await?;
        store::counted(&mut tx, work.upload, &tally).await?;
        let done = completion.commit(tx).await?;
        desk.announce(Topic::Imports);
        Ok(done)
    }
}

/// The upload and its file, which has to lie here.
async fn found(uploads: &Uploads, attempt: &Attempt, id: UploadId) -> Result<(Upload, ExportFile), Failure> {
    let mut reader = attempt.desk().db().read().await?;
    let upload = store::get(&mut reader, id).await?.ok_or_else(|| Failure::give_up("there is no such upload"))?;
    drop(reader);
    let file = uploads.file(&upload).filter(|file| file.path.is_file());
    let file = file.ok_or_else(|| {
        Failure::give_up(format!(
            "the file lies on {}, not on {}, which writes the record now: send it again there, and the import goes on where it was",
            upload.node, uploads.0.node
        ))
    })?;
    Ok((upload, file))
}

/// Work under way that pages can look at.
struct Watched<'u> {
    uploads: &'u Uploads,
    id: UploadId,
    watch: Watch,
}

impl<'u> Watched<'u> {
    fn begin(uploads: &'u Uploads, id: UploadId) -> Self {
        let watch = Watch::default();
        uploads.0.watches.lock().unwrap_or_else(PoisonError::into_inner).insert(id, watch.clone());
        Self { uploads, id, watch }
    }

    /// Waits for the work, passes on that it should stop, and tells how far it is.
    async fn attend<T>(&self, mut attempt: Attempt, work: impl Future<Output = crate::error::Result<T>>) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        let mut tell = tokio::time::interval(TELL_EVERY);
        let mut is_asked = false;
        loop {
            tokio::select! {
                done = &mut work => return Ok(done?),
                _ = attempt.stopped(), if !is_asked => {
                    is_asked = true;
                    self.watch.stop();
                }
                _ = tell.tick() => {
                    let (done, all, _) = self.watch.progress();
                    let units = |bytes: u64| u32::try_from(bytes / PROGRESS_UNIT).unwrap_or(u32::MAX);
                    attempt.progress(units(done), units(all));
                }
            }
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.uploads.0.watches.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
