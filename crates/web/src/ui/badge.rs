//! Small marks: badge, key, code, network tag. A mark says one thing in a word.

use maud::{Markup, Render, html};

use super::{Component, Icon, Sample, Tone};

/// A state or kind in one or two words.
#[derive(Debug, Clone, Default)]
pub struct Badge {
    /// The words.
    pub text: String,
    /// What it means.
    pub tone: Tone,
    /// A picture before the words.
    pub icon: Option<Icon>,
}

impl Badge {
    /// A badge without picture.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone, icon: None }
    }

    /// The same badge with a picture.
    #[must_use]
    pub fn with_icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }
}

impl Render for Badge {
    fn render(&self) -> Markup {
        html! {
            span.badge data-tone=[self.tone.attribute()] { @if let Some(icon) = self.icon { (icon) } (self.text) }
        }
    }
}

impl Component for Badge {
    const NAME: &'static str = "Badge";
    const ABOUT: &'static str = "A state in a word or two. The word carries the meaning; the colour repeats it.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "every tone",
            html! {
                div.row {
                    (Badge::new(Tone::Neutral, "Draft"))
                    (Badge::new(Tone::Accent, "Scheduled").with_icon(Icon::Calendar))
                    (Badge::new(Tone::Info, "Waiting for approval").with_icon(Icon::Clock))
                    (Badge::new(Tone::Good, "Published").with_icon(Icon::Check))
                    (Badge::new(Tone::Warning, "Expires in 2 h").with_icon(Icon::TriangleAlert))
                    (Badge::new(Tone::Danger, "Blocked by hold").with_icon(Icon::Lock))
                }
            },
        )]
    }
}

/// One key of the keyboard.
#[derive(Debug, Clone)]
pub struct Kbd(
    /// What stands on the key.
    pub &'static str,
);

impl Render for Kbd {
    fn render(&self) -> Markup {
        html! { kbd.kbd { (self.0) } }
    }
}

impl Component for Kbd {
    const NAME: &'static str = "Kbd";
    const ABOUT: &'static str = "A key to press. Several keys in a row are several of these.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("keys", html! { div.row { (Kbd("Ctrl")) (Kbd("K")) span.muted { "or" } (Kbd("g")) "then" (Kbd("i")) } })]
    }
}

/// Something to be read letter by letter: an id, a digest, a file name.
#[derive(Debug, Clone)]
pub struct Code(
    /// The letters.
    pub String,
);

impl Render for Code {
    fn render(&self) -> Markup {
        html! { code.code { (self.0) } }
    }
}

impl Component for Code {
    const NAME: &'static str = "Code";
    const ABOUT: &'static str = "Identifiers and digests, in the fixed-width font, breaking anywhere.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "inline",
                html! { p { "Entry " (Code("0193a5c2-77aa-7e10-9d1c-2f0f6a1b3c4d".into())) " has digest " (Code("9f86d081884c7d65".into())) "." } },
            ),
            Sample::new(
                "block",
                html! { pre.code-block tabindex="0" role="region" aria-label="Example request" { "GET /api/v1/audit?after=1042 HTTP/1.1\nAccept: application/jsonl" } },
            ),
        ]
    }
}

/// A network and, where known, the profile on it. Neutral tile, no brand artwork.
#[derive(Debug, Clone, Default)]
pub struct NetworkTag {
    /// Two letters for the tile.
    pub code: String,
    /// The network's name.
    pub label: String,
    /// Our profile there.
    pub profile: Option<String>,
}

impl Render for NetworkTag {
    fn render(&self) -> Markup {
        html! {
            span.network {
                span.network-tile aria-hidden="true" { (self.code) }
                span.network-label { (self.label) }
                @if let Some(profile) = &self.profile { span { (profile) } }
            }
        }
    }
}

impl Component for NetworkTag {
    const NAME: &'static str = "NetworkTag";
    const ABOUT: &'static str = "Where a message lives. Letters instead of logos; the name is always spelled out.";

    fn samples() -> Vec<Sample> {
        let tag = |code: &str, label: &str, profile: Option<&str>| Self {
            code: code.into(),
            label: label.into(),
            profile: profile.map(Into::into),
        };
        vec![Sample::new(
            "networks",
            html! { div.row { (tag("Bs", "Bluesky", Some("@meridian.example.test"))) (tag("Ma", "Mastodon", None)) (tag("Sl", "Slack", Some("#press"))) (tag("Fo", "Forum", None)) } },
        )]
    }
}
