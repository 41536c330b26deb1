//! The question that goes to a time stamp authority (RFC 3161 section 2.4.1).
//!
//! Invariant: the request asks for SHA-256, for the authority's certificate, and carries a positive 128-bit nonce, so that an
//! answer can be checked on its own and cannot be an old one played again. It does not send anything.

use super::asn1::encode;
use crate::hash::sha256;
use der::Tag;
use der::asn1::ObjectIdentifier;

/// `id-sha256`, the only imprint algorithm that is asked for.
pub(super) const SHA256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// A time stamp request: what is to be stamped, and the nonce that ties the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    imprint: [u8; 32],
    nonce: [u8; 16],
    policy: Option<ObjectIdentifier>,
}

impl Request {
    /// Asks for a stamp over `message`. `random` must be fresh random bytes; they become the nonce.
    pub fn over(message: &[u8], random: [u8; 16], policy: Option<ObjectIdentifier>) -> Self {
        Self { imprint: imprint_of(message), nonce: positive(random), policy }
    }

    /// SHA-256 of the message, as sent.
    pub fn imprint(&self) -> &[u8; 32] {
        &self.imprint
    }

    /// The nonce as the content of a DER integer: positive and without a leading zero byte.
    pub fn nonce(&self) -> &[u8; 16] {
        &self.nonce
    }

    /// The policy asked for, when the authority was configured with one.
    pub fn policy(&self) -> Option<ObjectIdentifier> {
        self.policy
    }

    /// The request in DER, the body of an `application/timestamp-query` message.
    pub fn to_der(&self) -> Vec<u8> {
        let algorithm = [encode(Tag::ObjectIdentifier, SHA256_OID.as_bytes()), encode(Tag::Null, &[])].concat();
        let imprint = [encode(Tag::Sequence, &algorithm), encode(Tag::OctetString, &self.imprint)].concat();
        let policy = self.policy.map_or_else(Vec::new, |policy| encode(Tag::ObjectIdentifier, policy.as_bytes()));
        let fields = [
            encode(Tag::Integer, &[1]), // version
            encode(Tag::Sequence, &imprint),
            policy,
            encode(Tag::Integer, &self.nonce),
            encode(Tag::Boolean, &[0xff]), // certReq: the answer must carry the signer's certificate
        ]
        .concat();
        encode(Tag::Sequence, &fields)
    }
}

/// SHA-256 of what is stamped: the message imprint.
pub fn imprint_of(message: &[u8]) -> [u8; 32] {
    sha256(message)
}

/// Clears the sign bit and sets the next one: positive, minimal, always 16 bytes, 126 of its bits random.
fn positive(mut random: [u8; 16]) -> [u8; 16] {
    random[0] = (random[0] & 0x7f) | 0x40;
    random
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_positive_and_minimal_whatever_the_random_bytes() {
        for first in 0..=255 {
            let mut random = [0; 16];
            random[0] = first;
            let nonce = positive(random);
            assert!((0x40..0x80).contains(&nonce[0]));
        }
    }

    #[test]
    fn the_encoding_is_the_one_of_the_standard() {
        let request = Request::over(b"abc", [0x11; 16], None);
        let expected = "3043020101\
            3031300d060960864801650304020105000420\
            ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\
            0210511111111111111111111111111111110101ff";
        // The outer length is checked by hand: 3 + 51 + 18 + 3 = 75 bytes.
        let der = request.to_der();
        assert_eq!(der[1], 75);
        assert_eq!(hex::encode(&der[2..]), expected[4..]);
    }
}
