//! The outbox: every audit entry gets into the ledger once, in order, whatever is interrupted.

use std::sync::Arc;

use desk::{
    Desk,
    db::sql,
    records::{AUDIT_STREAM, Outbox},
    rights,
};
use ledger::{
    engine::{Environment, Ledger, OnFatal, Options, Reader, create},
    keys::master::LocalMasterKey,
};
use testkit::on_both;

use crate::cast;

const RING_BYTES: u64 = 32 * 1024 * 1024;

fn open(folder: &std::path::Path) -> Ledger {
    let master = LocalMasterKey::from_hex(&"07".repeat(32), "the test").expect("a key");
    let environment = Environment::default();
    if !folder.join("log.toml").exists() {
        create(&environment, folder, "desk.example.test/ledger", &master, &[], RING_BYTES).expect("a new ledger");
    }
    let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() };
    Ledger::open(environment, folder, &master, options).expect("the ledger opens")
}

/// The audit sequence numbers that stand in the ledger, in the order of the log.
fn in_ledger(reader: &Reader) -> Vec<i64> {
    let entries: Vec<_> = reader.stream(AUDIT_STREAM, 0).map(|entry| entry.expect("an entry")).collect();
    entries
        .iter()
        .map(|entry| {
            let opened = reader.read(entry.seq).expect("opens");
            let body = opened.body().expect("a body");
            let value: serde_json::Value = serde_json::from_slice(&body.bytes).expect("JSON");
            value["seq"].as_i64().expect("a number")
        })
        .collect()
}

async fn acts(desk: &Desk, owner: &desk::Actor, count: usize, round: usize) {
    for n in 0..count {
        rights::create_team(desk, owner, &format!("Team {round} {n}")).await.expect("a team");
    }
}

async fn written(desk: &Desk) -> i64 {
    let mut reader = desk.db().read().await.expect("reads");
    let row = sql("SELECT COUNT(*) AS n FROM audit_entries").one(&mut reader).await.expect("a row");
    row.get("n").expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_audit_entry_is_shipped_once_and_in_order() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = cast::owner(&test.desk).await;
        let ledger = Arc::new(open(&folder.path().join("ledger")));
        let outbox = Outbox::new(test.desk.clone(), ledger.clone());
        for round in 0..3 {
            acts(&test.desk, &owner, 20, round).await;
            outbox.ship_all().await.expect("ships");
        }
        let written = written(&test.desk).await;
        assert_eq!(in_ledger(&ledger.reader()), (1..=written).collect::<Vec<_>>());
        assert_eq!(outbox.ship().await.expect("ships"), 0, "nothing is left");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_ledger_and_cursor_doubles_nothing() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = cast::owner(&test.desk).await;
        for round in 0..4i64 {
            acts(&test.desk, &owner, 5, usize::try_from(round).expect("small")).await;
            let ledger = Arc::new(open(&folder.path().join("ledger")));
            Outbox::new(test.desk.clone(), ledger.clone()).ship_all().await.expect("ships");
            // As if the process had died after the ledger answered and before the cursor was durable.
            let mut tx = test.desk.db().begin().await.expect("begins");
            sql("UPDATE counters SET value = $1 WHERE name = 'ledger_outbox'")
                .bind(round)
                .execute(&mut tx)
                .await
                .expect("goes back");
            tx.commit().await.expect("commits");
            drop(ledger);
        }
        let ledger = Arc::new(open(&folder.path().join("ledger")));
        Outbox::new(test.desk.clone(), ledger.clone()).ship_all().await.expect("ships");
        let written = written(&test.desk).await;
        assert_eq!(in_ledger(&ledger.reader()), (1..=written).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_stopped_loses_nothing() {
    on_both(|test| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let owner = cast::owner(&test.desk).await;
        let path = folder.path().join("ledger");
        let master = LocalMasterKey::from_hex(&"07".repeat(32), "the test").expect("a key");
        create(&Environment::default(), &path, "desk.example.test/ledger", &master, &[], RING_BYTES).expect("a new ledger");
        // A reserve no disk has: every record is refused.
        let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: u64::MAX, ..Options::default() };
        let full = Arc::new(Ledger::open(Environment::default(), &path, &master, options).expect("opens"));
        acts(&test.desk, &owner, 3, 0).await;
        assert!(Outbox::new(test.desk.clone(), full.clone()).ship().await.is_err());
        drop(full);
        let ledger = Arc::new(open(&path));
        Outbox::new(test.desk.clone(), ledger.clone()).ship_all().await.expect("ships");
        let stands = i64::try_from(in_ledger(&ledger.reader()).len()).expect("small");
        assert_eq!(stands, written(&test.desk).await);
    })
    .await;
}
