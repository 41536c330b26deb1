//! The key of one record, and sealing and opening its body with it.
//!
//! `okm(64) = HKDF-SHA-256(ikm = leaf, salt = subject keys in order, info = label ‖ record id)`; the first
//! half is the AES-256-GCM key (used once, so the nonce is zero), the second the salt of the commitment.
//! Handing out body and salt proves the commitment without giving away the key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::blob::BlobName;
use crate::frame::{BLOB_BIT, sealed_head_len};
use crate::hash::{Hash, sha256_of};
use crate::ids::{RecordId, SubjectId};
use crate::keys::secret::Secret;
use crate::wiped::Wiped;

const KEY_LABEL: &[u8] = b"gatepost ledger record key v1";
const COMMITMENT_LABEL: &[u8] = b"gatepost ledger commitment v1";
const TAG_LEN: usize = 16;

/// The body could not be opened: wrong key, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("body does not open with its key: the key or the stored bytes are not the right ones")]
pub struct CannotOpen;

/// Everything that is secret about one record.
#[derive(Debug)]
pub struct RecordKey {
    content: Secret,
    salt: Secret,
}

struct OutputLen;

impl hkdf::KeyType for OutputLen {
    fn len(&self) -> usize {
        64
    }
}

impl RecordKey {
    /// Derives the key from the slot's leaf and the subjects' keys, in the order of the sealed body.
    pub fn derive<'a>(leaf: &Secret, subjects: impl IntoIterator<Item = &'a Secret>, record: RecordId) -> Self {
        let mut salt = Zeroizing::new(Vec::with_capacity(32));
        for subject in subjects {
            salt.extend_from_slice(subject.expose());
        }
        let mut okm = Zeroizing::new([0; 64]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &salt)
            .extract(leaf.expose())
            .expand(&[KEY_LABEL, &record.0], OutputLen)
            .and_then(|expanded| expanded.fill(&mut okm[..]))
            .expect("64 bytes are within HKDF's limit");
        let half = |at: usize| Secret::new(okm[at..at + 32].try_into().expect("32 bytes"));
        Self { content: half(0), salt: half(32) }
    }

    /// The salt of the commitment.
    pub fn salt(&self) -> &[u8; 32] {
        self.salt.expose()
    }

    /// Commitment to a canonical body under this record's salt.
    pub fn commit(&self, canonical: &[u8]) -> Hash {
        commitment(self.salt.expose(), canonical)
    }

    /// Appends the sealed body to `out`: subjects, name of the blob if there is one, ciphertext, tag. All of it is authenticated.
    pub fn seal(&self, subjects: &[SubjectId], blob: Option<BlobName>, plain: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let count = u8::try_from(subjects.len()).expect("subjects are limited");
        out.push(if blob.is_some() { count | BLOB_BIT } else { count });
        for subject in subjects {
            out.extend_from_slice(&subject.0);
        }
        out.extend_from_slice(blob.as_ref().map_or(&[], |name| &name.0[..]));
        let body = out.len();
        out.extend_from_slice(plain);
        let (head, text) = out.split_at_mut(body);
        let aad = &head[start..];
        let tag = self
            .cipher()
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key([0; 12]), Aad::from(aad), text)
            .expect("bodies are far below the cipher's limit");
        out.extend_from_slice(tag.as_ref());
    }

    /// Opens a sealed body.
    pub fn open(&self, sealed: &[u8]) -> Result<Wiped, CannotOpen> {
        let start = sealed_head_len(*sealed.first().ok_or(CannotOpen)?);
        if sealed.len() < start + TAG_LEN {
            return Err(CannotOpen);
        }
        let mut text = Wiped::new(sealed[start..].to_vec());
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let aad = Aad::from(&sealed[..start]);
        let length = self.cipher().open_in_place(nonce, aad, &mut text).map_err(|_| CannotOpen)?.len();
        text.truncate(length);
        Ok(text)
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.content.expose()).expect("the key has 32 bytes"))
    }
}

/// `SHA-256(label ‖ salt ‖ canonical body)`: what the entry says about the plaintext.
pub fn commitment(salt: &[u8; 32], canonical: &[u8]) -> Hash {
    sha256_of(&[COMMITMENT_LABEL, salt, canonical])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(leaf: u8, subjects: &[u8], record: u8) -> RecordKey {
        let subjects: Vec<Secret> = subjects.iter().map(|s| Secret::new([*s; 32])).collect();
        RecordKey::derive(&Secret::new([leaf; 32]), &subjects, RecordId([record; 16]))
    }

    #[test]
    fn a_body_opens_only_with_every_part_of_its_key() {
        let mut sealed = Vec::new();
        let blob = Some(BlobName([5; 32]));
        key(1, &[2, 3], 4).seal(&[SubjectId([8; 16]), SubjectId([9; 16])], blob, b"hello", &mut sealed);
        assert_eq!(crate::frame::SealedBody::parse(&sealed).expect("sealed").blob, blob);
        assert_eq!(key(1, &[2, 3], 4).open(&sealed).expect("right key").as_slice(), b"hello");
        for other in [key(5, &[2, 3], 4), key(1, &[2], 4), key(1, &[3, 2], 4), key(1, &[2, 3], 5)] {
            assert!(other.open(&sealed).is_err());
        }
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(key(1, &[2, 3], 4).open(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_commitment_depends_on_the_salt_and_every_byte() {
        let base = key(1, &[], 1).commit(b"ab");
        assert_ne!(base, key(1, &[], 2).commit(b"ab"));
        assert_ne!(base, key(1, &[], 1).commit(b"ac"));
    }
}
