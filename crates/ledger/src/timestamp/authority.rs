//! Asking authorities for stamps.
//!
//! Invariant: a [`Stamp`] is a response that was verified against the request that caused it; nothing else may be stored. The crate opens
//! no connection: the caller brings a [`Transport`]. Two authorities may be configured, so that one that fails or lies does not leave
//! the log without a witness of time; each is asked on its own and its failure says nothing about the other.

use super::request::Request;
use super::trust::Trust;
use super::verify::{UnverifiedStamp, VerifiedStamp, verify_answer};
use super::{QUERY_MEDIA_TYPE, REPLY_MEDIA_TYPE, RESPONSE_BYTES_MAX};
use der::asn1::ObjectIdentifier;

/// More authorities cost time for every stamp and add no proof.
pub const AUTHORITIES_MAX: usize = 2;

/// Longest name of an authority: it becomes part of a file name and a line in every bundle.
const NAME_BYTES_MAX: usize = 32;

/// A configured time stamp authority.
#[derive(Debug, Clone)]
pub struct Authority {
    name: String,
    url: String,
    policy: Option<ObjectIdentifier>,
    trust: Trust,
}

/// The configuration of an authority is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAuthority {
    /// The name would not make a file name.
    #[error("the name {0:?} must be 1 to {NAME_BYTES_MAX} of a-z, 0-9 and -")]
    Name(String),
    /// The policy is no object identifier.
    #[error("the policy {0:?} is not a dotted object identifier such as 1.2.3.4")]
    Policy(String),
    /// Two with one name.
    #[error("two authorities have the name {0:?}")]
    Twice(String),
    /// Too many.
    #[error("{0} authorities are configured; at most {AUTHORITIES_MAX} are asked")]
    TooMany(usize),
}

impl Authority {
    /// `name` identifies it in file names and entries, `url` takes the request, `policy` is asked for when given.
    pub fn new(name: &str, url: &str, policy: Option<&str>, trust: Trust) -> Result<Self, UnusableAuthority> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
            return Err(UnusableAuthority::Name(name.to_owned()));
        }
        let policy =
            policy.map(|text| ObjectIdentifier::new(text).map_err(|_| UnusableAuthority::Policy(text.to_owned()))).transpose()?;
        Ok(Self { name: name.to_owned(), url: url.to_owned(), policy, trust })
    }

    /// Its name in file names and entries.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it takes requests.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificates by which its stamps are judged.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Asks for a stamp over `message` and verifies the answer. `random` must be fresh random bytes.
    pub fn stamp(&self, transport: &dyn Transport, message: &[u8], random: [u8; 16]) -> Result<Stamp, NoStamp> {
        let request = Request::over(message, random, self.policy);
        let answer = transport.post(&TimestampQuery {
            url: &self.url,
            media_type: QUERY_MEDIA_TYPE,
            body: &request.to_der(),
            answer_bytes_max: RESPONSE_BYTES_MAX,
        })?;
        if answer.status != 200 {
            return Err(NoStamp::HttpStatus(answer.status));
        }
        // Parameters such as a character set do not change what the bytes are; other types are error pages.
        let media_type = answer.media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(REPLY_MEDIA_TYPE) {
            return Err(NoStamp::MediaType(media_type.chars().take(80).collect()));
        }
        let verified = verify_answer(&answer.body, &request, &self.trust)?;
        Ok(Stamp { authority: self.name.clone(), response: answer.body, verified })
    }
}

/// The configured authorities: none, one or two, each with its own name.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<Authority>);

impl Authorities {
    /// Checks number and names.
    pub fn new(authorities: Vec<Authority>) -> Result<Self, UnusableAuthority> {
        if authorities.len() > AUTHORITIES_MAX {
            return Err(UnusableAuthority::TooMany(authorities.len()));
        }
        for (index, authority) in authorities.iter().enumerate() {
            if authorities[..index].iter().any(|other| other.name == authority.name) {
                return Err(UnusableAuthority::Twice(authority.name.clone()));
            }
        }
        Ok(Self(authorities))
    }

    /// In the configured order.
    pub fn iter(&self) -> impl Iterator<Item = &Authority> {
        self.0.iter()
    }

    /// Asks each of them. Every answer or failure comes back with the authority's name; the caller records both.
    pub fn stamp_all(
        &self,
        transport: &dyn Transport,
        message: &[u8],
        mut random: impl FnMut() -> [u8; 16],
    ) -> Vec<(&str, Result<Stamp, NoStamp>)> {
        self.0.iter().map(|authority| (authority.name(), authority.stamp(transport, message, random()))).collect()
    }
}

/// A verified stamp and the bytes that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Who made it.
    pub authority: String,
    /// The `TimeStampResp` in DER, exactly as received: the content of a `.tsr` file, readable with `openssl ts`.
    pub response: Vec<u8>,
    /// What it says.
    pub verified: VerifiedStamp,
}

/// There is no stamp. Capture goes on; the failure becomes an entry and an alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoStamp {
    /// The request did not get through.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server answered with an error.
    #[error("the authority's server answered with HTTP status {0}; check its address")]
    HttpStatus(u16),
    /// The server answered with something else.
    #[error("the authority's server answered with {0:?} instead of {REPLY_MEDIA_TYPE}; check its address")]
    MediaType(String),
    /// The answer is not a good stamp.
    #[error(transparent)]
    Unverified(#[from] UnverifiedStamp),
}

/// One HTTP POST, made by whoever owns the network.
pub trait Transport: Send + Sync {
    /// Sends the query and returns the answer. Must bound its own time and must not read more than `answer_bytes_max` bytes.
    fn post(&self, query: &TimestampQuery<'_>) -> Result<TimestampReply, TransportError>;
}

/// What to send.
#[derive(Debug, Clone, Copy)]
pub struct TimestampQuery<'a> {
    /// Where to.
    pub url: &'a str,
    /// The `Content-Type` to send.
    pub media_type: &'static str,
    /// The body.
    pub body: &'a [u8],
    /// More bytes than this are an error.
    pub answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct TimestampReply {
    /// HTTP status.
    pub status: u16,
    /// The `Content-Type`, empty when there was none.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The network failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the authority could not be reached: {0}")]
pub struct TransportError(
    /// What the HTTP client said.
    pub String,
);
