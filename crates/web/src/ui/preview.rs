//! A post as its network will show it: name, handle, text with what becomes a link, warning, pictures, thread; one look a network.
//!
//! Invariants: it shows what will be sent and nothing else (what a network cannot carry is not in it); a mark of the inspector stands
//! at its place in the text; a picture without words for those who do not see it says so. The look is near, never a copy: colours and
//! letters are ours, so that nobody takes a preview for a post.

use maud::{Markup, Render, html};

use super::badge::{Badge, NetworkTag};
use super::message::FindingLevel;
use super::person::{Avatar, AvatarSize};
use super::{Component, Icon, Sample, Tone};

/// How a network sets a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// Name above, handle beside, warning folded: Mastodon.
    Mastodon,
    /// Name and handle on one line: Bluesky.
    Bluesky,
    /// Square picture, small time: Slack.
    Slack,
    /// A room's line: Matrix.
    Matrix,
    /// Anything else, and the sandbox.
    #[default]
    Plain,
}

impl Look {
    /// The look of a network by its id.
    pub fn of(network: &str) -> Self {
        match network {
            "mastodon" => Self::Mastodon,
            "bluesky" => Self::Bluesky,
            "slack" => Self::Slack,
            "matrix" => Self::Matrix,
            _ => Self::Plain,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Mastodon => "mastodon",
            Self::Bluesky => "bluesky",
            Self::Slack => "slack",
            Self::Matrix => "matrix",
            Self::Plain => "plain",
        }
    }
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Plain(String),
    /// What the network makes a link of: an address, a name, a hashtag.
    Linked(String),
    /// What the inspector marked.
    Finding {
        /// What is marked.
        shown: String,
        /// How sure.
        level: FindingLevel,
        /// What it is.
        title: String,
        /// Rule and reason.
        explanation: String,
    },
}

/// The address of the small picture of a picture.
pub fn small(picture: &str) -> String {
    format!("{picture}?size=small")
}

/// A file on a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviewMedium {
    /// Where its picture is; nothing for what is no picture. [`small`] leads to its small one.
    pub picture: Option<String>,
    /// Its name.
    pub file_name: String,
    /// What it shows, in words.
    pub alt: String,
}

/// One post of a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviewPart {
    /// Its text.
    pub text: Vec<Piece>,
    /// Its files, in order.
    pub media: Vec<PreviewMedium>,
}

/// A post as one profile's followers will see it.
#[derive(Debug, Clone, Default)]
pub struct PostPreview {
    /// Unique on the page.
    pub id: String,
    /// How it is set.
    pub look: Look,
    /// Network and profile.
    pub network: Option<NetworkTag>,
    /// The profile's name.
    pub name: String,
    /// Its handle.
    pub handle: String,
    /// Content warning or subject.
    pub subject: Option<String>,
    /// Who can read it and where, when it is not everybody: "Followers only", "#announcements".
    pub audience: Option<String>,
    /// The first words of what it answers.
    pub answers: Option<String>,
    /// The posts of the thread.
    pub parts: Vec<PreviewPart>,
    /// What stands beside the name: its own version, its state.
    pub badges: Vec<Badge>,
}

impl PostPreview {
    fn text(&self, part: usize, pieces: &[Piece]) -> Markup {
        html! {
            div.preview-text {
                @for (index, piece) in pieces.iter().enumerate() {
                    @match piece {
                        Piece::Plain(text) => { (text) }
                        Piece::Linked(text) => span.preview-link { (text) },
                        Piece::Finding { shown, level, title, explanation } => {
                            @let (class, word) = level.words();
                            @let tip = format!("{}-{part}-finding-{index}", self.id);
                            mark class=(class) tabindex="0" aria-describedby=(tip) { (shown) }
                            span.finding-tip role="tooltip" id=(tip) { strong { (title) ", " (word) } span { (explanation) } }
                        }
                    }
                }
            }
        }
    }

    fn media(media: &[PreviewMedium]) -> Markup {
        let missing = || Badge::new(Tone::Warning, "No alt text");
        html! {
            @if !media.is_empty() {
                ul.preview-media data-count=(media.len().min(4)) {
                    @for medium in media {
                        li {
                            @if let Some(picture) = &medium.picture {
                                a href=(picture) target="_blank" rel="noopener" { img src=(small(picture)) alt=(medium.alt) loading="lazy" decoding="async"; span.unseen { "See the whole of " (medium.file_name) } }
                                @if medium.alt.is_empty() { (missing()) } @else { span.preview-alt aria-hidden="true" { "ALT" } }
                            } @else {
                                span.media-chip { (Icon::Paperclip) (medium.file_name) }
                                @if medium.alt.is_empty() { (missing()) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn part(&self, index: usize, part: &PreviewPart) -> Markup {
        let body = html! {
            @if part.text.is_empty() && part.media.is_empty() { p.muted { "Nothing here yet." } }
            (self.text(index, &part.text))
            (Self::media(&part.media))
        };
        let warned = self.subject.as_ref().filter(|_| self.look == Look::Mastodon);
        html! {
            li.preview-part {
                (Avatar { name: self.name.clone(), size: AvatarSize::Medium })
                div.preview-body {
                    p.preview-who { strong { (self.name) } " " span.preview-handle { (self.handle) } }
                    @if index == 0 { @if let Some(answers) = &self.answers { p.preview-answers { (Icon::Reply) "Answers: " (answers) } } }
                    @if let Some(warning) = warned {
                        details.preview-warned open { summary { (warning) } (body) }
                    } @else {
                        @if index == 0 { @if let Some(subject) = &self.subject { p.preview-subject { (subject) } } }
                        (body)
                    }
                }
            }
        }
    }
}

impl Render for PostPreview {
    fn render(&self) -> Markup {
        html! {
            article.preview id=(self.id) data-look=(self.look.word()) aria-label={ "Preview for " (self.name) } {
                header.preview-head {
                    @if let Some(network) = &self.network { (network) }
                    @for badge in &self.badges { (badge) }
                    @if let Some(audience) = &self.audience { span.muted { (audience) } }
                }
                ol.preview-thread { @for (index, part) in self.parts.iter().enumerate() { (self.part(index, part)) } }
            }
        }
    }
}

impl Component for PostPreview {
    const NAME: &'static str = "PostPreview";
    const ABOUT: &'static str =
        "What followers will see, for each network in its own way. Marks of the inspector stand in place.";

    fn samples() -> Vec<Sample> {
        let tag = |code: &str, label: &str| {
            Some(NetworkTag { code: code.into(), label: label.into(), profile: Some("Meridian Library".into()) })
        };
        let text = vec![
            Piece::Plain("Late opening this Friday, with ".into()),
            Piece::Linked("@jo@social.example.test".into()),
            Piece::Plain(" and tea. Book with Kim on ".into()),
            Piece::Finding {
                shown: "+49 30 1234567".into(),
                level: FindingLevel::Medium,
                title: "Phone number".into(),
                explanation: "Valid length for Germany, after “on”. A warning: you may send it.".into(),
            },
            Piece::Plain(" or at ".into()),
            Piece::Linked("https://meridian.example.test/friday".into()),
            Piece::Plain(" ".into()),
            Piece::Linked("#LateOpening".into()),
        ];
        let chip = PreviewMedium { picture: None, file_name: "programme.pdf".into(), alt: "The evening's programme".into() };
        let bare = PreviewMedium { picture: None, file_name: "poster.png".into(), alt: String::new() };
        let base = Self {
            id: "preview-sample-ma".into(),
            look: Look::Mastodon,
            network: tag("Ma", "Mastodon"),
            name: "Meridian Library".into(),
            handle: "@meridian@social.example.test".into(),
            subject: Some("Events".into()),
            audience: Some("Followers only".into()),
            answers: None,
            parts: vec![PreviewPart { text: text.clone(), media: vec![chip, bare] }],
            badges: vec![Badge::new(Tone::Accent, "Own version")],
        };
        let thread =
            PreviewPart { text: vec![Piece::Plain("And a second post, for those who read on.".into())], media: Vec::new() };
        let plain = |id: &str, look, network, name: &str, handle: &str| Self {
            id: id.into(),
            look,
            network,
            name: name.into(),
            handle: handle.into(),
            subject: None,
            audience: None,
            badges: Vec::new(),
            parts: vec![PreviewPart { text: text.clone(), media: Vec::new() }, thread.clone()],
            ..base.clone()
        };
        let bluesky = Self {
            answers: Some("“Are you open late on Friday?”".into()),
            ..plain("preview-sample-bs", Look::Bluesky, tag("Bs", "Bluesky"), "Meridian Library", "@meridian.example.test")
        };
        let slack = Self {
            audience: Some("#announcements".into()),
            ..plain("preview-sample-sl", Look::Slack, tag("Sl", "Slack"), "Meridian desk", "app")
        };
        let matrix = plain("preview-sample-mx", Look::Matrix, tag("Mx", "Matrix"), "Meridian desk", "@desk:example.test");
        let empty = Self {
            parts: vec![PreviewPart::default()],
            ..plain("preview-sample-sa", Look::Plain, tag("Sa", "Sandbox"), "Kite fans", "kites")
        };
        vec![
            Sample::new("Mastodon, with a warning", base),
            Sample::new("Bluesky, an answer and a thread", bluesky),
            Sample::new("Slack", slack),
            Sample::new("Matrix", matrix),
            Sample::new("nothing yet", empty),
        ]
    }
}
