//! Bluesky's own personal data server, its directory of identities and, when asked for, the service behind feeds, threads and
//! notifications (npm: `@atproto/dev-env`). Without that service, whoever needs its answers names an address that gives them.
//!
//! The service keeps its data in the tests' PostgreSQL, in a database of its own. Redis and the moderation service, which the package's
//! own network starts too, are left out: nothing here asks for them. Starting takes about ten seconds and 400 MB, with the service
//! three seconds and 200 MB more. The directory survives a kill of the server, and the server's data too.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
};

use super::{PeerError, START_MAX, installed, node24};
use crate::{ports, postgres::Database, process::Process};

/// What the server signs its sessions with; a test makes expired ones with it.
pub const SESSION_SECRET: &str = "jwt-secret";

/// Any 32 bytes below the curve's order: the server's right to change the identities it made.
const ROTATION_KEY: &str = "4f2a1c9e8d7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a19";

/// A running server with its directory; the server's files go with it.
pub struct Bluesky {
    server: Option<Process>,
    feeds: Feeds,
    _directory: Process,
    directory_port: u16,
    port: u16,
    elsewhere: String,
    programs: Programs,
}

/// What answers questions about feeds, threads and notifications.
struct Feeds {
    url: String,
    id: String,
    /// The service, when it is the real one, with its data.
    _service: Option<(Process, Database)>,
}

/// How the servers are run.
struct Programs {
    node: PathBuf,
    home: PathBuf,
    folder: tempfile::TempDir,
}

impl Programs {
    fn find() -> Result<Self, PeerError> {
        installed("the Bluesky server", "node/bluesky/node_modules/@atproto/dev-env")?;
        Ok(Self { node: node24()?, home: installed("the Bluesky server", "node/bluesky")?, folder: tempfile::tempdir()? })
    }

    /// Starts one of the servers and answers with what it says of itself once it is ready.
    fn start(&self, role: &str, port: u16, settings: &[(&str, &str)]) -> Result<(Process, String), PeerError> {
        let mut command = Command::new(&self.node);
        command.args(["--input-type=module", "--eval", include_str!("bluesky.mjs")]);
        command.current_dir(&self.home).env("TMPDIR", self.folder.path());
        command.env("ROLE", role).env("PORT", port.to_string()).envs(settings.iter().copied());
        let mut process = Process::start(&mut command)?;
        let line = process.line_with("serving", START_MAX)?;
        Ok((process, line.trim_start_matches("serving").trim().to_owned()))
    }
}

impl Bluesky {
    /// Starts server and directory. Questions about feeds and notifications are passed on to `app_view`.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(app_view: &str) -> Result<Self, PeerError> {
        Self::start_where(app_view, "", "")
    }

    /// The same; what is below the origin `named` it asks the origin `really` for.
    ///
    /// # Errors
    /// As [`Bluesky::start`].
    pub fn start_where(app_view: &str, named: &str, really: &str) -> Result<Self, PeerError> {
        let url = app_view.to_owned();
        let elsewhere = format!("{named} {really}").trim().to_owned();
        Self::start_with(elsewhere, |_, _, _| Ok(Feeds { url, id: "did:web:appview.test".to_owned(), _service: None }))
    }

    /// Starts server, directory and the service behind feeds and notifications, which follows the server.
    ///
    /// # Errors
    /// When one of them is not installed or does not start.
    pub fn with_feeds() -> Result<Self, PeerError> {
        Self::start_with(String::new(), |programs, directory_url, server_port| {
            let database = Database::create().map_err(|error| std::io::Error::other(error.to_string()))?;
            let port = ports::free()?;
            let settings =
                [("DIRECTORY_URL", directory_url), ("SERVER_PORT", &server_port.to_string()), ("DATABASE_URL", database.url())];
            let (process, id) = programs.start("feeds", port, &settings)?;
            Ok(Feeds { url: format!("http://localhost:{port}"), id, _service: Some((process, database)) })
        })
    }

    fn start_with(
        elsewhere: String,
        feeds: impl FnOnce(&Programs, &str, u16) -> Result<Feeds, PeerError>,
    ) -> Result<Self, PeerError> {
        let (programs, directory_port, port) = (Programs::find()?, ports::free()?, ports::free()?);
        let (directory, _) = programs.start("directory", directory_port, &[])?;
        let feeds = feeds(&programs, &format!("http://localhost:{directory_port}"), port)?;
        let mut all = Self { server: None, feeds, _directory: directory, directory_port, port, elsewhere, programs };
        all.resume()?;
        Ok(all)
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
        let data = self.programs.folder.path().join("server");
        std::fs::create_dir_all(&data)?;
        let settings = [
            ("DIRECTORY_URL", self.directory_url()),
            ("FOLDER", data.display().to_string()),
            ("ROTATION_KEY", ROTATION_KEY.to_owned()),
            ("FEEDS_URL", self.feeds.url.clone()),
            ("FEEDS_ID", self.feeds.id.clone()),
            ("ELSEWHERE", self.elsewhere.clone()),
        ];
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.server = Some(self.programs.start("server", self.port, &settings)?.0);
        Ok(())
    }
}
