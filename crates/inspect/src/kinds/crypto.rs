//! Cryptocurrency address.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "CRYPTO",
    title: "Cryptocurrency address",
    group: Group::Financial,
    docs: "Bitcoin: base58 addresses with their double SHA-256 checksum are recognised by form, bech32 addresses by their checksum; Ethereum: 0x and forty hexadecimal digits.",
    words: &[("en", &["wallet", "btc", "bitcoin", "eth", "ethereum", "crypto", "address", "coin", "send"])],
    examples: &[
        "send to 0x52908400098527886E0F7030069857D2E4169EE7",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "wallet 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
    ],
    counter_examples: &["0x52908400098527886E0F7030069857D2E4169E", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"],
    proof: "form and checksum fit",
    alone: 75,
    supported: 93,
    ..BLANK
};

/// Reports wallet addresses in a chunk.
pub(crate) fn scan(context: &mut Context<'_>, chunk: Chunk) {
    let (mut at, end) = (chunk.start as usize, chunk.end as usize);
    while at < end {
        let length = context.bytes[at..end].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        context.steps += length as u64 + 1;
        let word = &context.bytes[at..at + length];
        let bounded = !is_word(context.byte_before(at)) && !is_word(context.byte(at + length));
        if bounded && let Some(alone) = address(word) {
            context.report_supported(super::index::crypto, at..at + length, KIND.proof, (alone, KIND.supported));
        }
        at += length + 1;
    }
}

/// The score of an address without supporting words.
fn address(word: &[u8]) -> Option<u8> {
    match word {
        [b'0', b'x', rest @ ..] if rest.len() == 40 && rest.iter().all(u8::is_ascii_hexdigit) && !one_byte_only(rest) => Some(75),
        [b'b' | b'B', b'c' | b'C', b'1', ..] if (14..=74).contains(&word.len()) && bech32(word) => Some(95),
        [b'1' | b'3', ..] if (26..=35).contains(&word.len()) && is_base58(word) && is_mixed(word) => Some(55),
        _ => None,
    }
}

fn is_base58(word: &[u8]) -> bool {
    word.iter().all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'))
}

fn is_mixed(word: &[u8]) -> bool {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase) && (2..word.len() / 2).contains(&digits)
}

/// BIP 173 and BIP 350: the checksum of bech32 or bech32m.
fn bech32(word: &[u8]) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    if word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase) {
        return false;
    }
    let step = |sum: u32, value: u32| {
        let top = sum >> 25;
        let mut next = (sum & 0x01ff_ffff) << 5 ^ value;
        for (i, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].into_iter().enumerate() {
            if top >> i & 1 == 1 {
                next ^= generator;
            }
        }
        next
    };
    // "bc" as the human-readable part: high bits, zero, low bits.
    let start = [3, 3, 0, 2, 3].into_iter().fold(1, step);
    let sum = word[3..].iter().try_fold(start, |sum, b| {
        let value = ALPHABET.iter().position(|a| *a == b.to_ascii_lowercase())?;
        Some(step(sum, u32::try_from(value).ok()?))
    });
    matches!(sum, Some(1 | 0x2bc8_30a3))
}
