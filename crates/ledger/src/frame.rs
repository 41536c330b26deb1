//! How entries and sealed bodies lie in files: the sealed body, the frame, the write-ahead batch.
//!
//! Invariant: a reader either gets back exactly what was written or an error that says which of
//! "cut short" and "damaged" it was. CRC-32C only tells torn writes apart; what proves content are the
//! SHA-256 values in the entry and the commit root. No file is touched here.

use crate::blob::BlobName;
use crate::entry::{ENTRY_LEN, Entry, EntryError};
use crate::hash::{HASH_LEN, Hash, sha256};
use crate::ids::SubjectId;

/// Most subjects one record may have: a group conversation names its sender and a few addressees.
pub const SUBJECTS_MAX: usize = 8;
/// Longest canonical body of one record; what is larger goes beside it as a blob.
pub const BODY_BYTES_MAX: usize = 1024 * 1024 + 4096;
/// Longest sealed body: the subjects, a body that did not compress, zstd's overhead and the tag.
pub const SEALED_BYTES_MAX: usize = BODY_BYTES_MAX + 8192;
/// Bytes before the entry in a frame: length and CRC-32C.
pub const FRAME_HEAD: usize = 8;
/// Bytes before the sealed body in a body record: length, CRC-32C, seq.
pub const BODY_RECORD_HEAD: usize = 16;
/// Length of a batch header.
pub const BATCH_HEAD: usize = 40;
/// Length of a commit frame.
pub const COMMIT_LEN: usize = 56;
/// Longest batch that is read back: the write-ahead ring is never larger.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024 * 1024;

const BATCH_MAGIC: [u8; 4] = *b"GPB1";
const COMMIT_MAGIC: [u8; 4] = *b"GPC1";

/// Why bytes were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Fewer bytes than announced.
    #[error("bytes end inside a frame")]
    Short,
    /// The length field is impossible.
    #[error("frame announces an impossible length of {0} bytes")]
    Length(u64),
    /// The magic bytes are not there.
    #[error("no batch starts here")]
    Magic,
    /// The CRC-32C does not match.
    #[error("checksum of the frame does not match its bytes")]
    Checksum,
    /// The entry inside was refused.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The sealed body is not the one that the entry names.
    #[error("sealed body does not match the hash in its entry")]
    SealedHash,
    /// The sealed body has too many subjects or no room for a tag.
    #[error("sealed body is malformed")]
    Sealed,
    /// The parts of a batch contradict each other.
    #[error("batch is inconsistent: {0}")]
    Batch(&'static str),
}

/// Bit of the first byte of a sealed body: a blob's name follows the subjects.
pub const BLOB_BIT: u8 = 0x80;

/// A sealed body taken apart: `count(1) ‖ subject ids (16 each) ‖ name of the blob(32), when bit 7 of count is set ‖ ciphertext ‖ tag(16)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBody<'a> {
    /// Whose keys are needed besides the segment's, in this order.
    pub subjects: Vec<SubjectId>,
    /// The attachment, in clear so that it can be found, compared and removed without keys.
    pub blob: Option<BlobName>,
    /// AES-256-GCM ciphertext with its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> SealedBody<'a> {
    /// Splits the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let (first, _) = bytes.split_first().ok_or(FrameError::Short)?;
        let count = usize::from(first & !BLOB_BIT);
        let head = sealed_head_len(*first);
        if count > SUBJECTS_MAX || bytes.len() > SEALED_BYTES_MAX || bytes.len() < head + 16 {
            return Err(FrameError::Sealed);
        }
        let (head, ciphertext) = bytes.split_at(head);
        let (ids, name) = head[1..].split_at(count * 16);
        let subjects = ids.chunks_exact(16).map(|id| SubjectId(id.try_into().expect("sixteen bytes"))).collect();
        Ok(Self { subjects, blob: name.try_into().ok().map(BlobName), ciphertext })
    }
}

/// Bytes before the ciphertext of a sealed body with this first byte; all of them are authenticated.
pub fn sealed_head_len(first: u8) -> usize {
    1 + usize::from(first & !BLOB_BIT) * 16 + if first & BLOB_BIT == 0 { 0 } else { HASH_LEN }
}

/// Appends a frame: `length(4) ‖ crc32c(4) ‖ entry(168) ‖ sealed body`; length and CRC cover what follows the CRC.
pub fn write_frame(out: &mut Vec<u8>, entry: &[u8; ENTRY_LEN], sealed: &[u8]) {
    let length = u32::try_from(ENTRY_LEN + sealed.len()).expect("sealed bodies are limited");
    let crc = crc32c::crc32c_append(crc32c::crc32c(entry), sealed);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(entry);
    out.extend_from_slice(sealed);
}

/// Completes a frame whose sealed body already lies behind the room for its head and entry.
pub(crate) fn fill_frame_head(frame: &mut [u8], entry: &[u8; ENTRY_LEN]) {
    let length = u32::try_from(frame.len() - FRAME_HEAD).expect("sealed bodies are limited");
    frame[FRAME_HEAD..FRAME_HEAD + ENTRY_LEN].copy_from_slice(entry);
    let crc = crc32c::crc32c(&frame[FRAME_HEAD..]);
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame[4..8].copy_from_slice(&crc.to_be_bytes());
}

/// One frame as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The entry.
    pub entry: Entry,
    /// The sealed body, whose hash matched the entry.
    pub sealed: &'a [u8],
    /// Bytes that the frame takes.
    pub length: usize,
}

/// Reads the frame at the start of `bytes` and checks CRC, entry, length and hash of the sealed body.
pub fn read_frame(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let (length, crc) = (be32(bytes, 0)?, be32(bytes, 4)?);
    let length = length as usize;
    if !(ENTRY_LEN..=ENTRY_LEN + SEALED_BYTES_MAX).contains(&length) {
        return Err(FrameError::Length(length as u64));
    }
    let content = bytes.get(FRAME_HEAD..FRAME_HEAD + length).ok_or(FrameError::Short)?;
    if crc32c::crc32c(content) != crc {
        return Err(FrameError::Checksum);
    }
    let (entry, sealed) = content.split_at(ENTRY_LEN);
    let entry = Entry::decode(entry)?;
    if entry.sealed_len as usize != sealed.len() || sha256(sealed) != entry.sealed_sha256 {
        return Err(FrameError::SealedHash);
    }
    Ok(Frame { entry, sealed, length: FRAME_HEAD + length })
}

/// Appends a body record: `length(4) ‖ crc32c(4) ‖ seq(8) ‖ sealed body`; length counts the sealed body,
/// the CRC covers seq and sealed body.
pub fn write_body_record(out: &mut Vec<u8>, seq: u64, sealed: &[u8]) {
    let length = u32::try_from(sealed.len()).expect("sealed bodies are limited");
    let crc = crc32c::crc32c_append(crc32c::crc32c(&seq.to_be_bytes()), sealed);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(sealed);
}

/// Reads the head of a body record: length of the sealed body, CRC, seq.
pub fn read_body_head(bytes: &[u8]) -> Result<(usize, u32, u64), FrameError> {
    let (length, crc, seq) = (be32(bytes, 0)? as usize, be32(bytes, 4)?, be64(bytes, 8)?);
    if length > SEALED_BYTES_MAX {
        return Err(FrameError::Length(length as u64));
    }
    Ok((length, crc, seq))
}

/// Reads the body record at the start of `bytes`: seq and sealed body.
pub fn read_body_record(bytes: &[u8]) -> Result<(u64, &[u8]), FrameError> {
    let (length, crc, seq) = read_body_head(bytes)?;
    let sealed = bytes.get(BODY_RECORD_HEAD..BODY_RECORD_HEAD + length).ok_or(FrameError::Short)?;
    if crc32c::crc32c_append(crc32c::crc32c(&seq.to_be_bytes()), sealed) != crc {
        return Err(FrameError::Checksum);
    }
    Ok((seq, sealed))
}

/// The header of a batch in the write-ahead ring:
/// `magic(4) ‖ batch_no(8) ‖ first_seq(8) ‖ count(4) ‖ keys_len(4) ‖ frames_len(8) ‖ crc32c(4)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHead {
    /// Consecutive number of the batch.
    pub batch_no: u64,
    /// Seq of its first entry.
    pub first_seq: u64,
    /// Number of entries.
    pub count: u32,
    /// Bytes of sealed key additions before the frames.
    pub keys_len: u32,
    /// Bytes of frames.
    pub frames_len: u64,
}

impl BatchHead {
    /// The 40 bytes.
    pub fn encode(&self) -> [u8; BATCH_HEAD] {
        let mut out = [0; BATCH_HEAD];
        out[..4].copy_from_slice(&BATCH_MAGIC);
        out[4..12].copy_from_slice(&self.batch_no.to_be_bytes());
        out[12..20].copy_from_slice(&self.first_seq.to_be_bytes());
        out[20..24].copy_from_slice(&self.count.to_be_bytes());
        out[24..28].copy_from_slice(&self.keys_len.to_be_bytes());
        out[28..36].copy_from_slice(&self.frames_len.to_be_bytes());
        let crc = crc32c::crc32c(&out[..36]);
        out[36..].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads the 40 bytes at the start of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let head = bytes.get(..BATCH_HEAD).ok_or(FrameError::Short)?;
        if head[..4] != BATCH_MAGIC {
            return Err(FrameError::Magic);
        }
        if crc32c::crc32c(&head[..36]) != be32(head, 36)? {
            return Err(FrameError::Checksum);
        }
        let decoded = Self {
            batch_no: be64(head, 4)?,
            first_seq: be64(head, 12)?,
            count: be32(head, 20)?,
            keys_len: be32(head, 24)?,
            frames_len: be64(head, 28)?,
        };
        let content = u64::from(decoded.keys_len).saturating_add(decoded.frames_len);
        if content > BATCH_BYTES_MAX as u64 {
            return Err(FrameError::Length(content));
        }
        Ok(decoded)
    }

    /// Bytes of the whole batch with header and commit frame.
    pub fn total_len(&self) -> usize {
        BATCH_HEAD + self.keys_len as usize + usize::try_from(self.frames_len).unwrap_or(usize::MAX / 2) + COMMIT_LEN
    }
}

/// The end of a batch: `magic(4) ‖ batch_no(8) ‖ size(8) ‖ root(32) ‖ crc32c(4)`; the CRC covers the whole
/// batch from its header on. A batch without a matching commit frame was never acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Number of the batch.
    pub batch_no: u64,
    /// Size of the log with this batch.
    pub size: u64,
    /// Root of the log with this batch.
    pub root: Hash,
}

/// Completes a batch whose header, keys and frames are in `out` from its start on.
pub fn write_commit(out: &mut Vec<u8>, commit: &Commit) {
    out.extend_from_slice(&COMMIT_MAGIC);
    out.extend_from_slice(&commit.batch_no.to_be_bytes());
    out.extend_from_slice(&commit.size.to_be_bytes());
    out.extend_from_slice(&commit.root);
    let crc = crc32c::crc32c(out);
    out.extend_from_slice(&crc.to_be_bytes());
}

/// A whole batch as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Its header.
    pub head: BatchHead,
    /// Sealed key additions.
    pub keys: &'a [u8],
    /// Its frames, unparsed.
    pub frames: &'a [u8],
    /// Its commit frame.
    pub commit: Commit,
}

/// Reads the batch at the start of `bytes`; does not open its frames.
pub fn read_batch(bytes: &[u8]) -> Result<Batch<'_>, FrameError> {
    let head = BatchHead::decode(bytes)?;
    let total = head.total_len();
    let whole = bytes.get(..total).ok_or(FrameError::Short)?;
    let tail = &whole[total - COMMIT_LEN..];
    if tail[..4] != COMMIT_MAGIC || crc32c::crc32c(&whole[..total - 4]) != be32(tail, COMMIT_LEN - 4)? {
        return Err(FrameError::Checksum);
    }
    let root = tail[20..52].try_into().expect("32 bytes");
    let commit = Commit { batch_no: be64(tail, 4)?, size: be64(tail, 12)?, root };
    if commit.batch_no != head.batch_no || head.first_seq.checked_add(u64::from(head.count)) != Some(commit.size) {
        return Err(FrameError::Batch("header and commit frame disagree"));
    }
    let keys_end = BATCH_HEAD + head.keys_len as usize;
    Ok(Batch { head, keys: &whole[BATCH_HEAD..keys_end], frames: &whole[keys_end..total - COMMIT_LEN], commit })
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, FrameError> {
    let field = bytes.get(at..at + 4).ok_or(FrameError::Short)?;
    Ok(u32::from_be_bytes(field.try_into().expect("four bytes")))
}

fn be64(bytes: &[u8], at: usize) -> Result<u64, FrameError> {
    let field = bytes.get(at..at + 8).ok_or(FrameError::Short)?;
    Ok(u64::from_be_bytes(field.try_into().expect("eight bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::sample;

    fn frame() -> Vec<u8> {
        let sealed = [vec![1], vec![9; 16], vec![5; 40]].concat();
        let mut entry = sample();
        entry.sealed_len = u32::try_from(sealed.len()).expect("short");
        entry.sealed_sha256 = sha256(&sealed);
        let mut out = Vec::new();
        write_frame(&mut out, &entry.encode(), &sealed);
        out
    }

    fn batch() -> Vec<u8> {
        let frame = frame();
        let head = BatchHead { batch_no: 4, first_seq: 5, count: 1, keys_len: 3, frames_len: frame.len() as u64 };
        let mut out = head.encode().to_vec();
        out.extend_from_slice(b"key");
        out.extend_from_slice(&frame);
        write_commit(&mut out, &Commit { batch_no: 4, size: 6, root: [7; 32] });
        out
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = frame();
        let read = read_frame(&bytes).expect("whole");
        assert_eq!(read.length, bytes.len());
        assert_eq!(SealedBody::parse(read.sealed).expect("sealed").subjects, [SubjectId([9; 16])]);
    }

    #[test]
    fn a_batch_reads_back() {
        let bytes = batch();
        let read = read_batch(&bytes).expect("whole");
        assert_eq!((read.keys, read.commit.size, read.head.total_len()), (&b"key"[..], 6, bytes.len()));
        assert!(read_frame(read.frames).is_ok());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        for bytes in [frame(), batch()] {
            let accepts = |bytes: &[u8]| read_frame(bytes).is_ok() || read_batch(bytes).is_ok();
            assert!(accepts(&bytes));
            for at in 0..bytes.len() {
                assert!(!accepts(&bytes[..at]), "cut at {at}");
                for bit in 0..8 {
                    let mut bad = bytes.clone();
                    bad[at] ^= 1 << bit;
                    assert!(!accepts(&bad), "byte {at} bit {bit}");
                }
            }
        }
    }

    #[test]
    fn a_body_record_reads_back_and_a_damaged_one_does_not() {
        let mut bytes = Vec::new();
        write_body_record(&mut bytes, 77, b"sealed");
        assert_eq!(read_body_record(&bytes), Ok((77, &b"sealed"[..])));
        for at in 4..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            assert_eq!(read_body_record(&bad), Err(FrameError::Checksum));
        }
    }

    #[test]
    fn sealed_bodies_with_impossible_counts_are_refused() {
        assert!(SealedBody::parse(&[]).is_err());
        assert!(SealedBody::parse(&[9; 400]).is_err());
        assert!(SealedBody::parse(&[1; 20]).is_err());
    }
}
