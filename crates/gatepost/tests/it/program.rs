//! Typing a command: the real executable, in a folder of its own, with none of the settings of whoever runs the tests.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// Its output, when it did what it was asked.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        assert_eq!(self.err, "", "a command that worked complains");
        self.out
    }

    /// Its output as one JSON object on one line.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Why it failed: one line on standard error, nothing on standard output, exit code 2.
    pub(crate) fn failed(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        self.err
    }
}

/// A folder to work in, with the data folder `data` below it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// One with a workspace and its owner, who has not signed in yet.
    pub(crate) fn with_workspace() -> Self {
        let place = Self::new();
        place.gatepost(&["init", "--owner", "owner@example.test", "--name", "Olive Owner"]).done();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command on the data folder, about to be run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
        let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("GATEPOST_"));
        ours.for_each(|name| {
            command.env_remove(name);
        });
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn gatepost(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(arguments))
    }
}

pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("the executable runs");
    let text = |bytes| String::from_utf8(bytes).expect("answers are UTF-8");
    Answer { code: output.status.code().expect("it ended by itself"), out: text(output.stdout), err: text(output.stderr) }
}

/// Flips the lowest bit of one byte of a file.
pub(crate) fn flip_bit(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("a file to change");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("a changed file");
}
