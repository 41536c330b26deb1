//! Tells Rust code from comments and string literals, so that a rule about code is not set off by prose about it.
//!
//! It knows nested comments, raw strings, escapes, and character literals beside lifetimes; nothing else of the language.

/// A Rust file taken apart. `code` and `comments` keep every line in its place, with blanks for what is not theirs.
pub struct Parts {
    pub code: String,
    pub comments: String,
    /// Each string literal's first line, and its text as written between the quotes.
    pub strings: Vec<(usize, String)>,
}

enum Kind {
    Code,
    Comment,
    Text,
}

/// Takes a file apart.
pub fn parts(source: &str) -> Parts {
    let mut parts = Parts { code: String::new(), comments: String::new(), strings: Vec::new() };
    let mut rest = source;
    let mut line = 1;
    let mut after_word = false;
    while !rest.is_empty() {
        let (kind, length) = next(rest, after_word);
        let (piece, remainder) = rest.split_at(length);
        match kind {
            Kind::Code => push(&mut parts.code, &mut parts.comments, piece),
            Kind::Comment => push(&mut parts.comments, &mut parts.code, piece),
            Kind::Text => {
                parts.strings.push((line, content(piece).to_owned()));
                push(&mut String::new(), &mut parts.code, piece);
                push(&mut String::new(), &mut parts.comments, piece);
            }
        }
        line += piece.matches('\n').count();
        after_word = piece.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        rest = remainder;
    }
    parts
}

fn push(own: &mut String, other: &mut String, piece: &str) {
    own.push_str(piece);
    other.extend(piece.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
}

/// What begins here, and how many bytes of it there are.
fn next(rest: &str, after_word: bool) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if !after_word && let Some(length) = raw_string(rest) {
        return (Kind::Text, length);
    }
    if rest.starts_with('"') {
        return (Kind::Text, quoted(rest));
    }
    if rest.starts_with('\'') {
        return (Kind::Code, character(rest));
    }
    (Kind::Code, rest.chars().next().map_or(0, char::len_utf8))
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with('"')))?;
    let after = &rest[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let start = prefix.len() + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start..].find(&end).map_or(rest.len(), |found| start + found + end.len()))
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal whole; of a lifetime only its quote.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), _) => rest[3.min(rest.len())..].find('\'').map_or(rest.len(), |end| 3 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

fn content(literal: &str) -> &str {
    let start = literal.find('"').map_or(0, |quote| quote + 1);
    let end = literal.rfind('"').unwrap_or(literal.len()).max(start);
    &literal[start..end]
}

#[test]
fn code_comments_and_strings_are_told_apart() {
    let source = "let a = \"one // two\"; // three \"four\"\n/* five /* six */ */ let b = 'x'; let c: &'a str = r#\"seven \"eight\" nine\"#;";
    let parts = parts(source);
    assert_eq!(parts.strings, [(1, "one // two".to_owned()), (2, "seven \"eight\" nine".to_owned())]);
    assert!(parts.code.contains("let b = 'x'; let c: &'a str ="), "{}", parts.code);
    for outside in ["one", "three", "five", "six", "seven"] {
        assert!(!parts.code.contains(outside), "{outside} in {}", parts.code);
    }
    assert!(parts.comments.contains("three \"four\"") && parts.comments.contains("/* five /* six */ */"));
    assert_eq!(parts.code.lines().count(), 2);
}

#[test]
fn quotes_in_characters_and_escapes_do_not_open_a_string() {
    let parts = parts(r#"let q = '"'; let e = '\''; let u = '\u{22}'; let s = "a\"b"; let var"#);
    assert_eq!(parts.strings, [(1, r#"a\"b"#.to_owned())]);
    assert!(parts.code.ends_with("let var"));
}
