//! Attachments of an export file: a second pass over it, after its messages are on record.
//!
//! Invariant: every attachment of an import that waits for its file is stored, missing with a reason, or only named when the pass is over; an
//! interrupted pass goes on with what still waits.

use std::path::PathBuf;

use ledger::engine::{BlobError, Ledger, NewEntry, StoredBlob};
use networks::import::{Format, Import, Limits};

use super::{ATTACHMENT_BYTES_MAX, Got, Pending, cut, entry_of};
use crate::{
    capture::{Intake, intake::blocking, store::attachments as store},
    desk::Desk,
    error::{Error, Result},
    ids::{ImportId, ProfileId},
};

/// Attachments between two transactions: entries of these are appended together.
const LOT: i64 = 32;

/// The file, open for reading, or why it cannot be opened any more.
type Opened = std::result::Result<Box<dyn Import>, String>;

/// What became of a lot.
struct Read {
    import: Opened,
    entries: Vec<(NewEntry, Option<StoredBlob>)>,
    only_named: Vec<Pending>,
}

/// Takes the attachments that wait for the file of an import out of it. `go_on` hears after each lot how many it were and answers whether to
/// go on. Answers whether all were taken.
///
/// # Errors
/// A failed ledger or database. What the file does not hold as it should is on record as missing.
pub(crate) async fn take_from_file(
    intake: &Intake,
    (profile, run): (ProfileId, ImportId),
    (format, path): (&'static Format, PathBuf),
    mut go_on: impl FnMut(usize) -> bool,
) -> Result<bool> {
    let desk = intake.desk();
    let mut opened: Option<Opened> = None;
    loop {
        let waiting = store::in_file(&mut desk.db().read().await?, run, LOT).await?;
        if waiting.is_empty() {
            return Ok(true);
        }
        let count = waiting.len();
        let (import, path) = (opened.take(), path.clone());
        let (held, ledger) = (desk.clone(), intake.ledger().clone());
        let done = blocking(move || {
            let import =
                import.unwrap_or_else(|| (format.open)(&path, Limits::default()).map_err(|error| cut(&error.to_string())));
            read(&held, &ledger, import, waiting)
        });
        let Read { import, entries, only_named } = done.await?;
        opened = Some(import);
        intake.put_entries(profile, entries).await?;
        if !only_named.is_empty() {
            let mut tx = desk.db().begin().await?;
            for pending in &only_named {
                store::only_named(&mut tx, pending).await?;
            }
            tx.commit().await?;
        }
        if !go_on(count) {
            return Ok(false);
        }
    }
}

fn read(desk: &Desk, ledger: &Ledger, mut import: Opened, waiting: Vec<Pending>) -> Result<Read> {
    let (mut entries, mut only_named) = (Vec::new(), Vec::new());
    for pending in waiting {
        let found = match &mut import {
            Ok(import) => import.attachment(&pending.attachment).map_err(|error| cut(&error.to_string())),
            Err(reason) => Err(reason.clone()),
        };
        let got = match found {
            Ok(None) => {
                only_named.push(pending);
                continue;
            }
            Ok(Some(bytes)) => match ledger.put_blob(bytes, ATTACHMENT_BYTES_MAX) {
                Ok(blob) => Got::Bytes(blob),
                Err(error @ (BlobError::Source(_) | BlobError::TooLong(_))) => Got::Missing(cut(&error.to_string())),
                Err(error) => return Err(Error::Internal(error.to_string())),
            },
            Err(reason) => Got::Missing(reason),
        };
        entries.push(entry_of(desk, ledger, &pending, got)?);
    }
    Ok(Read { import, entries, only_named })
}
