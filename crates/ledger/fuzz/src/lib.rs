//! What must hold for any bytes, one function per parser: no panic, and whatever is accepted means one thing only.
//!
//! The fuzz targets call these, and so does the ordinary test that runs the corpus.

use ledger::bundle::Bundle;
use ledger::checkpoint::Checkpoint;
use ledger::entry::Entry;
use ledger::frame::{SealedBody, read_batch, read_body_record, read_frame, write_body_record, write_frame};
use ledger::note::{Note, VerifierKey};
use ledger::proof::TlogProof;
use ledger::tile::{TilePath, read_bundle, write_bundle};
use ledger::timestamp::{Answer, Trust, parse_response, parse_token, verify_response};
use ledger::witness::{Witnesses, parse_conflict};

/// A parser under test: the name of its corpus folder and its check.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 7] = [
    ("note", note),
    ("tile_path", tile_path),
    ("frame", frame),
    ("entry", entry),
    ("timestamp_response", timestamp_response),
    ("proof", proof),
    ("bundle", bundle),
];

/// Signed notes, checkpoints, verifier keys and witnesses' answers.
pub fn note(data: &[u8]) {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data, "a note has one spelling");
        if let Ok(checkpoint) = Checkpoint::parse(&note.text) {
            assert_eq!(checkpoint.text(), note.text, "a checkpoint has one spelling");
        }
        let witness: VerifierKey = WITNESS.parse().expect("a good key");
        let witnesses = Witnesses::new(vec![witness]).expect("a witness key");
        let mut other = note.clone();
        if witnesses.add(&mut other, data).is_err() {
            assert_eq!(other, note, "a refused answer changes nothing");
        }
    }
    if let Ok(key) = String::from_utf8_lossy(data).parse::<VerifierKey>() {
        assert_eq!(key.to_string().parse(), Ok(key), "a key reads back");
    }
    if let Ok(size) = parse_conflict(data) {
        assert_eq!(format!("{size}\n").as_bytes(), data, "a size has one spelling");
    }
}

const WITNESS: &str = "witness.example.test+2e1aa896+BAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

/// Tile paths and entry bundles.
pub fn tile_path(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(tile) = text.parse::<TilePath>()
    {
        assert_eq!(tile.to_string(), text, "a path has one spelling");
    }
    if let Ok(entries) = read_bundle(data) {
        assert_eq!(write_bundle(entries).as_deref(), Ok(data), "a bundle has one spelling");
    }
}

/// Frames, batches, body records and sealed bodies.
pub fn frame(data: &[u8]) {
    if let Ok(frame) = read_frame(data) {
        let mut written = Vec::new();
        write_frame(&mut written, &frame.entry.encode(), frame.sealed);
        assert_eq!(written, data[..frame.length], "a frame has one spelling");
    }
    if let Ok(batch) = read_batch(data) {
        assert!(batch.head.total_len() <= data.len());
        assert_eq!(batch.head.encode(), data[..batch.head.encode().len()]);
    }
    if let Ok((seq, sealed)) = read_body_record(data) {
        let mut written = Vec::new();
        write_body_record(&mut written, seq, sealed);
        assert_eq!(written, data[..written.len()], "a body record has one spelling");
    }
    if let Ok(sealed) = SealedBody::parse(data) {
        let name = if sealed.blob.is_some() { 32 } else { 0 };
        assert_eq!(1 + sealed.subjects.len() * 16 + name + sealed.ciphertext.len(), data.len());
    }
}

/// Entries.
pub fn entry(data: &[u8]) {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode(), data, "an entry has one spelling");
    }
}

const ROOT: &str = include_str!("../../vectors/timestamp/ec-root.pem");
const MESSAGE: &[u8] = include_bytes!("../../vectors/timestamp/message");

/// Time stamp responses, whole and as a bare token, up to a verdict.
pub fn timestamp_response(data: &[u8]) {
    let _refusal = parse_token(data);
    if let Ok(Answer::Granted(token)) = parse_response(data) {
        let _refusal = parse_token(token);
    }
    let trust = Trust::from_pem(ROOT, "").expect("a good root");
    if let Ok(stamp) = verify_response(data, MESSAGE, &trust) {
        let honest = include_bytes!("../../vectors/timestamp/ec.tsr");
        let honest = verify_response(honest, MESSAGE, &trust).expect("a good stamp");
        assert_eq!(stamp, honest, "only one stamp was ever signed under this root");
    }
}

/// Inclusion proofs in a file.
pub fn proof(data: &[u8]) {
    if let Ok(proof) = TlogProof::parse(data) {
        assert_eq!(proof.to_text().as_bytes(), data, "a proof has one spelling");
        if let Ok(checkpoint) = Checkpoint::parse(&proof.checkpoint.text) {
            let _refusal = proof.verify(&[7; 32], &checkpoint.origin, &[]);
        }
    }
}

/// Proof bundles.
pub fn bundle(data: &[u8]) {
    if let Ok(bundle) = Bundle::parse(data) {
        let _refusal = bundle.verify("log.example.test/records", &[], |_| None);
        if let Ok(json) = bundle.to_json()
            && let Ok(again) = Bundle::parse(json.as_bytes())
        {
            assert_eq!(again.record, bundle.record);
            assert_eq!(again.proof, bundle.proof);
        }
    }
}
