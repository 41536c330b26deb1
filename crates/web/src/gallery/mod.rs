//! The gallery: every component in every state, from its own samples, plus whole sample pages. Development only: the caller mounts it or not.
//!
//! Invariant: what is shown is exactly what the snapshots and the browser tests see; nothing here reads the desk.

mod pages;

use axum::Form;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream;
use maud::{Markup, html};
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;

use crate::ui::layout::{PageFrame, Preferences, Theme, page, sample_frame};
use crate::ui::live::partial;
use crate::ui::nav::{NavLink, PageHead, SubNav};
use crate::ui::{Family, families};

/// Where the gallery lives.
pub const PREFIX: &str = "/_gallery";

/// Cookie that carries the theme while looking around.
const THEME_COOKIE: &str = "gallery-theme";

/// Whole pages, by the last part of their address.
pub const PAGES: [(&str, &str); 7] = [
    ("page-home", "Page: Home"),
    ("page-people", "Page: People"),
    ("page-inbox", "Page: Inbox"),
    ("page-invite", "Page: Form"),
    ("page-sign-in", "Page: Sign in"),
    ("page-second-factor", "Page: Second factor"),
    ("page-problem", "Page: Problem"),
];

/// Every page of the gallery, for the browser tests.
pub fn paths() -> Vec<String> {
    let families = families().into_iter().map(|family| format!("{PREFIX}/{}", family.slug));
    let pages = PAGES.iter().map(|(slug, _)| format!("{PREFIX}/{slug}"));
    std::iter::once(PREFIX.to_owned()).chain(families).chain(pages).collect()
}

/// The routes. Mount only in development.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(PREFIX, get(index))
        .route(&format!("{PREFIX}/{{slug}}"), get(show))
        .route(&format!("{PREFIX}/live"), get(live))
        .route(&format!("{PREFIX}/page-invite"), get(show_invite).post(send_invite))
        .route(&format!("{PREFIX}/theme"), post(set_theme))
        .route(&format!("{PREFIX}/keys"), post(|| async { Redirect::to(PREFIX) }))
}

#[derive(Deserialize)]
struct ThemeForm {
    theme: String,
}

async fn set_theme(headers: HeaderMap, Form(form): Form<ThemeForm>) -> Response {
    let theme = Theme::from_word(&form.theme);
    // Only back into the gallery: the Referer's path below our prefix, whatever host it names.
    let back = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|from| from.find(PREFIX).map(|at| &from[at..]))
        .unwrap_or(PREFIX);
    let mut response = Redirect::to(back).into_response();
    let cookie = format!("{THEME_COOKIE}={}; Path={PREFIX}; SameSite=Lax", theme.word());
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).expect("a theme word is plain ASCII"));
    response
}

fn theme_of(headers: &HeaderMap) -> Theme {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let word = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == THEME_COOKIE)
        .map_or("", |(_, word)| word);
    Theme::from_word(word)
}

async fn index(headers: HeaderMap) -> Markup {
    render("", theme_of(&headers), "").expect("the index is always there")
}

async fn show_invite(headers: HeaderMap) -> Markup {
    pages::invite(Preferences { theme: theme_of(&headers), ..Preferences::default() }, None)
}

/// Refused: the same form with what was typed. Taken: on to the list, where the toast waits; a form that updates in place is told by a
/// header, because its request would follow a redirect itself.
async fn send_invite(headers: HeaderMap, Form(sent): Form<pages::Invitation>) -> Response {
    let list = format!("{PREFIX}/page-people");
    if !sent.is_fine() {
        let preferences = Preferences { theme: theme_of(&headers), ..Preferences::default() };
        return (StatusCode::UNPROCESSABLE_ENTITY, pages::invite(preferences, Some(&sent))).into_response();
    }
    if headers.contains_key("hx-request") {
        return ([("hx-redirect", list)], "").into_response();
    }
    Redirect::to(&list).into_response()
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn show(Path(slug): Path<String>, Query(search): Query<Search>, headers: HeaderMap) -> Response {
    match render(&slug, theme_of(&headers), &search.q) {
        Some(page) => page.into_response(),
        None => (StatusCode::NOT_FOUND, "no such gallery page").into_response(),
    }
}

/// How often the sample stream speaks.
const LIVE_PAUSE: Duration = Duration::from_secs(2);

/// A stream that counts, so that live updates and their loss can be seen.
async fn live() -> impl IntoResponse {
    let messages = stream::unfold(0_u32, |number| async move {
        if number > 0 {
            tokio::time::sleep(LIVE_PAUSE).await;
        }
        let part = partial("#live-count", "innerHTML", &html! { "Update " (number + 1) });
        Some((Ok::<_, Infallible>(Event::default().id(number.to_string()).data(part.into_string())), number + 1))
    });
    Sse::new(messages)
}

/// A gallery page by slug; the empty slug is the index. The query narrows the list of the page that has one.
pub fn render(slug: &str, theme: Theme, query: &str) -> Option<Markup> {
    let preferences = Preferences { theme, ..Preferences::default() };
    match slug {
        "" => Some(page(&frame("Gallery", preferences), &nav("").beside(&overview()))),
        "page-home" => Some(pages::home(preferences)),
        "page-people" => Some(pages::people(preferences, query)),
        "page-invite" => Some(pages::invite(preferences, None)),
        "page-inbox" => Some(pages::inbox(preferences)),
        "page-sign-in" => Some(pages::sign_in(preferences)),
        "page-second-factor" => Some(pages::second_factor(preferences)),
        "page-problem" => Some(pages::not_found(preferences)),
        _ => {
            let family = families().into_iter().find(|family| family.slug == slug)?;
            Some(page(&frame(family.title, preferences), &nav(slug).beside(&family_page(&family))))
        }
    }
}

fn frame(title: &str, preferences: Preferences) -> PageFrame {
    sample_frame(title, preferences)
}

fn nav(current: &str) -> SubNav {
    let parts = families()
        .into_iter()
        .map(|family| NavLink::new(family.title, format!("{PREFIX}/{}", family.slug)).current(family.slug == current))
        .collect();
    let pages = PAGES.iter().map(|(slug, title)| NavLink::new(*title, format!("{PREFIX}/{slug}"))).collect();
    SubNav { label: "Gallery".into(), groups: vec![("Components".into(), parts), ("Pages".into(), pages)] }
}

fn overview() -> Markup {
    html! {
        (PageHead { lead: Some("Every component in every state, drawn from the samples that the tests use.".into()), ..PageHead::new("Gallery") })
        @for family in families() {
            section.stack-s {
                h2 { a href={ (PREFIX) "/" (family.slug) } { (family.title) } }
                p.muted { @for (index, entry) in family.entries.iter().enumerate() { @if index > 0 { " · " } (entry.name) } }
            }
        }
    }
}

fn family_page(family: &Family) -> Markup {
    html! {
        h1 { (family.title) }
        div.gallery {
            @for entry in &family.entries {
                section.gallery-entry aria-label=(entry.name) {
                    div { h2 { (entry.name) } p.muted { (entry.about) } }
                    @for sample in (entry.samples)() {
                        div.gallery-sample { p.gallery-state { (sample.state) } div.gallery-frame { (sample.html) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_renders_and_stays_under_the_page_budget() {
        for path in paths() {
            let slug = path.strip_prefix(PREFIX).unwrap().trim_start_matches('/');
            let html = render(slug, Theme::Dark, "").unwrap_or_else(|| panic!("{path} renders")).into_string();
            assert!(html.len() < 60_000, "{path} is {} bytes", html.len());
        }
    }

    #[test]
    fn the_theme_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; gallery-theme=dark; c=d"));
        assert_eq!(theme_of(&headers), Theme::Dark);
        assert_eq!(theme_of(&HeaderMap::new()), Theme::System);
    }
}
