//! Tar as POSIX's `ustar` and `pax` have it, with GNU's long names.
//!
//! A gzipped tar can only be read forwards: it is unpacked once into an unnamed temporary file (which the system removes with the
//! process), within the archive's budget. Links, devices and sparse files are refused: an export has none.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    sync::Arc,
};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use super::{Archive, Entry, Kind, name, read_up_to};
use crate::import::ImportError;

const BLOCK: usize = 512;
const BLOCK_BYTES: u64 = BLOCK as u64;
/// The longest extended header (long name, pax records).
const EXTENDED_BYTES_MAX: u64 = 64 * 1024;
/// What is unpacked at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// Whether a block is a tar header.
pub(super) fn is_header(block: &[u8]) -> bool {
    block.len() == BLOCK && &block[257..262] == b"ustar" && checksum_fits(block)
}

/// Unpacks the gzip around the tar and reads that.
pub(super) fn unpack_gzip(archive: &mut Archive) -> Result<(), ImportError> {
    let read = |error| ImportError::Read { name: "the gzipped archive".to_owned(), error };
    let temporary = unnamed_file().map_err(|error| ImportError::Read {
        name: "a temporary file (set TMPDIR to a folder with room for the unpacked archive)".to_owned(),
        error,
    })?;
    let mut unpacked =
        flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(CHUNK_BYTES, (&*archive.file).take(archive.bytes)));
    let mut out = BufWriter::with_capacity(CHUNK_BYTES, &temporary);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let got = unpacked.read(&mut chunk).map_err(read)?;
        if got == 0 {
            break;
        }
        bytes += got as u64;
        archive.budget.take(got as u64).map_err(|error| ImportError::Limit(error.to_string()))?;
        out.write_all(&chunk[..got]).map_err(read)?;
    }
    out.flush().map_err(read)?;
    drop(out);
    archive.file = Arc::new(temporary);
    archive.bytes = bytes;
    read_in_place(archive)
}

/// A new file that only this process has: it is removed from its folder at once, and from the disk when it is closed.
fn unnamed_file() -> io::Result<File> {
    let mut random = [0; 16];
    SystemRandom::new().fill(&mut random).map_err(|_| io::Error::other("the operating system gave no random numbers"))?;
    let path = std::env::temp_dir().join(format!("gatepost-import-{}", hex::encode(random)));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// What an extended header says about the entry after it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    bytes: Option<u64>,
}

/// Reads the headers one after the other.
pub(super) fn read_in_place(archive: &mut Archive) -> Result<(), ImportError> {
    let file = Arc::clone(&archive.file);
    let mut at = 0;
    let mut extended = Extended::default();
    loop {
        let mut block = [0; BLOCK];
        let got =
            read_up_to(&file, at, &mut block).map_err(|error| ImportError::Read { name: "the archive".to_owned(), error })?;
        if got < block.len() || block.iter().all(|&byte| byte == 0) {
            return if at == 0 { Err(broken("it is empty")) } else { Ok(()) };
        }
        if !checksum_fits(&block) {
            return Err(broken("a header's checksum is wrong: the download or copy is damaged"));
        }
        let header_bytes = number(&block[124..136]).ok_or_else(|| broken("a size in it is not a number"))?;
        let data = at + BLOCK_BYTES;
        let kind = block[156];
        let bytes = if matches!(kind, b'L' | b'K' | b'x' | b'g') { header_bytes } else { extended.bytes.unwrap_or(header_bytes) };
        let end = data.checked_add(bytes).filter(|&end| end <= archive.bytes);
        let Some(end) = end else {
            archive.refuse(name::printable(&header_name(&block)), "the archive ends within it: the download or copy was cut off");
            return Ok(());
        };
        match kind {
            b'L' => {
                extended.path = Some(extended_header(&file, data, bytes)?.into_iter().take_while(|&byte| byte != 0).collect());
            }
            b'x' => read_pax(&extended_header(&file, data, bytes)?, &mut extended),
            b'K' | b'g' | b'5' => extended = Extended::default(),
            b'0' | 0 | b'7' => take_file(archive, &block, std::mem::take(&mut extended), data, bytes)?,
            _ => {
                extended = Extended::default();
                archive
                    .refuse(name::printable(&header_name(&block)), "it is not a file but a link or device; only files are read");
            }
        }
        at = end.div_ceil(BLOCK_BYTES) * BLOCK_BYTES;
    }
}

fn take_file(archive: &mut Archive, block: &[u8], extended: Extended, data: u64, bytes: u64) -> Result<(), ImportError> {
    let raw = extended.path.unwrap_or_else(|| header_name(block));
    if raw.ends_with(b"/") {
        return Ok(());
    }
    match name::checked(&raw, name::Coding::Unsaid) {
        Ok(name) => {
            let entry = Entry {
                name_start: 0,
                name_bytes: 0,
                method: 0,
                crc: 0,
                offset: data,
                end: data + bytes,
                packed_bytes: bytes,
                bytes,
                kind: Kind::Tar,
            };
            archive.add(&name, entry)
        }
        Err(reason) => {
            archive.refuse(name::printable(&raw), format!("{reason}; no export is made like that: do not trust this file"));
            Ok(())
        }
    }
}

fn extended_header(file: &File, at: u64, bytes: u64) -> Result<Vec<u8>, ImportError> {
    if bytes > EXTENDED_BYTES_MAX {
        return Err(broken("an extended header in it is larger than 64 KiB"));
    }
    let mut body = vec![0; usize::try_from(bytes).expect("at most 64 KiB")];
    let got = read_up_to(file, at, &mut body)
        .map_err(|error: io::Error| ImportError::Read { name: "the archive".to_owned(), error })?;
    body.truncate(got);
    Ok(body)
}

/// Records of the form `length key=value\n`; the length counts the whole record.
fn read_pax(mut records: &[u8], extended: &mut Extended) {
    while let Some(space) = records.iter().position(|&byte| byte == b' ') {
        let length = std::str::from_utf8(&records[..space]).ok().and_then(|text| text.parse::<usize>().ok());
        let Some(record) = length.filter(|&length| length > space + 1).and_then(|length| records.get(space + 1..length - 1))
        else {
            return;
        };
        if let Some(path) = record.strip_prefix(b"path=") {
            extended.path = Some(path.to_vec());
        } else if let Some(size) = record.strip_prefix(b"size=") {
            extended.bytes = std::str::from_utf8(size).ok().and_then(|text| text.parse().ok());
        }
        records = &records[length.expect("checked above")..];
    }
}

fn header_name(block: &[u8]) -> Vec<u8> {
    let until_nul = |bytes: &[u8]| bytes.iter().copied().take_while(|&byte| byte != 0).collect::<Vec<u8>>();
    let (name, prefix) = (until_nul(&block[..100]), until_nul(&block[345..500]));
    if prefix.is_empty() || &block[257..263] != b"ustar\0" { name } else { [prefix, name].join(&b'/') }
}

/// Octal digits, or (GNU) a big-endian number after a set top bit.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        return field[1..].iter().try_fold(0_u64, |sum, &byte| sum.checked_mul(256)?.checked_add(byte.into()));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(|c: char| c == ' ' || c == '\0');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn checksum_fits(block: &[u8]) -> bool {
    let sum: u64 =
        block.iter().enumerate().map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte })).sum();
    number(&block[148..156]) == Some(sum)
}

fn broken(found: &str) -> ImportError {
    ImportError::Form { expected: "a whole tar archive", found: found.to_owned() }
}
