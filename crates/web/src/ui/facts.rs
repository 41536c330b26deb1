//! Facts about one thing: description list, card, context panel.

use maud::{Markup, Render, html};

use super::badge::{Badge, Code};
use super::button::{Button, Size};
use super::person::Person;
use super::{Component, Sample, Tone, time};

/// How much room the terms get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FactsWidth {
    /// In the content column, with lines.
    #[default]
    Wide,
    /// In the context panel, without lines.
    Narrow,
}

/// Term and description, line by line.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Term, description.
    pub lines: Vec<(String, Markup)>,
    /// Room.
    pub width: FactsWidth,
}

impl Facts {
    /// With lines, in the content column.
    pub fn new(lines: Vec<(&str, Markup)>) -> Self {
        Self {
            lines: lines.into_iter().map(|(term, description)| (term.to_owned(), description)).collect(),
            width: FactsWidth::Wide,
        }
    }
}

impl Render for Facts {
    fn render(&self) -> Markup {
        let class = match self.width {
            FactsWidth::Wide => "facts",
            FactsWidth::Narrow => "facts facts-narrow",
        };
        html! { dl class=(class) { @for (term, description) in &self.lines { div { dt { (term) } dd { (description) } } } } }
    }
}

fn sample_lines() -> Vec<(&'static str, Markup)> {
    vec![
        ("State", Badge::new(Tone::Info, "Waiting for approval").render()),
        ("Author", Person { name: "Frida Muster".into(), ..Person::default() }.render()),
        ("Created", time::sample(5_000).render()),
        ("Digest", Code("9f86d081884c7d659a2feaa0c55ad015".into()).render()),
    ]
}

impl Component for Facts {
    const NAME: &'static str = "Facts";
    const ABOUT: &'static str = "What is known about one thing. A table is for many things.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("wide", Self::new(sample_lines())),
            Sample::new("narrow", Self { width: FactsWidth::Narrow, ..Self::new(sample_lines()) }),
        ]
    }
}

/// A bordered part of a page with its own heading.
#[derive(Debug, Clone)]
pub struct Card {
    /// Heading.
    pub title: String,
    /// Buttons in the head.
    pub actions: Vec<Button>,
    /// Content.
    pub body: Markup,
}

impl Render for Card {
    fn render(&self) -> Markup {
        html! {
            section.card aria-label=(self.title) {
                div.card-head { h2 { (self.title) } @if !self.actions.is_empty() { div.row { @for action in &self.actions { (action) } } } }
                div.card-body { (self.body) }
            }
        }
    }
}

impl Component for Card {
    const NAME: &'static str = "Card";
    const ABOUT: &'static str = "Groups what changes together. Cards do not nest.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "with action",
            Self {
                title: "Second factor".into(),
                actions: vec![Button::link("Replace", "#replace").with_size(Size::Small)],
                body: html! { p { "An authenticator app, set up " (time::sample(900_000)) ". Eight recovery codes are unused." } },
            },
        )]
    }
}

/// A section of the panel on the right.
#[derive(Debug, Clone)]
pub struct PanelSection {
    /// Heading.
    pub title: String,
    /// Content.
    pub body: Markup,
}

/// What belongs to the thing in the middle: state, holder, history. Below the content on narrow screens.
#[derive(Debug, Clone, Default)]
pub struct ContextPanel {
    /// Accessible name: "About this post".
    pub label: String,
    /// From the most to the least needed.
    pub sections: Vec<PanelSection>,
}

impl Render for ContextPanel {
    fn render(&self) -> Markup {
        html! {
            aside.panel aria-label=(self.label) {
                @for section in &self.sections { section.panel-section { h2 { (section.title) } (section.body) } }
            }
        }
    }
}

/// The panel of the samples.
pub(crate) fn sample_panel() -> ContextPanel {
    let facts = Facts { width: FactsWidth::Narrow, ..Facts::new(sample_lines()) };
    ContextPanel {
        label: "About this post".into(),
        sections: vec![
            PanelSection { title: "This post".into(), body: facts.render() },
            PanelSection { title: "History".into(), body: super::timeline::sample().render() },
        ],
    }
}

impl Component for ContextPanel {
    const NAME: &'static str = "ContextPanel";
    const ABOUT: &'static str = "Key facts and history beside the content. Never the only place of a button.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("about a post", sample_panel())]
    }
}
