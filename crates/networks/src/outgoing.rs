//! What goes out to a network, and what the network made of it.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// One post or reply on its way out. Threads are several of these, each replying to the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Ours, the same for every attempt: what makes the network recognise a repetition (idempotency key, record key, transaction id).
    /// A UUIDv7 made when sending begins: some networks order by what is made of it.
    pub key: String,
    /// The text.
    pub text: String,
    /// Content warning or subject.
    pub subject: Option<String>,
    /// Language (BCP 47).
    pub language: Option<String>,
    /// The message it answers, by the platform's id.
    pub reply_to: Option<String>,
    /// The first message of the thread it continues.
    pub thread: Option<String>,
    /// The message it quotes, by the platform's id.
    pub quotes: Option<String>,
    /// Where it goes: a channel, room or conversation; nothing for the profile's own feed.
    pub place: Option<String>,
    /// Who can read it, where the network has the choice.
    pub audience: Audience,
    /// Media that were uploaded before ([`crate::Network::upload`]), in order.
    pub media: Vec<Uploaded>,
}

impl Outgoing {
    /// A public post of nothing but text in the profile's own feed; more is set field by field.
    pub fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            text: text.into(),
            subject: None,
            language: None,
            reply_to: None,
            thread: None,
            quotes: None,
            place: None,
            audience: Audience::default(),
            media: Vec::new(),
        }
    }
}

/// What marks something of ours on a network that others can look into: from the key, without telling it. 32 hexadecimal digits.
pub fn fingerprint(key: &str) -> String {
    hex::encode(&digest::digest(&digest::SHA256, key.as_bytes()).as_ref()[..16])
}

/// The Unix milliseconds in a key that is a UUIDv7 (RFC 9562, section 5.7): no attempt with it was made before. Nothing for other keys.
pub fn key_time_ms(key: &str) -> Option<i64> {
    let bytes: Vec<u8> = key.bytes().filter(|byte| *byte != b'-').collect();
    let is_version_7 = bytes.len() == 32 && bytes[12] == b'7' && bytes.iter().all(u8::is_ascii_hexdigit);
    is_version_7.then(|| i64::from_str_radix(std::str::from_utf8(&bytes[..12]).ok()?, 16).ok()).flatten()
}

/// Our clock and a network's may differ by this much.
const CLOCKS_DIFFER_MS_MAX: i64 = 5 * 60 * 1_000;

/// The Unix milliseconds, by any network's clock, before which nothing with this key was posted. Nothing where the key does not tell.
pub fn not_before_ms(key: &str) -> Option<i64> {
    key_time_ms(key).map(|ms| ms - CLOCKS_DIFFER_MS_MAX)
}

/// Who can read a post, where the network has the choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    Public,
    /// Everybody who comes by, but not in public lists.
    Unlisted,
    /// Followers.
    Followers,
    /// Only those mentioned.
    Direct,
}

/// A file on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: String,
    /// Its file name.
    pub file_name: String,
    /// What it shows.
    pub alt: Option<String>,
    /// Width and height in pixels, where it has any.
    pub size: Option<(u32, u32)>,
}

/// A file that the network has: the connector's own text that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uploaded(pub String);

/// What the network made of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The platform's id of it.
    pub native_id: String,
    /// The version where the platform has one (a CID, an edit time).
    pub revision: Option<String>,
    /// Where a browser shows it.
    pub permalink: Option<String>,
    /// When, by the platform's clock.
    pub source_time_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::key_time_ms;

    #[test]
    fn a_key_that_holds_a_time_tells_it() {
        // The example of RFC 9562, appendix A.6.
        assert_eq!(key_time_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), Some(0x017F_22E2_79B0));
        for other in ["", "post-1", "919108f7-52d1-4320-9bac-f847db4148a8", "017F22E2-79B0-7CC3-98C4-DC0C0C07398ü"] {
            assert_eq!(key_time_ms(other), None, "{other}");
        }
    }
}
