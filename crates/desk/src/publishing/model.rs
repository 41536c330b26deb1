//! Types of sending: one version of a post on its way to one profile, with every attempt.

use serde::{Deserialize, Serialize};

use crate::{
    approvals::ContentDigest,
    ids::{HolderId, PostId, ProfileId, Time},
    text_enum::text_enum,
};

text_enum! {
    /// Where a post stands with one profile. A post that was scheduled ends in one of the last five, or waits in `held` for somebody.
    TargetState {
        /// Being written.
        Draft = "draft", "Draft";
        /// Somebody is asked.
        Pending = "pending", "Waiting for approval";
        /// Cleared, and waiting for its time or its next attempt.
        Scheduled = "scheduled", "Scheduled";
        /// An attempt is under way, or its outcome has to be looked up.
        Sending = "sending", "Sending";
        /// Waits for a person to decide: keep, re-time, cancel.
        Held = "held", "Held";
        /// It is on the network.
        Published = "published", "Published";
        /// The network will not take it, or did not within all attempts.
        Failed = "failed", "Failed";
        /// Its time came before it was approved.
        Expired = "expired", "Expired";
        /// Somebody decided that it does not go out.
        Cancelled = "cancelled", "Cancelled";
    }
}

impl TargetState {
    /// Whether nothing follows on it by itself or by anybody's decision.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Published | Self::Failed | Self::Expired | Self::Cancelled)
    }
}

text_enum! {
    /// Why a post is held.
    HeldFor {
        /// The stop switch was on when it was due.
        Paused = "paused", "Publishing was paused when it was due";
        /// Nobody sent it in time (an outage): it does not burst out later.
        Missed = "missed", "Its time passed while nothing could be sent";
        /// What would be sent is not what was approved.
        Changed = "changed", "What would be sent is not what was approved";
        /// A list says that something in it is never published.
        Blocked = "blocked", "It has something that is never published";
        /// The network does not know us any more.
        Connection = "connection", "The profile has to be connected again";
        /// Whoever scheduled it was suspended or removed.
        Orphaned = "orphaned", "Whoever scheduled it was suspended; a colleague has to adopt it";
        /// An outcome could not be found out.
        Uncertain = "uncertain", "It may or may not be on the network; look before you send it again";
    }
}

/// Names a post on one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetKey {
    /// The post.
    pub post: PostId,
    /// The profile.
    pub profile: ProfileId,
}

/// One post on its way to one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where it stands.
    pub state: TargetState,
    /// Why it is held.
    pub held_for: Option<HeldFor>,
    /// What happened, for people: an error, a reason.
    pub reason: Option<String>,
    /// When it is due; nothing for "as soon as it is cleared".
    pub slot: Option<Time>,
    /// What may go out; nothing before it is cleared.
    pub cleared: Option<Window>,
    /// When the next attempt is due, after one without effect.
    pub next_try: Option<Time>,
    /// Whether somebody wants it not to happen while an attempt is under way.
    pub cancel_wanted: bool,
    /// When somebody let it go although publishing is softly paused.
    pub confirmed_at: Option<Time>,
    /// How often the network was asked in vain what became of the newest attempt.
    pub looks: u32,
    /// Files that the network has to be given first.
    pub uploads_left: u32,
    /// Posts of its thread; 1 for most.
    pub parts: u32,
    /// How many of them are on the network, from the first.
    pub parts_there: u32,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
    /// The platform's id of its first part, once all of it is there.
    pub native_id: Option<String>,
}

/// What was cleared, and for when: a copy of what approvals allowed, for rules and pages. It opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Of exactly this content.
    pub digest: ContentDigest,
    /// Not before this.
    pub from: Time,
    /// Not after this: the window that the workflow allows around the approved time.
    pub until: Time,
}

impl Window {
    /// Whether a moment lies in it.
    pub fn holds(&self, at: Time) -> bool {
        self.from <= at && at <= self.until
    }
}

/// One attempt. Its intent is durable before the network is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The process that makes it.
    pub holder: HolderId,
    /// When the intent was made durable.
    pub began_at: Time,
    /// When its newest call was allowed: a thread takes several.
    pub called_at: Time,
    /// How it ended; nothing while it runs or after a crash.
    pub ended: Option<(Time, Outcome)>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is there, all of it.
    Published {
        /// The platform's id of its first part.
        native_id: String,
    },
    /// Some more of a thread is there; the rest certainly is not.
    Continues {
        /// How many parts are there now.
        parts_there: u32,
    },
    /// What it tried to send certainly is not there.
    NoEffect {
        /// What is to be done about it.
        next: Next,
        /// What happened.
        message: String,
    },
    /// Nobody knows.
    Unknown {
        /// What happened.
        message: String,
    },
}

/// What is to be done after an attempt without effect; from the class of the network's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Try again after so many milliseconds.
    Again {
        /// The wait.
        after_ms: i64,
    },
    /// Somebody has to connect the profile again.
    Reconnect,
    /// It will never be taken.
    GiveUp,
}
