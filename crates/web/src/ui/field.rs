//! Typed form fields. Every field has a visible label, an optional hint, and an error that says what to do; what was typed stays.
//!
//! Invariant: `aria-describedby` names exactly the hint and error that are rendered; a password is never rendered back.

use maud::{Markup, Render, html};

use super::{Component, Icon, Sample};

/// Whether the reader must fill the field. Required is the rule and unmarked; the exception is marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Need {
    /// Must be filled.
    #[default]
    Required,
    /// May stay empty; the label says so.
    Optional,
}

/// What all fields share.
#[derive(Debug, Clone, Default)]
pub struct FieldFrame {
    /// Id of the control; hint and error ids are made from it. Unique on the page.
    pub id: String,
    /// Name in the posted form.
    pub name: String,
    /// Visible label.
    pub label: String,
    /// What to know before typing.
    pub hint: Option<String>,
    /// What is wrong and what to do.
    pub error: Option<String>,
    /// Required or not.
    pub need: Need,
}

impl FieldFrame {
    /// A required field whose id is its name.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        let name = name.into();
        Self { id: name.clone(), name, label: label.into(), ..Self::default() }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With what is wrong, if anything.
    #[must_use]
    pub fn error(self, error: Option<impl Into<String>>) -> Self {
        Self { error: error.map(Into::into), ..self }
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { need: Need::Optional, ..self }
    }

    /// Ids of what describes the control.
    pub(super) fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.as_ref().map(|_| "true")
    }

    pub(super) fn required(&self) -> bool {
        self.need == Need::Required
    }

    pub(super) fn optional_mark(&self) -> Markup {
        html! { @if self.need == Need::Optional { span.optional { " (optional)" } } }
    }

    pub(super) fn hint_line(&self) -> Markup {
        html! { @if let Some(hint) = &self.hint { p.hint id={ (self.id) "-hint" } { (hint) } } }
    }

    pub(super) fn error_line(&self) -> Markup {
        html! { @if let Some(error) = &self.error { p.field-error id={ (self.id) "-error" } { (Icon::OctagonAlert) span { (error) } } } }
    }

    /// Label, hint, control, error, in this order.
    pub(super) fn around(&self, control: &Markup) -> Markup {
        html! {
            div.field {
                label.label for=(self.id) { (self.label) (self.optional_mark()) }
                (self.hint_line())
                (control)
                (self.error_line())
            }
        }
    }
}

/// What kind of text is asked for; sets the keyboard of phones and the browser's autofill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextKind {
    /// Any line.
    #[default]
    Text,
    /// A mail address.
    Email,
    /// An address on the web.
    Url,
    /// A whole number.
    Number,
    /// A local date.
    Date,
    /// A local date and time.
    DateTime,
    /// A time of the day.
    Time,
}

impl TextKind {
    const fn attribute(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Url => "url",
            Self::Number => "number",
            Self::Date => "date",
            Self::DateTime => "datetime-local",
            Self::Time => "time",
        }
    }

    const fn width(self) -> &'static str {
        match self {
            Self::Number | Self::Time => "input input-short",
            Self::Date | Self::DateTime => "input input-medium",
            Self::Text | Self::Email | Self::Url => "input",
        }
    }
}

/// One line of text.
#[derive(Debug, Clone, Default)]
pub struct TextField {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// Kind of text.
    pub kind: TextKind,
    /// What stands in it: the stored value, or what was typed when the form failed.
    pub value: String,
    /// Autofill token of the HTML standard (`username`, `email`, `name`, `off` …).
    pub autocomplete: Option<&'static str>,
    /// Longest accepted text, in characters.
    pub length_max: Option<u32>,
}

impl Render for TextField {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        frame.around(&html! {
            input class=(self.kind.width()) type=(self.kind.attribute()) id=(frame.id) name=(frame.name) value=(self.value) required[frame.required()]
                autocomplete=[self.autocomplete] maxlength=[self.length_max] aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()];
        })
    }
}

impl Component for TextField {
    const NAME: &'static str = "TextField";
    const ABOUT: &'static str =
        "One line. The hint stands above the box so that autofill menus and phone keyboards do not hide it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "empty with hint",
                Self {
                    frame: FieldFrame::new("team", "Team name").hint("People see it in approvals and in the audit log."),
                    ..Self::default()
                },
            ),
            Sample::new("optional", Self { frame: FieldFrame::new("phone", "Phone").optional(), ..Self::default() }),
            Sample::new(
                "with error, keeps what was typed",
                Self {
                    frame: FieldFrame::new("mail", "Work address")
                        .error(Some("this address has no domain: write it like ada@example.test")),
                    kind: TextKind::Email,
                    value: "ada@".into(),
                    autocomplete: Some("email"),
                    length_max: Some(254),
                },
            ),
            Sample::new(
                "number",
                Self {
                    frame: FieldFrame::new("quorum", "Approvals needed"),
                    kind: TextKind::Number,
                    value: "2".into(),
                    ..Self::default()
                },
            ),
            Sample::new(
                "date and time",
                Self {
                    frame: FieldFrame::new("slot", "Publish at").hint("Your zone: Europe/Berlin (UTC+1)"),
                    kind: TextKind::DateTime,
                    value: "2026-11-23T09:30".into(),
                    ..Self::default()
                },
            ),
        ]
    }
}

/// Whether a password is being entered or made; tells password managers what to offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PasswordUse {
    /// Signing in.
    #[default]
    Current,
    /// Choosing a new one.
    New,
}

/// A password. Pasting works, managers work, showing works.
#[derive(Debug, Clone, Default)]
pub struct PasswordField {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// Entered or made.
    pub usage: PasswordUse,
}

impl Render for PasswordField {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        let autocomplete = match self.usage {
            PasswordUse::Current => "current-password",
            PasswordUse::New => "new-password",
        };
        frame.around(&html! {
            div.affix {
                input.input type="password" id=(frame.id) name=(frame.name) required[frame.required()] autocomplete=(autocomplete) autocapitalize="none" spellcheck="false"
                    aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()];
                button.button.button-quiet.button-small.needs-script type="button" data-shows=(frame.id) aria-pressed="false" aria-label={ "Show " (frame.label) } { "Show" }
            }
        })
    }
}

impl Component for PasswordField {
    const NAME: &'static str = "PasswordField";
    const ABOUT: &'static str = "A secret the person knows. The value is never sent back to the page.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "sign in",
                Self {
                    frame: FieldFrame { id: "password-in".into(), ..FieldFrame::new("password", "Password") },
                    usage: PasswordUse::Current,
                },
            ),
            Sample::new(
                "new, refused",
                Self {
                    frame: FieldFrame { id: "password-new".into(), ..FieldFrame::new("new_password", "New password") }
                        .hint("At least 12 characters. A sentence is easier to keep than symbols.")
                        .error(Some("this password is on the list of common ones: choose another")),
                    usage: PasswordUse::New,
                },
            ),
        ]
    }
}

/// A short code from a device or a mail.
#[derive(Debug, Clone, Default)]
pub struct CodeField {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// How many digits.
    pub digits: u8,
}

impl Render for CodeField {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        frame.around(&html! {
            input.input.code-input type="text" id=(frame.id) name=(frame.name) required[frame.required()] inputmode="numeric" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"
                maxlength=(u32::from(self.digits) + 2) aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()];
        })
    }
}

impl Component for CodeField {
    const NAME: &'static str = "CodeField";
    const ABOUT: &'static str =
        "One box for the whole code, so that pasting and autofill work; two more characters are taken for spaces.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "empty",
                Self {
                    frame: FieldFrame::new("code", "Code from your authenticator")
                        .hint("Six digits; they change every 30 seconds."),
                    digits: 6,
                },
            ),
            Sample::new(
                "refused",
                Self {
                    frame: FieldFrame { id: "code-bad".into(), ..FieldFrame::new("code", "Code from your authenticator") }
                        .error(Some("that code is not right any more: enter the one shown now")),
                    digits: 6,
                },
            ),
        ]
    }
}

/// A file to upload.
#[derive(Debug, Clone, Default)]
pub struct FileField {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// Accepted types, as in the HTML attribute.
    pub accept: String,
}

impl Render for FileField {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        frame.around(&html! {
            input.input.file-input type="file" id=(frame.id) name=(frame.name) required[frame.required()] accept=(self.accept) aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()];
        })
    }
}

impl Component for FileField {
    const NAME: &'static str = "FileField";
    const ABOUT: &'static str = "A file. The hint says the limit before the upload does.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "image",
            Self {
                frame: FieldFrame::new("image", "Image").hint("PNG or JPEG, up to 8 MB. Place and author data are removed."),
                accept: "image/png,image/jpeg".into(),
            },
        )]
    }
}
