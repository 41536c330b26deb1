//! What a query finds.

use search::{Change, Mark, Marks, Message, Position, Scope, SearchIndex};

use crate::corpus::{Desk, HELP, NOON, SHOP, id, message};

#[test]
fn a_word_is_found_in_any_form_and_exactly_as_written() {
    let desk = Desk::of_texts(&["the parcels are late", "my parcel", "PARCELLED out", "late again"]);
    assert_eq!(desk.find("parcel"), [3, 2, 1]);
    assert_eq!(desk.find("=parcel"), [2]);
    assert_eq!(desk.find("=Parcels"), [1]);
    assert_eq!(desk.find("late parcel"), [1]);
    assert_eq!(desk.find("late OR =parcel"), [4, 2, 1]);
    assert_eq!(desk.find("late -parcel"), [4]);
    assert_eq!(desk.find("-late"), [3, 2]);
    assert_eq!(desk.find("-(late OR =parcel)"), [3]);
    assert_eq!(desk.find(""), [4, 3, 2, 1]);
    assert_eq!(desk.find("nothing"), [] as [u64; 0]);
}

#[test]
fn a_phrase_is_words_in_a_row() {
    let desk = Desk::of_texts(&["a late parcel", "parcel late", "late, parcel?", "late the parcel", "it's late. Parcel!"]);
    assert_eq!(desk.find("\"late parcel\""), [5, 3, 1]);
    assert_eq!(desk.find("late-parcel"), [5, 3, 1]);
    assert_eq!(desk.find("\"it's late\""), [5]);
    assert_eq!(desk.find("\"the late\""), [] as [u64; 0]);
}

#[test]
fn accents_and_case_do_not_matter() {
    let desk = Desk::of_texts(&["CAFÉ", "cafe", "Straße", "İstanbul"]);
    assert_eq!(desk.find("=café"), [2, 1]);
    assert_eq!(desk.find("=CAFE"), [2, 1]);
    assert_eq!(desk.find("=STRASSE"), [3]);
    assert_eq!(desk.find("=istanbul"), [4]);
}

fn in_language(number: u64, tag: &str, text: &str) -> Message {
    Message { language: Some(tag.to_owned()), ..message(number, text) }
}

#[test]
fn words_are_stemmed_in_the_language_of_their_message() {
    let desk = Desk::of(vec![
        in_language(1, "de", "die Häuser am Meer"),
        in_language(2, "fr-CA", "les colis arrivés"),
        message(3, "посылки потерялись"),
        in_language(4, "xx", "unknown languages"),
        message(5, "houses by the sea"),
    ]);
    assert_eq!(desk.find("Haus"), [1]);
    assert_eq!(desk.find("arriver"), [2]);
    assert_eq!(desk.find("посылка"), [3]);
    assert_eq!(desk.find("house"), [5]);
    assert_eq!(desk.find("languages"), [4], "a language without stems is found as it is written");
    assert_eq!(desk.find("lang:de"), [1]);
    assert_eq!(desk.find("lang:fr OR lang:xx"), [4, 2]);
}

#[test]
fn scripts_without_blanks_are_found_by_any_part() {
    let desk = Desk::of_texts(&["東京都の天気", "京都へ行く", "서울 날씨가 좋다", "ขอบคุณครับ", "新iPhone的"]);
    assert_eq!(desk.find("東京"), [1]);
    assert_eq!(desk.find("京都"), [2, 1]);
    assert_eq!(desk.find("京"), [2, 1]);
    assert_eq!(desk.find("\"京都へ\""), [2]);
    assert_eq!(desk.find("날씨"), [3]);
    assert_eq!(desk.find("ขอบคุณ"), [4]);
    assert_eq!(desk.find("iphone"), [5]);
    assert_eq!(desk.find("天 京都"), [1]);
}

#[test]
fn pictures_numbers_and_addresses_are_found() {
    let desk =
        Desk::of_texts(&["so good 🔥", "order 4711-B", "see https://shop.example.test/late", "write to help@example.test"]);
    assert_eq!(desk.find("🔥"), [1]);
    assert_eq!(desk.find("4711-b"), [2]);
    assert_eq!(desk.find("https://shop.example.test"), [3]);
    assert_eq!(desk.find("example.test"), [4, 3]);
    assert_eq!(desk.find("help@example.test"), [4]);
}

#[test]
fn fields_are_found() {
    let mut other = message(2, "late too");
    other.person = vec!["Bob Alison".to_owned()];
    other.channel = vec!["late-orders".to_owned()];
    other.network = "Mastodon".to_owned();
    other.profile = HELP;
    other.findings = vec!["email".to_owned(), "secret.api_key".to_owned()];
    other.marks = Marks::default().with(Mark::Reply).with(Mark::Attachment);
    let desk = Desk::of(vec![message(1, "late"), other]);
    assert_eq!(desk.find("from:alice"), [1]);
    assert_eq!(desk.find("from:\"alice smith\""), [1]);
    assert_eq!(desk.find("from:alice.s"), [1]);
    assert_eq!(desk.find("from:\"smith alice\""), [] as [u64; 0], "names do not run into each other");
    assert_eq!(desk.find("in:#late-orders"), [2]);
    assert_eq!(desk.find("in:C024BE91L"), [1]);
    assert_eq!(desk.find("network:MASTODON"), [2]);
    assert_eq!(desk.find("profile:help"), [2]);
    assert_eq!(desk.find("late (profile:help OR from:alice)"), [2, 1]);
    assert_eq!(desk.find("-profile:help"), [1]);
    assert_eq!(desk.find("finding:any"), [2]);
    assert_eq!(desk.find("finding:secret"), [2]);
    assert_eq!(desk.find("finding:secret.api_key"), [2]);
    assert_eq!(desk.find("finding:secre"), [] as [u64; 0]);
    assert_eq!(desk.find("-finding:email"), [1]);
    assert_eq!(desk.find("is:reply has:attachment"), [2]);
    assert_eq!(desk.find("is:reply has:link"), [] as [u64; 0]);
}

#[test]
fn time_is_bounded_wherever_it_stands() {
    const DAY: i64 = 24 * 3_600_000;
    let days = |number: u64, days: i64| Message { time_ms: NOON + days * DAY, ..message(number, "late") };
    let desk = Desk::of(vec![days(1, -10), days(2, -1), days(3, 0), days(4, 1)]);
    assert_eq!(desk.find("on:2026-03-31"), [3]);
    assert_eq!(desk.find("late before:2026-03-31"), [2, 1]);
    assert_eq!(desk.find("after:2026-03-31"), [4]);
    assert_eq!(desk.find("after:2026-03-20 before:2026-03-31"), [2, 1]);
    assert_eq!(desk.find("after:2026-03-31 before:2026-03-31"), [] as [u64; 0]);
    assert_eq!(desk.find("late (on:today OR on:2026-03-21)"), [3, 1]);
    assert_eq!(desk.find("-on:2026-03-31"), [4, 2, 1]);
    assert_eq!(desk.find("after:2d"), [4, 3, 2]);
}

#[test]
fn nothing_outside_the_scope_is_found_or_counted() {
    let mut secret = message(2, "late secret");
    secret.profile = HELP;
    let desk = Desk::of(vec![message(1, "late"), secret]);
    for text in ["late", "", "late OR secret", "-nothing", "profile:help OR late"] {
        assert_eq!(desk.find_in(text, Scope::of([SHOP])), [1], "{text}");
        assert_eq!(desk.find_in(text, Scope::of([])), [] as [u64; 0], "{text}");
    }
    assert_eq!(desk.find_in("profile:help", Scope::of([SHOP])), [] as [u64; 0]);
    assert_eq!(desk.find_in("secret", Scope::of([SHOP])), [] as [u64; 0]);
}

#[test]
fn the_best_match_comes_first() {
    let desk = Desk::of_texts(&[
        "the parcel and many other things that have nothing to do with it at all, really",
        "parcel, parcel",
        "late",
        "late parcel",
    ]);
    assert_eq!(desk.best("parcel")[0], 2);
    assert_eq!(desk.best("late OR parcel")[0], 4);
    assert_eq!(desk.best("parcel").len(), 3);
    assert_eq!(desk.best("from:alice"), [4, 3, 2, 1], "without a word to look for the newest come first");
}

#[test]
fn a_message_is_replaced_and_removed() {
    let desk = Desk::of_texts(&["first wording", "other"]);
    let replaced = Message { marks: Marks::default().with(Mark::Edited), ..message(1, "second wording") };
    desk.index.apply(vec![Change::Replace(replaced), Change::Replace(message(3, "new"))], Position(3)).expect("taken");
    assert_eq!(desk.find("wording"), [1]);
    assert_eq!(desk.find("first"), [1], "nothing changes before the commit");
    desk.index.commit().expect("committed");
    assert_eq!(desk.find("first"), [] as [u64; 0]);
    assert_eq!(desk.find("second is:edited"), [1]);
    assert_eq!(desk.find(""), [3, 2, 1]);
    desk.index
        .apply(vec![Change::Remove(id(1)), Change::Replace(message(2, "a")), Change::Remove(id(2))], Position(6))
        .expect("taken");
    desk.index.commit().expect("committed");
    assert_eq!(desk.find(""), [3]);
}

#[test]
fn other_texts_of_a_message_are_found_but_phrases_do_not_run_over() {
    let mut described = message(1, "look at this");
    described.also = vec!["a red bicycle".to_owned()];
    let desk = Desk::of(vec![described]);
    assert_eq!(desk.find("bicycles"), [1]);
    assert_eq!(desk.find("\"this a\""), [] as [u64; 0]);
}

#[test]
fn very_long_words_and_texts_are_taken() {
    let noise = "x".repeat(100_000);
    let mut long = message(1, &format!("{noise} parcel {}", "late ".repeat(10_000)));
    long.person = vec![noise.clone()];
    long.network.clone_from(&noise);
    long.findings = vec![noise; 100];
    let desk = Desk::of(vec![long]);
    assert_eq!(desk.find("parcel"), [1]);
    assert_eq!(desk.find(&format!("={}", "x".repeat(70))), [1], "a long word is known by its beginning");
}
