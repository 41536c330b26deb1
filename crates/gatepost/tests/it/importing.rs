//! `gatepost import`: what is counted is exact, whatever interrupts it.

use std::{process::Stdio, time::Duration};

use crate::program::Place;

fn lines(count: usize, bad: &[&str]) -> String {
    let line = |number: usize| {
        let time = 1_700_000_000_000 + number;
        format!(
            "{{\"id\":\"m{number}\",\"channel\":\"news\",\"author\":\"ada\",\"time\":{time},\"text\":\"message {number}\"}}\n"
        )
    };
    (0..count).map(line).chain(bad.iter().map(|bad| format!("{bad}\n"))).collect()
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    let place = Place::new();
    std::fs::write(place.path("old.jsonl"), lines(3, &["{}"])).expect("written");
    let answer = place.gatepost(&["--json", "import", "jsonl", "old.jsonl", "--dry-run"]);
    let said = answer.json();
    assert_eq!((answer.code, &said["items"], &said["posts"], &said["refused"]), (1, &4.into(), &3.into(), &1.into()));
    assert_eq!(said["refusals"][0][0], "line 4");
    assert!(!place.path("data").exists(), "no data folder was made");
    let clean = place.path("clean.jsonl");
    std::fs::write(&clean, lines(3, &[])).expect("written");
    let said = place.gatepost(&["import", "jsonl", "clean.jsonl", "--dry-run"]).done();
    assert!(said.contains("clean: 3 items in 1 places") && said.ends_with("Nothing was changed.\n"), "{said}");
    let error = place.gatepost(&["import", "slack", "clean.jsonl", "--dry-run"]).failed();
    assert!(error.contains("ZIP"), "{error}");
}

#[test]
fn an_import_accounts_for_every_item_and_a_repetition_records_nothing() {
    let place = Place::with_workspace();
    std::fs::write(place.path("old.jsonl"), lines(40, &["{\"id\":1}", "nonsense"])).expect("written");
    let import = |arguments: &[&str]| {
        let answer = place.gatepost(&[&["--json", "import", "jsonl", "old.jsonl"][..], arguments].concat());
        assert_eq!(answer.code, 1, "{answer:?}");
        let said = answer.json();
        assert_eq!(said["refused"].as_array().map(Vec::len), Some(2));
        ["position", "recorded", "duplicates", "refused"].map(|name| said["import"][name].as_i64().expect(name))
    };
    assert_eq!(import(&[]), [42, 40, 0, 2]);
    assert_eq!(import(&[]), [42, 0, 40, 2]);
    assert_eq!(import(&["--profile", "old"]), [42, 0, 40, 2]);
    let error = place.gatepost(&["import", "jsonl", "old.jsonl", "--profile", "nobody"]).failed();
    assert!(error.contains("there is none of this name"), "{error}");
    assert!(place.gatepost(&["ledger", "verify"]).code == 0, "the record is in order");
}

#[test]
fn an_import_says_into_which_profile_and_how_many_more_were_refused() {
    let place = Place::with_workspace();
    std::fs::write(place.path("old.jsonl"), lines(2, &["{}"; 30])).expect("written");
    let answer = place.gatepost(&["import", "jsonl", "old.jsonl"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(
        answer.out.contains("32 items: 2 recorded") && answer.out.contains("into the profile old (JSON lines) ("),
        "{answer:?}"
    );
    assert!(answer.out.contains("refused line 22: ") && answer.out.contains("refused 10 more; --json lists them"), "{answer:?}");
    let said = place.gatepost(&["--json", "import", "jsonl", "old.jsonl"]).json();
    assert_eq!(said["refused"].as_array().map(Vec::len), Some(30));
    assert_eq!(
        (said["profile"].as_str(), said["import"]["file_digest"].as_str().map(str::len)),
        (Some("old (JSON lines)"), Some(64))
    );
}

#[test]
fn a_file_goes_into_no_profile_of_another_network() {
    let place = Place::with_workspace();
    std::fs::write(place.path("old.jsonl"), lines(2, &[])).expect("written");
    place.gatepost(&["import", "jsonl", "old.jsonl"]).done();
    std::fs::write(
        place.path("one.eml"),
        "Message-ID: <a@example.test>\nFrom: ada@example.test\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n\nhi\n",
    )
    .expect("written");
    let error = place.gatepost(&["import", "mail", "one.eml", "--profile", "old"]).failed();
    assert!(error.contains("old (JSON lines) is of the network imported, and this file of mail"), "{error}");
    place.gatepost(&["import", "mail", "one.eml"]).done();
    // Our own form does not say where its messages are from.
    place.gatepost(&["import", "jsonl", "old.jsonl", "--profile", "one"]).done();
}

#[test]
fn an_import_that_is_killed_again_and_again_goes_on_and_counts_exactly() {
    let place = Place::with_workspace();
    // The record is made before: what is killed here is importing.
    std::fs::write(place.path("first.jsonl"), "").expect("written");
    place.gatepost(&["import", "jsonl", "first.jsonl"]).done();
    std::fs::write(place.path("old.jsonl"), lines(6_000, &["{}"])).expect("written");
    // However far each gets: what is asserted is the end.
    for wait_ms in [400, 700, 1_000, 1_300] {
        let mut child = place
            .command(&["import", "jsonl", "old.jsonl"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().expect("killed, or ended before");
        child.wait().expect("ended");
    }
    let answer = place.gatepost(&["--json", "import", "jsonl", "old.jsonl"]);
    let run = &answer.json()["import"];
    let [position, recorded, duplicates, refused] =
        ["position", "recorded", "duplicates", "refused"].map(|name| run[name].as_i64().expect(name));
    assert_eq!((position, recorded + duplicates, refused), (6_001, 6_000, 1), "{run}");
    // All were recorded by this import, unless one of the killed ones had reached its end.
    assert!(recorded == 6_000 || duplicates == 6_000, "{run}");
    let status = place.gatepost(&["ledger", "verify"]);
    assert_eq!(status.code, 0, "{status:?}");
}

#[test]
fn a_folder_that_a_server_holds_is_told_and_left_alone() {
    let place = Place::with_workspace();
    std::fs::write(place.path("old.jsonl"), lines(1, &[])).expect("written");
    let lock =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(place.path("data/server.lock")).expect("opens");
    lock.try_lock().expect("free");
    let error = place.gatepost(&["import", "jsonl", "old.jsonl"]).failed();
    assert!(error.contains("import through its page, or stop it"), "{error}");
}
