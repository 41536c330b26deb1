//! What is wrong with a query, where, and what to write instead.

use std::ops::Range;

use super::{CLAUSES_MAX, DEPTH_MAX, QUERY_BYTES_MAX};

/// A query that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {column}: {problem}")]
pub struct ParseError {
    /// Bytes of the query that are to blame.
    pub span: Range<usize>,
    /// The place of the first of them, in characters from 1.
    pub column: usize,
    /// What it is.
    pub problem: Problem,
}

impl ParseError {
    pub(super) fn new(text: &str, span: Range<usize>, problem: Problem) -> Self {
        let column = text[..span.start].chars().count() + 1;
        Self { span, column, problem }
    }
}

/// What can be wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A field that does not exist.
    #[error("there is no field `{name}`; {}, or put the text in quotes to look for it: \"{name}:…\"", suggest_field(.nearest.as_deref()))]
    UnknownField {
        /// As written.
        name: String,
        /// The field that was meant, perhaps.
        nearest: Option<String>,
    },
    /// A field with nothing after it.
    #[error("`{0}:` needs a value directly behind it, for example `{0}:{1}`")]
    NoValue(&'static str, &'static str),
    /// A field with a list in parentheses.
    #[error("`{0}:` takes one value; write `{0}:a OR {0}:b`")]
    ListAsValue(&'static str),
    /// A value that a field does not know.
    #[error("`{field}:` does not know `{value}`; write {choices}")]
    UnknownValue {
        /// The field.
        field: &'static str,
        /// As written.
        value: String,
        /// What can be written.
        choices: String,
    },
    /// A profile that does not exist for whoever asks.
    #[error("there is no profile `{name}` that you may read{}", did_you_mean(.nearest.as_deref()))]
    UnknownProfile {
        /// As written.
        name: String,
        /// A profile of a similar name.
        nearest: Option<String>,
    },
    /// Not a date.
    #[error(
        "`{0}` is no date; write a day such as 2026-03-31, a month 2026-03, a year 2026, a time 2026-03-31T14:30, `today`, `yesterday`, or an age such as 12h, 7d, 3w"
    )]
    BadDate(String),
    /// An age where a day is needed.
    #[error("`on:` needs a day, month or year; write `after:{0}` for the time since then")]
    AgeAsDay(String),
    /// Quotes that do not end.
    #[error("this quote is not closed; put a \" behind the last word")]
    OpenQuote,
    /// Quotes with nothing to look for inside.
    #[error("there is no word in these quotes; write one, or remove them")]
    EmptyQuote,
    /// A parenthesis that is not closed.
    #[error("this parenthesis is not closed; put a `)` where it ends")]
    OpenParenthesis,
    /// A closing parenthesis too many.
    #[error("this `)` closes nothing; remove it, or put a `(` before it")]
    StrayParenthesis,
    /// Nothing between parentheses.
    #[error("there is nothing in these parentheses; write a word, or remove them")]
    EmptyParentheses,
    /// `OR` or `AND` without both sides.
    #[error("`{0}` needs something on both sides; to look for the word itself write \"{1}\"")]
    LonelyOperator(&'static str, &'static str),
    /// A minus sign, `NOT` or `=` with nothing behind it.
    #[error("`{0}` needs a word directly behind it, for example `{0}{1}`")]
    LonelyPrefix(&'static str, &'static str),
    /// Exact, of something else than a word.
    #[error("`=` goes before one word; a phrase in quotes is exact already")]
    ExactPhrase,
    /// A star.
    #[error("`*` does not stand for other letters; write the word, its forms are found too")]
    Star,
    /// Only punctuation.
    #[error("there is no letter or digit in `{0}` to look for; remove it")]
    NoWord(String),
    /// Too long.
    #[error("the query is longer than {QUERY_BYTES_MAX} bytes; look for fewer words")]
    TooLong,
    /// Too many clauses.
    #[error("the query has more than {CLAUSES_MAX} words and fields; look for fewer")]
    TooMany,
    /// Too deep.
    #[error("more than {DEPTH_MAX} parentheses and minus signs inside each other; write it flatter")]
    TooDeep,
}

fn suggest_field(nearest: Option<&str>) -> String {
    nearest.map_or_else(|| format!("write one of {}", super::fields::listed()), |nearest| format!("write `{nearest}:`"))
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
