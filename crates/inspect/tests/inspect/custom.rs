//! Kinds that the operator defines.

use inspect::custom::{Checksum, CustomKind, PatternError};
use inspect::{Config, ConfigError, Inspector};

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
