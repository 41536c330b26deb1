//! SQL of workflows and additions.

use super::submissions::{from_json, to_json};
use crate::{
    approvals::workflows::{Addition, KeptAddition, KeptWorkflow, Stuck, Workflow},
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{AdditionId, PersonId, Time, WorkflowId},
};

fn stuck(row: &Row) -> Result<Option<Stuck>> {
    let since: Option<Time> = row.get("stuck_since_ms")?;
    let why: Option<String> = row.get("stuck_why")?;
    Ok(since.map(|since| Stuck { since, why: why.unwrap_or_default() }))
}

fn read_workflow(row: &Row) -> Result<KeptWorkflow> {
    Ok(KeptWorkflow {
        id: row.get("id")?,
        revision: row.get("revision")?,
        workflow: Workflow {
            name: row.get("name")?,
            cover: from_json(row, "cover")?,
            steps: from_json(row, "steps")?,
            window_ms: row.get("window_ms")?,
        },
        stuck: stuck(row)?,
        changed_by: row.get("changed_by")?,
        changed_at: row.get("changed_at_ms")?,
    })
}

fn read_addition(row: &Row) -> Result<KeptAddition> {
    Ok(KeptAddition {
        id: row.get("id")?,
        revision: row.get("revision")?,
        addition: Addition {
            name: row.get("name")?,
            cover: from_json(row, "cover")?,
            tags: from_json(row, "tags")?,
            findings: from_json(row, "findings")?,
            steps: from_json(row, "steps")?,
        },
        stuck: stuck(row)?,
        changed_by: row.get("changed_by")?,
        changed_at: row.get("changed_at_ms")?,
    })
}

/// All workflows, in the order in which they are looked at.
pub(in crate::approvals) async fn workflows(on: &mut dyn Connection) -> Result<Vec<KeptWorkflow>> {
    sql("SELECT * FROM workflows ORDER BY position, id").all(on).await?.iter().map(read_workflow).collect()
}

/// All additions, in the order in which they add.
pub(in crate::approvals) async fn additions(on: &mut dyn Connection) -> Result<Vec<KeptAddition>> {
    sql("SELECT * FROM workflow_additions ORDER BY position, id").all(on).await?.iter().map(read_addition).collect()
}

pub(in crate::approvals) async fn insert_workflow(
    tx: &mut Tx,
    id: WorkflowId,
    workflow: &Workflow,
    by: Option<PersonId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO workflows (id, position, name, name_key, cover, steps, window_ms, revision, created_at_ms, changed_by, \
         changed_at_ms) VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM workflows), $2,$3,$4,$5,$6,1,$7,$8,$7)")
    .bind(id)
    .bind(&workflow.name)
    .bind(workflow.name.to_lowercase())
    .bind(to_json(&workflow.cover))
    .bind(to_json(&workflow.steps))
    .bind(workflow.window_ms)
    .bind(now)
    .bind(by)
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes a workflow that still has this revision. Answers whether it had.
pub(in crate::approvals) async fn update_workflow(
    tx: &mut Tx,
    (id, revision): (WorkflowId, i64),
    workflow: &Workflow,
    by: Option<PersonId>,
    now: Time,
) -> Result<bool> {
    let changed =
        sql("UPDATE workflows SET name = $3, name_key = $4, cover = $5, steps = $6, window_ms = $7, revision = revision + 1, \
         changed_by = $8, changed_at_ms = $9, stuck_since_ms = NULL, stuck_why = NULL WHERE id = $1 AND revision = $2")
        .bind(id)
        .bind(revision)
        .bind(&workflow.name)
        .bind(workflow.name.to_lowercase())
        .bind(to_json(&workflow.cover))
        .bind(to_json(&workflow.steps))
        .bind(workflow.window_ms)
        .bind(by)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

pub(in crate::approvals) async fn set_position(tx: &mut Tx, id: WorkflowId, position: u32) -> Result<()> {
    sql("UPDATE workflows SET position = $2 WHERE id = $1").bind(id).bind(position).execute(tx).await?;
    Ok(())
}

pub(in crate::approvals) async fn delete_workflow(tx: &mut Tx, id: WorkflowId) -> Result<()> {
    sql("DELETE FROM workflows WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

pub(in crate::approvals) async fn insert_addition(
    tx: &mut Tx,
    id: AdditionId,
    addition: &Addition,
    by: Option<PersonId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO workflow_additions (id, position, name, name_key, cover, tags, findings, steps, revision, created_at_ms, changed_by, \
         changed_at_ms) VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM workflow_additions), $2,$3,$4,$5,$6,$7,1,$8,$9,$8)")
    .bind(id)
    .bind(&addition.name)
    .bind(addition.name.to_lowercase())
    .bind(to_json(&addition.cover))
    .bind(to_json(&addition.tags))
    .bind(to_json(&addition.findings))
    .bind(to_json(&addition.steps))
    .bind(now)
    .bind(by)
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes an addition that still has this revision. Answers whether it had.
pub(in crate::approvals) async fn update_addition(
    tx: &mut Tx,
    (id, revision): (AdditionId, i64),
    addition: &Addition,
    by: Option<PersonId>,
    now: Time,
) -> Result<bool> {
    let changed =
        sql("UPDATE workflow_additions SET name = $3, name_key = $4, cover = $5, tags = $6, findings = $7, steps = $8, \
         revision = revision + 1, changed_by = $9, changed_at_ms = $10, stuck_since_ms = NULL, stuck_why = NULL \
         WHERE id = $1 AND revision = $2")
        .bind(id)
        .bind(revision)
        .bind(&addition.name)
        .bind(addition.name.to_lowercase())
        .bind(to_json(&addition.cover))
        .bind(to_json(&addition.tags))
        .bind(to_json(&addition.findings))
        .bind(to_json(&addition.steps))
        .bind(by)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

pub(in crate::approvals) async fn delete_addition(tx: &mut Tx, id: AdditionId) -> Result<()> {
    sql("DELETE FROM workflow_additions WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// Notes since when, and why, nobody can end some step; nothing when everything works. Answers whether that changed.
pub(in crate::approvals) async fn set_stuck(tx: &mut Tx, which: Rule, stuck: Option<&Stuck>) -> Result<bool> {
    let (table, id) = match which {
        Rule::Workflow(id) => ("workflows", id.bytes()),
        Rule::Addition(id) => ("workflow_additions", id.bytes()),
    };
    let query = match stuck {
        Some(stuck) => sql(format!(
            "UPDATE {table} SET stuck_since_ms = $2, stuck_why = $3 WHERE id = $1 AND (stuck_since_ms IS NULL OR stuck_why <> $3)"
        ))
        .bind(id)
        .bind(stuck.since)
        .bind(&stuck.why),
        None => sql(format!(
            "UPDATE {table} SET stuck_since_ms = NULL, stuck_why = NULL WHERE id = $1 AND stuck_since_ms IS NOT NULL"
        ))
        .bind(id),
    };
    Ok(query.execute(tx).await? > 0)
}

/// A workflow or an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) enum Rule {
    /// A workflow.
    Workflow(WorkflowId),
    /// An addition.
    Addition(AdditionId),
}
