//! The HTTP that the crate does not do itself: one request over a plain socket to 127.0.0.1, one connection each.

use ledger::objects::{HttpClient, HttpError, HttpRequest, HttpResponse};
use ledger::timestamp::{TimestampQuery, TimestampReply, Transport, TransportError};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Room for the status line and headers of an answer.
const HEAD_BYTES_MAX: u64 = 16 * 1024;

pub struct Loopback;

impl Transport for Loopback {
    fn post(&self, query: &TimestampQuery<'_>) -> Result<TimestampReply, TransportError> {
        let request = HttpRequest {
            method: "POST",
            url: query.url.to_owned(),
            headers: vec![("Content-Type".to_owned(), query.media_type.to_owned())],
            body: query.body,
            answer_bytes_max: query.answer_bytes_max,
        };
        let answer = exchange(&request).map_err(|error| TransportError(error.to_string()))?;
        let media_type = answer
            .headers
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map_or_else(String::new, |(_, value)| value);
        Ok(TimestampReply { status: answer.status, media_type, body: answer.body })
    }
}

impl HttpClient for Loopback {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
        exchange(request).map_err(|error| HttpError(error.to_string()))
    }
}

fn exchange(request: &HttpRequest<'_>) -> io::Result<HttpResponse> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let rest = request.url.strip_prefix("http://").ok_or_else(|| bad("not an http address"))?;
    let (host, path) = rest.split_once('/').ok_or_else(|| bad("no path"))?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let mut head = format!("{} /{path} HTTP/1.0\r\nHost: {host}\r\n", request.method);
    for (name, value) in &request.headers {
        let _infallible = write!(head, "{name}: {value}\r\n");
    }
    if !request.body.is_empty() || matches!(request.method, "PUT" | "POST") {
        let _infallible = write!(head, "Content-Length: {}\r\n", request.body.len());
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(request.body)?;
    let mut answer = Vec::new();
    stream.take(request.answer_bytes_max as u64 + HEAD_BYTES_MAX).read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| bad("no header"))?;
    let text = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| bad("no status"))?;
    let headers = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(HttpResponse { status, headers, body: answer[end + 4..].to_vec() })
}
