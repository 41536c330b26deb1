//! Capture: what arrives from networks and export files, recorded before anything else.
//!
//! [`Intake`] is the only way in. Invariants: nothing is shown, inspected or acted on before its ledger entry is durable; an event of a profile
//! is in the record exactly once, whatever is interrupted or comes twice; the messages in the database are a projection of the record
//! and can be made again from it; a profile on which somebody has no access has no messages for them, not even as a count; credentials are
//! sealed at rest and in no log, answer, page or audit entry.

mod attachments;
mod body;
pub mod canary;
pub mod connections;
mod evidence;
pub(crate) mod examine;
pub mod import_file;
pub mod imports;
mod intake;
pub mod masking;
mod model;
mod naming;
mod notes;
mod projection;
mod reading;
mod reception;
mod record;
mod rules;
mod store;
pub mod uploads;

pub use attachments::{ATTACHMENT_BYTES_MAX, BlobBytes, Fetcher, attachment, attachment_again, attachment_unmasked};
pub use body::{BodyError, Captured, FORMAT, ID_BYTES_MAX, RawPart, TEXT_BYTES_MAX, TOO_LARGE, Via};
pub use canary::Canaries;
pub use connections::{Connectors, Follower};
pub use evidence::{
    Position, Proof, ProofSays, RecordReader, Signed, StampSeen, history, prove, prove_unmasked, raw, raw_unmasked, thread_as_of,
};
pub use examine::{Assessment, Examiner, FINDINGS_MAX, Finding};
pub use imports::{ImportRun, ImportState, ImportStep, NewImport};
pub use intake::{Intake, LOT_MAX, Lot, Spent, Taken, Then};
pub use model::{
    AttachmentSeen, AttachmentState, GapSeen, Message, PartySeen, PlaceSeen, Revision, StreamFilter, StreamPage, Thread,
};
pub use notes::Note;
pub(crate) use reading::is_captured;
pub use reading::{
    REASON_MAX, STREAM_PAGE_MAX, THREAD_MAX, changes, last_change, message, messages, news, place, places, readable, stream,
    thread, unmask,
};
pub use reception::Reception;
pub use record::{CAPTURE_CLASS, stream_of};
