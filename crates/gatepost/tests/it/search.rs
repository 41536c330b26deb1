//! `gatepost search`: found, not found, not understood, and building the index again.

use desk::{
    Actor,
    capture::{Lot, Then, Via},
    ids::ProfileId,
    profiles::{self, NewProfile},
};
use testkit::{
    desk::desk_in,
    records::{intake_in, post},
};

use crate::program::Place;

/// Captures messages into the data folder, in a ledger of their own: search reads the database.
#[tokio::main(flavor = "multi_thread")]
async fn capture(place: &Place, texts: &[&str]) {
    let desk = desk_in(&place.path("data")).await;
    let new = NewProfile {
        network: "slack".to_owned(),
        handle: "shop".to_owned(),
        title: "Corner Shop".to_owned(),
        group: None,
        protected: false,
    };
    let profile: ProfileId = profiles::add(&desk, &Actor::desk("test"), &new).await.expect("a profile");
    let events = texts.iter().enumerate().map(|(n, text)| post(&format!("m{n}"), "ann", text)).collect();
    let lot = Lot { via: Via::Pull, connector: "slack", events, gaps: Vec::new(), late: Vec::new(), then: Then::Nothing };
    intake_in(&desk, &place.path("another-ledger")).take(profile, lot).await.expect("taken");
    desk.db().close().await;
}

#[test]
fn messages_are_found_from_the_shell() {
    let place = Place::with_workspace();
    capture(&place, &["The parcels are late", "nothing \u{1b}[31mred"]);
    let text = place.gatepost(&["search", "parcel", "from:ann", "profile:\"corner shop\""]).done();
    assert!(text.contains("general  ann: The parcels are late\n1 of 1\n"), "{text}");
    let steered = place.gatepost(&["search", "nothing"]).done();
    assert!(!steered.contains('\u{1b}'), "{steered}");
    let found = place.gatepost(&["--json", "search", "--counts", "parcel"]).json();
    assert_eq!(found["total"], 1);
    assert_eq!(found["results"][0]["message"]["text"], "The parcels are late");
    assert_eq!(found["results"][0]["marks"][0]["start"], 4);
    assert_eq!(found["counts"]["networks"][0][0], "slack");
    let without = place.gatepost(&["search", "parcel -letters", "--json", "--data", "data"]).json();
    assert_eq!(without["total"], 1, "flags may follow the query");
    let page = place.gatepost(&["--json", "search", "--limit", "1", ""]).json();
    let next = page["next"].as_str().expect("a second page");
    let second = place.gatepost(&["--json", "search", "--limit", "1", "--page", next, ""]).json();
    assert_ne!(page["results"], second["results"]);
    assert_eq!((page["total"].as_i64(), second["next"].as_str()), (Some(2), None));
    assert_eq!(place.gatepost(&["search", "--rebuild"]).done(), "2 messages can be found.\n");
}

#[test]
fn an_import_is_findable_when_the_command_ends() {
    let place = Place::with_workspace();
    let line = r#"{"id":"m1","channel":"news","author":"ada","time":1700000000000,"text":"The parcels are late"}"#;
    std::fs::write(place.path("old.jsonl"), format!("{line}\n")).expect("written");
    place.gatepost(&["import", "jsonl", "old.jsonl"]).done();
    let held = hold(&place);
    let found = place.gatepost(&["search", "parcels"]).done();
    assert!(found.contains("ada: The parcels are late\n1 of 1\n"), "nobody but the import can have taken it in: {found}");
    drop(held);
}

/// Holds the data folder as a server does: whoever comes reads the index as it is.
fn hold(place: &Place) -> std::fs::File {
    let file = std::fs::File::options().create(true).append(true).open(place.path("data/server.lock")).expect("the lock file");
    file.try_lock().expect("nobody else works there");
    file
}

#[test]
fn beside_a_server_without_an_index_the_search_says_what_helps() {
    let place = Place::with_workspace();
    let _held = hold(&place);
    let missing = place.gatepost(&["search", "late"]).failed();
    assert!(missing.contains("there is no search index") && missing.contains("gatepost search --rebuild"), "{missing}");
}

#[test]
fn nothing_found_is_exit_code_1_and_what_is_not_understood_says_where() {
    let place = Place::with_workspace();
    assert_eq!(place.gatepost(&["search", "--rebuild"]).done(), "0 messages can be found.\n");
    let nothing = place.gatepost(&["search", "late"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (1, "0 of 0\n"));
    let error = place.gatepost(&["search", "late", "form:ann"]).failed();
    assert!(error.contains("at character 6: there is no field `form`; write `from:`"), "{error}");
    let zone = place.gatepost(&["search", "--zone", "Nowhere/Town", "late"]).failed();
    assert!(zone.contains("no such time zone"), "{zone}");
}
