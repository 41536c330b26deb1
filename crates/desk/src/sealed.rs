//! Secrets at rest: small values (authenticator secrets, network credentials) encrypted under the master key, and keyed digests.
//!
//! Invariant: a sealed value opens only with the same key *and* the same context text, so a row cannot be moved to another place.
//! It does not store the key; the executable reads it from the data folder, the environment or a command.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::ids::Ids;

/// Bytes in a master key.
pub const MASTER_KEY_LEN: usize = 32;
/// First byte of every sealed value; another value means another program wrote it.
const FORMAT: u8 = 1;

/// Why a sealed value did not open.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SealError {
    /// The value is shorter than its own header or has another format.
    #[error("a sealed value has an unknown form; it was written by another version or damaged")]
    Form,
    /// The key or the context is not the one it was sealed with, or a byte was changed.
    #[error("a sealed value does not open with this master key; restore the key that belongs to this data folder")]
    Key,
}

/// The master key and what is derived from it.
pub struct Sealer {
    key: LessSafeKey,
    digest: hmac::Key,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

struct KeyBytes;

impl hkdf::KeyType for KeyBytes {
    fn len(&self) -> usize {
        MASTER_KEY_LEN
    }
}

fn derive(master: &[u8; MASTER_KEY_LEN], label: &str) -> Zeroizing<[u8; MASTER_KEY_LEN]> {
    let mut out = Zeroizing::new([0; MASTER_KEY_LEN]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"gatepost desk v1")
        .extract(master)
        .expand(&[label.as_bytes()], KeyBytes)
        .and_then(|okm| okm.fill(out.as_mut()))
        .expect("32 bytes are within the length limit of HKDF-SHA-256");
    out
}

impl Sealer {
    /// Derives the working keys from the master key.
    pub fn new(master: &[u8; MASTER_KEY_LEN]) -> Self {
        let sealing = derive(master, "seal");
        let key = UnboundKey::new(&AES_256_GCM, sealing.as_ref()).expect("the key has the cipher's length");
        Self { key: LessSafeKey::new(key), digest: hmac::Key::new(hmac::HMAC_SHA256, derive(master, "digest").as_ref()) }
    }

    /// Encrypts a small value. `context` says what and whose it is, for example `totp/<factor id>`.
    pub fn seal(&self, ids: &dyn Ids, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        ids.random(&mut nonce);
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut body)
            .expect("a small value can be encrypted");
        let mut out = vec![FORMAT];
        out.extend_from_slice(&nonce);
        out.append(&mut body);
        out
    }

    /// Opens what [`Sealer::seal`] made.
    ///
    /// # Errors
    /// [`SealError`] when the value, the key or the context is not the right one.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (&format, rest) = sealed.split_first().ok_or(SealError::Form)?;
        if format != FORMAT || rest.len() < NONCE_LEN + AES_256_GCM.tag_len() {
            return Err(SealError::Form);
        }
        let (nonce, body) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Form)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length =
            self.key.open_in_place(nonce, Aad::from(context.as_bytes()), body.as_mut_slice()).map_err(|_| SealError::Key)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// A keyed digest (HMAC-SHA-256): shows that two values are equal without letting anyone guess them.
    pub fn digest(&self, value: &[u8]) -> [u8; 32] {
        hmac::sign(&self.digest, value).as_ref().try_into().expect("HMAC-SHA-256 is 32 bytes long")
    }
}

#[cfg(test)]
mod tests {
    use super::{SealError, Sealer};
    use crate::ids::SystemIds;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_its_context_and_every_byte() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(&SystemIds::new(), "totp/1", b"secret");
        assert_eq!(sealer.open("totp/1", &sealed).expect("opens").as_slice(), b"secret");
        assert_eq!(sealer.open("totp/2", &sealed), Err(SealError::Key));
        assert_eq!(Sealer::new(&[8; 32]).open("totp/1", &sealed), Err(SealError::Key));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("totp/1", &changed).is_err(), "byte {at} was changed unnoticed");
        }
        assert_eq!(sealer.open("totp/1", &[]), Err(SealError::Form));
    }
}
