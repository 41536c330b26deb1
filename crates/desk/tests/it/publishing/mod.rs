//! Posts from draft to published, on both databases.

mod files;
mod foreign;
mod media;
mod never_published;
mod posts;
mod sending;
mod simulation;

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    Actor, Desk,
    capture::{
        Connectors,
        connections::{self, Begun, NewConnection},
    },
    ids::ProfileId,
    publishing::{Content, Draft, Part, PostForm},
    rights::{Given, Level, Right},
};
use testkit::TestDesk;

/// A profile on the sandbox, connected by the owner.
pub async fn sandbox(desk: &Desk, owner: &Actor, handle: &str) -> ProfileId {
    let fields = BTreeMap::from([("handle".to_owned(), handle.to_owned()), ("feed".to_owned(), "public".to_owned())]);
    let new = NewConnection {
        network: "sandbox".to_owned(),
        method: "sandbox".to_owned(),
        fields,
        profile: None,
        title: format!("Kites {handle}"),
        group: None,
        protected: false,
    };
    match connections::begin(desk, &Connectors::all(), owner, new).await.expect("the sandbox takes everybody") {
        Begun::Connected(profile) => profile,
        Begun::Redirect(_) => unreachable!("the sandbox needs no round trip"),
    }
}

/// A workspace whose publisher may do everything on every profile, and one profile on the sandbox.
pub async fn publisher(test: &TestDesk) -> (Actor, ProfileId) {
    test.workspace().await;
    let rights = [Given::Right(Right::Profiles), Given::Right(Right::StopSwitch), Given::Level(Level::FullPublishing)];
    let publisher = test.person_with(&rights).await.actor;
    let profile = sandbox(&test.desk, &publisher, "kites").await;
    (publisher, profile)
}

/// A post of one text on some profiles.
pub fn form(text: &str, profiles: &[ProfileId]) -> PostForm {
    let part = Part { text: text.to_owned(), media: Vec::new() };
    let common = Content { parts: vec![part], ..Content::default() };
    let targets = profiles.iter().map(|&profile| (profile, None)).collect();
    PostForm { title: "A kite".to_owned(), draft: Draft { common, targets }, tags: BTreeSet::new(), ..PostForm::default() }
}
