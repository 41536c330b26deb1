//! What hangs on messages, as files to be saved.
//!
//! Invariants: whoever may not read the message gets the answer that there is none; bytes from outside are never shown as what they say they
//! are: they come as a download without a type, in a sandbox; what is masked with its message takes a reason that goes on record.

use std::io::Read;

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error, Invalid,
    capture::{self, AttachmentSeen, AttachmentState, BlobBytes, Message, RecordReader},
    ids::MessageId,
    rights::Operation,
};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use maud::{Markup, Render, html};
use tokio::sync::mpsc;

use crate::{
    frame::{Ctx, Fields},
    lists::{link, stack},
    people::{field, status_of, summary},
    problem::{PageResult, encode_query},
    ui::{
        Tone,
        badge::{Badge, Code},
        button::{Button, Does, Size},
        facts::Card,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
    },
};

/// Bytes that are read from the record at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces between the record and a slow reader.
const PIECES_AHEAD: usize = 2;
/// Nothing in it can run, load or lead anywhere, should a browser show it after all.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'");

fn id_of(id: &str) -> Result<MessageId, Error> {
    id.parse().map_err(|_| Error::NotFound("message"))
}

fn record_of(ctx: &Ctx) -> Result<RecordReader, Error> {
    ctx.state.record.reader().map(RecordReader::of).ok_or(Error::NotFound("record in this process"))
}

/// `GET /messages/{id}/attachments/{part}`: the file, or how to see it when its message is masked.
pub(crate) async fn download(ctx: Ctx, Path((id, part)): Path<(String, i64)>) -> PageResult {
    let id = id_of(&id)?;
    match capture::attachment(ctx.desk(), ctx.actor(), &record_of(&ctx)?, id, part).await? {
        (_, Some(found)) => Ok(file(found)),
        (message, None) => masked(&ctx, &message, part, &Invalid::new()),
    }
}

/// `POST /messages/{id}/attachments/{part}/unmask`: the file of a masked message; the reason is on record.
pub(crate) async fn unmask(ctx: Ctx, Path((id, part)): Path<(String, i64)>, fields: Fields) -> PageResult {
    let id = id_of(&id)?;
    let reason = fields.get("reason");
    match capture::attachment_unmasked(ctx.desk(), ctx.actor(), &record_of(&ctx)?, (id, part), reason).await {
        Ok(found) => Ok(file(found)),
        Err(Error::Invalid(invalid)) => {
            let message = capture::message(ctx.desk(), ctx.actor(), id).await?;
            masked(&ctx, &message, part, &invalid)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /messages/{id}/attachments/{part}/again`: what was given up is asked for once more.
pub(crate) async fn again(ctx: Ctx, Path((id, part)): Path<(String, i64)>) -> PageResult {
    let place = format!("/messages/{id}");
    match capture::attachment_again(ctx.desk(), ctx.actor(), id_of(&id)?, part).await {
        Ok(()) => Ok(ctx.done(&place, "It is fetched again; what becomes of it will stand here")),
        Err(Error::Conflict(why)) => Ok(ctx.done(&place, &format!("Not tried again: {why}"))),
        Err(error) => Err(error.into()),
    }
}

fn masked(ctx: &Ctx, message: &Message, part: i64, invalid: &Invalid) -> PageResult {
    let mut head = PageHead::new("A masked attachment");
    let back = format!("/messages/{}", message.id);
    head.crumbs = Crumbs { links: vec![NavLink::new("Stream", "/stream"), NavLink::new("Message", &back)] };
    head.lead = Some(
        "Personal data or a secret was found in the message. Nobody looked into what hangs on it, so it is covered with it."
            .to_owned(),
    );
    let way: Markup = if ctx.may(Operation::MessageUnmask) {
        let area = TextArea {
            frame: field(invalid, "reason", "Why you need to see it").hint("It goes on record with your name."),
            ..TextArea::default()
        };
        let mut form =
            Form::new("unmask", format!("{back}/attachments/{part}/unmask"), vec![area.render()], "Download what is masked");
        form.errors = summary(invalid);
        form.render()
    } else {
        html! { p { "You may not see what is masked. Ask somebody who gives rights for the right to unmask." } }
    };
    ctx.page("A masked attachment", Room::Inbox).status(status_of(invalid)).show(&stack(&[&head, &way]))
}

/// The bytes as a download. They are compared with the record while they are sent: when they differ, the answer breaks off.
fn file(found: BlobBytes) -> Response {
    let (pieces, arriving) = mpsc::channel(PIECES_AHEAD);
    let BlobBytes { seen, bytes, source } = found;
    tokio::task::spawn_blocking(move || send(source, &pieces));
    let body = stream::unfold(arriving, async |mut arriving| arriving.recv().await.map(|piece| (piece, arriving)));
    // Compressing asks once more after the end.
    let mut response = Body::from_stream(body.fuse()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CONTENT_DISPOSITION, disposition(&file_name(&seen)));
    response
}

fn send(mut source: Box<dyn Read + Send>, pieces: &mpsc::Sender<std::io::Result<Vec<u8>>>) {
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let read = source.as_mut().take(PIECE_BYTES as u64).read_to_end(&mut piece);
        let (is_last, piece) = match read {
            Ok(0) => return,
            Ok(_) => (false, Ok(piece)),
            Err(error) => {
                tracing::error!(%error, "an attachment is not what the record says");
                (true, Err(error))
            }
        };
        // Nobody waits for it any more.
        if pieces.blocking_send(piece).is_err() || is_last {
            return;
        }
    }
}

fn file_name(seen: &AttachmentSeen) -> String {
    let name = seen.file_name.as_deref().map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name));
    let clean: String = name.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(120).collect();
    if clean.trim_matches(['.', ' ']).is_empty() { format!("attachment-{}", seen.part) } else { clean }
}

/// RFC 6266: a name of plain letters for old programs, the whole one for others.
fn disposition(name: &str) -> HeaderValue {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' }).collect();
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encode_query(name));
    HeaderValue::from_str(&value).expect("plain ASCII")
}

/// Name, size and state of an attachment in a line, for a message's card.
pub(crate) fn line(seen: &AttachmentSeen) -> String {
    let name = seen.file_name.as_deref().or(seen.media_type.as_deref()).unwrap_or("attachment");
    let size = seen.bytes.map(|bytes| format!("{}, ", size(bytes))).unwrap_or_default();
    format!("{name} ({size}{})", seen.state.title().to_lowercase())
}

/// What hangs on a message, with what can be downloaded; nothing when there is nothing.
pub(crate) fn card(ctx: &Ctx, message: &Message) -> Option<Card> {
    let href = |seen: &AttachmentSeen| format!("/messages/{}/attachments/{}", message.id, seen.part);
    let tone = |state| match state {
        AttachmentState::Stored => Tone::Good,
        AttachmentState::Pending => Tone::Info,
        AttachmentState::Failed => Tone::Warning,
        AttachmentState::Named => Tone::Neutral,
    };
    let body = html! {
        ul.attachments { @for seen in &message.attachments { li {
            @let name = file_name(seen);
            @if seen.state == AttachmentState::Stored { (link(&href(seen), &name)) } @else { (name) }
            " " @if let Some(bytes) = seen.bytes { span.muted { (size(bytes)) } " " }
            (Badge::new(tone(seen.state), seen.state.title()))
            @if let Some(alt) = &seen.alt { p { (alt) } }
            @if let Some(error) = &seen.error { p.muted { (error) } }
            @if seen.state == AttachmentState::Failed && seen.from_network && ctx.may(Operation::AttachmentAgain) {
                form method="post" action={ (href(seen)) "/again" } { (Button::new(format!("Try again: {name}"), Does::Submit).with_size(Size::Small)) }
            }
            @if let (Some(entry), Some(digest)) = (seen.stored_entry, &seen.digest) {
                p.muted { "Entry " (entry) ", SHA-256 " (digits(digest)) }
            }
        } } }
    };
    (!message.attachments.is_empty()).then(|| Card { title: "Attachments".to_owned(), actions: vec![], body })
}

/// A digest as people compare it.
pub(crate) fn digits(digest: &[u8]) -> Code {
    Code(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A number of bytes in words.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [(&str, i64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, one) in UNITS {
        if bytes >= one {
            return format!("{}.{} {unit}", bytes / one, bytes % one * 10 / one);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::{disposition, size};

    #[test]
    fn a_name_from_outside_stays_within_its_header() {
        let said = disposition("a\"; x=\"ü.txt");
        assert_eq!(
            said.to_str().expect("plain"),
            "attachment; filename=\"a__ x___.txt\"; filename*=UTF-8''a%22%3B%20x%3D%22%C3%BC.txt"
        );
    }

    #[test]
    fn sizes_are_said_in_their_unit() {
        assert_eq!([size(0), size(1_536), size(5 << 30)], ["0 bytes", "1.5 KiB", "5.0 GiB"]);
    }
}
