//! What the inspector promises whatever the message: bounded cost, no allocation, no panic, spans into the original.

mod allocations;
mod corpus;
mod cost;
mod custom;
mod languages;
mod masking;
mod pieces;
mod threads;
mod views;

use inspect::{Config, Inspector, Message, Scratch};

/// Everything on, as the product runs it.
fn inspector() -> Inspector {
    let lists = inspect::lexicon::STARTER_PACKS
        .iter()
        .map(|p| inspect::TermList { name: p.name.to_owned(), content: p.list.to_owned() })
        .collect();
    Inspector::compile(&Config { lists, ..Config::default() }).expect("the starter packs compile")
}

/// Kinds and values found in a text.
fn found(inspector: &Inspector, text: &str) -> Vec<(String, String)> {
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text(text), &mut scratch);
    report.findings().iter().map(|f| (report.kind(f).to_owned(), text[f.range()].to_owned())).collect()
}
