//! Bluesky's own personal data server and directory of identities (npm: `@atproto/dev-env`), without the part that makes feeds and
//! notifications of all servers' data: whoever needs answers of that names an address that gives them.
//!
//! Starting takes about ten seconds and 400 MB. The directory survives a kill of the server, and the server's data too.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
};

use super::{PeerError, START_MAX, installed, node24};
use crate::{ports, process::Process};

/// What the server signs its sessions with; a test makes expired ones with it.
pub const SESSION_SECRET: &str = "jwt-secret";

/// Any 32 bytes below the curve's order: the server's right to change the identities it made.
const ROTATION_KEY: &str = "4f2a1c9e8d7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a19";

/// A running server with its directory; the server's files go with it.
pub struct Bluesky {
    home: PathBuf,
    node: PathBuf,
    folder: tempfile::TempDir,
    app_view: String,
    directory_port: u16,
    port: u16,
    _directory: Process,
    server: Option<Process>,
}

impl Bluesky {
    /// Starts both. Questions about feeds and notifications are passed on to `app_view`.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(app_view: &str) -> Result<Self, PeerError> {
        installed("the Bluesky server", "node/bluesky/node_modules/@atproto/dev-env")?;
        let home = installed("the Bluesky server", "node/bluesky")?;
        let (node, folder) = (node24()?, tempfile::tempdir()?);
        let (directory_port, port) = (ports::free()?, ports::free()?);
        let mut command = command(&node, &home, folder.path());
        let mut directory = Process::start(command.env("ROLE", "directory").env("PORT", directory_port.to_string()))?;
        directory.line_with("ready", START_MAX)?;
        let app_view = app_view.to_owned();
        let mut both = Self { home, node, folder, app_view, directory_port, port, _directory: directory, server: None };
        both.resume()?;
        Ok(both)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The directory's address.
    #[must_use]
    pub fn directory_url(&self) -> String {
        format!("http://localhost:{}", self.directory_port)
    }

    /// Kills the server, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<(), PeerError> {
        self.server.take().map_or(Ok(()), |server| server.kill().map(drop))?;
        Ok(())
    }

    /// Starts the server again after [`Bluesky::kill`], with its data, at the same address.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> Result<(), PeerError> {
        let data = self.folder.path().join("server");
        std::fs::create_dir_all(&data)?;
        let mut command = command(&self.node, &self.home, self.folder.path());
        command
            .env("ROLE", "server")
            .env("PORT", self.port.to_string())
            .env("DIRECTORY_URL", self.directory_url())
            .env("FOLDER", data)
            .env("ROTATION_KEY", ROTATION_KEY)
            .env("APPVIEW_URL", &self.app_view);
        let mut server = Process::start(&mut command)?;
        server.line_with("ready", START_MAX)?;
        self.server = Some(server);
        Ok(())
    }
}

fn command(node: &PathBuf, home: &PathBuf, temporary: &std::path::Path) -> Command {
    let mut command = Command::new(node);
    command.args(["--input-type=module", "--eval", include_str!("bluesky.mjs")]);
    command.current_dir(home).env("TMPDIR", temporary);
    command
}
