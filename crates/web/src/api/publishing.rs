//! The stop switch, what is held, and what was not sent from here: pause, resume, see, decide.

use axum::{Json, response::Response};
use desk::{
    Time,
    ids::{GroupId, MessageId, PauseId, PostId, ProfileId},
    publishing::{self, ForeignPost, HeldFor, Pause, PauseMode, PauseScope, TargetKey, Waiting},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Done, Refused, created, done,
    input::{Id, JsonBody, Line, Moment, PathId, PathIds, Query, named},
};
use crate::{frame::Ctx, problem::Problem};

named! {
    /// How strictly publishing is paused.
    PauseModeName of PauseMode;
}

/// A pause in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PauseShape {
    /// The pause.
    id: Id,
    /// `everything`, `network`, `group` or `profile`.
    scope: String,
    /// The network that is paused, when the scope is one.
    network: Option<String>,
    /// The group that is paused, when the scope is one.
    group: Option<Id>,
    /// The profile that is paused, when the scope is one.
    profile: Option<Id>,
    /// How strictly.
    mode: PauseModeName,
    /// Why.
    reason: String,
    /// Who paused; nothing for the command line.
    by: Option<Id>,
    /// Since when.
    since_ms: i64,
}

impl From<Pause> for PauseShape {
    fn from(pause: Pause) -> Self {
        let (mut network, mut group, mut profile) = (None, None, None);
        match &pause.scope {
            PauseScope::Everything => {}
            PauseScope::Network(id) => network = Some(id.clone()),
            PauseScope::Group(id) => group = Some(Id(id.0)),
            PauseScope::Profile(id) => profile = Some(Id(id.0)),
        }
        Self {
            id: Id(pause.id.0),
            scope: pause.scope.kind().to_owned(),
            network,
            group,
            profile,
            mode: PauseModeName(pause.mode),
            reason: pause.reason,
            by: pause.by.map(|person| Id(person.0)),
            since_ms: pause.since.0,
        }
    }
}

/// What to pause: at most one of network, group and profile; everything when none is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPause {
    /// Profiles on this network only.
    #[serde(default)]
    network: Option<Line<120>>,
    /// Profiles of this group only.
    #[serde(default)]
    group: Option<Id>,
    /// This profile only.
    #[serde(default)]
    profile: Option<Id>,
    /// How strictly.
    mode: PauseModeName,
    /// Why: everybody who writes reads it.
    reason: Line<500>,
}

impl NewPause {
    fn scope(&self) -> Result<PauseScope, Refused> {
        Ok(match (&self.network, self.group, self.profile) {
            (None, None, None) => PauseScope::Everything,
            (Some(network), None, None) => PauseScope::Network(network.0.clone()),
            (None, Some(group), None) => PauseScope::Group(GroupId(group.0)),
            (None, None, Some(profile)) => PauseScope::Profile(ProfileId(profile.0)),
            _ => {
                let several = "network, group and profile are given together: give one of them, or pause once for each";
                return Err(Problem::from(desk::Error::Conflict(several.to_owned())).into());
            }
        })
    }
}

/// A post that waits for a person on one profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldShape {
    /// The post.
    post: Id,
    /// The profile.
    profile: Id,
    /// Its title, or how its text begins.
    title: String,
    /// Why it is held: `paused`, `missed`, `changed`, `connection`, `blocked`, `orphaned` or `uncertain`.
    held_for: Option<String>,
    /// The same for people, with what happened.
    reason: Option<String>,
    /// When it was to go out.
    slot_ms: Option<i64>,
    /// Parts of its thread that are on the network.
    parts_there: u32,
}

impl From<Waiting> for HeldShape {
    fn from(waiting: Waiting) -> Self {
        let life = waiting.target.life;
        Self {
            post: Id(waiting.target.key.post.0),
            profile: Id(waiting.target.key.profile.0),
            title: waiting.title,
            held_for: life.held_for.map(|why: HeldFor| why.id().to_owned()),
            reason: life.reason,
            slot_ms: life.slot.map(|slot| slot.0),
            parts_there: life.parts_there,
        }
    }
}

/// When a held post is to go out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// Not before this moment, within what was approved; now when left out.
    #[serde(default)]
    slot_ms: Option<Moment>,
}

/// What somebody saw on the network.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Looked {
    /// The network's id of the post when it is there; null when it is not.
    native_id: Option<Line<2000>>,
}

/// What is paused now
#[utoipa::path(get, path = "/api/v1/publishing/pauses", tag = "publishing", responses((status = 200, body = [PauseShape])))]
pub(crate) async fn pauses(ctx: Ctx) -> Answer<Vec<PauseShape>> {
    Ok(Json(publishing::pauses(ctx.desk(), ctx.actor()).await?.into_iter().map(PauseShape::from).collect()))
}

/// Pause publishing
#[utoipa::path(post, path = "/api/v1/publishing/pauses", tag = "publishing", request_body = NewPause, responses((status = 201, body = super::Created)))]
pub(crate) async fn pause(ctx: Ctx, JsonBody(new): JsonBody<NewPause>) -> Result<Response, Refused> {
    let scope = new.scope()?;
    let id = publishing::pause(ctx.desk(), ctx.actor(), scope, new.mode.0, &new.reason.0).await?;
    Ok(created(id, None))
}

/// End a pause; what it held stays held
#[utoipa::path(delete, path = "/api/v1/publishing/pauses/{id}", tag = "publishing", params(("id" = Id, Path, description = "The pause.")), responses((status = 204)))]
pub(crate) async fn resume(ctx: Ctx, PathId(id): PathId<PauseId>) -> Done {
    publishing::resume(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// What is held, the earliest time first
#[utoipa::path(get, path = "/api/v1/publishing/held", tag = "publishing", responses((status = 200, body = [HeldShape])))]
pub(crate) async fn held(ctx: Ctx) -> Answer<Vec<HeldShape>> {
    Ok(Json(publishing::held(ctx.desk(), ctx.actor()).await?.into_iter().map(HeldShape::from).collect()))
}

fn key(post: PostId, profile: ProfileId) -> TargetKey {
    TargetKey { post, profile }
}

/// Let a held post go out
#[utoipa::path(post, path = "/api/v1/publishing/held/{post}/{profile}/release", tag = "publishing", params(("post" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), request_body = Decision, responses((status = 204)))]
pub(crate) async fn release(
    ctx: Ctx,
    PathIds(post, profile): PathIds<PostId, ProfileId>,
    JsonBody(decision): JsonBody<Decision>,
) -> Done {
    let slot = decision.slot_ms.map(|moment| Time(moment.0));
    publishing::release(ctx.desk(), ctx.actor(), key(post, profile), slot).await?;
    Ok(done())
}

/// Adopt a post of somebody who was suspended
#[utoipa::path(post, path = "/api/v1/publishing/held/{post}/{profile}/adopt", tag = "publishing", params(("post" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), request_body = Decision, responses((status = 204)))]
pub(crate) async fn adopt(
    ctx: Ctx,
    PathIds(post, profile): PathIds<PostId, ProfileId>,
    JsonBody(decision): JsonBody<Decision>,
) -> Done {
    let slot = decision.slot_ms.map(|moment| Time(moment.0));
    publishing::adopt(ctx.desk(), ctx.actor(), key(post, profile), slot).await?;
    Ok(done())
}

/// Say whether a post is on the network when the network does not
#[utoipa::path(post, path = "/api/v1/publishing/held/{post}/{profile}/settle", tag = "publishing", params(("post" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), request_body = Looked, responses((status = 204)))]
pub(crate) async fn settle(
    ctx: Ctx,
    PathIds(post, profile): PathIds<PostId, ProfileId>,
    JsonBody(looked): JsonBody<Looked>,
) -> Done {
    let native_id = looked.native_id.map(|line| line.0);
    publishing::settle(ctx.desk(), ctx.actor(), key(post, profile), native_id.as_deref()).await?;
    Ok(done())
}

/// A post on an own profile that was not sent from here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForeignShape {
    /// The captured message.
    message_id: Id,
    /// On which profile.
    profile_id: Id,
    /// The network's id of it.
    native_id: String,
    /// Its entry in the ledger: the evidence.
    entry: Option<i64>,
    /// When it was posted, by the network's clock.
    posted_at_ms: i64,
    /// When it was found.
    found_at_ms: i64,
    /// Who took note of it.
    seen_by_id: Option<Id>,
    /// What they said.
    note: Option<String>,
}

impl From<ForeignPost> for ForeignShape {
    fn from(post: ForeignPost) -> Self {
        Self {
            message_id: Id(post.message.0),
            profile_id: Id(post.profile.0),
            native_id: post.native_id,
            entry: post.entry,
            posted_at_ms: post.posted_at.0,
            found_at_ms: post.found_at.0,
            seen_by_id: post.seen_by.map(|person| Id(person.0)),
            note: post.note,
        }
    }
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForeignQuery {
    /// Also those that somebody took note of.
    #[serde(default)]
    #[param(required = false)]
    with_seen: bool,
}

/// What stands on own profiles and was not sent from here, the newest first; at most 500
#[utoipa::path(get, path = "/api/v1/publishing/foreign", tag = "publishing", params(ForeignQuery), responses((status = 200, body = [ForeignShape])))]
pub(crate) async fn foreign(ctx: Ctx, Query(query): Query<ForeignQuery>) -> Answer<Vec<ForeignShape>> {
    let found = publishing::foreign_posts(ctx.desk(), ctx.actor(), query.with_seen).await?;
    Ok(Json(found.into_iter().map(ForeignShape::from).collect()))
}

/// What somebody says of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForeignNote {
    /// What it is.
    note: Line<2000>,
}

/// Take note of a post that was not sent from here
#[utoipa::path(post, path = "/api/v1/publishing/foreign/{id}/seen", tag = "publishing", params(("id" = Id, Path, description = "The captured message.")), request_body = ForeignNote, responses((status = 204)))]
pub(crate) async fn foreign_seen(ctx: Ctx, PathId(id): PathId<MessageId>, JsonBody(body): JsonBody<ForeignNote>) -> Done {
    publishing::seen_foreign(ctx.desk(), ctx.actor(), id, &body.note.0).await?;
    Ok(done())
}
