//! Dialogs, and the confirmation that says exactly what will happen.
//!
//! Invariant: a dialog opens without scripts (`command="show-modal"`); a confirmation lists every effect with its account before the button.

use maud::{Markup, PreEscaped, Render, html};

use super::badge::NetworkTag;
use super::button::{Button, Does, Size, Weight};
use super::field::FieldFrame;
use super::{Component, Icon, Sample, Tone};

/// How wide a dialog is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DialogWidth {
    /// 512 px.
    #[default]
    Normal,
    /// 736 px.
    Wide,
}

/// A box above the page.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Id that openers name.
    pub id: String,
    /// Heading and accessible name.
    pub title: String,
    /// Content.
    pub body: Markup,
    /// Buttons at the bottom; a dialog always has a close button at the top.
    pub buttons: Vec<Button>,
    /// Width.
    pub width: DialogWidth,
    /// Where the dialog's form posts; `None`: no form around it.
    pub action: Option<String>,
}

impl Dialog {
    fn inside(&self) -> Markup {
        let close = Button::new("Close", Does::Closes(self.id.clone()))
            .with_icon(Icon::X)
            .with_size(Size::SmallIconOnly)
            .with_weight(Weight::Quiet);
        let body = html! {
            div.dialog-body { (self.body) }
            @if !self.buttons.is_empty() { div.dialog-foot { @for button in &self.buttons { (button) } } }
        };
        html! {
            div.dialog-head { h2 id={ (self.id) "-title" } { (self.title) } (close) }
            @if let Some(action) = &self.action { form method="post" action=(action) { (body) } } @else { (body) }
        }
    }

    /// The dialog as the gallery shows it: in the flow of the page.
    pub(crate) fn shown(&self) -> Markup {
        html! { section class={ (self.class()) " shown" } id=(self.id) aria-labelledby={ (self.id) "-title" } { (self.inside()) } }
    }

    const fn class(&self) -> &'static str {
        match self.width {
            DialogWidth::Normal => "dialog",
            DialogWidth::Wide => "dialog dialog-wide",
        }
    }
}

impl Render for Dialog {
    fn render(&self) -> Markup {
        html! { dialog class=(self.class()) id=(self.id) aria-labelledby={ (self.id) "-title" } { (self.inside()) } }
    }
}

impl Component for Dialog {
    const NAME: &'static str = "Dialog";
    const ABOUT: &'static str = "A short task that needs the whole attention. Escape, the cross and the backdrop close it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("open", sample_view("sample-view").shown()),
            Sample::new(
                "behind its opener",
                html! { (Button::new("Open a dialog", Does::Opens("sample-closed".into()))) (Self { body: html! { p { "Nothing to fill in." } }, ..sample_view("sample-closed") }) },
            ),
        ]
    }
}

/// The dialog of the samples.
pub(crate) fn sample_view(id: &str) -> Dialog {
    let frame = FieldFrame { id: format!("{id}-name"), ..FieldFrame::new("name", "Name of the view") };
    let name = super::field::TextField { frame, value: "Approvers without second factor".into(), ..Default::default() };
    Dialog {
        id: id.into(),
        title: "Save this view".into(),
        body: name.render(),
        buttons: vec![Button::new("Cancel", Does::Closes(id.into())), Button::primary("Save view")],
        width: DialogWidth::Normal,
        action: Some("#views".into()),
    }
}

/// One thing that will happen.
#[derive(Debug, Clone, Default)]
pub struct Effect {
    /// The account it happens on, if it leaves the house.
    pub on: Option<NetworkTag>,
    /// What happens, in one sentence.
    pub text: String,
}

/// Whether an act can be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reversal {
    /// It can be taken back; the sentence says how.
    #[default]
    Possible,
    /// It cannot.
    Impossible,
}

/// The last question before something irreversible or outward.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// Id that openers name.
    pub id: String,
    /// A question with the verb: "Publish this post now?"
    pub title: String,
    /// Everything that will happen, on which accounts.
    pub effects: Vec<Effect>,
    /// Undoable or not.
    pub reversal: Reversal,
    /// What follows and whether it can be undone, in words.
    pub consequence: String,
    /// Where it posts.
    pub action: String,
    /// Hidden fields: ids, the digest that was shown.
    pub hidden: Vec<(String, String)>,
    /// The verb again: "Publish on 2 accounts". Never "OK".
    pub button: String,
    /// For the gravest: a word that must be typed.
    pub word: Option<String>,
}

impl Confirm {
    fn body(&self) -> Markup {
        let tone = match self.reversal {
            Reversal::Possible => Tone::Info,
            Reversal::Impossible => Tone::Danger,
        };
        html! {
            @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
            ul.effects {
                @for effect in &self.effects {
                    li { (Icon::ArrowRight) div.stack-s { @if let Some(on) = &effect.on { div { (on) } } span { (effect.text) } } }
                }
            }
            p.consequence data-tone=[tone.attribute()] { (tone.icon()) span { (self.consequence) } }
            @if let Some(word) = &self.word { (self.word_field(word)) }
        }
    }

    fn word_field(&self, word: &str) -> Markup {
        let id = format!("{}-word", self.id);
        html! {
            div.field {
                label.label for=(id) { "Type " code.code { (word) } " to confirm" }
                input.input id=(id) name="confirm" required autocomplete="off" autocapitalize="none" spellcheck="false" data-confirm-word=(word);
            }
        }
    }

    fn act(&self) -> Markup {
        let weight = match self.reversal {
            Reversal::Possible => Weight::Primary,
            Reversal::Impossible => Weight::Danger,
        };
        let class = if weight == Weight::Danger { "button button-danger" } else { "button button-primary" };
        html! { button class=(class) type="submit" data-confirms { (Icon::spinner()) (self.button) } }
    }

    fn inside(&self) -> Markup {
        let cancel = Button::new("Cancel", Does::Closes(self.id.clone()));
        html! {
            form method="post" action=(self.action) {
                div.dialog-head { h2 id={ (self.id) "-title" } { (self.title) } }
                div.dialog-body { (self.body()) }
                div.dialog-foot { (cancel) (self.act()) }
            }
        }
    }

    /// The same question as a page: for bulk actions and for browsers without dialogs.
    pub fn page(&self, back: &str) -> Markup {
        html! {
            form.confirm-page method="post" action=(self.action) {
                h1 { (self.title) }
                (self.body())
                div.form-actions { (self.act()) (Button::link("Cancel", back)) }
            }
        }
    }
}

impl Render for Confirm {
    fn render(&self) -> Markup {
        html! { dialog.dialog id=(self.id) role="alertdialog" aria-labelledby={ (self.id) "-title" } { (self.inside()) } }
    }
}

impl Component for Confirm {
    const NAME: &'static str = "Confirm";
    const ABOUT: &'static str =
        "Before anything irreversible or outward: what happens, on which accounts, and whether it can be undone.";

    fn samples() -> Vec<Sample> {
        let on = |code: &str, label: &str, profile: &str| {
            Some(NetworkTag { code: code.into(), label: label.into(), profile: Some(profile.into()) })
        };
        let publish = Self {
            id: "sample-confirm".into(),
            title: "Publish this post now?".into(),
            effects: vec![
                Effect {
                    on: on("Bs", "Bluesky", "@meridian.example.test"),
                    text: "The post with one image appears at once.".into(),
                },
                Effect {
                    on: on("Ma", "Mastodon", "@meridian@social.example.test"),
                    text: "The post appears at once, without the image: it has no description.".into(),
                },
            ],
            reversal: Reversal::Possible,
            consequence: "You can delete it on both networks afterwards. People may have seen it by then.".into(),
            action: "#publish".into(),
            hidden: vec![("digest".into(), "9f86d081884c7d65".into())],
            button: "Publish on 2 accounts".into(),
            word: None,
        };
        let dispose = Self {
            id: "sample-dispose".into(),
            title: "Dispose of 1\u{202f}204 records?".into(),
            effects: vec![Effect {
                on: None,
                text: "Bodies of 1\u{202f}204 messages captured before 1 January 2020 are erased. Their ledger entries stay."
                    .into(),
            }],
            reversal: Reversal::Impossible,
            consequence: "This cannot be undone, not from a backup either.".into(),
            action: "#dispose".into(),
            hidden: Vec::new(),
            button: "Erase 1\u{202f}204 records".into(),
            word: Some("erase".into()),
        };
        let shown = |confirm: &Self| html! { section.dialog.shown id=(confirm.id) aria-labelledby={ (confirm.id) "-title" } { (confirm.inside()) } };
        let as_page = Self { id: "sample-page".into(), ..publish.clone() };
        vec![
            Sample::new("can be undone", shown(&publish)),
            Sample::new("cannot be undone, word to type", shown(&dispose)),
            Sample::new("as a page", PreEscaped(as_page.page("#back").0.replace("h1>", "h3>"))),
        ]
    }
}
