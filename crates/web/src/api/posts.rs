//! Posts: writing, submitting, moving, and what becomes of them. Media come through the pages for now; a post names them by digest.

use axum::{Json, response::Response};
use desk::{
    ids::{CampaignId, PostId, ProfileId},
    paging::PageRequest,
    publishing::{
        self, Audience, CommentAudience, Content, Draft, Part, Post, PostFilter, PostForm, PostGlance, PostOrder, Retimed, Saved,
        Sent, Submitting, TargetState, WarningKind,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Line, Moment, Note, PathId, Query, named},
    lists::{AfterId, Limit, Listing},
};
use crate::{frame::Ctx, problem::Problem};

named! {
    /// Where a post stands on a profile.
    PostStateName of TargetState;
    /// What a warning is about.
    WarningName of WarningKind;
    /// Who reads a comment.
    CommentAudienceName of CommentAudience;
}

/// Who can read a post, where the network has the choice.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AudienceName {
    /// Everybody.
    #[default]
    Public,
    /// Everybody who comes by, but not in public lists.
    Unlisted,
    /// Followers.
    Followers,
    /// Only those mentioned.
    Direct,
}

/// What is posted: the posts of a thread, and what goes with them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContentShape {
    /// The texts of the thread; one for most posts.
    #[schema(min_items = 1, max_items = 25)]
    texts: Vec<String>,
    /// Content warning or subject.
    subject: Option<String>,
    /// Language (BCP 47).
    language: Option<String>,
    /// Who can read it.
    #[serde(default)]
    audience: AudienceName,
    /// Channel or room, where the network needs one.
    place: Option<String>,
    /// The message it answers, by the network's id.
    reply_to: Option<String>,
}

impl From<&Content> for ContentShape {
    fn from(content: &Content) -> Self {
        Self {
            texts: content.parts.iter().map(|part| part.text.clone()).collect(),
            subject: content.subject.clone(),
            language: content.language.clone(),
            audience: match content.audience {
                Audience::Public => AudienceName::Public,
                Audience::Unlisted => AudienceName::Unlisted,
                Audience::Followers => AudienceName::Followers,
                Audience::Direct => AudienceName::Direct,
            },
            place: content.place.clone(),
            reply_to: content.reply_to.clone(),
        }
    }
}

impl ContentShape {
    /// As the desk knows it; files stay with the part of the same place in what was there before.
    fn content(self, before: Option<&Content>) -> Content {
        let media = |place: usize| before.and_then(|content| content.parts.get(place)).map(|part| part.media.clone());
        let parts = self.texts.into_iter().enumerate();
        Content {
            parts: parts.map(|(place, text)| Part { text, media: media(place).unwrap_or_default() }).collect(),
            subject: self.subject,
            language: self.language,
            audience: match self.audience {
                AudienceName::Public => Audience::Public,
                AudienceName::Unlisted => Audience::Unlisted,
                AudienceName::Followers => Audience::Followers,
                AudienceName::Direct => Audience::Direct,
            },
            place: self.place,
            reply_to: self.reply_to,
        }
    }
}

/// A profile that a post goes to, with its own version where it has one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetNew {
    /// The profile.
    profile_id: Id,
    /// What is posted there instead of what is common.
    content: Option<ContentShape>,
}

/// A post as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostNew {
    /// For colleagues; never sent.
    #[serde(default)]
    title: Note<200>,
    /// What is posted where nothing else is said.
    content: ContentShape,
    /// Where.
    #[schema(min_items = 1, max_items = 50)]
    targets: Vec<TargetNew>,
    /// When; null or left out for "as soon as it may".
    slot_ms: Option<Moment>,
    /// The time zone (IANA) that the time was chosen in; left out for the workspace's.
    time_zone: Option<Line<60>>,
    /// What it belongs to.
    campaign_id: Option<Id>,
    /// Its tags.
    #[serde(default)]
    #[schema(max_items = 20)]
    tags: Vec<Line<50>>,
}

impl PostNew {
    fn form(self, before: Option<&Draft>) -> PostForm {
        let targets = self.targets.into_iter().map(|target| {
            let profile = ProfileId(target.profile_id.0);
            let own = before.and_then(|draft| draft.targets.get(&profile)?.as_ref());
            (profile, target.content.map(|content| content.content(own)))
        });
        PostForm {
            title: self.title.0,
            draft: Draft { targets: targets.collect(), common: self.content.content(before.map(|draft| &draft.common)) },
            slot: self.slot_ms.map(Into::into),
            zone: self.time_zone.map(|zone| zone.0).unwrap_or_default(),
            campaign: self.campaign_id.map(|id| CampaignId(id.0)),
            tags: self.tags.into_iter().map(|tag| tag.0).collect(),
        }
    }
}

/// A post that was changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostSave {
    /// The revision that was seen; another one is a conflict.
    #[schema(minimum = 0)]
    revision: i64,
    /// All of it as it is now.
    post: PostNew,
}

/// A post on one profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetShape {
    /// The profile.
    profile_id: Id,
    /// Its own version, where it has one.
    content: Option<ContentShape>,
    /// Where it stands there.
    state: PostStateName,
    /// Why, in words.
    reason: Option<String>,
    /// When it is due there.
    slot_ms: Option<i64>,
    /// Where a browser shows it.
    permalink: Option<String>,
    /// When it went out.
    published_at_ms: Option<i64>,
}

/// A post, on the profiles that the caller may read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostShape {
    /// The post.
    id: Id,
    /// Who began it.
    author_id: Id,
    /// For colleagues.
    title: String,
    /// What is posted where nothing else is said.
    content: ContentShape,
    /// Where it goes, and what becomes of it there.
    targets: Vec<TargetShape>,
    /// To be given back when saving and submitting.
    revision: i64,
    /// The newest submitted version; 0 before there is one.
    version: u32,
    /// When; null for "as soon as it may".
    slot_ms: Option<i64>,
    /// The time zone that the time was chosen in.
    time_zone: String,
    /// What it belongs to.
    campaign_id: Option<Id>,
    /// Its tags.
    tags: Vec<String>,
    /// When it was begun.
    created_at_ms: i64,
    /// When it last changed.
    changed_at_ms: i64,
    /// Since when it is discarded.
    discarded_at_ms: Option<i64>,
}

impl From<Post> for PostShape {
    fn from(post: Post) -> Self {
        let target = |target: &publishing::PostTarget| TargetShape {
            profile_id: Id(target.key.profile.0),
            content: post.draft.targets.get(&target.key.profile).and_then(Option::as_ref).map(Into::into),
            state: PostStateName(target.life.state),
            reason: target.life.reason.clone(),
            slot_ms: target.life.slot.map(|at| at.0),
            permalink: target.permalink.clone(),
            published_at_ms: target.published_at.map(|at| at.0),
        };
        Self {
            id: Id(post.id.0),
            author_id: Id(post.author.0),
            content: (&post.draft.common).into(),
            targets: post.targets.iter().map(target).collect(),
            title: post.title,
            revision: post.revision,
            version: post.version,
            slot_ms: post.slot.map(|at| at.0),
            time_zone: post.zone,
            campaign_id: post.campaign.map(|id| Id(id.0)),
            tags: post.tags.into_iter().collect(),
            created_at_ms: post.created_at.0,
            changed_at_ms: post.changed_at.0,
            discarded_at_ms: post.discarded_at.map(|at| at.0),
        }
    }
}

/// A post in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GlanceShape {
    /// The post.
    id: Id,
    /// Who began it.
    author_id: Id,
    /// For colleagues.
    title: String,
    /// How its text begins.
    excerpt: String,
    /// Where a calendar shows it.
    at_ms: Option<i64>,
    /// Its tags.
    tags: Vec<String>,
    /// Where it goes and how it stands there.
    targets: Vec<TargetGlanceShape>,
    /// When it last changed.
    changed_at_ms: i64,
}

/// A post on one profile, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetGlanceShape {
    /// The profile.
    profile_id: Id,
    /// Where it stands there.
    state: PostStateName,
}

impl From<PostGlance> for GlanceShape {
    fn from(post: PostGlance) -> Self {
        let target = |target: &publishing::TargetGlance| TargetGlanceShape {
            profile_id: Id(target.profile.0),
            state: PostStateName(target.state),
        };
        Self {
            id: Id(post.id.0),
            author_id: Id(post.author.0),
            targets: post.targets.iter().map(target).collect(),
            title: post.title,
            excerpt: post.excerpt,
            at_ms: post.at.map(|at| at.0),
            tags: post.tags,
            changed_at_ms: post.changed_at.0,
        }
    }
}

/// Which posts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PostsQuery {
    /// Whose title or text has this, without regard to case.
    #[param(required = false)]
    text: Option<Line<120>>,
    /// In this state on some profile.
    #[param(required = false)]
    state: Option<PostStateName>,
    /// On this profile.
    #[param(required = false)]
    profile_id: Option<Id>,
    /// With a time from this moment on.
    #[param(required = false)]
    from_ms: Option<Moment>,
    /// With a time before this moment.
    #[param(required = false)]
    until_ms: Option<Moment>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Line<80>>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

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
            Refused::from(super::input::misfit(field, said))
        }
        error => error.into(),
    }
}

/// Begin a post
#[utoipa::path(post, path = "/api/v1/posts", tag = "posts", request_body = PostNew, responses((status = 201, body = Created)))]
pub(crate) async fn create(ctx: Ctx, JsonBody(body): JsonBody<PostNew>) -> Result<Response, Refused> {
    let id = publishing::create(ctx.desk(), ctx.actor(), &body.form(None)).await?;
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
    match publishing::save(ctx.desk(), ctx.actor(), id, body.revision, &body.post.form(Some(&before.draft))).await? {
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

/// Something about a post before it is submitted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningShape {
    /// What it is about.
    kind: WarningName,
    /// Whether it keeps the post from being submitted.
    blocks: bool,
    /// On which profile.
    profile_id: Option<Id>,
    /// In which part of the thread, from 0.
    #[schema(minimum = 0)]
    part: Option<usize>,
    /// First byte (UTF-8) in that part's text, where it is about some words.
    #[schema(minimum = 0)]
    start: Option<usize>,
    /// One past the last byte.
    #[schema(minimum = 0)]
    end: Option<usize>,
    /// What to do.
    message: String,
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

/// A submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostSubmit {
    /// The revision that was seen.
    #[schema(minimum = 0)]
    revision: i64,
    /// To those who decide.
    #[serde(default)]
    note: Note<1000>,
}

/// What became of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Submitted {
    /// Whether it goes out without anybody else.
    scheduled: bool,
    /// What is asked, when somebody has to agree.
    submission_id: Option<Id>,
}

/// Submit a post for approval, or schedule it when nobody has to agree
#[utoipa::path(post, path = "/api/v1/posts/{id}/submit", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostSubmit, responses((status = 200, body = Submitted)))]
pub(crate) async fn submit(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostSubmit>) -> Answer<Submitted> {
    let with = Submitting { note: body.note.0, confirmed: false };
    let sent = publishing::submit(ctx.desk(), ctx.actor(), ctx.state.examiner()?, id, body.revision, &with).await?;
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

/// Another time for a post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostTime {
    /// The revision that was seen.
    #[schema(minimum = 0)]
    revision: i64,
    /// When; null for "as soon as it may".
    slot_ms: Option<Moment>,
}

/// What a new time meant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moved {
    /// Whether everybody who has to agree has to agree again.
    voided: bool,
}

/// Move a post to another time
#[utoipa::path(put, path = "/api/v1/posts/{id}/time", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostTime, responses((status = 200, body = Moved)))]
pub(crate) async fn retime(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostTime>) -> Answer<Moved> {
    let moved = publishing::retime(ctx.desk(), ctx.actor(), id, body.revision, body.slot_ms.map(Into::into)).await?;
    Ok(Json(Moved { voided: moved == Retimed::Voided }))
}

/// Why a post is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostCancel {
    /// Why.
    reason: Line<500>,
}

/// How many profiles a post was cancelled on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancelled {
    /// Profiles.
    #[schema(minimum = 0)]
    profiles: usize,
}

/// Cancel a post wherever it is not out
#[utoipa::path(post, path = "/api/v1/posts/{id}/cancel", tag = "posts", params(("id" = Id, Path, description = "The post.")), request_body = PostCancel, responses((status = 200, body = Cancelled)))]
pub(crate) async fn cancel(ctx: Ctx, PathId(id): PathId<PostId>, JsonBody(body): JsonBody<PostCancel>) -> Answer<Cancelled> {
    let profiles = publishing::cancel(ctx.desk(), ctx.actor(), id, None, &body.reason.0).await?;
    Ok(Json(Cancelled { profiles }))
}

/// A comment on a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommentShape {
    /// The comment.
    id: Id,
    /// Whose; null for an outside approver's.
    person_id: Option<Id>,
    /// Who reads it.
    audience: CommentAudienceName,
    /// What it says.
    text: String,
    /// When.
    at_ms: i64,
}

/// A comment about to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentNew {
    /// What it says.
    text: Note<4000>,
    /// Who reads it; colleagues only when left out.
    audience: Option<CommentAudienceName>,
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

/// What posts belong to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignShape {
    /// The campaign.
    id: Id,
    /// Its name.
    name: String,
    /// Since when there is one.
    created_at_ms: i64,
    /// Since when nothing new belongs to it.
    ended_at_ms: Option<i64>,
}

/// A campaign about to be begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignNew {
    /// Its name.
    name: Line<100>,
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
