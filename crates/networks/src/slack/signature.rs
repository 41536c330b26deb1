//! Whether a call is Slack's: the `v0` signature (HMAC-SHA-256 over time and body, compared in constant time) and its age.
//!
//! Invariant: nothing of a body is looked at before its signature holds. A repetition within the window is no attack on the record:
//! the same event has the same id, and the record takes it once.

use aws_lc_rs::hmac;

/// How old a call may be, in seconds, and how far ahead its clock: what Slack's documentation asks for.
pub const AGE_SECONDS_MAX: i64 = 5 * 60;

/// Why a call is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// One of the two headers is missing or cannot be read.
    #[error("not signed: X-Slack-Signature and X-Slack-Request-Timestamp are needed")]
    Unsigned,
    /// Signed too long ago, or in the future.
    #[error("signed too long ago: a replay, or a clock that is wrong")]
    Stale,
    /// The signature is another's.
    #[error("the signature does not fit: check the signing secret")]
    Forged,
}

/// Checks a call's headers against its body.
///
/// # Errors
/// Why it is not believed.
pub fn check(secret: &str, timestamp: Option<&str>, signature: Option<&str>, body: &[u8], now_ms: i64) -> Result<(), Distrust> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Err(Distrust::Unsigned) };
    let seconds: i64 = timestamp.parse().map_err(|_| Distrust::Unsigned)?;
    let given = signature.strip_prefix("v0=").and_then(|text| hex::decode(text).ok()).ok_or(Distrust::Unsigned)?;
    let mut signed = format!("v0:{timestamp}:").into_bytes();
    signed.extend_from_slice(body);
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &signed, &given).map_err(|_| Distrust::Forged)?;
    // After the signature: a forger learns nothing about our clock.
    if now_ms.div_euclid(1_000).checked_sub(seconds).is_none_or(|age| age.abs() > AGE_SECONDS_MAX) {
        return Err(Distrust::Stale);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Distrust, check};

    /// The worked example of Slack's documentation "Verifying requests from Slack".
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIME: &str = "1531420618";
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const NOW: i64 = 1_531_420_618_000;

    #[test]
    fn the_documented_example_is_believed() {
        assert_eq!(check(SECRET, Some(TIME), Some(SIGNATURE), BODY, NOW), Ok(()));
        assert_eq!(check(SECRET, Some(TIME), Some(SIGNATURE), BODY, NOW + 299_000), Ok(()));
    }

    #[test]
    fn forgery_replay_and_unsigned_calls_are_not() {
        let check = |time: Option<&str>, signature: Option<&str>, body: &[u8], now| {
            check(SECRET, time, signature, body, now).unwrap_err()
        };
        assert_eq!(check(Some(TIME), Some(SIGNATURE), b"token=other", NOW), Distrust::Forged);
        assert_eq!(check(Some("1531420619"), Some(SIGNATURE), BODY, NOW), Distrust::Forged, "the time is signed too");
        assert_eq!(check(Some(TIME), Some(&SIGNATURE.replace("a2", "a3")), BODY, NOW), Distrust::Forged);
        assert_eq!(check(Some(TIME), Some("v0=a211"), BODY, NOW), Distrust::Forged);
        assert_eq!(check(Some(TIME), Some(SIGNATURE), BODY, NOW + 301_000), Distrust::Stale);
        assert_eq!(check(Some(TIME), Some(SIGNATURE), BODY, NOW - 301_000), Distrust::Stale);
        assert_eq!(check(Some(TIME), None, BODY, NOW), Distrust::Unsigned);
        assert_eq!(check(None, Some(SIGNATURE), BODY, NOW), Distrust::Unsigned);
        assert_eq!(check(Some(TIME), Some("v1=00"), BODY, NOW), Distrust::Unsigned);
        assert_eq!(check(Some("soon"), Some(SIGNATURE), BODY, NOW), Distrust::Unsigned);
    }
}
