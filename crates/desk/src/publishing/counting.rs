//! How long a post is on a network, by that network's own counting, and where a text too long for one post is cut into a thread.
//!
//! Invariants: the count is [`networks::text::length`] and nothing else, here and (through a table of fixtures that both are tested
//! against) in the browser; every piece of a cut text fits, and no word of it is lost. Nothing is judged here: whether a length is
//! refused is said by whoever asks.

use networks::{
    capabilities::{Capabilities, TextLimit},
    text,
};
use unicode_segmentation::UnicodeSegmentation;

use super::content::{Content, PARTS_MAX};

/// How long a text is, and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// In the network's own units.
    pub used: u32,
    /// The most of them.
    pub max: u32,
    /// Bytes over the network's second limit; 0 when it has none or the text fits.
    pub bytes_over: u32,
}

impl Length {
    /// Whether it fits.
    pub fn fits(self) -> bool {
        self.used <= self.max && self.bytes_over == 0
    }

    /// How much is left; negative when it is too long.
    pub fn left(self) -> i64 {
        i64::from(self.max) - i64::from(self.used)
    }
}

/// How long a text is under a limit, together with the subject where the network counts that too.
pub fn length(body: &str, subject: Option<&str>, limit: &TextLimit) -> Length {
    let beside = subject.filter(|_| limit.subject_counts).map_or(0, |subject| text::length(subject, limit));
    let used = text::length(body, limit).saturating_add(beside);
    let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let bytes_over = if limit.bytes_max == 0 { 0 } else { bytes.saturating_sub(limit.bytes_max) };
    Length { used, max: limit.max, bytes_over }
}

/// The length of every part of a content.
pub fn lengths(content: &Content, capabilities: &Capabilities) -> Vec<Length> {
    let subject = content.subject.as_deref().filter(|_| capabilities.subject);
    content.parts.iter().map(|part| length(&part.text, subject, &capabilities.text)).collect()
}

/// Cuts a text into pieces that fit, at the last good place before the limit: between paragraphs, sentences, words, or, for what has
/// none of these, between what a reader sees as letters. At most [`PARTS_MAX`] pieces: the last one takes what is left and may not fit.
pub fn cut_into_thread(body: &str, subject: Option<&str>, limit: &TextLimit) -> Vec<String> {
    let fits = |piece: &str| length(piece, subject, limit).fits();
    let mut pieces = Vec::new();
    let mut rest = body.trim();
    while !rest.is_empty() {
        if pieces.len() + 1 == PARTS_MAX || fits(rest) {
            pieces.push(rest.to_owned());
            break;
        }
        let at = cut_at(rest, fits);
        pieces.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    pieces
}

/// The end of the longest piece that fits, moved back to a good place. Always past the first letter, so that there is an end to it.
fn cut_at(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, letter)| at + letter.len()).collect();
    // A longer piece is never shorter by any network's counting but where a link ends, which the check below takes back.
    let mut fitting = ends.partition_point(|&end| fits(&text[..end]));
    while fitting > 1 && !fits(&text[..ends[fitting - 1]]) {
        fitting -= 1;
    }
    let longest = ends[fitting.max(1) - 1];
    let within = &text[..longest];
    // A piece of less than a third of the room would look torn: rather cut at the next lesser kind of place.
    let good = |at: usize| at * 3 >= longest && fits(&text[..at]);
    let paragraph = within.rfind("\n\n").filter(|&at| good(at));
    let sentence = || {
        let marks = within.match_indices(['.', '!', '?', '…', '\n']).filter(|(at, mark)| {
            let after = &text[at + mark.len()..];
            after.starts_with(char::is_whitespace)
        });
        marks.map(|(at, mark)| at + mark.len()).rfind(|&at| good(at))
    };
    let word = || within.rfind(char::is_whitespace).filter(|&at| at > 0 && fits(&text[..at]));
    paragraph.or_else(sentence).or_else(word).unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use networks::{capabilities::TextUnit, registry::NETWORKS};
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    const SHORT: TextLimit = TextLimit {
        max: 40,
        unit: TextUnit::Graphemes,
        bytes_max: 0,
        link_counts: 23,
        mention_hosts_count: true,
        subject_counts: false,
    };

    #[derive(Serialize)]
    struct Fixture<'a> {
        limit: TextLimit,
        text: &'a str,
        length: u32,
        fits: bool,
    }

    /// Texts on which counting goes wrong most easily.
    const TEXTS: &[&str] = &[
        "",
        "Hello",
        "Grüße aus Köln",
        "e\u{301}te\u{301}",
        "日本語のテキスト",
        "한국어 텍스트",
        "नमस्ते दुनिया",
        "สวัสดี",
        "👍🏽",
        "👨‍👩‍👧‍👦 family",
        "🏳️‍🌈🇩🇪🇫🇷",
        "line one\nline two\r\nline three",
        "\u{200b}zero\u{200b}width",
        "see https://example.test/a/very/long/path?with=query&and=more#fragment now",
        "two: https://a.test, http://b.test/x_(y)!",
        "no link: xhttps://a.test https:// http://",
        "日本https://c.test/é…",
        "(https://a.test/(b))",
        "thanks @ann@social.example.test and @bob",
        "mail ann@example.test is no mention",
        "path/@ann@example.test x=@ann@example.test",
        "@a.b-c@one.two-three.test, @_x@y",
        "#tag #1 #ünïcode",
        "a\u{a0}b\u{2003}c",
    ];

    fn limits() -> Vec<TextLimit> {
        let mut limits: Vec<_> = NETWORKS.iter().map(|network| network.about().capabilities.text).collect();
        limits.extend([TextUnit::Utf16, TextUnit::Bytes].map(|unit| TextLimit { max: 20, unit, bytes_max: 30, ..SHORT }));
        limits.dedup();
        limits
    }

    /// The table that `web-ui/tests/counting.mjs` reads: written anew with `INSTA_UPDATE=always`, compared otherwise.
    #[test]
    fn the_browser_is_tested_against_what_is_counted_here() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/tests/counting.json");
        let mut fixtures = Vec::new();
        for limit in limits() {
            for text in TEXTS {
                let length = length(text, None, &limit);
                fixtures.push(Fixture { limit, text, length: length.used, fits: length.fits() });
            }
        }
        let lines: Vec<String> = fixtures.iter().map(|fixture| serde_json::to_string(fixture).expect("plain data")).collect();
        let table = format!("[\n{}\n]\n", lines.join(",\n"));
        if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
            fs::write(&path, &table).expect("the table is written");
        }
        let kept = fs::read_to_string(&path).expect("the table is there");
        assert!(
            kept == table,
            "counting changed: review it, then write web-ui/tests/counting.json anew with INSTA_UPDATE=always"
        );
    }

    #[test]
    fn a_text_is_cut_where_a_reader_would() {
        let pieces = |text: &str| cut_into_thread(text, None, &SHORT);
        assert_eq!(pieces("short"), ["short"]);
        assert_eq!(pieces(""), Vec::<String>::new());
        assert_eq!(
            pieces("The doors open at nine. There is coffee for everybody who comes."),
            ["The doors open at nine.", "There is coffee for everybody who comes."]
        );
        assert_eq!(
            pieces("A first thought of its own.\n\nA second, which is longer than that."),
            ["A first thought of its own.", "A second, which is longer than that."]
        );
        assert_eq!(pieces(&"x".repeat(90)), ["x".repeat(40), "x".repeat(40), "x".repeat(10)]);
    }

    #[test]
    fn a_content_warning_counts_where_the_network_counts_it() {
        let counted = TextLimit { subject_counts: true, ..SHORT };
        assert_eq!(length("four", Some("six or"), &counted).used, 10);
        assert_eq!(length("four", Some("six or"), &SHORT).used, 4);
    }

    proptest! {
        #[test]
        fn every_piece_fits_and_no_word_is_lost(text in "([a-zé👨‍👩‍👧]{1,12}[ .!\n]|https://[a-z.]{1,60} | @a@b\\.test |  \n\n){0,60}") {
            let pieces = cut_into_thread(&text, None, &SHORT);
            let fitting = if pieces.len() == PARTS_MAX { &pieces[..PARTS_MAX - 1] } else { &pieces[..] };
            for piece in fitting {
                prop_assert!(length(piece, None, &SHORT).fits(), "{:?} in {:?}", piece, pieces);
                prop_assert!(!piece.is_empty());
            }
            let solid = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&pieces.concat()), solid(&text));
        }
    }
}
