//! The usual times of a profile.

use axum::{Json, response::Response};
use desk::{
    ids::{ProfileId, SlotId},
    publishing::{self, PostingSlot},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Done, Refused, created, done,
    input::{Id, JsonBody, Line, PathId, PathIds, whole},
};
use crate::frame::Ctx;

/// A usual time of a profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostingSlotShape {
    /// The slot.
    id: Id,
    /// 1 for Monday to 7 for Sunday.
    #[schema(minimum = 1, maximum = 7)]
    weekday: u32,
    /// Minutes after midnight, on the wall there.
    #[schema(minimum = 0, maximum = 1439)]
    minute: u32,
    /// Where: a time zone (IANA).
    time_zone: String,
}

impl From<PostingSlot> for PostingSlotShape {
    fn from(slot: PostingSlot) -> Self {
        Self { id: Id(slot.id.0), weekday: slot.weekday, minute: slot.minute, time_zone: slot.zone }
    }
}

/// A usual time to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostingSlotNew {
    /// 1 for Monday to 7 for Sunday.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 7)]
    weekday: u32,
    /// Minutes after midnight, on the wall there.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 1439)]
    minute: u32,
    /// Where: a time zone (IANA).
    time_zone: Line<60>,
}

/// The usual times of a profile
#[utoipa::path(get, path = "/api/v1/profiles/{id}/posting-slots", tag = "publishing", params(("id" = Id, Path, description = "The profile.")), responses((status = 200, body = [PostingSlotShape])))]
pub(crate) async fn list(ctx: Ctx, PathId(id): PathId<ProfileId>) -> Answer<Vec<PostingSlotShape>> {
    let slots = publishing::posting_slots(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(slots.into_iter().map(PostingSlotShape::from).collect()))
}

/// Add a usual time to a profile
#[utoipa::path(post, path = "/api/v1/profiles/{id}/posting-slots", tag = "publishing", params(("id" = Id, Path, description = "The profile.")), request_body = PostingSlotNew, responses((status = 201, body = super::Created)))]
pub(crate) async fn add(
    ctx: Ctx,
    PathId(id): PathId<ProfileId>,
    JsonBody(new): JsonBody<PostingSlotNew>,
) -> Result<Response, Refused> {
    let made = publishing::add_posting_slot(ctx.desk(), ctx.actor(), id, new.weekday, new.minute, &new.time_zone.0).await?;
    Ok(created(made, None))
}

/// Take a usual time of a profile away
#[utoipa::path(delete, path = "/api/v1/profiles/{id}/posting-slots/{slot}", tag = "publishing", params(("id" = Id, Path, description = "The profile."), ("slot" = Id, Path, description = "The slot.")), responses((status = 204)))]
pub(crate) async fn remove(ctx: Ctx, PathIds(profile, slot): PathIds<ProfileId, SlotId>) -> Done {
    publishing::remove_posting_slot(ctx.desk(), ctx.actor(), profile, slot).await?;
    Ok(done())
}
