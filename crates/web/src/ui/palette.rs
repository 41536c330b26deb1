//! The command palette: every place and verb this person may use, filtered while typing. Ctrl-K.
//!
//! Invariant: its entries are links that the server chose, so it can never offer what the rights forbid. [`Palette::page`] is the same without scripts.

use maud::{Markup, Render, html};

use super::badge::Kbd;
use super::{Component, Icon, Sample};

/// A place or verb.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it is called.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Picture.
    pub icon: Icon,
    /// Where it belongs, or its key.
    pub note: Option<String>,
    /// Other words people use for it; searched, not shown.
    pub also: String,
}

/// Commands under a heading.
#[derive(Debug, Clone)]
pub struct CommandGroup {
    /// "Go to", "Do", "People".
    pub title: String,
    /// In order of likelihood.
    pub commands: Vec<Command>,
}

/// The palette of one person.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// Groups, none empty.
    pub groups: Vec<CommandGroup>,
}

impl Palette {
    fn option(id: &str, group: usize, index: usize, command: &Command) -> Markup {
        let text = format!("{} {} {}", command.label, command.note.as_deref().unwrap_or_default(), command.also);
        html! {
            a.palette-item id={ (id) "-" (group) "-" (index) } role="option" aria-selected="false" tabindex="-1" href=(command.href) data-text=(text) {
                (command.icon) span { (command.label) } @if let Some(note) = &command.note { small { (note) } }
            }
        }
    }

    fn inside(&self, id: &str) -> Markup {
        html! {
            div.palette-search {
                (Icon::Search)
                input type="text" role="combobox" aria-expanded="true" aria-controls={ (id) "-list" } aria-autocomplete="list" aria-label="Find a place or an action" placeholder="Find a place or an action"
                    autocomplete="off" spellcheck="false" data-palette-input;
                (Kbd("Esc"))
            }
            div.palette-list id={ (id) "-list" } role="listbox" aria-label="Places and actions" tabindex="-1" {
                @for (number, group) in self.groups.iter().enumerate() {
                    div role="group" aria-labelledby={ (id) "-group-" (number) } data-palette-group {
                        div.palette-group id={ (id) "-group-" (number) } role="presentation" { (group.title) }
                        @for (index, command) in group.commands.iter().enumerate() { (Self::option(id, number, index, command)) }
                    }
                }
            }
            p.palette-none hidden role="status" data-palette-none { "Nothing is called that. Try fewer letters." }
            div.palette-foot aria-hidden="true" { span { (Kbd("↑")) (Kbd("↓")) " move" } span { (Kbd("Enter")) " open" } }
        }
    }

    /// The same places as a page: what the search button links to without scripts.
    pub fn page(&self) -> Markup {
        html! {
            @for group in &self.groups {
                section.stack-s {
                    h2 { (group.title) }
                    ul.stack-s role="list" { @for command in &group.commands { li { a.person href=(command.href) { (command.icon) (command.label) } } } }
                }
            }
        }
    }
}

impl Render for Palette {
    fn render(&self) -> Markup {
        html! { dialog.dialog.palette id="palette" aria-label="Find a place or an action" { (self.inside("palette")) } }
    }
}

/// The palette of the samples.
pub(crate) fn sample() -> Palette {
    let command = |label: &str, icon, note: Option<&str>, also: &str| Command {
        label: label.into(),
        href: "#go".into(),
        icon,
        note: note.map(Into::into),
        also: also.into(),
    };
    Palette {
        groups: vec![
            CommandGroup {
                title: "Go to".into(),
                commands: vec![
                    command("Inbox", Icon::Inbox, Some("g i"), "messages mentions"),
                    command("Calendar", Icon::Calendar, Some("Publish"), "schedule plan"),
                    command("Audit log", Icon::History, Some("Settings"), "who did what events"),
                ],
            },
            CommandGroup {
                title: "Do".into(),
                commands: vec![
                    command("Write a post", Icon::Pencil, None, "draft compose new"),
                    command("Invite people", Icon::UserPlus, None, "add user"),
                    command("Stop everything outgoing", Icon::Siren, None, "crisis pause halt"),
                ],
            },
        ],
    }
}

impl Component for Palette {
    const NAME: &'static str = "Palette";
    const ABOUT: &'static str =
        "Ctrl-K on every page. Opens the dialog; without scripts the button leads to a page with the same links.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "open",
                html! { section.dialog.palette.shown aria-label="Command palette" { (sample().inside("sample-palette")) } },
            ),
            Sample::new("as a page", sample().page()),
        ]
    }
}
