//! Forms as a whole: the summary of what is wrong, sections, the row of buttons.
//!
//! Invariant: a form posts without scripts; `swaps` only makes the same post update in place.

use maud::{Markup, PreEscaped, Render, html};

use super::button::{Button, Does, Weight};
use super::field::{FieldFrame, PasswordField, PasswordUse, TextField, TextKind};
use super::{Component, Sample};

/// All errors of a failed form, on top, each a link to its field. Takes the focus when it appears.
#[derive(Debug, Clone, Default)]
pub struct ErrorSummary {
    /// Id of the field and what is wrong; an empty id for what belongs to no field.
    pub errors: Vec<(String, String)>,
}

impl ErrorSummary {
    /// Collects the errors of field frames.
    pub fn of<'a>(frames: impl IntoIterator<Item = &'a FieldFrame>) -> Self {
        let errors = frames
            .into_iter()
            .filter_map(|frame| Some((frame.id.clone(), format!("{}: {}", frame.label, frame.error.as_ref()?))))
            .collect();
        Self { errors }
    }
}

impl Render for ErrorSummary {
    fn render(&self) -> Markup {
        html! {
            @if !self.errors.is_empty() {
                div.error-summary role="alert" tabindex="-1" data-error-summary {
                    h2 { @if self.errors.len() == 1 { "One thing needs a change" } @else { (self.errors.len()) " things need a change" } }
                    ul {
                        @for (field, what) in &self.errors {
                            li { @if field.is_empty() { (what) } @else { a href={ "#" (field) } { (what) } } }
                        }
                    }
                }
            }
        }
    }
}

impl Component for ErrorSummary {
    const NAME: &'static str = "ErrorSummary";
    const ABOUT: &'static str = "Stands above a form that was refused. Nothing renders when there is no error.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "two errors",
            Self {
                errors: vec![
                    ("mail".into(), "Work address: this address has no domain".into()),
                    ("zone-2".into(), "Time zone: choose a time zone".into()),
                ],
            },
        )]
    }
}

/// A group of fields under a heading.
#[derive(Debug, Clone)]
pub struct Section {
    /// Heading; empty for the only section of a form.
    pub title: String,
    /// Rendered fields.
    pub fields: Vec<Markup>,
}

/// Files or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Text fields only.
    #[default]
    Plain,
    /// With files.
    Multipart,
}

/// A form that posts.
#[derive(Debug, Clone)]
pub struct Form {
    /// Id, also the target when it swaps in place.
    pub id: String,
    /// Where it posts.
    pub action: String,
    /// What was wrong last time.
    pub errors: ErrorSummary,
    /// Hidden fields.
    pub hidden: Vec<(String, String)>,
    /// Groups of fields.
    pub sections: Vec<Section>,
    /// First one primary.
    pub buttons: Vec<Button>,
    /// Files or not.
    pub encoding: Encoding,
    /// With scripts: replace the form in place by the answer's element of the same id, instead of loading a page.
    pub swaps: Swaps,
}

/// Whether a form updates in place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Swaps {
    /// Loads the answer as a page.
    #[default]
    Page,
    /// Replaces the form by the answer's element of the same id.
    InPlace,
}

impl Form {
    /// A form with one unnamed section and one primary button.
    pub fn new(id: impl Into<String>, action: impl Into<String>, fields: Vec<Markup>, submit: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            action: action.into(),
            errors: ErrorSummary::default(),
            hidden: Vec::new(),
            sections: vec![Section { title: String::new(), fields }],
            buttons: vec![Button::primary(submit)],
            encoding: Encoding::Plain,
            swaps: Swaps::Page,
        }
    }
}

impl Render for Form {
    fn render(&self) -> Markup {
        let in_place = self.swaps == Swaps::InPlace;
        let itself = in_place.then(|| format!("#{}", self.id));
        let files = (self.encoding == Encoding::Multipart).then_some("multipart/form-data");
        html! {
            form.form id=(self.id) method="post" action=(self.action) enctype=[files] novalidate
                hx-post=[in_place.then_some(&self.action)] hx-target=[itself.as_ref()] hx-select=[itself.as_ref()] hx-swap=[in_place.then_some("outerHTML")] hx-encoding=[files.filter(|_| in_place)] {
                (self.errors)
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                @for (index, section) in self.sections.iter().enumerate() {
                    @if section.title.is_empty() { div.form-section { @for field in &section.fields { (field) } } }
                    @else {
                        div.form-section role="group" aria-labelledby={ (self.id) "-section-" (index) } {
                            h2 id={ (self.id) "-section-" (index) } { (section.title) }
                            @for field in &section.fields { (field) }
                        }
                    }
                }
                div.form-actions { @for button in &self.buttons { (button) } }
            }
        }
    }
}

impl Component for Form {
    const NAME: &'static str = "Form";
    const ABOUT: &'static str =
        "Summary, sections, buttons. The browser's own bubbles are off: the server's words appear at the field and on top.";

    fn samples() -> Vec<Sample> {
        let name = |error: Option<&str>| TextField {
            frame: FieldFrame { id: "form-name".into(), ..FieldFrame::new("name", "Full name") }.error(error),
            value: "Ada".into(),
            ..TextField::default()
        };
        let mail = TextField {
            frame: FieldFrame { id: "form-mail".into(), ..FieldFrame::new("email", "Address") },
            kind: TextKind::Email,
            value: "ada@meridian.example.test".into(),
            ..TextField::default()
        };
        let password = PasswordField {
            frame: FieldFrame { id: "form-password".into(), ..FieldFrame::new("password", "Password") }
                .hint("At least 12 characters."),
            usage: PasswordUse::New,
        };
        let refused = name(Some("write first and last name: it stands under approvals"));
        let errors = ErrorSummary::of([&refused.frame]);
        let cancel = Button { weight: Weight::Quiet, ..Button::new("Cancel", Does::Link("#cancel".into())) };
        vec![Sample::new(
            "refused, in sections",
            Self {
                errors,
                sections: vec![
                    Section { title: "About you".into(), fields: vec![refused.render(), mail.render()] },
                    Section { title: "Sign-in".into(), fields: vec![password.render(), PreEscaped(String::new())] },
                ],
                buttons: vec![Button::primary("Create account"), cancel],
                ..Self::new("sample-form", "#post", Vec::new(), "")
            },
        )]
    }
}
