//! SQL of campaigns, comments and posting slots.

use super::named;
use crate::{
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{CampaignId, CommentId, PersonId, PostId, ProfileId, SlotId, Time},
    publishing::{
        PostingSlot,
        post::{Campaign, Comment, CommentAudience},
    },
};

fn read_campaign(row: &Row) -> Result<Campaign> {
    Ok(Campaign {
        id: row.get("id")?,
        name: row.get("name")?,
        created_at: row.get("created_at_ms")?,
        ended_at: row.get("ended_at_ms")?,
    })
}

pub(in crate::publishing) async fn all(on: &mut dyn Connection) -> Result<Vec<Campaign>> {
    sql("SELECT * FROM campaigns ORDER BY name_key").all(on).await?.iter().map(read_campaign).collect()
}

pub(in crate::publishing) async fn get(on: &mut dyn Connection, id: CampaignId) -> Result<Option<Campaign>> {
    sql("SELECT * FROM campaigns WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read_campaign).transpose()
}

pub(in crate::publishing) async fn count(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM campaigns").one(on).await?.get("n")?)
}

pub(in crate::publishing) async fn insert(tx: &mut Tx, id: CampaignId, name: &str, now: Time) -> Result<()> {
    sql("INSERT INTO campaigns (id, name, name_key, created_at_ms) VALUES ($1,$2,$3,$4)")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::publishing) async fn update(tx: &mut Tx, id: CampaignId, name: &str, ended_at: Option<Time>) -> Result<()> {
    sql("UPDATE campaigns SET name = $2, name_key = $3, ended_at_ms = $4 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(ended_at)
        .execute(tx)
        .await?;
    Ok(())
}

fn read_comment(row: &Row) -> Result<Comment> {
    Ok(Comment {
        id: row.get("id")?,
        person: row.get("person_id")?,
        audience: named(row, "audience", CommentAudience::parse)?,
        text: row.get("text")?,
        at: row.get("created_at_ms")?,
    })
}

pub(in crate::publishing) async fn comments(on: &mut dyn Connection, post: PostId, limit: i64) -> Result<Vec<Comment>> {
    let rows = sql("SELECT * FROM comments WHERE post_id = $1 AND removed_at_ms IS NULL ORDER BY created_at_ms, id LIMIT $2")
        .bind(post)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read_comment).collect()
}

pub(in crate::publishing) async fn insert_comment(tx: &mut Tx, post: PostId, comment: &Comment) -> Result<()> {
    sql("INSERT INTO comments (id, post_id, person_id, audience, text, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(comment.id)
        .bind(post)
        .bind(comment.person)
        .bind(comment.audience.id())
        .bind(&comment.text)
        .bind(comment.at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes a comment of the person's own; whether there was one.
pub(in crate::publishing) async fn remove_comment(
    tx: &mut Tx,
    post: PostId,
    id: CommentId,
    person: Option<PersonId>,
    now: Time,
) -> Result<bool> {
    let removed =
        sql("UPDATE comments SET removed_at_ms = $4 WHERE id = $1 AND post_id = $2 AND person_id = $3 AND removed_at_ms IS NULL")
            .bind(id)
            .bind(post)
            .bind(person)
            .bind(now)
            .execute(tx)
            .await?;
    Ok(removed == 1)
}

pub(in crate::publishing) async fn slots(on: &mut dyn Connection, profile: ProfileId) -> Result<Vec<PostingSlot>> {
    let rows = sql("SELECT * FROM posting_slots WHERE profile_id = $1 ORDER BY weekday, minute").bind(profile).all(on).await?;
    rows.iter()
        .map(|row| {
            Ok(PostingSlot {
                id: row.get("id")?,
                profile: row.get("profile_id")?,
                weekday: row.get("weekday")?,
                minute: row.get("minute")?,
                zone: row.get("zone")?,
            })
        })
        .collect()
}

pub(in crate::publishing) async fn insert_slot(tx: &mut Tx, slot: &PostingSlot) -> Result<()> {
    sql("INSERT INTO posting_slots (id, profile_id, weekday, minute, zone) VALUES ($1,$2,$3,$4,$5)")
        .bind(slot.id)
        .bind(slot.profile)
        .bind(slot.weekday)
        .bind(slot.minute)
        .bind(&slot.zone)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::publishing) async fn remove_slot(tx: &mut Tx, profile: ProfileId, id: SlotId) -> Result<bool> {
    let removed = sql("DELETE FROM posting_slots WHERE id = $1 AND profile_id = $2").bind(id).bind(profile).execute(tx).await?;
    Ok(removed == 1)
}
