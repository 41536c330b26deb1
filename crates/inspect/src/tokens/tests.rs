use super::*;

fn folded(text: &str) -> Vec<String> {
    let mut tokens = Tokens::new();
    tokens.scan(text);
    tokens.list().iter().map(|token| String::from_utf8(tokens.folded(token).to_vec()).unwrap()).collect()
}

fn kinds(text: &str) -> Vec<TokenKind> {
    let mut tokens = Tokens::new();
    tokens.scan(text);
    tokens.list().iter().map(|token| token.kind).collect()
}

#[test]
fn case_and_accents_do_not_matter() {
    assert_eq!(folded("ÉLAN élan Elan"), ["elan", "elan", "elan"]);
    assert_eq!(folded("Straße Łódź Đorđe Ðað ærø Œuvre ſ"), ["strasse", "lodz", "dorde", "dad", "aero", "oeuvre", "s"]);
    assert_eq!(folded("Ｆｕｌｌ Việt ΆΓΓΕΛΟΣ Ёлка"), ["full", "viet", "αγγελοσ", "елка"]);
    assert_eq!(hash_word("Café"), hash_word("cafe"));
    assert_ne!(hash_word("cafe"), hash_word("cafes"));
}

#[test]
fn every_letter_of_the_latin_table_folds_to_its_base() {
    for (accented, base) in [
        ("ÀÁÂÃÄÅàáâãäåĀāĂăĄą", 'a'),
        ("ÇçĆćĈĉĊċČč", 'c'),
        ("ĎďĐđ", 'd'),
        ("ÈÉÊËèéêëĒēĔĕĖėĘęĚě", 'e'),
        ("ĜĝĞğĠġĢģ", 'g'),
        ("ĤĥĦħ", 'h'),
        ("ÌÍÎÏìíîïĨĩĪīĬĭĮįİı", 'i'),
        ("Ĵĵ", 'j'),
        ("Ķķ", 'k'),
        ("ĹĺĻļĽľĿŀŁł", 'l'),
        ("ÑñŃńŅņŇň", 'n'),
        ("ÒÓÔÕÖØòóôõöøŌōŎŏŐő", 'o'),
        ("ŔŕŖŗŘř", 'r'),
        ("ŚśŜŝŞşŠš", 's'),
        ("ŢţŤťŦŧ", 't'),
        ("ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲų", 'u'),
        ("Ŵŵ", 'w'),
        ("ÝýÿŶŷŸ", 'y'),
        ("ŹźŻżŽž", 'z'),
        ("ẠạẢảẤấẶặ", 'a'),
        ("Ỳỳỹ", 'y'),
        ("ẁẂẅ", 'w'),
    ] {
        for c in accented.chars() {
            assert_eq!(fold_char(c), Folded::One(base), "{c}");
        }
    }
}

#[test]
fn zero_width_characters_and_marks_vanish_inside_a_word() {
    assert_eq!(folded("pass\u{200b}wo\u{ad}rd cafe\u{301}"), ["password", "cafe"]);
}

#[test]
fn stretched_letters_are_cut_but_numerals_and_initials_stay() {
    assert_eq!(folded("soooo looove 10000 III xxx www"), ["so", "love", "10000", "iii", "xxx", "www"]);
}

#[test]
fn possessives_and_contractions() {
    assert_eq!(folded("Smith's he'll don’t it’s 'quoted' rock'"), ["smith", "he'll", "don't", "it", "quoted", "rock"]);
    let mut tokens = Tokens::new();
    tokens.scan("Ann’s car");
    assert_eq!(tokens.list()[0].range(), 0..3);
    assert!(tokens.list()[0].marks.has(Marks::POSSESSIVE));
}

#[test]
fn sigils_addresses_numbers_and_pictures() {
    use TokenKind::{Emoji, Hashtag, Mention, Number, Url, Word};
    assert_eq!(
        kinds("@ann see #News2 https://a.example/x?y=(1). 42 👩🏽\u{200d}💻 :-) 🇩🇪 日本"),
        [Mention, Word, Hashtag, Url, Number, Emoji, Emoji, Emoji, Word, Word]
    );
    assert_eq!(kinds("ann@a.example http"), [Word, Word, Word, Url]);
    assert_eq!(folded("👋🏿 👋"), ["👋", "👋"]);
    assert_eq!(folded("R&amp;D at 5:30"), ["r", "d", "at", "5", "30"]);
}

#[test]
fn a_link_zone_is_cut_into_words() {
    let mut tokens = Tokens::new();
    tokens.scan_with("https://shop.example/black-friday", Links::Words);
    assert_eq!(tokens.list().len(), 5);
    assert_eq!(tokens.list()[3].hash, hash_word("black"));
}

#[test]
fn punctuation_before_a_token_is_marked() {
    let mut tokens = Tokens::new();
    tokens.scan("Stop! \"No\", WHY?");
    let list = tokens.list();
    assert!(list[1].marks.has(Marks::AFTER_EXCLAIM) && list[1].marks.has(Marks::AFTER_QUOTE));
    assert!(list[2].marks.has(Marks::AFTER_COMMA) && list[2].marks.has(Marks::ALL_CAPS));
    assert!(tokens.tail().has(Marks::AFTER_QUESTION) && !list[0].marks.has(Marks::AFTER_STOP));
    assert_eq!((tokens.exclaims(), tokens.questions()), (1, 1));
}

/// A small linear generator: the tests need variety, not randomness.
fn noise(seed: u64, length: usize) -> String {
    let alphabet: Vec<char> = "aAé'’#@.:/wh tps<3🇩🏽👩\u{200d}日ก\u{301}\u{200b}\u{ad}ß٣!?&amp;\"\n-_Ａ".chars().collect();
    let mut state = seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet[(state >> 33) as usize % alphabet.len()]
        })
        .collect()
}

#[test]
fn spans_ascend_and_stand_on_character_boundaries_for_any_input() {
    let mut tokens = Tokens::new();
    for seed in 0..3_000 {
        let text = noise(seed, (seed % 60) as usize);
        tokens.scan(&text);
        let mut last = 0;
        for token in tokens.list() {
            assert!(token.start as usize >= last && token.start < token.end, "{text:?} {token:?}");
            assert!(text.get(token.range()).is_some(), "{text:?} {token:?}");
            assert!(std::str::from_utf8(tokens.folded(token)).is_ok(), "{text:?}");
            last = token.end as usize;
        }
    }
}

#[test]
fn buffers_are_reused() {
    let mut tokens = Tokens::new();
    tokens.scan(&noise(1, 4_000));
    let capacities = (tokens.list.capacity(), tokens.folded.capacity());
    for seed in 0..200 {
        tokens.scan(&noise(seed, 500));
    }
    assert_eq!(capacities, (tokens.list.capacity(), tokens.folded.capacity()));
}

#[test]
fn every_character_is_passed_over_in_any_company() {
    let mut tokens = Tokens::new();
    let mut text = String::new();
    let odd = |c: &char| {
        c.is_alphanumeric() && !c.is_ascii() && fold_char(*c) != Folded::One(*c) || !c.is_alphanumeric() && *c < '\u{3000}'
    };
    for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(odd) {
        text.clear();
        text.extend([c, ' ', 'a', c, 'a', '1', c, '\u{fffd}', '@', c, '#', c, c, '\'', c]);
        tokens.scan(&text);
        assert!(tokens.list().iter().all(|token| text.get(token.range()).is_some()), "{c:?}");
    }
}
