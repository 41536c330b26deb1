//! `check`: the doctor sees what is wrong, says what to do, and changes nothing.

use serde_json::Value;

use crate::program::{Answer, Place};

/// The findings that are not well, by name.
fn bad(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let findings = json["findings"].as_array().expect("a list").clone();
    let bad: Vec<&Value> = findings.iter().filter(|finding| finding["ok"] == false).collect();
    assert!(bad.iter().all(|finding| finding["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty())), "{json}");
    assert_eq!(json["healthy"], bad.is_empty());
    assert_eq!(answer.code, i32::from(!bad.is_empty()), "exit code 1 means findings");
    bad.iter().map(|finding| finding["what"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_fresh_workspace_is_healthy_down_to_the_database_file() {
    let place = Place::with_workspace();
    assert_eq!(bad(&place.gatepost(&["check", "--json"])), Vec::<String>::new());
    assert_eq!(bad(&place.gatepost(&["check", "--deep", "--json"])), Vec::<String>::new());
    let words = place.gatepost(&["check"]).done();
    assert!(words.lines().all(|line| line.starts_with("ok ")), "{words}");
}

#[test]
fn a_missing_folder_is_one_finding_and_stays_missing() {
    let place = Place::new();
    assert_eq!(bad(&place.gatepost(&["check", "--json"])), ["data folder"]);
    assert!(!place.path("data").exists());
}

#[test]
fn a_lost_key_is_found_and_none_is_made_in_its_place() {
    let place = Place::with_workspace();
    std::fs::remove_file(place.path("data/master.key")).expect("lost");
    assert!(bad(&place.gatepost(&["check", "--json"])).contains(&"master key".to_owned()));
    assert!(!place.path("data/master.key").exists());
    let error = place.gatepost(&["serve", "--listen", "127.0.0.1:0"]).failed();
    assert!(error.contains("is missing although the database exists; restore it from your backup"), "{error}");
}

#[test]
fn a_folder_and_a_key_that_others_can_read_are_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_workspace();
    let open = |name: &str, mode| std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode));
    open("data", 0o755).expect("opened");
    assert_eq!(bad(&place.gatepost(&["check", "--json"])), ["data folder"]);
    open("data", 0o700).expect("closed");
    open("data/master.key", 0o644).expect("opened");
    assert!(bad(&place.gatepost(&["check", "--json"])).contains(&"master key".to_owned()));
}

#[test]
fn a_database_that_is_none_is_found() {
    let place = Place::with_workspace();
    std::fs::write(place.path("data/gatepost.db"), vec![7; 65_536]).expect("overwritten");
    for name in ["gatepost.db-wal", "gatepost.db-shm"] {
        // Left by the last connection on some systems only.
        let _ = std::fs::remove_file(place.path("data").join(name));
    }
    assert!(bad(&place.gatepost(&["check", "--json"])).contains(&"database".to_owned()));
}

#[test]
fn a_public_address_without_encryption_is_found() {
    let place = Place::with_workspace();
    std::fs::write(place.path("data/gatepost.toml"), "server.public_url = \"http://desk.example.test\"\n").expect("written");
    assert_eq!(bad(&place.gatepost(&["check", "--json"])), ["transport"]);
}
