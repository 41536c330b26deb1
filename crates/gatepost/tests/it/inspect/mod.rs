//! `gatepost inspect` as its users meet it: text, pictures, their own kinds, and the exit codes that scripts rely on.

mod drawing;
mod own_kinds;
mod pictures;
mod text;

use serde_json::Value;

use crate::program::{Answer, Place};

/// The lines of an answer as JSON.
fn lines(answer: &Answer) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}: {answer:?}"));
    answer.out.lines().map(parse).collect()
}

/// The kinds found in one line of output.
fn kinds(line: &Value) -> Vec<&str> {
    let findings = line["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["kind"].as_str().expect("a kind")).collect()
}

/// Writes a file and gives its name.
fn file(place: &Place, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = place.path(name);
    std::fs::write(&path, content).expect("written");
    path.display().to_string()
}
