//! Tokens marked as agents: they write, never approve, and stop together.

use desk::{
    Actor, Error, Refusal,
    approvals::{self, Ballot, Need, SubmissionState, Verdict},
    publishing::{self, PostForm, Sent},
    rights::TokenScope,
    sign_in::{self, NewToken},
    workspace::{self, Agents},
};
use testkit::{on_both, people::Somebody};

use super::cast::Scene;
use crate::publishing::form;

async fn token(scene: &Scene<'_>, of: &Somebody, agent: bool) -> String {
    let new = NewToken { name: "a program".to_owned(), scopes: TokenScope::all(), expires_at: scene.in_hours(24), agent };
    let fresh = scene.test.sign_in(of.person).await;
    sign_in::create_token(scene.desk(), &fresh.actor, &new).await.expect("a token").1.reveal().to_owned()
}

async fn acting(scene: &Scene<'_>, token: &str) -> Actor {
    sign_in::actor_of_token(scene.desk(), token, None).await.expect("works")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_drafts_for_its_person_never_approves_and_never_goes_free() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 2, Need::Any).await;
        let agent = acting(&scene, &token(&scene, &scene.author, true).await).await;
        let form = PostForm { slot: Some(scene.in_hours(5)), ..form("written by a program", &[scene.profile]) };
        let post = publishing::create(scene.desk(), &agent, &form).await.expect("it may draft");
        let Ok(Sent::Pending(id)) = scene.submit_as(&agent, post).await else { panic!("somebody is asked") };
        let seen = scene.seen(id).await;
        assert!(approvals::get(scene.desk(), &scene.owner.actor, id).await.expect("readable").shown.kept.by_agent);
        let approvers_agent = acting(&scene, &token(&scene, &scene.approvers[0], true).await).await;
        let refused = scene.decide_as(&approvers_agent, id, seen, Verdict::Approve).await;
        assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("agent")));
        let its_person = scene.decide_as(&scene.author.actor, id, seen, Verdict::Approve).await;
        assert!(matches!(its_person, Err(Error::Conflict(why)) if why.contains("own work")));
        let by_token = acting(&scene, &token(&scene, &scene.approvers[1], false).await).await;
        assert_eq!(
            scene.decide_as(&by_token, id, seen, Verdict::Approve).await.expect("a person's own program"),
            SubmissionState::Approved
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_switch_stops_every_agent_and_nothing_else() {
    on_both(|test| async move {
        let scene = Scene::with(&test, 1, Need::Any).await;
        let (agent, plain) = (token(&scene, &scene.author, true).await, token(&scene, &scene.author, false).await);
        let held = acting(&scene, &agent).await;
        assert!(workspace::switch_agents(scene.desk(), &held, Agents::Frozen).await.is_err());
        assert!(matches!(
            workspace::switch_agents(scene.desk(), &scene.author.actor, Agents::Frozen).await,
            Err(Error::Refused(_))
        ));
        workspace::switch_agents(scene.desk(), &scene.owner.actor, Agents::Frozen).await.expect("stopped");
        assert!(matches!(
            workspace::switch_agents(scene.desk(), &scene.owner.actor, Agents::Frozen).await,
            Err(Error::Conflict(_))
        ));
        let refused = sign_in::actor_of_token(scene.desk(), &agent, None).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::AgentsFrozen))));
        acting(&scene, &plain).await;
        workspace::switch_agents(scene.desk(), &scene.owner.actor, Agents::Free).await.expect("let go on");
        acting(&scene, &agent).await;
        let ballot = Ballot { seen: approvals::ContentDigest([0; 32]), verdict: Verdict::Approve, others: None };
        let none = approvals::decide(scene.desk(), &held, desk::ids::SubmissionId(uuid::Uuid::nil()), ballot).await;
        assert!(matches!(none, Err(Error::NotFound(_))));
    })
    .await;
}
