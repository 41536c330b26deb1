//! A ledger under work for the fault tests: the records, what was acknowledged, and what must hold afterwards.

use crate::sim_disk::Random;
use ledger::blob::BLOB_BYTES_MAX;
use ledger::context::{Clock, Entropy};
use ledger::engine::{AppendError, BlobError, Environment, Ledger, NewEntry, OnFatal, Options, Pending, Reader, Receipt};
use ledger::entry::EntryKind;
use ledger::hash::Hash;
use ledger::ids::{RecordId, StreamId, SubjectId};
use ledger::io::Disk;
use ledger::keys::master::LocalMasterKey;
use ledger::keys::secret::Secret;
use ledger::verify::{Settings, verify};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const ORIGIN: &str = "log.example.test/records";

/// A clock that a test sets.
pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same "random" bytes in every run with the same seed.
pub struct SeededEntropy(Mutex<Random>);

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        let mut random = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

pub fn environment(disk: Arc<dyn Disk>, seed: u64) -> (Environment, Arc<TestClock>) {
    let clock = Arc::new(TestClock(AtomicI64::new(1_790_000_000_000)));
    let entropy = Arc::new(SeededEntropy(Mutex::new(Random(seed))));
    (Environment { disk, clock: clock.clone(), entropy }, clock)
}

pub fn master() -> LocalMasterKey {
    LocalMasterKey::new(Secret::new([42; 32]))
}

pub fn options() -> Options {
    Options {
        on_fatal: OnFatal::Stop,
        reserve_bytes: 0,
        checkpoint_interval: Duration::from_hours(1),
        checkpoint_entries: 16,
        ..Options::default()
    }
}

pub fn record_id(number: u64) -> RecordId {
    let mut record = [0xee; 16];
    record[..8].copy_from_slice(&number.to_be_bytes());
    RecordId(record)
}

pub fn entry(number: u64) -> NewEntry {
    let length = usize::try_from(number % 1000 * (number % 1000) % 70).expect("small");
    NewEntry {
        kind: EntryKind::Capture,
        record_id: record_id(number),
        stream: StreamId([u8::try_from(number % 3 + 1).expect("small"); 16]),
        subjects: vec![SubjectId([u8::try_from(number % 5 + 1).expect("small"); 16])],
        retention_class: 1 + u16::try_from(number % 2).expect("small"),
        refers_to: RecordId::NONE,
        source_time_ms: i64::try_from(number).expect("small"),
        body: format!("record {number} of a fictional company {}", "…".repeat(length)).into_bytes(),
    }
}

/// Every seventh record has an attachment, some of them of two chunks.
pub fn attachment(number: u64) -> Option<Vec<u8>> {
    let length = if number % 42 == 28 { ledger::blob::CHUNK_BYTES + 100 } else { 3000 };
    number.is_multiple_of(7).then(|| (0..length).map(|at| at.to_le_bytes()[0] ^ number.to_le_bytes()[0]).collect())
}

/// Appends one record, with its attachment when it has one.
pub fn append(ledger: &Ledger, number: u64) -> Result<Pending<Receipt>, AppendError> {
    let Some(bytes) = attachment(number) else {
        return ledger.append(entry(number));
    };
    let refused = |error: BlobError| match error {
        BlobError::Refused(error) => error,
        other => AppendError::Stopped(other.to_string()),
    };
    let blob = ledger.put_blob(&bytes[..], BLOB_BYTES_MAX).map_err(refused)?;
    ledger.append_with_blob(entry(number), blob)
}

/// What the outside world was told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Numbers handed to the ledger, acknowledged or not.
    pub attempted: BTreeSet<u64>,
    /// Receipts by number.
    pub acknowledged: BTreeMap<u64, Receipt>,
    /// Checkpoints seen: size and root.
    pub checkpoints: Vec<(u64, Hash)>,
}

impl Told {
    /// Everything that the promises of the ledger say about its state now, whatever happened before.
    pub fn check(&self, ledger: &Ledger) {
        if !self.attempted.is_empty() {
            ledger.checkpoint_now().expect("a healthy ledger signs");
        }
        let reader = ledger.reader();
        for (number, receipt) in &self.acknowledged {
            let found = reader.find(record_id(*number)).expect("readable");
            assert_eq!(found, Some(receipt.seq), "acknowledged record {number} is elsewhere or lost");
            let opened = reader.read(receipt.seq).expect("acknowledged records can be read");
            assert_eq!(opened.body().expect("known form").bytes, entry(*number).body, "record {number}");
            let blob = reader.blob(receipt.seq).expect("acknowledged attachments are there").map(|mut blob| {
                let mut bytes = Vec::new();
                blob.read_to_end(&mut bytes).expect("acknowledged attachments can be read");
                bytes
            });
            assert!(blob == attachment(*number), "attachment of record {number}");
            assert_eq!(opened.entry.leaf_hash(), receipt.leaf_hash);
            assert_eq!(opened.entry.stream_seq, receipt.stream_seq);
        }
        self.check_order(&reader);
        for (size, root) in &self.checkpoints {
            assert!(*size <= reader.size(), "a signed checkpoint covered {size}, now there are {}", reader.size());
            assert_eq!(reader.root(*size).expect("readable"), *root, "another root for size {size}");
        }
        let settings = Settings { deep: true, bodies: true };
        let report = verify(&reader, settings, &mut |_| true).expect("verifiable");
        assert!(report.findings == 0, "{report:?}");
    }

    /// Nothing twice, nothing that nobody wrote, no gap in a stream, time that never goes back.
    fn check_order(&self, reader: &Reader) {
        let known: HashMap<RecordId, u64> = self.attempted.iter().map(|number| (record_id(*number), *number)).collect();
        let (mut seen, mut streams, mut last_ms) = (BTreeSet::new(), HashMap::new(), i64::MIN);
        let count = usize::try_from(reader.size()).expect("small");
        for found in reader.entries(0, count).expect("readable") {
            let number = known.get(&found.record_id).unwrap_or_else(|| panic!("entry {} was never written", found.seq));
            assert!(seen.insert(*number), "record {number} is there twice");
            let next = streams.entry(found.stream_id).or_insert(0);
            assert_eq!(found.stream_seq, *next, "a gap in the stream at entry {}", found.seq);
            *next += 1;
            assert!(found.captured_at_ms >= last_ms, "time goes back at entry {}", found.seq);
            last_ms = found.captured_at_ms;
        }
    }

    /// Writes everything that was attempted again: what is there answers with its first receipt, the rest gets in; then all of it is there.
    pub fn repeat_all(&mut self, ledger: &Ledger) {
        for number in self.attempted.clone() {
            let receipt = append(ledger, number).expect("accepted").wait().expect("durable");
            if let Some(first) = self.acknowledged.get(&number) {
                assert!(receipt.repeated, "record {number} was acknowledged before");
                assert_eq!((receipt.seq, receipt.leaf_hash), (first.seq, first.leaf_hash));
            }
            self.acknowledged.insert(number, receipt);
        }
        assert_eq!(ledger.size(), self.attempted.len() as u64, "nothing twice");
        self.check(ledger);
    }
}

pub fn create(environment: &Environment, root: &Path) {
    ledger::engine::create(environment, root, ORIGIN, &master(), &[], ledger::store::files::RING_BYTES_MIN).expect("created");
}
