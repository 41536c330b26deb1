//! Web addresses.

use super::email_address::domain_end;
use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "URL",
    title: "Web address",
    group: Group::Technical,
    docs: "An address with a scheme (RFC 3986), one that begins with www., or a bare domain under a top-level domain that is not also an ordinary word. Closing brackets and full stops of the sentence are left out. User name and password inside an address are reported as a secret.",
    words: &[("en", &["website", "link", "url", "site", "homepage"])],
    examples: &["see https://example.org/a_(b)?c=d.", "www.example.co.uk", "read example.com/blog", "my site is example.de"],
    counter_examples: &["node.js and main.rs", "wait.what", "3.14 e.g. etc.", "so.to be"],
    proof: "scheme or domain is well formed",
    ..BLANK
};

/// Top-level domains that no sentence makes by a missing space.
static TOPS: &[&[u8]] = &[
    b"ae", b"aero", b"agency", b"app", b"ar", b"asia", b"biz", b"blog", b"br", b"ca", b"ch", b"cl", b"cloud", b"club", b"cn",
    b"co", b"com", b"coop", b"cz", b"de", b"dev", b"dk", b"edu", b"ee", b"es", b"eu", b"fi", b"fm", b"fr", b"gg", b"gov", b"gr",
    b"hk", b"hr", b"hu", b"ie", b"il", b"info", b"io", b"ir", b"jp", b"kr", b"lt", b"lu", b"ly", b"mil", b"mobi", b"mx", b"net",
    b"nl", b"nz", b"online", b"org", b"pe", b"ph", b"pk", b"pl", b"pt", b"ro", b"ru", b"se", b"sg", b"shop", b"si", b"site",
    b"sk", b"store", b"tech", b"tk", b"tr", b"tv", b"tw", b"ua", b"uk", b"us", b"vn", b"website", b"wiki", b"xyz", b"za",
];
const SCHEME_MAX: usize = 16;

/// Reports every address in a chunk.
pub(crate) fn scan(context: &mut Context<'_>, chunk: Chunk) {
    let (start, end) = (chunk.start as usize, chunk.end as usize);
    let mut from = start;
    let mut any = false;
    while let Some(at) = find(&context.bytes[..end], from, *b"://") {
        context.steps += (at - from) as u64 + 1;
        let scheme = context.bytes[from..at]
            .iter()
            .rev()
            .take(SCHEME_MAX)
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'+')
            .count();
        let body = at + 3;
        let stop = address_end(context, body, end);
        if scheme >= 2
            && stop > body + 2
            && is_word(context.bytes[body]) | matches!(context.bytes[body], b'[' | b'%' | b'$' | b':')
        {
            context.report(super::index::url, at - scheme..stop, KIND.proof, 90);
            any = true;
        }
        from = stop.max(body);
    }
    if !any {
        bare(context, start, end);
    }
}

fn find(bytes: &[u8], from: usize, needle: [u8; 3]) -> Option<usize> {
    bytes.get(from..)?.windows(3).position(|w| w == &needle[..]).map(|i| i + from)
}

/// The end of an address without the signs of the sentence around it.
fn address_end(context: &mut Context<'_>, from: usize, limit: usize) -> usize {
    let bytes = context.bytes;
    let mut depth = 0i32;
    let mut end = from;
    while end < limit {
        match bytes[end] {
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'<' | b'>' | b'"' | b'`' | b'\\' | b'|' | b'^' => break,
            0xe2 if bytes.get(end + 1) == Some(&0x80) && matches!(bytes.get(end + 2), Some(0x98..=0x9f | 0xa6)) => break,
            _ => {}
        }
        end += 1;
    }
    context.steps += (end - from) as u64;
    while end > from && matches!(bytes[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b']' | b'}' | b'*' | b'_') {
        end -= 1;
    }
    end
}

/// `www.example.org`, `example.org/path`.
fn bare(context: &mut Context<'_>, start: usize, end: usize) {
    let bytes = context.bytes;
    let first = start + bytes[start..end].iter().position(|b| is_word(*b)).unwrap_or(end - start);
    let Some(domain) = domain_end(&bytes[..end], first) else { return };
    context.steps += (domain - first) as u64;
    if bytes.get(domain) == Some(&b'@') || context.byte_before(first) == b'@' || !context.text.is_char_boundary(domain) {
        return;
    }
    let host = &bytes[first..domain];
    let www = host.len() > 6 && host[..4].eq_ignore_ascii_case(b"www.") && host[4..].contains(&b'.');
    let top = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let known = TOPS.binary_search_by(|t| (**t).cmp(&lower(top)[..top.len().min(24)])).is_ok();
    let lower_case = top.iter().all(u8::is_ascii_lowercase);
    if !(www || (known && lower_case)) || is_word(context.byte(domain)) {
        return;
    }
    let stop = match bytes.get(domain) {
        Some(b'/' | b'?' | b'#') => address_end(context, domain, end),
        Some(b':') if context.byte(domain + 1).is_ascii_digit() => address_end(context, domain, end),
        _ => domain,
    };
    context.report(super::index::url, first..stop, KIND.proof, if www { 90 } else { 65 });
}

fn lower(bytes: &[u8]) -> [u8; 24] {
    let mut out = [0; 24];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = from.to_ascii_lowercase();
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn top_level_domains_are_sorted_for_binary_search() {
        assert!(super::TOPS.is_sorted_by(|a, b| a < b));
    }
}
