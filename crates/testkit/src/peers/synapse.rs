//! Synapse, the Matrix homeserver (PyPI `matrix-synapse`), with SQLite in a folder of its own and no federation.
//!
//! It can be stopped without warning and started again on the same data and port.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{PeerError, START_MAX, installed};
use crate::ports;
use crate::process::Process;

/// With this secret anybody can make users: `/_synapse/admin/v1/register`.
pub const REGISTRATION_SECRET: &str = "only-for-tests";

/// A homeserver, running or stopped.
#[derive(Debug)]
pub struct Synapse {
    folder: TempDir,
    address: SocketAddr,
    process: Option<Process>,
}

impl Synapse {
    /// Starts one. `more` is appended to its configuration (YAML); a registration of an application service, when there is one, is
    /// put beside it.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(more: &str, application_service: Option<&str>) -> Result<Self, PeerError> {
        let folder = tempfile::tempdir()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        if let Some(registration) = application_service {
            std::fs::write(folder.path().join("appservice.yaml"), registration)?;
        }
        // A key of the documented form: it signs events of a server that nobody federates with.
        std::fs::write(folder.path().join("signing.key"), "ed25519 a_test MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n")?;
        std::fs::write(folder.path().join("log.yaml"), LOG)?;
        let configuration = configuration(folder.path(), address.port(), application_service.is_some(), more);
        std::fs::write(folder.path().join("homeserver.yaml"), configuration)?;
        let mut server = Self { folder, address, process: None };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it on the data that it left.
    ///
    /// # Errors
    /// As [`Synapse::start`].
    pub fn start_again(&mut self) -> Result<(), PeerError> {
        let python = installed("Synapse", "python/synapse/bin/python")?;
        let mut command = Command::new(python);
        command
            .args(["-m", "synapse.app.homeserver", "--config-path"])
            .arg(self.folder.path().join("homeserver.yaml"))
            .current_dir(self.folder.path());
        let mut process = Process::start(&mut command)?;
        process.answers(self.address, "/health", START_MAX)?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it without warning.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn stop(&mut self) -> Result<(), PeerError> {
        match self.process.take() {
            Some(process) => Ok(process.kill().map(drop)?),
            None => Ok(()),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it printed since it was started last.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.as_ref().map(Process::said).unwrap_or_default()
    }
}

/// Warnings only, to the pipe that the test reads when something fails.
const LOG: &str = "version: 1
formatters: {short: {format: '%(levelname)s %(name)s %(message)s'}}
handlers: {pipe: {class: logging.StreamHandler, formatter: short}}
root: {level: WARNING, handlers: [pipe]}
";

/// Limits of rate that no test reaches, and as little hashing as is allowed.
fn configuration(folder: &Path, port: u16, has_service: bool, more: &str) -> String {
    let folder = folder.display();
    let mut text = format!(
        "server_name: localhost
report_stats: false
pid_file: {folder}/pid
log_config: {folder}/log.yaml
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
database: {{name: sqlite3, args: {{database: {folder}/data.db}}}}
listeners:
  - {{port: {port}, bind_addresses: ['127.0.0.1'], type: http, tls: false, resources: [{{names: [client], compress: false}}]}}
registration_shared_secret: {REGISTRATION_SECRET}
macaroon_secret_key: only-for-tests
form_secret: only-for-tests
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
bcrypt_rounds: 4
"
    );
    for limit in ["rc_message", "rc_registration", "rc_admin_redaction", "rc_joins_per_room"] {
        let _written = writeln!(text, "{limit}: {{per_second: 1000, burst_count: 10000}}");
    }
    text.push_str(
        "rc_login: {address: {per_second: 1000, burst_count: 10000}, account: {per_second: 1000, burst_count: 10000}}\n",
    );
    text.push_str("rc_joins: {local: {per_second: 1000, burst_count: 10000}, remote: {per_second: 1000, burst_count: 10000}}\n");
    text.push_str(
        "rc_invites: {per_room: {per_second: 1000, burst_count: 10000}, per_user: {per_second: 1000, burst_count: 10000}}\n",
    );
    if has_service {
        let _written = writeln!(text, "app_service_config_files: ['{folder}/appservice.yaml']");
    }
    text.push_str(more);
    text
}
