//! What every importer has in common: a file of the past becomes events, one after the other, in constant memory.
//!
//! Reading the same file again gives the same items in the same order: an interrupted import goes on after the items it has
//! counted. Archives are hostile: an importer opens no path outside the file, limits what it unpacks, and refuses an item with a
//! reason instead of failing the whole. `in = recorded + duplicates + refused` holds because every item is one of the three.

mod archive;
pub mod bluesky;
mod feed;
#[cfg(test)]
mod fuzz;
mod json;
pub mod jsonl;
mod lines;
mod links;
pub mod mail;
pub mod mastodon;
pub mod mattermost;
mod meter;
pub mod slack;
pub mod tally;
pub mod teams;
#[cfg(test)]
mod testing;
mod text_file;

use std::{io::Read, path::Path};

use thiserror::Error;

use crate::event::{Attachment, Event};
use archive::{Archive, EntryId};
use meter::Meter;

/// Every form that can be imported, in the order of the import page.
pub const FORMATS: &[Format] =
    &[slack::FORMAT, mattermost::FORMAT, teams::FORMAT, mastodon::FORMAT, bluesky::FORMAT, mail::FORMAT, jsonl::FORMAT];

/// The form with an id.
pub fn format(id: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.id == id)
}

/// A form of export file that can be imported.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its id at the command line: `slack`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The network id that profiles made from it carry.
    pub network: &'static str,
    /// How to get such a file, in a sentence or two.
    pub how: &'static str,
    /// Where the form is documented.
    pub docs: &'static str,
    /// Opens a file.
    pub open: Open,
}

/// Opens a file of a form.
pub type Open = fn(&Path, Limits) -> Result<Box<dyn Import>, ImportError>;

/// What a hostile file may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of one item (a message with its raw form).
    pub item_bytes_max: u64,
    /// The most bytes of one attachment.
    pub attachment_bytes_max: u64,
    /// The most bytes unpacked in all, as a multiple of the file's size.
    pub unpack_ratio_max: u64,
}

impl Default for Limits {
    /// 1 MiB an item (the ledger's largest body), 512 MiB an attachment, and 200 times: text packs about ten times, a bomb a thousand.
    fn default() -> Self {
        Self { item_bytes_max: 1024 * 1024, attachment_bytes_max: 512 * 1024 * 1024, unpack_ratio_max: 200 }
    }
}

/// An open export file.
pub trait Import: Send {
    /// The next item; nothing at the end.
    ///
    /// # Errors
    /// When the file itself cannot be read any further; what was read before stays good.
    fn next(&mut self) -> Result<Option<Item>, ImportError>;

    /// How much of the file is read: bytes done and bytes in all, for a progress bar.
    fn progress(&self) -> (u64, u64);

    /// The account or workspace the file is from, as far as it says: what the profile is called by default.
    fn source(&self) -> String;

    /// The bytes of an attachment that the file holds; nothing when the file only names it.
    ///
    /// # Errors
    /// When the file says it has it and does not, or it breaks a limit.
    fn attachment(&mut self, attachment: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError>;

    /// What the file holds that is no message and is not imported, counted. Known from the opening on.
    fn left_out(&self) -> Vec<LeftOut> {
        Vec::new()
    }
}

/// Something in a file that is no message: settings, logs, indexes. It is no item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// One item of a file.
#[derive(Debug)]
pub enum Item {
    /// Something that happened.
    Event(Box<Event>),
    /// Something that cannot be taken.
    Refused(Refused),
}

/// An item that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it stands: file in the archive, line or index.
    pub place: String,
    /// Why, and what to do about it. No text of the item.
    pub reason: String,
}

/// A file that cannot be imported, or not any further.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("cannot read {name}: {error}")]
    Read {
        /// The file, or the part of it.
        name: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is not what it is said to be.
    #[error("this is not {expected}: {found}")]
    Form {
        /// What was expected.
        expected: &'static str,
        /// What is there instead, and what to do.
        found: String,
    },
    /// It would cost too much.
    #[error("{0}")]
    Limit(String),
}

/// An entry of an archive as the bytes of an attachment, unless it is larger than allowed.
fn entry_as_attachment(archive: &Archive, id: EntryId, limits: Limits) -> Result<Box<dyn Read + Send + 'static>, ImportError> {
    if archive.unpacked_bytes(id) > limits.attachment_bytes_max {
        return Err(ImportError::Limit(format!(
            "it is larger than {} bytes, the most that an attachment may have",
            limits.attachment_bytes_max
        )));
    }
    let reader = archive.read(id).map_err(|error| ImportError::Read { name: archive.name(id).to_owned(), error })?;
    Ok(Box::new(reader))
}

/// What a profile is called by default: the file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "import".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Whether a name ends in a dot and one of these endings, in whatever case.
fn has_ending(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| endings.iter().any(|ending| last.eq_ignore_ascii_case(ending)))
}
