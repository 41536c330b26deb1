//! The proof bundle: one file with which a stranger checks one record offline.
//!
//! It is JSON so that Python's standard library reads it: the entry, a C2SP tlog-proof (which holds the signed checkpoint), time stamps
//! over that checkpoint, and, where the reader may see it, the plaintext with its salt. For a removed record it holds the tombstone
//! and its own path to the same root.
//!
//! Invariant: [`Bundle::to_json`] without plaintext fits [`PROOF_BYTES_MAX`]; time stamps that do not fit are named as left out, never
//! dropped silently. [`Bundle::verify`] and [`VERIFIER`] accept and refuse the same files. The proofs in it are the engine's.

mod make;
#[cfg(test)]
mod tests;
mod wire;

pub use make::{CannotProve, Disclosure, STAMP_SUFFIX};

use crate::body::CANONICAL_HEAD;
use crate::checkpoint::Checkpoint;
use crate::entry::{ENTRY_LEN, Entry, EntryError, EntryKind};
use crate::hash::Hash;
use crate::keys::record::commitment;
use crate::merkle::{self, ProofError};
use crate::note::VerifierKey;
use crate::proof::{TlogProof, TlogProofError};
use crate::timestamp::{Trust, UnverifiedStamp, VerifiedStamp, verify_response};

/// The verifier that goes with every bundle and export: Python's standard library, and openssl for signatures.
pub const VERIFIER: &str = include_str!("verify.py");

/// The name under which [`VERIFIER`] is written.
pub const VERIFIER_NAME: &str = "verify.py";

/// Largest bundle, its plaintexts not counted: what is kept or mailed per record must stay small.
pub const PROOF_BYTES_MAX: usize = 8 * 1000;

/// Largest bundle that is read, plaintexts included. `verify.py` has the same limit.
pub const BUNDLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a bundle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not a bundle.
    #[error("the file is not a proof bundle that this program reads: {0}")]
    Malformed(String),
    /// Without plaintext it would still be too large.
    #[error("the proof alone takes {0} bytes, more than the {PROOF_BYTES_MAX} that a bundle may have")]
    TooLarge(usize),
    /// The proof was refused.
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    /// The tombstone is not in the log.
    #[error("the removing entry is not in the log: {0}")]
    Tombstone(#[from] ProofError),
    /// An entry was refused.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The parts do not belong together.
    #[error("the bundle is inconsistent: {0}")]
    Inconsistent(&'static str),
    /// The plaintext is not the committed one.
    #[error("the plaintext is not the one that the entry commits to")]
    Commitment,
    /// A time stamp was refused.
    #[error("the time stamp by `{authority}` was refused: {reason}")]
    Timestamp {
        /// Whose.
        authority: String,
        /// Why.
        reason: UnverifiedStamp,
    },
}

/// An entry and, where the reader may see it, what it commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The leaf of the log.
    pub entry: [u8; ENTRY_LEN],
    /// Salt and canonical body.
    pub plaintext: Option<Plaintext>,
}

/// What opens a commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Plaintext {
    /// The salt from the record key.
    pub salt: [u8; 32],
    /// The canonical body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plaintext({} bytes)", self.body.len())
    }
}

/// The entry that removed the record, with its path to the root of the bundle's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The tombstone. One over several records lists their places in its body, which must then be disclosed.
    pub tombstone: Disclosed,
    /// Siblings from the tombstone's leaf upwards.
    pub path: Vec<Hash>,
}

/// A time stamp as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledStamp {
    /// The authority's configured name.
    pub authority: String,
    /// The `TimeStampResp` in DER.
    pub response: Vec<u8>,
}

/// Everything about one record that a stranger needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The record.
    pub record: Disclosed,
    /// Its place under a signed checkpoint.
    pub proof: TlogProof,
    /// Who removed its content, when someone did.
    pub removal: Option<Removal>,
    /// Stamps over the checkpoint's text.
    pub timestamps: Vec<BundledStamp>,
    /// Authorities whose stamps exist but did not fit.
    pub timestamps_left_out: Vec<String>,
}

/// What a verified bundle says of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The content is here and is the recorded one.
    Present,
    /// The record is in the log; its content is not in the bundle.
    Withheld,
    /// The content was removed because its time was over; the entry with this seq says so.
    Disposed(u64),
    /// The content was erased on request; the entry with this seq says so.
    Erased(u64),
}

/// The outcome of [`Bundle::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What became of the record.
    pub verdict: Verdict,
    /// The record's entry.
    pub entry: Entry,
    /// The checkpoint that covers it.
    pub checkpoint: Checkpoint,
    /// Stamps that verified to the given certificates, with their authorities.
    pub timestamps: Vec<(String, VerifiedStamp)>,
}

impl Bundle {
    /// Reads a bundle.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        wire::read(bytes)
    }

    /// The file. Time stamps from the end of the list are left out, by name, when the proof would be too large.
    pub fn to_json(&self) -> Result<String, BundleError> {
        let mut fitting = self.clone();
        loop {
            let size = wire::write(&fitting.without_plaintext()).len();
            if size <= PROOF_BYTES_MAX {
                return Ok(wire::write(&fitting));
            }
            let Some(stamp) = fitting.timestamps.pop() else {
                return Err(BundleError::TooLarge(size));
            };
            fitting.timestamps_left_out.insert(0, stamp.authority);
        }
    }

    fn without_plaintext(&self) -> Self {
        let mut bare = self.clone();
        bare.record.plaintext = None;
        if let Some(removal) = &mut bare.removal {
            removal.tombstone.plaintext = None;
        }
        bare
    }

    /// Checks everything that can be checked offline. `trust` gives the certificates for an authority's name; stamps by others are
    /// not looked at and not returned.
    pub fn verify<'t>(
        &self,
        origin: &str,
        keys: &[VerifierKey],
        trust: impl Fn(&str) -> Option<&'t Trust>,
    ) -> Result<Verified, BundleError> {
        let entry = Entry::decode(&self.record.entry)?;
        let checkpoint = self.proof.verify(&entry.leaf_hash(), origin, keys)?;
        if entry.seq != self.proof.index {
            return Err(BundleError::Inconsistent("the entry is not the one at the proof's index"));
        }
        self.record.check_commitment(&entry)?;
        let verdict = match (&self.removal, &self.record.plaintext) {
            (None, Some(_)) => Verdict::Present,
            (None, None) => Verdict::Withheld,
            (Some(_), Some(_)) => {
                return Err(BundleError::Inconsistent("the record is said to be removed but its plaintext is here"));
            }
            (Some(removal), None) => removal.verify(&entry, &checkpoint)?,
        };
        let mut timestamps = Vec::new();
        for stamp in &self.timestamps {
            let Some(trust) = trust(&stamp.authority) else {
                continue;
            };
            let verified = verify_response(&stamp.response, self.proof.checkpoint.text.as_bytes(), trust)
                .map_err(|reason| BundleError::Timestamp { authority: stamp.authority.clone(), reason })?;
            timestamps.push((stamp.authority.clone(), verified));
        }
        Ok(Verified { verdict, entry, checkpoint, timestamps })
    }
}

impl Disclosed {
    fn check_commitment(&self, entry: &Entry) -> Result<(), BundleError> {
        let Some(plaintext) = &self.plaintext else {
            return Ok(());
        };
        let is_committed = u32::try_from(plaintext.body.len()) == Ok(entry.body_len)
            && commitment(&plaintext.salt, &plaintext.body) == entry.commitment;
        if is_committed { Ok(()) } else { Err(BundleError::Commitment) }
    }
}

impl Removal {
    fn verify(&self, record: &Entry, checkpoint: &Checkpoint) -> Result<Verdict, BundleError> {
        let entry = Entry::decode(&self.tombstone.entry)?;
        let verdict = match entry.kind {
            EntryKind::DisposalTombstone => Verdict::Disposed(entry.seq),
            EntryKind::ErasureTombstone => Verdict::Erased(entry.seq),
            _ => {
                return Err(BundleError::Inconsistent("the removing entry is not a tombstone"));
            }
        };
        if entry.seq <= record.seq {
            return Err(BundleError::Inconsistent("the removing entry is older than the record"));
        }
        merkle::verify_inclusion(entry.seq, checkpoint.size, &entry.leaf_hash(), &self.path, &checkpoint.root)?;
        self.tombstone.check_commitment(&entry)?;
        let is_named = entry.refers_to == record.record_id
            || self.tombstone.plaintext.as_ref().is_some_and(|plaintext| names_entry(&plaintext.body, record));
        if is_named { Ok(verdict) } else { Err(BundleError::Inconsistent("the removing entry does not name this record")) }
    }
}

/// Whether a tombstone's body names this entry: `{"ranges": [[first, last], …], "segments": […], …}`, both ends
/// included, after the head of the canonical form.
fn names_entry(body: &[u8], entry: &Entry) -> bool {
    #[derive(serde::Deserialize)]
    struct Covered {
        #[serde(default)]
        ranges: Vec<(u64, u64)>,
        #[serde(default)]
        segments: Vec<u64>,
    }
    let head = if body.starts_with(b"{") { 0 } else { CANONICAL_HEAD.min(body.len()) };
    serde_json::from_slice::<Covered>(&body[head..]).is_ok_and(|covered| {
        let listed = covered.ranges.iter().any(|(first, last)| (*first..=*last).contains(&entry.seq));
        listed || covered.segments.contains(&entry.segment)
    })
}
