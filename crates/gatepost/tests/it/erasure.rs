//! What is erased is gone: secrets are planted on every way that text takes through the product, their person, record and segment are
//! erased, and every byte of the data folder and of a backup made afterwards is searched, in every spelling that could hide them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use desk::{Actor, Desk, Object, audit_log::Outcome, db::sql, records::Outbox, rights::Operation};
use ledger::{
    blob::CHUNK_BYTES,
    engine::{Environment, Ledger, NewEntry, OnFatal, Options, create},
    entry::EntryKind,
    governance::{Responsible, Verdict, erasure::Target},
    ids::{RecordId, StreamId, SubjectId},
    keys::master::LocalMasterKey,
    store::files::RING_BYTES_MIN,
};
use testkit::desk::desk_in;

use crate::program::Place;

/// The dictionary that bodies are compressed with: a searcher has to know it.
const DICTIONARY: &[u8] = include_bytes!("../../../ledger/src/dictionary-1.zdict");
/// How a zstd frame begins.
const ZSTD_MARK: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Most that one frame is unpacked to.
const UNPACKED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// So much of an old key file, at any place, would be too much.
const KEY_WINDOW: usize = 32;

/// The ways a person's text takes, each with its own secret.
const PERSON: &str = "the person's planted text, amber-lantern-5309, never to be seen again";
const RECORD: &str = "the record's planted text, cobalt-ladder-7712, never to be seen again";
const SEGMENT: &str = "the segment's planted text, crimson-ferry-2846, never to be seen again";
const IN_DATABASE: &str = "the database's planted text, violet-tripod-9034, never to be seen again";
/// Somebody else's, which has to stay readable.
const KEPT: &str = "somebody else's text, which stays";

/// Every spelling of a text that is looked for. Base64 has three, by what stands before it.
fn spellings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let mut found = vec![
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-16LE", utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        ("UTF-16BE", utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("hexadecimal", hex::encode(text).into_bytes()),
    ];
    for before in 0..3 {
        let whole = STANDARD_NO_PAD.encode([&vec![b' '; before], text.as_bytes()].concat());
        // What the bytes before and after have a part in is left out.
        found.push(("base64", whole.as_bytes()[before.div_ceil(3) * 4..whole.len() - 3].to_vec()));
    }
    found
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let first = needle[0];
    let mut at = 0;
    while let Some(next) = hay[at..].iter().position(|byte| *byte == first) {
        at += next;
        if hay[at..].starts_with(needle) {
            return true;
        }
        at += 1;
    }
    false
}

/// In which spellings the text stands in these bytes, also inside compressed frames.
fn find(bytes: &[u8], text: &str) -> BTreeSet<String> {
    let spellings = spellings(text);
    let mut found: BTreeSet<String> =
        spellings.iter().filter(|(_, form)| contains(bytes, form)).map(|(name, _)| (*name).to_owned()).collect();
    for (at, _) in bytes.windows(ZSTD_MARK.len()).enumerate().filter(|(_, window)| *window == ZSTD_MARK) {
        for dictionary in [&[][..], DICTIONARY] {
            let unpacked = unpack(&bytes[at..], dictionary);
            found.extend(spellings.iter().filter(|(_, form)| contains(&unpacked, form)).map(|(name, _)| format!("zstd, {name}")));
        }
    }
    found
}

/// As much as can be unpacked from here.
fn unpack(frame: &[u8], dictionary: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut out = Vec::new();
    if let Ok(decoder) = zstd::stream::Decoder::with_dictionary(frame, dictionary) {
        let _rest_is_no_frame = decoder.take(UNPACKED_BYTES_MAX as u64).read_to_end(&mut out);
    }
    out
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(&folder).expect("a folder") {
            let path = item.expect("listed").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// Where a text stands in a folder and how.
fn search(folder: &Path, text: &str) -> Vec<String> {
    let hits = files(folder).into_iter().flat_map(|path| {
        let mut bytes = std::fs::read(&path).expect("readable");
        // Files are laid out in advance: nothing is hidden in the zeroes at their end.
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        find(&bytes, text).into_iter().map(move |how| format!("{} ({how})", path.display()))
    });
    hits.collect()
}

fn entry(number: u8, subject: u8, class: u16, text: &str) -> NewEntry {
    NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId([number; 16]),
        stream: StreamId([7; 16]),
        subjects: vec![SubjectId([subject; 16])],
        retention_class: class,
        refers_to: RecordId::NONE,
        source_time_ms: 1_790_000_000_000,
        body: format!(r#"{{"text":"{text}","author":"a fictional person"}}"#).into_bytes(),
    }
}

/// An attachment with a text in it at several places, one of them across two chunks, and as UTF-16.
fn picture(text: &str) -> Vec<u8> {
    let mut bytes = vec![b'.'; CHUNK_BYTES + 500];
    for at in [100, CHUNK_BYTES - 10] {
        bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

fn capture(ledger: &Ledger, number: u8, subject: u8, class: u16, text: &str) -> u64 {
    let receipt = ledger.append(entry(number, subject, class, text)).expect("accepted").wait().expect("durable");
    let blob = ledger.put_blob(&picture(text)[..], u64::MAX).expect("stored");
    let attachment = NewEntry { kind: EntryKind::Attachment, ..entry(number + 100, subject, class, text) };
    ledger.append_with_blob(attachment, blob).expect("accepted").wait().expect("durable");
    receipt.seq
}

fn people() -> Responsible {
    let reason = "a request under the rules".to_owned();
    Responsible { requested_by: "person-a".to_owned(), approved_by: "person-b".to_owned(), reason }
}

fn master(data: &Path) -> LocalMasterKey {
    let text = std::fs::read_to_string(data.join("master.key")).expect("the key that `gatepost init` made");
    LocalMasterKey::derive(&hex::decode(text.trim()).expect("hexadecimal").try_into().expect("32 bytes"))
}

fn open(data: &Path) -> Ledger {
    let root = data.join("ledger");
    if !root.join("log.toml").exists() {
        create(&Environment::default(), &root, "localhost/log", &master(data), &[], RING_BYTES_MIN).expect("created");
    }
    let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() };
    Ledger::open(Environment::default(), &root, &master(data), options).expect("opens")
}

#[test]
fn the_search_finds_every_spelling_it_claims_to() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut packed = vec![9; 50];
    let mut with_dictionary = zstd::bulk::Compressor::with_dictionary(1, DICTIONARY).expect("a compressor");
    packed.extend(with_dictionary.compress(PERSON.as_bytes()).expect("packs"));
    assert_eq!(find(&packed, PERSON), BTreeSet::from(["zstd, UTF-8".to_owned()]));
    packed.truncate(packed.len() - 4);
    assert!(find(&packed, RECORD).is_empty());
    for (name, form) in spellings(PERSON) {
        assert_eq!(find(&[&[7; 33][..], &form, &[7; 9]].concat(), PERSON), BTreeSet::from([name.to_owned()]));
        let packed = zstd::bulk::compress(&form.repeat(9), 1).expect("packs");
        assert!(find(&packed, PERSON).contains(&format!("zstd, {name}")), "{name}");
    }
    for before in 0..5 {
        let around = [&vec![b'x'; before][..], PERSON.as_bytes(), b"yz"].concat();
        assert!(find(STANDARD.encode(around).as_bytes(), PERSON).contains("base64"), "{before} bytes before");
    }
}

#[tokio::test]
async fn no_byte_of_an_erased_secret_is_left_in_the_data_folder_or_in_a_later_backup() {
    let place = Place::with_workspace();
    let data = place.path("data");
    let desk = desk_in(&data).await;
    let ledger = Arc::new(open(&data));

    // Planted: in bodies and attachments of the ledger, in a job that waits in the database, and beside them what must stay.
    let person = capture(&ledger, 1, 1, 2, PERSON);
    let record = capture(&ledger, 2, 2, 2, RECORD);
    let segment = capture(&ledger, 3, 3, 4, SEGMENT);
    let kept = capture(&ledger, 4, 4, 2, KEPT);
    plant_rows(&desk).await;
    // The acts on them are audited by id and digest, and shipped into the ledger.
    let details = serde_json::json!({ "sha256": hex::encode(ledger::hash::sha256(PERSON.as_bytes())) });
    let details = details.as_object().expect("an object").clone();
    desk.note(&Actor::operator(), Operation::BackupMake, Object::all("message"), Outcome::Done, details).await.expect("noted");
    Outbox::new(desk.clone(), ledger.clone()).ship_all().await.expect("shipped");
    ledger.checkpoint_now().expect("signed");

    // Before: the ledger gives them out but has none of them in clear; the database has.
    let reader = ledger.reader();
    for (seq, text) in [(person, PERSON), (record, RECORD), (segment, SEGMENT), (kept, KEPT)] {
        assert!(contains(&reader.read(seq).expect("there").body().expect("known form").bytes, text.as_bytes()));
        assert_eq!(search(&data, text), Vec::<String>::new(), "in clear");
    }
    assert!(!search(&data, IN_DATABASE).is_empty(), "the search does not see the database");
    // The file that holds the generation's key. What was added since (`.log`, also in the ring) is sealed under that key.
    let is_keystore = |path: &PathBuf| path.extension().is_some_and(|name| name == "keys");
    let old_keys = files(&data.join("ledger/keys")).into_iter().filter(is_keystore);
    let old_keys: Vec<Vec<u8>> = old_keys.map(|path| std::fs::read(path).expect("read")).collect();

    // Erased, each in its way.
    let master = master(&data);
    let number = reader.entry(segment).expect("there").segment;
    let targets = [
        (person, Target::Subject(SubjectId([1; 16]))),
        (record, Target::Records(vec![RecordId([2; 16]), RecordId([102; 16])])),
        (segment, Target::Segment(number)),
    ];
    let mut tombstone = None;
    for (seq, target) in targets {
        let removed = ledger.erase(&target, &people(), &master).expect("erased");
        assert_eq!(removed.count, 2, "record and attachment of {target:?}");
        assert_eq!(ledger.verdict(seq).expect("known"), Verdict::Erased(removed.tombstone));
        tombstone.get_or_insert(removed.tombstone);
        assert!(reader.read(seq).is_err() && reader.blob(seq + 1).is_err());
    }
    remove_rows(&desk).await;
    assert!(desk.db().forget_deleted().await.expect("written"), "somebody reads an old state");
    assert!(contains(&reader.read(kept).expect("stays").body().expect("known form").bytes, KEPT.as_bytes()));
    drop(reader);
    Arc::into_inner(ledger).expect("the last handle").close().expect("closed");
    place.gatepost(&["backup", "copy", "--with-key"]).done();

    // After: not one byte, neither here nor in the backup, and nothing of the old keys that opened them.
    for folder in [&data, &place.path("copy")] {
        for text in [PERSON, RECORD, SEGMENT, IN_DATABASE] {
            assert_eq!(search(folder, text), Vec::<String>::new());
        }
        check_keys_are_gone(folder, &old_keys);
    }
    // A stranger still verifies everything, here and in what the backup restores to, and is told who removed what.
    desk.db().close().await;
    place.gatepost(&["--data", "restored", "restore", "copy"]).done();
    for data in ["data", "restored"] {
        place.gatepost(&["--data", data, "ledger", "verify", "--deep"]).done();
        let shown = place.gatepost(&["--data", data, "--json", "ledger", "show", &person.to_string()]);
        let shown = shown.json();
        assert_eq!((shown["verdict"].as_str(), shown["removed_by"].as_u64()), (Some("ERASED"), tombstone), "{shown}");
    }
}

/// Rows of every length with the secret in them, in a table of the test's own: short ones, and ones that take several pages.
async fn plant_rows(desk: &Desk) {
    let mut tx = desk.db().begin().await.expect("a transaction");
    sql("CREATE TABLE erasure_probe (id BIGINT PRIMARY KEY, text TEXT NOT NULL)").execute(&mut tx).await.expect("made");
    sql("CREATE INDEX erasure_probe_text ON erasure_probe (text)").execute(&mut tx).await.expect("made");
    for id in 0..60_i64 {
        let times = usize::try_from(1 + id % 4 * 70).expect("small");
        let row = sql("INSERT INTO erasure_probe (id, text) VALUES ($1, $2)").bind(id).bind(IN_DATABASE.repeat(times));
        row.execute(&mut tx).await.expect("planted");
    }
    tx.commit().await.expect("planted");
}

/// One by one, by overwriting, and the rest with the table.
async fn remove_rows(desk: &Desk) {
    let statements = [
        "DELETE FROM erasure_probe WHERE id < 20",
        "UPDATE erasure_probe SET text = 'removed' WHERE id < 40",
        "DROP TABLE erasure_probe",
    ];
    for statement in statements {
        let mut tx = desk.db().begin().await.expect("a transaction");
        sql(statement).execute(&mut tx).await.expect("removed");
        tx.commit().await.expect("removed");
    }
}

/// Nothing of the files that held the keys is in any file now.
fn check_keys_are_gone(folder: &Path, old_keys: &[Vec<u8>]) {
    assert!(!old_keys.is_empty());
    let windows: std::collections::HashSet<&[u8]> = old_keys
        .iter()
        .flat_map(|old| old.chunks_exact(KEY_WINDOW))
        .filter(|window| window.iter().any(|byte| *byte != 0))
        .collect();
    for path in files(folder) {
        let mut bytes = std::fs::read(&path).expect("readable");
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        let left = bytes.windows(KEY_WINDOW).position(|window| windows.contains(window));
        assert_eq!(left, None, "{} holds a part of a key file that was destroyed", path.display());
    }
}
