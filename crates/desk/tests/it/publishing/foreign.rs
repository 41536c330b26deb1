//! What stands on our profiles and was not sent from here raises an alert, once, and what was sent from here never does.

use std::sync::Arc;

use desk::{
    Error,
    capture::{Connectors, Follower},
    publishing::{self, CALL_MAX_MS, LOOK_AFTER_MS, TargetState, Watch},
};
use networks::{Network as _, Outgoing};
use testkit::{TestDesk, fickle::Fate, on_both, records::intake_in};
use tokio_util::sync::CancellationToken;

use super::{form, sending::Stage};

const HOUR: i64 = 3_600_000;

/// Takes in what stands on the profile, and looks at it.
async fn capture_and_look(stage: &Stage, follower: &Follower) {
    follower.step(stage.profile, &CancellationToken::new()).await.expect("captured");
    let watch = Watch::new(stage.desk().clone());
    while watch.step().await.expect("looked") {}
}

fn follower(test: &Arc<TestDesk>, stage: &Stage, folder: &tempfile::TempDir) -> Follower {
    let intake = intake_in(&test.desk, folder.path());
    Follower::new(intake, Connectors::of(vec![stage.network])).waiting(std::time::Duration::ZERO)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_not_sent_from_here_alarms_once_with_its_evidence() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Stage::on(test.clone()).await;
        let follower = follower(&test, &stage, &folder);
        let key = stage.scheduled(form("ours", &[stage.profile])).await;
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.state, TargetState::Published);
        capture_and_look(&stage, &follower).await;
        let alerts = || publishing::foreign_posts(stage.desk(), &stage.publisher, false);
        assert_eq!(alerts().await.expect("alerts"), [], "what was sent from here is ours");
        let session = stage.network.session("kites", stage.test.clock.clone());
        stage
            .network
            .send(&session, &Outgoing::new("native", "not from here"))
            .await
            .expect("somebody posts on the network itself");
        capture_and_look(&stage, &follower).await;
        capture_and_look(&stage, &follower).await;
        let found = alerts().await.expect("alerts");
        assert_eq!(found.len(), 1);
        assert!(found[0].entry.is_some(), "its place in the record is the evidence");
        let message = desk::capture::message(stage.desk(), &stage.publisher, found[0].message).await.expect("the message");
        assert_eq!(message.text, "not from here");
        let unsaid = publishing::seen_foreign(stage.desk(), &stage.publisher, found[0].message, " ").await;
        assert!(matches!(unsaid, Err(Error::Invalid(_))));
        publishing::seen_foreign(stage.desk(), &stage.publisher, found[0].message, "the founder, by phone").await.expect("noted");
        assert_eq!(alerts().await.expect("alerts"), []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_attempt_of_unknown_outcome_left_is_waited_for() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Stage::on(test.clone()).await;
        let follower = follower(&test, &stage, &folder);
        stage.network.next([Fate::AnswerLost]);
        let key = stage.scheduled(form("ours", &[stage.profile])).await;
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.state, TargetState::Sending);
        capture_and_look(&stage, &follower).await;
        let alerts = || publishing::foreign_posts(stage.desk(), &stage.publisher, false);
        assert_eq!(alerts().await.expect("alerts"), [], "it may be the attempt's own");
        stage.later(CALL_MAX_MS + LOOK_AFTER_MS).await;
        assert_eq!(stage.life(key).await.state, TargetState::Published);
        capture_and_look(&stage, &follower).await;
        assert_eq!(alerts().await.expect("alerts"), []);
    })
    .await;
}
