//! Sealed objects in an S3 bucket with Object Lock: put once, readable for ever, not removable before their date by anyone.
//!
//! Invariant: an object counts as stored only when the server confirmed it *and* reports the COMPLIANCE date that was asked for: a
//! server that takes the headers and ignores them is found out at once. What is read back is compared with its SHA-256. Nothing is
//! decided by conditional writes; the head of the log lives in the database. No connection is opened here ([`HttpClient`]).

mod sign;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use crate::hash::{Hash, sha256};
use sign::{Credentials, Moment, encode_path, encode_query};

/// Largest object: one sealed segment of bodies and its frames.
pub const OBJECT_BYTES_MAX: usize = 300 * 1024 * 1024;
/// Largest answer that is not an object: error documents and small settings.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest error text kept from a server.
const DETAIL_CHARS_MAX: usize = 300;

/// One HTTP exchange, made by whoever owns the network.
pub trait HttpClient: Send + Sync {
    /// Sends the request and returns the answer, whatever its status. Must bound its own time, must not follow redirects and must not
    /// read more than `answer_bytes_max` bytes of body.
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError>;
}

/// What to send.
#[derive(Debug)]
pub struct HttpRequest<'a> {
    /// `GET`, `PUT`, `HEAD` or `DELETE`.
    pub method: &'static str,
    /// Scheme, host, path and query, encoded.
    pub url: String,
    /// All headers except `Host` and `Content-Length`, which the client derives.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
    /// More bytes of body than this are an error.
    pub answer_bytes_max: usize,
}

/// What came back.
#[derive(Debug)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The network failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the object server could not be reached: {0}")]
pub struct HttpError(
    /// What the HTTP client said.
    pub String,
);

/// Why an object could not be stored, read or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The network failed; nothing is known about the object.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The server refused.
    #[error("the object server answered {status} to {what}: {detail}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// HTTP status.
        status: u16,
        /// The server's code or words.
        detail: String,
    },
    /// There is no such object.
    #[error("the object {0} is not in the bucket")]
    Missing(String),
    /// The object is locked until its date.
    #[error("the object {0} is locked and cannot be removed before its date")]
    Locked(String),
    /// The bucket does not lock.
    #[error("the bucket does not have Object Lock: create it with Object Lock enabled; it cannot be added later everywhere")]
    NoObjectLock,
    /// The lock was not applied.
    #[error("the object server did not lock {key} as asked ({found}): use a server that enforces Object Lock")]
    NotLocked {
        /// Which object.
        key: String,
        /// What it reports instead.
        found: String,
    },
    /// Other bytes than were stored.
    #[error("the object {0} is not what was stored: its SHA-256 differs")]
    Altered(String),
    /// Too large.
    #[error("an object of {0} bytes is over the limit of {OBJECT_BYTES_MAX}")]
    TooLarge(usize),
    /// The address is not usable.
    #[error("the object server's address {0:?} must be http://host[:port] or https://host[:port]")]
    Address(String),
}

/// Where objects go.
pub struct Bucket {
    address: String,
    host: String,
    name: String,
    credentials: Credentials,
}

/// A stored object, as it is written down beside the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key.
    pub key: String,
    /// The version that was stored; later versions of the key are not ours.
    pub version: String,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
    /// Until when it is locked, Unix milliseconds (whole seconds).
    pub retain_until_ms: i64,
}

impl Bucket {
    /// `address` is scheme, host and port; objects are addressed as `address/name/key`, which every S3 server understands.
    pub fn new(
        address: &str,
        region: &str,
        name: &str,
        access_key: &str,
        secret_key: Zeroizing<String>,
    ) -> Result<Self, ObjectError> {
        let address = address.trim_end_matches('/');
        let host = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))
            .filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
            .ok_or_else(|| ObjectError::Address(address.chars().take(100).collect()))?;
        Ok(Self {
            host: host.to_owned(),
            address: address.to_owned(),
            name: name.to_owned(),
            credentials: Credentials::new(access_key, secret_key, region),
        })
    }

    /// Fails when the bucket cannot lock objects. To be called when the ledger is opened, so that nothing is archived without a lock.
    pub fn check_object_lock(&self, http: &dyn HttpClient, now_ms: i64) -> Result<(), ObjectError> {
        let answer = self.send(http, now_ms, Ask::get("", &[("object-lock", "")]))?;
        let is_enabled = String::from_utf8_lossy(&answer.body).contains("<ObjectLockEnabled>Enabled</ObjectLockEnabled>");
        match answer.status {
            200 if is_enabled => Ok(()),
            200 | 404 => Err(ObjectError::NoObjectLock),
            _ => Err(refusal("the Object Lock setting", &answer)),
        }
    }

    /// Creates the bucket with Object Lock. An existing one is left as it is; [`Self::check_object_lock`] tells whether it will do.
    pub fn create_with_object_lock(&self, http: &dyn HttpClient, now_ms: i64) -> Result<(), ObjectError> {
        let headers = vec![("x-amz-bucket-object-lock-enabled", "true".to_owned())];
        let answer = self.send(http, now_ms, Ask { method: "PUT", headers, ..Ask::get("", &[]) })?;
        match answer.status {
            200 => Ok(()),
            409 if code_of(&answer) == "BucketAlreadyOwnedByYou" => Ok(()),
            _ => Err(refusal("creating the bucket", &answer)),
        }
    }

    /// Stores `bytes` under `key`, locked in COMPLIANCE mode until `retain_until_ms` (rounded up to whole seconds), and makes sure of it.
    pub fn put_locked(
        &self,
        http: &dyn HttpClient,
        now_ms: i64,
        key: &str,
        bytes: &[u8],
        retain_until_ms: i64,
    ) -> Result<StoredObject, ObjectError> {
        if bytes.len() > OBJECT_BYTES_MAX {
            return Err(ObjectError::TooLarge(bytes.len()));
        }
        let hash = sha256(bytes);
        let retain_until_ms = retain_until_ms.saturating_add(999).div_euclid(1000).saturating_mul(1000);
        let until = Moment::at(retain_until_ms).iso();
        let answer = self.send(
            http,
            now_ms,
            Ask {
                method: "PUT",
                key,
                query: &[],
                headers: vec![
                    ("x-amz-checksum-sha256", BASE64.encode(hash)),
                    ("x-amz-object-lock-mode", "COMPLIANCE".to_owned()),
                    ("x-amz-object-lock-retain-until-date", until),
                ],
                body: bytes,
                answer_bytes_max: ANSWER_BYTES_MAX,
            },
        )?;
        if answer.status != 200 {
            return Err(refusal("storing an object", &answer));
        }
        let version = answer.header("x-amz-version-id").unwrap_or_default().to_owned();
        let stored = StoredObject { key: key.to_owned(), version, sha256: hash, bytes: bytes.len() as u64, retain_until_ms };
        self.check_locked(http, now_ms, &stored)?;
        Ok(stored)
    }

    /// Fails unless the server reports the object as locked in COMPLIANCE mode at least until its date.
    pub fn check_locked(&self, http: &dyn HttpClient, now_ms: i64, object: &StoredObject) -> Result<(), ObjectError> {
        let version = [("versionId", object.version.as_str())];
        let ask = Ask { method: "HEAD", ..Ask::get(&object.key, &version) };
        let answer = self.send(http, now_ms, ask)?;
        match answer.status {
            200 => {}
            404 => return Err(ObjectError::Missing(object.key.clone())),
            _ => return Err(refusal("looking at an object", &answer)),
        }
        let not_locked = |found: String| ObjectError::NotLocked { key: object.key.clone(), found };
        if object.version.is_empty() {
            return Err(not_locked("no version id".to_owned()));
        }
        let mode = answer.header("x-amz-object-lock-mode").unwrap_or("no mode");
        let until = answer.header("x-amz-object-lock-retain-until-date").unwrap_or("no date");
        let until_ms = until.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
        let is_locked = mode == "COMPLIANCE" && until_ms.is_ok_and(|until_ms| until_ms >= object.retain_until_ms);
        if is_locked { Ok(()) } else { Err(not_locked(format!("{mode}, {until}"))) }
    }

    /// Reads the version that was stored, and compares its SHA-256.
    pub fn get(&self, http: &dyn HttpClient, now_ms: i64, object: &StoredObject) -> Result<Vec<u8>, ObjectError> {
        let version = [("versionId", object.version.as_str())];
        let ask = Ask { answer_bytes_max: OBJECT_BYTES_MAX, ..Ask::get(&object.key, &version) };
        let answer = self.send(http, now_ms, ask)?;
        match answer.status {
            200 if sha256(&answer.body) == object.sha256 => Ok(answer.body),
            200 => Err(ObjectError::Altered(object.key.clone())),
            404 => Err(ObjectError::Missing(object.key.clone())),
            _ => Err(refusal("reading an object", &answer)),
        }
    }

    /// Reads a part of the version that was stored. A part has no hash of its own here: the caller compares what it took out of it.
    pub fn get_range(
        &self,
        http: &dyn HttpClient,
        now_ms: i64,
        object: &StoredObject,
        start: u64,
        length: u64,
    ) -> Result<Vec<u8>, ObjectError> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let length_max = usize::try_from(length).unwrap_or(usize::MAX).min(OBJECT_BYTES_MAX);
        let version = [("versionId", object.version.as_str())];
        let ask = Ask {
            headers: vec![("range", format!("bytes={start}-{}", start.saturating_add(length - 1)))],
            answer_bytes_max: length_max,
            ..Ask::get(&object.key, &version)
        };
        let answer = self.send(http, now_ms, ask)?;
        match answer.status {
            206 if answer.body.len() as u64 == length => Ok(answer.body),
            206 | 416 => Err(ObjectError::Altered(object.key.clone())),
            404 => Err(ObjectError::Missing(object.key.clone())),
            _ => Err(refusal("reading a part of an object", &answer)),
        }
    }

    /// Removes the version that was stored; [`ObjectError::Locked`] before its date. Removing what is gone is no error.
    pub fn delete(&self, http: &dyn HttpClient, now_ms: i64, object: &StoredObject) -> Result<(), ObjectError> {
        let version = [("versionId", object.version.as_str())];
        let ask = Ask { method: "DELETE", ..Ask::get(&object.key, &version) };
        let answer = self.send(http, now_ms, ask)?;
        match answer.status {
            200 | 204 | 404 => Ok(()),
            403 if code_of(&answer) == "AccessDenied" => Err(ObjectError::Locked(object.key.clone())),
            _ => Err(refusal("removing an object", &answer)),
        }
    }

    fn send(&self, http: &dyn HttpClient, now_ms: i64, ask: Ask<'_>) -> Result<HttpResponse, ObjectError> {
        let path = format!("/{}/{}", encode_path(&self.name), encode_path(ask.key));
        let path = path.trim_end_matches('/').to_owned();
        let query = encode_query(ask.query);
        let headers = self.credentials.sign(
            Moment::at(now_ms),
            &sign::Unsigned {
                method: ask.method,
                host: &self.host,
                path: &path,
                query: &query,
                headers: ask.headers,
                payload_sha256: hex::encode(sha256(ask.body)),
            },
        );
        let separator = if query.is_empty() { "" } else { "?" };
        Ok(http.send(&HttpRequest {
            method: ask.method,
            url: format!("{}{path}{separator}{query}", self.address),
            headers,
            body: ask.body,
            answer_bytes_max: ask.answer_bytes_max,
        })?)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({}/{})", self.address, self.name)
    }
}

struct Ask<'a> {
    method: &'static str,
    key: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: Vec<(&'static str, String)>,
    body: &'a [u8],
    answer_bytes_max: usize,
}

impl<'a> Ask<'a> {
    fn get(key: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: "GET", key, query, headers: Vec::new(), body: &[], answer_bytes_max: ANSWER_BYTES_MAX }
    }
}

/// The `<Code>` of an S3 error document, or nothing.
fn code_of(answer: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    text.split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map(|(code, _)| code.chars().take(DETAIL_CHARS_MAX).collect())
        .unwrap_or_default()
}

fn refusal(what: &'static str, answer: &HttpResponse) -> ObjectError {
    let code = code_of(answer);
    let detail = if code.is_empty() { "no reason given".to_owned() } else { code };
    ObjectError::Refused { what, status: answer.status, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Answers with what it was given, in order.
    struct Scripted {
        answers: Mutex<Vec<HttpResponse>>,
    }

    impl Scripted {
        fn new(answers: Vec<HttpResponse>) -> Self {
            Self { answers: Mutex::new(answers) }
        }
    }

    impl HttpClient for Scripted {
        fn send(&self, _request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
            Ok(self.answers.lock().expect("not poisoned").remove(0))
        }
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpResponse { status, headers, body: body.as_bytes().to_vec() }
    }

    fn bucket() -> Bucket {
        Bucket::new("http://127.0.0.1:1/", "us-east-1", "archive", "access", Zeroizing::new("secret".into())).expect("an address")
    }

    fn put(answers: Vec<HttpResponse>) -> Result<StoredObject, ObjectError> {
        bucket().put_locked(&Scripted::new(answers), 0, "bodies/1/2.seg", b"sealed", 1_000_500)
    }

    const LOCKED: [(&str, &str); 2] =
        [("X-Amz-Object-Lock-Mode", "COMPLIANCE"), ("x-amz-object-lock-retain-until-date", "1970-01-01T00:16:41.000Z")];

    #[test]
    fn an_object_is_stored_when_the_server_confirms_its_lock() {
        let stored = put(vec![answer(200, &[("x-amz-version-id", "v1")], ""), answer(200, &LOCKED, "")]).expect("stored");
        assert_eq!((stored.version.as_str(), stored.retain_until_ms, stored.bytes), ("v1", 1_001_000, 6));
    }

    #[test]
    fn a_server_that_ignores_the_lock_is_found_out() {
        let version = [("x-amz-version-id", "v1")];
        let governance = [("x-amz-object-lock-mode", "GOVERNANCE"), LOCKED[1]];
        let sooner = [LOCKED[0], ("x-amz-object-lock-retain-until-date", "1970-01-01T00:16:40Z")];
        for (first, second) in
            [(&version[..], &[][..]), (&version, &governance), (&version, &sooner), (&version, &LOCKED[..1]), (&[], &LOCKED)]
        {
            let outcome = put(vec![answer(200, first, ""), answer(200, second, "")]);
            assert!(matches!(outcome, Err(ObjectError::NotLocked { .. })), "{second:?}: {outcome:?}");
        }
    }

    #[test]
    fn other_bytes_than_were_stored_are_refused() {
        let object =
            StoredObject { key: "k".into(), version: "v".into(), sha256: sha256(b"sealed"), bytes: 6, retain_until_ms: 0 };
        let read = |status, body| bucket().get(&Scripted::new(vec![answer(status, &[], body)]), 0, &object);
        assert_eq!(read(200, "sealed"), Ok(b"sealed".to_vec()));
        assert_eq!(read(200, "sealeD"), Err(ObjectError::Altered("k".into())));
        assert_eq!(read(404, ""), Err(ObjectError::Missing("k".into())));
    }

    #[test]
    fn a_locked_object_and_other_refusals_are_told_apart() {
        let object = StoredObject { key: "k".into(), version: "v".into(), sha256: [0; 32], bytes: 6, retain_until_ms: 0 };
        let delete = |status, body| bucket().delete(&Scripted::new(vec![answer(status, &[], body)]), 0, &object);
        assert_eq!(delete(204, ""), Ok(()));
        assert_eq!(delete(403, "<Error><Code>AccessDenied</Code></Error>"), Err(ObjectError::Locked("k".into())));
        let wrong = delete(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>").expect_err("refused");
        assert_eq!(wrong.to_string(), "the object server answered 403 to removing an object: SignatureDoesNotMatch");
    }

    #[test]
    fn a_bucket_without_object_lock_is_refused() {
        let check = |status, body| bucket().check_object_lock(&Scripted::new(vec![answer(status, &[], body)]), 0);
        let enabled = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
        assert_eq!(check(200, enabled), Ok(()));
        assert_eq!(
            check(404, "<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>"),
            Err(ObjectError::NoObjectLock)
        );
        assert!(matches!(check(403, ""), Err(ObjectError::Refused { .. })));
    }

    #[test]
    fn addresses_are_checked() {
        for wrong in ["", "ftp://x", "http://", "http://x/path", "http://user@x", "x:80"] {
            let made = Bucket::new(wrong, "r", "b", "a", Zeroizing::new(String::new()));
            assert!(matches!(made, Err(ObjectError::Address(_))), "{wrong}");
        }
    }
}
