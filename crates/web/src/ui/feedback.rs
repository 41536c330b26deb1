//! What the page says back: banner, toast, empty state, skeleton.
//!
//! Invariant: nothing a person needs is only in a toast; a banner stays until its cause is gone.

use maud::{Markup, Render, html};

use super::button::{Button, Size};
use super::icon::IconSize;
use super::{Component, Icon, Sample, Tone};

/// Where a banner stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BannerPlace {
    /// In the content.
    #[default]
    Content,
    /// Across the page, under the top bar.
    Page,
}

/// Something that is so, until it is not.
#[derive(Debug, Clone, Default)]
pub struct Banner {
    /// Info, warning, danger or good.
    pub tone: Tone,
    /// One line.
    pub title: String,
    /// What it means and what to do.
    pub text: Option<String>,
    /// What can be done at once.
    pub actions: Vec<Button>,
    /// Content or page.
    pub place: BannerPlace,
}

impl Banner {
    /// A banner in the content without actions.
    pub fn new(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), ..Self::default() }
    }

    /// With what it means.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    /// With one more action.
    #[must_use]
    pub fn action(mut self, action: Button) -> Self {
        self.actions.push(action.with_size(Size::Small));
        self
    }
}

impl Render for Banner {
    fn render(&self) -> Markup {
        let class = match self.place {
            BannerPlace::Content => "banner",
            BannerPlace::Page => "banner banner-page",
        };
        let role = if matches!(self.tone, Tone::Danger | Tone::Warning) { "alert" } else { "status" };
        html! {
            div class=(class) data-tone=[self.tone.attribute()] role=(role) {
                (self.tone.icon())
                div.banner-body {
                    p.banner-title { (self.title) }
                    @if let Some(text) = &self.text { p { (text) } }
                }
                @if !self.actions.is_empty() { div.banner-actions { @for action in &self.actions { (action) } } }
            }
        }
    }
}

impl Component for Banner {
    const NAME: &'static str = "Banner";
    const ABOUT: &'static str = "A condition of this page or of the whole desk, with what to do about it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "info",
                Self::new(Tone::Info, "This list is one minute old").text("The search index is catching up after an import."),
            ),
            Sample::new("good", Self::new(Tone::Good, "All 14 posts are approved")),
            Sample::new(
                "warning with action",
                Self::new(Tone::Warning, "Three people can publish without a second factor")
                    .text("They must set one up at their next sign-in.")
                    .action(Button::link("Show them", "#show")),
            ),
            Sample::new(
                "danger with action",
                Self::new(Tone::Danger, "Two posts were not sent")
                    .text("The network refused the credentials of @meridian.example.test. Nothing was published twice.")
                    .action(Button::link("Reconnect", "#reconnect")),
            ),
            Sample::new(
                "across the page",
                Self {
                    place: BannerPlace::Page,
                    ..Self::new(Tone::Danger, "Everything outgoing is stopped")
                        .text("By Ada Example, 4 minutes ago: wrong price in the autumn campaign.")
                        .action(Button::link("Open crisis desk", "#crisis"))
                },
            ),
        ]
    }
}

/// A short answer to what the person just did. Goes into the page's `#toasts`, also out of band.
#[derive(Debug, Clone, Default)]
pub struct Toast {
    /// Good, info, warning or danger.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// More, if needed.
    pub text: Option<String>,
    /// "Undo", "Show".
    pub action: Option<Button>,
}

impl Toast {
    /// A toast of one line.
    pub fn new(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), ..Self::default() }
    }

    /// The toast as part of a live or partial answer: appended to the page's toasts.
    pub fn out_of_band(&self) -> Markup {
        html! { hx-partial hx-target="#toasts" hx-swap="beforeend" { (self) } }
    }
}

impl Render for Toast {
    fn render(&self) -> Markup {
        let role = (self.tone == Tone::Danger).then_some("alert");
        html! {
            div.toast data-tone=[self.tone.attribute()] role=[role] {
                (self.tone.icon())
                div.toast-text {
                    p.toast-title { (self.title) }
                    @if let Some(text) = &self.text { p.muted { (text) } }
                    @if let Some(action) = &self.action { div { (action) } }
                }
                button class="button button-quiet button-icon button-small needs-script" type="button" data-closes-toast aria-label="Dismiss" { (Icon::X) }
            }
        }
    }
}

impl Component for Toast {
    const NAME: &'static str = "Toast";
    const ABOUT: &'static str = "The answer to an act. Good news leaves after seven seconds; bad news stays until dismissed.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "every tone",
            html! {
                div.toasts {
                    (Self::new(Tone::Good, "Draft saved"))
                    (Self { text: Some("It waits for Chidi van der Test.".into()), action: Some(Button::link("Show", "#show").with_size(Size::Small)), ..Self::new(Tone::Info, "Sent for approval") })
                    (Self::new(Tone::Warning, "Saved, but one image has no description"))
                    (Self { text: Some("The post was changed by Frida Muster meanwhile. Reload to see her version.".into()), ..Self::new(Tone::Danger, "Not saved") })
                }
            },
        )]
    }
}

/// Nothing to show, and the way on.
#[derive(Debug, Clone)]
pub struct Empty {
    /// Picture.
    pub icon: Icon,
    /// What is not there.
    pub title: String,
    /// Why, and what to do.
    pub text: String,
    /// The way on, if the reader may take it.
    pub actions: Vec<Button>,
}

impl Empty {
    /// Without a button.
    pub fn new(icon: Icon, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { icon, title: title.into(), text: text.into(), actions: Vec::new() }
    }

    /// With one more button.
    #[must_use]
    pub fn with_action(mut self, action: Button) -> Self {
        self.actions.push(action);
        self
    }
}

impl Render for Empty {
    fn render(&self) -> Markup {
        html! {
            div.empty {
                (self.icon.sized(IconSize::Huge))
                p.empty-title { (self.title) }
                p { (self.text) }
                @if !self.actions.is_empty() { div.row { @for action in &self.actions { (action) } } }
            }
        }
    }
}

impl Component for Empty {
    const NAME: &'static str = "Empty";
    const ABOUT: &'static str =
        "An empty list says why it is empty and what fills it; a filter that finds nothing says how to widen it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "first use",
                Self::new(
                    Icon::Plug,
                    "No profile is connected",
                    "Connect the first account. Reading starts at once; nothing is sent until somebody approves it.",
                )
                .with_action(Button::link("Connect a profile", "#connect")),
            ),
            Sample::new(
                "nothing found",
                Self::new(
                    Icon::Search,
                    "No message matches “refund tomorrow”",
                    "Three filters are on. Remove one, or search all time instead of the last 30 days.",
                )
                .with_action(Button::link("Clear filters", "#clear")),
            ),
            Sample::new("done", Self::new(Icon::CircleCheck, "Inbox is clear", "New messages appear here by themselves.")),
        ]
    }
}

/// The shape of what is coming. Only for parts that load after the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skeleton {
    /// Rows of a list.
    List,
    /// A paragraph.
    Text,
}

impl Render for Skeleton {
    fn render(&self) -> Markup {
        html! {
            div.skeleton role="status" {
                span.unseen { "Loading" }
                @match self {
                    Self::List => { @for _ in 0..3 { div.bone-row { span.bone.bone-round {} div { div.bone.bone-short {} div.bone.bone-medium {} } } } }
                    Self::Text => { div.bone.bone-long {} div.bone.bone-long {} div.bone.bone-medium {} }
                }
            }
        }
    }
}

impl Component for Skeleton {
    const NAME: &'static str = "Skeleton";
    const ABOUT: &'static str = "Holds the place of a part that loads later, so that nothing jumps.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("list", Self::List), Sample::new("text", Self::Text)]
    }
}
