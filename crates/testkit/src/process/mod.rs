//! A real program as a child process: started, listened to, interrupted, killed without warning, waited for.
//!
//! Invariant: a [`Process`] never outlives its value (children of its own are its own business), and waiting always ends. Limits of time only stop a test that hangs;
//! no test learns how long something took. What it prints is kept (the last [`KEPT_LINES_MAX`] lines) and becomes part of every error.

mod campaign;
mod http;
mod said;

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub use campaign::{Moments, crash_campaign};
pub use http::{Answer, get};
use said::Said;

/// Lines of output kept for errors; a server that says more has said the interesting thing near the end.
pub const KEPT_LINES_MAX: usize = 2_000;

/// How often a condition is looked at while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Why a process did not do what the test waited for. Every variant carries what the process said.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("failed to start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended while it was waited for.
    #[error("{program} ended ({status}) before {awaited}; it said:\n{said}")]
    Ended {
        /// The program.
        program: String,
        /// Exit code or signal.
        status: ExitStatus,
        /// What the test waited for.
        awaited: String,
        /// Its output.
        said: String,
    },
    /// It did not happen within the limit.
    #[error("{program} did not get to {awaited} within {limit:?}; it said:\n{said}")]
    TooLong {
        /// The program.
        program: String,
        /// What the test waited for.
        awaited: String,
        /// How long that was.
        limit: Duration,
        /// Its output.
        said: String,
    },
    /// The system refused to signal or wait.
    #[error("failed to {what} {program}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A running child process; killed and reaped when dropped.
#[derive(Debug)]
pub struct Process {
    program: String,
    child: Child,
    said: Said,
}

impl Process {
    /// Starts the command with its output captured and nothing to read.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(command: &mut Command) -> Result<Self, ProcessError> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| ProcessError::Start { program: program.clone(), source })?;
        let said = Said::default();
        said.listen_to(child.stdout.take().expect("piped above"));
        said.listen_to(child.stderr.take().expect("piped above"));
        Ok(Self { program, child, said })
    }

    /// Its process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it printed so far, output and errors in the order they came.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.all()
    }

    /// Waits for a line that contains the text and returns the line, for example the one with the address a server listens on.
    ///
    /// # Errors
    /// When it ends first, or the limit passes.
    pub fn line_with(&mut self, text: &str, limit: Duration) -> Result<String, ProcessError> {
        let said = self.said.clone();
        self.until(&format!("a line with `{text}`"), limit, || said.line_with(text))
    }

    /// Waits until it answers an HTTP GET with a 2xx status, for example on `/readyz`.
    ///
    /// # Errors
    /// When it ends first, or the limit passes.
    pub fn answers(&mut self, address: SocketAddr, path: &str, limit: Duration) -> Result<Answer, ProcessError> {
        self.until(&format!("an answer at {path}"), limit, || get(address, path).ok().filter(Answer::is_success))
    }

    /// Ends it as a power cut would: no handler of its own runs. Returns after the system has taken it away.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(mut self) -> Result<ExitStatus, ProcessError> {
        self.child.kill().map_err(|source| self.system("kill", source))?;
        self.child.wait().map_err(|source| self.system("wait for", source))
    }

    /// Asks it to end (SIGTERM) and goes on at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn ask_to_end(&self) -> Result<(), ProcessError> {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let id = id.expect("a child's process number is positive and fits");
        let sent = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        sent.map_err(|source| self.system("signal", source.into()))
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When the limit passes.
    pub fn ends(&mut self, limit: Duration) -> Result<ExitStatus, ProcessError> {
        match self.until::<()>("its end", limit, || None) {
            Err(ProcessError::Ended { status, .. }) => Ok(status),
            Err(error) => Err(error),
            Ok(()) => unreachable!("the condition never holds"),
        }
    }

    fn until<T>(&mut self, awaited: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T, ProcessError> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|source| self.system("wait for", source))?;
            if ended.is_some() {
                self.said.settle();
            }
            if let Some(seen) = look() {
                return Ok(seen);
            }
            let (program, awaited, said) = (self.program.clone(), awaited.to_owned(), self.said.all());
            if let Some(status) = ended {
                return Err(ProcessError::Ended { program, status, awaited, said });
            }
            if start.elapsed() > limit {
                return Err(ProcessError::TooLong { program, awaited, limit, said });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn system(&self, what: &'static str, source: std::io::Error) -> ProcessError {
        ProcessError::System { what, program: self.program.clone(), source }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
