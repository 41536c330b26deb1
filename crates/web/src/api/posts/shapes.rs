//! What the API says of posts: their shapes in and out.

use desk::{
    ids::{CampaignId, ProfileId},
    publishing::{self, CommentAudience, Draft, Post, PostForm, PostGlance, TargetState, WarningKind},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{frame::Ctx, posts::complete_files};

use super::{
    super::{
        input::{Id, Line, Moment, Note, Revision, named},
        lists::Limit,
    },
    content::ContentShape,
    cursor::PostsCursor,
};

named! {
    /// Where a post stands on a profile.
    PostStateName of TargetState;
    /// What a warning is about.
    WarningName of WarningKind;
    /// Who reads a comment.
    CommentAudienceName of CommentAudience;
}

/// A profile that a post goes to, with its own version where it has one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetNew {
    /// The profile.
    pub(super) profile_id: Id,
    /// What is posted there instead of what is common.
    pub(super) content: Option<ContentShape>,
}

/// A post as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostNew {
    /// For colleagues; never sent.
    #[serde(default)]
    pub(super) title: Note<200>,
    /// What is posted where nothing else is said.
    pub(super) content: ContentShape,
    /// Where.
    #[schema(min_items = 1, max_items = 50)]
    pub(super) targets: Vec<TargetNew>,
    /// When; null or left out for "as soon as it may".
    pub(super) slot_ms: Option<Moment>,
    /// The time zone (IANA) that the time was chosen in; left out for the workspace's.
    pub(super) time_zone: Option<Line<60>>,
    /// What it belongs to.
    pub(super) campaign_id: Option<Id>,
    /// Its tags.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) tags: Vec<Line<50>>,
}

impl PostNew {
    /// As the desk takes it. Names and types of files are the desk's.
    pub(super) async fn form(self, ctx: &Ctx, before: Option<&Draft>) -> Result<PostForm, desk::Error> {
        let contents = std::iter::once(&self.content).chain(self.targets.iter().filter_map(|target| target.content.as_ref()));
        if contents.into_iter().any(|content| content.media.as_ref().is_some_and(|lists| lists.len() > content.texts.len())) {
            return Err(desk::Invalid::field("media", "more lists of files than texts; give each text at most one list"));
        }
        let mut form = self.written(before);
        complete_files(ctx, &mut form, before).await?;
        Ok(form)
    }

    fn written(self, before: Option<&Draft>) -> PostForm {
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
    pub(super) revision: Revision,
    /// All of it as it is now.
    pub(super) post: PostNew,
}

/// A post on one profile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetShape {
    /// The profile.
    pub(super) profile_id: Id,
    /// Its own version, where it has one.
    pub(super) content: Option<ContentShape>,
    /// Where it stands there.
    pub(super) state: PostStateName,
    /// Why, in words.
    pub(super) reason: Option<String>,
    /// When it is due there.
    pub(super) slot_ms: Option<i64>,
    /// Where a browser shows it.
    pub(super) permalink: Option<String>,
    /// When it went out.
    published_at_ms: Option<i64>,
}

/// A post, on the profiles that the caller may read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PostShape {
    /// The post.
    pub(super) id: Id,
    /// Who began it.
    pub(super) author_id: Id,
    /// For colleagues.
    pub(super) title: String,
    /// What is posted where nothing else is said.
    pub(super) content: ContentShape,
    /// Where it goes, and what becomes of it there.
    pub(super) targets: Vec<TargetShape>,
    /// To be given back when saving and submitting.
    pub(super) revision: i64,
    /// The newest submitted version; 0 before there is one.
    pub(super) version: u32,
    /// When; null for "as soon as it may".
    pub(super) slot_ms: Option<i64>,
    /// The time zone that the time was chosen in.
    pub(super) time_zone: String,
    /// What it belongs to.
    pub(super) campaign_id: Option<Id>,
    /// Its tags.
    pub(super) tags: Vec<String>,
    /// When it was begun.
    pub(super) created_at_ms: i64,
    /// When it last changed.
    pub(super) changed_at_ms: i64,
    /// Since when it is discarded.
    pub(super) discarded_at_ms: Option<i64>,
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
    pub(super) id: Id,
    /// Who began it.
    pub(super) author_id: Id,
    /// For colleagues.
    pub(super) title: String,
    /// How its text begins.
    pub(super) excerpt: String,
    /// Where a calendar shows it.
    pub(super) at_ms: Option<i64>,
    /// Its tags.
    pub(super) tags: Vec<String>,
    /// Where it goes and how it stands there.
    pub(super) targets: Vec<TargetGlanceShape>,
    /// When it last changed.
    pub(super) changed_at_ms: i64,
}

/// A post on one profile, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetGlanceShape {
    /// The profile.
    pub(super) profile_id: Id,
    /// Where it stands there.
    pub(super) state: PostStateName,
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
    pub(super) text: Option<Line<120>>,
    /// In this state on some profile.
    #[param(required = false)]
    pub(super) state: Option<PostStateName>,
    /// On this profile.
    #[param(required = false)]
    pub(super) profile_id: Option<Id>,
    /// With a time from this moment on.
    #[param(required = false)]
    pub(super) from_ms: Option<Moment>,
    /// With a time before this moment.
    #[param(required = false)]
    pub(super) until_ms: Option<Moment>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    pub(super) after: Option<PostsCursor>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    pub(super) limit: Limit,
}

/// Something about a post before it is submitted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningShape {
    /// What it is about.
    pub(super) kind: WarningName,
    /// Whether it keeps the post from being submitted.
    pub(super) blocks: bool,
    /// On which profile.
    pub(super) profile_id: Option<Id>,
    /// In which part of the thread, from 0.
    #[schema(minimum = 0)]
    pub(super) part: Option<usize>,
    /// First byte (UTF-8) in that part's text, where it is about some words.
    #[schema(minimum = 0)]
    pub(super) start: Option<usize>,
    /// One past the last byte.
    #[schema(minimum = 0)]
    pub(super) end: Option<usize>,
    /// What to do.
    pub(super) message: String,
}

/// A submission.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostSubmit {
    /// The revision that was seen; another one is a conflict.
    pub(super) revision: Revision,
    /// To those who decide.
    #[serde(default)]
    pub(super) note: Note<1000>,
    /// That it may go out although publishing is softly paused; never an agent's to say.
    #[serde(default)]
    pub(super) confirmed: bool,
}

/// What became of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Submitted {
    /// Whether it goes out without anybody else.
    pub(super) scheduled: bool,
    /// What is asked, when somebody has to agree.
    pub(super) submission_id: Option<Id>,
}

/// Another time for a post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostTime {
    /// The revision that was seen; another one is a conflict.
    pub(super) revision: Revision,
    /// When; null for "as soon as it may".
    pub(super) slot_ms: Option<Moment>,
}

/// What a new time meant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moved {
    /// Whether everybody who has to agree has to agree again.
    pub(super) voided: bool,
}

/// Why a post is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostCancel {
    /// Why.
    pub(super) reason: Line<500>,
    /// On this profile only; left out for all.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) profile_id: Option<Id>,
}

/// How many profiles a post was cancelled on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancelled {
    /// Profiles.
    #[schema(minimum = 0)]
    pub(super) profiles: usize,
}

/// A comment on a post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommentShape {
    /// The comment.
    pub(super) id: Id,
    /// Whose; null for an outside approver's.
    pub(super) person_id: Option<Id>,
    /// Who reads it.
    pub(super) audience: CommentAudienceName,
    /// What it says.
    pub(super) text: String,
    /// When.
    pub(super) at_ms: i64,
}

/// A comment about to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentNew {
    /// What it says.
    pub(super) text: Note<4000>,
    /// Who reads it; colleagues only when left out.
    pub(super) audience: Option<CommentAudienceName>,
}

/// What posts belong to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignShape {
    /// The campaign.
    pub(super) id: Id,
    /// Its name.
    pub(super) name: String,
    /// Since when there is one.
    pub(super) created_at_ms: i64,
    /// Since when nothing new belongs to it.
    pub(super) ended_at_ms: Option<i64>,
}

/// A campaign about to be begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignNew {
    /// Its name.
    pub(super) name: Line<100>,
}
