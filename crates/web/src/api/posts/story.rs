//! What became of a post: its whole story with its places in the record, and changing or deleting what is out.

use axum::Json;
use desk::{
    ids::{CommentId, PostId, ProfileId},
    publishing::{self, Correction, CorrectionKind, CorrectionState, Sent, Story, TargetKey, Version},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        Answer, Done, done,
        input::{Digest, Id, JsonBody, Line, PathId, PathIds, named},
    },
    content::{ContentShape, texts},
    shapes::Submitted,
};
use crate::frame::Ctx;

named! {
    /// Whether what is out is changed or deleted.
    CorrectionKindName of CorrectionKind;
    /// Where a change or deletion stands.
    CorrectionStateName of CorrectionState;
}

/// A version that was submitted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionShape {
    /// Its number, from 1.
    #[schema(minimum = 1)]
    number: u32,
    /// What was decided about.
    digest: Digest,
    /// Who submitted it.
    made_by_id: Id,
    /// When.
    made_at_ms: i64,
    /// When it was to go out.
    slot_ms: Option<i64>,
}

impl From<&Version> for VersionShape {
    fn from(version: &Version) -> Self {
        Self {
            number: version.number,
            digest: Digest(version.digest.0),
            made_by_id: Id(version.made_by.0),
            made_at_ms: version.made_at.0,
            slot_ms: version.slot.map(|slot| slot.0),
        }
    }
}

/// A part of a post on a network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentShape {
    /// On which profile.
    profile_id: Id,
    /// Which part, from 0.
    #[schema(minimum = 0)]
    part: u32,
    /// The network's id of it.
    native_id: String,
    /// Where a browser shows it.
    permalink: Option<String>,
    /// When it went out.
    sent_at_ms: Option<i64>,
    /// When it was deleted from here.
    deleted_at_ms: Option<i64>,
}

/// A change or deletion of what is out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionShape {
    /// On which profile.
    profile_id: Id,
    /// What it is.
    kind: CorrectionKindName,
    /// Of which part, from 0.
    #[schema(minimum = 0)]
    part: u32,
    /// What it will say, for a change.
    version: Option<u32>,
    /// Why.
    reason: String,
    /// Where it stands.
    state: CorrectionStateName,
    /// When it was asked for.
    asked_at_ms: i64,
    /// When it ended.
    ended_at_ms: Option<i64>,
    /// What happened.
    message: Option<String>,
}

impl From<Correction> for CorrectionShape {
    fn from(correction: Correction) -> Self {
        Self {
            profile_id: Id(correction.target.profile.0),
            kind: CorrectionKindName(correction.kind),
            part: correction.part,
            version: correction.version,
            reason: correction.reason,
            state: CorrectionStateName(correction.state),
            asked_at_ms: correction.asked_at.0,
            ended_at_ms: correction.ended_at.map(|at| at.0),
            message: correction.message,
        }
    }
}

/// An entry on record about a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordedShape {
    /// Its id in the ledger; `gatepost ledger prove` takes it.
    id: Id,
    /// Its position in the ledger; null while it is not there yet.
    position: Option<i64>,
    /// What it is, for example `post_version` or `decision`.
    kind: String,
    /// On which profile, for what happened on one.
    profile_id: Option<Id>,
    /// When.
    at_ms: i64,
    /// What it holds; null where it tells of profiles that the caller may not read.
    #[schema(value_type = Object, nullable)]
    body: serde_json::Value,
}

/// Everything that is known of a post, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoryShape {
    /// The versions that were submitted, oldest first.
    versions: Vec<VersionShape>,
    /// What is, or was, on networks.
    sent: Vec<SentShape>,
    /// Changes and deletions of it, oldest first.
    corrections: Vec<CorrectionShape>,
    /// What is on record, oldest first.
    record: Vec<RecordedShape>,
}

impl From<Story> for StoryShape {
    fn from(story: Story) -> Self {
        let sent = story.parts.into_iter().flat_map(|(profile, parts)| {
            parts.into_iter().map(move |part| SentShape {
                profile_id: Id(profile.0),
                part: part.part,
                native_id: part.native_id,
                permalink: part.permalink,
                sent_at_ms: part.sent_at.map(|at| at.0),
                deleted_at_ms: part.deleted_at.map(|at| at.0),
            })
        });
        let recorded = story.record.into_iter().map(|entry| RecordedShape {
            id: Id(entry.id.0),
            position: entry.entry,
            kind: entry.kind,
            profile_id: entry.profile.map(|profile| Id(profile.0)),
            at_ms: entry.at.0,
            body: entry.body,
        });
        Self {
            versions: story.versions.iter().map(Into::into).collect(),
            sent: sent.collect(),
            corrections: story.corrections.into_iter().map(Into::into).collect(),
            record: recorded.collect(),
        }
    }
}

/// The whole story of a post
#[utoipa::path(get, path = "/api/v1/posts/{id}/story", tag = "posts", params(("id" = Id, Path, description = "The post.")), responses((status = 200, body = StoryShape)))]
pub(crate) async fn story(ctx: Ctx, PathId(id): PathId<PostId>) -> Answer<StoryShape> {
    Ok(Json(publishing::history(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// What a profile shows of a post that is out
#[utoipa::path(get, path = "/api/v1/posts/{id}/on/{profile}", tag = "posts", params(("id" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), responses((status = 200, body = ContentShape)))]
pub(crate) async fn published(ctx: Ctx, PathIds(post, profile): PathIds<PostId, ProfileId>) -> Answer<ContentShape> {
    let key = TargetKey { post, profile };
    Ok(Json((&publishing::published_content(ctx.desk(), ctx.actor(), key).await?).into()))
}

/// What is to stand where a post is out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// The texts of its parts, as many as there are; files stay as they are.
    #[serde(deserialize_with = "texts")]
    #[schema(min_items = 1, max_items = 25)]
    texts: Vec<String>,
    /// Why; it goes on record.
    reason: Line<500>,
}

/// Change the texts of what is out on a profile: a new version, which goes the way of every version
#[utoipa::path(put, path = "/api/v1/posts/{id}/on/{profile}", tag = "posts", params(("id" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), request_body = Change, responses((status = 200, body = Submitted)))]
pub(crate) async fn change(
    ctx: Ctx,
    PathIds(post, profile): PathIds<PostId, ProfileId>,
    JsonBody(body): JsonBody<Change>,
) -> Answer<Submitted> {
    let key = TargetKey { post, profile };
    let mut content = publishing::published_content(ctx.desk(), ctx.actor(), key).await?;
    if content.parts.len() != body.texts.len() {
        let what = format!("it has {} parts, so it needs {} texts", content.parts.len(), content.parts.len());
        return Err(desk::Invalid::field("texts", what).into());
    }
    for (part, text) in content.parts.iter_mut().zip(body.texts) {
        part.text = text;
    }
    let examiner = ctx.state.examiner()?;
    let sent = publishing::edit_published(ctx.desk(), ctx.actor(), examiner, key, &content, &body.reason.0).await?;
    Ok(Json(match sent {
        Sent::Scheduled => Submitted { scheduled: true, submission_id: None },
        Sent::Pending(submission) => Submitted { scheduled: false, submission_id: Some(Id(submission.0)) },
    }))
}

/// Why something is deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    /// It goes on record.
    reason: Line<500>,
}

/// Delete what is out on a profile; the story tells how that ended
#[utoipa::path(post, path = "/api/v1/posts/{id}/on/{profile}/delete", tag = "posts", params(("id" = Id, Path, description = "The post."), ("profile" = Id, Path, description = "The profile.")), request_body = Deletion, responses((status = 204, description = "It is being deleted")))]
pub(crate) async fn delete(
    ctx: Ctx,
    PathIds(post, profile): PathIds<PostId, ProfileId>,
    JsonBody(body): JsonBody<Deletion>,
) -> Done {
    publishing::delete_published(ctx.desk(), ctx.actor(), TargetKey { post, profile }, &body.reason.0).await?;
    Ok(done())
}

/// Take an own comment away
#[utoipa::path(delete, path = "/api/v1/posts/{id}/comments/{comment}", tag = "posts", params(("id" = Id, Path, description = "The post."), ("comment" = Id, Path, description = "The comment.")), responses((status = 204, description = "Taken away")))]
pub(crate) async fn remove_comment(ctx: Ctx, PathIds(post, comment): PathIds<PostId, CommentId>) -> Done {
    publishing::remove_comment(ctx.desk(), ctx.actor(), post, comment).await?;
    Ok(done())
}
