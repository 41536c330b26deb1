//! Electronic mail addresses.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "EMAIL_ADDRESS",
    title: "E-mail address",
    group: Group::Contact,
    docs: "Local part and domain after RFC 5321 as people write them: a domain of two labels or more with a top-level domain of letters. Handles of federated networks (@name@server) and picture names (icon@2x.png) are not addresses.",
    words: &[("en", &["email", "e-mail", "mail", "contact"])],
    examples: &["write to ann.lee@example.org", "<ann+news@mail.example.co.uk>", "mailto:müller@example.de"],
    counter_examples: &["follow @ann@social.example", "icon@2x.png", "ann@example", "git@example.com:team/repo.git"],
    proof: "local part and domain are well formed",
    ..BLANK
};

const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;
/// File endings that follow `@2x` in names of pictures.
const FILES: [&[u8]; 9] = [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"pdf", b"css", b"js"];

/// Reports every address in a chunk.
pub(crate) fn scan(context: &mut Context<'_>, chunk: Chunk) {
    let (start, end) = (chunk.start as usize, chunk.end as usize);
    let mut from = start;
    while let Some(at) = context.bytes[from..end].iter().position(|b| *b == b'@').map(|i| i + from) {
        context.steps += (at - from) as u64 + 1;
        from = at + 1;
        if let Some(span) = address(context, start, at, end) {
            from = span.end;
            context.report(super::index::email_address, span, KIND.proof, 95);
        }
    }
}

fn is_local(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'&' | b'~' | b'=')
}

fn address(context: &mut Context<'_>, floor: usize, at: usize, ceiling: usize) -> Option<std::ops::Range<usize>> {
    let bytes = context.bytes;
    let mut start = at;
    while start > floor && at - start < LOCAL_MAX && is_local(bytes[start - 1]) {
        start -= 1;
    }
    // "to=ann@…", "mail:'ann@…'": signs that may stand inside do not stand at the beginning.
    if let Some(i) = bytes[start..at].iter().rposition(|b| *b == b'=') {
        start += i + 1;
    }
    while start < at && matches!(bytes[start], b'.' | b'\'' | b'-' | b'%' | b'&' | b'~') {
        start += 1;
    }
    let before = context.byte_before(start);
    if start == at || before == b'@' || (before == b'/' && floor + 1 < start && context.byte_before(start - 1) != b'/') {
        return None;
    }
    if is_user_of_address(&bytes[floor..start]) {
        return None;
    }
    if bytes[at - 1] == b'.' || context.text.is_char_boundary(start).then_some(()).is_none() {
        return None;
    }
    let end = domain_end(&bytes[..ceiling], at + 1)?;
    context.steps += (end - start) as u64;
    let top = bytes[..end].rsplit(|b| *b == b'.').next()?;
    let is_repository = bytes.get(end) == Some(&b':') && &bytes[start..at] == b"git";
    let is_file = FILES.iter().any(|f| top.eq_ignore_ascii_case(f));
    let is_handle = bytes.get(end) == Some(&b'@');
    (!is_repository && !is_file && !is_handle && context.text.is_char_boundary(end)).then_some(start..end)
}

/// `scheme://user:` before an `@` makes the rest a password and a host.
fn is_user_of_address(before: &[u8]) -> bool {
    before.windows(3).rposition(|w| w == b"://").is_some_and(|i| !before[i + 3..].iter().any(|b| matches!(b, b'/' | b'?' | b'#')))
}

/// The end of a well-formed domain that begins at `from`.
pub(crate) fn domain_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut labels = 0;
    let mut good = None;
    loop {
        let label = at;
        while at < bytes.len() && at - from < DOMAIN_MAX && (is_word(bytes[at]) || bytes[at] == b'-') {
            at += 1;
        }
        if at == label || at - label > 63 || bytes[label] == b'-' || bytes[at - 1] == b'-' {
            break;
        }
        labels += 1;
        let top = &bytes[label..at];
        let is_top = top.len() >= 2
            && top.len() <= 24
            && (top.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80) || top.starts_with(b"xn--"));
        if labels >= 2 && is_top {
            good = Some(at);
        }
        if bytes.get(at) != Some(&b'.') {
            break;
        }
        at += 1;
    }
    good
}
