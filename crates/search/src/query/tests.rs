use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::message::Mark;

const SHOP: ProfileKey = ProfileKey([1; 16]);
const HELP: ProfileKey = ProfileKey([2; 16]);

fn setting() -> Setting {
    Setting {
        now_ms: 1_774_778_400_000,
        zone: TimeZone::UTC,
        profiles: vec![
            ("Corner Shop".to_owned(), SHOP),
            ("shop".to_owned(), SHOP),
            ("help".to_owned(), HELP),
            ("Help".to_owned(), SHOP),
        ],
        networks: vec!["slack".to_owned(), "mastodon".to_owned()],
        finding_kinds: vec!["email".to_owned(), "secret.api_key".to_owned()],
    }
}

fn word(text: &str) -> Clause {
    Clause::Word(text.to_owned())
}

fn not(clause: Clause) -> Clause {
    Clause::Not(Box::new(clause))
}

fn check(text: &str, clause: &Clause) {
    let query = Query::parse(text, &setting()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(query.clause(), clause, "{text}");
    assert_eq!(Query::parse(&query.to_string(), &setting()).as_ref(), Ok(&query), "{text} written out as {query}");
}

fn refused(text: &str, marked: &str) {
    let marked: String = text.chars().zip(marked.chars()).filter(|(_, mark)| *mark == '^').map(|(letter, _)| letter).collect();
    let error = Query::parse(text, &setting()).expect_err(text);
    assert_eq!(&text[error.span.clone()], marked, "{text}: {error}");
    assert_eq!(error.column, text[..error.span.start].chars().count() + 1);
}

#[test]
fn words_side_by_side_must_all_match() {
    check("", &Clause::Everything);
    check("  ", &Clause::Everything);
    check("parcel", &word("parcel"));
    check("late parcel", &Clause::All(vec![word("late"), word("parcel")]));
    check("late AND parcel", &Clause::All(vec![word("late"), word("parcel")]));
    check("or and not", &Clause::All(vec![word("or"), word("and"), word("not")]));
}

#[test]
fn or_binds_looser_than_and_and_minus_tightest() {
    let a_and_b = Clause::All(vec![word("a"), word("b")]);
    check("a b OR c", &Clause::AnyOf(vec![a_and_b, word("c")]));
    check("a (b OR c)", &Clause::All(vec![word("a"), Clause::AnyOf(vec![word("b"), word("c")])]));
    check("a -b", &Clause::All(vec![word("a"), not(word("b"))]));
    check("a NOT b", &Clause::All(vec![word("a"), not(word("b"))]));
    check("-(a OR b)", &not(Clause::AnyOf(vec![word("a"), word("b")])));
    check("well-known", &word("well-known"));
    check("((a))", &word("a"));
}

#[test]
fn quotes_and_equals_are_exact() {
    check("\"late parcel\"", &Clause::Phrase("late parcel".to_owned()));
    check("“late parcel”", &Clause::Phrase("late parcel".to_owned()));
    check("=Running", &Clause::Exact("Running".to_owned()));
    check("a\"b c\"", &Clause::All(vec![word("a"), Clause::Phrase("b c".to_owned())]));
}

#[test]
fn addresses_and_times_are_words() {
    check("https://shop.example.test/a", &word("https://shop.example.test/a"));
    check("12:30", &word("12:30"));
    check("a=b", &word("a=b"));
}

#[test]
fn fields_say_who_where_and_what() {
    check("from:alice", &Clause::Person("alice".to_owned()));
    check("From:\"Alice Smith\"", &Clause::Person("Alice Smith".to_owned()));
    check("in:#support", &Clause::Channel("#support".to_owned()));
    check("network:Slack", &Clause::Network("slack".to_owned()));
    check("lang:PT-br", &Clause::Language("pt".to_owned()));
    check("finding:any", &Clause::Finding(Kind::Any));
    check("finding:secret", &Clause::Finding(Kind::Of("secret".to_owned())));
    check("has:link -is:edited", &Clause::All(vec![Clause::Mark(Mark::Link), not(Clause::Mark(Mark::Edited))]));
    check("profile:\"corner shop\"", &Clause::Profile { name: "corner shop".to_owned(), keys: vec![SHOP] });
    check("profile:HELP", &Clause::Profile { name: "HELP".to_owned(), keys: vec![SHOP, HELP] });
    check(
        "on:2026-03-31",
        &Clause::Written {
            from_ms: Some(1_774_915_200_000),
            until_ms: Some(1_775_001_600_000),
            said: "on:2026-03-31".to_owned(),
        },
    );
    check(
        "after:2026-03-31T12:30",
        &Clause::Written { from_ms: Some(1_774_960_260_000), until_ms: None, said: "after:2026-03-31T12:30".to_owned() },
    );
}

#[test]
fn an_error_marks_its_place() {
    refused("parcel form:alice", "       ^^^^^");
    refused("from: alice", "^^^^^");
    refused("from:(a OR b)", "     ^");
    refused("has:wings", "    ^^^^^");
    refused("network:slak", "        ^^^^");
    refused("profile:shoop x", "        ^^^^^");
    refused("a before:31.3.2026", "         ^^^^^^^^^");
    refused("on:7d", "   ^^");
    refused("ä \"open quote", "  ^^^^^^^^^^^");
    refused("a \"…\"", "  ^^^");
    refused("(a b", "^");
    refused("a) b", " ^");
    refused("a ()", "  ^^");
    refused("a OR", "  ^^");
    refused("OR a", "^^");
    refused("a AND OR b", "  ^^^");
    refused("a - b", "  ^");
    refused("a NOT", "  ^^^");
    refused("a =", "  ^");
    refused("=\"a b\"", "^^^^^^");
    refused("parc*", "    ^");
    refused("a !!! b", "  ^^^");
}

#[test]
fn an_error_says_what_to_write() {
    let says = |text: &str| Query::parse(text, &setting()).expect_err(text).to_string();
    assert_eq!(
        says("ä form:alice"),
        "at character 3: there is no field `form`; write `from:`, or put the text in quotes to look for it: \"form:…\""
    );
    assert_eq!(says("is:edit"), "at character 4: `is:` does not know `edit`; write `edited`");
    assert_eq!(says("has:wings"), "at character 5: `has:` does not know `wings`; write one of `attachment`, `link`");
    assert_eq!(says("profile:shoop"), "at character 9: there is no profile `shoop` that you may read; did you mean `shop`?");
    assert_eq!(says("in:(a b)"), "at character 4: `in:` takes one value; write `in:a OR in:b`");
}

#[test]
fn limits_hold() {
    let problem = |text: &str| Query::parse(text, &setting()).expect_err("too much").problem;
    assert_eq!(problem(&"a ".repeat(QUERY_BYTES_MAX)), Problem::TooLong);
    assert_eq!(problem(&"a ".repeat(CLAUSES_MAX + 1)), Problem::TooMany);
    assert_eq!(problem(&"-".repeat(QUERY_BYTES_MAX)), Problem::TooDeep);
    assert_eq!(problem(&"(".repeat(QUERY_BYTES_MAX)), Problem::TooDeep);
    assert_eq!(problem(&"NOT ".repeat(QUERY_BYTES_MAX / 4)), Problem::TooDeep);
    assert!(Query::parse(&"a ".repeat(CLAUSES_MAX), &setting()).is_ok());
    let nested = format!("{}a{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    assert!(Query::parse(&nested, &setting()).is_ok());
}

fn leaf() -> impl Strategy<Value = Clause> {
    let name = "[a-zä京][a-z0-9.@_-]{0,6}";
    prop_oneof![
        name.prop_map(Clause::Word),
        name.prop_map(Clause::Exact),
        "[a-z]{1,4}( [a-z:()-]{1,4}){0,3}".prop_map(Clause::Phrase),
        "[a-z]{1,4}[ :(-]?[a-z]{0,4}".prop_map(Clause::Person),
        "#?[a-z]{1,8}".prop_map(Clause::Channel),
        Just(Clause::Network("slack".to_owned())),
        Just(Clause::Finding(Kind::Any)),
        Just(Clause::Profile { name: "shop".to_owned(), keys: vec![SHOP] }),
        proptest::sample::select(Mark::ALL).prop_map(Clause::Mark),
        Just(Clause::Written { from_ms: None, until_ms: Some(1_774_915_200_000), said: "before:2026-03-31".to_owned() }),
    ]
}

fn clause() -> impl Strategy<Value = Clause> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(not),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Clause::All),
            prop::collection::vec(inner, 2..4).prop_map(Clause::AnyOf),
        ]
    })
}

/// Pieces that make trouble, put together at random.
fn mess() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "(", ")", "\"", "-", "=", ":", " ", "OR", "AND", "NOT", "from:", "on:", "profile:", "finding:", "2026-", "7d", "*",
            "“", "\u{301}", "東", "a", "\u{0}", "//",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_query_written_out_is_the_same_query(clause in clause()) {
        let query = Query { clause };
        let text = query.to_string();
        match Query::parse(&text, &setting()) {
            Ok(again) => prop_assert_eq!(again, query, "{}", text),
            Err(error) => prop_assert!(matches!(error.problem, Problem::TooMany | Problem::TooDeep), "{text}: {error}"),
        }
    }

    #[test]
    fn any_text_is_a_query_or_an_error_in_its_place(text in mess()) {
        match Query::parse(&text, &setting()) {
            Ok(query) => prop_assert_eq!(Query::parse(&query.to_string(), &setting()), Ok(query)),
            Err(error) => {
                prop_assert!(text.get(error.span.clone()).is_some());
                prop_assert!(error.column <= text.chars().count() + 1);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn every_field_is_documented_and_its_example_is_understood() {
    let docs = include_str!("../../../../docs/search.md");
    for field in FIELDS {
        let row = format!("| `{}:{}` | {} |", field.name, field.example, field.finds);
        assert!(docs.contains(&row), "docs/search.md needs the row\n{row}");
        assert!(docs.contains(&format!("\"{}\"", field.name)), "the grammar in docs/search.md needs \"{}\"", field.name);
        check(
            &format!("{}:{}", field.name, field.example),
            Query::parse(&format!("{}:{}", field.name, field.example), &setting()).expect(field.name).clause(),
        );
    }
}
