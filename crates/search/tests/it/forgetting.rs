//! A forgotten message leaves no byte in the index's files.

use std::{collections::BTreeSet, fs, path::Path};

use search::{Change, Embedded, Message, Position, SearchIndex};

use crate::corpus::{Desk, id, message, open};

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        fs::read(&path).expect("a file").windows(bytes.len()).any(|window| window == bytes)
    })
}

fn engine(folder: &Path) -> tantivy::Index {
    let generation =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir());
    tantivy::Index::open_in_dir(generation.expect("a generation")).expect("the engine's index")
}

/// Every term in the dictionaries of the files that are in use: their form on disk does not show them as they are.
fn terms(folder: &Path) -> BTreeSet<Vec<u8>> {
    let index = engine(folder);
    let mut terms = BTreeSet::new();
    for reader in index.reader().expect("a reader").searcher().segment_readers() {
        for (field, _) in index.schema().fields().filter(|(_, entry)| entry.is_indexed()) {
            let list = reader.inverted_index(field).expect("a list");
            let mut stream = list.terms().stream().expect("terms");
            while stream.advance() {
                terms.insert(stream.key().to_vec());
            }
        }
    }
    terms
}

fn unused_files(folder: &Path) -> Vec<String> {
    let index = engine(folder);
    let used = index.load_metas().expect("what is used").list_segment_files();
    let generation =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir());
    let names = fs::read_dir(generation.expect("a generation")).expect("files").map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.') && name != "meta.json" && !used.contains(Path::new(name))).collect()
}

fn secret(number: u64) -> Message {
    let mut made = message(number, "the zebracode is qqxyzzy");
    made.id = search::RecordId(*b"\xffsecret-record\xfe\xfd");
    made.person = vec!["wwhidden".to_owned()];
    made.findings = vec!["kkfinding".to_owned()];
    "nnnetwork".clone_into(&mut made.network);
    made
}

#[test]
fn no_byte_of_a_forgotten_message_is_left() {
    let desk = Desk::of((1..=50).map(|number| message(number, "late parcel")).collect());
    desk.add(vec![message(51, "zebra"), secret(52), message(53, "zulu")]);
    desk.add(vec![message(54, "more")]);
    let traces: [&[u8]; 5] = [b"zebracode", b"qqxyzzy", b"wwhidden", b"kkfinding", b"\xffsecret-record\xfe\xfd"];
    let before = terms(desk.folder.path());
    for trace in traces {
        assert!(before.contains(trace), "the test sees what it looks for: {}", String::from_utf8_lossy(trace));
    }
    assert!(holds(desk.folder.path(), b"kkfinding"), "and in the bytes of the files");

    desk.index.forget(&[secret(52).id, id(999)]).expect("forgotten");

    let after = terms(desk.folder.path());
    for trace in traces.into_iter().chain([&b"nnnetwork"[..]]) {
        assert!(!after.contains(trace), "{}", String::from_utf8_lossy(trace));
        assert!(!holds(desk.folder.path(), trace), "{}", String::from_utf8_lossy(trace));
    }
    assert_eq!(unused_files(desk.folder.path()), [] as [String; 0], "no file is left that no search reads");
    assert_eq!(desk.find("zebracode"), [] as [u64; 0]);
    assert_eq!(desk.find("zebra OR zulu"), [53, 51]);
    assert_eq!(desk.find("late").len(), 50);
    assert_eq!(desk.index.size().expect("a size").messages, 53);
}

#[test]
fn the_index_goes_on_after_forgetting() {
    let desk = Desk::of((1..=5).map(|number| message(number, "late")).collect());
    desk.index.forget(&[id(1), id(2), id(3), id(4), id(5)]).expect("forgotten");
    assert_eq!(desk.find(""), [] as [u64; 0]);
    desk.add(vec![message(6, "late")]);
    assert_eq!(desk.find("late"), [6]);
    assert_eq!(desk.index.position(), Position(6), "forgetting is no change of the caller's");
}

#[test]
fn a_message_of_another_generation_is_gone_when_the_index_is_opened_for_writing() {
    let desk = Desk::of(vec![message(1, "late")]);
    let mut rebuild = search::Rebuild::begin(desk.folder.path(), crate::corpus::options()).expect("begun");
    rebuild.apply(vec![Change::Add(secret(1))], Position(1)).expect("taken");
    rebuild.pause().expect("kept");
    drop(rebuild);
    assert!(holds(desk.folder.path(), b"kkfinding"));
    let Desk { index, folder } = desk;
    drop::<Embedded>(index);
    drop(open(folder.path()));
    assert!(!holds(folder.path(), b"kkfinding"));
}
