//! The first pass over a text: byte classes, chunks worth a second look, and known words, in one loop.
//!
//! A chunk is what stands between white space. Only chunks with a digit, an `@`, a scheme, or a length that a secret
//! could have are remembered; an ordinary word costs a table look-up and nothing else.
//!
//! Invariant: linear in the text, every byte is read once; offsets are byte offsets into the scanned text.

use crate::words::{PHRASE_BEFORE_MAX, WordHit, WordTable, key, short_key};

/// A decimal digit.
pub(crate) const DIGIT: u8 = 1;
/// An ASCII letter.
pub(crate) const ALPHA: u8 = 2;
/// A byte of a character beyond ASCII.
pub(crate) const HIGH: u8 = 4;
/// `@`.
pub(crate) const AT: u8 = 8;
/// `:`, `=`.
pub(crate) const COLON: u8 = 16;
/// `.` or `/`.
pub(crate) const DOT: u8 = 32;
/// White space and control characters.
pub(crate) const SPACE: u8 = 64;
/// Any other sign.
pub(crate) const SIGN: u8 = 128;
const WORD: u8 = DIGIT | ALPHA | HIGH;

/// Class of every byte.
pub(crate) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [SIGN; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let b = i as u8;
        table[i] = match b {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => ALPHA,
            b'@' => AT,
            b':' | b'=' => COLON,
            b'.' | b'/' => DOT,
            0..=b' ' | 0x7f => SPACE,
            0x80.. => HIGH,
            _ => SIGN,
        };
        i += 1;
    }
    table
}

/// Chunks at least this long may hide a secret without any telling sign: the shortest format has 13 characters.
pub(crate) const LONG_CHUNK: usize = 13;

/// A stretch between white space that is worth a second look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub start: u32,
    pub end: u32,
    /// Union of the byte classes inside.
    pub classes: u8,
}

/// What the first pass leaves behind; reused from text to text.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub chunks: Vec<Chunk>,
    pub hits: Vec<WordHit>,
    /// Union of all byte classes.
    pub classes: u8,
    /// Longest run of words of one character, each apart from the next: the mark of "4 5 3 2 …".
    pub single_run_max: u32,
    /// Words of the text.
    pub words: u32,
}

/// `true` for bytes that belong to words.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    CLASS[usize::from(byte)] & WORD != 0
}

impl Scan {
    /// Reads a text.
    pub(crate) fn fill(&mut self, text: &str, table: &WordTable) {
        self.chunks.clear();
        self.hits.clear();
        let bytes = text.as_bytes();
        let mut state = State { before: [0; PHRASE_BEFORE_MAX], starts: [0; PHRASE_BEFORE_MAX], singles: 0 };
        self.single_run_max = 0;
        self.words = 0;
        let mut all = 0;
        let mut at = 0;
        while at < bytes.len() {
            if CLASS[usize::from(bytes[at])] & SPACE != 0 {
                at += 1;
                continue;
            }
            let start = at;
            let mut classes = 0;
            while at < bytes.len() {
                let class = CLASS[usize::from(bytes[at])];
                if class & WORD != 0 {
                    if class & HIGH != 0 && is_typographic(bytes, at) {
                        classes |= HIGH;
                        at += 3;
                        continue;
                    }
                    if let Some(short) = ShortWord::at(bytes, at) {
                        classes |= short.classes;
                        self.word(short_key(short.word, short.length), at, at + short.length, table, &mut state);
                        at += short.length;
                        continue;
                    }
                    let word_start = at;
                    let mut seen = class;
                    at += 1;
                    while at < bytes.len() {
                        let class = CLASS[usize::from(bytes[at])];
                        if class & WORD == 0 || (class & HIGH != 0 && is_typographic(bytes, at)) {
                            break;
                        }
                        seen |= class;
                        at += 1;
                    }
                    classes |= seen;
                    self.word(key(bytes, word_start, at), word_start, at, table, &mut state);
                } else if class & SPACE != 0 {
                    break;
                } else {
                    classes |= class;
                    at += 1;
                }
            }
            all |= classes;
            if classes & (DIGIT | AT | COLON | DOT) != 0 || at - start >= LONG_CHUNK {
                self.chunks.push(Chunk { start: offset(start), end: offset(at), classes });
            }
        }
        self.classes = all;
    }

    #[inline]
    fn word(&mut self, word: u64, start: usize, end: usize, table: &WordTable, state: &mut State) {
        self.words += 1;
        let length = end - start;
        if length == 1 {
            state.singles += 1;
            self.single_run_max = self.single_run_max.max(state.singles);
        } else {
            state.singles = 0;
        }
        let (hits, starts) = (&mut self.hits, &state.starts);
        table.look_up(word, &state.before, |entry, count| {
            let phrase_start = if count == 0 { offset(start) } else { starts[count - 1] };
            hits.push(WordHit { start: phrase_start, end: offset(end), entry });
        });
        state.before = [word, state.before[0], state.before[1], state.before[2]];
        state.starts = [offset(start), state.starts[0], state.starts[1], state.starts[2]];
    }

    /// Index of the first hit that ends after `at`.
    pub(crate) fn first_hit_after(&self, at: u32) -> usize {
        self.hits.partition_point(|hit| hit.end <= at)
    }
}

/// A word of one to seven ASCII letters and digits, measured eight bytes at a time instead of byte by byte.
struct ShortWord {
    word: u64,
    length: usize,
    classes: u8,
}

impl ShortWord {
    /// The word at a position; nothing when it is longer, holds other characters, or stands too near the end.
    #[inline]
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
        const ONES: u64 = 0x0101_0101_0101_0101;
        let word = u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().expect("a slice of eight bytes"));
        if word & HIGH_BITS != 0 {
            return None;
        }
        // With all bytes below 0x80, adding 0x80 − n sets the high bit of the bytes that are at least n.
        let at_least = |word: u64, n: u8| word.wrapping_add(ONES * u64::from(0x80 - n));
        let lower = word | (ONES * 0x20);
        let alpha = at_least(lower, b'a') & !at_least(lower, b'z' + 1) & HIGH_BITS;
        let digit = at_least(word, b'0') & !at_least(word, b'9' + 1) & HIGH_BITS;
        let outside = !(alpha | digit) & HIGH_BITS;
        if outside == 0 {
            return None;
        }
        let length = outside.trailing_zeros() as usize / 8;
        let inside = (outside & outside.wrapping_neg()) - 1;
        let mark = |set: u64, class: u8| if set & inside != 0 { class } else { 0 };
        Some(Self { word, length, classes: mark(alpha, ALPHA) | mark(digit, DIGIT) })
    }
}

struct State {
    before: [u64; PHRASE_BEFORE_MAX],
    starts: [u32; PHRASE_BEFORE_MAX],
    singles: u32,
}

/// General punctuation (quotation marks, dashes, ellipsis: U+2000 to U+203F) ends a word as ASCII signs do.
#[inline]
fn is_typographic(bytes: &[u8], at: usize) -> bool {
    bytes[at] == 0xe2 && bytes.get(at + 1) == Some(&0x80) && at + 2 < bytes.len()
}

/// Texts are cut to [`crate::TEXT_BYTES_MAX`], far below what a `u32` holds.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "texts are cut to TEXT_BYTES_MAX, which fits")]
pub(crate) fn offset(at: usize) -> u32 {
    at as u32
}
