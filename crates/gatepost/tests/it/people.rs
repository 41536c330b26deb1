//! `init` and `user`: the first owner, and people from the command line.

use crate::program::Place;

#[test]
fn init_makes_a_private_folder_and_prints_one_link_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let said = place.gatepost(&["init", "--owner", "owner@example.test"]).done();
    assert_eq!(said.matches("/door/").count(), 1, "{said}");
    assert!(said.contains("gatepost serve --data data"), "{said}");
    let mode = |name: &str| std::fs::metadata(place.path(name)).expect(name).permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/master.key")), (0o700, 0o600));
    let again = place.gatepost(&["init", "--owner", "second@example.test"]).failed();
    assert!(again.contains("already has a workspace") && again.contains("gatepost user create"), "{again}");
}

#[test]
fn an_address_that_is_none_is_refused_and_init_can_be_repeated() {
    let place = Place::new();
    let error = place.gatepost(&["init", "--owner", "nope"]).failed();
    assert_eq!(error, "gatepost: email: not an e-mail address, for example ann@example.test\n");
    place.gatepost(&["init", "--owner", "owner@example.test"]).done();
}

#[test]
fn a_command_without_a_data_folder_says_how_to_make_one() {
    let place = Place::new();
    for command in [&["user", "reset", "a@example.test"][..], &["backup", "copy"], &["serve"]] {
        let error = place.gatepost(command).failed();
        assert!(error.contains("there is no data folder at data") && error.contains("gatepost init"), "{error}");
    }
    assert!(!place.path("data").exists() && !place.path("copy").exists(), "nothing was made on the way");
}

#[test]
fn people_are_created_reset_suspended_and_restored() {
    let place = Place::with_workspace();
    let made = place.gatepost(&["--json", "user", "create", "ann@example.test", "--name", "Ann", "--role", "author"]).json();
    let person = made["person"].as_str().expect("an id");
    assert!(made["link"].as_str().expect("a link").starts_with("http://localhost:8080/door/"), "{made}");
    // Somebody who never came in gets a new invitation, another link than the first.
    let reset = place.gatepost(&["--json", "user", "reset", "ANN@example.test"]).json();
    assert_eq!((reset["person"].as_str(), reset["kind"].as_str()), (Some(person), Some("invitation")));
    assert_ne!(reset["link"], made["link"]);
    let suspended = place.gatepost(&["--json", "user", "suspend", "ann@example.test"]).json();
    assert_eq!(suspended["person"].as_str(), Some(person));
    assert_eq!(suspended["belongings"]["tokens"], 0);
    let error = place.gatepost(&["user", "suspend", "ann@example.test"]).failed();
    assert!(error.contains("Ann is already suspended"), "{error}");
    let error = place.gatepost(&["user", "reset", "ann@example.test"]).failed();
    assert!(error.contains("restore the account first"), "{error}");
    assert_eq!(place.gatepost(&["user", "restore", "ann@example.test"]).done(), "ann@example.test can sign in again.\n");
}

#[test]
fn what_is_wrong_with_a_person_is_said() {
    let place = Place::with_workspace();
    let create = |email: &str, role: &str| place.gatepost(&["user", "create", email, "--name", "Ann", "--role", role]).failed();
    let unknown_role = create("ann@example.test", "viewer");
    assert!(unknown_role.contains("there is no role `viewer`; there are `Auditor`, `Author`"), "{unknown_role}");
    let taken = create("Owner@Example.test", "author");
    assert_eq!(taken, "gatepost: email: there is already an account with this address\n");
    let nobody = place.gatepost(&["user", "restore", "nobody@example.test"]).failed();
    assert!(nobody.contains("there is nobody with the address nobody@example.test"), "{nobody}");
}

#[test]
fn lost_factors_are_cleared_from_the_command_line_and_that_is_said() {
    let place = Place::with_workspace();
    place.gatepost(&["user", "create", "ann@example.test", "--name", "Ann"]).done();
    let said = place.gatepost(&["user", "clear-factors", "ann@example.test"]).done();
    assert_eq!(said, "ann@example.test has no second factor any more; be sure that it was they who asked.\n");
    assert!(place.gatepost(&["user", "clear-factors", "bob@example.test"]).failed().contains("there is nobody"));
}
