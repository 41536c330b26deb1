//! One format of a secret: literal text and character classes with lengths, read from the table, matched greedily.
//!
//! Invariant: matching is linear in the value and never longer than [`VALUE_MAX`]; the same pattern that matches also
//! generates, so that every line of the table is its own test.

/// Bytes of the longest value that is read.
pub(crate) const VALUE_MAX: usize = 8192;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Exactly these bytes.
    Literal(&'static str),
    /// So many bytes of a class.
    Class { class: u8, least: usize, most: usize },
}

/// A line of the table.
#[derive(Debug, Clone)]
pub struct Format {
    /// Its name, reported as the detector.
    pub id: &'static str,
    /// Words of which one must stand before the value.
    pub words: Vec<&'static str>,
    pub(crate) pieces: Vec<Piece>,
}

/// Whether a byte belongs to a class of the table.
#[inline]
pub(crate) fn is_in(class: u8, byte: u8) -> bool {
    match class {
        b'n' => byte.is_ascii_digit(),
        b'h' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        b'H' => byte.is_ascii_hexdigit(),
        b'l' => matches!(byte, b'0'..=b'9' | b'a'..=b'z'),
        b'A' => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
        b'a' => byte.is_ascii_alphanumeric(),
        b'w' => byte.is_ascii_alphanumeric() || byte == b'_',
        b'u' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        b'b' => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
        b'e' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'='),
        b'd' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=' | b'.'),
        b'~' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'),
        b'c' => byte.is_ascii_alphabetic(),
        b'k' => byte.is_ascii_lowercase(),
        b'K' => byte.is_ascii_uppercase(),
        b'2' => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
        b'%' => byte.is_ascii_alphanumeric() || byte == b'%',
        b'p' => byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>'),
        _ => false,
    }
}

impl Format {
    /// Reads a line `id | pattern | words`; comments and blank lines give nothing.
    pub(crate) fn parse(line: &'static str) -> Option<Self> {
        if line.starts_with('#') || line.trim().is_empty() {
            return None;
        }
        let (id, rest) = line.split_once(" | ")?;
        let (pattern, words) = rest.rsplit_once(" |")?;
        let words = words.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
        Some(Self { id: id.trim(), words, pieces: pieces(pattern.trim())? })
    }

    /// The literal text that the value begins with.
    pub(crate) fn prefix(&self) -> &'static str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// The end of a value that begins at `start`.
    pub(crate) fn match_at(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        for (i, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Literal(text) => {
                    if !bytes[at..].starts_with(text.as_bytes()) {
                        return None;
                    }
                    at += text.len();
                }
                Piece::Class { class, least, most } => {
                    let have = bytes[at..].iter().take(*most).take_while(|b| is_in(*class, **b)).count();
                    let take = match self.pieces.get(i + 1) {
                        Some(Piece::Literal(text)) if have > *least && !bytes[at + have..].starts_with(text.as_bytes()) => {
                            before_literal(
                                &bytes[at..at + have + text.len().min(bytes.len() - at - have)],
                                *least,
                                text.as_bytes(),
                            )?
                        }
                        _ => have,
                    };
                    if take < *least {
                        return None;
                    }
                    at += take;
                }
            }
        }
        Some(at)
    }

    /// Fewest bytes a value has.
    pub(crate) fn length_min(&self) -> usize {
        self.pieces
            .iter()
            .map(|p| match p {
                Piece::Literal(text) => text.len(),
                Piece::Class { least, .. } => *least,
            })
            .sum()
    }

    /// Class and length when the whole value is one class: such a value says nothing without a word.
    pub(crate) fn needs_word(&self) -> bool {
        !self.words.is_empty()
    }

    /// Makes a value; `next` gives random numbers.
    #[expect(clippy::cast_possible_truncation, reason = "remainders of small numbers")]
    pub fn generate(&self, next: &mut impl FnMut() -> u64) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Class { class, least, most } => {
                    let all: Vec<u8> = (b'!'..=b'~')
                        .filter(|b| is_in(*class, *b) && (b.is_ascii_alphanumeric() || !matches!(class, b'p')))
                        .collect();
                    let spread = (most - least).min(12) as u64;
                    let length = least + (next() % (spread + 1)) as usize;
                    for i in 0..length {
                        // Signs at either end would be ambiguous in running text.
                        let mut byte = all[(next() % all.len() as u64) as usize];
                        while (i == 0 || i + 1 == length) && !byte.is_ascii_alphanumeric() {
                            byte = all[(next() % all.len() as u64) as usize];
                        }
                        out.push(char::from(byte));
                    }
                }
            }
        }
        out
    }
}

/// How many bytes a class takes so that the literal follows, the last place where it does.
fn before_literal(window: &[u8], least: usize, literal: &[u8]) -> Option<usize> {
    (least..=window.len().checked_sub(literal.len())?).rev().find(|take| window[*take..].starts_with(literal))
}

fn pieces(pattern: &'static str) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('{') {
            let (inside, after) = inside.split_once('}')?;
            let class = *inside.as_bytes().first()?;
            let length = inside[1..].trim();
            let (least, most) = length.split_once('-').unwrap_or((length, length));
            out.push(Piece::Class { class, least: least.parse().ok()?, most: most.parse().ok()? });
            rest = after;
        } else {
            let end = rest.find('{').unwrap_or(rest.len());
            out.push(Piece::Literal(&rest[..end]));
            rest = &rest[end..];
        }
    }
    (!out.is_empty()).then_some(out)
}
