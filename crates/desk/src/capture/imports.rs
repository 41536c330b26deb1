//! Imports: one reading of an export file into a profile's record, with exact accounting.
//!
//! Invariant: `position = recorded + duplicates + refused` in every committed state, and the position moves in the transaction that makes
//! the items visible. What an interrupted import had recorded and not counted counts as recorded when it comes by again.
//! Reading files is the importers' (`networks::import`); this keeps the books.

pub use networks::import::Refused;
use networks::import::jsonl;
use serde::Serialize;

use super::{
    intake::{Intake, Lot, Then},
    notes::Note,
    record::Fresh,
    store::imports as store,
};
use crate::{
    act::Object,
    actor::Actor,
    db::Tx,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{ImportId, PersonId, ProfileId, Time},
    paging::PAGE_SIZE_MAX,
    profiles::Profile,
    rights::{Operation, Target},
    text_enum::text_enum,
};

/// Longest place or reason of a refused item that is kept, in bytes.
const REFUSED_TEXT_MAX: usize = 500;
/// Longest name of a file.
pub(super) const FILE_NAME_MAX: usize = 255;

text_enum! {
    /// Where an import stands.
    ImportState {
        /// Under way, or interrupted: running it again goes on.
        Running = "running", "Running";
        /// Read to its end.
        Done = "done", "Done";
        /// The file cannot be read any further.
        Failed = "failed", "Failed";
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportRun {
    /// The import.
    pub id: ImportId,
    /// Into this profile.
    pub profile: ProfileId,
    /// The form of the file.
    pub format: String,
    /// Its name, without folders.
    pub file_name: String,
    /// Its length.
    pub file_bytes: i64,
    /// SHA-256 of it.
    #[serde(serialize_with = "as_hex")]
    pub file_digest: Vec<u8>,
    /// Where it stands.
    pub state: ImportState,
    /// Items counted so far.
    pub position: i64,
    /// Of these: new in the record.
    pub recorded: i64,
    /// Of these: there before.
    pub duplicates: i64,
    /// Of these: could not be taken.
    pub refused: i64,
    /// Who began it.
    pub started_by: Option<PersonId>,
    /// When.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Why the file could not be read to its end.
    pub error: Option<String>,
}

/// A digest as programs compare it.
fn as_hex<S: serde::Serializer>(digest: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(digest))
}

/// A file about to be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewImport {
    /// The form of the file.
    pub format: String,
    /// Its name, without folders.
    pub file_name: String,
    /// Its length.
    pub file_bytes: i64,
    /// SHA-256 of it: the same file goes on where it was interrupted.
    pub file_digest: [u8; 32],
}

/// How far a lot moves an import.
#[derive(Debug)]
pub struct ImportStep {
    /// The import.
    pub run: ImportId,
    /// Items refused among those of the lot: their index in the file, from 0, and why. Every other item of the lot is one of its events.
    pub refused: Vec<(i64, Refused)>,
}

/// Whether a file of a form can go into a profile: messages of one network would stand as another's. Our own form says nothing about where
/// its messages are from, so it goes anywhere.
///
/// # Errors
/// [`Error::Invalid`] with what to do.
pub(super) fn goes_into(form: &str, profile: &Profile) -> Result<()> {
    let Some(form) = networks::import::format(form) else { return Ok(()) };
    if form.network == profile.network || form.id == jsonl::FORMAT.id {
        return Ok(());
    }
    let (title, there) = (&profile.title, &profile.network);
    let why =
        format!("{title} is of the network {there}, and this file of {}; name none, and one is made for the file", form.network);
    Err(Invalid::field("profile", why))
}

/// Begins an import, or takes up the unfinished one of the same file into the same profile.
///
/// # Errors
/// [`Error::NotFound`] when there is no such profile, [`Error::Refused`].
pub async fn begin(intake: &Intake, actor: &Actor, profile: ProfileId, new: &NewImport) -> Result<ImportRun> {
    let desk = intake.desk();
    let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
    if new.file_name.is_empty() || new.file_name.len() > FILE_NAME_MAX || new.file_name.chars().any(char::is_control) {
        return Err(Invalid::field("file", format!("a name of at most {FILE_NAME_MAX} bytes, without line breaks")));
    }
    goes_into(&new.format, &crate::profiles::exists(act.tx(), profile).await?)?;
    if let Some(run) = store::unfinished(act.tx(), profile, &new.format, &new.file_digest).await? {
        act.record(Object::new("import", run.id)).detail("profile", profile.to_string()).detail("goes_on_at", run.position);
        act.commit().await?;
        return Ok(run);
    }
    let (id, now): (ImportId, _) = (desk.fresh(), act.now());
    let next_entry = i64::try_from(intake.ledger().size()).unwrap_or(i64::MAX);
    store::insert(act.tx(), id, profile, new, next_entry, actor.person(), now).await?;
    act.record(Object::new("import", id)).after(new).detail("profile", profile.to_string()).detail("format", new.format.as_str());
    act.announce(Topic::Imports);
    act.commit().await?;
    let note = Note::ImportBegun {
        run: id.0,
        format: new.format.clone(),
        file_sha256: hex::encode(new.file_digest),
        file_bytes: new.file_bytes,
    };
    intake.note(profile, note).await?;
    get_in(desk, id).await
}

/// Ends an import: the file was read to its end, or cannot be read any further.
pub async fn finish(intake: &Intake, actor: &Actor, id: ImportId, error: Option<&str>) -> Result<ImportRun> {
    let desk = intake.desk();
    let mut act = desk.act(actor, Operation::ImportRun, Target::Workspace).await?;
    let run = store::get(act.tx(), id).await?.ok_or(Error::NotFound("import"))?;
    let state = if error.is_some() { ImportState::Failed } else { ImportState::Done };
    let now = act.now();
    let error = error.map(|error| cut(error, REFUSED_TEXT_MAX));
    store::finish(act.tx(), id, state, error, now).await?;
    act.record(Object::new("import", id))
        .detail("state", state.id())
        .detail("recorded", run.recorded)
        .detail("duplicates", run.duplicates)
        .detail("refused", run.refused);
    act.announce(Topic::Imports);
    act.commit().await?;
    let ImportRun { recorded, duplicates, refused, .. } = run;
    intake.note(run.profile, Note::ImportEnded { run: id.0, recorded, duplicates, refused }).await?;
    get_in(desk, id).await
}

/// One import.
pub async fn get(desk: &Desk, actor: &Actor, id: ImportId) -> Result<ImportRun> {
    let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
    store::get(&mut reader, id).await?.ok_or(Error::NotFound("import"))
}

async fn get_in(desk: &Desk, id: ImportId) -> Result<ImportRun> {
    store::get(&mut desk.db().read().await?, id).await?.ok_or(Error::NotFound("import"))
}

/// The newest imports.
pub async fn list(desk: &Desk, actor: &Actor) -> Result<Vec<ImportRun>> {
    let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
    store::newest(&mut reader, i64::from(PAGE_SIZE_MAX)).await
}

/// Refused items of an import in the order of the file, from item `from` on: index, place, reason.
pub async fn refusals(desk: &Desk, actor: &Actor, id: ImportId, from: i64, limit: i64) -> Result<Vec<(i64, Refused)>> {
    let mut reader = desk.view(actor, Operation::ImportsRead, Target::Workspace).await?;
    store::refusals(&mut reader, id, from, limit.clamp(1, 10_000)).await
}

/// Takes in items of an import that are all refused, or nothing: the position moves without any event.
pub fn lot_of(run: &ImportRun, connector: &'static str, events: Vec<networks::Event>, refused: Vec<(i64, Refused)>) -> Lot {
    Lot {
        via: super::Via::Import(run.id.0),
        connector,
        events,
        gaps: Vec::new(),
        late: Vec::new(),
        then: Then::Import(ImportStep { run: run.id, refused }),
    }
}

/// Counts a lot, in the transaction that makes it visible.
pub(crate) async fn advance(tx: &mut Tx, step: ImportStep, order: &[Fresh]) -> Result<()> {
    let mut next_entry = store::next_entry(tx, step.run).await?.ok_or(Error::NotFound("import"))?;
    let (mut recorded, mut duplicates) = (0, 0);
    for fresh in order {
        match *fresh {
            Fresh::New(entry) => {
                recorded += 1;
                next_entry = next_entry.max(entry + 1);
            }
            // Recorded by this import before it was interrupted, and not counted then.
            Fresh::Repeated(entry) if entry >= next_entry => {
                recorded += 1;
                next_entry = entry + 1;
            }
            Fresh::Repeated(_) => duplicates += 1,
        }
    }
    let refused = i64::try_from(step.refused.len()).unwrap_or(i64::MAX);
    for (item, Refused { place, reason }) in &step.refused {
        store::add_refusal(tx, step.run, *item, cut(place, REFUSED_TEXT_MAX), cut(reason, REFUSED_TEXT_MAX)).await?;
    }
    store::advance(tx, step.run, recorded, duplicates, refused, next_entry).await
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
