//! Which steps a post has to go through. Pure.
//!
//! A *workflow* covers profiles (by profile, group, network or the author's level) and brings the steps that always apply; the first
//! that covers a profile counts for it. An *addition* looks at tags and findings as well and adds steps. Invariants: an addition never
//! removes a step, so more findings never mean fewer eyes; a protected profile that no workflow covers blocks the post; only a
//! person with full publishing on an open profile goes without, or one who can reply with a reply.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approvals::model::{Need, Panel, Step};
use crate::{
    ids::{GroupId, ProfileId},
    rights::Level,
    text_enum::text_enum,
};

/// Milliseconds around the approved time within which a post may go out, when a workflow does not say: half an hour.
pub const WINDOW_MS: i64 = 30 * 60 * 1_000;

text_enum! {
    /// What goes out.
    #[derive(PartialOrd, Ord, Default)]
    PostKind {
        /// Something new.
        #[default]
        Post = "post", "Posts";
        /// An answer to a message.
        Reply = "reply", "Replies";
    }
}

/// What a workflow or addition is for. Empty sets mean "any".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cover {
    /// These profiles.
    pub profiles: BTreeSet<ProfileId>,
    /// Profiles in these groups.
    pub groups: BTreeSet<GroupId>,
    /// Profiles on these networks.
    pub networks: BTreeSet<String>,
    /// Authors with this level on the profile.
    pub levels: BTreeSet<Level>,
    /// Posts, replies, or both.
    pub kinds: BTreeSet<PostKind>,
}

/// A workflow: the steps of the profiles that it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What it covers.
    pub cover: Cover,
    /// Its steps in order. Never empty.
    pub steps: Vec<Step>,
    /// How far from the approved time it may go out, earlier or later.
    pub window_ms: i64,
}

/// Steps that are added when something is in the post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addition {
    /// Its name, shown as the reason.
    pub name: String,
    /// Where it looks.
    pub cover: Cover,
    /// Any of these tags.
    pub tags: BTreeSet<String>,
    /// Any of these kinds of finding, or of kinds of these families.
    pub findings: BTreeSet<String>,
    /// The steps that it adds. Never empty.
    pub steps: Vec<Step>,
}

/// What is known of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it goes.
    pub targets: Vec<TargetFacts>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The kinds of what was found in it.
    pub findings: BTreeSet<String>,
    /// Whether a program marked as an agent wrote or edited it.
    pub by_agent: bool,
    /// Whether it answers a message.
    pub kind: PostKind,
}

/// What is known of one profile that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// The profile.
    pub profile: ProfileId,
    /// Its group.
    pub group: Option<GroupId>,
    /// Its network.
    pub network: String,
    /// Whether nothing leaves it without a workflow.
    pub protected: bool,
    /// The author's level on it; nothing for a deleted author or one without any.
    pub author: Option<Level>,
}

/// What a post has to go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// Nothing: every profile is open to its author.
    Free,
    /// These steps, in order.
    Through {
        /// The steps; a workflow that covers several of the profiles counts once.
        steps: Vec<Step>,
        /// How far from the approved time it may go out: the shortest of all.
        window_ms: i64,
    },
}

/// Why a post cannot be submitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Uncovered {
    /// It goes nowhere.
    #[error("choose at least one profile")]
    NoTarget,
    /// Fail closed.
    #[error(
        "no approval workflow covers this profile, so nothing can leave it; somebody with the right to workflows has to make one"
    )]
    Profile(ProfileId),
    /// A person's would go free, an agent's does not.
    #[error(
        "an agent wrote some of it, and no approval workflow covers this profile; nothing of an agent's goes out unless people agree: \
         somebody with the right to workflows has to make one, or a person writes it anew"
    )]
    Agent(ProfileId),
    /// Read only, can reply, or nothing at all.
    #[error("the author has no right to write posts for this profile")]
    NoRight(ProfileId),
}

impl TargetFacts {
    /// Whether the author needs nobody where nothing asks for it.
    fn author_goes_free(&self, kind: PostKind) -> bool {
        match kind {
            PostKind::Post => self.author == Some(Level::FullPublishing),
            PostKind::Reply => matches!(self.author, Some(Level::CanReply | Level::FullPublishing)),
        }
    }
}

impl Cover {
    fn holds(&self, target: &TargetFacts, kind: PostKind) -> bool {
        fn any<T: Ord>(set: &BTreeSet<T>, value: Option<&T>) -> bool {
            set.is_empty() || value.is_some_and(|value| set.contains(value))
        }
        any(&self.profiles, Some(&target.profile))
            && any(&self.groups, target.group.as_ref())
            && any(&self.networks, Some(&target.network))
            && any(&self.levels, target.author.as_ref())
            && any(&self.kinds, Some(&kind))
    }
}

/// What a kind of finding belongs to: `LISTED_TERM` for every `LISTED_TERM.competitors`; itself for most.
fn family(kind: &str) -> &str {
    kind.split('.').next().unwrap_or(kind)
}

impl Addition {
    fn holds(&self, facts: &Facts) -> bool {
        let tagged = self.tags.is_empty() || !self.tags.is_disjoint(&facts.tags);
        let wanted = |found: &String| self.findings.contains(found) || self.findings.contains(family(found));
        facts.targets.iter().any(|target| self.cover.holds(target, facts.kind))
            && tagged
            && (self.findings.is_empty() || facts.findings.iter().any(wanted))
    }
}

/// What a post has to go through.
///
/// # Errors
/// [`Uncovered`] when it may not be submitted at all.
pub fn path(workflows: &[Workflow], additions: &[Addition], facts: &Facts) -> Result<Path, Uncovered> {
    if facts.targets.is_empty() {
        return Err(Uncovered::NoTarget);
    }
    let mut used: Vec<usize> = Vec::new();
    for target in &facts.targets {
        let writes = matches!(target.author, Some(Level::NeedsApproval | Level::CanReply | Level::FullPublishing));
        if !writes {
            return Err(Uncovered::NoRight(target.profile));
        }
        match workflows.iter().position(|workflow| workflow.cover.holds(target, facts.kind) && !workflow.steps.is_empty()) {
            Some(number) if used.contains(&number) => {}
            Some(number) => used.push(number),
            None => {
                if target.protected || !target.author_goes_free(facts.kind) {
                    return Err(Uncovered::Profile(target.profile));
                }
                if facts.by_agent {
                    return Err(Uncovered::Agent(target.profile));
                }
            }
        }
    }
    used.sort_unstable();
    let mut steps: Vec<Step> = used.iter().flat_map(|&number| workflows[number].steps.clone()).collect();
    let window_ms = used.iter().map(|&number| workflows[number].window_ms).min().unwrap_or(WINDOW_MS);
    steps.extend(additions.iter().filter(|addition| addition.holds(facts)).flat_map(|addition| addition.steps.clone()));
    Ok(if steps.is_empty() { Path::Free } else { Path::Through { steps, window_ms } })
}

/// Whether a step can be ended by those who can act today.
pub fn is_workable(step: &Step, panel: &Panel) -> bool {
    let can = panel.approvers.union(&panel.delegates).count();
    match step.need {
        Need::Any | Need::All => can >= 1 && !panel.approvers.is_empty(),
        Need::Quorum(count) => can >= usize::from(count.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{Addition, Cover, Facts, Path, PostKind, TargetFacts, Uncovered, WINDOW_MS, Workflow, is_workable, path};
    use crate::{
        approvals::{Need, Panel, Step, Voice},
        ids::{PersonId, ProfileId},
        rights::Level,
    };

    fn profile(number: u8) -> ProfileId {
        ProfileId(Uuid::from_bytes([number; 16]))
    }

    fn step(name: &str) -> Step {
        Step {
            name: name.to_owned(),
            approvers: BTreeSet::new(),
            need: Need::Any,
            delegate_after_ms: None,
            delegates: BTreeSet::new(),
            because: name.to_owned(),
        }
    }

    fn workflow(name: &str, cover: Cover) -> Workflow {
        Workflow { name: name.to_owned(), cover, steps: vec![step(name)], window_ms: WINDOW_MS }
    }

    fn target(number: u8, protected: bool, author: Option<Level>) -> TargetFacts {
        TargetFacts { profile: profile(number), group: None, network: "mastodon".to_owned(), protected, author }
    }

    fn facts(targets: Vec<TargetFacts>) -> Facts {
        Facts { targets, ..Facts::default() }
    }

    fn names(path: Path) -> Vec<String> {
        match path {
            Path::Free => Vec::new(),
            Path::Through { steps, .. } => steps.into_iter().map(|step| step.name).collect(),
        }
    }

    #[test]
    fn without_a_workflow_only_full_publishing_on_an_open_profile_goes_free() {
        let full = Some(Level::FullPublishing);
        assert_eq!(path(&[], &[], &facts(vec![target(1, false, full)])), Ok(Path::Free));
        for (protected, author) in [(true, full), (false, Some(Level::NeedsApproval)), (true, Some(Level::NeedsApproval))] {
            assert_eq!(path(&[], &[], &facts(vec![target(1, protected, author)])), Err(Uncovered::Profile(profile(1))));
        }
        for author in [None, Some(Level::ReadOnly), Some(Level::NoAccess)] {
            assert_eq!(path(&[], &[], &facts(vec![target(1, false, author)])), Err(Uncovered::NoRight(profile(1))));
        }
        let replying = facts(vec![target(1, false, Some(Level::CanReply))]);
        assert_eq!(path(&[], &[], &replying), Err(Uncovered::Profile(profile(1))), "can reply is not can post");
        assert_eq!(path(&[], &[], &Facts { kind: PostKind::Reply, ..replying }), Ok(Path::Free));
        let by_agent = Facts { by_agent: true, ..facts(vec![target(1, false, full)]) };
        assert_eq!(path(&[], &[], &by_agent), Err(Uncovered::Agent(profile(1))));
        assert_eq!(path(&[], &[], &facts(vec![])), Err(Uncovered::NoTarget));
    }

    #[test]
    fn one_free_profile_does_not_free_the_others() {
        let full = Some(Level::FullPublishing);
        let both = facts(vec![target(1, false, full), target(2, true, full)]);
        assert_eq!(path(&[], &[], &both), Err(Uncovered::Profile(profile(2))));
        let cover = Cover { profiles: BTreeSet::from([profile(2)]), ..Cover::default() };
        assert_eq!(names(path(&[workflow("brand", cover)], &[], &both).unwrap()), ["brand"]);
    }

    #[test]
    fn the_first_workflow_counts_and_several_profiles_bring_it_once() {
        let all = [workflow("first", Cover::default()), workflow("second", Cover::default())];
        let post = facts(vec![target(1, true, Some(Level::NeedsApproval)), target(2, true, Some(Level::NeedsApproval))]);
        assert_eq!(names(path(&all, &[], &post).unwrap()), ["first"]);
    }

    #[test]
    fn a_finding_adds_its_step_even_to_a_free_post() {
        let addition = Addition {
            name: "mentions a competitor".to_owned(),
            cover: Cover::default(),
            tags: BTreeSet::new(),
            findings: BTreeSet::from(["competitor".to_owned()]),
            steps: vec![step("legal")],
        };
        let mut post = facts(vec![target(1, false, Some(Level::FullPublishing))]);
        assert_eq!(path(&[], std::slice::from_ref(&addition), &post), Ok(Path::Free));
        post.findings.insert("competitor".to_owned());
        assert_eq!(names(path(&[], std::slice::from_ref(&addition), &post).unwrap()), ["legal"]);
        let any_list = Addition { findings: BTreeSet::from(["LISTED_TERM".to_owned()]), ..addition };
        assert_eq!(path(&[], std::slice::from_ref(&any_list), &post), Ok(Path::Free));
        post.findings.insert("LISTED_TERM.competitors".to_owned());
        assert_eq!(names(path(&[], &[any_list], &post).unwrap()), ["legal"]);
    }

    #[test]
    fn a_step_nobody_can_end_is_not_workable() {
        let one = |number: u8| Voice::Person(PersonId(Uuid::from_bytes([number; 16])));
        let panel = |approvers: &[u8], delegates: &[u8]| Panel {
            approvers: approvers.iter().copied().map(one).collect(),
            delegates: delegates.iter().copied().map(one).collect(),
        };
        let with = |need| Step { need, ..step("x") };
        for need in [Need::Any, Need::All, Need::Quorum(1)] {
            assert!(!is_workable(&with(need), &panel(&[], &[])));
            assert!(is_workable(&with(need), &panel(&[1], &[])));
        }
        assert!(!is_workable(&with(Need::Quorum(3)), &panel(&[1, 2], &[2])));
        assert!(is_workable(&with(Need::Quorum(3)), &panel(&[1, 2], &[3])));
    }

    fn small_set() -> impl Strategy<Value = BTreeSet<String>> {
        prop::collection::btree_set("[abc]", 0..3)
    }

    proptest! {
        #[test]
        fn more_tags_and_findings_never_take_a_step_away(
            additions in prop::collection::vec((small_set(), small_set(), "[a-z]{4}"), 0..5),
            (tags, more_tags) in (small_set(), small_set()),
            (findings, more_findings) in (small_set(), small_set()),
            covered in any::<bool>(),
        ) {
            let additions: Vec<_> = additions
                .into_iter()
                .map(|(tags, findings, name)| Addition { cover: Cover::default(), tags, findings, steps: vec![step(&name)], name })
                .collect();
            let workflows = if covered { vec![workflow("base", Cover::default())] } else { vec![] };
            let mut post = facts(vec![target(1, false, Some(Level::FullPublishing))]);
            (post.tags, post.findings) = (tags, findings);
            let before = names(path(&workflows, &additions, &post).unwrap());
            post.tags.extend(more_tags);
            post.findings.extend(more_findings);
            let mut after = names(path(&workflows, &additions, &post).unwrap()).into_iter();
            prop_assert!(before.iter().all(|name| after.any(|other| other == *name)), "a step was lost or changed its place");
        }
    }
}
