//! AWS Signature Version 4 for S3, with a signed payload.
//!
//! Invariant: every header that is sent is signed, and the payload's SHA-256 is in the signature, so nothing between here and the server
//! can change a request unnoticed. Secret keys are wiped from memory when dropped.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::hash::sha256;

/// Who signs.
pub(super) struct Credentials {
    access_key: String,
    secret_key: Zeroizing<String>,
    region: String,
}

/// A request before it is signed.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    /// Encoded path.
    pub(super) path: &'a str,
    /// Encoded query, sorted.
    pub(super) query: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload_sha256: String,
}

/// An instant in the two spellings that S3 uses.
#[derive(Clone, Copy)]
pub(super) struct Moment(jiff::Timestamp);

impl Moment {
    /// From Unix milliseconds; outside of the calendar's range the nearest instant in it.
    pub(super) fn at(unix_ms: i64) -> Self {
        Self(jiff::Timestamp::from_millisecond(unix_ms).unwrap_or(if unix_ms < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        }))
    }

    /// `2030-01-31T12:00:00Z`
    pub(super) fn iso(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `20300131T120000Z`
    fn basic(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

impl Credentials {
    pub(super) fn new(access_key: &str, secret_key: Zeroizing<String>, region: &str) -> Self {
        Self { access_key: access_key.to_owned(), secret_key, region: region.to_owned() }
    }

    /// The headers to send, `Authorization` among them; `Host` is signed but left to the client.
    pub(super) fn sign(&self, now: Moment, request: &Unsigned<'_>) -> Vec<(String, String)> {
        let date_time = now.basic();
        let date = &date_time[..8];
        let mut headers: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("host", request.host));
        headers.push(("x-amz-content-sha256", &request.payload_sha256));
        headers.push(("x-amz-date", &date_time));
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");

        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
        for (name, value) in &headers {
            let _infallible = writeln!(canonical, "{name}:{}", value.trim());
        }
        let _infallible = write!(canonical, "\n{names}\n{}", request.payload_sha256);

        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex::encode(sha256(canonical.as_bytes())));
        let signature = hex::encode(hmac_sha256(&self.signing_key(date), &to_sign));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.access_key);
        headers
            .into_iter()
            .filter(|(name, _)| *name != "host")
            .chain([("authorization", authorization.as_str())])
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn signing_key(&self, date: &str) -> Zeroizing<Vec<u8>> {
        let secret = Zeroizing::new(format!("AWS4{}", *self.secret_key));
        [date, &self.region, "s3", "aws4_request"]
            .into_iter()
            .fold(Zeroizing::new(secret.as_bytes().to_vec()), |key, part| Zeroizing::new(hmac_sha256(&key, part)))
    }
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// A path with everything but unreserved characters and slashes percent-encoded.
pub(super) fn encode_path(path: &str) -> String {
    encode(path, b"/")
}

/// `name=value` pairs, encoded and in order.
pub(super) fn encode_query(pairs: &[(&str, &str)]) -> String {
    let mut encoded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name, b""), encode(value, b""))).collect();
    encoded.sort_unstable();
    encoded.join("&")
}

fn encode(text: &str, also: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example "GET Object" of the S3 documentation on signature version 4.
    #[test]
    fn the_published_example_has_the_published_signature() {
        let secret = Zeroizing::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, "us-east-1");
        let headers = credentials.sign(
            Moment::at(1_369_353_600_000),
            &Unsigned {
                method: "GET",
                host: "examplebucket.s3.amazonaws.com",
                path: "/test.txt",
                query: "",
                headers: vec![("range", "bytes=0-9".to_owned())],
                payload_sha256: hex::encode(sha256(b"")),
            },
        );
        let (_, authorization) = headers.last().expect("signed");
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn paths_and_queries_are_encoded() {
        assert_eq!(encode_path("bodies/1/ä b+.seg"), "bodies/1/%C3%A4%20b%2B.seg");
        assert_eq!(encode_query(&[("versionId", "a/b="), ("object-lock", "")]), "object-lock=&versionId=a%2Fb%3D");
    }

    #[test]
    fn instants_outside_of_the_calendar_do_not_panic() {
        assert_eq!(Moment::at(0).iso(), "1970-01-01T00:00:00Z");
        for unix_ms in [i64::MIN, i64::MAX] {
            assert!(!Moment::at(unix_ms).iso().is_empty());
        }
    }
}
