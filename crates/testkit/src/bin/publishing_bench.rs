//! How exactly posts go out: a thousand due in one instant, and a thousand spread over one minute, on this machine.
//!
//! Prints how late calls to the network began, at the middle, at the 99th of a hundred, and at most. The network answers at once, so
//! that what is measured is ours: claiming, the record, the database.

use std::{collections::BTreeMap, io::Write as _, sync::Arc, time::Duration};

use desk::{
    Clock as _, Desk, SystemClock, Time,
    capture::{
        Connectors, Examiner,
        connections::{self, Begun, NewConnection},
    },
    db::Engine,
    ids::ProfileId,
    publishing::{self, Content, Draft, Part, PostForm, Sender, Submitting},
    records::Outbox,
    rights::{Given, Level, Right},
};
use testkit::{Fickle, Somebody, TestDesk, records::ledger_in};
use tokio_util::sync::CancellationToken;

/// Posts of each half.
const POSTS: usize = 1_000;
/// Time to write and submit them, before the first is due.
const AHEAD_MS: i64 = 60_000;
/// The longest wait for the last of them.
const WAIT_MAX: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() {
    for (name, apart_ms) in [("in one instant", 0), ("over one minute", 60)] {
        let late = half(apart_ms).await;
        let at = |share: usize| late[(late.len() - 1) * share / 100];
        let line = format!(
            "{POSTS} posts due {name}: call begins {} ms late in the middle, {} ms at p99, {} ms at most\n",
            at(50),
            at(99),
            at(100)
        );
        std::io::stdout().write_all(line.as_bytes()).expect("standard output is open");
    }
}

/// How late each call began, sorted.
async fn half(apart_ms: i64) -> Vec<i64> {
    let test = TestDesk::on(Engine::Sqlite).await;
    test.clock.set(SystemClock.now());
    test.workspace().await;
    let person = test.person_with(&[Given::Right(Right::Profiles), Given::Level(Level::FullPublishing)]).await;
    let desk = test.another_node_with(7, Arc::new(SystemClock)).await;
    let network = Fickle::new(test.clock.clone());
    let profile = connect(&desk, &person, network).await;
    let folder = tempfile::tempdir().expect("a folder");
    let stop = CancellationToken::new();
    let outbox = tokio::spawn(Outbox::new(desk.clone(), Arc::new(ledger_in(folder.path()))).run(stop.clone()));
    let sender = tokio::spawn(Sender::new(desk.clone(), Connectors::of(vec![network])).run(stop.clone()));
    let first = desk.now().plus_ms(AHEAD_MS);
    let slots = write(&desk, &person, profile, first, apart_ms).await;
    assert!(desk.now() < first, "this machine is too slow to write {POSTS} posts in {AHEAD_MS} ms");
    let waited = tokio::time::timeout(WAIT_MAX, async {
        while network.calls().1 < u32::try_from(POSTS).expect("few") {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    waited.await.expect("all of them go out");
    stop.cancel();
    sender.await.expect("the sender ends");
    outbox.await.expect("the outbox ends");
    let mut late: Vec<_> = network.there().iter().map(|there| there.at_ms - slots[&there.post.text].0).collect();
    late.sort_unstable();
    late
}

async fn connect(desk: &Desk, person: &Somebody, network: &'static Fickle) -> ProfileId {
    let new = NewConnection {
        network: "fickle".to_owned(),
        method: "token".to_owned(),
        fields: [("account".to_owned(), "kites".to_owned())].into(),
        profile: None,
        title: "Kites".to_owned(),
        group: None,
        protected: false,
    };
    match connections::begin(desk, &Connectors::of(vec![network]), &person.actor, new).await.expect("connects") {
        Begun::Connected(profile) => profile,
        Begun::Redirect(_) => unreachable!("no round trip is needed"),
    }
}

/// Writes and submits them, and answers when each is due.
async fn write(desk: &Desk, person: &Somebody, profile: ProfileId, first: Time, apart_ms: i64) -> BTreeMap<String, Time> {
    let examiner = Examiner::new().expect("the inspector compiles");
    let mut slots = BTreeMap::new();
    for number in 0..i64::try_from(POSTS).expect("few") {
        let (text, slot) = (format!("post {number}"), first.plus_ms(number * apart_ms));
        let common = Content { parts: vec![Part { text: text.clone(), media: Vec::new() }], ..Content::default() };
        let draft = Draft { common, targets: BTreeMap::from([(profile, None)]) };
        let form = PostForm { draft, slot: Some(slot), ..PostForm::default() };
        let id = publishing::create(desk, &person.actor, &form).await.expect("begun");
        publishing::submit(desk, &person.actor, &examiner, id, 1, &Submitting::default()).await.expect("submitted");
        slots.insert(text, slot);
    }
    slots
}
