//! Proof of possession for OAuth (RFC 9449): every call is signed with a key that only this profile has.
//!
//! A server hands out a nonce that has to be in the proof and changes every few minutes; the newest of each server is kept in memory.
//! Losing it costs one more call.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use aws_lc_rs::{
    digest,
    rand::{SecureRandom, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::json;
use url::Url;

use crate::error::{Class, NetworkError, Result};

/// Servers whose nonce is kept: profiles are on a few.
const NONCES_MAX: usize = 1_000;

static NONCES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

/// A profile's key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pkcs8: Vec<u8>,
}

impl Key {
    /// A new one.
    pub(super) fn make() -> Result<Self> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Ok(Self { pkcs8: made.map_err(|_| unusable())?.as_ref().to_vec() })
    }

    /// The one that was kept as text.
    pub(super) fn read(text: &str) -> Result<Self> {
        let key = Self { pkcs8: BASE64.decode(text).map_err(|_| unusable())? };
        key.pair().map(|_| key)
    }

    /// For keeping.
    pub(super) fn text(&self) -> String {
        BASE64.encode(&self.pkcs8)
    }

    fn pair(&self) -> Result<EcdsaKeyPair> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8).map_err(|_| unusable())
    }

    /// The proof for one call, with the token it goes with.
    pub(super) fn proof(&self, method: &str, url: &Url, token: Option<&str>, now_ms: i64) -> Result<String> {
        let pair = self.pair()?;
        // The public key is a point: 4, then x and y of 32 bytes each.
        let point = pair.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).map_err(|_| unusable())?;
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = json!({ "jti": BASE64.encode(id), "htm": method, "htu": target.as_str(), "iat": now_ms / 1_000 });
        if let Some(nonce) = nonce(url) {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = token {
            claims["ath"] = BASE64.encode(digest::digest(&digest::SHA256, token.as_bytes())).into();
        }
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = pair.sign(&random, signed.as_bytes()).map_err(|_| unusable())?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }
}

fn unusable() -> NetworkError {
    NetworkError::new(Class::Reauthorise, "the profile's key cannot be used: connect it again")
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn nonce(url: &Url) -> Option<String> {
    NONCES.lock().unwrap_or_else(PoisonError::into_inner).get(&origin(url)).cloned()
}

/// Keeps the nonce of an answer.
pub(super) fn keep_nonce(url: &Url, nonce: &str) {
    let mut nonces = NONCES.lock().unwrap_or_else(PoisonError::into_inner);
    if nonces.len() >= NONCES_MAX {
        nonces.clear();
    }
    nonces.insert(origin(url), nonce.to_owned());
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_proof_names_the_call_and_is_signed_by_the_key_in_it() {
        let url = Url::parse("https://nonce.example.test/xrpc/a?b=c").unwrap();
        keep_nonce(&url, "n1");
        let key = Key::read(&Key::make().unwrap().text()).unwrap();
        let proof = key.proof("POST", &url, Some("token"), 1_794_312_000_999).unwrap();
        let parts: Vec<&str> = proof.split('.').collect();
        let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).unwrap()).unwrap();
        let (header, claims) = (read(parts[0]), read(parts[1]));
        assert_eq!((claims["htm"].as_str(), claims["htu"].as_str()), (Some("POST"), Some("https://nonce.example.test/xrpc/a")));
        assert_eq!((claims["iat"].as_i64(), claims["nonce"].as_str()), (Some(1_794_312_000), Some("n1")));
        // SHA-256 of "token".
        assert_eq!(claims["ath"].as_str(), Some("PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"));
        let coordinate = |name: &str| BASE64.decode(header["jwk"][name].as_str().unwrap()).unwrap();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let signed = format!("{}.{}", parts[0], parts[1]);
        let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        verifier.verify(signed.as_bytes(), &BASE64.decode(parts[2]).unwrap()).expect("its own signature");
        let other = key.proof("POST", &url, None, 0).unwrap();
        assert_ne!(other.split('.').nth(1), Some(parts[1]), "no proof twice");
        assert!(Key::read("AAAA").is_err());
    }
}
