//! People: list, invite, rename, suspend, restore, links, sessions, belongings.

use std::borrow::Cow;

use axum::{Json, response::IntoResponse, response::Response};
use desk::{
    ids::{LinkId, PersonId, RoleId},
    paging::PageRequest,
    people::{self, Belongings, Invite, PeopleFilter},
    sign_in::{self, LinkKind, PendingLink},
};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{
    Answer, Done, Refused,
    account::{Ended, PersonShape, PersonStateName, SessionShape},
    done,
    input::{Email, Id, JsonBody, Line, PathId, Query, named},
    lists::{AfterId, Limit, Listing},
};
use crate::frame::Ctx;

/// Roles in one invitation: there are few roles.
const ROLES_MAX: usize = 20;
/// Characters of a cursor: an id and a name in lower case, which may be longer than the name.
const CURSOR_MAX: usize = 400;

named! {
    /// What a link is for.
    LinkKindName of LinkKind;
}

/// Where a page of people ended.
#[derive(Debug)]
pub(crate) struct PeopleCursor(String);

impl PartialSchema for PeopleCursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(CURSOR_MAX))
            .pattern(Some(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} [^\x00-\x1f\x7f-\x9f]*$"))
            .description(Some("The `next` of the page before. Take it as it is."))
            .into()
    }
}

impl ToSchema for PeopleCursor {
    fn name() -> Cow<'static, str> {
        "PeopleCursor".into()
    }
}

impl<'de> Deserialize<'de> for PeopleCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_id = |id: &str| id.len() == 36 && !id.contains(|c: char| c.is_ascii_uppercase()) && id.parse::<PersonId>().is_ok();
        let fits = text.split_once(' ').is_some_and(|(id, name)| is_id(id) && !name.chars().any(char::is_control))
            && text.chars().count() <= CURSOR_MAX;
        if fits { Ok(Self(text)) } else { Err(D::Error::custom("not a cursor that a page gave out")) }
    }
}

/// Which people.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleQuery {
    /// Part of the name or address, without regard to case.
    #[param(required = false)]
    text: Option<Line<120>>,
    /// In this state.
    #[param(required = false)]
    state: Option<PersonStateName>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<PeopleCursor>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// An invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    /// Where you will send the link.
    email: Email,
    /// The name colleagues see.
    name: Line<120>,
    /// Roles from the start.
    #[serde(default, deserialize_with = "few_roles")]
    #[schema(max_items = 20)]
    roles: Vec<Id>,
}

fn few_roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Id>, D::Error> {
    let roles = Vec::<Id>::deserialize(deserializer)?;
    if roles.len() > ROLES_MAX { Err(D::Error::custom(format!("at most {ROLES_MAX} roles"))) } else { Ok(roles) }
}

/// A person just invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invited {
    /// Who.
    id: Id,
    /// The single-use link: shown only here. Send it by a way you trust.
    link: String,
}

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChange {
    /// The name colleagues see.
    name: Line<120>,
}

/// What a person owns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BelongingsShape {
    /// Grants that reach them.
    grants: i64,
    /// Teams they are in.
    teams: i64,
    /// Views they saved.
    saved_views: i64,
    /// Views they share with everybody.
    shared_views: i64,
    /// API tokens of theirs, working or not.
    tokens: i64,
    /// Grants they gave to others, which stay.
    grants_given: i64,
}

impl From<Belongings> for BelongingsShape {
    fn from(all: Belongings) -> Self {
        let Belongings { grants, teams, saved_views, shared_views, tokens, grants_given } = all;
        Self { grants, teams, saved_views, shared_views, tokens, grants_given }
    }
}

/// A link just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkMade {
    /// What it is for.
    kind: LinkKindName,
    /// The single-use link: shown only here.
    link: String,
}

/// A pending link. Its code is not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkShape {
    /// The link.
    id: Id,
    /// What it is for.
    kind: LinkKindName,
    /// When it was made.
    created_at_ms: i64,
    /// Until when it works.
    expires_at_ms: i64,
}

impl From<PendingLink> for LinkShape {
    fn from(link: PendingLink) -> Self {
        Self {
            id: Id(link.id.0),
            kind: LinkKindName(link.kind),
            created_at_ms: link.created_at.0,
            expires_at_ms: link.expires_at.0,
        }
    }
}

/// People
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(PeopleQuery), responses((status = 200, body = Listing<PersonShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<PeopleQuery>) -> Answer<Listing<PersonShape>> {
    let filter = PeopleFilter { text: query.text.map(|text| text.0), state: query.state.map(|state| state.0) };
    let page = PageRequest { after: query.after.map(|after| after.0), size: query.limit.0 };
    Ok(Json(Listing::of(people::list(ctx.desk(), ctx.actor(), &filter, &page).await?, PersonShape::from)))
}

/// Invite a person
///
/// The link is shown only in this answer.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = Invitation, responses((status = 201, body = Invited)))]
pub(crate) async fn invite(ctx: Ctx, JsonBody(body): JsonBody<Invitation>) -> Result<Response, Refused> {
    let roles = body.roles.iter().map(|id| RoleId(id.0)).collect();
    let invite = Invite { email: body.email.0, name: body.name.0, roles };
    let (id, code) = people::invite(ctx.desk(), ctx.actor(), &invite).await?;
    let place = HeaderValue::from_str(&format!("/api/v1/people/{id}")).expect("an id is plain ASCII");
    let made = Invited { id: Id(id.0), link: code.url(ctx.desk()) };
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(made)).into_response())
}

/// One person
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 200, body = PersonShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<PersonId>) -> Answer<PersonShape> {
    Ok(Json(people::get(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Rename a person
#[utoipa::path(patch, path = "/api/v1/people/{id}", tag = "people", params(("id" = Id, Path, description = "The person.")), request_body = PersonChange, responses((status = 204, description = "Renamed")))]
pub(crate) async fn rename(ctx: Ctx, PathId(id): PathId<PersonId>, JsonBody(body): JsonBody<PersonChange>) -> Done {
    people::rename(ctx.desk(), ctx.actor(), id, &body.name.0).await?;
    Ok(done())
}

/// What a person owns
#[utoipa::path(get, path = "/api/v1/people/{id}/belongings", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 200, body = BelongingsShape)))]
pub(crate) async fn belongings(ctx: Ctx, PathId(id): PathId<PersonId>) -> Answer<BelongingsShape> {
    people::get(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(people::belongings(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// A person's running sessions
#[utoipa::path(get, path = "/api/v1/people/{id}/sessions", tag = "people", params(("id" = Id, Path, description = "The person."), AfterId), responses((status = 200, body = Listing<SessionShape>)))]
pub(crate) async fn sessions(
    ctx: Ctx,
    PathId(id): PathId<PersonId>,
    Query(query): Query<AfterId>,
) -> Answer<Listing<SessionShape>> {
    people::get(ctx.desk(), ctx.actor(), id).await?;
    let rows = sign_in::sessions_of(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(Listing::by_id(rows, |row| row.id.0, &query, SessionShape::from)))
}

/// A person's pending links
#[utoipa::path(get, path = "/api/v1/people/{id}/links", tag = "people", params(("id" = Id, Path, description = "The person."), AfterId), responses((status = 200, body = Listing<LinkShape>)))]
pub(crate) async fn links(ctx: Ctx, PathId(id): PathId<PersonId>, Query(query): Query<AfterId>) -> Answer<Listing<LinkShape>> {
    people::get(ctx.desk(), ctx.actor(), id).await?;
    let rows = sign_in::links_of(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(Listing::by_id(rows, |row| row.id.0, &query, LinkShape::from)))
}

/// Suspend a person
///
/// Sessions, tokens and pending links end at once. The answer is what they leave behind.
#[utoipa::path(post, path = "/api/v1/people/{id}/suspend", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 200, body = BelongingsShape)))]
pub(crate) async fn suspend(ctx: Ctx, PathId(id): PathId<PersonId>) -> Answer<BelongingsShape> {
    Ok(Json(people::suspend(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Restore a suspended person
#[utoipa::path(post, path = "/api/v1/people/{id}/restore", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 204, description = "Restored")))]
pub(crate) async fn restore(ctx: Ctx, PathId(id): PathId<PersonId>) -> Done {
    people::restore(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// Make an invitation or reset link
///
/// The link is shown only in this answer; older links of the person stop working.
#[utoipa::path(post, path = "/api/v1/people/{id}/links", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 201, body = LinkMade)))]
pub(crate) async fn make_link(ctx: Ctx, PathId(id): PathId<PersonId>) -> Result<Response, Refused> {
    let (kind, code) = people::make_link(ctx.desk(), ctx.actor(), id).await?;
    let made = LinkMade { kind: LinkKindName(kind), link: code.url(ctx.desk()) };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Revoke a pending link
#[utoipa::path(delete, path = "/api/v1/links/{id}", tag = "people", params(("id" = Id, Path, description = "The link.")), responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_link(ctx: Ctx, PathId(id): PathId<LinkId>) -> Done {
    sign_in::revoke_link(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// End a person's sessions
#[utoipa::path(post, path = "/api/v1/people/{id}/end-sessions", tag = "people", params(("id" = Id, Path, description = "The person.")), responses((status = 200, body = Ended)))]
pub(crate) async fn end_sessions(ctx: Ctx, PathId(id): PathId<PersonId>) -> Answer<Ended> {
    Ok(Json(Ended { ended: sign_in::end_sessions_of(ctx.desk(), ctx.actor(), id).await? }))
}
