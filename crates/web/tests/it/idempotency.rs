//! `Idempotency-Key`: once, on both engines.

use desk::{
    db::sql,
    rights::{Given, Right},
};
use http::{Method, StatusCode};
use serde_json::json;
use testkit::on_both;

use crate::client::{Answer, As, Edge, scopes, token};

const KEY: &str = "0196-test-key";

async fn invite(edge: &Edge, who: &As, key: &str, email: &str) -> Answer {
    let body = json!({"email": email, "name": "Ann Example"}).to_string();
    edge.send(who, Method::POST, "/api/v1/people", &[("idempotency-key", key)], Some(&body)).await
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_does_nothing() {
    on_both(|desk| async move {
        desk.workspace().await;
        let ann = desk.person_with(&[Given::Right(Right::People)]).await;
        let (_, ann) = token(&desk, &ann, scopes(&["people:write", "people:read"])).await;
        let edge = Edge::new(&desk);
        let before = edge.get(&ann, "/api/v1/people").await.json()["total"].as_i64().expect("a number");
        let first = invite(&edge, &ann, KEY, "new@example.test").await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (StatusCode::CREATED, ""));
        let again = invite(&edge, &ann, KEY, "new@example.test").await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (StatusCode::CREATED, "true"));
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(edge.get(&ann, "/api/v1/people").await.json()["total"], before + 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_belongs_to_its_request_and_to_its_owner() {
    on_both(|desk| async move {
        desk.workspace().await;
        let somebody = desk.person_with(&[Given::Right(Right::People)]).await;
        let (_, one) = token(&desk, &somebody, scopes(&["people:write"])).await;
        let (_, other) = token(&desk, &somebody, scopes(&["people:write"])).await;
        let edge = Edge::new(&desk);
        assert_eq!(invite(&edge, &one, KEY, "a@example.test").await.status, StatusCode::CREATED);
        let reused = invite(&edge, &one, KEY, "b@example.test").await;
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reused.problem(), "idempotency-key-reused");
        assert_eq!(invite(&edge, &other, KEY, "b@example.test").await.status, StatusCode::CREATED);
    })
    .await;
}

#[tokio::test]
async fn what_changed_nothing_may_be_tried_again() {
    on_both(|desk| async move {
        desk.workspace().await;
        let ann = As::from(&desk.person_with(&[Given::Right(Right::People)]).await);
        let edge = Edge::new(&desk);
        let missing = edge.send(&ann, Method::POST, "/api/v1/people", &[("idempotency-key", KEY)], Some("{}")).await;
        assert_eq!(missing.problem(), "invalid");
        assert_eq!(invite(&edge, &ann, KEY, "a@example.test").await.status, StatusCode::CREATED);
    })
    .await;
}

#[tokio::test]
async fn two_at_once_are_done_once() {
    on_both(|desk| async move {
        desk.workspace().await;
        let ann = As::from(&desk.person_with(&[Given::Right(Right::Rights)]).await);
        let edge = Edge::new(&desk);
        let body = json!({"name": "Night shift"}).to_string();
        let headers = [("idempotency-key", KEY)];
        let send = || edge.send(&ann, Method::POST, "/api/v1/teams", &headers, Some(&body));
        let (one, other) = tokio::join!(send(), send());
        for answer in [&one, &other] {
            let replayed = answer.header("idempotency-replayed") == "true";
            let fits = match answer.status {
                StatusCode::CREATED => true,
                StatusCode::CONFLICT => answer.problem() == "idempotency-under-way" && !replayed,
                _ => false,
            };
            assert!(fits, "{answer:?}");
        }
        assert_eq!(edge.get(&ann, "/api/v1/teams").await.json()["total"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_broke_off_is_not_done_again_until_its_key_is_forgotten() {
    on_both(|desk| async move {
        desk.workspace().await;
        let somebody = desk.person_with(&[Given::Right(Right::People)]).await;
        let ann = As::from(&somebody);
        let edge = Edge::new(&desk);
        assert_eq!(invite(&edge, &ann, KEY, "a@example.test").await.status, StatusCode::CREATED);
        // As if the server had died between the change and remembering its answer.
        let mut tx = desk.desk.db().begin().await.expect("begins");
        sql("UPDATE idempotency_keys SET status = 0, body = ''").execute(&mut tx).await.expect("changes");
        tx.commit().await.expect("commits");
        let again = invite(&edge, &ann, KEY, "a@example.test").await;
        assert_eq!((again.status, again.problem().as_str()), (StatusCode::CONFLICT, "idempotency-under-way"));
        desk.clock.advance_ms(desk::idempotency::REMEMBERED_MS + 1);
        let ann = As::from(&desk.sign_in(somebody.person).await);
        assert_eq!(invite(&edge, &ann, KEY, "b@example.test").await.status, StatusCode::CREATED);
    })
    .await;
}

#[tokio::test]
async fn no_secret_stands_in_clear_in_the_table() {
    on_both(|desk| async move {
        desk.workspace().await;
        let ann = As::from(&desk.person_with(&[Given::Right(Right::People)]).await);
        let edge = Edge::new(&desk);
        let link = invite(&edge, &ann, KEY, "a@example.test").await.json()["link"].as_str().expect("a link").to_owned();
        let mut reader = desk.desk.db().read().await.expect("reads");
        let row = sql("SELECT body FROM idempotency_keys").one(&mut reader).await.expect("one answer");
        let body: String = row.get("body").expect("text");
        let code = link.rsplit('/').next().expect("a code");
        assert!(!body.is_empty() && !body.contains(code) && !body.contains("example"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let desk = testkit::TestDesk::on(desk::db::Engine::Sqlite).await;
    desk.workspace().await;
    let ann = As::from(&desk.person_with(&[Given::Right(Right::People)]).await);
    let edge = Edge::new(&desk);
    for bad in ["short", "with a blank", &"a".repeat(129)] {
        let answer = invite(&edge, &ann, bad, "a@example.test").await;
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key", "{bad}");
    }
}
