//! The canonical body and its compression: what a commitment covers and what is encrypted.
//!
//! `canonical = version(1) ‖ source_time_ms i64 ‖ the caller's bytes`; version 2 has the reference to a blob before the caller's bytes.
//! It is compressed with zstd level 1 and a prepared dictionary when that makes it shorter. Invariant: unpacking gives back exactly what was packed.

use std::cell::RefCell;
use std::sync::OnceLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::blob::{BLOB_REF_LEN, BlobRef};
use crate::entry::FLAG_ZSTD;
use crate::frame::BODY_BYTES_MAX;
use crate::wiped::Wiped;

/// Bytes before the caller's bytes when there is no blob.
pub const CANONICAL_HEAD: usize = 9;
const VERSION_PLAIN: u8 = 1;
const VERSION_WITH_BLOB: u8 = 2;
/// Fast enough not to be the bottleneck; higher levels gain little on short records.
const LEVEL: i32 = 1;
/// Trained on synthetic messages (`examples/train_dictionary.rs`); never changed, only followed by others,
/// which zstd tells apart by the id in each frame.
static DICTIONARY: &[u8] = include_bytes!("dictionary-1.zdict");

/// A body could not be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// zstd refused the bytes.
    #[error("body does not decompress: {0}")]
    Compression(String),
    /// The canonical form has a version that this program does not know, or is cut short.
    #[error("body has an unknown form; use a newer program")]
    Form,
}

/// A canonical body taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// When the source says it happened, Unix milliseconds.
    pub source_time_ms: i64,
    /// The attachment.
    pub blob: Option<BlobRef>,
    /// The caller's bytes.
    pub bytes: Vec<u8>,
}

impl Body {
    /// Whether both say the same; the same attachment may have been stored twice, under another key and name.
    pub fn same_content(&self, other: &Self) -> bool {
        let blobs = match (&self.blob, &other.blob) {
            (None, None) => true,
            (Some(one), Some(two)) => one.same_content(two),
            _ => false,
        };
        blobs && self.source_time_ms == other.source_time_ms && self.bytes == other.bytes
    }
}

/// The attachment that a canonical form names, without copying the rest.
pub fn blob_of(canonical: &[u8]) -> Option<BlobRef> {
    let (head, bytes) = canonical.split_first_chunk::<CANONICAL_HEAD>()?;
    let has_blob = head[0] == VERSION_WITH_BLOB;
    bytes.first_chunk::<BLOB_REF_LEN>().filter(|_| has_blob).map(BlobRef::decode)
}

/// Bytes before the caller's bytes.
pub fn head_len(has_blob: bool) -> usize {
    CANONICAL_HEAD + if has_blob { BLOB_REF_LEN } else { 0 }
}

/// Builds the canonical form.
pub fn canonical(source_time_ms: i64, blob: Option<&BlobRef>, bytes: &[u8]) -> Wiped {
    let mut out = Wiped::new(Vec::with_capacity(head_len(blob.is_some()) + bytes.len()));
    out.push(if blob.is_some() { VERSION_WITH_BLOB } else { VERSION_PLAIN });
    out.extend_from_slice(&source_time_ms.to_be_bytes());
    if let Some(blob) = blob {
        blob.encode(&mut out);
    }
    out.extend_from_slice(bytes);
    out
}

/// Takes the canonical form apart.
pub fn parse(canonical: &[u8]) -> Result<Body, BodyError> {
    let (head, bytes) = canonical.split_first_chunk::<CANONICAL_HEAD>().ok_or(BodyError::Form)?;
    let (version, time) = head.split_first().ok_or(BodyError::Form)?;
    let source_time_ms = i64::from_be_bytes(time.try_into().map_err(|_| BodyError::Form)?);
    let (blob, bytes) = match *version {
        VERSION_PLAIN => (None, bytes),
        VERSION_WITH_BLOB => {
            let (reference, bytes) = bytes.split_first_chunk::<BLOB_REF_LEN>().ok_or(BodyError::Form)?;
            (Some(BlobRef::decode(reference)), bytes)
        }
        _ => return Err(BodyError::Form),
    };
    Ok(Body { source_time_ms, blob, bytes: bytes.to_vec() })
}

/// Compresses when that makes it shorter; answers with the flag that says so.
pub fn pack(canonical: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::with_prepared_dictionary(encoder()).ok()?),
        };
        compressor.compress(canonical).ok().filter(|packed| packed.len() < canonical.len())
    })
}

/// Reverses [`pack`]; `length` is the length of the canonical body.
pub fn unpack(flags: u16, packed: &[u8], length: u32) -> Result<Wiped, BodyError> {
    let length = length as usize;
    if length > BODY_BYTES_MAX + CANONICAL_HEAD {
        return Err(BodyError::Form);
    }
    if flags & FLAG_ZSTD == 0 {
        return if packed.len() == length { Ok(Wiped::new(packed.to_vec())) } else { Err(BodyError::Form) };
    }
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let unpacked = DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(Decompressor::with_prepared_dictionary(decoder())?),
        };
        decompressor.decompress(packed, length)
    });
    let unpacked = Wiped::new(unpacked.map_err(|error| BodyError::Compression(error.to_string()))?);
    if unpacked.len() == length { Ok(unpacked) } else { Err(BodyError::Form) }
}

fn encoder() -> &'static EncoderDictionary<'static> {
    static PREPARED: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    PREPARED.get_or_init(|| EncoderDictionary::copy(DICTIONARY, LEVEL))
}

fn decoder() -> &'static DecoderDictionary<'static> {
    static PREPARED: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    PREPARED.get_or_init(|| DecoderDictionary::copy(DICTIONARY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_dictionary_is_the_one_that_was_shipped() {
        // Changing it would make every body packed with it unreadable: add another one instead.
        let digest = hex::encode(crate::hash::sha256(DICTIONARY));
        assert_eq!(digest, "5f4a23e63f21a9dadbb0bea46686c92003a886dfc1f1016e108bfee0c764772b");
    }

    #[test]
    fn a_short_message_shrinks() {
        let message =
            br#"{"id":"1","created_at":"2026-01-01T00:00:00Z","text":"thank you for the quick answer","author":{"name":"Demo"}}"#;
        assert!(pack(&canonical(1, None, message)).expect("shrinks").len() * 10 < message.len() * 9);
    }

    #[test]
    fn a_body_with_a_blob_reads_back_and_an_unknown_form_is_refused() {
        let (_, blob) = crate::blob::tests::sealed(b"a picture", [3; 32]);
        let mut plain = canonical(7, Some(&blob), b"about it");
        assert_eq!(parse(&plain), Ok(Body { source_time_ms: 7, blob: Some(blob), bytes: b"about it".to_vec() }));
        assert_eq!(parse(&plain[..head_len(true) - 1]), Err(BodyError::Form));
        plain[0] = 3;
        assert_eq!(parse(&plain), Err(BodyError::Form));
    }

    proptest! {
        #[test]
        fn whatever_is_packed_unpacks(time: i64, bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let plain = canonical(time, None, &bytes);
            let length = u32::try_from(plain.len()).expect("short");
            let (flags, stored) = pack(&plain).map_or((0, plain.to_vec()), |packed| (FLAG_ZSTD, packed));
            let back = unpack(flags, &stored, length).expect("unpacks");
            prop_assert_eq!(parse(&back), Ok(Body { source_time_ms: time, blob: None, bytes }));
        }
    }
}
