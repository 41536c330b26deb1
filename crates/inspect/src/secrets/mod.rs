//! Keys, tokens and passwords: known formats from `formats.txt`, private key blocks, passwords in addresses, and values
//! that the text calls a password, key or token.
//!
//! Invariant: only stretches of [`crate::scan::LONG_CHUNK`] bytes or more, and what follows an announcing word, are read;
//! no value is kept or copied. A format is never tried at a place where its first two bytes do not stand.

pub(crate) mod announced;
pub(crate) mod command_line;
mod format;
mod plausible;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::detect::Context;
use crate::kinds::index;
use crate::report::Reason;
use crate::scan::{COLON, Chunk, DOT};
use crate::words::Role;
pub use format::Format;
use format::{Piece, VALUE_MAX};

static TABLE: &str = include_str!("formats.txt");

/// Words that announce a secret; the first [`PASSWORD_WORDS`] mean a password, which may be short and may follow "is".
pub(crate) const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "wachtwoord",
    "senha",
    "hasło",
    "parola d'ordine",
    "pass word",
    "db_password",
    "login password",
    "pgpassword",
    "dbpassword",
    "userpassword",
    "rootpassword",
    "adminpassword",
    "db_pass",
    "dbpass",
    "palavra passe",
    "mdp",
    "pswd",
    "pw",
    "pass",
    "clave",
    "token",
    "api key",
    "apikey",
    "api token",
    "apitoken",
    "api secret",
    "apisecret",
    "app secret",
    "appsecret",
    "privatekey",
    "presharedkey",
    "secret",
    "secret key",
    "access key",
    "client secret",
    "auth token",
    "access token",
    "accesstoken",
    "clientsecret",
    "secretkey",
    "bearer",
    "authorization basic",
    "private key",
    "credential",
    "credentials",
    "private key block",
    "private lines",
    "encryption key",
    "signing key",
    "authtoken",
    "auth key",
    "key",
];
/// How many of [`WORDS`] mean a password.
pub(crate) const PASSWORD_WORDS: usize = 29;

/// How far before a value its word may stand.
const WORD_WINDOW: usize = 72;
/// Values longer than this are not looked up by length; no format that needs a word is longer.
const LENGTH_MAX: usize = 200;
/// Longest run of letters and digits at the beginning of a value that is told apart from longer ones.
const RUN_MAX: usize = 80;
/// Bytes of a chunk in which `;base64,` makes a picture or a document of it.
const DATA_URL_MAX: usize = 64;
/// A private key block ends within this many bytes.
const BLOCK_MAX: usize = 16 << 10;

/// Every format of the table.
pub fn formats() -> Vec<Format> {
    TABLE.lines().filter_map(Format::parse).collect()
}

/// The formats, indexed for the scan.
#[derive(Debug)]
pub(crate) struct SecretTable {
    formats: Vec<Format>,
    by_prefix: HashMap<[u8; 2], Vec<u16>>,
    prefix_bits: Box<[u64; 1024]>,
    /// Formats that begin with a class but are recognisable alone, by the length of the run of letters and digits that
    /// they begin with; the last list serves all longer runs.
    loose: Vec<Vec<u16>>,
    /// Length of the shortest value of them.
    loose_length_min: usize,
    /// Formats that need a word, by the length of their value.
    by_length: Vec<Vec<u16>>,
}

impl SecretTable {
    pub(crate) fn build() -> Self {
        let formats = formats();
        let mut table = Self {
            by_prefix: HashMap::new(),
            prefix_bits: Box::new([0; 1024]),
            loose: vec![Vec::new(); RUN_MAX + 1],
            loose_length_min: usize::MAX,
            by_length: vec![Vec::new(); LENGTH_MAX + 1],
            formats,
        };
        for (number, format) in (0u16..).zip(&table.formats) {
            if format.needs_word() {
                for length in format.length_min()..=format.length_max().min(LENGTH_MAX) {
                    table.by_length[length].push(number);
                }
            } else if let [a, b, ..] = *format.prefix().as_bytes() {
                table.by_prefix.entry([a, b]).or_default().push(number);
                let bit = usize::from(u16::from_be_bytes([a, b]));
                table.prefix_bits[bit / 64] |= 1 << (bit % 64);
            } else {
                table.loose_length_min = table.loose_length_min.min(format.length_min());
                for run in first_runs(format) {
                    table.loose[run].push(number);
                }
            }
        }
        table
    }

    /// Reports every secret in a chunk.
    pub(crate) fn scan_chunk(&self, context: &mut Context<'_>, chunk: Chunk) {
        let (start, end) = (chunk.start as usize, chunk.end as usize);
        let bytes = &context.bytes[start..end];
        let begins_data = |at: usize| bytes[at] == b';' && bytes[at..].starts_with(b";base64,");
        if (0..bytes.len().min(DATA_URL_MAX)).any(begins_data) {
            return;
        }
        if chunk.classes & COLON != 0 && chunk.classes & DOT != 0 {
            password_in_address(context, start, end);
        }
        let mut at = start;
        while at + 8 <= end {
            let byte = context.bytes[at];
            let inside = byte.is_ascii_alphanumeric() && at > start && context.bytes[at - 1].is_ascii_alphanumeric();
            context.steps += 1;
            if inside || byte >= 0x80 {
                at += 1;
                continue;
            }
            at = self.value_at(context, at, end).unwrap_or(at + 1);
        }
    }

    /// Reports the secret that begins at `at`, and says where it ends.
    fn value_at(&self, context: &mut Context<'_>, at: usize, limit: usize) -> Option<usize> {
        let pair = [context.bytes[at], context.bytes[at + 1]];
        let bit = usize::from(u16::from_be_bytes(pair));
        let mut best: Option<(usize, u16)> = None;
        let bytes = &context.bytes[..limit.min(at + VALUE_MAX)];
        if self.prefix_bits[bit / 64] >> (bit % 64) & 1 == 1 {
            for number in self.by_prefix.get(&pair).map_or(&[][..], Vec::as_slice) {
                self.try_format(context, bytes, at, *number, &mut best);
            }
        }
        if best.is_none() && limit - at >= self.loose_length_min && context.bytes[at].is_ascii_alphanumeric() {
            let run = bytes[at..].iter().take(RUN_MAX).take_while(|b| b.is_ascii_alphanumeric()).count();
            context.steps += run as u64;
            for number in &self.loose[run] {
                self.try_format(context, bytes, at, *number, &mut best);
            }
        }
        if let Some((end, number)) = best {
            push(context, self.formats[usize::from(number)].id, at..end, "a known format of a secret", 0.95);
            return Some(end);
        }
        let begins = at == 0
            || matches!(
                context.bytes[at - 1],
                b' ' | b'\t' | b'\n' | b'=' | b':' | b'"' | b'\'' | b'`' | b'(' | b'[' | b'>' | b','
            );
        if begins && context.bytes[at].is_ascii_alphanumeric() { self.with_word(context, at, limit) } else { None }
    }

    fn try_format(&self, context: &mut Context<'_>, bytes: &[u8], at: usize, number: u16, best: &mut Option<(usize, u16)>) {
        let format = &self.formats[usize::from(number)];
        context.steps += 2;
        let Some(end) = format.match_at(bytes, at) else {
            return;
        };
        context.steps += (end - at) as u64;
        let end = padded(bytes, end);
        let ended = !bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if ended && best.is_none_or(|(e, _)| end > e) && plausible::formatted(format, &bytes[at..end]) {
            *best = Some((end, number));
        }
    }

    /// A value of a format that says nothing by itself, with its word before it.
    fn with_word(&self, context: &mut Context<'_>, at: usize, limit: usize) -> Option<usize> {
        let bytes = context.bytes;
        let length = bytes[at..limit]
            .iter()
            .take(LENGTH_MAX + 1)
            .take_while(|b| format::is_in(b'd', **b) || matches!(b, b'+' | b'/' | b':'))
            .count();
        context.steps += length as u64;
        let trimmed = bytes[at..at + length].iter().rev().take_while(|b| matches!(b, b'.' | b':' | b'-')).count();
        let whole = length - trimmed;
        if !(14..=LENGTH_MAX).contains(&whole) {
            return None;
        }
        let value = &bytes[at..at + whole];
        let bare = value.len() - value.iter().rev().take_while(|b| **b == b'=').count();
        if self.by_length[whole].is_empty() && self.by_length[bare].is_empty() || !plausible::varied(&value[..bare]) {
            return None;
        }
        let window = plausible::Window::before(bytes, at, WORD_WINDOW)?;
        if plausible::is_placeholder(&value[..bare]) {
            return None;
        }
        for take in [whole, bare] {
            for number in &self.by_length[take] {
                let format = &self.formats[usize::from(*number)];
                context.steps += 4;
                if format.match_at(&bytes[..at + take], at) == Some(at + take) && format.words.iter().any(|w| window.contains(w))
                {
                    context.steps += (WORD_WINDOW * format.words.len()) as u64;
                    push(context, format.id, at..at + take, "a format of a secret beside the name of its service", 0.8);
                    return Some(at + take);
                }
            }
        }
        None
    }

    /// Reports private key blocks.
    pub(crate) fn scan_blocks(context: &mut Context<'_>) {
        for i in 0..context.scan.hits.len() {
            let hit = context.scan.hits[i];
            if hit.role != Some(Role::Secret) {
                continue;
            }
            let text = &*context.words.entry(hit.entry).text;
            if text == "private lines" {
                putty_key(context, hit.start as usize, hit.end as usize);
            }
            if !matches!(text, "private key" | "private key block") {
                continue;
            }
            let (from, to) = (hit.start as usize, hit.end as usize);
            let head = &context.bytes[from.saturating_sub(48)..from];
            let Some(begin) = head.windows(10).rposition(|w| w == b"-----BEGIN") else {
                continue;
            };
            if !context.bytes[to..].starts_with(b"-----") {
                continue;
            }
            let start = from - head.len() + begin;
            let body = &context.bytes[to + 5..context.bytes.len().min(to + BLOCK_MAX)];
            context.steps += 64;
            let key = body.iter().take_while(|b| **b != b'-').count();
            let end = match body[key..].windows(5).skip(5).position(|w| w == b"-----") {
                Some(i) if body[key..].starts_with(b"-----END") => to + 5 + key + i + 10,
                _ => to + 5 + key,
            };
            context.steps += key as u64;
            if body[..key].iter().filter(|b| b.is_ascii_alphanumeric()).count() >= 24 {
                push(context, "private-key", start..end, "a private key block", 0.98);
            }
        }
    }
}

/// `Private-Lines: 14` and the lines themselves.
fn putty_key(context: &mut Context<'_>, start: usize, end: usize) {
    let rest = &context.bytes[end..context.bytes.len().min(end + BLOCK_MAX)];
    let Some(head) = rest.iter().take(12).position(|b| *b == b'\n') else { return };
    if !rest[..head].iter().all(|b| b.is_ascii_digit() || matches!(b, b':' | b' ' | b'\r')) {
        return;
    }
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b'\n');
    let length = rest[head..].iter().take_while(|b| is_key(b)).count();
    context.steps += length as u64 + 12;
    if length >= 24 {
        push(context, "putty-private-key", start..end + head + length, "a private key block", 0.95);
    }
}

impl Format {
    pub(crate) fn length_max(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.len(),
                Piece::Class { most, .. } => *most,
            })
            .sum()
    }
}

/// Lengths of the run of letters and digits with which values of a format begin.
fn first_runs(format: &Format) -> std::ops::RangeInclusive<usize> {
    match &format.pieces[..] {
        // Nothing but letters and digits, then a sign: the run is as long as the class.
        [Piece::Class { class: b'n' | b'h' | b'H' | b'l' | b'A' | b'a', least, most }, Piece::Literal(sign), ..]
            if !sign.as_bytes()[0].is_ascii_alphanumeric() =>
        {
            *least..=(*most).min(RUN_MAX)
        }
        [Piece::Class { least, .. }, Piece::Literal(text), ..] if *least > 3 => 1.min(text.len())..=RUN_MAX,
        _ => 1..=RUN_MAX,
    }
}

/// Up to three signs of base64 padding belong to the value.
fn padded(bytes: &[u8], end: usize) -> usize {
    end + bytes[end..].iter().take(3).take_while(|b| **b == b'=').count()
}

fn push(context: &mut Context<'_>, detector: &'static str, span: std::ops::Range<usize>, check: &'static str, score: f32) {
    let reason = Reason { check, word: None, against: false, view: context.view };
    context.push(index::secret, detector, span, score, reason);
}

/// `scheme://user:password@host`.
fn password_in_address(context: &mut Context<'_>, start: usize, end: usize) {
    let bytes = &context.bytes[..end];
    let Some(scheme) = bytes[start..].windows(3).position(|w| w == b"://").map(|i| i + start + 3) else {
        return;
    };
    context.steps += (scheme - start) as u64;
    let rest = &bytes[scheme..];
    let host = rest.iter().take(300).position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len().min(300));
    let Some(sign) = rest[..host].iter().rposition(|b| *b == b'@') else {
        return;
    };
    let Some(colon) = rest[..sign].iter().position(|b| *b == b':') else {
        return;
    };
    let password = &rest[colon + 1..sign];
    let last = password.rsplit(|b| *b == b':').next().unwrap_or(password);
    if password.len() >= 3
        && !plausible::is_placeholder(password)
        && !plausible::is_placeholder(last)
        && context.text.is_char_boundary(scheme + sign)
    {
        push(context, "password-in-address", scheme + colon + 1..scheme + sign, "a password inside an address", 0.85);
    }
}
