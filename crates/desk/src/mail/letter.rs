//! A letter: one receiver, plain text.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Invalid, Result},
    text_enum::text_enum,
};

/// Characters of a subject: what clients show of it.
const SUBJECT_MAX: usize = 200;
/// Bytes of a text: a digest of a hundred posts.
const TEXT_BYTES_MAX: usize = 64 * 1_024;

text_enum! {
    /// What a letter is about.
    LetterKind {
        /// Something waits for somebody's decision.
        Reminder = "reminder", "Reminder";
        /// An outside approver is asked.
        Outside = "outside", "Invitation of an outside approver";
        /// A code for an outside approver.
        Code = "code", "Code for an outside approver";
        /// Something needs somebody: a skipped approval, a step nobody can end.
        Alert = "alert", "Alert";
    }
}

/// A letter about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// To whom: one address.
    pub to: String,
    /// Their name.
    pub to_name: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl Letter {
    /// Whether it can be sent: an address that is one, a subject of one line.
    pub(super) fn check(&self) -> Result<()> {
        if !is_address(&self.to) {
            return Err(Invalid::field("email", "this is not an address that mail can be sent to"));
        }
        if self.subject.chars().count() > SUBJECT_MAX || self.subject.chars().any(char::is_control) {
            return Err(Invalid::field("subject", format!("one line of at most {SUBJECT_MAX} characters")));
        }
        if self.text.len() > TEXT_BYTES_MAX {
            return Err(Invalid::field("text", format!("at most {TEXT_BYTES_MAX} bytes")));
        }
        Ok(())
    }
}

/// Whether mail can be sent to this address.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::Letter;

    #[test]
    fn a_line_break_in_subject_or_address_is_refused() {
        let fits = |to: &str, subject: &str| {
            let letter =
                Letter { to: to.to_owned(), to_name: "A\r\nBcc: x".to_owned(), subject: subject.to_owned(), text: String::new() };
            letter.check().is_ok()
        };
        assert!(fits("ann@example.test", "Two posts wait"));
        assert!(!fits("ann@example.test", "Two posts\r\nBcc: bea@example.test"));
        assert!(!fits("ann@example.test\r\nBcc: bea@example.test", "x"));
        assert!(!fits("ann@example.test, bea@example.test", "x"));
        assert!(!fits("", "x"));
    }
}
