//! The smallest HTTP client that a time authority needs: one POST over plain TCP.
//!
//! Plain, because a stamp is signed and checked against configured roots; `https` addresses are refused
//! with a word about that rather than silently downgraded.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use ledger::timestamp::{TimestampQuery, TimestampReply, Transport, TransportError};

/// Longest wait for connecting, and for each piece of the answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

pub(super) struct PlainHttp;

impl Transport for PlainHttp {
    fn post(&self, query: &TimestampQuery<'_>) -> Result<TimestampReply, TransportError> {
        let address = query
            .url
            .strip_prefix("http://")
            .ok_or_else(|| TransportError(format!("{} is not a plain http address", query.url)))?;
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let target = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let fail = |error: std::io::Error| TransportError(error.to_string());
        let first = target.to_socket_addrs().map_err(fail)?.next();
        let first = first.ok_or_else(|| TransportError(format!("{host} has no address")))?;
        let mut stream = TcpStream::connect_timeout(&first, PATIENCE).map_err(fail)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(fail)?;
        let head = format!(
            "POST /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            query.media_type,
            query.body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(query.body)).map_err(fail)?;
        let limit = (HEAD_BYTES_MAX + query.answer_bytes_max + 1) as u64;
        let mut answer = Vec::new();
        stream.take(limit).read_to_end(&mut answer).map_err(fail)?;
        if answer.len() as u64 == limit {
            return Err(TransportError("the answer is too long".to_owned()));
        }
        parse(&answer).ok_or_else(|| TransportError("the answer is not HTTP".to_owned()))
    }
}

fn parse(answer: &[u8]) -> Option<TimestampReply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let mut fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    if field("transfer-encoding").is_some() {
        return None;
    }
    let mut body = answer[end + 4..].to_vec();
    if let Some(length) = field("content-length").and_then(|length| length.parse::<usize>().ok()) {
        if body.len() < length {
            return None;
        }
        body.truncate(length);
    }
    Some(TimestampReply { status, media_type: field("content-type").unwrap_or_default(), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart_and_a_cut_one_refused() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\ncontent-length: 3\r\n\r\nabcd";
        let reply = parse(answer).expect("whole");
        assert_eq!(
            (reply.status, reply.media_type.as_str(), reply.body.as_slice()),
            (200, "application/timestamp-reply", &b"abc"[..])
        );
        assert!(parse(&answer[..answer.len() - 2]).is_none());
        assert!(parse(b"hello").is_none());
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").is_none());
    }
}
