//! SQL of the workspace's one row.

use super::{SecondFactorRule, Workspace};
use crate::{
    db::{Connection, Tx, sql},
    error::Result,
    ids::Time,
};

pub(super) async fn get(on: &mut dyn Connection) -> Result<Option<Workspace>> {
    let Some(row) = sql("SELECT * FROM workspace WHERE id = 1").optional(on).await? else { return Ok(None) };
    let rule: String = row.get("second_factor")?;
    Ok(Some(Workspace {
        name: row.get("name")?,
        time_zone: row.get("time_zone")?,
        // An unknown rule asks everybody: fail closed.
        second_factor: SecondFactorRule::parse(&rule).unwrap_or(SecondFactorRule::Everybody),
        demo: row.get("demo")?,
        agents_frozen_at: row.get("agents_frozen_at_ms")?,
        created_at: row.get("created_at_ms")?,
    }))
}

pub(super) async fn insert(tx: &mut Tx, workspace: &Workspace) -> Result<()> {
    sql("INSERT INTO workspace (id, name, time_zone, second_factor, demo, created_at_ms) VALUES (1,$1,$2,$3,$4,$5)")
        .bind(&workspace.name)
        .bind(&workspace.time_zone)
        .bind(workspace.second_factor.id())
        .bind(workspace.demo)
        .bind(workspace.created_at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, workspace: &Workspace) -> Result<()> {
    sql("UPDATE workspace SET name = $1, time_zone = $2, second_factor = $3 WHERE id = 1")
        .bind(&workspace.name)
        .bind(&workspace.time_zone)
        .bind(workspace.second_factor.id())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn set_agents_frozen(tx: &mut Tx, since: Option<Time>) -> Result<()> {
    sql("UPDATE workspace SET agents_frozen_at_ms = $1 WHERE id = 1").bind(since).execute(tx).await?;
    Ok(())
}
