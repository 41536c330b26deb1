//! From clauses to the engine's queries, and to what is checked message by message ([`Sieve`]).
//!
//! Time and profile hold for most of an index or for little of it, and nothing is won by intersecting lists with them: where they
//! must hold for the whole query they go into the sieve, which is asked only about messages that match the rest.

use std::collections::BTreeSet;

use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery, TermSetQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    excluded::Excluded,
    fields::{ANY_FINDING, Fields},
    phrase::Phrase,
};
use crate::{
    language::Language,
    message::ProfileKey,
    query::{Clause, Kind},
    request::Scope,
    words::{Shape, Stems, Word, Words, fold},
};

/// What must hold besides the words.
#[derive(Debug, Clone)]
pub(super) struct Sieve {
    pub(super) scope: Scope,
    /// Where the query names profiles: these and no others.
    pub(super) named: Option<BTreeSet<ProfileKey>>,
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
}

impl Sieve {
    pub(super) fn admits(&self, profile: ProfileKey) -> bool {
        self.scope.holds(profile) && self.named.as_ref().is_none_or(|named| named.contains(&profile))
    }

    /// Takes a clause that must hold, if it is of the kind that is checked message by message.
    fn takes(&mut self, clause: &Clause) -> bool {
        match clause {
            Clause::Written { from_ms, until_ms, .. } => {
                self.from_ms = self.from_ms.max(from_ms.unwrap_or(i64::MIN));
                self.until_ms = self.until_ms.min(until_ms.unwrap_or(i64::MAX));
                true
            }
            Clause::Profile { keys, .. } => {
                let keys: BTreeSet<_> = keys.iter().copied().collect();
                self.named = Some(match self.named.take() {
                    Some(named) => named.intersection(&keys).copied().collect(),
                    None => keys,
                });
                true
            }
            _ => false,
        }
    }
}

/// Translates a query; `languages` are those whose stems are in the index.
pub(super) fn plan(clause: &Clause, scope: &Scope, fields: &Fields, languages: &[Language]) -> (Box<dyn Query>, Sieve) {
    let mut sieve = Sieve { scope: scope.clone(), named: None, from_ms: i64::MIN, until_ms: i64::MAX };
    let mut planner = Planner { fields, languages, stems: Stems::default() };
    let parts: &[Clause] = match clause {
        Clause::All(parts) => parts,
        other => std::slice::from_ref(other),
    };
    let rest: Vec<&Clause> = parts.iter().filter(|part| !sieve.takes(part)).collect();
    (planner.all(&rest), sieve)
}

struct Planner<'a> {
    fields: &'a Fields,
    languages: &'a [Language],
    stems: Stems,
}

impl Planner<'_> {
    fn clause(&mut self, clause: &Clause) -> Box<dyn Query> {
        let fields = self.fields;
        match clause {
            Clause::Everything => Box::new(AllQuery),
            Clause::Word(word) => self.word(word),
            Clause::Exact(words) | Clause::Phrase(words) => phrase(fields.exact, words),
            Clause::Person(name) => unscored(phrase(fields.person, name)),
            Clause::Channel(name) => unscored(phrase(fields.channel, name)),
            Clause::Network(name) => label(fields.network, name),
            Clause::Language(code) => label(fields.language, code),
            Clause::Finding(Kind::Any) => label(fields.mark, ANY_FINDING),
            Clause::Finding(Kind::Of(kind)) => self.finding(kind),
            Clause::Mark(mark) => label(fields.mark, mark.id()),
            Clause::Profile { keys, .. } => self.profiles(keys),
            Clause::Written { from_ms, until_ms, .. } => self.written(*from_ms, *until_ms),
            Clause::Not(part) => self.all(&[&Clause::Not(part.clone())]),
            Clause::All(parts) => self.all(&parts.iter().collect::<Vec<_>>()),
            Clause::AnyOf(parts) => {
                let parts = parts.iter().map(|part| (Occur::Should, self.clause(part))).collect();
                Box::new(BooleanQuery::new(parts))
            }
        }
    }

    fn all(&mut self, parts: &[&Clause]) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(parts.len() + 1);
        for part in parts {
            clauses.push(match part {
                Clause::Not(inner) => (Occur::MustNot, Box::new(Excluded(self.clause(inner))) as Box<dyn Query>),
                other => (Occur::Must, self.clause(other)),
            });
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        match clauses.len() {
            1 => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        }
    }

    /// A word in any form: its stem, by each language of the index, because nobody says in which language they search.
    fn word(&mut self, text: &str) -> Box<dyn Query> {
        let words: Vec<Word> = Words::new(text).collect();
        let [word] = words.as_slice() else { return phrase(self.fields.exact, text) };
        if word.shape != Shape::Letters {
            return phrase(self.fields.exact, text);
        }
        let languages = std::iter::once(None).chain(self.languages.iter().copied().map(Some));
        let mut stems = BTreeSet::new();
        for language in languages {
            let mut stem = String::new();
            self.stems.stem(&text[word.span.clone()], language, &mut stem);
            stems.insert(stem);
        }
        let mut terms: Vec<Box<dyn Query>> = stems.iter().map(|stem| scored(self.fields.stems, stem)).collect();
        match terms.len() {
            1 => terms.remove(0),
            _ => Box::new(BooleanQuery::union(terms)),
        }
    }

    fn finding(&self, kind: &str) -> Box<dyn Query> {
        // A family: every kind that continues the name with a dot; `/` is the character after it.
        let text = |text: String| Term::from_field_text(self.fields.finding, &text);
        let below = RangeQuery::new(
            std::ops::Bound::Included(text(format!("{kind}."))),
            std::ops::Bound::Excluded(text(format!("{kind}/"))),
        );
        unscored(Box::new(BooleanQuery::union(vec![label(self.fields.finding, kind), Box::new(below)])))
    }

    fn profiles(&self, keys: &[ProfileKey]) -> Box<dyn Query> {
        Box::new(TermSetQuery::new(keys.iter().map(|key| Term::from_field_bytes(self.fields.profile, &key.0))))
    }

    fn written(&self, from_ms: Option<i64>, until_ms: Option<i64>) -> Box<dyn Query> {
        let term = |time_ms: i64| Term::from_field_i64(self.fields.time, time_ms);
        let from = from_ms.map_or(std::ops::Bound::Unbounded, |time_ms| std::ops::Bound::Included(term(time_ms)));
        let until = until_ms.map_or(std::ops::Bound::Unbounded, |time_ms| std::ops::Bound::Excluded(term(time_ms)));
        unscored(Box::new(RangeQuery::new(from, until)))
    }
}

fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn label(field: Field, text: &str) -> Box<dyn Query> {
    unscored(Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic)))
}

fn scored(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

/// Words as they are written, one after the other; a single word is a phrase of one.
fn phrase(field: Field, text: &str) -> Box<dyn Query> {
    let mut terms: Vec<(usize, Term)> =
        terms_of(text).into_iter().map(|(at, term)| (at, Term::from_field_text(field, &term))).collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs)),
        _ => Box::new(Phrase::new(terms)),
    }
}

/// The terms a phrase is made of, with their positions. Of a script without blanks pairs do, which are rarer than characters.
pub(crate) fn terms_of(text: &str) -> Vec<(usize, String)> {
    let words: Vec<Word> = Words::new(text).collect();
    let mut terms = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        if word.shape == Shape::Single {
            let begins_pair = words.get(at + 1).is_some_and(|next| next.shape == Shape::Pair);
            let ends_pair = at.checked_sub(1).is_some_and(|before| words[before].shape == Shape::Pair);
            if begins_pair || ends_pair {
                continue;
            }
        }
        let mut term = String::new();
        fold(&text[word.span.clone()], &mut term);
        if !term.is_empty() {
            terms.push((word.position, term));
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_made_of_words_and_pairs_at_their_places() {
        let check = |text: &str, terms: &[(usize, &str)]| {
            let found = terms_of(text);
            assert_eq!(found.iter().map(|(at, term)| (*at, term.as_str())).collect::<Vec<_>>(), terms, "{text}");
        };
        check("Late parcel", &[(0, "late"), (1, "parcel")]);
        check("東京都 Café", &[(0, "東京"), (1, "京都"), (3, "cafe")]);
        check("東", &[(0, "東")]);
        check("東 京", &[(0, "東"), (1, "京")]);
    }
}
