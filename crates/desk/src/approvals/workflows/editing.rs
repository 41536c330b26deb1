//! Creating, changing, ordering and removing workflows and additions.

use std::collections::BTreeSet;

use super::{
    ADDITIONS_MAX, APPROVERS_MAX, Addition, Cover, DELEGATE_AFTER_MS_MAX, WINDOW_MS_MAX, WORKFLOWS_MAX, Workflow, check, store,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::{
        model::{Need, Step},
        rules::STEPS_MAX,
    },
    db::{Connection, DbError},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{AdditionId, WorkflowId},
    rights::{Operation, Target},
    word_lists,
};

/// Characters in the name of a workflow, addition or step.
const NAME_MAX: usize = 80;
/// Characters in a tag or the name of a kind of finding.
const WORD_MAX: usize = 80;
/// Tags or kinds of finding of one addition.
const WORDS_MAX: usize = 50;

/// Serialises changes of the book, so that its limits hold.
const LOCK: &str = "approvals.workflows";

/// Creates a workflow at the end of the list.
///
/// # Errors
/// [`Error::Invalid`] when a field does not fit, or nobody could end a step today.
pub async fn create(desk: &Desk, actor: &Actor, workflow: Workflow) -> Result<WorkflowId> {
    let mut act = begin(desk, actor).await?;
    if store::workflows(act.tx()).await?.len() >= WORKFLOWS_MAX {
        return Err(Error::Conflict(format!("there can be {WORKFLOWS_MAX} workflows; remove one first")));
    }
    let workflow = checked_workflow(&mut act, workflow).await?;
    let (id, now): (WorkflowId, _) = (desk.fresh(), act.now());
    store::insert_workflow(act.tx(), id, &workflow, actor.person(), now).await.map_err(name_taken)?;
    act.record(Object::new("workflow", id)).after(&workflow).detail("steps", workflow.steps.len());
    end(act).await?;
    Ok(id)
}

/// Changes a workflow. `revision` is the one that was seen.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile; [`Error::Invalid`] as for [`create`].
pub async fn change(desk: &Desk, actor: &Actor, id: WorkflowId, revision: i64, workflow: Workflow) -> Result<()> {
    let mut act = begin(desk, actor).await?;
    let before = store::workflows(act.tx()).await?.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("workflow"))?;
    let workflow = checked_workflow(&mut act, workflow).await?;
    let now = act.now();
    if !store::update_workflow(act.tx(), (id, revision), &workflow, actor.person(), now).await.map_err(name_taken)? {
        return Err(changed_meanwhile());
    }
    act.record(Object::new("workflow", id)).before(&before.workflow).after(&workflow).detail("steps", workflow.steps.len());
    end(act).await
}

/// Puts all workflows into this order.
///
/// # Errors
/// [`Error::Conflict`] when the list is not the one that there is.
pub async fn order(desk: &Desk, actor: &Actor, ids: &[WorkflowId]) -> Result<()> {
    let mut act = begin(desk, actor).await?;
    let before: Vec<_> = store::workflows(act.tx()).await?.into_iter().map(|kept| kept.id).collect();
    let sorted = |ids: &[WorkflowId]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    if sorted(&before) != sorted(ids) {
        return Err(changed_meanwhile());
    }
    for (position, &id) in (1u32..).zip(ids) {
        store::set_position(act.tx(), id, position).await?;
    }
    act.record(Object::all("workflow")).before(&before).after(&ids).detail("ordered", ids.len());
    end(act).await
}

/// Removes a workflow. What was submitted under it keeps its steps.
pub async fn remove(desk: &Desk, actor: &Actor, id: WorkflowId) -> Result<()> {
    let mut act = begin(desk, actor).await?;
    let before = store::workflows(act.tx()).await?.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("workflow"))?;
    store::delete_workflow(act.tx(), id).await?;
    act.record(Object::new("workflow", id)).before(&before.workflow).detail("removed", true);
    end(act).await
}

/// Creates an addition at the end of the list.
///
/// # Errors
/// As for [`create`].
pub async fn create_addition(desk: &Desk, actor: &Actor, addition: Addition) -> Result<AdditionId> {
    let mut act = begin(desk, actor).await?;
    if store::additions(act.tx()).await?.len() >= ADDITIONS_MAX {
        return Err(Error::Conflict(format!("there can be {ADDITIONS_MAX} additions; remove one first")));
    }
    let addition = checked_addition(&mut act, addition).await?;
    let (id, now): (AdditionId, _) = (desk.fresh(), act.now());
    store::insert_addition(act.tx(), id, &addition, actor.person(), now).await.map_err(name_taken)?;
    act.record(Object::new("workflow_addition", id)).after(&addition).detail("steps", addition.steps.len());
    end(act).await?;
    Ok(id)
}

/// Changes an addition. `revision` is the one that was seen.
///
/// # Errors
/// As for [`change`].
pub async fn change_addition(desk: &Desk, actor: &Actor, id: AdditionId, revision: i64, addition: Addition) -> Result<()> {
    let mut act = begin(desk, actor).await?;
    let before = store::additions(act.tx()).await?.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("addition"))?;
    let addition = checked_addition(&mut act, addition).await?;
    let now = act.now();
    if !store::update_addition(act.tx(), (id, revision), &addition, actor.person(), now).await.map_err(name_taken)? {
        return Err(changed_meanwhile());
    }
    act.record(Object::new("workflow_addition", id))
        .before(&before.addition)
        .after(&addition)
        .detail("steps", addition.steps.len());
    end(act).await
}

/// Removes an addition.
pub async fn remove_addition(desk: &Desk, actor: &Actor, id: AdditionId) -> Result<()> {
    let mut act = begin(desk, actor).await?;
    let before = store::additions(act.tx()).await?.into_iter().find(|kept| kept.id == id).ok_or(Error::NotFound("addition"))?;
    store::delete_addition(act.tx(), id).await?;
    act.record(Object::new("workflow_addition", id)).before(&before.addition).detail("removed", true);
    end(act).await
}

async fn begin<'d>(desk: &'d Desk, actor: &'d Actor) -> Result<Act<'d>> {
    let mut act = desk.act(actor, Operation::WorkflowChange, Target::Workspace).await?;
    act.tx().lock(LOCK).await?;
    Ok(act)
}

async fn end(mut act: Act<'_>) -> Result<()> {
    act.announce(Topic::Approvals);
    act.commit().await
}

fn changed_meanwhile() -> Error {
    Error::Conflict("somebody else changed this meanwhile; look at it again, then repeat your change".to_owned())
}

fn name_taken(error: Error) -> Error {
    match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("name", "this name is already in use"),
        error => error,
    }
}

async fn checked_workflow(act: &mut Act<'_>, workflow: Workflow) -> Result<Workflow> {
    let mut invalid = Invalid::new();
    let name = checked_name(&mut invalid, "name", &workflow.name);
    if !(0..=WINDOW_MS_MAX).contains(&workflow.window_ms) {
        invalid.add("window", "between nothing and a week");
    }
    let because = format!("workflow “{name}”");
    let steps = checked_steps(&mut invalid, workflow.steps, &because);
    invalid.check()?;
    let workflow = Workflow { name, steps, ..workflow };
    refuse_stuck(act, &workflow.cover, &workflow.steps).await?;
    Ok(workflow)
}

async fn checked_addition(act: &mut Act<'_>, addition: Addition) -> Result<Addition> {
    let mut invalid = Invalid::new();
    let name = checked_name(&mut invalid, "name", &addition.name);
    for (field, words) in [("tags", &addition.tags), ("findings", &addition.findings)] {
        let fits = |word: &String| !word.trim().is_empty() && word.chars().count() <= WORD_MAX;
        if words.len() > WORDS_MAX || !words.iter().all(fits) {
            invalid.add(field, format!("at most {WORDS_MAX} words of at most {WORD_MAX} characters"));
        }
    }
    unknown_kinds(act.tx(), &addition.findings).await?.into_iter().for_each(|kind| {
        invalid.add("findings", format!("nothing is ever found as “{kind}”; take a kind of the inspector's or of a word list"));
    });
    let because = format!("rule “{name}”");
    let steps = checked_steps(&mut invalid, addition.steps, &because);
    invalid.check()?;
    let addition = Addition { name, steps, ..addition };
    refuse_stuck(act, &addition.cover, &addition.steps).await?;
    Ok(addition)
}

/// Names that no finding will ever have: a rule that waits for one would be no rule.
async fn unknown_kinds(on: &mut dyn Connection, wanted: &BTreeSet<String>) -> Result<Vec<String>> {
    let of_lists = word_lists::kinds(on).await?;
    let known = |kind: &&String| {
        inspect::kinds::all().iter().any(|known| known.id == kind.as_str()) || of_lists.iter().any(|(known, _)| known == *kind)
    };
    Ok(wanted.iter().filter(|kind| !known(kind)).cloned().collect())
}

async fn refuse_stuck(act: &mut Act<'_>, cover: &Cover, steps: &[Step]) -> Result<()> {
    let now = act.now();
    match check::stuck_step(act.tx(), cover, steps, now).await? {
        Some(why) => Err(Invalid::field("steps", why)),
        None => Ok(()),
    }
}

fn checked_name(invalid: &mut Invalid, field: &'static str, name: &str) -> String {
    let name = name.trim().to_owned();
    match name.chars().count() {
        0 => invalid.add(field, "give it a name"),
        1..=NAME_MAX if !name.chars().any(char::is_control) => {}
        _ => invalid.add(field, format!("at most {NAME_MAX} characters, without line breaks")),
    }
    name
}

fn checked_steps(invalid: &mut Invalid, steps: Vec<Step>, because: &str) -> Vec<Step> {
    if steps.is_empty() || steps.len() > STEPS_MAX {
        invalid.add("steps", format!("between 1 and {STEPS_MAX} steps"));
    }
    let checked = |step: Step| {
        let name = checked_name(invalid, "step_name", &step.name);
        if step.approvers.is_empty() || step.approvers.len() > APPROVERS_MAX || step.delegates.len() > APPROVERS_MAX {
            invalid.add("approvers", format!("“{name}” needs between 1 and {APPROVERS_MAX} approvers"));
        }
        if matches!(step.need, Need::Quorum(0)) {
            invalid.add("need", format!("“{name}” needs at least one"));
        }
        match (step.delegates.is_empty(), step.delegate_after_ms) {
            (true, Some(_)) => invalid.add("delegates", format!("“{name}” says when delegates are asked, but not who")),
            (false, Some(after)) if (1..=DELEGATE_AFTER_MS_MAX).contains(&after) => {}
            (false, _) => {
                invalid.add("delegate_after", format!("say after how long “{name}” asks its delegates: at most a week"));
            }
            (true, None) => {}
        }
        Step { name, because: because.to_owned(), ..step }
    };
    steps.into_iter().map(checked).collect()
}
