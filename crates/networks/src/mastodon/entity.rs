//! What a Mastodon server answers, as far as we read it. Every field that a server may leave out is optional: only a status without
//! id, address or author is malformed.

use serde::{Deserialize, Deserializer};

/// An account.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct AccountEntity {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) acct: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
    /// The address everywhere; servers before 4.2 do not tell it.
    #[serde(default)]
    pub(super) uri: Option<String>,
    #[serde(default)]
    pub(super) bot: bool,
}

/// A status, or what a notification holds of one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Status {
    pub(super) id: String,
    pub(super) uri: String,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) edited_at: Option<String>,
    pub(super) account: AccountEntity,
    #[serde(flatten)]
    pub(super) says: Says,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) visibility: String,
    #[serde(default)]
    pub(super) language: Option<String>,
    #[serde(default)]
    pub(super) in_reply_to_id: Option<String>,
    #[serde(default)]
    pub(super) in_reply_to_account_id: Option<String>,
    #[serde(default)]
    pub(super) reblog: Option<Box<Status>>,
    #[serde(default)]
    pub(super) quote: Option<Quote>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) mentions: Vec<Mention>,
    #[serde(default)]
    pub(super) card: Option<Card>,
    /// The text as it was typed; only some servers tell it.
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) replies_count: u64,
}

/// What a version of a status says.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Says {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) content: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) spoiler_text: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) media_attachments: Vec<MediaEntity>,
    #[serde(default)]
    pub(super) poll: Option<Poll>,
}

/// A version in the history of a status.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Version {
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(flatten)]
    pub(super) says: Says,
}

/// A poll: its options are part of what is said.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Poll {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) options: Vec<PollOption>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PollOption {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) title: String,
}

/// A quote (4.5 and later).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Quote {
    #[serde(default)]
    pub(super) quoted_status: Option<Box<Status>>,
}

/// Somebody mentioned.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mention {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) acct: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) url: String,
}

/// A file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MediaEntity {
    pub(super) id: String,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
}

/// A link's preview.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Card {
    #[serde(default)]
    pub(super) url: Option<String>,
}

/// Some servers write null where the documentation has an empty value.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}
