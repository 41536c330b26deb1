use super::*;

fn compile(content: &str) -> Lexicon {
    Lexicon::compile(&[Source { name: "test.list", content }]).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

fn found_in(lexicon: &Lexicon, zone: Zone, text: &str) -> Vec<(String, String)> {
    let mut tokens = Tokens::new();
    tokens.scan(text);
    let mut scratch = LexiconScratch::default();
    let found = lexicon.find(text, &tokens, zone, &mut scratch);
    let named = found.iter().map(|one| {
        let id = lexicon.rule(one.rule).unwrap().id.clone();
        (id, text[one.start as usize..one.end as usize].to_owned())
    });
    named.collect()
}

/// The found pieces of a text, with a list of these lines below its header.
#[track_caller]
fn check(lines: &str, text: &str, expected: &[&str]) {
    let lexicon = compile(&format!("list test \"Test\"\n{lines}"));
    let pieces: Vec<String> = found_in(&lexicon, Zone::Text, text).into_iter().map(|(_, piece)| piece).collect();
    assert_eq!(pieces, expected, "{lines:?} in {text:?}");
}

#[test]
fn phrases_ignore_case_accents_and_punctuation() {
    check("café noir", "Un CAFE, noir!", &["CAFE, noir"]);
    check("self-harm", "self harm and Self-Harm", &["self harm", "Self-Harm"]);
    check("state of the art", "state of the union", &[]);
    check("日本", "今日本当", &["日本"]);
    check("smith", "Smith's #smith", &["Smith", "#smith"]);
}

#[test]
fn wildcards_and_stems() {
    check("acqui* talk~", "They acquired talks, acquirers talking", &["acquired talks", "acquirers talking"]);
    check("*gate", "Watergate and gates", &["Watergate"]);
    check("wom?n", "woman women womans", &["woman", "women"]);
    check("leak~", "leaking leaked leak leaky", &["leaking", "leaked", "leak"]);
}

#[test]
fn near_goes_both_ways_and_before_only_one() {
    check("earnings NEAR/2 leak", "the leak of our earnings", &["leak of our earnings"]);
    check("earnings NEAR/1 leak", "the leak of our earnings", &[]);
    check("earnings BEFORE/2 leak", "the leak of our earnings", &[]);
    check("leak BEFORE/2 earnings", "the leak of our earnings", &["leak of our earnings"]);
    check("a b NEAR/1 c d", "c d x a b", &["c d x a b"]);
}

#[test]
fn rules_of_several_parts() {
    let rule = "rule deal\n    any merger | takeover\n    all signed & next week\n    not rumour | press release\n";
    check(rule, "The merger is signed, news next week", &["merger"]);
    check(rule, "Signed! Takeover and merger next week", &["Takeover", "merger"]);
    check(rule, "The merger is signed", &[]);
    check(rule, "A rumour: the merger is signed, news next week", &[]);
    check("rule only-all\n    all gold & price", "the price of gold", &["gold"]);
    check("rule two-lines\n    any a\n    any b\n    not c", "a b", &["a", "b"]);
}

#[test]
fn zones_limit_where_a_rule_looks() {
    let lexicon = compile("list test \"Test\"\nzones alt, link\nsecret\nzones text\npublic");
    assert_eq!(found_in(&lexicon, Zone::Text, "secret public").len(), 1);
    assert_eq!(found_in(&lexicon, Zone::Alt, "secret public")[0].0, "secret");
    assert!(found_in(&lexicon, Zone::Image, "secret public").is_empty());
}

#[test]
fn quotations_and_disclaimers_can_be_left_out() {
    check("skip quoted\nfraud", "He shouted \"fraud\" but it was fraud", &["fraud"]);
    check("skip quoted\nfraud", "> fraud\nno", &[]);
    check("skip quoted\nfraud", "an open \" quote is none: fraud", &["fraud"]);
    check("skip quoted\nfraud", "“fraud” «fraud» fraud", &["fraud"]);
    check("fraud", "\"fraud\"", &["fraud"]);
    check("skip disclaimer\nfraud", "fraud.\nDisclaimer: report fraud here", &["fraud"]);
    check("skip disclaimer\nfraud", "no disclaimer about fraud", &["fraud"]);
    // What is quoted still counts as a reason not to speak up.
    check("skip quoted\nrule r\n    any fraud\n    not film", "\"film\" fraud", &[]);
}

#[test]
fn findings_inside_another_of_the_same_rule_are_one() {
    check("rule r\n    any data | data breach", "a data breach", &["data breach"]);
    let lexicon = compile("list test \"Test\"\nlevel high\ndata\nlevel low\ndata breach");
    let found = found_in(&lexicon, Zone::Text, "a data breach");
    assert_eq!(found.len(), 2);
    assert_eq!(lexicon.rule(0).map(|rule| rule.level), Some(Level::High));
}

#[test]
fn every_problem_is_named_with_its_line() {
    let content = "list t \"T\"\nlevel hot\nzones text, sky\nskip all\n*\na*\nx NEAR/0 y\nx NEAR/y z\nx NEAR/2 y NEAR/2 z\n\
        \x20   any orphan\nrule empty\nrule odd\n    some word\n    any ok\nrule\n!!\nok\nok\n\
        one two three four five six seven eight nine ten eleven twelve thirteen\n";
    let errors = Lexicon::compile(&[Source { name: "bad.list", content }]).unwrap_err();
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let lines: Vec<u32> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 15, 16, 19, 11, 18], "{shown:#?}");
    assert_eq!(shown[0], "bad.list:2: level \"hot\" is none of low, medium, high");
    assert!(matches!(errors.last().map(|error| &error.problem), Some(Problem::Duplicate(_, 17))));
    for (content, problem) in [
        ("", Problem::NoHeader),
        ("# only a comment", Problem::NoHeader),
        ("term", Problem::NoHeader),
        ("list t", Problem::BadHeader),
        ("list \"T\"", Problem::BadHeader),
        ("list t \"T\" version x", Problem::BadHeader),
    ] {
        let errors = Lexicon::compile(&[Source { name: "bad", content }]).unwrap_err();
        assert_eq!(errors[0].problem, problem, "{content:?}");
    }
}

#[test]
fn a_line_that_was_meant_for_something_else_is_no_term() {
    for (line, part) in [
        ("(merger OR takeover) AND signed", "rule NAME"),
        ("merger | takeover", "indent"),
        ("all signed & next week", "indent"),
        ("merger near/3 signed", "NEAR/5"),
        ("list other \"Other\"", "a file of its own"),
        ("zone alt", "zones"),
    ] {
        let content = format!("list test \"Test\"\nfine\n{line}\n");
        let errors = Lexicon::compile(&[Source { name: "test.list", content: &content }]).expect_err(line);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].starts_with("test.list:3: ") && said[0].contains(part), "{line}: {said:?}");
    }
    check("DO NOT SHARE AND COPY\nR & D\nzone\nlist price", "R&D: do not share and copy", &["R&D", "do not share and copy"]);
}

#[test]
fn a_byte_order_mark_before_a_list_is_none_of_its_letters() {
    let lexicon = compile("\u{feff}list test \"Test\"\nleak\n");
    assert_eq!(found_in(&lexicon, Zone::Text, "a leak").len(), 1);
}

#[test]
fn the_starter_packs_pass_the_tests_beside_them() {
    for pack in STARTER_PACKS {
        let source = Source { name: pack.name, content: pack.list };
        let lexicon = Lexicon::compile(&[source]).unwrap_or_else(|errors| panic!("{errors:#?}"));
        let (mut wanted, mut unwanted) = (0, 0);
        for line in pack.tests.lines().filter(|line| !line.is_empty()) {
            let (sign, text) = line.split_at(2);
            let found = found_in(&lexicon, Zone::Text, text);
            match sign {
                "+ " => wanted += usize::from(!found.is_empty()),
                "- " => unwanted += 1,
                _ => panic!("{}: {line}", pack.name),
            }
            assert_eq!(found.is_empty(), sign == "- ", "{}: {line} {found:?}", pack.name);
        }
        assert!(wanted >= 4 && unwanted >= 3, "{} has too few tests", pack.name);
    }
    let all: Vec<Source<'_>> = STARTER_PACKS.iter().map(|pack| Source { name: pack.name, content: pack.list }).collect();
    assert!(Lexicon::compile(&all).is_ok());
}

#[test]
fn a_swap_changes_the_next_look_up_and_not_the_one_under_way() {
    let slot = LexiconSlot::new(compile("list a \"A\"\nold"));
    let under_way = slot.current();
    let replaced = slot.swap(compile("list a \"A\"\nnew"));
    assert_eq!(found_in(&under_way, Zone::Text, "old new")[0].1, "old");
    assert_eq!(found_in(&slot.current(), Zone::Text, "old new")[0].1, "new");
    assert_eq!(replaced.len(), 1);
    assert!(Lexicon::empty().is_empty() && found_in(&Lexicon::empty(), Zone::Text, "old").is_empty());
}

#[test]
fn a_backtest_names_what_comes_and_what_goes() {
    let old = compile("list a \"A\"\nfraud\nscam");
    let new = compile("list a \"A\"\nscam\nfraud*");
    let result = backtest(&old, &new, ["a scam", "fraud", "fraudster", "nothing"]);
    assert_eq!((result.messages, result.messages_found), (4, (2, 3)));
    assert_eq!((result.same, result.added, result.removed), (1, 2, 1));
    assert_eq!(result.added_examples[1].message, 2);
    assert_eq!(result.removed_examples[0].rule, "fraud");
    assert_eq!(result.by_rule[&("a".to_owned(), "fraud*".to_owned())], (2, 0));
}

/// Phrases of numbered words, as many as wanted.
fn many_terms(count: usize) -> String {
    let terms: Vec<String> = (0..count).map(|number| format!("word{number} other{}", number % 97)).collect();
    format!("list many \"Many\"\n{}", terms.join("\n"))
}

#[test]
fn long_lists_find_the_same() {
    for count in [10, 5_000, 50_000] {
        let lexicon = compile(&many_terms(count));
        let text = format!("x word{} other{} y word3 other4", count - 1, (count - 1) % 97);
        assert_eq!(found_in(&lexicon, Zone::Text, &text).len(), 1, "{count}");
    }
}

#[test]
fn work_is_bounded_and_said_so_for_a_hostile_list_and_text() {
    let mut content = String::from("list hostile \"Hostile\"\n");
    for length in 1..=12 {
        content.push_str(&"aa* ".repeat(length));
        content.push('\n');
        content.push_str(&"aa?a* ".repeat(length));
        content.push('\n');
    }
    let lexicon = compile(&content);
    let text = "aaba ".repeat(20_000);
    let mut tokens = Tokens::new();
    tokens.scan(&text);
    let mut scratch = LexiconScratch::default();
    let found = lexicon.find(&text, &tokens, Zone::Text, &mut scratch).len();
    assert!(found > 0 && found <= OCCURRENCES_MAX);
    assert!(!scratch.is_complete());
}

#[test]
fn buffers_are_reused() {
    let all: Vec<Source<'_>> = STARTER_PACKS.iter().map(|pack| Source { name: pack.name, content: pack.list }).collect();
    let lexicon = Lexicon::compile(&all).unwrap();
    let mut tokens = Tokens::new();
    let mut scratch = LexiconScratch::default();
    let unit = "\"quoted\" data breach, I want to die, top secret, guaranteed returns ";
    let text = unit.repeat(60);
    tokens.scan(&text);
    lexicon.find(&text, &tokens, Zone::Text, &mut scratch);
    let capacity =
        |s: &LexiconScratch| (s.occurrences.capacity(), s.candidates.capacity(), s.exclusions.capacity(), s.found.capacity());
    let before = capacity(&scratch);
    for count in 0..60 {
        let piece = &text[..count * unit.len()];
        tokens.scan(piece);
        lexicon.find(piece, &tokens, Zone::Text, &mut scratch);
    }
    assert_eq!(before, capacity(&scratch));
}
