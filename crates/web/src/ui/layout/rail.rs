//! The one left rail; a bottom bar of the same links on a phone, without scripts.

use maud::{Markup, html};

use crate::assets::Asset;
use crate::ui::Icon;

/// The seven rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// What needs me now.
    Home,
    /// Messages.
    Inbox,
    /// Posts.
    Publish,
    /// Findings, alerts, cases.
    Risk,
    /// The record.
    Records,
    /// Documents and training.
    Policy,
    /// People, profiles, rules, the workspace.
    Settings,
}

impl Room {
    /// Visible name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Inbox => "Inbox",
            Self::Publish => "Publish",
            Self::Risk => "Risk",
            Self::Records => "Records",
            Self::Policy => "Policy",
            Self::Settings => "Settings",
        }
    }

    /// Picture.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Home => Icon::House,
            Self::Inbox => Icon::Inbox,
            Self::Publish => Icon::Send,
            Self::Risk => Icon::ShieldAlert,
            Self::Records => Icon::Archive,
            Self::Policy => Icon::ScrollText,
            Self::Settings => Icon::Settings,
        }
    }

    /// The letter after `g`.
    pub const fn go(self) -> &'static str {
        match self {
            Self::Home => "h",
            Self::Inbox => "i",
            Self::Publish => "p",
            Self::Risk => "r",
            Self::Records => "c",
            Self::Policy => "o",
            Self::Settings => "s",
        }
    }
}

/// A room in the rail.
#[derive(Debug, Clone)]
pub struct RailItem {
    /// Which.
    pub room: Room,
    /// Its first page.
    pub href: String,
    /// What waits there; zero is not shown.
    pub count: Option<u64>,
    /// Whether the count cannot wait.
    pub urgent: bool,
    /// Whether the page shown lies in this room.
    pub current: bool,
}

/// Largest count printed in full; beyond it the exact number is in the accessible name.
const COUNT_SHOWN_MAX: u64 = 99;

impl RailItem {
    fn count(&self) -> Markup {
        html! {
            @if let Some(count) = self.count.filter(|count| *count > 0) {
                span.rail-count data-urgent=[self.urgent.then_some("")] {
                    span aria-hidden="true" { @if count > COUNT_SHOWN_MAX { (COUNT_SHOWN_MAX) "+" } @else { (count) } }
                    span.unseen { ", " (count) @if self.urgent { " urgent" } @else { " waiting" } }
                }
            }
        }
    }
}

pub(super) fn rail(items: &[RailItem], workspace: &str) -> Markup {
    html! {
        nav.rail aria-label="Rooms" {
            a.rail-brand href="/" { img src=(Asset::Favicon.href()) alt="" width="22" height="22"; span { "Gatepost" } }
            ul.rail-list {
                @for item in items {
                    li {
                        a.rail-link href=(item.href) aria-current=[item.current.then_some("page")] data-go=(item.room.go()) {
                            (item.room.icon()) span.rail-label { (item.room.label()) } (item.count())
                        }
                    }
                }
            }
            p.rail-foot { (workspace) }
        }
    }
}
