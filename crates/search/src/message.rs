//! A message as the index sees it, and the changes it takes.
//!
//! Ids are opaque: whoever calls has the messages. No text is kept, only its words.

use serde::{Deserialize, Serialize};

/// Names a message: a UUID of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId(pub [u8; 16]);

/// Names a profile, the unit of reading rights: a UUID of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProfileKey(pub [u8; 16]);

/// How far the caller's changes have been taken in: a number that only grows, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position(pub u64);

/// What a message can be or have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// It has a file, picture or the like.
    Attachment,
    /// Its text has a link.
    Link,
    /// It was edited at its source.
    Edited,
    /// It was deleted at its source.
    Deleted,
    /// It answers another message.
    Reply,
}

impl Mark {
    /// Every mark.
    pub const ALL: &[Self] = &[Self::Attachment, Self::Link, Self::Edited, Self::Deleted, Self::Reply];

    /// Its word in the query language.
    pub fn id(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Link => "link",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Reply => "reply",
        }
    }
}

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u8);

impl Marks {
    /// This set and one more mark.
    #[must_use]
    pub fn with(self, mark: Mark) -> Self {
        Self(self.0 | 1 << mark as u8)
    }

    /// This set, and the mark when the condition holds.
    #[must_use]
    pub fn with_if(self, mark: Mark, holds: impl Into<bool>) -> Self {
        if holds.into() { self.with(mark) } else { self }
    }

    /// Whether a mark is in it.
    pub fn has(self, mark: Mark) -> bool {
        self.0 & 1 << mark as u8 != 0
    }
}

/// What is indexed of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: RecordId,
    /// The profile it was captured for.
    pub profile: ProfileKey,
    /// The network's id, for example `slack`.
    pub network: String,
    /// The channel's names and id, each a way to say `in:`.
    pub channel: Vec<String>,
    /// The author's names, handle and id, each a way to say `from:`.
    pub person: Vec<String>,
    /// When it was written, Unix milliseconds.
    pub time_ms: i64,
    /// The tag of its language (`en`, `pt-BR`), when the source says.
    pub language: Option<String>,
    /// Its text.
    pub text: String,
    /// Other texts it is found by: content warning, description of a picture, name of a file, earlier wording.
    pub also: Vec<String>,
    /// Kinds of findings in it, for example `email` or `secret.api_key`.
    pub findings: Vec<String>,
    /// What it is and has.
    pub marks: Marks,
}

/// A change the index takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A message whose id is certainly not in the index: the caller's position says that it came after.
    Add(Message),
    /// A message that may be in the index already, which is then replaced.
    Replace(Message),
    /// A message that is no longer to be found. For one that must not leave a trace see [`crate::SearchIndex::forget`].
    Remove(RecordId),
}

impl Change {
    /// The message's id.
    pub fn id(&self) -> RecordId {
        match self {
            Self::Add(message) | Self::Replace(message) => message.id,
            Self::Remove(id) => *id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let set = Marks::default().with(Mark::Link).with_if(Mark::Reply, true).with_if(Mark::Edited, false);
        let there: Vec<Mark> = Mark::ALL.iter().copied().filter(|mark| set.has(*mark)).collect();
        assert_eq!(there, [Mark::Link, Mark::Reply]);
    }
}
