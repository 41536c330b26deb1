//! Authenticator apps: time-based one-time passwords (RFC 6238 over RFC 4226) with SHA-1, six digits and 30 seconds, which is what
//! every app understands.
//!
//! Invariant: a code is accepted once. The step it belongs to is kept, and nothing up to that step is accepted again.

use aws_lc_rs::{constant_time, hmac};

use crate::ids::Time;

/// Bytes of secret: the length of the hash, as RFC 4226, section 4 (R6) recommends.
pub(super) const SECRET_LEN: usize = 20;
/// Length of a step.
const STEP_MS: i64 = 30_000;
/// Steps before and after the present one that count too: slow typing and a clock half a minute off (RFC 6238, section 5.2).
const DRIFT_STEPS: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;

fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let number = u32::from_be_bytes([tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// The step whose code was typed, when it lies within the drift.
pub(super) fn step_of(secret: &[u8], typed: &str, now: Time) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS + 1).collect();
    let present = now.0.div_euclid(STEP_MS);
    // Every step is looked at, whichever fits: the time tells nothing.
    let mut found = None;
    for step in present - DRIFT_STEPS..=present + DRIFT_STEPS {
        if constant_time::verify_slices_are_equal(code_at(secret, step).as_bytes(), typed.as_bytes()).is_ok() {
            found = Some(step);
        }
    }
    found
}

/// The code of a moment, for setting an app up in tests and demonstrations.
pub fn totp_code(secret_base32: &str, now: Time) -> Option<String> {
    let secret = base32_decoded(secret_base32)?;
    Some(code_at(&secret, now.0.div_euclid(STEP_MS)))
}

/// The address that an app reads from a QR code.
pub(super) fn url(issuer: &str, account: &str, secret_base32: &str) -> String {
    let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret_base32}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648, section 6, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[((buffer >> bits) & 31) as usize]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(BASE32[((buffer << (5 - bits)) & 31) as usize]));
    }
    out
}

fn base32_decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let value = BASE32.iter().position(|&letter| letter == byte.to_ascii_uppercase())?;
        buffer = (buffer << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(buffer >> bits).ok()?);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{base32, base32_decoded, code_at, step_of, url};
    use crate::ids::Time;

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        // The appendix shows eight digits; six of them are the last six.
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(b"12345678901234567890", seconds / 30), code[2..], "{seconds}");
        }
    }

    #[test]
    fn one_step_of_drift_counts_and_two_do_not() {
        let (secret, now) = (b"12345678901234567890", Time(1_111_111_109_000));
        let present = now.0 / 30_000;
        for (drift, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let typed = code_at(secret, present + drift);
            assert_eq!(step_of(secret, &typed, now), accepted.then_some(present + drift), "{drift}");
        }
        let spaced = code_at(secret, present);
        assert_eq!(step_of(secret, &format!(" {} {}", &spaced[..3], &spaced[3..]), now), Some(present));
        for wrong in ["", "12345", "1234567", "abcdef", "000000000000"] {
            assert_eq!(step_of(secret, wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_is_encoded_so_that_no_name_can_add_a_parameter() {
        assert_eq!(
            url("A & B: C", "x@y?z=1", "ABC"),
            "otpauth://totp/A%20%26%20B%3A%20C:x%40y%3Fz%3D1?secret=ABC&issuer=A%20%26%20B%3A%20C&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, encoded) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), encoded);
        }
    }

    proptest! {
        #[test]
        fn base32_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(base32_decoded(&base32(&bytes)), Some(bytes));
        }
    }
}
