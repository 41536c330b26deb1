//! Search over everything captured, in the query language of `docs/search.md`, within what the reader may read.
//!
//! Invariant: what is masked on other pages is masked here; a query that is not understood is shown again with the place and what to
//! write instead.

use desk::{
    Error, Invalid,
    search::{Answer, Counting, Found, Hit, Order, Question},
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::stack_all,
    messages::{Marks, card_marked},
    problem::{PageResult, encode_query},
    ui::{
        Icon,
        button::{Button, Does},
        feedback::Empty,
        layout::Room,
        nav::PageHead,
        results::Facet,
    },
};

/// Results of a page.
const PAGE: usize = 20;
/// Counts of one kind that are shown.
const COUNTS_MAX: usize = 8;

/// `GET /search?q=…&order=relevance&after=…`
pub(crate) async fn page(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    let text = query.get("q").trim().to_owned();
    let order = if query.get("order") == "relevance" { Order::Relevance } else { Order::Newest };
    let mut head = PageHead::new("Search");
    head.lead = Some("Everything captured on the profiles you may read, within two seconds of its arrival.".to_owned());
    let mut parts: crate::lists::Parts = vec![Box::new(head), Box::new(bar(&text, order))];
    if text.is_empty() {
        parts.push(Box::new(examples()));
    } else {
        let search = ctx.state.search.as_ref().ok_or_else(|| Error::Conflict("this process has no search index".to_owned()))?;
        let question = Question {
            order,
            counting: Counting::Everything,
            limit: PAGE,
            after: after(&query)?,
            zone: ctx.times().zone().clone(),
            ..Question::new(text.clone())
        };
        match search.ask(ctx.desk(), ctx.actor(), &question).await? {
            Answer::NotUnderstood(error) => parts.push(Box::new(not_understood(&text, &error.to_string()))),
            Answer::Found(found) => parts.push(Box::new(results(&ctx, &text, &query, &found).await?)),
        }
    }
    ctx.page("Search", Room::Records).show(&stack_all(&parts))
}

fn after(query: &Fields) -> Result<Option<desk::search::PageCursor>, Error> {
    query
        .some("after")
        .map(|text| text.parse().map_err(|_| Invalid::field("after", "not a place in a list; search again")))
        .transpose()
}

fn bar(text: &str, order: Order) -> Markup {
    let href = |order: &str| format!("/search?q={}&order={order}", encode_query(text));
    html! {
        form.filter role="search" aria-label="Search everything on record" method="get" action="/search" {
            @if order == Order::Relevance { input type="hidden" name="order" value="relevance"; }
            (Icon::Search)
            input.input type="search" name="q" value=(text) placeholder="Words, \"phrases\", from:, in:, finding:, after: …" aria-label="Query" autocomplete="off" spellcheck="false" enterkeyhint="search";
            (Button::new("Search", Does::Submit))
        }
        @if !text.is_empty() {
            nav.tabs aria-label="Order" { ul {
                li { a.tab href=(href("newest")) aria-current=[(order == Order::Newest).then_some("page")] { "Newest first" } }
                li { a.tab href=(href("relevance")) aria-current=[(order == Order::Relevance).then_some("page")] { "Best first" } }
            } }
        }
    }
}

fn examples() -> Markup {
    let example = |query: &str, what: &str| html! { dt { a href={ "/search?q=" (encode_query(query)) } { code.code { (query) } } } dd { (what) } };
    html! {
        dl.facts {
            (example("broken spar", "both words, in any form"))
            (example("\"do not forward\"", "these words in this order"))
            (example("refund OR repair -spam", "one or the other, and not that word"))
            (example("finding:any has:attachment", "something was found in it, and a file hangs on it"))
            (example("network:sandbox is:deleted", "deleted at its source, on one network"))
            (example("after:2026-11-01 from:berit", "by a person, from a day on"))
        }
    }
}

fn not_understood(text: &str, error: &str) -> Markup {
    html! {
        div.error-summary role="alert" tabindex="-1" data-error-summary { h2 { "This query was not understood" } p { (error) } p { code.code { (text) } } }
        (examples())
    }
}

async fn results(ctx: &Ctx, text: &str, query: &Fields, found: &Found) -> Result<Markup, Error> {
    if found.results.is_empty() {
        let empty = Empty::new(
            Icon::Search,
            "Nothing found",
            "Take a word away, or write its beginning only. Search covers the profiles you may read.",
        );
        return Ok(html! { (empty) (behind(found)) });
    }
    let profiles = desk::capture::readable(ctx.desk(), ctx.actor()).await?;
    let times = ctx.times();
    let card = |hit: &Hit| card_marked(&times, &hit.message, &profiles, Marks(&hit.marks));
    let total = found.total.map(|total| if total == 1 { "1 message".to_owned() } else { format!("{total} messages") });
    let order = if query.get("order") == "relevance" { "&order=relevance" } else { "" };
    Ok(html! {
        p role="status" { strong { (total.unwrap_or_else(|| "The best matches".to_owned())) } }
        (behind(found))
        @if let Some(counts) = &found.counts {
            div.toolbar role="group" aria-label="Narrow by" {
                @for (name, count) in counts.networks.iter().take(COUNTS_MAX) { (narrow(text, &format!("network:{name}"), name, *count)) }
                @for (_, title, count) in counts.profiles.iter().take(COUNTS_MAX) { (narrow(text, &format!("profile:\"{title}\""), title, *count)) }
                @for (kind, count) in counts.findings.iter().take(COUNTS_MAX) { (narrow(text, &format!("finding:{kind}"), kind, *count)) }
            }
        }
        div.message-list role="feed" aria-label="Results" data-list { @for hit in &found.results { (card(hit).render()) } }
        @if let Some(next) = &found.next {
            nav.pager aria-label="More results" { a.button href={ "/search?q=" (encode_query(text)) (order) "&after=" (encode_query(&next.to_string())) } rel="next" { "More" } }
        }
    })
}

fn narrow(text: &str, term: &str, name: &str, count: u64) -> Facet {
    let href = format!("/search?q={}", encode_query(&format!("{text} {term}")));
    Facet { label: format!("{name} ({count})"), href, on: false }
}

fn behind(found: &Found) -> Markup {
    html! { @if found.waiting > 0 { p.muted { (found.waiting) " changes are not findable yet; they will be in a moment." } } }
}
