//! One blocking HTTP/1.1 GET, enough to see whether a server under test is up and what its metrics say.
//!
//! No redirects, no TLS, no chunked bodies beyond taking them as they come; a test of the API itself uses a real client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A server that takes longer to answer a health question is not up.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Health pages and metrics are small.
const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// Any 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Asks once.
///
/// # Errors
/// When nobody listens, the answer takes too long, or is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, TIME_MAX)?;
    stream.set_read_timeout(Some(TIME_MAX))?;
    stream.set_write_timeout(Some(TIME_MAX))?;
    // In one piece: a server that answers after the first piece and closes would reset the connection under its answer.
    let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(BODY_BYTES_MAX).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_read() {
        let answer = parse("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwait").expect("HTTP");
        assert_eq!(answer, Answer { status: 503, body: "wait".to_owned() });
        assert!(!answer.is_success());
        assert_eq!(parse("SSH-2.0-x\r\n\r\n"), None);
    }
}
