//! Every kind's examples and counter-examples, and the registry's own rules.

use std::fmt::Write as _;

use crate::{Config, Inspector, Message, Scratch};

fn found(inspector: &Inspector, text: &str) -> Vec<String> {
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text(text), &mut scratch);
    report.findings().iter().map(|f| report.kind(f).to_owned()).collect()
}

#[test]
fn every_kind_is_found_in_its_examples_and_not_in_its_counter_examples() {
    let list = crate::lexicon::STARTER_PACKS.iter().find(|p| p.name == "confidential").expect("a starter pack");
    let lists = vec![crate::TermList { name: list.name.to_owned(), content: list.list.to_owned() }];
    let inspector = Inspector::compile(&Config { lists, ..Config::default() }).expect("the default configuration compiles");
    let mut wrong = Vec::new();
    for kind in super::all() {
        for text in kind.examples {
            let kinds = found(&inspector, text);
            if !kinds.iter().any(|k| k == kind.id) {
                wrong.push(format!("{} not found in {text:?}, but {kinds:?}", kind.id));
            }
        }
        for text in kind.counter_examples {
            if found(&inspector, text).iter().any(|k| k == kind.id) {
                wrong.push(format!("{} found in {text:?}", kind.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_is_documented_and_named_once() {
    let mut seen = std::collections::BTreeSet::new();
    for kind in super::all() {
        assert!(seen.insert(kind.id), "{} twice", kind.id);
        assert!(kind.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{}", kind.id);
        assert!(!kind.title.is_empty() && kind.docs.len() > 18, "{} says too little", kind.id);
        assert!(!kind.examples.is_empty() && !kind.counter_examples.is_empty(), "{} needs both sorts of examples", kind.id);
        assert!(kind.countries.iter().all(|c| c.len() == 2), "{}: ISO 3166 codes", kind.id);
    }
    assert!(super::all().len() + crate::custom::CUSTOM_KINDS_MAX <= crate::words::KINDS_MAX);
}

/// The table of `docs/inspection.md`, between its markers.
fn table() -> String {
    let mut out = String::from("| kind | what | countries | group | without / with a supporting word |\n|---|---|---|---|---|\n");
    for kind in super::all() {
        let countries = kind.countries.join(" ");
        let scores =
            if kind.shapes.is_empty() { "own scanner".to_owned() } else { format!("{} / {}", kind.alone, kind.supported) };
        let _ = writeln!(out, "| {} | {} | {countries} | {} | {scores} |", kind.id, kind.title, kind.group.name());
    }
    out
}

/// Run with `UPDATE_DOCS=1` to write the table anew.
#[test]
fn the_documentation_lists_every_kind_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/inspection.md");
    let page = std::fs::read_to_string(path).expect("docs/inspection.md is in the repository");
    let (before, rest) = page.split_once("<!-- kinds -->\n").expect("the page has the first marker");
    let (found, after) = rest.split_once("<!-- end of kinds -->").expect("the page has the second marker");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}<!-- kinds -->\n{}<!-- end of kinds -->{after}", table())).expect("writable");
        return;
    }
    assert!(found == table(), "docs/inspection.md is stale; run this test with UPDATE_DOCS=1");
}

#[test]
fn every_kind_that_uses_words_has_them_in_eight_languages() {
    use crate::vocabulary::concepts::{CONCEPTS, LANGUAGES};
    for kind in super::all().iter().filter(|kind| !kind.words.is_empty()) {
        let concept = CONCEPTS.iter().find(|concept| concept.kinds.contains(&kind.id));
        for (at, language) in LANGUAGES.iter().enumerate() {
            let own = kind.words.iter().any(|(own, words)| own == language && !words.is_empty());
            assert!(
                own || concept.is_some_and(|concept| !concept.words[at].is_empty()),
                "{} has no words in {language}",
                kind.id
            );
        }
    }
    for id in CONCEPTS.iter().flat_map(|concept| concept.kinds) {
        assert!(super::all().iter().any(|kind| kind.id == *id), "{id} is no kind");
    }
}
