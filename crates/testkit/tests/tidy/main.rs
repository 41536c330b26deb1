//! The house rules that a machine can check, run over every file of the repository.
//!
//! Each rule is a function from a file (or a manifest) to findings, in a module of its own, with a test that applies it to
//! the tree and tests that show what it notices. It judges text, not meaning: what the compiler or clippy can check is theirs.

mod arrows;
mod door;
mod leftovers;
mod lex;
mod links;
mod modules;
mod scripts;
mod sql;
mod tree;
mod words;

use std::fmt;

/// One place that breaks a rule, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Fails with one line per finding.
#[track_caller]
fn assert_none(findings: &[Finding]) {
    let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} finding(s):\n{}\n", lines.len(), lines.join("\n"));
}
