//! Real processes and a real file system: a writer that is killed at any moment, and power cuts as copies of its disk's image.
//!
//! The writer is this test binary, started again with [`WRITER`] set; it says on its standard output what was acknowledged.

use crate::faults::setting;
use crate::sim_disk::Random;
use crate::workload::{Told, create, entry, environment, master, options};
use ledger::engine::{Ledger, Options};
use ledger::io::RealDisk;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WRITER: &str = "LEDGER_FAULTS_WRITER";
/// Kills of the short form.
const KILLS_SHORT: u64 = 8;
/// Kills after which another ledger is begun.
const KILLS_PER_LEDGER: u64 = 10;
/// Records between what is acknowledged and what a writer hands over at most.
const GROUP: u64 = 20;
/// A writer that nobody stops ends by itself.
const RECORDS_MAX: u64 = 2_000_000;

/// The body of the writer process; as a test of its own it does nothing.
#[test]
fn writer_process() {
    let Some(folder) = std::env::var_os(WRITER) else { return };
    let (environment, _clock) = environment(Arc::new(RealDisk), u64::from(std::process::id()));
    let options = Options { checkpoint_interval: Duration::from_millis(20), ..options() };
    let ledger = Ledger::open(environment, Path::new(&folder), &master(), options).expect("opens");
    let mut output = std::io::stdout();
    let mut random = Random(u64::from(std::process::id()));
    let mut next = ledger.size();
    while next < RECORDS_MAX {
        // The log holds exactly the records 0, 1, 2, …, so its size tells where to go on.
        let numbers = next..next + 1 + random.below(GROUP);
        next = numbers.end;
        let pending = ledger.append_batch(numbers.clone().map(entry).collect()).expect("accepted");
        for (number, pending) in numbers.zip(pending) {
            let receipt = pending.wait().expect("durable");
            writeln!(output, "ack {number} {}", receipt.seq).expect("heard");
        }
        output.flush().expect("heard");
    }
}

/// A running writer and what it has said so far.
struct Writer {
    process: Child,
    acknowledged: Arc<Mutex<Vec<(u64, u64)>>>,
    listener: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("known"))
            .args(["--exact", "processes::writer_process", "--nocapture"])
            .env(WRITER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts again");
        let output = process.stdout.take().expect("piped");
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let heard = acknowledged.clone();
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut words = line.split(' ').skip_while(|word| !word.ends_with("ack")).skip(1);
                let number = words.next().and_then(|word| word.parse().ok());
                let seq = words.next().and_then(|word| word.parse().ok());
                if let (Some(number), Some(seq)) = (number, seq) {
                    heard.lock().expect("not poisoned").push((number, seq));
                }
            }
        });
        Self { process, acknowledged, listener: Some(listener) }
    }

    /// Waits until this many records were acknowledged; a writer that ends before is a failure.
    fn wait_for(&mut self, count: usize) {
        while self.heard().len() < count {
            assert!(self.process.try_wait().expect("our own child").is_none(), "the writer ended by itself");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn heard(&self) -> Vec<(u64, u64)> {
        self.acknowledged.lock().expect("not poisoned").clone()
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.process.id().to_string()]).status().expect("kill runs");
        assert!(done.success());
    }

    /// `kill -9`; answers with everything that the writer had said.
    fn kill(mut self) -> Vec<(u64, u64)> {
        self.process.kill().expect("our own child");
        self.process.wait().expect("our own child");
        self.listener.take().expect("once").join().expect("no panic");
        self.heard()
    }
}

/// Opens the log as the next process would and compares it with what was said.
fn check(folder: &Path, said: &[(u64, u64)]) -> u64 {
    let (environment, _clock) = environment(Arc::new(RealDisk), 77);
    let ledger = Ledger::open(environment, folder, &master(), options()).expect("opens after a crash");
    let size = ledger.size();
    for (number, seq) in said {
        assert_eq!(number, seq, "records are written in their order");
        assert!(*seq < size, "acknowledged record {number} is lost: there are {size}");
    }
    // The log must be records 0..size, each once, each with its content.
    let attempted: BTreeSet<u64> = (0..size).collect();
    let told = Told { attempted, ..Told::default() };
    told.check(&ledger);
    let reader = ledger.reader();
    for (number, seq) in said.iter().rev().take(200) {
        assert_eq!(reader.read(*seq).expect("readable").body().expect("known form").bytes, entry(*number).body);
    }
    size
}

fn new_ledger(folder: &Path) {
    let (environment, _clock) = environment(Arc::new(RealDisk), 5);
    create(&environment, folder);
}

#[test]
fn kills_at_random_moments_lose_and_double_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = Random(setting("LEDGER_FAULTS_SEED", 1));
    let kills = setting("LEDGER_FAULTS", KILLS_SHORT).min(500);
    let (mut sizes, mut acknowledged) = (0, 0);
    for kill in 0..kills {
        // A log that every kill makes longer would cost more and more to check.
        let root = folder.path().join((kill / KILLS_PER_LEDGER).to_string());
        if kill % KILLS_PER_LEDGER == 0 {
            new_ledger(&root);
        }
        let mut writer = Writer::start(&root);
        writer.wait_for(usize::try_from(1 + random.below(60)).expect("small"));
        std::thread::sleep(Duration::from_micros(random.below(5000)));
        let said = writer.kill();
        acknowledged += said.len();
        let size = check(&root, &said);
        if (kill + 1) % KILLS_PER_LEDGER == 0 || kill + 1 == kills {
            sizes += size;
        }
    }
    println!("{kills} kills, {acknowledged} records acknowledged, {sizes} in the logs");
    assert!(sizes >= acknowledged as u64);
}

/// A mounted image; unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, point: &Path) -> Self {
        std::fs::create_dir_all(point).expect("a folder");
        run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_os_str(), point.as_os_str()]);
        Self(point.to_owned())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _done = Command::new("umount").arg(&self.0).status();
    }
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let done = Command::new(program).args(arguments).output();
    let done = done.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install e2fsprogs mount coreutils"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}; images can be mounted by root only, on a machine with loop devices");
}

/// The disk's image is copied while the writer stands still: what a power cut at that moment would leave.
#[test]
fn power_cuts_of_a_real_file_system_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = folder.path();
    let (image, copy) = (images.join("disk.img"), images.join("copy.img"));
    let size = std::ffi::OsStr::new("192M");
    run("truncate", &["-s".as_ref(), size, image.as_os_str()]);
    run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_os_str()]);
    let disk = Mounted::new(&image, &images.join("disk"));
    let root = disk.0.join("ledger");
    new_ledger(&root);
    let cuts = setting("LEDGER_FAULTS", KILLS_SHORT).div_ceil(50).clamp(5, 40);
    let mut random = Random(setting("LEDGER_FAULTS_SEED", 1));
    let mut writer = Writer::start(&root);
    let (mut said_before, mut lost_tail) = (0, 0);
    for _ in 0..cuts {
        writer.wait_for(said_before + 1 + usize::try_from(random.below(100)).expect("small"));
        std::thread::sleep(Duration::from_micros(random.below(5000)));
        // What was said before the writer stands still must be on the image; what it says later need not.
        let said = writer.heard();
        writer.signal("-STOP");
        run("cp", &["--sparse=always".as_ref(), image.as_os_str(), copy.as_os_str()]);
        let cut = Mounted::new(&copy, &images.join("cut"));
        let found = check(&cut.0.join("ledger"), &said);
        // It goes on only now, so that the log does not outgrow the check.
        writer.signal("-CONT");
        said_before = said.len();
        lost_tail += u64::from(found == said.len() as u64);
    }
    let said = writer.kill();
    check(&root, &said);
    println!("{cuts} power cuts, {} records acknowledged, {lost_tail} cuts had nothing beyond them", said.len());
}
