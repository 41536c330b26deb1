//! Content identifiers: <https://github.com/multiformats/cid>, version 1 with SHA-256, the only kind in a repository.

use aws_lc_rs::digest;

/// SHA-256 as a multihash: its code and its length.
const SHA2_256: [u8; 2] = [0x12, 0x20];

/// What names a block: the digest of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Cid(pub(super) [u8; 32]);

impl Cid {
    /// Reads a binary CID (version 1, codec dag-cbor 0x71 or raw 0x55) from the beginning of bytes: it and how many it takes.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let ([1, 0x71 | 0x55, hash @ ..], rest) = bytes.split_first_chunk::<4>()? else { return None };
        if *hash != SHA2_256 {
            return None;
        }
        Some((Self(*rest.first_chunk()?), 36))
    }

    /// Reads the text form (base 32 with its `b`).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('b')?;
        let (mut bytes, mut held, mut bits) = (Vec::with_capacity(36), 0_u32, 0);
        for digit in digits.bytes() {
            let value = ALPHABET.iter().position(|&letter| letter == digit)?;
            held = held << 5 | u32::try_from(value).ok()?;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
                held &= (1 << bits) - 1;
            }
            if bytes.len() > 36 {
                return None;
            }
        }
        Self::read(&bytes).filter(|(_, used)| *used == bytes.len()).map(|(cid, _)| cid)
    }

    /// Whether it names these bytes.
    pub(super) fn names(self, bytes: &[u8]) -> bool {
        digest::digest(&digest::SHA256, bytes).as_ref() == self.0
    }
}

/// The alphabet of RFC 4648, section 6, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A binary CID as text.
pub(super) fn text(cid: &[u8]) -> String {
    let mut out = String::from("b");
    let (mut held, mut bits) = (0_u32, 0);
    for &byte in cid {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_two_forms_of_one() {
        // The CID of the empty DAG-CBOR map, as published with the IPLD specifications.
        let digest = digest::digest(&digest::SHA256, &[0xa0]);
        let binary = [&[1, 0x71, 0x12, 0x20][..], digest.as_ref()].concat();
        assert_eq!(text(&binary), "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua");
        let (cid, used) = Cid::read(&binary).unwrap();
        assert_eq!((Cid::parse(&text(&binary)), used), (Some(cid), 36));
        assert!(cid.names(&[0xa0]) && !cid.names(&[0xa1]));
        for wrong in ["", "b", "zb2", "bafy", "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swuaaaaaaaaa", "bAFY"] {
            assert_eq!(Cid::parse(wrong), None, "{wrong}");
        }
    }
}
