//! Roles and who carries them.

use axum::{Json, response::Response};
use desk::{
    ids::{AssignmentId, RoleId},
    rights::{self, Assignment, Role},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Line, Moment, Note, PathId, Query},
    lists::{AfterId, Listing},
    rights::HolderShape,
};
use crate::frame::Ctx;

/// A named bundle of grants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleShape {
    /// The role.
    id: Id,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// How many people and teams carry it.
    holders: i64,
    /// How many grants it bundles.
    grants: i64,
}

impl From<Role> for RoleShape {
    fn from(role: Role) -> Self {
        Self { id: Id(role.id.0), name: role.name, description: role.description, holders: role.holders, grants: role.grants }
    }
}

/// A role with who carries it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleDetail {
    /// The role.
    role: RoleShape,
    /// Who carries it.
    assignments: Vec<AssignmentShape>,
}

/// A role given to a person or team.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignmentShape {
    /// The assignment.
    id: Id,
    /// The role.
    role_id: Id,
    /// Its name.
    role_name: String,
    /// Who carries it.
    holder: HolderShape,
    /// Until when.
    expires_at_ms: Option<i64>,
}

impl From<Assignment> for AssignmentShape {
    fn from(assignment: Assignment) -> Self {
        Self {
            id: Id(assignment.id.0),
            role_id: Id(assignment.role.0),
            role_name: assignment.role_name,
            holder: assignment.holder.into(),
            expires_at_ms: assignment.expires_at.map(|at| at.0),
        }
    }
}

/// A role's name and purpose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleWords {
    /// Its name, unique without regard to case.
    name: Line<80>,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Note<500>,
}

/// A role about to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignmentNew {
    /// The role.
    role_id: Id,
    /// A person or a team; a role cannot carry a role.
    holder: HolderShape,
    /// Until when; null or left out until it is taken.
    expires_at_ms: Option<Moment>,
}

/// Roles
#[utoipa::path(get, path = "/api/v1/roles", tag = "rights", params(AfterId), responses((status = 200, body = Listing<RoleShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<RoleShape>> {
    let rows = rights::roles(ctx.desk(), ctx.actor()).await?;
    Ok(Json(Listing::by_id(rows, |role| role.id.0, &query, RoleShape::from)))
}

/// Create a role
#[utoipa::path(post, path = "/api/v1/roles", tag = "rights", request_body = RoleWords, responses((status = 201, body = Created)))]
pub(crate) async fn create(ctx: Ctx, JsonBody(body): JsonBody<RoleWords>) -> Result<Response, Refused> {
    let id = rights::create_role(ctx.desk(), ctx.actor(), &body.name.0, &body.description.0).await?;
    Ok(created(id, Some("roles")))
}

/// One role with who carries it
#[utoipa::path(get, path = "/api/v1/roles/{id}", tag = "rights", params(("id" = Id, Path, description = "The role.")), responses((status = 200, body = RoleDetail)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<RoleId>) -> Answer<RoleDetail> {
    let (role, assignments) = rights::role(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(RoleDetail { role: role.into(), assignments: assignments.into_iter().map(AssignmentShape::from).collect() }))
}

/// Rename a role
#[utoipa::path(put, path = "/api/v1/roles/{id}", tag = "rights", params(("id" = Id, Path, description = "The role.")), request_body = RoleWords, responses((status = 204, description = "Changed")))]
pub(crate) async fn change(ctx: Ctx, PathId(id): PathId<RoleId>, JsonBody(body): JsonBody<RoleWords>) -> Done {
    rights::rename_role(ctx.desk(), ctx.actor(), id, &body.name.0, &body.description.0).await?;
    Ok(done())
}

/// Remove a role with its grants
#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "rights", params(("id" = Id, Path, description = "The role.")), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(ctx: Ctx, PathId(id): PathId<RoleId>) -> Done {
    rights::remove_role(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// Give a role to a person or team
///
/// Given again, only its end changes.
#[utoipa::path(post, path = "/api/v1/assignments", tag = "rights", request_body = AssignmentNew, responses((status = 201, body = Created)))]
pub(crate) async fn assign(ctx: Ctx, JsonBody(body): JsonBody<AssignmentNew>) -> Result<Response, Refused> {
    let until = body.expires_at_ms.map(Into::into);
    let id = rights::assign(ctx.desk(), ctx.actor(), RoleId(body.role_id.0), body.holder.holder(), until).await?;
    Ok(created(id, None))
}

/// Take a role from a person or team
#[utoipa::path(delete, path = "/api/v1/assignments/{id}", tag = "rights", params(("id" = Id, Path, description = "The assignment.")), responses((status = 204, description = "Taken")))]
pub(crate) async fn unassign(ctx: Ctx, PathId(id): PathId<AssignmentId>) -> Done {
    rights::unassign(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}
