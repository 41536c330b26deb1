//! Text in a small language, in which the number of a line matters: to read, and to write.
//!
//! Invariant: lines are numbered as errors count them, and never broken out of their number.

use maud::{Markup, Render, html};

use super::field::FieldFrame;
use super::{Component, Sample};

/// Numbered lines to read.
#[derive(Debug, Clone)]
pub struct Lines {
    /// What it is, for those who do not see it.
    pub label: String,
    /// The text.
    pub text: String,
}

impl Render for Lines {
    fn render(&self) -> Markup {
        html! {
            ol.lines role="list" aria-label=(self.label) tabindex="0" {
                @for line in self.text.lines() { li { code { (line) } } }
            }
        }
    }
}

/// Lines to write, in the fixed-width font.
#[derive(Debug, Clone, Default)]
pub struct LinesField {
    /// Label, hint.
    pub frame: FieldFrame,
    /// What stands in it.
    pub value: String,
    /// What is wrong with which line, in words; nothing numbered for what is wrong with the whole.
    pub problems: Vec<(Option<usize>, String)>,
}

impl Render for LinesField {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        frame.around(&html! {
            textarea.input.lines-field id=(frame.id) name=(frame.name) spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"
                required[frame.required()] aria-invalid=[frame.invalid()] aria-describedby=[frame.described_by()] { (self.value) }
            @if !self.problems.is_empty() {
                ul.lines-problems role="list" {
                    @for (number, problem) in &self.problems {
                        li {
                            @if let Some(line) = number.and_then(|number| self.value.lines().nth(number.saturating_sub(1))) { code { (line) } " " }
                            (problem)
                        }
                    }
                }
            }
        })
    }
}

impl Component for LinesField {
    const NAME: &'static str = "LinesField";
    const ABOUT: &'static str =
        "Lines of a small language, to read with their numbers and to write. What is wrong is said with the line itself.";

    fn samples() -> Vec<Sample> {
        let text = "level high\nproject lark*\nlark NEAR/3 launch".to_owned();
        vec![
            Sample::new("to read", Lines { label: "Code names, version 3".into(), text: text.clone() }),
            Sample::new(
                "to write, refused",
                Self {
                    frame: FieldFrame::new("text", "Lines")
                        .hint("One word or phrase a line.")
                        .error(Some("one line needs a change")),
                    value: text,
                    problems: vec![(Some(2), "Line 2: this wildcard fits half the language.".into())],
                },
            ),
        ]
    }
}
