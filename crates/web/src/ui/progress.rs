//! Progress of slow work: how much of how many, how long still, and that one may leave.

use maud::{Markup, Render, html};

use super::button::{Button, Does, Size};
use super::results::grouped;
use super::{Component, Sample, Tone};

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Some of a known number.
    Counted {
        /// Finished.
        done: u64,
        /// All.
        total: u64,
    },
    /// Running, number not known yet.
    Unknown,
}

/// Slow work that can be left and returned to.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Unique on the page; live updates replace it.
    pub id: String,
    /// "Exporting records".
    pub label: String,
    /// How far.
    pub extent: Extent,
    /// What is counted: "messages".
    pub unit: String,
    /// "about 2 min left"; said only when measured.
    pub estimate: Option<String>,
    /// Danger when it stopped.
    pub tone: Tone,
    /// "You can leave this page; it goes on."
    pub note: Option<String>,
    /// Cancel, retry.
    pub actions: Vec<Button>,
}

impl Render for Progress {
    fn render(&self) -> Markup {
        let label_id = format!("{}-label", self.id);
        html! {
            div.progress id=(self.id) data-tone=[self.tone.attribute()] {
                div.progress-head {
                    strong id=(label_id) { (self.label) }
                    span.nums.muted {
                        @match self.extent {
                            Extent::Counted { done, total } => { (grouped(done)) " of " (grouped(total)) " " (self.unit) }
                            Extent::Unknown => { "counting " (self.unit) }
                        }
                    }
                }
                @match self.extent {
                    Extent::Counted { done, total } => progress value=(done) max=(total.max(1)) aria-labelledby=(label_id) {},
                    Extent::Unknown => progress aria-labelledby=(label_id) {},
                }
                @if self.estimate.is_some() || self.note.is_some() || !self.actions.is_empty() {
                    div.progress-foot {
                        span { @if let Some(estimate) = &self.estimate { (estimate) } @if self.estimate.is_some() && self.note.is_some() { " · " } @if let Some(note) = &self.note { (note) } }
                        span.row { @for action in &self.actions { (action) } }
                    }
                }
            }
        }
    }
}

impl Component for Progress {
    const NAME: &'static str = "Progress";
    const ABOUT: &'static str = "Anything over a second. Count and estimate; never a bar that only pretends.";

    fn samples() -> Vec<Sample> {
        let base = |id: &str, label: &str, extent| Self {
            id: id.into(),
            label: label.into(),
            extent,
            unit: "messages".into(),
            estimate: None,
            tone: Tone::Neutral,
            note: None,
            actions: Vec::new(),
        };
        let cancel = Button::new("Cancel", Does::Submit).with_size(Size::Small);
        vec![
            Sample::new(
                "counted",
                Self {
                    estimate: Some("about 2 min left".into()),
                    note: Some("you can leave this page".into()),
                    actions: vec![cancel],
                    ..base("progress-1", "Exporting records", Extent::Counted { done: 18_240, total: 52_000 })
                },
            ),
            Sample::new("not counted yet", base("progress-2", "Reading the archive", Extent::Unknown)),
            Sample::new(
                "stopped",
                Self {
                    tone: Tone::Danger,
                    note: Some("stopped: the disk is full. What is written so far is kept.".into()),
                    ..base("progress-3", "Importing", Extent::Counted { done: 900, total: 1_000 })
                },
            ),
        ]
    }
}
