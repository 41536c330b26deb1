//! Measures the goals of the ledger on the disk it is run on. Each figure stands beside the fdatasync p50 and
//! the seal-only rate of the same run. `LEDGER_BENCH_RECORDS` sets the size (default 1,000,000), `LEDGER_BENCH_PEOPLE` how many persons
//! they are about (default 997): with a size of ten million, or 100 persons, each has ten thousand records.

#![expect(clippy::cast_precision_loss, reason = "figures are rounded for printing")]

use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::body;
use ledger::engine::{Environment, Ledger, NewEntry, Options, create};
use ledger::entry::EntryKind;
use ledger::governance::Responsible;
use ledger::governance::erasure::Target;
use ledger::ids::{RecordId, StreamId, SubjectId};
use ledger::keys::master::LocalMasterKey;
use ledger::keys::secret::Secret;
use ledger::verify::{Settings, verify};

const TOPICS: &str = "parcel invoice harbour bicycle concert ticket garden lamp train station weather coffee \
    machine battery screen window radio kitchen river mountain museum library ferry tunnel market bakery \
    umbrella keyboard charger camera tripod lens sofa carpet ladder hammer engine pump filter valve";
const GLUE: &str = "my our the this that has is was stopped working since yesterday after before because and \
    but please could you tell me when it arrives I would like to return exchange repair replace never again \
    very happy with excellent terrible slow quick friendly rude staff on phone in shop online";

/// A synthetic message of about the size and shape that platforms send.
fn message(number: u64, rng: &mut u64) -> Vec<u8> {
    let topics: Vec<&str> = TOPICS.split_whitespace().collect();
    let glue: Vec<&str> = GLUE.split_whitespace().collect();
    let mut next = |limit: usize| {
        *rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*rng >> 33) as usize % limit
    };
    let count = 6 + next(40);
    let words: Vec<&str> =
        (0..count).map(|n| if n % 4 == 1 { topics[next(topics.len())] } else { glue[next(glue.len())] }).collect();
    let (text, user) = (words.join(" "), next(1 << 24));
    let (day, hour, minute) = (1 + next(28), next(24), next(60));
    format!(
        r#"{{"raw":{{"id":"11{number:016}","created_at":"2026-03-{day:02}T{hour:02}:{minute:02}:11.000Z","in_reply_to_id":null,"sensitive":false,"visibility":"public","language":"en","url":"https://town.example.test/@user{user}/11{number:016}","replies_count":{},"favourites_count":{},"content":"<p>{text}</p>","account":{{"id":"{user}","username":"user{user}","display_name":"User {user}","url":"https://town.example.test/@user{user}","followers_count":{}}},"media_attachments":[],"mentions":[],"tags":[]}},"text":"{text}","author":{{"id":"{user}","name":"User {user}"}},"connector":"mastodon/1"}}"#,
        next(9),
        next(99),
        next(9999)
    )
    .into_bytes()
}

/// How many persons the records are about.
fn people() -> u64 {
    static PEOPLE: LazyLock<u64> = LazyLock::new(|| setting("LEDGER_BENCH_PEOPLE").unwrap_or(997));
    *PEOPLE
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn entry(number: u64, rng: &mut u64) -> NewEntry {
    let mut record = [0; 16];
    record[..8].copy_from_slice(&number.to_be_bytes());
    record[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let mut subject = [7; 16];
    subject[..8].copy_from_slice(&(number % people()).to_be_bytes());
    NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId(record),
        stream: StreamId([u8::try_from(number % 50).expect("small"); 16]),
        subjects: vec![SubjectId(subject)],
        retention_class: 1,
        refers_to: RecordId::NONE,
        source_time_ms: 1_790_000_000_000,
        body: message(number, rng),
    }
}

/// Middle one of 500 synced page writes, in microseconds.
fn fdatasync_p50_us(folder: &Path) -> f64 {
    let path = folder.join("sync-probe");
    let file = std::fs::File::create(&path).expect("created");
    file.write_all_at(&vec![0; 4 << 20], 0).expect("filled");
    file.sync_all().expect("synced");
    let mut times: Vec<Duration> = (0..500_u64)
        .map(|n| {
            let start = Instant::now();
            file.write_all_at(&[1; 4096], n * 4096).expect("written");
            file.sync_data().expect("synced");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    std::fs::remove_file(path).expect("removed");
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// Seconds that this thread has had a processor for: on a busy machine, what a core alone would need.
fn core_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("a number") / 1e9
}

/// The same for all threads of the process, in hundredths.
fn process_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = text.rsplit(") ").next().expect("a name in brackets").split(' ').collect();
    [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}

fn master() -> LocalMasterKey {
    LocalMasterKey::new(Secret::new([1; 32]))
}

fn open(root: &Path) -> Ledger {
    Ledger::open(Environment::default(), root, &master(), Options::default()).expect("opens")
}

/// Closed loop of `producers` threads; answers with records per second and sorted latencies.
fn produce(ledger: &Ledger, first: u64, producers: u64, each: u64) -> (f64, Vec<Duration>, f64) {
    let prepared: Vec<Vec<NewEntry>> = (0..producers)
        .map(|producer| {
            let mut rng = first + producer + 1;
            (0..each).map(|n| entry(first + producer * each + n, &mut rng)).collect()
        })
        .collect();
    let (start, busy) = (Instant::now(), process_seconds());
    let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = prepared
            .into_iter()
            .map(|entries| {
                scope.spawn(move || {
                    let mut times = Vec::with_capacity(entries.len());
                    for new in entries {
                        let start = Instant::now();
                        ledger.append(new).expect("accepted").wait().expect("durable");
                        times.push(start.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let rate = (producers * each) as f64 / start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    (rate, latencies, (process_seconds() - busy) / (producers * each) as f64 * 1e6)
}

/// `producers` tasks in a closed loop, driven by two threads: the way an async caller appends.
fn produce_async(ledger: &Ledger, first: u64, producers: u64, each: u64) -> (f64, Duration, f64) {
    const DRIVERS: u64 = 2;
    let next = AtomicU64::new(first);
    let end = first + producers * each;
    let pool: Vec<Vec<NewEntry>> = (0..DRIVERS)
        .map(|driver| {
            let mut rng = first + driver + 1;
            (0..=(end - first) / DRIVERS).map(|n| entry(first + n * DRIVERS + driver, &mut rng)).collect()
        })
        .collect();
    let (start, busy) = (Instant::now(), process_seconds());
    let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = pool
            .into_iter()
            .map(|entries| {
                let next = &next;
                scope.spawn(move || {
                    let mut flying = std::collections::VecDeque::new();
                    let mut times = Vec::new();
                    for new in entries {
                        if next.fetch_add(1, Ordering::Relaxed) >= end {
                            break;
                        }
                        if flying.len() as u64 >= producers / DRIVERS {
                            let (start, pending): (Instant, ledger::engine::Pending<_>) = flying.pop_front().expect("not empty");
                            pending.wait().expect("durable");
                            times.push(start.elapsed());
                        }
                        flying.push_back((Instant::now(), ledger.append(new).expect("accepted")));
                    }
                    for (start, pending) in flying {
                        pending.wait().expect("durable");
                        times.push(start.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    (rate, latencies[latencies.len() / 2], (process_seconds() - busy) / latencies.len() as f64 * 1e6)
}

/// What one core seals without any disk: compression, key, encryption, hashes, tree.
fn seal_only(count: u64) -> f64 {
    use ledger::frame::write_frame;
    use ledger::keys::record::RecordKey;
    use ledger::keys::tree::LeafCursor;
    let mut rng = 5;
    let entries: Vec<NewEntry> = (0..count).map(|n| entry(n, &mut rng)).collect();
    let mut cursor = LeafCursor::new(Secret::new([3; 32]));
    let subject = Secret::new([4; 32]);
    let mut tree = ledger::merkle::Frontier::default();
    let mut frames = Vec::with_capacity(1 << 22);
    let start = core_seconds();
    for new in &entries {
        let canonical = body::canonical(new.source_time_ms, None, &new.body);
        let packed = body::pack(&canonical);
        let (_, leaf) = cursor.advance().expect("enough slots");
        let key = RecordKey::derive(&leaf, [&subject], new.record_id);
        let mut sealed = Vec::with_capacity(canonical.len());
        key.seal(&new.subjects, None, packed.as_deref().unwrap_or(&canonical), &mut sealed);
        let header = ledger::entry::Entry {
            kind: new.kind,
            flags: ledger::entry::FLAG_ZSTD,
            body_len: u32::try_from(canonical.len()).expect("short"),
            seq: tree.size(),
            captured_at_ms: 0,
            record_id: new.record_id,
            stream_id: new.stream,
            stream_seq: 0,
            retention_class: 1,
            sealed_len: u32::try_from(sealed.len()).expect("short"),
            segment: 1,
            slot: 0,
            refers_to: RecordId::NONE,
            commitment: key.commit(&canonical),
            sealed_sha256: ledger::hash::sha256(&sealed),
        }
        .encode();
        tree.push(ledger::hash::leaf_hash(&header), |_, hash| {
            std::hint::black_box(hash);
        });
        if frames.len() > 1 << 21 {
            frames.clear();
        }
        write_frame(&mut frames, &header, &sealed);
    }
    count as f64 / (core_seconds() - start)
}

fn folder_bytes(root: &Path) -> u64 {
    std::fs::read_dir(root)
        .expect("listed")
        .map(|item| {
            let item = item.expect("listed");
            let metadata = item.metadata().expect("known");
            let ring = item.file_name() == "wal";
            if ring {
                0
            } else if metadata.is_dir() {
                folder_bytes(&item.path())
            } else {
                metadata.len()
            }
        })
        .sum()
}

/// One run: the ledger, the next unused record number, and what figures are compared with.
struct Run {
    ledger: Ledger,
    root: std::path::PathBuf,
    next: u64,
    sync_us: f64,
    seal_rate: f64,
}

fn line(name: &str, value: &str, goal: &str) {
    writeln!(std::io::stdout(), "{name:<56} {value:>14}   {goal}").expect("printed");
}

fn main() {
    let records = setting("LEDGER_BENCH_RECORDS").unwrap_or(1_000_000);
    let folder = std::env::var_os("LEDGER_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(folder).expect("temporary folder");
    let root = dir.path().join("ledger");
    create(&Environment::default(), &root, "bench.example.test", &master(), &[], 64 << 20).expect("created");
    let (sync_us, seal_rate) = (fdatasync_p50_us(dir.path()), seal_only(50_000));
    line("fdatasync p50", &format!("{sync_us:.0} us"), "");
    line("seal only, records per core-second", &format!("{seal_rate:.0} /s"), "");
    let mut run = Run { ledger: open(&root), root: root.clone(), next: 1, sync_us, seal_rate };
    run.appends();
    run.fill(records);
    run.reads();
    run.erases();
    let start = Instant::now();
    run.ledger.close().expect("closed");
    line("close", &format!("{:.3} s", start.elapsed().as_secs_f64()), "");
    let start = Instant::now();
    drop(open(&root));
    line("open again", &format!("{:.3} s", start.elapsed().as_secs_f64()), "");
    line("fdatasync p50 at the end", &format!("{:.0} us", fdatasync_p50_us(dir.path())), "");
}

impl Run {
    fn appends(&mut self) {
        for producers in [1, 8, 32] {
            let each = 12_800 / producers;
            let (rate, times, busy) = produce(&self.ledger, self.next, producers, each);
            self.next += producers * each;
            let p50 = times[times.len() / 2].as_secs_f64() * 1e6;
            let goal =
                format!("{:.1} x fdatasync p50 (goal 3); {rate:.0} /s; {busy:.1} us of processor each", p50 / self.sync_us);
            line(&format!("acknowledgement p50, {producers} producer threads"), &format!("{p50:.0} us"), &goal);
        }
        let (rate, _, busy) = produce(&self.ledger, self.next, 128, 800);
        self.next += 128 * 800;
        let share = rate / self.seal_rate * 100.0;
        let goal = format!("goal 100000; {share:.0} % of seal only (goal 40); {busy:.1} us of processor each");
        line("durable records/s, 128 producer threads", &format!("{rate:.0} /s"), &goal);
        let (rate, p50, busy) = produce_async(&self.ledger, self.next, 128, 2000);
        self.next += 128 * 2000 + 4;
        let share = rate / self.seal_rate * 100.0;
        let p50 = p50.as_secs_f64() * 1e6;
        let goal = format!("goal 100000; {share:.0} % of seal only (goal 40); p50 {p50:.0} us; {busy:.1} us of processor each");
        line("durable records/s, 128 producers as tasks on 2 threads", &format!("{rate:.0} /s"), &goal);
    }

    /// Grows the log to its size in batches, and measures what a record takes on disk.
    fn fill(&mut self, records: u64) {
        let (mut plain, mut rng, mut filled, start) = (0, 9, 0, Instant::now());
        let mut flying = std::collections::VecDeque::new();
        let missing = records.saturating_sub(self.ledger.size());
        let (bytes_before, size_before) = (folder_bytes(&self.root), self.ledger.size());
        while filled < missing.max(50_000) {
            let lot: Vec<NewEntry> = (0..1000).map(|n| entry(self.next + n, &mut rng)).collect();
            self.next += 1000;
            filled += 1000;
            plain += lot.iter().map(|new| new.body.len() as u64).sum::<u64>();
            flying.push_back(self.ledger.append_batch(lot).expect("accepted"));
            if flying.len() > 8 {
                for pending in flying.pop_front().expect("not empty") {
                    pending.wait().expect("durable");
                }
            }
        }
        for pending in flying.into_iter().flatten() {
            pending.wait().expect("durable");
        }
        self.ledger.checkpoint_now().expect("signed");
        let rate = filled as f64 / start.elapsed().as_secs_f64();
        line("lots of 1000 from one thread that also composes them", &format!("{rate:.0} /s"), "");
        let plain = plain as f64 / filled as f64;
        let grown = self.ledger.size() - size_before;
        let stored = (folder_bytes(&self.root) - bytes_before) as f64 / grown as f64;
        let goal = format!("{:.2} of the plaintext's {plain:.0} B (goal 0.85)", stored / plain);
        line("stored per record, tree and index included", &format!("{stored:.0} B"), &goal);
    }

    fn reads(&self) {
        let (reader, size) = (self.ledger.reader(), self.ledger.size());
        let start = core_seconds();
        let report = verify(&reader, Settings::default(), &mut |_| true).expect("readable");
        assert!(report.damage.is_empty(), "{:?}", report.damage);
        let rate = size as f64 / (core_seconds() - start);
        line("verify, records per core-second", &format!("{rate:.0} /s"), "goal 1500000");
        let start = core_seconds();
        let report = verify(&reader, Settings { deep: true, bodies: true }, &mut |_| true).expect("readable");
        assert!(report.damage.is_empty() && report.opened == size, "{:?}", report.damage);
        let rate = size as f64 / (core_seconds() - start);
        line("verify --deep, records per core-second", &format!("{rate:.0} /s"), "goal 400000");
        let proof = reader.prove(size / 3).expect("proved").to_text().len();
        line("tlog-proof per record", &format!("{proof} B"), "goal 8000 with entry and time stamps");
    }

    fn erases(&self) {
        let people = |name: &str| name.to_owned();
        let responsible = Responsible { requested_by: people("a"), approved_by: people("b"), reason: people("bench") };
        let mut subject = [7; 16];
        subject[..8].copy_from_slice(&3_u64.to_be_bytes());
        let (size, start) = (self.ledger.size(), Instant::now());
        let target = Target::Subject(SubjectId(subject));
        let removed = self.ledger.erase(&target, &responsible, &master()).expect("erased");
        let name = format!("erase a person with {} of {size} records", removed.count);
        line(&name, &format!("{:.3} s", start.elapsed().as_secs_f64()), "goal 2 s");
    }
}
