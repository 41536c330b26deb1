//! Several servers on one PostgreSQL: one writes the record, the others read beside it and take over.
//!
//! Whatever happens to the writer (killed, paused until it is given up, asked to end), every acknowledged act is in the ledger once and in
//! order. The test's lease is the shortest there is.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use desk::{
    db::{Db, DbOptions, sql},
    records::AUDIT_STREAM,
};
use ledger::{engine::Reader, keys::master::LocalMasterKey, objects::Bucket, store::postgres::PgStore};
use testkit::{
    postgres::Database,
    process::{Process, get},
};
use zeroize::Zeroizing;

use crate::{
    beside::{WAIT_MAX, in_database, master},
    peers::ObjectServer,
    program::{Answer, Place, answer},
};

#[path = "../../../ledger/tests/it/loopback.rs"]
mod loopback;

const WRITES: &str = "this node writes the record";
const WRITES_NO_MORE: &str = "this node does not write the record any more";

/// A machine: a data folder of its own with the same master key, and the same database.
struct Machine {
    place: Place,
    name: &'static str,
    url: String,
    archive: Option<String>,
}

struct Server {
    process: Process,
    address: SocketAddr,
}

impl Machine {
    /// The first one makes the workspace, the others get its key.
    fn new(name: &'static str, url: &str, key_of: Option<&Machine>) -> Self {
        let machine = Self { place: Place::new(), name, url: url.to_owned(), archive: None };
        match key_of {
            None => {
                machine.gatepost(&["init", "--owner", "owner@example.test", "--name", "Olive Owner"]).done();
            }
            Some(first) => {
                use std::os::unix::fs::DirBuilderExt as _;
                std::fs::DirBuilder::new().mode(0o700).create(machine.place.path("data")).expect("a data folder");
                let key = machine.place.path("data/master.key");
                std::fs::copy(first.place.path("data/master.key"), key).expect("the key");
            }
        }
        machine
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.env("GATEPOST_DATABASE_URL", &self.url).env("GATEPOST_LEDGER_LEASE_SECONDS", "3");
        command.env("GATEPOST_LEDGER_NODE", self.name);
        if let Some(endpoint) = &self.archive {
            command.env("GATEPOST_ARCHIVE_ENDPOINT", endpoint).env("GATEPOST_ARCHIVE_BUCKET", "archive");
            command.env("GATEPOST_ARCHIVE_ACCESS_KEY", ObjectServer::ACCESS_KEY);
            command.env("GATEPOST_ARCHIVE_SECRET_KEY", ObjectServer::SECRET_KEY).env("GATEPOST_ARCHIVE_LOCK_DAYS", "1");
            // It is looked for finished segments as often as a scrub may be due.
            command.env("GATEPOST_LEDGER_SCRUB_INTERVAL_SECONDS", "10");
        }
        command
    }

    fn gatepost(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(arguments))
    }

    fn serve(&self) -> Server {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
        let mut process = Process::start(&mut self.command(&["serve", "--listen", &address.to_string()])).expect("it starts");
        process.answers(address, "/readyz", WAIT_MAX).expect("it comes up");
        Server { process, address }
    }
}

impl Server {
    fn writes(&mut self) {
        self.process.line_with(WRITES, WAIT_MAX).expect("it writes the record");
    }

    fn serves_the_log(&mut self) {
        self.process.answers(self.address, "/log/checkpoint", WAIT_MAX).expect("any node serves the public log");
    }

    /// A metric without labels; 0 when it is not there.
    fn metric(&self, name: &str) -> u64 {
        let said = get(self.address, "/metrics").expect("answers").body;
        said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()).unwrap_or(0)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process number");
        rustix::process::kill_process(id, signal).expect("our own child");
    }

    fn stop(mut self) {
        self.process.ask_to_end().expect("asked");
        assert!(self.process.ends(WAIT_MAX).expect("it stops").success(), "{}", self.process.said());
    }
}

/// People created at the command line until told to stop; each that was acknowledged is counted.
fn work(machine: &Machine, next: &AtomicU64, stop: &AtomicBool) -> u64 {
    let mut acknowledged = 0;
    while !stop.load(Ordering::SeqCst) {
        let email = format!("person{}@example.test", next.fetch_add(1, Ordering::SeqCst));
        machine.gatepost(&["user", "create", &email, "--name", "Somebody"]).done();
        acknowledged += 1;
    }
    acknowledged
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Ids of the audit log in order, as the database has them.
fn audit_log(url: &str) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = Db::open_postgres(url, DbOptions::default()).await.expect("answers");
        let mut reader = db.read().await.expect("reads");
        let rows = sql("SELECT id FROM audit_entries ORDER BY seq").all(&mut reader).await.expect("the log");
        let ids = rows.iter().map(|row| row.get("id").expect("an id")).collect();
        drop(reader);
        db.close().await;
        ids
    })
}

fn in_ledger(reader: &Reader) -> Vec<Vec<u8>> {
    reader.stream(AUDIT_STREAM, 0).map(|entry| entry.expect("readable").record_id.0.to_vec()).collect()
}

/// The ledger's audit stream is the audit log, entry for entry, none twice; and the ledger verifies.
fn check(machine: &Machine, url: &str, folder: &Path, key: &LocalMasterKey) -> usize {
    let (log, reader) = (audit_log(url), in_database(url, folder, key));
    assert_eq!(in_ledger(&reader), log);
    let verified = machine.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
    log.len()
}

fn until(what: &str, server: &Server, look: impl Fn() -> bool) {
    let begun = Instant::now();
    while !look() {
        assert!(begun.elapsed() < WAIT_MAX, "{what} did not happen; the server said:\n{}", server.process.said());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn when_the_writer_is_killed_another_takes_over_and_nothing_is_lost_or_doubled() {
    let database = Database::create().expect("a database");
    let folder = tempfile::tempdir().expect("a folder");
    let one = Machine::new("one", database.url(), None);
    let two = Machine::new("two", database.url(), Some(&one));
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let acknowledged = std::thread::scope(|scope| {
        // Also when something below fails: a scope waits for its threads.
        let ending = StopAtEnd(&stop);
        let workers: Vec<_> = [&one, &two].map(|machine| scope.spawn(|| work(machine, &next, &stop))).into_iter().collect();
        let mut writer = one.serve();
        writer.writes();
        for round in 0..4 {
            let (waiting, holder) = if round % 2 == 0 { (&two, "one") } else { (&one, "two") };
            let mut other = waiting.serve();
            other.serves_the_log();
            assert!(!other.process.said().contains(WRITES), "two write at once: {}", other.process.said());
            let checked = waiting.gatepost(&["check"]);
            assert!(checked.out.contains(&format!("written by {holder}/")), "{checked:?}");
            // Under load: at a moment that nobody chose.
            writer.process.kill().expect("killed");
            other.writes();
            writer = other;
        }
        drop(ending);
        let acknowledged: u64 = workers.into_iter().map(|worker| worker.join().expect("every command worked")).sum();
        writer.stop();
        acknowledged
    });
    let entries = check(&one, database.url(), folder.path(), &master(&one.place));
    assert!(entries as u64 > acknowledged && acknowledged > 0, "{entries} entries for {acknowledged} acknowledged acts");
}

#[test]
fn a_writer_that_was_paused_finds_itself_replaced_and_goes_on_reading() {
    let database = Database::create().expect("a database");
    let folder = tempfile::tempdir().expect("a folder");
    let one = Machine::new("one", database.url(), None);
    let two = Machine::new("two", database.url(), Some(&one));
    let mut first = one.serve();
    first.writes();
    let mut second = two.serve();
    second.serves_the_log();
    first.signal(rustix::process::Signal::STOP);
    second.writes();
    one.gatepost(&["user", "create", "ann@example.test", "--name", "Ann"]).done();
    first.signal(rustix::process::Signal::CONT);
    first.process.line_with(WRITES_NO_MORE, WAIT_MAX).expect("it finds out");
    first.serves_the_log();
    let key = master(&one.place);
    let shipped = || in_ledger(&in_database(database.url(), folder.path(), &key)) == audit_log(database.url());
    until("shipping by the second", &second, shipped);
    until("the metric of both", &second, || {
        second.metric("gatepost_ledger_writer") == 1 && first.metric("gatepost_ledger_writer") == 0
    });
    // Asked to end, the second gives the lease back, and the first takes it at once.
    let before = first.process.said().matches(WRITES).count();
    second.stop();
    until("the first's return", &first, || first.process.said().matches(WRITES).count() > before);
    one.gatepost(&["user", "create", "ben@example.test", "--name", "Ben"]).done();
    first.stop();
    check(&one, database.url(), folder.path(), &key);
}

#[test]
fn finished_segments_move_to_locked_objects_and_the_record_goes_on_without_them() {
    let database = Database::create().expect("a database");
    let folder = tempfile::tempdir().expect("a folder");
    let mut objects = ObjectServer::start(&folder.path().join("ceph"));
    let secret = Zeroizing::new(ObjectServer::SECRET_KEY.to_owned());
    let bucket = Bucket::new(&objects.address, "us-east-1", "archive", ObjectServer::ACCESS_KEY, secret).expect("an address");
    let now_ms = ledger::context::Clock::now_ms(&ledger::context::SystemClock);
    bucket.create_with_object_lock(&loopback::Loopback, now_ms).expect("created");
    let mut one = Machine::new("one", database.url(), None);
    one.archive = Some(objects.address.clone());
    // Each start begins a new segment, so the first one's is finished by then.
    for number in 0..2 {
        let mut server = one.serve();
        server.writes();
        one.gatepost(&["user", "create", &format!("ann{number}@example.test"), "--name", "Ann"]).done();
        if number == 1 {
            let moved = || {
                get(server.address, "/metrics").is_ok_and(|said| !said.body.contains("gatepost_ledger_segments_archived_total 0"))
            };
            until("archiving", &server, moved);
        }
        server.stop();
    }
    let checked = one.gatepost(&["check"]).done();
    assert!(checked.contains("archive locks objects"), "{checked}");
    let verified = one.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "read from the objects: {verified:?}");
    let shown = one.gatepost(&["--json", "ledger", "show", "0"]).json();
    assert_eq!(shown["verdict"], "PRESENT", "{shown}");

    objects.stop();
    let mut server = one.serve();
    server.writes();
    one.gatepost(&["user", "create", "ben@example.test", "--name", "Ben"]).done();
    let key = master(&one.place);
    let last = || in_ledger(&in_database(database.url(), folder.path(), &key)) == audit_log(database.url());
    until("recording without the object server", &server, last);
    server.stop();
    let checked = one.gatepost(&["check"]);
    assert!(checked.out.contains("BAD  archive"), "{checked:?}");
    // What was moved is not in the database any more.
    let store = PgStore::open_read_only(database.url(), "record", None).expect("reads");
    let entry = in_database(database.url(), folder.path(), &key).entry(0).expect("entries stay");
    assert!(ledger::store::Store::body(&store, &entry).is_err(), "its body lies in object storage only");
}

#[test]
fn a_backup_beside_postgresql_holds_the_record_and_a_restore_proves_it() {
    let (database, other) = (Database::create().expect("a database"), Database::create().expect("another"));
    let folder = tempfile::tempdir().expect("a folder");
    let one = Machine::new("one", database.url(), None);
    let key = master(&one.place);
    let mut server = one.serve();
    server.writes();
    one.gatepost(&["user", "create", "ann@example.test", "--name", "Ann"]).done();
    let shipped = || in_ledger(&in_database(database.url(), folder.path(), &key)) == audit_log(database.url());
    until("shipping", &server, shipped);
    let copied = one.gatepost(&["backup", "copy"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let scrub = one.gatepost(&["ledger", "scrub"]);
    assert!(scrub.code == 2 && scrub.err.contains("stop it first"), "a server writes: {scrub:?}");
    server.stop();
    assert_eq!(one.gatepost(&["--json", "ledger", "scrub"]).json()["findings"], 0, "nobody holds the lease any more");

    let arguments = ["--json", "--data", "restored", "restore", "copy", "--key-file", "data/master.key"];
    let restored = answer(one.command(&arguments).env("GATEPOST_DATABASE_URL", other.url()));
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.json()["ledger_entries"].as_u64().is_some_and(|entries| entries > 0), "{restored:?}");
    let verify = ["--json", "--data", "restored", "ledger", "verify", "--deep"];
    let verified = answer(one.command(&verify).env("GATEPOST_DATABASE_URL", other.url()));
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
    let status =
        answer(one.command(&["--json", "--data", "restored", "ledger", "status"]).env("GATEPOST_DATABASE_URL", other.url()));
    let original = one.gatepost(&["--json", "ledger", "status"]);
    assert_eq!(status.json()["origin"], original.json()["origin"], "the same log");
}
