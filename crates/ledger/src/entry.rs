//! The entry: the 168 bytes that are a leaf of the log, without personal data, kept for ever.
//!
//! Invariant: one value, one encoding; `decode` refuses a version, kind or flag it does not know, so an
//! older reader never misreads a newer log. The body it commits to lives elsewhere and may be gone.

use crate::hash::{Hash, leaf_hash};
use crate::ids::{RecordId, StreamId};

/// Length of an encoded entry.
pub const ENTRY_LEN: usize = 168;
/// The one version of the layout so far.
pub const ENTRY_VERSION: u8 = 1;
/// Flag: the body was compressed with zstd before it was encrypted.
pub const FLAG_ZSTD: u16 = 0x0001;
/// Flag: an attachment belongs to the body, which names it.
pub const FLAG_BLOB: u16 = 0x0002;
const FLAGS_KNOWN: u16 = FLAG_ZSTD | FLAG_BLOB;

/// Why an entry was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not 168 bytes.
    #[error("entry has {0} bytes instead of {ENTRY_LEN}")]
    Length(usize),
    /// A layout that this program does not know.
    #[error("entry has version {0}; this program reads version {ENTRY_VERSION}: use a newer one")]
    Version(u8),
    /// A kind that this program does not know.
    #[error("entry has kind {0}, which this program does not know: use a newer one")]
    Kind(u8),
    /// Flags that this program does not know.
    #[error("entry has flags {0:#06x}, some of which this program does not know: use a newer one")]
    Flags(u16),
    /// A reserved field is not zero.
    #[error("entry has a reserved field that is not zero: it was altered, or written by a newer program")]
    Reserved,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $label:literal;)*) => {
        /// What an entry records.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum EntryKind { $($(#[$doc])* $name = $code,)* }

        impl EntryKind {
            /// Every kind, in the order of its code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind with this code.
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// The name used in JSON and on the command line.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

kinds! {
    /// A message or post as it came from a source.
    Capture = 1, "capture";
    /// A later version of something captured.
    Revision = 2, "revision";
    /// The source says that something captured was deleted there.
    SourceDeletion = 3, "source-deletion";
    /// A reaction to something captured.
    Reaction = 4, "reaction";
    /// A file, or one chunk of it.
    Attachment = 5, "attachment";
    /// Someone joined or left.
    Membership = 6, "membership";
    /// Nothing new up to a source cursor: makes completeness provable.
    Heartbeat = 7, "heartbeat";
    /// Something could not be captured.
    Gap = 8, "gap";
    /// Records brought in from elsewhere.
    Import = 9, "import";
    /// An act of a person or of the program.
    AuditAct = 10, "audit-act";
    /// A legal hold begins.
    HoldSet = 11, "hold-set";
    /// A legal hold ends.
    HoldReleased = 12, "hold-released";
    /// A retention rule changes.
    PolicyChange = 13, "policy-change";
    /// Records are removed because their time is over.
    DisposalTombstone = 14, "disposal-tombstone";
    /// A record, person or segment is erased on request.
    ErasureTombstone = 15, "erasure-tombstone";
    /// Someone read a sealed original.
    SealedAccess = 16, "sealed-access";
    /// Records were exported.
    Export = 17, "export";
    /// The keystore or the signing key was renewed.
    KeyRotation = 18, "key-rotation";
    /// A timestamp over a checkpoint was obtained.
    TimestampAnchored = 19, "timestamp-anchored";
    /// A timestamp could not be obtained.
    TimestampFailed = 20, "timestamp-failed";
    /// The outcome of a scrub.
    ScrubResult = 21, "scrub-result";
    /// An erasure or disposal was refused, with its reason.
    RemovalRefused = 22, "removal-refused";
}

/// One leaf of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it records.
    pub kind: EntryKind,
    /// Bits from the `FLAG_` constants.
    pub flags: u16,
    /// Length of the canonical body (plaintext) in bytes.
    pub body_len: u32,
    /// Position in the log, from zero.
    pub seq: u64,
    /// When the ledger took it in, Unix milliseconds; never decreases along the log.
    pub captured_at_ms: i64,
    /// The record's name.
    pub record_id: RecordId,
    /// The stream it belongs to.
    pub stream_id: StreamId,
    /// Position in the stream, from zero, without gaps.
    pub stream_seq: u64,
    /// Retention class stamped at capture.
    pub retention_class: u16,
    /// Length of the sealed body in bytes.
    pub sealed_len: u32,
    /// Key segment.
    pub segment: u64,
    /// Slot in the key segment.
    pub slot: u32,
    /// The record this one is about, or none.
    pub refers_to: RecordId,
    /// Commitment to the canonical body.
    pub commitment: Hash,
    /// SHA-256 of the sealed body, so that storage can be checked without keys.
    pub sealed_sha256: Hash,
}

impl Entry {
    /// The 168 bytes, big-endian.
    pub fn encode(&self) -> [u8; ENTRY_LEN] {
        let mut out = [0; ENTRY_LEN];
        out[0] = ENTRY_VERSION;
        out[1] = self.kind as u8;
        out[2..4].copy_from_slice(&self.flags.to_be_bytes());
        out[4..8].copy_from_slice(&self.body_len.to_be_bytes());
        out[8..16].copy_from_slice(&self.seq.to_be_bytes());
        out[16..24].copy_from_slice(&self.captured_at_ms.to_be_bytes());
        out[24..40].copy_from_slice(&self.record_id.0);
        out[40..56].copy_from_slice(&self.stream_id.0);
        out[56..64].copy_from_slice(&self.stream_seq.to_be_bytes());
        out[64..66].copy_from_slice(&self.retention_class.to_be_bytes());
        out[68..72].copy_from_slice(&self.sealed_len.to_be_bytes());
        out[72..80].copy_from_slice(&self.segment.to_be_bytes());
        out[80..84].copy_from_slice(&self.slot.to_be_bytes());
        out[88..104].copy_from_slice(&self.refers_to.0);
        out[104..136].copy_from_slice(&self.commitment);
        out[136..168].copy_from_slice(&self.sealed_sha256);
        out
    }

    /// Reads the 168 bytes; refuses what it does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let bytes: &[u8; ENTRY_LEN] = bytes.try_into().map_err(|_| EntryError::Length(bytes.len()))?;
        if bytes[0] != ENTRY_VERSION {
            return Err(EntryError::Version(bytes[0]));
        }
        let kind = EntryKind::from_code(bytes[1]).ok_or(EntryError::Kind(bytes[1]))?;
        let flags = u16::from_be_bytes(array(bytes, 2));
        if flags & !FLAGS_KNOWN != 0 {
            return Err(EntryError::Flags(flags));
        }
        if bytes[66..68] != [0; 2] || bytes[84..88] != [0; 4] {
            return Err(EntryError::Reserved);
        }
        Ok(Self {
            kind,
            flags,
            body_len: u32::from_be_bytes(array(bytes, 4)),
            seq: u64::from_be_bytes(array(bytes, 8)),
            captured_at_ms: i64::from_be_bytes(array(bytes, 16)),
            record_id: RecordId(array(bytes, 24)),
            stream_id: StreamId(array(bytes, 40)),
            stream_seq: u64::from_be_bytes(array(bytes, 56)),
            retention_class: u16::from_be_bytes(array(bytes, 64)),
            sealed_len: u32::from_be_bytes(array(bytes, 68)),
            segment: u64::from_be_bytes(array(bytes, 72)),
            slot: u32::from_be_bytes(array(bytes, 80)),
            refers_to: RecordId(array(bytes, 88)),
            commitment: array(bytes, 104),
            sealed_sha256: array(bytes, 136),
        })
    }

    /// The leaf hash in the log.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

fn array<const N: usize>(bytes: &[u8; ENTRY_LEN], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the offsets are inside the entry")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn sample() -> Entry {
        Entry {
            kind: EntryKind::Capture,
            flags: FLAG_ZSTD,
            body_len: 1234,
            seq: 5,
            captured_at_ms: 1_790_000_000_000,
            record_id: RecordId([1; 16]),
            stream_id: StreamId([2; 16]),
            stream_seq: 3,
            retention_class: 7,
            sealed_len: 300,
            segment: 9,
            slot: 10,
            refers_to: RecordId::NONE,
            commitment: [4; 32],
            sealed_sha256: [6; 32],
        }
    }

    #[test]
    fn codes_are_unique_and_read_back() {
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_code(*kind as u8), Some(*kind));
        }
        assert_eq!(EntryKind::from_code(0), None);
        assert_eq!(EntryKind::from_code(255), None);
    }

    #[test]
    fn what_a_reader_does_not_know_is_refused() {
        let good = sample().encode();
        for (at, value, expected) in [
            (0, 2, EntryError::Version(2)),
            (1, 200, EntryError::Kind(200)),
            (2, 0x80, EntryError::Flags(0x8001)),
            (66, 1, EntryError::Reserved),
            (87, 1, EntryError::Reserved),
        ] {
            let mut bytes = good;
            bytes[at] = value;
            assert_eq!(Entry::decode(&bytes), Err(expected));
        }
        assert_eq!(Entry::decode(&good[1..]), Err(EntryError::Length(167)));
    }

    proptest! {
        #[test]
        fn whatever_decodes_encodes_to_the_same_bytes(mut bytes in prop::collection::vec(any::<u8>(), ENTRY_LEN)) {
            bytes[0] = 1;
            bytes[1] = 1 + bytes[1] % 22;
            bytes[2] = 0;
            bytes[3] &= 3;
            bytes[66..68].fill(0);
            bytes[84..88].fill(0);
            let entry = Entry::decode(&bytes).expect("known fields");
            prop_assert_eq!(entry.encode().to_vec(), bytes);
        }
    }
}
