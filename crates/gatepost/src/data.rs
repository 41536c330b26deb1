//! The data folder: what lies where, who may read it, and the master key.
//!
//! Invariant: the folder and the key file are readable by their owner only, and one server at a time works in a folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use desk::sealed::MASTER_KEY_LEN;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::Config;

/// The environment variable that holds the master key itself.
pub(crate) const MASTER_KEY_VARIABLE: &str = "GATEPOST_MASTER_KEY";
/// Bytes of a key file or a key command's answer at most: 64 digits and a line end, with room for a stray space.
const KEY_TEXT_MAX: u64 = 256;

/// A data folder.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// What is wrong with a data folder.
#[derive(Debug, Error)]
pub(crate) enum DataError {
    #[error("there is no data folder at {0}; run `gatepost init --data {0} --owner EMAIL` first")]
    Missing(PathBuf),
    #[error("cannot use {path} as the data folder: {reason}")]
    Unusable { path: PathBuf, reason: String },
    #[error("another gatepost server works in {0}; stop it first, or use another data folder")]
    InUse(PathBuf),
    #[error("cannot read the master key from {place}: {reason}")]
    Key { place: String, reason: String },
    #[error(
        "the master key {0} is missing although the database exists; restore it from your backup: without it, stored secrets cannot be read"
    )]
    KeyLost(PathBuf),
}

/// The lock of a running server; released when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ServerLock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl DataFolder {
    /// An existing folder.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { path: path.to_owned() }),
            Ok(_) => Err(DataError::Unusable { path: path.to_owned(), reason: "it is a file, not a folder".to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(DataError::Missing(path.to_owned())),
            Err(error) => Err(DataError::Unusable { path: path.to_owned(), reason: error.to_string() }),
        }
    }

    /// An existing folder, or a new one that only its owner can read.
    pub(crate) fn open_or_create(path: &Path) -> Result<Self, DataError> {
        match Self::open(path) {
            Err(DataError::Missing(_)) => {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(path)
                    .map_err(|error| DataError::Unusable { path: path.to_owned(), reason: error.to_string() })?;
                Self::open(path)
            }
            other => other,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("gatepost.db")
    }

    /// Makes sure that no other server works here.
    pub(crate) fn lock(&self) -> Result<ServerLock, DataError> {
        let path = self.path.join("server.lock");
        let unusable = |error: std::io::Error| DataError::Unusable { path: path.clone(), reason: error.to_string() };
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(ServerLock(file)),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(self.path.clone())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Where the master key comes from, in words, without reading it.
    pub(crate) fn key_place(&self, config: &Config) -> String {
        if std::env::var_os(MASTER_KEY_VARIABLE).is_some() {
            format!("the environment variable {MASTER_KEY_VARIABLE}")
        } else if config.master_key_command.is_empty() {
            self.key_file(config).display().to_string()
        } else {
            "keys.master_command".to_owned()
        }
    }

    fn key_file(&self, config: &Config) -> PathBuf {
        if config.master_key_file.is_empty() { self.path.join("master.key") } else { PathBuf::from(&config.master_key_file) }
    }

    /// The key file's path when the key comes from a file in the data folder: what a backup must not forget.
    pub(crate) fn own_key_file(&self, config: &Config) -> Option<PathBuf> {
        let own = std::env::var_os(MASTER_KEY_VARIABLE).is_none()
            && config.master_key_command.is_empty()
            && config.master_key_file.is_empty();
        own.then(|| self.key_file(config))
    }

    /// Reads the master key; makes one when there is none and there is no database yet.
    pub(crate) fn master_key(&self, config: &Config) -> Result<Zeroizing<[u8; MASTER_KEY_LEN]>, DataError> {
        if let Ok(text) = std::env::var(MASTER_KEY_VARIABLE) {
            return parse_key(&Zeroizing::new(text), MASTER_KEY_VARIABLE);
        }
        if !config.master_key_command.is_empty() {
            return key_from_command(&config.master_key_command);
        }
        let path = self.key_file(config);
        match File::open(&path) {
            Ok(file) => read_key_file(&path, file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.database().exists() || !config.database_url.is_empty() && !config.master_key_file.is_empty() {
                    return Err(DataError::KeyLost(path));
                }
                make_key_file(&path)
            }
            Err(error) => Err(DataError::Key { place: path.display().to_string(), reason: error.to_string() }),
        }
    }
}

fn read_key_file(path: &Path, file: File) -> Result<Zeroizing<[u8; MASTER_KEY_LEN]>, DataError> {
    let place = path.display().to_string();
    let failed = |reason: String| DataError::Key { place: place.clone(), reason };
    let mode = file.metadata().map_err(|error| failed(error.to_string()))?.mode();
    if mode & 0o077 != 0 {
        return Err(failed(format!("others than its owner can read it (mode {:o}); run `chmod 600 {place}`", mode & 0o777)));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_TEXT_MAX).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    parse_key(&text, &place)
}

fn make_key_file(path: &Path) -> Result<Zeroizing<[u8; MASTER_KEY_LEN]>, DataError> {
    let failed = |reason: String| DataError::Key { place: path.display().to_string(), reason };
    let mut key = Zeroizing::new([0; MASTER_KEY_LEN]);
    SystemRandom::new().fill(key.as_mut()).map_err(|_| failed("the operating system gave no random numbers".to_owned()))?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(key.as_ref())));
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| failed(error.to_string()))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(error.to_string()))?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(error.to_string()))?;
    }
    Ok(key)
}

fn key_from_command(command: &str) -> Result<Zeroizing<[u8; MASTER_KEY_LEN]>, DataError> {
    let failed = |reason: String| DataError::Key { place: "keys.master_command".to_owned(), reason };
    let output = Command::new("timeout")
        .args(["30", "sh", "-c", command])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("the command ended with {}", output.status)));
    }
    let text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).into_owned());
    parse_key(&text, "keys.master_command")
}

fn parse_key(text: &str, place: &str) -> Result<Zeroizing<[u8; MASTER_KEY_LEN]>, DataError> {
    let mut key = Zeroizing::new([0; MASTER_KEY_LEN]);
    hex::decode_to_slice(text.trim(), key.as_mut()).map_err(|_| DataError::Key {
        place: place.to_owned(),
        reason: format!("it has to be {} hexadecimal digits", MASTER_KEY_LEN * 2),
    })?;
    Ok(key)
}

/// Whether others than the owner can look into a folder.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{DataError, DataFolder};
    use crate::config::Config;

    #[test]
    fn a_key_is_made_once_and_never_made_again_beside_a_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(folder.path()).expect("opens");
        let config = Config::default();
        let key = data.master_key(&config).expect("a new key");
        assert_eq!(data.master_key(&config).expect("the same key"), key);
        std::fs::write(data.database(), b"").expect("a database");
        std::fs::remove_file(folder.path().join("master.key")).expect("the key is lost");
        assert!(matches!(data.master_key(&config), Err(DataError::KeyLost(_))));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(folder.path()).expect("opens");
        let config = Config::default();
        data.master_key(&config).expect("a new key");
        let path = folder.path().join("master.key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changes");
        let error = data.master_key(&config).expect_err("too open").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn two_servers_do_not_share_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(folder.path()).expect("opens");
        let first = data.lock().expect("free");
        assert!(matches!(data.lock(), Err(DataError::InUse(_))));
        drop(first);
        data.lock().expect("free again");
    }
}
