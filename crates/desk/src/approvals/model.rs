//! Types of approvals: workflows with their steps, and a version of a post on its way through one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{GuestId, PersonId, PostId, ProfileId, RoleId, SubmissionId, TeamId, Time},
    text_enum::text_enum,
};

/// SHA-256 over exactly what was approved: text, media bytes, alt text, links, targets, time and its window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ContentDigest(pub [u8; 32]);

impl From<ContentDigest> for String {
    fn from(digest: ContentDigest) -> Self {
        hex::encode(digest.0)
    }
}

impl TryFrom<String> for ContentDigest {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl std::fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContentDigest({})", hex::encode(&self.0[..4]))
    }
}

/// Who may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// One person.
    Person(PersonId),
    /// Whoever is in the team when they decide.
    Team(TeamId),
    /// Whoever holds the role when they decide.
    Role(RoleId),
    /// Somebody outside, without an account.
    Guest(GuestId),
}

/// Who decides: one voice each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Voice {
    /// A person with an account.
    Person(PersonId),
    /// An outside approver.
    Guest(GuestId),
}

impl Voice {
    /// The kind as the database says it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Guest(_) => "guest",
        }
    }

    /// The id without its kind.
    pub fn id(self) -> uuid::Uuid {
        match self {
            Self::Person(id) => id.0,
            Self::Guest(id) => id.0,
        }
    }

    /// From kind and id.
    pub fn parse(kind: &str, id: uuid::Uuid) -> Option<Self> {
        match kind {
            "person" => Some(Self::Person(id.into())),
            "guest" => Some(Self::Guest(id.into())),
            _ => None,
        }
    }

    /// The person, if it is one.
    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Guest(_) => None,
        }
    }
}

/// How many of those asked have to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// One.
    Any,
    /// Each of those who can act.
    All,
    /// At least so many.
    Quorum(u8),
}

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, for example `Legal`.
    pub name: String,
    /// Who is asked.
    pub approvers: BTreeSet<Approver>,
    /// How many have to agree.
    pub need: Need,
    /// After so many milliseconds without an end the delegates are asked as well; nothing when there are none.
    pub delegate_after_ms: Option<i64>,
    /// Who is asked then.
    pub delegates: BTreeSet<Approver>,
    /// Why it is here: the workflow, or the rule that added it. Shown with the post.
    pub because: String,
}

/// The people who can act on a step at this moment: resolved from teams and roles, active, with access to the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panel {
    /// Of the step's approvers.
    pub approvers: BTreeSet<Voice>,
    /// Of its delegates.
    pub delegates: BTreeSet<Voice>,
}

text_enum! {
    /// Whose hand a decision came from.
    Hand {
        /// The voice's own, in a browser.
        Person = "person", "in the browser";
        /// A program with the person's token.
        Token = "token", "by an API token";
        /// A token marked as an agent.
        Agent = "agent", "by an agent";
    }
}

/// What somebody decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It may go out.
    Approve,
    /// It may not.
    Reject {
        /// Why: shown to the author and kept.
        reason: String,
    },
    /// It may, after a change.
    AskForChange {
        /// What to change.
        reason: String,
    },
}

impl Verdict {
    /// The verdict and its reason as the database keeps them.
    pub(super) fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Approve => ("approve", ""),
            Self::Reject { reason } => ("reject", reason),
            Self::AskForChange { reason } => ("ask_for_change", reason),
        }
    }
}

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whose.
    pub by: Voice,
    /// By whose hand.
    pub hand: Hand,
    /// What.
    pub verdict: Verdict,
    /// Of what: the digest the person saw.
    pub seen: ContentDigest,
    /// When.
    pub at: Time,
}

/// A step on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenStep {
    /// What it asks for.
    pub step: Step,
    /// Since when it is asked; nothing when its turn has not come.
    pub opened_at: Option<Time>,
    /// When enough had agreed.
    pub closed_at: Option<Time>,
    /// What was decided.
    pub decisions: Vec<Decision>,
}

text_enum! {
    /// Where a submission stands.
    SubmissionState {
        /// Somebody is asked.
        Pending = "pending", "waiting for approval";
        /// Every step agreed.
        Approved = "approved", "approved";
        /// Somebody said no.
        Rejected = "rejected", "rejected";
        /// Somebody asked for a change: it goes back to the author.
        ChangeWanted = "change_wanted", "sent back for a change";
        /// The author took it back, or the post was cancelled.
        Withdrawn = "withdrawn", "withdrawn";
        /// The content changed after it was submitted: whatever was decided counts for nothing.
        Voided = "voided", "void, because the post changed";
        /// Its time came before the last step agreed.
        Expired = "expired", "expired before it was approved";
        /// Somebody broke the glass: what was missing was skipped, and a second person looks at it afterwards.
        Skipped = "skipped", "cleared without the missing approvals";
    }
}

/// A version of a post on its way through its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// What is asked about.
    pub digest: ContentDigest,
    /// The steps in order. Never empty.
    pub steps: Vec<OpenStep>,
    /// Who may not decide: the author, every editor of this version, everybody for whom a program edited it, and outside
    /// addresses that are theirs.
    pub excluded: BTreeSet<Voice>,
    /// When it is due; nothing for "as soon as approved".
    pub slot: Option<Time>,
    /// When it was submitted.
    pub submitted_at: Time,
    /// Where it stands.
    pub state: SubmissionState,
}

/// A submission as it is kept: which post it is of, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The submission.
    pub id: SubmissionId,
    /// The post.
    pub post: PostId,
    /// Its version.
    pub version: u32,
    /// How far from the approved time it may go out.
    pub window_ms: i64,
    /// What its author says to those who decide.
    pub note: String,
    /// The profiles it goes to: whoever decides can read each of them.
    pub targets: BTreeSet<ProfileId>,
    /// Who submitted it.
    pub submitted_by: Option<PersonId>,
    /// Whether an agent had a hand in it.
    pub by_agent: bool,
    /// Its way.
    pub submission: Submission,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Since when nobody could end its current step.
    pub stuck_since: Option<Time>,
}
