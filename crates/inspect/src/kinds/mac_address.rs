//! Hardware addresses of network cards.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "MAC_ADDRESS",
    title: "MAC address",
    group: Group::Technical,
    docs: "Six pairs of hexadecimal digits over colons or hyphens (IEEE 802), or three groups of four over dots with a supporting word. All zeros and all ones are no device.",
    words: &[(
        "en",
        &["mac", "mac address", "hardware address", "physical address", "ethernet", "bssid", "wifi", "device", "adapter"],
    )],
    examples: &["device 00:1A:2B:3C:4D:5E", "3c-07-54-aa-10-9f", "mac address 001a.2b3c.4d5e"],
    counter_examples: &["00:00:00:00:00:00", "12:30:45", "00:1A:2B:3C:4D:5E:6F", "FF:FF:FF:FF:FF:FF"],
    proof: "six hexadecimal pairs",
    shapes: &[],
    ..BLANK
};

/// Reports hardware addresses in a chunk.
pub(crate) fn scan(context: &mut Context<'_>, chunk: Chunk) {
    let mut at = chunk.start as usize;
    let end = chunk.end as usize;
    while at + 14 <= end {
        let begins = context.bytes[at].is_ascii_hexdigit() && !is_word(context.byte_before(at));
        if begins && let Some(stop) = pairs(context, at, end).or_else(|| fours(context, at, end)) {
            at = stop;
        } else {
            at += 1;
        }
        context.steps += 3;
    }
}

fn pairs(context: &mut Context<'_>, at: usize, end: usize) -> Option<usize> {
    let span = context.bytes.get(at..at + 17).filter(|_| at + 17 <= end)?;
    let separator = span[2];
    let fits = matches!(separator, b':' | b'-')
        && span.iter().enumerate().all(|(i, b)| if i % 3 == 2 { *b == separator } else { b.is_ascii_hexdigit() });
    let more =
        is_word(context.byte(at + 17)) || context.byte(at + 17) == separator || matches!(context.byte_before(at), b':' | b'-');
    let blank =
        span.iter().all(|b| matches!(b, b'0' | b':' | b'-')) || span.iter().all(|b| matches!(b, b'f' | b'F' | b':' | b'-'));
    if !fits || more || blank {
        return None;
    }
    let telling = separator == b':' || span.iter().any(u8::is_ascii_alphabetic);
    context.report_supported(super::index::mac_address, at..at + 17, KIND.proof, (if telling { 80 } else { 40 }, 95));
    Some(at + 17)
}

fn fours(context: &mut Context<'_>, at: usize, end: usize) -> Option<usize> {
    let span = context.bytes.get(at..at + 14).filter(|_| at + 14 <= end)?;
    let fits = span.iter().enumerate().all(|(i, b)| if i % 5 == 4 { *b == b'.' } else { b.is_ascii_hexdigit() });
    if !fits || is_word(context.byte(at + 14)) || context.byte(at + 14) == b'.' {
        return None;
    }
    context.report_supported(super::index::mac_address, at..at + 14, KIND.proof, (0, 85));
    Some(at + 14)
}
