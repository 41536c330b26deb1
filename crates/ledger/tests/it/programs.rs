//! Other people's programs: where they are and what they said.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate lies in the repository")
}

/// A script or program under `scripts/peers`.
pub fn peer(name: &str) -> PathBuf {
    repository().join("scripts/peers").join(name)
}

/// Where `scripts/bootstrap.sh` keeps what is costly to get.
fn cache() -> PathBuf {
    std::env::var_os("GATEPOST_CACHE")
        .map_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache/gatepost"), PathBuf::from)
}

/// The Python that has pymerkle.
pub fn proofs_python() -> PathBuf {
    let python = cache().join("python/proofs/bin/python");
    assert!(python.exists(), "pymerkle is not installed: run scripts/bootstrap.sh, which makes {}", python.display());
    python
}

/// A loopback port that nobody listens on now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Runs a program to its end.
pub fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Output {
    let program = program.as_ref();
    Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!(
            "{} cannot be started ({error}): run scripts/bootstrap.sh, or apt-get install openssl python3 busybox \
             golang-go golang-golang-x-mod-dev",
            program.display()
        )
    })
}

/// What it printed, when it ended well.
pub fn accepted(output: &Output) -> String {
    assert!(
        output.status.success(),
        "refused or failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// That it refused: exit code 1, neither success nor a missing peer.
pub fn refused(output: &Output, what: &str) {
    assert_eq!(
        output.status.code(),
        Some(1),
        "not refused: {what}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Flips one bit of the byte at `position` of a file, and back when dropped.
pub struct Flipped {
    file: PathBuf,
    honest: Vec<u8>,
}

impl Flipped {
    pub fn at(file: &Path, position: usize) -> Self {
        let honest = std::fs::read(file).expect("the file is there");
        let mut bytes = honest.clone();
        bytes[position] ^= 1;
        std::fs::write(file, bytes).expect("the file can be written");
        Self { file: file.to_owned(), honest }
    }
}

impl Drop for Flipped {
    fn drop(&mut self) {
        std::fs::write(&self.file, &self.honest).expect("the file can be written");
    }
}
