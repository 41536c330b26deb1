//! Types of connections.

use std::collections::BTreeMap;

use networks::Account;
use serde::Serialize;

use crate::{
    ids::{GroupId, ProfileId, Time},
    text_enum::text_enum,
};

text_enum! {
    /// Where a connection stands.
    ConnectionState {
        /// The network answers.
        Connected = "connected", "Connected";
        /// A bad moment; tried again by itself.
        Failing = "failing", "Not reachable";
        /// The network answers what it should not; tried again slowly.
        Broken = "broken", "Broken";
        /// The network says that the account, or what is read of it, is not there (any more); tried again slowly, should it come back.
        Gone = "gone", "Not there any more";
        /// The network does not let the account be read this way, whatever its authorisation; tried again slowly.
        Refused = "refused", "Refused by the network";
        /// Somebody has to connect the profile again.
        NeedsAuthorisation = "needs_authorisation", "Needs to be authorised again";
        /// Ended by somebody; the credentials are forgotten.
        Disconnected = "disconnected", "Disconnected";
    }
}

/// A connection as it is stored. Its credentials are sealed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) profile: ProfileId,
    pub(crate) method: String,
    pub(crate) sealed_secrets: Vec<u8>,
    pub(crate) secrets_version: i64,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) account: Account,
    pub(crate) expires_at: Option<Time>,
    pub(crate) missing_scopes: Vec<String>,
    pub(crate) state: ConnectionState,
    pub(crate) state_changed_at: Time,
    pub(crate) connected_at: Time,
    pub(crate) last_contact_at: Option<Time>,
    pub(crate) last_message_at: Option<Time>,
    pub(crate) lag_ms: Option<i64>,
    pub(crate) failures: i64,
    pub(crate) next_try_at: Option<Time>,
    pub(crate) error_class: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) silent_after_ms: i64,
    pub(crate) silent_since: Option<Time>,
}

/// How a profile's connection stands: everything a page says, and nothing that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The profile.
    pub profile: ProfileId,
    /// The way it was connected.
    pub method: String,
    /// The account, as the network named it.
    pub account: Account,
    /// Where the connection stands.
    pub state: ConnectionState,
    /// Since when.
    pub state_changed_at: Time,
    /// When it was connected, or authorised again.
    pub connected_at: Time,
    /// When the token runs out for good, where it does.
    pub expires_at: Option<Time>,
    /// Scopes that a capability needs and the token lacks.
    pub missing_scopes: Vec<String>,
    /// When the network last answered.
    pub last_contact_at: Option<Time>,
    /// The newest message's time at its source.
    pub last_message_at: Option<Time>,
    /// How long that message took from its source to the record.
    pub lag_ms: Option<i64>,
    /// Failures since the last answer.
    pub failures: i64,
    /// When it is tried again.
    pub next_try_at: Option<Time>,
    /// The class of the last failure.
    pub error_class: Option<String>,
    /// What happened, for people.
    pub error_message: Option<String>,
    /// Silence longer than this alarms.
    pub silent_after_ms: i64,
    /// Since when it is known to be silent.
    pub silent_since: Option<Time>,
    /// Stretches that could not be read and were not back-filled.
    pub open_gaps: i64,
    /// When the source last had nothing (more), on record.
    pub heartbeat_at: Option<Time>,
    /// How back-filling stands: `asked`, `running`, `done`.
    pub back_fill: Option<String>,
}

/// What somebody filled in to connect an account.
#[derive(Clone)]
pub struct NewConnection {
    /// The network's id.
    pub network: String,
    /// One of the network's ways to connect.
    pub method: String,
    /// The fields of that way's form.
    pub fields: BTreeMap<String, String>,
    /// The profile to authorise again; nothing for a new one.
    pub profile: Option<ProfileId>,
    /// What colleagues call a new profile; the account's name when empty.
    pub title: String,
    /// The group of a new profile.
    pub group: Option<GroupId>,
    /// Whether nothing leaves a new profile without an approval workflow.
    pub protected: bool,
}

/// How connecting went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The profile is connected.
    Connected(ProfileId),
    /// The person has to agree at the network.
    Redirect(String),
}

/// Why somebody should look at a profile's capture now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// The profile.
    pub profile: ProfileId,
    /// Its title.
    pub title: String,
    /// What is wrong.
    pub what: AlarmKind,
    /// Since when.
    pub since: Time,
    /// What to do, for people.
    pub remedy: String,
}

text_enum! {
    /// What can be wrong with a capture that should run.
    AlarmKind {
        /// No answer from the network for too long.
        Silent = "silent", "Nothing comes in";
        /// Somebody has to connect it again.
        NeedsAuthorisation = "needs_authorisation", "Needs to be authorised again";
        /// The network answers what it should not.
        Broken = "broken", "Broken";
        /// The network says that there is nothing to read (any more).
        Gone = "gone", "Not there any more";
        /// The network does not let it be read.
        Refused = "refused", "Refused by the network";
        /// What the network delivers has changed: the canary came back different, or not at all.
        Canary = "canary", "Delivers something else";
        /// The token runs out within a week.
        Expiring = "expiring", "Authorisation runs out soon";
    }
}
