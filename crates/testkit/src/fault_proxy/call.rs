//! One HTTP/1.1 call through the proxy: what was asked, and what a server replied, read whole.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A head longer than this is no ordinary call.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// What tests send and receive is smaller.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A call as the proxy saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without transfer encoding.
    pub body: Vec<u8>,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What was asked.
pub(super) struct Asked {
    pub(super) seen: Seen,
}

impl Asked {
    pub(super) async fn read(client: &mut TcpStream) -> io::Result<Self> {
        let (first, headers, rest) = read_head(client).await?;
        let mut parts = first.split(' ');
        let (Some(method), Some(path)) = (parts.next(), parts.next()) else { return Err(broken("not a request")) };
        let body = if is_chunked(&headers) {
            unchunk(client, rest).await?
        } else {
            let length = find(&headers, "content-length").map_or(Ok(0), str::parse).map_err(|_| broken("not a length"))?;
            exactly(client, rest, length).await?
        };
        Ok(Self { seen: Seen { method: method.to_owned(), path: path.to_owned(), headers, body } })
    }

    /// Sends it to the server, which is told to close after its answer.
    pub(super) async fn send(&self, upstream: SocketAddr) -> io::Result<TcpStream> {
        let mut server = TcpStream::connect(upstream).await?;
        let Seen { method, path, headers, body } = &self.seen;
        let mut whole = format!("{method} {path} HTTP/1.1\r\nhost: {upstream}\r\nconnection: close\r\n").into_bytes();
        let ours = ["host", "connection", "content-length", "transfer-encoding", "expect", "accept-encoding"];
        for (name, value) in headers.iter().filter(|(name, _)| !ours.contains(&name.as_str())) {
            whole.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !body.is_empty() || find(headers, "content-length").is_some() {
            whole.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        whole.extend_from_slice(b"\r\n");
        whole.extend_from_slice(body);
        server.write_all(&whole).await?;
        Ok(server)
    }

    /// Sends it and reads the whole answer.
    pub(super) async fn ask(&self, upstream: SocketAddr) -> io::Result<Replied> {
        let mut server = self.send(upstream).await?;
        let (status, headers, rest) = read_head(&mut server).await?;
        let body = if is_chunked(&headers) {
            unchunk(&mut server, rest).await?
        } else if let Some(length) = find(&headers, "content-length").and_then(|text| text.parse().ok()) {
            exactly(&mut server, rest, length).await?
        } else {
            let mut body = rest;
            server.take(BODY_BYTES_MAX as u64).read_to_end(&mut body).await?;
            body
        };
        Ok(Replied { status, headers, body })
    }
}

/// What a server replied.
pub(super) struct Replied {
    status: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Replied {
    /// Head and body as they go to the client, with an announced length.
    pub(super) fn written(&self, length: usize) -> (Vec<u8>, &[u8]) {
        let mut head = format!("{}\r\nconnection: close\r\ncontent-length: {length}\r\n", self.status);
        let ours = ["connection", "content-length", "transfer-encoding"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !ours.contains(&name.as_str())) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        (head.into_bytes(), &self.body)
    }
}

/// The first line, the headers, and what was read beyond them.
async fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<(String, String)>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(broken("the head is too long"));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let rest = bytes.split_off(end + 4);
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let pairs = lines.filter_map(|line| line.split_once(':'));
    Ok((first, pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(), rest))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
}

fn is_chunked(headers: &[(String, String)]) -> bool {
    find(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
}

async fn exactly(stream: &mut TcpStream, mut body: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    if length > BODY_BYTES_MAX {
        return Err(broken("the body is too long"));
    }
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    body.truncate(length);
    Ok(body)
}

async fn unchunk(stream: &mut TcpStream, mut held: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = loop {
            if let Some(end) = held.windows(2).position(|two| two == b"\r\n") {
                let rest = held.split_off(end + 2);
                break std::mem::replace(&mut held, rest);
            }
            if stream.read_buf(&mut held).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let text = String::from_utf8_lossy(&line);
        let size = text.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken("not a chunk's size"))?;
        let mut chunk = exactly_more(stream, &mut held, size + 2).await?;
        if size == 0 {
            return Ok(body);
        }
        chunk.truncate(size);
        body.append(&mut chunk);
        if body.len() > BODY_BYTES_MAX {
            return Err(broken("the body is too long"));
        }
    }
}

/// The next so many bytes; what lies beyond stays held.
async fn exactly_more(stream: &mut TcpStream, held: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    if length > BODY_BYTES_MAX {
        return Err(broken("a chunk is too long"));
    }
    while held.len() < length {
        if stream.read_buf(held).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let rest = held.split_off(length);
    Ok(std::mem::replace(held, rest))
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
