//! Platforms' calls: answered when they are on record, and telling strangers nothing.

use std::{collections::BTreeMap, sync::Arc};

use desk::{
    capture::{
        Connectors, Examiner, Reception,
        connections::{self, Begun, NewConnection},
    },
    db::{Engine, sql},
    records::Record,
    rights::{Given, Right},
};
use http::{Method, StatusCode};
use testkit::{Scripted, TestDesk, records::ledger_in};
use web::{
    WebOptions, WebState,
    hooks::{HOOK_BODY_MAX, HOOK_CALLS_MAX},
};

use crate::client::{As, Edge};

async fn count(test: &TestDesk) -> i64 {
    let mut reader = test.desk.db().read().await.expect("reads");
    sql("SELECT COUNT(*) AS n FROM messages").one(&mut reader).await.expect("a row").get("n").expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_call_is_answered_when_it_is_on_record_and_others_learn_nothing() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    test.workspace().await;
    let owner = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
    let connectors = Connectors::of(vec![Scripted::new()]);
    let form = NewConnection {
        network: "scripted".to_owned(),
        method: "token".to_owned(),
        fields: BTreeMap::from([("token".to_owned(), "t".to_owned())]),
        profile: None,
        title: "Ours".to_owned(),
        group: None,
        protected: false,
    };
    let begun = connections::begin(&test.desk, &connectors, &owner, form).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip") };
    let record = Record::of(Arc::new(ledger_in(folder.path())));
    let examiner = Arc::new(Examiner::new().expect("compiles"));
    let reception = Reception::new(test.desk.clone(), record.clone(), examiner, connectors);
    let state = WebState::new(test.desk.clone(), WebOptions::default(), Arc::new(String::new)).with_reception(reception);
    let edge = Edge::over(state);
    let call = async |path: &str, signature: &str, body: &str| {
        edge.send(&As::Nobody, Method::POST, path, &[("x-signature", signature)], Some(body)).await
    };
    let path = format!("/hooks/{profile}/events");
    let received = call(&path, "signing-t", "one\ntwo").await;
    assert_eq!((received.status, received.text.as_str()), (StatusCode::OK, "ok"));
    assert_eq!(count(&test).await, 2);
    assert_eq!(call(&format!("/hooks/{profile}"), "signing-t", "three").await.status, StatusCode::OK);
    assert_eq!(call(&path, "forged", "four").await.status, StatusCode::UNAUTHORIZED);
    let nobody = call("/hooks/0190a1b2-0000-7000-8000-000000000000/x", "signing-t", "four").await;
    let nonsense = call("/hooks/nobody", "signing-t", "four").await;
    assert_eq!((nobody.status, nobody.text), (nonsense.status, nonsense.text));
    let large = "x".repeat(HOOK_BODY_MAX + 1);
    assert_eq!(call(&path, "signing-t", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(count(&test).await, 3);
    // While another node writes the record, nothing can be received here: the platform sends it again.
    record.stop_writing();
    assert_eq!(call(&path, "signing-t", "five").await.status, StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..HOOK_CALLS_MAX {
        call("/hooks/nobody", "", "").await;
    }
    assert_eq!(call(&path, "signing-t", "six").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(count(&test).await, 3);
}
