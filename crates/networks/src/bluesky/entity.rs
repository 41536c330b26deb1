//! What the AT Protocol's servers answer, as far as we read it: records, views and errors. What may be missing is optional.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// A record of a repository.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RecordEntity {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) cid: String,
    pub(super) value: Value,
}

/// A page of records, each as its bytes.
#[derive(Deserialize)]
pub(super) struct RecordPage {
    pub(super) records: Vec<Box<RawValue>>,
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

/// Somebody.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Author {
    pub(super) did: String,
    #[serde(default)]
    pub(super) handle: String,
    #[serde(default, rename = "displayName")]
    pub(super) display_name: Option<String>,
}

/// A post with its author; a notification has the same fields and its reason.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PostView {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) cid: String,
    pub(super) author: Author,
    #[serde(default)]
    pub(super) record: Value,
    #[serde(default, rename = "indexedAt")]
    pub(super) indexed_at: Option<String>,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default, rename = "replyCount")]
    pub(super) reply_count: u64,
}

/// A page of notifications.
#[derive(Deserialize)]
pub(super) struct NotificationPage {
    pub(super) notifications: Vec<Box<RawValue>>,
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

/// Posts that were asked for.
#[derive(Deserialize)]
pub(super) struct Posts {
    pub(super) posts: Vec<PostView>,
}

/// A thread around a post. A post that is blocked or gone has no `post`.
#[derive(Deserialize)]
pub(super) struct Thread {
    #[serde(default)]
    pub(super) post: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) parent: Option<Box<Thread>>,
    #[serde(default)]
    pub(super) replies: Option<Vec<Thread>>,
}

/// The answer that holds a thread.
#[derive(Deserialize)]
pub(super) struct ThreadAnswer {
    pub(super) thread: Thread,
}

/// What went wrong, in the server's words.
#[derive(Default, Deserialize)]
pub(super) struct XrpcError {
    #[serde(default)]
    pub(super) error: String,
}

/// What was written.
#[derive(Deserialize)]
pub(super) struct Written {
    pub(super) uri: String,
    pub(super) cid: String,
}
