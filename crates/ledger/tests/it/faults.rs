//! The fault campaign: errors injected at each call to the disk, power cuts, kills, full and read-only disks, flipped bytes.
//!
//! Run as tests these are a short form. `scripts/faults.sh` sets `LEDGER_FAULTS` (how many) and `LEDGER_FAULTS_SEED` and prints the counts.
//! After every fault the same must hold (`workload.rs`): no acknowledged record lost, nothing twice, every signed root still true, and a
//! ledger that verifies or says what is wrong.

use crate::sim_disk::{Call, Fault, Random, SimDisk};
use crate::workload::{TestClock, Told, append, attachment, create, entry, environment, master, options};
use ledger::engine::{AppendError, Environment, Ledger, OpenError, Pending, Reader};
use ledger::governance::erasure::Target;
use ledger::governance::{Responsible, Verdict};
use ledger::keys::keystore::Opener;
use ledger::store::StoreError;
use ledger::verify::{Settings, verify};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const ROOT: &str = "/ledger";
/// Faults of the short form: a few seconds.
const FAULTS_SHORT: u64 = 150;

pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn seed() -> u64 {
    setting("LEDGER_FAULTS_SEED", 1)
}

/// A disk with an empty ledger on it.
fn new_ledger(seed: u64) -> SimDisk {
    let disk = SimDisk::new(seed);
    let (environment, _) = environment(Arc::new(disk.clone()), seed);
    create(&environment, Path::new(ROOT));
    disk.after_kill()
}

fn open(disk: &SimDisk, seed: u64) -> (Result<Ledger, OpenError>, Arc<TestClock>) {
    let (environment, clock) = environment(Arc::new(disk.clone()), seed);
    (Ledger::open(environment, Path::new(ROOT), &master(), options()), clock)
}

/// Appends in groups of changing size until `groups` are done or the ledger refuses; the clock jumps back and forth meanwhile.
fn work(ledger: &Ledger, clock: &TestClock, random: &mut Random, told: &mut Told, groups: u64) -> Result<(), AppendError> {
    for _ in 0..groups {
        let first = told.attempted.last().map_or(0, |last| last + 1);
        let numbers: Vec<u64> = (first..first + 1 + random.below(12)).collect();
        told.attempted.extend(&numbers);
        let jump = i64::try_from(random.below(200_000_000)).expect("small") - 100_000_000;
        clock.0.fetch_add(jump, Ordering::Relaxed);
        let (attached, plain): (Vec<u64>, Vec<u64>) = numbers.into_iter().partition(|number| attachment(*number).is_some());
        let mut pending: Vec<_> = attached.iter().map(|number| append(ledger, *number)).collect();
        let batch = ledger.append_batch(plain.iter().map(|number| entry(*number)).collect())?;
        pending.extend(batch.into_iter().map(Ok));
        let mut failed = None;
        for (number, pending) in attached.into_iter().chain(plain).zip(pending) {
            match pending.and_then(Pending::wait) {
                Ok(receipt) => {
                    told.acknowledged.insert(number, receipt);
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)?;
        if random.below(3) == 0
            && let Some(checkpoint) = ledger.checkpoint_now()?
        {
            told.checkpoints.push((checkpoint.size, checkpoint.root));
        }
    }
    Ok(())
}

/// Says which run it was when one panics.
struct Named(String);

impl Drop for Named {
    #[expect(clippy::print_stderr, reason = "a failing test says how to repeat itself")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat it with LEDGER_FAULTS_AGAIN=\"{}\"", self.0);
        }
    }
}

/// One fault: work until it strikes, crash, maybe another fault while recovering, then everything must be as promised.
fn one_fault(base: &SimDisk, run: u64, fault: Fault, position: u64) -> Option<(Call, Fault)> {
    let _named = Named(format!("{run} {fault:?} {position}"));
    let mut random = Random(run.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ seed());
    let disk = base.after_kill();
    let mut told = Told::default();
    // Most calls read; three of four faults hit the others.
    if run.is_multiple_of(4) {
        disk.fail_at(position, fault);
    } else {
        disk.fail_at_act(position, fault);
    }
    if let (Ok(ledger), clock) = open(&disk, run) {
        let _refused = work(&ledger, &clock, &mut random, &mut told, 6);
    }
    let struck = disk.struck();

    let crash = |disk: &SimDisk, random: &mut Random| {
        if fault == Fault::PowerCut || random.coin() { disk.after_power_cut(random.next()) } else { disk.after_kill() }
    };
    let mut disk = crash(&disk, &mut random);
    if random.coin() {
        disk.fail_at(random.below(120), Fault::ALL[usize::try_from(random.below(5)).expect("small")]);
        if let (Ok(ledger), clock) = open(&disk, run + 1) {
            let _refused = work(&ledger, &clock, &mut random, &mut told, 2);
        }
        disk = crash(&disk, &mut random);
    }
    let (ledger, clock) = open(&disk, run + 2);
    let ledger =
        ledger.unwrap_or_else(|error| panic!("run {run}, {fault:?} at call {position}, {struck:?}: does not open: {error}"));
    told.check(&ledger);
    told.repeat_all(&ledger);
    work(&ledger, &clock, &mut random, &mut told, 1).expect("a healthy ledger goes on");
    told.check(&ledger);
    ledger.close().expect("a healthy ledger closes");
    struck
}

/// How many calls a run without faults makes.
fn calls_of_a_run(base: &SimDisk) -> (u64, u64) {
    let disk = base.after_kill();
    let (ledger, clock) = open(&disk, 0);
    let ledger = ledger.expect("opens");
    let mut told = Told::default();
    work(&ledger, &clock, &mut Random(seed()), &mut told, 6).expect("nothing fails");
    ledger.close().expect("closes");
    (disk.total_calls(), disk.total_acts())
}

#[test]
fn no_fault_at_any_call_loses_what_was_acknowledged() {
    let base = new_ledger(seed());
    let (calls, acts) = calls_of_a_run(&base);
    assert!(acts > 50 && calls > acts, "the workload makes only {acts} calls that change something");
    if let Ok(again) = std::env::var("LEDGER_FAULTS_AGAIN") {
        run_again(&base, &again);
        return;
    }
    let faults = setting("LEDGER_FAULTS", FAULTS_SHORT);
    let first = setting("LEDGER_FAULTS_FIRST", 0);
    let mut random = Random(seed());
    let mut struck: BTreeMap<(Call, Fault), u64> = BTreeMap::new();
    for run in 0..faults {
        let fault = Fault::ALL[usize::try_from(run % 5).expect("small")];
        let position = random.below(if run.is_multiple_of(4) { calls } else { acts });
        if run < first {
            continue;
        }
        if let Some(hit) = one_fault(&base, run, fault, position) {
            *struck.entry(hit).or_default() += 1;
        }
    }
    let total: u64 = struck.values().sum();
    println!("seed {}: runs {first} to {faults}, {total} faults struck, nothing acknowledged was lost", seed());
    for ((call, fault), count) in &struck {
        println!("  {call:?} {fault:?}: {count}");
    }
    assert!(total * 2 > faults - first, "most planned faults must strike: {total} of {faults}");
}

/// `LEDGER_FAULTS_AGAIN="RUN FAULT CALL"`, as a failure names them: that one run, a hundred times, because threads may take turns differently.
fn run_again(base: &SimDisk, again: &str) {
    let words: Vec<&str> = again.split(' ').collect();
    let fault = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == words[1]).expect("a kind of fault");
    for _ in 0..100 {
        one_fault(base, words[0].parse().expect("a run"), fault, words[2].parse().expect("a call"));
    }
}

/// What a fault in the middle of an erasure must not leave: some of it erased and some not, or anything else touched.
fn one_erasure(base: &SimDisk, told: &Told, run: u64, fault: Fault, position: u64) -> (bool, bool) {
    let _named = Named(format!("erasure {run} {fault:?} {position}"));
    let mut random = Random(run ^ seed());
    let (number, person) = (7, entry(7).subjects[0]);
    let doomed = |number: u64| entry(number).subjects.contains(&person);
    let disk = base.after_kill();
    let (ledger, _) = open(&disk, run);
    let ledger = ledger.expect("nothing fails yet");
    disk.fail_at_act(position, fault);
    let _may_fail = ledger.erase(&Target::Subject(person), &people(), &master());
    let struck = disk.struck().is_some();
    let crashed = if random.coin() { disk.after_power_cut(random.next()) } else { disk.after_kill() };
    drop(ledger);
    // Opening finishes it, or it never began.
    let ledger = open(&crashed, run + 1).0.expect("opens after a fault");
    assert_eq!(ledger.finish_removals(&master()).expect("healthy"), 0, "opening finishes what was begun");
    let reader = ledger.reader();
    let erased = matches!(ledger.verdict(told.acknowledged[&number].seq), Ok(Verdict::Erased(_)));
    for (number, receipt) in &told.acknowledged {
        match ledger.verdict(receipt.seq).expect("known") {
            Verdict::Present => assert!(!(erased && doomed(*number)), "record {number} was spared"),
            Verdict::Erased(_) => assert!(erased && doomed(*number), "record {number} went although nobody asked for it"),
            other => panic!("record {number}: {other:?}"),
        }
    }
    let report = verify(&reader, Settings { deep: true, bodies: true }, &mut |_| true).expect("verifiable");
    assert!(report.findings == 0, "{report:?}");
    let attached = |number: &&u64| attachment(**number).is_some() && !(erased && doomed(**number));
    let files = crashed.files().iter().filter(|(path, _)| path.extension().is_some_and(|name| name == "blob")).count();
    assert_eq!(files, told.acknowledged.keys().filter(attached).count(), "attachments on the disk");
    ledger.append(entry(90_000)).expect("accepted").wait().expect("a healthy ledger goes on");
    (struck, erased)
}

fn people() -> Responsible {
    let text = str::to_owned;
    Responsible { requested_by: text("person-a"), approved_by: text("person-b"), reason: text("a request under the rules") }
}

#[test]
fn no_fault_at_any_call_of_an_erasure_leaves_it_half_done() {
    let disk = new_ledger(seed());
    let (ledger, clock) = open(&disk, 1);
    let (ledger, mut told) = (ledger.expect("opens"), Told::default());
    work(&ledger, &clock, &mut Random(seed()), &mut told, 6).expect("nothing fails");
    ledger.close().expect("closes");
    let base = disk.after_kill();
    let acts = {
        let disk = base.after_kill();
        let ledger = open(&disk, 0).0.expect("opens");
        let before = disk.total_acts();
        ledger.erase(&Target::Subject(entry(7).subjects[0]), &people(), &master()).expect("erased");
        disk.total_acts() - before
    };
    let mut counts = (0, 0, 0);
    // The short form takes turns among the kinds of fault; the campaign tries each at each call, several times.
    let faults = setting("LEDGER_FAULTS", FAULTS_SHORT);
    let (all, rounds) = (faults > FAULTS_SHORT, faults.div_ceil(2000).min(5));
    let kinds = Fault::ALL.len() as u64;
    for position in 0..acts {
        for (at, fault) in (0..).zip(Fault::ALL).filter(|(at, _)| all || position % kinds == *at) {
            for round in 0..rounds {
                let (struck, erased) = one_erasure(&base, &told, (position * kinds + at) * rounds + round, fault, position);
                counts = (counts.0 + 1, counts.1 + u64::from(struck), counts.2 + u64::from(erased));
            }
        }
    }
    println!("{} erasures, {} faults struck, {} were carried out in the end", counts.0, counts.1, counts.2);
    assert!(counts.1 * 2 > counts.0 && counts.2 > 0 && counts.2 < counts.0, "{counts:?}");
}

#[test]
fn a_second_writer_is_turned_away_and_changes_nothing() {
    let disk = new_ledger(seed());
    let (first, _) = open(&disk, 1);
    let first = first.expect("opens");
    let mut told = Told::default();
    told.attempted.extend(0..3);
    told.repeat_all(&first);
    let before = disk.files();
    let refused = open(&disk, 2).0.map(drop).expect_err("locked");
    assert!(matches!(refused, OpenError::Store(StoreError::Locked(_))), "{refused}");
    assert!(before == disk.files(), "the second writer changed a file");
    told.attempted.extend(3..6);
    told.repeat_all(&first);
    first.close().expect("closes");
    open(&disk, 3).0.expect("free again");
}

/// While the disk is full nothing acknowledged is lost, whether the process is killed then or someone makes room and it goes on.
#[test]
fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room() {
    let mut random = Random(seed());
    for round in 0..setting("LEDGER_FAULTS", FAULTS_SHORT).div_ceil(15).min(200) {
        let disk = new_ledger(round);
        disk.set_capacity(Some(disk.used() + random.below(150_000)));
        let mut told = Told::default();
        let mut killed = None;
        if let (Ok(ledger), clock) = open(&disk, round) {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let _refused = work(&ledger, &clock, &mut Random(round), &mut told, 40);
                });
                // Long enough for some rounds to run into the limit; none of the checks depends on when it is.
                std::thread::sleep(std::time::Duration::from_millis(random.below(60)));
                killed = Some(if random.coin() { disk.after_kill() } else { disk.after_power_cut(random.next()) });
                disk.set_capacity(None);
            });
        }
        let ledger = open(&disk, round).0.expect("opens when there is room");
        told.check(&ledger);
        told.repeat_all(&ledger);
        // Killed at some point while it was full: what was acknowledged by then is not known here, but it opens, verifies and goes on.
        if let Some(killed) = killed {
            let ledger = open(&killed, round).0.expect("opens after a kill");
            Told { attempted: told.attempted.clone(), ..Told::default() }.repeat_all(&ledger);
        }
    }
}

#[test]
fn the_reserve_is_not_used_up_by_new_records() {
    let disk = new_ledger(seed());
    disk.set_capacity(Some(disk.used() + 1_000_000));
    let (environment, _) = environment(Arc::new(disk), 1);
    let strict = ledger::engine::Options { reserve_bytes: 2_000_000, ..options() };
    let ledger = Ledger::open(environment, Path::new(ROOT), &master(), strict).expect("opens");
    let refused = ledger.append(entry(1)).and_then(ledger::engine::Pending::wait).expect_err("below the reserve");
    assert!(matches!(refused, AppendError::OutOfSpace { .. }), "{refused}");
}

#[test]
fn a_read_only_disk_can_be_read_and_says_so_when_written() {
    let disk = new_ledger(seed());
    let (ledger, clock) = open(&disk, 1);
    let ledger = ledger.expect("opens");
    let mut told = Told::default();
    work(&ledger, &clock, &mut Random(seed()), &mut told, 5).expect("nothing fails");
    ledger.close().expect("closes");
    disk.set_read_only(true);
    let before = disk.files();
    let (environment, _) = environment(Arc::new(disk.clone()), 2);
    let reader = Reader::open(&environment, Path::new(ROOT), Some(&Opener::Master(&master()))).expect("reads");
    let report = verify(&reader, Settings { deep: true, bodies: true }, &mut |_| true).expect("verifiable");
    assert!(report.findings == 0, "{report:?}");
    if let Ok(ledger) = open(&disk, 3).0 {
        let refused = ledger.append(entry(99)).and_then(ledger::engine::Pending::wait);
        assert!(refused.is_err(), "written to a read-only disk");
    }
    assert!(before == disk.files(), "a file changed on a read-only disk");
}

/// What a reader and a verifier make of a disk: the contents when nothing is wrong, or what is wrong.
fn examine(disk: &SimDisk) -> Result<Vec<Vec<u8>>, String> {
    let (environment, _) = environment(Arc::new(disk.clone()), 9);
    let contents = |environment: &Environment| -> Result<Vec<Vec<u8>>, String> {
        let opener = Opener::Master(&*MASTER);
        let reader = Reader::open(environment, Path::new(ROOT), Some(&opener)).map_err(|error| error.to_string())?;
        let report = verify(&reader, Settings { deep: true, bodies: true }, &mut |_| true).map_err(|error| error.to_string())?;
        if report.findings > 0 {
            return Err(format!("{report:?}"));
        }
        let read = |seq| {
            let mut content = reader.read(seq).map(|opened| opened.canonical.to_vec()).map_err(|error| error.to_string())?;
            if let Some(mut blob) = reader.blob(seq).map_err(|error| error.to_string())? {
                blob.read_to_end(&mut content).map_err(|error| error.to_string())?;
            }
            Ok(content)
        };
        (0..reader.size()).map(read).collect()
    };
    contents(&environment)
}

static MASTER: std::sync::LazyLock<ledger::keys::master::LocalMasterKey> = std::sync::LazyLock::new(master);

/// Every byte of every file of a small ledger, one at a time (the short form takes a sample): found, or without any effect on what is read.
#[test]
fn every_flipped_byte_is_found_or_immaterial() {
    let disk = new_ledger(seed());
    let (ledger, clock) = open(&disk, 1);
    let ledger = ledger.expect("opens");
    let mut told = Told::default();
    work(&ledger, &clock, &mut Random(seed()), &mut told, 3).expect("nothing fails");
    ledger.checkpoint_now().expect("signs");
    ledger.close().expect("closes");
    let honest = examine(&disk).expect("nothing is wrong");
    assert_eq!(honest.len(), told.acknowledged.len());

    let flips = setting("LEDGER_FAULTS", FAULTS_SHORT) * 4;
    let files = disk.files();
    // Most of the ring is zeroes that no batch has reached; of a run of zeroes only the first page is flipped.
    let places: Vec<(&Path, usize)> = files
        .iter()
        .flat_map(|(path, bytes)| {
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 4096).min(bytes.len());
            // Attachments are long and all alike: a byte in a thousand of them.
            let step = if path.starts_with(Path::new(ROOT).join("blobs")) { 997 } else { 1 };
            (0..used).step_by(step).map(move |position| (path.as_path(), position))
        })
        .collect();
    let stride = (places.len() as u64 / flips).max(1);
    let stride = usize::try_from(stride).expect("small");
    let mut counts: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for (path, position) in places.iter().step_by(stride) {
        let damaged = disk.after_kill();
        damaged.flip(path, *position, 1 << (position % 8));
        let outcome = match examine(&damaged) {
            Ok(contents) => {
                assert!(contents == honest, "byte {position} of {} changed what is read, unnoticed", path.display());
                "immaterial"
            }
            Err(_) => "found",
        };
        // A writer that opens it must not make the damage look right.
        if let Ok(ledger) = open(&damaged, 5).0 {
            ledger.close().ok();
        }
        if let Ok(contents) = examine(&damaged) {
            assert!(contents == honest, "byte {position} of {}: a writer covered the damage up", path.display());
        }
        let folder = path.strip_prefix(ROOT).expect("inside").components().next().expect("a name");
        *counts.entry((folder.as_os_str().to_string_lossy().into_owned(), outcome)).or_default() += 1;
    }
    println!("{} of {} bytes flipped", places.len().div_ceil(stride), places.len());
    for ((folder, outcome), count) in &counts {
        println!("  {folder}: {count} {outcome}");
    }
    for kept in ["entries", "bodies", "blobs", "checkpoints", "keys"] {
        assert!(counts.get(&(kept.to_owned(), "found")).is_some_and(|found| *found > 0), "no flip in {kept}/ was found");
    }
}
