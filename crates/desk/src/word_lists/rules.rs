//! What a list may be: its name, its length, and whether its lines mean something. Pure.
//!
//! Invariant: every problem of the compiler is told with the line it stands in, as whoever wrote the list counts lines.

use inspect::{
    Config, TermList,
    custom::{self, CustomKind},
    lexicon::{Lexicon, Problem, Source},
};

use super::{
    model::{Effect, ListForm, ListKind, WordList},
    set::TERM_KIND,
};
use crate::error::{Error, Invalid, Result};

/// Lists of a workspace: as many as one person can keep in order.
pub const LISTS_MAX: usize = 100;
/// Bytes of one list: some ten thousand terms.
pub const LIST_BYTES_MAX: usize = 256 * 1024;
/// Bytes of all lists in force: they are compiled in well under a second, on each node, at every change.
pub const ALL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of a list's code.
pub const CODE_MAX: usize = 40;
/// Characters of a list's name.
pub const NAME_MAX: usize = 80;
/// Problems of one list that are told at once.
const PROBLEMS_MAX: usize = 20;

/// The form as it would be saved.
///
/// # Errors
/// [`Error::Invalid`] with every problem; those of the text name their line.
pub(super) fn checked(form: ListForm) -> Result<ListForm> {
    let mut invalid = Invalid::new();
    let name = form.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        invalid.add("name", format!("a name of at most {NAME_MAX} characters"));
    }
    let code = form.code.trim().to_owned();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if code.is_empty() || code.len() > CODE_MAX || !code.bytes().all(plain) {
        invalid.add("code", format!("small letters, digits and hyphens, at most {CODE_MAX}; for example competitors"));
    }
    let text = form.text.replace("\r\n", "\n").replace('\r', "\n");
    let text = if form.kind == ListKind::Terms { header_as_comment(&text) } else { text };
    if text.len() > LIST_BYTES_MAX {
        invalid.add("text", format!("at most {} KiB; make two lists of it", LIST_BYTES_MAX >> 10));
    } else {
        let problems = problems(form.kind, &text);
        let more = problems.len().saturating_sub(PROBLEMS_MAX);
        problems.into_iter().take(PROBLEMS_MAX).for_each(|problem| invalid.add("text", problem));
        if more > 0 {
            invalid.add("text", format!("and {more} more; mend these first"));
        }
    }
    invalid.check()?;
    Ok(ListForm { code, name, text, ..form })
}

/// The first line of a list that was a file, which says what the form's fields say: it stays as a comment, so that lines keep their numbers.
fn header_as_comment(text: &str) -> String {
    let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let before: usize = text.split_inclusive('\n').take_while(|line| is_comment(line)).map(str::len).sum();
    let (comments, rest) = text.split_at(before);
    if rest.lines().next().and_then(header).is_some() { format!("{comments}# {rest}") } else { text.to_owned() }
}

/// Identifier and title of the header of a list that is a file.
fn header(line: &str) -> Option<(&str, &str)> {
    let (code, rest) = line.strip_prefix("list ")?.split_once('"')?;
    Some((code.trim(), rest.split_once('"')?.0))
}

/// A starter pack as a list that only flags.
pub(super) fn of_pack(pack: &inspect::lexicon::Pack) -> Option<ListForm> {
    let (code, title) = pack.list.lines().find_map(header)?;
    Some(ListForm {
        code: code.to_owned(),
        name: title.to_owned(),
        kind: ListKind::Terms,
        effect: Effect::Flag,
        on: true,
        text: pack.list.to_owned(),
    })
}

/// A list of terms as the compiler takes it. The version in the header is ours, so that the reasons of findings name it.
pub(super) fn term_list(code: &str, version: i64, text: &str) -> TermList {
    TermList { name: code.to_owned(), content: format!("list {code} \"{code}\" version {version}\n{text}") }
}

/// Adds a list to what is compiled, or says why it cannot be read.
pub(super) fn add_to(config: &mut Config, list: &WordList) -> std::result::Result<(), String> {
    match list.kind {
        ListKind::Terms => config.lists.push(term_list(&list.code, list.version, &list.text)),
        ListKind::Kinds => config.custom.extend(kinds_in(&list.text)?),
    }
    Ok(())
}

/// The kinds that a list describes.
pub(super) fn kinds_in(text: &str) -> std::result::Result<Vec<CustomKind>, String> {
    custom::parse_file(text).map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))
}

fn problems(kind: ListKind, text: &str) -> Vec<String> {
    match kind {
        ListKind::Terms => term_problems(text),
        ListKind::Kinds => match custom::parse_file(text) {
            Ok(kinds) if kinds.is_empty() => vec!["describe at least one kind".to_owned()],
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        },
    }
}

fn term_problems(text: &str) -> Vec<String> {
    let TermList { name, content } = term_list("list", 1, text);
    // The compiler counts our header as the first line.
    let as_written = |line: u32| line.saturating_sub(1).max(1);
    match Lexicon::compile(&[Source { name: &name, content: &content }]) {
        Ok(lexicon) if lexicon.is_empty() => vec!["write at least one word or phrase".to_owned()],
        Ok(_) => Vec::new(),
        Err(errors) => {
            let told = |error: &inspect::lexicon::ListError| {
                let problem = match &error.problem {
                    Problem::Duplicate(id, first) => Problem::Duplicate(id.clone(), as_written(*first)),
                    problem => problem.clone(),
                };
                format!("line {}: {problem}", as_written(error.line))
            };
            errors.iter().map(told).collect()
        }
    }
}

/// Refuses lists that are too much together.
pub(super) fn check_together(texts: impl Iterator<Item = usize>) -> Result<()> {
    let bytes: usize = texts.sum();
    if bytes > ALL_BYTES_MAX {
        let most = ALL_BYTES_MAX >> 20;
        return Err(Error::Conflict(format!("all lists in force may have {most} MiB together; switch one off or shorten one")));
    }
    Ok(())
}

/// What the compiler looks for with lists alone: no personal data, no secrets, no heads.
pub(super) fn lists_only() -> Config {
    Config { only: vec![TERM_KIND.to_owned(), "custom".to_owned()], heads: false, ..Config::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LIST_BYTES_MAX, checked, of_pack};
    use crate::{
        error::Error,
        word_lists::{Effect, ListForm, ListKind},
    };

    fn form(kind: ListKind, text: &str) -> ListForm {
        ListForm { code: "ours".to_owned(), name: "Ours".to_owned(), kind, effect: Effect::Flag, on: true, text: text.to_owned() }
    }

    fn told(form: ListForm) -> Vec<String> {
        match checked(form) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(invalid)) => {
                invalid.fields.into_iter().map(|(field, problem)| format!("{field}: {problem}")).collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn problems_name_the_line_as_its_author_counts() {
        let told = told(form(ListKind::Terms, "kite\nk*\n\nkite\nlevel huge\n"));
        assert!(told.iter().any(|problem| problem.starts_with("text: line 2: wildcard")), "{told:?}");
        assert!(told.iter().any(|problem| problem.starts_with("text: line 5: level")), "{told:?}");
        let twice = super::term_problems("kite\n\nkite\n");
        assert_eq!(twice, ["line 3: \"kite\" stands in line 1 already; remove one"]);
    }

    #[test]
    fn kinds_are_checked_with_their_examples() {
        let good = "kind STAFF_NUMBER \"Staff number\"\n  pattern EMP-[0-9]{4}\n  found EMP-1230\n";
        assert_eq!(told(form(ListKind::Kinds, good)), Vec::<String>::new());
        let missed = good.replace("found EMP-1230", "found EMP-12");
        assert!(told(form(ListKind::Kinds, &missed))[0].starts_with("text: line 3"));
        assert_eq!(told(form(ListKind::Kinds, "# nothing yet\n")).len(), 1);
    }

    #[test]
    fn a_file_keeps_its_lines_and_its_header_as_a_comment() {
        let file = "# Ours.\nlist theirs \"Theirs\" version 9\nkite\n";
        let saved = checked(form(ListKind::Terms, file)).expect("fits");
        assert_eq!(saved.text, "# Ours.\n# list theirs \"Theirs\" version 9\nkite\n");
        assert_eq!(checked(saved.clone()).expect("fits still"), saved);
        assert_eq!(checked(form(ListKind::Terms, "list price\r\nkite")).expect("a term like another").text, "list price\nkite");
    }

    #[test]
    fn every_starter_pack_can_be_taken_over() {
        for pack in inspect::lexicon::STARTER_PACKS {
            let form = of_pack(pack).expect("it says what it is");
            assert_eq!(form.code, pack.name);
            checked(form).expect("it compiles");
        }
    }

    #[test]
    fn names_codes_and_lengths_have_limits() {
        let bad = |change: fn(&mut ListForm)| {
            let mut form = form(ListKind::Terms, "kite");
            change(&mut form);
            assert_eq!(told(form.clone()).len(), 1, "{form:?}");
        };
        bad(|form| form.name = " ".to_owned());
        bad(|form| form.name = "x".repeat(81));
        bad(|form| form.code = "Ours".to_owned());
        bad(|form| form.code = "a b".to_owned());
        bad(|form| form.text = " # nothing".to_owned());
        bad(|form| form.text = "kite\n".repeat(LIST_BYTES_MAX / 5 + 1));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_saved_or_refused_with_reasons(text in "(\\PC|\n){0,200}", kinds in any::<bool>()) {
            let kind = if kinds { ListKind::Kinds } else { ListKind::Terms };
            let problems = told(form(kind, &text));
            prop_assert!(problems.iter().all(|problem| problem.len() > "text: ".len()));
        }
    }
}
