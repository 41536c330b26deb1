//! Profiles and their groups.

use axum::{Json, response::Response};
use desk::{
    ids::{GroupId, ProfileId},
    profiles::{self, Group, NewProfile, Profile, ProfileState, ProfilesFilter, Protection},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Line, PathId, Query, named},
    lists::{AfterId, Limit, Listing},
    rights::LevelName,
};
use crate::frame::Ctx;

named! {
    /// Where a profile stands.
    ProfileStateName of ProfileState;
}

/// A company's account on a network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProfileShape {
    /// The profile.
    id: Id,
    /// The network's id.
    network: String,
    /// The account's name on the network.
    handle: String,
    /// The name colleagues use.
    title: String,
    /// Its group.
    group_id: Option<Id>,
    /// Whether nothing leaves it without a matching approval workflow.
    protected: bool,
    /// Where it stands.
    state: ProfileStateName,
    /// Since when it is here.
    created_at_ms: i64,
    /// Since when it is in this state.
    state_changed_at_ms: i64,
}

impl From<Profile> for ProfileShape {
    fn from(profile: Profile) -> Self {
        Self {
            id: Id(profile.id.0),
            network: profile.network,
            handle: profile.handle,
            title: profile.title,
            group_id: profile.group.map(|id| Id(id.0)),
            protected: profile.protected,
            state: ProfileStateName(profile.state),
            created_at_ms: profile.created_at.0,
            state_changed_at_ms: profile.state_changed_at.0,
        }
    }
}

/// A profile with the caller's level on it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisibleProfile {
    /// The profile.
    profile: ProfileShape,
    /// What the caller may do on it.
    level: LevelName,
}

/// Which profiles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProfilesQuery {
    /// Part of the title or handle, without regard to case.
    #[param(required = false)]
    text: Option<Line<120>>,
    /// On this network.
    #[param(required = false)]
    network: Option<Line<120>>,
    /// In this state.
    #[param(required = false)]
    state: Option<ProfileStateName>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Id>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

impl ProfilesQuery {
    fn split(self) -> (ProfilesFilter, AfterId) {
        let filter = ProfilesFilter {
            text: self.text.map(|text| text.0),
            network: self.network.map(|network| network.0),
            state: self.state.map(|state| state.0),
        };
        (filter, AfterId { after: self.after, limit: self.limit })
    }
}

/// A profile about to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileNew {
    /// The network's id, for example `mastodon`.
    network: Line<120>,
    /// The account's name on the network.
    handle: Line<120>,
    /// The name colleagues use.
    title: Line<120>,
    /// Its group.
    group_id: Option<Id>,
    /// Whether nothing leaves it without a matching approval workflow.
    #[serde(default)]
    protected: bool,
}

/// What changes about a profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// The name colleagues use.
    title: Line<120>,
    /// Its group; null or left out for none.
    group_id: Option<Id>,
    /// Whether nothing leaves it without a matching approval workflow.
    protected: bool,
}

/// A group of profiles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupShape {
    /// The group.
    id: Id,
    /// Its name.
    name: String,
    /// How many profiles it has.
    profiles: i64,
}

impl From<Group> for GroupShape {
    fn from(group: Group) -> Self {
        Self { id: Id(group.id.0), name: group.name, profiles: group.profiles }
    }
}

/// A group's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupName {
    /// Unique without regard to case.
    name: Line<120>,
}

/// The profiles the caller may see
#[utoipa::path(get, path = "/api/v1/profiles", tag = "profiles", params(ProfilesQuery), responses((status = 200, body = Listing<VisibleProfile>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<ProfilesQuery>) -> Answer<Listing<VisibleProfile>> {
    let (filter, page) = query.split();
    let rows = profiles::visible(ctx.desk(), ctx.actor(), &filter).await?;
    Ok(Json(Listing::by_id(
        rows,
        |(profile, _)| profile.id.0,
        &page,
        |(profile, level)| VisibleProfile { profile: profile.into(), level: LevelName(level) },
    )))
}

/// Every profile, for those who manage them
#[utoipa::path(get, path = "/api/v1/profiles/all", tag = "profiles", params(ProfilesQuery), responses((status = 200, body = Listing<ProfileShape>)))]
pub(crate) async fn all(ctx: Ctx, Query(query): Query<ProfilesQuery>) -> Answer<Listing<ProfileShape>> {
    let (filter, page) = query.split();
    let rows = profiles::all(ctx.desk(), ctx.actor(), &filter).await?;
    Ok(Json(Listing::by_id(rows, |profile| profile.id.0, &page, ProfileShape::from)))
}

/// Add a profile
#[utoipa::path(post, path = "/api/v1/profiles", tag = "profiles", request_body = ProfileNew, responses((status = 201, body = Created)))]
pub(crate) async fn add(ctx: Ctx, JsonBody(body): JsonBody<ProfileNew>) -> Result<Response, Refused> {
    let new = NewProfile {
        network: body.network.0,
        handle: body.handle.0,
        title: body.title.0,
        group: body.group_id.map(|id| GroupId(id.0)),
        protected: body.protected,
    };
    Ok(created(profiles::add(ctx.desk(), ctx.actor(), &new).await?, Some("profiles")))
}

/// One profile
#[utoipa::path(get, path = "/api/v1/profiles/{id}", tag = "profiles", params(("id" = Id, Path, description = "The profile.")), responses((status = 200, body = ProfileShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<ProfileId>) -> Answer<ProfileShape> {
    Ok(Json(profiles::get(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Change a profile's title, group and protection
#[utoipa::path(put, path = "/api/v1/profiles/{id}", tag = "profiles", params(("id" = Id, Path, description = "The profile.")), request_body = ProfileChange, responses((status = 204, description = "Changed")))]
pub(crate) async fn change(ctx: Ctx, PathId(id): PathId<ProfileId>, JsonBody(body): JsonBody<ProfileChange>) -> Done {
    let protection = if body.protected { Protection::Protected } else { Protection::Open };
    let group = body.group_id.map(|id| GroupId(id.0));
    profiles::change(ctx.desk(), ctx.actor(), id, &body.title.0, group, protection).await?;
    Ok(done())
}

/// Pause a profile
#[utoipa::path(post, path = "/api/v1/profiles/{id}/pause", tag = "profiles", params(("id" = Id, Path, description = "The profile.")), responses((status = 204, description = "Paused")))]
pub(crate) async fn pause(ctx: Ctx, PathId(id): PathId<ProfileId>) -> Done {
    profiles::set_state(ctx.desk(), ctx.actor(), id, ProfileState::Paused).await?;
    Ok(done())
}

/// Resume a profile
#[utoipa::path(post, path = "/api/v1/profiles/{id}/resume", tag = "profiles", params(("id" = Id, Path, description = "The profile.")), responses((status = 204, description = "Resumed")))]
pub(crate) async fn resume(ctx: Ctx, PathId(id): PathId<ProfileId>) -> Done {
    profiles::set_state(ctx.desk(), ctx.actor(), id, ProfileState::Active).await?;
    Ok(done())
}

/// Disconnect a profile
#[utoipa::path(post, path = "/api/v1/profiles/{id}/disconnect", tag = "profiles", params(("id" = Id, Path, description = "The profile.")), responses((status = 204, description = "Disconnected")))]
pub(crate) async fn disconnect(ctx: Ctx, PathId(id): PathId<ProfileId>) -> Done {
    profiles::set_state(ctx.desk(), ctx.actor(), id, ProfileState::Disconnected).await?;
    Ok(done())
}

/// Profile groups
#[utoipa::path(get, path = "/api/v1/profile-groups", tag = "profiles", params(AfterId), responses((status = 200, body = Listing<GroupShape>)))]
pub(crate) async fn groups(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<GroupShape>> {
    let rows = profiles::groups(ctx.desk(), ctx.actor()).await?;
    Ok(Json(Listing::by_id(rows, |group| group.id.0, &query, GroupShape::from)))
}

/// Create a profile group
#[utoipa::path(post, path = "/api/v1/profile-groups", tag = "profiles", request_body = GroupName, responses((status = 201, body = Created)))]
pub(crate) async fn create_group(ctx: Ctx, JsonBody(body): JsonBody<GroupName>) -> Result<Response, Refused> {
    Ok(created(profiles::create_group(ctx.desk(), ctx.actor(), &body.name.0).await?, None))
}
