//! Our words, in the form the engine takes them: two analyzers over [`crate::words`].
//!
//! A text comes with one character before it that says in which language it is stemmed ([`tagged`]), because an analyzer is told
//! nothing but the text.

use tantivy::{
    Index,
    tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer},
};

use super::fields;
use crate::{
    language::Language,
    words::{Shape, Stems, Words, fold},
};

/// The character of texts without a language; languages follow it.
const NO_LANGUAGE: u8 = b'@';

/// A text with its language in front.
pub(super) fn tagged(text: &str, language: Option<Language>) -> String {
    let place = language.map_or(0, |language| language as u8 + 1);
    let mut tagged = String::with_capacity(text.len() + 1);
    tagged.push(char::from(NO_LANGUAGE + place));
    tagged.push_str(text);
    tagged
}

fn untagged(tagged: &str) -> (&str, Option<Language>) {
    let mut letters = tagged.chars();
    let tag = letters.next().and_then(|tag| u8::try_from(tag).ok()).unwrap_or(NO_LANGUAGE);
    let language = usize::from(tag.saturating_sub(NO_LANGUAGE)).checked_sub(1).and_then(|place| Language::ALL.get(place));
    (letters.as_str(), language.copied())
}

pub(super) fn register(index: &Index) {
    index.tokenizers().register(fields::EXACT, TextAnalyzer::from(ExactAnalyzer::default()));
    index.tokenizers().register(fields::STEMS, TextAnalyzer::from(StemAnalyzer::default()));
}

#[derive(Clone, Default)]
struct ExactAnalyzer {
    token: Token,
}

struct ExactStream<'a> {
    text: &'a str,
    words: Words<'a>,
    token: &'a mut Token,
}

impl Tokenizer for ExactAnalyzer {
    type TokenStream<'a> = ExactStream<'a>;

    fn token_stream<'a>(&'a mut self, tagged: &'a str) -> ExactStream<'a> {
        let (text, _) = untagged(tagged);
        self.token.reset();
        ExactStream { text, words: Words::new(text), token: &mut self.token }
    }
}

impl TokenStream for ExactStream<'_> {
    fn advance(&mut self) -> bool {
        for word in self.words.by_ref() {
            self.token.text.clear();
            fold(&self.text[word.span], &mut self.token.text);
            self.token.position = word.position;
            if !self.token.text.is_empty() {
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[derive(Default)]
struct StemAnalyzer {
    token: Token,
    stems: Stems,
}

/// A copy has its own store of stems, and begins with an empty one.
impl Clone for StemAnalyzer {
    fn clone(&self) -> Self {
        Self::default()
    }
}

struct StemStream<'a> {
    text: &'a str,
    language: Option<Language>,
    words: Words<'a>,
    of: &'a mut StemAnalyzer,
}

impl Tokenizer for StemAnalyzer {
    type TokenStream<'a> = StemStream<'a>;

    fn token_stream<'a>(&'a mut self, tagged: &'a str) -> StemStream<'a> {
        let (text, language) = untagged(tagged);
        self.token.reset();
        StemStream { text, language, words: Words::new(text), of: self }
    }
}

impl TokenStream for StemStream<'_> {
    fn advance(&mut self) -> bool {
        for word in self.words.by_ref() {
            if word.shape != Shape::Letters {
                continue;
            }
            self.of.token.text.clear();
            self.of.stems.stem(&self.text[word.span], self.language, &mut self.of.token.text);
            self.of.token.position = word.position;
            if !self.of.token.text.is_empty() {
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        &self.of.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.of.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_travels_with_its_text() {
        for language in std::iter::once(None).chain(Language::ALL.iter().copied().map(Some)) {
            assert_eq!(untagged(&tagged("text", language)), ("text", language));
        }
        assert_eq!(untagged(""), ("", None));
        assert_eq!(untagged("ä"), ("", None));
    }
}
