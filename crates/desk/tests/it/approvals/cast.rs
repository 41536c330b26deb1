//! The people of these tests: an author whose posts need approval, approvers, and a profile on the sandbox with its workflow.

use std::collections::BTreeSet;

use desk::{
    Actor, Desk, Result, Time,
    approvals::{
        self, Approver, Ballot, ContentDigest, Need, Step, SubmissionState, Verdict,
        workflows::{self, Workflow},
    },
    capture::Examiner,
    ids::{PostId, ProfileId, SubmissionId},
    publishing::{self, PostForm, Sent, Submitting, TargetState},
    rights::{Given, Level, Right},
};
use testkit::{TestDesk, people::Somebody};

use super::workflows::{step, workflow};
use crate::publishing::{form, sandbox};

pub(crate) const HOUR: i64 = 3_600_000;

/// Everybody there is.
pub(crate) struct Scene<'t> {
    pub(crate) test: &'t TestDesk,
    pub(crate) owner: Somebody,
    pub(crate) author: Somebody,
    pub(crate) approvers: Vec<Somebody>,
    pub(crate) profile: ProfileId,
}

impl<'t> Scene<'t> {
    /// A workspace with an author, three approvers who can read, and a profile without a workflow.
    pub(crate) async fn new(test: &'t TestDesk) -> Self {
        test.workspace().await;
        let keeper = [Right::Profiles, Right::Workflows, Right::BreakGlass, Right::StopSwitch].map(Given::Right);
        let owner = test.person_with(&[&keeper[..], &[Given::Level(Level::FullPublishing)]].concat()).await;
        let author = test.person_with(&[Given::Level(Level::NeedsApproval)]).await;
        let mut approvers = Vec::new();
        for _ in 0..3 {
            approvers.push(test.person_with(&[Given::Level(Level::ReadOnly)]).await);
        }
        let profile = sandbox(&test.desk, &owner.actor, "kites").await;
        Self { test, owner, author, approvers, profile }
    }

    /// The same with one workflow of one step that asks these approvers.
    pub(crate) async fn with(test: &'t TestDesk, asked: usize, need: Need) -> Self {
        let scene = Self::new(test).await;
        scene.rule(vec![scene.step("Legal", 0..asked, need)]).await;
        scene
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.test.desk
    }

    pub(crate) fn step(&self, name: &str, asked: std::ops::Range<usize>, need: Need) -> Step {
        step(name, asked.map(|number| Approver::Person(self.approvers[number].person)), need)
    }

    /// Writes a workflow for everything.
    pub(crate) async fn rule(&self, steps: Vec<Step>) {
        let name = steps[0].name.clone();
        self.rule_as(workflow(&name, steps)).await;
    }

    pub(crate) async fn rule_as(&self, workflow: Workflow) {
        // The clock may have moved on since the last proof.
        let keeper = self.test.sign_in(self.owner.person).await;
        workflows::create(self.desk(), &keeper.actor, workflow).await.expect("a workflow");
    }

    /// A post of the author's, due in so many hours.
    pub(crate) async fn post(&self, text: &str, hours: i64) -> PostId {
        let form = PostForm { slot: Some(self.in_hours(hours)), ..form(text, &[self.profile]) };
        publishing::create(self.desk(), &self.author.actor, &form).await.expect("begun")
    }

    pub(crate) fn in_hours(&self, hours: i64) -> Time {
        self.desk().now().plus_ms(hours * HOUR)
    }

    /// Submits a post as the author.
    pub(crate) async fn submit(&self, post: PostId) -> Result<Sent> {
        self.submit_as(&self.author.actor, post).await
    }

    pub(crate) async fn submit_as(&self, actor: &Actor, post: PostId) -> Result<Sent> {
        let examiner = Examiner::new().expect("the inspector compiles");
        let revision = publishing::get(self.desk(), actor, post).await?.revision;
        publishing::submit(self.desk(), actor, &examiner, post, revision, &Submitting::default()).await
    }

    /// A post of the author's that waits: its submission and what was shown.
    pub(crate) async fn waiting(&self, text: &str, hours: i64) -> (PostId, SubmissionId, ContentDigest) {
        let post = self.post(text, hours).await;
        let sent = self.submit(post).await.expect("submitted");
        let Sent::Pending(id) = sent else { panic!("nobody is asked") };
        (post, id, self.seen(id).await)
    }

    /// The digest of what somebody is shown.
    pub(crate) async fn seen(&self, id: SubmissionId) -> ContentDigest {
        let shown = approvals::get(self.desk(), &self.owner.actor, id).await.expect("readable").shown;
        assert_eq!(shown.preview.digest, shown.kept.submission.digest, "what is shown is what is decided");
        shown.preview.digest
    }

    pub(crate) async fn decide(&self, who: usize, id: SubmissionId, verdict: Verdict) -> Result<SubmissionState> {
        let seen = self.seen(id).await;
        self.decide_as(&self.approvers[who].actor, id, seen, verdict).await
    }

    pub(crate) async fn decide_as(
        &self,
        actor: &Actor,
        id: SubmissionId,
        seen: ContentDigest,
        verdict: Verdict,
    ) -> Result<SubmissionState> {
        approvals::decide(self.desk(), actor, id, Ballot { seen, verdict, others: None }).await
    }

    /// Where a post stands on its profile, and why.
    pub(crate) async fn target(&self, post: PostId) -> (TargetState, Option<String>) {
        let post = publishing::get(self.desk(), &self.owner.actor, post).await.expect("readable");
        (post.targets[0].life.state, post.targets[0].life.reason.clone())
    }

    pub(crate) async fn state(&self, id: SubmissionId) -> SubmissionState {
        approvals::get(self.desk(), &self.owner.actor, id).await.expect("readable").shown.kept.submission.state
    }
}

pub(crate) fn reject(reason: &str) -> Verdict {
    Verdict::Reject { reason: reason.to_owned() }
}

/// Delegates for a step.
pub(crate) fn delegated(step: Step, after_ms: i64, delegates: impl IntoIterator<Item = Approver>) -> Step {
    Step { delegate_after_ms: Some(after_ms), delegates: delegates.into_iter().collect::<BTreeSet<_>>(), ..step }
}
