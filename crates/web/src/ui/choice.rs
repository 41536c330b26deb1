//! Choosing: select, check box and switch, and a group of options with explanations.

use maud::{Markup, Render, html};

use super::field::FieldFrame;
use super::{Component, Icon, Sample};

/// One thing to choose.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Posted value.
    pub value: String,
    /// Visible words.
    pub label: String,
    /// What choosing it means.
    pub hint: Option<String>,
    /// Why it cannot be chosen, if so.
    pub unavailable: Option<String>,
}

impl Choice {
    /// A choice without explanation.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), ..Self::default() }
    }

    /// With an explanation.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// One of many, in a drop-down.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// In the order shown.
    pub choices: Vec<Choice>,
    /// The value in force; an unknown one selects nothing.
    pub chosen: Option<String>,
}

impl Render for Select {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        frame.around(&html! {
            span.select {
                select.input id=(frame.id) name=(frame.name) required[frame.required()] aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()] {
                    @if self.chosen.is_none() { option value="" { "Choose…" } }
                    @for choice in &self.choices {
                        option value=(choice.value) selected[self.chosen.as_ref() == Some(&choice.value)] disabled[choice.unavailable.is_some()] { (choice.label) }
                    }
                }
                (Icon::ChevronsUpDown)
            }
        })
    }
}

impl Component for Select {
    const NAME: &'static str = "Select";
    const ABOUT: &'static str = "One of more than five. Fewer: use Options, where each can be explained.";

    fn samples() -> Vec<Sample> {
        let choices = vec![
            Choice::new("Europe/Berlin", "Berlin (UTC+1)"),
            Choice::new("America/New_York", "New York (UTC−5)"),
            Choice::new("Asia/Tokyo", "Tokyo (UTC+9)"),
        ];
        vec![
            Sample::new(
                "chosen",
                Self {
                    frame: FieldFrame::new("zone", "Time zone"),
                    choices: choices.clone(),
                    chosen: Some("Europe/Berlin".into()),
                },
            ),
            Sample::new(
                "nothing chosen, refused",
                Self {
                    frame: FieldFrame { id: "zone-2".into(), ..FieldFrame::new("zone", "Time zone") }
                        .error(Some("choose a time zone")),
                    choices,
                    chosen: None,
                },
            ),
        ]
    }
}

/// How a yes/no looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ToggleLook {
    /// A box to tick: takes effect with the form.
    #[default]
    Check,
    /// A switch: a setting that is on or off.
    Switch,
}

/// Whether a yes/no is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnOff {
    /// Yes.
    On,
    /// No.
    #[default]
    Off,
}

impl From<bool> for OnOff {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Yes or no.
#[derive(Debug, Clone, Default)]
pub struct Toggle {
    /// Label, hint, error. `need` is not used: a box is never required by itself.
    pub frame: FieldFrame,
    /// Posted value when on.
    pub value: String,
    /// On or off.
    pub state: OnOff,
    /// Box or switch.
    pub look: ToggleLook,
}

impl Render for Toggle {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        let (class, role) = match self.look {
            ToggleLook::Check => (None, None),
            ToggleLook::Switch => (Some("switch"), Some("switch")),
        };
        html! {
            div.choice {
                input type="checkbox" class=[class] role=[role] id=(frame.id) name=(frame.name) value=(self.value) checked[self.state == OnOff::On] aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()];
                label for=(frame.id) { (frame.label) }
                (frame.hint_line())
                (frame.error_line())
            }
        }
    }
}

impl Component for Toggle {
    const NAME: &'static str = "Toggle";
    const ABOUT: &'static str = "Yes or no, as a box in forms and as a switch in settings.";

    fn samples() -> Vec<Sample> {
        let toggle =
            |name: &str, label: &str, state, look| Self { frame: FieldFrame::new(name, label), value: "yes".into(), state, look };
        vec![
            Sample::new(
                "check boxes",
                html! { (toggle("digest", "Send me a daily summary", OnOff::On, ToggleLook::Check)) (toggle("mentions", "Tell me when I am mentioned", OnOff::Off, ToggleLook::Check)) },
            ),
            Sample::new("switch with hint", {
                let mut second = toggle("second_factor", "Require a second factor", OnOff::On, ToggleLook::Switch);
                second.frame = second
                    .frame
                    .hint("For everyone who can publish or administer. People without one set it up at their next sign-in.");
                second
            }),
            Sample::new("switch off", toggle("sign_up", "Let people ask for an invitation", OnOff::Off, ToggleLook::Switch)),
        ]
    }
}

/// One or several of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HowMany {
    /// Exactly one: radio buttons.
    #[default]
    One,
    /// Any number: check boxes.
    Several,
}

/// A few choices, each with its explanation.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Group label, hint, error.
    pub frame: FieldFrame,
    /// One or several.
    pub how_many: HowMany,
    /// In the order shown.
    pub choices: Vec<Choice>,
    /// Values in force.
    pub chosen: Vec<String>,
}

impl Options {
    fn option(&self, index: usize, choice: &Choice) -> Markup {
        let id = format!("{}-{index}", self.frame.id);
        let kind = match self.how_many {
            HowMany::One => "radio",
            HowMany::Several => "checkbox",
        };
        let note = choice.unavailable.as_ref().or(choice.hint.as_ref());
        let described = note.map(|_| format!("{id}-hint"));
        html! {
            div.choice.choice-card {
                input type=(kind) id=(id) name=(self.frame.name) value=(choice.value) checked[self.chosen.contains(&choice.value)] disabled[choice.unavailable.is_some()] aria-describedby=[described];
                label for=(id) { (choice.label) }
                @if let Some(note) = note { p.hint id={ (id) "-hint" } { (note) } }
            }
        }
    }
}

impl Render for Options {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        html! {
            fieldset.field id=(frame.id) aria-describedby=[frame.described_by()] {
                legend.label { (frame.label) (frame.optional_mark()) }
                (frame.hint_line())
                div.options { @for (index, choice) in self.choices.iter().enumerate() { (self.option(index, choice)) } }
                (frame.error_line())
            }
        }
    }
}

impl Component for Options {
    const NAME: &'static str = "Options";
    const ABOUT: &'static str = "Two to five choices that need a sentence each.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "one of",
                Self {
                    frame: FieldFrame::new("level", "Access to this profile"),
                    how_many: HowMany::One,
                    choices: vec![
                        Choice::new("read", "Read only").hint("Sees messages and posts."),
                        Choice::new("approval", "Needs approval").hint("Writes; somebody else releases."),
                        Choice {
                            unavailable: Some("Only people with a second factor can have this.".into()),
                            ..Choice::new("full", "Full publishing")
                        },
                    ],
                    chosen: vec!["approval".into()],
                },
            ),
            Sample::new(
                "several, refused",
                Self {
                    frame: FieldFrame::new("rights", "Rights").error(Some("choose at least one right")),
                    how_many: HowMany::Several,
                    choices: vec![
                        Choice::new("export", "Export records"),
                        Choice::new("audit", "Read the audit log").hint("Sees what everybody did."),
                    ],
                    chosen: Vec::new(),
                },
            ),
        ]
    }
}
