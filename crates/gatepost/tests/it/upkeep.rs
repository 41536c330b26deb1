//! What the server does for the record in the background: scrubs, and removals that a crash interrupted.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ledger::{
    engine::{Environment, Ledger, NewEntry, OnFatal, Options, Reader},
    entry::EntryKind,
    governance::{Act, Removals, Responsible, Verdict, erasure::Target, recent::Recent},
    ids::{RecordId, StreamId, SubjectId},
    keys::{
        master::{MasterError, MasterKey},
        secret::Secret,
    },
};
use testkit::process::{Process, get};

use crate::{
    beside::{Beside, WAIT_MAX, master},
    program::{Place, flip_bit},
};

fn serve(place: &Place) -> (Process, SocketAddr) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
    let mut command = place.command(&["serve", "--listen", &address.to_string()]);
    let mut server = Process::start(command.env("GATEPOST_LEDGER_SCRUB_INTERVAL_SECONDS", "1")).expect("it starts");
    server.answers(address, "/readyz", WAIT_MAX).expect("it comes up");
    (server, address)
}

fn stop(mut server: Process) {
    server.ask_to_end().expect("asked");
    assert!(server.ends(WAIT_MAX).expect("it stops").success(), "{}", server.said());
}

fn findings(reader: &Reader) -> Option<u64> {
    match Recent::read(reader, &[]).expect("readable").scrub?.act? {
        Act::ScrubDone { findings, .. } => Some(findings),
        _ => None,
    }
}

fn a_segment(place: &Place) -> PathBuf {
    let class = place.path("data/ledger/bodies/00001");
    let files = std::fs::read_dir(class).expect("audit entries have bodies").map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.extension().is_some_and(|kind| kind == "seg")).min().expect("a segment")
}

#[test]
fn a_scrub_is_on_record_and_one_flipped_bit_raises_the_alarm() {
    let place = Place::with_workspace();
    let (server, _) = serve(&place);
    let beside = Beside(&place);
    assert_eq!(beside.until("a scrub", &server, findings), 0);
    stop(server);
    place.gatepost(&["check"]).done();
    flip_bit(&a_segment(&place), 100);
    let (server, address) = serve(&place);
    beside.until("a scrub that finds it", &server, |reader| findings(reader).filter(|findings| *findings > 0));
    let before = beside.audit_entries();
    place.gatepost(&["user", "create", "ann@example.test", "--name", "Ann"]).done();
    beside.until("what happens after it", &server, |_| (beside.audit_entries() > before).then_some(()));
    let checked = place.gatepost(&["check"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.out.contains("the newest scrub found damage") && checked.out.contains("body-altered"), "{}", checked.out);
    let metrics = get(address, "/metrics").expect("answers").body;
    assert!(metrics.contains("gatepost_ledger_scrubs_total{outcome=\"damage\"}"), "{metrics}");
    stop(server);
}

/// A master key that is away when the keystore is to be written, as a key service may be.
struct Away;

impl MasterKey for Away {
    fn wrap(&self, _: &dyn ledger::context::Entropy, _: u64, _: &Secret) -> Result<Vec<u8>, MasterError> {
        Err(MasterError::Wrong)
    }

    fn unwrap(&self, _: u64, _: &[u8]) -> Result<Secret, MasterError> {
        Err(MasterError::Wrong)
    }
}

#[test]
fn an_erasure_that_was_interrupted_is_finished_by_the_next_start() {
    let place = Place::with_workspace();
    let (server, _) = serve(&place);
    stop(server);
    let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() };
    let ledger = Ledger::open(Environment::default(), &place.path("data/ledger"), &master(&place), options).expect("opens");
    let person = SubjectId([7; 16]);
    let entry = NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId([1; 16]),
        stream: StreamId([1; 16]),
        subjects: vec![person],
        retention_class: 2,
        refers_to: RecordId::NONE,
        source_time_ms: 0,
        body: b"what somebody said".to_vec(),
    };
    let seq = ledger.append(entry).expect("accepted").wait().expect("durable").seq;
    let responsible = Responsible { requested_by: "officer".into(), approved_by: "archivist".into(), reason: "asked for".into() };
    ledger.erase(&Target::Subject(person), &responsible, &Away).expect_err("its tombstone stands, its key is still there");
    ledger.close().ok();

    let verdict = |reader: &Reader| Verdict::of(reader, &Removals::read(reader).expect("readable"), seq).expect("known");
    let beside = Beside(&place);
    assert!(matches!(verdict(&beside.reader()), Verdict::TombstonedStillPresent(_)));
    let (server, _) = serve(&place);
    beside.until("the end of the erasure", &server, |reader| matches!(verdict(reader), Verdict::Erased(_)).then_some(()));
    stop(server);
    let verified = place.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
}
