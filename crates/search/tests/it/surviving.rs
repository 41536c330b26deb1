//! Crashes, and readers beside a writer.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use search::{Change, Order, Position, Request, Scope, SearchError, SearchIndex};

use crate::corpus::{Desk, SHOP, message, open, query};

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "SEARCH_TEST_WRITER_FOLDER";

/// Writes without end: batches of ten, a commit after every third, each commit told on the standard output.
fn write_for_ever(folder: &Path) {
    let index = open(folder);
    let mut taken = index.position().0;
    loop {
        for _ in 0..3 {
            let batch = (taken + 1..=taken + 10).map(|number| Change::Add(message(number, "late parcel"))).collect();
            taken += 10;
            index.apply(batch, Position(taken)).expect("taken");
        }
        index.commit().expect("committed");
        writeln!(io::stdout(), "committed {}", index.position().0).expect("told");
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_was_committed_and_doubles_nothing() {
    if let Ok(folder) = env::var(FOLDER) {
        return write_for_ever(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut committed = 0;
    for round in 0..4 {
        let mut writer = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "surviving::a_killed_writer_loses_nothing_that_was_committed_and_doubles_nothing", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a writer");
        let lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
        let told =
            lines.map_while(Result::ok).filter_map(|line| line.split_once("committed ").map(|(_, number)| number.to_owned()));
        // Killed at another moment each time: somewhere after its n-th commit.
        committed = told.take(2 + round).last().expect("a commit").parse().expect("a number");
        writer.kill().expect("killed");
        writer.wait().expect("ended");

        let index = open(folder.path());
        let position = index.position().0;
        assert!(position >= committed, "round {round}: {position} after {committed} was told");
        let desk_count = index.search(&Request::new(query("late"), Scope::of([SHOP]), Order::Newest)).expect("an answer").total;
        assert_eq!(desk_count, Some(position), "round {round}: each message up to the position, once");
    }
    assert!(committed > 0);
}

#[test]
fn what_was_not_committed_is_taken_in_again_from_the_position() {
    let Desk { index, folder } = Desk::of_texts(&["one", "two"]);
    index.apply(vec![Change::Add(message(3, "three"))], Position(3)).expect("taken");
    drop(index);
    let desk = Desk { index: open(folder.path()), folder };
    assert_eq!(desk.index.position(), Position(2));
    assert_eq!(desk.find(""), [2, 1]);
    desk.add(vec![message(3, "three")]);
    assert_eq!(desk.find(""), [3, 2, 1]);
}

#[test]
fn positions_do_not_go_backwards() {
    let desk = Desk::of_texts(&["one", "two"]);
    let error = desk.index.apply(vec![Change::Add(message(3, "three"))], Position(1)).expect_err("backwards");
    assert!(matches!(error, SearchError::Backwards { at: 2, asked: 1 }), "{error}");
    assert_eq!(desk.find(""), [2, 1]);
}

#[test]
fn readers_see_whole_commits_while_the_index_is_written() {
    let desk = Desk::empty();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for batch in 0..30_u64 {
                desk.add((batch * 10 + 1..=batch * 10 + 10).map(|number| message(number, "late")).collect());
            }
            is_done.store(true, Ordering::Release);
        });
        let mut last = 0;
        while !is_done.load(Ordering::Acquire) {
            let answer =
                desk.index.search(&Request::new(query("late"), Scope::of([SHOP]), Order::Newest).limit(5)).expect("an answer");
            let total = answer.total.expect("counted");
            assert!(total.is_multiple_of(10) && total >= last, "{total} after {last}");
            last = total;
        }
    });
    assert_eq!(desk.index.size().expect("a size").messages, 300);
}

/// The engine's queue holds messages by their number; long ones would fill the memory.
#[test]
fn much_text_is_committed_without_being_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = open(folder.path());
    let text = "late parcel ".repeat(20_000);
    for number in 1..=80 {
        index.apply(vec![Change::Add(message(number, &text))], Position(number)).expect("taken");
    }
    let committed = index.position().0;
    assert!((1..80).contains(&committed), "{committed}");
    index.commit().expect("committed");
    assert_eq!(index.position(), Position(80));
}
