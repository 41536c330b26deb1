//! The story of a post: everything on record about it, oldest first, each with its place in the ledger and how to prove it.
//!
//! Invariants: what is told is what is on record, in its order; what is not in the ledger yet says so; a kind of entry that this page
//! does not know is shown by its name, never left out.

use std::collections::{BTreeMap, HashMap};

use desk::{
    Error,
    ids::{PersonId, ProfileId},
    profiles::Profile,
    publishing::{Correction, CorrectionState, Story, TargetState, Version},
    records::OnRecord,
};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::list;
use crate::{
    frame::Ctx,
    lists::link,
    people::sentence,
    ui::{
        Icon, Tone,
        badge::Code,
        facts::Card,
        timeline::{Event, Timeline},
    },
};

/// The story as a card.
pub(super) async fn card(ctx: &Ctx, story: &Story) -> Result<Card, Error> {
    let made = story.versions.iter().map(|version| version.made_by);
    let named = story.record.iter().filter_map(|entry| by(&entry.body));
    let teller = Teller {
        ctx,
        versions: &story.versions,
        corrections: &story.corrections,
        names: list::names(ctx, made.chain(named).chain([story.post.author])).await?,
        profiles: list::profiles_by_id(ctx).await?,
    };
    let timeline = Timeline { events: story.record.iter().map(|entry| teller.event(entry)).collect() };
    let body = html! {
        @if timeline.events.is_empty() { p.muted { "Nothing of it is on record yet: that begins when it is submitted." } } @else { (timeline) }
        @if !story.corrections.is_empty() { (corrections(ctx, &story.corrections)) }
        p.muted { "Each entry is in the ledger under the number beside it; " (Code("gatepost ledger prove ID".to_owned())) " writes a proof that others can check, and the log is " (link("/log/checkpoint", "public")) "." }
    };
    Ok(Card { title: "Story, as it is on record".to_owned(), actions: vec![], body })
}

/// Whose act an entry tells of.
fn by(body: &Json) -> Option<PersonId> {
    if let Some(voice) = body.pointer("/decision/by") {
        return voice.get("id").filter(|_| !is_guest(body))?.as_str()?.parse().ok();
    }
    ["by", "made_by", "asked_by", "person"].iter().find_map(|name| body.get(name)?.as_str()?.parse().ok())
}

/// Whether an entry tells of a decision of somebody from outside.
fn is_guest(body: &Json) -> bool {
    body.pointer("/decision/by/kind").is_some_and(|kind| kind == "guest")
}

fn corrections(ctx: &Ctx, corrections: &[Correction]) -> Markup {
    html! {
        h3 { "Changed or deleted after it was published" }
        ul { @for one in corrections { li { (one.kind.title()) ": " (one.state.title()) " " (ctx.times().exact(one.asked_at)) " " span.muted { (one.reason) } } } }
    }
}

struct Teller<'t> {
    ctx: &'t Ctx,
    versions: &'t [Version],
    corrections: &'t [Correction],
    names: HashMap<PersonId, String>,
    profiles: BTreeMap<ProfileId, Profile>,
}

/// What an entry says, for people.
struct Told {
    icon: Icon,
    tone: Tone,
    text: String,
    detail: Option<String>,
}

impl Teller<'_> {
    fn event(&self, entry: &OnRecord) -> Event {
        let told = self.told(entry);
        let person = by(&entry.body).or_else(|| self.submitter(entry));
        let actor = match (person, entry.profile) {
            (Some(person), _) => self.names.get(&person).cloned().unwrap_or_else(|| "Somebody".to_owned()),
            (None, _) if is_guest(&entry.body) => "Somebody from outside".to_owned(),
            (None, Some(profile)) => {
                self.profiles.get(&profile).map_or_else(|| "A profile".to_owned(), |profile| profile.title.clone())
            }
            (None, None) => "The desk".to_owned(),
        };
        let place = if let Some(number) = entry.entry {
            html! { "On record as entry " (number) ", " (Code(entry.id.to_string())) }
        } else {
            html! { "On its way to the record" }
        };
        Event {
            icon: told.icon,
            tone: told.tone,
            actor,
            text: told.text,
            at: self.ctx.times().exact(entry.at),
            detail: Some(html! { @if let Some(detail) = &told.detail { p { (detail) } } p { (place) } }),
        }
    }

    fn submitter(&self, entry: &OnRecord) -> Option<PersonId> {
        let number = entry.body.get("number").filter(|_| entry.kind == "post_version")?.as_u64()?;
        self.versions.iter().find(|version| u64::from(version.number) == number).map(|version| version.made_by)
    }

    fn told(&self, entry: &OnRecord) -> Told {
        let body = &entry.body;
        let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::to_owned);
        let number = |name: &str| body.get(name).and_then(Json::as_u64);
        let told = |icon, tone, text: String, detail| Told { icon, tone, text, detail };
        match entry.kind.as_str() {
            "post_version" => {
                let version = number("number").unwrap_or_default();
                told(
                    Icon::FileText,
                    Tone::Info,
                    format!("submitted version {version}"),
                    text("digest").map(|digest| format!("Digest {digest}")),
                )
            }
            "decision" | "submission_decision" => {
                let verdict = verdict(body).unwrap_or_else(|| "decided".to_owned());
                let tone = if verdict == "approved" { Tone::Good } else { Tone::Warning };
                told(Icon::Gavel, tone, verdict, reason(body))
            }
            "attempt" => {
                told(Icon::Send, Tone::Info, format!("attempt {} to send it began", number("attempt").unwrap_or_default()), None)
            }
            "answer" => told(Icon::MessageSquare, Tone::Neutral, "answered".to_owned(), outcome(body)),
            "state" => Self::state(body),
            "held_decided" => told(Icon::CirclePlay, Tone::Info, "decided what becomes of it".to_owned(), reason(body)),
            "submission" => told(Icon::Clock, Tone::Info, "asked those who have to agree".to_owned(), steps(body)),
            "skip" => told(Icon::ShieldAlert, Tone::Danger, "skipped the missing approvals".to_owned(), reason(body)),
            "skip_review" => {
                let said = text("remark").filter(|remark| !remark.is_empty()).map(|remark| sentence(&remark));
                told(Icon::Gavel, Tone::Warning, "looked at what was skipped".to_owned(), said)
            }
            "correction" => {
                let what = if text("kind").as_deref() == Some("delete") { "delete" } else { "change" };
                told(Icon::Pencil, Tone::Warning, format!("asked to {what} what is out"), reason(body))
            }
            "correction_answer" => {
                told(Icon::Pencil, Tone::Neutral, self.correction(body), text("message").map(|said| sentence(&said)))
            }
            other => told(Icon::Info, Tone::Neutral, other.replace('_', " "), reason(body)),
        }
    }

    /// What an answer says became of a change or deletion.
    fn correction(&self, body: &Json) -> String {
        let id = body.get("correction").and_then(Json::as_str);
        let known = self.corrections.iter().find(|one| Some(one.id.to_string().as_str()) == id);
        let state = body.get("state").and_then(Json::as_str).and_then(CorrectionState::parse);
        let kind = known.map_or("change or deletion", |one| one.kind.title()).to_lowercase();
        format!("{kind}: {}", state.map_or("answered", CorrectionState::title).to_lowercase())
    }

    fn state(body: &Json) -> Told {
        let state = body.get("state").and_then(Json::as_str).and_then(TargetState::parse);
        let (tone, text) = state.map_or((Tone::Neutral, "changed"), |state| (super::states::tone(state), state.title()));
        Told { icon: Icon::Circle, tone, text: format!("is now {}", text.to_lowercase()), detail: reason(body) }
    }
}

/// How an attempt ended, as its answer has it.
fn outcome(body: &Json) -> Option<String> {
    let outcome = body.pointer("/event/outcome")?;
    if let Some(id) = outcome.pointer("/published/native_id").and_then(Json::as_str) {
        return Some(format!("It is there as {id}."));
    }
    let message = outcome.pointer("/no_effect/message").or_else(|| outcome.pointer("/unknown/message"))?;
    message.as_str().map(sentence)
}

/// The names of the steps that have to agree.
fn steps(body: &Json) -> Option<String> {
    let steps = body.pointer("/way/steps")?.as_array()?;
    let names: Vec<_> = steps.iter().filter_map(|step| step.pointer("/step/name")?.as_str()).collect();
    (!names.is_empty()).then(|| format!("{}.", names.join(", then ")))
}

fn reason(body: &Json) -> Option<String> {
    let text = body.get("reason").or_else(|| body.get("decision")?.get("verdict")?.get("reason"))?.as_str()?;
    (!text.is_empty()).then(|| sentence(text))
}

/// "approved", "rejected", from wherever the entry holds it.
fn verdict(body: &Json) -> Option<String> {
    let held = body.get("verdict").or_else(|| body.get("decision")?.get("verdict"))?;
    let word = held.as_str().or_else(|| held.get("verdict")?.as_str())?;
    Some(match word {
        "approve" => "approved".to_owned(),
        "reject" => "rejected".to_owned(),
        "ask_for_change" => "asked for a change".to_owned(),
        other => other.replace('_', " "),
    })
}
