//! What commands print: text for people or JSON for programs, and errors that say what to do.

use std::io::{self, Write};

use serde::Serialize;

/// Prints to standard output; a closed pipe ends the program quietly, as `head` expects.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints one JSON object on a line.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string(value)?))
}

/// Prints the answer of a command in the form that was asked for.
pub(crate) fn answer(json: bool, value: &impl Serialize, text: &str) -> anyhow::Result<()> {
    if json { print_json(value) } else { print(text) }
}

/// Prints an error with what caused it, on one line.
pub(crate) fn print_error(error: &anyhow::Error) {
    let mut line = format!("gatepost: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A transparent error repeats its cause word for word.
        if !line.ends_with(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    // Nothing can be done when standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}
