//! Captured messages as pages: the stream that follows what arrives, and one message in its thread with history and proof.
//!
//! Invariants: what a reader may not see is masked by the desk before it comes here; a live update carries nothing, the page asks again
//! with its rights. The stream has no work in it (who answers, who has it): the inbox will take its place.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use desk::{
    Error, Invalid,
    capture::{
        self, Finding, Message, RecordReader, Revision, StreamFilter,
        masking::{Cover, Piece, cut, is_covered, pieces},
    },
    ids::{MessageId, PlaceId, ProfileId},
    profiles::Profile,
    rights::Operation,
};
use http::{HeaderValue, header};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields, Times},
    lists::{ListAddress, Parts, link, stack, stack_all},
    people::{field, status_of, summary},
    problem::{PageResult, encode_query},
    profiles::network_name,
    ui::{
        Icon, Tone,
        badge::{Badge, Code, NetworkTag},
        button::Button,
        facts::{Card, Facts},
        feedback::Empty,
        form::Form,
        layout::Room,
        live::partial,
        message::{FindingLevel, Holding, MessageCard, MessageState, Segment},
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
        timeline::{Event, Timeline},
    },
};

const NAMES: &[&str] = &["network", "profile", "place"];
/// Messages of one page of the stream: about three screens.
const PAGE: u32 = 50;
/// Changes shown at once while the page follows; more are there after a reload.
const NEWS_MAX: u32 = 200;

fn filter_of(query: &Fields) -> Result<StreamFilter, Error> {
    let profile = query.some("profile").map(|_| query.id::<ProfileId>("profile")).transpose()?;
    let place = query.some("place").map(|_| query.id::<PlaceId>("place")).transpose()?;
    Ok(StreamFilter { profile, network: query.some("network").map(str::to_owned), place })
}

fn number_of(query: &Fields, name: &'static str) -> Result<Option<i64>, Error> {
    query.some(name).map(|text| text.parse().map_err(|_| Invalid::field(name, "not a number"))).transpose()
}

/// `GET /stream`
pub(crate) async fn stream(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let filter = filter_of(&query)?;
    let before = number_of(&query, "before")?;
    let after = capture::last_change(ctx.desk()).await?;
    let profiles = capture::readable(ctx.desk(), ctx.actor()).await?;
    let shown = capture::stream(ctx.desk(), ctx.actor(), &filter, before, PAGE).await?;
    let address = ListAddress::new("/stream", &query, NAMES);
    let mut facets: Vec<_> =
        profiles.iter().map(|profile| address.facet(&profile.title, "profile", &profile.id.to_string())).collect();
    if let Some(place) = filter.place {
        let place = capture::place(ctx.desk(), ctx.actor(), place).await?;
        facets.push(address.facet(&place_name(&place), "place", &place.id.to_string()));
    }
    let bar = html! {
        div.toolbar {
            form.filter role="search" aria-label="Search everything on record" method="get" action="/search" {
                (Icon::Search)
                input.input type="search" name="q" placeholder="Search everything on record" aria-label="Search everything on record" autocomplete="off" spellcheck="false" enterkeyhint="search";
            }
            @for facet in &facets { (facet) }
        }
    };
    let cards: Vec<_> = shown.messages.iter().map(|message| card(&ctx.times(), message, &profiles)).collect();
    let mut head = PageHead::new("Stream");
    head.lead = Some(
        "What arrives on the profiles you may read, as it arrives. Each message was on record before it showed here.".to_owned(),
    );
    let oldest = shown.messages.last().map_or(0, |message| message.number);
    let follows = before.is_none();
    let list = html! {
        div.message-list role=[(!cards.is_empty()).then_some("feed")] aria-label=[(!cards.is_empty()).then_some("Captured messages")] data-list id="stream" {
            @if follows { (arrivals(&filter, after, oldest)) }
            @for card in &cards { (card) }
        }
        @if cards.is_empty() { (nothing_yet(&ctx, &profiles)) }
        @if let Some(next) = shown.next {
            nav.pager aria-label="Older messages" { a.button href={ (address.with("before", None)) (if address.is_filtered() { "&" } else { "?" }) "before=" (next) } rel="next" { "Older" } }
        }
        span id="pulse" hidden {}
    };
    let page = ctx.page("Stream", Room::Inbox);
    let page = if follows { page.live("messages&quiet=yes") } else { page };
    page.show(&stack(&[&head, &bar, &list]))
}

fn nothing_yet(ctx: &Ctx, profiles: &[Profile]) -> Empty {
    if profiles.is_empty() {
        return Empty::new(Icon::Inbox, "Nothing to read", "You may not read any profile. Ask somebody who gives rights.");
    }
    let empty = Empty::new(
        Icon::Inbox,
        "Nothing captured yet",
        "Connect a profile or import an export file; what arrives shows here by itself.",
    );
    if ctx.may(Operation::ProfilesManage) { empty.with_action(Button::link("Profiles", "/profiles")) } else { empty }
}

/// The place in front of the newest message: asks for what is new whenever something was announced.
fn arrivals(filter: &StreamFilter, after: i64, oldest: i64) -> Markup {
    let mut href = format!("/stream/arrivals?after={after}&oldest={oldest}");
    for (name, value) in [
        ("profile", filter.profile.map(|id| id.to_string())),
        ("network", filter.network.clone()),
        ("place", filter.place.map(|id| id.to_string())),
    ] {
        if let Some(value) = value {
            href.push_str(&format!("&{name}={}", encode_query(&value)));
        }
    }
    html! { div id="arrivals" hx-get=(href) hx-trigger="gatepost:changed from:body" hx-swap="outerHTML" hidden {} }
}

/// `GET /stream/arrivals`: what changed since a page was made, newest first, and where to go on.
pub(crate) async fn arrivals_since(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let filter = filter_of(&query)?;
    let after = number_of(&query, "after")?.unwrap_or(0);
    let oldest = number_of(&query, "oldest")?.unwrap_or(0);
    let profiles = capture::readable(ctx.desk(), ctx.actor()).await?;
    let (mut changed, last) = capture::news(ctx.desk(), ctx.actor(), &filter, after, NEWS_MAX).await?;
    changed.sort_by_key(|message| std::cmp::Reverse(message.number));
    let times = ctx.times();
    let (new, old): (Vec<_>, Vec<_>) = changed.iter().partition(|message| message.number > after);
    let html = html! {
        (arrivals(&filter, last, oldest))
        @for message in new { (card(&times, message, &profiles)) }
        @for message in old.into_iter().filter(|message| message.number >= oldest) {
            (partial(&format!("#{}", card_id(message.id)), "outerHTML", &card(&times, message, &profiles).render()))
        }
    };
    Ok(html.into_response())
}

fn card_id(id: MessageId) -> String {
    format!("m-{id}")
}

fn place_name(place: &capture::PlaceSeen) -> String {
    let name = place.name.as_deref().unwrap_or(&place.native_id);
    match place.kind.as_str() {
        "public" | "limited" => name.to_owned(),
        "direct" => format!("{name} (direct)"),
        _ => format!("#{name}"),
    }
}

fn author_of(message: &Message) -> (String, String) {
    let Some(author) = &message.author else { return ("Unknown author".to_owned(), String::new()) };
    let handle = author.handle.clone().unwrap_or_default();
    let name = author.name.clone().or_else(|| author.handle.clone()).unwrap_or_else(|| author.native_id.clone());
    (name, handle)
}

fn network_of(message: &Message, profiles: &[Profile]) -> NetworkTag {
    let profile = profiles.iter().find(|profile| profile.id == message.profile);
    let network = profile.map_or("", |profile| profile.network.as_str());
    NetworkTag {
        code: network.chars().take(2).collect(),
        label: network_name(network),
        profile: profile.map(|profile| profile.title.clone()),
    }
}

/// The words of a kind of finding: `CREDIT_CARD` is "Credit card".
pub(crate) fn kind_name(kind: &str) -> String {
    let words = kind.replace('_', " ").to_lowercase();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

fn segments<'p>(pieces: impl IntoIterator<Item = Piece<'p>>) -> Vec<Segment> {
    let segment = |piece: Piece<'_>| match piece {
        Piece::Plain(text) => Segment::Text(text.to_owned()),
        Piece::Found { shown, finding } => Segment::Finding {
            shown: shown.to_owned(),
            level: match finding.level.as_str() {
                "high" => FindingLevel::High,
                "medium" => FindingLevel::Medium,
                _ => FindingLevel::Low,
            },
            title: kind_name(&finding.kind),
            explanation: explanation(finding),
        },
    };
    pieces.into_iter().map(segment).collect()
}

/// Spans of a text, in bytes, that a search marks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks<'m>(pub(crate) &'m [std::ops::Range<usize>]);

/// A card whose text has the words of a search marked. What is masked stays masked, whether it matches or not.
pub(crate) fn card_marked(times: &Times, message: &Message, profiles: &[Profile], marks: Marks<'_>) -> MessageCard {
    let mut card = card_with(times, message, profiles, Cover::Masked);
    let mut text = Vec::new();
    let mut at = 0;
    for piece in pieces(message, Cover::Masked) {
        match piece {
            Piece::Plain(plain) => {
                // Plain pieces are parts of the text: the next one begins at or after where the last one ended.
                let from = plain.as_ptr().addr() - message.text.as_ptr().addr();
                at = from + plain.len();
                marked(plain, from, marks, &mut text);
            }
            found @ Piece::Found { .. } => text.extend(segments([found])),
        }
    }
    debug_assert!(at <= message.text.len(), "pieces lie in their text");
    card.text = text;
    card
}

fn marked(plain: &str, from: usize, marks: Marks<'_>, out: &mut Vec<Segment>) {
    let mut done = 0;
    for mark in marks.0 {
        let (start, end) = (mark.start.max(from) - from, mark.end.min(from + plain.len()).saturating_sub(from));
        if start < done || start >= end || !plain.is_char_boundary(start) || !plain.is_char_boundary(end) {
            continue;
        }
        out.push(Segment::Text(plain[done..start].to_owned()));
        out.push(Segment::Hit(plain[start..end].to_owned()));
        done = end;
    }
    out.push(Segment::Text(plain[done..].to_owned()));
}

fn explanation(finding: &Finding) -> String {
    let covered = if is_covered(finding) { " Covered for readers without the right to unmask." } else { "" };
    format!("Found by {}, version {}, {} per mille sure.{covered}", finding.detector, finding.version, finding.score)
}

fn badges_of(message: &Message) -> Vec<Badge> {
    let mut badges = Vec::new();
    if message.deleted_at.is_some() {
        badges.push(Badge::new(Tone::Warning, "Deleted at its source").with_icon(Icon::Trash2));
    }
    if message.edits > 0 {
        badges.push(Badge::new(
            Tone::Neutral,
            if message.edits == 1 { "Edited".to_owned() } else { format!("Edited {} times", message.edits) },
        ));
    }
    if message.findings.iter().any(is_covered) {
        badges.push(Badge::new(Tone::Warning, "Personal data or secret").with_icon(Icon::ShieldAlert));
    }
    if let Some(assessment) = &message.assessment {
        badges.extend(assessment.flagged().map(|(head, _)| Badge::new(Tone::Danger, kind_name(head.id()))));
    }
    if message.replies > 0 {
        badges.push(Badge::new(
            Tone::Neutral,
            if message.replies == 1 { "1 reply".to_owned() } else { format!("{} replies", message.replies) },
        ));
    }
    badges.extend(message.reactions.iter().map(|(key, count)| Badge::new(Tone::Neutral, format!("{key} {count}"))));
    badges
}

fn card(times: &Times, message: &Message, profiles: &[Profile]) -> MessageCard {
    card_with(times, message, profiles, Cover::Masked)
}

fn card_with(times: &Times, message: &Message, profiles: &[Profile], cover: Cover) -> MessageCard {
    let (author, handle) = author_of(message);
    let mut text = Vec::new();
    if let Some(subject) = &message.subject {
        text.extend(segments(cut(subject, &message.findings, "subject", 0, cover)));
        text.push(Segment::Text("\n".to_owned()));
    }
    if message.text_entry.is_none() && message.text.is_empty() {
        text.push(Segment::Text("Its text was never captured.".to_owned()));
    }
    text.extend(segments(pieces(message, cover)));
    let media = message.attachments.iter().map(|attachment| {
        let name = attachment.file_name.as_deref().or(attachment.media_type.as_deref()).unwrap_or("attachment");
        format!("{name} ({})", attachment.state.title().to_lowercase())
    });
    let reply = message.reply_to.map(|_| "Reply in ").unwrap_or_default();
    MessageCard {
        id: card_id(message.id),
        href: format!("/messages/{}", message.id),
        author,
        handle,
        network: network_of(message, profiles),
        kind: Some(format!("{reply}{}", place_name(&message.place))),
        at: times.relative(message.posted_at),
        text,
        media: media.collect(),
        badges: badges_of(message),
        holding: Holding::NotShown,
        actions: Vec::new(),
        state: MessageState::Open,
    }
}

/// A message as somebody sees what they answer.
pub(crate) async fn quoted(ctx: &Ctx, message: &Message) -> Result<Markup, Error> {
    let profiles = capture::readable(ctx.desk(), ctx.actor()).await?;
    Ok(card(&ctx.times(), message, &profiles).render())
}

fn message_id(id: &str) -> Result<MessageId, Error> {
    id.parse().map_err(|_| Error::NotFound("message"))
}

fn record_of(ctx: &Ctx) -> Option<RecordReader> {
    ctx.state.record.reader().map(RecordReader::of)
}

/// `GET /messages/{id}`: a message in its thread, with its history and where it stands in the record.
pub(crate) async fn detail(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    detail_page(&ctx, message_id(&id)?, Cover::Masked, &Invalid::new()).await
}

/// `POST /messages/{id}/unmask`: the same page with what is masked, for once; the reason is on record.
pub(crate) async fn unmask(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id = message_id(&id)?;
    match capture::unmask(ctx.desk(), ctx.actor(), id, fields.get("reason")).await {
        Ok(_) => {
            let mut page = detail_page(&ctx, id, Cover::Lifted, &Invalid::new()).await?;
            page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(page)
        }
        Err(Error::Invalid(invalid)) => detail_page(&ctx, id, Cover::Masked, &invalid).await,
        Err(error) => Err(error.into()),
    }
}

async fn detail_page(ctx: &Ctx, id: MessageId, cover: Cover, invalid: &Invalid) -> PageResult {
    let profiles = capture::readable(ctx.desk(), ctx.actor()).await?;
    let thread = capture::thread(ctx.desk(), ctx.actor(), id).await?;
    let record = record_of(ctx);
    let (message, revisions, position) = if let Some(record) = &record {
        let (message, revisions) = capture::history(ctx.desk(), ctx.actor(), record, id).await?;
        let position = match message.first_entry.or(message.text_entry) {
            Some(entry) => Some(record.position(entry).await?),
            None => None,
        };
        (message, revisions, position)
    } else {
        (capture::message(ctx.desk(), ctx.actor(), id).await?, Vec::new(), None)
    };
    let times = ctx.times();
    let (author, _) = author_of(&message);
    let mut head = PageHead::new(format!("{author} in {}", place_name(&message.place)));
    head.crumbs = Crumbs { links: vec![NavLink::new("Stream", "/stream")] };
    if message.deleted_at.is_none() {
        head.actions.push(Button::link("Reply", format!("/posts/new?reply={id}")).with_icon(Icon::Reply).with_key("r"));
    }
    let mut parts: Parts = vec![Box::new(head)];
    // Only the message that the reason was given for is uncovered, not its neighbours.
    let of_one = |one: &Message| if one.id == id { cover } else { Cover::Masked };
    let cards: Vec<_> = thread.messages.iter().map(|one| card_with(&times, one, &profiles, of_one(one))).collect();
    let body = html! {
        div.message-list role="feed" aria-label="The thread, oldest first" data-list { @for card in &cards { (card) } }
        @if thread.cut { p.muted { "The thread is longer than what is shown." } }
    };
    parts.push(Box::new(Card {
        title: if cards.len() > 1 { "Thread".to_owned() } else { "Message".to_owned() },
        actions: vec![],
        body,
    }));
    if cover == Cover::Masked && message.findings.iter().any(is_covered) && ctx.may(Operation::MessageUnmask) {
        let area = TextArea {
            frame: field(invalid, "reason", "Why you need to see it").hint("It goes on record with your name."),
            ..TextArea::default()
        };
        let mut form = Form::new("unmask", format!("/messages/{id}/unmask"), vec![area.render()], "Show what is masked");
        form.errors = summary(invalid);
        parts.push(Box::new(Card { title: "Masked".to_owned(), actions: vec![], body: form.render() }));
    }
    parts.push(Box::new(history_card(&times, &message, &revisions, cover)));
    parts.push(Box::new(record_card(&times, &message, position.as_ref())));
    ctx.page("Message", Room::Inbox).live("messages").status(status_of(invalid)).show(&stack_all(&parts))
}

fn history_card(times: &Times, message: &Message, revisions: &[Revision], cover: Cover) -> Card {
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
            text: text.to_owned(),
            at: times.exact(revision.source_time.unwrap_or(revision.captured_at)),
            detail: Some(html! {
                @if let Some(text) = &revision.text { p { @for piece in cut(text, &revision.findings, "text", 0, cover) { (shown(&piece)) } } }
                @if let Some(why) = &revision.unreadable { p { "The record of it cannot be read any more: " (why) "." } }
                p { "On record " (times.exact(revision.captured_at)) ", entry " (revision.entry) ", " (link(&format!("/messages/{}/raw/{}", message.id, revision.entry), "bytes as received")) }
            }),
        }
    };
    let body = if revisions.is_empty() {
        html! { p.muted { "This process has no record open; the history is read from there." } }
    } else {
        Timeline { events: revisions.iter().map(event).collect() }.render()
    };
    Card { title: "History".to_owned(), actions: vec![], body }
}

fn shown(piece: &Piece<'_>) -> Markup {
    match piece {
        Piece::Plain(text) => html! { (text) },
        Piece::Found { shown, .. } => html! { mark.finding { (shown) } },
    }
}

fn record_card(times: &Times, message: &Message, position: Option<&capture::Position>) -> Card {
    let signed = |position: &capture::Position| {
        if let Some(size) = position.checkpoint_size {
            html! { "in the signed checkpoint over " (size) " entries" }
        } else {
            html! { "not signed yet; a checkpoint follows within seconds" }
        }
    };
    let mut facts = vec![
        ("Recorded", times.exact(message.captured_at).render()),
        ("Posted, by its source", times.exact(message.posted_at).render()),
        ("Id at its source", Code(message.native_id.clone()).render()),
        ("Record id", Code(message.id.to_string()).render()),
    ];
    if let Some(position) = position {
        facts.push((
            "Entry",
            html! { (position.entry) ", " (position.stream_entry) " of its profile's stream, " (signed(position)) },
        ));
        facts.push(("Leaf hash", Code(position.leaf_hash.clone()).render()));
        facts.push(("Proof", html! { (Code(format!("gatepost ledger prove {}", message.id))) " writes a bundle that verify.py checks without us; the log is " (link("/log/checkpoint", "public")) }));
    }
    if let Some(permalink) = &message.permalink {
        facts.push(("At its source", html! { a href=(permalink) rel="noreferrer noopener" { (permalink) } }));
    }
    Card { title: "On record".to_owned(), actions: vec![], body: Facts::new(facts).render() }
}

/// `GET /messages/{id}/raw/{entry}`: the platform's bytes of an entry, exactly as received, as a file.
pub(crate) async fn raw(ctx: Ctx, Path((id, entry)): Path<(String, i64)>) -> PageResult {
    let id = message_id(&id)?;
    let record = record_of(&ctx).ok_or(Error::NotFound("record in this process"))?;
    let (_, bytes) = capture::raw(ctx.desk(), ctx.actor(), &record, id, entry).await?;
    let mut response: Response = bytes.into_response();
    let headers = response.headers_mut();
    // Never shown as what it says it is: it came from outside.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    let name = HeaderValue::from_str(&format!("attachment; filename=\"entry-{entry}.raw\"")).expect("plain ASCII");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
