//! Attachments as downloads: as they were, never as what they say they are, and covered with their message.

use std::{collections::BTreeMap, sync::Arc};

use desk::{
    capture::{
        Connectors, Examiner, Fetcher, Intake, Lot, Then, Via,
        connections::{self, Begun, NewConnection},
    },
    db::{Engine, sql},
    ids::MessageId,
    records::Record,
    rights::{Given, Level, Right},
};
use http::{Method, StatusCode};
use testkit::{
    Scripted, TestDesk,
    records::{ledger_in, post_with_file},
};
use tokio_util::sync::CancellationToken;
use web::{WebOptions, WebState};

use crate::client::{As, Edge};

async fn id_of(test: &TestDesk, native_id: &str) -> MessageId {
    let mut reader = test.desk.db().read().await.expect("reads");
    let row = sql("SELECT id FROM messages WHERE native_id = $1").bind(native_id).one(&mut reader).await.expect("a row");
    row.get("id").expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_downloaded_as_it_was_in_a_sandbox_and_a_masked_one_takes_a_reason() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    test.workspace().await;
    let given = [Given::Right(Right::Profiles), Given::Right(Right::Unmask), Given::Level(Level::ReadOnly)];
    let owner = test.person_with(&given).await;
    let network = Scripted::new();
    let page = b"<script>alert(1)</script>".repeat(40_000);
    network.hang("evil", page.clone());
    let connectors = Connectors::of(vec![network]);
    let form = NewConnection {
        network: "scripted".to_owned(),
        method: "token".to_owned(),
        fields: BTreeMap::from([("token".to_owned(), "t".to_owned())]),
        profile: None,
        title: "Ours".to_owned(),
        group: None,
        protected: false,
    };
    let begun = connections::begin(&test.desk, &connectors, &owner.actor, form).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip") };
    let ledger = Arc::new(ledger_in(folder.path()));
    let intake = Intake::new(test.desk.clone(), ledger.clone(), Arc::new(Examiner::new().expect("compiles")));
    // They call themselves pages.
    let evil = |native_id, text| post_with_file(native_id, text, "evil", ("../../häßlich\".html", "text/html"));
    let events = vec![evil("m0", "look"), evil("m1", "look"), evil("m2", "my card is 4111 1111 1111 1111")];
    let lot = Lot { via: Via::Pull, connector: "scripted", events, gaps: Vec::new(), late: Vec::new(), then: Then::Nothing };
    intake.take(profile, lot).await.expect("taken");
    let state = WebState::new(test.desk.clone(), WebOptions::default(), Arc::new(String::new)).with_record(Record::of(ledger));
    let edge = Edge::over(state);
    let (plain, masked) = (id_of(&test, "m1").await, id_of(&test, "m2").await);
    let (reader, owner) = (As::from(&test.person_with(&[Given::Level(Level::ReadOnly)]).await), As::from(&owner));
    let file = format!("/messages/{plain}/attachments/0");
    assert_eq!(edge.get(&reader, &file).await.status, StatusCode::NOT_FOUND, "it waits to be fetched");
    assert!(edge.get(&reader, &format!("/messages/{plain}")).await.text.contains("Waiting to be fetched"));
    let mut tx = test.desk.db().begin().await.expect("begins");
    let given_up = "UPDATE attachments SET state = 'failed', error = 'it was taken away' \
                    WHERE message = (SELECT number FROM messages WHERE native_id = 'm0')";
    sql(given_up).execute(&mut tx).await.expect("given up");
    tx.commit().await.expect("commits");
    let fetcher = Fetcher::new(intake, connectors);
    fetcher.step(profile, &CancellationToken::new()).await.expect("fetches");

    let shown = edge.get(&reader, &format!("/messages/{plain}")).await.text;
    assert!(shown.contains(&format!("href=\"{file}\"")) && shown.contains("976.5 KiB") && shown.contains("On record"), "{shown}");
    let got = edge.get(&reader, &file).await;
    assert_eq!((got.status, got.text.as_bytes() == page), (StatusCode::OK, true));
    assert_eq!(got.header("content-type"), "application/octet-stream");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert!(got.header("content-security-policy").starts_with("sandbox"));
    assert_eq!(got.header("content-length"), page.len().to_string());
    let name = got.header("content-disposition");
    assert_eq!(name, "attachment; filename=\"h__lich_.html\"; filename*=UTF-8''h%C3%A4%C3%9Flich%22.html");
    assert_eq!(edge.get(&reader, &format!("/messages/{plain}/attachments/1")).await.status, StatusCode::NOT_FOUND);

    // What was given up is asked for again by whoever has the right.
    let gone = format!("/messages/{}", id_of(&test, "m0").await);
    assert!(!edge.get(&reader, &gone).await.text.contains("Try again"), "a reader has no button");
    assert!(edge.get(&owner, &gone).await.text.contains("Try again"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let again = async |who: &As| edge.send(who, Method::POST, &format!("{gone}/attachments/0/again"), &headers, Some("")).await;
    assert_eq!(again(&reader).await.status, StatusCode::FORBIDDEN);
    assert_eq!(again(&owner).await.status, StatusCode::SEE_OTHER);
    fetcher.step(profile, &CancellationToken::new()).await.expect("fetches");
    assert_eq!(edge.get(&reader, &format!("{gone}/attachments/0")).await.status, StatusCode::OK);

    // The message is masked, so is what hangs on it.
    let file = format!("/messages/{masked}/attachments/0");
    let covered = edge.get(&reader, &file).await;
    assert!(covered.text.contains("may not see what is masked") && !covered.text.contains("alert(1)"), "{}", covered.text);
    assert!(edge.get(&owner, &file).await.text.contains("Why you need to see it"));
    let unmask = async |who: &As, reason: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        edge.send(who, Method::POST, &format!("{file}/unmask"), &headers, Some(&format!("reason={reason}"))).await
    };
    assert_eq!(unmask(&reader, "please").await.status, StatusCode::FORBIDDEN);
    assert_eq!(unmask(&owner, "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let seen = unmask(&owner, "case+7").await;
    assert_eq!((seen.status, seen.text.as_bytes() == page), (StatusCode::OK, true));
    let stranger = As::from(&test.person_with(&[Given::Right(Right::Unmask)]).await);
    assert_eq!(edge.get(&stranger, &file).await.status, StatusCode::NOT_FOUND);
}
