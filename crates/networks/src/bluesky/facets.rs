//! Rich text: where in a text mentions, links and hashtags stand, in bytes of UTF-8 as Bluesky counts.
//!
//! Going out, a text's `@name.domain`, web addresses and `#tags` are found; whom a name means is for the caller to look up. Pure.

use std::ops::Range;

use crate::text;

/// A longer hashtag is none (the lexicon's limit).
const TAG_GRAPHEMES_MAX: usize = 64;

/// Something that a stretch of text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A handle, without its `@`.
    Mention(String),
    /// A web address.
    Link(String),
    /// A hashtag, without its `#`.
    Tag(String),
}

/// What is to be marked in a text, in order, without overlap.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Found)> {
    let links = text::links(text);
    let mut found: Vec<_> = words(text)
        .filter(|(at, _)| links.iter().all(|link| at.end <= link.start || at.start >= link.end))
        .filter_map(|(at, word)| marked(word).map(|found| (at.start..at.start + length(&found), found)))
        .collect();
    found.extend(links.into_iter().map(|at| (at.clone(), Found::Link(text[at].to_owned()))));
    found.sort_by_key(|(at, _)| at.start);
    found
}

fn length(found: &Found) -> usize {
    match found {
        Found::Mention(name) | Found::Tag(name) => name.len() + 1,
        Found::Link(link) => link.len(),
    }
}

/// The words of a text; what opens a bracket or a quotation before one is not part of it.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    text.split(char::is_whitespace).map(move |word| {
        let start = at;
        // The white space that ended the word is one character of any length.
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        let trimmed = word.trim_start_matches(['(', '[', '{', '"', '\'', '«', '“', '‘', '¿', '¡']);
        let start = start + word.len() - trimmed.len();
        (start..start + trimmed.len(), trimmed)
    })
}

fn marked(word: &str) -> Option<Found> {
    if let Some(rest) = word.strip_prefix('@') {
        let end =
            rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '-')).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-']);
        let labels: Vec<&str> = name.split('.').collect();
        let is_handle = labels.len() >= 2
            && name.len() <= 253
            && labels
                .iter()
                .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'))
            && labels.last().is_some_and(|last| last.starts_with(|letter: char| letter.is_ascii_alphabetic()));
        return is_handle.then(|| Found::Mention(name.to_owned()));
    }
    let tag = word.strip_prefix('#')?;
    let tag = tag.trim_end_matches(|letter: char| letter.is_ascii_punctuation() || "…。、，！？".contains(letter));
    let is_tag = !tag.is_empty()
        && !tag.chars().all(|letter| letter.is_ascii_digit())
        && unicode_segmentation::UnicodeSegmentation::graphemes(tag, true).count() <= TAG_GRAPHEMES_MAX;
    is_tag.then(|| Found::Tag(tag.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(&str, Found)]) {
        let found: Vec<_> = find(text).into_iter().map(|(at, found)| (text[at].to_owned(), found)).collect();
        let expected: Vec<_> = expected.iter().map(|(part, found)| ((*part).to_owned(), found.clone())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn mentions_links_and_tags_are_found_where_they_stand() {
        let (mention, link, tag) = (
            |name: &str| Found::Mention(name.to_owned()),
            |link: &str| Found::Link(link.to_owned()),
            |tag: &str| Found::Tag(tag.to_owned()),
        );
        check(
            "🪁 hi (@robin.example.test), see https://a.test/@x#y #kites, #2026 @nobody",
            &[
                ("@robin.example.test", mention("robin.example.test")),
                ("https://a.test/@x#y", link("https://a.test/@x#y")),
                ("#kites", tag("kites")),
            ],
        );
        check("#日本語。 mail@example.test @a.b. @-a.b @a..b @a.1", &[("#日本語", tag("日本語")), ("@a.b", mention("a.b"))]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_on_letters(text in "([@#]?[a-z.é🪁]{0,6}|https://[a-z.]{0,5}|\\PC{0,5}| ){0,8}") {
            let mut end = 0;
            for (at, _) in find(&text) {
                prop_assert!(at.start >= end && at.end > at.start && text.get(at.clone()).is_some(), "{at:?} in {text:?}");
                end = at.end;
            }
        }
    }
}
