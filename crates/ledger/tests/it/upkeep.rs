//! What a server does in the background: scrubs that stop and go on, beside removals, and what a watcher reads of them.

use crate::sim_disk::SimDisk;
use crate::workload::{self, environment, master, options, record_id};
use ledger::engine::Ledger;
use ledger::governance::erasure::Target;
use ledger::governance::recent::Recent;
use ledger::governance::{Act, Responsible};
use ledger::verify::Progress;
use std::path::Path;
use std::sync::Arc;

const ROOT: &str = "/ledger";
/// More than verification reads at a time, so that something can happen in between.
const RECORDS: u64 = 5000;

fn ledger_with_records() -> (SimDisk, Ledger) {
    let disk = SimDisk::default();
    let (environment, _) = environment(Arc::new(disk.clone()), 1);
    workload::create(&environment, Path::new(ROOT));
    let ledger = Ledger::open(environment, Path::new(ROOT), &master(), options()).expect("opens");
    let records = (0..RECORDS).map(workload::entry).collect();
    for receipt in ledger.append_batch(records).expect("accepted") {
        receipt.wait().expect("durable");
    }
    (disk, ledger)
}

fn erase(ledger: &Ledger, number: u64) {
    let responsible = Responsible { requested_by: "officer".into(), approved_by: "archivist".into(), reason: "asked for".into() };
    ledger.erase(&Target::Records(vec![record_id(number)]), &responsible, &master()).expect("erased");
}

#[test]
fn what_is_removed_while_a_scrub_runs_is_no_damage() {
    let (_disk, ledger) = ledger_with_records();
    let mut chunks = 0;
    let report = ledger.scrub(&mut |progress| {
        chunks += 1;
        if progress.verified < RECORDS - 1 {
            erase(&ledger, RECORDS - 1);
        }
        true
    });
    let report = report.expect("scrubbed");
    assert!(chunks > 1, "nothing happened in between");
    assert_eq!((report.findings, report.removed), (0, 1), "{report:?}");
    let recent = Recent::read(&ledger.reader(), &[]).expect("readable");
    let Some(Act::ScrubDone { removed: 1, findings: 0, .. }) = recent.scrub.and_then(|seen| seen.act) else {
        panic!("the outcome is not on record");
    };
}

#[test]
fn a_scrub_goes_on_where_it_stopped_and_a_stopped_one_is_not_on_record() {
    let (_disk, ledger) = ledger_with_records();
    let mut kept = Progress::default();
    let first = ledger.scrub(&mut |progress| {
        kept = progress.clone();
        false
    });
    let first = first.expect("stopped");
    assert!(first.stopped && first.entries < RECORDS);
    assert_eq!(Recent::read(&ledger.reader(), &[]).expect("readable").scrub, None);
    let rest = ledger.scrub_from(&kept, &mut |_| true).expect("scrubbed");
    assert_eq!((rest.stopped, rest.findings), (false, 0));
    assert!(first.bodies < rest.bodies);
    assert_eq!(rest.bodies, ledger.size(), "each body once, those before it stopped counted");
}
