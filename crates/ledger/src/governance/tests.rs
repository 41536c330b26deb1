//! Holds against removals, crash order, verdicts, and that nothing of an erased text is left on disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::erasure::Target;
use super::holds::Hold;
use super::policy::PolicyChange;
use super::*;
use crate::engine::tests::{Fixture, append, copy_of, entry, master};
use crate::engine::{Ledger, NewEntry};
use crate::ids::SubjectId;
use crate::keys::master::LocalMasterKey;
use crate::keys::secret::Secret;
use crate::verify::{Settings, verify};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn people(requested_by: &str, approved_by: &str) -> Responsible {
    let reason = "a request under the rules".to_owned();
    Responsible { requested_by: requested_by.to_owned(), approved_by: approved_by.to_owned(), reason }
}

fn two() -> Responsible {
    people("person-a", "person-b")
}

/// Whether any file below `root` contains `needle`.
fn contains(root: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(root).expect("listed").any(|item| {
        let path = item.expect("listed").path();
        if path.is_dir() {
            return contains(&path, needle);
        }
        std::fs::read(path).expect("read").windows(needle.len()).any(|window| window == needle)
    })
}

fn deep_is_clean(ledger: &Ledger) -> u64 {
    ledger.checkpoint_now().expect("signed");
    let report = verify(&ledger.reader(), Settings { deep: true, bodies: true }, &mut |_| true).expect("readable");
    assert_eq!(report.damage, []);
    report.removed
}

#[test]
fn an_erased_person_leaves_no_byte_of_text_or_key_and_proofs_still_hold() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..30);
    let secret = b"a secret that nobody else would write 7281";
    let mut planted = entry(100);
    planted.body = secret.to_vec();
    planted.subjects = vec![SubjectId([77; 16])];
    let receipt = ledger.append(planted).expect("accepted").wait().expect("durable");
    ledger.checkpoint_now().expect("signed");
    let sealed = ledger.reader().store().body(&ledger.reader().entry(receipt.seq).expect("there")).expect("readable");
    let key = ledger.with_ring(|ring| ring.subjects[&SubjectId([77; 16])].clone());
    // Before: the ciphertext is there and opens; the text itself never was on disk.
    assert!(contains(fixture.root(), &sealed.expect("stored")[17..]));
    assert!(!contains(fixture.root(), secret) && !contains(fixture.root(), key.expose()));
    let removed = ledger.erase(&Target::Subject(SubjectId([77; 16])), &two(), &master()).expect("erased");
    assert_eq!(removed.count, 1);
    assert_eq!(ledger.verdict(receipt.seq).expect("known"), Verdict::Erased(removed.tombstone));
    assert_eq!(ledger.verdict(0).expect("known"), Verdict::Present);
    assert_eq!(deep_is_clean(&ledger), 1);
    let proof = ledger.reader().prove(receipt.seq).expect("proved");
    let keys = ledger.reader().verifiers().expect("listed");
    proof.verify(&receipt.leaf_hash, "log.example.test/a", &keys).expect("still proved");
    // A backup made now, opened with the right master key, cannot read it either.
    let backup = copy_of(fixture.root());
    assert!(!contains(backup.path(), secret) && !contains(backup.path(), key.expose()));
    drop(ledger);
    let copy = Fixture { dir: backup, clock: fixture.clock.clone(), environment: fixture.environment.clone() };
    let ledger = copy.open();
    assert_eq!(ledger.verdict(receipt.seq).expect("known"), Verdict::Erased(removed.tombstone));
    assert!(ledger.with_ring(|ring| !ring.subjects.contains_key(&SubjectId([77; 16]))));
    // The same person may come back: new records are readable, old ones stay erased.
    let mut later = entry(101);
    later.subjects = vec![SubjectId([77; 16])];
    let back = ledger.append(later).expect("accepted").wait().expect("durable");
    assert_eq!(deep_is_clean(&ledger), 1);
    assert_eq!(ledger.verdict(back.seq).expect("known"), Verdict::Present);
    assert_eq!(ledger.verdict(receipt.seq).expect("known"), Verdict::Erased(removed.tombstone));
    assert_eq!(ledger.finish_removals(&master()).expect("nothing to do"), 0);
}

#[test]
fn a_record_and_a_segment_are_erased_and_everything_else_stays() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..20);
    let removed =
        ledger.erase(&Target::Records(vec![entry(3).record_id, entry(4).record_id]), &two(), &master()).expect("erased");
    assert_eq!(ledger.verdict(3).expect("known"), Verdict::Erased(removed.tombstone));
    assert_eq!(ledger.verdict(5).expect("known"), Verdict::Present);
    assert!(ledger.reader().store().body(&ledger.reader().entry(3).expect("there")).expect("readable").is_none());
    assert_eq!(deep_is_clean(&ledger), 2);
    let segment = ledger.reader().entry(0).expect("there").segment;
    let removed = ledger.erase(&Target::Segment(segment), &two(), &master()).expect("erased");
    assert_eq!(removed.count, 9, "one of the ten in class 1 is gone already");
    assert_eq!(ledger.verdict(0).expect("known"), Verdict::Erased(removed.tombstone));
    assert_eq!(ledger.verdict(1).expect("known"), Verdict::Present);
    drop(ledger);
    let ledger = fixture.open();
    assert_eq!(deep_is_clean(&ledger), 11);
    assert!(append(&ledger, 3..5).iter().all(|receipt| receipt.repeated), "a late retry answers with the receipt");
    assert!(matches!(
        ledger.erase(&Target::Records(vec![RecordId([9; 16])]), &two(), &master()),
        Err(GovernanceError::NotFound(_))
    ));
}

#[test]
fn a_hold_beats_erasure_and_disposal_until_it_is_released_which_deletes_nothing() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let keep = PolicyChange { class: 1, keep_days: Some(10), shortens_existing: false };
    ledger.change_policy(keep, two(), 0).expect("changed");
    append(&ledger, 0..10);
    let subject = entry(2).subjects[0];
    let hold = Hold { name: "matter 1".to_owned(), records: [entry(2).record_id].into(), ..Hold::default() };
    let hold = ledger.set_hold(hold, "counsel").expect("set");
    let refused = ledger.erase(&Target::Subject(subject), &two(), &master());
    assert!(matches!(refused, Err(GovernanceError::Held { records: 1, .. })));
    let last = ledger.reader().entry(ledger.size() - 1).expect("there");
    assert_eq!(last.kind, EntryKind::RemovalRefused, "the refusal is logged");
    fixture.clock.0.fetch_add(11 * DAY_MS, Ordering::Relaxed);
    let plan = ledger.plan_disposal().expect("planned");
    assert_eq!((plan.lots[0].count, plan.held), (4, 1));
    assert!(matches!(ledger.dispose(5, &two(), &master()), Err(GovernanceError::CountChanged { confirmed: 5, found: 4 })));
    assert!(matches!(ledger.dispose(4, &people("same", "same"), &master()), Err(GovernanceError::SecondPerson(_))));
    let guard = ledger.begin_export();
    assert!(matches!(ledger.dispose(4, &two(), &master()), Err(GovernanceError::ExportRunning)));
    drop(guard);
    let removed = ledger.dispose(4, &two(), &master()).expect("disposed");
    let verdict = |number: u64| {
        let seq = ledger.reader().find(entry(number).record_id).expect("readable").expect("there");
        ledger.verdict(seq).expect("known")
    };
    assert_eq!(verdict(0), Verdict::Disposed(removed[0].tombstone));
    assert_eq!((verdict(2), verdict(1)), (Verdict::Present, Verdict::Present));
    ledger.release_hold(hold.record_id, "counsel", "settled").expect("released");
    assert_eq!(verdict(2), Verdict::Present, "releasing deletes nothing");
    assert_eq!(deep_is_clean(&ledger), 4);
    assert_eq!(ledger.dispose(1, &people("same", "same"), &master()).expect("disposed").len(), 1);
    assert!(matches!(verdict(2), Verdict::Disposed(_)));
    assert!(matches!(ledger.release_hold(hold.record_id, "x", "y"), Err(GovernanceError::NotFound(_))));
}

#[test]
fn shortening_for_existing_records_needs_two_people_and_the_right_count() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..10);
    fixture.clock.0.fetch_add(11 * DAY_MS, Ordering::Relaxed);
    let quiet = PolicyChange { class: 2, keep_days: Some(10), shortens_existing: false };
    ledger.change_policy(quiet, people("same", "same"), 0).expect("changed");
    assert_eq!(ledger.plan_disposal().expect("planned").lots, [], "nothing is shortened silently");
    let change = PolicyChange { class: 2, keep_days: Some(10), shortens_existing: true };
    assert_eq!(ledger.dry_run_policy(&change).expect("counted"), 5);
    assert!(matches!(ledger.change_policy(change.clone(), people("same", "same"), 5), Err(GovernanceError::SecondPerson(_))));
    assert!(matches!(ledger.change_policy(change.clone(), two(), 4), Err(GovernanceError::CountChanged { found: 5, .. })));
    ledger.change_policy(change, two(), 5).expect("changed");
    let plan = ledger.plan_disposal().expect("planned");
    assert_eq!((plan.lots[0].count, plan.lots[0].segments.len()), (5, 1));
}

#[test]
fn holds_and_removals_racing_never_remove_what_was_held_first() {
    for round in 0..6_u8 {
        let fixture = Fixture::new();
        let ledger = fixture.open();
        append(&ledger, 0..6);
        let subject = entry(0).subjects[0];
        let hold = Hold { name: "race".to_owned(), subjects: [subject].into(), ..Hold::default() };
        let (held, erased) = std::thread::scope(|scope| {
            let setting = scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 700));
                ledger.set_hold(hold.clone(), "counsel").expect("set")
            });
            let erasing = scope.spawn(|| ledger.erase(&Target::Subject(subject), &two(), &master()));
            (setting.join().expect("no panic"), erasing.join().expect("no panic"))
        });
        match erased {
            Ok(removed) => assert!(removed.tombstone < held.seq, "the hold came first and was ignored"),
            Err(GovernanceError::Held { .. }) => {
                assert_eq!(ledger.verdict(0).expect("known"), Verdict::Present);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn holds_that_cannot_be_read_stop_every_removal() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..4);
    let hold = ledger.set_hold(Hold { name: "m".to_owned(), ..Hold::default() }, "counsel").expect("set");
    ledger.checkpoint_now().expect("signed");
    let segment = ledger.reader().entry(hold.seq).expect("there").segment;
    drop(ledger);
    let path = fixture.root().join(format!("bodies/00000/{segment:012}.seg"));
    let mut bytes = std::fs::read(&path).expect("read");
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let ledger = fixture.open();
    let refused = ledger.erase(&Target::Records(vec![entry(0).record_id]), &two(), &master());
    assert!(matches!(refused, Err(GovernanceError::HoldsUnreadable(_))));
    assert!(matches!(ledger.dispose(0, &two(), &master()), Err(GovernanceError::HoldsUnreadable(_))));
    assert_eq!(ledger.reader().read(0).expect("still there").body().expect("known").bytes, entry(0).body);
}

#[test]
fn a_crash_after_the_tombstone_is_finished_and_can_be_finished_twice() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..6);
    // The tombstone is durable, then the machine stops: keys and bytes are still there.
    let base = Tombstone {
        policy: None,
        class: None,
        segments: Vec::new(),
        ranges: vec![(1, 1)],
        subjects: Vec::new(),
        count: 1,
        responsible: two(),
    };
    let person = Tombstone { subjects: vec![entry(2).subjects[0]], ranges: vec![(2, 2), (5, 5)], count: 2, ..base.clone() };
    let write = |tombstone| {
        let act = Act::Tombstone(tombstone);
        ledger.act(EntryKind::ErasureTombstone, RecordId::NONE, &act).expect("durable").seq
    };
    let (record, person) = (write(base), write(person));
    ledger.checkpoint_now().expect("signed");
    drop(ledger);
    let ledger = fixture.open();
    // Opening finishes the newest, before anything can be sealed under its keys; more than one is never open.
    assert_eq!(ledger.verdict(2).expect("known"), Verdict::Erased(person));
    assert_eq!(ledger.verdict(1).expect("known"), Verdict::TombstonedStillPresent(record));
    assert_eq!(ledger.finish_removals(&master()).expect("finished"), 1);
    assert_eq!(ledger.finish_removals(&master()).expect("nothing left"), 0);
    for (number, verdict) in [(1, Verdict::Erased(record)), (2, Verdict::Erased(person)), (0, Verdict::Present)] {
        assert_eq!(ledger.verdict(number).expect("known"), verdict, "entry {number}");
    }
    assert_eq!(deep_is_clean(&ledger), 3);
}

#[test]
fn keys_are_rotated_as_entries_and_old_master_keys_open_nothing_any_more() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..5);
    ledger.checkpoint_now().expect("signed");
    let old = ledger.reader().verifiers().expect("listed");
    ledger.rotate_signing_key(&master(), "operator").expect("rotated");
    append(&ledger, 5..8);
    let other = LocalMasterKey::new(Secret::new([43; 32]));
    let receipt = ledger.rotate_master(&other, "operator").expect("rotated");
    assert_eq!(deep_is_clean(&ledger), 0);
    let proof = ledger.reader().prove(receipt.seq).expect("proved");
    let new = ledger.reader().verifiers().expect("listed");
    proof.verify(&receipt.leaf_hash, "log.example.test/a", &new).expect("by the new key");
    assert!(proof.verify(&receipt.leaf_hash, "log.example.test/a", &old).is_err());
    drop(ledger);
    assert!(fixture.try_open().is_err(), "the old master key");
    let options = crate::engine::Options { reserve_bytes: 0, ..crate::engine::Options::default() };
    let ledger = Ledger::open(fixture.environment.clone(), fixture.root(), &other, options).expect("the new one");
    assert_eq!(ledger.reader().read(3).expect("readable").body().expect("known").bytes, entry(3).body);
}

#[test]
fn a_scrub_finds_altered_bodies_and_missing_ones_without_keys_and_logs_what_it_found() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..8);
    let clean = ledger.scrub(&mut |_| true).expect("scrubbed");
    assert_eq!((clean.findings, clean.bodies), (0, 8));
    ledger.checkpoint_now().expect("signed");
    let (altered, missing) = (ledger.reader().entry(0).expect("there"), ledger.reader().entry(1).expect("there"));
    drop(ledger);
    let path = |entry: &crate::entry::Entry, suffix: &str| {
        let class = entry.retention_class;
        fixture.root().join(format!("bodies/{class:05}/{:012}.{suffix}", entry.segment))
    };
    let mut bytes = std::fs::read(path(&altered, "seg")).expect("read");
    bytes[40] ^= 1;
    std::fs::write(path(&altered, "seg"), bytes).expect("written");
    std::fs::remove_file(path(&missing, "seg")).expect("removed");
    let ledger = fixture.open();
    let report = ledger.scrub(&mut |_| true).expect("scrubbed");
    let classes: Vec<_> = report.damage.iter().map(|damage| (damage.class, damage.seq)).collect();
    assert!(classes.contains(&(crate::damage::DamageClass::BodyAltered, Some(0))), "{classes:?}");
    assert!(classes.contains(&(crate::damage::DamageClass::BodyMissing, Some(1))), "{classes:?}");
    let last = ledger.reader().entry(ledger.size() - 1).expect("there");
    assert_eq!(last.kind, EntryKind::ScrubResult);
}

/// Whoever is erased while their records keep coming in: each one is erased by a tombstone that came after it, or can be read.
#[test]
fn a_person_who_is_captured_while_being_erased_loses_no_record_without_a_tombstone() {
    const CAPTURES_MAX: u64 = 2000;
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let subject = SubjectId([88; 16]);
    let about = |number: u64| NewEntry { subjects: vec![subject], ..entry(number) };
    let is_done = AtomicBool::new(false);
    let captured = std::thread::scope(|scope| {
        let capturing = scope.spawn(|| {
            let mut seqs = Vec::new();
            for lot in 0..CAPTURES_MAX {
                let pending: Vec<_> = (0..20).map(|n| ledger.append(about(lot * 20 + n)).expect("accepted")).collect();
                seqs.extend(pending.into_iter().map(|pending| pending.wait().expect("durable").seq));
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
            }
            seqs
        });
        let mut erased = 0;
        while erased < 10 && !capturing.is_finished() {
            match ledger.erase(&Target::Subject(subject), &two(), &master()) {
                Ok(_) => erased += 1,
                Err(GovernanceError::NotFound(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        is_done.store(true, Ordering::Relaxed);
        capturing.join().expect("no panic")
    });
    ledger.checkpoint_now().expect("signed");
    let (reader, mut erased) = (ledger.reader(), 0);
    let removals = Removals::read(&reader).expect("readable");
    for seq in captured {
        match Verdict::of(&reader, &removals, seq).expect("known") {
            Verdict::Present => {}
            Verdict::Erased(tombstone) if tombstone > seq => erased += 1,
            other => panic!("entry {seq}: {other:?}"),
        }
    }
    let counted: u64 = removals.tombstones().iter().map(|(_, tombstone)| tombstone.count).sum();
    assert!(counted >= erased, "{counted} were said to go, {erased} went");
    deep_is_clean(&ledger);
}
