//! The engine as its callers see it: order, durability, idempotence, recovery, refusals.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::context::Clock;
use crate::entry::EntryKind;
use crate::frame::{BODY_BYTES_MAX, SUBJECTS_MAX};
use crate::ids::{RecordId, SubjectId};
use crate::io::{Disk, RealDisk};
use crate::keys::keystore::Opener;
use crate::keys::master::LocalMasterKey;
use crate::keys::secret::Secret;
use crate::merkle;
use crate::store::StoreError;
use crate::store::files::RING_BYTES_MIN;

pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct Fixture {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) environment: Environment,
}

pub(crate) fn master() -> LocalMasterKey {
    LocalMasterKey::new(Secret::new([42; 32]))
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("temporary folder");
        let clock = Arc::new(TestClock(AtomicI64::new(1_790_000_000_000)));
        let environment = Environment { clock: clock.clone(), ..Environment::default() };
        let escrow = ["age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj".to_owned()];
        create(&environment, dir.path(), "log.example.test/a", &master(), &escrow, RING_BYTES_MIN).expect("created");
        Self { dir, clock, environment }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn open(&self) -> Ledger {
        self.try_open().expect("opens")
    }

    pub(crate) fn try_open(&self) -> Result<Ledger, OpenError> {
        let options = Options {
            on_fatal: OnFatal::Stop,
            reserve_bytes: 0,
            checkpoint_interval: Duration::from_hours(1),
            ..Options::default()
        };
        Ledger::open(self.environment.clone(), self.root(), &master(), options)
    }
}

pub(crate) fn entry(number: u64) -> NewEntry {
    let mut record = [0; 16];
    record[..8].copy_from_slice(&crate::hash::sha256(&number.to_be_bytes())[..8]);
    NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId(record),
        stream: StreamId([u8::try_from(number % 5).expect("small"); 16]),
        subjects: vec![SubjectId([u8::try_from(number % 3 + 1).expect("small"); 16])],
        retention_class: 1 + u16::try_from(number % 2).expect("small"),
        refers_to: RecordId::NONE,
        source_time_ms: i64::try_from(number).expect("small"),
        body: format!("message number {number} of a fictional company").into_bytes(),
    }
}

pub(crate) fn append(ledger: &Ledger, numbers: std::ops::Range<u64>) -> Vec<Receipt> {
    let pending = ledger.append_batch(numbers.map(entry).collect()).expect("accepted");
    pending.into_iter().map(|pending| pending.wait().expect("durable")).collect()
}

/// Every entry reads back, is proved under the newest checkpoint, and streams have no gaps.
pub(crate) fn check_all(ledger: &Ledger, count: u64) {
    let checkpoint = ledger.checkpoint_now().expect("signed").expect("not empty");
    assert_eq!(checkpoint.size, count);
    let reader = ledger.reader();
    let (signed, _) = reader.checkpoint().expect("readable").expect("there");
    assert_eq!(signed, checkpoint);
    for number in 0..count {
        let opened = reader.read(number).expect("readable");
        let expected = entry(number);
        assert_eq!(opened.body().expect("known form").bytes, expected.body);
        assert_eq!(opened.subjects, expected.subjects);
        assert_eq!(reader.find(expected.record_id).expect("readable"), Some(number));
        let proof = reader.inclusion_proof(number, count).expect("readable");
        merkle::verify_inclusion(number, count, &opened.entry.leaf_hash(), &proof, &checkpoint.root).expect("proved");
    }
    for stream in 0..5_u8 {
        let found = reader.stream(StreamId([stream; 16]), 0).collect::<Result<Vec<_>, _>>().expect("readable");
        assert_eq!(found.len() as u64, (count + 4 - u64::from(stream)) / 5);
    }
}

#[test]
fn what_is_appended_reads_back_and_is_proved_also_after_reopening() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let receipts = append(&ledger, 0..300);
    assert_eq!(receipts.iter().map(|r| r.seq).collect::<Vec<_>>(), (0..300).collect::<Vec<_>>());
    check_all(&ledger, 300);
    ledger.close().expect("closes");
    let ledger = fixture.open();
    append(&ledger, 300..333);
    check_all(&ledger, 333);
    let text = ledger.reader().prove(7).expect("proved").to_text();
    let proof = crate::proof::TlogProof::parse(text.as_bytes()).expect("parses");
    let leaf = ledger.reader().entry(7).expect("there").leaf_hash();
    let keys = ledger.reader().verifiers().expect("listed");
    assert_eq!(proof.verify(&leaf, "log.example.test/a", &keys).expect("verifies").size, 333);
}

#[test]
fn the_same_record_twice_answers_with_the_first_receipt_and_other_content_is_refused() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let first = append(&ledger, 0..1)[0];
    let again = ledger.append(entry(0)).expect("accepted").wait().expect("known");
    assert_eq!(again, Receipt { repeated: true, ..first });
    let mut other = entry(0);
    other.body.push(b'!');
    assert_eq!(ledger.append(other).expect("accepted").wait(), Err(AppendError::Conflict { seq: 0 }));
    let twins = ledger.append_batch(vec![entry(1), entry(1)]).expect("accepted");
    let twins: Vec<_> = twins.into_iter().map(|p| p.wait().expect("durable")).collect();
    assert_eq!((twins[0].seq, twins[1].seq, twins[1].repeated), (1, 1, true));
    ledger.close().expect("closes");
    let ledger = fixture.open();
    assert!(append(&ledger, 0..2).iter().all(|receipt| receipt.repeated));
    assert_eq!(ledger.size(), 2);
}

#[test]
fn many_producers_get_every_record_in_once_and_in_order_per_stream() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    std::thread::scope(|scope| {
        for producer in 0..16_u64 {
            let ledger = &ledger;
            scope.spawn(move || {
                let mut last = None;
                for number in 0..100 {
                    let mut new = entry(producer * 1000 + number);
                    new.stream = StreamId([u8::try_from(producer).expect("small") + 100; 16]);
                    let receipt = ledger.append(new).expect("accepted").wait().expect("durable");
                    assert_eq!(receipt.stream_seq, number);
                    assert!(last.is_none_or(|last| receipt.seq > last));
                    last = Some(receipt.seq);
                }
            });
        }
    });
    assert_eq!(ledger.size(), 1600);
    let report = crate::verify::verify(&ledger.reader(), crate::verify::Settings::default(), &mut |_| true);
    assert_eq!(report.expect("readable").damage, []);
}

#[test]
fn a_copy_taken_while_running_recovers_everything_acknowledged() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..50);
    ledger.checkpoint_now().expect("signed");
    append(&ledger, 50..120);
    // As after a power cut: what is in the files now, with the ring not drained.
    let copy = Fixture { dir: copy_of(fixture.root()), clock: fixture.clock.clone(), environment: fixture.environment.clone() };
    drop(ledger);
    let recovered = copy.open();
    assert_eq!(recovered.recovered().tree.size(), 120);
    check_all(&recovered, 120);
    append(&recovered, 120..130);
    check_all(&recovered, 130);
}

pub(crate) fn copy_of(root: &Path) -> tempfile::TempDir {
    let target = tempfile::tempdir().expect("temporary folder");
    copy_folder(root, target.path());
    target
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("created");
    for item in std::fs::read_dir(from).expect("listed") {
        let item = item.expect("listed");
        let target = to.join(item.file_name());
        if item.file_type().expect("known").is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).expect("copied");
        }
    }
}

#[test]
fn a_torn_batch_is_cut_off_and_a_damaged_one_before_another_is_an_alarm() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    for number in 0..3 {
        append(&ledger, number..number + 1);
    }
    let copy = copy_of(fixture.root());
    drop(ledger);
    let ring = copy.path().join("wal/ring");
    let good = std::fs::read(&ring).expect("read");
    // Batches start on pages: the third one is torn.
    let mut torn = good.clone();
    torn[2 * 4096 + 300] ^= 1;
    std::fs::write(&ring, &torn).expect("written");
    let broken = Fixture { dir: copy_of(copy.path()), clock: fixture.clock.clone(), environment: fixture.environment.clone() };
    let ledger = broken.open();
    assert_eq!((ledger.recovered().tree.size(), ledger.recovered().torn), (2, true));
    drop(ledger);
    let mut damaged = good;
    damaged[4096 + 300] ^= 1;
    std::fs::write(&ring, &damaged).expect("written");
    let broken = Fixture { dir: copy, clock: fixture.clock.clone(), environment: fixture.environment.clone() };
    let error = broken.try_open().err().expect("refused");
    assert!(matches!(&error, OpenError::Store(StoreError::Damaged(d)) if d.class == DamageClass::RingDamaged), "{error}");
}

use crate::damage::DamageClass;

#[test]
fn a_second_writer_is_refused() {
    let fixture = Fixture::new();
    let _first = fixture.open();
    assert!(matches!(fixture.try_open().err(), Some(OpenError::Store(StoreError::Locked(_)))));
}

#[test]
fn the_clock_going_back_does_not_make_the_log_go_back() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let before = append(&ledger, 0..1)[0].captured_at_ms;
    fixture.clock.0.fetch_sub(1_000_000, Ordering::Relaxed);
    assert_eq!(append(&ledger, 1..2)[0].captured_at_ms, before);
    drop(ledger);
    assert_eq!(append(&fixture.open(), 2..3)[0].captured_at_ms, before);
}

#[test]
fn limits_and_reserved_kinds_are_refused_with_their_reason() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let mut long = entry(1);
    long.body = vec![0; BODY_BYTES_MAX];
    let mut many = entry(1);
    many.subjects = vec![SubjectId([1; 16]); SUBJECTS_MAX + 1];
    let mut nameless = entry(1);
    nameless.record_id = RecordId::NONE;
    for refused in [long, many, nameless] {
        assert!(matches!(ledger.append(refused).err(), Some(AppendError::Limit(_))));
    }
    let mut own = entry(1);
    own.kind = EntryKind::HoldSet;
    let mut stream = entry(1);
    stream.stream = LEDGER_STREAM;
    for refused in [own, stream] {
        assert!(matches!(ledger.append(refused).err(), Some(AppendError::Reserved(_))));
    }
    let mut largest = entry(1);
    largest.body = (0..BODY_BYTES_MAX - 9).map(|n| u8::try_from(n * n % 251).expect("small")).collect();
    let expected = largest.body.clone();
    let receipt = ledger.append(largest).expect("accepted").wait().expect("durable");
    ledger.checkpoint_now().expect("signed");
    assert_eq!(ledger.reader().read(receipt.seq).expect("readable").body().expect("known").bytes, expected);
}

#[test]
fn too_little_free_space_refuses_records_before_the_disk_is_full() {
    let fixture = Fixture::new();
    let options = Options { reserve_bytes: u64::MAX, on_fatal: OnFatal::Stop, ..Options::default() };
    let ledger = Ledger::open(fixture.environment.clone(), fixture.root(), &master(), options).expect("opens");
    let refused = ledger.append(entry(1)).expect("queued").wait();
    assert!(matches!(refused, Err(AppendError::OutOfSpace { .. })));
}

#[test]
fn a_lost_index_is_built_again() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..40);
    drop(ledger);
    std::fs::remove_dir_all(fixture.root().join("index")).expect("removed");
    std::fs::create_dir(fixture.root().join("index")).expect("created");
    check_all(&fixture.open(), 40);
}

#[test]
fn the_escrow_identity_opens_the_archive_without_the_master_key() {
    let fixture = Fixture::new();
    append(&fixture.open(), 0..5);
    let identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX".parse().expect("published");
    let reader = Reader::open(&fixture.environment, fixture.root(), Some(&Opener::Escrow(&identity))).expect("opens");
    assert_eq!(reader.read(3).expect("readable").body().expect("known").bytes, entry(3).body);
    let blind = Reader::open(&fixture.environment, fixture.root(), None).expect("opens");
    assert!(matches!(blind.read(3), Err(ReadError::Unreadable { .. })));
    assert!(blind.prove(3).is_ok(), "proofs need no keys");
}

#[test]
fn a_ring_smaller_than_the_data_is_used_around_and_around() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    let noise = |number: u64| {
        let mut new = entry(number);
        let seed = crate::hash::sha256(&number.to_be_bytes());
        new.body = (0..200_000_u32).map(|n| seed[n as usize % 32] ^ n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        new
    };
    let pending: Vec<_> = (0..150).map(|number| ledger.append(noise(number)).expect("accepted")).collect();
    for pending in pending {
        assert!(pending.wait().is_ok());
    }
    ledger.checkpoint_now().expect("signed");
    assert_eq!(ledger.reader().read(149).expect("readable").body().expect("known").bytes, noise(149).body);
}

/// The real disk until `failing` is set; then syncing fails.
struct FailingDisk(Arc<std::sync::atomic::AtomicBool>);

struct FailingFile(Box<dyn crate::io::DiskFile>, Arc<std::sync::atomic::AtomicBool>);

impl Disk for FailingDisk {
    fn open(&self, path: &Path, how: crate::io::Open) -> std::io::Result<Box<dyn crate::io::DiskFile>> {
        Ok(Box::new(FailingFile(RealDisk.open(path, how)?, self.0.clone())))
    }
    fn create_dir_all(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.create_dir_all(path)
    }
    fn sync_dir(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.sync_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        RealDisk.remove(path)
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        RealDisk.list(path)
    }
    fn exists(&self, path: &Path) -> std::io::Result<bool> {
        RealDisk.exists(path)
    }
    fn free_bytes(&self, path: &Path) -> std::io::Result<u64> {
        RealDisk.free_bytes(path)
    }
}

impl crate::io::DiskFile for FailingFile {
    fn read_at(&self, out: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.0.read_at(out, offset)
    }
    fn write_at(&self, data: &[u8], offset: u64) -> std::io::Result<usize> {
        self.0.write_at(data, offset)
    }
    fn sync(&self) -> std::io::Result<()> {
        if self.1.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("the disk is gone"));
        }
        self.0.sync()
    }
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn try_lock(&self) -> std::io::Result<bool> {
        self.0.try_lock()
    }
}

#[test]
fn a_failed_sync_answers_everyone_acknowledges_nobody_and_loses_nothing() {
    let mut fixture = Fixture::new();
    let good = fixture.environment.clone();
    let failing = Arc::new(std::sync::atomic::AtomicBool::new(false));
    fixture.environment.disk = Arc::new(FailingDisk(failing.clone()));
    let ledger = fixture.open();
    append(&ledger, 0..20);
    failing.store(true, Ordering::Relaxed);
    let mut waiting = Vec::new();
    for number in 20..5000 {
        match ledger.append(entry(number)) {
            Ok(pending) => waiting.push(pending),
            Err(error) => {
                assert!(matches!(error, AppendError::Stopped(_)));
                break;
            }
        }
    }
    assert!(!waiting.is_empty());
    for pending in waiting {
        assert!(matches!(pending.wait(), Err(AppendError::Stopped(_))));
    }
    assert!(ledger.stop_reason().is_some_and(|reason| reason.contains("the disk is gone")));
    assert!(matches!(ledger.checkpoint_now(), Err(AppendError::Stopped(_))));
    drop(ledger);
    fixture.environment = good;
    let ledger = fixture.open();
    assert!(ledger.size() >= 20);
    check_all(&ledger, ledger.size());
}

#[test]
fn a_copy_without_its_empty_folders_opens_and_goes_on() {
    let fixture = Fixture::new();
    let ledger = fixture.open();
    append(&ledger, 0..5);
    ledger.close().expect("closes");
    for folder in ["blobs/pending", "blobs", "tiles/1", "tiles/2", "index"] {
        std::fs::remove_dir(fixture.root().join(folder)).expect("it is empty");
    }
    let ledger = fixture.open();
    append(&ledger, 5..300);
    check_all(&ledger, 300);
}

/// While nothing is taken out of the queue: it holds so many records or bytes and no more, callers wait or are told, and all of it gets in.
#[test]
fn a_full_queue_makes_callers_wait_or_refuses_them_and_loses_nothing() {
    for (records_max, bytes_max) in [(10, usize::MAX), (usize::MAX, 400)] {
        let fixture = Fixture::new();
        let options = Options {
            queue_records_max: records_max,
            queue_bytes_max: bytes_max,
            on_fatal: OnFatal::Stop,
            reserve_bytes: 0,
            ..Options::default()
        };
        let ledger = Ledger::open(fixture.environment.clone(), fixture.root(), &master(), options).expect("opens");
        let (taken, waiting) = std::thread::scope(|scope| {
            let outcome = ledger.while_quiet(|| {
                let mut taken = Vec::new();
                let refused = loop {
                    match ledger.try_append(entry(taken.len() as u64)) {
                        Ok(pending) => taken.push(pending),
                        Err(error) => break error,
                    }
                };
                assert_eq!(refused, AppendError::QueueFull);
                assert!(taken.len() <= 10, "{} were taken", taken.len());
                let waiting = scope.spawn(|| ledger.append(entry(1000)).expect("accepted in the end").wait().expect("durable"));
                (taken, waiting)
            });
            let (taken, waiting) = outcome.expect("paused");
            (taken, waiting.join().expect("no panic"))
        });
        let count = taken.len() as u64;
        let seqs: Vec<u64> = taken.into_iter().map(|pending| pending.wait().expect("durable").seq).collect();
        assert_eq!(seqs, (0..count).collect::<Vec<_>>());
        assert_eq!((waiting.seq, ledger.size()), (count, count + 1));
    }
}

#[test]
fn a_ledger_of_a_newer_format_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    let path = fixture.root().join("log.toml");
    let text = std::fs::read_to_string(&path).expect("read").replace("format = 1", "format = 2\nnews = true");
    std::fs::write(&path, &text).expect("written");
    let error = fixture.try_open().err().expect("refused");
    assert!(matches!(error, OpenError::Store(StoreError::Format(2))), "{error}");
    let read = Reader::open(&fixture.environment, fixture.root(), None).err().expect("refused");
    assert_eq!(read.to_string(), "the ledger has format 2, which this program does not know: use a newer one");
}

#[test]
fn zeroes_after_the_last_checkpoint_are_a_torn_tail() {
    for zeroes in [1, 4, 12, 24, 208, 1000] {
        let fixture = Fixture::new();
        let ledger = fixture.open();
        append(&ledger, 0..5);
        ledger.close().expect("closes");
        let path = fixture.root().join("checkpoints/log");
        let whole = std::fs::read(&path).expect("read");
        std::fs::write(&path, [&whole[..], &vec![0; zeroes]].concat()).expect("written");
        let ledger = fixture.open();
        assert_eq!(std::fs::read(&path).expect("read"), whole, "{zeroes} zeroes");
        append(&ledger, 5..9);
        check_all(&ledger, 9);
    }
}
