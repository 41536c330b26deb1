//! Finds numbers by their shape: a rolling hash over "digit, letter, separator" leads from a stretch of text to the
//! kinds that are written that way, without trying one kind after the other.
//!
//! Invariant: from one starting point at most [`CANDIDATE_MAX`] letters and digits in at most [`ATOMS_MAX`] groups are
//! read. What a shape means is decided by the kind's own check.

use std::collections::HashMap;

use super::{ATOMS_MAX, CANDIDATE_MAX, Context};
use crate::kinds::{self, Candidate, Check, index};
use crate::scan::{CLASS, Chunk, DIGIT, is_word};

const SEED: u64 = 0x51_7c_c1_b7_27_22_0a_95;

#[inline]
fn step(hash: u64, symbol: u8) -> u64 {
    (hash ^ u64::from(symbol)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
}

/// Leads from the hash of a shape to the kinds that use it.
#[derive(Debug, Default)]
pub(crate) struct ShapeTable {
    bitmap: Box<[u64]>,
    /// Hashes of what shapes begin with, up to and with a separator.
    beginnings: Box<[u64]>,
    kinds: HashMap<u64, Vec<u16>, Plain>,
    /// Kinds of letters and digits in any order, by length.
    loose: Vec<Vec<u16>>,
}

/// Hashes are already mixed; the map need not do it again.
type Plain = std::hash::BuildHasherDefault<Through>;

/// A hasher that passes a `u64` through.
#[derive(Debug, Default)]
pub(crate) struct Through(u64);

impl std::hash::Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = step(self.0, *b);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

const BITMAP_BITS: usize = 1 << 13;

#[expect(clippy::cast_possible_truncation, reason = "only the low bits are wanted")]
fn bit_of(hash: u64) -> usize {
    hash as usize % BITMAP_BITS
}

impl ShapeTable {
    /// Compiles the shapes of the kinds that are on.
    pub(crate) fn build(is_on: impl Fn(u16) -> bool) -> Self {
        let mut table = Self {
            bitmap: vec![0; BITMAP_BITS / 64].into(),
            beginnings: vec![0; BITMAP_BITS / 64].into(),
            kinds: HashMap::default(),
            loose: vec![Vec::new(); CANDIDATE_MAX + 1],
        };
        for (number, kind) in (0u16..).zip(kinds::ALL.iter()) {
            if is_on(number) {
                for shape in kind.shapes {
                    if let Some(length) = loose_length(shape) {
                        table.loose[length].push(number);
                        continue;
                    }
                    for variant in variants(shape) {
                        table.add(&variant, number);
                    }
                }
            }
        }
        table
    }

    fn add(&mut self, shape: &[u8], kind: u16) {
        let mut hash = SEED;
        for symbol in shape {
            hash = step(hash, *symbol);
            if !matches!(symbol, b'd' | b'L') {
                let bit = bit_of(hash);
                self.beginnings[bit / 64] |= 1 << (bit % 64);
            }
        }
        let bit = bit_of(hash);
        self.bitmap[bit / 64] |= 1 << (bit % 64);
        let list = self.kinds.entry(hash).or_default();
        if !list.contains(&kind) {
            list.push(kind);
        }
    }

    /// Whether a shape may begin so; "no" is certain.
    #[inline]
    fn may_go_on(&self, hash: u64) -> bool {
        let bit = bit_of(hash);
        self.beginnings[bit / 64] >> (bit % 64) & 1 == 1
    }

    #[inline]
    fn get(&self, hash: u64) -> &[u16] {
        let bit = bit_of(hash);
        if self.bitmap[bit / 64] >> (bit % 64) & 1 == 0 {
            return &[];
        }
        self.kinds.get(&hash).map_or(&[], Vec::as_slice)
    }
}

/// The length of a shape that is nothing but "letter or digit".
fn loose_length(shape: &str) -> Option<usize> {
    shape.strip_prefix("X{")?.strip_suffix('}')?.parse().ok()
}

/// Writes out repetitions and the separators that `~` stands for.
fn variants(shape: &str) -> Vec<Vec<u8>> {
    let mut long = Vec::new();
    let mut rest = shape.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'{' {
            let count: String = rest.by_ref().take_while(|b| *b != b'}').map(char::from).collect();
            let last = *long.last().expect("a repetition follows a symbol");
            let count: usize = count.parse().expect("a repetition is a number");
            long.extend(std::iter::repeat_n(last, count - 1));
        } else {
            long.push(byte);
        }
    }
    if let Some(at) = long.iter().position(|b| *b == b'X') {
        return [b'd', b'L']
            .into_iter()
            .flat_map(|symbol| {
                long[at] = symbol;
                variants(std::str::from_utf8(&long).expect("shapes are ASCII"))
            })
            .collect();
    }
    if !long.contains(&b'~') {
        return vec![long];
    }
    let mut out = vec![long.iter().copied().filter(|b| *b != b'~').collect()];
    for separator in *b" -." {
        out.push(long.iter().map(|b| if *b == b'~' { separator } else { *b }).collect());
    }
    out
}

/// Reports every number in a chunk that fits a shape, a card, or an IBAN.
pub(crate) fn scan_chunk(context: &mut Context<'_>, table: &ShapeTable, chunk: Chunk) {
    let (start, end) = (chunk.start as usize, chunk.end as usize);
    if let Some(before) = short_word_before(context, start) {
        walk(context, table, before);
        if let Some(first) = capitals_before(context, before) {
            walk(context, table, first);
        }
    }
    let mut at = start;
    while at < end {
        if !context.bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let atom = at;
        let mut has_digit = false;
        while at < end && context.bytes[at].is_ascii_alphanumeric() {
            has_digit |= context.bytes[at].is_ascii_digit();
            at += 1;
        }
        context.steps += (at - atom) as u64;
        let joins_digit = at + 1 < end && context.bytes[at + 1].is_ascii_digit();
        if has_digit || (joins_digit && at - atom <= 5) {
            walk(context, table, atom);
        }
    }
}

/// A word of at most five letters, one space before the chunk: "AB 12 34 56 C".
fn short_word_before(context: &Context<'_>, start: usize) -> Option<usize> {
    if start < 2 || context.bytes[start - 1] != b' ' {
        return None;
    }
    let letters = |end: usize| context.bytes[..end].iter().rev().take(6).take_while(|b| b.is_ascii_alphabetic()).count();
    let word = letters(start - 1);
    let at = start - 1 - word;
    // "M-AB 1234": two short words over a hyphen.
    if (1..=3).contains(&word) && at > 1 && context.bytes[at - 1] == b'-' && (1..=3).contains(&letters(at - 1)) {
        let first = at - 1 - letters(at - 1);
        return (!is_word(context.byte_before(first))).then_some(first);
    }
    ((1..=5).contains(&word) && !is_word(context.byte_before(at))).then_some(at)
}

/// One to three capitals and a space before a short word in capitals: "HH AB 123", "RSS MRA 85T10 A562S".
fn capitals_before(context: &Context<'_>, word: usize) -> Option<usize> {
    if word < 2 || context.bytes[word - 1] != b' ' || !context.bytes[word].is_ascii_uppercase() {
        return None;
    }
    let capitals = context.bytes[..word - 1].iter().rev().take(4).take_while(|b| b.is_ascii_uppercase()).count();
    let at = word - 1 - capitals;
    ((1..=3).contains(&capitals) && !is_word(context.byte_before(at))).then_some(at)
}

/// A number that goes on before `start` is not a number that begins there.
fn begins_inside(context: &Context<'_>, start: usize) -> bool {
    let before = context.byte_before(start);
    if is_word(before) || matches!(before, b'$' | b'%' | b'#') && start >= 2 && is_word(context.bytes[start - 2]) {
        return true;
    }
    matches!(before, b'-' | b'.' | b'/' | b'_' | b',') && start >= 2 && context.bytes[start - 2].is_ascii_digit()
}

/// A number that goes on after `end` does not end there.
fn goes_on(context: &Context<'_>, end: usize) -> bool {
    let after = context.byte(end);
    is_word(after)
        || matches!(after, b'%')
        || (matches!(after, b'-' | b'.' | b'/' | b'_' | b',' | b':') && context.byte(end + 1).is_ascii_digit())
        || (after == b'@' && is_word(context.byte(end + 1)))
}

fn walk(context: &mut Context<'_>, table: &ShapeTable, start: usize) {
    if begins_inside(context, start) {
        return;
    }
    let mut norm = [0u8; CANDIDATE_MAX];
    let (mut count, mut digits, mut hash) = (0, 0, SEED);
    let mut separators = Separators::default();
    let mut at = start;
    for _ in 0..ATOMS_MAX {
        let atom = at;
        while let Some(byte) = context.bytes.get(at).filter(|b| b.is_ascii_alphanumeric()) {
            if count == CANDIDATE_MAX {
                return;
            }
            let is_digit = CLASS[usize::from(*byte)] & DIGIT != 0;
            digits += usize::from(is_digit);
            hash = step(hash, if is_digit { b'd' } else { b'L' });
            norm[count] = byte.to_ascii_uppercase();
            count += 1;
            at += 1;
        }
        context.steps += (at - atom) as u64 + 1;
        if digits >= 1 && count >= 5 && !goes_on(context, at) {
            let raw = &context.bytes[start..at];
            let candidate = Candidate { norm: &norm[..count], raw };
            free_forms(context, &candidate, start..at, digits, separators);
            for kind in table.get(hash) {
                shaped(context, *kind, &candidate, start..at);
            }
            if digits < count && !candidate.separated() {
                for kind in &table.loose[count] {
                    shaped(context, *kind, &candidate, start..at);
                }
            }
        }
        let separator = context.byte(at);
        if separator == b'(' {
            bracketed(context, table, start, at, hash, &norm[..count]);
            return;
        }
        if !matches!(separator, b' ' | b'-' | b'.' | b'/' | b'_' | b'*' | b'+') || !context.byte(at + 1).is_ascii_alphanumeric() {
            return;
        }
        separators.add(separator);
        hash = step(hash, separator);
        let may_be_card = digits == count && count < CARD_MAX && !separators.mixed;
        if !(may_be_card || may_be_iban(&norm[..count]) || table.may_go_on(hash)) {
            return;
        }
        at += 1;
    }
}

/// "A123456(3)": a number whose last character stands in brackets behind the rest, which ends at `at`.
fn bracketed(context: &mut Context<'_>, table: &ShapeTable, start: usize, at: usize, hash: u64, before: &[u8]) {
    let (last, end) = (context.byte(at + 1), at + 3);
    let hash = step(hash, b'(');
    if !last.is_ascii_alphanumeric() || context.byte(at + 2) != b')' || !table.may_go_on(hash) || before.len() >= CANDIDATE_MAX {
        return;
    }
    let hash = step(step(hash, if last.is_ascii_digit() { b'd' } else { b'L' }), b')');
    let mut norm = [0u8; CANDIDATE_MAX];
    norm[..before.len()].copy_from_slice(before);
    norm[before.len()] = last.to_ascii_uppercase();
    context.steps += before.len() as u64;
    let raw = &context.bytes[start..end];
    let candidate = Candidate { norm: &norm[..=before.len()], raw };
    for kind in table.get(hash) {
        shaped(context, *kind, &candidate, start..end);
    }
}

/// Digits of the longest card number.
const CARD_MAX: usize = 19;

/// Two letters and two digits, as far as the number has been read.
fn may_be_iban(norm: &[u8]) -> bool {
    let is_letter = |at: usize| norm.get(at).is_none_or(u8::is_ascii_alphabetic);
    let is_digit = |at: usize| norm.get(at).is_none_or(u8::is_ascii_digit);
    is_letter(0) && is_letter(1) && is_digit(2) && is_digit(3)
}

/// Which separators stood between the groups.
#[derive(Debug, Clone, Copy, Default)]
struct Separators {
    first: u8,
    mixed: bool,
}

impl Separators {
    fn add(&mut self, separator: u8) {
        if self.first == 0 {
            self.first = separator;
        }
        self.mixed |= self.first != separator;
    }
}

/// Cards and IBANs are written with groups of any length.
fn free_forms(
    context: &mut Context<'_>,
    candidate: &Candidate<'_>,
    span: std::ops::Range<usize>,
    digits: usize,
    separators: Separators,
) {
    if digits == candidate.norm.len() {
        if (12..=CARD_MAX).contains(&digits) && !separators.mixed && context.is_on(index::credit_card) {
            kinds::credit_card::found(context, candidate, span);
        }
    } else if context.is_on(index::iban_code) && kinds::iban_code::passes(candidate.norm) {
        context.report_supported(index::iban_code, span, kinds::iban_code::KIND.proof, (95, 99));
    }
}

fn shaped(context: &mut Context<'_>, number: u16, candidate: &Candidate<'_>, span: std::ops::Range<usize>) {
    let kind = kinds::ALL[usize::from(number)];
    context.steps += candidate.norm.len() as u64;
    let scores = match (kind.check)(candidate) {
        Check::No => return,
        Check::Weak => (0, kind.supported.saturating_sub(20)),
        Check::Good => (kind.alone, kind.supported),
    };
    context.report_supported(number, span, kind.proof, scores);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_stands_for_one_separator_everywhere_or_none() {
        let written: Vec<String> = variants("d{2}~LL").into_iter().map(|v| String::from_utf8(v).expect("ascii")).collect();
        assert_eq!(written, ["ddLL", "dd LL", "dd-LL", "dd.LL"]);
    }
}
