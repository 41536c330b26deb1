//! Something that waits for a decision: exactly what would go out, why who is asked, and the ways to answer.
//!
//! Invariants: every answer carries the digest of what this card shows; rejecting asks for its reason before it can be sent; it works
//! without scripts, by keyboard (`a` approves, `r` opens the reasons, `x` selects) and at 360 px.

use maud::{Markup, Render, html};

use super::badge::Badge;
use super::button::{Button, Does, Weight};
use super::choice::{Choice, HowMany, Options};
use super::facts::Facts;
use super::field::FieldFrame;
use super::preview::{Look, Piece, PostPreview, PreviewPart};
use super::text_area::TextArea;
use super::{Component, Icon, Sample, Tone, time};

/// A step on the way, in words.
#[derive(Debug, Clone)]
pub struct StepLine {
    /// Its name.
    pub name: String,
    /// How it stands: done, asked, to come.
    pub mark: StepMark,
    /// Who is asked and how many have to agree.
    pub who: String,
    /// Why it is here.
    pub because: String,
    /// What was said, oldest first.
    pub said: Vec<Markup>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepMark {
    /// Enough agreed.
    Done,
    /// It is asked now.
    Asked,
    /// Its turn has not come.
    ToCome,
    /// Somebody said no, or it was skipped.
    Stopped,
}

impl StepMark {
    const fn look(self) -> (Icon, Tone, &'static str) {
        match self {
            Self::Done => (Icon::Check, Tone::Good, "done"),
            Self::Asked => (Icon::Clock, Tone::Info, "asked now"),
            Self::ToCome => (Icon::Clock, Tone::Neutral, "to come"),
            Self::Stopped => (Icon::CircleX, Tone::Danger, "stopped"),
        }
    }
}

/// How the reader may answer.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Where the answer posts.
    pub action: String,
    /// The digest of what is shown.
    pub seen: String,
    /// Other answers to the same message that wait: what becomes of them has to be said.
    pub others: usize,
    /// Where a selection posts, when several can be answered at once: the id of that form and this card's value in it.
    pub bulk: Option<(String, String)>,
    /// The reason as it was typed, with what was wrong.
    pub reason: String,
    /// What was wrong the last time.
    pub problem: Option<String>,
}

/// Something that waits, or waited.
#[derive(Debug, Clone)]
pub struct ApprovalCard {
    /// Unique on the page.
    pub id: String,
    /// Heading: by whom and for when.
    pub title: String,
    /// Its own page; nothing when this is it.
    pub href: Option<String>,
    /// What stands beside the heading.
    pub badges: Vec<Badge>,
    /// When, by whom, digest.
    pub facts: Facts,
    /// What the author says.
    pub note: String,
    /// What goes out, for each profile.
    pub previews: Vec<PostPreview>,
    /// The way.
    pub steps: Vec<StepLine>,
    /// How the reader may answer; nothing when others are asked.
    pub answers: Option<Answers>,
}

impl ApprovalCard {
    fn head(&self) -> Markup {
        html! {
            header.approval-head {
                @if let Some((form, value)) = self.answers.as_ref().and_then(|answers| answers.bulk.as_ref()) {
                    input.check type="checkbox" name="item" value=(value) form=(form) aria-label={ "Select: " (self.title) };
                }
                h2 id={ (self.id) "-title" } {
                    @if let Some(href) = &self.href { a href=(href) data-opens { (self.title) } } @else { (self.title) }
                }
                @for badge in &self.badges { (badge) }
            }
        }
    }

    fn way(&self) -> Markup {
        html! {
            ol.approval-steps {
                @for step in &self.steps {
                    @let (icon, tone, word) = step.mark.look();
                    li {
                        span.timeline-mark data-tone=[tone.attribute()] { (icon) }
                        div.approval-step {
                            p { strong { (step.name) } " " span.muted { (word) ": " (step.who) } }
                            p.hint { "Because of: " (step.because) }
                            @for said in &step.said { div.approval-said { (said) } }
                        }
                    }
                }
            }
        }
    }

    fn answers(&self, answers: &Answers) -> Markup {
        let id = |part: &str| format!("{}-{part}", self.id);
        let answer = |value: &str| Does::SubmitWith { name: "verdict".to_owned(), value: value.to_owned() };
        let others = (answers.others > 0).then(|| Options {
            frame: FieldFrame { id: id("others"), ..FieldFrame::new("others", "Other answers to the same message") }
                .hint(format!("{} more wait. Say what becomes of them when this one is approved.", answers.others)),
            how_many: HowMany::One,
            choices: vec![Choice::new("reject", "Reject them"), Choice::new("keep", "Keep them: they may be approved as well")],
            chosen: Vec::new(),
        });
        let reason = TextArea {
            frame: FieldFrame { id: id("reason"), ..FieldFrame::new("reason", "Reason") }
                .hint("The author reads it; it stays with this version.")
                .error(answers.problem.clone())
                .optional(),
            value: answers.reason.clone(),
            length_max: Some(2_000),
        };
        html! {
            form.approval-answers method="post" action=(answers.action) id=(id("form")) {
                input type="hidden" name="seen" value=(answers.seen);
                @if let Some(others) = &others { (others) }
                div.row {
                    (Button::new("Approve", answer("approve")).with_icon(Icon::Check).with_weight(Weight::Primary).with_key("a"))
                }
                details.approval-no open[answers.problem.is_some()] {
                    summary.button data-key="r" { (Icon::X) span { "Reject or ask for a change" } }
                    div.approval-why {
                        (reason)
                        div.row {
                            (Button::new("Ask for a change", answer("ask_for_change")))
                            (Button::new("Reject", answer("reject")).with_weight(Weight::Danger))
                        }
                    }
                }
            }
        }
    }
}

impl Render for ApprovalCard {
    fn render(&self) -> Markup {
        html! {
            article.approval id=(self.id) aria-labelledby={ (self.id) "-title" } tabindex="-1" data-item {
                (self.head())
                @if !self.note.is_empty() { blockquote.approval-note { (self.note) } }
                div.approval-previews { @for preview in &self.previews { (preview) } }
                div.approval-side { (self.facts) (self.way()) }
                @if let Some(answers) = &self.answers { (self.answers(answers)) }
            }
        }
    }
}

impl Component for ApprovalCard {
    const NAME: &'static str = "ApprovalCard";
    const ABOUT: &'static str = "What would go out, in full, with the way it has to go. Whoever decides has seen exactly this.";

    fn samples() -> Vec<Sample> {
        let preview = PostPreview {
            id: "approval-sample-preview".into(),
            look: Look::Mastodon,
            network: None,
            name: "Meridian Library".into(),
            handle: "@meridian@social.example.test".into(),
            parts: vec![PreviewPart {
                text: vec![Piece::Plain("Late opening this Friday, with tea.".into())],
                media: Vec::new(),
            }],
            ..PostPreview::default()
        };
        let line = |name: &str, mark, who: &str, because: &str, said: Vec<Markup>| StepLine {
            name: name.into(),
            mark,
            who: who.into(),
            because: because.into(),
            said,
        };
        let asked = Self {
            id: "approval-sample".into(),
            title: "By Frida Muster".into(),
            href: Some("#approval".into()),
            badges: vec![Badge::new(Tone::Warning, "Due in 2 h"), Badge::new(Tone::Info, "An agent had a hand in it")],
            facts: Facts::new(vec![("Goes out", time::sample(-120).render()), ("Version", html! { "2" })]),
            note: "The time is agreed with the branch.".into(),
            previews: vec![preview.clone()],
            steps: vec![
                line(
                    "Brand",
                    StepMark::Done,
                    "anyone of Chidi van der Test",
                    "workflow “Everything”",
                    vec![html! { strong { "Chidi van der Test" } " approved" }],
                ),
                line("Legal", StepMark::Asked, "at least 2 of them: team Legal", "rule “mentions a competitor”", Vec::new()),
            ],
            answers: Some(Answers {
                action: "#decide".into(),
                seen: "9f86d081".into(),
                others: 0,
                bulk: Some(("bulk-sample".into(), "1:9f86".into())),
                reason: String::new(),
                problem: None,
            }),
        };
        let pressed = Self {
            id: "approval-sample-2".into(),
            title: "By Frida Muster, an answer".into(),
            previews: vec![PostPreview { id: "approval-sample-preview-2".into(), ..preview.clone() }],
            note: String::new(),
            answers: asked.answers.clone().map(|answers| Answers {
                others: 1,
                bulk: None,
                reason: String::new(),
                problem: Some("Give a reason: the author will read it.".into()),
                ..answers
            }),
            ..asked.clone()
        };
        let ended = Self {
            id: "approval-sample-3".into(),
            title: "By Frida Muster, rejected".into(),
            previews: vec![PostPreview { id: "approval-sample-preview-3".into(), ..preview }],
            steps: vec![line(
                "Brand",
                StepMark::Stopped,
                "anyone of Chidi van der Test",
                "workflow “Everything”",
                vec![html! { strong { "Chidi van der Test" } " rejected: “The price is wrong.”" }],
            )],
            answers: None,
            ..asked.clone()
        };
        vec![
            Sample::new("it asks the reader", asked),
            Sample::new("refused without a reason, another answer waits", pressed),
            Sample::new("it has ended", ended),
        ]
    }
}

/// A long list to tick from: people, teams, profiles. It scrolls in its own box and says how many are chosen.
#[derive(Debug, Clone, Default)]
pub struct Picker {
    /// Group label, hint, error.
    pub frame: FieldFrame,
    /// In the order shown.
    pub choices: Vec<Choice>,
    /// Values in force.
    pub chosen: Vec<String>,
}

impl Render for Picker {
    fn render(&self) -> Markup {
        let frame = &self.frame;
        html! {
            fieldset.field id=(frame.id) aria-describedby=[frame.described_by()] {
                legend.label { (frame.label) (frame.optional_mark()) }
                (frame.hint_line())
                div.picker tabindex="0" role="group" aria-label=(frame.label) {
                    @for (index, choice) in self.choices.iter().enumerate() {
                        @let id = format!("{}-{index}", frame.id);
                        div.picker-line {
                            input type="checkbox" id=(id) name=(frame.name) value=(choice.value) checked[self.chosen.contains(&choice.value)];
                            label for=(id) { (choice.label) @if let Some(hint) = &choice.hint { " " span.muted { (hint) } } }
                        }
                    }
                    @if self.choices.is_empty() { p.muted { "Nobody to choose yet." } }
                }
                (frame.error_line())
            }
        }
    }
}

impl Component for Picker {
    const NAME: &'static str = "Picker";
    const ABOUT: &'static str = "Any number of a long list. For a few that need a sentence each use Options.";

    fn samples() -> Vec<Sample> {
        let choices = vec![
            Choice::new("p1", "Ada Example").hint("person"),
            Choice::new("p2", "Chidi van der Test").hint("person"),
            Choice::new("t1", "Legal").hint("team"),
        ];
        vec![
            Sample::new(
                "one chosen",
                Self { frame: FieldFrame::new("approvers", "Who is asked"), choices, chosen: vec!["t1".into()] },
            ),
            Sample::new(
                "nothing to choose, refused",
                Self {
                    frame: FieldFrame { id: "approvers-empty".into(), ..FieldFrame::new("approvers", "Who is asked") }
                        .error(Some("name at least one")),
                    ..Self::default()
                },
            ),
        ]
    }
}
