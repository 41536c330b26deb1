//! SQL of grants, roles and teams.

use uuid::Uuid;

use super::{Assignment, Give, Grant, GrantRow, Holder, Right, Role, Scope, Team, Via, grants::parse_given};
use crate::{
    db::{Connection, Row, Tx, Value, corrupt, sql},
    error::{Error, Result},
    ids::{AssignmentId, GrantId, GroupId, PersonId, ProfileId, RoleId, TeamId, Time},
};

/// The four ways from a person (`$1`) to a grant: directly, team, role, role of a team.
const WAYS: &str = "
    SELECT g.id, g.kind, g.what, g.scope_kind, g.scope_id, g.expires_at_ms, CAST(NULL AS BIGINT) AS role_expires_at_ms,
           CAST(NULL AS BYTEA) AS team_id, CAST(NULL AS TEXT) AS team_name, CAST(NULL AS BYTEA) AS role_id, CAST(NULL AS TEXT) AS role_name
    FROM grants g WHERE g.holder_kind = 'person' AND g.holder_id = $1
    UNION ALL
    SELECT g.id, g.kind, g.what, g.scope_kind, g.scope_id, g.expires_at_ms, NULL, t.id, t.name, NULL, NULL
    FROM team_members m JOIN teams t ON t.id = m.team_id
    JOIN grants g ON g.holder_kind = 'team' AND g.holder_id = t.id WHERE m.person_id = $1
    UNION ALL
    SELECT g.id, g.kind, g.what, g.scope_kind, g.scope_id, g.expires_at_ms, a.expires_at_ms, NULL, NULL, r.id, r.name
    FROM role_assignments a JOIN roles r ON r.id = a.role_id
    JOIN grants g ON g.holder_kind = 'role' AND g.holder_id = r.id WHERE a.holder_kind = 'person' AND a.holder_id = $1
    UNION ALL
    SELECT g.id, g.kind, g.what, g.scope_kind, g.scope_id, g.expires_at_ms, a.expires_at_ms, t.id, t.name, r.id, r.name
    FROM team_members m JOIN teams t ON t.id = m.team_id
    JOIN role_assignments a ON a.holder_kind = 'team' AND a.holder_id = t.id JOIN roles r ON r.id = a.role_id
    JOIN grants g ON g.holder_kind = 'role' AND g.holder_id = r.id WHERE m.person_id = $1";

pub(super) async fn grants_of_person(on: &mut dyn Connection, person: PersonId) -> Result<(Vec<Grant>, Vec<String>)> {
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for row in sql(WAYS).bind(person).all(on).await? {
        let (kind, what): (String, String) = (row.get("kind")?, row.get("what")?);
        let Some(given) = parse_given(&kind, &what) else {
            unknown.push(what);
            continue;
        };
        let mut via = Vec::new();
        if let Some(id) = row.get::<Option<TeamId>>("team_id")? {
            via.push(Via::Team { id, name: row.get("team_name")? });
        }
        if let Some(id) = row.get::<Option<RoleId>>("role_id")? {
            via.push(Via::Role { id, name: row.get("role_name")? });
        }
        let ends = [row.get::<Option<Time>>("expires_at_ms")?, row.get::<Option<Time>>("role_expires_at_ms")?];
        known.push(Grant {
            id: row.get("id")?,
            given,
            scope: read_scope(&row)?,
            via,
            expires_at: ends.into_iter().flatten().min(),
        });
    }
    Ok((known, unknown))
}

fn read_scope(row: &Row) -> Result<Scope> {
    let kind: String = row.get("scope_kind")?;
    Ok(match kind.as_str() {
        "workspace" => Scope::Workspace,
        "profile" => Scope::Profile(row.get("scope_id")?),
        "group" => Scope::Group(row.get("scope_id")?),
        other => return Err(corrupt("scope_kind", format!("unknown scope `{other}`")).into()),
    })
}

fn scope_columns(scope: Scope) -> (&'static str, Option<Uuid>) {
    match scope {
        Scope::Workspace => ("workspace", None),
        Scope::Profile(id) => ("profile", Some(id.0)),
        Scope::Group(id) => ("group", Some(id.0)),
    }
}

fn bytes(id: Uuid) -> Value {
    Value::Bytes(Some(id.as_bytes().to_vec()))
}

fn holder_from(kind: &str, id: &[u8]) -> Result<Holder> {
    let id = Uuid::from_slice(id).map_err(|_| corrupt("holder_id", "not 16 bytes long"))?;
    Ok(Holder::parse(kind, id).ok_or_else(|| corrupt("holder_kind", format!("unknown holder `{kind}`")))?)
}

pub(super) async fn grants_of_holder(on: &mut dyn Connection, holder: Holder) -> Result<Vec<GrantRow>> {
    sql("SELECT * FROM grants WHERE holder_kind = $1 AND holder_id = $2 ORDER BY kind DESC, what, id")
        .bind(holder.kind())
        .bind(bytes(holder.id()))
        .all(on)
        .await?
        .iter()
        .map(read_grant)
        .collect()
}

fn read_grant(row: &Row) -> Result<GrantRow> {
    let (kind, what): (String, String) = (row.get("kind")?, row.get("what")?);
    Ok(GrantRow {
        id: row.get("id")?,
        holder: holder_from(&row.get::<String>("holder_kind")?, &row.get::<Vec<u8>>("holder_id")?)?,
        given: parse_given(&kind, &what),
        what,
        scope: read_scope(row)?,
        expires_at: row.get("expires_at_ms")?,
        granted_by: row.get("granted_by")?,
        granted_at: row.get("granted_at_ms")?,
        reason: row.get("reason")?,
    })
}

pub(super) async fn holder_exists(on: &mut dyn Connection, holder: Holder) -> Result<()> {
    let (query, name) = match holder {
        Holder::Person(_) => ("SELECT id FROM people WHERE id = $1", "person"),
        Holder::Team(_) => ("SELECT id FROM teams WHERE id = $1", "team"),
        Holder::Role(_) => ("SELECT id FROM roles WHERE id = $1", "role"),
    };
    sql(query).bind(bytes(holder.id())).optional(on).await?.map(drop).ok_or(Error::NotFound(name))
}

pub(super) async fn scope_exists(on: &mut dyn Connection, scope: Scope) -> Result<()> {
    let (query, id, name) = match scope {
        Scope::Workspace => return Ok(()),
        Scope::Profile(ProfileId(id)) => ("SELECT id FROM profiles WHERE id = $1", id, "profile"),
        Scope::Group(GroupId(id)) => ("SELECT id FROM profile_groups WHERE id = $1", id, "profile group"),
    };
    sql(query).bind(bytes(id)).optional(on).await?.map(drop).ok_or(Error::NotFound(name))
}

pub(super) async fn insert_grant(tx: &mut Tx, id: GrantId, give: &Give, by: Option<PersonId>, now: Time) -> Result<()> {
    let (scope_kind, scope_id) = scope_columns(give.scope);
    sql("INSERT INTO grants (id, holder_kind, holder_id, kind, what, scope_kind, scope_id, expires_at_ms, granted_by, granted_at_ms, \
         reason) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)")
        .bind(id)
        .bind(give.holder.kind())
        .bind(bytes(give.holder.id()))
        .bind(give.given.kind())
        .bind(give.given.id())
        .bind(scope_kind)
        .bind(Value::Bytes(scope_id.map(|id| id.as_bytes().to_vec())))
        .bind(give.expires_at)
        .bind(by)
        .bind(now)
        .bind(give.reason.trim())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_grant(tx: &mut Tx, id: GrantId) -> Result<Option<GrantRow>> {
    sql("DELETE FROM grants WHERE id = $1 RETURNING *").bind(id).optional(tx).await?.as_ref().map(read_grant).transpose()
}

/// Whether an active person holds the right by some way that has no end.
pub(super) async fn somebody_holds(tx: &mut Tx, right: Right) -> Result<bool> {
    let found = sql("SELECT p.id FROM people p WHERE p.state = 'active' AND (
           EXISTS (SELECT 1 FROM grants g WHERE g.holder_kind = 'person' AND g.holder_id = p.id
                   AND g.kind = 'right' AND g.what = $1 AND g.expires_at_ms IS NULL)
           OR EXISTS (SELECT 1 FROM team_members m JOIN grants g ON g.holder_kind = 'team' AND g.holder_id = m.team_id
                   WHERE m.person_id = p.id AND g.kind = 'right' AND g.what = $1 AND g.expires_at_ms IS NULL)
           OR EXISTS (SELECT 1 FROM role_assignments a JOIN grants g ON g.holder_kind = 'role' AND g.holder_id = a.role_id
                   WHERE a.holder_kind = 'person' AND a.holder_id = p.id AND a.expires_at_ms IS NULL
                   AND g.kind = 'right' AND g.what = $1 AND g.expires_at_ms IS NULL)
           OR EXISTS (SELECT 1 FROM team_members m
                   JOIN role_assignments a ON a.holder_kind = 'team' AND a.holder_id = m.team_id
                   JOIN grants g ON g.holder_kind = 'role' AND g.holder_id = a.role_id
                   WHERE m.person_id = p.id AND a.expires_at_ms IS NULL
                   AND g.kind = 'right' AND g.what = $1 AND g.expires_at_ms IS NULL)
         ) LIMIT 1")
    .bind(right.id())
    .optional(tx)
    .await?;
    Ok(found.is_some())
}

pub(super) async fn active_with(on: &mut dyn Connection, right: Right, now: Time) -> Result<Vec<PersonId>> {
    let rows = sql("SELECT p.id FROM people p WHERE p.state = 'active' AND EXISTS (SELECT 1 FROM grants g \
         WHERE g.kind = 'right' AND g.what = $1 AND g.scope_kind = 'workspace' AND (g.expires_at_ms IS NULL OR g.expires_at_ms > $2) \
         AND ((g.holder_kind = 'person' AND g.holder_id = p.id) \
           OR (g.holder_kind = 'team' AND EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = g.holder_id AND m.person_id = p.id)) \
           OR (g.holder_kind = 'role' AND EXISTS (SELECT 1 FROM role_assignments a WHERE a.role_id = g.holder_id \
             AND (a.expires_at_ms IS NULL OR a.expires_at_ms > $2) AND ((a.holder_kind = 'person' AND a.holder_id = p.id) \
             OR (a.holder_kind = 'team' AND EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = a.holder_id \
             AND m.person_id = p.id))))))) ORDER BY p.id")
    .bind(right.id())
    .bind(now)
    .all(on)
    .await?;
    rows.iter().map(|row| Ok(row.get("id")?)).collect()
}

pub(super) async fn people_behind(on: &mut dyn Connection, holder: Holder, now: Time) -> Result<Vec<PersonId>> {
    let query = match holder {
        Holder::Person(_) => "SELECT p.id FROM people p WHERE p.state = 'active' AND p.id = $1 AND $2 > 0",
        Holder::Team(_) => {
            "SELECT p.id FROM people p JOIN team_members m ON m.person_id = p.id \
             WHERE p.state = 'active' AND m.team_id = $1 AND $2 > 0 ORDER BY p.id"
        }
        Holder::Role(_) => {
            "SELECT p.id FROM people p WHERE p.state = 'active' AND EXISTS (SELECT 1 FROM role_assignments a WHERE a.role_id = $1 \
             AND (a.expires_at_ms IS NULL OR a.expires_at_ms > $2) AND ((a.holder_kind = 'person' AND a.holder_id = p.id) \
             OR (a.holder_kind = 'team' AND EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = a.holder_id \
             AND m.person_id = p.id)))) ORDER BY p.id"
        }
    };
    let rows = sql(query).bind(bytes(holder.id())).bind(now).all(on).await?;
    rows.iter().map(|row| Ok(row.get("id")?)).collect()
}

pub(super) async fn holders_of(on: &mut dyn Connection, person: PersonId, now: Time) -> Result<Vec<Holder>> {
    let rows = sql("SELECT 'team' AS kind, m.team_id AS id FROM team_members m WHERE m.person_id = $1 \
         UNION SELECT 'role', a.role_id FROM role_assignments a WHERE (a.expires_at_ms IS NULL OR a.expires_at_ms > $2) \
         AND ((a.holder_kind = 'person' AND a.holder_id = $1) OR (a.holder_kind = 'team' AND a.holder_id IN \
         (SELECT m.team_id FROM team_members m WHERE m.person_id = $1)))")
    .bind(person)
    .bind(now)
    .all(on)
    .await?;
    let mut holders = vec![Holder::Person(person)];
    for row in &rows {
        holders.push(holder_from(&row.get::<String>("kind")?, &row.get::<Vec<u8>>("id")?)?);
    }
    Ok(holders)
}

const ROLE: &str = "SELECT r.id, r.name, r.description, \
    (SELECT COUNT(*) FROM role_assignments a WHERE a.role_id = r.id) AS holders, \
    (SELECT COUNT(*) FROM grants g WHERE g.holder_kind = 'role' AND g.holder_id = r.id) AS grants FROM roles r";

fn read_role(row: &Row) -> Result<Role> {
    Ok(Role {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        holders: row.get("holders")?,
        grants: row.get("grants")?,
    })
}

pub(super) async fn roles(on: &mut dyn Connection) -> Result<Vec<Role>> {
    sql(format!("{ROLE} ORDER BY r.name_key")).all(on).await?.iter().map(read_role).collect()
}

pub(super) async fn role(on: &mut dyn Connection, id: RoleId) -> Result<Option<Role>> {
    sql(format!("{ROLE} WHERE r.id = $1")).bind(id).optional(on).await?.as_ref().map(read_role).transpose()
}

pub(super) async fn insert_role(tx: &mut Tx, id: RoleId, name: &str, description: &str, now: Time) -> Result<()> {
    sql("INSERT INTO roles (id, name, name_key, description, created_at_ms) VALUES ($1,$2,$3,$4,$5)")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(description)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn update_role(tx: &mut Tx, id: RoleId, name: &str, description: &str) -> Result<()> {
    sql("UPDATE roles SET name = $2, name_key = $3, description = $4 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(description)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_role(tx: &mut Tx, id: RoleId) -> Result<()> {
    sql("DELETE FROM grants WHERE holder_kind = 'role' AND holder_id = $1").bind(id).execute(tx).await?;
    sql("DELETE FROM role_assignments WHERE role_id = $1").bind(id).execute(tx).await?;
    sql("DELETE FROM roles WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

pub(super) async fn upsert_assignment(
    tx: &mut Tx,
    id: AssignmentId,
    role: RoleId,
    holder: Holder,
    expires_at: Option<Time>,
    by: Option<PersonId>,
    now: Time,
) -> Result<AssignmentId> {
    let row =
        sql("INSERT INTO role_assignments (id, role_id, holder_kind, holder_id, expires_at_ms, assigned_by, assigned_at_ms) \
         VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (role_id, holder_kind, holder_id) \
         DO UPDATE SET expires_at_ms = excluded.expires_at_ms, assigned_by = excluded.assigned_by, \
         assigned_at_ms = excluded.assigned_at_ms RETURNING id")
        .bind(id)
        .bind(role)
        .bind(holder.kind())
        .bind(bytes(holder.id()))
        .bind(expires_at)
        .bind(by)
        .bind(now)
        .one(tx)
        .await?;
    Ok(row.get("id")?)
}

const ASSIGNMENT: &str = "SELECT a.id, a.role_id, r.name AS role_name, a.holder_kind, a.holder_id, a.expires_at_ms \
    FROM role_assignments a JOIN roles r ON r.id = a.role_id";

fn read_assignment(row: &Row) -> Result<Assignment> {
    Ok(Assignment {
        id: row.get("id")?,
        role: row.get("role_id")?,
        role_name: row.get("role_name")?,
        holder: holder_from(&row.get::<String>("holder_kind")?, &row.get::<Vec<u8>>("holder_id")?)?,
        expires_at: row.get("expires_at_ms")?,
    })
}

pub(super) async fn assignments_of_role(on: &mut dyn Connection, role: RoleId) -> Result<Vec<Assignment>> {
    sql(format!("{ASSIGNMENT} WHERE a.role_id = $1 ORDER BY a.id"))
        .bind(role)
        .all(on)
        .await?
        .iter()
        .map(read_assignment)
        .collect()
}

pub(super) async fn delete_assignment(tx: &mut Tx, id: AssignmentId) -> Result<Option<Assignment>> {
    let found = sql(format!("{ASSIGNMENT} WHERE a.id = $1")).bind(id).optional(tx).await?;
    let found = found.as_ref().map(read_assignment).transpose()?;
    sql("DELETE FROM role_assignments WHERE id = $1").bind(id).execute(tx).await?;
    Ok(found)
}

const TEAM: &str = "SELECT t.id, t.name, (SELECT COUNT(*) FROM team_members m WHERE m.team_id = t.id) AS members FROM teams t";

fn read_team(row: &Row) -> Result<Team> {
    Ok(Team { id: row.get("id")?, name: row.get("name")?, members: row.get("members")? })
}

pub(super) async fn teams(on: &mut dyn Connection) -> Result<Vec<Team>> {
    sql(format!("{TEAM} ORDER BY t.name_key")).all(on).await?.iter().map(read_team).collect()
}

pub(super) async fn team(on: &mut dyn Connection, id: TeamId) -> Result<Option<Team>> {
    sql(format!("{TEAM} WHERE t.id = $1")).bind(id).optional(on).await?.as_ref().map(read_team).transpose()
}

pub(super) async fn members(on: &mut dyn Connection, id: TeamId) -> Result<Vec<(PersonId, String)>> {
    sql("SELECT p.id, p.name FROM team_members m JOIN people p ON p.id = m.person_id WHERE m.team_id = $1 ORDER BY p.name, p.id")
        .bind(id)
        .all(on)
        .await?
        .iter()
        .map(|row| Ok((row.get("id")?, row.get("name")?)))
        .collect()
}

pub(super) async fn insert_team(tx: &mut Tx, id: TeamId, name: &str, now: Time) -> Result<()> {
    sql("INSERT INTO teams (id, name, name_key, created_at_ms) VALUES ($1,$2,$3,$4)")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn rename_team(tx: &mut Tx, id: TeamId, name: &str) -> Result<()> {
    sql("UPDATE teams SET name = $2, name_key = $3 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(name.to_lowercase())
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_team(tx: &mut Tx, id: TeamId) -> Result<()> {
    sql("DELETE FROM grants WHERE holder_kind = 'team' AND holder_id = $1").bind(id).execute(tx).await?;
    sql("DELETE FROM role_assignments WHERE holder_kind = 'team' AND holder_id = $1").bind(id).execute(tx).await?;
    sql("DELETE FROM team_members WHERE team_id = $1").bind(id).execute(tx).await?;
    sql("DELETE FROM teams WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

pub(super) async fn insert_member(tx: &mut Tx, team: TeamId, person: PersonId, now: Time) -> Result<()> {
    sql("INSERT INTO team_members (team_id, person_id, added_at_ms) VALUES ($1,$2,$3) ON CONFLICT (team_id, person_id) DO NOTHING")
        .bind(team)
        .bind(person)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_member(tx: &mut Tx, team: TeamId, person: PersonId) -> Result<bool> {
    let changed =
        sql("DELETE FROM team_members WHERE team_id = $1 AND person_id = $2").bind(team).bind(person).execute(tx).await?;
    Ok(changed > 0)
}
