//! What time does to submissions: once a minute they expire, delegates are asked, people are reminded, and what got stuck is marked.
//!
//! Invariants: doing it twice changes nothing more; a reminder is written once for each step; what expired is never published late.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asking, break_glass,
    deciding::{follow, held},
    letters,
    model::{Kept, Panel, SubmissionState, Voice},
    panel::{Map, Places, Resolver},
    reminding::{self, Lead},
    rules::{Command, apply},
    store::{
        reminders,
        submissions::{self as store, Which},
    },
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::Result,
    ids::{PersonId, SubmissionId, Time},
    jobs::{Attempt, Completion, JobKind, Limits, Outcome, Schedule},
    mail::{self, LetterKind},
    people, publishing,
    rights::{Operation, Target},
};

/// Once a minute: the shortest reminder is a quarter of an hour.
const EVERY_MS: u32 = 60 * 1_000;

/// The kind of the one letter to delegates.
const DELEGATES: &str = "delegates";

/// The look of every minute.
#[derive(Debug)]
pub struct LookAtSubmissions;

impl JobKind for LookAtSubmissions {
    const ID: &'static str = "approvals.look";
    const TITLE: &'static str = "Expire and remind of approvals";
    const DOCS: &'static str = "Every minute: lets expire what was not approved in time, asks delegates after their wait, reminds 24 hours, \
                                2 hours and 15 minutes before the time, and reports skipped approvals that nobody looked at. When it \
                                dies, nobody is reminded, and still nothing is published late: look at its error, then run it again.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: EVERY_MS, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        look(attempt.desk()).await?;
        completion.commit(attempt.desk().db().begin().await?).await
    }
}

/// One look at everything that waits. Nothing is written where nothing changed.
pub(crate) async fn look(desk: &Desk) -> Result<()> {
    let actor = Actor::desk("approvals.look");
    let mut reader = desk.db().read().await?;
    let due = store::read(&mut reader, &Which::DueBy(desk.now())).await?;
    drop(reader);
    for kept in due {
        expire(desk, &actor, kept.id).await?;
    }
    let wanted = wanted(&mut desk.db().read().await?, desk.now()).await?;
    for id in wanted.attention {
        attend(desk, &actor, id).await?;
    }
    if wanted.reminders {
        remind(desk, &actor).await?;
    }
    break_glass::alarm_overdue(desk, &actor).await
}

/// What has to be done, found by reading alone.
#[derive(Default)]
struct Wanted {
    attention: Vec<SubmissionId>,
    reminders: bool,
}

async fn wanted(on: &mut dyn Connection, now: Time) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    let map = Map::read(on).await?;
    for kept in store::read(on, &Which::Pending).await? {
        let Some((number, step)) = kept.submission.current() else { continue };
        let panel = Resolver::new(on, now).panel(&step.step, &map.places(&kept.targets)).await?;
        let moves = apply(&kept.submission, &panel, Command::Look, now).is_ok_and(|after| after != kept.submission);
        let marks = kept.stuck_since.is_some() != kept.submission.stuck(&panel);
        let delegates = step.delegates_asked(now) && !step.step.delegates.is_empty();
        if moves || marks || (delegates && !reminders::is_marked(on, (kept.id, number), DELEGATES).await?) {
            wanted.attention.push(kept.id);
        }
        if let Some(lead) = lead_due(&kept, now)
            && !wanted.reminders
        {
            wanted.reminders = !reminders::is_marked(on, (kept.id, number), lead.id()).await?;
        }
    }
    Ok(wanted)
}

/// The reminder that is due for the current step, if any.
fn lead_due(kept: &Kept, now: Time) -> Option<Lead> {
    let (_, step) = kept.submission.current()?;
    reminding::due(kept.submission.slot?, step.opened_at?, now)
}

async fn expire(desk: &Desk, actor: &Actor, id: SubmissionId) -> Result<()> {
    let mut act = desk.act(actor, Operation::ApprovalsLook, Target::Workspace).await?;
    let now = act.now();
    let kept = held(&mut act, id).await?;
    let Ok(after) = apply(&kept.submission, &Panel::default(), Command::Look, now) else { return Ok(()) };
    if after.state != SubmissionState::Expired {
        return Ok(());
    }
    store::save(act.tx(), id, &kept.submission, &after, now).await?;
    publishing::expired(&mut act, kept.post).await?;
    act.record(Object::new("submission", id)).detail("post", kept.post.to_string()).detail("state", after.state.id());
    act.announce(Topic::Approvals);
    act.commit().await
}

/// Ends a step that became agreed by time or by people leaving, asks delegates when it is their turn, marks what nobody can end.
async fn attend(desk: &Desk, actor: &Actor, id: SubmissionId) -> Result<()> {
    let mut act = desk.act(actor, Operation::ApprovalsLook, Target::Workspace).await?;
    let now = act.now();
    let kept = held(&mut act, id).await?;
    let Some((number, step)) = kept.submission.current() else { return Ok(()) };
    let places = Places::of(act.tx(), &kept.targets).await?;
    let panel = Resolver::new(act.tx(), now).panel(&step.step, &places).await?;
    let Ok(after) = apply(&kept.submission, &panel, Command::Look, now) else { return Ok(()) };
    let mut changed = false;
    if after == kept.submission {
        if let Some(stuck) = asking::note_stuck(&mut act, &kept).await? {
            act.record(Object::new("submission", id)).detail("stuck", stuck);
            if stuck {
                tracing::error!(submission = %id, "nobody can end the current step of a submission");
            }
            changed = true;
        }
        if step.delegates_asked(now)
            && !step.step.delegates.is_empty()
            && reminders::mark(act.tx(), (id, number), DELEGATES, now).await?
        {
            asking::delegates_asked(&mut act, &kept).await?;
            write_to_delegates(&mut act, &kept, &panel.delegates).await?;
            act.record(Object::new("submission", id)).detail("delegates", panel.delegates.len());
            changed = true;
        }
    } else {
        store::save(act.tx(), id, &kept.submission, &after, now).await?;
        act.record(Object::new("submission", id)).detail("step", number).detail("state", after.state.id());
        let kept = Kept { submission: after, ..kept };
        follow(&mut act, &kept, number).await?;
        changed = true;
    }
    if !changed {
        return Ok(());
    }
    act.announce(Topic::Approvals);
    act.commit().await
}

async fn write_to_delegates(act: &mut Act<'_>, kept: &Kept, delegates: &BTreeSet<Voice>) -> Result<()> {
    let link = link_to(act, kept.id);
    for person in delegates.iter().filter(|voice| !kept.submission.excluded.contains(*voice)).filter_map(|voice| voice.person()) {
        if let Some(person) = people::by_id(act.tx(), person).await? {
            mail::post(act, LetterKind::Reminder, &letters::delegates(&person, std::slice::from_ref(&link))).await?;
        }
    }
    Ok(())
}

fn link_to(act: &Act<'_>, id: SubmissionId) -> String {
    format!("{}/approvals/{id}", act.desk().public_url())
}

/// What stands in one person's letter: what waits for them, and what of theirs waits for others.
#[derive(Default)]
struct Bundle {
    waiting: Vec<String>,
    own: Vec<String>,
}

/// Writes one letter for each person and lead with everything that is due now.
async fn remind(desk: &Desk, actor: &Actor) -> Result<()> {
    let mut act = desk.act(actor, Operation::ApprovalsLook, Target::Workspace).await?;
    let now = act.now();
    let mut letters_due: BTreeMap<(PersonId, Lead), Bundle> = BTreeMap::new();
    let mut reminded = 0usize;
    for kept in store::read(act.tx(), &Which::Pending).await? {
        let Some((number, step)) = kept.submission.current() else { continue };
        let Some(lead) = lead_due(&kept, now) else { continue };
        if !reminders::mark(act.tx(), (kept.id, number), lead.id(), now).await? {
            continue;
        }
        reminded += 1;
        let link = link_to(&act, kept.id);
        let places = Places::of(act.tx(), &kept.targets).await?;
        let panel = Resolver::new(act.tx(), now).panel(&step.step, &places).await?;
        let decided: BTreeSet<_> = step.decisions.iter().map(|decision| decision.by).collect();
        for person in kept.submission.asked(&panel, now).difference(&decided).filter_map(|voice| voice.person()) {
            letters_due.entry((person, lead)).or_default().waiting.push(link.clone());
        }
        if let Some(author) = kept.submitted_by {
            letters_due.entry((author, lead)).or_default().own.push(link.clone());
        }
        act.record(Object::new("submission", kept.id)).detail("reminder", lead.id()).detail("step", number);
    }
    if reminded == 0 {
        return Ok(());
    }
    for ((person, lead), bundle) in letters_due {
        if let Some(person) = people::by_id(act.tx(), person).await? {
            mail::post(&mut act, LetterKind::Reminder, &letters::reminder(&person, lead, &bundle.waiting, &bundle.own)).await?;
        }
    }
    act.announce(Topic::Approvals);
    act.commit().await
}
