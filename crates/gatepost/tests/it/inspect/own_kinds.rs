//! `--kinds`: numbers that only this company knows.

use super::{file, kinds, lines};
use crate::program::Place;

const KINDS: &str = r#"
kind STAFF_NUMBER "Staff number"
    pattern EMP-[0-9]{4,6}
    words staff
    found staff EMP-1234
"#;

#[test]
fn kinds_of_a_file_are_found_beside_the_others_or_alone() {
    let place = Place::new();
    let (ours, posts) = (file(&place, "ours.kinds", KINDS), file(&place, "posts.txt", "staff EMP-4711, ann@example.com\n"));
    let answer = place.gatepost(&["inspect", "--no-heads", "--kinds", &ours, &posts]);
    assert_eq!((answer.code, kinds(&lines(&answer)[0])), (1, vec!["STAFF_NUMBER", "EMAIL_ADDRESS"]), "{answer:?}");
    assert_eq!(lines(&answer)[0]["findings"][0]["detector"], "STAFF_NUMBER");
    let alone = place.gatepost(&["inspect", "--no-heads", "--kinds", &ours, "--only", "custom", &posts]);
    assert_eq!(kinds(&lines(&alone)[0]), ["STAFF_NUMBER"]);
    let others = place.gatepost(&["inspect", "--no-heads", "--kinds", &ours, "--only", "contact", &posts]);
    assert_eq!(kinds(&lines(&others)[0]), ["EMAIL_ADDRESS"]);
}

#[test]
fn a_file_that_is_wrong_is_refused_with_every_line() {
    let place = Place::new();
    let wrong = KINDS.replace("{4,6}", "+").replace("words staff", "worts staff");
    let path = file(&place, "ours.kinds", wrong);
    let answer = place.gatepost(&["inspect", "--kinds", &path]);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""));
    let expected = [format!("{path}, line 3, column 22: byte 10 of the pattern repeats"), format!("{path}, line 4: \"worts\"")];
    let told: Vec<&str> = answer.err.lines().skip(1).collect();
    assert!(told.len() == 2 && told.iter().zip(&expected).all(|(told, wanted)| told.starts_with(wanted)), "{answer:?}");
    let error = place.gatepost(&["inspect", "--kinds", "nowhere.kinds"]).failed();
    assert!(error.contains("cannot read nowhere.kinds"), "{error}");
}
