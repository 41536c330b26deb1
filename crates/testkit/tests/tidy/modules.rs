//! Every Rust file says first what it is; none is called a drawer for anything; a long one is worth a second look.

use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// A file longer than this usually holds two concepts. A warning: a table of two hundred rows is one concept.
const LINES_WARNED_OF: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "misc", "common", "shared"];

/// A subject's `tests.rs` is said by its name and its folder.
fn undocumented(file: &TextFile) -> Option<Finding> {
    if file.name() == "tests.rs" {
        return None;
    }
    let is_attribute = |line: &&str| line.starts_with("#![");
    let first = file.text.lines().filter(|line| !is_attribute(line)).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let says_something = first.strip_prefix("//!").is_some_and(|doc| !doc.trim().is_empty());
    (!says_something)
        .then(|| Finding::new(&file.path, 1, "open with a `//!` paragraph: what this is, its invariant, what it does not do"))
}

fn badly_named(file: &TextFile) -> Option<Finding> {
    let modules = file.path.trim_end_matches(".rs").split('/');
    let empty = modules.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
    Some(Finding::new(&file.path, 1, format!("`{empty}` says nothing: name the concept inside")))
}

fn long(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LINES_WARNED_OF).then(|| Finding::new(&file.path, 1, format!("{lines} lines: are these two concepts?")))
}

#[test]
fn every_module_opens_with_what_it_is() {
    assert_none(&tree::rust().iter().filter_map(undocumented).collect::<Vec<_>>());
}

#[test]
fn no_module_is_a_drawer() {
    assert_none(&tree::rust().iter().filter_map(badly_named).collect::<Vec<_>>());
}

#[test]
fn long_files_are_listed() {
    for finding in tree::rust().iter().filter_map(long) {
        println!("warning: {finding}");
    }
}

#[test]
fn a_file_without_module_docs_is_noticed() {
    let notices = |text: &str| undocumented(&TextFile::sample("crates/desk/src/a.rs", text)).is_some();
    assert!(notices("use std::fs;\n"));
    assert!(notices("/// A function.\nfn f() {}\n"));
    assert!(notices("//!\nfn f() {}\n"));
    assert!(notices(""));
    assert!(!notices("//! Saved replies.\n"));
    assert!(!notices("\n//! Saved replies.\n"));
    assert!(!notices("#![no_main]\n//! Feeds any bytes to the parser.\n"));
    assert!(notices("#![no_main]\nuse std::fs;\n"));
}

#[test]
fn an_empty_name_is_noticed_in_file_and_folder() {
    let notices = |path: &str| badly_named(&TextFile::sample(path, "")).is_some();
    assert!(notices("crates/desk/src/utils.rs"));
    assert!(notices("crates/web/src/helpers/dates.rs"));
    assert!(!notices("crates/web/src/ui/dates.rs"));
}

#[test]
fn a_long_file_is_noticed() {
    let of = |lines: usize| long(&TextFile::sample("crates/desk/src/a.rs", &"x\n".repeat(lines))).is_some();
    assert!(of(LINES_WARNED_OF + 1));
    assert!(!of(LINES_WARNED_OF));
}
