//! Universally unique identifier.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::{Chunk, is_word};

pub(crate) const KIND: Kind = Kind {
    id: "UUID",
    title: "Universally unique identifier",
    group: Group::Technical,
    docs: "Thirty-two hexadecimal digits as 8-4-4-4-12 with a known version and variant (RFC 9562).",
    words: &[("en", &["uuid", "guid", "unique identifier"])],
    examples: &["id 123e4567-e89b-12d3-a456-426614174000"],
    counter_examples: &["123e4567-e89b-12d3-a456-42661417400", "g23e4567-e89b-12d3-a456-426614174000"],
    proof: "version and variant fit",
    alone: 60,
    supported: 80,
    ..BLANK
};

/// Characters of the text form.
const LENGTH: usize = 36;

/// Reports identifiers in a chunk.
pub(crate) fn scan(context: &mut Context<'_>, chunk: Chunk) {
    let (mut at, end) = (chunk.start as usize, chunk.end as usize);
    while at + LENGTH <= end {
        context.steps += 1;
        let Some(hyphen) = context.bytes[at + 8..end].iter().position(|b| *b == b'-').map(|i| i + at + 8) else { return };
        context.steps += (hyphen - at) as u64;
        let start = hyphen - 8;
        if start + LENGTH > end {
            return;
        }
        let value = &context.bytes[start..start + LENGTH];
        let fits =
            value.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
                && matches!(value[14], b'1'..=b'8')
                && matches!(value[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b');
        if fits && !is_word(context.byte_before(start)) && !is_word(context.byte(start + LENGTH)) {
            context.report_supported(super::index::uuid, start..start + LENGTH, KIND.proof, (KIND.alone, KIND.supported));
            at = start + LENGTH;
        } else {
            at = hyphen - 7;
        }
    }
}
