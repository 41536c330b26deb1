//! Reads text in pictures with tesseract as a subprocess, within limits of time and output.
//!
//! Invariant: a picture is checked by [`inspect::images::check`] before the subprocess starts; the subprocess gets it on
//! standard input, sees no file of ours, and is ended when it takes too long.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use inspect::images::{Page, ReadText, ReadTextError, check, parse_tsv};

/// A page takes a second or two; what takes longer is not worth the core.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes of recognised table that are read; a page of small print has a few hundred kilobytes.
const OUTPUT_MAX: u64 = 8 << 20;
/// How often the subprocess is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// The recogniser; `program` is looked up on the path.
pub(super) struct Tesseract {
    pub program: &'static str,
}

impl Default for Tesseract {
    fn default() -> Self {
        Self { program: "tesseract" }
    }
}

impl ReadText for Tesseract {
    fn read_text(&self, image: &[u8]) -> Result<Page, ReadTextError> {
        check(image)?;
        let mut child = Command::new(self.program)
            .args(["stdin", "stdout", "tsv"])
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| ReadTextError::Absent)?;
        let result = talk(&mut child, image);
        let _ = child.kill();
        let _ = child.wait();
        result
    }
}

/// Hands the picture over and takes the table, on threads of their own so that neither side can block the other.
fn talk(child: &mut Child, image: &[u8]) -> Result<Page, ReadTextError> {
    let failed = |problem: &str| ReadTextError::Failed(problem.to_owned());
    let mut stdin = child.stdin.take().ok_or_else(|| failed("no input"))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("no output"))?;
    let image = image.to_vec();
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(&image);
    });
    let reader = thread::spawn(move || {
        let mut tsv = Vec::new();
        stdout.take(OUTPUT_MAX).read_to_end(&mut tsv).map(|_| tsv)
    });
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < TIME_MAX => thread::sleep(PAUSE),
            Ok(None) => {
                let _ = child.kill();
                return Err(ReadTextError::TimedOut);
            }
            Err(error) => return Err(failed(&error.to_string())),
        }
    };
    let _ = writer.join();
    let tsv = reader.join().map_err(|_| failed("its output cannot be read"))?.map_err(|e| failed(&e.to_string()))?;
    if !status.success() {
        return Err(failed("it could not read the picture"));
    }
    Ok(parse_tsv(&String::from_utf8_lossy(&tsv)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";

    #[test]
    fn an_absent_recogniser_and_a_broken_picture_are_told_apart() {
        let absent = Tesseract { program: "no-such-recogniser" };
        assert_eq!(absent.read_text(PNG), Err(ReadTextError::Absent));
        assert_eq!(absent.read_text(b"hello"), Err(ReadTextError::NotAnImage));
    }

    #[test]
    fn a_recogniser_that_fails_says_so() {
        let failing = Tesseract { program: "false" };
        assert!(matches!(failing.read_text(PNG), Err(ReadTextError::Failed(_))));
    }
}
