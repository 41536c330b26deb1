//! SQL of word lists.

use super::model::{Effect, ListForm, ListKind, ListVersion, WordList};
use crate::{
    db::{Connection, DbError, Row, Tx, sql},
    error::Result,
    ids::{PersonId, Time, WordListId},
};

const LISTS: &str =
    "SELECT l.id, l.code, l.kind, v.* FROM word_lists l JOIN word_list_versions v ON v.list_id = l.id AND v.version = l.version";

fn unknown(column: &str) -> DbError {
    DbError::Corrupt { column: column.to_owned(), reason: "a name that this program does not know".to_owned() }
}

fn read_version(row: &Row) -> Result<ListVersion> {
    Ok(ListVersion {
        version: row.get("version")?,
        name: row.get("name")?,
        effect: Effect::parse(&row.get::<String>("effect")?).ok_or_else(|| unknown("effect"))?,
        on: row.get("is_on")?,
        text: row.get("text")?,
        saved_by: row.get("saved_by")?,
        saved_at: row.get("saved_at_ms")?,
    })
}

fn read(row: &Row) -> Result<WordList> {
    let ListVersion { version, name, effect, on, text, saved_by, saved_at } = read_version(row)?;
    let kind = ListKind::parse(&row.get::<String>("kind")?).ok_or_else(|| unknown("kind"))?;
    Ok(WordList { id: row.get("id")?, code: row.get("code")?, kind, version, name, effect, on, text, saved_by, saved_at })
}

/// Every list as it stands, by its code.
pub(super) async fn all(on: &mut dyn Connection) -> Result<Vec<WordList>> {
    sql(format!("{LISTS} ORDER BY l.code")).all(on).await?.iter().map(read).collect()
}

pub(super) async fn get(on: &mut dyn Connection, id: WordListId) -> Result<Option<WordList>> {
    sql(format!("{LISTS} WHERE l.id = $1")).bind(id).optional(on).await?.as_ref().map(read).transpose()
}

/// What a list said, the newest version first.
pub(super) async fn versions(on: &mut dyn Connection, id: WordListId, limit: i64) -> Result<Vec<ListVersion>> {
    let query = sql("SELECT * FROM word_list_versions WHERE list_id = $1 ORDER BY version DESC LIMIT $2").bind(id).bind(limit);
    query.all(on).await?.iter().map(read_version).collect()
}

pub(super) async fn revision(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT value FROM counters WHERE name = 'word_lists'").one(on).await?.get("value")?)
}

/// Adds a list without a version; one follows in the same transaction.
pub(super) async fn insert(tx: &mut Tx, id: WordListId, form: &ListForm, now: Time) -> Result<()> {
    sql("INSERT INTO word_lists (id, code, kind, version, created_at_ms) VALUES ($1, $2, $3, 0, $4)")
        .bind(id)
        .bind(&form.code)
        .bind(form.kind.id())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds a version and puts it in force.
pub(super) async fn add_version(
    tx: &mut Tx,
    (id, version): (WordListId, i64),
    form: &ListForm,
    by: Option<PersonId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO word_list_versions (list_id, version, name, effect, is_on, text, saved_by, saved_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(version)
    .bind(&form.name)
    .bind(form.effect.id())
    .bind(form.on)
    .bind(&form.text)
    .bind(by)
    .bind(now)
    .execute(tx)
    .await?;
    sql("UPDATE word_lists SET version = $2 WHERE id = $1").bind(id).bind(version).execute(tx).await?;
    sql("UPDATE counters SET value = value + 1 WHERE name = 'word_lists'").execute(tx).await?;
    Ok(())
}
