//! One door out: posting to a network happens in one place of the product, so that nothing goes out which approvals did not clear.
//!
//! Recognised by the call of a connector's writing methods on something that is called a network.

use crate::lex;
use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// The place.
const DOOR: &str = "crates/desk/src/publishing/sending/door.rs";
/// The other one: a canary says two fixed sentences where nobody outside reads, and takes them back.
const CANARY: &str = "crates/desk/src/capture/canary/door.rs";
/// What else may write to a network: files before the post, changes and deletions afterwards.
const BESIDE: &[(&str, &str)] = &[
    (".upload(", "crates/desk/src/publishing/sending/prepare.rs"),
    (".edit(", "crates/desk/src/publishing/sending/correct.rs"),
    (".delete(", "crates/desk/src/publishing/sending/correct.rs"),
];

fn is_product(path: &str) -> bool {
    let product = ["crates/desk/src/", "crates/web/src/", "crates/gatepost/src/"];
    product.iter().any(|folder| path.starts_with(folder)) && !path.ends_with("/tests.rs")
}

/// Whether a line calls a method on a network: `network.send(`, `line.network.send(`, `Network::send(`.
fn calls(line: &str, method: &str) -> bool {
    let path = format!("Network::{}", &method[1..]);
    line.contains(&format!("network{method}")) || line.contains(&path)
}

fn other_doors(file: &TextFile) -> Vec<Finding> {
    if !is_product(&file.path) || file.path == CANARY {
        return Vec::new();
    }
    let code = lex::parts(&file.text).code;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        if calls(line, ".send(") && file.path != DOOR {
            found.push(Finding::new(&file.path, number, format!("posting to a network belongs in {DOOR}, behind a clearance")));
        }
        for (method, place) in BESIDE {
            if calls(line, method) && file.path != *place {
                found.push(Finding::new(&file.path, number, format!("this writes to a network; it belongs in {place}")));
            }
        }
    }
    found
}

#[test]
fn networks_are_posted_to_through_one_door() {
    let rust = tree::rust();
    assert_none(&rust.iter().flat_map(other_doors).collect::<Vec<_>>());
    let door = rust.iter().find(|file| file.path == DOOR).expect("the door is there");
    let count = lex::parts(&door.text).code.matches("network.send(").count();
    assert_eq!(count, 1, "the door posts in one place");
}

#[test]
fn another_door_is_noticed() {
    let count = |path: &str, text: &str| other_doors(&TextFile::sample(path, text)).len();
    let source =
        "fn f() { line.network.send(session, &post).await; Network::send(network, session); network.delete(session, id) }";
    assert_eq!(count("crates/desk/src/inbox/mod.rs", &source.replace("; ", ";\n")), 3);
    assert_eq!(count(DOOR, "network.send(session, &post)"), 0);
    assert_eq!(count("crates/networks/src/mastodon/mod.rs", source), 0, "connectors are what is called");
    assert_eq!(count("crates/web/src/live.rs", "updates.send(topic)"), 0);
}
