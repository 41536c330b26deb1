//! Several lines of text with a counter. The limit is told, not enforced while typing.

use maud::{Markup, Render, html};

use super::field::FieldFrame;
use super::{Component, Sample};

/// Several lines, growing with the text, with a counter where a limit exists.
#[derive(Debug, Clone, Default)]
pub struct TextArea {
    /// Label, hint, error.
    pub frame: FieldFrame,
    /// What stands in it.
    pub value: String,
    /// Limit in characters. Not enforced while typing: cutting text silently is worse than saying so.
    pub length_max: Option<u32>,
}

impl Render for TextArea {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        let counter = self.length_max.map(|limit| (format!("{}-count", frame.id), limit));
        let used = self.value.chars().count();
        frame.around(&html! {
            textarea.input id=(frame.id) name=(frame.name) required[frame.required()] aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()]
                data-counter=[counter.as_ref().map(|(id, _)| id)] data-limit=[self.length_max] { (self.value) }
            @if let Some((id, limit)) = &counter {
                output.counter id=(id) for=(frame.id) data-over=[(used > *limit as usize).then_some("")] { (used) " of " (limit) }
            }
        })
    }
}

impl Component for TextArea {
    const NAME: &'static str = "TextArea";
    const ABOUT: &'static str = "Several lines. Over the limit it says so and lets the person shorten.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "with counter",
                Self {
                    frame: FieldFrame::new("reason", "Reason for rejecting")
                        .hint("The author reads it; it stays with this version."),
                    value: "The second sentence promises a date we do not have.".into(),
                    length_max: Some(500),
                },
            ),
            Sample::new(
                "over the limit",
                Self {
                    frame: FieldFrame::new("post", "Post").error(Some("14 characters too long for this network")),
                    value: "We open the new branch on Monday at nine and there is coffee for all.".into(),
                    length_max: Some(55),
                },
            ),
        ]
    }
}
