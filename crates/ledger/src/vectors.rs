//! Test vectors of the formats: made by `update`, compared by every test run.
//!
//! Invariant: a change of any byte here is a change of format and needs a new version number.

use serde_json::{Value, json};

use crate::body::{canonical, pack};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, EntryKind, FLAG_ZSTD};
use crate::frame::{BatchHead, Commit, write_body_record, write_commit, write_frame};
use crate::hash::{leaf_hash, sha256};
use crate::ids::{RecordId, StreamId, SubjectId};
use crate::keys::keystore::Generation;
use crate::keys::master::{LocalMasterKey, MasterKey as _};
use crate::keys::record::RecordKey;
use crate::keys::ring::{Addition, KeyRing};
use crate::keys::secret::Secret;
use crate::keys::tree::SegmentTree;
use crate::merkle::Frontier;
use crate::note::Signer;

/// Counts up, so that sealing is repeatable.
struct Counting(std::sync::Mutex<u8>);

impl crate::context::Entropy for Counting {
    fn fill(&self, out: &mut [u8]) {
        let mut next = self.0.lock().expect("not poisoned");
        for byte in out {
            *next = next.wrapping_add(1);
            *byte = *next;
        }
    }
}

fn entry(plain: &[u8], sealed: &[u8], key: &RecordKey) -> Entry {
    Entry {
        kind: EntryKind::Capture,
        flags: FLAG_ZSTD,
        body_len: u32::try_from(plain.len()).expect("short"),
        seq: 0,
        captured_at_ms: 1_790_000_000_123,
        record_id: RecordId([0x11; 16]),
        stream_id: StreamId([0x22; 16]),
        stream_seq: 0,
        retention_class: 3,
        sealed_len: u32::try_from(sealed.len()).expect("short"),
        segment: 5,
        slot: 6,
        refers_to: RecordId::NONE,
        commitment: key.commit(plain),
        sealed_sha256: sha256(sealed),
    }
}

/// A short attachment under a fixed key, with the body that names it.
fn blob() -> Value {
    let plain = b"a picture of a fictional company's front door";
    let (file, reference) = crate::blob::tests::sealed(plain, [0xaa; 32]);
    let body = canonical(1_790_000_000_000, Some(&reference), b"{}");
    let key = RecordKey::derive(&Secret::new([0xbb; 32]), [], RecordId([0x12; 16]));
    let mut sealed = Vec::new();
    key.seal(&[], Some(reference.name), &body, &mut sealed);
    json!({
        "plaintext": hex::encode(plain), "key": hex::encode([0xaa; 32]), "file": hex::encode(file), "name": reference.name.to_string(),
        "canonical_body": hex::encode(&body[..]), "leaf": hex::encode([0xbb; 32]), "record_id": hex::encode([0x12; 16]),
        "sealed_body": hex::encode(sealed),
    })
}

fn make() -> Value {
    let (segment_seed, subject_key) = (Secret::new([0x33; 32]), Secret::new([0x44; 32]));
    let mut tree = SegmentTree::new(segment_seed.clone());
    let leaf = tree.leaf(6).expect("known");
    let key = RecordKey::derive(&leaf, [&subject_key], RecordId([0x11; 16]));
    let plain = canonical(
        1_790_000_000_000,
        None,
        br#"{"text":"please tell me when my order is delivered, thank you","connector":"slack/1"}"#,
    );
    let packed = pack(&plain).expect("it shrinks");
    let mut sealed = Vec::new();
    key.seal(&[SubjectId([0x55; 16])], None, &packed, &mut sealed);
    let entry = entry(&plain, &sealed, &key).encode();
    let (mut frame, mut record) = (Vec::new(), Vec::new());
    write_frame(&mut frame, &entry, &sealed);
    write_body_record(&mut record, 0, &sealed);
    let mut log = Frontier::default();
    log.push(leaf_hash(&entry), |_, _| ());
    let entropy = Counting(std::sync::Mutex::new(0));
    let generation = Generation::new(9, &entropy);
    let additions = [
        Addition::Segment { segment: 5, class: 3, opened_at_ms: 1_790_000_000_000, seed: segment_seed },
        Addition::Subject { subject: SubjectId([0x55; 16]), key: subject_key },
    ];
    let additions_sealed = generation.seal_additions(&additions, &entropy);
    let head = BatchHead {
        batch_no: 1,
        first_seq: 0,
        count: 1,
        keys_len: u32::try_from(additions_sealed.len()).expect("short"),
        frames_len: frame.len() as u64,
    };
    let mut batch = [&head.encode()[..], &additions_sealed, &frame].concat();
    write_commit(&mut batch, &Commit { batch_no: 1, size: 1, root: log.root() });
    let mut ring = KeyRing { signing: vec![(0, Secret::new([0x66; 32]))], ..KeyRing::default() };
    for addition in additions {
        ring.add(addition);
    }
    let master = LocalMasterKey::new(Secret::new([0x77; 32]));
    let keystore = generation.seal(&ring, &master, &[], &entropy).expect("sealed");
    tree.puncture(6);
    let punctured: Vec<Value> =
        tree.nodes().map(|(first, height, seed)| json!([first, height, hex::encode(seed.expose())])).collect();
    let signer = Signer::from_seed("log.example.test", &[0x66; 32]).expect("a seed");
    let checkpoint = signer.sign(Checkpoint::new("log.example.test", 1, log.root()).text()).to_string();
    json!({
        "segment_seed": hex::encode([0x33; 32]), "slot": 6, "leaf": hex::encode(leaf.expose()),
        "subject_key": hex::encode([0x44; 32]), "record_id": hex::encode([0x11; 16]),
        "canonical_body": hex::encode(&plain[..]), "packed_body": hex::encode(&packed),
        "commitment_salt": hex::encode(key.salt()), "sealed_body": hex::encode(&sealed),
        "entry": hex::encode(entry), "leaf_hash": hex::encode(leaf_hash(&entry)),
        "frame": hex::encode(&frame), "body_record": hex::encode(&record),
        "additions": hex::encode(&additions_sealed), "batch": hex::encode(&batch),
        "master_key": hex::encode([0x77; 32]), "generation": 9, "keystore": hex::encode(&keystore),
        "key_ring": hex::encode(&ring.encode()[..]), "punctured_tree": punctured,
        "signing_seed": hex::encode([0x66; 32]), "verifier_key": signer.verifier().to_string(), "checkpoint": checkpoint,
        "blob": blob(),
        "program_key": hex::encode([0x88; 32]),
        "derived_master_wraps": hex::encode(LocalMasterKey::derive(&[0x88; 32]).wrap(&entropy, 1, &Secret::new([0x99; 32])).expect("wraps")),
    })
}

const VECTORS: &str = include_str!("../vectors/format.json");

#[test]
fn the_code_still_writes_what_the_vectors_say() {
    let made = make();
    if std::env::var_os("UPDATE_LEDGER_VECTORS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/format.json");
        std::fs::write(path, serde_json::to_string_pretty(&made).expect("plain") + "\n").expect("written");
        return;
    }
    let kept: Value = serde_json::from_str(VECTORS).expect("JSON");
    assert_eq!(made, kept);
}

#[test]
fn the_code_reads_what_the_vectors_say() {
    let kept: Value = serde_json::from_str(VECTORS).expect("JSON");
    let bytes = |name: &str| hex::decode(kept[name].as_str().expect("text")).expect("hexadecimal");
    let batch = bytes("batch");
    let mut tree = Frontier::default();
    let rebuilt = crate::store::SealedBatch::rebuild(batch, &mut tree).expect("whole");
    assert_eq!(rebuilt.entries[0].encode()[..], bytes("entry"));
    let master = LocalMasterKey::new(Secret::new([0x77; 32]));
    let opener = crate::keys::keystore::Opener::Master(&master);
    let (generation, ring) = Generation::open(&bytes("keystore"), &opener).expect("opens");
    assert_eq!(ring.encode()[..], bytes("key_ring"));
    assert_eq!(generation.open_additions(rebuilt.keys()).expect("opens").len(), 2);
    let leaf = ring.segments[&5].tree.leaf(6).expect("known");
    let subjects = ring.subject_keys(&[SubjectId([0x55; 16])]).expect("known");
    let key = RecordKey::derive(&leaf, subjects, RecordId([0x11; 16]));
    let packed = key.open(&bytes("sealed_body")).expect("opens");
    let plain = crate::body::unpack(FLAG_ZSTD, &packed, rebuilt.entries[0].body_len).expect("unpacks");
    assert_eq!(plain[..], bytes("canonical_body"));
    assert_eq!(key.commit(&plain), rebuilt.entries[0].commitment);
}
