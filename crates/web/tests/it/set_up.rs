//! What platforms are told of this server: files behind a fresh proof and an entry, and a document for everybody.

use std::sync::Arc;

use desk::{
    Actor,
    audit_log::{self, AuditFilter},
    db::Engine,
    profiles::{self, NewProfile},
    rights::{Given, Right, STEP_UP_WINDOW_MS},
};
use http::{Method, StatusCode};
use testkit::TestDesk;
use web::{WebOptions, WebState};

use crate::client::{As, Edge};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_with_a_fresh_proof_and_leaves_an_entry() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let new = NewProfile {
        network: "slack".to_owned(),
        handle: "kites".to_owned(),
        title: "Kites".to_owned(),
        group: None,
        protected: false,
    };
    let profile = profiles::add(&test.desk, &Actor::desk("test"), &new).await.expect("a profile");
    let manager = As::from(&test.person_with(&[Given::Right(Right::Profiles)]).await);
    let other = As::from(&test.person_with(&[]).await);
    let state = WebState::new(test.desk.clone(), WebOptions::default(), Arc::new(String::new));
    let edge = Edge::over(state);
    let address = format!("/profiles/{profile}/set-up");
    let page = edge.get(&manager, &address).await;
    let hook = format!("https://desk.example.test/hooks/{profile}");
    assert!(page.text.contains("slack-app-manifest") && page.text.contains(&hook), "{}", page.text);
    assert!(!page.text.contains("oauth_config"), "the page holds nothing of the file");
    assert!(edge.get(&manager, &format!("/profiles/{profile}")).await.text.contains(&address), "the profile leads there");
    let (_, file) = page.text.split_once(&format!("action=\"{address}/")).expect("a form");
    let path = format!("{address}/{}", file.split('"').next().expect("an address"));
    let take = async |who: &As, path: &str| edge.send(who, Method::POST, path, &[("sec-fetch-site", "same-origin")], None).await;
    assert_eq!(take(&other, &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(edge.get(&other, &address).await.status, StatusCode::FORBIDDEN);
    let taken = take(&manager, &path).await;
    assert_eq!((taken.status, taken.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(taken.header("content-disposition").starts_with("attachment"));
    assert_eq!(taken.json()["settings"]["event_subscriptions"]["request_url"], hook);
    assert_eq!(take(&manager, &format!("{address}/other.json")).await.status, StatusCode::NOT_FOUND);
    let filter = AuditFilter { act: Some("connections.set_up".to_owned()), ..AuditFilter::default() };
    let mut export = audit_log::export(test.desk.clone(), &Actor::desk("test"), filter).await.expect("an export");
    let entries = export.next().await.expect("entries");
    let told: Vec<_> = entries.iter().map(|entry| (entry.outcome.id(), entry.object_id)).collect();
    assert_eq!(told, [("refused", None), ("done", Some(profile.0))]);

    test.clock.advance_ms(STEP_UP_WINDOW_MS + 1);
    let stale = take(&manager, &path).await;
    assert!(stale.text.contains("Is it still you?") && !stale.text.contains("oauth_config"), "{}", stale.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn authorisation_servers_read_who_we_are() {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.workspace().await;
    let edge = Edge::new(&test);
    let told = edge.get(&As::Nobody, "/oauth/bluesky/client-metadata.json").await;
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, "application/json"));
    let told = told.json();
    assert_eq!(told["client_id"], "https://desk.example.test/oauth/bluesky/client-metadata.json");
    assert_eq!(told["redirect_uris"][0], "https://desk.example.test/connect/back");
}
