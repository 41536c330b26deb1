//! Whole pages: the desk (rail, top bar, content, context panel) and the door (sign-in).
//!
//! Invariant: the frame shows only what it is handed; who may see which room is decided before. No inline script or style anywhere.

pub mod door;
pub mod rail;
pub mod topbar;

use maud::{DOCTYPE, Markup, html};

use super::button::Button;
use super::choice::OnOff;
use super::facts::ContextPanel;
use super::feedback::{Banner, Toast};
use super::keys::KeyMap;
use super::live;
use super::palette::Palette;
use crate::assets::Asset;

pub use door::{DoorFrame, DoorWidth, door};
pub use rail::{RailItem, Room};
pub use topbar::{PersonMenu, StopState, StopSwitch};

/// htmx without its own style sheet; failed partial answers are not swapped in (`web-ui/src/errors.ts` says what happened).
/// Evaluation is never asked for, so that the strictest content security policy holds.
const HTMX_CONFIG: &str = r#"{"includeIndicatorCSS":false,"extensions":"sse","history":"reload","defaultTimeout":20000,"noSwap":[204,304,401,403,404,429,"5xx"],"sse":{"reconnectMaxDelay":15000}}"#;

/// Light, dark, or as the device says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The word used in the page, in the form field `theme` and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a word; unknown words follow the device.
    pub fn from_word(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// How this person likes pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// Colours.
    pub theme: Theme,
    /// Whether single letters act as keys.
    pub letters: OnOff,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: Theme::System, letters: OnOff::On }
    }
}

/// Everything around the content of a page.
#[derive(Debug, Clone, Default)]
pub struct PageFrame {
    /// Title of the document, without the workspace.
    pub title: String,
    /// The workspace's name.
    pub workspace: String,
    /// Rooms this person may enter, in order.
    pub rail: Vec<RailItem>,
    /// The person.
    pub person: PersonMenu,
    /// Theme and keys.
    pub preferences: Preferences,
    /// Places and verbs of this person.
    pub palette: Palette,
    /// The stop switch, for those who may see it.
    pub stop: Option<StopSwitch>,
    /// Conditions of the whole desk, under the top bar.
    pub banners: Vec<Banner>,
    /// Answers to the previous act.
    pub toasts: Vec<Toast>,
    /// Facts beside the content.
    pub panel: Option<ContextPanel>,
    /// Address of the live stream, if the page has one.
    pub stream: Option<String>,
}

fn head(title: &str, workspace: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
            meta name="color-scheme" content="light dark";
            meta name="htmx-config" content=(HTMX_CONFIG);
            title { (title) @if title != workspace { " · " (workspace) } }
            link rel="icon" type="image/svg+xml" href=(Asset::Favicon.href());
            link rel="stylesheet" href=(Asset::Style.href());
            script type="module" src=(Asset::Script.href()) {}
        }
    }
}

fn document(title: &str, workspace: &str, preferences: Preferences, body: &Markup) -> Markup {
    let letters_off = (preferences.letters == OnOff::Off).then_some("off");
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(preferences.theme.word()) data-keys=[letters_off] {
            (head(title, workspace))
            (body)
        }
    }
}

fn toasts(toasts: &[Toast]) -> Markup {
    html! { div.toasts id="toasts" role="region" aria-label="Notifications" aria-live="polite" { @for toast in toasts { (toast) } } }
}

/// A page of the desk.
pub fn page(frame: &PageFrame, content: &Markup) -> Markup {
    let has_panel = frame.panel.is_some().then_some("");
    let rooms = frame.rail.iter().map(|item| item.room.label()).collect();
    let keys = KeyMap { letters: frame.preferences.letters, action: frame.person.keys_action.clone(), rooms };
    let body = html! {
        body {
            a.skip href="#content" { "Skip to content" }
            div.frame {
                (topbar::topbar(frame))
                (rail::rail(&frame.rail, &frame.workspace))
                div.main data-panel=[has_panel] {
                    main.content id="content" tabindex="-1" {
                        (live::offline_strip())
                        div id="news" aria-live="polite" {}
                        @for banner in &frame.banners { (banner) }
                        (content)
                    }
                    @if let Some(panel) = &frame.panel { (panel) }
                }
            }
            (toasts(&frame.toasts))
            (frame.palette)
            (keys)
            @if let Some(href) = &frame.stream { (live::stream(href)) }
        }
    };
    document(&frame.title, &frame.workspace, frame.preferences, &body)
}

/// What could not be shown, and the way on: not found, no right, something broke. For the desk; its title is the page's `h1`.
pub fn problem(status: u16, title: &str, text: &str, actions: &[Button]) -> Markup {
    html! {
        div.stack.measure {
            p.muted.nums { (status) }
            h1 { (title) }
            (problem_at_door(text, actions))
        }
    }
}

/// The same inside [`door`], whose frame already says the title.
pub fn problem_at_door(text: &str, actions: &[Button]) -> Markup {
    html! {
        p.page-lead { (text) }
        @if !actions.is_empty() { div.row { @for action in actions { (action) } } }
    }
}

/// The frame of the sample pages.
pub(crate) fn sample_frame(title: &str, preferences: Preferences) -> PageFrame {
    let item = |room, count, urgent, current| RailItem { room, href: format!("#{}", Room::label(room)), count, urgent, current };
    PageFrame {
        title: title.into(),
        workspace: "Meridian Library".into(),
        rail: vec![
            item(Room::Home, None, false, false),
            item(Room::Inbox, Some(29), false, false),
            item(Room::Publish, Some(3), false, false),
            item(Room::Risk, Some(2), true, false),
            item(Room::Records, None, false, false),
            item(Room::Policy, None, false, false),
            item(Room::Settings, None, false, true),
        ],
        person: topbar::sample_person(),
        preferences,
        palette: super::palette::sample(),
        stop: Some(StopSwitch { state: StopState::Running, href: "#stop".into() }),
        ..PageFrame::default()
    }
}
