//! A submission as somebody sees it who decides about it: exactly what its digest binds, its steps, and who said what.

use serde::Serialize;

use super::{
    model::{Approver, Decision, Hand, Kept, Need, Verdict, Voice},
    store::guests,
};
use crate::{
    db::Connection,
    error::Result,
    ids::Time,
    people,
    publishing::{self, MediaDigest, Preview},
    rights::{self, Holder},
};

/// A submission with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The submission.
    pub kept: Kept,
    /// What would go out.
    pub preview: Preview,
    /// What colleagues call the post; empty when it has no title. Not bound, and not for guests.
    pub title: String,
    /// Who submitted it.
    pub author: String,
    /// Its steps, in order.
    pub steps: Vec<StepShown>,
}

/// A step with names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepShown {
    /// Its name.
    pub name: String,
    /// Why it is here.
    pub because: String,
    /// How many have to agree, in words.
    pub need: String,
    /// Who is asked.
    pub approvers: Vec<String>,
    /// Who is asked when nobody answers in time.
    pub delegates: Vec<String>,
    /// After which wait, in milliseconds.
    pub delegate_after_ms: Option<i64>,
    /// Since when it is asked.
    pub opened_at: Option<Time>,
    /// When enough had agreed.
    pub closed_at: Option<Time>,
    /// What was decided.
    pub decisions: Vec<DecisionShown>,
}

/// A decision with the name of whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionShown {
    /// Who.
    pub by: String,
    /// Whether they are from outside.
    pub outside: bool,
    /// By whose hand.
    pub hand: Hand,
    /// What.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// When.
    pub at: Time,
}

impl Shown {
    /// Whether a file is on what would go out.
    pub fn has_file(&self, wanted: MediaDigest) -> bool {
        let parts = self.preview.targets.iter().flat_map(|target| &target.content.parts);
        parts.flat_map(|part| &part.media).any(|medium| medium.digest == wanted)
    }
}

/// Puts a submission together with what it is about.
pub(super) async fn show(on: &mut dyn Connection, kept: Kept) -> Result<Shown> {
    let preview = publishing::preview(on, kept.post, kept.version).await?;
    let title = publishing::title(on, kept.post).await?;
    let author = match kept.submitted_by {
        Some(person) => name_of_voice(on, Voice::Person(person)).await?,
        None => "nobody".to_owned(),
    };
    let mut steps = Vec::new();
    for open in &kept.submission.steps {
        let mut shown = StepShown {
            name: open.step.name.clone(),
            because: open.step.because.clone(),
            need: open.step.need.in_words(),
            approvers: Vec::new(),
            delegates: Vec::new(),
            delegate_after_ms: open.step.delegate_after_ms,
            opened_at: open.opened_at,
            closed_at: open.closed_at,
            decisions: Vec::new(),
        };
        for &approver in &open.step.approvers {
            shown.approvers.push(name_of(on, approver).await?);
        }
        for &delegate in &open.step.delegates {
            shown.delegates.push(name_of(on, delegate).await?);
        }
        for decision in &open.decisions {
            shown.decisions.push(decision_shown(on, decision).await?);
        }
        steps.push(shown);
    }
    Ok(Shown { kept, preview, title, author, steps })
}

async fn decision_shown(on: &mut dyn Connection, decision: &Decision) -> Result<DecisionShown> {
    Ok(DecisionShown {
        by: name_of_voice(on, decision.by).await?,
        outside: decision.by.person().is_none(),
        hand: decision.hand,
        verdict: decision.verdict.clone(),
        at: decision.at,
    })
}

impl Need {
    /// In words, as a page says it.
    pub fn in_words(self) -> String {
        match self {
            Self::Any => "anyone of them".to_owned(),
            Self::All => "all of them".to_owned(),
            Self::Quorum(count) => format!("at least {count} of them"),
        }
    }
}

/// The name of somebody who decides.
pub(super) async fn name_of_voice(on: &mut dyn Connection, voice: Voice) -> Result<String> {
    match voice {
        Voice::Person(id) => name_of(on, Approver::Person(id)).await,
        Voice::Guest(id) => name_of(on, Approver::Guest(id)).await,
    }
}

/// The name of somebody or something that can be asked. What is gone says so.
pub(super) async fn name_of(on: &mut dyn Connection, approver: Approver) -> Result<String> {
    let name = match approver {
        Approver::Person(id) => people::by_id(on, id).await?.map(|person| person.name),
        Approver::Team(id) => rights::name_of(on, Holder::Team(id)).await?.map(|name| format!("team {name}")),
        Approver::Role(id) => rights::name_of(on, Holder::Role(id)).await?.map(|name| format!("role {name}")),
        Approver::Guest(id) => guests::get(on, id).await?.map(|guest| format!("{} (outside)", guest.name)),
    };
    Ok(name.unwrap_or_else(|| "somebody who is not here any more".to_owned()))
}
