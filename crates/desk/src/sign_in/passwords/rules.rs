//! Is this password long enough, and is it one that everybody tries first? Pure.
//!
//! Length counts, not the mix of characters (NIST SP 800-63B-4, section 3.1.1.2: at least 15 characters when it is the only factor,
//! 8 beside another; no composition rules; a list of expected passwords). The list is not a file: a password is taken apart into
//! the pieces that guessing programs put together (words everybody uses, the names of company and person, years, counting, walks
//! over the keyboard, repetitions), and refused when next to nothing else remains.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Characters a password has at least: between NIST's 8 and 15, because most people here show a second factor.
pub const PASSWORD_MIN: usize = 12;
/// Bytes a password has at most, after normalisation: room for a sentence, and a bound on the work of hashing.
pub const PASSWORD_MAX_BYTES: usize = 256;
/// Different characters a password has at least; fewer is a repetition whatever its length.
const DISTINCT_MIN: usize = 5;
/// Characters that remain at least once everything expected is taken away.
const UNEXPECTED_MIN: usize = 4;
/// This many words make a phrase: long enough by their number even when each of them is common.
const PHRASE_WORDS_MIN: usize = 4;
/// A run along the alphabet, the digits or a keyboard row counts from this length on.
const RUN_MIN: usize = 3;
/// Names shorter than this are not looked for: "Al" is in too many words.
const NAME_PIECE_MIN: usize = 3;

/// Words that the first guesses are made of, lower-case, with look-alike characters already turned back into letters.
const EXPECTED_WORDS: &str = include_str!("expected_words.txt");

/// Lines along which fingers and minds walk, in either direction.
const WALKS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "!\"#$%&/()=",
    "!@#$%^&*()",
    "147258369",
    "159753",
];

/// Why a password cannot be used, as the form says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too few characters.
    #[error("use at least {PASSWORD_MIN} characters; a few words that do not belong together are easy to remember")]
    TooShort,
    /// Too many bytes.
    #[error("use at most {PASSWORD_MAX_BYTES} bytes")]
    TooLong,
    /// Only expected pieces.
    #[error(
        "this is one of the passwords that are tried first: common words, names, years, rows of keys or repetitions; \
         use a few words that do not belong together"
    )]
    Expected,
}

/// The form in which a password is hashed: NFKC, so that another keyboard's way to the same characters works (NIST SP 800-63B-4,
/// section 3.1.1.2). Nothing is trimmed.
pub(super) fn normalised(password: &str) -> Zeroizing<String> {
    // Whatever is longer is refused or wrong; the cut bounds the work.
    Zeroizing::new(password.chars().take(PASSWORD_MAX_BYTES + 1).nfkc().collect())
}

/// Judges a normalised password. `names` are texts known about the person and the workspace (address, names).
pub(super) fn judge(password: &str, names: &[&str]) -> Result<(), Weakness> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(Weakness::TooShort);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(Weakness::TooLong);
    }
    let lower: Vec<char> = password.to_lowercase().chars().collect();
    if lower.iter().collect::<BTreeSet<_>>().len() < DISTINCT_MIN || repeats(&lower) {
        return Err(Weakness::Expected);
    }
    if is_expected(&lower, &name_pieces(names)) { Err(Weakness::Expected) } else { Ok(()) }
}

fn is_expected(plain: &[char], names: &[Vec<char>]) -> bool {
    // A look-alike can stand for a letter or for itself ("p@ssword2026"): every piece is looked for in both readings.
    let letters: Vec<char> = plain.iter().map(|&c| look_alike(c)).collect();
    let words: Vec<Vec<char>> = EXPECTED_WORDS.split_whitespace().map(|word| word.chars().collect()).collect();
    let (mut at, mut unexpected, mut word_count) = (0, 0, 0);
    while at < plain.len() {
        let readings = [&plain[at..], &letters[at..]];
        let [word, alike] = readings.map(|rest| longest(words.iter().chain(names), rest));
        let word = word.max(alike);
        let run = longest_run(readings[0]);
        let year = usize::from(is_year(readings[0])) * 4;
        let step = word.max(run).max(year);
        if step == 0 {
            // What stands between words says little: the separators that everybody uses.
            unexpected += usize::from(plain[at].is_alphanumeric() || !plain[at].is_ascii());
            at += 1;
        } else {
            word_count += usize::from(word == step);
            at += step;
        }
    }
    unexpected < UNEXPECTED_MIN && word_count < PHRASE_WORDS_MIN
}

fn longest<'w>(words: impl Iterator<Item = &'w Vec<char>>, text: &[char]) -> usize {
    words.filter(|word| text.starts_with(word)).map(Vec::len).max().unwrap_or(0)
}

/// The longest walk, count or repetition of one character that the text begins with, or 0.
fn longest_run(text: &[char]) -> usize {
    let same = text.iter().take_while(|&&c| c == text[0]).count();
    let walked = WALKS
        .iter()
        .flat_map(|walk| {
            let forwards: Vec<char> = walk.chars().collect();
            let backwards: Vec<char> = walk.chars().rev().collect();
            [forwards, backwards]
        })
        .map(|walk| along(&walk, text))
        .max()
        .unwrap_or(0);
    Some(same.max(walked)).filter(|&length| length >= RUN_MIN).unwrap_or(0)
}

/// How far the text follows the walk from wherever the walk meets its first character.
fn along(walk: &[char], text: &[char]) -> usize {
    (0..walk.len())
        .filter(|&from| walk[from] == text[0])
        .map(|from| walk[from..].iter().zip(text).take_while(|(a, b)| a == b).count())
        .max()
        .unwrap_or(0)
}

fn is_year(text: &[char]) -> bool {
    let digits: String = text.iter().take(4).collect();
    digits.len() == 4 && matches!(digits.parse(), Ok(1900..=2099))
}

/// Whether the text is one piece over and over again ("kite7kite7kite7").
fn repeats(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().zip(&text[period..]).all(|(a, b)| a == b))
}

fn look_alike(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        other => other,
    }
}

fn name_pieces(names: &[&str]) -> Vec<Vec<char>> {
    let pieces = names.iter().flat_map(|name| {
        let lower = name.to_lowercase();
        let mut parts: Vec<String> = lower.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
        parts.push(parts.concat());
        parts
    });
    pieces.map(|piece| piece.chars().collect::<Vec<_>>()).filter(|piece| piece.len() >= NAME_PIECE_MIN).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PASSWORD_MAX_BYTES, Weakness, judge, normalised};

    const NAMES: &[&str] = &["Olive Owner", "olive.owner@northwind.example.test", "Northwind Kites"];

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in [
            "password1234",
            "Password2026!",
            "P@ssw0rd2026",
            "Passw0rd!Passw0rd!",
            "aaaaaaaaaaaa",
            "abababababab",
            "kite7kite7kite7",
            "123456789012",
            "987654321098",
            "abcdefghijklm",
            "qwertyuiop123",
            "1qaz2wsx3edc",
            "qwertzuiop!!",
            "asdfghjkl123",
            "Summer2026!!!",
            "Welcome12345",
            "iloveyou2026",
            "letmein12345",
            "administrator1",
            "changeme!2026",
            "Gatepost2026!",
            "gatepost-desk-1",
            "northwind2026",
            "NorthwindKites",
            "oliveowner123",
            "olive.owner.99",
            "111222333444",
            "january-2026",
            "trustno1trustno",
        ] {
            assert_eq!(judge(password, NAMES), Err(Weakness::Expected), "{password}");
        }
    }

    #[test]
    fn length_is_enough_without_digits_capitals_or_signs() {
        for password in [
            "unhurried tapir glass",
            "vellumgrinder",
            "zwölf boxkämpfer jagen",
            "it rained on the harbour",
            "ノースウインドの凧が飛んでいる",
            "summer dragon coffee magic",
            "Kj4#vvQ!m2pX",
        ] {
            assert_eq!(judge(password, NAMES), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_limits_are_twelve_characters_and_256_bytes() {
        assert_eq!(judge("vellumgrind", NAMES), Err(Weakness::TooShort));
        assert_eq!(judge("zwölfboxkäm", NAMES), Err(Weakness::TooShort), "characters count, not bytes");
        let long = "vellum grinder ".repeat(20);
        assert_eq!(judge(&long, NAMES), Err(Weakness::TooLong));
        assert!(normalised(&"x".repeat(10_000)).len() <= PASSWORD_MAX_BYTES + 1);
    }

    #[test]
    fn the_same_characters_typed_another_way_are_the_same_password() {
        assert_eq!(normalised("cafe\u{301}"), normalised("caf\u{e9}"));
        assert_eq!(normalised("\u{ff21}\u{ff22}"), normalised("AB"));
        assert_ne!(normalised(" a"), normalised("a"), "nothing is trimmed");
    }

    proptest! {
        #[test]
        fn judging_never_fails_and_case_does_not_help(password in ".{0,80}") {
            let plain = normalised(&password);
            let _whatever_it_says = judge(&plain, NAMES);
            if plain.is_ascii() && judge(&plain.to_lowercase(), NAMES) == Err(Weakness::Expected) {
                prop_assert_eq!(judge(&plain.to_uppercase(), NAMES), Err(Weakness::Expected));
            }
        }
    }
}
