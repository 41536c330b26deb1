//! SQL of people.

use super::{Belongings, PeopleFilter, Person, PersonState, Theme};
use crate::{
    db::{Connection, Query, Row, Tx, Value, corrupt, sql},
    error::{Invalid, Result},
    ids::{PersonId, Time},
    paging::{Page, PageRequest},
};

fn read(row: &Row) -> Result<Person> {
    let (state, theme): (String, String) = (row.get("state")?, row.get("theme")?);
    Ok(Person {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        time_zone: row.get("time_zone")?,
        theme: Theme::parse(&theme).unwrap_or(Theme::System),
        letter_keys: row.get("letter_keys")?,
        state: PersonState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        created_at: row.get("created_at_ms")?,
        state_changed_at: row.get("state_changed_at_ms")?,
    })
}

pub(super) async fn get(on: &mut dyn Connection, id: PersonId) -> Result<Option<Person>> {
    sql("SELECT * FROM people WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

pub(super) async fn names(on: &mut dyn Connection, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let query = sql(format!("SELECT id, name FROM people WHERE id IN ({})", places.join(", ")));
    let rows = ids.iter().fold(query, |query, id| query.bind(*id)).all(on).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

/// Every active person, by name.
pub(super) async fn active_names(on: &mut dyn Connection) -> Result<Vec<(PersonId, String)>> {
    let rows = sql("SELECT id, name FROM people WHERE state = 'active' ORDER BY name_key, id").all(on).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

pub(super) async fn by_email(on: &mut dyn Connection, email_key: &str) -> Result<Option<Person>> {
    sql("SELECT * FROM people WHERE email_key = $1").bind(email_key).optional(on).await?.as_ref().map(read).transpose()
}

pub(super) async fn insert(tx: &mut Tx, id: PersonId, email: &str, name: &str, now: Time) -> Result<()> {
    sql("INSERT INTO people (id, email, email_key, name, name_key, theme, letter_keys, state, created_at_ms, state_changed_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,TRUE,$7,$8,$8)")
    .bind(id)
    .bind(email)
    .bind(email.to_lowercase())
    .bind(name)
    .bind(name.to_lowercase())
    .bind(Theme::System.id())
    .bind(PersonState::Invited.id())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn rename(tx: &mut Tx, id: PersonId, name: &str) -> Result<()> {
    sql("UPDATE people SET name = $2, name_key = $3 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn update_own(tx: &mut Tx, id: PersonId, name: &str, time_zone: Option<&str>, theme: Theme) -> Result<()> {
    sql("UPDATE people SET name = $2, name_key = $3, time_zone = $4, theme = $5 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(time_zone)
        .bind(theme.id())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn set_theme(tx: &mut Tx, id: PersonId, theme: Theme) -> Result<()> {
    sql("UPDATE people SET theme = $2 WHERE id = $1").bind(id).bind(theme.id()).execute(tx).await?;
    Ok(())
}

pub(super) async fn set_letter_keys(tx: &mut Tx, id: PersonId, on: bool) -> Result<()> {
    sql("UPDATE people SET letter_keys = $2 WHERE id = $1").bind(id).bind(on).execute(tx).await?;
    Ok(())
}

pub(super) async fn set_state(tx: &mut Tx, id: PersonId, state: PersonState, now: Time) -> Result<()> {
    sql("UPDATE people SET state = $2, state_changed_at_ms = $3 WHERE id = $1")
        .bind(id)
        .bind(state.id())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Where a page of people ended: the sort key and the id, which makes it unique.
fn parse_cursor(cursor: &str) -> Result<(String, PersonId)> {
    let broken = || Invalid::field("after", "not a cursor that a page gave out");
    let (id, name) = cursor.split_once(' ').ok_or_else(broken)?;
    Ok((name.to_owned(), id.parse().map_err(|_| broken())?))
}

pub(super) async fn list(on: &mut dyn Connection, filter: &PeopleFilter, page: &PageRequest) -> Result<Page<Person>> {
    let mut conditions = String::from("1 = 1");
    let mut values: Vec<Value> = Vec::new();
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        values.push(format!("%{}%", escape_like(&text.to_lowercase())).into());
        conditions.push_str(" AND (name_key LIKE $1 ESCAPE '!' OR email_key LIKE $1 ESCAPE '!')");
    }
    if let Some(state) = filter.state {
        values.push(state.id().into());
        conditions += " AND state = $";
        conditions += &values.len().to_string();
    }
    let bind_all = |query: Query, values: &[Value]| values.iter().cloned().fold(query, Query::bind);
    // Without a condition SQLite counts the pages of an index instead of looking at each row.
    let narrowed = if values.is_empty() { String::new() } else { format!(" WHERE {conditions}") };
    let count = sql(format!("SELECT COUNT(*) AS n FROM people{narrowed}"));
    let total = bind_all(count, &values).one(on).await?.get("n")?;
    if let Some(cursor) = &page.after {
        let (name, id) = parse_cursor(cursor)?;
        values.push(name.into());
        values.push(id.into());
        let n = values.len();
        let after = format!(" AND (name_key > ${} OR (name_key = ${} AND id > ${n}))", n - 1, n - 1);
        conditions.push_str(&after);
    }
    let query = sql(format!("SELECT * FROM people WHERE {conditions} ORDER BY name_key, id LIMIT ${}", values.len() + 1));
    let rows = bind_all(query, &values).bind(page.limit()).all(on).await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(items, page, total, |person| format!("{} {}", person.id, person.name.to_lowercase())))
}

/// Makes a text match itself inside `LIKE … ESCAPE '!'`.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

pub(super) async fn belongings(on: &mut dyn Connection, id: PersonId) -> Result<Belongings> {
    let row = sql("SELECT (SELECT COUNT(*) FROM team_members WHERE person_id = $1) AS teams,
            (SELECT COUNT(*) FROM saved_views WHERE person_id = $1) AS saved_views,
            (SELECT COUNT(*) FROM saved_views WHERE person_id = $1 AND shared = TRUE) AS shared_views,
            (SELECT COUNT(*) FROM api_tokens WHERE person_id = $1) AS tokens,
            (SELECT COUNT(*) FROM grants WHERE granted_by = $1) AS grants_given")
    .bind(id)
    .one(on)
    .await?;
    Ok(Belongings {
        grants: 0,
        teams: row.get("teams")?,
        saved_views: row.get("saved_views")?,
        shared_views: row.get("shared_views")?,
        tokens: row.get("tokens")?,
        grants_given: row.get("grants_given")?,
    })
}
