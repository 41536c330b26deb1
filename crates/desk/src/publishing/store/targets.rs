//! SQL of targets and their attempts: a [`Target`] is read whole and written whole.

use super::{json, named, text_of};
use crate::{
    approvals::ContentDigest,
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{PersonId, PostId, ProfileId, Time},
    publishing::{
        model::{Attempt, HeldFor, Outcome, Target, TargetKey, TargetState, Window},
        post::{PostTarget, TargetGlance},
    },
};

fn held_for(row: &Row) -> Result<Option<HeldFor>> {
    let held: Option<String> = row.get("held_for")?;
    Ok(held
        .map(|text| HeldFor::parse(&text).ok_or_else(|| corrupt("held_for", format!("unknown value `{text}`"))))
        .transpose()?)
}

fn read(row: &Row) -> Result<PostTarget> {
    let life = Target {
        state: named(row, "state", TargetState::parse)?,
        held_for: held_for(row)?,
        reason: row.get("reason")?,
        slot: row.get("slot_ms")?,
        cleared: window(row)?,
        next_try: row.get("next_try_ms")?,
        cancel_wanted: row.get("cancel_wanted")?,
        confirmed_at: row.get("confirmed_at_ms")?,
        looks: row.get("looks")?,
        uploads_left: row.get("uploads_left")?,
        parts: row.get("parts")?,
        parts_there: row.get("parts_there")?,
        attempts: Vec::new(),
        native_id: row.get("native_id")?,
    };
    Ok(PostTarget {
        key: TargetKey { post: row.get("post_id")?, profile: row.get("profile_id")? },
        version: row.get("version")?,
        life,
        permalink: row.get("permalink")?,
        published_at: row.get("published_at_ms")?,
        scheduled_by: row.get("scheduled_by")?,
        changed_at: row.get("changed_at_ms")?,
    })
}

fn window(row: &Row) -> Result<Option<Window>> {
    let digest: Option<Vec<u8>> = row.get("cleared_digest")?;
    let (from, until): (Option<Time>, Option<Time>) = (row.get("cleared_from_ms")?, row.get("cleared_until_ms")?);
    let (Some(digest), Some(from), Some(until)) = (digest, from, until) else { return Ok(None) };
    let digest = ContentDigest(digest.try_into().map_err(|_| corrupt("cleared_digest", "not 32 bytes long"))?);
    Ok(Some(Window { digest, from, until }))
}

fn read_attempt(row: &Row) -> Result<Attempt> {
    let ended_at: Option<Time> = row.get("ended_at_ms")?;
    let ended = match ended_at {
        Some(at) => Some((at, json::<Outcome>(row, "outcome")?)),
        None => None,
    };
    Ok(Attempt {
        number: row.get("number")?,
        holder: row.get("holder")?,
        began_at: row.get("began_at_ms")?,
        called_at: row.get("called_at_ms")?,
        ended,
    })
}

/// The attempts with one version.
pub(in crate::publishing) async fn attempts(on: &mut dyn Connection, key: TargetKey, version: u32) -> Result<Vec<Attempt>> {
    let rows = sql("SELECT * FROM attempts WHERE post_id = $1 AND profile_id = $2 AND version = $3 ORDER BY number")
        .bind(key.post)
        .bind(key.profile)
        .bind(version)
        .all(on)
        .await?;
    rows.iter().map(read_attempt).collect()
}

/// The attempts with all versions, oldest first.
pub(in crate::publishing) async fn all_attempts(on: &mut dyn Connection, key: TargetKey) -> Result<Vec<(u32, Attempt)>> {
    let rows = sql("SELECT * FROM attempts WHERE post_id = $1 AND profile_id = $2 ORDER BY version, number")
        .bind(key.post)
        .bind(key.profile)
        .all(on)
        .await?;
    rows.iter().map(|row| Ok((row.get("version")?, read_attempt(row)?))).collect()
}

async fn whole(on: &mut dyn Connection, row: Option<Row>) -> Result<Option<PostTarget>> {
    let Some(mut target) = row.as_ref().map(read).transpose()? else { return Ok(None) };
    target.life.attempts = attempts(on, target.key, target.version).await?;
    Ok(Some(target))
}

/// One, kept from being changed by anybody else until the transaction ends.
pub(in crate::publishing) async fn lock(tx: &mut Tx, key: TargetKey) -> Result<Option<PostTarget>> {
    let text = format!("SELECT * FROM targets WHERE post_id = $1 AND profile_id = $2 {}", tx.for_update());
    let row = sql(text).bind(key.post).bind(key.profile).optional(tx).await?;
    whole(tx, row).await
}

/// All of a post, by profile.
pub(in crate::publishing) async fn of_post(on: &mut dyn Connection, post: PostId) -> Result<Vec<PostTarget>> {
    let rows = sql("SELECT * FROM targets WHERE post_id = $1 ORDER BY profile_id").bind(post).all(on).await?;
    let mut targets = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    for target in &mut targets {
        target.life.attempts = attempts(on, target.key, target.version).await?;
    }
    Ok(targets)
}

/// All of a post, kept from being changed by anybody else.
pub(in crate::publishing) async fn lock_of_post(tx: &mut Tx, post: PostId) -> Result<Vec<PostTarget>> {
    let text = format!("SELECT profile_id FROM targets WHERE post_id = $1 ORDER BY profile_id {}", tx.for_update());
    sql(text).bind(post).all(tx).await?;
    of_post(tx, post).await
}

/// The profiles of a post.
pub(in crate::publishing) async fn profiles_of(on: &mut dyn Connection, post: PostId) -> Result<Vec<ProfileId>> {
    let rows = sql("SELECT profile_id FROM targets WHERE post_id = $1 ORDER BY profile_id").bind(post).all(on).await?;
    rows.iter().map(|row| Ok(row.get("profile_id")?)).collect()
}

/// What is due, the earliest first; rows that somebody else works on are skipped.
pub(in crate::publishing) async fn due(tx: &mut Tx, now: Time, limit: i64) -> Result<Vec<TargetKey>> {
    let text = format!(
        "SELECT post_id, profile_id FROM targets WHERE due_ms IS NOT NULL AND due_ms <= $1 ORDER BY due_ms LIMIT $2 {}",
        tx.skip_locked()
    );
    let rows = sql(text).bind(now).bind(limit).all(tx).await?;
    rows.iter().map(|row| Ok(TargetKey { post: row.get("post_id")?, profile: row.get("profile_id")? })).collect()
}

/// When the next one is due.
pub(in crate::publishing) async fn next_due(on: &mut dyn Connection) -> Result<Option<Time>> {
    Ok(sql("SELECT MIN(due_ms) AS due FROM targets WHERE due_ms IS NOT NULL").one(on).await?.get("due")?)
}

/// A new target in its first state.
pub(in crate::publishing) async fn insert(tx: &mut Tx, key: TargetKey, life: &Target, now: Time) -> Result<()> {
    sql("INSERT INTO targets (post_id, profile_id, version, state, cancel_wanted, looks, uploads_left, parts, parts_there, \
         changed_at_ms) VALUES ($1,$2,0,$3,FALSE,0,0,1,0,$4)")
    .bind(key.post)
    .bind(key.profile)
    .bind(life.state.id())
    .bind(now)
    .execute(tx)
    .await?;
    let target = PostTarget {
        key,
        version: 0,
        life: life.clone(),
        permalink: None,
        published_at: None,
        scheduled_by: None,
        changed_at: now,
    };
    write(tx, &target, &[], now).await
}

/// Removes a target that never was on its way.
pub(in crate::publishing) async fn remove(tx: &mut Tx, key: TargetKey) -> Result<()> {
    for table in ["target_parts", "attempts", "targets"] {
        sql(format!("DELETE FROM {table} WHERE post_id = $1 AND profile_id = $2"))
            .bind(key.post)
            .bind(key.profile)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Writes a target, and those of its attempts that differ from `known`. `due_ms` follows from its life.
pub(in crate::publishing) async fn write(tx: &mut Tx, target: &PostTarget, known: &[Attempt], now: Time) -> Result<()> {
    let life = &target.life;
    sql("UPDATE targets SET version = $3, state = $4, held_for = $5, reason = $6, slot_ms = $7, cleared_digest = $8, \
         cleared_from_ms = $9, cleared_until_ms = $10, next_try_ms = $11, cancel_wanted = $12, confirmed_at_ms = $13, looks = $14, \
         uploads_left = $15, parts = $16, parts_there = $17, native_id = $18, permalink = $19, published_at_ms = $20, \
         scheduled_by = $21, due_ms = $22, changed_at_ms = $23 WHERE post_id = $1 AND profile_id = $2")
    .bind(target.key.post)
    .bind(target.key.profile)
    .bind(target.version)
    .bind(life.state.id())
    .bind(life.held_for.map(HeldFor::id))
    .bind(life.reason.clone())
    .bind(life.slot)
    .bind(life.cleared.map(|window| window.digest.0.to_vec()))
    .bind(life.cleared.map(|window| window.from))
    .bind(life.cleared.map(|window| window.until))
    .bind(life.next_try)
    .bind(life.cancel_wanted)
    .bind(life.confirmed_at)
    .bind(life.looks)
    .bind(life.uploads_left)
    .bind(life.parts)
    .bind(life.parts_there)
    .bind(life.native_id.clone())
    .bind(target.permalink.clone())
    .bind(target.published_at)
    .bind(target.scheduled_by)
    .bind(life.due())
    .bind(now)
    .execute(tx)
    .await?;
    for (place, attempt) in life.attempts.iter().enumerate() {
        if known.get(place) != Some(attempt) {
            write_attempt(tx, target.key, target.version, attempt).await?;
        }
    }
    Ok(())
}

async fn write_attempt(tx: &mut Tx, key: TargetKey, version: u32, attempt: &Attempt) -> Result<()> {
    let outcome = attempt.ended.as_ref().map(|(_, outcome)| text_of(outcome)).transpose()?;
    sql("INSERT INTO attempts (post_id, profile_id, version, number, holder, began_at_ms, called_at_ms, ended_at_ms, outcome) \
         VALUES ($1,$2,$9,$3,$4,$5,$6,$7,$8) ON CONFLICT (post_id, profile_id, version, number) DO UPDATE SET \
         called_at_ms = excluded.called_at_ms, ended_at_ms = excluded.ended_at_ms, outcome = excluded.outcome")
    .bind(key.post)
    .bind(key.profile)
    .bind(attempt.number)
    .bind(attempt.holder)
    .bind(attempt.began_at)
    .bind(attempt.called_at)
    .bind(attempt.ended.as_ref().map(|(at, _)| *at))
    .bind(outcome)
    .bind(version)
    .execute(tx)
    .await?;
    Ok(())
}

/// Nobody looks at it again before this moment, unless something happens to it.
pub(in crate::publishing) async fn postpone(tx: &mut Tx, key: TargetKey, until: Time) -> Result<()> {
    sql("UPDATE targets SET due_ms = $3 WHERE post_id = $1 AND profile_id = $2")
        .bind(key.post)
        .bind(key.profile)
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// Everything that a person scheduled and that is not out yet.
pub(in crate::publishing) async fn scheduled_by(tx: &mut Tx, person: PersonId) -> Result<Vec<TargetKey>> {
    let text = format!(
        "SELECT post_id, profile_id FROM targets WHERE scheduled_by = $1 AND state IN ('pending', 'scheduled', 'held') \
         ORDER BY post_id, profile_id {}",
        tx.for_update()
    );
    let rows = sql(text).bind(person).all(tx).await?;
    rows.iter().map(|row| Ok(TargetKey { post: row.get("post_id")?, profile: row.get("profile_id")? })).collect()
}

/// What is held, the earliest time first.
pub(in crate::publishing) async fn held(on: &mut dyn Connection, limit: i64) -> Result<Vec<PostTarget>> {
    let rows = sql("SELECT * FROM targets WHERE state = 'held' ORDER BY slot_ms, post_id LIMIT $1").bind(limit).all(on).await?;
    rows.iter().map(read).collect()
}

/// What was due before `before` and nobody did anything about: what the watchdog alarms about.
pub(in crate::publishing) async fn overdue(on: &mut dyn Connection, before: Time, limit: i64) -> Result<Vec<PostTarget>> {
    let rows = sql("SELECT * FROM targets WHERE due_ms IS NOT NULL AND due_ms < $1 ORDER BY due_ms, post_id LIMIT $2")
        .bind(before)
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

/// How many are overdue, and how many held.
pub(in crate::publishing) async fn counts(on: &mut dyn Connection, before: Time) -> Result<(i64, i64)> {
    let row = sql("SELECT (SELECT COUNT(*) FROM targets WHERE due_ms IS NOT NULL AND due_ms < $1) AS overdue, \
                   (SELECT COUNT(*) FROM targets WHERE state = 'held') AS held")
    .bind(before)
    .one(on)
    .await?;
    Ok((row.get("overdue")?, row.get("held")?))
}

/// What is scheduled, the earliest time first: what a pause would stop.
pub(in crate::publishing) async fn scheduled(on: &mut dyn Connection, limit: i64) -> Result<Vec<PostTarget>> {
    let rows = sql("SELECT * FROM targets WHERE state IN ('scheduled', 'pending') ORDER BY slot_ms, post_id LIMIT $1")
        .bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read).collect()
}

pub(in crate::publishing) fn glance(row: &Row) -> Result<(PostId, TargetGlance)> {
    let target = TargetGlance {
        profile: row.get("profile_id")?,
        state: named(row, "state", TargetState::parse)?,
        held_for: held_for(row)?,
        slot: row.get("slot_ms")?,
    };
    Ok((row.get("post_id")?, target))
}
