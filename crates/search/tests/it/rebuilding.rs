//! Building an index again: beside the one in use, with interruptions, from another format.

use std::fs;

use search::{Change, Embedded, Position, Rebuild, SearchError, SearchIndex};

use crate::corpus::{Desk, message, open, options};

fn changes(numbers: std::ops::RangeInclusive<u64>) -> Vec<Change> {
    numbers.map(|number| Change::Add(message(number, "rebuilt"))).collect()
}

#[test]
fn the_old_index_answers_until_the_new_one_is_complete() {
    let Desk { index, folder } = Desk::of_texts(&["old"]);
    drop(index);
    let mut rebuild = Rebuild::begin(folder.path(), options()).expect("begun");
    assert_eq!(rebuild.position(), Position(0));
    rebuild.apply(changes(1..=3), Position(3)).expect("taken");
    rebuild.pause().expect("kept");
    let old = Desk { index: Embedded::open_read_only(folder.path()).expect("the old one"), folder };
    assert_eq!(old.find("old"), [1]);
    let new = Desk { index: rebuild.finish().expect("finished"), folder: old.folder };
    assert_eq!(new.find(""), [3, 2, 1]);
    let folders =
        fs::read_dir(new.folder.path()).expect("a folder").filter(|entry| entry.as_ref().expect("an entry").path().is_dir());
    assert_eq!(folders.count(), 1, "the old files are gone");
    new.add(vec![message(4, "rebuilt")]);
    assert_eq!(new.find("rebuilt").len(), 4);
}

#[test]
fn an_interrupted_rebuild_is_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rebuild = Rebuild::begin(folder.path(), options()).expect("begun");
    rebuild.apply(changes(1..=3), Position(3)).expect("taken");
    rebuild.pause().expect("kept");
    rebuild.apply(changes(4..=6), Position(6)).expect("taken");
    drop(rebuild);
    let mut rebuild = Rebuild::begin(folder.path(), options()).expect("begun again");
    assert_eq!(rebuild.position(), Position(3), "from the last commit");
    rebuild.apply(changes(4..=6), Position(6)).expect("taken");
    let desk = Desk { index: rebuild.finish().expect("finished"), folder };
    assert_eq!(desk.find(""), [6, 5, 4, 3, 2, 1]);
    let Desk { index, folder } = desk;
    drop(index);
    assert_eq!(
        Rebuild::begin(folder.path(), options()).expect("begun").position(),
        Position(0),
        "a finished one is not continued"
    );
}

#[test]
fn an_index_of_another_format_is_named_and_built_again() {
    let Desk { index, folder } = Desk::of_texts(&["old"]);
    drop(index);
    fs::write(folder.path().join("index.json"), r#"{"format":999,"generation":1}"#).expect("written");
    let error = Embedded::open(folder.path(), options()).expect_err("another format");
    assert!(matches!(error, SearchError::OtherFormat { found: 999 }) && error.asks_for_a_rebuild(), "{error}");
    assert!(error.to_string().contains("--rebuild"));
    let mut rebuild = Rebuild::begin(folder.path(), options()).expect("begun");
    rebuild.apply(changes(1..=1), Position(1)).expect("taken");
    drop(rebuild.finish().expect("finished"));
    assert_eq!(open(folder.path()).position(), Position(1));
}

#[test]
fn there_is_one_writer() {
    let desk = Desk::of_texts(&["late"]);
    assert!(matches!(Embedded::open(desk.folder.path(), options()), Err(SearchError::Busy)));
    let reader = Embedded::open_read_only(desk.folder.path()).expect("readers may");
    assert!(matches!(reader.apply(Vec::new(), Position(9)), Err(SearchError::ReadOnly)));
}

#[test]
fn without_an_index_there_is_a_clear_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Embedded::open_read_only(&folder.path().join("search")).expect_err("nothing there");
    assert!(matches!(error, SearchError::Missing(_)) && error.asks_for_a_rebuild());
}
