//! The operations: right × operation × scope in one table.
//!
//! Every act and every reading of the desk is one row here. A row says what it needs, who may call it, whether it asks for a fresh
//! proof of identity, and what it leaves in the audit log. Checks, settings page, documentation, API scopes and golden files
//! are made from it; an operation that is not here cannot be authorised.

use super::{Level, Right};

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nobody has to be signed in.
    Nothing,
    /// To be signed in; it concerns the person's own account only.
    SignedIn,
    /// A feature right in the workspace.
    Right(Right),
    /// Any of these feature rights in the workspace.
    AnyRight(&'static [Right]),
    /// One of these levels on the profile concerned.
    Level(&'static [Level]),
}

impl Need {
    /// Whether this right, held in the workspace, is one that opens it.
    pub fn is_opened_by(self, right: Right) -> bool {
        match self {
            Self::Right(needed) => needed == right,
            Self::AnyRight(any) => any.contains(&right),
            Self::Nothing | Self::SignedIn | Self::Level(_) => false,
        }
    }

    /// Whether it takes a feature right at all.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right(_) | Self::AnyRight(_))
    }
}

/// What an operation does to the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads; leaves no entry.
    Read,
    /// Reads something that somebody must be able to ask about later; leaves an entry.
    SensitiveRead,
    /// Changes something; leaves an entry in the same transaction.
    Write,
}

/// Which kinds of caller may call an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// A person in a browser only: never a token, never the command line.
    Person,
    /// A person, or a token acting for one.
    PersonOrToken,
    /// A person, a token, or the operator at the command line.
    All,
    /// Only the desk itself and the operator at the command line.
    Operator,
    /// Only an outside approver who gave their code.
    Guest,
}

/// Whether an operation asks for a fresh proof of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The session is enough.
    Session,
    /// A factor must have been shown within the step-up window.
    StepUp,
}

/// The levels that may read a profile.
pub const READING: &[Level] = &[Level::ReadOnly, Level::NeedsApproval, Level::CanReply, Level::FullPublishing];
/// The levels that may write posts; whether somebody has to approve them is for the workflows to say.
pub const WRITING: &[Level] = &[Level::NeedsApproval, Level::CanReply, Level::FullPublishing];

/// The levels that may decide about what is on its way.
pub const PUBLISHING: &[Level] = &[Level::FullPublishing];

macro_rules! operations {
    ($($name:ident = $id:literal, $access:ident, $callers:ident, $fresh:ident, $need:expr, $title:literal;)*) => {
        /// One thing the desk can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(#[doc = $title] $name,)*
        }

        impl Operation {
            /// Every operation, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in the audit log and the documentation: `area.verb`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it does, as a page says it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it needs.
            pub fn need(self) -> Need {
                match self { $(Self::$name => $need,)* }
            }

            /// What it leaves in the audit log.
            pub fn access(self) -> Access {
                match self { $(Self::$name => Access::$access,)* }
            }

            /// Who may call it.
            pub fn callers(self) -> Callers {
                match self { $(Self::$name => Callers::$callers,)* }
            }

            /// Whether it asks for a fresh proof of identity.
            pub fn freshness(self) -> Freshness {
                match self { $(Self::$name => Freshness::$fresh,)* }
            }
        }
    };
}

operations! {
    // The door. These need nobody signed in, or somebody half-way through.
    SignIn = "door.sign_in", Write, Person, Session, Need::Nothing, "Sign in";
    UseLink = "door.use_link", Write, Person, Session, Need::Nothing, "Use a set-up, invitation or reset link";
    RequestReset = "door.request_reset", Write, Person, Session, Need::Nothing, "Ask for a reset link";
    OutsideCode = "door.outside_code", Write, Person, Session, Need::Nothing, "Ask for the code of an outside approver";
    OutsideEnter = "door.outside_enter", Write, Person, Session, Need::Nothing, "Come in as an outside approver, with the code";
    SignOut = "account.sign_out", Write, Person, Session, Need::SignedIn, "Sign out";
    StepUp = "account.step_up", Write, Person, Session, Need::SignedIn, "Prove identity again";

    // A person's own account.
    AccountRead = "account.read", Read, PersonOrToken, Session, Need::SignedIn, "See the own account";
    AccountChange = "account.change", Write, PersonOrToken, Session, Need::SignedIn, "Change the own name, time zone and look";
    PasswordChange = "account.password", Write, Person, StepUp, Need::SignedIn, "Change the own password";
    FactorAdd = "account.factor_add", Write, Person, StepUp, Need::SignedIn, "Add a second factor or passkey";
    FactorRemove = "account.factor_remove", Write, Person, StepUp, Need::SignedIn, "Remove a second factor or passkey";
    SessionRevoke = "account.session_revoke", Write, Person, Session, Need::SignedIn, "End own sessions";
    TokenCreate = "account.token_create", Write, Person, StepUp, Need::SignedIn, "Create an API token";
    TokenRevoke = "account.token_revoke", Write, PersonOrToken, Session, Need::SignedIn, "Revoke an own API token";
    ViewSave = "views.save", Write, PersonOrToken, Session, Need::SignedIn, "Save a view of a list";
    ViewShare = "views.share", Write, PersonOrToken, Session, Need::Right(Right::SharedViews), "Share a saved view with everybody";

    // People.
    PeopleRead = "people.read", Read, All, Session, Need::Right(Right::People), "See people";
    PersonInvite = "people.invite", Write, PersonOrToken, StepUp, Need::Right(Right::People), "Invite a person";
    PersonChange = "people.change", Write, PersonOrToken, Session, Need::Right(Right::People), "Change a person's name or time zone";
    PersonSuspend = "people.suspend", Write, All, StepUp, Need::Right(Right::People), "Suspend a person";
    PersonRestore = "people.restore", Write, All, StepUp, Need::Right(Right::People), "Restore a suspended person";
    PersonResetLink = "people.reset_link", Write, All, StepUp, Need::Right(Right::People), "Make a reset link for a person";
    PersonSessionsEnd = "people.end_sessions", Write, PersonOrToken, Session, Need::Right(Right::People), "End a person's sessions";
    LinkRevoke = "people.revoke_link", Write, PersonOrToken, Session, Need::Right(Right::People), "Revoke a pending link";
    PersonCreate = "people.create", Write, Operator, Session, Need::Nothing, "Create a person at the command line";
    FactorsClear = "people.clear_factors", Write, Operator, Session, Need::Nothing, "Remove all second factors of a person at the command line";
    TokensRead = "tokens.read", Read, PersonOrToken, Session, Need::Right(Right::Tokens), "See everybody's API tokens";
    TokensRevoke = "tokens.revoke", Write, PersonOrToken, Session, Need::Right(Right::Tokens), "Revoke anybody's API token";

    // Rights, roles, teams.
    RightsRead = "rights.read", Read, All, Session, Need::Right(Right::Rights), "See who may do what, and why";
    GrantGive = "rights.grant", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Give a right or level";
    GrantTake = "rights.revoke", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Take a right or level";
    RoleCreate = "rights.role_create", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Create a role";
    RoleChange = "rights.role_change", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Change or remove a role";
    RoleAssign = "rights.role_assign", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Give a role to a person or team";
    RoleUnassign = "rights.role_unassign", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Take a role from a person or team";
    TeamChange = "rights.team_change", Write, PersonOrToken, Session, Need::Right(Right::Rights), "Create, rename or remove a team";
    TeamMembers = "rights.team_members", Write, PersonOrToken, StepUp, Need::Right(Right::Rights), "Change who is in a team";

    // Profiles.
    ProfilesManage = "profiles.read_all", Read, PersonOrToken, Session, Need::Right(Right::Profiles), "See every profile's settings";
    ProfileRead = "profiles.read", Read, PersonOrToken, Session, Need::Level(READING), "See a profile";
    ProfileAdd = "profiles.add", Write, PersonOrToken, Session, Need::Right(Right::Profiles), "Add a profile";
    ProfileChange = "profiles.change", Write, PersonOrToken, Session, Need::Right(Right::Profiles), "Change, group or protect a profile";
    ProfilePause = "profiles.pause", Write, PersonOrToken, Session, Need::Right(Right::Profiles), "Pause or resume a profile";
    ProfileDisconnect = "profiles.disconnect", Write, PersonOrToken, StepUp, Need::Right(Right::Profiles), "Disconnect a profile";
    GroupChange = "profiles.group_change", Write, PersonOrToken, Session, Need::Right(Right::Profiles), "Create, rename or remove a profile group";

    // Capture.
    ConnectionsRead = "connections.read", Read, All, Session, Need::Right(Right::Profiles), "See how the connections to networks stand";
    ConnectionMake = "connections.make", Write, PersonOrToken, StepUp, Need::Right(Right::Profiles), "Connect an account on a network";
    ConnectionRenew = "connections.renew", Write, PersonOrToken, StepUp, Need::Right(Right::Profiles), "Authorise a profile again";
    ConnectionSetUp = "connections.set_up", SensitiveRead, Person, StepUp, Need::Right(Right::Profiles), "Take the files that make a platform know this server";
    CaptureBackFill = "capture.back_fill", Write, All, Session, Need::Right(Right::Profiles), "Read a profile's past again";
    AttachmentAgain = "capture.attachment_again", Write, PersonOrToken, Session, Need::Right(Right::Profiles), "Have an attachment that was given up fetched again";
    CanarySet = "capture.canary", Write, PersonOrToken, StepUp, Need::Right(Right::Profiles), "Let a canary message watch a capture";
    CaptureState = "capture.state", Write, Operator, Session, Need::Nothing, "Note that a capture broke or fell silent";
    MessagesRead = "messages.read", Read, All, Session, Need::Level(READING), "Read what was captured on a profile";
    MessagesSearch = "messages.search", SensitiveRead, All, Session, Need::Right(Right::Search), "Search what was captured on the profiles one may read";
    MessageUnmask = "messages.unmask", Write, PersonOrToken, StepUp, Need::Right(Right::Unmask), "See what is masked in a message, with a reason";
    ImportsRead = "capture.imports_read", Read, All, Session, Need::Right(Right::Profiles), "See imports and what they refused";
    ImportRun = "capture.import", Write, All, Session, Need::Right(Right::Profiles), "Import an export file into a profile's record";

    // Posts.
    PostsRead = "posts.read", Read, PersonOrToken, Session, Need::Level(READING), "See posts on a profile, from draft to published";
    PostCreate = "posts.create", Write, PersonOrToken, Session, Need::Level(WRITING), "Begin a post";
    PostSave = "posts.save", Write, PersonOrToken, Session, Need::Level(WRITING), "Change a post's working copy";
    PostDiscard = "posts.discard", Write, PersonOrToken, Session, Need::Level(WRITING), "Discard a post that is not on its way";
    PostSubmit = "posts.submit", Write, PersonOrToken, Session, Need::Level(WRITING), "Submit a post for approval or schedule it";
    PostWithdraw = "posts.withdraw", Write, PersonOrToken, Session, Need::Level(WRITING), "Take a submitted post back";
    PostRetime = "posts.retime", Write, PersonOrToken, Session, Need::Level(WRITING), "Move a post to another time";
    PostCancel = "posts.cancel", Write, PersonOrToken, Session, Need::Level(WRITING), "Cancel a post";
    PostComment = "posts.comment", Write, PersonOrToken, Session, Need::Level(READING), "Comment on a post";
    PostCorrect = "posts.correct", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Change or delete what was published";
    MediaAdd = "media.add", Write, PersonOrToken, Session, Need::SignedIn, "Upload a file for posts";
    MediaRead = "media.read", Read, PersonOrToken, Session, Need::SignedIn, "See a file of a post";
    MediaRemove = "media.remove", Write, PersonOrToken, Session, Need::SignedIn, "Remove an uploaded file that no post uses";
    CampaignsRead = "campaigns.read", Read, PersonOrToken, Session, Need::SignedIn, "See campaigns";
    CampaignChange = "campaigns.change", Write, PersonOrToken, Session, Need::SignedIn, "Create, rename or end a campaign";
    PostingSlotsRead = "posting_slots.read", Read, PersonOrToken, Session, Need::Level(READING), "See a profile's usual posting times";
    PostingSlotsChange = "posting_slots.change", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Change a profile's usual posting times";

    // Publishing.
    PublishingRead = "publishing.read", Read, All, Session, Need::SignedIn, "See whether publishing is paused";
    PublishingPause = "publishing.pause", Write, All, Session, Need::Right(Right::StopSwitch), "Pause publishing";
    PublishingResume = "publishing.resume", Write, All, Session, Need::Right(Right::StopSwitch), "Resume publishing";
    HeldRelease = "publishing.release", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Let a held post go out";
    HeldSettle = "publishing.settle", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Say whether a post is on the network when the network does not";
    HeldAdopt = "publishing.adopt", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Adopt a post of somebody who was suspended";
    PostSend = "publishing.send", Write, Operator, Session, Need::Nothing, "Send what is due";
    ForeignNote = "publishing.foreign_note", Write, Operator, Session, Need::Nothing, "Note a post on an own profile that was not sent from here";
    ForeignSeen = "publishing.foreign_seen", Write, PersonOrToken, Session, Need::Level(PUBLISHING), "Take note of a post that was not sent from here";

    // Approvals.
    WorkflowsRead = "workflows.read", Read, All, Session, Need::Right(Right::Workflows), "See approval workflows";
    WorkflowChange = "workflows.change", Write, Person, StepUp, Need::Right(Right::Workflows), "Create, change, order or remove an approval workflow";
    WorkflowsCheck = "workflows.check", Write, Operator, Session, Need::Nothing, "Note that an approval workflow has a step nobody can end";
    ApprovalSubmit = "approvals.submit", Write, PersonOrToken, Session, Need::SignedIn, "Submit a post for approval, or take it back";
    ApprovalsRead = "approvals.read", Read, PersonOrToken, Session, Need::SignedIn, "See what waits for approval on profiles one may read";
    ApprovalDecide = "approvals.decide", Write, PersonOrToken, Session, Need::SignedIn, "Approve, reject or ask for a change, when asked";
    ApprovalsLook = "approvals.look", Write, Operator, Session, Need::Nothing, "Note what time did to a submission: expiry, delegates, reminders";
    GlassBreak = "approvals.break_glass", Write, Person, StepUp, Need::Right(Right::BreakGlass), "Skip missing approvals, with a reason";
    GlassRead = "approvals.read_skips", Read, PersonOrToken, Session, Need::Right(Right::BreakGlass), "See skipped approvals";
    GlassReview = "approvals.review_skip", Write, Person, StepUp, Need::Right(Right::BreakGlass), "Look at a skipped approval as the second person";
    AgentsFreeze = "agents.freeze", Write, All, Session, Need::Right(Right::StopSwitch), "Stop every agent, or let them go on";
    GuestsRead = "outside.read", Read, PersonOrToken, Session, Need::Right(Right::Workflows), "See outside approvers, their links and browsers";
    GuestInvite = "outside.invite", Write, Person, StepUp, Need::Right(Right::Workflows), "Name an outside approver";
    GuestRevoke = "outside.revoke", Write, PersonOrToken, Session, Need::Right(Right::Workflows), "Revoke an outside approver, a link or a browser";
    OutsideSee = "outside.see", Read, Guest, Session, Need::SignedIn, "See what one is asked about, as an outside approver";
    OutsideDecide = "outside.decide", Write, Guest, Session, Need::SignedIn, "Approve or reject as an outside approver";
    OutsideLeave = "outside.leave", Write, Guest, Session, Need::SignedIn, "Leave, as an outside approver";

    // Word lists.
    WordListsRead = "word_lists.read", Read, All, Session, Need::AnyRight(&[Right::Rules, Right::AuditLog]), "See word lists and what they said before";
    WordListChange = "word_lists.change", Write, PersonOrToken, StepUp, Need::Right(Right::Rules), "Create or change a word list, or switch it on or off";
    WordListTry = "word_lists.try", SensitiveRead, PersonOrToken, Session, Need::Right(Right::Rules), "Try a word list on the newest messages one may read";

    // The house.
    AuditRead = "audit_log.read", SensitiveRead, PersonOrToken, Session, Need::Right(Right::AuditLog), "Read the audit log";
    AuditExport = "audit_log.export", SensitiveRead, PersonOrToken, StepUp, Need::Right(Right::AuditLog), "Export the audit log";
    AuditFeed = "audit_log.feed", Read, PersonOrToken, Session, Need::Right(Right::AuditLog), "Follow the audit log as a feed";
    RecordRead = "record.read", Read, All, Session, Need::Right(Right::AuditLog), "See how the record does";
    SettingsRead = "settings.read", Read, PersonOrToken, Session, Need::Right(Right::Settings), "See the workspace's settings";
    SettingsChange = "settings.change", Write, PersonOrToken, StepUp, Need::Right(Right::Settings), "Change the workspace's settings";
    WorkspaceCreate = "workspace.create", Write, Operator, Session, Need::Nothing, "Create the workspace and its first owner";
    BackupRestore = "workspace.restore", Write, Operator, Session, Need::Nothing, "Restore from a backup";
    BackupMake = "workspace.backup", SensitiveRead, Operator, Session, Need::Nothing, "Make a backup";
    JobsRead = "jobs.read", Read, All, Session, Need::Right(Right::Jobs), "See background jobs";
    JobRetry = "jobs.retry", Write, All, Session, Need::Right(Right::Jobs), "Run a dead job again";
    JobCancel = "jobs.cancel", Write, All, Session, Need::Right(Right::Jobs), "Cancel a job";
}

/// Rights that no operation asks for yet: they can be given today and guard what later parts bring. This list only shrinks.
pub const AWAITING_OPERATIONS: &[Right] = &[
    Right::Assets,
    Right::Cases,
    Right::Delete,
    Right::Holds,
    Right::Retention,
    Right::Export,
    Right::Policies,
    Right::Audits,
    Right::Crisis,
    Right::Reports,
];

impl Operation {
    /// The part of the desk it belongs to: what stands before the dot.
    pub fn area(self) -> &'static str {
        self.id().split_once('.').map_or("", |(area, _)| area)
    }

    /// The scope an API token needs for it, or nothing when no token may call it.
    pub fn token_scope(self) -> Option<TokenScope> {
        match self.callers() {
            Callers::PersonOrToken | Callers::All => {
                Some(TokenScope { area: self.area(), writes: self.access() == Access::Write })
            }
            Callers::Person | Callers::Operator | Callers::Guest => None,
        }
    }
}

/// What an API token is limited to: an area, reading or writing. `people:write` does not include `people:read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenScope {
    /// The part of the desk.
    pub area: &'static str,
    /// Whether it covers writing operations; otherwise it covers reading ones.
    pub writes: bool,
}

impl std::fmt::Display for TokenScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.area, if self.writes { "write" } else { "read" })
    }
}

impl TokenScope {
    /// Every scope there is, sorted.
    pub fn all() -> Vec<Self> {
        let mut scopes: Vec<_> = Operation::ALL.iter().filter_map(|operation| operation.token_scope()).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }

    /// Reads `area:read` or `area:write`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().into_iter().find(|scope| scope.to_string() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{AWAITING_OPERATIONS, Operation, TokenScope};
    use crate::rights::Right;

    #[test]
    fn ids_are_unique_and_have_an_area() {
        let ids: HashSet<_> = Operation::ALL.iter().map(|operation| operation.id()).collect();
        assert_eq!(ids.len(), Operation::ALL.len());
        assert!(Operation::ALL.iter().all(|operation| !operation.area().is_empty()));
    }

    #[test]
    fn every_right_guards_something_or_is_listed_as_waiting() {
        for &right in Right::ALL {
            let used = Operation::ALL.iter().any(|operation| operation.need().is_opened_by(right));
            assert_ne!(used, AWAITING_OPERATIONS.contains(&right), "{}", right.id());
        }
    }

    #[test]
    fn scopes_read_back() {
        for scope in TokenScope::all() {
            assert_eq!(TokenScope::parse(&scope.to_string()), Some(scope));
        }
        assert_eq!(TokenScope::parse("people:own"), None);
    }
}
