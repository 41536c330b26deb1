//! Real servers that others wrote, started for one test each: what the connectors of `networks` are tested against.
//!
//! They are installed by `scripts/bootstrap.sh test` below `$GATEPOST_CACHE`; one that is missing is an error that says so, never a
//! test that quietly passes. Invariant: a server listens on loopback only, keeps its files in a folder of its own, and ends with its
//! value (its process is killed by its id and reaped).

pub mod bluesky;
pub mod bluesky_people;
pub mod mail;
pub mod slack;
pub mod snac;
pub mod synapse;
pub mod synapse_people;

use std::{io, path::PathBuf, time::Duration};

use crate::process::ProcessError;

/// The longest start that is waited for: seconds on a free machine, and this only stops a test that hangs.
pub const START_MAX: Duration = Duration::from_mins(2);

/// Why a server could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It is not installed.
    #[error("{what} is not installed in {folder}: run scripts/bootstrap.sh test")]
    NotInstalled {
        /// The server.
        what: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// It did not start.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Its folder could not be made, or no port is free.
    #[error("failed to make room for a server: {0}")]
    Io(#[from] io::Error),
}

/// The folder that installs go to: `$GATEPOST_CACHE`, or what scripts/common.sh takes when it is not set.
#[must_use]
pub fn cache() -> PathBuf {
    let chosen = std::env::var_os("GATEPOST_CACHE").filter(|value| !value.is_empty()).map(PathBuf::from);
    chosen.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/gatepost"))
}

/// Something below the cache, when it is there.
fn installed(what: &'static str, path: &str) -> Result<PathBuf, PeerError> {
    let folder = cache().join(path);
    if folder.exists() { Ok(folder) } else { Err(PeerError::NotInstalled { what, folder }) }
}

/// The Node.js that runs servers from npm.
///
/// # Errors
/// When it is not installed.
pub fn node24() -> Result<PathBuf, PeerError> {
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    installed("Node.js 24", &format!("node/node24/node_modules/node-linux-{machine}/bin/node"))
}
