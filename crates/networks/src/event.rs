//! What happened on a network, as it reached us: the platform's bytes beside a normalised form.
//!
//! (`native_id`, `revision`) names one event of a profile for ever: the same event delivered twice, by a poll and a push or by a
//! back-fill, carries the same pair, so that the record takes it once. Times are Unix milliseconds.

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The platform's id of the message, channel or member concerned; unique within the profile.
    pub native_id: String,
    /// Tells the events of one `native_id` apart, from the platform's own data: empty for the first post, `edit:<time or version>`,
    /// `delete`, `react:<party>:<key>:<add or remove, and what tells repeats apart>`, `member:<party>:<change>:<time>`.
    pub revision: String,
    /// What happened.
    pub what: What,
    /// When, by the platform's clock; nothing when it does not say.
    pub source_time_ms: Option<i64>,
    /// When the message it is about was first posted, by the platform's clock, where an edit, a deletion or a reaction tells that as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at_ms: Option<i64>,
    /// Where.
    pub place: Place,
    /// Who did it; nothing when the platform does not say.
    pub by: Option<Party>,
    /// The platform's bytes exactly as received.
    #[serde(skip)]
    pub raw: Raw,
}

/// The platform's bytes exactly as received (of a batch: the part that is this event, unchanged where the form allows cutting).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Raw {
    /// Their media type, for example `application/json`.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A message appeared.
    Posted(Box<Content>),
    /// A message changed; this is what it says now.
    Edited(Box<Content>),
    /// A message was taken away at its source.
    Deleted,
    /// Somebody reacted, or took a reaction back.
    Reacted {
        /// The emoji, or the platform's name of the reaction (`like`, `repost`).
        key: String,
        /// Whether it was added.
        added: bool,
    },
    /// Somebody came, went, or was removed.
    Member {
        /// Who.
        party: Party,
        /// What changed.
        change: Membership,
    },
    /// The place itself changed: made, renamed, archived, topic set.
    PlaceChanged {
        /// What changed, in the platform's words (`renamed`, `archived`).
        change: String,
    },
    /// Something the connector does not understand (yet). It is recorded as it came.
    Other {
        /// The platform's name for it.
        name: String,
    },
}

/// A change of membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Came in.
    Joined,
    /// Went.
    Left,
    /// Was removed by somebody.
    Removed,
    /// Was invited.
    Invited,
    /// May not come back.
    Banned,
    /// Followed the profile.
    Followed,
    /// Stopped following.
    Unfollowed,
}

/// What a message says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// The text as a reader sees it, without markup.
    pub text: String,
    /// A content warning, subject or title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The language the platform says it is in (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The first message of its thread, where it is not itself the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The message it quotes or shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotes: Option<String>,
    /// Whom it mentions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Party>,
    /// Where it links to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// What hangs on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Where a browser shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
}

/// A file, picture, card or other thing that hangs on a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// The platform's id of it; unique within the message.
    pub native_id: String,
    /// Its file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Its media type, as the platform says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its size in bytes, as the platform says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Where the connector or importer finds its bytes (an address, a blob id, a path in the archive). Never shown in a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A person or program on the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Party {
    /// The platform's lasting id.
    pub native_id: String,
    /// The name it is addressed by (`@name`, a mail address), which may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the platform says it is a program.
    #[serde(default)]
    pub bot: bool,
}

/// Where something happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The platform's id of the channel, room, conversation or feed.
    pub native_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind it is.
    pub kind: PlaceKind,
}

/// What kind a place is: who can read there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Everybody on the internet.
    Public,
    /// Followers, or whoever has the link.
    Limited,
    /// Every member of the workspace or server.
    Workspace,
    /// Invited members only.
    Private,
    /// Two or a few people.
    Direct,
}
