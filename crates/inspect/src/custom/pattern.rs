//! A small pattern language compiled to positions and follow sets (Glushkov's construction), run bit-parallel.
//!
//! Invariant: one pass over the text, at most [`Pattern::cost`] steps for a byte, never more than [`COST_MAX`]. Matches
//! begin and end at word boundaries. Repetition always has an upper bound, and what compiles compiles in bounded time,
//! because every piece has at least one symbol.

use super::{WORD_BYTES_MAX, WORDS_MAX};
use crate::detect::Context;
use crate::scan::is_word;

/// Symbols of a pattern after repetitions are written out: one machine word of states.
pub(crate) const POSITIONS_MAX: usize = 64;
/// Steps for a byte of text in the worst case, see [`Pattern::cost`]: four ways on from every symbol.
pub(crate) const COST_MAX: usize = 4 * POSITIONS_MAX;
/// Bytes of a pattern as it is written; a longer one has more symbols than allowed anyway, or classes that list too much.
const SOURCE_BYTES_MAX: usize = 512;
/// Nested groups; more is a mistake, and recursion must end.
const DEPTH_MAX: usize = 8;

/// A pattern that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    /// The name is taken, too long or has other characters than `A-Z 0-9 _`.
    Name,
    /// Nothing to look for, or it matches nothing at all.
    Empty,
    /// More symbols than fit; shorten repetitions.
    TooLong,
    /// A character that is not understood at a byte of the pattern.
    Unexpected {
        /// Byte offset in the pattern.
        at: usize,
    },
    /// `*` and `+` have no bound.
    Unbounded {
        /// Byte offset in the pattern.
        at: usize,
    },
    /// Groups inside groups inside groups.
    TooDeep,
    /// So many ways to read one text that a hostile one would be slow.
    TooCostly,
    /// Supporting words are needed and none are given, there are too many, or one has no letter or digit or is too long.
    Words,
}

impl PatternError {
    /// The byte of the pattern that the error is about, when it is about one.
    pub fn at(&self) -> Option<usize> {
        match self {
            Self::Unexpected { at } | Self::Unbounded { at } => Some(*at),
            _ => None,
        }
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name => {
                f.write_str("choose another name: capitals, digits and underscores, at most 64, neither built in nor used twice")
            }
            Self::Empty => f.write_str("the pattern can match nothing; make at least one part required"),
            Self::TooLong => {
                write!(f, "the pattern has more than {POSITIONS_MAX} symbols once repetitions are written out; shorten them")
            }
            Self::Unexpected { at } => {
                write!(f, "byte {} of the pattern is not understood; write `\\` before signs", at + 1)
            }
            Self::Unbounded { at } => {
                write!(f, "byte {} of the pattern repeats without bound; write `{{1,20}}` instead of `+` or `*`", at + 1)
            }
            Self::TooDeep => write!(f, "groups are nested more than {DEPTH_MAX} deep"),
            Self::TooCostly => {
                f.write_str("the pattern can be read in too many ways; use classes for `|` and repeat fewer optional parts")
            }
            Self::Words => write!(
                f,
                "supporting words: 1 to {WORDS_MAX} where they are needed, each with a letter or digit and at most {WORD_BYTES_MAX} bytes"
            ),
        }
    }
}

impl std::error::Error for PatternError {}

/// A compiled pattern: state sets are bits of a `u64`.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// For every byte value, the positions it may fill.
    accepts: Box<[u64; 256]>,
    follow: Vec<u64>,
    first: u64,
    last: u64,
}

/// First and last positions of a piece, and whether it may be empty.
#[derive(Debug, Clone, Copy)]
struct Piece {
    first: u64,
    last: u64,
    empty: bool,
}

const NOTHING: Piece = Piece { first: 0, last: 0, empty: true };

struct Parser<'p> {
    bytes: &'p [u8],
    at: usize,
    pattern: Pattern,
}

impl Pattern {
    pub(crate) fn compile(source: &str) -> Result<Self, PatternError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        let pattern = Self { accepts: Box::new([0; 256]), follow: Vec::new(), first: 0, last: 0 };
        let mut parser = Parser { bytes: source.as_bytes(), at: 0, pattern };
        let piece = parser.alternatives(0)?;
        if parser.at < parser.bytes.len() {
            return Err(PatternError::Unexpected { at: parser.at });
        }
        if piece.empty {
            return Err(PatternError::Empty);
        }
        parser.pattern.first = piece.first;
        parser.pattern.last = piece.last;
        if parser.pattern.cost() > COST_MAX { Err(PatternError::TooCostly) } else { Ok(parser.pattern) }
    }

    /// Steps for a byte of text when every symbol is active: one, and one for each way on from any of them.
    pub(crate) fn cost(&self) -> usize {
        1 + self.follow.iter().map(|on| on.count_ones() as usize).sum::<usize>()
    }
}

impl Parser<'_> {
    fn alternatives(&mut self, depth: usize) -> Result<Piece, PatternError> {
        if depth > DEPTH_MAX {
            return Err(PatternError::TooDeep);
        }
        let mut all = self.sequence(depth)?;
        while self.bytes.get(self.at) == Some(&b'|') {
            self.at += 1;
            let next = self.sequence(depth)?;
            all = Piece { first: all.first | next.first, last: all.last | next.last, empty: all.empty || next.empty };
        }
        Ok(all)
    }

    fn sequence(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let begin = self.at;
        let mut all = NOTHING;
        while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'|' | b')')) {
            let next = self.repeated(depth)?;
            all = self.join(all, next);
        }
        // A part without a symbol would make groups that repeat nothing.
        if self.at == begin && !(depth == 0 && self.bytes.is_empty()) {
            return Err(PatternError::Unexpected { at: begin });
        }
        Ok(all)
    }

    /// An item as often as its repetition says. `a{1,3}` becomes `a(a(a)?)?`, so that each copy leads to the next one only.
    fn repeated(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let from = self.at;
        let mut copies = vec![self.item(depth)?];
        let (least, most) = self.repetition()?;
        let after = self.at;
        for _ in 1..most {
            // The same source again makes fresh positions.
            self.at = from;
            copies.push(self.item(depth)?);
        }
        self.at = after;
        let mut rest = NOTHING;
        for (number, copy) in copies.into_iter().enumerate().rev() {
            rest = self.join(copy, rest);
            rest.empty |= number >= least;
        }
        Ok(rest)
    }

    fn join(&mut self, a: Piece, b: Piece) -> Piece {
        for position in 0..self.pattern.follow.len() {
            if a.last >> position & 1 == 1 {
                self.pattern.follow[position] |= b.first;
            }
        }
        Piece {
            first: if a.empty { a.first | b.first } else { a.first },
            last: if b.empty { a.last | b.last } else { b.last },
            empty: a.empty && b.empty,
        }
    }

    fn item(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let at = self.at;
        let byte = *self.bytes.get(at).ok_or(PatternError::Unexpected { at })?;
        self.at += 1;
        match byte {
            b'(' => {
                let piece = self.alternatives(depth + 1)?;
                if self.bytes.get(self.at) != Some(&b')') {
                    return Err(PatternError::Unexpected { at: self.at });
                }
                self.at += 1;
                Ok(piece)
            }
            b'[' => self.class(at),
            b'\\' => {
                let escaped = *self.bytes.get(self.at).ok_or(PatternError::Unexpected { at })?;
                self.at += 1;
                let ranges = escape(escaped).ok_or(PatternError::Unexpected { at })?;
                self.position(&ranges)
            }
            b'*' | b'+' => Err(PatternError::Unbounded { at }),
            b'.' | b'^' | b'$' | b'?' | b'{' | b'}' | b']' => Err(PatternError::Unexpected { at }),
            letter if letter >= 0x80 => {
                // A letter of several bytes is one item, so that `é?` repeats all of it.
                let mut all = self.position(&[(letter, letter)])?;
                while let Some(more) = self.bytes.get(self.at).copied().filter(|byte| byte & 0xc0 == 0x80) {
                    self.at += 1;
                    let next = self.position(&[(more, more)])?;
                    all = self.join(all, next);
                }
                Ok(all)
            }
            literal => self.position(&[(literal, literal)]),
        }
    }

    fn class(&mut self, open: usize) -> Result<Piece, PatternError> {
        let mut ranges = Vec::new();
        loop {
            let at = self.at;
            let refuse = PatternError::Unexpected { at };
            let byte = *self.bytes.get(at).ok_or(PatternError::Unexpected { at: open })?;
            self.at += 1;
            let next = |ahead: usize| self.bytes.get(at + ahead).copied().filter(u8::is_ascii);
            match byte {
                b']' if ranges.is_empty() => return Err(refuse),
                b']' => return self.position(&ranges),
                b'^' if at == open + 1 => return Err(refuse),
                b'\\' => {
                    ranges.extend(next(1).and_then(escape).ok_or(refuse)?);
                    self.at += 1;
                }
                from if !from.is_ascii() => return Err(refuse),
                from => match (next(1), next(2)) {
                    (Some(b'-'), Some(to)) if to != b']' => {
                        if to < from || to == b'\\' {
                            return Err(refuse);
                        }
                        ranges.push((from, to));
                        self.at += 2;
                    }
                    _ => ranges.push((from, from)),
                },
            }
        }
    }

    fn position(&mut self, ranges: &[(u8, u8)]) -> Result<Piece, PatternError> {
        let index = self.pattern.follow.len();
        if index == POSITIONS_MAX {
            return Err(PatternError::TooLong);
        }
        let bit = 1 << index;
        self.pattern.follow.push(0);
        for byte in 0..=u8::MAX {
            if ranges.iter().any(|(from, to)| (*from..=*to).contains(&byte)) {
                self.pattern.accepts[usize::from(byte)] |= bit;
            }
        }
        Ok(Piece { first: bit, last: bit, empty: false })
    }

    fn repetition(&mut self) -> Result<(usize, usize), PatternError> {
        let at = self.at;
        match self.bytes.get(at) {
            Some(b'?') => {
                self.at += 1;
                Ok((0, 1))
            }
            Some(b'*' | b'+') => Err(PatternError::Unbounded { at }),
            Some(b'{') => {
                let close = self.bytes[at..].iter().position(|b| *b == b'}').ok_or(PatternError::Unexpected { at })? + at;
                let inside = std::str::from_utf8(&self.bytes[at + 1..close]).map_err(|_| PatternError::Unexpected { at })?;
                let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
                let parse = |s: &str| s.parse::<usize>().map_err(|_| PatternError::Unexpected { at });
                let (least, most) = (parse(least)?, parse(most)?);
                if most == 0 || least > most {
                    return Err(PatternError::Unexpected { at });
                }
                if most > POSITIONS_MAX {
                    return Err(PatternError::TooLong);
                }
                self.at = close + 1;
                Ok((least, most))
            }
            _ => Ok((1, 1)),
        }
    }
}

/// What stands behind a backslash, as ranges of bytes.
fn escape(escaped: u8) -> Option<Vec<(u8, u8)>> {
    match escaped {
        b'd' => Some(vec![(b'0', b'9')]),
        b'w' => Some(vec![(b'0', b'9'), (b'A', b'Z'), (b'a', b'z'), (b'_', b'_')]),
        b's' => Some(vec![(b' ', b' ')]),
        sign if sign.is_ascii_punctuation() => Some(vec![(sign, sign)]),
        _ => None,
    }
}

/// Runs a pattern over the text of a context and calls `found` for every match between word boundaries.
pub(crate) fn run(pattern: &Pattern, context: &mut Context<'_>, found: &mut impl FnMut(&mut Context<'_>, usize, usize)) {
    let bytes = context.bytes;
    let mut starts = [0usize; POSITIONS_MAX];
    let mut active = 0u64;
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        let accepts = pattern.accepts[usize::from(*byte)];
        let word = is_word(*byte);
        let fresh = if inside && word { 0 } else { pattern.first & accepts };
        inside = word;
        context.steps += 1;
        if active == 0 && fresh == 0 {
            continue;
        }
        let mut next = 0;
        let mut next_starts = starts;
        let mut left = active;
        while left != 0 {
            let position = left.trailing_zeros() as usize;
            left &= left - 1;
            let mut to = pattern.follow[position] & accepts;
            while to != 0 {
                let target = to.trailing_zeros() as usize;
                to &= to - 1;
                context.steps += 1;
                if next >> target & 1 == 0 || starts[position] < next_starts[target] {
                    next_starts[target] = starts[position];
                }
                next |= 1 << target;
            }
        }
        let mut new = fresh & !next;
        while new != 0 {
            next_starts[new.trailing_zeros() as usize] = at;
            new &= new - 1;
        }
        active = next | fresh;
        starts = next_starts;
        let ends = active & pattern.last;
        if ends != 0 && !(word && bytes.get(at + 1).is_some_and(|b| is_word(*b))) {
            let mut left = ends;
            let mut earliest = at;
            while left != 0 {
                earliest = earliest.min(starts[left.trailing_zeros() as usize]);
                left &= left - 1;
            }
            found(context, earliest, at + 1);
        }
    }
}
