//! Fetching media that anybody may see, from an address that somebody else wrote.
//!
//! Invariants: no credentials go along; an address inside our own network is never asked, whatever name or redirect leads there,
//! unless it is the profile's own server or everything is on this machine; what is longer than its limit is refused while it arrives.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::{Attempt, Policy},
};
use url::{Host, Url};

use crate::{
    error::{Class, NetworkError, Result},
    http,
    network::Sink,
};

/// A whole file: a hundred megabytes over a slow line.
const FETCH_MAX: Duration = Duration::from_mins(10);
/// Storage of media is often behind one or two redirects.
const REDIRECTS_MAX: usize = 5;

/// Fetches the bytes at `source`. `server` is the profile's own server, which may be inside our network.
///
/// # Errors
/// [`Class::Gone`] when it is not there, [`Class::Bug`] when it must not be asked or is longer than `bytes_max`.
pub async fn fetch(source: &str, server: &str, bytes_max: u64, sink: &mut dyn Sink) -> Result<()> {
    let url = Url::parse(source).map_err(|_| NetworkError::malformed("the attachment's address cannot be read"))?;
    let own = http::server(server)?;
    let is_near = url.host() == own.host() || own.host().is_some_and(|host| is_loopback(&host));
    if !is_near && !is_allowed(&url) {
        return Err(NetworkError::malformed("the attachment's address leads inside our own network, or is not https"));
    }
    let client = if is_near { http::client() } else { outside() };
    copy(http::begin(client.get(url).timeout(FETCH_MAX)).await?, bytes_max, sink).await
}

/// Copies an answer's body.
///
/// # Errors
/// As [`fetch`].
pub async fn copy(mut response: Response, bytes_max: u64, sink: &mut dyn Sink) -> Result<()> {
    match response.status().as_u16() {
        200..=299 => {}
        // For media 401 and 403 mean the same: it is not for the public (any more).
        401 | 403 | 404 | 410 => return Err(NetworkError::new(Class::Gone, "the attachment is not there (any more)")),
        429 | 500..=599 => return Err(NetworkError::retry("the attachment's server has a bad moment")),
        status => return Err(NetworkError::malformed(format!("the attachment's server answers {status}"))),
    }
    let too_long = || NetworkError::malformed(format!("the attachment is longer than {bytes_max} bytes"));
    if response.content_length().is_some_and(|length| length > bytes_max) {
        return Err(too_long());
    }
    let mut left = bytes_max;
    while let Some(part) = response.chunk().await.map_err(|error| http::broken(&error))? {
        left = left.checked_sub(part.len() as u64).ok_or_else(too_long)?;
        sink.write(&part).await?;
    }
    Ok(())
}

/// The client for hosts that we know nothing of: it reaches public addresses only.
pub(crate) fn outside() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        http::builder()
            .redirect(Policy::custom(follow))
            .dns_resolver(Arc::new(PublicOnly))
            .build()
            .expect("the system's certificate store can be read")
    })
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > REDIRECTS_MAX || !is_allowed(attempt.url()) { attempt.stop() } else { attempt.follow() }
}

/// Whether an address may be asked as far as it shows; names are judged when they are resolved.
pub(crate) fn is_allowed(url: &Url) -> bool {
    let is_outside = match url.host() {
        Some(Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        None => false,
    };
    url.scheme() == "https" && is_outside
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA's special-purpose registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(inner) => is_public_v4(inner),
            // 2000::/3 is all that is given out; 2001:db8::/32 is for documentation.
            None => ip.segments()[0] & 0xE000 == 0x2000 && !(ip.segments()[0] == 0x2001 && ip.segments()[1] == 0x0DB8),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_for_protocols = (a, b, c) == (192, 0, 0) || (a == 198 && (18..20).contains(&b));
    let is_reserved = a == 0 || a >= 224;
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || is_shared
        || is_for_protocols
        || is_reserved)
}

/// The IPv4 address inside one that maps or translates it (::ffff:0:0/96, 64:ff9b::/96, 2002::/16).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = ip.octets();
    let at = |from: usize| Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]);
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xFFFF, ..] | [0x64, 0xFF9B, 0, 0, 0, 0, ..] => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Answer;

    #[test]
    fn only_public_addresses_are_asked() {
        for inside in [
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    struct Nothing;

    impl Sink for Nothing {
        fn write<'a>(&'a mut self, _bytes: &'a [u8]) -> Answer<'a, ()> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn an_address_inside_is_refused_before_it_is_asked() {
        for source in ["http://a.test/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "ftp://a.test/", "x"] {
            let refused = fetch(source, "https://social.example.test", 10, &mut Nothing).await.unwrap_err();
            assert_eq!(refused.class, Class::Bug, "{source}");
        }
        assert!(PublicOnly.resolve("localhost".parse().unwrap()).await.is_err(), "a name that leads inside");
    }
}
