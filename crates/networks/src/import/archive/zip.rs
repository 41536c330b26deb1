//! The central directory of a ZIP, as PKWARE's APPNOTE 6.3 describes it, with the 64-bit extensions.
//!
//! The directory is the truth; the local header is only asked where the data begins, and must name the same file. Entries may not
//! overlap: archives that let many entries share their data are bombs. Encrypted archives are refused as a whole. Parts of a split
//! archive and archives with something before them are refused, as it is not certain then what other programs read in them.

use std::{fs::File, io};

use super::{Archive, Entry, Kind, name, read_up_to};
use crate::import::ImportError;

const END_BYTES: usize = 22;
const END64_BYTES: usize = 56;
const LOCATOR64_BYTES: usize = 20;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// A comment at the end is at most this long, by its field's size.
const COMMENT_BYTES_MAX: usize = 65_535;
/// The largest directory: what two million entries take, with room.
const DIRECTORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// What is read of the directory at once. Holds the longest possible record (46 + three fields of 64 KiB) many times.
const WINDOW_BYTES: usize = 1024 * 1024;

const FLAG_ENCRYPTED: u16 = 1;
const FLAG_DIRECTORY_ENCRYPTED: u16 = 1 << 13;
const FLAG_UTF8: u16 = 1 << 11;
const EXTRA_64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

struct Directory {
    offset: u64,
    bytes: u64,
    entries: u64,
}

/// Reads the directory into the archive.
pub(super) fn read_directory(archive: &mut Archive) -> Result<(), ImportError> {
    let directory = find_directory(archive)?;
    let mut window = Window { archive_bytes: archive.bytes, ..Window::new(directory.offset, directory.bytes) };
    for _ in 0..directory.entries {
        let file = std::sync::Arc::clone(&archive.file);
        let Some(record) = window.record(&file)? else {
            return Err(broken("its directory ends early"));
        };
        take_record(archive, record)?;
    }
    refuse_overlaps(archive, directory.offset);
    Ok(())
}

fn take_record(archive: &mut Archive, record: &[u8]) -> Result<(), ImportError> {
    let (name_bytes, extra_bytes) = (usize::from(u16_at(record, 28)), usize::from(u16_at(record, 30)));
    let raw_name = &record[CENTRAL_BYTES..CENTRAL_BYTES + name_bytes];
    let extra = &record[CENTRAL_BYTES + name_bytes..CENTRAL_BYTES + name_bytes + extra_bytes];
    let flags = u16_at(record, 8);
    if flags & (FLAG_ENCRYPTED | FLAG_DIRECTORY_ENCRYPTED) != 0 {
        return Err(ImportError::Form {
            expected: "an archive that can be read",
            found: "it is encrypted; unpack it with its password and pack it again without one".to_owned(),
        });
    }
    let folder = raw_name.ends_with(b"/") || raw_name.ends_with(b"\\");
    if folder {
        return Ok(());
    }
    let place = name::printable(raw_name);
    if (u32_at(record, 38) >> 16) & 0o170_000 == 0o120_000 {
        archive.refuse(place, "it is a link to another file; only files are read");
        return Ok(());
    }
    let name = match entry_name(raw_name, extra, flags) {
        Ok(name) => name,
        Err(reason) => {
            archive.refuse(place, format!("{reason}; no export is made like that: do not trust this file"));
            return Ok(());
        }
    };
    let Some((bytes, packed_bytes, offset)) = sizes(record, extra) else {
        archive.refuse(place, "its sizes are not given; the archive is damaged: export it again");
        return Ok(());
    };
    archive.add(
        &name,
        Entry {
            name_start: 0,
            name_bytes: 0,
            method: u16_at(record, 10),
            crc: u32_at(record, 16),
            offset,
            end: 0,
            packed_bytes,
            bytes,
            kind: Kind::Zip,
        },
    )
}

/// The name: of the Unicode path field where that is for this name, else of the record.
fn entry_name(raw: &[u8], extra: &[u8], flags: u16) -> Result<String, &'static str> {
    let mut crc = flate2::Crc::new();
    crc.update(raw);
    match field(extra, EXTRA_UNICODE_PATH) {
        Some(found) if found.len() > 5 && found[0] == 1 && u32_at(found, 1) == crc.sum() => {
            name::checked(&found[5..], name::Coding::Utf8)
        }
        _ if flags & FLAG_UTF8 != 0 => name::checked(raw, name::Coding::Utf8),
        _ => name::checked(raw, name::Coding::Unsaid),
    }
}

/// Size, packed size and offset; each stands in the 64-bit field, in this order, when its own field is full (APPNOTE 4.5.3).
fn sizes(record: &[u8], extra: &[u8]) -> Option<(u64, u64, u64)> {
    let mut wide = field(extra, EXTRA_64).unwrap_or_default();
    let mut of = |short: u32| {
        if short != u32::MAX {
            return Some(u64::from(short));
        }
        let (value, rest) = wide.split_first_chunk::<8>()?;
        wide = rest;
        Some(u64::from_le_bytes(*value))
    };
    let bytes = of(u32_at(record, 24))?;
    let packed = of(u32_at(record, 20))?;
    let offset = of(u32_at(record, 42))?;
    Some((bytes, packed, offset))
}

/// The contents of an extra field.
fn field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let (found, bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let body = extra.get(4..4 + bytes)?;
        if found == id {
            return Some(body);
        }
        extra = &extra[4 + bytes..];
    }
    None
}

/// Gives every entry the end that its data may not pass, and refuses those that pass it.
fn refuse_overlaps(archive: &mut Archive, directory: u64) {
    let mut order: Vec<u32> = (0..u32::try_from(archive.entries.len()).expect("ENTRIES_MAX fits")).collect();
    order.sort_by_key(|&index| archive.entries[index as usize].offset);
    for at in 0..order.len() {
        let end = order.get(at + 1).map_or(directory, |&next| archive.entries[next as usize].offset.min(directory));
        archive.entries[order[at] as usize].end = end;
    }
    let mut kept = Vec::with_capacity(archive.entries.len());
    for entry in std::mem::take(&mut archive.entries) {
        let least = entry.offset.saturating_add(LOCAL_BYTES as u64).saturating_add(entry.packed_bytes);
        if least > entry.end {
            let start = entry.name_start as usize;
            let place = archive.names[start..start + usize::from(entry.name_bytes)].to_owned();
            archive.refuse(place, "its data overlaps that of another file, as in archives made to do harm");
        } else {
            kept.push(entry);
        }
    }
    archive.entries = kept;
}

/// Where an entry's data begins, by its local header.
pub(super) fn data_of(file: &File, entry: &Entry) -> io::Result<u64> {
    let damaged = || io::Error::other("the archive's directory does not fit its contents; it is damaged: export it again");
    let mut header = [0; LOCAL_BYTES];
    if read_up_to(file, entry.offset, &mut header)? < LOCAL_BYTES || u32_at(&header, 0) != 0x0403_4b50 {
        return Err(damaged());
    }
    if u16_at(&header, 8) != entry.method {
        return Err(damaged());
    }
    let data = entry.offset + LOCAL_BYTES as u64 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    if data.saturating_add(entry.packed_bytes) > entry.end {
        return Err(damaged());
    }
    Ok(data)
}

fn find_directory(archive: &Archive) -> Result<Directory, ImportError> {
    let most = (END_BYTES + COMMENT_BYTES_MAX + LOCATOR64_BYTES) as u64;
    let tail_at = archive.bytes.saturating_sub(most);
    let mut tail = vec![0; usize::try_from(archive.bytes - tail_at).expect("at most 65 KiB")];
    let got = read_up_to(&archive.file, tail_at, &mut tail).map_err(read_error)?;
    tail.truncate(got);
    let end = (0..=tail.len().saturating_sub(END_BYTES))
        .rev()
        .find(|&at| {
            tail.len() >= at + END_BYTES
                && tail[at..].starts_with(b"PK\x05\x06")
                && at + END_BYTES + usize::from(u16_at(&tail, at + 20)) == tail.len()
        })
        .ok_or_else(|| broken("its end is missing: the download or copy was cut off"))?;
    let end_at = tail_at + end as u64;
    let record = &tail[end..];
    let (disk, directory_disk) = (u16_at(record, 4), u16_at(record, 6));
    let short =
        Directory { offset: u32_at(record, 16).into(), bytes: u32_at(record, 12).into(), entries: u16_at(record, 10).into() };
    let wide = end.checked_sub(LOCATOR64_BYTES).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
    let (directory, directory_end) = match wide {
        Some(at) => wide_directory(archive, &tail[at..])?,
        None if disk != 0 || directory_disk != 0 => return Err(broken("it is one part of several: join the parts")),
        None => (short, end_at),
    };
    if directory.offset.checked_add(directory.bytes) != Some(directory_end) {
        return Err(broken("something stands before or between its parts: unpack it and pack it again"));
    }
    if directory.bytes > DIRECTORY_BYTES_MAX {
        return Err(ImportError::Limit("the archive's directory is too large; pack it again in parts".to_owned()));
    }
    Ok(directory)
}

/// The 64-bit directory and where its own end record begins.
fn wide_directory(archive: &Archive, locator: &[u8]) -> Result<(Directory, u64), ImportError> {
    let at = u64_at(locator, 8);
    let mut record = [0; END64_BYTES];
    let got = read_up_to(&archive.file, at, &mut record).map_err(read_error)?;
    if got < END64_BYTES || !record.starts_with(b"PK\x06\x06") {
        return Err(broken("its 64-bit directory is missing"));
    }
    if u32_at(&record, 16) != 0 || u32_at(&record, 20) != 0 {
        return Err(broken("it is one part of several: join the parts"));
    }
    Ok((Directory { offset: u64_at(&record, 48), bytes: u64_at(&record, 40), entries: u64_at(&record, 32) }, at))
}

/// A window that moves over the directory, so that it is never in memory as a whole.
struct Window {
    archive_bytes: u64,
    /// Where the next bytes come from.
    next: u64,
    left: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Window {
    fn new(offset: u64, bytes: u64) -> Self {
        Self { archive_bytes: 0, next: offset, left: bytes, buffer: Vec::new(), at: 0 }
    }

    /// The next record; nothing when the directory is over or broken.
    fn record(&mut self, file: &File) -> Result<Option<&[u8]>, ImportError> {
        if !self.need(file, CENTRAL_BYTES)? || !self.buffer[self.at..].starts_with(b"PK\x01\x02") {
            return Ok(None);
        }
        let fields = [28, 30, 32].map(|offset| usize::from(u16_at(&self.buffer, self.at + offset)));
        let bytes = CENTRAL_BYTES + fields.iter().sum::<usize>();
        if !self.need(file, bytes)? {
            return Ok(None);
        }
        let start = self.at;
        self.at += bytes;
        Ok(Some(&self.buffer[start..start + bytes]))
    }

    fn need(&mut self, file: &File, bytes: usize) -> Result<bool, ImportError> {
        if self.buffer.len() - self.at >= bytes {
            return Ok(true);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let held = self.buffer.len();
        let want = usize::try_from(self.left.min(self.archive_bytes)).unwrap_or(usize::MAX).min(WINDOW_BYTES);
        self.buffer.resize(held + want, 0);
        let got = read_up_to(file, self.next, &mut self.buffer[held..]).map_err(read_error)?;
        self.buffer.truncate(held + got);
        self.next += got as u64;
        self.left -= got as u64;
        Ok(self.buffer.len() >= bytes)
    }
}

fn broken(found: &str) -> ImportError {
    ImportError::Form { expected: "a whole ZIP archive", found: found.to_owned() }
}

fn read_error(error: io::Error) -> ImportError {
    ImportError::Read { name: "the archive's directory".to_owned(), error }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
