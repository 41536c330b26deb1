//! SQL of saved views.

use super::View;
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{PersonId, Time, ViewId},
};

fn read(row: &Row) -> Result<View> {
    Ok(View {
        id: row.get("id")?,
        person: row.get("person_id")?,
        page: row.get("page")?,
        name: row.get("name")?,
        query: row.get("query")?,
        shared: row.get("shared")?,
    })
}

pub(super) async fn of_page(on: &mut dyn Connection, person: PersonId, page: &str) -> Result<Vec<View>> {
    sql("SELECT * FROM saved_views WHERE page = $1 AND (person_id = $2 OR shared = TRUE) ORDER BY name, id LIMIT 200")
        .bind(page)
        .bind(person)
        .all(on)
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn count(on: &mut dyn Connection, person: PersonId) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM saved_views WHERE person_id = $1").bind(person).one(on).await?.get("n")?)
}

pub(super) async fn insert(tx: &mut Tx, view: &View, now: Time) -> Result<()> {
    sql("INSERT INTO saved_views (id, person_id, page, name, query, shared, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7)")
        .bind(view.id)
        .bind(view.person)
        .bind(&view.page)
        .bind(&view.name)
        .bind(&view.query)
        .bind(view.shared)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: ViewId, person: PersonId) -> Result<Option<View>> {
    sql("DELETE FROM saved_views WHERE id = $1 AND person_id = $2 RETURNING *")
        .bind(id)
        .bind(person)
        .optional(tx)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}
