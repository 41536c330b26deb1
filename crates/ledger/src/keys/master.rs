//! The master key: wraps each generation's key; from a file, the environment, or a command (a KMS).
//!
//! Invariant: a key file that others can read is refused. The master key never encrypts anything but
//! generation keys.

use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::context::Entropy;
use crate::keys::secret::Secret;

/// Longest answer accepted from a wrapping command.
const WRAPPED_BYTES_MAX: usize = 64 * 1024;
const DERIVE_LABEL: &[u8] = b"gatepost ledger master key v1";
const LABEL: &[u8] = b"gatepost ledger generation key v1";

/// Why the master key could not be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// The file could not be read or written.
    #[error("master key file {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The file can be read by others.
    #[error("master key file {0} can be read by others: run `chmod 600` on it")]
    Permissions(PathBuf),
    /// Not 64 hexadecimal digits.
    #[error("master key in {0} is not 64 hexadecimal digits")]
    Malformed(String),
    /// The wrapped key does not open.
    #[error("master key does not open this keystore: it is another key, or the keystore was altered")]
    Wrong,
    /// The command failed.
    #[error("key command `{command}` failed: {reason}")]
    Command {
        /// The program.
        command: String,
        /// What it said.
        reason: String,
    },
}

/// Wraps and unwraps generation keys.
pub trait MasterKey: Send + Sync {
    /// Wraps a generation key.
    fn wrap(&self, entropy: &dyn Entropy, generation: u64, key: &Secret) -> Result<Vec<u8>, MasterError>;
    /// Opens a wrapped generation key.
    fn unwrap(&self, generation: u64, wrapped: &[u8]) -> Result<Secret, MasterError>;
}

/// A master key held in memory: from a file or the environment.
pub struct LocalMasterKey(Secret);

impl LocalMasterKey {
    /// Uses these bytes.
    pub fn new(key: Secret) -> Self {
        Self(key)
    }

    /// Derives the ledger's master key from a program's own, so that there is one key to look after.
    pub fn derive(own: &[u8; 32]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(own)
            .expand(&[DERIVE_LABEL], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key[..]))
            .expect("32 bytes are within HKDF's limit");
        Self(Secret::new(*key))
    }

    /// Reads 64 hexadecimal digits, as in an environment variable named `origin`.
    pub fn from_hex(text: &str, origin: &str) -> Result<Self, MasterError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut bytes[..]).map_err(|_| MasterError::Malformed(origin.to_owned()))?;
        Ok(Self(Secret::new(*bytes)))
    }

    /// Reads a key file, which must be readable by its owner only.
    pub fn from_file(path: &Path) -> Result<Self, MasterError> {
        let fail = |source| MasterError::File { path: path.to_owned(), source };
        let mode = std::fs::metadata(path).map_err(fail)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(MasterError::Permissions(path.to_owned()));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(fail)?);
        Self::from_hex(&text, &path.display().to_string())
    }

    /// Writes a fresh key to a new file with mode 0600 and uses it; refuses to replace a file.
    pub fn create_file(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterError> {
        let fail = |source| MasterError::File { path: path.to_owned(), source };
        let key = Secret::random(entropy);
        let text = Zeroizing::new(hex::encode(key.expose()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(fail)?;
        }
        Ok(Self(key))
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.0.expose()).expect("the key has 32 bytes"))
    }
}

impl fmt::Debug for LocalMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalMasterKey(…)")
    }
}

impl MasterKey for LocalMasterKey {
    fn wrap(&self, entropy: &dyn Entropy, generation: u64, key: &Secret) -> Result<Vec<u8>, MasterError> {
        let mut nonce = [0; 12];
        entropy.fill(&mut nonce);
        let mut text = Zeroizing::new(key.expose().to_vec());
        let aad = Aad::from([LABEL, &generation.to_be_bytes()].concat());
        self.cipher()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *text)
            .expect("a key is far below the cipher's limit");
        Ok([&nonce[..], &text].concat())
    }

    fn unwrap(&self, generation: u64, wrapped: &[u8]) -> Result<Secret, MasterError> {
        let (nonce, text) = wrapped.split_first_chunk::<12>().ok_or(MasterError::Wrong)?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from([LABEL, &generation.to_be_bytes()].concat());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.cipher().open_in_place(nonce, aad, &mut text).map_err(|_| MasterError::Wrong)?;
        Ok(Secret::new((&*plain).try_into().map_err(|_| MasterError::Wrong)?))
    }
}

/// A program that wraps and unwraps: called with `wrap` or `unwrap` as last argument, reads hexadecimal
/// from its standard input and writes hexadecimal to its standard output. For a KMS or an HSM.
#[derive(Debug, Clone)]
pub struct CommandMasterKey {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before the verb.
    pub arguments: Vec<String>,
}

impl CommandMasterKey {
    fn call(&self, verb: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, MasterError> {
        let fail = |reason: String| MasterError::Command { command: self.program.display().to_string(), reason };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| fail(error.to_string()))?;
        let text = Zeroizing::new(hex::encode(input));
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(text.as_bytes()).map_err(|error| fail(error.to_string()))?;
        }
        let output = child.wait_with_output().map_err(|error| fail(error.to_string()))?;
        if !output.status.success() || output.stdout.len() > WRAPPED_BYTES_MAX {
            return Err(fail(format!("it ended with {}", output.status)));
        }
        let answer = Zeroizing::new(output.stdout);
        let digits = answer.trim_ascii();
        hex::decode(digits).map(Zeroizing::new).map_err(|_| fail("its answer is not hexadecimal".to_owned()))
    }
}

impl MasterKey for CommandMasterKey {
    fn wrap(&self, _: &dyn Entropy, _: u64, key: &Secret) -> Result<Vec<u8>, MasterError> {
        Ok(self.call("wrap", key.expose())?.to_vec())
    }

    fn unwrap(&self, _: u64, wrapped: &[u8]) -> Result<Secret, MasterError> {
        let key = self.call("unwrap", wrapped)?;
        Ok(Secret::new(key.as_slice().try_into().map_err(|_| MasterError::Wrong)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemEntropy;

    #[test]
    fn a_wrapped_key_opens_only_with_its_master_and_generation() {
        let entropy = SystemEntropy::default();
        let (master, other) = (LocalMasterKey::new(Secret::new([1; 32])), LocalMasterKey::new(Secret::new([2; 32])));
        let wrapped = master.wrap(&entropy, 7, &Secret::new([3; 32])).expect("wraps");
        assert_eq!(master.unwrap(7, &wrapped).expect("opens"), Secret::new([3; 32]));
        assert!(matches!(master.unwrap(8, &wrapped), Err(MasterError::Wrong)));
        assert!(matches!(other.unwrap(7, &wrapped), Err(MasterError::Wrong)));
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("master.key");
        LocalMasterKey::create_file(&path, &SystemEntropy::default()).expect("created");
        assert!(LocalMasterKey::from_file(&path).is_ok());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(matches!(LocalMasterKey::from_file(&path), Err(MasterError::Permissions(_))));
        assert!(LocalMasterKey::create_file(&path, &SystemEntropy::default()).is_err(), "never replaces a key");
    }

    #[test]
    fn a_command_can_stand_in_for_a_master_key() {
        // `cat` ignoring its arguments is the identity: enough to show the calling convention.
        let program = PathBuf::from("/bin/sh");
        let key = CommandMasterKey { program, arguments: vec!["-c".into(), "cat".into(), "sh".into()] };
        let wrapped = key.wrap(&SystemEntropy::default(), 1, &Secret::new([9; 32])).expect("wraps");
        assert_eq!(key.unwrap(1, &wrapped).expect("opens"), Secret::new([9; 32]));
        let failing = CommandMasterKey { program: "/bin/false".into(), arguments: vec![] };
        assert!(matches!(failing.unwrap(1, &wrapped), Err(MasterError::Command { .. })));
    }
}
