//! The books of an import: exact, also through crashes.

use desk::{
    Actor, Error,
    capture::{
        Then,
        imports::{self, ImportState, NewImport},
    },
    rights::{Given, Level, Right},
};
use networks::import::Refused;
use testkit::{
    on_both,
    records::{intake_in, post},
};

use super::cast::{number, profile};

fn file(name: &str) -> NewImport {
    NewImport { format: "jsonl".to_owned(), file_name: name.to_owned(), file_bytes: 5, file_digest: [7; 32] }
}

fn refused(place: &str) -> Refused {
    Refused { place: place.to_owned(), reason: "not JSON; correct the line".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_is_recorded_a_duplicate_or_refused() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let operator = Actor::operator();
        let run = imports::begin(&intake, &operator, profile, &file("a.jsonl")).await.expect("begins");
        let events = vec![post("m1", "ann", "one"), post("m2", "ann", "two"), post("m1", "ann", "one")];
        intake.take(profile, imports::lot_of(&run, "jsonl", events, vec![(1, refused("line 2"))])).await.expect("taken");
        let lot = imports::lot_of(&run, "jsonl", vec![post("m3", "ann", "three")], Vec::new());
        intake.take(profile, lot).await.expect("taken");
        let run = imports::finish(&intake, &operator, run.id, None).await.expect("ends");
        assert_eq!((run.position, run.recorded, run.duplicates, run.refused), (5, 3, 1, 1));
        assert_eq!(run.state, ImportState::Done);
        let listed = imports::refusals(&test.desk, &operator, run.id, 0, 10).await.expect("the list");
        assert_eq!(listed, [(1, refused("line 2"))]);
        // The same file once more is another run in which everything is a duplicate.
        let again = imports::begin(&intake, &operator, profile, &file("a.jsonl")).await.expect("begins");
        assert_ne!(again.id, run.id);
        intake.take(profile, imports::lot_of(&again, "jsonl", vec![post("m1", "ann", "one")], Vec::new())).await.expect("taken");
        let again = imports::get(&test.desk, &operator, again.id).await.expect("there");
        assert_eq!((again.recorded, again.duplicates), (0, 1));
        assert_eq!(imports::list(&test.desk, &operator).await.expect("a list").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_goes_on_and_counts_what_it_had_recorded_as_recorded() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let profile = profile(&test.desk, "one").await;
        let operator = Actor::operator();
        let intake = intake_in(&test.desk, folder.path());
        let run = imports::begin(&intake, &operator, profile, &file("a.jsonl")).await.expect("begins");
        let first = || vec![post("m1", "ann", "one"), post("m2", "ann", "two")];
        intake.take(profile, imports::lot_of(&run, "jsonl", first(), Vec::new())).await.expect("taken");
        // As if the process had died between the ledger's answer and the transaction: recorded, and neither counted nor visible.
        let second = || vec![post("m3", "ann", "three"), post("m3", "ann", "three"), post("m1", "ann", "one")];
        let lot = desk::capture::Lot { then: Then::Nothing, ..imports::lot_of(&run, "jsonl", second(), Vec::new()) };
        intake.take(profile, lot).await.expect("taken");
        drop(intake);
        let intake = intake_in(&test.desk, folder.path());
        let again = imports::begin(&intake, &operator, profile, &file("a.jsonl")).await.expect("goes on");
        assert_eq!((again.id, again.position), (run.id, 2));
        intake.take(profile, imports::lot_of(&again, "jsonl", second(), Vec::new())).await.expect("taken");
        let run = imports::finish(&intake, &operator, run.id, None).await.expect("ends");
        assert_eq!((run.position, run.recorded, run.duplicates), (5, 3, 2));
        assert_eq!(number(&test.desk, "SELECT COUNT(*) AS n FROM messages").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_needs_the_right_to_manage_profiles() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let intake = intake_in(&test.desk, folder.path());
        let profile = profile(&test.desk, "one").await;
        let reader = test.person_with(&[Given::Level(Level::FullPublishing)]).await.actor;
        assert!(matches!(imports::begin(&intake, &reader, profile, &file("a")).await, Err(Error::Refused(_))));
        assert!(imports::list(&test.desk, &reader).await.is_err());
        let manager = test.person_with(&[Given::Right(Right::Profiles)]).await.actor;
        imports::begin(&intake, &manager, profile, &file("a")).await.expect("begins");
    })
    .await;
}
