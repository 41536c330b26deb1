use super::model::{Model, ModelError};
use super::*;

fn assess(text: &str) -> Assessment {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    tokens.scan(text);
    heads.assess(&tokens, Language::English, &mut HeadScratch::default()).unwrap()
}

fn flags(text: &str) -> Vec<&'static str> {
    let assessment = assess(text);
    Head::ALL.into_iter().filter(|head| assessment.is_flagged(*head)).map(Head::id).collect()
}

#[test]
fn ordinary_posts_raise_no_flag() {
    for text in [
        "Our shop is open until eight tonight, come by and try the new coffee.",
        "Thank you for the quick answer, the parcel arrived this morning.",
        "The meeting moved to Thursday, please check the agenda.",
        "Many immigrants live in our town and run wonderful restaurants.",
        "",
        "42",
        "ok",
        "why?",
        "you",
        "👍",
        "Server down",
        "bye",
    ] {
        assert_eq!(flags(text), [""; 0], "{text}");
    }
}

#[test]
fn each_head_finds_what_it_is_named_for() {
    for (head, text) in [
        (Head::Offensive, "fuck you"),
        (Head::Offensive, "idiot"),
        (Head::Offensive, "You are a stupid idiot and everything you say is garbage"),
        (Head::IdentityHate, "All immigrants are filthy vermin and should be deported"),
        (Head::Harassment, "Nobody likes you, you pathetic loser, delete your account"),
        (Head::Threat, "I know where you live and I will kill you"),
        (Head::Sexual, "Send me nudes baby, I want to lick your pussy"),
        (Head::SelfHarm, "I don't want to live anymore, I will kill myself tonight"),
        (Head::Profanity, "what the fuck is this shit"),
        (Head::Incivility, "This code is crap, who wrote this ugly mess?"),
    ] {
        assert!(assess(text).is_flagged(head), "{} {text}", head.id());
    }
}

#[test]
fn sentiment_adds_up_and_follows_negation() {
    let good = assess("I love this phone, it is great 😊").sentiment;
    let bad = assess("I hate this phone, worst purchase ever 😡").sentiment;
    assert!(good.positive > 0.7 && bad.negative > 0.7, "{good:?} {bad:?}");
    assert!((good.positive + good.neutral + good.negative - 1.0).abs() < 1e-4);
    let negated = assess("This phone is not good").sentiment;
    assert!(negated.negative > negated.positive, "{negated:?}");
}

#[test]
fn pictures_alone_feel_as_everybody_reads_them() {
    for text in ["👍", "👍🏽", "❤️❤️❤️", "😂😂😂", "@ann 🎉", "😍!"] {
        let sentiment = assess(text).sentiment;
        assert!(sentiment.positive > 0.7, "{text} {sentiment:?}");
    }
    for text in ["👎", "😡😡", "💔"] {
        let sentiment = assess(text).sentiment;
        assert!(sentiment.negative > 0.7, "{text} {sentiment:?}");
    }
}

#[test]
fn set_phrases_raise_no_flag() {
    for text in [
        "I am sorry for your loss",
        "She graduated summa cum laude in May",
        "Dick Cheney and Dick Van Dyke",
        "Shoot me an email when you get a chance",
        "Please shoot the video in landscape",
        "Nuke the cache",
        "We should hang out sometime",
        "Drop dead gorgeous dress",
        "The cock crowed at dawn",
        "We offer sex education classes for teenagers",
        "Dear customer, your account has been suspended due to missing payment",
    ] {
        assert_eq!(flags(text), [""; 0], "{text}");
    }
    for text in ["shoot me and kill him", "you should hang", "I will kill you", "drop dead, you idiot", "what a dick"] {
        assert_ne!(flags(text), [""; 0], "{text}");
    }
}

#[test]
fn other_languages_are_not_assessed() {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    tokens.scan("Das ist ein ganz normaler Satz und nicht mehr.");
    assert_eq!(heads.assess(&tokens, Language::German, &mut HeadScratch::default()), None);
}

#[test]
fn reasons_point_at_the_words_that_weigh_most() {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    let mut scratch = HeadScratch::default();
    let text = "the table is next to the fucking window";
    tokens.scan(text);
    heads.assess(&tokens, Language::English, &mut scratch).unwrap();
    let reasons = heads.reasons(Head::Profanity, &scratch);
    let first = &tokens.list()[reasons.tokens()[0] as usize];
    assert_eq!(&text[first.range()], "fucking");
    assert!(reasons.tokens().len() <= REASONS_MAX);
}

#[test]
fn a_damaged_model_is_refused_with_the_reason() {
    let good = include_bytes!("../../model/heads.bin");
    assert!(good.len() < 8_000_000, "a model weighs less than 8 MB");
    let read = |bytes: &[u8]| Model::read(bytes).err();
    assert_eq!(read(b""), Some(ModelError::NotAModel));
    assert_eq!(read(b"GPHEADS\x00"), Some(ModelError::Format { found: 0 }));
    assert!(matches!(read(&good[..good.len() - 1]), Some(ModelError::Length { .. })));
    assert_eq!(read(&good[..12]).map(|error| error.to_string().is_empty()), Some(false));
    let mut altered = good.to_vec();
    altered[9_000] ^= 1;
    assert_eq!(read(&altered), Some(ModelError::Checksum));
}

#[test]
fn a_book_costs_what_a_page_costs_and_buffers_are_reused() {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    let mut scratch = HeadScratch::default();
    tokens.scan(&"word ".repeat(WORDS_MAX + 5_000));
    heads.assess(&tokens, Language::English, &mut scratch).unwrap();
    assert_eq!(scratch.words.len(), WORDS_MAX);
    let capacity = (scratch.words.capacity(), scratch.views.capacity());
    tokens.scan("short");
    heads.assess(&tokens, Language::English, &mut scratch).unwrap();
    assert_eq!(capacity, (scratch.words.capacity(), scratch.views.capacity()));
}

#[test]
fn the_same_text_gives_the_same_numbers() {
    let text = "I can't believe they sold out!! 😂 #fail";
    assert_eq!(assess(text), assess(text));
}

#[test]
fn a_warm_scratch_gives_what_a_fresh_one_gives() {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    let mut warm = HeadScratch::default();
    for text in [
        "You are a stupid idiot and everything you say is garbage",
        "stupid #stupid @stupid Stupid's STUPID stuuupid 😂 https://a.example",
        "Our shop is open until eight tonight, come by and try the new coffee.",
    ] {
        for _ in 0..2 {
            tokens.scan(text);
            assert_eq!(heads.assess(&tokens, Language::English, &mut warm), Some(assess(text)), "{text}");
        }
    }
}

#[test]
fn any_text_is_assessed_without_panic() {
    let heads = Heads::builtin().unwrap();
    let mut tokens = Tokens::new();
    let mut scratch = HeadScratch::default();
    for text in
        ["\u{0}", "é", "日本", "a'", "😂", "@", "#", "a\u{301}", &"x".repeat(100_000), &"@".repeat(100_000), &"! ".repeat(9_000)]
    {
        tokens.scan(text);
        let assessment = heads.assess(&tokens, Language::Undetermined, &mut scratch).unwrap();
        assert!(Head::ALL.iter().all(|head| (0.0..=1.0).contains(&assessment.probability(*head))), "{text:.20}");
    }
}
