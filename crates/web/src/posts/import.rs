//! Posts from a CSV file: upload, the report of every row, and then the drafts.
//!
//! Invariants: nothing is made before the report was seen; what is made is exactly the rows that the report called right, read anew
//! from the same bytes; a row that fails while it is made is said so by its line.

use std::collections::BTreeMap;

use desk::{
    Error,
    ids::{CampaignId, ProfileId},
    publishing::{
        self, PostForm,
        bulk::{self, Column as BulkColumn, Context, PlannedPost, Row as BulkRow},
    },
};
use maud::{Markup, Render, html};

use super::{outlets, received::Received};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, link, stack_all},
    people::sentence,
    problem::{PageError, PageResult},
    ui::{
        Tone,
        badge::{Badge, Code},
        button::Button,
        facts::Card,
        feedback::Banner,
        field::{FieldFrame, FileField},
        form::{Encoding, Form},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        results::{Count, Pager},
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// Bytes of a request with a file: the report carries the file on to the second step, escaped, so three times its size is taken.
pub(super) const BODY_BYTES_MAX: usize = 3 * bulk::FILE_BYTES_MAX + 64 * 1024;
/// Rows of a report that are shown; the counts are of all.
const SHOWN_MAX: usize = 200;

fn head() -> PageHead {
    let mut head = PageHead::new("Import posts");
    head.crumbs = Crumbs { links: vec![NavLink::new("Posts", "/posts")] };
    head.lead = Some("A CSV file with one post a row becomes drafts, which go the way of every draft.".to_owned());
    head
}

/// `GET /posts/import`
pub(crate) async fn form(ctx: Ctx) -> PageResult {
    page(&ctx, None)
}

fn page(ctx: &Ctx, wrong: Option<&str>) -> PageResult {
    let frame = FieldFrame::new("file", "CSV file")
        .hint("UTF-8, separated by commas, semicolons or tabs, at most 1,000 rows.")
        .error(wrong);
    let mut form = Form::new(
        "import",
        "/posts/import",
        vec![FileField { frame, accept: ".csv,text/csv".to_owned() }.render()],
        "Look at it",
    );
    form.encoding = Encoding::Multipart;
    let columns = html! {
        p { "The first line names the columns. " (Code("profiles".to_owned())) " and " (Code("text".to_owned())) " are needed, the others are not:" }
        p { @for column in BulkColumn::ALL { (Code(column.head().to_owned())) " " } }
        p.muted { "Profiles by title or handle, several separated by semicolons. Date as 2026-03-31, time as 09:30; without both a draft has no time." }
    };
    let mut parts: Parts = vec![Box::new(head())];
    parts.push(Box::new(Card { title: "Choose a file".to_owned(), actions: vec![], body: form.render() }));
    parts.push(Box::new(Card { title: "What it has to look like".to_owned(), actions: vec![], body: columns }));
    let status = if wrong.is_some() { http::StatusCode::UNPROCESSABLE_ENTITY } else { http::StatusCode::OK };
    ctx.page("Import posts", Room::Publish).status(status).show(&stack_all(&parts))
}

async fn context(ctx: &Ctx) -> Result<Context, Error> {
    let mut profiles: BTreeMap<String, ProfileId> = BTreeMap::new();
    for outlet in outlets::all(ctx).await?.iter().filter(|outlet| outlet.closed.is_none()) {
        profiles.insert(outlet.profile.handle.to_lowercase(), outlet.id());
        profiles.insert(outlet.profile.title.to_lowercase(), outlet.id());
    }
    Ok(Context { profiles, zone: ctx.times().zone().clone(), now: ctx.desk().now() })
}

/// `POST /posts/import`: the report of a file.
pub(crate) async fn report(ctx: Ctx, received: Received) -> PageResult {
    let Some(file) = received.files.into_iter().find(|file| file.field == "file") else {
        return page(&ctx, Some("choose a file"));
    };
    match bulk::read(&file.bytes, &context(&ctx).await?) {
        Ok(rows) => {
            // It was read as UTF-8 just now.
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            report_page(&ctx, &rows, &text)
        }
        Err(unreadable) => page(&ctx, Some(&sentence(&unreadable.to_string()))),
    }
}

fn report_page(ctx: &Ctx, rows: &[BulkRow], text: &str) -> PageResult {
    let right = rows.iter().filter(|row| row.outcome.is_ok()).count();
    let wrong = rows.len() - right;
    let mut parts: Parts = vec![Box::new(head())];
    let tone = if wrong == 0 { Tone::Good } else { Tone::Warning };
    let said = format!("{right} of {} rows can become drafts", rows.len());
    let mut banner = Banner::new(tone, said);
    if wrong > 0 {
        banner =
            banner.text("The others are left out as long as their mistakes stand; mend them in the file and look at it again.");
    }
    parts.push(Box::new(banner));
    if right > 0 {
        let mut form = Form::new(
            "make",
            "/posts/import/make",
            vec![html! { p { "Nothing goes out: drafts are made, in your name." } }],
            format!("Make {right} drafts"),
        );
        form.hidden = vec![("file".to_owned(), text.to_owned())];
        form.buttons.push(Button::link("Choose another file", "/posts/import"));
        parts.push(Box::new(Card { title: "Make them".to_owned(), actions: vec![], body: form.render() }));
    }
    parts.push(Box::new(report_table(ctx, rows)));
    ctx.page("Import posts", Room::Publish).show(&stack_all(&parts))
}

fn report_table(ctx: &Ctx, rows: &[BulkRow]) -> Table {
    // What is wrong stands first: that is what somebody came to see.
    let mut shown: Vec<&BulkRow> = rows.iter().collect();
    shown.sort_by_key(|row| (row.outcome.is_ok(), row.line));
    shown.truncate(SHOWN_MAX);
    let row = |row: &&BulkRow| Row {
        id: row.line.to_string(),
        name: format!("Line {}", row.line),
        cells: vec![html! { "Line " (row.line) }, outcome_badge(row).render(), outcome(ctx, row)],
    };
    Table {
        id: "import-report".to_owned(),
        caption: "Rows of the file".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Title, "Row"),
            Column::new(ColumnKind::Tight, "Outcome"),
            Column::new(ColumnKind::Text, "What"),
        ],
        rows: Rows::Some(shown.iter().map(row).collect()),
        count: Some(Count { matching: rows.len() as u64, of: None, one: "row", many: "rows" }),
        bulk: None,
        pager: Pager::default(),
    }
}

fn outcome_badge(row: &BulkRow) -> Badge {
    match &row.outcome {
        Ok(post) if post.notes.is_empty() => Badge::new(Tone::Good, "Right"),
        Ok(_) => Badge::new(Tone::Warning, "Right, with a note"),
        Err(_) => Badge::new(Tone::Danger, "Wrong"),
    }
}

fn outcome(ctx: &Ctx, row: &BulkRow) -> Markup {
    match &row.outcome {
        Ok(post) => html! {
            (post.title) " " span.muted { @if let Some(slot) = post.slot { (ctx.times().exact(slot)) } @else { "no time" } }
            @for note in &post.notes { p { (sentence(note)) } }
        },
        Err(mistakes) => html! {
            ul { @for mistake in mistakes { li { @if let Some(column) = mistake.column { (Code(column.head().to_owned())) " " } (mistake.what) } } }
        },
    }
}

/// `POST /posts/import/make`: the drafts of a file whose report was seen.
pub(crate) async fn make(ctx: Ctx, fields: Fields) -> PageResult {
    // Browsers write line ends of their own into forms; rows are told apart the same either way.
    let rows = match bulk::read(fields.get("file").as_bytes(), &context(&ctx).await?) {
        Ok(rows) => rows,
        Err(unreadable) => return page(&ctx, Some(&sentence(&unreadable.to_string()))),
    };
    let mut campaigns: BTreeMap<String, CampaignId> = publishing::campaigns(ctx.desk(), ctx.actor())
        .await?
        .into_iter()
        .map(|known| (known.name.to_lowercase(), known.id))
        .collect();
    let (mut made, mut failed) = (0, Vec::new());
    for row in rows {
        let Ok(planned) = row.outcome else { continue };
        match make_one(&ctx, *planned, &mut campaigns).await {
            Ok(()) => made += 1,
            Err(error @ (Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_) | Error::Refused(_))) => {
                failed.push((row.line, error.to_string()));
            }
            Err(error) => return Err(PageError::from(error)),
        }
    }
    if failed.is_empty() {
        return Ok(ctx.done("/posts?state=draft", &format!("{made} drafts made")));
    }
    let body = html! {
        p { (made) " drafts were made. These rows were not:" }
        ul { @for (line, why) in &failed { li { "Line " (line) ": " (sentence(why)) } } }
        p { (link("/posts?state=draft", "To the drafts")) }
    };
    let card = Card { title: "Not all of them".to_owned(), actions: vec![], body };
    ctx.page("Import posts", Room::Publish).show(&stack_all(&vec![Box::new(head()), Box::new(card)]))
}

async fn make_one(ctx: &Ctx, planned: PlannedPost, campaigns: &mut BTreeMap<String, CampaignId>) -> Result<(), Error> {
    let campaign = match planned.campaign {
        None => None,
        Some(name) => Some(if let Some(known) = campaigns.get(&name.to_lowercase()) {
            *known
        } else {
            let made = publishing::create_campaign(ctx.desk(), ctx.actor(), &name).await?;
            campaigns.insert(name.to_lowercase(), made);
            made
        }),
    };
    let form = PostForm {
        title: planned.title,
        draft: planned.draft,
        slot: planned.slot,
        zone: planned.zone,
        campaign,
        tags: planned.tags.into_iter().collect(),
    };
    publishing::create(ctx.desk(), ctx.actor(), &form).await.map(drop)
}
