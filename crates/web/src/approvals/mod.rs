//! Approvals as pages: what waits for me, one submission with everything, deciding singly and several at once.
//!
//! Invariants: a card shows exactly what its digest binds, and every answer carries that digest; what the desk refuses is said on the
//! card it is about; a selection can only hold what was shown whole.

pub(crate) mod agents;
pub(crate) mod break_glass;
pub(crate) mod card;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error,
    approvals::{self, Ballot, ContentDigest, Counts, Others, SubmissionState, Verdict, Waiting},
    ids::SubmissionId,
    mail::{self, MailState},
    publishing::MediaDigest,
    rights::Operation,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{Parts, stack, stack_all},
    people::sentence,
    posts::rendition,
    problem::PageResult,
    ui::{
        Icon, Tone,
        button::{Button, Does, Weight},
        feedback::{Banner, Empty},
        field::FieldFrame,
        form::ErrorSummary,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead, Tabs},
        text_area::TextArea,
    },
};

/// The id of the form that a selection posts.
const BULK: &str = "bulk";

/// What was typed and refused, to be shown again on its card.
#[derive(Default)]
struct Refused {
    id: Option<SubmissionId>,
    reason: String,
    problem: String,
}

/// `GET /approvals`
pub(crate) async fn list(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    list_page(&ctx, query.get("show") == "all", &Refused::default(), &[]).await
}

async fn list_page(ctx: &Ctx, all: bool, refused: &Refused, failures: &[String]) -> PageResult {
    let (waiting, counts) = if all {
        approvals::waiting_at_all(ctx.desk(), ctx.actor()).await?
    } else {
        approvals::waiting_for_me(ctx.desk(), ctx.actor()).await?
    };
    let mut head = PageHead::new("Approvals");
    head.lead =
        Some("Whoever wrote or edited a post never decides about it. A change of anything asks everybody again.".to_owned());
    let mut parts: Parts = vec![Box::new(head), Box::new(tabs(all, counts))];
    if mail::state(ctx.desk()).await? == MailState::NotConfigured {
        let text =
            "Reminders stand on this page only, and nobody outside can be asked. An operator sets mail.host and mail.from.";
        parts.push(Box::new(Banner::new(Tone::Info, "No mail is sent").text(text)));
    }
    if !failures.is_empty() {
        let errors = failures.iter().map(|text| (String::new(), text.clone())).collect();
        parts.push(Box::new(ErrorSummary { errors }));
    }
    if waiting.is_empty() {
        let text = if all {
            "Nothing waits on the profiles that you can read."
        } else {
            "What asks for your decision comes here by itself."
        };
        parts.push(Box::new(Empty::new(Icon::CircleCheck, "Nothing waits", text)));
    } else {
        parts.push(Box::new(cards(ctx, &waiting, refused)));
    }
    let status = if failures.is_empty() && refused.id.is_none() { StatusCode::OK } else { StatusCode::CONFLICT };
    ctx.page("Approvals", Room::Publish).live("approvals").status(status).show(&stack_all(&parts))
}

/// How much waits for the caller's decision, for the rail; zero for whoever decides about nothing.
pub(crate) async fn waiting(ctx: &Ctx) -> u64 {
    if !ctx.may(Operation::ApprovalsRead) {
        return 0;
    }
    match approvals::counts(ctx.desk(), ctx.actor()).await {
        Ok(counts) => u64::try_from(counts.mine).unwrap_or(u64::MAX),
        Err(error) => {
            tracing::warn!(%error, "what waits for approval was not counted");
            0
        }
    }
}

fn tabs(all: bool, counts: Counts) -> Tabs {
    let tab = |label: &str, href: &str, count: usize, current: bool| NavLink {
        count: u64::try_from(count).ok(),
        ..NavLink::new(label, href).current(current)
    };
    Tabs {
        label: "Approvals".to_owned(),
        links: vec![
            tab("For me", "/approvals", counts.mine, !all),
            tab("All that waits", "/approvals?show=all", counts.all, all),
        ],
    }
}

fn cards(ctx: &Ctx, waiting: &[Waiting], refused: &Refused) -> Markup {
    let selectable = waiting.iter().filter(|waiting| card::may_select(waiting)).count();
    html! {
        div.approvals data-list {
            @for waiting in waiting {
                @let typed = (refused.id == Some(waiting.shown.kept.id)).then_some((refused.reason.as_str(), refused.problem.as_str()));
                (card::card(ctx, waiting, card::Place::List, typed))
            }
        }
        @if selectable > 1 { (bulk_form()) }
    }
}

/// Several at once: below the list, behind every card that can be chosen.
fn bulk_form() -> Markup {
    let answer = |value: &str| Does::SubmitWith { name: "verdict".to_owned(), value: value.to_owned() };
    let reason = TextArea {
        frame: FieldFrame { id: "bulk-reason".to_owned(), ..FieldFrame::new("reason", "Reason") }
            .hint("Needed to reject. Each author reads it.")
            .optional(),
        length_max: Some(2_000),
        ..TextArea::default()
    };
    html! {
        form.card id=(BULK) method="post" action="/approvals" aria-label="Decide about the selected" {
            div.card-head { h2 { "Decide about the selected" } }
            div.card-body.stack {
                p.muted { "Only what stands above in full can be selected; each is decided as you saw it." }
                (reason)
                div.row {
                    (Button::new("Approve the selected", answer("approve")).with_icon(Icon::Check))
                    (Button::new("Reject the selected", answer("reject")).with_weight(Weight::Danger))
                }
            }
        }
    }
}

/// `POST /approvals`
pub(crate) async fn decide_many(ctx: Ctx, fields: Fields) -> PageResult {
    let verdict = verdict_of(&fields)?;
    let mut items = Vec::new();
    for item in fields.all("item") {
        let parsed = item.split_once(':').and_then(|(id, seen)| Some((id.parse().ok()?, digest_of(seen)?)));
        items.push(parsed.ok_or(Error::NotFound("submission"))?);
    }
    if items.is_empty() {
        return list_page(&ctx, false, &Refused::default(), &["Select at least one.".to_owned()]).await;
    }
    let outcomes = approvals::decide_many(ctx.desk(), ctx.actor(), &items, &verdict).await?;
    let mut failures = Vec::new();
    for (_, outcome) in &outcomes {
        if let Err(error) = outcome {
            failures.push(sentence(&error.to_string()));
        }
    }
    if failures.is_empty() {
        return Ok(ctx.done("/approvals", &format!("{} decided", outcomes.len())));
    }
    list_page(&ctx, false, &Refused::default(), &failures).await
}

fn id_of(id: &str) -> Result<SubmissionId, Error> {
    id.parse().map_err(|_| Error::NotFound("submission"))
}

/// A digest as a form carries it.
pub(crate) fn digest_of(text: &str) -> Option<ContentDigest> {
    ContentDigest::try_from(text.to_owned()).ok()
}

/// What a form says is decided.
pub(crate) fn verdict_of(fields: &Fields) -> Result<Verdict, Error> {
    let reason = fields.get("reason").to_owned();
    match fields.get("verdict") {
        "approve" => Ok(Verdict::Approve),
        "reject" => Ok(Verdict::Reject { reason }),
        "ask_for_change" => Ok(Verdict::AskForChange { reason }),
        _ => Err(Error::NotFound("answer")),
    }
}

/// `GET /approvals/{id}`
pub(crate) async fn detail(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    detail_page(&ctx, id_of(&id)?, None).await
}

async fn detail_page(ctx: &Ctx, id: SubmissionId, typed: Option<(&str, &str)>) -> PageResult {
    let waiting = approvals::get(ctx.desk(), ctx.actor(), id).await?;
    let title = card::title(&waiting.shown);
    let mut head = PageHead::new(title.clone());
    head.crumbs = Crumbs { links: vec![NavLink::new("Approvals", "/approvals")] };
    head.lead = Some(sentence(waiting.mine.title()));
    head.actions.push(Button::link("The post", format!("/posts/{}", waiting.shown.kept.post)));
    let mut parts: Parts = vec![Box::new(head)];
    if typed.is_some() {
        parts.push(Box::new(Banner::new(Tone::Warning, "Nothing was decided").text("The card below says why.")));
    }
    parts.push(Box::new(html! { div.approvals data-list { (card::card(ctx, &waiting, card::Place::Own, typed)) } }));
    let pending = waiting.shown.kept.submission.state == SubmissionState::Pending;
    if pending && ctx.may(Operation::GlassBreak) {
        parts.push(Box::new(break_glass::skip_form(&waiting)));
    }
    let status = if typed.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    ctx.page(title, Room::Publish).live("approvals").status(status).show(&stack_all(&parts))
}

/// `POST /approvals/{id}`
pub(crate) async fn decide(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = id_of(&id)?;
    let seen = digest_of(fields.get("seen")).ok_or(Error::NotFound("submission"))?;
    let others = match fields.get("others") {
        "keep" => Some(Others::Keep),
        "reject" => Some(Others::Reject),
        _ => None,
    };
    let ballot = Ballot { seen, verdict: verdict_of(&fields)?, others };
    let answer = match ballot.verdict {
        Verdict::Approve => "Approved",
        Verdict::Reject { .. } => "Rejected; the author reads your reason",
        Verdict::AskForChange { .. } => "Sent back; the author reads what to change",
    };
    match approvals::decide(ctx.desk(), ctx.actor(), id, ballot).await {
        Ok(_) => Ok(ctx.done("/approvals", answer)),
        Err(Error::Conflict(why)) => detail_page(&ctx, id, Some((fields.get("reason"), &sentence(&why)))).await,
        Err(error) => Err(error.into()),
    }
}

/// A digest of a file as an address carries it.
pub(crate) fn file_digest(text: &str) -> Result<MediaDigest, Error> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| Error::NotFound("file"))?;
    Ok(MediaDigest(bytes))
}

/// `GET /approvals/{id}/files/{digest}`
pub(crate) async fn file(ctx: Ctx, Path((id, digest)): Path<(String, String)>, QueryFields(query): QueryFields) -> PageResult {
    let wanted = (file_digest(&digest)?, rendition(&query));
    let (media, bytes) = approvals::file(ctx.desk(), ctx.actor(), id_of(&id)?, wanted).await?;
    Ok(file_answer(&media.media_type, bytes))
}

/// The bytes of a file: shown when it is a picture, else to be saved. It never becomes a page.
pub(crate) fn file_answer(media_type: &str, bytes: Vec<u8>) -> Response {
    let shown = media_type.starts_with("image/") && !media_type.contains("svg");
    let disposition = if shown { "inline" } else { "attachment" };
    let kind = HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
    ];
    (headers, bytes).into_response()
}

/// Several parts of a page of approvals below each other.
pub(crate) fn below(parts: &[&dyn Render]) -> Markup {
    stack(parts)
}
