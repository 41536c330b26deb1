//! SQL of profiles.

use super::{Group, NewProfile, Profile, ProfileState, Protection};
use crate::{
    db::{Connection, Row, Tx, corrupt, sql},
    error::Result,
    ids::{GroupId, ProfileId, Time},
};

fn read(row: &Row) -> Result<Profile> {
    let state: String = row.get("state")?;
    Ok(Profile {
        id: row.get("id")?,
        network: row.get("network")?,
        handle: row.get("handle")?,
        title: row.get("title")?,
        group: row.get("group_id")?,
        protected: row.get("protected")?,
        state: ProfileState::parse(&state).ok_or_else(|| corrupt("state", format!("unknown state `{state}`")))?,
        created_at: row.get("created_at_ms")?,
        state_changed_at: row.get("state_changed_at_ms")?,
    })
}

pub(super) async fn all(on: &mut dyn Connection) -> Result<Vec<Profile>> {
    sql("SELECT * FROM profiles ORDER BY title, id").all(on).await?.iter().map(read).collect()
}

pub(super) async fn by_account(on: &mut dyn Connection, network: &str, handle: &str) -> Result<Option<ProfileId>> {
    let row = sql("SELECT id FROM profiles WHERE network = $1 AND handle = $2").bind(network).bind(handle).optional(on).await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

pub(super) async fn count(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM profiles").one(on).await?.get("n")?)
}

pub(super) async fn get(on: &mut dyn Connection, id: ProfileId) -> Result<Option<Profile>> {
    sql("SELECT * FROM profiles WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

pub(super) async fn insert(tx: &mut Tx, id: ProfileId, new: &NewProfile, now: Time) -> Result<()> {
    sql("INSERT INTO profiles (id, network, handle, title, group_id, protected, state, created_at_ms, state_changed_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$8)")
    .bind(id)
    .bind(&new.network)
    .bind(&new.handle)
    .bind(&new.title)
    .bind(new.group)
    .bind(new.protected)
    .bind(ProfileState::Active.id())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn update(
    tx: &mut Tx,
    id: ProfileId,
    title: &str,
    group: Option<GroupId>,
    protection: Protection,
) -> Result<()> {
    sql("UPDATE profiles SET title = $2, group_id = $3, protected = $4 WHERE id = $1")
        .bind(id)
        .bind(title)
        .bind(group)
        .bind(protection == Protection::Protected)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn set_state(tx: &mut Tx, id: ProfileId, state: ProfileState, now: Time) -> Result<()> {
    sql("UPDATE profiles SET state = $2, state_changed_at_ms = $3 WHERE id = $1")
        .bind(id)
        .bind(state.id())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

const GROUP: &str =
    "SELECT g.id, g.name, (SELECT COUNT(*) FROM profiles p WHERE p.group_id = g.id) AS profiles FROM profile_groups g";

fn read_group(row: &Row) -> Result<Group> {
    Ok(Group { id: row.get("id")?, name: row.get("name")?, profiles: row.get("profiles")? })
}

pub(super) async fn groups(on: &mut dyn Connection) -> Result<Vec<Group>> {
    sql(format!("{GROUP} ORDER BY g.name_key")).all(on).await?.iter().map(read_group).collect()
}

pub(super) async fn group(on: &mut dyn Connection, id: GroupId) -> Result<Option<Group>> {
    sql(format!("{GROUP} WHERE g.id = $1")).bind(id).optional(on).await?.as_ref().map(read_group).transpose()
}

pub(super) async fn insert_group(tx: &mut Tx, id: GroupId, name: &str, now: Time) -> Result<()> {
    sql("INSERT INTO profile_groups (id, name, name_key, created_at_ms) VALUES ($1,$2,$3,$4)")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}
