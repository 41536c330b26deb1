//! Reading an attachment that is on record.
//!
//! Invariants: whoever may not read the message does not learn that there is one; the attachment of a message with covered values is covered
//! as a whole, because nobody looked into it: it takes the right to unmask and a reason on record. The bytes are compared with the
//! record while they are read.

use std::io::Read;

use crate::{
    actor::Actor,
    capture::{AttachmentSeen, AttachmentState, Message, RecordReader, masking::is_covered, reading},
    desk::Desk,
    error::{Error, Result},
    ids::MessageId,
};

/// An attachment's bytes, to be read from the start. Reading blocks.
pub struct BlobBytes {
    /// What it is.
    pub seen: AttachmentSeen,
    /// How many bytes there are.
    pub bytes: u64,
    /// The bytes.
    pub source: Box<dyn Read + Send>,
}

impl std::fmt::Debug for BlobBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobBytes").field("seen", &self.seen).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// An attachment of what a message says now; nothing while the message is masked for readers.
///
/// # Errors
/// [`Error::NotFound`] when there is no such message for the caller, or no such attachment on record.
pub async fn attachment(
    desk: &Desk,
    actor: &Actor,
    record: &RecordReader,
    id: MessageId,
    part: i64,
) -> Result<(Message, Option<BlobBytes>)> {
    let message = reading::message(desk, actor, id).await?;
    if message.findings.iter().any(is_covered) {
        // Found before it is said to be masked: what is not there is not there for anybody.
        stored(&message, part)?;
        return Ok((message, None));
    }
    let bytes = open(record, &message, part).await?;
    Ok((message, Some(bytes)))
}

/// The same whatever the message is masked for, with a reason that goes on record.
///
/// # Errors
/// As [`attachment`] and [`super::super::unmask`].
pub async fn attachment_unmasked(
    desk: &Desk,
    actor: &Actor,
    record: &RecordReader,
    (id, part): (MessageId, i64),
    reason: &str,
) -> Result<BlobBytes> {
    stored(&reading::message(desk, actor, id).await?, part)?;
    let message = reading::unmask(desk, actor, id, reason).await?;
    open(record, &message, part).await
}

/// The attachment and the entry of its bytes.
fn stored(message: &Message, part: i64) -> Result<(AttachmentSeen, i64)> {
    let seen = message.attachments.iter().find(|seen| seen.part == part && seen.state == AttachmentState::Stored);
    let seen = seen.ok_or(Error::NotFound("attachment on record"))?;
    let entry = seen.stored_entry.ok_or(Error::NotFound("attachment on record"))?;
    Ok((seen.clone(), entry))
}

async fn open(record: &RecordReader, message: &Message, part: i64) -> Result<BlobBytes> {
    let (seen, entry) = stored(message, part)?;
    let (bytes, source) = record.blob(entry).await?;
    Ok(BlobBytes { seen, bytes, source })
}
