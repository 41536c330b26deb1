//! What the API says of captured messages: their shapes in and out.

use desk::capture::{AttachmentSeen, AttachmentState, Message, PartySeen, PlaceSeen, Position, Revision, masking};
use masking::{Cover, is_covered};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::{
    feed::{FeedLimit, Seq, WaitSeconds},
    input::{Id, Line, named},
    lists::Limit,
    shown::{FindingShape, Shown},
};

named! {
    /// Where an attachment's bytes are.
    AttachmentStateName of AttachmentState;
}

/// A channel, room, conversation or feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceShape {
    /// Its name in the desk.
    id: Id,
    /// The platform's id.
    native_id: String,
    /// Its name, as last seen.
    name: Option<String>,
    /// `public`, `limited`, `workspace`, `private` or `direct`.
    kind: String,
}

impl From<PlaceSeen> for PlaceShape {
    fn from(place: PlaceSeen) -> Self {
        Self { id: Id(place.id.0), native_id: place.native_id, name: place.name, kind: place.kind }
    }
}

/// A person or program on a network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyShape {
    /// Its name in the desk; null for somebody who is only mentioned.
    id: Option<Id>,
    /// The platform's id.
    native_id: String,
    /// The name it is addressed by.
    handle: Option<String>,
    /// The name shown.
    name: Option<String>,
    /// Whether the platform says it is a program.
    bot: bool,
}

impl From<PartySeen> for PartyShape {
    fn from(party: PartySeen) -> Self {
        let PartySeen { id, native_id, handle, name, bot } = party;
        Self { id: Some(Id(id.0)), native_id, handle, name, bot }
    }
}

/// What hangs on a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentShape {
    /// Its place among the message's attachments, from 0.
    part: i64,
    /// Its file name.
    file_name: Option<String>,
    /// Its media type, as the platform says.
    media_type: Option<String>,
    /// Its size in bytes.
    bytes: Option<i64>,
    /// What it shows.
    alt: Option<String>,
    /// Where its bytes are.
    state: AttachmentStateName,
    /// SHA-256 of its bytes in hexadecimal digits, when they are on record.
    sha256: Option<String>,
    /// Why it could not be fetched.
    error: Option<String>,
}

/// Reactions of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReactionShape {
    /// Which.
    key: String,
    /// How many.
    count: i64,
}

/// A captured message as it stands now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageShape {
    /// Its name: the record id of its first entry.
    id: Id,
    /// The number of its last change: larger than that of any change before.
    changed: i64,
    /// The profile it was captured for.
    profile_id: Id,
    /// The platform's id.
    native_id: String,
    /// Where it was said.
    place: PlaceShape,
    /// Who said it; null when the platform does not say.
    author: Option<PartyShape>,
    /// When, by the source's clock.
    posted_at_ms: i64,
    /// When the record took in what was first known of it.
    captured_at_ms: i64,
    /// The record's entry of the first post; null when that was never captured.
    first_entry: Option<i64>,
    /// The record's entry of what it says; null when only its deletion is known.
    text_entry: Option<i64>,
    /// How often it was changed.
    edits: i64,
    /// Since when it is gone at its source.
    deleted_at_ms: Option<i64>,
    /// What it says, as far as the caller may see it.
    text: String,
    /// A content warning, subject or title.
    subject: Option<String>,
    /// Whether something in it is masked.
    masked: bool,
    /// Its language (BCP 47).
    language: Option<String>,
    /// The first message of its thread, where it is not itself the first.
    thread_id: Option<Id>,
    /// The message it answers.
    reply_to_id: Option<Id>,
    /// The message it quotes or shares.
    quotes_id: Option<Id>,
    /// Whom it mentions.
    mentions: Vec<PartyShape>,
    /// Where it links to.
    links: Vec<String>,
    /// Where a browser shows it.
    permalink: Option<String>,
    /// What was found in it.
    findings: Vec<FindingShape>,
    /// What the text heads flag in it, for example `threat`.
    flags: Vec<String>,
    /// What hangs on it.
    attachments: Vec<AttachmentShape>,
    /// Reactions in force.
    reactions: Vec<ReactionShape>,
    /// Messages of the thread that it begins.
    replies: i64,
}

impl MessageShape {
    /// A message with its values masked.
    pub(in crate::api) fn masked(message: Message) -> Self {
        Self::shown(message, Cover::Masked)
    }

    pub(super) fn shown(message: Message, cover: Cover) -> Self {
        let mut shown = Shown::of(&message, cover);
        let text = shown.text(&message.text, "text", 0);
        let subject = message.subject.as_deref().map(|subject| shown.text(subject, "subject", 0));
        let links = message.links.iter().enumerate().map(|(part, link)| shown.link(link, part)).collect();
        let attachments = message.attachments.iter().map(|attachment| attached(attachment, &mut shown)).collect();
        let findings = shown.findings;
        let mentions = message.mentions.into_iter().map(|party| PartyShape {
            id: None,
            native_id: party.native_id,
            handle: party.handle,
            name: party.name,
            bot: party.bot,
        });
        let flags = message.assessment.iter().flat_map(|assessment| assessment.flagged().map(|(head, _)| head.id().to_owned()));
        Self {
            id: Id(message.id.0),
            changed: message.changed,
            profile_id: Id(message.profile.0),
            native_id: message.native_id,
            place: message.place.into(),
            author: message.author.map(Into::into),
            posted_at_ms: message.posted_at.0,
            captured_at_ms: message.captured_at.0,
            first_entry: message.first_entry,
            text_entry: message.text_entry,
            edits: message.edits,
            deleted_at_ms: message.deleted_at.map(|at| at.0),
            text,
            subject,
            masked: cover == Cover::Masked && message.findings.iter().any(is_covered),
            language: message.language,
            thread_id: message.thread.map(|id| Id(id.0)),
            reply_to_id: message.reply_to.map(|id| Id(id.0)),
            quotes_id: message.quotes.map(|id| Id(id.0)),
            flags: flags.collect(),
            mentions: mentions.collect(),
            links,
            permalink: message.permalink,
            findings,
            attachments,
            reactions: message.reactions.into_iter().map(|(key, count)| ReactionShape { key, count }).collect(),
            replies: message.replies,
        }
    }
}

fn attached(attachment: &AttachmentSeen, shown: &mut Shown<'_>) -> AttachmentShape {
    AttachmentShape {
        part: attachment.part,
        file_name: attachment.file_name.clone(),
        media_type: attachment.media_type.clone(),
        bytes: attachment.bytes,
        alt: attachment.alt.as_deref().map(|alt| shown.text(alt, "alt_text", attachment.part)),
        state: AttachmentStateName(attachment.state),
        sha256: attachment.digest.as_ref().map(hex::encode),
        error: attachment.error.clone(),
    }
}

/// Messages in the order of arrival, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamShape {
    /// The messages.
    pub(super) items: Vec<MessageShape>,
    /// What to send as `after` for older ones; null when there are none.
    pub(super) next: Option<String>,
}

/// A thread, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadShape {
    /// Its first message, known or not.
    pub(super) root_id: Id,
    /// What is known of it, the first message included.
    pub(super) items: Vec<MessageShape>,
    /// Whether there is more than is given.
    pub(super) cut: bool,
}

/// One entry of a message's history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionShape {
    /// Its number in the record.
    entry: i64,
    /// Its record id.
    record_id: Id,
    /// `posted`, `edited` or `deleted`.
    kind: String,
    /// The platform's name of the revision; empty for the first post.
    revision: String,
    /// Who did it.
    by: Option<PartyShape>,
    /// When, by the source's clock.
    source_time_ms: Option<i64>,
    /// When the record took it in.
    captured_at_ms: i64,
    /// What it said, as far as the caller may see it; null for a deletion, or when it cannot be read any more.
    text: Option<String>,
    /// Why it cannot be read.
    unreadable: Option<String>,
}

impl From<Revision> for RevisionShape {
    fn from(revision: Revision) -> Self {
        let cut = |text: String| {
            let pieces = masking::cut(&text, &revision.findings, "text", 0, Cover::Masked);
            let shown = |piece: &masking::Piece<'_>| match piece {
                masking::Piece::Plain(shown) | masking::Piece::Found { shown, .. } => (*shown).to_owned(),
            };
            pieces.iter().map(shown).collect()
        };
        Self {
            entry: revision.entry,
            record_id: Id(revision.record),
            kind: revision.kind,
            revision: revision.revision,
            by: revision.by.map(Into::into),
            source_time_ms: revision.source_time.map(|at| at.0),
            captured_at_ms: revision.captured_at.0,
            text: revision.text.map(cut),
            unreadable: revision.unreadable,
        }
    }
}

/// A time stamp over an entry, as its authority states it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StampShape {
    /// The authority.
    authority: String,
    /// When, by the authority's clock.
    stated_at_ms: i64,
}

/// How a message's first entry stands in the record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PositionShape {
    /// Its number in the record.
    entry: i64,
    /// Its position in the profile's stream, without gaps.
    stream_entry: i64,
    /// Its leaf hash, hexadecimal.
    leaf_hash: String,
    /// The size of the signed checkpoint over it; null when it is not signed yet.
    checkpoint_size: Option<i64>,
    /// The time stamps over that checkpoint.
    time_stamps: Vec<StampShape>,
}

impl From<Position> for PositionShape {
    fn from(position: Position) -> Self {
        let stamps = position.signed.iter().flat_map(|signed| &signed.stamps);
        Self {
            time_stamps: stamps
                .map(|stamp| StampShape { authority: stamp.authority.clone(), stated_at_ms: stamp.stated_at.0 })
                .collect(),
            checkpoint_size: position.signed.as_ref().map(|signed| signed.size),
            entry: position.entry,
            stream_entry: position.stream_entry,
            leaf_hash: position.leaf_hash,
        }
    }
}

/// Everything the record says of a message, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryShape {
    /// The entries.
    pub(super) items: Vec<RevisionShape>,
    /// Where the first of them stands.
    pub(super) position: Option<PositionShape>,
}

/// Why somebody sees what is masked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmaskReason {
    /// It goes on record.
    pub(super) reason: Line<500>,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Of this profile.
    #[param(required = false)]
    pub(super) profile: Option<Id>,
    /// Of profiles on this network.
    #[param(required = false)]
    pub(super) network: Option<Line<120>>,
    /// Of this place.
    #[param(required = false)]
    pub(super) place: Option<Id>,
    /// The `next` of the page before; left out for the newest.
    #[param(required = false)]
    pub(super) after: Option<Seq>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    pub(super) limit: Limit,
}

/// Which changes of messages to follow, from where, and how long to wait for news.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// Of this profile.
    #[param(required = false)]
    pub(super) profile: Option<Id>,
    /// Of profiles on this network.
    #[param(required = false)]
    pub(super) network: Option<Line<120>>,
    /// Of this place.
    #[param(required = false)]
    pub(super) place: Option<Id>,
    /// The `Gatepost-Next` of the answer before; left out from the beginning.
    #[param(required = false)]
    pub(super) after: Option<Seq>,
    /// Messages wanted at most.
    #[param(required = false)]
    pub(super) limit: Option<FeedLimit>,
    /// Seconds to wait when there is nothing new.
    #[param(required = false)]
    pub(super) wait_s: Option<WaitSeconds>,
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThreadQuery {
    /// As the record had it when this entry was recorded; left out for now.
    #[param(required = false)]
    pub(super) as_of: Option<Seq>,
}
