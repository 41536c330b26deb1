//! The top bar: workspace, search, stop switch, the person's menu.

use maud::{Markup, Render, html};

use super::{PageFrame, Theme};
use crate::ui::badge::Kbd;
use crate::ui::button::{Menu, MenuDoes, MenuItem, Segmented};
use crate::ui::live::LiveDot;
use crate::ui::person::{Avatar, AvatarSize};
use crate::ui::{Icon, Tone};

/// Whether anything may go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StopState {
    /// Posts and replies go out as approved.
    #[default]
    Running,
    /// Nothing goes out on some profiles, or only after a confirmation.
    Partly,
    /// Nothing goes out.
    Stopped,
}

/// The way to the stop switch, and what it says now.
#[derive(Debug, Clone, Default)]
pub struct StopSwitch {
    /// Running or stopped.
    pub state: StopState,
    /// The page with the switch; it explains and asks before it acts.
    pub href: String,
}

impl Render for StopSwitch {
    fn render(&self) -> Markup {
        let (class, icon, words) = match self.state {
            StopState::Running => ("button button-quiet stop-running", Icon::CirclePause, "Stop switch"),
            StopState::Partly => ("button stop-stopped", Icon::CirclePause, "Partly paused"),
            StopState::Stopped => ("button stop-stopped", Icon::OctagonX, "Everything is stopped"),
        };
        html! { a class=(class) href=(self.href) title=(words) { (icon) span.stop-label { (words) } } }
    }
}

/// What stands in the person's menu. The addresses are plain forms and links.
#[derive(Debug, Clone, Default)]
pub struct PersonMenu {
    /// Full name.
    pub name: String,
    /// Address they sign in with.
    pub address: String,
    /// Their zone in words: "Europe/Berlin (UTC+1)".
    pub zone: String,
    /// Page of their account: name, zone, factors, sessions.
    pub account_href: String,
    /// Page where the zone is set.
    pub zone_href: String,
    /// Takes a POST with `theme=system|light|dark`.
    pub theme_action: String,
    /// Takes a POST with `letters=on|off`.
    pub keys_action: String,
    /// Takes a POST.
    pub sign_out_action: String,
    /// The palette as a page.
    pub palette_href: String,
}

impl PersonMenu {
    fn inside(&self, theme: Theme) -> Markup {
        let item = |label: String, icon, does, key| MenuItem { label, icon, does, tone: Tone::Neutral, key };
        let option = |theme: Theme, label: &str, icon| (theme.word().to_owned(), label.to_owned(), icon);
        let themes = Segmented {
            label: "Theme".into(),
            action: self.theme_action.clone(),
            name: "theme".into(),
            options: vec![
                option(Theme::System, "Auto", Icon::Monitor),
                option(Theme::Light, "Light", Icon::Sun),
                option(Theme::Dark, "Dark", Icon::Moon),
            ],
            chosen: theme.word().into(),
        };
        html! {
            div.menu-section {
                div.menu-person { (Avatar { name: self.name.clone(), size: AvatarSize::Large }) strong { (self.name) } small { (self.address) } }
            }
            div.menu-section { div.menu-title { "Theme" } (themes) }
            div.menu-section {
                (item("Your account".into(), Icon::User, MenuDoes::Link(self.account_href.clone()), None))
                (item(self.zone.clone(), Icon::Globe, MenuDoes::Link(self.zone_href.clone()), None))
                (item("Keyboard".into(), Icon::Keyboard, MenuDoes::Opens("keys".into()), Some("?")))
            }
            div.menu-section { (item("Sign out".into(), Icon::LogOut, MenuDoes::Post(self.sign_out_action.clone()), None)) }
        }
    }
}

pub(super) fn sample_person() -> PersonMenu {
    PersonMenu {
        name: "Ada Example".into(),
        address: "ada@meridian.example.test".into(),
        zone: "Europe/Berlin (UTC+1)".into(),
        account_href: "#account".into(),
        zone_href: "#zone".into(),
        theme_action: "/_gallery/theme".into(),
        keys_action: "/_gallery/keys".into(),
        sign_out_action: "#sign-out".into(),
        palette_href: "/_gallery/dialogs".into(),
    }
}

pub(super) fn topbar(frame: &PageFrame) -> Markup {
    let person = &frame.person;
    html! {
        header.topbar {
            a.workspace href="/" { (frame.workspace) }
            @if frame.stream.is_some() { (LiveDot) }
            span.topbar-space {}
            a.search-button href=(person.palette_href) data-opens-palette { (Icon::Search) span.search-words { "Find a place or an action" } span aria-hidden="true" { (Kbd("Ctrl K")) } }
            @if let Some(stop) = &frame.stop { (stop) }
            button.me type="button" popovertarget="person-menu" title={ "Menu of " (person.name) } { (Avatar { name: person.name.clone(), size: AvatarSize::Medium }) span.unseen { "Menu of " (person.name) } }
            (Menu::popover("person-menu", &person.inside(frame.preferences.theme)))
        }
    }
}
