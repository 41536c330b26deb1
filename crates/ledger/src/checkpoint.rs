//! C2SP tlog-checkpoint: the signed statement "this log has this many entries and this root".
//!
//! Invariant: text and value correspond one to one. It does not decide when a checkpoint may be signed;
//! the engine does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::hash::Hash;
use crate::note::{Note, NoteError, VerifierKey, check_name};

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line of the text is missing or malformed.
    #[error("checkpoint text is malformed: {0}")]
    Malformed(&'static str),
    /// It belongs to another log.
    #[error("checkpoint is of log `{found}`, not of `{expected}`")]
    OtherLog {
        /// The origin that was asked for.
        expected: String,
        /// The origin in the text.
        found: String,
    },
}

/// Size and root of a log at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// Extension lines, opaque; this log writes none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The note text, ending in a newline.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the note text.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Malformed("it ends in a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        if origin.is_empty() {
            return Err(CheckpointError::Malformed("the first line is the origin"));
        }
        let size =
            lines.next().and_then(parse_decimal).ok_or(CheckpointError::Malformed("the second line is the size in decimal"))?;
        let root = lines
            .next()
            .and_then(|line| BASE64.decode(line).ok())
            .and_then(|root| Hash::try_from(root).ok())
            .ok_or(CheckpointError::Malformed("the third line is a root of 32 bytes in base64"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Malformed("extension lines are not empty"));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// Reads a signed checkpoint, checks its origin and at least one signature by `keys`.
    pub fn open(bytes: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<(Self, Note), CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Self::parse(&note.text)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog { expected: origin.to_owned(), found: checkpoint.origin });
        }
        note.verify(keys)?;
        Ok((checkpoint, note))
    }
}

/// Whether `origin` may name a log: also usable as a key name.
pub fn check_origin(origin: &str) -> Result<(), NoteError> {
    check_name(origin)
}

/// A decimal number without sign or leading zeroes.
pub fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::Signer;

    #[test]
    fn text_reads_back() {
        let mut checkpoint = Checkpoint::new("log.example.test", 42, [9; 32]);
        assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint.clone()));
        checkpoint.extensions.push("x".to_owned());
        assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
    }

    #[test]
    fn other_forms_of_the_same_value_are_refused() {
        let root = BASE64.encode([9; 32]);
        for text in [
            format!("o\n042\n{root}\n"),
            format!("o\n+42\n{root}\n"),
            format!("\n42\n{root}\n"),
            format!("o\n42\n{root}"),
            format!("o\n42\n{root}\n\n"),
            "o\n42\nAAAA\n".to_owned(),
            "o\n42\n".to_owned(),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_checkpoint_of_another_log_is_refused() {
        let signer = Signer::from_seed("a.example.test", &[1; 32]).expect("seed");
        let note = signer.sign(Checkpoint::new("b.example.test", 1, [0; 32]).text()).to_string();
        let keys = [signer.verifier().clone()];
        let refused = Checkpoint::open(note.as_bytes(), "a.example.test", &keys);
        assert!(matches!(refused, Err(CheckpointError::OtherLog { .. })));
        assert!(Checkpoint::open(note.as_bytes(), "b.example.test", &keys).is_ok());
    }
}
