//! Recovery codes: ten that stand in for a lost second factor, each once.
//!
//! They are short enough to write down, so they are kept as keyed digests: the database alone does not tell them.

use zeroize::Zeroizing;

use crate::{desk::Desk, ids::PersonId, sign_in::code::Code};

/// How many there are at a time.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a code, five bits each: 50 bits, with throttling far beyond guessing.
const LENGTH: usize = 10;
/// Crockford's base 32: nothing that is easily misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

pub(super) fn fresh(desk: &Desk) -> Code {
    let mut random = Zeroizing::new([0; LENGTH]);
    desk.ids().random(random.as_mut());
    let mut text = Zeroizing::new(String::with_capacity(LENGTH + 1));
    for (at, byte) in random.iter().enumerate() {
        if at == LENGTH / 2 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    text.into()
}

/// The digest of a typed code, however it was written.
pub(super) fn digest(desk: &Desk, person: PersonId, typed: &str) -> [u8; 32] {
    let mut plain = Zeroizing::new(String::with_capacity(LENGTH));
    plain.extend(typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(LENGTH + 1).map(
        |c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        },
    ));
    desk.sealer().digest(&[b"recovery/".as_slice(), &person.bytes(), plain.as_bytes()].concat())
}
