//! A query cut into tokens, each with its place.

use std::ops::Range;

use super::error::{ParseError, Problem};

/// A piece of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A minus sign directly before something.
    Minus,
    /// An equals sign directly before something.
    Equals,
    Or,
    And,
    Not,
    /// A name with its colon.
    Field(&'a str),
    Phrase(&'a str),
    Word(&'a str),
}

/// Tokens of a text, in order.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// A field's colon was just read: what follows directly is its value, whatever it looks like.
    wants_value: bool,
}

pub(super) type Spanned<'a> = (Token<'a>, Range<usize>);

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, wants_value: false }
    }

    pub(super) fn next(&mut self) -> Result<Option<Spanned<'a>>, ParseError> {
        let is_value = std::mem::take(&mut self.wants_value);
        let rest = &self.text[self.at..];
        let skipped = rest.len() - rest.trim_start().len();
        let is_value = is_value && skipped == 0;
        self.at += skipped;
        let start = self.at;
        let Some(first) = self.text[start..].chars().next() else { return Ok(None) };
        let token = match first {
            '(' => self.one(first, Token::Open),
            ')' => self.one(first, Token::Close),
            _ if is_quote(first) => self.phrase(start, first)?,
            '-' if !is_value => self.one(first, Token::Minus),
            '=' if !is_value => self.one(first, Token::Equals),
            _ => self.word(start, is_value),
        };
        Ok(Some((token, start..self.at)))
    }

    /// Whether the next character follows without a blank and can begin something.
    pub(super) fn touches(&self) -> bool {
        self.text[self.at..].chars().next().is_some_and(|next| !next.is_whitespace() && next != ')')
    }

    fn one(&mut self, letter: char, token: Token<'a>) -> Token<'a> {
        self.at += letter.len_utf8();
        token
    }

    fn phrase(&mut self, start: usize, first: char) -> Result<Token<'a>, ParseError> {
        let inside = start + first.len_utf8();
        let Some((length, last)) = self.text[inside..].char_indices().find(|(_, letter)| is_quote(*letter)) else {
            return Err(ParseError::new(self.text, start..self.text.len(), Problem::OpenQuote));
        };
        self.at = inside + length + last.len_utf8();
        Ok(Token::Phrase(&self.text[inside..inside + length]))
    }

    fn word(&mut self, start: usize, is_value: bool) -> Token<'a> {
        let rest = &self.text[start..];
        let ends = |letter: char| letter.is_whitespace() || letter == '(' || letter == ')' || is_quote(letter);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if !is_value && let Some(name) = field_name(word) {
            self.at = start + name.len() + 1;
            self.wants_value = true;
            return Token::Field(name);
        }
        self.at = start + word.len();
        match word {
            "OR" if !is_value => Token::Or,
            "AND" if !is_value => Token::And,
            "NOT" if !is_value => Token::Not,
            _ => Token::Word(word),
        }
    }
}

/// The name before a colon. Addresses (`https://…`) and times (`12:30`) are words.
fn field_name(word: &str) -> Option<&str> {
    let (name, value) = word.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_name && !value.starts_with("//")).then_some(name)
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}
