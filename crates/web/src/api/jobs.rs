//! Background jobs: what runs, waits and died, retry and cancel.

use axum::Json;
use desk::{
    ids::JobId,
    jobs::{self, Cancelled, Job, JobFilter, JobState, KindCounts},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer,
    input::{Id, Line, PathId, Query, named},
    lists::{Limit, Listing, page},
};
use crate::frame::Ctx;

named! {
    /// Where a job stands.
    JobStateName of JobState;
}

/// A background job, without its payload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobShape {
    /// The job.
    id: Id,
    /// Its kind.
    kind: String,
    /// Where it stands.
    state: JobStateName,
    /// Not before this moment.
    run_at_ms: i64,
    /// How often it was begun.
    attempts: i64,
    /// How often it may be begun.
    attempts_max: i64,
    /// Somebody asked the running job to stop.
    cancel_requested: bool,
    /// How far it is.
    progress_done: Option<i64>,
    /// How far it goes.
    progress_total: Option<i64>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// When it was enqueued.
    created_at_ms: i64,
    /// When the last attempt began.
    started_at_ms: Option<i64>,
    /// When it ended for good.
    finished_at_ms: Option<i64>,
}

impl From<Job> for JobShape {
    fn from(job: Job) -> Self {
        Self {
            id: Id(job.id.0),
            kind: job.kind,
            state: JobStateName(job.state),
            run_at_ms: job.run_at_ms.0,
            attempts: job.attempts,
            attempts_max: job.attempts_max,
            cancel_requested: job.cancel_requested,
            progress_done: job.progress_done,
            progress_total: job.progress_total,
            last_error: job.last_error,
            created_at_ms: job.created_at_ms.0,
            started_at_ms: job.started_at_ms.map(|at| at.0),
            finished_at_ms: job.finished_at_ms.map(|at| at.0),
        }
    }
}

/// How many jobs of one kind there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindCountsShape {
    /// The kind.
    kind: String,
    /// Waiting, due or not.
    queued: i64,
    /// Held by a worker.
    running: i64,
    /// Given up.
    dead: i64,
    /// How long the job that is due longest has been due.
    oldest_wait_ms: i64,
}

impl From<KindCounts> for KindCountsShape {
    fn from(counts: KindCounts) -> Self {
        let KindCounts { kind, queued, running, dead, oldest_wait_ms } = counts;
        Self { kind, queued, running, dead, oldest_wait_ms }
    }
}

/// What became of a request to cancel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancellation {
    /// True when it had not begun and will not; false when it runs and was told to stop.
    at_once: bool,
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsQuery {
    /// Of this kind.
    #[param(required = false)]
    kind: Option<Line<120>>,
    /// In this state.
    #[param(required = false)]
    state: Option<JobStateName>,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Id>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// Background jobs, newest first
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobsQuery), responses((status = 200, body = Listing<JobShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<JobsQuery>) -> Answer<Listing<JobShape>> {
    let filter = JobFilter { kind: query.kind.map(|kind| kind.0), state: query.state.map(|state| state.0) };
    let found = jobs::list(ctx.desk(), ctx.actor(), &filter, &page(query.after, query.limit)).await?;
    Ok(Json(Listing::of(found, JobShape::from)))
}

/// How many jobs wait, run and died, by kind
#[utoipa::path(get, path = "/api/v1/jobs/counts", tag = "jobs", responses((status = 200, body = [KindCountsShape])))]
pub(crate) async fn counts(ctx: Ctx) -> Answer<Vec<KindCountsShape>> {
    Ok(Json(jobs::counts(ctx.desk(), ctx.actor()).await?.into_iter().map(KindCountsShape::from).collect()))
}

/// One job
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = Id, Path, description = "The job.")), responses((status = 200, body = JobShape)))]
pub(crate) async fn read(ctx: Ctx, PathId(id): PathId<JobId>) -> Answer<JobShape> {
    Ok(Json(jobs::find(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Run a dead job again
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", params(("id" = Id, Path, description = "The job.")), responses((status = 200, body = JobShape)))]
pub(crate) async fn retry(ctx: Ctx, PathId(id): PathId<JobId>) -> Answer<JobShape> {
    Ok(Json(jobs::retry(ctx.desk(), ctx.actor(), id).await?.into()))
}

/// Cancel a job
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = Id, Path, description = "The job.")), responses((status = 200, body = Cancellation)))]
pub(crate) async fn cancel(ctx: Ctx, PathId(id): PathId<JobId>) -> Answer<Cancellation> {
    let cancelled = jobs::cancel(ctx.desk(), ctx.actor(), id).await?;
    Ok(Json(Cancellation { at_once: cancelled == Cancelled::AtOnce }))
}
