//! Kinds that the operator defines.

use inspect::custom::{CUSTOM_STEPS_MAX, Checksum, CustomKind, KindFileProblem, PatternError, parse_file};
use inspect::{Config, ConfigError, Inspector, Message, Scratch};

fn kind(pattern: &str) -> CustomKind {
    CustomKind {
        id: "STAFF_NUMBER".to_owned(),
        title: "Staff number".to_owned(),
        pattern: pattern.to_owned(),
        checksum: None,
        words: vec!["staff".to_owned()],
        needs_word: false,
    }
}

fn compile(custom: CustomKind) -> Result<Inspector, ConfigError> {
    Inspector::compile(&Config { custom: vec![custom], heads: false, ..Config::default() })
}

fn check(custom: CustomKind, text: &str, expected: &[&str]) {
    let inspector = compile(custom).expect("the pattern compiles");
    let values: Vec<String> =
        super::found(&inspector, text).into_iter().filter(|(k, _)| k == "STAFF_NUMBER").map(|(_, v)| v).collect();
    assert_eq!(values, expected, "{text}");
}

#[test]
fn patterns_match_whole_words_and_the_longest_reading() {
    check(kind("EMP-[0-9]{4,6}"), "EMP-1234 EMP-123 EMP-1234567 XEMP-1234 (EMP-123456)", &["EMP-1234", "EMP-123456"]);
    check(kind(r"(AB|CD)\d{3}X?"), "AB123 CD456X EF789", &["AB123", "CD456X"]);
    check(kind(r"P\.\d{2}"), "P.12 Px12", &["P.12"]);
}

#[test]
fn classes_hold_escapes_and_letters_of_several_bytes_are_one() {
    check(kind(r"K[\d\-x]{3}"), "K1-x K[-] Kd12", &["K1-x"]);
    check(kind(r"N[.\]]{2}Z"), "N.]Z", &["N.]Z"]);
    check(kind("ÅÅ?[0-9]{2}"), "Å12 ÅÅ34 ÅÅÅ56", &["Å12", "ÅÅ34"]);
    check(kind("A[0-9]{0,3}(B|C)?Z"), "AZ A12Z A123BZ A1234Z ABCZ", &["AZ", "A12Z", "A123BZ"]);
    check(kind("(a|bc){2,3}"), "abc bca aaaa bcbcbc a", &["abc", "bca", "bcbcbc"]);
}

#[test]
fn checksums_and_words_decide() {
    let luhn = CustomKind { checksum: Some(Checksum::Luhn), ..kind(r"K\d{8}") };
    check(CustomKind { pattern: r"\d{7}".to_owned(), ..luhn }, "1234566 1234567", &["1234566"]);
    let needs = CustomKind { needs_word: true, ..kind(r"\d{5}Q") };
    check(needs.clone(), "12345Q", &[]);
    check(needs, "staff 12345Q", &["12345Q"]);
}

#[test]
fn what_cannot_be_bounded_or_named_is_refused_with_the_place() {
    let problem = |pattern: &str| match compile(kind(pattern)) {
        Err(ConfigError::Custom { problem, .. }) => problem,
        other => panic!("{pattern} gives {:?}", other.map(|_| ())),
    };
    assert_eq!(problem("a+"), PatternError::Unbounded { at: 1 });
    assert_eq!(problem("[a-z]{70}"), PatternError::TooLong);
    assert_eq!(problem("(a"), PatternError::Unexpected { at: 2 });
    assert_eq!(problem("a?"), PatternError::Empty);
    assert_eq!(problem(""), PatternError::Empty);
    assert_eq!(problem("a()"), PatternError::Unexpected { at: 2 });
    assert_eq!(problem("(|a)"), PatternError::Unexpected { at: 1 });
    assert_eq!(problem("[z-a]"), PatternError::Unexpected { at: 1 });
    assert_eq!(problem("a[]"), PatternError::Unexpected { at: 2 });
    assert_eq!(problem("a[b"), PatternError::Unexpected { at: 1 });
    assert_eq!(problem(r"\q"), PatternError::Unexpected { at: 0 });
    assert_eq!(problem(&"a?".repeat(40)), PatternError::Empty);
    assert_eq!(problem(&format!("x{}", "a?".repeat(40))), PatternError::TooCostly);
    assert_eq!(problem(&"a".repeat(600)), PatternError::TooLong);
    assert_eq!(problem(&format!("{}(){}x", "(".repeat(6), "{64})".repeat(6))), PatternError::Unexpected { at: 7 });
    assert_eq!(problem(&format!("{}a{}", "(".repeat(20), ")".repeat(20))), PatternError::TooDeep);
    let taken = CustomKind { id: "US_SSN".to_owned(), ..kind("a") };
    assert!(matches!(compile(taken), Err(ConfigError::Custom { problem: PatternError::Name, .. })));
}

#[test]
fn an_unknown_kind_is_refused_with_the_nearest_name() {
    let config = Config { only: vec!["CREDIT_CRAD".to_owned()], ..Config::default() };
    let error = Inspector::compile(&config).expect_err("no such kind");
    assert_eq!(error, ConfigError::UnknownKind { name: "CREDIT_CRAD".to_owned(), nearest: "CREDIT_CARD".to_owned() });
}

#[test]
fn kinds_together_stay_below_their_bound() {
    let many = |count: usize| -> Vec<CustomKind> {
        (0..count).map(|n| CustomKind { id: format!("K{n}"), ..kind("[a -][a -]{0,40}[0-9]") }).collect()
    };
    let compile = |custom| Inspector::compile(&Config { custom, heads: false, only: vec!["custom".into()], ..Config::default() });
    let error = compile(many(64)).expect_err("too costly together");
    assert!(matches!(error, ConfigError::CustomKindsTooCostly { most: CUSTOM_STEPS_MAX, .. }), "{error}");
    assert!(matches!(compile(many(65)), Err(ConfigError::TooManyCustomKinds { .. })));
    let twice = vec![kind("ab"), kind("cd")];
    assert!(matches!(compile(twice), Err(ConfigError::Custom { problem: PatternError::Name, .. })));

    let inspector = compile(many(11)).expect("within the bound");
    let mut scratch = Scratch::new();
    let text = "- a ".repeat(5_000);
    let _ = inspector.inspect(&Message::from_text(&text), &mut scratch);
    let (steps, bytes) = (scratch.steps(), text.len() as u64);
    assert!(steps > 100 * bytes, "this text is nearly the worst: {steps} steps for {bytes} bytes");
    assert!(steps < (CUSTOM_STEPS_MAX as u64 + 160) * bytes, "{steps} steps for {bytes} bytes");
}

const FILE: &str = r#"
# Numbers of our own.
kind STAFF_NUMBER "Staff number"
    pattern EMP-[0-9]{4,6}
    words staff, employee number
    found ask EMP-1234
    not found EMP-12

kind LOCKER "Locker"
    pattern L\d{7}
    checksum luhn
    needs word
    words locker
    found locker L1234566
    not found L1234566
    not found locker L1234567
"#;

#[test]
fn a_file_of_kinds_is_read_and_its_examples_hold() {
    let kinds = parse_file(FILE).expect("nothing is wrong");
    assert_eq!(kinds.len(), 2);
    assert_eq!((kinds[0].id.as_str(), kinds[0].title.as_str()), ("STAFF_NUMBER", "Staff number"));
    assert_eq!(kinds[0].words, ["staff", "employee number"]);
    assert_eq!((kinds[1].checksum, kinds[1].needs_word), (Some(Checksum::Luhn), true));
    assert!(parse_file("# nothing\n").expect("an empty file is one").is_empty());
}

#[test]
fn the_file_in_the_documentation_is_accepted() {
    let page = include_str!("../../../../docs/inspection.md");
    let (_, from) = page.split_once("# Numbers that only we use.").expect("the page has the example");
    let (file, _) = from.split_once("```").expect("the example ends");
    assert_eq!(parse_file(file).expect("nothing is wrong").len(), 1);
}

/// The places and words of what is wrong when one line is changed.
fn problems(old: &str, new: &str) -> Vec<String> {
    let changed = FILE.replacen(old, new, 1);
    assert_ne!(changed, FILE, "{old}");
    parse_file(&changed).expect_err(new).iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_of_kinds_is_refused_with_line_and_column() {
    let one = |old, new, expected: &str| {
        let all = problems(old, new);
        assert!(all.len() == 1 && all[0].starts_with(expected), "{new}: {all:?}");
    };
    one("EMP-[0-9]{4,6}", "EMP-[0-9]+", "line 4, column 22: byte 10 of the pattern repeats without bound");
    one("EMP-[0-9]{4,6}", "ÄÄ-^", "line 4, column 16: byte 6 of the pattern is not understood");
    one("kind LOCKER \"Locker\"", "kind LOCKER", "line 9: write the name and, in quotes, the title");
    one("kind LOCKER", "kind US_SSN", "line 9: choose another name");
    one("kind LOCKER", "kind STAFF_NUMBER", "line 9: choose another name");
    one("checksum luhn", "checksum moon", "line 11: checksum \"moon\" is none of");
    one("needs word", "needs luck", "line 12: \"needs\" is none of");
    one("words locker", "words ,", "line 13: supporting words");
    one("found ask EMP-1234", "found ask EMP-123", "line 6: the kind is not found");
    one("not found EMP-12", "not found EMP-12345", "line 7: the kind is found");
    one("found ask EMP-1234", "# nothing", "line 3: this kind needs a `found` line");
    one("pattern EMP-[0-9]{4,6}", "", "line 3: this kind has no `pattern` line");
    one("checksum luhn", "pattern x", "line 11: this kind has a second `pattern` line");
    one("# Numbers of our own.", "words early", "line 2: begin with a line such as");
    let several = problems("EMP-[0-9]{4,6}", "(a|b");
    assert_eq!(several.len(), 1, "{several:?}");
    let many: String = (0..70).map(|n| format!("kind K{n} \"K\"\n pattern A{n}-\\d\n found A{n}-1\n")).collect();
    let said: Vec<String> = parse_file(&many).expect_err("too many").iter().map(ToString::to_string).collect();
    assert!(said.len() == 1 && said[0].starts_with("line 193: ") && said[0].contains("64"), "{said:?}");
    assert_eq!(parse_file(&format!("\u{feff}{FILE}")).expect("a byte order mark is no problem").len(), 2);
    let large = parse_file(&"#".repeat(1 << 19)).expect_err("too large");
    assert_eq!(large[0].problem, KindFileProblem::TooLarge);
}
