//! The first pass over a text: byte classes, chunks worth a second look, and known words, 64 bytes at a time.
//!
//! A chunk is what stands between white space. Only chunks with a digit, an `@`, a scheme, or a length that a secret
//! could have are remembered; an ordinary word costs a table look-up and nothing else.
//!
//! Invariant: linear in the text, every byte is read once; offsets are byte offsets into the scanned text.

use crate::fold::is_escape;
use crate::masks::Masks;
use crate::words::{PHRASE_BEFORE_MAX, WordHit, WordTable, key};

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
/// A sign with which an escape begins: `&`, `%`, `\\`.
pub(crate) const ESCAPE: u8 = 64;
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
            0..=b' ' | 0x7f => 0,
            b'&' | b'%' | b'\\' => SIGN | ESCAPE,
            0x80.. => HIGH,
            _ => SIGN,
        };
        i += 1;
    }
    table
}

/// Chunks at least this long may hide a secret without any telling sign: the shortest format has 13 characters.
pub(crate) const LONG_CHUNK: usize = 13;

/// Single characters in a row before they are taken for one value written apart: shorter than the shortest number
/// that is worth hiding, longer than "a b c" in ordinary text.
pub(crate) const SINGLES_MIN: u32 = 6;

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
    /// Byte classes of the text.
    pub masks: Masks,
    /// Characters beyond ASCII occur.
    pub has_high: bool,
    /// Escapes occur that stand for something that matters.
    pub has_escapes: bool,
    /// Where runs of [`SINGLES_MIN`] words of one character stand, each apart from the next: the mark of "4 5 3 2 …".
    pub single_runs: Vec<u32>,
    noted: Box<Noted>,
}

/// `true` for bytes that belong to words.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    CLASS[usize::from(byte)] & WORD != 0
}

impl Scan {
    /// Reads a text.
    pub(crate) fn fill(&mut self, text: &str, table: &WordTable) {
        let bytes = text.as_bytes();
        self.masks.fill(bytes);
        self.has_high = self.masks.blocks().iter().fold(0, |sum, block| sum | block.high) != 0;
        self.hits.clear();
        self.single_runs.clear();
        let Self { masks, hits, single_runs, noted, .. } = self;
        noted.keys[..PHRASE_BEFORE_MAX].fill(0);
        let count = PHRASE_BEFORE_MAX;
        Words { bytes, table, hits, single_runs, noted, count, known_count: 0, singles: 0 }.read(masks);
        self.chunks.clear();
        self.has_escapes = chunks(bytes, &self.masks, &mut self.chunks);
    }

    /// Index of the first hit that ends after `at`.
    pub(crate) fn first_hit_after(&self, at: u32) -> usize {
        self.hits.partition_point(|hit| hit.end <= at)
    }
}

/// Room for the words of a few blocks and for those before them that phrases may begin with; a power of two.
const NOTED: usize = 128;
/// Words that end in one block at most: every second byte.
const BLOCK_WORDS_MAX: usize = 33;

/// Words of a few blocks: which of them are known cannot be foretold, so that is noted without a branch, and only the
/// known ones are visited afterwards.
#[derive(Debug)]
struct Noted {
    /// Keys, starts and ends, from the last [`PHRASE_BEFORE_MAX`] words of the blocks before on.
    keys: [u64; NOTED],
    starts: [u32; NOTED],
    ends: [u32; NOTED],
    /// Places of words that may be known.
    known: [u8; NOTED],
}

impl Default for Noted {
    fn default() -> Self {
        Self { keys: [0; NOTED], starts: [0; NOTED], ends: [0; NOTED], known: [0; NOTED] }
    }
}

/// Looks words up, a few blocks of them at a time.
struct Words<'a> {
    bytes: &'a [u8],
    table: &'a WordTable,
    hits: &'a mut Vec<WordHit>,
    single_runs: &'a mut Vec<u32>,
    noted: &'a mut Noted,
    count: usize,
    known_count: usize,
    singles: u32,
}

impl Words<'_> {
    fn read(&mut self, masks: &Masks) {
        let (mut start, mut before, mut behind) = (0, 0, 0);
        for (base, block) in (0..).step_by(64).zip(masks.blocks()) {
            let signs = if block.high == 0 { 0 } else { typographic(block.high, self.bytes, base, &mut behind) };
            let inside = (block.plain | block.high) & !signs;
            let after = inside << 1 | before;
            let (mut starts, mut ends) = (inside & !after, after & !inside);
            // A word that began in the block before keeps its start.
            if before == 0 {
                start = next_of(&mut starts, base);
            }
            while ends != 0 {
                let end = next_of(&mut ends, base);
                self.note(start, end);
                start = next_of(&mut starts, base);
            }
            before = inside >> 63;
            if self.count > NOTED - BLOCK_WORDS_MAX {
                self.look_up();
            }
        }
        self.look_up();
    }

    #[inline]
    fn note(&mut self, start: usize, end: usize) {
        let word = key(self.bytes, start, end);
        let place = self.count % NOTED;
        self.noted.keys[place] = word;
        self.noted.starts[place] = offset(start);
        self.noted.ends[place] = offset(end);
        self.count = place + 1;
        self.noted.known[self.known_count % NOTED] = u8::try_from(place).unwrap_or(0);
        self.known_count += usize::from(self.table.may_know(word));
        self.singles = if end - start == 1 { self.singles + 1 } else { 0 };
        if self.singles == SINGLES_MIN {
            // Goes on from here: a longer run is marked again and again.
            self.single_runs.push(offset(start));
            self.singles = 0;
        }
    }

    /// Looks up what was noted, and makes room for the next blocks.
    fn look_up(&mut self) {
        let Self { table, hits, noted, .. } = self;
        let Noted { keys, starts, ends, known } = &mut **noted;
        for place in &known[..self.known_count] {
            let place = usize::from(*place);
            let before = &keys[place - PHRASE_BEFORE_MAX..place];
            table.look_up(keys[place], before, |entry, count| {
                hits.push(WordHit { start: starts[place - count], end: ends[place], entry, role: table.role(entry) });
            });
        }
        self.known_count = 0;
        // Arrays of a known length: copying a range would call the C library for forty-eight bytes.
        let last = self.count - PHRASE_BEFORE_MAX;
        let kept: [_; PHRASE_BEFORE_MAX] = std::array::from_fn(|i| (keys[last + i], starts[last + i]));
        for (i, (key, start)) in kept.into_iter().enumerate() {
            (keys[i], starts[i]) = (key, start);
        }
        self.count = PHRASE_BEFORE_MAX;
    }
}

/// Takes the lowest bit out and says where in the text it stands; behind the block when there is none.
#[inline]
fn next_of(bits: &mut u64, base: usize) -> usize {
    let at = base + bits.trailing_zeros() as usize;
    *bits &= bits.wrapping_sub(1);
    at
}

/// General punctuation (quotation marks, dashes, ellipsis: U+2000 to U+203F) ends a word as ASCII signs do: its bits in
/// a block. `behind` holds the bits of a character that began in the block before, and then those that reach into the next.
fn typographic(high: u64, bytes: &[u8], base: usize, behind: &mut u64) -> u64 {
    let mut signs = *behind;
    *behind = 0;
    let mut high = high & !signs;
    while high != 0 {
        let bit = high.trailing_zeros();
        high &= high - 1;
        if is_typographic(bytes, base + bit as usize) {
            signs |= 0b111 << bit;
            *behind = 0b111_u64.checked_shr(64 - bit).unwrap_or(0);
        }
    }
    signs
}

/// Finds the chunks that are worth a second look: from each telling character to the white space around it. Says whether an
/// escape stands in the text, in such a chunk or outside.
fn chunks(bytes: &[u8], masks: &Masks, chunks: &mut Vec<Chunk>) -> bool {
    let mut has_escapes = false;
    let blocks = masks.blocks();
    let mut done = 0;
    for (index, block) in blocks.iter().enumerate() {
        let base = index * 64;
        let next = blocks.get(index + 1).map_or(u64::MAX, |next| next.space);
        // A sign that ends its chunk is punctuation.
        let signs = !(block.plain | block.high | block.space) & !(block.space >> 1 | next << 63);
        let mut anchors = block.digit | signs | long_runs(!block.space, !next);
        if done > base {
            anchors &= u64::MAX.checked_shl(u32::try_from(done - base).unwrap_or(u32::MAX)).unwrap_or(0);
        }
        while anchors != 0 {
            let bit = anchors.trailing_zeros();
            anchors &= anchors - 1;
            let at = base + bit as usize;
            if signs >> bit & 1 == 1 && CLASS[usize::from(bytes[at])] & (AT | COLON | DOT) == 0 {
                has_escapes |= CLASS[usize::from(bytes[at])] & ESCAPE != 0 && is_escape(&bytes[at..]);
                continue;
            }
            let (start, end) = (masks.space_before(at), masks.space_after(at));
            let classes = bytes[start..end].iter().fold(0, |sum, byte| sum | CLASS[usize::from(*byte)]);
            has_escapes |= classes & ESCAPE != 0 && (start..end).any(|at| is_escape(&bytes[at..]));
            chunks.push(Chunk { start: offset(start), end: offset(end), classes });
            done = end;
            anchors &= u64::MAX.checked_shl(u32::try_from(end - base).unwrap_or(u32::MAX)).unwrap_or(0);
        }
    }
    has_escapes
}

/// The first bits of runs of [`LONG_CHUNK`] set bits; `next` goes on where `bits` ends.
fn long_runs(bits: u64, next: u64) -> u64 {
    let and_later = |runs: u128, by: u32| runs & runs >> by;
    let both = u128::from(bits) | u128::from(next) << 64;
    let eight = and_later(and_later(and_later(both, 1), 2), 4);
    const { assert!(LONG_CHUNK == 13, "eight and eight, five later") };
    #[expect(clippy::cast_possible_truncation, reason = "only runs that begin in the first block are wanted")]
    let runs = and_later(eight, 5) as u64;
    runs
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
