//! A ledger that is ended while its disk is full: it does not wait for space, and loses nothing that it acknowledged.

use crate::sim_disk::SimDisk;
use crate::workload::{self, Told, environment, master, options};
use ledger::engine::{AppendError, Ledger};
use std::path::Path;
use std::sync::Arc;

const ROOT: &str = "/ledger";

fn open(disk: &SimDisk, seed: u64) -> Ledger {
    let (environment, _) = environment(Arc::new(disk.clone()), seed);
    Ledger::open(environment, Path::new(ROOT), &master(), options()).expect("opens")
}

#[test]
fn a_ledger_that_is_ended_while_its_disk_is_full_ends_and_loses_nothing() {
    let disk = SimDisk::default();
    let (environment, _) = environment(Arc::new(disk.clone()), 1);
    workload::create(&environment, Path::new(ROOT));
    let ledger = open(&disk, 2);
    let mut told = Told::default();
    told.attempted.extend(0..50);
    told.repeat_all(&ledger);
    // The ring is laid out already, so records are still acknowledged; they cannot go to their place. A few only: with more under way
    // than the stages hold, callers wait for space.
    disk.set_capacity(Some(disk.used()));
    for number in 50..52 {
        told.attempted.insert(number);
        let receipt = ledger.append(workload::entry(number)).expect("accepted").wait().expect("durable in the ring");
        told.acknowledged.insert(number, receipt);
    }
    let shared = Arc::new(ledger);
    let other = shared.clone();
    let said = shared.end().expect_err("not everything is in its place").to_string();
    assert!(said.contains("goes to its place at the next start"), "{said}");
    assert!(matches!(other.append(workload::entry(99)), Err(AppendError::Stopped(_))), "it has ended for everybody");
    drop((shared, other));
    disk.set_capacity(None);
    let ledger = open(&disk, 3);
    told.check(&ledger);
    told.repeat_all(&ledger);
}
