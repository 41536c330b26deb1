//! Background jobs as pages: what runs, waits and died, and what can be done about it.

use axum::extract::Path;
use desk::{
    Error,
    ids::JobId,
    jobs::{self, Cancelled, Job, JobFilter, JobState},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, QueryFields},
    lists::{ListAddress, Names, stack},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does, Size},
        chart::Stat,
        feedback::Empty,
        layout::Room,
        nav::PageHead,
        results::grouped,
        table::{Column, ColumnKind, Row},
    },
};

const LIST: &str = "list-jobs";

/// `GET /jobs`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let address = ListAddress::new("/jobs", &query, &["state"]);
    let filter = JobFilter { kind: query.some("q").map(str::to_owned), state: JobState::parse(query.get("state")) };
    let page = jobs::list(ctx.desk(), ctx.actor(), &filter, &address.page()).await?;
    let counts = jobs::counts(ctx.desk(), ctx.actor()).await?;
    let times = ctx.times();
    let columns = vec![
        Column::new(ColumnKind::Title, "Kind"),
        Column::new(ColumnKind::Tight, "State"),
        Column::new(ColumnKind::Tight, "Attempts"),
        Column::new(ColumnKind::Tight, "Due"),
        Column::new(ColumnKind::Text, "What happened"),
        Column::new(ColumnKind::Actions, "Acts"),
    ];
    let names = Names { caption: "Background jobs", one: "job", many: "jobs" };
    let empty = Empty::new(Icon::CircleCheck, "Nothing to do", "No job waits, runs or died.");
    let table = address.table(LIST, names, columns, &page, empty, |job: &Job| Row {
        id: job.id.to_string(),
        name: job.kind.clone(),
        cells: vec![
            html! { (Code(job.kind.clone())) },
            state_badge(job.state).render(),
            html! { (job.attempts) " of " (job.attempts_max) },
            times.relative(job.run_at_ms).render(),
            happened(job),
            acts(&ctx, job),
        ],
    });
    let sum = |count: fn(&jobs::KindCounts) -> i64| counts.iter().map(count).sum::<i64>().unsigned_abs();
    let oldest_s = counts.iter().map(|kind| kind.oldest_wait_ms).max().unwrap_or(0) / 1_000;
    let stat = |label: &str, value: String, note: String, href: &str| Stat {
        label: label.to_owned(),
        value,
        note,
        trend: None,
        href: href.to_owned(),
    };
    let stats = [
        stat("Waiting", grouped(sum(|kind| kind.queued)), format!("oldest due for {oldest_s} s"), "/jobs?state=queued"),
        stat("Running", grouped(sum(|kind| kind.running)), "held by a worker now".to_owned(), "/jobs?state=running"),
        stat("Dead", grouped(sum(|kind| kind.dead)), "gave up; look and retry".to_owned(), "/jobs?state=dead"),
    ];
    let facets = [JobState::Queued, JobState::Running, JobState::Dead, JobState::Done, JobState::Cancelled]
        .iter()
        .map(|state| address.facet(state_title(*state), "state", state.id()));
    let mut filter = address.filter(LIST, "Filter by kind", facets.collect());
    let dialog = crate::views::tabs(&ctx, "/jobs", &query, &mut filter).await?;
    let mut head = PageHead::new("Background jobs");
    head.lead = Some("Work that goes on without anybody waiting for it.".to_owned());
    let numbers = html! { div.grid-3 { @for stat in &stats { (stat) } } };
    ctx.page("Background jobs", Room::Settings).live("jobs").show(&stack(&[&head, &numbers, &filter, &dialog, &table]))
}

fn state_title(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Waiting",
        JobState::Running => "Running",
        JobState::Done => "Done",
        JobState::Dead => "Dead",
        JobState::Cancelled => "Cancelled",
    }
}

fn state_badge(state: JobState) -> Badge {
    let tone = match state {
        JobState::Queued | JobState::Cancelled => Tone::Neutral,
        JobState::Running => Tone::Info,
        JobState::Done => Tone::Good,
        JobState::Dead => Tone::Danger,
    };
    Badge::new(tone, state_title(state))
}

fn happened(job: &Job) -> Markup {
    html! {
        @if let (Some(done), Some(total)) = (job.progress_done, job.progress_total) { (done) " of " (total) ". " }
        @if job.cancel_requested && job.state == JobState::Running { "Asked to stop. " }
        @if let Some(error) = &job.last_error { (error) } @else { span.muted { "–" } }
    }
}

fn acts(ctx: &Ctx, job: &Job) -> Markup {
    let act = |verb: &str, label: &str| {
        html! { form method="post" action={ "/jobs/" (job.id) "/" (verb) } { (Button::new(label, Does::Submit).with_size(Size::Small)) } }
    };
    html! {
        @if matches!(job.state, JobState::Dead | JobState::Cancelled) && ctx.may(Operation::JobRetry) { (act("retry", "Run again")) }
        @if matches!(job.state, JobState::Queued | JobState::Running) && ctx.may(Operation::JobCancel) { (act("cancel", "Cancel")) }
    }
}

fn id_of(id: &str) -> Result<JobId, Error> {
    id.parse().map_err(|_| Error::NotFound("job"))
}

/// `POST /jobs/{id}/retry`
pub(crate) async fn retry(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    jobs::retry(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done("/jobs", "The job will run again"))
}

/// `POST /jobs/{id}/cancel`
pub(crate) async fn cancel(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let answer = match jobs::cancel(ctx.desk(), ctx.actor(), id_of(&id)?).await? {
        Cancelled::AtOnce => "Cancelled",
        Cancelled::Asked => "It runs; it was asked to stop",
    };
    Ok(ctx.done("/jobs", answer))
}
