//! Undoes disguised words: "f u c k", "sh1t", "$h1t", "f*ck", "killthemall". For listed terms and the text heads only.
//!
//! Letters written apart are joined, digits and signs that stand for letters are replaced, words written together are
//! cut, and only where a known word comes out ([`Vocabulary`]): "3d", "b2b" and "v1.2" stay as they are. The result carries
//! a map back to the original.
//!
//! Invariant: the map is monotone and holds character boundaries of the original only; a text without a disguise costs a
//! glance at its tokens. Cost is linear: a word of the text is compared with a bounded number of known words.

#[cfg(test)]
mod tests;
mod vocabulary;

pub(crate) use vocabulary::Vocabulary;
use vocabulary::{JOINED_MAX, Known};

use crate::fold::{Folded, Map};
use crate::scan::offset;
use crate::tokens::{Marks, Token, TokenKind, Tokens, hash_folded};

/// Letters standing alone before they are taken for a word written apart.
const SINGLES_MIN: usize = 3;
/// Bytes of a word that may be disguised.
const CHUNK_MAX: usize = 40;
/// Letters before asterisks that hide the rest of a word, as in "f***".
const MASKED_BEGIN_MAX: usize = 3;
/// Letters of a word before it is taken for several written together.
const JOINED_MIN: usize = 6;

/// Undoes disguises of one text after the other, for the trainer: the heads learn from what they will see.
#[derive(Debug)]
pub struct Undisguise {
    vocabulary: Vocabulary,
    tokens: Tokens,
    out: Folded,
}

impl Undisguise {
    /// With the words of the classes and no lists.
    pub fn new() -> Self {
        Self { vocabulary: Vocabulary::build(&[]), tokens: Tokens::new(), out: Folded::default() }
    }

    /// The text without disguises, when it has any.
    pub fn undo(&mut self, text: &str) -> Option<&str> {
        self.tokens.scan(text);
        let changed =
            is_suspect(text, &self.tokens, &self.vocabulary, &mut self.out) && undo(text, None, &self.vocabulary, &mut self.out);
        changed.then_some(self.out.text.as_str())
    }
}

impl Default for Undisguise {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the text may hold a disguise; `tokens` were scanned from it, `out` is overwritten.
pub(crate) fn is_suspect(text: &str, tokens: &Tokens, vocabulary: &Vocabulary, out: &mut Folded) -> bool {
    let bytes = text.as_bytes();
    let is_sign = |at: usize| IS_SIGN[usize::from(bytes.get(at).copied().unwrap_or(b' '))];
    let (mut singles, mut last_end, mut tried) = (0, 0, 0);
    for token in tokens.list() {
        if !matches!(token.kind, TokenKind::Word | TokenKind::Hashtag | TokenKind::Number) {
            continue;
        }
        let (start, end) = (token.start as usize, token.end as usize);
        // Few branches: how words are written cannot be foretold, only that most of them are nothing special.
        let goes_on = if start <= last_end + 1 { singles + 1 } else { 1 };
        singles = if end - start == 1 { goes_on } else { 0 };
        if singles >= SINGLES_MIN {
            return true;
        }
        last_end = end;
        let is_odd = token.marks.has(Marks::WITH_DIGIT) | is_sign(start.wrapping_sub(1)) | is_sign(end);
        if is_odd && token.kind != TokenKind::Number && start >= tried {
            // Most words with a digit or a sign are none in disguise: only this one is tried.
            let from = start - bytes[tried..start].iter().rev().take_while(|byte| !byte.is_ascii_whitespace()).count();
            tried = end + bytes[end..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            if undo(&text[from..tried], None, vocabulary, out) {
                return true;
            }
        }
        if is_joined(tokens, token, vocabulary) {
            return true;
        }
    }
    false
}

fn is_joined(tokens: &Tokens, token: &Token, vocabulary: &Vocabulary) -> bool {
    let length = (token.end - token.start) as usize;
    if !(JOINED_MIN..=JOINED_MAX).contains(&length) {
        return false;
    }
    let letters = tokens.folded(token);
    vocabulary.may_hold_telling(letters)
        && vocabulary.of(hash_folded(letters)) == Known::No
        && vocabulary.split(letters).is_some()
}

/// Bytes that may stand for a letter.
static IS_SIGN: [bool; 256] = {
    let mut signs = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        signs[byte as usize] = letter_of(byte).is_some();
        byte += 1;
    }
    signs
};

/// The letter that a digit or sign stands for; the digit one may be `i` or `l`.
const fn letter_of(byte: u8) -> Option<u8> {
    match byte {
        b'0' => Some(b'o'),
        b'1' | b'!' | b'|' => Some(b'i'),
        b'3' => Some(b'e'),
        b'4' | b'@' => Some(b'a'),
        b'5' | b'$' => Some(b's'),
        b'7' | b'+' => Some(b't'),
        b'8' => Some(b'b'),
        b'9' => Some(b'g'),
        b'*' => Some(b'*'),
        _ => None,
    }
}

/// Writes the text without disguises to `out`; says whether there was any. `base` leads from `text` to the original.
pub(crate) fn undo(text: &str, base: Option<&Map>, vocabulary: &Vocabulary, out: &mut Folded) -> bool {
    out.clear();
    let mut writer = Writer { text, base, vocabulary, out, copied: 0 };
    let bytes = text.as_bytes();
    let mut run = Run::default();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        at += bytes[at..].iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len() - at);
        let word = core(bytes, start, at);
        let is_single = word.1 == word.0 + 1 && (bytes[word.0].is_ascii_alphabetic() || letter_of(bytes[word.0]).is_some());
        if is_single && word.0 == start && run.takes(bytes, word.0) {
            // Punctuation after it ends the word.
            if word.1 < at {
                writer.run(&mut run);
            }
            continue;
        }
        writer.run(&mut run);
        if is_single && word == (start, at) {
            run.takes(bytes, word.0);
        } else if word.1 - word.0 <= CHUNK_MAX && word.1 > word.0 {
            writer.word(word.0, word.1);
        }
    }
    writer.run(&mut run);
    let changed = writer.copied > 0;
    if changed {
        writer.copy(text.len());
    }
    changed
}

/// Whether a byte is punctuation at the end of a word.
fn closes(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b')' | b']' | b'}' | b'.' | b',' | b';' | b':' | b'!' | b'?' | b'-' | b'_')
}

/// A word without the punctuation around it; signs that stand for letters stay where a letter follows or precedes them.
fn core(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    let opens = |byte: u8| matches!(byte, b'"' | b'\'' | b'(' | b'[' | b'{' | b'.' | b',' | b'-' | b'_' | b'*');
    while start < end && opens(bytes[start]) {
        start += 1;
    }
    while end > start && closes(bytes[end - 1]) {
        end -= 1;
    }
    (start, end)
}

/// Single characters in a row, each its own word: their letters, and where they stand.
struct Run {
    letters: [u8; JOINED_MAX],
    count: usize,
    start: usize,
    end: usize,
}

impl Default for Run {
    fn default() -> Self {
        Self { letters: [0; JOINED_MAX], count: 0, start: 0, end: 0 }
    }
}

impl Run {
    /// Takes the character at `at` when it continues the run by one space, or begins one.
    fn takes(&mut self, bytes: &[u8], at: usize) -> bool {
        if self.count == JOINED_MAX || self.count > 0 && at != self.end + 1 {
            return false;
        }
        if self.count == 0 {
            self.start = at;
        }
        self.letters[self.count] = letter_of(bytes[at]).unwrap_or(bytes[at].to_ascii_lowercase());
        self.count += 1;
        self.end = at + 1;
        true
    }
}

struct Writer<'a> {
    text: &'a str,
    base: Option<&'a Map>,
    vocabulary: &'a Vocabulary,
    out: &'a mut Folded,
    /// Bytes of the text that have been written.
    copied: usize,
}

impl Writer<'_> {
    fn copy(&mut self, until: usize) {
        self.out.push_stretch(&self.text[self.copied..until], offset(self.copied), self.base);
        self.copied = until;
    }

    /// Writes words in the place of a stretch of the text, a letter after the other as long as there are any.
    fn replace(&mut self, start: usize, end: usize, letters: &[u8], ends: impl Iterator<Item = usize>) {
        self.copy(start);
        let (first, last) = match self.base {
            None => (offset(start), offset(end)),
            Some(base) => base.original(start..end),
        };
        let mut from = 0;
        for to in ends {
            if from > 0 {
                self.out.push(' ', first, last);
            }
            for letter in &letters[from..to] {
                self.out.push(char::from(*letter), first, last);
            }
            from = to;
        }
        self.copied = end;
    }

    /// Letters written apart: a known word, or several.
    fn run(&mut self, run: &mut Run) {
        let letters = &run.letters[..run.count];
        if letters.len() >= SINGLES_MIN {
            self.letters(run.start, run.end, letters, Some(Known::Telling));
        }
        run.count = 0;
    }

    /// One word of the text, at most [`CHUNK_MAX`] bytes.
    fn word(&mut self, start: usize, end: usize) {
        let word = &self.text.as_bytes()[start..end];
        let tag = usize::from(word[0] == b'#');
        let (mut plain, mut signs) = (0, 0);
        for byte in &word[tag..] {
            if byte.is_ascii_alphabetic() {
                plain += 1;
            } else if letter_of(*byte).is_some() {
                signs += 1;
            } else {
                return self.separated(start, end);
            }
        }
        // A mention is a name, whatever it spells.
        if word[0] == b'@' && plain + 1 == word.len() || plain == 0 {
            return;
        }
        let mut letters = [0; CHUNK_MAX];
        let letters = &mut letters[..word.len() - tag];
        for (letter, byte) in letters.iter_mut().zip(&word[tag..]) {
            *letter = letter_of(*byte).unwrap_or(byte.to_ascii_lowercase());
        }
        if signs == 0 {
            if letters.len() >= JOINED_MIN && self.vocabulary.of(hash_folded(letters)) == Known::No {
                self.letters(start, end, letters, None);
            }
            return;
        }
        if letters.contains(&b'*') {
            // A star behind a whole word is a footnote.
            if letters.ends_with(b"*") && plain > MASKED_BEGIN_MAX {
                return;
            }
            if let Some(found) = self.vocabulary.unmask(letters) {
                self.replace(start, end, found.as_bytes(), std::iter::once(found.len()));
            }
            return;
        }
        // Digits with one letter are a number with its unit.
        if plain < 2 && word[tag..].iter().all(u8::is_ascii_alphanumeric) {
            return;
        }
        let least = if plain * 2 >= letters.len() && letters.len() > 2 { Known::Small } else { Known::Telling };
        if !self.letters(start, end, letters, Some(least)) && word.contains(&b'1') {
            for (letter, byte) in letters.iter_mut().zip(&word[tag..]) {
                if *byte == b'1' {
                    *letter = b'l';
                }
            }
            self.letters(start, end, letters, Some(least));
        }
    }

    /// "f.u.c.k", "f-u-c-k", "f_u_c_k".
    fn separated(&mut self, start: usize, end: usize) {
        let word = &self.text.as_bytes()[start..end];
        let apart = |(at, byte): (usize, &u8)| {
            if at % 2 == 1 { *byte == word[1] && matches!(byte, b'.' | b'-' | b'_') } else { byte.is_ascii_alphabetic() }
        };
        if word.len() < 2 * SINGLES_MIN - 1 || word.len().is_multiple_of(2) || !word.iter().enumerate().all(apart) {
            return;
        }
        let mut letters = [0; CHUNK_MAX];
        let count = word.len().div_ceil(2);
        for (letter, byte) in letters.iter_mut().zip(word.iter().step_by(2)) {
            *letter = byte.to_ascii_lowercase();
        }
        self.letters(start, end, &letters[..count], Some(Known::Telling));
    }

    /// Replaces a stretch by a known word of at least this weight, or by several; says whether it did.
    fn letters(&mut self, start: usize, end: usize, letters: &[u8], least: Option<Known>) -> bool {
        let known = self.vocabulary.of(hash_folded(letters));
        if least.is_some_and(|least| known >= least) {
            self.replace(start, end, letters, std::iter::once(letters.len()));
            return true;
        }
        // A sign between two words is punctuation.
        let is_plain = self.text.as_bytes()[start..end].iter().all(|byte| !matches!(byte, b'!' | b'|' | b'+'));
        let Some(pieces) = self.vocabulary.split(letters).filter(|_| is_plain) else { return false };
        self.replace(start, end, letters, pieces.ends());
        true
    }
}
