//! The whole story of a post: every version, decision, attempt and answer, with the place of each in the record.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    access, comments,
    corrections::{self, Correction},
    model::Attempt,
    post::{Comment, Post, Version},
    posts,
    store::{parts, targets, versions},
};
use crate::{
    actor::Actor,
    desk::Desk,
    error::Result,
    ids::{PersonId, PostId, ProfileId, Time},
    records::{self, OnRecord},
};

/// Entries of the record that are shown of one post.
const ENTRIES_MAX: i64 = 2_000;

/// What is known of a post.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// As it stands.
    pub post: Post,
    /// Every submitted version, oldest first; only the profiles that the caller may read.
    pub versions: Vec<Version>,
    /// Everybody whose hand touched it.
    pub editors: Vec<PersonId>,
    /// Every attempt with every version, by profile, oldest first.
    pub attempts: BTreeMap<ProfileId, Vec<(u32, Attempt)>>,
    /// Where its parts are, by profile.
    pub parts: BTreeMap<ProfileId, Vec<SentPart>>,
    /// Changes and deletions of what was published.
    pub corrections: Vec<Correction>,
    /// Comments.
    pub comments: Vec<Comment>,
    /// What is on record, oldest first, each with its position in the ledger.
    pub record: Vec<OnRecord>,
}

/// A part that is on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentPart {
    /// Which, from 0.
    pub part: u32,
    /// The network's id.
    pub native_id: String,
    /// Where a browser shows it.
    pub permalink: Option<String>,
    /// When it went out, by the network's clock where it says.
    pub sent_at: Option<Time>,
    /// When it was deleted from here.
    pub deleted_at: Option<Time>,
}

/// The whole story of a post, as far as the caller may see it.
pub async fn history(desk: &Desk, actor: &Actor, id: PostId) -> Result<Story> {
    let post = posts::get(desk, actor, id).await?;
    let corrections = corrections::corrections(desk, actor, id).await?;
    let comments = comments::comments(desk, actor, id).await?;
    let mut reader = desk.db().read().await?;
    let seen = access::readable(desk, actor, &mut reader, id).await?;
    let mut versions = versions::all(&mut reader, id).await?;
    for version in &mut versions {
        version.draft.keep_only(|profile| seen.contains(&profile));
    }
    let (mut attempts, mut there) = (BTreeMap::new(), BTreeMap::new());
    for target in &post.targets {
        attempts.insert(target.key.profile, targets::all_attempts(&mut reader, target.key).await?);
        let sent = parts::all(&mut reader, target.key).await?.into_iter().filter_map(|row| {
            let (part, permalink, sent_at, deleted_at) = (row.part, row.permalink, row.sent_at, row.deleted_at);
            Some(SentPart { part, native_id: row.native_id?, permalink, sent_at, deleted_at })
        });
        there.insert(target.key.profile, sent.collect());
    }
    let mut record = records::of_post(&mut reader, id, ENTRIES_MAX).await?;
    record.retain(|entry| entry.profile.is_none_or(|profile| seen.contains(&profile)));
    let all_seen = targets::profiles_of(&mut reader, id).await?.iter().all(|profile| seen.contains(profile));
    if !all_seen {
        // Entries about the post as a whole hold what goes to profiles that this reader may not see.
        for entry in record.iter_mut().filter(|entry| entry.profile.is_none()) {
            entry.body = serde_json::Value::Null;
        }
    }
    let editors = super::gate::editors(&mut reader, id).await?.into_iter().collect();
    Ok(Story { post, versions, editors, attempts, parts: there, corrections, comments, record })
}
