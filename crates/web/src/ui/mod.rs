//! The components every page is built from: typed input, HTML out.
//!
//! Invariant: a component is a pure function of its public fields; it reads no clock, no database and no request, writes no inline style
//! or script (the content security policy forbids both), and shows only what it was handed, so rights are decided before it is called.
//! Every component has `samples()`, from which the gallery, the snapshots and the browser tests are made.
//! Not here: pages, routes, wording of errors of the desk.

pub mod approval;
pub mod badge;
pub mod button;
pub mod calendar;
pub mod chart;
pub mod choice;
pub mod conflict;
pub mod dialog;
pub mod editor;
pub mod facts;
pub mod feedback;
pub mod field;
pub mod form;
pub mod icon;
pub mod keys;
pub mod layout;
pub mod lines;
pub mod live;
pub mod message;
pub mod nav;
pub mod palette;
pub mod passkey;
pub mod person;
pub mod preview;
pub mod progress;
pub mod results;
pub mod secret;
pub mod table;
pub mod text_area;
pub mod time;
pub mod timeline;

#[cfg(test)]
mod tests;

use maud::{Markup, Render};

pub use icon::Icon;

/// What a thing means for the reader; colour follows from it and is never the only sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// No judgement.
    #[default]
    Neutral,
    /// Ours, chosen, current.
    Accent,
    /// Worth knowing.
    Info,
    /// Went well.
    Good,
    /// Needs a look.
    Warning,
    /// Went wrong, or cannot be undone.
    Danger,
}

impl Tone {
    /// The value of `data-tone` in the style sheet; none for neutral.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Neutral => None,
            Self::Accent => Some("accent"),
            Self::Info => Some("info"),
            Self::Good => Some("good"),
            Self::Warning => Some("warning"),
            Self::Danger => Some("danger"),
        }
    }

    /// The icon that says the same as the colour.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Neutral | Self::Accent | Self::Info => Icon::Info,
            Self::Good => Icon::CircleCheck,
            Self::Warning => Icon::TriangleAlert,
            Self::Danger => Icon::OctagonAlert,
        }
    }
}

/// One state of a component, rendered.
pub struct Sample {
    /// What the state is, for the gallery's heading and the snapshot.
    pub state: &'static str,
    /// The component in this state.
    pub html: Markup,
}

impl Sample {
    /// Renders a component in one state.
    pub fn new(state: &'static str, component: impl Render) -> Self {
        Self { state, html: component.render() }
    }
}

/// A component that can show itself.
pub trait Component: Render {
    /// The name as written in code.
    const NAME: &'static str;
    /// When to use it, in one sentence.
    const ABOUT: &'static str;
    /// Every state worth looking at. Ids in samples are unique across the gallery page of the family.
    fn samples() -> Vec<Sample>;
}

/// A component's place in the gallery.
pub struct Entry {
    /// [`Component::NAME`].
    pub name: &'static str,
    /// [`Component::ABOUT`].
    pub about: &'static str,
    /// [`Component::samples`].
    pub samples: fn() -> Vec<Sample>,
}

impl Entry {
    /// The entry of one component.
    pub fn of<C: Component>() -> Self {
        Self { name: C::NAME, about: C::ABOUT, samples: C::samples }
    }
}

/// Components that are looked at together: one page of the gallery, one snapshot.
pub struct Family {
    /// Last part of the gallery address.
    pub slug: &'static str,
    /// Heading.
    pub title: &'static str,
    /// In reading order.
    pub entries: Vec<Entry>,
}

/// Declares the one list, so that a family is one line.
macro_rules! families {
    ($($slug:literal, $title:literal: [$($component:ty),+ $(,)?];)+) => {
        vec![$(Family { slug: $slug, title: $title, entries: vec![$(Entry::of::<$component>()),+] }),+]
    };
}

/// The one list of all components. A component that is not here is not tested and should not exist.
pub fn families() -> Vec<Family> {
    families! {
        "marks", "Marks": [badge::Badge, badge::Kbd, badge::Code, badge::NetworkTag, person::Avatar, person::Person, time::TimeStamp, icon::IconSheet];
        "actions", "Actions": [button::Button, button::Menu, button::Segmented];
        "forms", "Forms": [form::ErrorSummary, field::TextField, field::PasswordField, field::CodeField, text_area::TextArea, lines::LinesField, field::FileField, choice::Select, choice::Toggle, choice::Options, passkey::PasskeyForm, form::Form];
        "lists", "Lists": [results::Filter, results::Count, results::Pager, results::Results, table::Table];
        "feedback", "Feedback": [feedback::Banner, feedback::Toast, feedback::Empty, feedback::Skeleton, progress::Progress, live::LiveDot];
        "dialogs", "Dialogs": [dialog::Confirm, dialog::Dialog, palette::Palette, keys::KeyMap];
        "navigation", "Navigation": [nav::PageHead, nav::Crumbs, nav::Tabs, nav::SubNav];
        "content", "Content": [facts::Facts, facts::Card, facts::ContextPanel, timeline::Timeline, secret::Secret, secret::RecoveryCodes, secret::QrCode];
        "messages", "Messages": [message::MessageCard];
        "posts", "Posts": [editor::PartEditor, preview::PostPreview, calendar::CalendarGrid, conflict::Conflict];
        "approvals", "Approvals": [approval::ApprovalCard, approval::Picker];
        "charts", "Charts": [chart::Stat, chart::Sparkline, chart::BarChart];
    }
}
