//! The feature rights: the one list that checks, settings page, documentation and golden files are made from.

use serde::{Deserialize, Serialize};

macro_rules! rights {
    ($($name:ident = $id:literal, $title:literal, $administers:ident, $docs:literal;)*) => {
        /// Something a person may be allowed to do in the whole workspace. No right implies another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Right {
            $(#[doc = $docs] #[serde(rename = $id)] $name,)*
        }

        impl Right {
            /// Every right, in the order of the settings page.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the database, the API and the documentation.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The name on a page.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it allows, in one sentence.
            pub fn docs(self) -> &'static str {
                match self { $(Self::$name => $docs,)* }
            }

            /// Whether holding it makes the person an administrator, who needs a second factor by default.
            pub fn administers(self) -> bool {
                match self { $(Self::$name => rights!(@$administers),)* }
            }
        }
    };
    (@administers) => { true };
    (@plain) => { false };
}

rights! {
    People = "people", "People", administers, "Invite, change, suspend and restore people, and send reset links.";
    Rights = "rights", "Rights, roles and teams", administers, "Give and take rights, roles and team membership.";
    Profiles = "profiles", "Profiles", administers, "Connect, group, pause and disconnect profiles.";
    Rules = "rules", "Rules", administers, "Change what is looked for in messages and what happens then.";
    Workflows = "workflows", "Approval workflows", administers, "Create and change approval workflows.";
    Assets = "assets", "Asset library", plain, "Create and change saved replies and media.";
    Cases = "cases", "Cases", plain, "Work on alerts and cases.";
    Unmask = "unmask", "Unmask", administers, "See masked personal data, with a reason, on record.";
    Delete = "delete", "Delete", administers, "Remove messages from a network.";
    Holds = "holds", "Legal holds", administers, "Set and release legal holds.";
    Retention = "retention", "Retention", administers, "Change retention schedules and confirm disposal.";
    Export = "export", "Export", administers, "Export records.";
    Search = "search", "Search the record", plain, "Search everything that was captured on profiles the person may read; each question is on record.";
    AuditLog = "audit_log", "Audit log", administers, "Read, filter and export the audit log.";
    Settings = "settings", "Settings", administers, "Change the workspace's settings.";
    StopSwitch = "stop_switch", "Stop switch", administers, "Pause and resume publishing.";
    BreakGlass = "break_glass", "Break glass", administers, "Skip an approval in an emergency, with a reason and a second person afterwards.";
    Policies = "policies", "Policies and training", plain, "Write policies and training and follow who signed.";
    Audits = "audits", "Channel audits", plain, "Plan and sign off audits of channels.";
    Crisis = "crisis", "Crisis plans", administers, "Write and open crisis plans.";
    Reports = "reports", "Reports", plain, "See and schedule reports.";
    Jobs = "jobs", "Background jobs", administers, "See, retry and cancel background jobs.";
    Tokens = "tokens", "API tokens of others", administers, "See and revoke the API tokens of other people.";
    SharedViews = "shared_views", "Shared views", plain, "Share a saved view with everybody.";
}

impl std::str::FromStr for Right {
    type Err = UnknownRight;

    fn from_str(text: &str) -> Result<Self, UnknownRight> {
        Self::ALL.iter().copied().find(|right| right.id() == text).ok_or_else(|| UnknownRight(text.to_owned()))
    }
}

/// A right or level that this program does not know. It counts as no right at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown right `{0}`")]
pub struct UnknownRight(pub String);

macro_rules! levels {
    ($($name:ident = $id:literal, $title:literal, $docs:literal;)*) => {
        /// What a person may do on one profile. The order is only used to pick the strongest of several grants.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Level {
            $(#[doc = $docs] #[serde(rename = $id)] $name,)*
        }

        impl Level {
            /// Every level, weakest first.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the database, the API and the documentation.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The name on a page.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it allows, in one sentence.
            pub fn docs(self) -> &'static str {
                match self { $(Self::$name => $docs,)* }
            }
        }
    };
}

levels! {
    NoAccess = "no_access", "No access", "The profile is invisible. Given explicitly, it beats every other grant on that profile.";
    ReadOnly = "read_only", "Read only", "Read messages and posts of the profile.";
    NeedsApproval = "needs_approval", "Needs approval", "Read, and draft posts and replies that others approve.";
    CanReply = "can_reply", "Can reply", "Read, draft, and reply without approval unless a rule asks for it.";
    FullPublishing = "full_publishing", "Full publishing", "Read, reply and publish, within the profile's workflow.";
}

impl std::str::FromStr for Level {
    type Err = UnknownRight;

    fn from_str(text: &str) -> Result<Self, UnknownRight> {
        Self::ALL.iter().copied().find(|level| level.id() == text).ok_or_else(|| UnknownRight(text.to_owned()))
    }
}
