//! A passkey made of software, as an authenticator and a browser together would answer (WebAuthn level 3, sections 6.1 and 6.5).
//!
//! It does what it is told, also what an honest one would not: skip verifying its user, answer for another origin, repeat a counter.

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value as Json, json};

/// Flags of authenticator data (section 6.1).
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// One passkey in one authenticator.
pub struct SoftPasskey {
    key: EcdsaKeyPair,
    id: [u8; 32],
    /// Whose it says it is; what the registration gave it.
    pub user_handle: Vec<u8>,
    /// How often it signed.
    pub counter: u32,
    /// Whether it verifies its user.
    pub verifies_user: bool,
    /// The site its browser is on.
    pub origin: String,
}

impl SoftPasskey {
    /// An authenticator with a fresh key, in a browser on this site.
    pub fn new(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = sha256(key.public_key().as_ref());
        Self { key, id, user_handle: Vec::new(), counter: 0, verifies_user: true, origin: origin.to_owned() }
    }

    /// Answers the options of a registration.
    pub fn register(&mut self, options: &Json) -> String {
        let options = &options["publicKey"];
        self.user_handle = decoded(&options["user"]["id"]);
        let point = self.key.public_key().as_ref();
        // An uncompressed point: 4, x, y. As a COSE key (RFC 9053, section 7.1.1): EC2, ES256, P-256.
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
        cose.extend(cbor_bytes(&point[1..33]));
        cose.push(0x22);
        cose.extend(cbor_bytes(&point[33..65]));
        let mut data = self.authenticator_data(text(&options["rp"]["id"]), HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(self.id);
        data.extend(cose);
        let mut attestation = vec![0xa3];
        attestation.extend(cbor_text("fmt"));
        attestation.extend(cbor_text("none"));
        attestation.extend(cbor_text("attStmt"));
        attestation.push(0xa0);
        attestation.extend(cbor_text("authData"));
        attestation.extend(cbor_bytes(&data));
        let client = self.client_data("webauthn.create", text(&options["challenge"]));
        json!({
            "id": BASE64.encode(self.id), "rawId": BASE64.encode(self.id), "type": "public-key", "extensions": {},
            "response": { "attestationObject": BASE64.encode(attestation), "clientDataJSON": BASE64.encode(client) },
        })
        .to_string()
    }

    /// Answers the options of a sign-in or a step-up.
    pub fn sign_in(&mut self, options: &Json) -> String {
        let options = &options["publicKey"];
        self.counter += 1;
        let data = self.authenticator_data(text(&options["rpId"]), 0);
        let client = self.client_data("webauthn.get", text(&options["challenge"]));
        let signed = [data.as_slice(), &sha256(client.as_bytes())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signs");
        json!({
            "id": BASE64.encode(self.id), "rawId": BASE64.encode(self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": BASE64.encode(data), "clientDataJSON": BASE64.encode(client),
                "signature": BASE64.encode(signature), "userHandle": BASE64.encode(&self.user_handle),
            },
        })
        .to_string()
    }

    fn authenticator_data(&self, party: &str, flags: u8) -> Vec<u8> {
        let verified = if self.verifies_user { USER_VERIFIED } else { 0 };
        let mut data = sha256(party.as_bytes()).to_vec();
        data.push(flags | USER_PRESENT | verified);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }
}

fn sha256(data: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, data).as_ref().try_into().expect("32 bytes")
}

fn text(value: &Json) -> &str {
    value.as_str().expect("a text in the options")
}

fn decoded(value: &Json) -> Vec<u8> {
    BASE64.decode(text(value)).expect("base64url in the options")
}

/// A CBOR byte string (RFC 8949, section 3.1) of up to 65,535 bytes.
fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short value");
    let mut out = vec![0x59];
    out.extend(length.to_be_bytes());
    out.extend(bytes);
    out
}

/// A CBOR text of up to 23 bytes.
fn cbor_text(text: &str) -> Vec<u8> {
    let mut out = vec![0x60 + u8::try_from(text.len()).expect("a short name")];
    out.extend(text.as_bytes());
    out
}
