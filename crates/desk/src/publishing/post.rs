//! Types of posts as people write, see and find them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    content::{Draft, MediaDigest},
    model::{HeldFor, Target, TargetKey, TargetState},
};
use crate::{
    approvals::{ContentDigest, Hand},
    ids::{CampaignId, CommentId, PersonId, PostId, ProfileId, Time},
    text_enum::text_enum,
};

/// What a form or a program gives for a post: everything of the working copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostForm {
    /// For colleagues; never sent.
    pub title: String,
    /// What is posted where.
    pub draft: Draft,
    /// When; nothing for "as soon as it may".
    pub slot: Option<Time>,
    /// The time zone (IANA) that the time was chosen in; empty for the workspace's.
    pub zone: String,
    /// What it belongs to.
    pub campaign: Option<CampaignId>,
    /// Its tags.
    pub tags: BTreeSet<String>,
}

/// A post as somebody may see it: only the profiles that they may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Post {
    /// The post.
    pub id: PostId,
    /// Who began it.
    pub author: PersonId,
    /// By whose hand.
    pub hand: Hand,
    /// For colleagues.
    pub title: String,
    /// The working copy.
    pub draft: Draft,
    /// Counts changes of the working copy: give it back when saving.
    pub revision: i64,
    /// The newest submitted version; 0 before there is one.
    pub version: u32,
    /// When.
    pub slot: Option<Time>,
    /// The time zone that the time was chosen in.
    pub zone: String,
    /// What it belongs to.
    pub campaign: Option<CampaignId>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// When it was begun.
    pub created_at: Time,
    /// When the working copy last changed.
    pub changed_at: Time,
    /// Who changed it.
    pub changed_by: PersonId,
    /// Since when it is discarded.
    pub discarded_at: Option<Time>,
    /// What becomes of it, profile by profile.
    pub targets: Vec<PostTarget>,
}

impl Post {
    /// Whether its working copy may be changed: nothing of it is out, on its way out, or decided for good.
    pub fn is_open(&self) -> bool {
        self.discarded_at.is_none() && self.targets.iter().all(|target| target.life.is_open())
    }

    /// When it goes out: the time it was given, or the one within what was cleared to which it was moved since.
    pub fn due(&self) -> Option<Time> {
        let given = self.slot?;
        let moved = self.targets.iter().filter(|target| target.life.state == TargetState::Scheduled);
        Some(moved.filter_map(|target| target.life.slot).min().unwrap_or(given))
    }

    /// What becomes of it on a profile.
    pub fn target(&self, profile: ProfileId) -> Option<&PostTarget> {
        self.targets.iter().find(|target| target.key.profile == profile)
    }
}

/// A post on one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostTarget {
    /// Which.
    pub key: TargetKey,
    /// The version that is on its way or went out; 0 before there is one.
    pub version: u32,
    /// Its life.
    pub life: Target,
    /// Where a browser shows it.
    pub permalink: Option<String>,
    /// When it went out.
    pub published_at: Option<Time>,
    /// Who scheduled it.
    pub scheduled_by: Option<PersonId>,
    /// When something last changed.
    pub changed_at: Time,
}

/// How saving went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// Saved; the working copy as it stands now.
    Done(Box<Post>),
    /// Somebody else saved meanwhile; nothing was changed. Theirs.
    Conflict(Box<Post>),
}

/// Which posts are wanted. Everything given has to fit; empty sets mean "any".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostFilter {
    /// On any of these profiles.
    pub profiles: BTreeSet<ProfileId>,
    /// On this network.
    pub network: Option<String>,
    /// Whose title or text has this, without regard to case.
    pub text: Option<String>,
    /// In any of these states on some profile.
    pub states: Vec<TargetState>,
    /// Begun by this person.
    pub author: Option<PersonId>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// With a time from this moment on.
    pub from: Option<Time>,
    /// With a time before this moment.
    pub until: Option<Time>,
    /// Without a time.
    pub undated: bool,
    /// Discarded ones instead of all others.
    pub discarded: bool,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PostOrder {
    /// The newest change first.
    #[default]
    Changed,
    /// The earliest time first; those without one are left out.
    Calendar,
}

/// A post in a list or calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostGlance {
    /// The post.
    pub id: PostId,
    /// For colleagues.
    pub title: String,
    /// How its text begins.
    pub excerpt: String,
    /// Who began it.
    pub author: PersonId,
    /// By whose hand.
    pub hand: Hand,
    /// Its revision.
    pub revision: i64,
    /// Where a calendar shows it.
    pub at: Option<Time>,
    /// The time zone that the time was chosen in.
    pub zone: String,
    /// What it belongs to.
    pub campaign: Option<CampaignId>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether something hangs on it.
    pub media: bool,
    /// Its first picture.
    #[serde(skip)]
    pub picture: Option<MediaDigest>,
    /// When it last changed.
    pub changed_at: Time,
    /// Where it goes and how it stands there.
    pub targets: Vec<TargetGlance>,
}

/// A post on one profile, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetGlance {
    /// Which.
    pub profile: ProfileId,
    /// How it stands.
    pub state: TargetState,
    /// Why it is held.
    pub held_for: Option<HeldFor>,
    /// When.
    pub slot: Option<Time>,
}

/// A submitted version: immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// From 1.
    pub number: u32,
    /// What it says.
    pub draft: Draft,
    /// When it is to go out; nothing for "as soon as it may".
    pub slot: Option<Time>,
    /// The time zone that the time was chosen in.
    pub zone: String,
    /// Of draft and slot.
    pub digest: ContentDigest,
    /// The kinds of what the inspector found in it.
    pub findings: BTreeSet<String>,
    /// Who submitted it.
    pub made_by: PersonId,
    /// By whose hand.
    pub hand: Hand,
    /// When.
    pub made_at: Time,
}

text_enum! {
    /// Who reads a comment.
    CommentAudience {
        /// Colleagues only: what a comment is unless somebody says otherwise.
        Internal = "internal", "Colleagues only";
        /// Outside approvers as well.
        External = "external", "Outside approvers too";
    }
}

/// A comment on a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Which.
    pub id: CommentId,
    /// Whose; nothing for an outside approver's.
    pub person: Option<PersonId>,
    /// Who reads it.
    pub audience: CommentAudience,
    /// What it says.
    pub text: String,
    /// When.
    pub at: Time,
}

/// What posts belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Which.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Since when there is one.
    pub created_at: Time,
    /// Since when nothing new belongs to it.
    pub ended_at: Option<Time>,
}
