//! The command as people call it: words, JSON, exit codes, and files that outsiders accept.

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use ledger::engine::{Environment, NewEntry, Options, create};
use ledger::entry::EntryKind;
use ledger::governance::Responsible;
use ledger::governance::erasure::Target;
use ledger::ids::{RecordId, StreamId, SubjectId};
use ledger::store::files::RING_BYTES_MIN;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    args: Args,
}

struct Folder(tempfile::TempDir);

impl Folder {
    /// A data folder whose ledger has ten records.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("temporary folder"));
        let line = folder.line(&["status"]);
        let config = line.common.load_config().expect("no configuration is a good one");
        // Asking for the key of a new folder makes one.
        DataFolder::open(folder.0.path()).expect("there").master_key(&config).expect("made");
        let (root, environment) = (folder.path("ledger"), Environment::default());
        create(&environment, &root, "log.example.test", &folder.master(), &[], RING_BYTES_MIN).expect("created");
        let ledger = folder.writer();
        for number in 1..=10 {
            ledger.append(entry(number)).expect("accepted").wait().expect("durable");
        }
        ledger.close().expect("closed");
        folder
    }

    fn master(&self) -> LocalMasterKey {
        master_key(&self.line(&["status"]).common).expect("a key")
    }

    fn writer(&self) -> Ledger {
        let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() };
        Ledger::open(Environment::default(), &self.path("ledger"), &self.master(), options).expect("opens")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn line(&self, words: &[&str]) -> Line {
        let data = self.0.path().to_str().expect("plain path");
        Line::try_parse_from(["ledger", "--json", "--data", data].iter().chain(words)).expect("a valid line")
    }

    fn run(&self, words: &[&str]) -> (u8, Value) {
        let line = self.line(words);
        let session = Session { common: &line.common, escrow_identity: None };
        let mut out = Vec::new();
        let code = run_verb(&session, &line.args.verb, &mut out).expect("it can be done");
        (code, serde_json::from_slice(&out).expect("one JSON value"))
    }
}

fn entry(number: u8) -> NewEntry {
    NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId([number; 16]),
        stream: StreamId([1; 16]),
        subjects: vec![SubjectId([number % 2 + 1; 16])],
        retention_class: 1,
        refers_to: RecordId::NONE,
        source_time_ms: 7,
        body: format!("text number {number}").into_bytes(),
    }
}

#[test]
fn status_show_and_verify_say_what_is_there() {
    let folder = Folder::new();
    let (code, status) = folder.run(&["status"]);
    assert_eq!((code, &status["entries"], &status["signed"]), (0, &json!(10), &json!(10)));
    let (code, shown) = folder.run(&["show", "3"]);
    assert_eq!((code, &shown["body"], &shown["verdict"]), (0, &json!("text number 4"), &json!("PRESENT")));
    let (code, by_id) = folder.run(&["show", &RecordId([4; 16]).to_string()]);
    assert_eq!((code, by_id), (0, shown));
    assert_eq!(folder.run(&["show", "10"]).0, FINDINGS);
    let (code, report) = folder.run(&["verify", "--deep"]);
    assert_eq!((code, &report["opened"], &report["findings"]), (0, &json!(10), &json!(0)));
}

#[test]
fn one_flipped_byte_is_named_with_its_class_and_exit_code() {
    let folder = Folder::new();
    let pack = folder.path("ledger/entries/000000.pack");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[4 * 168 + 50] ^= 1;
    std::fs::write(&pack, bytes).expect("written");
    let (code, report) = folder.run(&["verify"]);
    assert_eq!(code, FINDINGS);
    assert_eq!((&report["damage"][0]["class"], &report["damage"][0]["seq"]), (&json!("entry-altered"), &json!(4)));
}

#[test]
fn a_verification_goes_on_where_it_stopped() {
    let folder = Folder::new();
    let place = folder.path("place.json");
    let reader = ledger::engine::Reader::open(&Environment::default(), &folder.path("ledger"), None).expect("opens");
    let root = hex::encode(reader.root(6).expect("readable"));
    let progress = json!({ "verified": 6, "size": 10, "root": root, "deep": false });
    std::fs::write(&place, progress.to_string()).expect("written");
    // What lies before the place is not read again, so damage there goes unseen; what follows is.
    let pack = folder.path("ledger/entries/000000.pack");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[2 * 168 + 50] ^= 1;
    std::fs::write(&pack, &bytes).expect("written");
    let name = place.to_str().expect("plain path");
    assert_eq!(folder.run(&["verify", "--resume", name]).0, 0);
    assert!(!place.exists(), "at the end the place is forgotten");
    assert_eq!(folder.run(&["verify", "--resume", name]).0, FINDINGS, "from the start again");
}

#[test]
fn a_bundle_is_accepted_by_the_verifier_that_is_written_beside_it() {
    let folder = Folder::new();
    let ledger = folder.writer();
    let people = Responsible { requested_by: "a".into(), approved_by: "b".into(), reason: "request".into() };
    ledger.erase(&Target::Subject(SubjectId([2; 16])), &people, &folder.master()).expect("erased");
    ledger.close().expect("closed");
    let bundle = folder.path("proof.json");
    let out = bundle.to_str().expect("plain path");
    for (id, verdict, text) in [("3", "PRESENT", true), ("3", "WITHHELD", false), ("2", "ERASED", false)] {
        let mut words = vec!["prove", id, "--out", out];
        words.extend(text.then_some("--with-text"));
        let (code, proved) = folder.run(&words);
        assert_eq!(code, 0);
        let key = proved["keys"][0].as_str().expect("a key");
        let verifier = Command::new("python3").arg(folder.path("verify.py")).args(["--key", key]).arg(&bundle).output();
        let checked = verifier.expect("python3 is needed: apt-get install python3");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success() && said.contains(verdict), "{id}: {said}");
    }
}

#[test]
fn the_exported_log_is_whole_and_is_not_written_over_an_old_one() {
    let folder = Folder::new();
    let target = folder.path("export");
    let name = target.to_str().expect("plain path");
    let (code, _) = folder.run(&["export-log", name]);
    assert_eq!(code, 0);
    for file in ["checkpoint", "keys.txt", "verify.py", "tile/0/000.p/10", "tile/entries/000.p/10"] {
        assert!(target.join(file).is_file(), "{file}");
    }
    let line = folder.line(&["export-log", name]);
    let session = Session { common: &line.common, escrow_identity: None };
    assert!(run_verb(&session, &line.args.verb, &mut Vec::new()).is_err());
}

#[test]
fn a_scrub_is_logged_and_a_stamp_that_cannot_be_had_is_an_entry() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["scrub"]).0, 0);
    assert_eq!(folder.run(&["show", "10"]).1["kind"], "scrub-result");
    let roots = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ledger/vectors/timestamp/ec-root.pem");
    let roots = roots.to_str().expect("plain path");
    // Port 9 of the loopback has no listener.
    let (code, answer) = folder.run(&["anchor-now", "--authority", "one=http://127.0.0.1:9/", "--roots", roots]);
    assert_eq!(code, 1);
    assert!(answer[0]["error"].is_string());
    assert_eq!(folder.run(&["show", "11"]).1["kind"], "timestamp-failed");
}
