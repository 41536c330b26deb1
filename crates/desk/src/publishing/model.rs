//! Types of sending: one version of a post on its way to one profile, with every attempt.

use serde::{Deserialize, Serialize};

use crate::{approvals::Cleared, ids::Time, text_enum::text_enum};

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

text_enum! {
    /// Why a post is held.
    HeldFor {
        /// The stop switch was on when it was due.
        Paused = "paused", "Publishing was paused when it was due";
        /// Nobody sent it in time (an outage): it does not burst out later.
        Missed = "missed", "Its time passed while nothing could be sent";
        /// What would be sent is not what was approved.
        Changed = "changed", "What would be sent is not what was approved";
        /// The network does not know us any more.
        Connection = "connection", "The profile has to be connected again";
        /// Whoever scheduled it was suspended or removed.
        Orphaned = "orphaned", "Whoever scheduled it was suspended; a colleague has to adopt it";
        /// An outcome could not be found out.
        Uncertain = "uncertain", "It may or may not be on the network; look before you send it again";
    }
}

/// One post on its way to one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Where it stands.
    pub state: TargetState,
    /// Why it is held.
    pub held_for: Option<HeldFor>,
    /// What happened, for people: an error, a reason.
    pub reason: Option<String>,
    /// When it is due.
    pub slot: Time,
    /// What may go out; nothing before it is cleared.
    pub cleared: Option<Cleared>,
    /// When the next attempt is due, after one without effect.
    pub next_try: Option<Time>,
    /// Whether somebody wants it not to happen while an attempt is under way.
    pub cancel_wanted: bool,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
    /// The platform's id once it is there.
    pub native_id: Option<String>,
}

/// One attempt. Its intent is durable before the network is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When the intent was made durable.
    pub began_at: Time,
    /// How it ended; nothing while it runs or after a crash.
    pub ended: Option<(Time, Outcome)>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is there.
    Published {
        /// The platform's id.
        native_id: String,
    },
    /// It certainly is not there.
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
