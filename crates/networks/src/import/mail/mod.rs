//! Mail: a mailbox file (mbox), a message (EML), or a ZIP of many of either.
//!
//! RFC 5322 (messages), 2045 to 2049, 2047, 2231 (MIME, encoded words, parameters), 4155 (mbox). A mail is named by its Message-ID; two
//! mails of one id (sent and received, or in two folders) are one message, and the first that is read counts. Its place is the mailbox
//! or folder it lies in; its thread the first of its `References`. A mail that is larger than an item may be is recorded with the
//! contents of its attachments cut out of the raw form; they are attachments all the same. Signed or encrypted mail is not opened.

mod mbox;
mod message;

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufReader, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Format, Import, ImportError, Item, LeftOut, Limits, Meter, Refused,
    archive::{Archive, EntryId},
};
use crate::event::{Attachment, Place, PlaceKind};
use mbox::{Mailbox, Next};

/// The form.
pub const FORMAT: Format = Format {
    id: "mail",
    name: "Mailbox (mbox, EML)",
    network: "mail",
    how: "Save folders as mbox files or messages as .eml; give one file or a ZIP of many.",
    docs: "https://www.rfc-editor.org/rfc/rfc4155",
    open: |path, limits| Ok(Box::new(Mail::open(path, limits)?)),
};

/// The largest mail that is held in memory while it is read: larger than mail servers take.
const MAIL_BYTES_MAX: usize = 64 * 1024 * 1024;

type Source = Box<dyn Read + Send>;

struct Mail {
    files: Files,
    /// What is still to be read, the next last.
    left: Vec<FileId>,
    reading: Option<Reading>,
    /// The mail that was read last: its attachments are asked for next.
    last: Option<(String, Arc<Vec<u8>>)>,
    queue: VecDeque<Item>,
    limits: Limits,
    name: String,
    left_out: Vec<LeftOut>,
    meter: Meter,
}

/// Where mails lie.
enum Files {
    Plain(PathBuf),
    Archive(Archive),
}

#[derive(Debug, Clone, Copy)]
enum FileId {
    Plain,
    Entry(EntryId),
}

struct Reading {
    /// Its name in the archive; empty for a plain file.
    name: String,
    place: Place,
    mailbox: Mailbox<Source>,
}

impl Files {
    fn read(&self, id: FileId) -> io::Result<Source> {
        Ok(match (self, id) {
            (Self::Archive(archive), FileId::Entry(entry)) => Box::new(archive.read(entry)?),
            (Self::Plain(path), _) => Box::new(BufReader::new(File::open(path)?)),
            (Self::Archive(_), FileId::Plain) => return Err(io::ErrorKind::NotFound.into()),
        })
    }

    fn name(&self, id: FileId) -> &str {
        match (self, id) {
            (Self::Archive(archive), FileId::Entry(entry)) => archive.name(entry),
            _ => "",
        }
    }

    fn find(&self, name: &str) -> Option<FileId> {
        match self {
            Self::Archive(archive) => archive.find(name).map(FileId::Entry),
            Self::Plain(_) => name.is_empty().then_some(FileId::Plain),
        }
    }
}

/// Whether a file of an archive is mail, by its name: folders of Thunderbird and Google have no or their own endings.
fn is_mail(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !name.starts_with("__MACOSX/") && matches!(ending.as_deref(), Some("eml" | "mbox" | "mbx") | None)
}

impl Mail {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let read = |error| ImportError::Read { name: path.display().to_string(), error };
        let (mut queue, mut left_out, meter) = (VecDeque::new(), Vec::new(), Meter::default());
        let (files, left) = if Archive::is_one(path) {
            let mut archive = Archive::open(path, limits)?;
            queue.extend(archive.take_refused().into_iter().map(Item::Refused));
            let mut left: Vec<_> = archive.entries().filter(|(_, name)| is_mail(name)).map(|(id, _)| FileId::Entry(id)).collect();
            if left.is_empty() {
                return Err(ImportError::Form {
                    expected: "a ZIP of mail",
                    found: "it holds neither .eml nor .mbox files".to_owned(),
                });
            }
            let others = archive.entries().count() - left.len();
            if others > 0 {
                left_out.push(LeftOut { what: "other files".to_owned(), count: others as u64 });
            }
            meter.all(archive.entries().filter(|(_, name)| is_mail(name)).map(|(id, _)| archive.unpacked_bytes(id)).sum());
            left.reverse();
            (Files::Archive(archive), left)
        } else {
            let mut start = [0; 1024];
            let file = File::open(path).map_err(read)?;
            meter.all(file.metadata().map_err(read)?.len());
            let got = (&file).take(1024).read(&mut start).map_err(read)?;
            if !mbox::begins_like_mail(&start[..got]) {
                let found = "its first line is neither a `From ` line nor a header; give an mbox or .eml file".to_owned();
                return Err(ImportError::Form { expected: "mail", found });
            }
            (Files::Plain(path.to_owned()), vec![FileId::Plain])
        };
        Ok(Self { files, left, reading: None, last: None, queue, limits, name: super::stem(path), left_out, meter })
    }

    /// Opens the next file. False when there is none.
    fn open_next(&mut self) -> bool {
        let Some(id) = self.left.pop() else { return false };
        let name = self.files.name(id).to_owned();
        match self.files.read(id) {
            Ok(source) => {
                let source: Source = Box::new(self.meter.count(source));
                let place = self.place_of(&name);
                self.reading = Some(Reading { name, place, mailbox: Mailbox::new(source, MAIL_BYTES_MAX) });
            }
            Err(error) => self.queue.push_back(Item::Refused(Refused { place: name, reason: error.to_string() })),
        }
        true
    }

    /// A mailbox is a place; messages of a folder share that folder.
    fn place_of(&self, name: &str) -> Place {
        let folder = if name.to_ascii_lowercase().ends_with(".eml") {
            name.rsplit_once('/').map_or(&*self.name, |(folder, _)| folder)
        } else {
            Some(name).filter(|name| !name.is_empty()).unwrap_or(&self.name)
        };
        Place { native_id: folder.to_owned(), name: Some(folder.to_owned()), kind: PlaceKind::Private }
    }

    fn read_mail(&mut self) -> Result<(), ImportError> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        let found = reading.mailbox.next();
        let place = || {
            let prefix = if reading.name.is_empty() { String::new() } else { format!("{}, ", reading.name) };
            format!("{prefix}mail {}", reading.mailbox.count())
        };
        let reason = match found {
            Ok(Some(Next::Mail { offset, bytes })) => {
                let source = format!("{offset}:{}", reading.name);
                match message::event(&bytes, &reading.place, &source, self.limits) {
                    Ok(event) => {
                        self.last = Some((source, Arc::new(bytes)));
                        self.queue.push_back(Item::Event(Box::new(event)));
                        return Ok(());
                    }
                    Err(reason) => reason,
                }
            }
            Ok(Some(Next::TooLong)) => format!("it is larger than {MAIL_BYTES_MAX} bytes, the most that one mail may have"),
            Ok(None) => {
                self.reading = None;
                return Ok(());
            }
            Err(error) => {
                let refused = Refused { place: place(), reason: format!("{error}; the rest of this file is not read") };
                self.queue.push_back(Item::Refused(refused));
                self.reading = None;
                return match &self.files {
                    Files::Archive(archive) => archive.check_budget(),
                    Files::Plain(_) => Ok(()),
                };
            }
        };
        let refused = Refused { place: place(), reason };
        self.queue.push_back(Item::Refused(refused));
        Ok(())
    }

    /// The mail at a place; the one that was read last is still there.
    fn mail_at(&self, source: &str) -> Result<Arc<Vec<u8>>, ImportError> {
        if let Some((_, bytes)) = self.last.as_ref().filter(|(last, _)| last == source) {
            return Ok(Arc::clone(bytes));
        }
        let gone = || ImportError::Form {
            expected: "the file that the mail was read from",
            found: "the mail is not where it was".to_owned(),
        };
        let (offset, name) = source.split_once(':').ok_or_else(gone)?;
        let id = self.files.find(name).ok_or_else(gone)?;
        let read = |error| ImportError::Read { name: name.to_owned(), error };
        let mut file = self.files.read(id).map_err(read)?;
        let offset: u64 = offset.parse().map_err(|_| gone())?;
        io::copy(&mut (&mut file).take(offset), &mut io::sink()).map_err(read)?;
        match Mailbox::within(file, MAIL_BYTES_MAX).next().map_err(read)? {
            Some(Next::Mail { bytes, .. }) => Ok(Arc::new(bytes)),
            _ => Err(gone()),
        }
    }
}

impl Import for Mail {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            if self.reading.is_some() {
                self.read_mail()?;
            } else if !self.open_next() {
                return Ok(None);
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.meter.progress()
    }

    fn source(&self) -> String {
        self.name.clone()
    }

    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        let Some(source) = &attachment.source else { return Ok(None) };
        let mail = self.mail_at(source)?;
        let Some(bytes) = message::part(&mail, &attachment.native_id) else { return Ok(None) };
        if bytes.len() as u64 > self.limits.attachment_bytes_max {
            return Err(ImportError::Limit(format!(
                "it is larger than {} bytes, the most that an attachment may have",
                self.limits.attachment_bytes_max
            )));
        }
        Ok(Some(Box::new(Cursor::new(bytes))))
    }

    fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.clone()
    }
}

#[cfg(test)]
mod tests;
