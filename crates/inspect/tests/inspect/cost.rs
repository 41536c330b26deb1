//! No input costs more than a stated number of steps per byte.

use inspect::{Config, Inspector, Message, Scratch};

/// Inner-loop turns for one byte of text that no input may exceed, all kinds on, all three views.
const STEPS_PER_BYTE_MAX: u64 = 160;
/// Turns that a message costs whatever its length.
const STEPS_FIXED: u64 = 2_000;
const SIZE: usize = 40_000;

fn steps(inspector: &Inspector, text: &str) -> u64 {
    let mut scratch = Scratch::new();
    let _ = inspector.inspect(&Message::from_text(text), &mut scratch);
    scratch.steps()
}

/// Pieces that cost most when they are repeated.
const WORST: &[&str] = &[
    "1",
    "12 ",
    "1 ",
    "1-",
    "1.1.",
    "@",
    "a@",
    "a@b.",
    "(",
    "((1)",
    "+1 ",
    "::",
    "a:b:",
    "0x",
    "://",
    "http://a:b@",
    "4111 1111 1111 1111 ",
    "password is ",
    "password: a1b2c3d4 ",
    "ghp_",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "AKIA",
    "01.01.2000 ",
    "march 1 ",
    "in 1999 ",
    "mr A ",
    "1 street ",
    "Via A 1 ",
    "GB82WEST12345698765432 ",
    "\u{200b}1",
    "\u{430}a",
    "one two ",
    "a at b dot ",
    "[.]",
    "a.b.c.d.e.f.g.h.",
    "x=1;",
    "\"'",
    "\u{0}",
    "4 1 1 1 ",
    "aa-bb-cc-dd-ee-ff ",
    "52.520008, 13.404954 ",
    "i am ",
    "iban card ssn phone ",
    "0123456789abcdef0123456789abcdef ",
    "１",
    "lives at 1 A ",
    "address: 1 ",
    "1 A apt 1 ",
    "A\n1\n",
    "Ann Lee\n11\n",
    "my wife Ann ",
    "USS A APO AE 12345 ",
    "passport tax number 1 ",
    "f u c k ",
    "sh1t ",
    "killthemallkillthemall",
    "\u{2bc}",
    "curl ",
    "curl -u a:b1 ",
    "mysql ",
    "mysql -pa1b2c3 ",
    "private-lines: 1\n",
    "pw: a1b2c3 ",
    "?secret=a1b2c3d4e5f6g7h8&",
    "&#49;",
    "&#49; ",
    "%31",
    "%31%20",
    "\\u0031 ",
    "&shy;1",
    "&",
    "\\_1",
    "A A 1 ",
    "AB CD 12 ",
    "BIC ",
    "bic:DEUTDEFF ",
    "mvg\nAnn\n",
    "mvg\nA",
    "52°31'12\"N ",
    "52.520 lon ",
    "1.111,",
    "j'ai 3 ans ",
    "A1(3)",
    "\u{1f4de}1",
    "\u{4e2d}1 ",
];

#[test]
fn the_worst_known_inputs_stay_below_the_bound() {
    let inspector = Inspector::compile(&Config { heads: false, ..Config::default() }).expect("compiles");
    let mut highest = (0, "");
    for &pattern in WORST {
        let text: String = pattern.chars().cycle().take(SIZE).collect();
        let per_byte = steps(&inspector, &text).saturating_sub(STEPS_FIXED) / text.len() as u64;
        highest = highest.max((per_byte, pattern));
        assert!(per_byte <= STEPS_PER_BYTE_MAX, "{per_byte} steps a byte for {pattern:?} repeated");
    }
    assert!(highest.0 > 0, "the counter counts");
}

#[test]
fn cost_grows_with_length_and_no_faster() {
    let inspector = Inspector::compile(&Config { heads: false, ..Config::default() }).expect("compiles");
    for pattern in ["1 ", "a@b.co ", "password: x9y8z7w6 ", "in 1999 card 4111 "] {
        let text = |n: usize| -> String { pattern.chars().cycle().take(n).collect() };
        let (small, large) = (steps(&inspector, &text(4_000)), steps(&inspector, &text(40_000)));
        assert!(large <= small * 11 + STEPS_FIXED, "{pattern:?}: {small} steps, ten times the text {large}");
    }
}

#[test]
fn the_worst_cases_that_were_asked_for_stay_below_it_at_full_size() {
    let lists = inspect::lexicon::STARTER_PACKS
        .iter()
        .map(|p| inspect::TermList { name: p.name.to_owned(), content: p.list.to_owned() })
        .collect();
    let inspector = Inspector::compile(&Config { lists, ..Config::default() }).expect("compiles");
    for (name, text) in [
        ("a megabyte of @", "@".repeat(1 << 20)),
        ("100,000 look-alikes", "\u{435}x".repeat(50_000)),
        ("a long run of digits", "4".repeat(300_000)),
        ("nested quotes", "\"'".repeat(50_000) + &"'\"".repeat(50_000)),
        ("letters apart", "f ".repeat(100_000)),
        ("one long word", "killyou".repeat(30_000)),
    ] {
        let per_byte = steps(&inspector, &text).saturating_sub(STEPS_FIXED) / text.len() as u64;
        assert!(per_byte <= STEPS_PER_BYTE_MAX, "{per_byte} steps a byte for {name}");
    }
}
