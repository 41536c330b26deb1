//! RFC 3161 time stamps: an outsider's word that a checkpoint existed at a time.
//!
//! The message that is stamped is the text of a checkpoint (its signed lines, the final newline included), so that
//! `openssl ts -verify -data` and `openssl pkeyutl -verify -rawin` read the same file and later co-signatures change nothing.
//!
//! Invariant: what leaves this module as a [`Stamp`] or [`VerifiedStamp`] was verified to a configured root; what could not be verified
//! leaves as an error that says what to do. It opens no connection ([`Transport`]), reads no clock and stores nothing.

mod asn1;
mod authority;
mod certificate;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod time;
mod token;
mod trust;
mod verify;

pub use authority::{
    AUTHORITIES_MAX, Authorities, Authority, NoStamp, Stamp, TimestampQuery, TimestampReply, Transport, TransportError,
    UnusableAuthority,
};
pub use request::{Request, imprint_of};
pub use response::{Answer, Failure, MalformedStamp, Rejection, Status, parse_response};
pub use token::{TimestampInfo, Token, parse_token};
pub use trust::{Trust, UnusableTrust};
pub use verify::{UnverifiedStamp, VerifiedStamp, stated_time_us, verify_answer, verify_response};

/// Largest answer that is read: a token with a long chain of large RSA keys stays below 16 KiB.
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// `Content-Type` of a request (RFC 3161 section 3.4).
pub const QUERY_MEDIA_TYPE: &str = "application/timestamp-query";

/// `Content-Type` of an answer.
pub const REPLY_MEDIA_TYPE: &str = "application/timestamp-reply";
