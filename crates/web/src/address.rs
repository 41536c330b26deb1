//! Where a request really came from: the connection's address, or what trusted proxies say in `X-Forwarded-For`.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

/// Hops read from `X-Forwarded-For` at most; a longer list is somebody playing.
const HOPS_MAX: usize = 16;

/// The client's address: the last address in the chain that is not a trusted proxy.
///
/// Only trusted proxies may speak for others, so the header is read from the right and believed as long as the speaker is trusted.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut address = peer.to_canonical();
    let listed = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    for hop in listed.rsplit(',').take(HOPS_MAX) {
        if !is_trusted(address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(next) => address = next.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::HeaderMap;
    use ipnet::IpNet;

    use super::client_address;

    fn check(peer: &str, forwarded: &[&str], trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header value"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        let expected: IpAddr = expected.parse().expect("an address");
        assert_eq!(client_address(peer.parse().expect("an address"), &headers, &trusted), expected);
    }

    #[test]
    fn a_stranger_cannot_speak_for_others() {
        check("203.0.113.9", &["10.0.0.1"], &["127.0.0.0/8"], "203.0.113.9");
        check("203.0.113.9", &["10.0.0.1"], &[], "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_for_one_hop_and_a_chain_of_them_for_more() {
        check("127.0.0.1", &["198.51.100.7, 203.0.113.9"], &["127.0.0.0/8"], "203.0.113.9");
        check("127.0.0.1", &["198.51.100.7, 10.1.1.1"], &["127.0.0.0/8", "10.0.0.0/8"], "198.51.100.7");
        check("127.0.0.1", &["198.51.100.7", "10.1.1.1"], &["127.0.0.0/8", "10.0.0.0/8"], "198.51.100.7");
    }

    #[test]
    fn nonsense_ends_the_chain() {
        check("127.0.0.1", &["198.51.100.7, nonsense"], &["127.0.0.0/8"], "127.0.0.1");
        check("::ffff:127.0.0.1", &["198.51.100.7"], &["127.0.0.0/8"], "198.51.100.7");
    }
}
