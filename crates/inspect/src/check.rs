//! Check-digit arithmetic that many issuers share.
//!
//! Invariant: every function takes ASCII bytes and answers `false` (or `None`) for anything it does not understand.
//! It knows no issuer; those live in `kinds`.

/// Value of an ASCII digit; callers hand over digits only, anything else counts as zero.
pub(crate) fn digit(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte - b'0') } else { 0 }
}

/// Whether all bytes are digits and there is at least one.
pub(crate) fn all_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// Whether one byte fills the whole value: 0000…, 1111….
pub(crate) fn one_byte_only(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == bytes[0])
}

/// The number that the digits spell; nothing for more than 18 digits.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(18).fold(0, |sum, b| sum * 10 + u64::from(digit(*b)))
}

/// Luhn (ISO/IEC 7812-1 annex B), last digit is the check digit.
pub(crate) fn luhn(bytes: &[u8]) -> bool {
    let sum: u32 = bytes
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| match (i % 2, digit(*b)) {
            (0, d) => d,
            (_, d) if d > 4 => d * 2 - 9,
            (_, d) => d * 2,
        })
        .sum();
    all_digits(bytes) && sum.is_multiple_of(10)
}

/// Sum of digit times weight over the shorter of the two.
pub(crate) fn weighted(bytes: &[u8], weights: &[u32]) -> u32 {
    bytes.iter().zip(weights).map(|(b, w)| digit(*b) * w).sum()
}

/// Value of a letter or digit as ISO 7064 and IBAN count it: 0–9, A = 10 … Z = 35.
pub(crate) fn alnum_value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 10),
        _ => None,
    }
}

/// Remainder modulo 97 of the letters-and-digits number (ISO 7064 MOD 97-10).
pub(crate) fn mod97(bytes: impl IntoIterator<Item = u8>) -> Option<u32> {
    bytes.into_iter().try_fold(0u32, |rest, byte| {
        let value = alnum_value(byte)?;
        Some(if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 })
    })
}

/// ISO 7064 MOD 11,10 (Germany, Croatia): last digit is the check digit.
pub(crate) fn mod11_10(bytes: &[u8]) -> bool {
    let Some((check, rest)) = bytes.split_last() else {
        return false;
    };
    let product = rest.iter().fold(10, |product, b| {
        let sum = match (digit(*b) + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    all_digits(bytes) && (11 - product) % 10 == digit(*check)
}

/// ISO 7064 MOD 11-2 (China, ORCID): last character may be `X`.
pub(crate) fn mod11_2(bytes: &[u8]) -> bool {
    let Some((check, rest)) = bytes.split_last() else {
        return false;
    };
    let total = rest.iter().fold(0, |total, b| (total + digit(*b)) * 2 % 11);
    let expected = (12 - total % 11) % 11;
    let found = if *check == b'X' { 10 } else { digit(*check) };
    all_digits(rest) && (check.is_ascii_digit() || *check == b'X') && expected == found
}

/// Verhoeff's dihedral check (Aadhaar, Luxembourg): last digit is the check digit.
pub(crate) fn verhoeff(bytes: &[u8]) -> bool {
    let check = bytes.iter().rev().enumerate().fold(0u8, |c, (i, b)| {
        let d = u8::try_from(digit(*b)).unwrap_or(0);
        let permuted = (0..i % 8).fold(d, |d, _| PERMUTATION[usize::from(d)]);
        dihedral(c, permuted)
    });
    all_digits(bytes) && check == 0
}

const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Multiplication in the dihedral group of the pentagon.
fn dihedral(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b - 5) % 5 + 5,
        (false, true) => (a - 5 + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Whether year, month and day stand for a real day (year in full).
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `is_date` for a year given by its last two digits: February 29 is let through when either century allows it.
pub(crate) fn is_short_date(year: u64, month: u64, day: u64) -> bool {
    is_date(1900 + year, month, day) || is_date(2000 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_samples_pass_and_any_changed_digit_fails() {
        type Check = fn(&[u8]) -> bool;
        let samples: [(Check, &[u8]); 6] = [
            (luhn, b"4111111111111111"),
            (mod11_10, b"94577403194"),
            (mod11_2, b"0000000218250097"),
            (mod11_2, b"11010519491231002X"),
            (verhoeff, b"2363"),
            (|b| mod97(b[4..].iter().chain(&b[..4]).copied()) == Some(1), b"GB82WEST12345698765432"),
        ];
        for (check, sample) in samples {
            assert!(check(sample), "{}", String::from_utf8_lossy(sample));
            for i in 0..sample.len() {
                if sample[i].is_ascii_digit() {
                    let mut changed = sample.to_vec();
                    changed[i] = b'0' + (changed[i] - b'0' + 1) % 10;
                    assert!(!check(&changed), "{} passes", String::from_utf8_lossy(&changed));
                }
            }
        }
    }

    #[test]
    fn days_that_do_not_exist_are_no_dates() {
        assert!(is_date(2024, 2, 29) && !is_date(2023, 2, 29) && !is_date(2024, 4, 31) && !is_date(2024, 0, 1));
    }
}
