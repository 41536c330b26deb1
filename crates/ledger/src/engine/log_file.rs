//! `log.toml`: what the log is called, who signs it, who holds the escrow, and the format's version.
//!
//! Invariant: nothing secret stands here; whoever verifies the log needs this file's public keys from a
//! place they trust.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::io::{Disk, read_file, write_file};
use crate::note::VerifierKey;
use crate::store::StoreError;

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
        // The version first: a newer format may have fields that are refused below.
        let version: Version = toml::from_str(&text).map_err(|error| io(std::io::Error::other(error)))?;
        if version.format != FORMAT {
            return Err(StoreError::Format(version.format));
        }
        toml::from_str(&text).map_err(|error| io(std::io::Error::other(error)))
    }

    /// Writes the file.
    pub fn write(&self, disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
        let path = root.join(NAME);
        let io = |source| StoreError::Io { doing: "write", path: path.clone(), source };
        let text = toml::to_string(self).map_err(|error| io(std::io::Error::other(error)))?;
        write_file(disk, &path, text.as_bytes()).map_err(io)
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
