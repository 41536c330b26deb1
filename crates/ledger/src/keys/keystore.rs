//! A keystore generation: the key ring encrypted under a generation key, which is wrapped for its owners.
//!
//! ```text
//! magic "GPKS" ‖ version u16 ‖ generation u64 ‖ wraps u16 ‖ { kind u8 ‖ length u32 ‖ bytes }…
//! ‖ nonce(12) ‖ length u64 ‖ AES-256-GCM(ring ‖ tag), all before as associated data
//! ```
//! Kind 1 is the master key's wrap, kind 2 an age file for the escrow recipient. Additions between
//! generations are `length u32 ‖ nonce(12) ‖ ciphertext ‖ tag` under the same generation key.
//! Invariant: once a generation's file is gone, nothing sealed under its key can be opened by anyone.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::context::Entropy;
use crate::keys::age::{self, AgeError};
use crate::keys::master::{MasterError, MasterKey};
use crate::keys::ring::{Addition, BadKeys, KeyRing, decode_additions, encode_additions};
use crate::keys::secret::Secret;

const MAGIC: [u8; 4] = *b"GPKS";
const VERSION: u16 = 1;
const WRAP_MASTER: u8 = 1;
const WRAP_AGE: u8 = 2;
/// Most wraps of one generation: the master key's and a few escrow recipients'.
const WRAPS_MAX: u16 = 16;
/// Longest wrap: what a KMS may answer.
const WRAP_BYTES_MAX: usize = 64 * 1024;
const ADDITION_LABEL: &[u8] = b"gatepost ledger key addition v1";

/// Why a generation could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// Not a keystore file, or cut short.
    #[error("keystore is malformed: {0}")]
    Malformed(&'static str),
    /// Written by a newer program.
    #[error("keystore has version {0}; this program reads version {VERSION}: use a newer one")]
    Version(u16),
    /// The bytes do not open under the generation key.
    #[error("keystore was altered: it does not open under its own key")]
    Altered,
    /// No wrap of the needed kind.
    #[error("keystore has no copy of its key for {0}")]
    NoWrap(&'static str),
    /// The master key failed.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The escrow copy failed.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// The content is malformed.
    #[error(transparent)]
    Keys(#[from] BadKeys),
}

/// Who opens a keystore.
pub enum Opener<'a> {
    /// The master key.
    Master(&'a dyn MasterKey),
    /// The offline escrow identity, when the master key is lost.
    Escrow(&'a age::Identity),
}

/// One generation's number and key: what additions are sealed with.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Its number, from one.
    pub number: u64,
    key: Secret,
}

impl Generation {
    /// Draws the key for generation `number`.
    pub fn new(number: u64, entropy: &dyn Entropy) -> Self {
        Self { number, key: Secret::random(entropy) }
    }

    /// The file's bytes.
    pub fn seal(
        &self,
        ring: &KeyRing,
        master: &dyn MasterKey,
        escrow: &[age::Recipient],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, KeystoreError> {
        let mut wraps = vec![(WRAP_MASTER, master.wrap(entropy, self.number, &self.key)?)];
        for recipient in escrow.iter().take(usize::from(WRAPS_MAX) - 1) {
            wraps.push((WRAP_AGE, age::seal(recipient, entropy, self.key.expose())?));
        }
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&u16::try_from(wraps.len()).expect("limited above").to_be_bytes());
        for (kind, bytes) in &wraps {
            out.push(*kind);
            out.extend_from_slice(&u32::try_from(bytes.len()).expect("wraps are short").to_be_bytes());
            out.extend_from_slice(bytes);
        }
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce);
        out.extend_from_slice(&nonce);
        let mut body = ring.encode();
        out.extend_from_slice(&(body.len() as u64 + 16).to_be_bytes());
        self.cipher()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&out), &mut *body)
            .expect("key rings are below the cipher's limit");
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Opens a file's bytes.
    pub fn open(bytes: &[u8], opener: &Opener<'_>) -> Result<(Self, KeyRing), KeystoreError> {
        let mut at = Cursor { bytes, at: 0 };
        if at.take(4)? != MAGIC {
            return Err(KeystoreError::Malformed("it does not start with its mark"));
        }
        let version = u16::from_be_bytes(at.array()?);
        if version != VERSION {
            return Err(KeystoreError::Version(version));
        }
        let number = u64::from_be_bytes(at.array()?);
        let wraps = u16::from_be_bytes(at.array()?);
        if wraps > WRAPS_MAX {
            return Err(KeystoreError::Malformed("it has too many wraps"));
        }
        let mut found = Vec::new();
        for _ in 0..wraps {
            let [kind] = at.array::<1>()?;
            let length = u32::from_be_bytes(at.array()?) as usize;
            if length > WRAP_BYTES_MAX {
                return Err(KeystoreError::Malformed("a wrap is too long"));
            }
            found.push((kind, at.take(length)?));
        }
        let nonce = at.array::<12>()?;
        let length = u64::from_be_bytes(at.array()?);
        let head = at.at;
        if bytes.len() as u64 - head as u64 != length {
            return Err(KeystoreError::Malformed("its length is not the one announced"));
        }
        let generation = Self { number, key: unwrap(&found, number, opener)? };
        let mut body = Zeroizing::new(bytes[head..].to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain =
            generation.cipher().open_in_place(nonce, Aad::from(&bytes[..head]), &mut body).map_err(|_| KeystoreError::Altered)?;
        let ring = KeyRing::decode(plain)?;
        Ok((generation, ring))
    }

    /// Seals additions; empty when there are none.
    pub fn seal_additions(&self, additions: &[Addition], entropy: &dyn Entropy) -> Vec<u8> {
        if additions.is_empty() {
            return Vec::new();
        }
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce);
        let mut text = encode_additions(additions);
        let aad = [ADDITION_LABEL, &self.number.to_be_bytes()].concat();
        self.cipher()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut *text)
            .expect("additions are below the cipher's limit");
        let length = u32::try_from(nonce.len() + text.len()).expect("a batch's additions are small");
        [&length.to_be_bytes()[..], &nonce, &text].concat()
    }

    /// Opens a run of sealed additions.
    pub fn open_additions(&self, mut bytes: &[u8]) -> Result<Vec<Addition>, KeystoreError> {
        let mut additions = Vec::new();
        let aad = [ADDITION_LABEL, &self.number.to_be_bytes()].concat();
        while !bytes.is_empty() {
            let mut at = Cursor { bytes, at: 0 };
            let length = u32::from_be_bytes(at.array()?) as usize;
            let mut sealed = Cursor { bytes: at.take(length)?, at: 0 };
            let nonce = sealed.array::<12>()?;
            let mut text = Zeroizing::new(sealed.bytes[12..].to_vec());
            let plain = self
                .cipher()
                .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(&aad), &mut text)
                .map_err(|_| KeystoreError::Altered)?;
            additions.extend(decode_additions(plain)?);
            bytes = &bytes[4 + length..];
        }
        Ok(additions)
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.key.expose()).expect("the key has 32 bytes"))
    }
}

fn unwrap(wraps: &[(u8, &[u8])], number: u64, opener: &Opener<'_>) -> Result<Secret, KeystoreError> {
    let of_kind = |wanted: u8| wraps.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, bytes)| *bytes);
    match opener {
        Opener::Master(master) => {
            let wrapped = of_kind(WRAP_MASTER).next().ok_or(KeystoreError::NoWrap("a master key"))?;
            Ok(master.unwrap(number, wrapped)?)
        }
        Opener::Escrow(identity) => {
            let mut last = KeystoreError::NoWrap("an escrow recipient");
            for wrapped in of_kind(WRAP_AGE) {
                match age::open(identity, wrapped) {
                    Ok(key) => {
                        let key = key.as_slice().try_into().map_err(|_| KeystoreError::Altered)?;
                        return Ok(Secret::new(key));
                    }
                    Err(error) => last = error.into(),
                }
            }
            Err(last)
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], KeystoreError> {
        let end = self.at.checked_add(length).ok_or(KeystoreError::Malformed("it is cut short"))?;
        let part = self.bytes.get(self.at..end).ok_or(KeystoreError::Malformed("it is cut short"))?;
        self.at = end;
        Ok(part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], KeystoreError> {
        Ok(self.take(N)?.try_into().expect("of this length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemEntropy;
    use crate::ids::SubjectId;
    use crate::keys::master::LocalMasterKey;

    fn sample() -> (Generation, KeyRing, LocalMasterKey, SystemEntropy) {
        let entropy = SystemEntropy::default();
        let mut ring = KeyRing::default();
        ring.signing.push((0, Secret::new([1; 32])));
        ring.add(Addition::Subject { subject: SubjectId([2; 16]), key: Secret::new([3; 32]) });
        (Generation::new(4, &entropy), ring, LocalMasterKey::new(Secret::new([5; 32])), entropy)
    }

    #[test]
    fn a_generation_opens_with_the_master_key_and_with_the_escrow_identity() {
        let (generation, ring, master, entropy) = sample();
        let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj".parse().expect("published");
        let identity: age::Identity =
            "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX".parse().expect("published");
        let bytes = generation.seal(&ring, &master, &[recipient], &entropy).expect("sealed");
        for opener in [Opener::Master(&master), Opener::Escrow(&identity)] {
            let (opened, read) = Generation::open(&bytes, &opener).expect("opens");
            assert_eq!((opened.number, read), (4, ring.clone()));
        }
        let stranger = LocalMasterKey::new(Secret::new([6; 32]));
        assert!(Generation::open(&bytes, &Opener::Master(&stranger)).is_err());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let (generation, ring, master, entropy) = sample();
        let bytes = generation.seal(&ring, &master, &[], &entropy).expect("sealed");
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(Generation::open(&bad, &Opener::Master(&master)).is_err(), "byte {at}");
            assert!(Generation::open(&bytes[..at], &Opener::Master(&master)).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn additions_open_only_in_their_own_generation() {
        let (generation, _, _, entropy) = sample();
        let additions = vec![Addition::Subject { subject: SubjectId([9; 16]), key: Secret::new([8; 32]) }];
        let sealed = generation.seal_additions(&additions, &entropy);
        let twice = [sealed.clone(), sealed.clone()].concat();
        assert_eq!(generation.open_additions(&twice).expect("opens").len(), 2);
        assert!(Generation::new(4, &entropy).open_additions(&sealed).is_err());
        assert!(generation.open_additions(&sealed[..sealed.len() - 1]).is_err());
    }
}
