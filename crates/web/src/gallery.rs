//! The gallery: every component in every state, from its own samples, plus whole sample pages. Development only: the caller mounts it or not.
//!
//! Invariant: what is shown is exactly what the snapshots and the browser tests see; nothing here reads the desk.

use axum::Form;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;

use crate::ui::button::{Button, Does, Weight};
use crate::ui::choice::{OnOff, Toggle};
use crate::ui::facts::{Card, sample_panel};
use crate::ui::feedback::{Banner, Toast};
use crate::ui::field::{CodeField, FieldFrame, PasswordField, PasswordUse, TextField, TextKind};
use crate::ui::form::Form as FormPart;
use crate::ui::layout::{DoorFrame, PageFrame, Preferences, Room, StopState, Theme, door, page, problem, sample_frame};
use crate::ui::nav::{NavLink, PageHead, SubNav, sample_subnav};
use crate::ui::results::{Facet, Filter};
use crate::ui::{Family, Icon, Tone, chart, families, message, table, timeline};
use maud::Render;

/// Where the gallery lives.
pub const PREFIX: &str = "/_gallery";

/// Cookie that carries the theme while looking around.
const THEME_COOKIE: &str = "gallery-theme";

/// Whole pages, by the last part of their address.
pub const PAGES: [(&str, &str); 6] = [
    ("page-home", "Page: Home"),
    ("page-people", "Page: People"),
    ("page-inbox", "Page: Inbox"),
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
    render("", theme_of(&headers)).expect("the index is always there")
}

async fn show(Path(slug): Path<String>, headers: HeaderMap) -> Response {
    match render(&slug, theme_of(&headers)) {
        Some(page) => page.into_response(),
        None => (StatusCode::NOT_FOUND, "no such gallery page").into_response(),
    }
}

/// A gallery page by slug; the empty slug is the index.
pub fn render(slug: &str, theme: Theme) -> Option<Markup> {
    let preferences = Preferences { theme, ..Preferences::default() };
    match slug {
        "" => Some(page(&frame("Gallery", preferences), &nav("").beside(&overview()))),
        "page-home" => Some(home(preferences)),
        "page-people" => Some(people(preferences)),
        "page-inbox" => Some(inbox(preferences)),
        "page-sign-in" => Some(sign_in(preferences)),
        "page-second-factor" => Some(second_factor(preferences)),
        "page-problem" => Some(not_found(preferences)),
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

fn in_room(mut frame: PageFrame, room: Room) -> PageFrame {
    for item in &mut frame.rail {
        item.current = item.room == room;
    }
    frame
}

fn home(preferences: Preferences) -> Markup {
    let mut frame = in_room(sample_frame("Home", preferences), Room::Home);
    if let Some(stop) = &mut frame.stop {
        stop.state = StopState::Stopped;
    }
    frame.banners = vec![
        Banner::new(Tone::Danger, "Everything outgoing is stopped")
            .text("By Ada Example, 4 minutes ago: wrong price in the autumn campaign.")
            .action(Button::link("Open crisis desk", "#crisis")),
    ];
    let actions =
        vec![Button::new("Write a post", Does::Link("#write".into())).with_weight(Weight::Primary).with_icon(Icon::Pencil)];
    page(
        &frame,
        &html! {
            (PageHead { actions, ..PageHead::new("Good afternoon, Ada") })
            div.grid-3 { @for stat in chart::sample_stats() { (stat) } }
            div.grid-2 {
                (Card { title: "Latest".into(), actions: Vec::new(), body: timeline::sample().render() })
                (Card { title: "Why posts were rejected".into(), actions: Vec::new(), body: chart::sample_bars().render() })
            }
        },
    )
}

fn people(preferences: Preferences) -> Markup {
    let mut frame = sample_frame("People", preferences);
    frame.toasts = vec![Toast::new(Tone::Good, "Invitation sent")];
    let facet = |label: &str, on| Facet { label: label.into(), href: "#facet".into(), on };
    let filter = Filter {
        action: "#people".into(),
        results_id: "people".into(),
        label: "Filter people".into(),
        facets: vec![facet("Suspended", false), facet("No second factor", false)],
        ..Filter::default()
    };
    let act = |label: &str| Button::new(label, Does::SubmitTo("#bulk".into()));
    let rows = table::Table {
        bulk: Some(table::Bulk {
            action: "#bulk".into(),
            buttons: vec![act("Add to team"), act("Suspend").with_weight(Weight::Danger)],
        }),
        ..table::sample_table("people", "People")
    };
    let head = PageHead {
        lead: Some("Everybody who can sign in, what they may do, and how they prove who they are.".into()),
        actions: vec![
            Button::link("Export", "#export").with_icon(Icon::Download),
            Button::link("Invite", "#invite").with_icon(Icon::UserPlus).with_weight(Weight::Primary),
        ],
        ..PageHead::new("People")
    };
    page(&frame, &sample_subnav().beside(&html! { (head) (filter) (rows) }))
}

fn inbox(preferences: Preferences) -> Markup {
    let mut frame = in_room(sample_frame("Inbox", preferences), Room::Inbox);
    frame.panel = Some(sample_panel());
    frame.palette = crate::ui::palette::sample();
    let filter = Filter {
        action: "#inbox".into(),
        results_id: "inbox".into(),
        label: "Filter messages".into(),
        facets: vec![Facet { label: "Mine".into(), href: "#mine".into(), on: true }],
        ..Filter::default()
    };
    page(
        &frame,
        &html! { (PageHead::new("Inbox")) (filter) section.results id="inbox" aria-label="Messages" { (message::list("Messages", &message::sample_cards())) } },
    )
}

fn sign_in(preferences: Preferences) -> Markup {
    let frame = DoorFrame {
        title: "Sign in".into(),
        workspace: "Meridian Library".into(),
        preferences,
        after: Some(html! { p { a href="#reset" { "Forgot your password?" } } }),
        ..DoorFrame::default()
    };
    let mail = TextField {
        frame: FieldFrame::new("email", "Address"),
        kind: TextKind::Email,
        autocomplete: Some("username webauthn"),
        ..TextField::default()
    };
    let password = PasswordField { frame: FieldFrame::new("password", "Password"), usage: PasswordUse::Current };
    let remember = Toggle {
        frame: FieldFrame::new("keep", "Stay signed in on this device"),
        value: "yes".into(),
        state: OnOff::Off,
        ..Toggle::default()
    };
    let form = FormPart::new("sign-in", "#sign-in", vec![mail.render(), password.render(), remember.render()], "Sign in");
    door(
        &frame,
        &html! { (form) (crate::ui::layout::door::or()) (Button::link("Sign in with a passkey", "#passkey").with_icon(Icon::Fingerprint)) },
    )
}

fn second_factor(preferences: Preferences) -> Markup {
    let frame = DoorFrame {
        title: "One more step".into(),
        lead: Some("Prove that it is you.".into()),
        workspace: "Meridian Library".into(),
        preferences,
        after: Some(html! { p { a href="#recovery" { "Use a recovery code" } } }),
        ..DoorFrame::default()
    };
    let code = CodeField {
        frame: FieldFrame::new("code", "Code from your authenticator")
            .error(Some("that code is not right any more: enter the one shown now")),
        digits: 6,
    };
    door(&frame, &FormPart::new("second-factor", "#second-factor", vec![code.render()], "Continue").render())
}

fn not_found(preferences: Preferences) -> Markup {
    let actions = [Button::link("Go to Inbox", "#inbox"), Button::link("Ask an owner", "#ask").with_weight(Weight::Quiet)];
    page(
        &sample_frame("Not found", preferences),
        &problem(
            404,
            "There is nothing at this address",
            "It may have moved, or you may not have the right to know that it exists.",
            &actions,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_renders_and_stays_under_the_page_budget() {
        for path in paths() {
            let slug = path.strip_prefix(PREFIX).unwrap().trim_start_matches('/');
            let html = render(slug, Theme::Dark).unwrap_or_else(|| panic!("{path} renders")).into_string();
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
