//! A real SMTP server (PyPI `aiosmtpd`) that takes the desk's mail and lets tests read it.
//!
//! It can refuse at first, lose its answer after it took a letter, demand a user, and speak STARTTLS with a certificate of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use desk::mail::{Security, Server};
use tempfile::TempDir;

use super::{PeerError, START_MAX, installed};
use crate::ports;
use crate::process::Process;

/// The user that a sink which demands one knows.
pub const USER: &str = "desk";
/// Their password.
pub const PASSWORD: &str = "only-for-tests";
/// The sender of test desks.
pub const FROM: &str = "Example Desk <desk@example.test>";

/// How a sink behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// STARTTLS and a user are demanded.
    pub guarded: bool,
    /// So many letters are refused for the moment.
    pub refuse: u32,
    /// So many letters are taken without an answer.
    pub lose: u32,
}

/// A letter as it arrived.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Arrived {
    /// The receivers that were named to the server.
    pub to: Vec<String>,
    /// Head and body as they came.
    pub text: String,
    /// Whether it came through TLS.
    pub safe: bool,
    /// Who had signed in.
    pub user: Option<String>,
}

impl Arrived {
    /// A field of the head.
    pub fn field(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    }

    /// The text with quoted-printable undone, as far as our own letters use it.
    pub fn body(&self) -> String {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body).replace("=\r\n", "").replace("=3D", "=");
        body.replace("=E2=80=9C", "“").replace("=E2=80=9D", "”")
    }
}

/// The running server.
#[derive(Debug)]
pub struct MailSink {
    folder: TempDir,
    address: SocketAddr,
    behaviour: Behaviour,
    _process: Process,
}

impl MailSink {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(behaviour: Behaviour) -> Result<Self, PeerError> {
        let python = installed("the mail sink", "python/mail/bin/python")?;
        let folder = tempfile::tempdir()?;
        let letters = folder.path().join("letters");
        std::fs::create_dir(&letters)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        let mut command = Command::new(python);
        command
            .args(["-c", include_str!("mail.py")])
            .arg(address.port().to_string())
            .arg(&letters)
            .env("REFUSE", behaviour.refuse.to_string())
            .env("LOSE", behaviour.lose.to_string());
        if behaviour.guarded {
            certificate(folder.path())?;
            command
                .env("CERTIFICATE", folder.path().join("certificate.pem"))
                .env("KEY", folder.path().join("key.pem"))
                .env("USER_AND_PASSWORD", format!("{USER}:{PASSWORD}"));
        }
        let mut process = Process::start(&mut command)?;
        process.line_with("the mail sink is ready", START_MAX)?;
        Ok(Self { folder, address, behaviour, _process: process })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The PEM file of its certificate, when it has one.
    #[must_use]
    pub fn certificate(&self) -> std::path::PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// The server as a desk is told about it.
    ///
    /// # Panics
    /// When the certificate just made cannot be read.
    #[must_use]
    pub fn server(&self) -> Server {
        let security = if self.behaviour.guarded { Security::StartTls } else { Security::None };
        let server = Server::new("localhost", self.address.port(), security, FROM).expect("a server on this machine");
        if !self.behaviour.guarded {
            return server;
        }
        let pem = std::fs::read(self.certificate()).expect("the certificate was made");
        server.with_user(USER, PASSWORD).with_roots(&pem).expect("a certificate")
    }

    /// What arrived, oldest first.
    ///
    /// # Panics
    /// When a letter cannot be read.
    #[must_use]
    pub fn letters(&self) -> Vec<Arrived> {
        let mut paths: Vec<_> = std::fs::read_dir(self.folder.path().join("letters"))
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| serde_json::from_slice(&std::fs::read(path).expect("a letter")).expect("the sink writes JSON"))
            .collect()
    }
}

/// A certificate for `localhost` that vouches for itself.
fn certificate(folder: &Path) -> Result<(), PeerError> {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if made.success() { Ok(()) } else { Err(std::io::Error::other("openssl is needed: apt-get install openssl").into()) }
}
