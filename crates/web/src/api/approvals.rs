//! Approvals: what waits, one submission, deciding singly or several at once; the switch of all agents.

use axum::Json;
use desk::{
    approvals::{self, Ballot, ContentDigest, Mine, Others, SubmissionState, Verdict, Waiting},
    ids::SubmissionId,
    workspace::{self, Agents},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, Done, Refused, done,
    input::{Digest, Id, JsonBody, Note, PathId, Query, named},
};
use crate::{frame::Ctx, problem::Problem};

named! {
    /// Where a submission stands.
    SubmissionStateName of SubmissionState;
    /// What a submission wants of the caller.
    MineName of Mine;
}

/// A version that waits for approval, or waited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubmissionShape {
    /// The submission.
    id: Id,
    /// Its post.
    post: Id,
    /// The version of the post.
    version: u32,
    /// The digest of exactly what is shown under `content`; a decision names it.
    digest: Digest,
    /// When it is to go out; nothing for as soon as it is approved.
    slot_ms: Option<i64>,
    /// Where it stands.
    state: SubmissionStateName,
    /// What it wants of the caller.
    mine: MineName,
    /// Who submitted it.
    submitted_by: String,
    /// When.
    submitted_at_ms: i64,
    /// What they say about it.
    note: String,
    /// Whether an agent had a hand in it.
    by_agent: bool,
    /// Other submissions that answer the same message and wait as well.
    others: Vec<Id>,
    /// What would go out, for each profile.
    #[schema(value_type = [Object])]
    content: serde_json::Value,
    /// The steps with what was decided.
    #[schema(value_type = [Object])]
    steps: serde_json::Value,
}

impl From<Waiting> for SubmissionShape {
    fn from(waiting: Waiting) -> Self {
        let Waiting { shown, mine, others } = waiting;
        let kept = shown.kept;
        Self {
            id: Id(kept.id.0),
            post: Id(kept.post.0),
            version: kept.version,
            digest: Digest(shown.preview.digest.0),
            slot_ms: kept.submission.slot.map(|slot| slot.0),
            state: SubmissionStateName(kept.submission.state),
            mine: MineName(mine),
            submitted_by: shown.author,
            submitted_at_ms: kept.submission.submitted_at.0,
            note: kept.note,
            by_agent: kept.by_agent,
            others: others.into_iter().map(|id| Id(id.0)).collect(),
            content: serde_json::to_value(&shown.preview.targets).unwrap_or_default(),
            steps: serde_json::to_value(&shown.steps).unwrap_or_default(),
        }
    }
}

/// Whose decision is waited for.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForWhom {
    /// The caller's.
    #[default]
    Me,
    /// Anybody's, on profiles that the caller can read.
    Anybody,
}

/// Which submissions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingQuery {
    /// Whose decision is waited for.
    #[serde(default)]
    #[param(required = false)]
    waiting_for: ForWhom,
}

/// What waits for approval, the most urgent first; at most 50
#[utoipa::path(get, path = "/api/v1/approvals", tag = "approvals", params(WaitingQuery), responses((status = 200, body = [SubmissionShape])))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<WaitingQuery>) -> Answer<Vec<SubmissionShape>> {
    let (waiting, _) = match query.waiting_for {
        ForWhom::Me => approvals::waiting_for_me(ctx.desk(), ctx.actor()).await?,
        ForWhom::Anybody => approvals::waiting_at_all(ctx.desk(), ctx.actor()).await?,
    };
    Ok(Json(waiting.into_iter().map(SubmissionShape::from).collect()))
}

/// One submission
#[utoipa::path(get, path = "/api/v1/approvals/{id}", tag = "approvals", params(("id" = Id, Path, description = "The submission.")), responses((status = 200, body = SubmissionShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<SubmissionId>) -> Answer<SubmissionShape> {
    Ok(Json(approvals::get(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// What is decided.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictName {
    /// It may go out.
    Approve,
    /// It may not; needs a reason.
    Reject,
    /// It may after a change; needs a reason that says which.
    AskForChange,
}

/// What becomes of other answers to the same message.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OthersName {
    /// They stay.
    Keep,
    /// They are rejected.
    Reject,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    /// What is decided.
    verdict: VerdictName,
    /// The digest of what was shown.
    seen: Digest,
    /// Why; not needed to approve.
    #[schema(required = false)]
    reason: Option<Note<2000>>,
    /// What becomes of other answers to the same message that wait; needed when there are any and this one is approved.
    #[schema(required = false)]
    others: Option<OthersName>,
}

fn verdict(name: VerdictName, reason: Option<Note<2000>>) -> Verdict {
    let reason = reason.map(|reason| reason.0).unwrap_or_default();
    match name {
        VerdictName::Approve => Verdict::Approve,
        VerdictName::Reject => Verdict::Reject { reason },
        VerdictName::AskForChange => Verdict::AskForChange { reason },
    }
}

/// Where a submission stands after a decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// Where it stands.
    state: SubmissionStateName,
}

/// Approve, reject or ask for a change
#[utoipa::path(post, path = "/api/v1/approvals/{id}/decision", tag = "approvals", params(("id" = Id, Path, description = "The submission.")), request_body = Decide, responses((status = 200, body = Decided)))]
pub(crate) async fn decide(ctx: Ctx, PathId(id): PathId<SubmissionId>, JsonBody(body): JsonBody<Decide>) -> Answer<Decided> {
    let others = body.others.map(|others| match others {
        OthersName::Keep => Others::Keep,
        OthersName::Reject => Others::Reject,
    });
    let ballot = Ballot { seen: ContentDigest(body.seen.0), verdict: verdict(body.verdict, body.reason), others };
    let state = approvals::decide(ctx.desk(), ctx.actor(), id, ballot).await?;
    Ok(Json(Decided { state: SubmissionStateName(state) }))
}

/// A submission as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenItem {
    /// The submission.
    id: Id,
    /// The digest of what was shown.
    seen: Digest,
}

/// One decision about several submissions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideMany {
    /// What is decided about each.
    verdict: VerdictName,
    /// Why; not needed to approve.
    #[schema(required = false)]
    reason: Option<Note<2000>>,
    /// Each as it was seen; at most 50.
    #[schema(max_items = 50)]
    items: Vec<SeenItem>,
}

/// What became of one of several.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneOfMany {
    /// The submission.
    id: Id,
    /// Where it stands, when it was decided.
    state: Option<SubmissionStateName>,
    /// Why it was not decided.
    problem: Option<Problem>,
}

/// Decide about several at once; what does not apply to one does not hold back the others
#[utoipa::path(post, path = "/api/v1/approvals/decisions", tag = "approvals", request_body = DecideMany, responses((status = 200, body = [OneOfMany])))]
pub(crate) async fn decide_many(ctx: Ctx, JsonBody(body): JsonBody<DecideMany>) -> Answer<Vec<OneOfMany>> {
    if body.items.len() > approvals::BULK_MAX {
        let detail = format!("at most {} items", approvals::BULK_MAX);
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Input does not fit", detail).into());
    }
    let items: Vec<_> = body.items.iter().map(|item| (SubmissionId(item.id.0), ContentDigest(item.seen.0))).collect();
    let verdict = verdict(body.verdict, body.reason);
    let outcomes = approvals::decide_many(ctx.desk(), ctx.actor(), &items, &verdict).await?;
    let one = |(id, outcome): (SubmissionId, desk::Result<SubmissionState>)| match outcome {
        Ok(state) => OneOfMany { id: Id(id.0), state: Some(SubmissionStateName(state)), problem: None },
        Err(error) => OneOfMany { id: Id(id.0), state: None, problem: Some(Refused::from(error).0) },
    };
    Ok(Json(outcomes.into_iter().map(one).collect()))
}

/// The switch of all agents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentsSwitch {
    /// Whether every agent is stopped.
    frozen: bool,
}

/// Stop every agent at once, or let them go on
#[utoipa::path(put, path = "/api/v1/agents", tag = "approvals", request_body = AgentsSwitch, responses((status = 204)))]
pub(crate) async fn agents(ctx: Ctx, JsonBody(body): JsonBody<AgentsSwitch>) -> Done {
    let agents = if body.frozen { Agents::Frozen } else { Agents::Free };
    workspace::switch_agents(ctx.desk(), ctx.actor(), agents).await?;
    Ok(done())
}
