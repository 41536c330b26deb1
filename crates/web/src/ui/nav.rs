//! Where one is: page head, breadcrumb, tabs, the list beside settings.

use maud::{Markup, Render, html};

use super::button::Button;
use super::{Component, Icon, Sample};

/// A link in a row of links.
#[derive(Debug, Clone, Default)]
pub struct NavLink {
    /// Words.
    pub label: String,
    /// Address.
    pub href: String,
    /// Whether this is the page shown.
    pub current: bool,
    /// A number beside it.
    pub count: Option<u64>,
}

impl NavLink {
    /// A link to another page.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), ..Self::default() }
    }

    /// The page shown, or not.
    #[must_use]
    pub fn current(self, current: bool) -> Self {
        Self { current, ..self }
    }

    fn attribute(&self) -> Option<&'static str> {
        self.current.then_some("page")
    }
}

/// The way from the top; the last one is the page itself.
#[derive(Debug, Clone, Default)]
pub struct Crumbs {
    /// From the top.
    pub links: Vec<NavLink>,
}

impl Render for Crumbs {
    fn render(&self) -> Markup {
        html! {
            @if !self.links.is_empty() {
                nav.crumbs aria-label="Breadcrumb" {
                    ol {
                        @for (index, link) in self.links.iter().enumerate() {
                            li { @if index > 0 { (Icon::ChevronRight) } @if link.current { span aria-current="page" { (link.label) } } @else { a href=(link.href) { (link.label) } } }
                        }
                    }
                }
            }
        }
    }
}

impl Component for Crumbs {
    const NAME: &'static str = "Crumbs";
    const ABOUT: &'static str = "Only where a page lies two or more levels deep.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "three levels",
            Self {
                links: vec![
                    NavLink::new("Settings", "#settings"),
                    NavLink::new("People", "#people"),
                    NavLink::new("Ada Example", "#ada").current(true),
                ],
            },
        )]
    }
}

/// The top of a page's content.
#[derive(Debug, Clone, Default)]
pub struct PageHead {
    /// The way here.
    pub crumbs: Crumbs,
    /// The one `h1`.
    pub title: String,
    /// A sentence that says what this page is for, where the title does not.
    pub lead: Option<String>,
    /// Buttons.
    pub actions: Vec<Button>,
}

impl PageHead {
    /// Title only.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Render for PageHead {
    fn render(&self) -> Markup {
        html! {
            header.page-head {
                div.page-head-text {
                    (self.crumbs)
                    h1 { (self.title) }
                    @if let Some(lead) = &self.lead { p.page-lead { (lead) } }
                }
                @if !self.actions.is_empty() { div.row data-page-acts { @for action in &self.actions { (action) } } }
            }
        }
    }
}

impl Component for PageHead {
    const NAME: &'static str = "PageHead";
    const ABOUT: &'static str = "First thing in the content column; holds the page's one h1.";

    fn samples() -> Vec<Sample> {
        let full = Self {
            lead: Some("Everybody who can sign in, what they may do, and how they prove who they are.".into()),
            actions: vec![
                Button::link("Export", "#export").with_icon(Icon::Download),
                Button::primary("Invite").with_icon(Icon::UserPlus),
            ],
            ..Self::new("People")
        };
        let as_sample = |head: Self| maud::PreEscaped(head.render().0.replace("h1>", "h3>"));
        vec![Sample::new("full", as_sample(full)), Sample::new("title only", as_sample(Self::new("Audit log")))]
    }
}

/// Views of one thing.
#[derive(Debug, Clone, Default)]
pub struct Tabs {
    /// Accessible name of the row.
    pub label: String,
    /// Links; each tab is an address.
    pub links: Vec<NavLink>,
}

impl Render for Tabs {
    fn render(&self) -> Markup {
        html! {
            nav.tabs aria-label=(self.label) {
                ul { @for link in &self.links { li { a.tab href=(link.href) aria-current=[link.attribute()] { (link.label) @if let Some(count) = link.count { span.tab-count { (count) } } } } } }
            }
        }
    }
}

impl Component for Tabs {
    const NAME: &'static str = "Tabs";
    const ABOUT: &'static str = "Links between views of one thing; not a scripted tab list.";

    fn samples() -> Vec<Sample> {
        let link = |label: &str, count| NavLink { count, ..NavLink::new(label, "#tab") };
        vec![Sample::new(
            "with counts",
            Self {
                label: "Views of this person".into(),
                links: vec![
                    link("Profile", None).current(true),
                    link("Rights", Some(12)),
                    link("Sessions", Some(2)),
                    link("History", None),
                ],
            },
        )]
    }
}

/// Pages of a room, in groups, beside the content.
#[derive(Debug, Clone, Default)]
pub struct SubNav {
    /// Accessible name.
    pub label: String,
    /// Heading and links.
    pub groups: Vec<(String, Vec<NavLink>)>,
}

impl SubNav {
    /// The list on the left, the page's content on the right.
    pub fn beside(&self, content: &Markup) -> Markup {
        html! { div.with-subnav { (self) div.stack { (content) } } }
    }
}

impl Render for SubNav {
    fn render(&self) -> Markup {
        html! {
            nav.subnav aria-label=(self.label) {
                @for (title, links) in &self.groups {
                    div {
                        @if !title.is_empty() { p.subnav-title { (title) } }
                        ul { @for link in links { li { a href=(link.href) aria-current=[link.attribute()] { (link.label) @if let Some(count) = link.count { span.tab-count { (count) } } } } } }
                    }
                }
            }
        }
    }
}

/// The settings list of the samples.
pub(crate) fn sample_subnav() -> SubNav {
    SubNav {
        label: "Settings".into(),
        groups: vec![
            (
                "People".into(),
                vec![
                    NavLink { count: Some(48), ..NavLink::new("Everybody", "#people") }.current(true),
                    NavLink::new("Teams", "#teams"),
                    NavLink::new("Rights", "#rights"),
                ],
            ),
            (
                "Workspace".into(),
                vec![NavLink::new("Security", "#security"), NavLink::new("Audit log", "#audit"), NavLink::new("Jobs", "#jobs")],
            ),
        ],
    }
}

impl Component for SubNav {
    const NAME: &'static str = "SubNav";
    const ABOUT: &'static str = "For rooms with many pages, such as Settings. A scrolling row on a phone.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("settings", sample_subnav().beside(&html! { p { "The page." } }))]
    }
}
