//! One tokeniser for everybody: words with byte offsets and hashes of their folded form.
//!
//! Lexicons, supporting words, language, abuse heads and sentiment all read the same tokens. A token's hash is
//! one number over its folded bytes (lower case, no accents, no zero-width characters, stretched letters cut),
//! so a caller that holds a word list compares numbers, never strings; see [`hash_word`].
//!
//! Invariants: spans are byte offsets on character boundaries of the scanned text, ascending and disjoint; one scan
//! is linear in the text; nothing is allocated once the buffers have grown to the largest message seen.
//! Not done here: evasion folding (look-alike letters, leet, spaced letters), sentence analysis, lemmas.

mod fold;
mod plain;
mod scan;
#[cfg(test)]
mod tests;

pub use fold::{Folded, fold_char};

use crate::masks::Masks;

/// Text beyond this many bytes is not read: offsets are `u32`, and no post or comment comes near it.
pub const TEXT_BYTES_MAX: usize = 64 << 20;

/// The hash of a token without letters.
const NO_LETTERS: u64 = 0;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, or letters with digits. One character each in scripts written without spaces (Han, Kana, Thai …).
    Word,
    /// Digits only.
    Number,
    /// A pictograph with its modifiers, or a western emoticon such as `:-)`.
    Emoji,
    /// `@name`; the hash is that of the name.
    Mention,
    /// `#tag`; the hash is that of the tag.
    Hashtag,
    /// An address from its scheme or `www.` to the next space; the folded form is empty.
    Url,
}

/// Facts about how a token was written, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    /// Two letters or more, all upper case.
    pub const ALL_CAPS: Marks = Marks(1);
    /// First letter upper case, another one lower case.
    pub const TITLE: Marks = Marks(1 << 1);
    /// A letter was repeated three times or more and has been cut to one.
    pub const STRETCHED: Marks = Marks(1 << 2);
    /// Followed by `'s`, which the span and the hash leave out.
    pub const POSSESSIVE: Marks = Marks(1 << 3);
    /// An emoji with a skin tone, which the hash leaves out.
    pub const SKIN_TONE: Marks = Marks(1 << 4);
    /// A full stop, line break, `!` or `?` stands between the token before and this one.
    pub const AFTER_STOP: Marks = Marks(1 << 5);
    /// A comma, semicolon, colon, dash or bracket stands between the token before and this one.
    pub const AFTER_COMMA: Marks = Marks(1 << 6);
    /// A quotation mark stands between the token before and this one.
    pub const AFTER_QUOTE: Marks = Marks(1 << 7);
    /// An exclamation mark stands between the token before and this one.
    pub const AFTER_EXCLAIM: Marks = Marks(1 << 8);
    /// A question mark stands between the token before and this one.
    pub const AFTER_QUESTION: Marks = Marks(1 << 9);

    /// Part of a qualified name of a program, such as `WTF::Vector`: joined to a neighbour by `::`.
    pub const QUALIFIED: Marks = Marks(1 << 11);
    /// A word with a digit among its letters.
    pub const WITH_DIGIT: Marks = Marks(1 << 10);

    /// Whether every bit of `other` is set.
    pub fn has(self, other: Marks) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn add(&mut self, other: Marks) {
        self.0 |= other.0;
    }
}

/// One word (number, emoji, mention …) of the scanned text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// First byte in the scanned text.
    pub start: u32,
    /// One past the last byte in the scanned text.
    pub end: u32,
    /// [`hash_letters`] of the folded form; equal to [`hash_word`] of any spelling that folds alike.
    pub hash: u64,
    /// What it is.
    pub kind: TokenKind,
    /// How it was written and what stands before it.
    pub marks: Marks,
    fold_start: u32,
    fold_end: u32,
}

impl Token {
    /// Whether the folded form stands in the text as it is: a plain word.
    #[inline]
    pub(crate) fn is_ascii(&self) -> bool {
        self.fold_start == self.start && self.fold_end == self.end
    }

    /// The span as a range for slicing the scanned text.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Whether addresses become one token or are cut into their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// One [`TokenKind::Url`] token: right for the text of a message.
    Whole,
    /// Their words: right for a zone that holds nothing but a link.
    Words,
}

/// The tokens of one text; reused from message to message so that nothing is allocated after warm-up.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    list: Vec<Token>,
    /// The text in small letters, where plain words stand as in the text; then the folded forms of all others.
    folded: Vec<u8>,
    masks: Masks,
    tail: Marks,
    exclaims: u32,
    questions: u32,
}

impl Tokens {
    /// Empty buffers.
    pub fn new() -> Tokens {
        Tokens::default()
    }

    /// Reads `text`, replacing what was scanned before; addresses stay whole.
    pub fn scan(&mut self, text: &str) {
        self.scan_with(text, Links::Whole);
    }

    /// Reads `text`, replacing what was scanned before.
    pub fn scan_with(&mut self, text: &str, links: Links) {
        let text = scan::readable(text);
        let mut masks = std::mem::take(&mut self.masks);
        masks.fill(text.as_bytes());
        self.scan_masked(text, links, &masks);
        self.masks = masks;
    }

    /// Reads a text whose byte classes are known.
    pub(crate) fn scan_masked(&mut self, text: &str, links: Links, masks: &Masks) {
        self.list.clear();
        self.folded.clear();
        self.folded.extend_from_slice(text.as_bytes());
        self.folded.make_ascii_lowercase();
        self.tail = Marks::default();
        self.exclaims = 0;
        self.questions = 0;
        scan::run(self, text, links, masks);
    }

    /// The tokens in order.
    pub fn list(&self) -> &[Token] {
        &self.list
    }

    /// The folded bytes (UTF-8) of a token of this scan.
    pub fn folded(&self, token: &Token) -> &[u8] {
        self.folded.get(token.fold_start as usize..token.fold_end as usize).unwrap_or(&[])
    }

    /// How many `!` the text holds outside addresses.
    pub fn exclaims(&self) -> u32 {
        self.exclaims
    }

    /// How many `?` the text holds outside addresses.
    pub fn questions(&self) -> u32 {
        self.questions
    }

    /// What stands after the last token.
    pub fn tail(&self) -> Marks {
        self.tail
    }
}

/// The hash that a token has when `word` stands in a text: folds, then hashes. For word lists; allocates.
pub fn hash_word(word: &str) -> u64 {
    let mut tokens = Tokens::new();
    tokens.scan_with(word, Links::Words);
    tokens.list.first().map_or(NO_LETTERS, |token| token.hash)
}

/// The hash of a token by its folded letters, eight of them at a time. Different words of up to eight letters never share one.
pub fn hash_letters(letters: &[u8]) -> u64 {
    let (eights, rest) = letters.as_chunks::<8>();
    let mut hash = eights.iter().fold(0, |hash, eight| mix_letters(hash, u64::from_le_bytes(*eight)));
    if !rest.is_empty() {
        let mut eight = [0; 8];
        eight[..rest.len()].copy_from_slice(rest);
        hash = mix_letters(hash, u64::from_le_bytes(eight));
    }
    hash
}

/// Eight letters more; a bijection of them.
#[inline]
fn mix_letters(hash: u64, eight: u64) -> u64 {
    let mixed = (hash.rotate_left(29) ^ eight).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// FNV-1a over bytes that are folded already; the hash of a prefix is a step on the way to the hash of the whole.
pub fn hash_folded(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_OFFSET, |hash, &byte| hash_step(hash, byte))
}

/// One byte more; start from `hash_folded(b"")`.
pub fn hash_step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
}
