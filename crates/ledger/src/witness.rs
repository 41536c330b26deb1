//! Witnesses: outsiders who remember the log's latest checkpoint and co-sign only what continues it
//! (C2SP tlog-cosignature, the Ed25519 form, and the messages of tlog-witness).
//!
//! Invariant: a co-signature gets onto a checkpoint only after it verified under a configured witness key; lines by strangers are
//! dropped, as the standard asks. It opens no connection and decides no quorum; it says who signed and when.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::parse_decimal;
use crate::hash::Hash;
use crate::note::{Note, NoteError, SIGNATURES_MAX, SignatureLine, TYPE_COSIGNATURE, VerifierKey};

/// Most hashes that a consistency proof may have in a request (tlog-witness).
pub const CONSISTENCY_HASHES_MAX: usize = 63;
/// `Content-Type` of a witness's answer that names the size it last co-signed.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";
/// A co-signature is the time in seconds (8 bytes) and an Ed25519 signature (64 bytes).
const COSIGNATURE_LEN: usize = 8 + 64;

/// Why a co-signature or a witness was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The answer or the checkpoint is not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The configured key is of another type.
    #[error("`{0}` is not a witness key: its type must be 0x04 (Ed25519 co-signature)")]
    NotAWitnessKey(String),
    /// A line by a configured witness does not verify.
    #[error("co-signature by `{0}` does not verify: it is over another checkpoint or by another key")]
    Invalid(String),
    /// No line by a configured witness.
    #[error("the answer has no co-signature by a configured witness; check its name and key")]
    Nobody,
    /// The checkpoint would carry too many lines.
    #[error("the checkpoint already has {SIGNATURES_MAX} signature lines")]
    Full,
    /// The answer does not name a size.
    #[error("the witness's answer is not the size that it last co-signed")]
    NoSize,
}

/// A verified co-signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness's name.
    pub witness: String,
    /// When it signed, Unix seconds.
    pub time_s: u64,
}

/// The witnesses whose word counts.
#[derive(Debug, Clone, Default)]
pub struct Witnesses(Vec<VerifierKey>);

impl Witnesses {
    /// Takes keys of the co-signature type only.
    pub fn new(keys: Vec<VerifierKey>) -> Result<Self, WitnessError> {
        match keys.iter().find(|key| key.kind() != TYPE_COSIGNATURE || key.public().len() != 32) {
            Some(key) => Err(WitnessError::NotAWitnessKey(key.to_string())),
            None => Ok(Self(keys)),
        }
    }

    /// Every co-signature by a configured witness on this checkpoint, one per witness key. Fails when one of them does not verify.
    pub fn verify(&self, checkpoint: &Note) -> Result<Vec<Cosignature>, WitnessError> {
        let mut seen = BTreeSet::new();
        let mut cosignatures = Vec::new();
        for line in &checkpoint.signatures {
            let Some(key) = self.key_of(line) else {
                continue;
            };
            let cosignature = verify_line(&checkpoint.text, line, key)?;
            if seen.insert(key.public()) {
                cosignatures.push(cosignature);
            }
        }
        Ok(cosignatures)
    }

    /// Adds the co-signatures of a witness's answer to the checkpoint. A newer one replaces an older one by the same key. The
    /// checkpoint is unchanged when anything is refused.
    pub fn add(&self, checkpoint: &mut Note, answer: &[u8]) -> Result<Vec<Cosignature>, WitnessError> {
        let whole = [checkpoint.text.as_bytes(), b"\n", answer].concat();
        let answered = Note::parse(&whole)?;
        // A blank line in the answer would move the border between text and signatures.
        if answered.text != checkpoint.text {
            return Err(NoteError::NoSignatures.into());
        }
        let added = self.verify(&answered)?;
        if added.is_empty() {
            return Err(WitnessError::Nobody);
        }
        let mut lines = checkpoint.signatures.clone();
        for line in answered.signatures {
            if self.key_of(&line).is_none() {
                continue;
            }
            lines.retain(|other| other.name != line.name || other.key_id != line.key_id);
            lines.push(line);
        }
        if lines.len() > SIGNATURES_MAX {
            return Err(WitnessError::Full);
        }
        checkpoint.signatures = lines;
        Ok(added)
    }

    fn key_of(&self, line: &SignatureLine) -> Option<&VerifierKey> {
        self.0.iter().find(|key| key.matches(line))
    }
}

/// The text that a witness signs (tlog-cosignature, "Ed25519 signed message").
pub fn cosigned_message(time_s: u64, checkpoint_text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{checkpoint_text}")
}

fn verify_line(text: &str, line: &SignatureLine, key: &VerifierKey) -> Result<Cosignature, WitnessError> {
    let invalid = || WitnessError::Invalid(key.name().to_owned());
    let (time, signature) =
        line.signature.split_first_chunk::<8>().filter(|_| line.signature.len() == COSIGNATURE_LEN).ok_or_else(invalid)?;
    let time_s = u64::from_be_bytes(*time);
    if i64::try_from(time_s).is_err() {
        return Err(invalid());
    }
    UnparsedPublicKey::new(&ED25519, key.public())
        .verify(cosigned_message(time_s, text).as_bytes(), signature)
        .map_err(|_| invalid())?;
    Ok(Cosignature { witness: key.name().to_owned(), time_s })
}

/// The body of an `add-checkpoint` request: the size that the witness co-signed last, the proof from there, the checkpoint.
/// `proof` is what `merkle::consistency_proof` gives and never longer than [`CONSISTENCY_HASHES_MAX`] below 2^63 entries.
pub fn add_checkpoint_body(old_size: u64, proof: &[Hash], checkpoint: &Note) -> String {
    let mut body = format!("old {old_size}\n");
    for hash in proof {
        let _infallible = writeln!(body, "{}", BASE64.encode(hash));
    }
    let _infallible = write!(body, "\n{checkpoint}");
    body
}

/// Reads the answer `409 Conflict`: the size that the witness co-signed last, from which the next proof must start.
pub fn parse_conflict(body: &[u8]) -> Result<u64, WitnessError> {
    std::str::from_utf8(body).ok().and_then(|text| text.strip_suffix('\n')).and_then(parse_decimal).ok_or(WitnessError::NoSize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::note::Signer;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    const ORIGIN: &str = "log.example.test";

    /// The worked example of the tlog-cosignature specification, whose key is published with it only as an id; so a key of our own is
    /// used for the signature and the published text for the shape of the message.
    #[test]
    fn the_message_has_the_published_shape() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert_eq!(
            cosigned_message(1_679_315_147, text),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    struct Cosigner {
        pair: Ed25519KeyPair,
        key: VerifierKey,
    }

    impl Cosigner {
        fn new(name: &str, seed: u8) -> Self {
            let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("seed");
            let key = VerifierKey::new(name, TYPE_COSIGNATURE, pair.public_key().as_ref()).expect("name");
            Self { pair, key }
        }

        fn answer(&self, text: &str, time_s: u64) -> String {
            let signature = self.pair.sign(cosigned_message(time_s, text).as_bytes());
            let payload = [&self.key.id()[..], &time_s.to_be_bytes(), signature.as_ref()].concat();
            format!("\u{2014} {} {}\n", self.key.name(), BASE64.encode(payload))
        }
    }

    fn checkpoint() -> Note {
        let signer = Signer::from_seed(ORIGIN, &[1; 32]).expect("seed");
        signer.sign(Checkpoint::new(ORIGIN, 7, [3; 32]).text())
    }

    #[test]
    fn a_cosignature_is_added_beside_the_logs_own() {
        let witness = Cosigner::new("witness.example.test", 8);
        let witnesses = Witnesses::new(vec![witness.key.clone()]).expect("a witness key");
        let mut note = checkpoint();
        let answer = witness.answer(&note.text, 1000);
        let added = witnesses.add(&mut note, answer.as_bytes()).expect("a good answer");
        assert_eq!(added, [Cosignature { witness: "witness.example.test".into(), time_s: 1000 }]);
        let read = Note::parse(note.to_string().as_bytes()).expect("still a note");
        assert_eq!(read.signatures.len(), 2);
        assert_eq!(witnesses.verify(&read).expect("verifies"), added);
        let log = Signer::from_seed(ORIGIN, &[1; 32]).expect("seed");
        assert_eq!(read.verify(std::slice::from_ref(log.verifier())), Ok(1), "the log's own line is kept");
    }

    #[test]
    fn a_newer_cosignature_replaces_the_older_one() {
        let witness = Cosigner::new("witness.example.test", 8);
        let witnesses = Witnesses::new(vec![witness.key.clone()]).expect("a witness key");
        let mut note = checkpoint();
        for time_s in [1000, 2000] {
            let answer = witness.answer(&note.text, time_s);
            witnesses.add(&mut note, answer.as_bytes()).expect("a good answer");
        }
        let found = witnesses.verify(&note).expect("verifies");
        assert_eq!((found.len(), found[0].time_s, note.signatures.len()), (1, 2000, 2));
    }

    #[test]
    fn strangers_are_dropped_and_alone_they_are_nobody() {
        let (witness, stranger) = (Cosigner::new("witness.example.test", 8), Cosigner::new("stranger.example.test", 9));
        let witnesses = Witnesses::new(vec![witness.key.clone()]).expect("a witness key");
        let mut note = checkpoint();
        let alone = stranger.answer(&note.text, 1);
        assert_eq!(witnesses.add(&mut note, alone.as_bytes()), Err(WitnessError::Nobody));
        let both = stranger.answer(&note.text, 1) + &witness.answer(&note.text, 1);
        witnesses.add(&mut note, both.as_bytes()).expect("the witness is there");
        assert_eq!(note.signatures.len(), 2);
    }

    #[test]
    fn every_flipped_bit_of_an_answer_is_refused_and_leaves_the_checkpoint_alone() {
        let witness = Cosigner::new("witness.example.test", 8);
        let witnesses = Witnesses::new(vec![witness.key.clone()]).expect("a witness key");
        let answer = witness.answer(&checkpoint().text, 1000).into_bytes();
        for position in 0..answer.len() {
            for bit in 0..8 {
                let mut note = checkpoint();
                let mut bytes = answer.clone();
                bytes[position] ^= 1 << bit;
                assert!(witnesses.add(&mut note, &bytes).is_err(), "byte {position} bit {bit}");
                assert_eq!(note, checkpoint());
            }
        }
    }

    #[test]
    fn a_cosignature_over_another_checkpoint_is_refused() {
        let witness = Cosigner::new("witness.example.test", 8);
        let witnesses = Witnesses::new(vec![witness.key.clone()]).expect("a witness key");
        let other = Checkpoint::new(ORIGIN, 8, [3; 32]).text();
        let answer = witness.answer(&other, 1000);
        assert!(matches!(witnesses.add(&mut checkpoint(), answer.as_bytes()), Err(WitnessError::Invalid(_))));
    }

    #[test]
    fn only_witness_keys_are_configured_as_witnesses() {
        let log = Signer::from_seed(ORIGIN, &[1; 32]).expect("seed");
        assert!(matches!(Witnesses::new(vec![log.verifier().clone()]), Err(WitnessError::NotAWitnessKey(_))));
    }

    #[test]
    fn the_request_has_the_published_form_and_a_conflict_names_the_size() {
        let body = add_checkpoint_body(5, &[[0; 32]], &checkpoint());
        let expected = format!("old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n{}", checkpoint());
        assert_eq!(body, expected);
        assert_eq!(parse_conflict(b"20852014\n"), Ok(20_852_014));
        for wrong in [&b"20852014"[..], b"", b"007\n", b"-1\n", b"\xff\n"] {
            assert_eq!(parse_conflict(wrong), Err(WitnessError::NoSize));
        }
    }
}
