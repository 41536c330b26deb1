//! A captured message as the index takes it.

use ::search::{Change, Mark, Marks, Message as Indexed};
use networks::event::Party;

use super::{key, record};
use crate::{capture::Message, ids::ProfileId};

/// A change of a message. `taken` is the change up to which the index has followed: a message whose first change comes after that
/// cannot be in it, and need not be looked for.
pub(super) fn change(message: Message, network: &str, taken: i64) -> Change {
    let is_new = message.number > taken;
    let indexed = indexed(message, network);
    if is_new { Change::Add(indexed) } else { Change::Replace(indexed) }
}

fn indexed(message: Message, network: &str) -> Indexed {
    let marks = marks(&message);
    let mut also: Vec<String> = message.subject.into_iter().collect();
    let mentions = message.mentions.into_iter().flat_map(|Party { handle, name, .. }| [handle, name]);
    also.extend(mentions.flatten());
    also.extend(message.links);
    also.extend(message.attachments.into_iter().flat_map(|attachment| [attachment.file_name, attachment.alt]).flatten());
    let author = message.author.into_iter();
    Indexed {
        id: record(message.id),
        profile: key(message.profile),
        network: network.to_owned(),
        channel: [message.place.name, Some(message.place.native_id)].into_iter().flatten().collect(),
        person: author.flat_map(|author| [author.handle, author.name, Some(author.native_id)]).flatten().collect(),
        time_ms: message.posted_at.0,
        language: message.language,
        text: message.text,
        also,
        findings: message.findings.into_iter().map(|finding| finding.kind).collect(),
        marks,
    }
}

fn marks(message: &Message) -> Marks {
    Marks::default()
        .with_if(Mark::Attachment, !message.attachments.is_empty())
        .with_if(Mark::Link, !message.links.is_empty())
        .with_if(Mark::Edited, message.edits > 0)
        .with_if(Mark::Deleted, message.deleted_at.is_some())
        .with_if(Mark::Reply, message.reply_to.is_some() || message.thread.is_some())
}

/// The networks of profiles, for messages that do not say theirs.
#[derive(Debug, Default)]
pub(super) struct Networks(std::collections::HashMap<ProfileId, String>);

impl Networks {
    pub(super) fn of(profiles: Vec<crate::profiles::Profile>) -> Self {
        Self(profiles.into_iter().map(|profile| (profile.id, profile.network)).collect())
    }

    pub(super) fn has(&self, profile: ProfileId) -> bool {
        self.0.contains_key(&profile)
    }

    pub(super) fn network(&self, profile: ProfileId) -> &str {
        self.0.get(&profile).map_or("", String::as_str)
    }
}
