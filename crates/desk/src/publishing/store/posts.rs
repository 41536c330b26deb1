//! SQL of posts: the working copy, who touched it, tags and media.

use std::collections::BTreeSet;

use super::{json, named, text_of};
use crate::{
    approvals::Hand,
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{CampaignId, PersonId, PostId, Time},
    publishing::{
        content::{Draft, MediaDigest},
        post::PostForm,
    },
};

/// A post's own row.
#[derive(Debug, Clone)]
pub(in crate::publishing) struct PostRow {
    pub id: PostId,
    pub author: PersonId,
    pub hand: Hand,
    pub title: String,
    pub draft: Draft,
    pub revision: i64,
    pub version: u32,
    pub slot: Option<Time>,
    pub zone: String,
    pub campaign: Option<CampaignId>,
    pub created_at: Time,
    pub changed_at: Time,
    pub changed_by: PersonId,
    pub discarded_at: Option<Time>,
}

fn read(row: &Row) -> Result<PostRow> {
    Ok(PostRow {
        id: row.get("id")?,
        author: row.get("author_id")?,
        hand: named(row, "hand", Hand::parse)?,
        title: row.get("title")?,
        draft: json(row, "draft")?,
        revision: row.get("revision")?,
        version: row.get("version")?,
        slot: row.get("slot_ms")?,
        zone: row.get("slot_zone")?,
        campaign: row.get("campaign_id")?,
        created_at: row.get("created_at_ms")?,
        changed_at: row.get("changed_at_ms")?,
        changed_by: row.get("changed_by")?,
        discarded_at: row.get("discarded_at_ms")?,
    })
}

pub(in crate::publishing) async fn get(on: &mut dyn Connection, id: PostId) -> Result<Option<PostRow>> {
    sql("SELECT * FROM posts WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

/// The same, kept from being changed by anybody else until the transaction ends.
pub(in crate::publishing) async fn lock(tx: &mut Tx, id: PostId) -> Result<Option<PostRow>> {
    let text = format!("SELECT * FROM posts WHERE id = $1 {}", tx.for_update());
    sql(text).bind(id).optional(tx).await?.as_ref().map(read).transpose()
}

pub(in crate::publishing) async fn insert(
    tx: &mut Tx,
    id: PostId,
    author: PersonId,
    hand: Hand,
    form: &PostForm,
    now: Time,
) -> Result<()> {
    sql(
        "INSERT INTO posts (id, author_id, hand, title, draft, revision, version, slot_ms, slot_zone, calendar_ms, campaign_id, \
         created_at_ms, changed_at_ms, changed_by, words) VALUES ($1,$2,$3,$4,$5,1,0,$6,$7,$6,$8,$9,$9,$2,$10)",
    )
    .bind(id)
    .bind(author)
    .bind(hand.id())
    .bind(&form.title)
    .bind(text_of(&form.draft)?)
    .bind(form.slot)
    .bind(&form.zone)
    .bind(form.campaign)
    .bind(now)
    .bind(words(form))
    .execute(tx)
    .await?;
    Ok(())
}

/// Bytes of what lists find a post by: what comes later in a long thread is found by search.
const WORDS_BYTES_MAX: usize = 16 * 1024;

/// What lists find a post by: its title and texts, in lower case.
fn words(form: &PostForm) -> String {
    let contents = std::iter::once(&form.draft.common).chain(form.draft.targets.values().flatten());
    let texts = contents.flat_map(|content| &content.parts).map(|part| part.text.as_str());
    let mut words = std::iter::once(form.title.as_str()).chain(texts).collect::<Vec<_>>().join("\n").to_lowercase();
    words.truncate(words.floor_char_boundary(WORDS_BYTES_MAX));
    words
}

/// Saves the working copy if it is still at `revision`; whether it was.
pub(in crate::publishing) async fn save(
    tx: &mut Tx,
    id: PostId,
    revision: i64,
    form: &PostForm,
    by: PersonId,
    now: Time,
) -> Result<bool> {
    let changed =
        sql("UPDATE posts SET title = $3, draft = $4, slot_ms = $5, calendar_ms = $5, slot_zone = $6, campaign_id = $7, \
                       revision = revision + 1, changed_at_ms = $8, changed_by = $9, words = $10 WHERE id = $1 AND revision = $2")
        .bind(id)
        .bind(revision)
        .bind(&form.title)
        .bind(text_of(&form.draft)?)
        .bind(form.slot)
        .bind(&form.zone)
        .bind(form.campaign)
        .bind(now)
        .bind(by)
        .bind(words(form))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

pub(in crate::publishing) async fn set_version(tx: &mut Tx, id: PostId, version: u32) -> Result<()> {
    sql("UPDATE posts SET version = $2 WHERE id = $1").bind(id).bind(version).execute(tx).await?;
    Ok(())
}

/// Where a calendar shows it.
pub(in crate::publishing) async fn show_at(tx: &mut Tx, id: PostId, at: Option<Time>) -> Result<()> {
    sql("UPDATE posts SET calendar_ms = $2 WHERE id = $1").bind(id).bind(at).execute(tx).await?;
    Ok(())
}

pub(in crate::publishing) async fn discard(tx: &mut Tx, id: PostId, now: Time) -> Result<()> {
    sql("UPDATE posts SET discarded_at_ms = $2, revision = revision + 1 WHERE id = $1").bind(id).bind(now).execute(tx).await?;
    Ok(())
}

pub(in crate::publishing) async fn touched_by(tx: &mut Tx, id: PostId, person: PersonId, hand: Hand, now: Time) -> Result<()> {
    sql("INSERT INTO post_editors (post_id, person_id, hand, first_at_ms) VALUES ($1,$2,$3,$4) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(person)
        .bind(hand.id())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::publishing) async fn editors(on: &mut dyn Connection, id: PostId) -> Result<Vec<(PersonId, Hand)>> {
    let rows = sql("SELECT person_id, hand FROM post_editors WHERE post_id = $1 ORDER BY first_at_ms").bind(id).all(on).await?;
    rows.iter().map(|row| Ok((row.get("person_id")?, named(row, "hand", Hand::parse)?))).collect()
}

pub(in crate::publishing) async fn tags(on: &mut dyn Connection, id: PostId) -> Result<BTreeSet<String>> {
    let rows = sql("SELECT tag FROM post_tags WHERE post_id = $1").bind(id).all(on).await?;
    rows.iter().map(|row| Ok(row.get("tag")?)).collect()
}

pub(in crate::publishing) async fn set_tags(tx: &mut Tx, id: PostId, tags: &BTreeSet<String>) -> Result<()> {
    sql("DELETE FROM post_tags WHERE post_id = $1").bind(id).execute(tx).await?;
    for tag in tags {
        sql("INSERT INTO post_tags (post_id, tag) VALUES ($1,$2)").bind(id).bind(tag).execute(tx).await?;
    }
    Ok(())
}

/// Notes which media a post names. What it ever named stays its.
pub(in crate::publishing) async fn uses_media(tx: &mut Tx, id: PostId, media: &BTreeSet<MediaDigest>) -> Result<()> {
    for digest in media {
        sql("INSERT INTO post_media (post_id, digest) VALUES ($1,$2) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(digest.0)
            .execute(tx)
            .await?;
    }
    Ok(())
}
