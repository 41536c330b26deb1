//! Reading hostile archives: ZIP and (gzipped) tar, entry by entry, in constant memory.
//!
//! Nothing is ever written to a path that an archive names: a name is a key, checked all the same. An entry is read as a stream
//! that counts what comes out of it against what the entry says, against its checksum and against the budget of the whole file, so
//! that a bomb ends with an error and not with a full disk. A ZIP is read in place by its central directory, which costs some
//! 60 bytes and the name per entry; a gzipped tar can only be read forwards and is therefore unpacked once into an unnamed
//! temporary file, within the same budget. What cannot be taken is a refusal with its reason. It does not repair archives.

mod entry;
mod name;
mod tar;
mod zip;

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{ImportError, Limits, Refused};

pub(crate) use entry::EntryReader;

/// The most entries: a large export has a file per channel and day (2,000 channels in 1,000 days); at 60 bytes and a name each this
/// stays within 250 MB.
const ENTRIES_MAX: usize = 2_000_000;

/// What a small file may unpack to in any case: too little to hurt, more than any honest small archive needs.
const BUDGET_FLOOR_BYTES: u64 = 16 * 1024 * 1024;

/// An open archive.
pub(crate) struct Archive {
    file: Arc<File>,
    /// The bytes of the archive file.
    bytes: u64,
    entries: Vec<Entry>,
    /// All names, one after the other.
    names: String,
    /// Indexes of `entries` in the order of their names.
    by_name: Vec<u32>,
    budget: Arc<Budget>,
    refused: Vec<Refused>,
}

/// One entry, kept small because there may be millions.
#[derive(Debug, Clone, Copy)]
struct Entry {
    name_start: u32,
    name_bytes: u16,
    method: u16,
    crc: u32,
    /// Where its local header (ZIP) or its data (tar) begins.
    offset: u64,
    /// Where the next entry or the directory begins: its data must end before.
    end: u64,
    packed_bytes: u64,
    bytes: u64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
}

/// An entry's number, valid for its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryId(u32);

/// What may still be unpacked.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicU64,
    ratio: u64,
}

impl Budget {
    fn new(bytes: u64, ratio: u64) -> Self {
        Self { left: AtomicU64::new(bytes.saturating_mul(ratio).max(BUDGET_FLOOR_BYTES)), ratio }
    }

    /// Takes bytes out of the budget; an error when it is spent.
    fn take(&self, bytes: u64) -> io::Result<()> {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).map(drop).map_err(|_| {
            self.left.store(0, Ordering::Relaxed);
            io::Error::other(self.message())
        })
    }

    fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn message(&self) -> String {
        format!(
            "the archive unpacks to more than {} times its size, as archives do that are made to exhaust a machine; nothing more of it \
             is read; if it is honest, unpack it and pack it again in parts",
            self.ratio
        )
    }
}

impl Archive {
    /// Opens a ZIP, a gzipped tar or a tar.
    ///
    /// # Errors
    /// When it cannot be read, is none of them, is encrypted, or has too many entries.
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let read = |error| ImportError::Read { name: path.display().to_string(), error };
        let file = File::open(path).map_err(read)?;
        let bytes = file.metadata().map_err(read)?.len();
        let mut start = [0; 512];
        let got = read_up_to(&file, 0, &mut start).map_err(read)?;
        let budget = Arc::new(Budget::new(bytes, limits.unpack_ratio_max));
        let mut archive = Self {
            file: Arc::new(file),
            bytes,
            entries: Vec::new(),
            names: String::new(),
            by_name: Vec::new(),
            budget,
            refused: Vec::new(),
        };
        match &start[..got] {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => zip::read_directory(&mut archive)?,
            [0x1f, 0x8b, ..] => tar::unpack_gzip(&mut archive)?,
            start if tar::is_header(start) => tar::read_in_place(&mut archive)?,
            _ => {
                return Err(ImportError::Form {
                    expected: "a ZIP or tar archive",
                    found: "its first bytes are neither's; give the file as the platform made it".to_owned(),
                });
            }
        }
        archive.sort_names();
        Ok(archive)
    }

    /// Whether a file begins like an archive.
    pub(crate) fn is_one(path: &Path) -> bool {
        let mut start = [0; 512];
        File::open(path).and_then(|file| read_up_to(&file, 0, &mut start)).is_ok_and(|got| {
            matches!(start[..got], [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [0x1f, 0x8b, ..])
                || tar::is_header(&start[..got])
        })
    }

    /// Every entry that is a file, in the order of the names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (EntryId, &str)> {
        self.by_name.iter().map(|&index| (EntryId(index), self.name(EntryId(index))))
    }

    /// The entry of a name.
    pub(crate) fn find(&self, name: &str) -> Option<EntryId> {
        let found = self.by_name.binary_search_by(|&index| self.name(EntryId(index)).cmp(name)).ok()?;
        Some(EntryId(self.by_name[found]))
    }

    /// An entry's name.
    pub(crate) fn name(&self, id: EntryId) -> &str {
        let entry = &self.entries[id.0 as usize];
        &self.names[entry.name_start as usize..entry.name_start as usize + usize::from(entry.name_bytes)]
    }

    /// How many bytes an entry takes in the archive, for progress.
    pub(crate) fn packed_bytes(&self, id: EntryId) -> u64 {
        self.entries[id.0 as usize].packed_bytes
    }

    /// How many bytes an entry says it unpacks to.
    pub(crate) fn unpacked_bytes(&self, id: EntryId) -> u64 {
        self.entries[id.0 as usize].bytes
    }

    /// The contents of an entry.
    pub(crate) fn read(&self, id: EntryId) -> io::Result<EntryReader> {
        let entry = &self.entries[id.0 as usize];
        let data = match entry.kind {
            Kind::Zip => zip::data_of(&self.file, entry)?,
            Kind::Tar => entry.offset,
        };
        EntryReader::new(Arc::clone(&self.file), data, entry, Arc::clone(&self.budget))
    }

    /// All bytes of a small entry that is read as a whole.
    pub(crate) fn read_whole(&self, id: EntryId, bytes_max: u64) -> Result<Vec<u8>, ImportError> {
        if self.unpacked_bytes(id) > bytes_max {
            return Err(ImportError::Limit(format!("{} is larger than {bytes_max} bytes", self.name(id))));
        }
        let mut bytes = Vec::new();
        let read = self.read(id).and_then(|mut reader| io::Read::read_to_end(&mut reader, &mut bytes));
        read.map_err(|error| ImportError::Read { name: self.name(id).to_owned(), error })?;
        Ok(bytes)
    }

    /// What the archive holds that cannot be taken. Answers once.
    pub(crate) fn take_refused(&mut self) -> Vec<Refused> {
        std::mem::take(&mut self.refused)
    }

    /// Fails when the budget is spent: then the rest of the file is not read.
    pub(crate) fn check_budget(&self) -> Result<(), ImportError> {
        if self.budget.is_spent() { Err(ImportError::Limit(self.budget.message())) } else { Ok(()) }
    }

    fn add(&mut self, name: &str, entry: Entry) -> Result<(), ImportError> {
        if self.entries.len() >= ENTRIES_MAX {
            return Err(ImportError::Limit(format!("the archive holds more than {ENTRIES_MAX} files; pack it again in parts")));
        }
        let (Ok(name_start), Ok(name_bytes)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
            return Err(ImportError::Limit("the names in the archive are too long; pack it again in parts".to_owned()));
        };
        self.names.push_str(name);
        self.entries.push(Entry { name_start, name_bytes, ..entry });
        Ok(())
    }

    fn refuse(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        if self.refused.len() < ENTRIES_MAX {
            self.refused.push(Refused { place: place.into(), reason: reason.into() });
        }
    }

    /// Orders the names. Of two entries with one name the first stands: which of them another program shows is chance.
    fn sort_names(&mut self) {
        let mut order: Vec<u32> = (0..u32::try_from(self.entries.len()).expect("ENTRIES_MAX fits")).collect();
        order.sort_by(|&a, &b| self.name(EntryId(a)).cmp(self.name(EntryId(b))).then(a.cmp(&b)));
        let mut kept: Vec<u32> = Vec::with_capacity(order.len());
        for index in order {
            let name = self.name(EntryId(index));
            if kept.last().is_some_and(|&last| self.name(EntryId(last)) == name) {
                let name = name.to_owned();
                self.refuse(name, "the archive holds a second file of this name; the first was read; look at both");
            } else {
                kept.push(index);
            }
        }
        self.by_name = kept;
    }
}

/// Reads at a place until the buffer is full or the file ends.
fn read_up_to(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(&mut buffer[got..], offset + got as u64) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
