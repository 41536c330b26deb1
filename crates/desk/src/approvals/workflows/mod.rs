//! Workflows: the book of who has to agree to what. Operations to write it, and the daily look whether everybody named can act.
//!
//! Invariants: a workflow or addition with a step that nobody can end today is refused; one that became so (somebody left, lost
//! access) is found by the daily check, marked and reported; changing one needs a person, never a program. What a post has to go
//! through is decided in [`path`] alone.

mod check;
mod choices;
mod editing;
mod path;

use serde::Serialize;

pub use check::CheckWorkflows;
pub use choices::{Choices, Named, choices};
pub use editing::{change, change_addition, create, create_addition, order, remove, remove_addition};
pub use path::{
    Addition, Cover, Facts, Path, PostKind, TargetFacts, Uncovered, WINDOW_MS, Workflow, is_workable, path as path_of,
};

use super::store::workflows as store;
use crate::{
    actor::Actor,
    db::Connection,
    desk::Desk,
    error::Result,
    ids::{AdditionId, PersonId, Time, WorkflowId},
    rights::{Operation, Target},
};

/// Workflows of a workspace: a list that one person can still put in order.
pub const WORKFLOWS_MAX: usize = 100;
/// Additions of a workspace.
pub const ADDITIONS_MAX: usize = 100;
/// The widest window around the approved time: a week. Wider is another decision.
pub const WINDOW_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;
/// The longest wait before delegates are asked: a week.
pub const DELEGATE_AFTER_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Names of approvers or delegates of one step.
pub const APPROVERS_MAX: usize = 50;

/// Since when, and why, some step cannot be ended by anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stuck {
    /// Since when.
    pub since: Time,
    /// Which step, and on which profile.
    pub why: String,
}

/// A workflow as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptWorkflow {
    /// The workflow.
    pub id: WorkflowId,
    /// Counts its changes: whoever changes it names the one they saw.
    pub revision: i64,
    /// What it says.
    pub workflow: Workflow,
    /// Whether some step cannot be ended.
    pub stuck: Option<Stuck>,
    /// Who changed it last.
    pub changed_by: Option<PersonId>,
    /// When.
    pub changed_at: Time,
}

/// An addition as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptAddition {
    /// The addition.
    pub id: AdditionId,
    /// Counts its changes.
    pub revision: i64,
    /// What it says.
    pub addition: Addition,
    /// Whether some step cannot be ended.
    pub stuck: Option<Stuck>,
    /// Who changed it last.
    pub changed_by: Option<PersonId>,
    /// When.
    pub changed_at: Time,
}

/// Everything that is written about who has to agree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Book {
    /// Workflows, in the order in which they are looked at.
    pub workflows: Vec<KeptWorkflow>,
    /// Additions, in the order in which they add.
    pub additions: Vec<KeptAddition>,
}

impl Book {
    /// What a post has to go through.
    ///
    /// # Errors
    /// [`Uncovered`] when it may not be submitted at all.
    pub fn path(&self, facts: &Facts) -> std::result::Result<Path, Uncovered> {
        let workflows: Vec<_> = self.workflows.iter().map(|kept| kept.workflow.clone()).collect();
        let additions: Vec<_> = self.additions.iter().map(|kept| kept.addition.clone()).collect();
        path_of(&workflows, &additions, facts)
    }
}

/// The whole book.
pub async fn list(desk: &Desk, actor: &Actor) -> Result<Book> {
    let mut reader = desk.view(actor, Operation::WorkflowsRead, Target::Workspace).await?;
    book(&mut reader).await
}

/// The book, inside another act or reading that has decided already.
pub(super) async fn book(on: &mut dyn Connection) -> Result<Book> {
    Ok(Book { workflows: store::workflows(on).await?, additions: store::additions(on).await? })
}
