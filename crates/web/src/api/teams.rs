//! Teams and who is in them.

use axum::{Json, response::Response};
use desk::{
    ids::{PersonId, TeamId},
    rights::{self, Team},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Line, PathId, PathIds, Query},
    lists::{AfterId, Listing},
};
use crate::frame::Ctx;

/// A team of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamShape {
    /// The team.
    id: Id,
    /// Its name.
    name: String,
    /// How many people are in it.
    members: i64,
}

impl From<Team> for TeamShape {
    fn from(team: Team) -> Self {
        Self { id: Id(team.id.0), name: team.name, members: team.members }
    }
}

/// A team's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamName {
    /// Unique without regard to case.
    name: Line<80>,
}

/// Somebody in a team.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// Who.
    person_id: Id,
    /// Their name.
    name: String,
}

/// Teams
#[utoipa::path(get, path = "/api/v1/teams", tag = "rights", params(AfterId), responses((status = 200, body = Listing<TeamShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<TeamShape>> {
    let rows = rights::teams(ctx.desk(), ctx.actor()).await?;
    Ok(Json(Listing::by_id(rows, |team| team.id.0, &query, TeamShape::from)))
}

/// Create a team
#[utoipa::path(post, path = "/api/v1/teams", tag = "rights", request_body = TeamName, responses((status = 201, body = Created)))]
pub(crate) async fn create(ctx: Ctx, JsonBody(body): JsonBody<TeamName>) -> Result<Response, Refused> {
    Ok(created(rights::create_team(ctx.desk(), ctx.actor(), &body.name.0).await?, Some("teams")))
}

/// One team
#[utoipa::path(get, path = "/api/v1/teams/{id}", tag = "rights", params(("id" = Id, Path, description = "The team.")), responses((status = 200, body = TeamShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<TeamId>) -> Answer<TeamShape> {
    Ok(Json(rights::team(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Rename a team
#[utoipa::path(put, path = "/api/v1/teams/{id}", tag = "rights", params(("id" = Id, Path, description = "The team.")), request_body = TeamName, responses((status = 204, description = "Changed")))]
pub(crate) async fn change(ctx: Ctx, PathId(id): PathId<TeamId>, JsonBody(body): JsonBody<TeamName>) -> Done {
    rights::rename_team(ctx.desk(), ctx.actor(), id, &body.name.0).await?;
    Ok(done())
}

/// Remove a team with its grants
#[utoipa::path(delete, path = "/api/v1/teams/{id}", tag = "rights", params(("id" = Id, Path, description = "The team.")), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(ctx: Ctx, PathId(id): PathId<TeamId>) -> Done {
    rights::remove_team(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// Who is in a team
#[utoipa::path(get, path = "/api/v1/teams/{id}/members", tag = "rights", params(("id" = Id, Path, description = "The team."), AfterId), responses((status = 200, body = Listing<Member>)))]
pub(crate) async fn members(ctx: Ctx, PathId(id): PathId<TeamId>, Query(query): Query<AfterId>) -> Answer<Listing<Member>> {
    rights::team(ctx.desk(), ctx.actor(), id).await?;
    let rows = rights::members(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(Listing::by_id(rows, |(person, _)| person.0, &query, |(person, name)| Member { person_id: Id(person.0), name })))
}

/// Add a person to a team
#[utoipa::path(put, path = "/api/v1/teams/{id}/members/{person}", tag = "rights", params(("id" = Id, Path, description = "The team."), ("person" = Id, Path, description = "The person.")), responses((status = 204, description = "In the team")))]
pub(crate) async fn add(ctx: Ctx, PathIds(team, person): PathIds<TeamId, PersonId>) -> Done {
    rights::add_member(ctx.desk(), ctx.actor(), team, person).await?;
    Ok(done())
}

/// Take a person out of a team
#[utoipa::path(delete, path = "/api/v1/teams/{id}/members/{person}", tag = "rights", params(("id" = Id, Path, description = "The team."), ("person" = Id, Path, description = "The person.")), responses((status = 204, description = "Not in the team any more")))]
pub(crate) async fn take_out(ctx: Ctx, PathIds(team, person): PathIds<TeamId, PersonId>) -> Done {
    rights::remove_member(ctx.desk(), ctx.actor(), team, person).await?;
    Ok(done())
}
