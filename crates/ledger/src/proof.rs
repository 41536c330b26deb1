//! C2SP tlog-proof: index, inclusion proof and checkpoint of one entry in a text file.
//!
//! Invariant: text and value correspond one to one. [`TlogProof::verify`] checks everything but who may
//! be trusted as a witness.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::{Checkpoint, CheckpointError, parse_decimal};
use crate::hash::Hash;
use crate::merkle::{self, ProofError};
use crate::note::{NOTE_BYTES_MAX, Note, VerifierKey};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Longest proof file that is read: its checkpoint, 64 hashes and the extra data.
pub const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 64 * 1024;

/// Why a proof file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The text is not a proof.
    #[error("proof file is malformed: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it was refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the entry to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// An inclusion proof with everything that is needed to check it offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Unauthenticated data for the application; empty when absent.
    pub extra: Vec<u8>,
    /// Position of the entry in the log.
    pub index: u64,
    /// Siblings from the leaf upwards.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl TlogProof {
    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        if !self.extra.is_empty() {
            let _infallible = writeln!(text, "extra {}", BASE64.encode(&self.extra));
        }
        let _infallible = writeln!(text, "index {}", self.index);
        for hash in &self.hashes {
            text.push_str(&BASE64.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_string());
        text
    }

    /// Reads the file's text.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(TlogProofError::Malformed("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Malformed("it is UTF-8 text"))?;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(TlogProofError::Malformed("a blank line precedes the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(TlogProofError::Malformed("the first line names the format and version 1"));
        }
        let mut extra = Vec::new();
        if let Some(encoded) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            extra = BASE64
                .decode(encoded)
                .ok()
                .filter(|extra| !extra.is_empty())
                .ok_or(TlogProofError::Malformed("the extra line is base64"))?;
            lines.next();
        }
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .ok_or(TlogProofError::Malformed("the index line is missing"))?;
        let mut hashes = Vec::new();
        for line in lines {
            let hash = BASE64.decode(line).ok().and_then(|hash| Hash::try_from(hash).ok());
            hashes.push(hash.ok_or(TlogProofError::Malformed("a hash is 32 bytes in base64"))?);
            if hashes.len() > 64 {
                return Err(TlogProofError::Malformed("it has more hashes than a tree has levels"));
            }
        }
        let checkpoint = Note::parse(checkpoint.as_bytes()).map_err(CheckpointError::from)?;
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// Checks origin, signature and inclusion of the entry whose leaf hash is `leaf`.
    pub fn verify(&self, leaf: &Hash, origin: &str, keys: &[VerifierKey]) -> Result<Checkpoint, TlogProofError> {
        let note = self.checkpoint.to_string();
        let (checkpoint, _) = Checkpoint::open(note.as_bytes(), origin, keys)?;
        merkle::verify_inclusion(self.index, checkpoint.size, leaf, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{leaf_hash, node_hash};
    use crate::note::Signer;

    fn sample() -> (TlogProof, Hash, VerifierKey) {
        let signer = Signer::from_seed("log.example.test", &[5; 32]).expect("seed");
        let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let root = node_hash(&left, &right);
        let checkpoint = signer.sign(Checkpoint::new("log.example.test", 2, root).text());
        let proof = TlogProof { extra: b"x".to_vec(), index: 1, hashes: vec![left], checkpoint };
        (proof, right, signer.verifier().clone())
    }

    #[test]
    fn a_proof_reads_back_and_verifies() {
        let (proof, leaf, key) = sample();
        let read = TlogProof::parse(proof.to_text().as_bytes()).expect("parses");
        assert_eq!(read, proof);
        assert_eq!(read.verify(&leaf, "log.example.test", &[key]).expect("verifies").size, 2);
    }

    #[test]
    fn any_flipped_bit_outside_the_extra_data_is_refused() {
        let (mut proof, leaf, key) = sample();
        proof.extra.clear();
        let text = proof.to_text();
        for index in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[index] ^= 1;
            let accepted = TlogProof::parse(&bytes)
                .is_ok_and(|read| read.verify(&leaf, "log.example.test", std::slice::from_ref(&key)).is_ok());
            assert!(!accepted, "byte {index}");
        }
    }
}
