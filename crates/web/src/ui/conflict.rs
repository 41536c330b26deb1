//! Two people changed the same text: both versions side by side, and what can be done.
//!
//! Invariant: nothing of either is lost by looking; the reader's own text is still in the form, the other's is here in full.

use maud::{Markup, Render, html};

use super::button::Button;
use super::{Component, Icon, Sample};

/// What the other person saved, beside what was written here.
#[derive(Debug, Clone, Default)]
pub struct Conflict {
    /// What was changed by both: "post".
    pub thing: &'static str,
    /// Who saved it.
    pub other: String,
    /// When, in words.
    pub when: String,
    /// What differs: name of the field, here, there.
    pub differences: Vec<(String, String, String)>,
    /// Keep mine, take theirs.
    pub actions: Vec<Button>,
}

impl Render for Conflict {
    fn render(&self) -> Markup {
        html! {
            section.conflict role="alert" aria-label={ "Somebody else saved this " (self.thing) } {
                div.conflict-head { (Icon::TriangleAlert) p { strong { (self.other) " saved this " (self.thing) " " (self.when) "." } " Your text is not saved yet, and nothing is lost: choose what stays." } }
                @for (field, mine, theirs) in &self.differences {
                    div.conflict-pair {
                        div { p.label { (field) ", yours" } pre.conflict-text tabindex="0" { (mine) } }
                        div { p.label { (field) ", by " (self.other) } pre.conflict-text tabindex="0" { (theirs) } }
                    }
                }
                div.row { @for action in &self.actions { (action) } }
            }
        }
    }
}

impl Component for Conflict {
    const NAME: &'static str = "Conflict";
    const ABOUT: &'static str = "When two people edit one thing. Both texts are shown before one is chosen.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "one text differs",
            Self {
                thing: "post",
                other: "Frida Muster".into(),
                when: "2 min ago".into(),
                differences: vec![(
                    "Text".into(),
                    "We open at nine on Monday.".into(),
                    "We open at ten on Monday, with coffee.".into(),
                )],
                actions: vec![Button::primary("Keep mine"), Button::link("Take theirs", "#theirs")],
            },
        )]
    }
}
