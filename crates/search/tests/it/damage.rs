//! Broken files: noticed, named, never a crash, never an answer out of scope.

use std::{fs, path::PathBuf};

use search::{Embedded, Order, Request, Scope, SearchError, SearchIndex};

use crate::corpus::{Desk, HELP, SHOP, message, options, query};

fn desk() -> Desk {
    Desk::of(
        (1..=200)
            .map(|number| {
                let mut made = message(number, &format!("late parcel number{number}"));
                made.profile = if number % 2 == 0 { HELP } else { SHOP };
                made
            })
            .collect(),
    )
}

/// The files of the generation in use.
fn files(desk: &Desk) -> Vec<PathBuf> {
    let generation = desk.folder.path().join("generation-1");
    let mut files: Vec<_> = fs::read_dir(generation).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    files.sort();
    files
}

/// Whatever is broken, asking ends in an answer within the scope or in an error that asks for a rebuild.
fn ask_everything(folder: &std::path::Path, what: &str) {
    let index = match Embedded::open_read_only(folder) {
        Ok(index) => index,
        Err(error) => return assert!(error.asks_for_a_rebuild(), "{what}: {error}"),
    };
    for text in ["late", "\"late parcel\"", "", "late -number7", "from:alice on:2026-03-31"] {
        for order in [Order::Newest, Order::Relevance] {
            let request = Request::new(query(text), Scope::of([SHOP]), order).counting(search::Counting::Everything);
            match index.search(&request) {
                Ok(answer) => assert!(answer.counts.is_none_or(|counts| !counts.profiles.contains_key(&HELP)), "{what}"),
                Err(error) => assert!(error.asks_for_a_rebuild(), "{what}: {error}"),
            }
        }
    }
}

#[test]
fn a_file_that_is_missing_or_short_is_damage() {
    for place in 0..files(&desk()).len() {
        for keep in [None, Some(0), Some(10)] {
            let Desk { index, folder } = desk();
            drop(index);
            let desk = Desk { index: Desk::empty().index, folder };
            let path = files(&desk)[place].clone();
            match keep {
                None => fs::remove_file(&path).expect("removed"),
                Some(length) => {
                    fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(length)).expect("cut");
                }
            }
            ask_everything(desk.folder.path(), &format!("{} kept {keep:?}", path.display()));
        }
    }
}

#[test]
fn a_changed_byte_is_found_by_verifying() {
    let desk = desk();
    desk.index.verify().expect("sound");
    for path in files(&desk).iter().filter(|path| path.extension().is_some_and(|extension| extension != "json")) {
        let sound = fs::read(path).expect("a file");
        let mut broken = sound.clone();
        let middle = broken.len() / 3;
        broken[middle] ^= 0xff;
        // A new file, because the index has the old one mapped.
        fs::remove_file(path).expect("removed");
        fs::write(path, &broken).expect("written");
        let error = Embedded::open_read_only(desk.folder.path()).and_then(|index| index.verify()).expect_err("broken");
        assert!(matches!(error, SearchError::Damaged { .. }), "{}: {error}", path.display());
        ask_everything(desk.folder.path(), &path.display().to_string());
        fs::remove_file(path).expect("removed");
        fs::write(path, &sound).expect("written");
    }
    Embedded::open_read_only(desk.folder.path()).and_then(|index| index.verify()).expect("sound again");
}

#[test]
fn a_damaged_index_can_be_replaced_by_an_empty_one() {
    let Desk { index, folder } = desk();
    drop(index);
    fs::write(folder.path().join("index.json"), "not json").expect("written");
    let error = Embedded::open(folder.path(), options()).expect_err("damaged");
    assert!(matches!(error, SearchError::Damaged { .. }), "{error}");
    let desk = Desk { index: Embedded::create(folder.path(), options()).expect("a new one"), folder };
    desk.add(vec![message(1, "late")]);
    assert_eq!(desk.find("late"), [1]);
}
