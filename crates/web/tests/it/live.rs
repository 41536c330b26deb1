//! Live updates: told at once, bursts as one, and not to whoever signed out.

use std::time::Duration;

use axum::body::BodyDataStream;
use desk::{Topic, db::Engine, sign_in};
use futures_util::StreamExt as _;
use testkit::{Somebody, TestDesk};

use crate::client::{As, Edge};

/// Far longer than any wait of a stream that has something to tell.
const PATIENCE: Duration = Duration::from_secs(30);

async fn desk() -> (TestDesk, Somebody, BodyDataStream) {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let owner = test.person_with(&[]).await;
    let stream = Edge::new(&test).open(&As::from(&owner), "/live?topics=people&quiet=yes").await;
    (test, owner, stream)
}

/// The next thing told, or nothing when the stream has ended.
async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let told = tokio::time::timeout(PATIENCE, stream.next()).await.expect("told or ended")?;
    Some(String::from_utf8(told.expect("bytes").to_vec()).expect("text"))
}

#[tokio::test]
async fn a_burst_of_changes_is_told_as_one_and_nothing_is_told_of_other_topics() {
    let (test, owner, mut stream) = desk().await;
    test.desk.announce(Topic::People);
    assert!(next(&mut stream).await.expect("an event").contains("pulse"));
    for _ in 0..5 {
        test.desk.announce(Topic::Jobs);
        test.desk.announce(Topic::People);
    }
    assert!(next(&mut stream).await.expect("an event").contains("pulse"));
    sign_in::sign_out(&test.desk, &owner.actor).await.expect("signed out");
    assert_eq!(next(&mut stream).await, None, "five changes were one, and a stream ends with its session");
}

#[tokio::test]
async fn a_session_that_ends_within_a_burst_is_told_nothing_more() {
    let (test, owner, mut stream) = desk().await;
    test.desk.announce(Topic::People);
    sign_in::sign_out(&test.desk, &owner.actor).await.expect("signed out");
    assert_eq!(next(&mut stream).await, None);
}
