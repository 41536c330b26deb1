//! Values that people hide are found, once, where they stand in the original.

use inspect::{Message, Scratch, View, Zone};

#[test]
fn hidden_values_are_found_where_they_stand() {
    let inspector = super::inspector();
    let cases = [
        ("pay ４１１１ １１１１ １１１１ １１１１ now", "CREDIT_CARD", "４１１１ １１１１ １１１１ １１１１"),
        ("pay 4111\u{200b}1111\u{200b}1111\u{200b}1111 now", "CREDIT_CARD", "4111\u{200b}1111\u{200b}1111\u{200b}1111"),
        ("card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ok", "CREDIT_CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        ("card 4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", "CREDIT_CARD", "4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"),
        ("write to ann at example dot org please", "EMAIL_ADDRESS", "ann at example dot org"),
        ("write to ann [at] example [dot] org", "EMAIL_ADDRESS", "ann [at] example [dot] org"),
        ("host 192[.]0[.]2[.]77 is down", "IP_ADDRESS", "192[.]0[.]2[.]77"),
        (
            "card four one one one one one one one one one one one one one one one",
            "CREDIT_CARD",
            "four one one one one one one one one one one one one one one one",
        ),
        ("IBAN GВ82 WЕSТ 1234 5698 7654 32", "IBAN_CODE", "GВ82 WЕSТ 1234 5698 7654 32"),
        ("write to ann&#64;example.org today", "EMAIL_ADDRESS", "ann&#64;example.org"),
        ("write to ann&commat;example&period;org today", "EMAIL_ADDRESS", "ann&commat;example&period;org"),
        ("go to /sign-up?mail=ann%40example.org now", "EMAIL_ADDRESS", "ann%40example.org"),
        ("card 4111&shy;1111&shy;1111&shy;1111 ok", "CREDIT_CARD", "4111&shy;1111&shy;1111&shy;1111"),
        ("card 4111&nbsp;1111&nbsp;1111&nbsp;1111 ok", "CREDIT_CARD", "4111&nbsp;1111&nbsp;1111&nbsp;1111"),
        ("{\"body\":\"my card:\\n4111111111111111\\nbye\"}", "CREDIT_CARD", "4111111111111111"),
        ("mail ann\\u0040example.org now", "EMAIL_ADDRESS", "ann\\u0040example.org"),
        ("US number 536\\-90\\-4399 is it", "US_SSN", "536\\-90\\-4399"),
    ];
    let find = |text: &str, kind| super::found(&inspector, text).into_iter().filter(|(k, _)| k == kind).collect::<Vec<_>>();
    for (text, kind, value) in cases {
        assert_eq!(find(text, kind), [(kind.to_owned(), value.to_owned())], "{text}");
    }
    // In a long text, of which only the stretches around the signs are joined, they are found in the same places.
    let filler = "The quick brown fox jumps over the lazy dog, again and again. ".repeat(200);
    for (text, kind, value) in cases {
        let long = format!("{filler}{text}. {filler}{text}");
        assert_eq!(find(&long, kind), vec![(kind.to_owned(), value.to_owned()); 2], "{text} in a long text");
    }
}

#[test]
fn a_value_in_plain_view_is_reported_as_such_even_beside_foreign_letters() {
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text("ｃａｒｄ 4111 1111 1111 1111"), &mut scratch);
    let cards: Vec<_> = report.findings().iter().filter(|f| report.kind(f) == "CREDIT_CARD").collect();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].view(), View::Plain);
}

#[test]
fn ordinary_sentences_with_at_and_dot_are_left_alone() {
    let inspector = super::inspector();
    for text in ["meet me at noon. Dot the i's at example.com", "look at example.com", "1 2 3 4 5 6 7 8 9 10 let's go"] {
        let kinds: Vec<_> = super::found(&inspector, text).into_iter().map(|(k, _)| k).filter(|k| k != "URL").collect();
        assert!(kinds.is_empty(), "{kinds:?} in {text}");
    }
}

#[test]
fn findings_name_their_zone_and_part() {
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let message = Message {
        text: "hello",
        alt_texts: &["a cat", "a form with 536-90-4399"],
        links: &["https://example.org/?mail=ann@example.org"],
        image_texts: &["card 4111111111111111"],
    };
    let report = inspector.inspect(&message, &mut scratch);
    let places: Vec<_> = report.findings().iter().map(|f| (f.zone, f.part, report.kind(f))).collect();
    assert!(places.contains(&(Zone::AltText, 1, "US_SSN")), "{places:?}");
    assert!(places.contains(&(Zone::Link, 0, "EMAIL_ADDRESS")), "{places:?}");
    assert!(places.contains(&(Zone::ImageText, 0, "CREDIT_CARD")), "{places:?}");
    for f in report.findings() {
        assert!(message.part(f.zone, usize::from(part(f))).is_some_and(|t| t.get(f.range()).is_some()));
    }
}

fn part(finding: &inspect::Finding) -> u16 {
    finding.part
}

#[test]
fn disguised_terms_and_abuse_are_found_where_they_stand() {
    let lists =
        vec![inspect::TermList { name: "ours".to_owned(), content: "list ours \"Ours\"\ncondor launch\nmerger".to_owned() }];
    let inspector = inspect::Inspector::compile(&inspect::Config { lists, ..inspect::Config::default() }).expect("compiles");
    for (text, value) in [
        ("the m e r g e r is on", "m e r g e r"),
        ("the m3rg3r is on", "m3rg3r"),
        ("é c0nd0r l4unch today", "c0nd0r l4unch"),
        ("themergerison", "themergerison"),
        ("the c-o-n-d-o-r launch", "c-o-n-d-o-r launch"),
        ("the merger and the m3rger", "merger"),
    ] {
        let found = super::found(&inspector, text);
        let terms: Vec<&str> = found.iter().filter(|(kind, _)| kind == "LISTED_TERM").map(|(_, value)| value.as_str()).collect();
        assert!(terms.contains(&value), "{text}: {terms:?}");
        let mut once = terms.clone();
        once.dedup();
        assert_eq!(once, terms, "{text}: a term is found twice");
    }
    let mut scratch = Scratch::new();
    for text in ["f u c k you", "what a $h1t, you stup1d 1diot", "you are an a**hole", "youareanidiot", "f.u.c.k y0u"] {
        let report = inspector.inspect(&Message { alt_texts: &["a picture"], ..Message::from_text(text) }, &mut scratch);
        assert!(
            report.flags().any(|head| head == inspect::heads::Head::Profanity || head == inspect::heads::Head::Offensive),
            "{text}"
        );
        for head in inspect::heads::Head::ALL {
            assert!(report.head_reasons(head).all(|span| text.get(span).is_some()), "{text}");
        }
    }
}

#[test]
fn values_are_found_right_beside_pictures_quotation_marks_and_scripts_without_spaces() {
    let inspector = super::inspector();
    for (text, kind, value) in [
        ("📞+49 170 1234567☎️", "PHONE_NUMBER", "+49 170 1234567"),
        ("💳4111111111111111💳", "CREDIT_CARD", "4111111111111111"),
        ("«4111111111111111»", "CREDIT_CARD", "4111111111111111"),
        ("“RSSMRA85T10A562S”", "IT_FISCAL_CODE", "RSSMRA85T10A562S"),
        ("我的身份证号是11010119900307109X谢谢", "CN_RIC", "11010119900307109X"),
        ("カードは4111111111111111です", "CREDIT_CARD", "4111111111111111"),
    ] {
        let found = super::found(&inspector, text);
        assert!(found.contains(&(kind.to_owned(), value.to_owned())), "{found:?} in {text}");
    }
    assert_eq!(super::found(&inspector, "é4111111111111111"), [], "a letter goes on into the number");
}

#[test]
fn listed_terms_are_found_in_escapes() {
    let config = inspect::Config {
        lists: vec![inspect::TermList { name: "t".to_owned(), content: "list t \"T\"\nproject falcon".to_owned() }],
        heads: false,
        ..inspect::Config::default()
    };
    let inspector = inspect::Inspector::compile(&config).expect("a list");
    for text in ["so project&nbsp;falcon ok", "so project&#32;falcon ok", "?q=project%20falcon&x=1", "so project\\u0020falcon ok"]
    {
        let found: Vec<String> = super::found(&inspector, text).into_iter().map(|(kind, _)| kind).collect();
        assert!(found.iter().filter(|kind| *kind == "LISTED_TERM").count() == 1, "{found:?} in {text}");
    }
}

#[test]
fn a_key_inside_an_address_stays_beside_the_address() {
    let inspector = super::inspector();
    let text = "see https://api.example.test/v1?api_key=kT9xmq2LwZ7pR4vB8sNd&x=1 please";
    let found = super::found(&inspector, text);
    assert!(found.contains(&("SECRET".to_owned(), "kT9xmq2LwZ7pR4vB8sNd".to_owned())), "{found:?}");
}
