//! Characters that stand in a text as an escape: `&#64;` and `&nbsp;` of web pages, `%40` of addresses, `\u0040` and
//! `\n` of programs, `\_` of Markdown.
//!
//! Invariant: reads at most [`ESCAPE_MAX`] bytes and is a function of them alone. An escape that stands for a sign with no
//! meaning inside values and words (`&amp;`, `%22`) is left as it is, so that ordinary addresses cost no further view.

use super::characters::{self, Folding};

/// Bytes of the longest escape, `&ZeroWidthSpace;`.
const ESCAPE_MAX: usize = 16;

/// Names of web pages for characters that matter inside values and words.
const NAMES: &[(&[u8], char)] = &[
    (b"nbsp", '\u{a0}'),
    (b"ensp", '\u{2002}'),
    (b"emsp", '\u{2003}'),
    (b"thinsp", '\u{2009}'),
    (b"shy", '\u{ad}'),
    (b"zwnj", '\u{200c}'),
    (b"zwj", '\u{200d}'),
    (b"ZeroWidthSpace", '\u{200b}'),
    (b"commat", '@'),
    (b"period", '.'),
    (b"colon", ':'),
    (b"sol", '/'),
    (b"plus", '+'),
    (b"hyphen", '-'),
    (b"dash", '-'),
    (b"lowbar", '_'),
];

/// The character that the escape at the beginning of `bytes` stands for, and its length.
pub(super) fn read(bytes: &[u8]) -> Option<(char, usize)> {
    let bytes = &bytes[..bytes.len().min(ESCAPE_MAX)];
    let (c, length) = match *bytes {
        [b'&', b'#', b'x' | b'X', ..] => reference(bytes, 3, 16)?,
        [b'&', b'#', ..] => reference(bytes, 2, 10)?,
        [b'&', ..] => name(bytes)?,
        [b'%', ..] => (number(bytes, 1, 2)?, 3),
        [b'\\', b'u', ..] => (number(bytes, 2, 4)?, 6),
        [b'\\', b'x', ..] => (number(bytes, 2, 2)?, 4),
        // In front of a word or a number only: paths of Windows and patterns are full of them.
        [b'\\', b'n' | b'r' | b't', next, ..] if next.is_ascii_digit() || matches!(next, b'+' | b'(') => (' ', 2),
        [b'\\', sign @ (b'_' | b'-' | b'.' | b'@' | b'+'), ..] => (char::from(sign), 2),
        _ => return None,
    };
    let matters = match characters::fold(c) {
        _ if c.is_ascii() => c == ' ' || c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | ':' | '/' | '+' | '-' | '_'),
        Folding::Keep | Folding::Quiet('\'' | '"') => false,
        _ => bytes[0] != b'%',
    };
    matters.then_some((c, length))
}

/// `&#64;`, `&#x40;`: digits from `from` on, and a semicolon.
fn reference(bytes: &[u8], from: usize, radix: u32) -> Option<(char, usize)> {
    let digits = bytes.get(from..)?.iter().take_while(|b| char::from(**b).is_digit(radix)).count();
    let value = std::str::from_utf8(&bytes[from..from + digits]).ok()?;
    let c = char::from_u32(u32::from_str_radix(value, radix).ok()?)?;
    (bytes.get(from + digits) == Some(&b';')).then_some((c, from + digits + 1))
}

fn name(bytes: &[u8]) -> Option<(char, usize)> {
    let length = bytes[1..].iter().position(|b| *b == b';')?;
    let (_, c) = NAMES.iter().find(|(name, _)| *name == &bytes[1..=length])?;
    Some((*c, length + 2))
}

/// Exactly so many hexadecimal digits.
fn number(bytes: &[u8], from: usize, digits: usize) -> Option<char> {
    let value = bytes.get(from..from + digits)?;
    if !value.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    char::from_u32(u32::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok()?)
}

/// Whether an escape stands at the beginning of `bytes`.
#[inline]
pub(crate) fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'&' | b'%' | b'\\')) && read(bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_pages_addresses_programs_and_markdown_are_read() {
        for (escape, c) in [
            ("&#64;", '@'),
            ("&#x40;", '@'),
            ("&#0064;", '@'),
            ("&commat;", '@'),
            ("&nbsp;", '\u{a0}'),
            ("&ZeroWidthSpace;", '\u{200b}'),
            ("%40", '@'),
            ("\\u0040", '@'),
            ("\\x40", '@'),
            ("\\_", '_'),
        ] {
            assert_eq!(read(escape.as_bytes()), Some((c, escape.len())), "{escape}");
            assert_eq!(read(format!("{escape}5").as_bytes()), Some((c, escape.len())), "{escape}");
        }
        assert_eq!(read(b"\\n4111"), Some((' ', 2)));
    }

    #[test]
    fn what_is_none_or_stands_for_nothing_that_matters_is_left() {
        for text in [
            "&amp;",
            "\\u2019",
            "&#233;",
            "\\u002c",
            "&#39;",
            "&lt;",
            "&",
            "&#;",
            "&#64",
            "&;",
            "%",
            "%4",
            "%zz",
            "%22",
            "%C3",
            "100%",
            "\\",
            "\\new",
            "\\u12",
            "&#x110000;",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
