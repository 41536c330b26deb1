//! A captured message as it is read.

use networks::event::Party;
use serde::Serialize;
use uuid::Uuid;

use super::examine::{Assessment, Finding};
use crate::{
    ids::{MessageId, PartyId, PlaceId, ProfileId, Time},
    text_enum::text_enum,
};

/// A message as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its name: the record id of its first entry.
    pub id: MessageId,
    /// Its place in the order of arrival, over all profiles.
    pub number: i64,
    /// The number of its last change: larger than that of any change before.
    pub changed: i64,
    /// The profile it was captured for.
    pub profile: ProfileId,
    /// The platform's id.
    pub native_id: String,
    /// Where it was said.
    pub place: PlaceSeen,
    /// Who said it; nothing when the platform does not say.
    pub author: Option<PartySeen>,
    /// When, by the source's clock.
    pub posted_at: Time,
    /// When the ledger took in what was first known of it.
    pub captured_at: Time,
    /// The ledger's entry of the first post; nothing when that was never captured.
    pub first_entry: Option<i64>,
    /// The ledger's entry of what it says now; nothing when only its deletion is known.
    pub text_entry: Option<i64>,
    /// How often it was changed.
    pub edits: i64,
    /// Since when it is gone at its source.
    pub deleted_at: Option<Time>,
    /// What it says.
    pub text: String,
    /// A content warning, subject or title.
    pub subject: Option<String>,
    /// Its language (BCP 47), as the platform or else the inspector says.
    pub language: Option<String>,
    /// The first message of its thread, where it is not itself the first.
    pub thread: Option<MessageId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The message it quotes or shares.
    pub quotes: Option<MessageId>,
    /// Whom it mentions.
    pub mentions: Vec<Party>,
    /// Where it links to.
    pub links: Vec<String>,
    /// Where a browser shows it.
    pub permalink: Option<String>,
    /// What the text heads say; nothing when they were not trained on its language.
    pub assessment: Option<Assessment>,
    /// What was found in what it says now.
    pub findings: Vec<Finding>,
    /// What hangs on it.
    pub attachments: Vec<AttachmentSeen>,
    /// Reactions in force: which, and how many.
    pub reactions: Vec<(String, i64)>,
    /// Messages of the thread that it begins.
    pub replies: i64,
}

/// A channel, room, conversation or feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceSeen {
    /// Its name in the desk.
    pub id: PlaceId,
    /// The profile it belongs to.
    pub profile: ProfileId,
    /// The platform's id.
    pub native_id: String,
    /// Its name, as last seen.
    pub name: Option<String>,
    /// `public`, `limited`, `workspace`, `private` or `direct`.
    pub kind: String,
}

/// A person or program on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartySeen {
    /// Its name in the desk, and the subject of the ledger's entries.
    pub id: PartyId,
    /// The platform's id.
    pub native_id: String,
    /// The name it is addressed by, as last seen.
    pub handle: Option<String>,
    /// The name shown, as last seen.
    pub name: Option<String>,
    /// Whether the platform says it is a program.
    pub bot: bool,
}

text_enum! {
    /// Where an attachment's bytes are.
    AttachmentState {
        /// To be fetched.
        Pending = "pending", "Waiting to be fetched";
        /// On record.
        Stored = "stored", "On record";
        /// Could not be fetched.
        Failed = "failed", "Could not be fetched";
        /// The source names it and has no bytes to give.
        Named = "named", "Named by the source only";
    }
}

/// What hangs on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentSeen {
    /// Its place among the message's attachments, from 0.
    pub part: i64,
    /// The ledger's entry of the text it hangs on.
    pub entry: i64,
    /// The platform's id.
    pub native_id: String,
    /// Its file name.
    pub file_name: Option<String>,
    /// Its media type, as the platform says.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub bytes: Option<i64>,
    /// What it shows.
    pub alt: Option<String>,
    /// Where its bytes are.
    pub state: AttachmentState,
    /// SHA-256 of its bytes, when they are on record.
    #[serde(serialize_with = "as_hex")]
    pub digest: Option<Vec<u8>>,
    /// The ledger's entry of its bytes.
    pub stored_entry: Option<i64>,
    /// Why it could not be fetched.
    pub error: Option<String>,
    /// Whether the network gives its bytes, not an export file.
    pub from_network: bool,
}

/// Which messages of the stream are wanted. Only profiles that the caller may read are looked at, whatever is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFilter {
    /// Of this profile.
    pub profile: Option<ProfileId>,
    /// Of profiles on this network.
    pub network: Option<String>,
    /// Of this place.
    pub place: Option<PlaceId>,
}

/// Messages in the order of arrival, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPage {
    /// The messages.
    pub messages: Vec<Message>,
    /// What to ask for as `before` to get older ones; nothing when there are none.
    pub next: Option<i64>,
}

/// A thread, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its first message, known or not.
    pub root: MessageId,
    /// What is known of it, the first message included.
    pub messages: Vec<Message>,
    /// Whether there is more than [`super::THREAD_MAX`].
    pub cut: bool,
}

/// One entry of a message's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// Its position in the ledger.
    pub entry: i64,
    /// Its record id.
    pub record: Uuid,
    /// `posted`, `edited` or `deleted`.
    pub kind: String,
    /// The platform's name of the revision; empty for the first post.
    pub revision: String,
    /// Who did it.
    pub by: Option<PartySeen>,
    /// When, by the source's clock.
    pub source_time: Option<Time>,
    /// When the ledger took it in.
    pub captured_at: Time,
    /// What it said, as the record has it; nothing for a deletion, or when it cannot be read any more.
    pub text: Option<String>,
    /// Why it cannot be read, when that is so.
    pub unreadable: Option<String>,
    /// What was found in it.
    pub findings: Vec<Finding>,
}

/// A stretch that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapSeen {
    /// The ledger's entry that says so.
    pub entry: i64,
    /// The place concerned; nothing for the whole profile.
    pub place: Option<String>,
    /// From when, where known.
    pub from_ms: Option<i64>,
    /// Until when, where known.
    pub until_ms: Option<i64>,
    /// Why, for people.
    pub reason: String,
    /// When it was noted.
    pub noted_at: Time,
    /// When it was made up for, as far as the source still had it.
    pub back_filled_at: Option<Time>,
}

/// A digest as programs compare it.
#[expect(clippy::ref_option, reason = "serde hands out references")]
fn as_hex<S: serde::Serializer>(digest: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    digest.as_ref().map(hex::encode).serialize(serializer)
}
