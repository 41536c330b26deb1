//! Posts: writing, submitting, moving, and what becomes of them. A post names its files by digest; they come through [`super::media`].

mod content;
mod cursor;
mod shapes;
mod story;

use axum::{Json, response::Response};
use desk::{
    ids::{PostId, ProfileId},
    paging::PageRequest,
    publishing::{self, CommentAudience, PostFilter, PostForm, PostOrder, Retimed, Saved, Sent, Submitting, TargetKey},
};

pub(crate) use self::{cursor::PostsCursor, shapes::*, story::*};
use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, PathId, Query, misfit},
    lists::{AfterId, Listing},
};
use crate::{frame::Ctx, problem::Problem};

/// The posts that the caller may read, the newest change first
#[utoipa::path(get, path = "/api/v1/posts", tag = "posts", params(PostsQuery), responses((status = 200, body = Listing<GlanceShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<PostsQuery>) -> Answer<Listing<GlanceShape>> {
    let filter = PostFilter {
        text: query.text.map(|text| text.0),
        states: query.state.map(|state| state.0).into_iter().collect(),
        profiles: query.profile_id.map(|id| ProfileId(id.0)).into_iter().collect(),
        from: query.from_ms.map(Into::into),
        until: query.until_ms.map(Into::into),
        ..PostFilter::default()
    };
    let page = PageRequest { after: query.after.map(|after| after.0), size: query.limit.0 };
    let page = publishing::list(ctx.desk(), ctx.actor(), &filter, PostOrder::Changed, &page).await.map_err(unfit_query)?;
    Ok(Json(Listing::of(page, GlanceShape::from)))
}

/// What does not fit a query is the query's fault, not the desk's state.
fn unfit_query(error: desk::Error) -> Refused {
    match error {
        desk::Error::Invalid(invalid) => {
            let (field, said) = invalid.fields.first().map_or(("query", ""), |(field, said)| (*field, said.as_str()));
            Refused::from(misfit(field, said))
        }
        error => error.into(),
    }
}

/// Begin a post
#[utoipa::path(post, path = "/api/v1/posts", tag = "posts", request_body = PostNew, responses((status = 201, body = Created)))]
pub(crate) async fn create(ctx: Ctx, JsonBody(body): JsonBody<PostNew>) -> Result<Response, Refused> {
    let form = body.form(&ctx, None).await?;
    let id = publishing::create(ctx.desk(), ctx.actor(), &form).await?;
    Ok(created(id, Some("posts")))
}

/// A post
#[utoipa::path(get, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 200, body = PostShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<PostId>) -> Answer<PostShape> {
    Ok(Json(publishing::get(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Save a post over the revision that was seen
#[utoipa::path(put, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostSave, responses((status = 200, body = PostShape)))]
pub(crate) async fn save(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostSave>) -> Answer<PostShape> {
    let before = publishing::get(ctx.desk(), ctx.actor(), id).await?;
    let form = body.post.form(&ctx, Some(&before.draft)).await?;
    match publishing::save(ctx.desk(), ctx.actor(), id, body.revision.0, &form).await? {
        Saved::Done(post) => Ok(Json((*post).into())),
        Saved::Conflict(theirs) => Err(Refused::from(Problem::new(
            http::StatusCode::CONFLICT,
            "conflict",
            "Conflict",
            format!("somebody saved this post meanwhile: it is at revision {} now; read it, then save again", theirs.revision),
        ))),
    }
}

/// Discard a post that is not on its way
#[utoipa::path(delete, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 204, description = "Discarded")))]
pub(crate) async fn discard(ctx: Ctx, PathId(id): PathId<PostId>) -> Done {
    publishing::discard(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// Begin a new post with what another says
#[utoipa::path(post, path = "/api/v1/posts/{id}/duplicate", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 201, body = Created)))]
pub(crate) async fn duplicate(ctx: Ctx, PathId(id): PathId<PostId>) -> Result<Response, Refused> {
    let copy = publishing::duplicate(ctx.desk(), ctx.actor(), id).await?;
    Ok(created(copy, Some("posts")))
}

/// What is wrong, missing or worth a second look in a post
#[utoipa::path(get, path = "/api/v1/posts/{id}/warnings", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 200, body = Vec<WarningShape>)))]
pub(crate) async fn warnings(ctx: Ctx, PathId(id): PathId<PostId>) -> Answer<Vec<WarningShape>> {
    let post = publishing::get(ctx.desk(), ctx.actor(), id).await?;
    let form = PostForm { draft: post.draft, slot: post.slot, tags: post.tags, ..PostForm::default() };
    let found = publishing::check(ctx.desk(), ctx.actor(), ctx.state.examiner()?, &form, Some(id)).await?;
    let shape = |warning: publishing::Warning| WarningShape {
        kind: WarningName(warning.kind),
        blocks: warning.blocks,
        profile_id: warning.profile.map(|id| Id(id.0)),
        part: warning.part,
        start: warning.span.map(|(start, _)| start),
        end: warning.span.map(|(_, end)| end),
        message: warning.message,
    };
    Ok(Json(found.into_iter().map(shape).collect()))
}

/// Submit a post for approval, or schedule it when nobody has to agree
#[utoipa::path(post, path = "/api/v1/posts/{id}/submit", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostSubmit, responses((status = 200, body = Submitted)))]
pub(crate) async fn submit(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostSubmit>) -> Answer<Submitted> {
    let with = Submitting { note: body.note.0, confirmed: body.confirmed };
    let sent = publishing::submit(ctx.desk(), ctx.actor(), ctx.state.examiner()?, id, body.revision.0, &with).await?;
    Ok(Json(match sent {
        Sent::Scheduled => Submitted { scheduled: true, submission_id: None },
        Sent::Pending(submission) => Submitted { scheduled: false, submission_id: Some(Id(submission.0)) },
    }))
}

/// Take a submitted post back
#[utoipa::path(post, path = "/api/v1/posts/{id}/withdraw", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 204, description = "Taken back")))]
pub(crate) async fn withdraw(ctx: Ctx, PathId(id): PathId<PostId>) -> Done {
    publishing::withdraw(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}

/// Move a post to another time
#[utoipa::path(put, path = "/api/v1/posts/{id}/time", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostTime, responses((status = 200, body = Moved)))]
pub(crate) async fn retime(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostTime>) -> Answer<Moved> {
    let moved = publishing::retime(ctx.desk(), ctx.actor(), id, body.revision.0, body.slot_ms.map(Into::into)).await?;
    Ok(Json(Moved { voided: moved == Retimed::Voided }))
}

/// Cancel a post wherever it is not out, or on one profile
#[utoipa::path(post, path = "/api/v1/posts/{id}/cancel", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostCancel, responses((status = 200, body = Cancelled)))]
pub(crate) async fn cancel(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostCancel>) -> Answer<Cancelled> {
    let only = body.profile_id.map(|profile| TargetKey { post: id, profile: ProfileId(profile.0) });
    let profiles = publishing::cancel(ctx.desk(), ctx.actor(), id, only, &body.reason.0).await?;
    Ok(Json(Cancelled { profiles }))
}

/// The comments on a post, oldest first
#[utoipa::path(get, path = "/api/v1/posts/{id}/comments", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 200, body = Vec<CommentShape>)))]
pub(crate) async fn comments(ctx: Ctx, PathId(id): PathId<PostId>) -> Answer<Vec<CommentShape>> {
    let shape = |comment: publishing::Comment| CommentShape {
        id: Id(comment.id.0),
        person_id: comment.person.map(|id| Id(id.0)),
        audience: CommentAudienceName(comment.audience),
        text: comment.text,
        at_ms: comment.at.0,
    };
    Ok(Json(publishing::comments(ctx.desk(), ctx.actor(), id).await?.into_iter().map(shape).collect()))
}

/// Comment on a post
#[utoipa::path(post, path = "/api/v1/posts/{id}/comments", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = CommentNew, responses((status = 201, body = Created)))]
pub(crate) async fn comment(
    ctx: Ctx,
    PathId(id): PathId<PostId>,
    JsonBody(body): JsonBody<CommentNew>,
) -> Result<Response, Refused> {
    let audience = body.audience.map_or(CommentAudience::Internal, |audience| audience.0);
    let made = publishing::comment(ctx.desk(), ctx.actor(), id, audience, &body.text.0).await?;
    Ok(created(made, None))
}

/// The campaigns
#[utoipa::path(get, path = "/api/v1/campaigns", tag = "posts", params(AfterId), responses((status = 200, body = Listing<CampaignShape>)))]
pub(crate) async fn campaigns(ctx: Ctx, Query(query): Query<AfterId>) -> Answer<Listing<CampaignShape>> {
    let all = publishing::campaigns(ctx.desk(), ctx.actor()).await?;
    let shape = |campaign: publishing::Campaign| CampaignShape {
        id: Id(campaign.id.0),
        name: campaign.name,
        created_at_ms: campaign.created_at.0,
        ended_at_ms: campaign.ended_at.map(|at| at.0),
    };
    Ok(Json(Listing::by_id(all, |campaign| campaign.id.0, &query, shape)))
}

/// Begin a campaign
#[utoipa::path(post, path = "/api/v1/campaigns", tag = "posts", request_body = CampaignNew, responses((status = 201, body = Created)))]
pub(crate) async fn create_campaign(ctx: Ctx, JsonBody(body): JsonBody<CampaignNew>) -> Result<Response, Refused> {
    let id = publishing::create_campaign(ctx.desk(), ctx.actor(), &body.name.0).await?;
    Ok(created(id, None))
}
