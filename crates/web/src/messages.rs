//! Captured messages as pages: the stream that follows what arrives, and the card of a message wherever one is shown.
//!
//! Invariants: what a reader may not see is masked by the desk before it comes here; a live update carries nothing, the page asks again
//! with its rights. The stream has no work in it (who answers, who has it): the inbox will take its place.

use axum::response::IntoResponse;
use desk::{
    Error, Invalid,
    capture::{
        self, Finding, Message, StreamFilter,
        masking::{Cover, Piece, cut, is_covered, pieces},
    },
    ids::{MessageId, PlaceId, ProfileId},
    profiles::Profile,
    rights::Operation,
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields, Times},
    lists::{ListAddress, stack},
    problem::{PageResult, encode_query},
    profiles::network_tag,
    ui::{
        Icon, Tone,
        badge::{Badge, NetworkTag},
        button::Button,
        feedback::Empty,
        layout::Room,
        live::partial,
        message::{FindingLevel, Holding, MessageCard, MessageState, Segment},
        nav::PageHead,
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
            @if ctx.may(Operation::MessagesSearch) {
                form.filter role="search" aria-label="Search everything on record" method="get" action="/search" {
                    (Icon::Search)
                    input.input type="search" name="q" placeholder="Search everything on record" aria-label="Search everything on record" autocomplete="off" spellcheck="false" enterkeyhint="search";
                }
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

pub(crate) fn place_name(place: &capture::PlaceSeen) -> String {
    let name = place.name.as_deref().unwrap_or(&place.native_id);
    match place.kind.as_str() {
        "public" | "limited" => name.to_owned(),
        "direct" => format!("{name} (direct)"),
        _ => format!("#{name}"),
    }
}

pub(crate) fn author_of(message: &Message) -> (String, String) {
    let Some(author) = &message.author else { return ("Unknown author".to_owned(), String::new()) };
    let handle = author.handle.clone().unwrap_or_default();
    let name = author.name.clone().or_else(|| author.handle.clone()).unwrap_or_else(|| author.native_id.clone());
    (name, handle)
}

fn network_of(message: &Message, profiles: &[Profile]) -> NetworkTag {
    let profile = profiles.iter().find(|profile| profile.id == message.profile);
    let network = profile.map_or("", |profile| profile.network.as_str());
    network_tag(network, profile.map(|profile| profile.title.clone()))
}

/// The words of a kind of finding: `CREDIT_CARD` is "Credit card".
pub(crate) fn kind_name(kind: &str) -> String {
    if let Some((_, list)) = kind.split_once('.') {
        return format!("On the list {list}");
    }
    if kind.chars().any(char::is_lowercase) {
        return kind.to_owned();
    }
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

/// A card whose text has the words of a search marked, and which leads to the thread as it stood when these words were recorded. What is
/// masked stays masked, whether it matches or not.
pub(crate) fn card_marked(times: &Times, message: &Message, profiles: &[Profile], marks: Marks<'_>) -> MessageCard {
    let mut card = card_with(times, message, profiles, Cover::Masked);
    if let Some(entry) = message.text_entry {
        card.href = crate::thread::as_of(message.id, entry);
    }
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

pub(crate) fn card_with(times: &Times, message: &Message, profiles: &[Profile], cover: Cover) -> MessageCard {
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
    let media = message.attachments.iter().map(crate::attachments::line);
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
