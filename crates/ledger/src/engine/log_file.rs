//! `log.toml`: what the log is called, who signs it, who holds the escrow, and the format's version. A log in a database has the same
//! text there, so that every machine reads the same one.
//!
//! Invariant: nothing secret stands here; whoever verifies the log needs this file's public keys from a
//! place they trust.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::io::{Disk, read_file, write_file};
use crate::note::VerifierKey;
use crate::store::{Description, Store, StoreError};

/// The one format so far.
pub const FORMAT: u32 = 1;
const NAME: &str = "log.toml";
/// Longest file read: a hundred keys and recipients.
const BYTES_MAX: u64 = 64 * 1024;

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    /// Version of the data folder's format.
    pub format: u32,
    /// The log's name in checkpoints.
    pub origin: String,
    /// age recipients that each keystore generation's key is sealed to.
    #[serde(default)]
    pub escrow: Vec<String>,
    /// Verifier keys in the order of their use.
    pub keys: Vec<SigningKey>,
}

/// A verifier key and from which size on it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// Size of the log when it came into use.
    pub from_size: u64,
    /// The key as C2SP writes it.
    pub key: String,
}

impl LogFile {
    /// Reads the file in the ledger's folder.
    pub fn read(disk: &dyn Disk, root: &Path) -> Result<Self, StoreError> {
        let path = root.join(NAME);
        let io = |source| StoreError::Io { doing: "read", path: path.clone(), source };
        if !disk.exists(&path).map_err(io)? {
            return Err(StoreError::Missing(root.to_owned()));
        }
        let bytes = read_file(disk, &path, BYTES_MAX).map_err(io)?;
        let text = String::from_utf8(bytes).map_err(|error| io(std::io::Error::other(error)))?;
        Self::parse(&text, &path)
    }

    /// Reads it from where the log lies: the store when it keeps one, else the ledger's folder.
    pub fn load(store: &dyn Store, disk: &dyn Disk, root: &Path) -> Result<Self, StoreError> {
        match store.description()? {
            Description::Here(text) => Self::parse(&text, Path::new("the ledger's database")),
            Description::NotYet => Err(StoreError::Missing("the ledger's database".into())),
            Description::InFolder => Self::read(disk, root),
        }
    }

    /// Writes it to where the log lies.
    pub fn save(&self, store: &dyn Store, disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
        match store.description()? {
            Description::InFolder => self.write(disk, root),
            Description::Here(_) | Description::NotYet => store.put_description(&self.to_text(root)?),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { doing: "read", path: path.to_owned(), source };
        // The version first: a newer format may have fields that are refused below.
        let version: Version = toml::from_str(text).map_err(|error| io(std::io::Error::other(error)))?;
        if version.format != FORMAT {
            return Err(StoreError::Format(version.format));
        }
        toml::from_str(text).map_err(|error| io(std::io::Error::other(error)))
    }

    fn to_text(&self, path: &Path) -> Result<String, StoreError> {
        let io = |error| StoreError::Io { doing: "write", path: path.to_owned(), source: std::io::Error::other(error) };
        toml::to_string(self).map_err(io)
    }

    /// Writes the file.
    pub fn write(&self, disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
        let path = root.join(NAME);
        let io = |source| StoreError::Io { doing: "write", path: path.clone(), source };
        write_file(disk, &path, self.to_text(&path)?.as_bytes()).map_err(io)
    }

    /// The verifier keys.
    pub fn verifiers(&self) -> Result<Vec<VerifierKey>, crate::note::NoteError> {
        self.keys.iter().map(|key| key.key.parse()).collect()
    }
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}
