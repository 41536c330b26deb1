//! Reading an export file into a profile's record, from where it was left.
//!
//! One thread reads and normalises; [`Intake::run`] records, inspects and stores what it reads. Between them stands a short channel, so that
//! memory stays bounded whatever the file's size. The same file gives the same items in the same order, so an import that was
//! interrupted skips the items that are counted and goes on. What no record can hold is refused here, with its reason.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use networks::import::{Format, ImportError, Item, Limits, Refused};
use tokio::sync::mpsc;

use super::{
    attachments, body,
    imports::{self, ImportRun, NewImport},
    intake::{Intake, LOT_MAX, Lot},
};
use crate::{
    actor::Actor,
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::ProfileId,
    profiles::{self, NewProfile, Profile},
    rights::{Operation, Target},
};

/// The most raw bytes of a lot: what is under way stays below some ten times this.
const LOT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Lots that are read ahead.
const LOTS_AHEAD: usize = 2;
/// The longest name that a profile gets from its file.
const NAME_CHARS_MAX: usize = 60;
/// What is read at once for the file's digest.
const CHUNK_BYTES: usize = 1024 * 1024;

/// A file to import.
#[derive(Debug, Clone)]
pub struct ExportFile {
    /// Its form.
    pub format: &'static Format,
    /// Where it lies.
    pub path: PathBuf,
    /// Its name, as the record shows it.
    pub name: String,
}

/// Looks at an import under way, and stops it.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    inner: Arc<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    done_bytes: AtomicU64,
    all_bytes: AtomicU64,
    items: AtomicI64,
    attachments: AtomicU64,
    reading_ns: AtomicU64,
    stop: AtomicBool,
}

impl Watch {
    /// Bytes read, bytes in all, items read.
    pub fn progress(&self) -> (u64, u64, i64) {
        let Watched { done_bytes, all_bytes, items, .. } = &*self.inner;
        (done_bytes.load(Ordering::Relaxed), all_bytes.load(Ordering::Relaxed), items.load(Ordering::Relaxed))
    }

    /// Attachments taken out of the file, which comes after its items.
    pub fn attachments(&self) -> u64 {
        self.inner.attachments.load(Ordering::Relaxed)
    }

    /// How long reading and normalising took so far.
    pub fn reading(&self) -> Duration {
        Duration::from_nanos(self.inner.reading_ns.load(Ordering::Relaxed))
    }

    /// Asks the import to stop after what it has read.
    pub fn stop(&self) {
        self.inner.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.inner.stop.load(Ordering::Relaxed)
    }

    fn read_for(&self, took: Duration) {
        self.inner.reading_ns.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn took_attachments(&self, count: usize) {
        self.inner.attachments.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn saw(&self, (done, all): (u64, u64), items: i64) {
        self.inner.done_bytes.store(done, Ordering::Relaxed);
        self.inner.all_bytes.store(all, Ordering::Relaxed);
        self.inner.items.store(items, Ordering::Relaxed);
    }
}

/// The profile that a file goes into: the one that somebody named by its id, name on the network or title, else the one of the account that
/// the file names, which is made when there is none.
///
/// # Errors
/// [`Error::Invalid`] when no profile, or more than one, is called so; [`Error::Refused`].
pub async fn profile_for(desk: &Desk, actor: &Actor, format: &Format, source: &str, named: Option<&str>) -> Result<Profile> {
    let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
    if let Some(named) = named {
        let all = profiles::everything(act.tx()).await?;
        let is_named = |profile: &&Profile| profile.id.to_string() == named || profile.handle == named || profile.title == named;
        let mut found = all.iter().filter(is_named);
        return match (found.next(), found.next()) {
            (Some(profile), None) => Ok(profile.clone()),
            (None, _) => Err(Invalid::field("profile", "there is none of this name; name none, and one is made for the file")),
            (Some(_), Some(_)) => Err(Invalid::field("profile", "more than one is called so; give its id")),
        };
    }
    let clean: String = source.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let handle = if clean.trim().is_empty() { format.name } else { clean.trim() };
    if let Some(profile) = profiles::by_account(act.tx(), format.network, handle).await? {
        return profiles::exists(act.tx(), profile).await;
    }
    let title = format!("{handle} ({})", format.name);
    let new = NewProfile { network: format.network.to_owned(), handle: handle.to_owned(), title, group: None, protected: true };
    let profile = profiles::add_within(&mut act, &new).await?;
    let profile = profiles::exists(act.tx(), profile).await?;
    act.commit().await?;
    Ok(profile)
}

/// Imports a file, or goes on with it where it was interrupted. Answers with the import as it stands: done, failed (the rest of the file
/// cannot be read) or, when `watch` stopped it, still running.
///
/// # Errors
/// [`Error::Invalid`] when the file cannot be opened as this form: nothing is begun then. Otherwise as [`imports::begin`] and
/// [`Intake::take`]; an import that was begun can go on.
pub async fn run(intake: &Intake, actor: &Actor, profile: ProfileId, file: &ExportFile, watch: &Watch) -> Result<ImportRun> {
    let new = described(file).await?;
    let run = imports::begin(intake, actor, profile, &new).await?;
    go_on(intake, actor, &run, file, watch).await
}

/// Goes on with an import that was begun.
///
/// # Errors
/// As [`run`].
pub async fn go_on(intake: &Intake, actor: &Actor, run: &ImportRun, file: &ExportFile, watch: &Watch) -> Result<ImportRun> {
    let (to_intake, lots) = mpsc::channel(LOTS_AHEAD);
    let reader = {
        let (run, file, watch) = (run.clone(), file.clone(), watch.clone());
        tokio::task::spawn_blocking(move || read(&run, &file, &watch, &to_intake))
    };
    let taken = intake.run(run.profile, lots).await;
    let ended = reader.await.map_err(|error| Error::Internal(error.to_string()))?;
    taken?;
    let failed = match ended {
        Ended::Done => None,
        Ended::Failed(error) => Some(error),
        Ended::Stopped => return imports::get(intake.desk(), actor, run.id).await,
    };
    let from = (file.format, file.path.clone());
    let went_on = |count| {
        watch.took_attachments(count);
        !watch.is_stopped()
    };
    if !attachments::take_from_file(intake, (run.profile, run.id), from, went_on).await? {
        return imports::get(intake.desk(), actor, run.id).await;
    }
    imports::finish(intake, actor, run.id, failed.as_deref()).await
}

/// Looks whether the file can be opened, and how it is told from others.
async fn described(file: &ExportFile) -> Result<NewImport> {
    let file = file.clone();
    let described = tokio::task::spawn_blocking(move || {
        (file.format.open)(&file.path, Limits::default()).map_err(|error| Invalid::field("file", error.to_string()))?;
        let (file_bytes, file_digest) =
            digest_of(&file.path).map_err(|error| Invalid::field("file", format!("cannot be read: {error}")))?;
        Ok(NewImport { format: file.format.id.to_owned(), file_name: file.name, file_bytes, file_digest })
    });
    described.await.map_err(|error| Error::Internal(error.to_string()))?
}

fn digest_of(path: &Path) -> std::io::Result<(i64, [u8; 32])> {
    let mut file = File::open(path)?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let got = file.read(&mut chunk)?;
        if got == 0 {
            break;
        }
        context.update(&chunk[..got]);
        bytes += i64::try_from(got).unwrap_or(i64::MAX);
    }
    Ok((bytes, context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes long")))
}

/// How reading ended.
enum Ended {
    Done,
    Failed(String),
    Stopped,
}

/// Reads a file into lots.
fn read(run: &ImportRun, file: &ExportFile, watch: &Watch, lots: &mpsc::Sender<Lot>) -> Ended {
    let mut reading = Reading { run, connector: file.format.network, lots, events: Vec::new(), refused: Vec::new(), bytes: 0 };
    match read_all(&mut reading, file, watch) {
        Ok(ended) => ended,
        Err(error) => {
            // What was read before stays good.
            if reading.send() { Ended::Failed(error.to_string()) } else { Ended::Stopped }
        }
    }
}

fn read_all(reading: &mut Reading<'_>, file: &ExportFile, watch: &Watch) -> std::result::Result<Ended, ImportError> {
    let mut import = (file.format.open)(&file.path, Limits::default())?;
    let mut items = 0;
    loop {
        if watch.is_stopped() {
            reading.send();
            return Ok(Ended::Stopped);
        }
        let begun = Instant::now();
        let item = import.next()?;
        watch.read_for(begun.elapsed());
        let Some(item) = item else { break };
        let (index, counted) = (items, items < reading.run.position);
        items += 1;
        watch.saw(import.progress(), items);
        if !counted && !reading.take(index, item) {
            return Ok(Ended::Stopped);
        }
    }
    watch.saw(import.progress(), items);
    Ok(if reading.send() { Ended::Done } else { Ended::Stopped })
}

/// The lot that is being filled.
struct Reading<'r> {
    run: &'r ImportRun,
    connector: &'static str,
    lots: &'r mpsc::Sender<Lot>,
    events: Vec<networks::Event>,
    refused: Vec<(i64, Refused)>,
    bytes: usize,
}

impl Reading<'_> {
    /// Puts an item into the lot. False when nobody takes lots any more.
    fn take(&mut self, index: i64, item: Item) -> bool {
        match item {
            Item::Event(event) => match body::check(&event) {
                Ok(()) => {
                    self.bytes += event.raw.bytes.len();
                    self.events.push(*event);
                }
                Err(reason) => {
                    self.refused.push((index, Refused { place: format!("item {}", index + 1), reason: reason.to_owned() }));
                }
            },
            Item::Refused(refused) => self.refused.push((index, refused)),
        }
        let full = self.events.len() >= LOT_MAX || self.refused.len() >= LOT_MAX || self.bytes >= LOT_BYTES_MAX;
        if full { self.send() } else { true }
    }

    fn send(&mut self) -> bool {
        if self.events.is_empty() && self.refused.is_empty() {
            return true;
        }
        self.bytes = 0;
        let (events, refused) = (std::mem::take(&mut self.events), std::mem::take(&mut self.refused));
        self.lots.blocking_send(imports::lot_of(self.run, self.connector, events, refused)).is_ok()
    }
}
