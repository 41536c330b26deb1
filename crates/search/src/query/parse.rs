//! Tokens become clauses: `OR` binds loosest, then what stands side by side, then a minus sign.

use std::ops::Range;

use super::{
    CLAUSES_MAX, DEPTH_MAX, QUERY_BYTES_MAX, Setting,
    clause::Clause,
    error::{ParseError, Problem},
    fields,
    lex::{Lexer, Spanned, Token},
};
use crate::words::Words;

pub(super) fn parse(text: &str, setting: &Setting) -> Result<Clause, ParseError> {
    if text.len() > QUERY_BYTES_MAX {
        let cut = text.floor_char_boundary(QUERY_BYTES_MAX);
        return Err(ParseError::new(text, cut..text.len(), Problem::TooLong));
    }
    let mut parser = Parser { text, setting, lexer: Lexer::new(text), next: None, clauses: 0 };
    parser.advance()?;
    if parser.next.is_none() {
        return Ok(Clause::Everything);
    }
    let clause = parser.any_of(0)?;
    match parser.next.take() {
        None => Ok(clause),
        Some((_, span)) => Err(parser.error(span, Problem::StrayParenthesis)),
    }
}

struct Parser<'a> {
    text: &'a str,
    setting: &'a Setting,
    lexer: Lexer<'a>,
    next: Option<Spanned<'a>>,
    clauses: usize,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Option<Spanned<'a>>, ParseError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn error(&self, span: Range<usize>, problem: Problem) -> ParseError {
        ParseError::new(self.text, span, problem)
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.next.as_ref().map(|(token, _)| *token)
    }

    fn any_of(&mut self, depth: usize) -> Result<Clause, ParseError> {
        let mut parts = vec![self.all(depth)?];
        while self.peek() == Some(Token::Or) {
            let (_, span) = self.advance()?.expect("it was just seen");
            self.needs_a_side(span, Problem::LonelyOperator("OR", "or"))?;
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Clause::AnyOf))
    }

    fn all(&mut self, depth: usize) -> Result<Clause, ParseError> {
        let mut parts = vec![self.part(depth)?];
        loop {
            match self.peek() {
                None | Some(Token::Close | Token::Or) => return Ok(one_or(parts, Clause::All)),
                Some(Token::And) => {
                    let (_, span) = self.advance()?.expect("it was just seen");
                    self.needs_a_side(span, Problem::LonelyOperator("AND", "and"))?;
                }
                Some(_) => {}
            }
            parts.push(self.part(depth)?);
        }
    }

    /// The right side of an operator must begin something.
    fn needs_a_side(&self, span: Range<usize>, problem: Problem) -> Result<(), ParseError> {
        match self.peek() {
            None | Some(Token::Close | Token::Or | Token::And) => Err(self.error(span, problem)),
            Some(_) => Ok(()),
        }
    }

    fn part(&mut self, depth: usize) -> Result<Clause, ParseError> {
        let touches = self.lexer.touches();
        let Some((token, span)) = self.advance()? else {
            return Err(self.error(self.text.len()..self.text.len(), Problem::EmptyParentheses));
        };
        if depth > DEPTH_MAX {
            return Err(self.error(span, Problem::TooDeep));
        }
        match token {
            Token::Open => self.group(span, depth),
            Token::Close => Err(self.error(span, Problem::StrayParenthesis)),
            Token::Or => Err(self.error(span, Problem::LonelyOperator("OR", "or"))),
            Token::And => Err(self.error(span, Problem::LonelyOperator("AND", "and"))),
            Token::Not => {
                self.needs_a_side(span, Problem::LonelyPrefix("NOT", " parcel"))?;
                Ok(Clause::Not(Box::new(self.part(depth + 1)?)))
            }
            Token::Minus if touches => Ok(Clause::Not(Box::new(self.part(depth + 1)?))),
            Token::Minus => Err(self.error(span, Problem::LonelyPrefix("-", "parcel"))),
            Token::Equals if touches => self.exact(span),
            Token::Equals => Err(self.error(span, Problem::LonelyPrefix("=", "parcel"))),
            Token::Field(name) => self.field(name, span, touches),
            Token::Phrase(words) => self.counted(span.clone()).and_then(|()| self.phrase(words, span)),
            Token::Word(word) => self.counted(span.clone()).and_then(|()| self.word(word, span)).map(Clause::Word),
        }
    }

    fn group(&mut self, open: Range<usize>, depth: usize) -> Result<Clause, ParseError> {
        if self.peek() == Some(Token::Close) {
            let end = self.next.as_ref().map_or(open.end, |(_, span)| span.end);
            return Err(self.error(open.start..end, Problem::EmptyParentheses));
        }
        if self.next.is_none() {
            return Err(self.error(open, Problem::OpenParenthesis));
        }
        let inside = self.any_of(depth + 1)?;
        match self.advance()? {
            Some((Token::Close, _)) => Ok(inside),
            _ => Err(self.error(open, Problem::OpenParenthesis)),
        }
    }

    fn exact(&mut self, equals: Range<usize>) -> Result<Clause, ParseError> {
        match self.advance()? {
            Some((Token::Word(word), span)) => {
                self.counted(span.clone())?;
                self.word(word, span).map(Clause::Exact)
            }
            Some((_, span)) => Err(self.error(equals.start..span.end, Problem::ExactPhrase)),
            None => Err(self.error(equals, Problem::LonelyPrefix("=", "parcel"))),
        }
    }

    fn field(&mut self, name: &str, span: Range<usize>, touches: bool) -> Result<Clause, ParseError> {
        let field = fields::named(name).map_err(|problem| self.error(span.clone(), problem))?;
        if !touches {
            return Err(self.error(span, Problem::NoValue(field.name, field.example)));
        }
        self.counted(span.clone())?;
        match self.advance()? {
            Some((Token::Word(value) | Token::Phrase(value), at)) => fields::read(field, value, at, self.text, self.setting),
            Some((Token::Open, at)) => Err(self.error(at, Problem::ListAsValue(field.name))),
            _ => Err(self.error(span, Problem::NoValue(field.name, field.example))),
        }
    }

    fn phrase(&self, words: &str, span: Range<usize>) -> Result<Clause, ParseError> {
        if Words::new(words).next().is_none() {
            return Err(self.error(span, Problem::EmptyQuote));
        }
        Ok(Clause::Phrase(words.to_owned()))
    }

    fn word(&self, word: &str, span: Range<usize>) -> Result<String, ParseError> {
        if let Some(at) = word.find('*') {
            let star = span.start + at..span.start + at + 1;
            return Err(self.error(star, Problem::Star));
        }
        if Words::new(word).next().is_none() {
            return Err(self.error(span, Problem::NoWord(word.to_owned())));
        }
        Ok(word.to_owned())
    }

    fn counted(&mut self, span: Range<usize>) -> Result<(), ParseError> {
        self.clauses += 1;
        if self.clauses > CLAUSES_MAX { Err(self.error(span, Problem::TooMany)) } else { Ok(()) }
    }
}

fn one_or(mut parts: Vec<Clause>, many: fn(Vec<Clause>) -> Clause) -> Clause {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}
