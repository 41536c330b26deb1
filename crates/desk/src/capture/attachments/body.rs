//! The body of an entry that holds what hangs on a message, or says for good why it is not held.
//!
//! One line of JSON; the bytes are the entry's blob. The entry refers to the record of the text it hangs on, and is about the same people.
//! Invariant: what was read back says what was written; raw parts of an event, which are entries of the same kind, are never taken
//! for one.

use serde::{Deserialize, Serialize};

use crate::ids::MessageId;

/// The version of the form.
const FORMAT: u32 = 1;

/// Which attachment it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Which {
    /// The message it hangs on.
    pub(crate) message: MessageId,
    /// The ledger's entry of the text it hangs on.
    pub(crate) entry: i64,
    /// Its place among the attachments of that text, from 0.
    pub(crate) part: i64,
    /// The platform's id.
    pub(crate) native_id: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Its bytes are the entry's blob.
    Stored {
        /// SHA-256 of them, in hexadecimal digits.
        sha256: String,
        /// How many.
        bytes: i64,
    },
    /// It cannot be had.
    Missing {
        /// Why, for people.
        reason: String,
    },
}

/// An attachment as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// Which one.
    #[serde(flatten)]
    pub(crate) which: Which,
    /// Its file name, as the source says.
    pub(crate) file_name: Option<String>,
    /// Its media type, as the source says.
    pub(crate) media_type: Option<String>,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    attachment: Settled,
}

impl Settled {
    /// The entry's body.
    pub(crate) fn write(&self) -> Vec<u8> {
        let written = Written { format: FORMAT, attachment: self.clone() };
        serde_json::to_vec(&written).expect("texts and numbers are JSON")
    }

    /// Reads an entry's body; nothing for what is no attachment, or of a form this program does not know.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(body).ok()?;
        (written.format == FORMAT).then_some(written.attachment)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Outcome, Settled, Which};
    use crate::ids::MessageId;

    #[test]
    fn what_is_read_back_is_what_was_written_and_nothing_else_is_taken_for_it() {
        for outcome in [
            Outcome::Stored { sha256: "00".repeat(32), bytes: 7 },
            Outcome::Missing { reason: "the attachment is not there (any more)".to_owned() },
        ] {
            let which = Which { message: MessageId(Uuid::max()), entry: 5, part: 1, native_id: "F1".to_owned() };
            let settled = Settled { which, file_name: Some("a.txt".to_owned()), media_type: None, outcome };
            assert_eq!(Settled::read(&settled.write()), Some(settled));
        }
        for other in [&b"{\"format\":1,\"part\":1,\"of\":2}\nbytes"[..], b"{\"format\":2,\"attachment\":{}}", b""] {
            assert_eq!(Settled::read(other), None);
        }
    }
}
