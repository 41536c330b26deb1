//! A client that only asks and counts: HTTP/1.1 with connections kept open, one question after the other on each.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'a str,
    pub(crate) cookie: &'a str,
    pub(crate) gzip: bool,
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Load {
    times: Vec<Duration>,
    took: Duration,
    /// Bytes of one answer's body.
    pub(crate) bytes: usize,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    /// The time below which this many of a hundred answers came.
    pub(crate) fn percentile(&self, per_cent: usize) -> Duration {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() * per_cent / 100).min(sorted.len() - 1)]
    }
}

/// One visitor, so many questions.
pub(crate) async fn visit(wanted: &Wanted<'_>, times: usize) -> Load {
    let mut load = Load::default();
    let mut connection = Connection::open(wanted).await;
    connection.ask().await;
    let started = Instant::now();
    for _ in 0..times {
        let asked = Instant::now();
        load.bytes = connection.ask().await;
        load.times.push(asked.elapsed());
    }
    load.took = started.elapsed();
    load
}

/// Many visitors at once, each asking again as soon as it was answered, for so long.
pub(crate) async fn crowd(wanted: &Wanted<'_>, connections: usize, time: Duration) -> Load {
    let started = Instant::now();
    let mut visitors = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(wanted).await;
        visitors.spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < time {
                let asked = Instant::now();
                connection.ask().await;
                times.push(asked.elapsed());
            }
            times
        });
    }
    let times = visitors.join_all().await.concat();
    Load { times, took: started.elapsed(), bytes: 0 }
}

struct Connection {
    stream: BufReader<TcpStream>,
    question: String,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    async fn open(wanted: &Wanted<'_>) -> Self {
        let stream = TcpStream::connect(wanted.address).await.expect("connects");
        stream.set_nodelay(true).expect("a socket option");
        let gzip = if wanted.gzip { "Accept-Encoding: gzip\r\n" } else { "" };
        let question = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nCookie: __Host-gatepost={}\r\n{gzip}\r\n",
            wanted.path, wanted.address, wanted.cookie
        );
        Self { stream: BufReader::new(stream), question, line: String::new(), body: Vec::new() }
    }

    /// Asks once and reads the whole answer: the bytes of its body.
    async fn ask(&mut self) -> usize {
        self.stream.write_all(self.question.as_bytes()).await.expect("asked");
        let status = self.read_line().await.to_owned();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.read_line().await.to_ascii_lowercase();
            if line.is_empty() {
                break;
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a number");
            } else if line.starts_with("transfer-encoding: chunked") {
                chunked = true;
            }
        }
        if !chunked {
            self.read(length).await;
            return length;
        }
        let mut all = 0;
        loop {
            let size = usize::from_str_radix(self.read_line().await, 16).expect("a chunk's size");
            self.read(size + 2).await;
            if size == 0 {
                return all;
            }
            all += size;
        }
    }

    async fn read_line(&mut self) -> &str {
        self.line.clear();
        let read = self.stream.read_line(&mut self.line).await.expect("an answer");
        assert!(read > 0, "the server closed the connection");
        self.line.trim_end()
    }

    async fn read(&mut self, bytes: usize) {
        self.body.resize(bytes, 0);
        self.stream.read_exact(&mut self.body).await.expect("a body");
    }
}
