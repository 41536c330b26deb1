//! The page of the record: it says what is wrong to whoever may know, and works where nothing is known.

use desk::{
    Time,
    db::Engine,
    records::{Record, RecordState, ScrubState, StampState, WriterState},
    rights::{Given, Right},
};
use http::StatusCode;
use testkit::TestDesk;
use web::{WebOptions, WebState};

use crate::browser::get;

fn damaged(now: Time) -> RecordState {
    RecordState {
        looked_at: now,
        origin: "desk.example.test/log".to_owned(),
        entries: 12_345,
        signed: 12_344,
        signed_until: Some(now),
        stamps: vec![StampState {
            authority: "first".to_owned(),
            size: Some(9_000),
            stamped_at: Some(now.plus_ms(-90_000_000)),
            failure: Some("the authority could not be reached: <refused>".to_owned()),
            is_missing: true,
        }],
        scrub: Some(ScrubState { ended_at: now, findings: Some(2), first: Some("body-altered at entry 7".to_owned()) }),
        scrub_overdue: false,
        writer: WriterState::Elsewhere("node-2/77".to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_record_is_shown_to_whoever_may_know() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let reader = test.person_with(&[Given::Right(Right::AuditLog)]).await;
    let other = test.person_with(&[]).await;
    let record = Record::default();
    let state = WebState::new(test.desk.clone(), WebOptions::default(), std::sync::Arc::new(String::new));
    let edge = web::app(state.with_record(record.clone()));
    let page = get(&edge, "/record", Some(&owner.cookie)).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Nothing is known yet"), "{}", page.text);

    record.publish(damaged(test.desk.now()));
    let page = get(&edge, "/record", Some(&reader.cookie)).await;
    for part in [
        "12\u{202f}345",
        "node-2/77",
        "href=\"/log/checkpoint\"",
        "9\u{202f}000 entries",
        "could not be reached: &lt;refused&gt;",
        "2 findings",
        "Time stamps of authority `first` are missing",
        "body-altered at entry 7",
    ] {
        assert!(page.text.contains(part), "{part} is missing: {}", page.text);
    }
    let home = get(&edge, "/", Some(&reader.cookie)).await;
    assert!(home.text.contains("The record needs somebody") && home.text.contains("href=\"/record\""), "{}", home.text);
    let home = get(&edge, "/", Some(&other.cookie)).await;
    assert!(!home.text.contains("The record needs somebody") && !home.text.contains("href=\"/record\""), "{}", home.text);
    assert_eq!(get(&edge, "/record", Some(&other.cookie)).await.status, StatusCode::FORBIDDEN);
}
