//! snac: a small ActivityPub server in C that speaks Mastodon's client API.
//!
//! It has no streaming, no `/api/v2/instance`, no edit history, takes no notice of `Idempotency-Key`, and delivers to its own people
//! after a second or two.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use super::{PeerError, START_MAX, installed};
use crate::{ports, process::Process};

/// It ends within a second when asked.
const END_MAX: Duration = Duration::from_secs(30);

/// A running server; its files go with it.
pub struct Snac {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
}

impl Snac {
    /// Starts one without people.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start() -> Result<Self, PeerError> {
        let program = installed("snac", "debian/snac2/usr/bin/snac")?;
        let mut server = Self { program, folder: tempfile::tempdir()?, port: ports::free()?, process: None };
        server.make()?;
        server.resume()?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its address, as it names itself.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Host and port, as handles carry them.
    #[must_use]
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Makes somebody's account and answers its password.
    ///
    /// # Errors
    /// When the server's program refuses.
    pub fn add(&self, name: &str) -> Result<String, PeerError> {
        let said = self.run(&["adduser"], &[name], "")?;
        let password = said.lines().find_map(|line| line.strip_prefix("User password is "));
        Ok(password.ok_or_else(|| std::io::Error::other(format!("snac told no password: {said}")))?.trim().to_owned())
    }

    /// What somebody does in a browser on a server at `base`: signs in on the server's own page, agrees, and is led back to the address in the answer.
    ///
    /// # Errors
    /// When the server's page has not what it should.
    pub async fn agree(base: &str, url: &str, name: &str, password: &str) -> Result<String, PeerError> {
        let failed = |what: String| PeerError::from(std::io::Error::other(what));
        let missing = |what: &str| failed(format!("snac's page has no {what}"));
        let client = networks::http::write_client();
        let page = client.get(url).send().await.map_err(|error| failed(error.to_string()))?;
        let page = page.text().await.map_err(|error| failed(error.to_string()))?;
        let value = |field: &str| {
            let at = page.find(&format!("name=\"{field}\" value=\""))?;
            page[at..].split('"').nth(3).map(str::to_owned)
        };
        let mut form = vec![("login", name.to_owned()), ("passwd", password.to_owned())];
        for field in ["redir", "cid", "state"] {
            form.push((field, value(field).ok_or_else(|| missing(field))?));
        }
        let answer = client.post(format!("{base}/oauth/x-snac-login")).form(&form).send().await;
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        let back = answer.headers().get("location").and_then(|value| value.to_str().ok());
        Ok(back.ok_or_else(|| missing("way back"))?.to_owned())
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<(), PeerError> {
        self.process.take().map_or(Ok(()), |process| process.kill().map(drop))?;
        Ok(())
    }

    /// Starts it again after [`Snac::kill`], at the same address.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> Result<(), PeerError> {
        let mut process = Process::start(Command::new(&self.program).arg("httpd").arg(self.data()))?;
        process.answers(self.address(), "/api/v1/instance", START_MAX)?;
        self.process = Some(process);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn make(&self) -> Result<(), PeerError> {
        // It asks for address, port, name, path and mail.
        let answers = format!("127.0.0.1\n{}\n{}\n\nadmin@example.test\n", self.port, self.host());
        self.run(&["init"], &[], &answers)?;
        let path = self.data().join("server.json");
        let settings = std::fs::read_to_string(&path)?.replace(r#""protocol": "https""#, r#""protocol": "http""#);
        std::fs::write(path, settings)?;
        Ok(())
    }

    fn run(&self, before: &[&str], after: &[&str], input: &str) -> Result<String, PeerError> {
        let mut command = Command::new(&self.program);
        command.args(before).arg(self.data()).args(after);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().expect("piped above").write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said) } else { Err(std::io::Error::other(format!("snac {before:?}: {said}")).into()) }
    }
}

impl Drop for Snac {
    fn drop(&mut self) {
        // Asked first: it has a folder of its own in /dev/shm to clear away. What does not end is killed with its value.
        if let Some(process) = &mut self.process
            && process.ask_to_end().is_ok()
        {
            let _killed_if_not = process.ends(END_MAX);
        }
    }
}
