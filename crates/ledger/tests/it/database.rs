//! A log in PostgreSQL, with sealed segments in a real object store: what is kept, who may write, and what a second writer can do.

use crate::loopback::Loopback;
use crate::object_server::{Gateway, now_ms};
use crate::programs::peer;
use crate::workload::{self, Told};
use ledger::context::{Clock, SystemClock};
use ledger::damage::DamageClass;
use ledger::engine::{self, Ledger, OpenError, Pending, ReadError, Reader};
use ledger::entry::{Entry, EntryKind};
use ledger::frame::{BatchHead, Commit, write_commit, write_frame};
use ledger::governance::erasure::Target;
use ledger::governance::{Responsible, Verdict};
use ledger::hash::{EMPTY_ROOT, sha256};
use ledger::ids::{RecordId, StreamId};
use ledger::io::RealDisk;
use ledger::keys::keystore::Opener;
use ledger::merkle::{Frontier, inclusion_proof, verify_inclusion};
use ledger::store::postgres::{ArchiveTo, PgStore};
use ledger::store::{SealedBatch, SegmentName, Store, StoreError, StoredTree};
use ledger::verify::{Settings, verify};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const LOG: &str = "log.example.test";

/// A running server; stops when dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        // The server's own user must be able to reach it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder, open).expect("our own folder");
        let folder: PathBuf = folder.join("pg");
        let mut process =
            Command::new(peer("postgres.sh")).arg(&folder).stdout(Stdio::piped()).spawn().expect("the script can be started");
        let mut said = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut said).expect("readable");
        let host = folder.display().to_string().replace('/', "%2F");
        let server = Self { process, url: format!("postgres:///postgres?host={host}&user=postgres") };
        assert_eq!(said, "ready\n", "PostgreSQL did not start: apt-get install postgresql");
        server
    }

    fn sql(&self, statement: &str) -> String {
        let done = Command::new("psql").args([self.url.as_str(), "-qAtc", statement]).output().expect("psql runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    fn open(&self, owner: &str) -> Result<(PgStore, Frontier), StoreError> {
        PgStore::open(&self.url, LOG, owner, None).map(|(store, recovered)| (store, recovered.tree))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let _reaped = self.process.wait();
    }
}

/// A batch of `count` entries behind `tree`, spread over two retention classes; the tree grows by it.
fn batch(tree: &mut Frontier, batch_no: u64, count: u32, keys: &[u8]) -> SealedBatch {
    let first_seq = tree.size();
    let mut grown = tree.clone();
    let mut frames = Vec::new();
    for seq in first_seq..first_seq + u64::from(count) {
        let entry = entry_of(seq);
        grown.push(entry.leaf_hash(), |_, _| ());
        write_frame(&mut frames, &entry.encode(), &sealed_of(seq));
    }
    let head = BatchHead {
        batch_no,
        first_seq,
        count,
        keys_len: u32::try_from(keys.len()).expect("short"),
        frames_len: frames.len() as u64,
    };
    let mut bytes = [&head.encode()[..], keys, &frames].concat();
    write_commit(&mut bytes, &Commit { batch_no, size: grown.size(), root: grown.root() });
    SealedBatch::rebuild(bytes, tree).expect("a good batch")
}

fn sealed_of(seq: u64) -> Vec<u8> {
    let length = 40 + usize::try_from(seq % 200).expect("small");
    [&[0][..], &sha256(&seq.to_be_bytes()).repeat(8)[..length]].concat()
}

fn entry_of(seq: u64) -> Entry {
    let sealed = sealed_of(seq);
    Entry {
        kind: EntryKind::Capture,
        flags: 0,
        body_len: 10,
        seq,
        captured_at_ms: 1_790_000_000_000,
        record_id: RecordId([7; 16]),
        stream_id: StreamId([2; 16]),
        stream_seq: seq,
        retention_class: u16::try_from(seq % 2).expect("small"),
        sealed_len: u32::try_from(sealed.len()).expect("short"),
        segment: seq % 2 + 10 * (seq / 1000),
        slot: 0,
        refers_to: RecordId::NONE,
        commitment: [4; 32],
        sealed_sha256: sha256(&sealed),
    }
}

fn append(store: &PgStore, tree: &mut Frontier, batch_no: u64, count: u32) {
    let batch = batch(tree, batch_no, count, b"");
    store.commit(&batch).expect("committed");
    store.apply(&batch).expect("applied");
}

#[test]
fn what_was_committed_is_read_back_by_the_next_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    assert!(matches!(PgStore::open(&server.url, LOG, "x", None), Err(StoreError::Io { .. })), "no tables yet");
    PgStore::create(&server.url, LOG).expect("created");
    assert!(matches!(PgStore::create(&server.url, LOG), Err(StoreError::Exists(_))));
    assert!(matches!(PgStore::open(&server.url, "other", "x", None), Err(StoreError::Missing(_))));

    let (store, mut tree) = server.open("first").expect("open");
    assert_eq!(tree.root(), EMPTY_ROOT);
    for (batch_no, count) in [(0, 1), (1, 300), (2, 66_000), (3, 700)] {
        append(&store, &mut tree, batch_no, count);
    }
    store.add_checkpoint(300, "first note").expect("added");
    store.add_checkpoint(67_001, "second note").expect("added");
    for size in [67_001, 300, 67_002] {
        let refused = store.add_checkpoint(size, "another");
        assert!(
            matches!(&refused, Err(StoreError::Damaged(damage)) if damage.class == DamageClass::CheckpointAltered),
            "{size}: {refused:?}"
        );
    }
    store.put_anchor(300, "first.tsr", b"token").expect("kept");
    store.replace_generation(1, b"generation one").expect("kept");
    drop(store);

    let (store, recovered) = server.open("second").expect("the lease was given back");
    assert_eq!((recovered.size(), recovered.root()), (67_001, tree.root()));
    assert_eq!(store.epoch(), 2);
    for seq in [0, 1, 300, 301, 65_535, 65_536, 67_000] {
        let entry = entry_of(seq);
        assert_eq!(store.entries(seq, 1).expect("read"), entry.encode());
        assert_eq!(store.body(&entry).expect("read"), Some(sealed_of(seq)), "body {seq}");
        let proof = inclusion_proof(&StoredTree(&store), seq, 67_001).expect("proved");
        verify_inclusion(seq, 67_001, &entry.leaf_hash(), &proof, &tree.root()).expect("in the log");
    }
    assert_eq!(store.checkpoint().expect("read").as_deref(), Some("second note"));
    let mut notes = Vec::new();
    store
        .each_checkpoint(&mut |note| {
            notes.push(note.to_owned());
            Ok(())
        })
        .expect("read");
    assert_eq!(notes, ["first note", "second note"]);
    assert_eq!(store.anchors().expect("read"), [(300, "first.tsr".to_owned())]);
    assert_eq!(store.anchor(300, "first.tsr").expect("read"), b"token");
    keys_and_removal(&server, &store, recovered);
}

/// Many bodies at once are what each is alone, whether they lie in the table, in an object, are wiped or removed.
fn read_together_as_one_by_one(store: &PgStore) {
    for range in [0..3, 5..700, 650..1100, 1099..1100] {
        let entries: Vec<Entry> = range.map(entry_of).collect();
        for (entry, together) in entries.iter().zip(store.bodies(&entries)) {
            assert_eq!(together.expect("read"), store.body(entry).expect("read"), "{}", entry.seq);
        }
    }
}

fn keys_and_removal(server: &Server, store: &PgStore, mut tree: Frontier) {
    let with_keys = batch(&mut tree, 4, 2, b"sealed additions");
    store.commit(&with_keys).expect("committed");
    store.apply(&with_keys).expect("applied");
    assert_eq!(store.read_generation(1).expect("read"), (b"generation one".to_vec(), b"sealed additions".to_vec()));
    store.replace_generation(2, b"generation two").expect("kept");
    assert_eq!(store.generations().expect("read"), [2]);
    assert_eq!(store.read_generation(2).expect("read"), (b"generation two".to_vec(), Vec::new()));
    assert_eq!(server.sql("SELECT count(*) FROM ledger_batches WHERE length(keys) > 0"), "0");

    let gone = entry_of(1234);
    store.wipe_body(&gone).expect("wiped");
    assert_eq!(store.body(&gone).expect("read"), None);
    assert_eq!(store.body(&entry_of(1236)).expect("read"), Some(sealed_of(1236)), "its neighbour stays");
    read_together_as_one_by_one(store);
    let at_least_zeroes =
        format!("SELECT count(*) FROM ledger_bodies WHERE position('\\x{}'::bytea in sealed) > 0", hex::encode(sealed_of(1234)));
    assert_eq!(server.sql(&at_least_zeroes), "0", "its bytes are overwritten");
    let name = SegmentName { class: 0, segment: 10 };
    let count = |store: &PgStore| {
        let (mut bodies, mut wiped) = (0, 0);
        store
            .scan_segment(name, &mut |seq, sealed| {
                bodies += 1;
                wiped += u32::from(sealed.is_none());
                assert!(sealed.is_none_or(|sealed| sealed == sealed_of(seq)));
                Ok(())
            })
            .expect("read");
        (bodies, wiped)
    };
    assert_eq!(count(store), (500, 1));
    assert!(store.segments().expect("read").contains(&name));
    store.remove_segment(name).expect("removed");
    store.remove_segment(name).expect("removing it again changes nothing");
    assert_eq!(count(store), (0, 0));
    assert!(!store.segments().expect("read").contains(&name));
    assert_eq!(store.body(&entry_of(1236)).expect("read"), None);
    assert_eq!(store.entries(1236, 1).expect("entries stay"), entry_of(1236).encode());
}

/// The engine on this store does what it does on files: append, read, prove, erase, verify, and find everything again.
#[test]
fn the_engine_runs_on_the_database_and_a_fenced_one_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    PgStore::create(&server.url, LOG).expect("created");
    let root = folder.path().join("ledger");
    std::fs::create_dir_all(root.join("index")).expect("a folder");
    let (environment, _) = workload::environment(Arc::new(RealDisk), 1);
    {
        let (store, _) = PgStore::open(&server.url, LOG, "set-up", None).expect("open");
        engine::create_in(&environment, &root, workload::ORIGIN, &workload::master(), &[], &store).expect("created");
    }
    let open = |owner| {
        let (store, recovered) = PgStore::open(&server.url, LOG, owner, None)?;
        let master = workload::master();
        let opener = Opener::Master(&master);
        Ledger::open_in(environment.clone(), &root, Arc::new(store), recovered, &opener, workload::options())
    };
    let first = open("first").expect("open");
    let mut told = Told::default();
    told.attempted.extend(0..200);
    told.repeat_all(&first);
    let refused = open("second").map(drop).expect_err("the first one holds it");
    assert!(matches!(refused, OpenError::Store(StoreError::Locked(_))), "{refused}");

    server.sql("UPDATE ledger_heads SET lease_until = now()");
    let second = open("second").expect("the lease has ended");
    told.check(&second);
    let stale = first.append(workload::entry(900)).and_then(Pending::wait).expect_err("fenced");
    assert!(stale.to_string().contains("another process took over"), "{stale}");
    told.attempted.extend(200..260);
    told.repeat_all(&second);
    drop(first);

    let person = workload::entry(3).subjects[0];
    let responsible = Responsible {
        requested_by: "data protection officer".into(),
        approved_by: "archivist".into(),
        reason: "request for erasure".into(),
    };
    second.erase(&Target::Subject(person), &responsible, &workload::master()).expect("erased");
    drop(second);
    let third = open("third").expect("open");
    let verdict = third.verdict(told.acknowledged[&3].seq).expect("known");
    assert!(matches!(verdict, Verdict::Erased(_)), "{verdict:?}");
    assert!(matches!(third.verdict(told.acknowledged[&4].seq), Ok(Verdict::Present)));
    // An attachment of the same person is gone with all its chunks, one of another person is there.
    let (erased, kept) = (told.acknowledged[&28].seq, told.acknowledged[&14].seq);
    assert_eq!(workload::entry(28).subjects[0], person);
    assert!(third.reader().blob(erased).is_err() && matches!(third.reader().blob(kept), Ok(Some(_))));
    let left = server.sql(
        "SELECT count(*) FROM ledger_blob_chunks c WHERE NOT EXISTS (SELECT 1 FROM ledger_blobs b WHERE b.upload = c.upload)",
    );
    assert_eq!(left.trim(), "0", "chunks that belong to nothing");
    let report = verify(&third.reader(), Settings { deep: true, bodies: true }, &mut |_| true).expect("verifiable");
    assert_eq!(report.findings, 0, "{report:?}");
}

/// What a second machine needs is in the database: it reads beside the writer, catches up, and takes over when the lease is given back.
#[test]
fn a_second_machine_reads_beside_the_writer_and_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    assert!(PgStore::create_if_missing(&server.url, LOG).expect("created"));
    assert!(!PgStore::create_if_missing(&server.url, LOG).expect("there already"));
    let (environment, _) = workload::environment(Arc::new(RealDisk), 1);
    let master = workload::master();
    let opener = Opener::Master(&master);
    let machine = |name: &str| {
        let root = folder.path().join(name);
        std::fs::create_dir_all(root.join("index")).expect("a folder");
        root
    };
    let (here, there) = (machine("here"), machine("there"));
    let (store, recovered) = PgStore::open(&server.url, LOG, "here", None).expect("open");
    let store = Arc::new(store);
    engine::create_in(&environment, &here, workload::ORIGIN, &master, &[], &*store).expect("created");
    let first =
        Ledger::open_in(environment.clone(), &here, store.clone(), recovered, &opener, workload::options()).expect("open");
    let mut told = Told::default();
    told.attempted.extend(0..100);
    told.repeat_all(&first);

    let beside = Arc::new(PgStore::open_read_only(&server.url, LOG, None).expect("reads"));
    let holder = beside.holder().expect("known");
    assert_eq!((holder.owner.as_str(), holder.epoch, holder.is_free), ("here", 1, false));
    let reader = Reader::open_in(&environment, &there, beside.clone(), Some(&opener)).expect("reads");
    let read = |number: u64| reader.read(told.acknowledged[&number].seq).expect("readable").body().expect("known").bytes;
    assert_eq!(read(99), workload::entry(99).body);
    let late = first.append(workload::entry(100)).and_then(Pending::wait).expect("durable");
    assert!(matches!(reader.read(late.seq), Err(ReadError::NoEntry { .. })), "not seen yet");
    reader.catch_up(&opener).expect("catches up");
    assert_eq!(reader.find(late.record_id).expect("indexed"), Some(late.seq));
    assert_eq!(reader.read(late.seq).expect("its key came along").body().expect("known").bytes, workload::entry(100).body);
    assert!(matches!(beside.put_anchor(1, "x", b""), Err(StoreError::Fenced)), "a reader writes nothing");

    // Others still hold the first one when it is ended; the lease is free all the same.
    first.end().expect("ended");
    assert!(store.is_fenced() && beside.holder().expect("known").is_free);
    let (store, recovered) = PgStore::open(&server.url, LOG, "there", None).expect("the lease was given back");
    let second = Ledger::open_in(environment.clone(), &there, Arc::new(store), recovered, &opener, workload::options());
    let second = second.expect("open");
    told.attempted.insert(100);
    told.repeat_all(&second);
    drop(first);
    assert_eq!(beside.holder().expect("known").owner, "there");
}

#[test]
fn of_two_writers_the_loser_stops_and_nothing_is_written_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    PgStore::create(&server.url, LOG).expect("created");
    let (first, mut tree) = server.open("first").expect("open");
    append(&first, &mut tree, 0, 10);
    let refused = server.open("second").map(drop).expect_err("the first one holds it");
    assert!(matches!(refused, StoreError::Locked(_)), "{refused}");

    // The first one falls silent (paused, cut off): its lease ends and another takes over.
    server.sql("UPDATE ledger_heads SET lease_until = now()");
    let (second, mut other_tree) = server.open("second").expect("the lease has ended");
    assert_eq!((second.epoch(), other_tree.root()), (2, tree.root()));

    // It wakes up and goes on as if nothing had happened: every way to change something is closed.
    let stale = batch(&mut tree, 1, 5, b"");
    let refusals = [
        first.commit(&stale),
        first.add_checkpoint(10, "stale"),
        first.put_anchor(10, "stale", b""),
        first.wipe_body(&entry_of(3)),
        first.remove_segment(SegmentName { class: 0, segment: 0 }),
        first.replace_generation(1, b"stale"),
        first.settle(),
    ];
    for refused in refusals {
        assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    }
    append(&second, &mut other_tree, 1, 7);
    assert_eq!(server.sql("SELECT size FROM ledger_heads"), "17");
    assert_eq!(
        server.sql("SELECT string_agg(first_seq || '+' || count, ' ' ORDER BY first_seq) FROM ledger_batches"),
        "0+10 10+7"
    );
    assert_eq!(server.sql("SELECT count(*) FROM ledger_checkpoints"), "0");
    drop(first);
    append(&second, &mut other_tree, 2, 1);
    assert_eq!(server.sql("SELECT owner FROM ledger_heads"), "second", "the loser's leaving does not end the winner's lease");
}

/// Both race from the same state, many times: exactly one commit per place in the log gets through.
#[test]
fn racing_commits_never_give_two_batches_for_one_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    PgStore::create(&server.url, LOG).expect("created");
    let (mut fenced, mut stopped) = (0, 0);
    for round in 0..10 {
        let (first, tree) = server.open("first").expect("open");
        server.sql("UPDATE ledger_heads SET lease_until = now()");
        let batch_of = |tree: &Frontier| batch(&mut tree.clone(), round, 3, b"");
        let honest = batch_of(&tree);
        let (committed, taken) = std::thread::scope(|scope| {
            let taking = scope.spawn(|| {
                let (second, tree) = server.open("second").expect("the lease has ended");
                let outcome = second.commit(&batch_of(&tree));
                (outcome, tree.size())
            });
            (first.commit(&honest), taking.join().expect("no panic"))
        });
        let (second_committed, second_saw) = taken;
        match (&committed, &second_committed) {
            (Err(StoreError::Fenced), Ok(())) => fenced += 1,
            // The first one was quicker: the second saw its batch and, with the same batch number, is refused.
            (Ok(()), Err(StoreError::Stopped)) => {
                stopped += 1;
                assert_eq!(second_saw, tree.size() + 3);
            }
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(server.sql("SELECT size FROM ledger_heads"), (3 * (round + 1)).to_string());
    }
    assert_eq!(fenced + stopped, 10);
    let gaps = "SELECT count(*) FROM ledger_batches b WHERE first_seq <> (SELECT COALESCE(sum(count), 0) FROM ledger_batches c WHERE c.first_seq < b.first_seq)";
    assert_eq!(server.sql(gaps), "0", "no gap and no overlap");
}

#[test]
fn a_database_that_was_tampered_with_is_found_out_when_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    PgStore::create(&server.url, LOG).expect("created");
    let (store, mut tree) = server.open("first").expect("open");
    append(&store, &mut tree, 0, 600);
    append(&store, &mut tree, 1, 100);
    drop(store);
    for (damage, repair) in [
        ("UPDATE ledger_hashes SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1) WHERE position = 1", ""),
        ("UPDATE ledger_batches SET entries = set_byte(entries, 4000, get_byte(entries, 4000) # 1) WHERE first_seq = 600", ""),
        (
            "UPDATE ledger_batches SET first_seq = 601 WHERE first_seq = 600",
            "UPDATE ledger_batches SET first_seq = 600 WHERE first_seq = 601",
        ),
    ] {
        server.sql(damage);
        let refused = server.open("first").map(drop).expect_err("damaged");
        assert!(matches!(refused, StoreError::Damaged(_)), "{damage}: {refused}");
        server.sql(if repair.is_empty() { damage } else { repair });
    }
    server.open("first").expect("whole again");
}

#[test]
fn finished_segments_move_to_locked_objects_and_are_read_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let gateway = Gateway::start(folder.path());
    let bucket = Arc::new(gateway.bucket("archive", "secretsecret"));
    bucket.create_with_object_lock(&Loopback, now_ms()).expect("created");
    PgStore::create(&server.url, LOG).expect("created");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let archive = ArchiveTo { bucket: bucket.clone(), http: Arc::new(Loopback), clock, lock_ms: 60_000 };
    let (store, recovered) = PgStore::open(&server.url, LOG, "first", Some(archive)).expect("open");
    let mut tree = recovered.tree;
    append(&store, &mut tree, 0, 700);
    append(&store, &mut tree, 1, 400);

    let name = SegmentName { class: 0, segment: 0 };
    store.wipe_body(&entry_of(8)).expect("wiped");
    let object = store.archive_segment(name, now_ms() + 20_000).expect("moved").expect("has records");
    assert_eq!(store.archive_segment(name, now_ms() + 90_000).expect("once only"), Some(object.clone()));
    assert_eq!(server.sql("SELECT count(*) FROM ledger_bodies WHERE class = 0 AND segment = 0"), "0");
    assert_eq!(store.body(&entry_of(8)).expect("read"), None, "wiped before");
    for seq in [0, 2, 500, 998] {
        assert_eq!(store.body(&entry_of(seq)).expect("read"), Some(sealed_of(seq)), "{seq}");
    }
    store.wipe_body(&entry_of(500)).expect("marked");
    assert_eq!(store.body(&entry_of(500)).expect("read"), None);
    read_together_as_one_by_one(&store);
    let mut seen = 0;
    store
        .scan_segment(name, &mut |seq, sealed| {
            seen += 1;
            let expected = (seq != 8 && seq != 500).then(|| sealed_of(seq));
            assert_eq!(sealed.map(<[u8]>::to_vec), expected);
            Ok(())
        })
        .expect("read");
    assert_eq!(seen, 500);

    store.remove_segment(name).expect("removed");
    assert_eq!(store.body(&entry_of(2)).expect("read"), None);
    assert_eq!(store.sweep_archive().expect("asked"), (0, 1), "the object is locked");
    for _ in 0..300 {
        if store.sweep_archive().expect("asked") == (1, 0) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(bucket.get(&Loopback, now_ms(), &object).is_err(), "its date has passed and it is gone");
    assert_eq!(store.sweep_archive().expect("asked"), (0, 0));
}
