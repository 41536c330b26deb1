//! Buttons, menus and segmented choices. A button says its verb; only icon buttons in dense rows may hide the words from the eye.

use maud::{Markup, Render, html};

use super::{Component, Icon, Sample, Tone};
use crate::ui::badge::Kbd;

/// How much weight a button has. One primary per view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Weight {
    /// Ordinary.
    #[default]
    Plain,
    /// The one thing to do here.
    Primary,
    /// Irreversible or outward.
    Danger,
    /// Many in a row, or beside something more important.
    Quiet,
}

/// How much room a button takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Size {
    /// 32 px.
    #[default]
    Medium,
    /// 26 px, in rows.
    Small,
    /// 32 px square; the label becomes the accessible name and the tip.
    IconOnly,
    /// 26 px square.
    SmallIconOnly,
}

impl Size {
    const fn shows_label(self) -> bool {
        matches!(self, Self::Medium | Self::Small)
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Medium => "",
            Self::Small => " button-small",
            Self::IconOnly => " button-icon",
            Self::SmallIconOnly => " button-icon button-small",
        }
    }
}

/// What happens on press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Goes to an address.
    Link(String),
    /// Sends the form around it.
    Submit,
    /// Sends the form around it, with one more field.
    SubmitWith {
        /// Field name.
        name: String,
        /// Field value.
        value: String,
    },
    /// Sends the form around it to another address.
    SubmitTo(String),
    /// Opens a dialog of this page by id.
    Opens(String),
    /// Closes a dialog by id.
    Closes(String),
    /// Opens a menu by id.
    Menu(String),
    /// Nothing: shown, but not available, for this reason.
    Unavailable(String),
}

/// A button or a link that looks like one.
#[derive(Debug, Clone)]
pub struct Button {
    /// The verb.
    pub label: String,
    /// What happens.
    pub does: Does,
    /// Weight.
    pub weight: Weight,
    /// Room.
    pub size: Size,
    /// Picture before the label.
    pub icon: Option<Icon>,
    /// Letter of the keyboard map that presses it (inside the current item, or on the page within `data-page-acts`).
    pub key: Option<&'static str>,
}

impl Button {
    /// An ordinary button.
    pub fn new(label: impl Into<String>, does: Does) -> Self {
        Self { label: label.into(), does, weight: Weight::Plain, size: Size::Medium, icon: None, key: None }
    }

    /// The one thing to do: sends the form.
    pub fn primary(label: impl Into<String>) -> Self {
        Self { weight: Weight::Primary, ..Self::new(label, Does::Submit) }
    }

    /// A link that looks like a button.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self::new(label, Does::Link(href.into()))
    }

    /// With a picture.
    #[must_use]
    pub fn with_icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// With another weight.
    #[must_use]
    pub fn with_weight(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    /// With another size.
    #[must_use]
    pub fn with_size(self, size: Size) -> Self {
        Self { size, ..self }
    }

    /// With a letter of the keyboard map.
    #[must_use]
    pub fn with_key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    fn class(&self) -> String {
        let weight = match self.weight {
            Weight::Plain => "",
            Weight::Primary => " button-primary",
            Weight::Danger => " button-danger",
            Weight::Quiet => " button-quiet",
        };
        format!("button{weight}{}", self.size.class())
    }

    fn inside(&self) -> Markup {
        html! {
            @if matches!(self.does, Does::Submit | Does::SubmitWith { .. } | Does::SubmitTo(_)) { (Icon::spinner()) }
            @if let Some(icon) = self.icon { (icon) }
            @if self.size.shows_label() { span { (self.label) } }
            @if let Does::Unavailable(reason) = &self.does { span.unseen { ". " (reason) } }
        }
    }
}

impl Render for Button {
    fn render(&self) -> Markup {
        let class = self.class();
        // For an icon alone the tip is also the accessible name; writing it twice would cost a list page kilobytes.
        let tip = (!self.size.shows_label()).then_some(&self.label);
        let inside = self.inside();
        match &self.does {
            Does::Link(href) => {
                html! { a class=(class) href=(href) title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::Submit => {
                html! { button class=(class) type="submit" title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::SubmitWith { name: field, value } => {
                html! { button class=(class) type="submit" name=(field) value=(value) title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::SubmitTo(action) => {
                html! { button class=(class) type="submit" formaction=(action) title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::Opens(dialog) => {
                html! { button class=(class) type="button" commandfor=(dialog) command="show-modal" aria-haspopup="dialog" title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::Closes(dialog) => {
                html! { button class=(class) type="button" commandfor=(dialog) command="close" title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::Menu(menu) => {
                html! { button class=(class) type="button" popovertarget=(menu) title=[tip] data-key=[self.key] { (inside) } }
            }
            Does::Unavailable(reason) => {
                html! { button class=(class) type="button" aria-disabled="true" title=(reason) { (inside) } }
            }
        }
    }
}

impl Component for Button {
    const NAME: &'static str = "Button";
    const ABOUT: &'static str = "A verb. Primary once per view; danger only for what cannot be undone or goes outside.";

    fn samples() -> Vec<Sample> {
        let plain = |label: &str| Self::new(label, Does::Submit);
        vec![
            Sample::new(
                "weights",
                html! { div.row { (Self::primary("Send for approval")) (plain("Save draft")) (plain("Delete post").with_weight(Weight::Danger)) (plain("Skip").with_weight(Weight::Quiet)) } },
            ),
            Sample::new(
                "icons and sizes",
                html! { div.row {
                    (plain("Invite").with_icon(Icon::UserPlus)) (plain("Export").with_icon(Icon::Download).with_size(Size::Small))
                    (plain("Edit").with_icon(Icon::Pencil).with_size(Size::IconOnly)) (plain("More").with_icon(Icon::Ellipsis).with_size(Size::SmallIconOnly).with_weight(Weight::Quiet))
                    (Self::link("Open", "#open").with_icon(Icon::ArrowRight))
                } },
            ),
            Sample::new(
                "unavailable, with the reason",
                Self::new("Approve", Does::Unavailable("You wrote this post; somebody else must approve it".into())),
            ),
        ]
    }
}

/// One line of a menu.
#[derive(Debug, Clone)]
pub struct MenuItem {
    /// The verb.
    pub label: String,
    /// Picture.
    pub icon: Icon,
    /// What happens; submitting items post an own small form.
    pub does: MenuDoes,
    /// Danger for what destroys.
    pub tone: Tone,
    /// Key to print on the right.
    pub key: Option<&'static str>,
}

/// What a menu line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuDoes {
    /// Goes to an address.
    Link(String),
    /// Posts to an address.
    Post(String),
    /// Opens a dialog of this page.
    Opens(String),
}

impl Render for MenuItem {
    fn render(&self) -> Markup {
        let inside = html! { (self.icon) span { (self.label) } @if let Some(key) = self.key { (Kbd(key)) } };
        let tone = self.tone.attribute();
        match &self.does {
            MenuDoes::Link(href) => html! { a.menu-item href=(href) data-tone=[tone] { (inside) } },
            MenuDoes::Post(action) => {
                html! { form method="post" action=(action) { button.menu-item type="submit" data-tone=[tone] { (inside) } } }
            }
            MenuDoes::Opens(dialog) => {
                html! { button.menu-item type="button" commandfor=(dialog) command="show-modal" data-tone=[tone] { (inside) } }
            }
        }
    }
}

/// A button with a list of further verbs. The browser's popover: Escape, light dismiss and focus come with it.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Id of the popover.
    pub id: String,
    /// The button that opens it; its `does` is set here.
    pub button: Button,
    /// Groups, divided by lines.
    pub sections: Vec<Vec<MenuItem>>,
}

impl Menu {
    /// The popover without its button.
    pub fn popover(id: &str, inside: &Markup) -> Markup {
        html! { div.menu id=(id) popover="auto" { (inside) } }
    }

    fn inside(&self) -> Markup {
        html! { @for section in &self.sections { div.menu-section { @for item in section { (item) } } } }
    }
}

impl Render for Menu {
    fn render(&self) -> Markup {
        let button = Button { does: Does::Menu(self.id.clone()), ..self.button.clone() };
        html! { (button) (Self::popover(&self.id, &self.inside())) }
    }
}

impl Component for Menu {
    const NAME: &'static str = "Menu";
    const ABOUT: &'static str =
        "More verbs than a row has room for. Plain links, posts and dialog openers; no scripted menu roles.";

    fn samples() -> Vec<Sample> {
        let item = |label: &str, icon, does, tone, key| MenuItem { label: label.into(), icon, does, tone, key };
        let menu = Self {
            id: "sample-menu".into(),
            button: Button::new("More", Does::Submit).with_icon(Icon::Ellipsis),
            sections: vec![
                vec![
                    item("Assign to me", Icon::User, MenuDoes::Post("#assign".into()), Tone::Neutral, Some("a")),
                    item("Open history", Icon::History, MenuDoes::Link("#history".into()), Tone::Neutral, None),
                ],
                vec![item("Delete on network", Icon::Trash2, MenuDoes::Link("#delete".into()), Tone::Danger, None)],
            ],
        };
        let open = html! { div.menu.shown { (menu.inside()) } };
        vec![Sample::new("closed", menu), Sample::new("open", open)]
    }
}

/// One of few, applied at once: theme, day/week/month.
#[derive(Debug, Clone)]
pub struct Segmented {
    /// What is chosen, for assistive technology.
    pub label: String,
    /// Where the choice is posted.
    pub action: String,
    /// Field name.
    pub name: String,
    /// Value, label, picture.
    pub options: Vec<(String, String, Icon)>,
    /// The value in force.
    pub chosen: String,
}

impl Render for Segmented {
    fn render(&self) -> Markup {
        let theme = self.name == "theme";
        html! {
            form method="post" action=(self.action) {
                div.segmented role="group" aria-label=(self.label) {
                    @for (value, label, icon) in &self.options {
                        button type="submit" name=(self.name) value=(value) aria-pressed=(*value == self.chosen) data-sets-theme=[theme.then_some(value)] { (icon) (label) }
                    }
                }
            }
        }
    }
}

impl Component for Segmented {
    const NAME: &'static str = "Segmented";
    const ABOUT: &'static str = "Two to four choices that take effect at once.";

    fn samples() -> Vec<Sample> {
        let option = |value: &str, label: &str, icon| (value.to_owned(), label.to_owned(), icon);
        vec![Sample::new(
            "calendar range",
            Self {
                label: "Range".into(),
                action: "#range".into(),
                name: "range".into(),
                options: vec![
                    option("day", "Day", Icon::Clock),
                    option("week", "Week", Icon::ListChecks),
                    option("month", "Month", Icon::Calendar),
                ],
                chosen: "week".into(),
            },
        )]
    }
}
