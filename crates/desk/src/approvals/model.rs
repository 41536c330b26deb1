//! Types of approvals: workflows with their steps, and a version of a post on its way through one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, RoleId, TeamId, Time};

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
    pub approvers: BTreeSet<PersonId>,
    /// Of its delegates.
    pub delegates: BTreeSet<PersonId>,
}

/// Whose hand a decision came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hand {
    /// The person's own, in a browser.
    Person,
    /// A program with the person's token.
    Token,
    /// A token marked as an agent.
    Agent,
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

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whose.
    pub by: PersonId,
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

/// Where a submission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionState {
    /// Somebody is asked.
    Pending,
    /// Every step agreed.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Somebody asked for a change: it goes back to the author.
    ChangeWanted,
    /// The author took it back, or the post was cancelled.
    Withdrawn,
    /// The content changed after it was submitted: whatever was decided counts for nothing.
    Voided,
    /// Its time came before the last step agreed.
    Expired,
}

/// A version of a post on its way through its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// What is asked about.
    pub digest: ContentDigest,
    /// The steps in order. Never empty.
    pub steps: Vec<OpenStep>,
    /// Who may not decide: the author, every editor of this version, everybody for whom a program edited it.
    pub excluded: BTreeSet<PersonId>,
    /// When it is due; nothing for "as soon as approved".
    pub slot: Option<Time>,
    /// When it was submitted.
    pub submitted_at: Time,
    /// Where it stands.
    pub state: SubmissionState,
}
