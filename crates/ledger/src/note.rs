//! C2SP signed notes: a text followed by signature lines, and the verifier keys that check them.
//!
//! Invariant: `Note::parse(bytes)` succeeds only on bytes that `to_string` gives back unchanged.
//! Only Ed25519 (`0x01`) is signed and checked here; other signature types are carried, never trusted.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::hash::sha256_of;

/// Longest note that is read: room for a checkpoint with sixteen post-quantum signatures.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;
/// Most signature lines read; the standard asks verifiers to accept at least sixteen.
pub const SIGNATURES_MAX: usize = 64;
/// Signature type of a plain Ed25519 note signature.
pub const TYPE_ED25519: u8 = 0x01;
/// Signature type of a timestamped Ed25519 witness cosignature.
pub const TYPE_COSIGNATURE: u8 = 0x04;

const DASH: &str = "\u{2014} ";

/// Why a note or a verifier key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`] or with more than [`SIGNATURES_MAX`] signatures.
    #[error("note is over the limit of {NOTE_BYTES_MAX} bytes or {SIGNATURES_MAX} signatures")]
    TooLarge,
    /// Not UTF-8, or with control characters.
    #[error("note is not plain UTF-8 text")]
    NotText,
    /// The text, the blank line or the signature block is missing.
    #[error("note has no text and signatures separated by a blank line")]
    NoSignatures,
    /// A line of the signature block is malformed.
    #[error("signature line {0} is malformed")]
    BadSignatureLine(usize),
    /// A name is empty, or has a space or a plus sign.
    #[error("key name `{0}` is empty or contains a space or a plus sign")]
    BadName(String),
    /// A verifier key is malformed, or its id does not match its content.
    #[error("verifier key is malformed: {0}")]
    BadKey(&'static str),
    /// A signature by a known key does not verify.
    #[error("signature by `{0}` does not verify: the note was altered or signed by another key")]
    Invalid(String),
    /// No signature by any of the known keys.
    #[error("no signature by a known key: expected one of {0}")]
    Unknown(String),
}

/// A public key as the standard writes it: `name+hex(id)+base64(type ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    kind: u8,
    public: Vec<u8>,
}

impl VerifierKey {
    /// Builds a key of any signature type from its parts, computing the id.
    pub fn new(name: &str, kind: u8, public: &[u8]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), id: key_id(name, kind, public), kind, public: public.to_vec() })
    }

    /// The name in the signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that precede each of its signatures.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature type byte.
    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// The public key bytes.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Whether a signature line claims to be by this key.
    pub fn matches(&self, line: &SignatureLine) -> bool {
        self.id == line.key_id && self.name == line.name
    }

    fn verify(&self, text: &str, line: &SignatureLine) -> Result<(), NoteError> {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(text.as_bytes(), &line.signature)
            .map_err(|_| NoteError::Invalid(self.name.clone()))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut material = vec![self.kind];
        material.extend_from_slice(&self.public);
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), BASE64.encode(material))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::BadKey("it has three parts separated by plus signs"));
        };
        let material = BASE64.decode(material).map_err(|_| NoteError::BadKey("the third part is base64"))?;
        let (kind, public) = material.split_first().ok_or(NoteError::BadKey("it names no key"))?;
        if matches!(*kind, TYPE_ED25519 | TYPE_COSIGNATURE) && public.len() != 32 {
            return Err(NoteError::BadKey("an Ed25519 key has 32 bytes"));
        }
        let key = Self::new(name, *kind, public)?;
        if hex::encode(key.id) != id {
            return Err(NoteError::BadKey("its id does not match its name and key"));
        }
        Ok(key)
    }
}

/// One signature line: `— name base64(id ‖ signature)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// First four bytes of the decoded line.
    pub key_id: [u8; 4],
    /// The bytes after the key id.
    pub signature: Vec<u8>,
}

/// A text and its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text, ending in a newline.
    pub text: String,
    /// The signature lines in order.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Reads a note; refuses anything that is not exactly the standard's form.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if whole.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(NoteError::NotText);
        }
        let blank = whole.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, block) = (&whole[..=blank], &whole[blank + 2..]);
        if text.trim_matches('\n').is_empty() || block.is_empty() || !block.ends_with('\n') {
            return Err(NoteError::NoSignatures);
        }
        let mut signatures = Vec::new();
        for (index, line) in block[..block.len() - 1].split('\n').enumerate() {
            if index >= SIGNATURES_MAX {
                return Err(NoteError::TooLarge);
            }
            signatures.push(parse_signature(line).ok_or(NoteError::BadSignatureLine(index + 1))?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Checks every signature by one of `keys`; at least one must be there and all of those must verify.
    /// Returns how many did.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<usize, NoteError> {
        let mut verified = 0;
        for line in &self.signatures {
            for key in keys.iter().filter(|key| key.kind == TYPE_ED25519 && key.matches(line)) {
                key.verify(&self.text, line)?;
                verified += 1;
            }
        }
        if verified == 0 {
            let names: Vec<String> = keys.iter().map(VerifierKey::to_string).collect();
            return Err(NoteError::Unknown(names.join(", ")));
        }
        Ok(verified)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut payload = line.key_id.to_vec();
            payload.extend_from_slice(&line.signature);
            writeln!(f, "{DASH}{} {}", line.name, BASE64.encode(payload))?;
        }
        Ok(())
    }
}

/// Signs notes with one Ed25519 key under one name.
pub struct Signer {
    pair: Ed25519KeyPair,
    key: VerifierKey,
}

impl Signer {
    /// Builds the signer from the 32-byte secret seed of RFC 8032.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::BadKey("an Ed25519 seed has 32 bytes"))?;
        let key = VerifierKey::new(name, TYPE_ED25519, pair.public_key().as_ref())?;
        Ok(Self { pair, key })
    }

    /// The matching public key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.key
    }

    /// Signs `text`, which must end in a newline.
    pub fn sign(&self, text: String) -> Note {
        let signature = self.pair.sign(text.as_bytes()).as_ref().to_vec();
        let line = SignatureLine { name: self.key.name.clone(), key_id: self.key.id, signature };
        Note { text, signatures: vec![line] }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key)
    }
}

/// Whether `name` may stand in a signature line: not empty, no white space, no plus sign.
pub fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control()) {
        return Err(NoteError::BadName(name.to_owned()));
    }
    Ok(())
}

fn key_id(name: &str, kind: u8, public: &[u8]) -> [u8; 4] {
    let hash = sha256_of(&[name.as_bytes(), b"\n", &[kind], public]);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn parse_signature(line: &str) -> Option<SignatureLine> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    check_name(name).ok()?;
    let payload = BASE64.decode(encoded).ok()?;
    let (key_id, signature) = payload.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(SignatureLine { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the C2SP signed-note specification.
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_published_example_verifies() {
        let key: VerifierKey = VKEY.parse().expect("published key");
        let note = Note::parse(NOTE.as_bytes()).expect("published note");
        assert_eq!(note.verify(std::slice::from_ref(&key)), Ok(1));
        assert_eq!(note.to_string(), NOTE);
        assert_eq!(key.to_string(), VKEY);
    }

    #[test]
    fn any_flipped_bit_is_refused() {
        let key: VerifierKey = VKEY.parse().expect("published key");
        for index in 0..NOTE.len() {
            for bit in 0..8 {
                let mut bytes = NOTE.as_bytes().to_vec();
                bytes[index] ^= 1 << bit;
                let accepted = Note::parse(&bytes).is_ok_and(|note| note.verify(std::slice::from_ref(&key)).is_ok());
                assert!(!accepted, "byte {index} bit {bit}");
            }
        }
    }

    #[test]
    fn what_a_signer_signs_its_verifier_accepts_and_a_stranger_does_not() {
        let signer = Signer::from_seed("log.example.test", &[3; 32]).expect("seed");
        let stranger = Signer::from_seed("other.example.test", &[4; 32]).expect("seed");
        let note = Note::parse(signer.sign("a\n\nb\n".to_owned()).to_string().as_bytes()).expect("parses");
        assert_eq!(note.verify(std::slice::from_ref(signer.verifier())), Ok(1));
        let refused = note.verify(std::slice::from_ref(stranger.verifier()));
        assert!(matches!(refused, Err(NoteError::Unknown(_))));
    }

    #[test]
    fn malformed_notes_are_refused() {
        for text in ["", "x", "x\n", "x\n\n", "\n\n\u{2014} a AAAAAAA=\n", "x\n\n\u{2014} a b\n", "x\ty\n\n\u{2014} a AAAAAAA=\n"]
        {
            assert!(Note::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
