//! Whether every step can be ended by those who can act today: asked when a workflow is written, and again every day.

use std::collections::BTreeSet;

use super::{Cover, Stuck, is_workable, store};
use crate::{
    act::Object,
    actor::Actor,
    approvals::{
        model::Step,
        panel::{Places, Resolver},
        store::workflows::Rule,
    },
    db::Connection,
    desk::{Desk, Topic},
    error::Result,
    ids::Time,
    jobs::{Attempt, Completion, JobKind, Limits, Outcome, Schedule},
    metric_names,
    profiles::{self, Profile, ProfileState},
    rights::{Operation, Target},
};

/// Once a day, as people leave and rights are taken in days.
const EVERY_MS: u32 = 24 * 60 * 60 * 1_000;

impl Cover {
    /// Whether posts for this profile can come here.
    pub(super) fn reaches(&self, profile: &Profile) -> bool {
        (self.profiles.is_empty() || self.profiles.contains(&profile.id))
            && (self.groups.is_empty() || profile.group.is_some_and(|group| self.groups.contains(&group)))
            && (self.networks.is_empty() || self.networks.contains(&profile.network))
    }
}

/// Why some step cannot be ended on some profile that is covered; nothing when all can. What covers no profile yet only needs people.
pub(super) async fn stuck_step(on: &mut dyn Connection, cover: &Cover, steps: &[Step], now: Time) -> Result<Option<String>> {
    let profiles = profiles::everything(on).await?;
    let covered: Vec<_> =
        profiles.iter().filter(|profile| profile.state != ProfileState::Disconnected && cover.reaches(profile)).collect();
    let mut places = Vec::new();
    for profile in &covered {
        places.push((Some(profile.title.as_str()), Places::of(on, &BTreeSet::from([profile.id])).await?));
    }
    if places.is_empty() {
        places.push((None, Places::default()));
    }
    let mut resolver = Resolver::new(on, now);
    for step in steps {
        for (title, places) in &places {
            if !is_workable(step, &resolver.panel(step, places).await?) {
                let on_profile = title.map(|title| format!(" on {title}")).unwrap_or_default();
                return Ok(Some(format!(
                    "nobody could end the step “{}”{on_profile} today: name enough active people who can read the profile",
                    step.name
                )));
            }
        }
    }
    Ok(None)
}

/// Looks at every workflow and addition, marks those that cannot be ended, and answers with how many there are.
pub(crate) async fn check_all(desk: &Desk) -> Result<usize> {
    let actor = Actor::desk("approvals.check_workflows");
    let mut act = desk.act(&actor, Operation::WorkflowsCheck, Target::Workspace).await?;
    let now = act.now();
    let book = super::book(act.tx()).await?;
    let workflows = book.workflows.iter().map(|kept| {
        (Rule::Workflow(kept.id), Object::new("workflow", kept.id), &kept.workflow.cover, &kept.workflow.steps, &kept.stuck)
    });
    let additions = book.additions.iter().map(|kept| {
        (
            Rule::Addition(kept.id),
            Object::new("workflow_addition", kept.id),
            &kept.addition.cover,
            &kept.addition.steps,
            &kept.stuck,
        )
    });
    let (mut stuck_count, mut changed) = (0, false);
    for (rule, object, cover, steps, before) in workflows.chain(additions) {
        let why = stuck_step(act.tx(), cover, steps, now).await?;
        let stuck = why.map(|why| Stuck { since: before.as_ref().map_or(now, |before| before.since), why });
        stuck_count += usize::from(stuck.is_some());
        if store::set_stuck(act.tx(), rule, stuck.as_ref()).await? {
            changed = true;
            act.record(object).detail("stuck", stuck.is_some());
            if let Some(stuck) = &stuck {
                tracing::error!(why = stuck.why, "an approval workflow has a step that nobody can end");
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a hundred workflows at most")]
    metrics::gauge!(metric_names::WORKFLOWS_STUCK.name).set(stuck_count as f64);
    if changed {
        act.announce(Topic::Approvals);
        act.commit().await?;
    }
    Ok(stuck_count)
}

/// The daily look.
#[derive(Debug)]
pub struct CheckWorkflows;

impl JobKind for CheckWorkflows {
    const ID: &'static str = "approvals.check_workflows";
    const TITLE: &'static str = "Check that every approval can be given";
    const DOCS: &'static str = "Looks once a day whether each step of each workflow has enough people who can act, marks those that have \
                                not and alarms. When it dies, look at its error, then run it again; until then nobody is warned.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: EVERY_MS, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        // Its effect is the same however often it happens, so it may be an act of its own.
        check_all(attempt.desk()).await?;
        completion.commit(attempt.desk().db().begin().await?).await
    }
}
