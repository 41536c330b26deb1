//! Attachments of any length: chunks encrypted under one key of the blob's own, and the name that commits to them.
//!
//! ```text
//! file   "GPBL" ‖ version(2) = 1 ‖ zero(2) ‖ { ciphertext ‖ tag(16) }…      1 MiB of plaintext in each chunk but the last
//! name   SHA-256(label ‖ SHA-256 of each chunk's ciphertext and tag, in order)
//! ```
//! Invariant: what is read back was decrypted chunk by chunk under its place, and at the end compared with the name and with the digest
//! of the plaintext, both of which the entry commits to. Memory is two chunks, whatever the length. The key is random and lies in the
//! record's sealed body only: whatever makes the record unreadable makes its blob unreadable. Equal files never look equal on disk, so
//! nothing is shared between records. No file is touched here.

use std::fmt;
use std::io::{self, Read};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest;

use crate::hash::{HASH_LEN, Hash, sha256};
use crate::keys::secret::Secret;
use crate::wiped::Wiped;

/// Bytes of plaintext in each chunk but the last.
pub const CHUNK_BYTES: usize = 1024 * 1024;
/// Bytes that sealing adds to a chunk.
pub const TAG_BYTES: usize = 16;
/// Longest blob: well above the longest video that a network takes.
pub const BLOB_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Bytes at the start of a file of chunks: mark, version, zeroes.
pub const FILE_HEAD: [u8; 8] = *b"GPBL\0\x01\0\0";
/// Length of an encoded [`BlobRef`].
pub const BLOB_REF_LEN: usize = 3 * HASH_LEN + 8;

const NAME_LABEL: &[u8] = b"gatepost ledger blob v1";

/// Names a blob: the digest over its encrypted chunks. Says nothing about the plaintext.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobName(pub Hash);

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobName({self})")
    }
}

/// What a record's body holds of its blob: `name(32) ‖ key(32) ‖ SHA-256 of the plaintext(32) ‖ its length(8)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRef {
    /// Its name.
    pub name: BlobName,
    /// Its key.
    pub key: Secret,
    /// SHA-256 of the plaintext.
    pub sha256: Hash,
    /// Length of the plaintext in bytes.
    pub len: u64,
}

impl BlobRef {
    /// Appends the encoded form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.name.0);
        out.extend_from_slice(self.key.expose());
        out.extend_from_slice(&self.sha256);
        out.extend_from_slice(&self.len.to_be_bytes());
    }

    /// Reads the encoded form.
    pub fn decode(bytes: &[u8; BLOB_REF_LEN]) -> Self {
        let part = |at: usize| -> Hash { bytes[at..at + HASH_LEN].try_into().expect("32 bytes") };
        Self {
            name: BlobName(part(0)),
            key: Secret::new(part(32)),
            sha256: part(64),
            len: u64::from_be_bytes(bytes[96..].try_into().expect("eight bytes")),
        }
    }

    /// Whether both name the same plaintext, as far as digest and length can tell.
    pub fn same_content(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.len == other.len
    }
}

/// Chunks of a plaintext of this length: an empty one has one empty chunk.
pub fn chunk_count(len: u64) -> u64 {
    len.div_ceil(CHUNK_BYTES as u64).max(1)
}

/// Length of the file for a plaintext of this length.
pub fn file_len(len: u64) -> u64 {
    FILE_HEAD.len() as u64 + len + chunk_count(len) * TAG_BYTES as u64
}

/// Where a stored blob is read from.
pub trait BlobSource: Send {
    /// Length of the file.
    fn len(&self) -> io::Result<u64>;
    /// Whether it holds nothing at all.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }
    /// Fills `out` from `offset`; fails with `UnexpectedEof` when the file ends before.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()>;
}

/// Encrypts chunks in order and digests them.
pub struct ChunkSealer {
    key: Secret,
    cipher: LessSafeKey,
    next: u64,
    len: u64,
    plain: digest::Context,
    name: digest::Context,
}

impl ChunkSealer {
    /// A sealer under this key, which must never have been used.
    pub fn new(key: Secret) -> Self {
        let mut name = digest::Context::new(&digest::SHA256);
        name.update(NAME_LABEL);
        Self { cipher: cipher(&key), key, next: 0, len: 0, plain: digest::Context::new(&digest::SHA256), name }
    }

    /// Encrypts the next chunk in place and appends its tag. Every chunk but the last has [`CHUNK_BYTES`].
    pub fn seal(&mut self, chunk: &mut Vec<u8>, is_last: bool) {
        debug_assert!(if is_last { chunk.len() <= CHUNK_BYTES } else { chunk.len() == CHUNK_BYTES });
        self.plain.update(chunk);
        self.len += chunk.len() as u64;
        self.cipher
            .seal_in_place_append_tag(nonce(self.next, is_last), Aad::empty(), chunk)
            .expect("chunks are far below the cipher's limit");
        self.name.update(&sha256(chunk));
        self.next += 1;
    }

    /// What the record has to hold, after the last chunk.
    pub fn finish(self) -> BlobRef {
        BlobRef { name: BlobName(finished(self.name)), key: self.key, sha256: finished(self.plain), len: self.len }
    }
}

/// Reads a blob's plaintext. An error of kind `InvalidData` says that the stored bytes are not those that were stored.
pub struct BlobReader {
    source: Box<dyn BlobSource>,
    cipher: LessSafeKey,
    reference: BlobRef,
    next: u64,
    chunk: Wiped,
    used: usize,
    digests: Option<(digest::Context, digest::Context)>,
}

impl BlobReader {
    /// A reader of what `reference` names.
    pub fn new(source: Box<dyn BlobSource>, reference: BlobRef) -> Self {
        let mut name = digest::Context::new(&digest::SHA256);
        name.update(NAME_LABEL);
        let digests = Some((digest::Context::new(&digest::SHA256), name));
        let cipher = cipher(&reference.key);
        Self { source, cipher, reference, next: 0, chunk: Wiped::default(), used: 0, digests }
    }

    /// Length of the plaintext.
    pub fn plain_len(&self) -> u64 {
        self.reference.len
    }

    /// SHA-256 of the plaintext.
    pub fn plain_sha256(&self) -> Hash {
        self.reference.sha256
    }

    /// Goes on reading at this byte of the plaintext (its end, when it is shorter). Each chunk is still authenticated under its place;
    /// the digests over the whole are compared only by who reads everything in order.
    pub fn skip_to(&mut self, at: u64) -> io::Result<()> {
        let at = at.min(self.reference.len);
        self.digests = None;
        let chunk = CHUNK_BYTES as u64;
        self.next = (at / chunk).min(chunk_count(self.reference.len) - 1);
        (self.chunk, self.used) = (Wiped::default(), 0);
        self.open_next()?;
        self.used = usize::try_from(at - (self.next - 1) * chunk).expect("within a chunk");
        Ok(())
    }

    /// Decrypts the next chunk; without one, compares the digests.
    fn open_next(&mut self) -> io::Result<()> {
        let count = chunk_count(self.reference.len);
        if self.next == count {
            return self.compare();
        }
        if self.next == 0 || self.digests.is_none() {
            check_head(&*self.source, self.reference.len)?;
        }
        let place = Place::of(self.next, self.reference.len);
        let mut sealed = Wiped::new(vec![0; place.sealed_len]);
        self.source.read_at(&mut sealed, place.offset).map_err(cut_short)?;
        if let Some((_, name)) = &mut self.digests {
            name.update(&sha256(&sealed));
        }
        let nonce = nonce(self.next, self.next + 1 == count);
        let plain = self.cipher.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| altered("a chunk does not open"))?;
        let length = plain.len();
        if let Some((digest, _)) = &mut self.digests {
            digest.update(plain);
        }
        sealed.truncate(length);
        (self.chunk, self.used) = (sealed, 0);
        self.next += 1;
        Ok(())
    }

    fn compare(&mut self) -> io::Result<()> {
        let Some((plain, name)) = self.digests.take() else {
            return Ok(());
        };
        if finished(plain) != self.reference.sha256 {
            return Err(altered("the plaintext has another digest"));
        }
        if finished(name) != self.reference.name.0 {
            return Err(altered("the chunks have another name"));
        }
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.chunk.len() && !out.is_empty() {
            self.open_next()?;
            if self.next == chunk_count(self.reference.len) && self.used == self.chunk.len() {
                self.compare()?;
                return Ok(0);
            }
        }
        let length = out.len().min(self.chunk.len() - self.used);
        out[..length].copy_from_slice(&self.chunk[self.used..self.used + length]);
        self.used += length;
        Ok(length)
    }
}

/// Compares a stored blob with its name, without any key. An error of kind `InvalidData` says that it is not the one.
pub fn check_name(source: &dyn BlobSource, name: BlobName) -> io::Result<()> {
    let overhead = FILE_HEAD.len() as u64;
    let sealed = source.len()?.checked_sub(overhead).ok_or_else(|| altered("the file is cut short"))?;
    let chunk = (CHUNK_BYTES + TAG_BYTES) as u64;
    let count = sealed.div_ceil(chunk).max(1);
    let len = sealed.checked_sub(count * TAG_BYTES as u64).ok_or_else(|| altered("the file is cut short"))?;
    check_head(source, len)?;
    let mut digest = digest::Context::new(&digest::SHA256);
    digest.update(NAME_LABEL);
    let mut buffer = Vec::new();
    for number in 0..count {
        let place = Place::of(number, len);
        buffer.resize(place.sealed_len, 0);
        source.read_at(&mut buffer, place.offset).map_err(cut_short)?;
        digest.update(&sha256(&buffer));
    }
    if finished(digest) == name.0 { Ok(()) } else { Err(altered("the chunks have another name")) }
}

/// Where a chunk lies.
struct Place {
    offset: u64,
    sealed_len: usize,
}

impl Place {
    fn of(number: u64, len: u64) -> Self {
        let chunk = CHUNK_BYTES as u64;
        let offset = FILE_HEAD.len() as u64 + number * (chunk + TAG_BYTES as u64);
        let plain = (len - number * chunk).min(chunk);
        Self { offset, sealed_len: usize::try_from(plain).expect("within a chunk") + TAG_BYTES }
    }
}

fn check_head(source: &dyn BlobSource, len: u64) -> io::Result<()> {
    if source.len()? != file_len(len) {
        return Err(altered("the file has another length"));
    }
    let mut head = [0; FILE_HEAD.len()];
    source.read_at(&mut head, 0).map_err(cut_short)?;
    if head == FILE_HEAD { Ok(()) } else { Err(altered("the file has a head that this program does not know")) }
}

fn cipher(key: &Secret) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("the key has 32 bytes"))
}

/// `chunk number(8) ‖ zero(3) ‖ 1 for the last chunk, else 0`: chunks cannot change places, and the end cannot be cut off.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(bytes)
}

fn finished(context: digest::Context) -> Hash {
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn altered(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn cut_short(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof { altered("the file is cut short") } else { error }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    struct InMemory(Vec<u8>);

    impl BlobSource for InMemory {
        fn len(&self) -> io::Result<u64> {
            Ok(self.0.len() as u64)
        }

        fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
            let start = usize::try_from(offset).expect("small");
            let found = self.0.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(found);
            Ok(())
        }
    }

    fn plain(len: usize) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at * 31 % 251).expect("a byte")).collect()
    }

    pub(crate) fn sealed(plain: &[u8], key: [u8; 32]) -> (Vec<u8>, BlobRef) {
        let mut sealer = ChunkSealer::new(Secret::new(key));
        let mut file = FILE_HEAD.to_vec();
        let count = plain.len().div_ceil(CHUNK_BYTES).max(1);
        for number in 0..count {
            let end = plain.len().min((number + 1) * CHUNK_BYTES);
            let mut chunk = plain[number * CHUNK_BYTES..end].to_vec();
            sealer.seal(&mut chunk, number + 1 == count);
            file.extend_from_slice(&chunk);
        }
        (file, sealer.finish())
    }

    fn read(file: &[u8], reference: &BlobRef) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        BlobReader::new(Box::new(InMemory(file.to_vec())), reference.clone()).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn blobs_of_every_length_around_a_chunk_read_back() {
        for len in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 77] {
            let text = plain(len);
            let (file, reference) = sealed(&text, [7; 32]);
            assert_eq!(file.len() as u64, file_len(len as u64));
            assert_eq!((reference.len, reference.sha256), (len as u64, sha256(&text)));
            assert_eq!(read(&file, &reference).expect("reads"), text, "length {len}");
            check_name(&InMemory(file), reference.name).expect("its name");
        }
    }

    #[test]
    fn a_part_is_read_from_anywhere() {
        let text = plain(2 * CHUNK_BYTES + 500);
        let (file, reference) = sealed(&text, [7; 32]);
        for at in [0, 5, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 499, 2 * CHUNK_BYTES + 500, usize::MAX] {
            let mut reader = BlobReader::new(Box::new(InMemory(file.clone())), reference.clone());
            reader.skip_to(at as u64).expect("reads");
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).expect("reads");
            assert_eq!(rest, text[at.min(text.len())..], "from {at}");
        }
    }

    #[test]
    fn altered_cut_and_exchanged_chunks_are_found_with_and_without_the_key() {
        let (file, reference) = sealed(&plain(2 * CHUNK_BYTES + 40), [7; 32]);
        let chunk = CHUNK_BYTES + TAG_BYTES;
        let mut bad: Vec<Vec<u8>> = Vec::new();
        for at in [0, 5, 7, 8, 8 + chunk - 1, 8 + chunk, file.len() - 1] {
            let mut one = file.clone();
            one[at] ^= 1;
            bad.push(one);
        }
        bad.push(file[..8 + 2 * chunk].to_vec());
        bad.push(file[..file.len() - 1].to_vec());
        bad.push(file[..3].to_vec());
        bad.push([&file[..], &[0]].concat());
        bad.push([&file[..8], &file[8 + chunk..8 + 2 * chunk], &file[8..8 + chunk], &file[8 + 2 * chunk..]].concat());
        bad.push(sealed(&plain(2 * CHUNK_BYTES + 40), [8; 32]).0);
        for file in bad {
            assert_eq!(read(&file, &reference).expect_err("refused").kind(), io::ErrorKind::InvalidData);
            let source = InMemory(file);
            assert_eq!(check_name(&source, reference.name).expect_err("refused").kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn equal_plaintexts_do_not_look_equal() {
        let (one, first) = sealed(b"the same file", [7; 32]);
        let (two, second) = sealed(b"the same file", [8; 32]);
        assert!(first.same_content(&second) && first.name != second.name && one != two);
    }

    #[test]
    fn a_reference_reads_back() {
        let (_, reference) = sealed(b"x", [7; 32]);
        let mut bytes = Vec::new();
        reference.encode(&mut bytes);
        assert_eq!(BlobRef::decode(&bytes.try_into().expect("its length")), reference);
    }
}
