//! `GeneralizedTime` as time stamps use it: UTC, with or without a fraction of a second.
//!
//! Invariant: what is returned is a real calendar instant. RFC 3161 allows fractions of any length and forbids trailing zeros;
//! authorities in the field write a fixed number of digits, so trailing zeros are read, and digits past the microsecond are
//! checked but not kept. It does not judge whether the time is plausible.

/// More digits than a clock can mean; a bound on what is read.
const FRACTION_DIGITS_MAX: usize = 12;

/// Reads `YYYYMMDDhhmmss[.f…]Z` into microseconds since the Unix epoch.
pub(super) fn generalized_time_us(content: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction_us(fraction)?),
        None => (text, 0),
    };
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i8>().ok();
    let instant = jiff::civil::DateTime::new(
        whole[..4].parse().ok()?,
        number(4, 6)?,
        number(6, 8)?,
        number(8, 10)?,
        number(10, 12)?,
        number(12, 14)?,
        0,
    )
    .ok()?
    .to_zoned(jiff::tz::TimeZone::UTC)
    .ok()?;
    instant.timestamp().as_microsecond().checked_add(fraction)
}

fn fraction_us(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > FRACTION_DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<6}")[..6].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(generalized_time_us(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn whole_seconds_and_fractions() {
        check("19700101000000Z", Some(0));
        check("20240229123456Z", Some(1_709_210_096_000_000));
        check("20240229123456.5Z", Some(1_709_210_096_500_000));
        check("20240229123456.123456789Z", Some(1_709_210_096_123_456));
        check("20240229123456.120Z", Some(1_709_210_096_120_000));
        check("19691231235959.25Z", Some(-750_000));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "Z",
            "20240229123456",
            "20230229123456Z",
            "20240229126056Z",
            "20240229123456.Z",
            "20240229123456,5Z",
            "20240229123456+0100",
            "2024022912345Z",
            "+0240229123456Z",
            "20240229123456.1234567890123Z",
            "202402291234560Z",
            "2024022912345\u{663}Z",
        ] {
            check(text, None);
        }
    }
}
