//! One message as a page: in its thread, as it is now or as the record had it at an earlier moment, with its history and where it stands in
//! the record.
//!
//! Invariants: what is masked is shown once, for a reason that is on record, and only in the message that the reason was given for; what
//! leads to bytes or a proof with masked text asks for a reason again.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    capture::{
        self, Message, Position, RecordReader, Revision, Thread,
        masking::{Cover, Piece, cut, is_covered},
    },
    ids::MessageId,
    profiles::Profile,
    rights::Operation,
};
use http::{HeaderValue, header};
use maud::{Markup, Render, html};

use crate::{
    attachments,
    evidence::{self, record_of},
    frame::{Ctx, Fields, QueryFields, Times},
    lists::{Parts, link, stack_all},
    messages::{author_of, card_with, place_name},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Code,
        button::Button,
        facts::{Card, Facts},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
        timeline::{Event, Timeline},
    },
};

/// Where a message stands in its thread as the record had it when an entry was recorded.
pub(crate) fn as_of(id: MessageId, entry: i64) -> String {
    format!("/messages/{id}?as_of={entry}")
}

pub(crate) fn message_id(id: &str) -> Result<MessageId, Error> {
    id.parse().map_err(|_| Error::NotFound("message"))
}

/// What of a message's page is asked for.
struct Look {
    id: MessageId,
    /// The thread as of this entry; nothing for now.
    as_of: Option<i64>,
    /// The reason for which what is masked is shown.
    reason: Option<String>,
}

impl Look {
    fn cover(&self) -> Cover {
        if self.reason.is_some() { Cover::Lifted } else { Cover::Masked }
    }
}

/// `GET /messages/{id}`, with `as_of` for the thread as it stood when that entry was recorded.
pub(crate) async fn page(ctx: Ctx, Path(id): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let as_of = query.some("as_of").map(|text| text.parse().map_err(|_| Invalid::field("as_of", "not the number of an entry")));
    show(&ctx, &Look { id: message_id(&id)?, as_of: as_of.transpose()?, reason: None }, &Invalid::new()).await
}

/// `POST /messages/{id}/unmask`: the same page with what is masked, for once; the reason is on record.
pub(crate) async fn unmask(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let mut look = Look { id: message_id(&id)?, as_of: None, reason: None };
    match capture::unmask(ctx.desk(), ctx.actor(), look.id, fields.get("reason")).await {
        Ok(_) => {
            look.reason = Some(fields.get("reason").to_owned());
            let mut page = show(&ctx, &look, &Invalid::new()).await?;
            page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(page)
        }
        Err(Error::Invalid(invalid)) => show(&ctx, &look, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

/// What the record of this process says of a message; nothing when it has none open.
struct Evidence {
    revisions: Vec<Revision>,
    position: Option<Position>,
}

async fn evidence_of(ctx: &Ctx, record: &RecordReader, id: MessageId) -> Result<(Message, Evidence), Error> {
    let (message, revisions) = capture::history(ctx.desk(), ctx.actor(), record, id).await?;
    let position = match message.first_entry.or(message.text_entry) {
        Some(entry) => Some(record.position(entry).await?),
        None => None,
    };
    Ok((message, Evidence { revisions, position }))
}

async fn show(ctx: &Ctx, look: &Look, invalid: &Invalid) -> PageResult {
    let (record, profiles) = (record_of(ctx), capture::readable(ctx.desk(), ctx.actor()).await?);
    let (message, known) = match &record {
        Some(record) => {
            let (message, evidence) = evidence_of(ctx, record, look.id).await?;
            (message, Some(evidence))
        }
        None => (capture::message(ctx.desk(), ctx.actor(), look.id).await?, None),
    };
    let thread = match (&record, look.as_of) {
        (Some(record), Some(entry)) => capture::thread_as_of(ctx.desk(), ctx.actor(), record, look.id, entry).await?,
        (None, Some(_)) => return Err(Error::Conflict("this process has no record open to read the past from".to_owned()).into()),
        (_, None) => capture::thread(ctx.desk(), ctx.actor(), look.id).await?,
    };
    let times = ctx.times();
    let (author, _) = author_of(&message);
    let mut head = PageHead::new(format!("{author} in {}", place_name(&message.place)));
    head.crumbs = Crumbs { links: vec![NavLink::new("Stream", "/stream")] };
    if message.deleted_at.is_none() {
        head.actions.push(Button::link("Reply", format!("/posts/new?reply={}", look.id)).with_icon(Icon::Reply).with_key("r"));
    }
    let moments = moments(&times, look, &message, known.as_ref());
    let mut parts: Parts = vec![Box::new(head)];
    parts.push(Box::new(thread_card(&times, look, &thread, &profiles, &moments)));
    if look.reason.is_none() && message.findings.iter().any(is_covered) && ctx.may(Operation::MessageUnmask) {
        parts.push(Box::new(reason_card(look.id, invalid)));
    }
    if let Some(card) = attachments::card(ctx, &message) {
        parts.push(Box::new(card));
    }
    parts.push(Box::new(history_card(&times, &message, known.as_ref(), look)));
    parts.push(Box::new(record_card(&times, &message, known.as_ref().and_then(|known| known.position.as_ref()))));
    ctx.page("Message", Room::Inbox).live("messages").status(status_of(invalid)).show(&stack_all(&parts))
}

/// Now, and the moment that is asked for or else that of the present text.
fn moments(times: &Times, look: &Look, message: &Message, known: Option<&Evidence>) -> Markup {
    let Some(then) = look.as_of.or(message.text_entry).filter(|_| known.is_some()) else { return html! {} };
    let at = known.into_iter().flat_map(|known| &known.revisions).find(|revision| revision.entry == then);
    let tab =
        |label: &str, href: &str, on: bool| html! { li { a.tab href=(href) aria-current=[on.then_some("page")] { (label) } } };
    html! {
        nav.tabs aria-label="Moment" { ul {
            (tab("As it is now", &format!("/messages/{}", look.id), look.as_of.is_none()))
            (tab(&format!("As it was at entry {then}"), &as_of(look.id, then), look.as_of.is_some()))
        } }
        @if look.as_of.is_some() {
            p.muted {
                "What the record held of this thread when entry " (then) " was recorded" @if let Some(at) = at { ", " (times.exact(at.captured_at)) }
                ": without what came later, and with the words of then."
            }
        }
    }
}

fn thread_card(times: &Times, look: &Look, thread: &Thread, profiles: &[Profile], moments: &Markup) -> Card {
    // Only the message that the reason was given for is uncovered, not its neighbours.
    let of_one = |one: &Message| if one.id == look.id { look.cover() } else { Cover::Masked };
    let cards: Vec<_> = thread.messages.iter().map(|one| card_with(times, one, profiles, of_one(one))).collect();
    let body = html! {
        (moments)
        @if cards.is_empty() { p { "Nothing of it was on record then." } }
        @else { div.message-list role="feed" aria-label="The thread, oldest first" data-list { @for card in &cards { (card) } } }
        @if thread.cut { p.muted { "The thread is longer than what is shown." } }
    };
    Card { title: if cards.len() > 1 { "Thread".to_owned() } else { "Message".to_owned() }, actions: vec![], body }
}

fn reason_card(id: MessageId, invalid: &Invalid) -> Card {
    let area = TextArea {
        frame: field(invalid, "reason", "Why you need to see it").hint("It goes on record with your name."),
        ..TextArea::default()
    };
    let mut form = Form::new("unmask", format!("/messages/{id}/unmask"), vec![area.render()], "Show what is masked");
    form.errors = summary(invalid);
    Card { title: "Masked".to_owned(), actions: vec![], body: form.render() }
}

fn history_card(times: &Times, message: &Message, known: Option<&Evidence>, look: &Look) -> Card {
    let is_masked = known.into_iter().flat_map(|known| &known.revisions).flat_map(|revision| &revision.findings).any(is_covered);
    let event = |revision: &Revision| {
        let (icon, tone, text) = match revision.kind.as_str() {
            "posted" => (Icon::Inbox, Tone::Neutral, "posted it"),
            "edited" => (Icon::Pencil, Tone::Info, "changed it"),
            "deleted" => (Icon::Trash2, Tone::Warning, "deleted it at its source"),
            other => (Icon::Info, Tone::Neutral, other),
        };
        let by =
            revision.by.as_ref().map_or("Somebody", |by| by.name.as_deref().or(by.handle.as_deref()).unwrap_or(&by.native_id));
        Event {
            icon,
            tone,
            actor: by.to_owned(),
            text: if revision.source_time.is_some() { text.to_owned() } else { format!("{text}, not later than") },
            at: times.exact(revision.source_time.unwrap_or(revision.captured_at)),
            detail: Some(html! {
                @if let Some(text) = &revision.text { p { @for piece in cut(text, &revision.findings, "text", 0, look.cover()) { (shown(&piece)) } } }
                @if let Some(why) = &revision.unreadable { p { "The record of it cannot be read any more: " (why) "." } }
                p {
                    "On record " (times.exact(revision.captured_at)) ", entry " (revision.entry) ": "
                    (link(&evidence::address(message.id, "verify", revision.entry), "verify")) ", "
                    (link(&as_of(message.id, revision.entry), "the thread then"))
                    @if !is_masked { ", " (link(&evidence::address(message.id, "raw", revision.entry), "bytes as received")) }
                }
                @if let Some(reason) = look.reason.as_deref().filter(|_| is_masked) { (evidence::unmasked_files(message.id, revision.entry, reason)) }
            }),
        }
    };
    let body = match known {
        None => html! { p.muted { "This process has no record open; the history is read from there." } },
        Some(known) => Timeline { events: known.revisions.iter().map(event).collect() }.render(),
    };
    Card { title: "History".to_owned(), actions: vec![], body }
}

fn shown(piece: &Piece<'_>) -> Markup {
    match piece {
        Piece::Plain(text) => html! { (text) },
        Piece::Found { shown, .. } => html! { mark.finding { (shown) } },
    }
}

/// When its source says it was posted. A message whose source does not say stands where it was captured.
fn posted_by_source(times: &Times, message: &Message) -> Markup {
    if message.posted_at == message.captured_at {
        html! { "its source does not say" }
    } else {
        times.exact(message.posted_at).render()
    }
}

fn record_card(times: &Times, message: &Message, position: Option<&Position>) -> Card {
    let mut facts = vec![
        ("Recorded", times.exact(message.captured_at).render()),
        ("Posted, by its source", posted_by_source(times, message)),
        ("Id at its source", Code(message.native_id.clone()).render()),
        ("Record id", Code(message.id.to_string()).render()),
    ];
    if let Some(position) = position {
        facts.push(("Entry", html! { (position.entry) ", " (position.stream_entry) " of its profile's stream" }));
        facts.push(("Signed", evidence::signed(position.signed.as_ref())));
        facts.push(("Time stamped", evidence::stamps(times, position.signed.as_ref())));
        facts.push(("Leaf hash", Code(position.leaf_hash.clone()).render()));
        facts.push(("Proof", html! { (link(&evidence::address(message.id, "verify", position.entry), "Verify")) ", with or without us; the log is " (link("/log/checkpoint", "public")) }));
    }
    if let Some(permalink) = &message.permalink {
        facts.push(("At its source", html! { a href=(permalink) rel="noreferrer noopener" { (permalink) } }));
    }
    Card { title: "On record".to_owned(), actions: vec![], body: Facts::new(facts).render() }
}
