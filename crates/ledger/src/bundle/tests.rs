//! Bundles over a small log in memory, with the time stamps of openssl's responder as far as size is concerned.

use super::*;
use crate::hash::leaf_hash;
use crate::ids::{RecordId, StreamId};
use crate::merkle::{Frontier, HashReader, inclusion_proof};
use crate::note::Signer;
use std::convert::Infallible;

const ORIGIN: &str = "log.example.test/records";
const BODY: &[u8] = "{\"text\":\"hello, wörld\"}".as_bytes();
const SALT: [u8; 32] = [9; 32];

struct Leaves(Vec<Vec<Hash>>);

impl HashReader for Leaves {
    type Error = Infallible;

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, Infallible> {
        let first = usize::try_from(first).expect("small");
        Ok(self.0[usize::from(level)][first..first + count].to_vec())
    }
}

fn entry(seq: u64, kind: EntryKind, refers_to: RecordId, body: &[u8]) -> Entry {
    Entry {
        kind,
        flags: 0,
        body_len: u32::try_from(body.len()).expect("short"),
        seq,
        captured_at_ms: 1_790_000_000_123,
        record_id: RecordId([u8::try_from(seq % 251).expect("small"); 16]),
        stream_id: StreamId([2; 16]),
        stream_seq: seq,
        retention_class: 1,
        sealed_len: 99,
        segment: 0,
        slot: 0,
        refers_to,
        commitment: commitment(&SALT, body),
        sealed_sha256: [6; 32],
    }
}

struct Log {
    leaves: Leaves,
    entries: Vec<Entry>,
    checkpoint: crate::note::Note,
}

fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &[1; 32]).expect("seed")
}

fn log(entries: Vec<Entry>) -> Log {
    let mut levels = vec![Vec::new(); 8];
    let mut frontier = Frontier::default();
    for entry in &entries {
        frontier.push(leaf_hash(&entry.encode()), |level, hash| {
            levels[usize::from(level)].push(hash);
        });
    }
    let text = Checkpoint::new(ORIGIN, frontier.size(), frontier.root()).text();
    Log { leaves: Leaves(levels), entries, checkpoint: signer().sign(text) }
}

fn plain_log(size: u64) -> Log {
    log((0..size).map(|seq| entry(seq, EntryKind::Capture, RecordId::NONE, BODY)).collect())
}

impl Log {
    fn path(&self, seq: u64) -> Vec<Hash> {
        inclusion_proof(&self.leaves, seq, self.entries.len() as u64).expect("memory does not fail")
    }

    fn disclosed(&self, seq: u64, body: Option<&[u8]>) -> Disclosed {
        let entry = self.entries[usize::try_from(seq).expect("small")].encode();
        Disclosed { entry, plaintext: body.map(|body| Plaintext { salt: SALT, body: body.to_vec() }) }
    }

    fn bundle(&self, seq: u64, body: Option<&[u8]>) -> Bundle {
        let proof = TlogProof { extra: Vec::new(), index: seq, hashes: self.path(seq), checkpoint: self.checkpoint.clone() };
        Bundle {
            record: self.disclosed(seq, body),
            proof,
            removal: None,
            timestamps: Vec::new(),
            timestamps_left_out: Vec::new(),
        }
    }
}

fn verify(bundle: &Bundle) -> Result<Verdict, BundleError> {
    let read = Bundle::parse(bundle.to_json()?.as_bytes())?;
    assert_eq!(&read, bundle, "what was written reads back");
    Ok(read.verify(ORIGIN, &[signer().verifier().clone()], |_| None)?.verdict)
}

#[test]
fn a_record_with_its_plaintext_is_present_and_without_it_withheld() {
    let log = plain_log(1000);
    assert_eq!(verify(&log.bundle(777, Some(BODY))), Ok(Verdict::Present));
    assert_eq!(verify(&log.bundle(0, None)), Ok(Verdict::Withheld));
}

#[test]
fn another_plaintext_salt_entry_or_log_is_refused() {
    let log = plain_log(1000);
    assert_eq!(verify(&log.bundle(7, Some(b"{\"text\":\"hello, other\"}"))), Err(BundleError::Commitment));
    assert_eq!(verify(&log.bundle(7, Some(b"short"))), Err(BundleError::Commitment));
    let mut swapped = log.bundle(7, None);
    swapped.record = log.disclosed(8, None);
    assert!(matches!(verify(&swapped), Err(BundleError::Proof(_))));
    let bundle = log.bundle(7, None);
    let stranger = Signer::from_seed(ORIGIN, &[2; 32]).expect("seed");
    assert!(bundle.verify(ORIGIN, &[stranger.verifier().clone()], |_| None).is_err());
}

#[test]
fn the_tombstone_of_a_removed_record_decides_the_verdict() {
    let mut entries: Vec<Entry> = (0..20).map(|seq| entry(seq, EntryKind::Capture, RecordId::NONE, BODY)).collect();
    let rule = b"{\"ranges\":[[2,4],[9,9]],\"policy\":\"seven years\"}";
    entries.push(entry(20, EntryKind::ErasureTombstone, entries[5].record_id, b"{}"));
    entries.push(entry(21, EntryKind::DisposalTombstone, RecordId::NONE, rule));
    entries.push(entry(22, EntryKind::Export, entries[5].record_id, b"{}"));
    let log = log(entries);
    let removed = |record, tombstone, body: Option<&[u8]>| {
        let mut bundle = log.bundle(record, None);
        bundle.removal = Some(Removal { tombstone: log.disclosed(tombstone, body), path: log.path(tombstone) });
        verify(&bundle)
    };
    assert_eq!(removed(5, 20, None), Ok(Verdict::Erased(20)));
    assert_eq!(removed(4, 21, Some(rule)), Ok(Verdict::Disposed(21)));
    assert_eq!(removed(9, 21, Some(rule)), Ok(Verdict::Disposed(21)));
    for (record, tombstone, body) in [(6, 20, None), (5, 21, Some(&rule[..])), (4, 21, None), (5, 22, None), (21, 20, None)] {
        assert!(matches!(removed(record, tombstone, body), Err(BundleError::Inconsistent(_))), "{record} removed by {tombstone}");
    }
    let mut both = log.bundle(5, Some(BODY));
    both.removal = Some(Removal { tombstone: log.disclosed(20, None), path: log.path(20) });
    assert!(matches!(verify(&both), Err(BundleError::Inconsistent(_))));
    let mut elsewhere = log.bundle(5, None);
    elsewhere.removal = Some(Removal { tombstone: log.disclosed(20, None), path: log.path(19) });
    assert!(matches!(verify(&elsewhere), Err(BundleError::Tombstone(_))));
}

#[test]
fn a_proof_fits_eight_kilobytes_and_names_what_did_not() {
    let stamp = |authority: &str, response: &[u8]| BundledStamp { authority: authority.into(), response: response.to_vec() };
    let rsa = include_bytes!("../../vectors/timestamp/rsa.tsr");
    let ec = include_bytes!("../../vectors/timestamp/ec.tsr");
    let log = plain_log(100_000);
    let mut bundle = log.bundle(99_000, Some(&vec![b'x'; 20_000]));
    bundle.timestamps = vec![stamp("first", rsa), stamp("second", ec)];
    let whole = bundle.to_json().expect("fits");
    assert!(Bundle::parse(whole.as_bytes()).expect("reads").timestamps_left_out.is_empty());
    let bare = bundle.without_plaintext().to_json().expect("fits");
    assert!(bare.len() <= PROOF_BYTES_MAX, "{} bytes", bare.len());

    bundle.timestamps.push(stamp("third", &[0; 4000]));
    let read = Bundle::parse(bundle.to_json().expect("fits").as_bytes()).expect("reads");
    assert_eq!((read.timestamps.len(), read.timestamps_left_out), (2, vec!["third".to_owned()]));
}

#[test]
fn every_flipped_byte_of_a_bundle_is_refused_or_changes_nothing() {
    let bundle = plain_log(300).bundle(131, Some(BODY));
    let json = bundle.to_json().expect("fits").into_bytes();
    let keys = [signer().verifier().clone()];
    for position in 0..json.len() {
        for bit in [0x01, 0x02, 0x20] {
            let mut bytes = json.clone();
            bytes[position] ^= bit;
            let Ok(read) = Bundle::parse(&bytes) else {
                continue;
            };
            if read.verify(ORIGIN, &keys, |_| None).is_ok() {
                assert_eq!(read, bundle, "byte {position} was accepted with another meaning");
            }
        }
    }
}

#[test]
fn a_newer_or_broken_form_is_refused() {
    let json = plain_log(3).bundle(1, Some(BODY)).to_json().expect("fits");
    for (from, to) in [
        ("gatepost-proof-1", "gatepost-proof-2"),
        ("\"salt\"", "\"pepper\""),
        ("  \"salt\"", "  \"new\": 1,\n  \"salt\""),
        ("tlog-proof@v1", "tlog-proof@v2"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json);
        assert!(Bundle::parse(changed.as_bytes()).is_err(), "{from} → {to}");
    }
}
