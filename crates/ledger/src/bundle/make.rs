//! Making a bundle from a log.
//!
//! Invariant: everything in a bundle belongs to one checkpoint: the oldest stamped one that covers it, else the newest. It discloses only what the caller may see: whoever asks decides
//! that, and this says so in one argument.

use super::{Bundle, BundleError, BundledStamp, Disclosed, Plaintext, Removal};
use crate::checkpoint::Checkpoint;
use crate::engine::{ReadError, Reader};
use crate::governance::Removals;
use crate::note::Note;
use crate::proof::TlogProof;

/// What stamps beside a checkpoint are named: the authority's name and this.
pub const STAMP_SUFFIX: &str = ".tsr";
/// Under which name the stamped checkpoint itself is kept beside its stamps.
const STAMPED_NOTE: &str = "note";

/// Whether the plaintext goes into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// The reader may see the content: plaintext and salt go in.
    Content,
    /// Only the proof.
    ProofOnly,
}

/// Why no bundle was made.
#[derive(Debug, thiserror::Error)]
pub enum CannotProve {
    /// The log could not be read, or no checkpoint covers the entry yet.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was read does not fit together.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Bundle {
    /// The bundle of the entry with this number. `removals` are the tombstones of the log.
    pub fn of(reader: &Reader, removals: &Removals, seq: u64, disclosure: Disclosure) -> Result<Self, CannotProve> {
        let entry = reader.entry(seq)?;
        let removed_by = removals.of(&entry, &reader.subjects(&entry)?).map(|removal| removal.by);
        let (size, note) = checkpoint_over(reader, removed_by.unwrap_or(seq).max(seq))?;
        let removal = match removed_by {
            None => None,
            Some(by) => {
                Some(Removal { tombstone: disclosed(reader, by, Disclosure::Content)?, path: reader.inclusion_proof(by, size)? })
            }
        };
        let disclosure = if removal.is_some() { Disclosure::ProofOnly } else { disclosure };
        let hashes = reader.inclusion_proof(seq, size)?;
        Ok(Self {
            record: disclosed(reader, seq, disclosure)?,
            proof: TlogProof { extra: Vec::new(), index: seq, hashes, checkpoint: note },
            removal,
            timestamps: stamps(reader, size)?,
            timestamps_left_out: Vec::new(),
        })
    }
}

/// The oldest stamped checkpoint that covers this entry, because its stamps are closest to the capture; without one the newest.
fn checkpoint_over(reader: &Reader, seq: u64) -> Result<(u64, Note), CannotProve> {
    let store = reader.store();
    let anchors = store.anchors().map_err(ReadError::from)?;
    let stamped = anchors.iter().filter(|(size, name)| *size > seq && name.ends_with(STAMP_SUFFIX)).map(|(size, _)| *size).min();
    if let Some(size) = stamped {
        let bytes = store.anchor(size, STAMPED_NOTE).map_err(ReadError::from)?;
        let (checkpoint, note) = Checkpoint::open(&bytes, &reader.log().origin, &reader.verifiers()?)
            .map_err(|error| BundleError::Proof(error.into()))?;
        if checkpoint.size == size {
            return Ok((size, note));
        }
        return Err(BundleError::Inconsistent("the note beside a stamp is of another checkpoint").into());
    }
    let (checkpoint, note) =
        reader.checkpoint()?.filter(|(checkpoint, _)| checkpoint.size > seq).ok_or(ReadError::NotSigned(seq))?;
    Ok((checkpoint.size, note))
}

fn disclosed(reader: &Reader, seq: u64, disclosure: Disclosure) -> Result<Disclosed, ReadError> {
    let entry = reader.entry(seq)?.encode();
    let plaintext = match disclosure {
        Disclosure::ProofOnly => None,
        Disclosure::Content => {
            let opened = reader.read(seq)?;
            Some(Plaintext { salt: opened.salt, body: opened.canonical.to_vec() })
        }
    };
    Ok(Disclosed { entry, plaintext })
}

/// The stamps over the checkpoint of this size. Other files beside checkpoints are none of a bundle's business.
fn stamps(reader: &Reader, size: u64) -> Result<Vec<BundledStamp>, ReadError> {
    let store = reader.store();
    let mut stamps = Vec::new();
    for (stamped, name) in store.anchors()? {
        if let Some(authority) = name.strip_suffix(STAMP_SUFFIX)
            && stamped == size
        {
            stamps.push(BundledStamp { authority: authority.to_owned(), response: store.anchor(size, &name)? });
        }
    }
    Ok(stamps)
}
