//! What a word is: the same answer for a message when it is indexed, for a query, and for the places to highlight.
//!
//! A word is a run of letters, digits and the marks on them. Scripts that are written without blanks (Chinese, Japanese, Korean, Thai and
//! their like) give each character and each pair of neighbours; a picture character is a word of its own. Every character in such a
//! script and every other word takes one position, so a phrase is a matter of neighbouring positions.
//! Nothing here looks at meaning: no stop words, no synonyms, no guessing of language.

mod fold;
mod stem;

use std::ops::Range;

pub use fold::fold;
pub use stem::Stems;

use unicode_normalization::char::is_combining_mark;

/// A longer word is known by this many bytes of it: enough for any word of a language; what is longer is a key, an address or noise.
pub const WORD_BYTES_MAX: usize = 64;
/// Words of one text that are indexed; a longer text is cut. Far above any network's limit, and a bound for a hostile e-mail.
pub const WORDS_MAX: usize = 100_000;

/// What a word is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Letters and digits between other characters.
    Letters,
    /// One character of a script without blanks.
    Single,
    /// Two neighbours of a script without blanks, at the position of the first.
    Pair,
}

/// A word in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// Which place it takes in the order of words, from 0.
    pub position: usize,
    /// What it is made of.
    pub shape: Shape,
}

/// The words of a text, in order.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    text: &'a str,
    at: usize,
    position: usize,
    pair: Option<Word>,
}

impl<'a> Words<'a> {
    /// The words of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, position: 0, pair: None }
    }

    fn letters(&mut self, start: usize) -> Word {
        let ascii = self.text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let after = start + ascii;
        if self.text.as_bytes().get(after).is_none_or(u8::is_ascii) {
            // Nothing but ASCII up to here, and no mark can follow.
            self.at = after;
            return self.word(start..start + ascii.min(WORD_BYTES_MAX), Shape::Letters);
        }
        let rest = &self.text[start..];
        let end = rest
            .char_indices()
            .find(|&(at, letter)| !(is_letter(letter) || at > 0 && is_combining_mark(letter)) || is_unspaced(letter))
            .map_or(rest.len(), |(at, _)| at);
        self.at = start + end;
        let kept = rest[..end].floor_char_boundary(WORD_BYTES_MAX.min(end));
        self.word(start..start + kept, Shape::Letters)
    }

    fn unspaced(&mut self, start: usize, letter: char) -> Word {
        let end = start + letter.len_utf8();
        self.at = end;
        if let Some(next) = self.text[end..].chars().next().filter(|next| is_unspaced(*next)) {
            self.pair = Some(Word { span: start..end + next.len_utf8(), position: self.position, shape: Shape::Pair });
        }
        self.word(start..end, Shape::Single)
    }

    fn word(&mut self, span: Range<usize>, shape: Shape) -> Word {
        let position = self.position;
        self.position += 1;
        Word { span, position, shape }
    }
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        if let Some(pair) = self.pair.take() {
            return Some(pair);
        }
        if self.position >= WORDS_MAX {
            return None;
        }
        let bytes = self.text.as_bytes();
        loop {
            let start = self.at;
            let first = *bytes.get(start)?;
            if first.is_ascii_alphanumeric() {
                return Some(self.letters(start));
            }
            if first.is_ascii() {
                self.at += 1;
                continue;
            }
            let letter = self.text[start..].chars().next()?;
            if is_unspaced(letter) {
                return Some(self.unspaced(start, letter));
            }
            if is_picture(letter) {
                self.at = start + letter.len_utf8();
                return Some(self.word(start..self.at, Shape::Letters));
            }
            if is_letter(letter) {
                return Some(self.letters(start));
            }
            self.at += letter.len_utf8();
        }
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric()
}

/// Scripts whose words are not parted by blanks.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1100}'..='\u{11ff}' // Hangul letters
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30fa}' | '\u{30fc}'..='\u{318f}' // Kana, Hangul letters
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' // Hangul
        | '\u{ff66}'..='\u{ffdc}' // half-width forms
        | '\u{20000}'..='\u{3ffff}') // Han, later planes
}

/// Picture characters that people look for; sequences are found by their parts.
fn is_picture(letter: char) -> bool {
    matches!(letter, '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, words: &[&str]) {
        let found: Vec<String> =
            Words::new(text).map(|word| format!("{}{}", &text[word.span.clone()], mark(word.shape))).collect();
        assert_eq!(found, words, "{text}");
    }

    fn mark(shape: Shape) -> &'static str {
        match shape {
            Shape::Letters => "",
            Shape::Single => "'",
            Shape::Pair => "\"",
        }
    }

    #[test]
    fn letters_and_digits_are_words() {
        check("The parcel, no. 4711, hasn't come!", &["The", "parcel", "no", "4711", "hasn", "t", "come"]);
        check("@alice #late https://shop.example.test/a_b", &["alice", "late", "https", "shop", "example", "test", "a", "b"]);
        check(
            "na\u{ef}ve cafe\u{301}s \u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}",
            &["na\u{ef}ve", "cafe\u{301}s", "\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}"],
        );
        check(" \u{301}-… ", &[]);
    }

    #[test]
    fn a_script_without_blanks_gives_characters_and_pairs() {
        check("東京都", &["東'", "東京\"", "京'", "京都\"", "都'"]);
        check("新iPhone的", &["新'", "iPhone", "的'"]);
        check("สวัสดี a", &["ส'", "สว\"", "ว'", "วั\"", "ั'", "ัส\"", "ส'", "สด\"", "ด'", "ดี\"", "ี'", "a"]);
    }

    #[test]
    fn a_picture_is_a_word() {
        check("so good🔥🔥", &["so", "good", "🔥", "🔥"]);
    }

    #[test]
    fn a_long_word_is_known_by_its_beginning_and_the_next_word_is_whole() {
        let long = format!("{} end", "ä".repeat(100));
        let words: Vec<Word> = Words::new(&long).collect();
        assert_eq!(words.len(), 2);
        assert_eq!(words[0].span, 0..WORD_BYTES_MAX);
        assert_eq!(&long[words[1].span.clone()], "end");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(Words::new(&"a ".repeat(WORDS_MAX + 5)).count(), WORDS_MAX);
    }

    proptest! {
        #[test]
        fn words_lie_in_order_inside_the_text(text in "\\PC{0,60}") {
            let mut last = None;
            for word in Words::new(&text) {
                prop_assert!(text.get(word.span.clone()).is_some_and(|slice| !slice.is_empty()));
                if let Some((start, position)) = last {
                    prop_assert!(word.span.start >= start);
                    prop_assert!(word.position == position || word.position == position + 1);
                }
                last = Some((word.span.start, word.position));
            }
        }
    }
}
