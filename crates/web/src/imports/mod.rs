//! Export files as pages: sending one, counting or importing it, and what became of each item.
//!
//! Invariants: a file goes to disk as it arrives and never through memory as a whole; the numbers shown are the import's own books; only the
//! server that writes the record takes files, the others say so.

mod file;
mod receive;
mod run;

use axum::response::{IntoResponse as _, Response};
use desk::{
    Error, Invalid,
    capture::{
        ImportRun, ImportState, imports,
        uploads::{self, UPLOAD_BYTES_MAX, Upload, UploadState, Uploads},
    },
    profiles::{self, Profile, ProfilesFilter},
    rights::Operation,
};
pub(crate) use file::{count, file, file_progress, import, remove, stop};
use http::{HeaderName, HeaderValue};
use maud::{Markup, Render, html};
pub(crate) use receive::upload;
pub(crate) use run::{run, run_progress};

use crate::{
    attachments::size,
    frame::{Ctx, Fields, Times},
    lists::{Parts, link, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        choice::{Choice, HowMany, Options, Select},
        facts::Card,
        feedback::{Banner, Empty},
        field::FileField,
        form::{Encoding, Form},
        layout::Room,
        nav::PageHead,
        results::{Count, Pager, grouped},
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// The body of an upload: the file, and some room for the fields before it.
pub(crate) const BODY_MAX: usize = UPLOAD_BYTES_MAX as usize + 64 * 1024;
/// Makes htmx load the page again.
const REFRESH: HeaderName = HeaderName::from_static("hx-refresh");
/// Into the profile that the file names.
const BY_FILE: &str = "file";

/// `GET /import`: what can be sent, what waits, and what was imported.
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    list_page(&ctx, &Fields::default(), &Invalid::new()).await
}

/// Uploads of this process, or why there are none.
fn uploads_of(ctx: &Ctx) -> Result<&Uploads, Error> {
    let none = || Error::Conflict("this server takes no files; open the page on the one that writes the record".to_owned());
    ctx.state.uploads.as_ref().ok_or_else(none)
}

async fn list_page(ctx: &Ctx, typed: &Fields, invalid: &Invalid) -> PageResult {
    let mut head = PageHead::new("Import");
    head.lead = Some(
        "Export files of the past, put on record like what arrives live. What is on record already is not recorded twice."
            .to_owned(),
    );
    let mut parts: Parts = vec![Box::new(head)];
    let profiles = profiles::all(ctx.desk(), ctx.actor(), &ProfilesFilter::default()).await?;
    if ctx.may(Operation::ImportRun) {
        if uploads_of(ctx).is_ok_and(Uploads::is_ready) {
            parts.push(Box::new(form(&profiles, typed, invalid)));
        } else {
            let text = "Another server writes the record. Open this page there, or use `gatepost import` at its command line.";
            parts.push(Box::new(Banner::new(Tone::Info, "This server takes no files now").text(text)));
        }
    }
    let waiting = uploads::present(ctx.desk(), ctx.actor()).await?;
    let times = ctx.times();
    if !waiting.is_empty() {
        parts.push(Box::new(waiting_table(&times, &waiting)));
    }
    let runs = imports::list(ctx.desk(), ctx.actor()).await?;
    parts.push(Box::new(runs_table(&times, &runs, &profiles)));
    ctx.page("Import", Room::Settings).live("imports").status(status_of(invalid)).show(&stack_all(&parts))
}

fn form(profiles: &[Profile], typed: &Fields, invalid: &Invalid) -> Card {
    let formats = uploads::forms().map(|format| Choice::new(format.id, format.name)).collect();
    let mut into = vec![Choice::new(BY_FILE, "The one that the file names; made when there is none")];
    into.extend(profiles.iter().map(|profile| Choice::new(profile.id.to_string(), &profile.title)));
    let chosen = |name: &str, otherwise: &str| Some(typed.some(name).unwrap_or(otherwise).to_owned());
    let fields = vec![
        Select {
            frame: field(invalid, "format", "What it is"),
            choices: formats,
            chosen: typed.some("format").map(str::to_owned),
        }
        .render(),
        Select { frame: field(invalid, "profile", "Into which profile"), choices: into, chosen: chosen("profile", BY_FILE) }
            .render(),
        Options {
            frame: field(invalid, "then", "And then"),
            how_many: HowMany::One,
            choices: vec![
                Choice::new("count", "Count only").hint("Says what is in it and what would be refused. Changes nothing."),
                Choice::new("import", "Import").hint("Begins at once, goes on when you leave the page and after a restart."),
            ],
            chosen: vec![typed.some("then").unwrap_or("count").to_owned()],
        }
        .render(),
        // Last: what stands behind the file is not read before all of it is here.
        FileField {
            frame: field(invalid, "file", "File").hint(format!(
                "As it was downloaded, up to {} GiB. It is removed after it was imported.",
                UPLOAD_BYTES_MAX >> 30
            )),
            accept: String::new(),
        }
        .render(),
        html! {
            details { summary { "How to get such a file" }
                dl.facts { @for format in uploads::forms() { div { dt { (format.name) } dd { (format.how) } } } }
            }
        },
    ];
    let mut form = Form::new("import", "/import/files", fields, "Send");
    form.encoding = Encoding::Multipart;
    form.errors = summary(invalid);
    Card { title: "Send a file".to_owned(), actions: vec![], body: form.render() }
}

fn waiting_table(times: &Times, waiting: &[Upload]) -> Table {
    let row = |upload: &Upload| Row {
        id: upload.id.to_string(),
        name: upload.file_name.clone(),
        cells: vec![
            link(&format!("/import/files/{}", upload.id), &upload.file_name),
            html! { (form_name(&upload.format)) },
            html! { (size(upload.file_bytes)) },
            upload_badge(upload.state).render(),
            times.relative(upload.uploaded_at).render(),
        ],
    };
    Table {
        id: "list-files".to_owned(),
        caption: "Files that are here".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Title, "File"),
            Column::new(ColumnKind::Text, "Form"),
            Column::new(ColumnKind::Tight, "Size"),
            Column::new(ColumnKind::Tight, "State"),
            Column::new(ColumnKind::Tight, "Sent"),
        ],
        rows: Rows::Some(waiting.iter().map(row).collect()),
        count: Some(Count { matching: waiting.len() as u64, of: None, one: "file here", many: "files here" }),
        bulk: None,
        pager: Pager::default(),
    }
}

fn runs_table(times: &Times, runs: &[ImportRun], profiles: &[Profile]) -> Table {
    let title = |run: &ImportRun| {
        profiles.iter().find(|profile| profile.id == run.profile).map_or("–", |profile| profile.title.as_str())
    };
    let number = |count: i64| html! { (grouped(count.unsigned_abs())) };
    let row = |run: &ImportRun| Row {
        id: run.id.to_string(),
        name: run.file_name.clone(),
        cells: vec![
            link(&format!("/import/{}", run.id), &run.file_name),
            html! { (form_name(&run.format)) },
            link(&format!("/profiles/{}", run.profile), title(run)),
            run_badge(run.state).render(),
            number(run.recorded),
            number(run.duplicates),
            number(run.refused),
            times.relative(run.started_at).render(),
        ],
    };
    let empty =
        Empty::new(Icon::Inbox, "Nothing imported yet", "Send an export file, or use `gatepost import` at the command line.");
    Table {
        id: "list-imports".to_owned(),
        caption: "Imports".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Title, "File"),
            Column::new(ColumnKind::Text, "Form"),
            Column::new(ColumnKind::Text, "Profile"),
            Column::new(ColumnKind::Tight, "State"),
            Column::new(ColumnKind::Number, "Recorded"),
            Column::new(ColumnKind::Number, "There before"),
            Column::new(ColumnKind::Number, "Refused"),
            Column::new(ColumnKind::Tight, "Begun"),
        ],
        rows: if runs.is_empty() { Rows::Empty(empty) } else { Rows::Some(runs.iter().map(row).collect()) },
        count: Some(Count { matching: runs.len() as u64, of: None, one: "import", many: "imports" }),
        bulk: None,
        pager: Pager::default(),
    }
}

/// What a form is called.
fn form_name(id: &str) -> &str {
    uploads::forms().find(|format| format.id == id).map_or(id, |format| format.name)
}

fn upload_badge(state: UploadState) -> Badge {
    let tone = match state {
        UploadState::Stored | UploadState::Counted | UploadState::Removed => Tone::Neutral,
        UploadState::Counting | UploadState::Importing => Tone::Info,
        UploadState::Stopped => Tone::Warning,
    };
    Badge::new(tone, state.title())
}

fn run_badge(state: ImportState) -> Badge {
    let tone = match state {
        ImportState::Running => Tone::Info,
        ImportState::Done => Tone::Good,
        ImportState::Failed => Tone::Danger,
    };
    Badge::new(tone, state.title())
}

/// The answer to a part that asked for itself again: when nothing is under way any more, the page as a whole is out of date.
fn followed(part: &Markup, goes_on: bool) -> Response {
    let mut response = part.clone().into_response();
    if !goes_on {
        response.headers_mut().insert(REFRESH, HeaderValue::from_static("true"));
    }
    response
}

/// A part of a page that asks for itself again every two seconds while something is under way.
fn following(id: &str, href: &str, goes_on: bool, inside: &Markup) -> Markup {
    html! {
        @if goes_on { div id=(id) hx-get=(href) hx-trigger="every 2s" hx-swap="outerHTML" { (inside) } }
        @else { div id=(id) { (inside) } }
    }
}
