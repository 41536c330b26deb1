//! The audit log as pages: filters, and the whole of it as a file.

use std::collections::{HashMap, HashSet};

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Desk, Error, Invalid, Time,
    audit_log::{self, AuditFilter, Outcome, StoredEntry},
    ids::PersonId,
    people,
    rights::Operation,
};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use maud::{Markup, Render, html};
use serde_json::Value as Json;

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{ListAddress, Names, link, stack},
    problem::{PageResult, encode_query},
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does},
        facts::{Card, Facts},
        feedback::Empty,
        field::{TextField, TextKind},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        table::{Column, ColumnKind, Row},
    },
};

const LIST: &str = "list-audit-log";
const NAMES: &[&str] = &["actor", "object", "outcome", "from", "until"];

/// Reads a filter from an address. `q` is an operation, or an area with a dot at the end.
pub(crate) fn filter_of(query: &Fields) -> Result<AuditFilter, Error> {
    let id = |name: &'static str| query.some(name).map(|_| query.id::<PersonId>(name)).transpose();
    let day = |name: &'static str, plus_days: i64| match query.some(name) {
        None => Ok(None),
        Some(text) => match text.parse::<jiff::civil::Date>().ok().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()) {
            Some(day) => Ok(Some(Time(day.timestamp().as_millisecond()).plus_ms(plus_days * 86_400_000))),
            None => Err(Invalid::field(name, "not a day, for example 2026-03-01")),
        },
    };
    let outcome = match query.some("outcome") {
        None => None,
        Some(text) => Some(Outcome::parse(text).ok_or_else(|| Invalid::field("outcome", "done, refused or failed"))?),
    };
    Ok(AuditFilter {
        actor: id("actor")?,
        act: query.some("q").map(str::to_owned),
        object: id("object")?.map(|id| id.0),
        outcome,
        from: day("from", 0)?,
        // Until a day means with that day.
        until: day("until", 1)?,
    })
}

/// `GET /audit-log`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let address = ListAddress::new("/audit-log", &query, NAMES);
    let page = audit_log::list(ctx.desk(), ctx.actor(), &filter_of(&query)?, &address.page()).await?;
    let times = ctx.times();
    let columns = vec![
        Column::new(ColumnKind::Number, "No."),
        Column::new(ColumnKind::Tight, "When"),
        Column::new(ColumnKind::Title, "Act"),
        Column::new(ColumnKind::Text, "By"),
        Column::new(ColumnKind::Text, "On"),
        Column::new(ColumnKind::Tight, "Outcome"),
    ];
    let names = Names { caption: "Audit log", one: "entry", many: "entries" };
    let empty = Empty::new(Icon::ScrollText, "Nothing on record", "Every act of anybody will stand here.");
    let names_of_people = names_on(&ctx, &page.items).await?;
    let table = address.table(LIST, names, columns, &page, empty, |entry: &StoredEntry| Row {
        id: entry.seq.to_string(),
        name: format!("entry {}", entry.seq),
        cells: vec![
            link(&format!("/audit-log/{}", entry.seq), &entry.seq.to_string()),
            times.relative(entry.at_ms).render(),
            html! { (title_of(&entry.act)) " " (Code(entry.act.clone())) },
            who(entry, &names_of_people),
            on_what(entry, &names_of_people),
            outcome_badge(entry.outcome).render(),
        ],
    });
    let facets = [Outcome::Refused, Outcome::Failed]
        .iter()
        .map(|outcome| address.facet(if *outcome == Outcome::Refused { "Refused" } else { "Failed" }, "outcome", outcome.id()));
    let mut filter = address.filter(LIST, "Filter by act, for example people. or jobs.retry", facets.collect());
    let dialog = crate::views::tabs(&ctx, "/audit-log", &query, &mut filter).await?;
    let mut head = PageHead::new("Audit log");
    head.lead = Some(
        "Every act, refusal and sensitive reading, numbered without gaps. Nobody can change or remove an entry here.".to_owned(),
    );
    if ctx.may(Operation::AuditExport) {
        let query =
            query.0.iter().filter(|(name, _)| name != "after").map(|(n, v)| format!("&{}={}", encode_query(n), encode_query(v)));
        let query: String = query.collect();
        head.actions = vec![
            Button::link("CSV", format!("/audit-log/export?format=csv{query}")).with_icon(Icon::Download),
            Button::link("JSON lines", format!("/audit-log/export?format=jsonl{query}")).with_icon(Icon::Download),
        ];
    }
    let content = stack(&[&head, &filter, &dialog, &days(&query), &table]);
    ctx.page("Audit log", Room::Records).live("audit_log").show(&content)
}

fn days(query: &Fields) -> Markup {
    let day = |name: &'static str, label: &str| {
        let frame = crate::people::field(&Invalid::new(), name, label).optional();
        TextField { frame, kind: TextKind::Date, value: query.get(name).to_owned(), ..TextField::default() }
    };
    html! {
        details {
            summary { "By day" }
            form.row method="get" action="/audit-log" {
                @for (name, value) in query.0.iter().filter(|(name, _)| !["from", "until", "after"].contains(&name.as_str())) {
                    input type="hidden" name=(name) value=(value);
                }
                (day("from", "From")) (day("until", "Until, with that day"))
                (Button::new("Show", Does::Submit))
            }
        }
    }
}

/// The words of an operation's id; the id itself when an older or newer version wrote it.
fn title_of(act: &str) -> String {
    Operation::ALL
        .iter()
        .find(|operation| operation.id() == act)
        .map_or_else(|| act.to_owned(), |operation| operation.title().to_owned())
}

/// The names of the people that entries speak of, as far as the caller may see people.
async fn names_on(ctx: &Ctx, entries: &[StoredEntry]) -> Result<HashMap<PersonId, String>, Error> {
    if !ctx.may(Operation::PeopleRead) {
        return Ok(HashMap::new());
    }
    let actors = entries.iter().filter_map(|entry| entry.actor_id);
    let objects = entries.iter().filter(|entry| entry.object_kind == "person").filter_map(|entry| entry.object_id.map(PersonId));
    let ids: HashSet<PersonId> = actors.chain(objects).collect();
    let ids: Vec<PersonId> = ids.into_iter().collect();
    Ok(people::names(ctx.desk(), ctx.actor(), &ids).await?.into_iter().collect())
}

/// A person by name, where the caller may see people; otherwise what kind of thing it is.
fn named(id: Option<PersonId>, kind: &str, names: &HashMap<PersonId, String>) -> Markup {
    if let Some((id, name)) = id.and_then(|id| Some((id, names.get(&id)?))) {
        link(&format!("/people/{id}"), name)
    } else {
        html! { (kind.replace('_', " ")) }
    }
}

fn on_what(entry: &StoredEntry, names: &HashMap<PersonId, String>) -> Markup {
    named(entry.object_id.filter(|_| entry.object_kind == "person").map(PersonId), &entry.object_kind, names)
}

fn who(entry: &StoredEntry, names: &HashMap<PersonId, String>) -> Markup {
    html! {
        (named(entry.actor_id, &entry.actor_kind, names))
        @if let Some(address) = &entry.address { " " span.muted { (address) } }
    }
}

fn outcome_badge(outcome: Outcome) -> Badge {
    match outcome {
        Outcome::Done => Badge::new(Tone::Neutral, "Done"),
        Outcome::Refused => Badge::new(Tone::Warning, "Refused"),
        Outcome::Failed => Badge::new(Tone::Danger, "Failed"),
    }
}

/// `GET /audit-log/{seq}`: one entry, whole.
pub(crate) async fn entry(ctx: Ctx, Path(seq): Path<String>) -> PageResult {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound("audit log entry"))?;
    let entry = audit_log::entry(ctx.desk(), ctx.actor(), seq).await?;
    let names = names_on(&ctx, std::slice::from_ref(&entry)).await?;
    let times = ctx.times();
    let digest =
        |digest: &Option<String>| html! { @match digest { Some(hex) => (Code(hex.clone())), None => span.muted { "–" } } };
    let facts = Facts::new(vec![
        ("Act", html! { (title_of(&entry.act)) " " (Code(entry.act.clone())) }),
        ("When", times.exact(entry.at_ms).render()),
        ("By", who(&entry, &names)),
        ("On", html! { (on_what(&entry, &names)) @if let Some(id) = entry.object_id { " " (Code(id.to_string())) } }),
        ("Outcome", outcome_badge(entry.outcome).render()),
        ("State before, keyed digest", digest(&entry.before_digest)),
        ("State after, keyed digest", digest(&entry.after_digest)),
    ]);
    let text = serde_json::to_string_pretty(&entry).unwrap_or_default();
    let raw = Card { title: "As exported".to_owned(), actions: vec![], body: html! { pre tabindex="0" { (text) } } };
    let mut head = PageHead::new(format!("Entry {seq}"));
    head.crumbs = Crumbs { links: vec![NavLink::new("Audit log", "/audit-log")] };
    let about = Card { title: "What happened".to_owned(), actions: vec![], body: facts.render() };
    ctx.page(format!("Entry {seq}"), Room::Records).show(&stack(&[&head, &about, &raw]))
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// `GET /audit-log/export?format=csv|jsonl` and the page's filter: the whole of it, oldest first, in constant memory.
pub(crate) async fn export(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let format = match query.get("format") {
        "csv" => Format::Csv,
        "jsonl" => Format::Jsonl,
        _ => return Err(Invalid::field("format", "csv or jsonl").into()),
    };
    Ok(export_response(ctx.desk().clone(), ctx.caller.actor().clone(), filter_of(&query)?, format).await?)
}

/// An export as a response that is made while it is sent.
pub(crate) async fn export_response(
    desk: Desk,
    actor: desk::Actor,
    filter: AuditFilter,
    format: Format,
) -> Result<Response, Error> {
    // Decided and recorded before the first byte; from here on only reading can fail, which ends the connection.
    let export = audit_log::export(desk, &actor, filter).await?;
    let chunks = stream::unfold((export, format, true), async |(mut export, format, first)| {
        let batch = match export.next().await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "an export of the audit log broke off");
                return Some((Err(std::io::Error::other("the export broke off")), (export, format, false)));
            }
        };
        let head = if first && format == Format::Csv { csv_head() } else { String::new() };
        if batch.is_empty() && head.is_empty() {
            return None;
        }
        let body: String = batch.iter().map(|entry| line(entry, format)).collect();
        Some((Ok(head + &body), (export, format, false)))
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit-log.csv"),
        Format::Jsonl => ("application/jsonl", "audit-log.jsonl"),
    };
    // Compression asks once more after the end, which an unfolded stream does not survive by itself.
    let mut response = Body::from_stream(chunks.fuse()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).expect("plain ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

const CSV_COLUMNS: [&str; 14] = [
    "seq",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "token_id",
    "session_id",
    "address",
    "act",
    "object_kind",
    "object_id",
    "outcome",
    "before_digest",
    "after_digest",
];

fn csv_head() -> String {
    format!("{},details\r\n", CSV_COLUMNS.join(","))
}

/// One entry as a line.
pub(crate) fn line(entry: &StoredEntry, format: Format) -> String {
    let json = serde_json::to_value(entry).unwrap_or_default();
    if format == Format::Jsonl {
        return format!("{json}\n");
    }
    let mut cells: Vec<String> = CSV_COLUMNS
        .iter()
        .map(|column| match (*column, &json[*column]) {
            ("at", _) => entry.at_ms.rfc3339(),
            (_, Json::Null) => String::new(),
            (_, Json::String(text)) => csv_cell(text),
            (_, other) => other.to_string(),
        })
        .collect();
    cells.push(csv_cell(&json["details"].to_string()));
    cells.join(",") + "\r\n"
}

/// Quotes a cell (RFC 4180), and keeps spreadsheets from taking it for a formula.
fn csv_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        assert_eq!(csv_cell("plain"), "plain");
        assert_eq!(csv_cell("a,b"), "\"a,b\"");
        assert_eq!(csv_cell("a\"b"), "\"a\"\"b\"");
        assert_eq!(csv_cell("=1+1"), "'=1+1");
    }
}
