//! Sealing a secret to an offline `age` recipient (X25519), and opening it with the identity.
//!
//! Written against the age v1 specification with aws-lc-rs primitives: one X25519 stanza, one payload
//! chunk. Invariant: what is written here the `age` program opens. Other recipient types are refused.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use zeroize::Zeroizing;

use crate::context::Entropy;

/// Longest secret sealed: one chunk of the format.
pub const PLAIN_BYTES_MAX: usize = 64 * 1024;
const VERSION_LINE: &str = "age-encryption.org/v1\n";
const WRAP_LABEL: &[u8] = b"age-encryption.org/v1/X25519";
/// Counter zero, last chunk.
const PAYLOAD_NONCE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// Why sealing or opening failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Not an X25519 recipient.
    #[error("`{0}` is not an age X25519 recipient: it starts with `age1` and comes from `age-keygen`")]
    Recipient(String),
    /// Not an X25519 identity.
    #[error("this is not an age X25519 identity: it starts with `AGE-SECRET-KEY-1`")]
    Identity,
    /// Too much to seal.
    #[error("more than {PLAIN_BYTES_MAX} bytes to seal")]
    TooLong,
    /// Malformed file.
    #[error("escrow copy is malformed")]
    Malformed,
    /// Sealed to someone else, or altered.
    #[error("escrow copy does not open with this identity")]
    CannotOpen,
}

/// A public key that secrets can be sealed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

impl std::str::FromStr for Recipient {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let key = bech32_decode("age", text.trim()).ok_or_else(|| AgeError::Recipient(text.to_owned()))?;
        Ok(Self(key))
    }
}

/// The secret counterpart of a [`Recipient`].
pub struct Identity(Zeroizing<[u8; 32]>);

impl std::str::FromStr for Identity {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let lower = Zeroizing::new(text.trim().to_ascii_lowercase());
        bech32_decode("age-secret-key-", &lower).map(|key| Self(Zeroizing::new(key))).ok_or(AgeError::Identity)
    }
}

/// Seals `plain` to `recipient` as a binary age file.
pub fn seal(recipient: &Recipient, entropy: &dyn Entropy, plain: &[u8]) -> Result<Vec<u8>, AgeError> {
    if plain.len() > PLAIN_BYTES_MAX {
        return Err(AgeError::TooLong);
    }
    let (mut file_key, mut ephemeral) = (Zeroizing::new([0_u8; 16]), Zeroizing::new([0_u8; 32]));
    let mut nonce = [0_u8; 16];
    entropy.fill(&mut file_key[..]);
    entropy.fill(&mut ephemeral[..]);
    entropy.fill(&mut nonce);
    let (share, wrap_key) = wrap_key(&ephemeral, None, &recipient.0)?;
    let mut wrapped = file_key.to_vec();
    chacha(&wrap_key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut wrapped)
        .map_err(|_| AgeError::TooLong)?;
    let header = format!("{VERSION_LINE}-> X25519 {}\n{}\n---", BASE64.encode(share), BASE64.encode(&wrapped));
    let mac = header_mac(&file_key[..], header.as_bytes());
    let mut out = format!("{header} {}\n", BASE64.encode(mac)).into_bytes();
    out.extend_from_slice(&nonce);
    let mut body = plain.to_vec();
    chacha(&derive(&file_key[..], &nonce, b"payload"))
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(PAYLOAD_NONCE), Aad::empty(), &mut body)
        .map_err(|_| AgeError::TooLong)?;
    out.extend_from_slice(&body);
    Ok(out)
}

/// Opens a file that [`seal`] (or `age -r`, with one recipient and at most 64 KiB) wrote.
pub fn open(identity: &Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let (header, mac, payload) = split_file(sealed).ok_or(AgeError::Malformed)?;
    let mut lines = header.lines().skip(1);
    let share = lines.next().and_then(|line| line.strip_prefix("-> X25519 ")).ok_or(AgeError::Malformed)?;
    let share = BASE64.decode(share).ok().and_then(|share| <[u8; 32]>::try_from(share).ok());
    let share = share.ok_or(AgeError::Malformed)?;
    let wrapped = lines.next().and_then(|line| BASE64.decode(line).ok()).ok_or(AgeError::Malformed)?;
    if wrapped.len() != 32 {
        return Err(AgeError::Malformed);
    }
    let public = public_of(&identity.0)?;
    let (_, wrap_key) = wrap_key(&identity.0, Some((&share, &public)), &share)?;
    let mut file_key = Zeroizing::new(wrapped);
    let opened = chacha(&wrap_key).open_in_place(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut file_key);
    opened.map_err(|_| AgeError::CannotOpen)?;
    file_key.truncate(16);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derive(&file_key, &[], b"header")[..]);
    hmac::verify(&key, header.as_bytes(), &mac).map_err(|_| AgeError::CannotOpen)?;
    let (nonce, body) = payload.split_first_chunk::<16>().ok_or(AgeError::Malformed)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = chacha(&derive(&file_key, nonce, b"payload"))
        .open_in_place(Nonce::assume_unique_for_key(PAYLOAD_NONCE), Aad::empty(), &mut body)
        .map_err(|_| AgeError::CannotOpen)?
        .len();
    body.truncate(length);
    Ok(body)
}

/// Header up to and including `---`, MAC, payload.
fn split_file(sealed: &[u8]) -> Option<(&str, Vec<u8>, &[u8])> {
    let mark = sealed.windows(5).position(|window| window == b"\n--- ")? + 4;
    let end = mark + sealed[mark..].iter().position(|b| *b == b'\n')?;
    let header = std::str::from_utf8(&sealed[..mark]).ok()?;
    let mac = BASE64.decode(&sealed[mark + 1..end]).ok()?;
    header.starts_with(VERSION_LINE).then_some((header, mac, &sealed[end + 1..]))
}

/// Agrees on the key that wraps the file key. When opening, share and recipient are given.
fn wrap_key(
    secret: &[u8; 32],
    given: Option<(&[u8; 32], &[u8; 32])>,
    peer: &[u8; 32],
) -> Result<([u8; 32], Zeroizing<[u8; 32]>), AgeError> {
    let private = PrivateKey::from_private_key(&X25519, secret).map_err(|_| AgeError::Identity)?;
    let own = public_of(secret)?;
    let (share, recipient) = given.map_or((own, *peer), |(share, recipient)| (*share, *recipient));
    let salt = [share, recipient].concat();
    // An all-zero shared secret is refused inside `agree`.
    let peer = UnparsedPublicKey::new(&X25519, peer);
    let key = agreement::agree(&private, peer, AgeError::CannotOpen, |shared| Ok(derive(shared, &salt, WRAP_LABEL)))?;
    Ok((share, key))
}

fn public_of(secret: &[u8; 32]) -> Result<[u8; 32], AgeError> {
    let private = PrivateKey::from_private_key(&X25519, secret).map_err(|_| AgeError::Identity)?;
    let public = private.compute_public_key().map_err(|_| AgeError::Identity)?;
    public.as_ref().try_into().map_err(|_| AgeError::Identity)
}

struct KeyLen;

impl hkdf::KeyType for KeyLen {
    fn len(&self) -> usize {
        32
    }
}

fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], KeyLen)
        .and_then(|okm| okm.fill(&mut out[..]))
        .expect("32 bytes are within HKDF's limit");
    out
}

fn header_mac(file_key: &[u8], header: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derive(file_key, &[], b"header")[..]);
    hmac::sign(&key, header).as_ref().to_vec()
}

fn chacha(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has 32 bytes"))
}

/// Decodes lower-case Bech32 (BIP 173) of exactly 32 bytes.
fn bech32_decode(prefix: &str, text: &str) -> Option<[u8; 32]> {
    const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let data = text.strip_prefix(prefix)?.strip_prefix('1')?;
    let values: Vec<u8> =
        data.bytes().map(|c| ALPHABET.iter().position(|a| *a == c).and_then(|v| u8::try_from(v).ok())).collect::<Option<_>>()?;
    let expanded = prefix.bytes().map(|c| c >> 5).chain([0]).chain(prefix.bytes().map(|c| c & 31));
    if bech32_checksum(expanded.chain(values.iter().copied())) != 1 {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(33));
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for value in &values[..values.len().checked_sub(6)?] {
        buffer = buffer << 5 | u32::from(*value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits & 0xff) as u8);
        }
    }
    (buffer & ((1 << bits) - 1) == 0 && bits < 5).then_some(())?;
    out.as_slice().try_into().ok()
}

fn bech32_checksum(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(shifted, |acc, bit| acc ^ GENERATOR[bit])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemEntropy;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    /// The identity and recipient printed in the age specification.
    const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    #[test]
    fn the_published_identity_belongs_to_the_published_recipient() {
        let identity: Identity = IDENTITY.parse().expect("published");
        let recipient: Recipient = RECIPIENT.parse().expect("published");
        assert_eq!(public_of(&identity.0), Ok(recipient.0));
    }

    #[test]
    fn what_is_sealed_opens_and_altered_bytes_do_not() {
        let (identity, recipient): (Identity, Recipient) =
            (IDENTITY.parse().expect("published"), RECIPIENT.parse().expect("published"));
        let sealed = seal(&recipient, &SystemEntropy::default(), b"secret").expect("short");
        assert_eq!(open(&identity, &sealed).expect("opens").as_slice(), b"secret");
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open(&identity, &bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_recipient_with_a_typing_error_is_refused() {
        for at in 0..RECIPIENT.len() {
            let mut typed = RECIPIENT.as_bytes().to_vec();
            typed[at] = if typed[at] == b'q' { b'p' } else { b'q' };
            assert!(String::from_utf8(typed).expect("ascii").parse::<Recipient>().is_err(), "position {at}");
        }
    }

    #[test]
    fn the_age_program_opens_what_is_sealed_here() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let key = dir.path().join("identity");
        std::fs::write(&key, IDENTITY).expect("written");
        let recipient: Recipient = RECIPIENT.parse().expect("published");
        let sealed = seal(&recipient, &SystemEntropy::default(), b"from the ledger").expect("short");
        let mut child = Command::new("age")
            .arg("--decrypt")
            .arg("--identity")
            .arg(&key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the `age` program is needed: apt-get install age");
        child.stdin.take().expect("piped").write_all(&sealed).expect("written");
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success());
        assert_eq!(output.stdout, b"from the ledger");
    }
}
