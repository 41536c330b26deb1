//! The one HTTP client of all connectors, with the limits that every call has.
//!
//! Invariants: an answer larger than its limit is refused while it arrives; no redirect is followed with credentials; plain `http` is
//! for loopback addresses only (files of the public: [`crate::public_media`]); an error tells whether the call may have had its effect. Nothing of a request or an answer is logged
//! but the host, the path's first part and the status.

use std::{sync::OnceLock, time::Duration};

use jiff::Timestamp;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode, header::HeaderMap, redirect::Policy};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::error::{Class, NetworkError, Result};

/// To connect: a server that does not take a connection in this time has a bad moment.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// A whole call, where the caller does not wait for news.
pub const CALL_MAX: Duration = Duration::from_secs(30);
/// The longest answer of an ordinary call: a page of a hundred messages with everything around them is about 1 MiB.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest wait that a network may ask for; more is a mistake or an attack and is cut to this.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// The client for calls with credentials: follows no redirect.
pub fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| builder().redirect(Policy::none()).build().expect("the system's certificate store can be read"))
}

/// The client for calls that change something: as [`client`], on a connection of its own. A kept connection may be closed by the server
/// in the moment it is used again, and nobody knew then whether the call had its effect.
pub fn write_client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = builder().redirect(Policy::none()).pool_max_idle_per_host(0);
        builder.build().expect("the system's certificate store can be read")
    })
}

/// What all clients have in common.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
        .connect_timeout(CONNECT_MAX)
        .timeout(CALL_MAX)
        .referer(false)
        .user_agent(concat!("Gatepost/", env!("CARGO_PKG_VERSION")))
}

/// Reads a server's address as a person types it: `social.example.test` means `https://social.example.test`.
///
/// # Errors
/// [`Class::Bug`] with what to write instead, for anything but `https`, or `http` on this machine.
pub fn server(text: &str) -> Result<Url> {
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let wrong = |why: &str| {
        NetworkError::new(Class::Bug, format!("the server's address {why}; write it like https://social.example.test"))
    };
    let url = Url::parse(&full).map_err(|_| wrong("cannot be read"))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(wrong("names no host")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not hold `?` or `#`"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(wrong("must begin with https:// (http:// is for this machine only)")),
    }
}

/// A reset given as a smaller number than this counts from now; as a larger one it is Unix time (which began in 1970).
const DELTA_SECONDS_MAX: i64 = 1_000_000_000;

/// RFC 3339, or the date form of HTTP.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
}

/// How many calls a network still takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls left.
    pub remaining: u64,
    /// Until there are more.
    pub resets_in: Option<Duration>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answered {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Class::Bug`]: the network's answer is not what it documents. The message names the place, not the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            NetworkError::malformed(format!(
                "the network's answer is not the JSON it documents (line {}, column {})",
                error.line(),
                error.column()
            ))
        })
    }

    /// The wait that the network asks for: `Retry-After` in seconds or as a date; else, once no call is left, until the limit is new.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.header("retry-after").and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => self.until(instant(text)?),
        });
        let spent = || self.rate_limit().filter(|limit| limit.remaining == 0 || self.status == StatusCode::TOO_MANY_REQUESTS);
        Some(asked.or_else(|| spent()?.resets_in)?.min(RETRY_AFTER_MAX))
    }

    /// How many calls are left, where the network says: `ratelimit-*` (IETF draft; the time in Unix seconds or seconds from now) or
    /// `x-ratelimit-*` (the time in RFC 3339 or Unix seconds).
    pub fn rate_limit(&self) -> Option<RateLimit> {
        let read = |name: &str| self.header(&format!("ratelimit-{name}")).or_else(|| self.header(&format!("x-ratelimit-{name}")));
        let remaining = read("remaining")?.parse().ok()?;
        let resets_in = read("reset").and_then(|text| match text.parse::<i64>() {
            Ok(seconds) if seconds < DELTA_SECONDS_MAX => Some(Duration::from_secs(u64::try_from(seconds).ok()?)),
            Ok(seconds) => self.until(Timestamp::from_second(seconds).ok()?),
            Err(_) => self.until(instant(text)?),
        });
        Some(RateLimit { remaining, resets_in })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// From the answer's own date, so that neither clock need be right; nothing when it has none.
    fn until(&self, then: Timestamp) -> Option<Duration> {
        let now = instant(self.header("date")?)?;
        Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
    }

    /// The error of a status that means the same everywhere; nothing for a success. 401 is [`Class::Expired`]: a connector whose
    /// network tells expiry from revocation looks before it asks here.
    pub fn usual_error(&self, asked: &str) -> Option<NetworkError> {
        let status = self.status.as_u16();
        let error = match status {
            200..=299 => return None,
            401 => NetworkError::new(Class::Expired, format!("{asked}: the network does not know the token (401)")),
            403 => NetworkError::new(
                Class::Reauthorise,
                format!("{asked}: not allowed (403); connect the profile again with all scopes"),
            ),
            404 | 410 => NetworkError::new(Class::Gone, format!("{asked}: not there ({status})")),
            400 | 409 | 413 | 415 | 422 => NetworkError::new(Class::RefusedContent, format!("{asked}: refused ({status})")),
            429 => NetworkError::retry(format!("{asked}: too many calls (429)"))
                .after(self.retry_after().unwrap_or(Duration::from_mins(1))),
            500..=599 => {
                let error = NetworkError::retry(format!("{asked}: the network failed ({status})")).effect_unknown();
                match self.retry_after() {
                    Some(wait) => error.after(wait),
                    None => error,
                }
            }
            300..=399 => {
                NetworkError::malformed(format!("{asked}: the server redirects ({status}); use the address it redirects to"))
            }
            _ => NetworkError::malformed(format!("{asked}: unexpected status {status}")),
        };
        Some(error)
    }
}

/// Sends a request and reads the whole answer, at most `bytes_max`.
///
/// # Errors
/// [`Class::RetryLater`] when the network cannot be reached or does not answer, with [`crate::error::Effect`] as far as it is known.
pub async fn call(request: RequestBuilder, bytes_max: usize) -> Result<Answered> {
    let mut response = begin(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + part.len() > bytes_max {
            return Err(
                NetworkError::malformed(format!("the network's answer is larger than {bytes_max} bytes")).effect_unknown()
            );
        }
        body.extend_from_slice(&part);
    }
    Ok(Answered { status, headers, body })
}

/// Sends a request and answers when the headers are there: for streams and files. A question (GET) whose kept connection turns out to
/// be closed is asked once more.
///
/// # Errors
/// As [`call`].
pub async fn begin(request: RequestBuilder) -> Result<Response> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| broken(&error))?;
    let again = request.try_clone().filter(|request| request.method() == Method::GET);
    match (client.execute(request).await, again) {
        (Err(error), Some(again)) if !error.is_connect() && !error.is_timeout() => client.execute(again).await,
        (answered, _) => answered,
    }
    .map_err(|error| broken(&error))
}

/// What a broken call means.
pub fn broken(error: &reqwest::Error) -> NetworkError {
    if error.is_builder() {
        return NetworkError::new(Class::Bug, "the request could not be made");
    }
    let (what, sent) = if error.is_connect() {
        ("the network cannot be reached", false)
    } else if error.is_timeout() {
        ("the network did not answer in time", true)
    } else {
        ("the connection to the network broke", true)
    };
    let host = error.url().and_then(Url::host_str).unwrap_or("unknown host");
    let error = NetworkError::retry(format!("{what} ({host})"));
    if sent { error.effect_unknown() } else { error }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::{StatusCode, header::HeaderMap};

    use super::{Answered, RateLimit, server};

    fn answered(status: u16, headers: &[(&'static str, &str)]) -> Answered {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (reqwest::header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Answered { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() }
    }

    #[test]
    fn the_wait_is_read_in_every_form_that_networks_use() {
        let date = ("date", "Tue, 10 Nov 2026 12:00:00 GMT");
        let wait = |headers: &[(&'static str, &str)]| answered(429, headers).retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait(&[("retry-after", "17")]), Some(17));
        assert_eq!(wait(&[date, ("retry-after", "Tue, 10 Nov 2026 12:00:30 GMT")]), Some(30));
        assert_eq!(
            wait(&[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-11-10T12:05:00.000000Z")]),
            Some(300)
        );
        assert_eq!(wait(&[date, ("ratelimit-remaining", "0"), ("ratelimit-reset", "1794312010")]), Some(10));
        assert_eq!(wait(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "40")]), Some(40));
        assert_eq!(wait(&[date, ("retry-after", "Tue, 10 Nov 2026 11:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("retry-after", "999999999")]), Some(3_600), "cut");
        assert_eq!(wait(&[("retry-after", "soon"), ("ratelimit-remaining", "many")]), None);
    }

    #[test]
    fn calls_that_are_left_ask_for_no_wait() {
        let answer = answered(200, &[("ratelimit-remaining", "9"), ("ratelimit-reset", "40")]);
        assert_eq!(answer.rate_limit(), Some(RateLimit { remaining: 9, resets_in: Some(Duration::from_secs(40)) }));
        assert_eq!(answer.retry_after(), None);
        assert_eq!(answered(200, &[]).rate_limit(), None);
    }

    #[test]
    fn a_server_is_read_as_people_type_it() {
        assert_eq!(server(" social.example.test/ ").unwrap().as_str(), "https://social.example.test/");
        assert_eq!(server("http://127.0.0.1:8008").unwrap().port(), Some(8008));
        for wrong in [
            "http://social.example.test",
            "ftp://localhost",
            "https://me:pw@social.example.test",
            "https://a.test/?x",
            "",
            "https://",
        ] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
