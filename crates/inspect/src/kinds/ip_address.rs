//! Internet addresses, versions 4 and 6.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "IP_ADDRESS",
    title: "IP address",
    group: Group::Technical,
    docs: "IPv4 in dotted decimal (four numbers up to 255, no leading zeros) and IPv6 in the text forms of RFC 4291. Version and section numbers are told apart by the words before them and by their small numbers.",
    words: &[(
        "en",
        &[
            "ip",
            "ips",
            "ipv4",
            "ipv6",
            "address",
            "host",
            "server",
            "client_ip",
            "client",
            "subnet",
            "ping",
            "gateway",
            "dns",
            "blocked",
            "login",
            "firewall",
            "adresse",
            "dirección",
            "indirizzo",
            "adres",
            "endereço",
            "serwer",
            "serveur",
            "servidor",
        ],
    )],
    examples: &["blocked 203.0.113.77 today", "2001:db8:85a3::8a2e:370:7334", "host fe80::1 is up", "10.0.0.1/24"],
    counter_examples: &["version 1.2.3.4", "300.1.2.3", "1.2.3.4.5", "at 12:30:45", "std::vector", "see section 4.1.2.3"],
    proof: "well-formed address",
    ..BLANK
};

/// Reports a version 4 address that begins at `start`, if one does.
pub(crate) fn scan_v4(context: &mut Context<'_>, start: usize) -> Option<usize> {
    let before = context.byte_before(start);
    if is_word(before) || (matches!(before, b'.' | b'-') && start >= 2 && is_word(context.bytes[start - 2])) {
        return None;
    }
    let mut at = start;
    let mut large = 0;
    let mut first = 0;
    for octet in 0..4 {
        let from = at;
        let mut value = 0;
        while context.byte(at).is_ascii_digit() && at - from < 4 {
            value = value * 10 + digit(context.bytes[at]);
            at += 1;
        }
        context.steps += 4;
        let length = at - from;
        if length == 0 || length > 3 || value > 255 || (length > 1 && context.bytes[from] == b'0') {
            return None;
        }
        large += usize::from(value >= 20);
        if octet == 0 {
            first = value;
        }
        if octet < 3 {
            if context.byte(at) != b'.' {
                return None;
            }
            at += 1;
        }
    }
    if is_word(context.byte(at)) || (context.byte(at) == b'.' && context.byte(at + 1).is_ascii_digit()) {
        return None;
    }
    // "3.6.0.201" is more likely a version; the private ranges are addresses whatever their numbers.
    let private = matches!(first, 10 | 127 | 192 | 172);
    let alone = match large {
        _ if private => 70,
        0 => 30,
        1 => 35,
        _ => 75,
    };
    context.report_supported(super::index::ip_address, start..at, KIND.proof, (alone, 95));
    Some(at)
}

/// Reports a version 6 address in a chunk with colons.
pub(crate) fn scan_v6(context: &mut Context<'_>, chunk: Chunk) {
    let mut at = chunk.start as usize;
    let end = chunk.end as usize;
    while at < end {
        let inside = |b: u8| b.is_ascii_hexdigit() || b == b':';
        if !inside(context.bytes[at]) {
            at += 1;
            continue;
        }
        let from = at;
        while at < end && (inside(context.bytes[at]) || (context.bytes[at] == b'.' && context.byte(at + 1).is_ascii_digit())) {
            at += 1;
        }
        context.steps += (at - from) as u64;
        let mut stop = at;
        while stop > from && context.bytes[stop - 1] == b':' && !context.bytes[from..stop].ends_with(b"::") {
            stop -= 1;
        }
        let bounded = !is_word(context.byte_before(from)) && !is_word(context.byte(at));
        if bounded && stop - from <= V6_MAX && is_v6(&context.text[from..stop]) {
            context.report_supported(super::index::ip_address, from..stop, KIND.proof, (85, 97));
        }
    }
}

/// The longest text form, with a version 4 tail.
const V6_MAX: usize = 45;

fn is_v6(text: &str) -> bool {
    let colons = text.bytes().filter(|b| *b == b':').count();
    if colons < 2 || text.parse::<std::net::Ipv6Addr>().is_err() {
        return false;
    }
    let groups = text.split(':').filter(|g| !g.is_empty()).count();
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    let first = text.split(':').next().unwrap_or_default();
    has_digit && (groups >= 3 || (groups == 2 && first.len() == 4 && !first.bytes().all(|b| b.is_ascii_digit())))
}
