//! A desk that captures: a record in a folder of its own, an index over it, and a way in for made-up messages.

use std::sync::Arc;

use desk::{
    Actor, Desk,
    capture::{Examiner, Intake, Lot, Then, Via},
    ids::ProfileId,
    profiles::{self, NewProfile},
    records::Record,
    search::{self, Indexer, Search, SearchIndex},
};
use networks::{Cursor, Event};

use crate::records::ledger_in;

/// Record, way in and index of a test desk; their files go with it.
pub struct Captured {
    /// The record.
    pub record: Record,
    /// The way in.
    pub intake: Intake,
    /// What it looks for.
    pub examiner: Arc<Examiner>,
    /// The desk.
    pub desk: Desk,
    index: Arc<dyn SearchIndex>,
    folder: tempfile::TempDir,
}

impl Captured {
    /// Nothing captured yet.
    ///
    /// # Panics
    /// When ledger or index cannot be opened.
    #[must_use]
    pub fn on(desk: &Desk) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Arc::new(ledger_in(folder.path()));
        let examiner = Arc::new(Examiner::new().expect("the inspector compiles"));
        let (index, _follows) = search::open(&folder.path().join("search")).expect("an index");
        let intake = Intake::new(desk.clone(), ledger.clone(), examiner.clone());
        Self { record: Record::of(ledger), intake, examiner, desk: desk.clone(), index, folder }
    }

    /// The folder of the ledger.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Search over what was captured.
    #[must_use]
    pub fn search(&self) -> Search {
        Search::new(self.index.clone())
    }

    /// A profile on the network `scripted`, titled "Profile HANDLE".
    ///
    /// # Panics
    /// When the desk refuses.
    pub async fn profile(&self, handle: &str) -> ProfileId {
        let new = NewProfile {
            network: "scripted".to_owned(),
            handle: handle.to_owned(),
            title: format!("Profile {handle}"),
            group: None,
            protected: false,
        };
        profiles::add(&self.desk, &Actor::desk("test"), &new).await.expect("a profile")
    }

    /// Signs a checkpoint over everything captured, which otherwise happens within a second.
    ///
    /// # Panics
    /// When the ledger refuses.
    pub fn sign(&self) {
        self.intake.ledger().checkpoint_now().expect("a checkpoint");
    }

    /// Captures events as a pull that brought them, and takes them into the index.
    ///
    /// # Panics
    /// When the record or the index refuses.
    pub async fn take(&self, profile: ProfileId, events: Vec<Event>) {
        let lot = Lot {
            via: Via::Pull,
            connector: "scripted",
            events,
            gaps: Vec::new(),
            late: Vec::new(),
            then: Then::Cursor(Cursor("c".to_owned())),
        };
        self.intake.take(profile, lot).await.expect("captured");
        Indexer::new(self.desk.clone(), self.index.clone()).catch_up().await.expect("findable");
    }
}
