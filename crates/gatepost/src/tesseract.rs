//! Reads text in pictures with tesseract as a subprocess, within limits of time, memory and output.
//!
//! Invariant: a picture is checked by [`inspect::images::check`] before the subprocess starts. The subprocess gets it on
//! standard input, works in `/` with an environment of its own, may write no file, and is ended when it takes too long;
//! memory and processor time are limited by the shell that starts it, so they hold even if this process dies.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use inspect::images::{Page, ReadText, ReadTextError, check, parse_tsv};

/// A page takes a second or two; what takes longer is not worth the core.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes of recognised table that are read; a page of small print has a few hundred kilobytes.
const OUTPUT_MAX: u64 = 8 << 20;
/// How often an ended subprocess is looked for, once its output has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// Sets the limits, then becomes the recogniser. Kibibytes of memory: the largest allowed picture in several copies takes
/// half of it. Seconds of processor time: more than [`TIME_MAX`], for the case that nobody is left to end it.
const START: &str = "ulimit -c 0 && ulimit -f 0 && ulimit -t 30 && ulimit -v 2097152 && exec \"$0\" stdin stdout -l eng tsv";
/// What a shell answers when there is no such program.
const NO_SUCH_PROGRAM: i32 = 127;
/// Variables that the recogniser may see.
const ENVIRONMENT: [&str; 2] = ["PATH", "TESSDATA_PREFIX"];

/// What it is called on the path.
const PROGRAM: &str = "tesseract";

/// The recogniser; `program` is looked up on the path.
pub(crate) struct Tesseract {
    pub program: OsString,
    pub time_max: Duration,
}

impl Default for Tesseract {
    fn default() -> Self {
        Self { program: PROGRAM.into(), time_max: TIME_MAX }
    }
}

impl Tesseract {
    /// The recogniser, where there is one on the path.
    pub(crate) fn installed() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file()).then(Self::default)
    }
}

impl ReadText for Tesseract {
    fn read_text(&self, image: &[u8]) -> Result<Page, ReadTextError> {
        check(image)?;
        let kept = ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut child = Command::new("/bin/sh")
            .args(["-c", START])
            .arg(&self.program)
            .env_clear()
            .envs(kept)
            .env("OMP_THREAD_LIMIT", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(&format!("/bin/sh cannot be started: {error}")))?;
        let result = talk(&mut child, image, Instant::now() + self.time_max);
        let _ = child.kill();
        let _ = child.wait();
        result
    }
}

fn failed(problem: &str) -> ReadTextError {
    ReadTextError::Failed(problem.to_owned())
}

/// Hands the picture over and takes the table, on threads of their own: neither side can block the other, and a pipe that
/// somebody else holds open cannot keep this one waiting.
fn talk(child: &mut Child, image: &[u8], end: Instant) -> Result<Page, ReadTextError> {
    let mut stdin = child.stdin.take().ok_or_else(|| failed("no input"))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("no output"))?;
    let image = image.to_vec();
    thread::spawn(move || {
        let _ = stdin.write_all(&image);
    });
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut tsv = Vec::new();
        let _ = send.send(stdout.take(OUTPUT_MAX).read_to_end(&mut tsv).map(|_| tsv));
    });
    let tsv = match receive.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(answer) => answer.map_err(|error| failed(&error.to_string()))?,
        Err(_) => return Err(ReadTextError::TimedOut),
    };
    if tsv.len() as u64 == OUTPUT_MAX {
        return Err(failed("it wrote more than a page can hold"));
    }
    let status = wait(child, end)?;
    match status.code() {
        Some(0) => Ok(parse_tsv(&String::from_utf8_lossy(&tsv))),
        Some(NO_SUCH_PROGRAM) => Err(ReadTextError::Absent),
        _ => Err(failed("the picture is broken or needs too much memory, or the language data (tesseract-ocr-eng) is missing")),
    }
}

fn wait(child: &mut Child, end: Instant) -> Result<ExitStatus, ReadTextError> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
            Ok(None) => return Err(ReadTextError::TimedOut),
            Err(error) => return Err(failed(&error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";

    /// A recogniser that is this shell script.
    fn scripted(script: &str, time_max: Duration) -> Result<Page, ReadTextError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("recogniser");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("made executable");
        Tesseract { program: program.into(), time_max }.read_text(PNG)
    }

    const LONG: Duration = Duration::from_mins(2);
    const SHORT: Duration = Duration::from_millis(100);

    #[test]
    fn an_absent_recogniser_and_a_broken_picture_are_told_apart() {
        let absent = Tesseract { program: "no-such-recogniser".into(), ..Tesseract::default() };
        assert_eq!(absent.read_text(PNG), Err(ReadTextError::Absent));
        assert_eq!(absent.read_text(b"hello"), Err(ReadTextError::NotAnImage));
    }

    #[test]
    fn a_recogniser_that_fails_says_so() {
        assert!(matches!(scripted("exit 1", LONG), Err(ReadTextError::Failed(_))));
        assert!(matches!(scripted("kill -SEGV $$", LONG), Err(ReadTextError::Failed(_))));
    }

    #[test]
    fn an_endless_recogniser_is_ended() {
        assert_eq!(scripted("while :; do :; done", SHORT), Err(ReadTextError::TimedOut));
        assert_eq!(scripted("exec >&-; while :; do :; done", SHORT), Err(ReadTextError::TimedOut));
        assert_eq!(scripted("sleep 5 & exit 0", SHORT), Err(ReadTextError::TimedOut), "a grandchild holds the pipe");
    }

    #[test]
    fn endless_output_is_cut_off() {
        assert!(matches!(scripted("exec cat /dev/zero", LONG), Err(ReadTextError::Failed(_))));
    }

    #[test]
    fn a_picture_that_nobody_reads_blocks_nothing() {
        let mut large = PNG.to_vec();
        large.resize(1 << 20, 0);
        let program = Tesseract { program: "true".into(), time_max: LONG };
        assert_eq!(program.read_text(&large), Ok(Page::default()));
    }

    #[test]
    fn the_recogniser_has_limits_and_sees_nothing_of_ours() {
        let row = |text: &str| format!("printf '5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t99\\t%s\\n' {text}");
        let text = |script: &str| scripted(script, LONG).expect("a page").text;
        assert_eq!(text(&row("$(ulimit -v)-$(ulimit -t)-$(ulimit -f)-$(ulimit -c)")), "2097152-30-0-0");
        assert_eq!(text(&row("\"$PWD,${HOME-no home},${CARGO_MANIFEST_DIR-none}\"")), "/,no home,none");
        let picture = text(&row("\"$(head -c 4 | tail -c 3)\""));
        assert_eq!(picture, "PNG", "the picture comes on standard input");
    }
}
