//! An HTTP proxy between a client under test and a real server, which does to chosen calls what networks do to them.
//!
//! Everything passes unchanged (streams too) but the calls that a rule matches: [`FaultProxy::next`] and [`FaultProxy::when`] say
//! which, [`Fault`] says what happens. Whether the server saw the call is part of the fault, because that is what "effect unknown"
//! means. Invariant: a rule is used up exactly as often as it says, and [`FaultProxy::seen`] lists every call in order, faulty or
//! not. Plain HTTP/1.1 on loopback only, one call a connection; no TLS, no WebSocket.
//!
//! Without a server behind it ([`FaultProxy::alone`]) it plays answers recorded from documentation: what no rule matches is 404.

mod call;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub use call::Seen;
use call::{Asked, Replied};

/// A connection that says nothing for this long is given up: longer than any client's own limit, so that the client's limit acts.
const SILENCE_MAX: Duration = Duration::from_mins(2);

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection is closed before the server hears of it.
    Refuse,
    /// The server does it; the connection closes without an answer.
    CutBeforeAnswer,
    /// The server does it; so many bytes of the answer's body arrive, then the connection closes although more was announced.
    CutAnswer(usize),
    /// The server does it; the answer is whole by its headers, and its body ends after so many bytes.
    Truncate(usize),
    /// The answer comes later.
    Delay(Duration),
    /// The server does it; in the answer's body the seed chooses a few bytes that are changed.
    Corrupt(u64),
    /// The server does it; the answer's body is another.
    Body(Vec<u8>),
    /// The server never hears of it; this is answered instead.
    Instead(Reply),
    /// The server does it; this is answered nevertheless.
    After(Reply),
    /// The server gets the same call twice; the second answer is given.
    Duplicate,
}

/// An answer that the proxy gives itself.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<(Duration, Vec<u8>)>,
    held_open: bool,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// 200 with JSON.
    pub fn json(body: impl Into<String>) -> Self {
        Self::status(200).header("content-type", "application/json").piece(Duration::ZERO, body.into())
    }

    /// "Too many calls", with how long to wait.
    pub fn too_many(retry_after_seconds: u32) -> Self {
        Self::status(429).header("retry-after", &retry_after_seconds.to_string())
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another piece of the body, after a pause.
    #[must_use]
    pub fn piece(mut self, pause: Duration, bytes: impl Into<Vec<u8>>) -> Self {
        self.pieces.push((pause, bytes.into()));
        self
    }

    /// A stream that stays open after its last piece, until the client goes.
    #[must_use]
    pub fn held_open(mut self) -> Self {
        self.held_open = true;
        self
    }
}

type Matches = Box<dyn Fn(&Seen) -> bool + Send>;

struct Rule {
    matches: Matches,
    fault: Fault,
    left: usize,
}

#[derive(Default)]
struct State {
    upstream: Option<SocketAddr>,
    rules: Vec<Rule>,
    seen: Vec<Seen>,
}

/// The running proxy; closed with all its connections when dropped.
pub struct FaultProxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Before a server.
    ///
    /// # Errors
    /// When no loopback port is free.
    pub async fn before(upstream: SocketAddr) -> io::Result<Self> {
        Self::start(Some(upstream)).await
    }

    /// Without a server: only rules answer.
    ///
    /// # Errors
    /// As [`FaultProxy::before`].
    pub async fn alone() -> io::Result<Self> {
        Self::start(None).await
    }

    async fn start(upstream: Option<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { upstream, ..State::default() }));
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address for a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Points it to another server from now on, for one that was started anew.
    pub fn point_to(&self, upstream: SocketAddr) {
        lock(&self.state).upstream = Some(upstream);
    }

    /// The next call whose path begins like this.
    pub fn next(&self, path: &'static str, fault: Fault) {
        self.when(1, move |call| call.path.starts_with(path), fault);
    }

    /// So many of the calls that match. Earlier rules go first.
    pub fn when(&self, times: usize, matches: impl Fn(&Seen) -> bool + Send + 'static, fault: Fault) {
        lock(&self.state).rules.push(Rule { matches: Box::new(matches), fault, left: times });
    }

    /// Forgets rules that were not used up.
    pub fn heal(&self) {
        lock(&self.state).rules.clear();
    }

    /// Every call so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    /// How many calls so far had a path that begins like this.
    pub fn count(&self, path: &str) -> usize {
        lock(&self.state).seen.iter().filter(|call| call.path.starts_with(path)).count()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // Ends the open connections too: they belong to the task.
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A client that goes away in the middle is an ordinary thing here.
                if let Ok((client, _)) = accepted {
                    connections.spawn(serve(client, Arc::clone(&state)));
                }
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn serve(mut client: TcpStream, state: Arc<Mutex<State>>) -> io::Result<()> {
    let asked = tokio::time::timeout(SILENCE_MAX, Asked::read(&mut client)).await??;
    let (upstream, fault) = notice(&state, &asked);
    let Some(fault) = fault else {
        return match upstream {
            Some(upstream) => pass(&mut client, &asked, upstream).await,
            None => give(&mut client, &Reply::status(404)).await,
        };
    };
    let server = || upstream.ok_or_else(|| io::Error::other("the fault needs a server behind the proxy"));
    match fault {
        Fault::Refuse => Ok(()),
        Fault::Instead(reply) => give(&mut client, &reply).await,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            pass(&mut client, &asked, server()?).await
        }
        Fault::CutBeforeAnswer => asked.ask(server()?).await.map(drop),
        Fault::After(reply) => {
            asked.ask(server()?).await?;
            give(&mut client, &reply).await
        }
        Fault::Duplicate => {
            asked.ask(server()?).await?;
            pass(&mut client, &asked, server()?).await
        }
        Fault::CutAnswer(bytes) => {
            let replied = asked.ask(server()?).await?;
            let (head, body) = replied.written(replied.body.len());
            client.write_all(&head).await?;
            client.write_all(&body[..bytes.min(body.len().saturating_sub(1))]).await
        }
        Fault::Truncate(bytes) => changed(&mut client, &asked, server()?, |body| body.truncate(bytes)).await,
        Fault::Corrupt(seed) => changed(&mut client, &asked, server()?, |body| corrupt(body, seed)).await,
        Fault::Body(other) => changed(&mut client, &asked, server()?, |body| *body = other).await,
    }
}

/// Notes a call and finds what is to happen to it.
fn notice(state: &Mutex<State>, asked: &Asked) -> (Option<SocketAddr>, Option<Fault>) {
    let mut state = lock(state);
    state.seen.push(asked.seen.clone());
    let upstream = state.upstream;
    let found = state.rules.iter().position(|rule| (rule.matches)(&asked.seen));
    let fault = found.map(|at| {
        let rule = &mut state.rules[at];
        rule.left -= 1;
        let fault = rule.fault.clone();
        if rule.left == 0 {
            state.rules.remove(at);
        }
        fault
    });
    (upstream, fault)
}

/// Passes a call on and copies the answer as it comes.
async fn pass(client: &mut TcpStream, asked: &Asked, upstream: SocketAddr) -> io::Result<()> {
    let mut server = asked.send(upstream).await?;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = server.read(&mut buffer) => read?,
            // The client has sent all it has to say: whatever is readable now is its going away.
            _gone = client.readable() => if is_gone(client) { return Ok(()) } else { continue },
            () = tokio::time::sleep(SILENCE_MAX) => return Ok(()),
        };
        if read == 0 {
            return client.shutdown().await;
        }
        client.write_all(&buffer[..read]).await?;
    }
}

fn is_gone(client: &TcpStream) -> bool {
    match client.try_read(&mut [0; 512]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

async fn changed(
    client: &mut TcpStream,
    asked: &Asked,
    upstream: SocketAddr,
    change: impl FnOnce(&mut Vec<u8>),
) -> io::Result<()> {
    let mut replied: Replied = asked.ask(upstream).await?;
    change(&mut replied.body);
    let (head, body) = replied.written(replied.body.len());
    client.write_all(&head).await?;
    client.write_all(body).await?;
    client.shutdown().await
}

/// Answers by itself.
async fn give(client: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Given\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    client.write_all(format!("{head}\r\n").as_bytes()).await?;
    for (pause, bytes) in &reply.pieces {
        tokio::time::sleep(*pause).await;
        client.write_all(bytes).await?;
    }
    if reply.held_open {
        while !is_gone(client) {
            client.readable().await?;
        }
    }
    client.shutdown().await
}

/// Changes up to four bytes of the body, chosen by the seed.
fn corrupt(body: &mut [u8], seed: u64) {
    let mut state = seed | 1;
    for _ in 0..4 {
        // Xorshift (Marsaglia 2003): enough to choose a place.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let Some(at) = usize::try_from(state >> 8).ok().and_then(|place| place.checked_rem(body.len())) else { return };
        body[at] = body[at].wrapping_add(1 + state.to_le_bytes()[0] % 254);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

#[cfg(test)]
mod tests;
