//! What proves a message: the check of an entry as a page, the proof as a file, the bytes as received, and the program that checks.
//!
//! Invariants: the page says what was checked here and leads to what lets a stranger check it without us; files come as attachments of a
//! type that no browser opens, because they hold what came from outside.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error,
    capture::{self, Proof, ProofSays, RecordReader, Signed},
    ids::MessageId,
    records,
};
use http::{HeaderValue, header};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, Times},
    lists::{link, stack},
    problem::PageResult,
    thread::message_id,
    ui::{
        Tone,
        badge::{Badge, Code},
        button::{Button, Does},
        facts::{Card, Facts},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// The record that this process reads from.
pub(crate) fn record_of(ctx: &Ctx) -> Option<RecordReader> {
    ctx.state.record.reader().map(RecordReader::of)
}

fn record(ctx: &Ctx) -> Result<RecordReader, Error> {
    record_of(ctx).ok_or(Error::NotFound("record in this process"))
}

/// Where something about an entry of a message is.
pub(crate) fn address(id: MessageId, what: &str, entry: i64) -> String {
    format!("/messages/{id}/{what}/{entry}")
}

/// The checkpoint over an entry, in words.
pub(crate) fn signed(signed: Option<&Signed>) -> Markup {
    html! {
        @if let Some(signed) = signed { "in the signed checkpoint over " (signed.size) " entries" }
        @else { "not yet; a checkpoint follows within seconds" }
    }
}

/// The time stamps over an entry, in words.
pub(crate) fn stamps(times: &Times, signed: Option<&Signed>) -> Markup {
    let stamps = signed.map(|signed| signed.stamps.as_slice()).unwrap_or_default();
    html! {
        @if stamps.is_empty() { "by nobody yet" }
        @for (at, stamp) in stamps.iter().enumerate() { @if at > 0 { ", " } "by " (stamp.authority) ", " (times.exact(stamp.stated_at)) }
    }
}

/// The files of an entry with what is masked in them, each for the reason that was given for looking.
pub(crate) fn unmasked_files(id: MessageId, entry: i64, reason: &str) -> Markup {
    let form = |what: &str, label: &str| {
        html! { form method="post" action=(address(id, what, entry)) { input type="hidden" name="reason" value=(reason); (Button::new(label, Does::Submit)) } }
    };
    html! { div.row { (form("raw", "Bytes as received")) (form("proof", "Proof with its text")) } }
}

/// `GET /messages/{id}/verify/{entry}`: what this server finds when it checks the entry, and how to check it without this server.
pub(crate) async fn verify(ctx: Ctx, Path((id, entry)): Path<(String, i64)>) -> PageResult {
    let id = message_id(&id)?;
    let proof = capture::prove(ctx.desk(), ctx.actor(), &record(&ctx)?, id, entry).await?;
    let mut head = PageHead::new(format!("Proof of entry {entry}"));
    let message = format!("/messages/{id}");
    head.crumbs = Crumbs { links: vec![NavLink::new("Stream", "/stream"), NavLink::new("Message", &message)] };
    let here = Card { title: "Checked here, just now".to_owned(), actions: vec![], body: checked(&ctx.times(), entry, &proof) };
    let yourself =
        Card { title: "Check it without this server".to_owned(), actions: vec![], body: without_us(id, entry, &proof) };
    let page = ctx.page("Proof", Room::Records);
    page.show(&stack(&[&head, &here, &yourself]))
}

fn checked(times: &Times, entry: i64, proof: &Proof) -> Markup {
    let text = match proof.says {
        ProofSays::Present => html! { (Badge::new(Tone::Good, "The same")) " the text is the one that the entry commits to" },
        ProofSays::Withheld => html! { "left out of this proof, because something in it is masked" },
        ProofSays::Removed(by) => html! { "removed from the record; entry " (by) " says so" },
    };
    let signed = &proof.signed;
    Facts::new(vec![
        ("Entry", html! { (Badge::new(Tone::Good, "In the log")) " as entry " (entry) }),
        (
            "Checkpoint",
            html! { (Badge::new(Tone::Good, "Signed")) " over " (signed.size) " entries, root " (Code(signed.root.clone())) },
        ),
        ("Text", text),
        ("Time stamped", html! { (stamps(times, Some(signed))) }),
        ("Log", Code(signed.origin.clone()).render()),
    ])
    .render()
}

fn without_us(id: MessageId, entry: i64, proof: &Proof) -> Markup {
    let key = proof.signed.keys.last().cloned().unwrap_or_default();
    html! {
        ol {
            li { "Take the " (link(&address(id, "proof", entry), "proof")) " and the program " (link("/record/verify.py", "verify.py")) ", which needs Python and openssl and no network." }
            li { "Get the log's key from somebody who kept it. This server says it is " (Code(key)) }
            li { "Run " (Code(format!("python3 verify.py {} --key KEY", file_name(entry)))) "; with " (Code("--tsa-root ROOT.pem".to_owned())) " it checks the time stamps too." }
        }
        p.muted { "On the server itself, " (Code("gatepost ledger verify".to_owned())) " checks the whole log." }
    }
}

fn file_name(entry: i64) -> String {
    format!("entry-{entry}.proof.json")
}

/// `GET /messages/{id}/proof/{entry}`: the proof as a file, without the text where anything is masked.
pub(crate) async fn proof(ctx: Ctx, Path((id, entry)): Path<(String, i64)>) -> PageResult {
    let proof = capture::prove(ctx.desk(), ctx.actor(), &record(&ctx)?, message_id(&id)?, entry).await?;
    Ok(file(&file_name(entry), proof.file.into_bytes()))
}

/// `POST /messages/{id}/proof/{entry}`: the proof with the text, for a reason.
pub(crate) async fn unmasked_proof(ctx: Ctx, Path((id, entry)): Path<(String, i64)>, fields: Fields) -> PageResult {
    let (record, id) = (record(&ctx)?, message_id(&id)?);
    let proof = capture::prove_unmasked(ctx.desk(), ctx.actor(), &record, id, entry, fields.get("reason")).await?;
    Ok(file(&file_name(entry), proof.file.into_bytes()))
}

/// `GET /messages/{id}/raw/{entry}`: the platform's bytes of an entry, exactly as received, as a file.
pub(crate) async fn raw(ctx: Ctx, Path((id, entry)): Path<(String, i64)>) -> PageResult {
    let (_, bytes) = capture::raw(ctx.desk(), ctx.actor(), &record(&ctx)?, message_id(&id)?, entry).await?;
    Ok(file(&format!("entry-{entry}.raw"), bytes))
}

/// `POST /messages/{id}/raw/{entry}`: the same where something is masked, for a reason.
pub(crate) async fn unmasked_raw(ctx: Ctx, Path((id, entry)): Path<(String, i64)>, fields: Fields) -> PageResult {
    let (record, id) = (record(&ctx)?, message_id(&id)?);
    let (_, bytes) = capture::raw_unmasked(ctx.desk(), ctx.actor(), &record, id, entry, fields.get("reason")).await?;
    Ok(file(&format!("entry-{entry}.raw"), bytes))
}

/// `GET /record/verify.py`: the program that checks a proof, the same for everybody.
pub(crate) async fn verifier() -> Response {
    file("verify.py", records::VERIFIER.as_bytes().to_vec())
}

/// A file to keep. Never shown as what it says it is: it came from outside.
pub(crate) fn file(name: &str, bytes: Vec<u8>) -> Response {
    let mut response: Response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).expect("a name of ours is plain ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
