//! Export files that people upload: received, counted (a dry run) or imported by a job, removed afterwards.
//!
//! Invariants: a file lies on the node that writes the record, in the data folder, and only while it is needed; what it is, who sent it and
//! what was done with it is on record; an import begun with it goes on after a stop or a kill for as long as the file is there, and
//! when it is sent again after that. Beside PostgreSQL only the node that writes the record takes files, because
//! only it can import: the others say so.

mod incoming;
mod jobs;
mod model;
mod receiving;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

pub use jobs::{CountFile, ImportFile};
pub use model::{NewUpload, Upload, UploadState};
pub use networks::import::tally::Tally;
use networks::import::{FORMATS, Format, format};
pub use receiving::Receiving;

use self::incoming::{Incoming, PARTIAL, is_abandoned};
use super::{
    import_file::{self, ExportFile, Watch},
    imports::{self, FILE_NAME_MAX, ImportRun, NewImport},
    intake::{Intake, blocking},
    reception::Reception,
    store::uploads as store,
};
use crate::{
    act::Object,
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{ImportId, ProfileId, UploadId},
    jobs::{Enqueued, JobState, When, cancel_in, enqueue_in},
    profiles,
    rights::{Operation, Target, decide},
};

/// The largest file that is uploaded: exports of large companies have some ten GiB; what is larger goes through the command line.
pub const UPLOAD_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// Files that may be there at once: more are a mistake, and disks are finite.
pub const UPLOADS_MAX: usize = 20;

/// Longest ending of a file's name that is kept.
const ENDING_MAX: usize = 10;

/// The uploads of one node. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub struct Uploads(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    node: String,
    reception: Reception,
    /// Work under way in this process.
    watches: Mutex<HashMap<UploadId, Watch>>,
}

impl std::fmt::Debug for Uploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("folder", &self.0.folder).field("node", &self.0.node).finish_non_exhaustive()
    }
}

impl Uploads {
    /// Uploads of this node in a folder, which is made when there is none.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: PathBuf, node: String, reception: Reception) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(Arc::new(Shared { folder, node, reception, watches: Mutex::default() })))
    }

    /// Removes what nobody needs: partial files of processes that died, files whose upload is over.
    ///
    /// # Errors
    /// A failed database or disk.
    pub async fn sweep(&self, desk: &Desk) -> Result<usize> {
        let folder = self.0.folder.clone();
        let names = blocking(move || files(&folder)).await?;
        let mut removed = 0;
        for path in names {
            let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<UploadId>().ok());
            let is_needed = if path.extension().is_some_and(|end| end == PARTIAL) {
                !is_abandoned(&path)
            } else if let Some(id) = id {
                let known = store::get(&mut desk.db().read().await?, id).await?;
                known.is_some_and(|upload| upload.state != UploadState::Removed)
            } else {
                true
            };
            if !is_needed {
                removed += usize::from(std::fs::remove_file(&path).is_ok());
            }
        }
        Ok(removed)
    }

    /// The way into the record, when this node may write it.
    fn intake(&self) -> Result<Intake> {
        self.0.reception.intake().ok_or_else(|| {
            Error::Conflict(
                "another server writes the record now; open this page there, or at the command line use `gatepost import`"
                    .to_owned(),
            )
        })
    }

    /// Whether this node can take files now.
    pub fn is_ready(&self) -> bool {
        self.0.reception.intake().is_some()
    }

    /// Where a file lies. It keeps its ending: some forms are told apart by it.
    fn path(&self, id: UploadId, file_name: &str) -> PathBuf {
        let ending = Path::new(file_name).extension().and_then(|ending| ending.to_str());
        let plain =
            |ending: &&str| ending.len() <= ENDING_MAX && ending.chars().all(|c| c.is_ascii_alphanumeric()) && *ending != PARTIAL;
        let path = self.0.folder.join(id.to_string());
        ending.filter(plain).map_or(path.clone(), |ending| path.with_extension(ending))
    }

    /// Begins to receive a file.
    ///
    /// # Errors
    /// [`Error::Refused`]; [`Error::Invalid`] for a form that is not known, a name, or a length that does not fit; [`Error::Conflict`] when
    /// another node writes the record, or too many files are there.
    pub async fn receive(&self, desk: &Desk, actor: &Actor, new: NewUpload) -> Result<Receiving> {
        decide(actor, Operation::ImportRun, Target::Workspace, desk.now())?;
        self.intake()?;
        let known = format(&new.format).ok_or_else(|| Invalid::field("format", "choose one from the list"))?;
        if new.file_name.is_empty() || new.file_name.len() > FILE_NAME_MAX || new.file_name.chars().any(char::is_control) {
            return Err(Invalid::field("file", format!("a name of at most {FILE_NAME_MAX} bytes, without line breaks")));
        }
        let mut reader = desk.db().read().await?;
        if let Some(profile) = new.profile {
            imports::goes_into(known.id, &profiles::exists(&mut reader, profile).await?)?;
        }
        if store::present(&mut reader, i64::MAX).await?.len() >= UPLOADS_MAX {
            return Err(Error::Conflict(format!("{UPLOADS_MAX} files are here already; import or remove one first")));
        }
        drop(reader);
        let id: UploadId = desk.fresh();
        let incoming = Incoming::begin(self.path(id, &new.file_name), new.announced).await?;
        Ok(Receiving { uploads: self.clone(), id, new, format: known, incoming })
    }

    /// One upload.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`].
    pub async fn get(&self, desk: &Desk, actor: &Actor, id: UploadId) -> Result<Upload> {
        let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
        look(&mut reader, id).await
    }

    /// Counts what a file holds, and what would be refused, without changing anything: a job.
    ///
    /// # Errors
    /// [`Error::Conflict`] when something else is done with it.
    pub async fn count(&self, desk: &Desk, actor: &Actor, id: UploadId) -> Result<Upload> {
        let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
        let upload = look(act.tx(), id).await?;
        if !matches!(upload.state, UploadState::Stored | UploadState::Counted) {
            return Err(busy(&upload));
        }
        let when = When { at: None, dedupe_key: Some(id.to_string()) };
        let job = enqueue_in::<CountFile>(&mut act, &jobs::Work { upload: id }, when).await?.id();
        store::set_state(act.tx(), id, UploadState::Counting, Some(job)).await?;
        act.record(Object::new("upload", id)).detail("does", "count");
        act.announce(Topic::Imports);
        act.commit().await?;
        look(&mut desk.db().read().await?, id).await
    }

    /// Imports a file, or goes on with an import that was stopped: a job. Into the named profile, else the one chosen before, else
    /// the one that the file names.
    ///
    /// # Errors
    /// [`Error::Conflict`] when something else is done with it, or another node writes the record.
    pub async fn import(&self, desk: &Desk, actor: &Actor, id: UploadId, profile: Option<ProfileId>) -> Result<ImportRun> {
        let intake = self.intake()?;
        decide(actor, Operation::ImportRun, Target::Workspace, desk.now())?;
        let upload = look(&mut desk.db().read().await?, id).await?;
        if matches!(upload.state, UploadState::Counting | UploadState::Importing | UploadState::Removed) {
            return Err(busy(&upload));
        }
        let known =
            format(&upload.format).ok_or_else(|| Error::Conflict("this program cannot read this form any more".to_owned()))?;
        let profile = match profile.or(upload.profile) {
            Some(profile) => profile,
            None => import_file::profile_for(desk, actor, known, &upload.source, None).await?.id,
        };
        let digest = upload.file_digest.as_slice().try_into();
        let file_digest = digest.map_err(|_| Error::Internal("a stored digest is not 32 bytes long".to_owned()))?;
        let (format, file_name) = (upload.format, upload.file_name);
        let new = NewImport { format, file_name, file_bytes: upload.file_bytes, file_digest };
        let run = imports::begin(&intake, actor, profile, &new).await?;
        let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
        let now = look(act.tx(), id).await?;
        if now.state != upload.state {
            return Err(busy(&now));
        }
        // Never two at once: they would count the same items twice.
        let when = When { at: None, dedupe_key: Some(run.id.to_string()) };
        let Enqueued::New(job) = enqueue_in::<ImportFile>(&mut act, &jobs::Work { upload: id }, when).await? else {
            return Err(Error::Conflict(
                "it is still being stopped, or the same file is being imported; try again in a moment".to_owned(),
            ));
        };
        store::begun(act.tx(), id, profile, run.id).await?;
        store::set_state(act.tx(), id, UploadState::Importing, Some(job)).await?;
        act.record(Object::new("import", run.id)).detail("upload", id.to_string()).detail("goes_on_at", run.position);
        act.announce(Topic::Imports);
        act.commit().await?;
        Ok(run)
    }

    /// Stops what is done with a file, after what was read. It can go on.
    ///
    /// # Errors
    /// [`Error::Conflict`] when nothing is done with it.
    pub async fn stop(&self, desk: &Desk, actor: &Actor, id: UploadId) -> Result<()> {
        let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
        let upload = look(act.tx(), id).await?;
        let state = match upload.state {
            UploadState::Importing => UploadState::Stopped,
            UploadState::Counting => UploadState::Stored,
            _ => return Err(Error::Conflict("nothing is being done with this file".to_owned())),
        };
        if let Some(job) = upload.job {
            cancel_in(&mut act, job).await?;
        }
        store::set_state(act.tx(), id, state, None).await?;
        act.record(Object::new("upload", id)).detail("does", "stop");
        act.announce(Topic::Imports);
        act.commit().await?;
        if let Some(watch) = self.watch(id) {
            watch.stop();
        }
        Ok(())
    }

    /// Removes a file. What was imported of it stays on record.
    ///
    /// # Errors
    /// [`Error::Conflict`] while something is done with it.
    pub async fn remove(&self, desk: &Desk, actor: &Actor, id: UploadId) -> Result<()> {
        let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
        let upload = look(act.tx(), id).await?;
        if matches!(upload.state, UploadState::Counting | UploadState::Importing) {
            return Err(busy(&upload));
        }
        store::set_state(act.tx(), id, UploadState::Removed, None).await?;
        act.record(Object::new("upload", id)).detail("does", "remove");
        act.announce(Topic::Imports);
        act.commit().await?;
        self.delete_file(id, &upload.file_name);
        Ok(())
    }

    /// How far the work on a file is, when it is done in this process: bytes read, bytes in all, items, attachments.
    pub fn progress(&self, id: UploadId) -> Option<(u64, u64, i64, u64)> {
        let watch = self.watch(id)?;
        let (done, all, items) = watch.progress();
        Some((done, all, items, watch.attachments()))
    }

    fn watch(&self, id: UploadId) -> Option<Watch> {
        self.0.watches.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn delete_file(&self, id: UploadId, file_name: &str) {
        if let Err(error) = std::fs::remove_file(self.path(id, file_name)) {
            tracing::warn!(upload = %id, %error, "an uploaded file cannot be removed; it is tried again at the next start");
        }
    }

    /// The file of an upload, as importers take it.
    fn file(&self, upload: &Upload) -> Option<ExportFile> {
        let format = format(&upload.format)?;
        Some(ExportFile { format, path: self.path(upload.id, &upload.file_name), name: upload.file_name.clone() })
    }
}

/// The files that are there, newest first.
///
/// # Errors
/// [`Error::Refused`].
pub async fn present(desk: &Desk, actor: &Actor) -> Result<Vec<Upload>> {
    let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
    let mut found = store::present(&mut reader, i64::try_from(UPLOADS_MAX).unwrap_or(i64::MAX)).await?;
    for upload in &mut found {
        ask_job(&mut reader, upload).await?;
    }
    Ok(found)
}

/// The file that an import reads, or read.
///
/// # Errors
/// [`Error::Refused`].
pub async fn of_run(desk: &Desk, actor: &Actor, run: ImportId) -> Result<Option<Upload>> {
    let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
    let mut found = store::of_run(&mut reader, run).await?;
    if let Some(upload) = &mut found {
        ask_job(&mut reader, upload).await?;
    }
    Ok(found)
}

/// An upload as it stands.
async fn look(on: &mut dyn Connection, id: UploadId) -> Result<Upload> {
    let mut upload = store::get(on, id).await?.ok_or(Error::NotFound("upload"))?;
    ask_job(on, &mut upload).await?;
    Ok(upload)
}

/// Looks how the job does that should be working on it: one that died, or was cancelled on the jobs page, does nothing any more.
async fn ask_job(on: &mut dyn Connection, upload: &mut Upload) -> Result<()> {
    let idle = match upload.state {
        UploadState::Importing => UploadState::Stopped,
        UploadState::Counting => UploadState::Stored,
        _ => return Ok(()),
    };
    let job = match upload.job {
        Some(job) => crate::jobs::look(on, job).await?,
        None => None,
    };
    if !job.as_ref().is_some_and(|job| matches!(job.state, JobState::Queued | JobState::Running)) {
        upload.state = idle;
    }
    upload.trouble = job.and_then(|job| job.last_error);
    Ok(())
}

/// The forms that can be imported: id, name, how to get such a file.
pub fn forms() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter()
}

fn busy(upload: &Upload) -> Error {
    Error::Conflict(match upload.state {
        UploadState::Removed => "the file is not there any more; send it again: an import goes on where it was".to_owned(),
        state => format!("the file is {} now; stop that first", state.title().to_lowercase()),
    })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Error::Internal(format!("the uploads cannot be listed: {error}"));
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}
