//! Outside approvers: their own few pages, without an account and without the desk's frame.
//!
//! Invariants: a page of a guest is made from what [`outside::asked`] answers and from nothing else; the guest's cookie is theirs alone
//! and opens no page of the desk, and the desk's cookie opens none of these; the link of a letter never stands in a page or address
//! that another site could be told of.

pub(crate) mod book;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use desk::{
    Error,
    approvals::{
        Shown,
        outside::{self, CODE_DIGITS, CODE_LIFE_MS, GUEST_SESSION_MS},
    },
    ids::SubmissionId,
    workspace,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::tz::TimeZone;
use maud::{Markup, Render, html};

use crate::{
    approvals::{card, digest_of, file_answer, file_digest, verdict_of},
    frame::{Fields, QueryFields, Times},
    gate::{Caller, GUEST_COOKIE, cookie, user_agent},
    people::sentence,
    posts::rendition,
    problem::PageResult,
    state::WebState,
    ui::{
        Icon, Tone,
        approval::Answers,
        button::{Button, Does},
        feedback::{Banner, Empty},
        field::{CodeField, FieldFrame},
        form::{ErrorSummary, Form},
        layout::{DoorFrame, DoorWidth, door},
    },
};

/// A page of a guest.
async fn guest_page(state: &WebState, title: &str, lead: &str, status: StatusCode, content: &Markup) -> PageResult {
    let mut reader = state.desk.db().read().await.map_err(Error::from)?;
    let workspace = workspace::current(&mut reader).await?;
    let frame = DoorFrame {
        title: title.to_owned(),
        lead: (!lead.is_empty()).then(|| lead.to_owned()),
        workspace: workspace.map_or_else(|| "Gatepost".to_owned(), |workspace| workspace.name),
        width: DoorWidth::Wide,
        ..DoorFrame::default()
    };
    Ok((status, door(&frame, content)).into_response())
}

/// What somebody sees whose link, code or browser opens nothing: the same for every reason.
pub(crate) async fn closed(state: &WebState) -> PageResult {
    let lead = "The link has expired or was revoked, or this browser has not given its code. Open the link in your newest mail.";
    guest_page(state, "Nothing opens here", lead, StatusCode::UNAUTHORIZED, &html! {}).await
}

async fn said(state: &WebState, error: Error, title: &str, again: &str) -> PageResult {
    let (text, status) = match error {
        Error::NotFound(_) => return closed(state).await,
        Error::TooMany { .. } => (sentence(&error.to_string()), StatusCode::TOO_MANY_REQUESTS),
        Error::Conflict(why) => (sentence(&why), StatusCode::CONFLICT),
        error => return Err(error.into()),
    };
    let content = html! { (Banner::new(Tone::Warning, "Not done").text(text)) p { (Button::link("Back", again)) } };
    guest_page(state, title, "", status, &content).await
}

/// `GET /outside/{link}`: asks whether a code shall be sent. Nothing is sent by opening a link, because programs open links too.
pub(crate) async fn invitation(State(state): State<WebState>, Path(link): Path<String>) -> PageResult {
    if let Err(error) = outside::invited(&state.desk, &link).await {
        return said(&state, error, "Your approval", "/outside").await;
    }
    let lead = "Somebody wants your approval. To make sure that it is you, a code goes to the address that the mail came to.";
    let form = Form::new("send", format!("/outside/{link}"), Vec::new(), "Send me a code");
    guest_page(&state, "Your approval", lead, StatusCode::OK, &form.render()).await
}

/// `POST /outside/{link}`
pub(crate) async fn send_code(
    State(state): State<WebState>,
    caller: Caller,
    headers: HeaderMap,
    Path(link): Path<String>,
) -> PageResult {
    match outside::ask_for_code(&state.desk, caller.actor(), &link, user_agent(&headers)).await {
        Ok(browser) => {
            let mut response = Redirect::to("/outside/code").into_response();
            // Longer than the code works, so that the same browser keeps what it opened.
            set_guest(&mut response, browser.cookie.reveal(), (CODE_LIFE_MS + GUEST_SESSION_MS) / 1_000);
            Ok(response)
        }
        Err(error) => said(&state, error, "No code was sent", &format!("/outside/{link}")).await,
    }
}

fn set_guest(response: &mut Response, value: &str, age_s: i64) {
    let line = format!("{GUEST_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age_s}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// `GET /outside/code`
pub(crate) async fn code_form(State(state): State<WebState>) -> PageResult {
    code_page(&state, None).await
}

async fn code_page(state: &WebState, problem: Option<String>) -> PageResult {
    let lead = "It is on its way to your address, works for ten minutes, once, and only in this browser.";
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let frame = FieldFrame::new("code", "Code from the mail").error(problem.clone());
    let mut form = Form::new("code", "/outside/code", vec![CodeField { frame, digits: CODE_DIGITS }.render()], "Go on");
    form.errors = ErrorSummary { errors: problem.into_iter().map(|text| ("code".to_owned(), text)).collect() };
    "code-form".clone_into(&mut form.id);
    guest_page(state, "Your code", lead, status, &form.render()).await
}

/// `POST /outside/code`
pub(crate) async fn enter(State(state): State<WebState>, caller: Caller, headers: HeaderMap, fields: Fields) -> PageResult {
    let browser = cookie(&headers, GUEST_COOKIE).unwrap_or_default();
    match outside::enter(&state.desk, caller.actor(), browser, fields.get("code")).await {
        Ok(()) => Ok(Redirect::to("/outside").into_response()),
        Err(Error::Invalid(invalid)) => {
            let problem = invalid.fields.first().map_or_else(String::new, |(_, problem)| sentence(problem));
            code_page(&state, Some(problem)).await
        }
        Err(error) => said(&state, error, "Your code", "/outside/code").await,
    }
}

/// `GET /outside`
pub(crate) async fn list(State(state): State<WebState>, caller: Caller) -> PageResult {
    list_page(&state, &caller, None).await
}

async fn list_page(state: &WebState, caller: &Caller, refused: Option<(SubmissionId, &str, &str)>) -> PageResult {
    let asked = outside::asked(&state.desk, caller.actor()).await?;
    let mut reader = state.desk.db().read().await.map_err(Error::from)?;
    let zone = workspace::current(&mut reader).await?.map_or(TimeZone::UTC, |workspace| zone_of(&workspace.time_zone));
    drop(reader);
    let times = Times::new(state.desk.now(), zone);
    let leave = Button::new("Leave", Does::Submit);
    let elsewhere = refused.filter(|(id, ..)| asked.iter().all(|shown| shown.kept.id != *id));
    let content = html! {
        @if let Some((_, _, why)) = elsewhere { (Banner::new(Tone::Warning, "Not done").text(why)) }
        @if asked.is_empty() { (Empty::new(Icon::CircleCheck, "Nothing waits for you", "Thank you. You can close this page.")) }
        div.approvals {
            @for shown in &asked {
                @let typed = refused.filter(|(id, ..)| *id == shown.kept.id).map(|(_, reason, why)| (reason, why));
                (guest_card(&times, state, shown, typed))
            }
        }
        form method="post" action="/outside/leave" { (leave) }
    };
    let lead = match asked.len() {
        0 => "",
        1 => "One post waits for you. It goes out exactly as it stands here, or not at all.",
        _ => "These posts wait for you. They go out exactly as they stand here, or not at all.",
    };
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    guest_page(state, "Your approval", lead, status, &content).await
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn guest_card(times: &Times, state: &WebState, shown: &Shown, typed: Option<(&str, &str)>) -> Markup {
    let id = shown.kept.id;
    let (reason, problem) = typed.unzip();
    let answers = Answers {
        action: format!("/outside/decide/{id}"),
        seen: String::from(shown.preview.digest),
        others: 0,
        bulk: None,
        reason: reason.unwrap_or_default().to_owned(),
        problem: problem.map(str::to_owned),
    };
    let mut card = card::of(times, state.desk.now(), shown, &format!("/outside/files/{id}"), Some(answers));
    // The desk's own way, its people and what they said are none of a guest's business.
    card.steps.clear();
    card.badges.clear();
    card.render()
}

/// `POST /outside/decide/{id}`
pub(crate) async fn decide(
    State(state): State<WebState>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    fields: Fields,
) -> PageResult {
    let id: SubmissionId = id.parse().map_err(|_| Error::NotFound("submission"))?;
    let seen = digest_of(fields.get("seen")).ok_or(Error::NotFound("submission"))?;
    let verdict = verdict_of(&fields)?;
    match outside::decide(&state.desk, caller.actor(), id, seen, verdict, user_agent(&headers)).await {
        Ok(_) => Ok(Redirect::to("/outside").into_response()),
        Err(Error::Conflict(why)) => list_page(&state, &caller, Some((id, fields.get("reason"), &sentence(&why)))).await,
        Err(Error::NotFound(_)) => list_page(&state, &caller, Some((id, "", "This does not wait for you any more."))).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /outside/files/{id}/{digest}`
pub(crate) async fn file(
    State(state): State<WebState>,
    caller: Caller,
    Path((id, digest)): Path<(String, String)>,
    QueryFields(query): QueryFields,
) -> PageResult {
    let id: SubmissionId = id.parse().map_err(|_| Error::NotFound("file"))?;
    let wanted = (file_digest(&digest)?, rendition(&query));
    let (media, bytes) = outside::file(&state.desk, caller.actor(), id, wanted).await?;
    Ok(file_answer(&media.media_type, bytes))
}

/// `POST /outside/leave`
pub(crate) async fn leave(State(state): State<WebState>, caller: Caller) -> PageResult {
    outside::leave(&state.desk, caller.actor()).await?;
    let mut page = guest_page(&state, "You have left", "This browser opens nothing any more.", StatusCode::OK, &html! {}).await?;
    set_guest(&mut page, "", 0);
    Ok(page)
}
