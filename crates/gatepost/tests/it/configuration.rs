//! Configuration: what is wrong is refused, with the place it came from and what would be right.

use crate::program::{Place, answer};

#[test]
fn an_unknown_key_stops_with_the_nearest_known_name() {
    let place = Place::with_workspace();
    std::fs::write(place.path("data/gatepost.toml"), "[server]\nlistn = \"127.0.0.1:1\"\n").expect("a configuration");
    for command in [&["config", "test"][..], &["user", "reset", "owner@example.test"], &["backup", "copy"]] {
        let error = place.gatepost(command).failed();
        assert!(error.contains("unknown configuration key `server.listn`"), "{error}");
        assert!(error.contains("did you mean `server.listen`?"), "{error}");
    }
}

#[test]
fn a_wrong_value_says_where_it_stands_and_what_would_be_right() {
    let place = Place::with_workspace();
    let from_environment = answer(place.command(&["config", "test"]).env("GATEPOST_DATABASE_CONNECTIONS_MAX", "many")).failed();
    assert!(from_environment.contains("GATEPOST_DATABASE_CONNECTIONS_MAX"), "{from_environment}");
    assert!(from_environment.contains("1 to 200") || from_environment.contains("between 1 and 200"), "{from_environment}");
    let from_flag = place.gatepost(&["serve", "--listen", "nope"]).failed();
    assert!(from_flag.contains("--listen") && from_flag.contains("for example 127.0.0.1:8080"), "{from_flag}");
}

#[test]
fn a_named_configuration_file_has_to_exist() {
    let place = Place::with_workspace();
    let error = place.gatepost(&["config", "test", "--config", "elsewhere.toml"]).failed();
    assert!(error.contains("elsewhere.toml"), "{error}");
}

#[test]
fn a_valid_configuration_is_said_to_be_valid_in_words_and_in_json() {
    let place = Place::with_workspace();
    std::fs::write(place.path("data/gatepost.toml"), "server.public_url = \"https://desk.example.test\"\n").expect("written");
    let words = place.gatepost(&["config", "test"]).done();
    assert_eq!(words, "The configuration is valid. People reach it at https://desk.example.test.\n");
    let json = place.gatepost(&["--json", "config", "test"]).json();
    assert_eq!(json, serde_json::json!({ "valid": true, "public_url": "https://desk.example.test" }));
}

#[test]
fn the_environment_wins_over_the_file() {
    let place = Place::with_workspace();
    std::fs::write(place.path("data/gatepost.toml"), "server.public_url = \"https://file.example.test\"\n").expect("written");
    let mut command = place.command(&["--json", "config", "test"]);
    let json = answer(command.env("GATEPOST_SERVER_PUBLIC_URL", "https://environment.example.test")).json();
    assert_eq!(json["public_url"], "https://environment.example.test");
}

#[test]
fn the_committed_reference_is_what_the_command_prints() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations/configuration.md"));
    assert_eq!(Place::new().gatepost(&["config", "reference"]).done(), committed.expect("the page is committed"));
}

#[test]
fn the_demo_is_refused_beyond_loopback() {
    let place = Place::new();
    let error = place.gatepost(&["serve", "--demo", "--listen", "0.0.0.0:0"]).failed();
    assert!(error.contains("served on loopback only"), "{error}");
    assert!(!place.path("data").exists(), "refused before anything was made");
}
