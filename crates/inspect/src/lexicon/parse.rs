//! The grammar of a list file.
//!
//! ```text
//! # A comment.
//! list insider "Insider phrases" version 2
//! level high                      # low, medium or high for what follows; medium at first
//! zones text, image               # text, alt, link, image; all four at first
//! skip quoted, disclaimer         # not inside quotations, not inside legal footers; nothing skipped at first
//!
//! inside information              # a term: these words in this order
//! acqui* talk~                    # `*` any letters, `?` one letter, `~` the word in any inflection
//! earnings NEAR/4 not public      # at most four words between, either order
//! leak BEFORE/3 press             # at most three words between, this order
//!
//! rule deal-leak                  # a rule of several parts, indented
//!     any merger | takeover       # at least one of these is found; findings have its place
//!     all signed & next week      # every one of these stands somewhere in the same text
//!     not rumour | press release  # none of these does
//! ```
//!
//! Words are folded like message text, so case and accents do not matter; punctuation inside a term is ignored.

use super::problem::{ListError, Problem};
use super::{Level, Rule, Source, Zone};
use crate::tokens::{Links, TokenKind, Tokens};
use std::collections::HashMap;

/// Problems reported at once: more is not read.
pub const PROBLEMS_MAX: usize = 100;
/// Rules of all lists together: ten times the largest list seen in practice, and it bounds memory.
pub const RULES_MAX: usize = 500_000;
/// Words of one phrase: longer ones are sentences, which nobody repeats word by word.
pub const PHRASE_WORDS_MAX: usize = 12;
/// Distance that NEAR and BEFORE may ask for.
pub const DISTANCE_MAX: u32 = 50;
/// Letters that a wildcard must have at its beginning or its end: fewer match half the language.
pub const ANCHOR_LETTERS_MIN: usize = 2;

/// Where not to look, as bits.
pub const SKIP_QUOTED: u8 = 1;
/// Legal footers and disclaimers.
pub const SKIP_DISCLAIMER: u8 = 2;

/// One word of a phrase.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// Exactly this folded word: its hash and its letters.
    Exact(u64, Box<[u8]>),
    /// Any inflection, by hash of the stem; with the word's first bytes, which every inflection shares.
    Stem(u64, u16),
    /// Folded bytes with `*` and `?`.
    Glob(Vec<u8>),
}

/// What has to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Words in a row.
    Phrase(Vec<Word>),
    /// Two phrases with at most so many words between, in either order.
    Near(Vec<Word>, Vec<Word>, u32),
    /// The same, in this order.
    Before(Vec<Word>, Vec<Word>, u32),
}

/// A rule before compilation.
#[derive(Clone, Debug)]
pub struct Draft {
    pub rule: Rule,
    pub source: String,
    pub zones: u8,
    pub skip: u8,
    pub any: Vec<Term>,
    pub all: Vec<Term>,
    pub not: Vec<Term>,
    /// Whether anything was written that could be found, refused or not.
    pub has_terms: bool,
}

impl Draft {
    /// Letters of the words that stand in the terms that can be found, wildcards and stems left out.
    pub fn exact_words(&self) -> impl Iterator<Item = Box<[u8]>> + '_ {
        let phrases = |term: &Term| match term {
            Term::Phrase(words) => words.clone(),
            Term::Near(first, second, _) | Term::Before(first, second, _) => [first.as_slice(), second].concat(),
        };
        let words = self.any.iter().chain(&self.all).flat_map(phrases);
        words.filter_map(|word| if let Word::Exact(_, letters) = word { Some(letters) } else { None })
    }
}

struct Reader<'a> {
    source: Source<'a>,
    problems: &'a mut Vec<ListError>,
    tokens: Tokens,
    list: String,
    version: u32,
    level: Level,
    zones: u8,
    skip: u8,
    line: u32,
}

/// Reads one list, adding its rules and its problems.
pub fn parse(source: Source<'_>, drafts: &mut Vec<Draft>, problems: &mut Vec<ListError>) {
    let mut reader = Reader {
        source,
        problems,
        tokens: Tokens::new(),
        list: String::new(),
        version: 1,
        level: Level::Medium,
        zones: Zone::ALL.iter().fold(0, |bits, zone| bits | zone.bit()),
        skip: 0,
        line: 0,
    };
    let first = drafts.len();
    let mut open_rule = None;
    let content = source.content.strip_prefix('\u{feff}').unwrap_or(source.content);
    for (number, raw) in (1..).zip(content.lines()) {
        reader.line = number;
        let line = without_comment(raw).trim_end();
        if line.trim().is_empty() {
            continue;
        }
        if reader.problems.len() >= PROBLEMS_MAX {
            return;
        }
        if reader.list.is_empty() {
            if !reader.header(line) {
                return;
            }
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match open_rule {
                Some(index) => reader.part(line.trim(), &mut drafts[index]),
                None => reader.report(Problem::OutsideRule),
            }
            continue;
        }
        open_rule = None;
        if drafts.len() >= RULES_MAX {
            reader.report(Problem::TooManyRules);
            return;
        }
        match line.split_once(char::is_whitespace).unwrap_or((line, "")) {
            ("level", rest) => reader.set_level(rest.trim()),
            ("zones", rest) => reader.set_zones(rest),
            ("skip", rest) => reader.set_skip(rest),
            ("rule", "") => reader.report(Problem::UnnamedRule),
            ("rule", name) => {
                open_rule = Some(drafts.len());
                drafts.push(reader.draft(name.trim()));
            }
            _ => {
                if let Some(problem) = mistake(line) {
                    reader.report(problem);
                } else if let Some(term) = reader.term(line) {
                    let mut draft = reader.draft(line.trim());
                    draft.any.push(term);
                    draft.has_terms = true;
                    drafts.push(draft);
                }
            }
        }
    }
    if reader.list.is_empty() {
        reader.line = 1;
        reader.report(Problem::NoHeader);
    }
    for draft in drafts[first..].iter().filter(|draft| !draft.has_terms) {
        reader.line = draft.rule.line;
        reader.report(Problem::RuleWithoutTerms);
    }
}

/// Reports identifiers that stand twice in one list.
pub fn refuse_duplicates(drafts: &[Draft], problems: &mut Vec<ListError>) {
    let mut seen = HashMap::new();
    for draft in drafts {
        let rule = &draft.rule;
        if let Some(line) = seen.insert((&rule.list, &rule.id), rule.line) {
            let problem = Problem::Duplicate(rule.id.clone(), line);
            problems.push(ListError { name: draft.source.clone(), line: rule.line, problem });
        }
    }
}

/// What looks like a term and was meant for something else: taken for words it would silently never be found.
fn mistake(line: &str) -> Option<Problem> {
    let words = || line.split_whitespace();
    let first = words().next()?;
    let has_small = line.chars().any(char::is_lowercase);
    if first == "list" && line.contains('"') {
        return Some(Problem::SecondHeader);
    }
    if line.contains('|') || matches!(first, "any" | "all" | "not") && words().any(|word| word == "&") {
        return Some(Problem::NotIndented);
    }
    if let Some(word) = words().skip(1).find(|word| has_small && matches!(*word, "AND" | "OR")) {
        return Some(Problem::Operator(word.to_owned()));
    }
    let is_distance = |word: &&str| {
        word.split_once('/').is_some_and(|(name, number)| {
            matches!(name, "near" | "Near" | "before" | "Before") && number.bytes().all(|b| b.is_ascii_digit())
        })
    };
    if let Some(word) = words().find(is_distance) {
        return Some(Problem::BadDistance(word.to_owned()));
    }
    let is_zone = |word: &str| Zone::ALL.into_iter().any(|zone| zone.id() == word.trim_end_matches(','));
    (first == "zone" && words().count() > 1 && words().skip(1).all(is_zone))
        .then(|| Problem::NoSuchSetting(first.to_owned(), "zones"))
}

/// A `#` opens a comment at the start of a line or after a space; `#tag` inside a term does not exist.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.find(" #").map_or(line, |at| &line[..at])
}

impl Reader<'_> {
    fn report(&mut self, problem: Problem) {
        self.problems.push(ListError { name: self.source.name.to_owned(), line: self.line, problem });
    }

    fn draft(&self, id: &str) -> Draft {
        let rule =
            Rule { list: self.list.clone(), list_version: self.version, id: id.to_owned(), level: self.level, line: self.line };
        Draft {
            rule,
            source: self.source.name.to_owned(),
            zones: self.zones,
            skip: self.skip,
            any: Vec::new(),
            all: Vec::new(),
            not: Vec::new(),
            has_terms: false,
        }
    }

    fn header(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("list ") else {
            self.report(Problem::NoHeader);
            return false;
        };
        let mut quoted = rest.splitn(3, '"');
        let (id, title, after) = (quoted.next().unwrap_or("").trim(), quoted.next(), quoted.next());
        let (Some(_), Some(after)) = (title, after) else {
            self.report(Problem::BadHeader);
            return false;
        };
        let version = match after.trim() {
            "" => Some(1),
            stated => stated.strip_prefix("version ").and_then(|number| number.trim().parse().ok()),
        };
        match version {
            Some(version) if !id.is_empty() && !id.contains(char::is_whitespace) => {
                id.clone_into(&mut self.list);
                self.version = version;
                true
            }
            _ => {
                self.report(Problem::BadHeader);
                false
            }
        }
    }

    fn set_level(&mut self, word: &str) {
        match [Level::Low, Level::Medium, Level::High].into_iter().find(|level| level.id() == word) {
            Some(level) => self.level = level,
            None => self.report(Problem::UnknownLevel(word.to_owned())),
        }
    }

    fn set_zones(&mut self, words: &str) {
        self.zones = 0;
        for word in names(words) {
            match Zone::ALL.into_iter().find(|zone| zone.id() == word) {
                Some(zone) => self.zones |= zone.bit(),
                None => self.report(Problem::UnknownZone(word.to_owned())),
            }
        }
    }

    fn set_skip(&mut self, words: &str) {
        self.skip = 0;
        for word in names(words) {
            match word {
                "quoted" => self.skip |= SKIP_QUOTED,
                "disclaimer" => self.skip |= SKIP_DISCLAIMER,
                "nothing" => {}
                _ => self.report(Problem::UnknownSkip(word.to_owned())),
            }
        }
    }

    fn part(&mut self, line: &str, draft: &mut Draft) {
        let (part, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (list, separator) = match part {
            "any" => (&mut draft.any, '|'),
            "all" => (&mut draft.all, '&'),
            "not" => (&mut draft.not, '|'),
            _ => return self.report(Problem::UnknownPart(part.to_owned())),
        };
        draft.has_terms |= part != "not";
        for piece in rest.split(separator) {
            list.extend(self.term(piece));
        }
    }

    fn term(&mut self, text: &str) -> Option<Term> {
        let mut sides: Vec<Vec<&str>> = vec![Vec::new()];
        let mut operator = None;
        for word in text.split_whitespace() {
            let (name, distance) = word.split_once('/').unwrap_or((word, ""));
            if !matches!(name, "NEAR" | "BEFORE") {
                sides.last_mut().expect("there is always a side").push(word);
                continue;
            }
            if operator.is_some() {
                self.report(Problem::TwoDistances);
                return None;
            }
            match distance.parse() {
                Ok(distance) if (1..=DISTANCE_MAX).contains(&distance) => {
                    operator = Some((name == "NEAR", distance));
                }
                _ => {
                    self.report(Problem::BadDistance(word.to_owned()));
                    return None;
                }
            }
            sides.push(Vec::new());
        }
        let mut phrases = Vec::new();
        for side in sides {
            phrases.push(self.phrase(&side)?);
        }
        let second = phrases.pop()?;
        Some(match (phrases.pop(), operator) {
            (Some(first), Some((true, distance))) => Term::Near(first, second, distance),
            (Some(first), Some((false, distance))) => Term::Before(first, second, distance),
            _ => Term::Phrase(second),
        })
    }

    fn phrase(&mut self, words: &[&str]) -> Option<Vec<Word>> {
        let mut phrase = Vec::new();
        for word in words {
            let word = word.trim_matches('"');
            if word.contains(['*', '?']) && word.chars().any(char::is_alphanumeric) {
                phrase.push(self.wildcard(word)?);
            } else {
                let (letters, stemmed) = word.strip_suffix('~').map_or((word, false), |letters| (letters, true));
                self.tokens.scan_with(letters, Links::Words);
                for token in self.tokens.list() {
                    let stem = stemmed && token.kind == TokenKind::Word;
                    let word = if stem {
                        let folded = self.tokens.folded(token);
                        Word::Stem(super::stem::hash(folded), super::compile::lead(folded))
                    } else {
                        Word::Exact(token.hash, self.tokens.folded(token).into())
                    };
                    phrase.push(word);
                }
            }
        }
        if phrase.is_empty() {
            self.report(Problem::EmptyTerm);
            return None;
        }
        if phrase.len() > PHRASE_WORDS_MAX {
            self.report(Problem::LongPhrase(phrase.len()));
            return None;
        }
        Some(phrase)
    }

    fn wildcard(&mut self, word: &str) -> Option<Word> {
        let mut pattern = Vec::new();
        let mut letters = String::new();
        for c in word.chars().chain(['\0']) {
            if matches!(c, '*' | '?' | '\0') {
                self.tokens.scan_with(&letters, Links::Words);
                if let Some(token) = self.tokens.list().first() {
                    pattern.extend_from_slice(self.tokens.folded(token));
                }
                letters.clear();
                if c != '\0' {
                    pattern.push(c as u8);
                }
            } else {
                letters.push(c);
            }
        }
        let anchor = super::glob::prefix(&pattern).len().max(super::glob::suffix(&pattern).len());
        if anchor < ANCHOR_LETTERS_MIN {
            self.report(Problem::WideWildcard(word.to_owned()));
            return None;
        }
        Some(Word::Glob(pattern))
    }
}

fn names(words: &str) -> impl Iterator<Item = &str> {
    words.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty())
}
