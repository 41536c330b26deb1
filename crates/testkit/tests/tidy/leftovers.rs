//! No lint is silenced without a reason, and nothing unfinished is left behind.

use crate::lex;
use crate::tree::{self, TextFile};
use crate::{Finding, assert_none};

/// Code that must not stay, blanks left out, and what to do instead.
const CODE: [(&str, &str); 6] = [
    ("#[allow(", "use `#[expect(lint, reason = \"…\")]`"),
    ("#![allow(", "use `#![expect(lint, reason = \"…\")]`"),
    ("todo!(", "finish it or leave it out"),
    ("unimplemented!(", "finish it or leave it out"),
    ("dbg!(", "remove it"),
    ("#[ignore", "a test that does not run proves nothing: run it or remove it"),
];

/// Marks that mean "later".
const MARKS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

fn leftovers(file: &TextFile) -> Vec<Finding> {
    let parts = lex::parts(&file.text);
    let mut findings = Vec::new();
    for (index, line) in parts.code.lines().enumerate() {
        let squeezed: String = line.split_whitespace().collect();
        let present = CODE.iter().filter(|(code, _)| squeezed.contains(code));
        findings.extend(present.map(|(code, instead)| Finding::new(&file.path, index + 1, format!("`{code}`: {instead}"))));
    }
    for (index, line) in parts.comments.lines().enumerate() {
        let mut words = line.split(|letter: char| !letter.is_alphanumeric());
        if let Some(mark) = words.find(|word| MARKS.contains(word)) {
            findings.push(Finding::new(
                &file.path,
                index + 1,
                format!("`{mark}`: do it now, or file an issue and leave the mark out"),
            ));
        }
    }
    findings
}

#[test]
fn nothing_unfinished_or_silenced_is_left() {
    assert_none(&tree::rust().iter().flat_map(leftovers).collect::<Vec<_>>());
}

#[test]
fn leftovers_are_noticed_in_code_only() {
    let count = |text: &str| leftovers(&TextFile::sample("a.rs", text)).len();
    assert_eq!(count("#[allow(dead_code)]\nfn f() { todo!(); }\n"), 2);
    assert_eq!(count("#! [ allow ( dead_code ) ]\n"), 1);
    assert_eq!(count("#[test]\n#[ignore = \"slow\"]\nfn f() {}\n"), 1);
    assert_eq!(count("// never write #[allow(…)] or todo!()\nlet s = \"dbg!(x)\";\n"), 0);
    assert_eq!(count("#[expect(dead_code, reason = \"read by a derive\")]\n"), 0);
}

#[test]
fn a_mark_for_later_is_noticed_in_a_comment() {
    let count = |text: &str| leftovers(&TextFile::sample("a.rs", text)).len();
    assert_eq!(count("// TODO: later\n/* FIXME */\n"), 2);
    assert_eq!(count("let s = \"TODO\"; // a list of things to do\n"), 0);
}
