//! The authority's answer (RFC 3161 section 2.4.2): granted with a token, or refused with reasons.
//!
//! Invariant: [`parse_response`] returns the token's bytes only when the status says granted and a token is there; every other answer
//! is a [`Rejection`] in the authority's own words or a [`MalformedStamp`]. It does not check the token.

use super::RESPONSE_BYTES_MAX;
use super::asn1::{Elements, context_primitive, unsigned};
use der::Tag;
use std::fmt;

/// Longest status text that is kept from an answer; the rest adds nothing for an operator.
const STATUS_TEXT_CHARS_MAX: usize = 500;

/// The bytes are not a time stamp response, or not one in the form that the standard asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedStamp {
    /// The encoding is broken.
    #[error("the bytes are not well-formed DER where a {expected} belongs ({detail})")]
    Der {
        /// The structure that was being read.
        expected: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// The encoding is sound but says something that this reader does not accept.
    #[error("the time stamp is not acceptable: {0}")]
    Content(&'static str),
    /// More bytes than any honest answer has.
    #[error("the answer has {bytes} bytes, more than the {RESPONSE_BYTES_MAX} that are read")]
    TooLong {
        /// How many bytes came.
        bytes: usize,
    },
}

impl MalformedStamp {
    pub(super) fn der(expected: &'static str) -> impl Fn(der::Error) -> Self {
        move |error| Self::Der { expected, detail: error.to_string() }
    }
}

/// The authority said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the authority refused: {status}{}{}", Failures(failures), Quoted(text))]
pub struct Rejection {
    /// What kind of no.
    pub status: Status,
    /// The reasons that it ticked, in the standard's order.
    pub failures: Vec<Failure>,
    /// Its own words, cut to a sane length and without control characters.
    pub text: String,
}

/// `PKIStatus` values that carry no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 2: the request was not accepted.
    Rejection,
    /// 3: ask again later.
    Waiting,
    /// 4: a revocation of the authority's certificate is near.
    RevocationWarning,
    /// 5: the authority's certificate has been revoked.
    RevocationNotification,
}

/// `PKIFailureInfo` bits that RFC 3161 defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Bit 0: SHA-256 is not supported.
    BadAlgorithm,
    /// Bit 2: the transaction is not permitted or supported.
    BadRequest,
    /// Bit 5: the request has the wrong format.
    BadDataFormat,
    /// Bit 14: its time source is not available; try later.
    TimeNotAvailable,
    /// Bit 15: the configured policy is not one of its policies.
    UnacceptedPolicy,
    /// Bit 16: an extension is not supported.
    UnacceptedExtension,
    /// Bit 17: additional information is not available.
    InformationNotAvailable,
    /// Bit 25: a fault inside the authority.
    SystemFailure,
}

const FAILURE_BITS: [(usize, Failure); 8] = [
    (0, Failure::BadAlgorithm),
    (2, Failure::BadRequest),
    (5, Failure::BadDataFormat),
    (14, Failure::TimeNotAvailable),
    (15, Failure::UnacceptedPolicy),
    (16, Failure::UnacceptedExtension),
    (17, Failure::InformationNotAvailable),
    (25, Failure::SystemFailure),
];

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejection => "rejected",
            Self::Waiting => "not ready yet, ask again later",
            Self::RevocationWarning => "its certificate is about to be revoked",
            Self::RevocationNotification => "its certificate has been revoked, choose another authority",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadAlgorithm => "it does not support SHA-256",
            Self::BadRequest => "it does not permit this request",
            Self::BadDataFormat => "it could not read the request",
            Self::TimeNotAvailable => "its time source is not available, try later",
            Self::UnacceptedPolicy => "it does not serve the configured policy",
            Self::UnacceptedExtension => "it does not support an extension",
            Self::InformationNotAvailable => "additional information is not available",
            Self::SystemFailure => "it has an internal fault",
        })
    }
}

struct Failures<'a>(&'a [Failure]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in self.0 {
            write!(f, ", {failure}")?;
        }
        Ok(())
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " (“{}”)", self.0)
    }
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Granted: the token (a CMS `ContentInfo`) in DER.
    Granted(&'a [u8]),
    /// Refused.
    Rejected(Rejection),
}

/// Splits a `TimeStampResp` into its token or its refusal.
pub fn parse_response(bytes: &[u8]) -> Result<Answer<'_>, MalformedStamp> {
    if bytes.len() > RESPONSE_BYTES_MAX {
        return Err(MalformedStamp::TooLong { bytes: bytes.len() });
    }
    let broken = MalformedStamp::der("time stamp response");
    let mut response = Elements::of_sequence(bytes).map_err(&broken)?;
    let mut info = response.sequence().map_err(&broken)?;
    let status = info.unsigned().map_err(&broken)?;
    let text = match info.optional(Tag::Sequence).map_err(&broken)? {
        Some(texts) => status_text(texts.value).map_err(&broken)?,
        None => String::new(),
    };
    let failures = match info.optional(Tag::BitString).map_err(&broken)? {
        Some(bits) => failures(bits.value),
        None => Vec::new(),
    };
    info.finish().map_err(&broken)?;
    let token = response.optional(Tag::Sequence).map_err(&broken)?;
    response.finish().map_err(&broken)?;

    let status = match status {
        0 | 1 => {
            return token
                .map(|token| Answer::Granted(token.raw))
                .ok_or(MalformedStamp::Content("the status says granted but there is no token"));
        }
        2 => Status::Rejection,
        3 => Status::Waiting,
        4 => Status::RevocationWarning,
        5 => Status::RevocationNotification,
        _ => {
            return Err(MalformedStamp::Content("the status is none of the standard's six"));
        }
    };
    if token.is_some() {
        return Err(MalformedStamp::Content("the status says refused but there is a token"));
    }
    Ok(Answer::Rejected(Rejection { status, failures, text }))
}

/// The `PKIFreeText` lines, joined. An error text that is not UTF-8 is still an answer, so it is read lossily.
fn status_text(content: &[u8]) -> der::Result<String> {
    let mut lines = Elements::of(content)?;
    let mut text = String::new();
    while !lines.is_finished() {
        let line = lines.expect(Tag::Utf8String)?;
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&String::from_utf8_lossy(line.value));
    }
    Ok(text.chars().filter(|character| !character.is_control()).take(STATUS_TEXT_CHARS_MAX).collect())
}

fn failures(bit_string: &[u8]) -> Vec<Failure> {
    let Some((_unused_bits, bits)) = bit_string.split_first() else {
        return Vec::new();
    };
    let is_set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    FAILURE_BITS.iter().filter(|(bit, _)| is_set(*bit)).map(|(_, failure)| *failure).collect()
}

/// The serial number or another short integer, for people: hexadecimal, without a sign byte.
pub(super) fn integer_hex(content: &[u8]) -> String {
    match content {
        [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
        all => hex::encode(all),
    }
}

/// Reads an `Accuracy` into microseconds (RFC 3161 section 2.4.2).
pub(super) fn accuracy_us(content: &[u8]) -> der::Result<u64> {
    let mut fields = Elements::of(content)?;
    let seconds = fields.optional(Tag::Integer)?.map_or(Ok(0), |field| unsigned(field.value))?;
    let mut thousandth = |number| {
        let part = fields.optional(context_primitive(number))?.map_or(Ok(0), |field| unsigned(field.value))?;
        if part > 999 {
            return Err(der::Error::from(Tag::Integer.value_error()));
        }
        Ok(part)
    };
    let millis = thousandth(0)?;
    let micros = thousandth(1)?;
    fields.finish()?;
    seconds
        .checked_mul(1_000_000)
        .and_then(|us| us.checked_add(millis * 1000 + micros))
        .ok_or_else(|| Tag::Integer.value_error().into())
}

#[cfg(test)]
mod tests {
    use super::super::asn1::encode;
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_authoritys_words() {
        let text = encode(Tag::Utf8String, "bad\n day".as_bytes());
        let info = [
            encode(Tag::Integer, &[2]),
            encode(Tag::Sequence, &text),
            encode(Tag::BitString, &[6, 0x04, 0, 0, 0x40]), // bits 5 and 25, six unused at the end
        ]
        .concat();
        let bytes = encode(Tag::Sequence, &encode(Tag::Sequence, &info));
        let Ok(Answer::Rejected(rejection)) = parse_response(&bytes) else {
            panic!("not a refusal: {:?}", parse_response(&bytes));
        };
        assert_eq!(rejection.failures, [Failure::BadDataFormat, Failure::SystemFailure]);
        assert_eq!(
            rejection.to_string(),
            "the authority refused: rejected, it could not read the request, it has an internal fault (“bad day”)"
        );
    }

    #[test]
    fn granted_without_a_token_is_malformed() {
        assert!(matches!(parse_response(&[0x30, 5, 0x30, 3, 2, 1, 0]), Err(MalformedStamp::Content(_))));
    }

    #[test]
    fn an_unknown_status_or_a_token_beside_a_refusal_is_malformed() {
        assert!(parse_response(&[0x30, 5, 0x30, 3, 2, 1, 9]).is_err());
        assert!(parse_response(&[0x30, 7, 0x30, 3, 2, 1, 2, 0x30, 0]).is_err());
    }

    #[test]
    fn accuracy_adds_its_three_parts() {
        assert_eq!(accuracy_us(&[2, 1, 1, 0x80, 2, 1, 0xf4, 0x81, 1, 7]).expect("accuracy"), 1_500_007);
        assert_eq!(accuracy_us(&[]).expect("empty"), 0);
        assert!(accuracy_us(&[0x80, 2, 0x03, 0xe8]).is_err(), "1000 milliseconds");
    }

    #[test]
    fn too_long_an_answer_is_not_read() {
        assert!(matches!(parse_response(&vec![0x30; RESPONSE_BYTES_MAX + 1]), Err(MalformedStamp::TooLong { .. })));
    }
}
