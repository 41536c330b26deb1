//! A submission as a card: what the desk shows, put into [`ApprovalCard`].

use desk::{
    Time,
    approvals::{DecisionShown, Mine, Need, Shown, StepShown, SubmissionState, Verdict, Waiting},
    publishing::{Audience, Content, Medium, PreviewTarget, bulk::title_of, linked::linked},
};
use maud::{Markup, html};

use super::BULK;
use crate::{
    frame::{Ctx, Times},
    profiles::network_tag,
    ui::{
        Tone,
        approval::{Answers, ApprovalCard, StepLine, StepMark},
        badge::{Badge, Code},
        facts::{Facts, FactsWidth},
        preview::{Look, Piece, PostPreview, PreviewMedium, PreviewPart},
    },
};

/// Due within this time, a card warns.
const SOON_MS: i64 = 2 * 60 * 60 * 1_000;

/// Where a card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the list of what waits.
    List,
    /// On its own page.
    Own,
}

/// Whether several such can be answered at once: it asks the reader, and nothing else has to be said.
pub(super) fn may_select(waiting: &Waiting) -> bool {
    waiting.mine == Mine::Asked && waiting.others.is_empty()
}

/// What a submission is called on the desk: what colleagues call the post, else how it begins.
pub(crate) fn title(shown: &Shown) -> String {
    if shown.title.is_empty() { beginning(shown) } else { shown.title.clone() }
}

/// How what would go out begins; who submitted it for whom, where there are no words.
fn beginning(shown: &Shown) -> String {
    let mut texts = shown.preview.targets.iter().flat_map(|target| &target.content.parts).map(|part| title_of(&part.text));
    texts.find(|text| !text.is_empty()).unwrap_or_else(|| {
        let names: Vec<_> = shown.preview.targets.iter().map(|target| target.title.as_str()).collect();
        format!("By {}, for {}", shown.author, names.join(", "))
    })
}

/// The card of a submission for somebody of the desk. `typed` is what was refused the last time: reason and why.
pub(crate) fn card(ctx: &Ctx, waiting: &Waiting, place: Place, typed: Option<(&str, &str)>) -> ApprovalCard {
    let shown = &waiting.shown;
    let id = shown.kept.id;
    let seen = String::from(shown.preview.digest);
    let (reason, problem) = typed.unzip();
    let answers = (waiting.mine == Mine::Asked).then(|| Answers {
        action: format!("/approvals/{id}"),
        seen: seen.clone(),
        others: waiting.others.len(),
        bulk: (place == Place::List && may_select(waiting)).then(|| (BULK.to_owned(), format!("{id}:{seen}"))),
        reason: reason.unwrap_or_default().to_owned(),
        problem: problem.map(str::to_owned),
    });
    let files = format!("/approvals/{id}/files");
    let mut card = of(&ctx.times(), ctx.desk().now(), shown, &files, answers);
    card.title = title(shown);
    card.href = (place == Place::List).then(|| format!("/approvals/{id}"));
    if waiting.mine != Mine::Asked && waiting.mine != Mine::Ended {
        card.badges.push(Badge::new(Tone::Neutral, waiting.mine.title()));
    }
    card
}

/// The card of a submission for anybody who may see it; what colleagues call the post is not on it. `files` is where its files are.
pub(crate) fn of(times: &Times, now: Time, shown: &Shown, files: &str, answers: Option<Answers>) -> ApprovalCard {
    let kept = &shown.kept;
    let id = format!("s-{}", kept.id);
    let mut facts = vec![
        ("Goes out", when(times, shown)),
        ("Submitted", html! { (times.relative(kept.submission.submitted_at)) " by " (shown.author) }),
        ("Version", html! { (kept.version) ", " (Code(String::from(kept.submission.digest)[..12].to_owned())) }),
    ];
    if kept.submission.state != SubmissionState::Pending {
        facts.insert(0, ("State", html! { (kept.submission.state.title()) }));
    }
    let previews = shown.preview.targets.iter().map(|target| preview(&id, target, files)).collect();
    let mut facts = Facts::new(facts);
    facts.width = FactsWidth::Narrow;
    ApprovalCard {
        title: beginning(shown),
        href: None,
        badges: badges(now, shown),
        facts,
        note: kept.note.clone(),
        previews,
        steps: steps(times, shown),
        answers,
        id,
    }
}

fn when(times: &Times, shown: &Shown) -> Markup {
    if let Some(slot) = shown.preview.slot {
        html! { (times.exact(slot)) " (" (times.relative(slot)) ")" }
    } else {
        html! { "As soon as it is approved" }
    }
}

fn badges(now: Time, shown: &Shown) -> Vec<Badge> {
    let kept = &shown.kept;
    let mut badges = Vec::new();
    let pending = kept.submission.state == SubmissionState::Pending;
    if pending && kept.submission.slot.is_some_and(|slot| slot.since_ms(now) < SOON_MS) {
        badges.push(Badge::new(Tone::Warning, "Due soon"));
    }
    if pending && kept.stuck_since.is_some() {
        badges.push(Badge::new(Tone::Danger, "Nobody can end this step"));
    }
    if kept.by_agent {
        badges.push(Badge::new(Tone::Info, "An agent had a hand in it"));
    }
    badges
}

/// What one profile's followers will see: everything that the digest binds and that a page can show.
fn preview(id: &str, target: &PreviewTarget, files: &str) -> PostPreview {
    let part = |part: &desk::publishing::Part| PreviewPart {
        text: pieces(&part.text, &target.network),
        media: part.media.iter().map(|medium| medium_of(medium, files)).collect(),
    };
    PostPreview {
        id: format!("{id}-{}", target.profile),
        look: Look::of(&target.network),
        network: Some(network_tag(&target.network, Some(target.title.clone()))),
        name: target.title.clone(),
        handle: target.handle.clone(),
        subject: target.content.subject.clone(),
        audience: audience(&target.content),
        answers: target.content.reply_to.as_ref().map(|_| "a message".to_owned()),
        parts: target.content.parts.iter().map(part).collect(),
        badges: target.content.language.iter().map(|language| Badge::new(Tone::Neutral, language.clone())).collect(),
    }
}

fn medium_of(medium: &Medium, files: &str) -> PreviewMedium {
    let picture = medium.media_type.starts_with("image/").then(|| format!("{files}/{}", hex::encode(medium.digest.0)));
    PreviewMedium { picture, file_name: medium.file_name.clone(), alt: medium.alt.clone() }
}

fn audience(content: &Content) -> Option<String> {
    let who = match content.audience {
        Audience::Public => None,
        Audience::Unlisted => Some("Unlisted"),
        Audience::Followers => Some("Followers only"),
        Audience::Direct => Some("Only those mentioned"),
    };
    match (&content.place, who) {
        (Some(place), _) => Some(format!("in {place}")),
        (None, who) => who.map(str::to_owned),
    }
}

fn pieces(text: &str, network: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for link in linked(text, network) {
        if link.start > done {
            pieces.push(Piece::Plain(text[done..link.start].to_owned()));
        }
        pieces.push(Piece::Linked(text[link.clone()].to_owned()));
        done = link.end;
    }
    if done < text.len() {
        pieces.push(Piece::Plain(text[done..].to_owned()));
    }
    pieces
}

fn steps(times: &Times, shown: &Shown) -> Vec<StepLine> {
    let ended = shown.kept.submission.state != SubmissionState::Pending;
    let current = shown.steps.iter().position(|step| step.closed_at.is_none());
    let line = |(number, step): (usize, &StepShown)| StepLine {
        name: step.name.clone(),
        mark: match step.closed_at {
            Some(_) => StepMark::Done,
            None if ended => StepMark::Stopped,
            None if current == Some(number) => StepMark::Asked,
            None => StepMark::ToCome,
        },
        who: who(step),
        because: step.because.clone(),
        said: step.decisions.iter().map(|decision| said(times, decision)).collect(),
    };
    shown.steps.iter().enumerate().map(line).collect()
}

fn who(step: &StepShown) -> String {
    let asked = step.approvers.join(", ");
    let need = match (step.approvers.len(), step.need.as_str()) {
        (1, _) if step.need == Need::Any.in_words() => asked,
        (_, need) => format!("{need}: {asked}"),
    };
    match step.delegate_after_ms {
        Some(after) if !step.delegates.is_empty() => format!("{need}; after {} {}", hours(after), step.delegates.join(", ")),
        _ => need,
    }
}

/// A wait in words.
pub(crate) fn hours(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn said(times: &Times, decision: &DecisionShown) -> Markup {
    let (verb, reason) = match &decision.verdict {
        Verdict::Approve => ("approved", None),
        Verdict::Reject { reason } => ("rejected", Some(reason)),
        Verdict::AskForChange { reason } => ("asked for a change", Some(reason)),
    };
    html! {
        p { strong { (decision.by) } " " (verb) @if decision.hand != desk::approvals::Hand::Person { ", " (decision.hand.title()) } ", " (times.relative(decision.at)) }
        @if let Some(reason) = reason { p { "“" (reason) "”" } }
    }
}
