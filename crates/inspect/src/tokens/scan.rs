//! The scanning loop: one pass over the characters, writing tokens and folded bytes.

use super::plain;
use super::{Folded, Links, Marks, TEXT_BYTES_MAX, Token, TokenKind, Tokens, fold_char, hash_letters};
use crate::masks::Masks;

/// Western emoticons that are tokens of their own. Longest first, so that the first that fits is the right one.
const EMOTICONS: &[&str] = &[
    ":'-(", ":'(", ":-))", ":-)", ":-(", ":-D", ":-P", ":-/", ":-|", ";-)", ":))", ":((", ":)", ":(", ":D", ":P", ":/", ":|",
    ";)", "=)", "=(", "<3", ">:(", "^_^", "-_-",
];

/// The part of a text that is scanned: cut at [`TEXT_BYTES_MAX`], on a character boundary.
pub(super) fn readable(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(super) fn run(tokens: &mut Tokens, text: &str, links: Links, masks: &Masks) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // What stands between the last token and the position.
    let mut gap = Marks::default();
    while let Some(&byte) = bytes.get(at) {
        if byte == b' ' {
            at += 1;
            continue;
        }
        let before = tokens.list.len();
        at = if byte.is_ascii_alphanumeric() {
            let end = masks.plain_end(at);
            if plain::word(tokens, bytes, at, end) {
                end
            } else if links == Links::Whole && opens_address(bytes, at) {
                address(tokens, text, at)
            } else {
                word(tokens, text, at, at, TokenKind::Word)
            }
        } else if byte.is_ascii() {
            sign(tokens, &mut gap, text, at)
        } else {
            beyond_ascii(tokens, &mut gap, text, at)
        };
        if tokens.list.len() > before {
            join_to_gap(tokens, bytes, before, gap);
            gap = Marks::default();
        }
    }
    tokens.tail = gap;
}

/// Gives a new token the marks of what stands before it.
#[inline]
fn join_to_gap(tokens: &mut Tokens, bytes: &[u8], index: usize, gap: Marks) {
    let Some((token, earlier)) = tokens.list.get_mut(..=index).and_then(<[Token]>::split_last_mut) else { return };
    token.marks.add(gap);
    if gap.has(Marks::AFTER_COMMA)
        && let Some(last) = earlier.last_mut().filter(|last| last.end + 2 == token.start)
        && &bytes[last.end as usize..token.start as usize] == b"::"
    {
        last.marks.add(Marks::QUALIFIED);
        token.marks.add(Marks::QUALIFIED);
    }
}

/// One ASCII character that is neither letter nor digit: opens a token or is noted; says where to go on.
fn sign(tokens: &mut Tokens, gap: &mut Marks, text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'@' if sigil_opens(text, at) => return word(tokens, text, at, at + 1, TokenKind::Mention),
        b'#' if sigil_opens(text, at) => return word(tokens, text, at, at + 1, TokenKind::Hashtag),
        b'&' => return at + entity_bytes(bytes, at).max(1),
        b':' | b';' | b'=' | b'<' | b'>' | b'^' | b'-' => {
            if let Some(end) = emoticon(bytes, at) {
                return alone_as(tokens, text, at, end, TokenKind::Emoji);
            }
        }
        _ => {}
    }
    note(tokens, gap, char::from(bytes[at]));
    at + 1
}

/// One character beyond ASCII: opens a token or is noted; says where to go on.
fn beyond_ascii(tokens: &mut Tokens, gap: &mut Marks, text: &str, at: usize) -> usize {
    match class(text, at) {
        Class::Letter => word(tokens, text, at, at, TokenKind::Word),
        Class::Alone(width) => alone(tokens, text, at, at + width),
        Class::Picture(width) => picture(tokens, text, at, width),
        Class::Other(width) => {
            text[at..].chars().next().into_iter().for_each(|c| note(tokens, gap, c));
            at + width
        }
    }
}

enum Class {
    /// Opens or continues a word.
    Letter,
    /// A word of its own, this many bytes long.
    Alone(usize),
    /// A pictograph, this many bytes long.
    Picture(usize),
    /// Space, punctuation, symbol, this many bytes long.
    Other(usize),
}

fn class(text: &str, at: usize) -> Class {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        return if byte.is_ascii_alphanumeric() { Class::Letter } else { Class::Other(1) };
    }
    let Some(c) = text[at..].chars().next() else {
        return Class::Other(1);
    };
    let width = c.len_utf8();
    match c as u32 {
        0x0e00..=0x0eff
        | 0x1000..=0x109f
        | 0x1780..=0x17ff
        | 0x3040..=0x30ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0x20000..=0x3134f
            if c.is_alphanumeric() =>
        {
            Class::Alone(width)
        }
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x231a..=0x23ff | 0x203c | 0x2049 | 0x3030 => {
            Class::Picture(width)
        }
        // A letter that folds to an apostrophe joins letters; it opens no word, or the scan would stand still before it.
        _ if c.is_alphanumeric() && fold_char(c) != Folded::One('\'') => Class::Letter,
        _ => Class::Other(width),
    }
}

/// `@` or `#` opens a token when a word follows and none touches it from the left (`a@b` is no mention).
fn sigil_opens(text: &str, at: usize) -> bool {
    let free = !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    free && at + 1 < text.len() && matches!(class(text, at + 1), Class::Letter)
}

fn opens_address(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    let starts = |prefix: &[u8]| rest.len() > prefix.len() && rest[..prefix.len()].eq_ignore_ascii_case(prefix);
    matches!(rest[0], b'h' | b'H' | b'w' | b'W') && (starts(b"http://") || starts(b"https://") || starts(b"www."))
}

/// Consumes an address up to the next space, quotation mark or angle bracket, without closing punctuation.
fn address(tokens: &mut Tokens, text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let length = bytes[start..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'<' | b'>'))
        .unwrap_or(bytes.len() - start);
    let mut end = start + length;
    while end > start && matches!(bytes[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b'\'') {
        end -= 1;
    }
    push(tokens, start, end, tokens.folded.len(), TokenKind::Url, Marks::default());
    end
}

/// Consumes a word whose letters begin at `letters` (after a sigil, if any, at `start`).
fn word(tokens: &mut Tokens, text: &str, start: usize, letters: usize, kind: TokenKind) -> usize {
    let bytes = text.as_bytes();
    let fold_start = tokens.folded.len();
    let mut case = CaseCount::default();
    let mut at = letters;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            case.ascii(byte);
            tokens.folded.push(byte.to_ascii_lowercase());
            at += 1;
        } else if byte == b'\'' {
            if !bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || !next.is_ascii()) {
                break;
            }
            tokens.folded.push(b'\'');
            at += 1;
        } else if byte.is_ascii() {
            break;
        } else {
            match continue_with(tokens, text, at, &mut case) {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    let mut end = at;
    let mut marks = case.marks();
    if tokens.folded[fold_start..].ends_with(b"'s") && tokens.folded.len() - fold_start > 2 {
        marks.add(Marks::POSSESSIVE);
        tokens.folded.truncate(tokens.folded.len() - 2);
        end = text[..end].char_indices().rev().nth(1).map_or(end, |(index, _)| index);
    }
    if cut_stretched(&mut tokens.folded, fold_start) {
        marks.add(Marks::STRETCHED);
    }
    let kind = match kind {
        TokenKind::Word if case.letters == 0 && case.digits > 0 => TokenKind::Number,
        TokenKind::Word if matches!(&tokens.folded[fold_start..], b"http" | b"https") => TokenKind::Url,
        other => other,
    };
    push(tokens, start, end, fold_start, kind, marks);
    at
}

/// One non-ASCII character inside a word: appends its folded form, or says that the word ends here.
fn continue_with(tokens: &mut Tokens, text: &str, at: usize, case: &mut CaseCount) -> Option<usize> {
    let c = text[at..].chars().next()?;
    let next = at + c.len_utf8();
    match fold_char(c) {
        Folded::Nothing => {}
        // A typographic apostrophe counts only between letters.
        Folded::One('\'') if !text[next..].chars().next().is_some_and(char::is_alphabetic) => {
            return None;
        }
        Folded::One(folded) if folded == '\'' || matches!(class(text, at), Class::Letter) => {
            case.other(c);
            let mut buffer = [0; 4];
            tokens.folded.extend_from_slice(folded.encode_utf8(&mut buffer).as_bytes());
        }
        Folded::Two(first, second) => {
            case.other(c);
            tokens.folded.extend_from_slice(&[first, second]);
        }
        Folded::One(_) => return None,
    }
    Some(next)
}

/// Cuts each run of three or more equal ASCII letters to one (`nooooo`), unless the word is nothing else (`xxx`, `III`).
fn cut_stretched(folded: &mut Vec<u8>, start: usize) -> bool {
    let letters = &folded[start..];
    let stretched = letters.windows(3).any(|w| w[0] == w[1] && w[1] == w[2] && w[0].is_ascii_lowercase());
    if !stretched || letters.iter().all(|&b| b == letters[0]) {
        return false;
    }
    let (mut read, mut write) = (start, start);
    while read < folded.len() {
        let byte = folded[read];
        let run = folded[read..].iter().take_while(|&&b| b == byte).count();
        let keep = if run >= 3 && byte.is_ascii_lowercase() { 1 } else { run };
        for _ in 0..keep {
            folded[write] = byte;
            write += 1;
        }
        read += run;
    }
    folded.truncate(write);
    true
}

/// A character that is a word by itself.
fn alone(tokens: &mut Tokens, text: &str, start: usize, end: usize) -> usize {
    alone_as(tokens, text, start, end, TokenKind::Word)
}

fn alone_as(tokens: &mut Tokens, text: &str, start: usize, end: usize, kind: TokenKind) -> usize {
    let fold_start = tokens.folded.len();
    tokens.folded.extend_from_slice(&text.as_bytes()[start..end]);
    push(tokens, start, end, fold_start, kind, Marks::default());
    end
}

/// A pictograph with variation selectors, skin tones, joined parts; two regional letters make one flag.
fn picture(tokens: &mut Tokens, text: &str, start: usize, width: usize) -> usize {
    let fold_start = tokens.folded.len();
    tokens.folded.extend_from_slice(&text.as_bytes()[start..start + width]);
    let is_region = |c: char| (0x1f1e6..=0x1f1ff).contains(&(c as u32));
    let mut half_flag = text[start..].chars().next().is_some_and(is_region);
    let mut joined = false;
    let mut marks = Marks::default();
    let mut at = start + width;
    for c in text[at..].chars() {
        let next = at + c.len_utf8();
        match c as u32 {
            0xfe0f | 0x20e3 => {}
            0x1f3fb..=0x1f3ff => marks.add(Marks::SKIN_TONE),
            0x200d => joined = true,
            _ if joined || (half_flag && is_region(c)) => {
                if matches!(class(text, at), Class::Letter) {
                    break;
                }
                tokens.folded.extend_from_slice(&text.as_bytes()[at..next]);
                joined = false;
                half_flag = false;
            }
            _ => break,
        }
        at = next;
    }
    push(tokens, start, at, fold_start, TokenKind::Emoji, marks);
    at
}

/// Byte length of `&amp;` and its kin, which some networks leave in the text; 0 when it is a plain ampersand.
fn entity_bytes(bytes: &[u8], at: usize) -> usize {
    [b"&amp;".as_slice(), b"&lt;", b"&gt;", b"&quot;"]
        .iter()
        .find(|entity| bytes[at..].starts_with(entity))
        .map_or(0, |entity| entity.len())
}

fn emoticon(bytes: &[u8], at: usize) -> Option<usize> {
    // `key:Data` and `http:/x` are no faces: the character before must not be a letter, the one after neither.
    if at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    EMOTICONS
        .iter()
        .find(|face| bytes[at..].starts_with(face.as_bytes()))
        .map(|face| at + face.len())
        .filter(|&end| !bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/'))
}

/// Records punctuation between tokens.
fn note(tokens: &mut Tokens, gap: &mut Marks, c: char) {
    match c {
        '!' | '！' | '¡' => {
            tokens.exclaims += 1;
            gap.add(Marks::AFTER_EXCLAIM);
            gap.add(Marks::AFTER_STOP);
        }
        '?' | '？' | '¿' => {
            tokens.questions += 1;
            gap.add(Marks::AFTER_QUESTION);
            gap.add(Marks::AFTER_STOP);
        }
        '.' | '…' | '。' | '\n' | '\r' => gap.add(Marks::AFTER_STOP),
        ',' | ';' | ':' | '(' | ')' | '–' | '—' | '，' | '、' => {
            gap.add(Marks::AFTER_COMMA);
        }
        '"' | '“' | '”' | '«' | '»' | '„' | '‘' | '`' => {
            gap.add(Marks::AFTER_QUOTE);
        }
        _ => {}
    }
}

fn push(tokens: &mut Tokens, start: usize, end: usize, fold_start: usize, kind: TokenKind, marks: Marks) {
    let offset = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let hash = if kind == TokenKind::Url { super::NO_LETTERS } else { hash_letters(&tokens.folded[fold_start..]) };
    tokens.list.push(Token {
        start: offset(start),
        end: offset(end),
        hash,
        kind,
        marks,
        fold_start: offset(fold_start),
        fold_end: offset(tokens.folded.len()),
    });
}

/// Upper, lower and other letters of a word.
#[derive(Default)]
struct CaseCount {
    letters: u32,
    upper: u32,
    digits: u32,
    first_upper: bool,
}

impl CaseCount {
    fn ascii(&mut self, byte: u8) {
        if byte.is_ascii_digit() {
            self.digits += 1;
        } else {
            self.letter(byte.is_ascii_uppercase());
        }
    }

    fn other(&mut self, c: char) {
        if c.is_numeric() {
            self.digits += 1;
        } else {
            self.letter(c.is_uppercase());
        }
    }

    fn letter(&mut self, is_upper: bool) {
        if self.letters == 0 {
            self.first_upper = is_upper;
        }
        self.letters += 1;
        self.upper += u32::from(is_upper);
    }

    fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        if self.letters >= 2 && self.upper == self.letters {
            marks.add(Marks::ALL_CAPS);
        } else if self.first_upper && self.upper < self.letters {
            marks.add(Marks::TITLE);
        }
        if self.digits > 0 && self.letters > 0 {
            marks.add(Marks::WITH_DIGIT);
        }
        marks
    }
}
