//! The form of a workflow or rule: its fields as they are typed, and back.
//!
//! Invariant: what was read from a form and put into one again is the same; a step without a name is left out, so that the empty one at
//! the end of the form adds nothing.

use std::{collections::BTreeSet, str::FromStr};

use desk::{
    Error, Invalid,
    approvals::{
        Approver, Need, STEPS_MAX, Step,
        workflows::{Addition, Cover, KeptAddition, KeptWorkflow, PostKind, Workflow},
    },
    rights::Level,
};

use crate::frame::Fields;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A form in which nothing was typed.
pub(super) fn empty() -> Fields {
    Fields(vec![("window".to_owned(), "30".to_owned())])
}

/// The revision that a form was made from.
pub(super) fn revision(fields: &Fields) -> Result<i64, Error> {
    fields.get("revision").parse().map_err(|_| Error::NotFound("version of this form"))
}

/// How a form names somebody who can be asked.
pub(super) fn value_of(approver: Approver) -> String {
    match approver {
        Approver::Person(id) => format!("person:{id}"),
        Approver::Team(id) => format!("team:{id}"),
        Approver::Role(id) => format!("role:{id}"),
        Approver::Guest(id) => format!("guest:{id}"),
    }
}

fn approver_of(text: &str) -> Option<Approver> {
    let (kind, id) = text.split_once(':')?;
    Some(match kind {
        "person" => Approver::Person(id.parse().ok()?),
        "team" => Approver::Team(id.parse().ok()?),
        "role" => Approver::Role(id.parse().ok()?),
        "guest" => Approver::Guest(id.parse().ok()?),
        _ => return None,
    })
}

/// Steps that the form shows: those that have a name, and one more to fill in.
pub(super) fn steps_shown(fields: &Fields) -> usize {
    let filled = (0..STEPS_MAX).rev().find(|number| fields.some(&format!("step-{number}-name")).is_some());
    filled.map_or(1, |last| (last + 2).min(STEPS_MAX))
}

/// A workflow as it was typed.
pub(super) fn workflow(fields: &Fields) -> Result<Workflow, Error> {
    let mut invalid = Invalid::new();
    let window: Option<i64> = fields.get("window").trim().parse().ok();
    if window.is_none() {
        invalid.add("window", "a number of minutes");
    }
    let (cover, steps) = (cover(fields, &mut invalid), steps(fields, &mut invalid));
    invalid.check()?;
    let window_ms = window.unwrap_or_default().saturating_mul(MINUTE_MS);
    Ok(Workflow { name: fields.get("name").to_owned(), cover, steps, window_ms })
}

/// A rule as it was typed.
pub(super) fn addition(fields: &Fields) -> Result<Addition, Error> {
    let mut invalid = Invalid::new();
    let (cover, steps) = (cover(fields, &mut invalid), steps(fields, &mut invalid));
    let (tags, findings) = (words(fields.get("tags")), findings(fields));
    if tags.is_empty() && findings.is_empty() {
        invalid.add("tags", "name a tag or a kind of finding; what always applies belongs in a workflow");
    }
    invalid.check()?;
    Ok(Addition { name: fields.get("name").to_owned(), cover, tags, findings, steps })
}

/// The kinds of finding that were typed, and those that were chosen from the company's own lists.
pub(super) fn findings(fields: &Fields) -> BTreeSet<String> {
    let chosen = fields.all("listed").map(str::to_owned);
    words(fields.get("findings")).into_iter().chain(chosen).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn set<T: Ord>(fields: &Fields, name: &'static str, invalid: &mut Invalid, read: impl Fn(&str) -> Option<T>) -> BTreeSet<T> {
    let mut found = BTreeSet::new();
    for value in fields.all(name) {
        match read(value) {
            Some(value) => drop(found.insert(value)),
            None => invalid.add(name, "choose from the list"),
        }
    }
    found
}

fn cover(fields: &Fields, invalid: &mut Invalid) -> Cover {
    Cover {
        profiles: set(fields, "profiles", invalid, |text| text.parse().ok()),
        groups: set(fields, "groups", invalid, |text| text.parse().ok()),
        networks: set(fields, "networks", invalid, |text| Some(text.to_owned())),
        levels: set(fields, "levels", invalid, |text| Level::from_str(text).ok()),
        kinds: set(fields, "kinds", invalid, PostKind::parse),
    }
}

fn steps(fields: &Fields, invalid: &mut Invalid) -> Vec<Step> {
    let mut steps = Vec::new();
    for number in 0..STEPS_MAX {
        let part = |part: &str| format!("step-{number}-{part}");
        let Some(name) = fields.some(&part("name")) else { continue };
        let mut asked = |field: &str| -> BTreeSet<Approver> {
            let read: Vec<_> = fields.all(field).map(approver_of).collect();
            if read.contains(&None) {
                invalid.add("steps", "choose from the list");
            }
            read.into_iter().flatten().collect()
        };
        let (approvers, delegates) = (asked(&part("approvers")), asked(&part("delegates")));
        let need = match fields.get(&part("need")) {
            "all" => Need::All,
            "quorum" => {
                if let Ok(count) = fields.get(&part("quorum")).trim().parse() {
                    Need::Quorum(count)
                } else {
                    invalid.add("steps", format!("say how many have to agree to “{name}”"));
                    Need::Any
                }
            }
            _ => Need::Any,
        };
        let after = fields.some(&part("after")).map(str::parse::<i64>);
        if matches!(after, Some(Err(_))) {
            invalid.add("steps", format!("say after how many hours “{name}” asks its delegates"));
        }
        let delegate_after_ms = after.and_then(Result::ok).map(|hours| hours.saturating_mul(HOUR_MS));
        steps.push(Step { name: name.to_owned(), approvers, need, delegate_after_ms, delegates, because: String::new() });
    }
    steps
}

/// The form of a workflow.
pub(super) fn of_workflow(kept: &KeptWorkflow) -> Fields {
    let mut fields = of(&kept.workflow.name, kept.revision, &kept.workflow.cover, &kept.workflow.steps);
    fields.push(("window".to_owned(), (kept.workflow.window_ms / MINUTE_MS).to_string()));
    Fields(fields)
}

/// The form of a rule.
pub(super) fn of_addition(kept: &KeptAddition) -> Fields {
    let mut fields = of(&kept.addition.name, kept.revision, &kept.addition.cover, &kept.addition.steps);
    let joined = |words: &BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(", ");
    fields.push(("tags".to_owned(), joined(&kept.addition.tags)));
    fields.push(("findings".to_owned(), joined(&kept.addition.findings)));
    Fields(fields)
}

fn of(name: &str, revision: i64, cover: &Cover, steps: &[Step]) -> Vec<(String, String)> {
    let mut fields = vec![("name".to_owned(), name.to_owned()), ("revision".to_owned(), revision.to_string())];
    let mut add = |field: &str, value: String| fields.push((field.to_owned(), value));
    cover.profiles.iter().for_each(|id| add("profiles", id.to_string()));
    cover.groups.iter().for_each(|id| add("groups", id.to_string()));
    cover.networks.iter().for_each(|network| add("networks", network.clone()));
    cover.levels.iter().for_each(|level| add("levels", level.id().to_owned()));
    cover.kinds.iter().for_each(|kind| add("kinds", kind.id().to_owned()));
    for (number, step) in steps.iter().enumerate() {
        let part = |part: &str| format!("step-{number}-{part}");
        add(&part("name"), step.name.clone());
        step.approvers.iter().for_each(|approver| add(&part("approvers"), value_of(*approver)));
        step.delegates.iter().for_each(|approver| add(&part("delegates"), value_of(*approver)));
        let need = match step.need {
            Need::Any => "any",
            Need::All => "all",
            Need::Quorum(count) => {
                add(&part("quorum"), count.to_string());
                "quorum"
            }
        };
        add(&part("need"), need.to_owned());
        if let Some(after) = step.delegate_after_ms {
            add(&part("after"), (after / HOUR_MS).to_string());
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use desk::{
        Time,
        approvals::{
            Approver, Need, Step,
            workflows::{Cover, KeptWorkflow, PostKind, Workflow},
        },
        ids::{PersonId, TeamId, WorkflowId},
        rights::Level,
    };
    use uuid::Uuid;

    use super::{of_workflow, steps_shown, workflow};

    #[test]
    fn a_workflow_survives_its_form() {
        let step = |name: &str, need, delegate_after_ms, delegates| Step {
            name: name.to_owned(),
            approvers: BTreeSet::from([
                Approver::Person(PersonId(Uuid::from_u128(1))),
                Approver::Team(TeamId(Uuid::from_u128(2))),
            ]),
            need,
            delegate_after_ms,
            delegates,
            because: String::new(),
        };
        let delegates = BTreeSet::from([Approver::Person(PersonId(Uuid::from_u128(3)))]);
        let written = Workflow {
            name: "Brand".to_owned(),
            cover: Cover {
                networks: BTreeSet::from(["mastodon".to_owned()]),
                levels: BTreeSet::from([Level::NeedsApproval]),
                kinds: BTreeSet::from([PostKind::Reply]),
                ..Cover::default()
            },
            steps: vec![
                step("Brand", Need::Quorum(2), None, BTreeSet::new()),
                step("Legal", Need::All, Some(7_200_000), delegates),
            ],
            window_ms: 1_800_000,
        };
        let kept = KeptWorkflow {
            id: WorkflowId(Uuid::nil()),
            revision: 3,
            workflow: written.clone(),
            stuck: None,
            changed_by: None,
            changed_at: Time(0),
        };
        let fields = of_workflow(&kept);
        assert_eq!(workflow(&fields).expect("it was one"), written);
        assert_eq!(steps_shown(&fields), 3, "one more to fill in");
    }
}
