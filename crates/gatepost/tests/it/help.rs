//! The help texts, as a golden file: what a user can type is reviewed like code.

use crate::program::Place;

/// Every command, in the order of `gatepost help`.
const COMMANDS: &[&[&str]] = &[
    &[],
    &["serve"],
    &["init"],
    &["check"],
    &["user"],
    &["user", "create"],
    &["user", "reset"],
    &["user", "suspend"],
    &["user", "clear-factors"],
    &["user", "restore"],
    &["backup"],
    &["restore"],
    &["import"],
    &["inspect"],
    &["ledger"],
    &["search"],
    &["publishing"],
    &["publishing", "pause"],
    &["publishing", "resume"],
    &["publishing", "status"],
    &["config"],
    &["config", "reference"],
    &["config", "test"],
];

#[test]
fn every_command_explains_itself_as_the_golden_file_says() {
    let place = Place::new();
    let mut all = String::new();
    for command in COMMANDS {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        all.push_str(&format!("$ gatepost {}\n{}\n", arguments.join(" "), place.gatepost(&arguments).done()));
    }
    insta::with_settings!({ snapshot_path => "golden", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("help", all);
    });
}

#[test]
fn no_command_is_missing_from_the_golden_file() {
    let listed = Place::new().gatepost(&["--help"]).done();
    let commands = listed.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(COMMANDS.iter().any(|known| known.first() == Some(&command)), "`{command}` is not in COMMANDS");
    }
}

#[test]
fn a_word_that_is_no_command_is_refused_with_exit_code_2() {
    let answer = Place::new().gatepost(&["frobnicate"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("unrecognized subcommand 'frobnicate'"), "{}", answer.err);
}
