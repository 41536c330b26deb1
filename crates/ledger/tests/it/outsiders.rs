//! A hundred thousand records, judged by programs that know nothing of ours: Go's log library, pymerkle, openssl, and the verifier that
//! travels with exports. Each accepts the honest log and refuses it when one byte is flipped.

use crate::programs::{Flipped, accepted, peer, proofs_python, refused, run};
use crate::sample::{OLD_SIZE, RECORDS, Sample};
use crate::time_authority::Responder;
use crate::workload::attachment;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ledger::bundle::{PROOF_BYTES_MAX, VERIFIER};
use ledger::checkpoint::Checkpoint;
use ledger::timestamp::Authorities;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Records whose proofs are looked at: the ends, a tile's border, the last partial tile.
const PROVED: [u64; 6] = [0, 255, 256, 65_536, 99_839, 99_999];

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, content).expect("written");
    file
}

/// Files of the exported log, one of each kind, with a byte in each that must not change.
fn places(log: &Path) -> Vec<(PathBuf, usize)> {
    [
        ("checkpoint", 27),
        ("checkpoint", 40),
        ("checkpoint", 120),
        ("tile/entries/000", 2 + 3 * 170 + 30),
        ("tile/entries/390.p/160", 5000),
        ("tile/0/000", 8191),
        ("tile/0/390.p/160", 77),
        ("tile/1/000", 300),
        ("tile/1/001.p/134", 4000),
        ("tile/2/000.p/1", 5),
    ]
    .map(|(name, position)| (log.join(name), position))
    .to_vec()
}

#[test]
fn gos_log_library_accepts_the_log_and_refuses_each_flipped_byte() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), RECORDS);
    let builds = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let program = accepted(&run(peer("go-verify-log.sh"), [&builds]));
    let go = |arguments: &[&dyn AsRef<std::ffi::OsStr>]| run(program.trim(), arguments.iter().map(AsRef::as_ref));

    let log = || go(&[&"log", &sample.folder, &sample.vkey]);
    assert!(accepted(&log()).starts_with("ok log.example.test/records 100000 "));
    for (file, position) in places(&sample.folder) {
        let _flipped = Flipped::at(&file, position);
        refused(&log(), &format!("byte {position} of {}", file.display()));
    }

    let old = write(work.path(), "old-checkpoint", sample.old.to_string());
    accepted(&go(&[&"growth", &sample.folder, &old, &sample.vkey]));
    {
        let _flipped = Flipped::at(&old, 34);
        refused(&go(&[&"growth", &sample.folder, &old, &sample.vkey]), "another old root");
    }

    for seq in PROVED {
        let bundle = sample.bundle(seq);
        let proof = write(work.path(), "proof", bundle.proof.to_text());
        let entry = write(work.path(), "entry", bundle.record.entry);
        let check = || go(&[&"proof", &proof, &entry, &sample.vkey]);
        accepted(&check());
        for (file, position) in [(&proof, 40), (&proof, 300), (&entry, 100)] {
            let _flipped = Flipped::at(file, position);
            refused(&check(), &format!("byte {position} of {}", file.display()));
        }
    }
}

#[test]
fn pymerkle_accepts_the_log_and_refuses_each_flipped_byte() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), RECORDS);
    let old = Checkpoint::parse(&sample.old.text).expect("a checkpoint");
    let mut arguments: Vec<OsString> = vec![
        peer("pymerkle_check.py").into(),
        sample.folder.clone().into(),
        OLD_SIZE.to_string().into(),
        BASE64.encode(old.root).into(),
    ];
    let proofs = PROVED.map(|seq| write(work.path(), &format!("{seq}.tlog-proof"), sample.bundle(seq).proof.to_text()));
    arguments.extend(proofs.iter().map(|proof| proof.clone().into()));
    let python = proofs_python();
    assert_eq!(accepted(&run(&python, &arguments)), "ok 100000 entries, 6 proofs\n");

    for (file, position) in
        [(sample.folder.join("tile/entries/000"), 540), (sample.folder.join("checkpoint"), 40), (proofs[3].clone(), 300)]
    {
        let _flipped = Flipped::at(&file, position);
        refused(&run(&python, &arguments), &format!("byte {position} of {}", file.display()));
    }
    arguments[3] = BASE64.encode([7; 32]).into();
    refused(&run(&python, &arguments), "another old root");
}

#[test]
fn openssl_accepts_the_checkpoints_signature_and_refuses_each_flipped_byte() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), 1000);
    let bundle = write(work.path(), "bundle", sample.bundle(500).to_json().expect("fits"));
    let verifier = write(work.path(), "verify.py", VERIFIER);
    let parts = work.path().join("parts");
    let save: [OsString; 6] =
        [verifier.into(), bundle.into(), "--key".into(), sample.vkey.clone().into(), "--save".into(), parts.clone().into()];
    accepted(&run("python3", save));
    let commands = std::fs::read_to_string(parts.join("commands.txt")).expect("the commands");
    let command = commands.lines().next().expect("a command");
    assert!(command.starts_with("openssl pkeyutl -verify "), "{command}");
    let check = || run("sh", ["-c".into(), format!("cd '{}' && {command}", parts.display())]);
    accepted(&check());
    for (name, length) in [("checkpoint.text", sample.checkpoint().text.len()), ("checkpoint.signature", 64)] {
        for position in 0..length {
            let _flipped = Flipped::at(&parts.join(name), position);
            refused(&check(), &format!("byte {position} of {name}"));
        }
    }
}

/// The whole way: 100,000 records, two authorities that are not ours, a bundle, and the Python verifier with openssl.
#[test]
fn the_travelling_verifier_accepts_log_and_bundles_and_refuses_each_flipped_byte() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), RECORDS);
    let verifier = write(work.path(), "verify.py", VERIFIER);
    let check = |arguments: &[&dyn AsRef<std::ffi::OsStr>]| -> Output {
        let key: [&std::ffi::OsStr; 2] = ["--key".as_ref(), sample.vkey.as_ref()];
        run("python3", [verifier.as_os_str()].into_iter().chain(arguments.iter().map(AsRef::as_ref)).chain(key))
    };

    let log = || check(&[&"--log", &sample.folder]);
    assert_eq!(accepted(&log()), "COMPLETE: log log.example.test/records with 100000 entries\n");
    for (name, position) in [("checkpoint", 40), ("tile/entries/000", 540), ("tile/0/390.p/160", 77)] {
        let _flipped = Flipped::at(&sample.folder.join(name), position);
        refused(&log(), &format!("byte {position} of {name}"));
    }

    let first = Responder::start(work.path(), "first", "rsa", "0");
    let second = Responder::start(work.path(), "second", "ec", "6");
    let (first_root, second_root) = (format!("first={}", first.root().display()), format!("second={}", second.root().display()));
    sample.anchor(&Authorities::new(vec![first.authority.clone(), second.authority.clone()]).expect("two authorities"));
    for seq in PROVED {
        let bundle = sample.bundle(seq);
        assert_eq!(bundle.timestamps.len(), 2);
        let json = bundle.to_json().expect("fits");
        assert!(json.len() <= PROOF_BYTES_MAX, "{} bytes with a short plaintext", json.len());
        let file = write(work.path(), "bundle", &json);
        let roots: [&dyn AsRef<std::ffi::OsStr>; 5] = [&file, &"--tsa-root", &first_root, &"--tsa-root", &second_root];
        let said = accepted(&check(&roots));
        assert!(said.starts_with("PRESENT: "), "{said}");
        assert_eq!(said.matches("existed at").count(), 2, "{said}");
        if seq == PROVED[4] {
            refuse_a_sample_of_flips(&json, &file, || check(&roots));
        }
    }
}

/// Flips within each field's value. Bytes of a token outside of its signature are openssl's to judge and are left to its own test.
fn refuse_a_sample_of_flips(json: &str, file: &Path, check: impl Fn() -> Output) {
    for field in ["\"format\": \"", "\"entry\": \"", "\"proof\": \"", "\"salt\": \"", "\"body\": \""] {
        let start = json.find(field).unwrap_or_else(|| panic!("no {field}")) + field.len();
        let length = json[start..].find('"').expect("the value ends");
        for step in 0..12 {
            let position = start + step * (length - 1) / 11;
            let _flipped = Flipped::at(file, position);
            refused(&check(), &format!("byte {position} of the bundle, in {field}"));
        }
    }
}

/// After an erasure the proofs still hold, and a stranger reads who removed the record instead of what it said.
#[test]
fn the_travelling_verifier_names_the_tombstone_of_an_erased_record() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), 2000);
    let verifier = write(work.path(), "verify.py", VERIFIER);
    let say = |seq| {
        let bundle = write(work.path(), "bundle", sample.bundle(seq).to_json().expect("fits"));
        let arguments: [&std::ffi::OsStr; 4] = [verifier.as_ref(), bundle.as_ref(), "--key".as_ref(), sample.vkey.as_ref()];
        (run("python3", arguments), bundle)
    };
    assert!(accepted(&say(8).0).starts_with("PRESENT: "));
    sample.erase_person_of(8);
    let (output, bundle) = say(8);
    let said = accepted(&output);
    assert!(said.starts_with("ERASED: ") && said.contains("its content was removed; entry "), "{said}");
    let text = std::fs::read_to_string(&bundle).expect("readable");
    assert!(accepted(&say(9).0).starts_with("PRESENT: "), "someone else's record stays");

    // The same tombstone pinned on another record is refused.
    let other = sample.bundle(9);
    let mut pinned = ledger::bundle::Bundle::parse(text.as_bytes()).expect("reads");
    (pinned.record, pinned.proof) = (ledger::bundle::Disclosed { plaintext: None, ..other.record }, other.proof);
    let file = write(work.path(), "bundle", pinned.to_json().expect("fits"));
    let arguments: [&std::ffi::OsStr; 4] = [verifier.as_ref(), file.as_ref(), "--key".as_ref(), sample.vkey.as_ref()];
    refused(&run("python3", arguments), "a tombstone that does not name the record");
    let keys = [sample.vkey.parse().expect("a key")];
    assert!(pinned.verify(crate::workload::ORIGIN, &keys, |_| None).is_err(), "here too");
}

/// A record's plaintext gives the digest of its attachment, so whoever was handed the file can tell whether it is the one.
#[test]
fn the_travelling_verifier_tells_the_recorded_attachment_from_another_file() {
    let work = tempfile::tempdir().expect("a folder");
    let sample = Sample::write(work.path(), 10);
    let verifier = write(work.path(), "verify.py", VERIFIER);
    let bytes = attachment(28).expect("it has one");
    let bundle = write(work.path(), "bundle", sample.bundle(sample.attach(28)).to_json().expect("fits"));
    let without = write(work.path(), "without", sample.bundle(3).to_json().expect("fits"));
    let check = |bundle: &Path, file: &[u8]| {
        let file = write(work.path(), "picture", file);
        let arguments: [&std::ffi::OsStr; 6] =
            [verifier.as_ref(), bundle.as_ref(), "--attachment".as_ref(), file.as_ref(), "--key".as_ref(), sample.vkey.as_ref()];
        run("python3", arguments)
    };
    let said = accepted(&check(&bundle, &bytes));
    assert!(said.starts_with("PRESENT: ") && said.contains("the file is that one"), "{said}");
    let mut other = bytes.clone();
    other[5] ^= 1;
    for file in [&other[..], &bytes[1..], b""] {
        refused(&check(&bundle, file), "another file");
    }
    refused(&check(&without, &bytes), "a record without an attachment");
}
