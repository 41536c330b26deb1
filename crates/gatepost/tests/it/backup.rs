//! Backup and restore: whole while the server's database is written to, refused when one byte differs, proven when done.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::program::{Place, flip_bit};

/// Restores `copy` into `to` with the key of the data folder, and answers with what was said as JSON.
fn restore(place: &Place, copy: &str, to: &str) -> serde_json::Value {
    let answer = place.gatepost(&["--json", "--data", to, "restore", copy, "--key-file", "data/master.key"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    answer.json()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_without_its_key_is_restored_with_the_key_from_elsewhere() {
    let place = Place::with_workspace();
    place.gatepost(&["user", "create", "ann@example.test", "--name", "Ann"]).done();
    let said = place.gatepost(&["backup", "copy"]).done();
    assert!(said.contains("The master key is not in it"), "{said}");
    assert!(!files(&place.path("copy")).contains(&"master.key".to_owned()));
    let proven = restore(&place, "copy", "restored");
    // Both links: the owner's and Ann's.
    assert_eq!((proven["restored"].as_bool(), proven["links_revoked"].as_i64()), (Some(true), Some(2)), "{proven}");
    place.gatepost(&["--data", "restored", "check", "--deep"]).done();
    let known = place.gatepost(&["--data", "restored", "user", "create", "ann@example.test", "--name", "Ann"]).failed();
    assert!(known.contains("there is already an account"), "{known}");
}

#[test]
fn a_backup_with_its_key_stands_alone() {
    let place = Place::with_workspace();
    let said = place.gatepost(&["backup", "copy", "--with-key"]).done();
    assert!(said.contains("keep it as safe as the desk itself"), "{said}");
    std::fs::remove_dir_all(place.path("data")).expect("everything is lost");
    let said = place.gatepost(&["restore", "copy"]).done();
    assert!(said.contains("Proven: every file has its recorded digest"), "{said}");
    place.gatepost(&["check", "--deep"]).done();
}

#[test]
fn a_backup_with_one_changed_byte_is_refused_and_nothing_is_put_in_place() {
    let place = Place::with_workspace();
    place.gatepost(&["backup", "copy"]).done();
    let database = place.path("copy/gatepost.db");
    let length = usize::try_from(std::fs::metadata(&database).expect("the copy").len()).expect("small");
    for at in [0, length / 3, length / 2, length - 1] {
        flip_bit(&database, at);
        let error = place.gatepost(&["--data", "restored", "restore", "copy", "--key-file", "data/master.key"]).failed();
        assert!(error.contains("gatepost.db is not the file that was backed up (its digest differs)"), "byte {at}: {error}");
        assert!(!place.path("restored").exists(), "byte {at}");
        flip_bit(&database, at);
    }
    restore(&place, "copy", "restored");
}

#[test]
fn a_missing_file_a_strange_key_and_a_strange_folder_are_refused_with_what_to_do() {
    let place = Place::with_workspace();
    place.gatepost(&["backup", "copy"]).done();
    let refused = |arguments: &[&str]| place.gatepost(&[&["--data", "restored", "restore"], arguments].concat()).failed();
    let without_key = refused(&["copy"]);
    assert!(without_key.contains("give it with --key-file FILE or in GATEPOST_MASTER_KEY"), "{without_key}");
    let other = Place::with_workspace();
    let strange_key = refused(&["copy", "--key-file", &other.path("data/master.key").display().to_string()]);
    assert!(strange_key.contains("this master key does not belong to this backup"), "{strange_key}");
    assert!(refused(&["data"]).contains("is this a backup folder?"));
    std::fs::remove_file(place.path("copy/gatepost.db")).expect("lost");
    let incomplete = refused(&["copy", "--key-file", "data/master.key"]);
    assert!(incomplete.contains("the backup lacks gatepost.db; take another one"), "{incomplete}");
    assert!(!place.path("restored").exists(), "a refused restore leaves no data folder");
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::with_workspace();
    place.gatepost(&["backup", "copy"]).done();
    assert!(place.gatepost(&["backup", "copy"]).failed().contains("copy exists already"));
    let error = place.gatepost(&["restore", "copy", "--key-file", "data/master.key"]).failed();
    assert!(error.contains("data is not empty; restore into a new folder"), "{error}");
}

#[test]
fn a_backup_while_others_write_is_whole() {
    let place = Place::with_workspace();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !stop.load(Ordering::SeqCst) {
                let email = format!("person{made}@example.test");
                place.gatepost(&["user", "create", &email, "--name", "Somebody"]).done();
                made += 1;
            }
            made
        });
        for round in 0..4 {
            place.gatepost(&["backup", &format!("copy{round}")]).done();
        }
        stop.store(true, Ordering::SeqCst);
        assert!(writer.join().expect("the writer ends") > 0, "somebody wrote meanwhile");
    });
    for round in 0..4 {
        let to = format!("restored{round}");
        restore(&place, &format!("copy{round}"), &to);
        place.gatepost(&["--data", &to, "check", "--deep"]).done();
    }
}
