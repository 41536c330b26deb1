//! What hangs on messages: fetched after the message is on record, stored as blobs of the ledger, each with an entry of its own.
//!
//! ```text
//! pending row ─► network or export file ─► blob (durable) ─► entry that names it ─► read back into the row: stored, with digest and entry
//! ```
//! Invariants: an attachment counts as stored only when its entry is durable; however often a process dies on the way, there is one entry
//! for it, because the entry's record id is derived from the text it hangs on; what cannot be had is on record as missing, with the
//! reason, after a bounded number of tries. Messages never wait for their attachments.

mod again;
mod body;
mod fetch;
mod in_file;
mod reading;
mod rules;

pub use again::attachment_again;
pub(crate) use body::{Outcome, Settled, Which};
pub use fetch::Fetcher;
pub(crate) use in_file::take_from_file;
pub use reading::{BlobBytes, attachment, attachment_unmasked};

use ledger::{
    engine::{Ledger, NewEntry, ReadError, StoredBlob},
    entry::EntryKind,
    ids::RecordId,
};
use networks::event::Attachment;

use super::{
    naming::Naming,
    record::{CAPTURE_CLASS, number, stream_of},
};
use crate::{
    desk::Desk,
    error::{Error, Result},
    ids::ProfileId,
};

/// The most bytes of one attachment: what platforms take from people is below it, and a disk is not filled by one message.
pub const ATTACHMENT_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Longest reason that is kept, in bytes.
const REASON_MAX: usize = 500;

/// An attachment whose bytes are not here yet.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    /// The message's number.
    pub(crate) number: i64,
    /// The message's profile.
    pub(crate) profile: ProfileId,
    /// Which one it is.
    pub(crate) which: Which,
    /// What the source says of it.
    pub(crate) attachment: Attachment,
    /// How often fetching it failed.
    pub(crate) tries: i64,
}

/// What trying to get the bytes came to.
#[derive(Debug)]
enum Got {
    Bytes(StoredBlob),
    Missing(String),
}

/// The entry of an attachment. Blocks: the record of the text it hangs on is looked at.
fn entry_of(desk: &Desk, ledger: &Ledger, pending: &Pending, got: Got) -> Result<(NewEntry, Option<StoredBlob>)> {
    let failed = |error: ReadError| Error::Internal(format!("the record cannot be read: {error}"));
    let reader = ledger.reader();
    let text = reader.entry(pending.which.entry.unsigned_abs()).map_err(failed)?;
    let subjects = reader.subjects(&text).map_err(failed)?;
    let part = pending.which.part;
    let (outcome, blob, what) = match got {
        Got::Bytes(blob) => {
            let outcome = Outcome::Stored { sha256: hex::encode(blob.sha256()), bytes: number(blob.len()) };
            (outcome, Some(blob), format!("attachment:{part}"))
        }
        // Its own name for each time it was given up, so that it can be tried, and given up, again.
        Got::Missing(reason) => (Outcome::Missing { reason }, None, format!("attachment:{part}:missing:{}", pending.tries)),
    };
    let settled = Settled {
        which: pending.which.clone(),
        file_name: pending.attachment.file_name.clone(),
        media_type: pending.attachment.media_type.clone(),
        outcome,
    };
    let record = uuid::Uuid::from_bytes(text.record_id.0);
    let entry = NewEntry {
        kind: EntryKind::Attachment,
        record_id: RecordId(Naming::new(desk.sealer(), pending.profile).part(record, &what).into_bytes()),
        stream: stream_of(pending.profile),
        subjects,
        retention_class: CAPTURE_CLASS,
        refers_to: text.record_id,
        source_time_ms: desk.now().0,
        body: settled.write(),
    };
    Ok((entry, blob))
}

fn cut(reason: &str) -> String {
    reason[..reason.floor_char_boundary(REASON_MAX)].to_owned()
}
