//! How the record does, as a page: size, checkpoint, time stamps, scrub, who writes; and what somebody has to act on.
//!
//! It shows what was seen a few seconds ago and reads nothing of the ledger itself, so it answers as fast as any page, also while the
//! ledger is damaged or away.

use desk::{
    records::{self, Problem, RecordState, ScrubState, StampState, WriterState},
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Times},
    lists::stack,
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        facts::{Card, Facts},
        feedback::{Banner, Empty},
        layout::Room,
        nav::PageHead,
        results::grouped,
    },
};

/// `GET /record`
pub(crate) async fn page(ctx: Ctx) -> PageResult {
    let state = records::state(ctx.desk(), ctx.actor(), &ctx.state.record).await?;
    let mut head = PageHead::new("Record");
    head.lead = Some("Everything that was captured and done, in a log that nobody can alter unseen.".to_owned());
    let Some(state) = state else {
        let text = "Nobody has looked at the record since this server started, or it keeps none. Look again in a few seconds.";
        let empty = Empty::new(Icon::ScrollText, "Nothing is known yet", text);
        return ctx.page("Record", Room::Records).show(&stack(&[&head, &empty]));
    };
    let mut builder = ctx.page("Record", Room::Records);
    for problem in records::problems(&state) {
        builder = builder.banner(banner(&problem));
    }
    let times = ctx.times();
    let card = |title: &str, body: Markup| Card { title: title.to_owned(), actions: Vec::new(), body };
    let log = card("Log", log_facts(&state, &times).render());
    let stamps = card("Time stamps", stamp_facts(&state.stamps, &times));
    let scrub = card("Reading again", scrub_facts(state.scrub.as_ref(), &times));
    let cards = html! { div.grid-2 { (log) (stamps) (scrub) } };
    builder.show(&stack(&[&head, &cards]))
}

/// What home says of it: nothing, or that something is wrong.
pub(crate) fn warning(ctx: &Ctx) -> Option<Banner> {
    let state = ctx.state.record.state().filter(|_| ctx.may(Operation::RecordRead))?;
    let problems = records::problems(&state);
    let first = problems.first()?;
    let more = if problems.len() > 1 { format!(" And {} more.", problems.len() - 1) } else { String::new() };
    let look = crate::ui::button::Button::link("Look at the record", "/record");
    Some(Banner::new(Tone::Warning, "The record needs somebody").text(format!("{}.{more}", first.what)).action(look))
}

fn banner(problem: &Problem) -> Banner {
    Banner::new(Tone::Warning, capital(&problem.what)).text(capital(&problem.remedy))
}

/// A sentence of the command line as a page begins it.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn log_facts(state: &RecordState, times: &Times) -> Facts {
    let writer = match &state.writer {
        WriterState::Here => Badge::new(Tone::Good, "This node").render(),
        WriterState::Elsewhere(name) => html! { (Code(name.clone())) },
        WriterState::Nobody => Badge::new(Tone::Warning, "Nobody").render(),
        WriterState::Unknown => html! { span.muted { "Not known here" } },
    };
    let until = state.signed_until.map_or_else(|| html! { span.muted { "–" } }, |at| times.relative(at).render());
    Facts::new(vec![
        ("Name", Code(state.origin.clone()).render()),
        ("Entries", html! { (grouped(state.entries)) }),
        ("Signed", html! { (grouped(state.signed)) " entries, " a href="/log/checkpoint" { "checkpoint" } }),
        ("Newest signed entry", until),
        ("Written by", writer),
        ("Looked at", times.relative(state.looked_at).render()),
    ])
}

fn stamp_facts(stamps: &[StampState], times: &Times) -> Markup {
    if stamps.is_empty() {
        return html! { p { "No time authority is configured: the times in the record are attested by nobody else." } };
    }
    let lines = stamps.iter().map(|stamp| {
        let said = html! {
            @if stamp.is_missing { (Badge::new(Tone::Warning, "Missing")) " " } @else { (Badge::new(Tone::Good, "In time")) " " }
            @if let (Some(at), Some(size)) = (stamp.stamped_at, stamp.size) { (times.relative(at)) " over " (grouped(size)) " entries" }
            @else { "none yet" }
            @if let Some(reason) = &stamp.failure { p.muted { "Asked since, without success: " (reason) } }
        };
        (stamp.authority.as_str(), said)
    });
    Facts::new(lines.collect()).render()
}

fn scrub_facts(scrub: Option<&ScrubState>, times: &Times) -> Markup {
    let Some(scrub) = scrub else {
        return html! { p { "Not everything has been read again yet; it begins by itself." } };
    };
    let found = match scrub.findings {
        Some(0) => Badge::new(Tone::Good, "No damage").render(),
        Some(findings) => {
            html! { (Badge::new(Tone::Danger, format!("{findings} findings"))) " " (scrub.first.as_deref().unwrap_or_default()) }
        }
        None => html! { span.muted { "Not known here" } },
    };
    Facts::new(vec![("Ended", times.relative(scrub.ended_at).render()), ("Found", found)]).render()
}
