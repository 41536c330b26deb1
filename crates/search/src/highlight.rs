//! Where in a text a query matches: spans for a page to mark.
//!
//! The text comes from the caller, who has it and knows who may read it. Marked is what the query looks for, not what it excludes.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use crate::{
    index::plan::terms_of,
    language::Language,
    query::{Clause, Query},
    words::{Shape, Stems, Word, Words, fold},
};

/// Marks in one text: more of them mark nothing.
const SPANS_MAX: usize = 500;

/// A query, prepared for marking many texts.
pub struct Highlighter {
    stems: HashSet<String>,
    phrases: Vec<Vec<(usize, String)>>,
    stemming: Stems,
    fallback: Option<Language>,
}

impl Highlighter {
    /// Prepares a query. `fallback` is the language of texts whose source does not say, as in [`crate::Options`].
    pub fn new(query: &Query, fallback: Option<Language>) -> Self {
        let mut highlighter = Self { stems: HashSet::new(), phrases: Vec::new(), stemming: Stems::default(), fallback };
        highlighter.look_for(query.clause());
        highlighter
    }

    fn look_for(&mut self, clause: &Clause) {
        match clause {
            Clause::Word(text) => {
                let words: Vec<Word> = Words::new(text).collect();
                match words.as_slice() {
                    [word] if word.shape == Shape::Letters => self.look_for_stems(&text[word.span.clone()]),
                    _ => self.phrases.push(terms_of(text)),
                }
            }
            Clause::Exact(text) | Clause::Phrase(text) => self.phrases.push(terms_of(text)),
            Clause::All(parts) | Clause::AnyOf(parts) => parts.iter().for_each(|part| self.look_for(part)),
            _ => {}
        }
    }

    fn look_for_stems(&mut self, word: &str) {
        for language in std::iter::once(None).chain(Language::ALL.iter().copied().map(Some)) {
            let mut stem = String::new();
            self.stemming.stem(word, language, &mut stem);
            self.stems.insert(stem);
        }
    }

    /// The spans of a text that match, in order and apart from each other. `tag` is the language its source says it is in.
    pub fn spans(&mut self, text: &str, tag: Option<&str>) -> Vec<Range<usize>> {
        let language = match tag {
            Some(tag) => Language::of_tag(tag),
            None => Language::of_script(text).or(self.fallback),
        };
        let words: Vec<Word> = Words::new(text).collect();
        let mut spans = self.stemmed(text, &words, language);
        spans.extend(self.phrased(text, &words));
        apart(spans)
    }

    fn stemmed(&mut self, text: &str, words: &[Word], language: Option<Language>) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        if self.stems.is_empty() {
            return spans;
        }
        let mut stem = String::new();
        for word in words.iter().filter(|word| word.shape == Shape::Letters) {
            stem.clear();
            self.stemming.stem(&text[word.span.clone()], language, &mut stem);
            if self.stems.contains(&stem) {
                spans.push(word.span.clone());
            }
        }
        spans
    }

    fn phrased(&self, text: &str, words: &[Word]) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        if self.phrases.is_empty() {
            return spans;
        }
        let mut places: BTreeMap<(usize, String), Range<usize>> = BTreeMap::new();
        for word in words {
            let mut term = String::new();
            fold(&text[word.span.clone()], &mut term);
            places.insert((word.position, term), word.span.clone());
        }
        for phrase in &self.phrases {
            let Some((first, rest)) = phrase.split_first() else { continue };
            for ((position, term), span) in &places {
                if *term != first.1 || spans.len() >= SPANS_MAX {
                    continue;
                }
                let at = |(offset, term): &(usize, String)| places.get(&(position + offset - first.0, term.clone()));
                let ends: Option<Vec<usize>> = rest.iter().map(|term| at(term).map(|span| span.end)).collect();
                if let Some(ends) = ends {
                    spans.push(span.start..ends.into_iter().max().unwrap_or(span.end).max(span.end));
                }
            }
        }
        spans
    }
}

/// In order, overlapping ones joined.
fn apart(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined.truncate(SPANS_MAX);
    joined
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::query::Setting;

    fn marked(query: &str, text: &str, tag: Option<&str>) -> String {
        let query = Query::parse(query, &Setting::at(0, TimeZone::UTC)).expect("a query");
        let mut marked = text.to_owned();
        for span in Highlighter::new(&query, Some(Language::English)).spans(text, tag).iter().rev() {
            marked.insert(span.end, ']');
            marked.insert(span.start, '[');
        }
        marked
    }

    #[test]
    fn forms_of_a_word_are_marked() {
        assert_eq!(marked("parcel", "Parcels, the parcel.", None), "[Parcels], the [parcel].");
        assert_eq!(marked("Haus", "Die Häuser", Some("de")), "Die [Häuser]");
        assert_eq!(marked("cafe", "Café", Some("ja")), "[Café]");
    }

    #[test]
    fn exact_words_and_phrases_are_marked_as_they_are_written() {
        assert_eq!(marked("=run", "run running", None), "[run] running");
        assert_eq!(marked("\"a b\"", "a b a, B b", None), "[a b] [a, B] b");
        assert_eq!(marked("late \"a b\"", "late a b", None), "[late] [a b]");
        assert_eq!(marked("東京", "東京都と京", None), "[東京]都と京");
        assert_eq!(marked("don't", "I don't know", None), "I [don't] know");
    }

    #[test]
    fn what_is_excluded_is_not_marked() {
        assert_eq!(marked("parcel -late from:late", "late parcel", None), "late [parcel]");
        assert_eq!(marked("", "late parcel", None), "late parcel");
    }

    proptest! {
        #[test]
        fn spans_lie_apart_in_any_text(text in "\\PC{0,40}", word in "[a-z東京äß]{1,3}") {
            let query = Query::parse(&format!("{word} OR \"{word} {word}\""), &Setting::at(0, TimeZone::UTC)).expect("a query");
            let mut end = 0;
            for span in Highlighter::new(&query, None).spans(&text, None) {
                prop_assert!(span.start >= end && text.get(span.clone()).is_some());
                end = span.end;
            }
        }
    }
}
