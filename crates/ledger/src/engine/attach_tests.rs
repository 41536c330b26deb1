//! Attachments as their callers see them: durable before their record, gone with it, compared whenever they are read.

use std::io::Read as _;
use std::path::PathBuf;

use super::tests::{Fixture, append, entry, master};
use super::*;
use crate::blob::{BLOB_BYTES_MAX, CHUNK_BYTES};
use crate::damage::DamageClass;
use crate::entry::EntryKind;
use crate::governance::erasure::Target;
use crate::governance::{Responsible, Verdict};
use crate::verify::{Report, Settings, verify};

fn responsible() -> Responsible {
    let reason = "a request under the rules".to_owned();
    Responsible { requested_by: "person-a".to_owned(), approved_by: "person-b".to_owned(), reason }
}

fn picture(number: u64, len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((at as u64 * 13 + number) % 253).expect("a byte")).collect()
}

fn attach(ledger: &Ledger, number: u64, bytes: &[u8]) -> Result<Receipt, AppendError> {
    let blob = ledger.put_blob(bytes, BLOB_BYTES_MAX).expect("stored");
    ledger.append_with_blob(NewEntry { kind: EntryKind::Attachment, ..entry(number) }, blob)?.wait()
}

fn read(ledger: &Ledger, seq: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let mut blob = ledger.reader().blob(seq)?.expect("it has one");
    blob.read_to_end(&mut bytes).expect("intact");
    assert_eq!(blob.plain_len(), bytes.len() as u64);
    Ok(bytes)
}

/// Attachments on disk: those that entries name, and the others.
fn files(fixture: &Fixture) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let list = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().map(|item| item.expect("listed").path());
    let named = list(fixture.root().join("blobs")).filter(|path| !path.ends_with("pending")).flat_map(list).collect();
    (named, list(fixture.root().join("blobs/pending")).collect())
}

fn check(ledger: &Ledger, settings: Settings) -> Report {
    ledger.checkpoint_now().expect("signed");
    verify(&ledger.reader(), settings, &mut |_| true).expect("readable")
}

const DEEP: Settings = Settings { deep: true, bodies: true };
const SCRUB: Settings = Settings { deep: false, bodies: true };

#[test]
fn attachments_read_back_whole_and_in_parts_also_after_reopening() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..3);
    let long = picture(1, 2 * CHUNK_BYTES + 17);
    let receipts = [attach(&ledger, 10, &long).expect("durable"), attach(&ledger, 11, b"").expect("durable")];
    for _ in 0..2 {
        assert_eq!(read(&ledger, receipts[0].seq).expect("there"), long);
        assert_eq!(read(&ledger, receipts[1].seq).expect("there"), b"");
    }
    ledger.close().expect("closes");
    let ledger = fixture.open();
    assert_eq!(read(&ledger, receipts[0].seq).expect("there"), long);
    let mut part = ledger.reader().blob(receipts[0].seq).expect("readable").expect("it has one");
    part.skip_to(CHUNK_BYTES as u64 + 5).expect("within");
    let mut rest = Vec::new();
    part.read_to_end(&mut rest).expect("intact");
    assert_eq!(rest, long[CHUNK_BYTES + 5..]);
    assert!(ledger.reader().blob(0).expect("readable").is_none(), "a record without one");
    for settings in [DEEP, SCRUB] {
        let report = check(&ledger, settings);
        assert_eq!((report.damage, report.blobs), (vec![], 2));
    }
    let opened = ledger.reader().read(receipts[0].seq).expect("readable").body().expect("known form");
    assert_eq!((opened.bytes, opened.blob.expect("named").len), (entry(10).body, long.len() as u64));
}

#[test]
fn an_attachment_without_a_record_is_removed_at_once_or_when_the_ledger_is_opened_again() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let dropped = ledger.put_blob(&b"never wanted"[..], BLOB_BYTES_MAX).expect("stored");
    assert_eq!(files(&fixture).1.len(), 1);
    drop(dropped);
    assert_eq!(files(&fixture).1.len(), 0);
    // As after a crash between attachment and record: the handle outlives the ledger.
    let lost = ledger.put_blob(&b"lost its record"[..], BLOB_BYTES_MAX).expect("stored");
    attach(&ledger, 1, b"has its record").expect("durable");
    ledger.close().expect("closes");
    assert_eq!((files(&fixture).0.len(), files(&fixture).1.len()), (1, 1));
    let ledger = fixture.open();
    assert_eq!((files(&fixture).0.len(), files(&fixture).1.len()), (1, 0));
    assert!(matches!(ledger.append_with_blob(entry(2), lost), Err(AppendError::Limit(_))));
    assert_eq!(read(&ledger, 0).expect("there"), b"has its record");
}

#[test]
fn a_repeated_record_keeps_the_first_attachment_and_another_content_is_refused() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let first = attach(&ledger, 1, b"a picture").expect("durable");
    let again = attach(&ledger, 1, b"a picture").expect("known");
    assert_eq!(again, Receipt { repeated: true, ..first });
    assert_eq!(attach(&ledger, 1, b"A picture"), Err(AppendError::Conflict { seq: 0 }));
    let without = NewEntry { kind: EntryKind::Attachment, ..entry(1) };
    assert_eq!(ledger.append(without).expect("accepted").wait(), Err(AppendError::Conflict { seq: 0 }));
    assert_eq!((files(&fixture).0.len(), files(&fixture).1.len()), (1, 0));
}

#[test]
fn what_is_too_long_or_cannot_be_read_or_does_not_fit_leaves_nothing() {
    struct Breaks(u32);
    impl std::io::Read for Breaks {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 200 { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok(out.len().min(9000)) }
        }
    }
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let long = picture(1, CHUNK_BYTES + 1);
    assert!(matches!(ledger.put_blob(&long[..], CHUNK_BYTES as u64), Err(BlobError::TooLong(_))));
    assert!(ledger.put_blob(&long[..], long.len() as u64).is_ok());
    assert!(matches!(ledger.put_blob(Breaks(0), BLOB_BYTES_MAX), Err(BlobError::Source(_))));
    let blob = ledger.put_blob(&b"x"[..], BLOB_BYTES_MAX).expect("stored");
    let reserved = NewEntry { retention_class: LEDGER_CLASS, ..entry(1) };
    assert!(matches!(ledger.append_with_blob(reserved, blob), Err(AppendError::Reserved(_))));
    assert_eq!((files(&fixture).0.len(), files(&fixture).1.len()), (0, 0));
    drop(ledger);
    let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: u64::MAX, ..Options::default() };
    let ledger = Ledger::open(fixture.environment.clone(), fixture.root(), &master(), options).expect("opens");
    let refused = ledger.put_blob(&b"x"[..], BLOB_BYTES_MAX);
    assert!(matches!(refused, Err(BlobError::Refused(AppendError::OutOfSpace { .. }))));
}

#[test]
fn an_attachment_goes_with_its_record_its_person_or_its_segment() {
    for way in 0..3 {
        let fixture = Fixture::new();
        let ledger = fixture.open();
        let receipt = attach(&ledger, 1, b"the picture that has to go").expect("durable");
        // Another person, another class.
        let kept = attach(&ledger, 5 + 5 * 6, b"a picture that stays").expect("durable");
        ledger.checkpoint_now().expect("signed");
        let target = match way {
            0 => Target::Records(vec![receipt.record_id]),
            1 => Target::Subject(entry(1).subjects[0]),
            _ => Target::Segment(ledger.reader().entry(receipt.seq).expect("there").segment),
        };
        let (before, _) = files(&fixture);
        let keeps_other = entry(35).subjects != entry(1).subjects && entry(35).retention_class != entry(1).retention_class;
        let removed = ledger.erase(&target, &responsible(), &master()).expect("erased");
        assert_eq!(ledger.verdict(receipt.seq).expect("known"), Verdict::Erased(removed.tombstone));
        assert!(ledger.reader().blob(receipt.seq).is_err());
        let (after, _) = files(&fixture);
        assert_eq!(before.len() - after.len(), usize::try_from(removed.count).expect("small"));
        if keeps_other {
            assert_eq!(read(&ledger, kept.seq).expect("there"), b"a picture that stays");
        }
        for settings in [DEEP, SCRUB] {
            assert_eq!(check(&ledger, settings).damage, []);
        }
        // As after a crash before the bytes went: the file is back, and is removed again.
        let gone = before.iter().find(|path| !after.contains(path)).expect("one went");
        if way == 1 {
            std::fs::write(gone, b"left over").expect("written");
            assert_eq!(ledger.finish_removals(&master()).expect("finished"), 1);
            assert!(!gone.exists());
        }
        assert_eq!(ledger.finish_removals(&master()).expect("nothing left"), 0);
    }
}

#[test]
fn a_missing_or_altered_attachment_is_found_with_and_without_keys() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    attach(&ledger, 1, &picture(1, CHUNK_BYTES + 9)).expect("durable");
    assert_eq!(check(&ledger, DEEP).damage, []);
    let path = files(&fixture).0.remove(0);
    let good = std::fs::read(&path).expect("read");
    for at in [0, 9, CHUNK_BYTES + 30, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&path, bad).expect("written");
        for settings in [DEEP, SCRUB] {
            let classes: Vec<_> = check(&ledger, settings).damage.iter().map(|damage| damage.class).collect();
            assert_eq!(classes, [DamageClass::BlobAltered], "byte {at}");
        }
    }
    std::fs::remove_file(&path).expect("removed");
    for settings in [DEEP, SCRUB] {
        let classes: Vec<_> = check(&ledger, settings).damage.iter().map(|damage| damage.class).collect();
        assert_eq!(classes, [DamageClass::BlobMissing]);
    }
    assert_eq!(ledger.verdict(0).expect("known"), Verdict::Missing);
    std::fs::write(&path, good).expect("written");
    assert_eq!(ledger.verdict(0).expect("known"), Verdict::Present);
}
