//! Where a post is written: the text with its counts and what was found in it, and the files that hang on it.
//!
//! Invariants: everything here is part of one form that posts without scripts; a count names its network and how it counts, so that
//! the browser can go on counting while somebody types; what was found stands in place (behind the text, with scripts) and as a list
//! below it (always); a file has a field for its words and can be moved and taken off by the keyboard.

use maud::{Markup, Render, html};

use super::button::{Button, Does, Size, Weight};
use super::field::FieldFrame;
use super::message::FindingLevel;
use super::{Component, Icon, Sample, Tone};

/// How long a text is on one network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counter {
    /// The network, or the profile where it has a limit of its own.
    pub label: String,
    /// How long it is.
    pub used: u32,
    /// How long it may be.
    pub max: u32,
    /// Whether it is too long.
    pub over: bool,
    /// The limit as JSON, for the browser (`web-ui/src/counting.ts`).
    pub limit: String,
}

impl Counter {
    fn render(&self, text: &str) -> Markup {
        html! {
            output.counter for=(text) data-over=[self.over.then_some("")] data-counts=(text) data-limit=(self.limit) data-label=(self.label) {
                (self.label) " " (self.used) " of " (self.max)
            }
        }
    }
}

/// The counts below one text: swapped in after each save.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Id of the field that it belongs to.
    pub field: String,
    /// One for each way of counting.
    pub counters: Vec<Counter>,
}

impl Render for Counters {
    fn render(&self) -> Markup {
        html! { div.counters id={ (self.field) "-counters" } data-swap { @for counter in &self.counters { (counter.render(&self.field)) } } }
    }
}

/// Something that was found in a text, or is missing from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How grave: [`Tone::Danger`] stops the post, [`Tone::Warning`] asks for a look.
    pub tone: Tone,
    /// What it is: "Phone number".
    pub title: String,
    /// Rule and reason.
    pub text: String,
    /// Which words of the text, when it is about some.
    pub quote: Option<String>,
}

impl Render for Note {
    fn render(&self) -> Markup {
        html! {
            li.note data-tone=[self.tone.attribute()] {
                (self.tone.icon())
                span { strong { (self.title) } @if let Some(quote) = &self.quote { " " q { (quote) } } " " span.note-why { (self.text) } }
            }
        }
    }
}

/// A piece of a text with what was found in it, for the marks behind the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The piece.
    pub text: String,
    /// How sure, when something was found.
    pub found: Option<FindingLevel>,
}

/// What was found in one text: swapped in after each save.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartNotes {
    /// Id of the field that it belongs to.
    pub field: String,
    /// Below the field.
    pub notes: Vec<Note>,
    /// Behind the text: its pieces in order, all of it.
    pub marks: Vec<Mark>,
}

impl Render for PartNotes {
    fn render(&self) -> Markup {
        let any = self.marks.iter().any(|mark| mark.found.is_some());
        html! {
            div.part-notes id={ (self.field) "-notes" } data-swap {
                @if !self.notes.is_empty() { ul.notes role="list" aria-label="Found in this text" { @for note in &self.notes { (note) } } }
                @if any {
                    div hidden data-marks=(self.field) {
                        @for mark in &self.marks {
                            @match mark.found { Some(level) => mark class=(level.words().0) { (mark.text) }, None => { (mark.text) } }
                        }
                    }
                }
            }
        }
    }
}

/// A file on the post being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediumField {
    /// The file.
    pub media: String,
    /// Prefix of its fields: `common.0`.
    pub name: String,
    /// Where a small picture of it is.
    pub thumbnail: Option<String>,
    /// Its name.
    pub file_name: String,
    /// Kind, size, pixels, and what was taken out of it.
    pub facts: String,
    /// What it shows, in words.
    pub alt: String,
    /// The most characters of that.
    pub alt_max: u32,
    /// What is wrong with it.
    pub notes: Vec<Note>,
    /// Whether it can be cropped.
    pub can_crop: bool,
}

impl MediumField {
    fn id(&self) -> String {
        format!("alt-{}-{}", self.name.replace('.', "-"), self.media)
    }

    /// What is wrong with it: swapped in after each save, beside words that are being typed.
    pub fn notes(&self) -> Markup {
        html! { div.medium-notes id={ (self.id()) "-notes" } data-swap { @if !self.notes.is_empty() { ul.notes role="list" { @for note in &self.notes { (note) } } } } }
    }

    fn act(&self, verb: &str, label: &str, icon: Icon) -> Button {
        let value = format!("{verb}:{}:{}", self.name, self.media);
        Button::new(format!("{label} {}", self.file_name), Does::SubmitWith { name: "do".into(), value })
            .with_icon(icon)
            .with_size(Size::SmallIconOnly)
            .with_weight(Weight::Quiet)
    }
}

impl Render for MediumField {
    fn render(&self) -> Markup {
        let id = self.id();
        html! {
            li.medium data-medium=(self.media) draggable="true" {
                input type="hidden" name={ (self.name) ".media" } value=(self.media);
                @if let Some(image) = &self.thumbnail { img.medium-picture src=(image) alt="" draggable="false" data-full=[self.can_crop.then_some(&self.media)]; }
                @else { span.medium-picture { (Icon::Paperclip) } }
                div.medium-body {
                    p.medium-name { strong { (self.file_name) } " " span.muted { (self.facts) } }
                    label.label for=(id) { "What it shows, for those who do not see it" }
                    textarea.input.medium-alt id=(id) name={ (self.name) ".alt." (self.media) } maxlength=(self.alt_max) rows="2" { (self.alt) }
                    (self.notes())
                }
                div.medium-acts {
                    (self.act("earlier", "Move earlier:", Icon::ArrowUp))
                    (self.act("later", "Move later:", Icon::ArrowDown))
                    @if self.can_crop { button class="button button-quiet button-icon button-small needs-script" type="button" data-crops=(self.media) aria-label={ "Crop " (self.file_name) } title="Crop" { (Icon::Crop) } }
                    (self.act("off", "Take off", Icon::Trash2))
                }
            }
        }
    }
}

/// The files of one part, in order: swapped in when they change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaList {
    /// Id of the text's field that it belongs to.
    pub field: String,
    /// In order.
    pub media: Vec<MediumField>,
}

impl Render for MediaList {
    fn render(&self) -> Markup {
        html! { ul.media role="list" id={ (self.field) "-media" } data-swap aria-label="Files" { @for medium in &self.media { (medium) } } }
    }
}

/// One post of the thread being written.
#[derive(Debug, Clone, Default)]
pub struct PartEditor {
    /// Label, hint, error of the text.
    pub frame: FieldFrame,
    /// Prefix of its fields: `common.0`.
    pub name: String,
    /// What stands in it.
    pub value: String,
    /// How long it is, per network.
    pub counters: Counters,
    /// What was found.
    pub notes: PartNotes,
    /// Its files.
    pub media: MediaList,
    /// Types the file dialog offers.
    pub accept: String,
    /// Buttons of this part: taken off, moved.
    pub actions: Vec<Button>,
}

impl Render for PartEditor {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        let files = format!("{}-files", frame.id);
        html! {
            div.part data-part=(self.name) data-drop role="group" aria-label=(frame.label) {
                (frame.around(&html! {
                    div.marked {
                        div.marks aria-hidden="true" data-marks-of=(frame.id) {}
                        textarea.input id=(frame.id) name={ (self.name) ".text" } rows="5" aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()] data-writes spellcheck="true" { (self.value) }
                    }
                }))
                div.part-foot {
                    (self.counters)
                    div.part-acts {
                        label class="button button-quiet button-small" for=(files) { (Icon::Image) "Add files" }
                        @for action in &self.actions { (action) }
                    }
                }
                (self.notes)
                input.unseen type="file" id=(files) name={ (self.name) ".file" } multiple accept=(self.accept) data-takes-files=(self.name);
                (self.media)
                div.uploads aria-live="polite" {}
            }
        }
    }
}

impl Component for PartEditor {
    const NAME: &'static str = "PartEditor";
    const ABOUT: &'static str =
        "The text of a post with exact counts, what was found in it, and its files. Files can be chosen, dropped and pasted.";

    fn samples() -> Vec<Sample> {
        let limit = r#"{"max":300,"unit":"graphemes","bytes_max":3000,"link_counts":0,"mention_hosts_count":true,"subject_counts":false}"#;
        let counter = |label: &str, used, max| Counter { label: label.into(), used, max, over: used > max, limit: limit.into() };
        let mark = |text: &str, found| Mark { text: text.into(), found };
        let note = |tone, title: &str, text: &str, quote: Option<&str>| Note {
            tone,
            title: title.into(),
            text: text.into(),
            quote: quote.map(Into::into),
        };
        let text = "Late opening this Friday. Book with Kim on +49 30 1234567.";
        let full = Self {
            frame: FieldFrame { id: "sample-part-0".into(), ..FieldFrame::new("common.0.text", "Text") },
            name: "common.0".into(),
            value: text.into(),
            counters: Counters {
                field: "sample-part-0".into(),
                counters: vec![counter("Mastodon", 58, 500), counter("Bluesky", 58, 300)],
            },
            notes: PartNotes {
                field: "sample-part-0".into(),
                notes: vec![
                    note(
                        Tone::Warning,
                        "Phone number",
                        "Rule “personal data in public posts”: valid length for Germany.",
                        Some("+49 30 1234567"),
                    ),
                    note(Tone::Danger, "Disclosure is missing", "The tag “partner” needs one of: Ad, Advertisement.", None),
                ],
                marks: vec![
                    mark("Late opening this Friday. Book with Kim on ", None),
                    mark("+49 30 1234567", Some(FindingLevel::Medium)),
                    mark(".", None),
                ],
            },
            media: MediaList {
                field: "sample-part-0".into(),
                media: vec![MediumField {
                    media: "0190".into(),
                    name: "common.0".into(),
                    thumbnail: None,
                    file_name: "poster.png".into(),
                    facts: "PNG, 1200 × 800, 310 kB; place taken out".into(),
                    alt: String::new(),
                    alt_max: 1_500,
                    notes: vec![note(Tone::Danger, "Alt text is missing", "This workspace asks for it.", None)],
                    can_crop: true,
                }],
            },
            accept: "image/png,image/jpeg".into(),
            actions: vec![],
        };
        let over = Self {
            frame: FieldFrame { id: "sample-part-1".into(), ..FieldFrame::new("common.1.text", "Post 2 of the thread") },
            name: "common.1".into(),
            value: "Much too long for Bluesky.".into(),
            counters: Counters { field: "sample-part-1".into(), counters: vec![counter("Bluesky", 312, 300)] },
            notes: PartNotes { field: "sample-part-1".into(), ..PartNotes::default() },
            media: MediaList { field: "sample-part-1".into(), media: Vec::new() },
            accept: String::new(),
            actions: vec![
                Button::new("Take this post off", Does::SubmitWith { name: "do".into(), value: "part-off:common:1".into() })
                    .with_size(Size::Small)
                    .with_weight(Weight::Quiet),
            ],
        };
        vec![Sample::new("found, missing, a file", full), Sample::new("too long", over)]
    }
}
