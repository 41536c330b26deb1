//! The proxy before a second proxy that plays the server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Fault, FaultProxy, Reply};

const BODY: &str = r#"{"text":"all of it"}"#;

/// A server that always answers `BODY`, and a proxy before it.
async fn pair() -> (FaultProxy, FaultProxy) {
    let server = FaultProxy::alone().await.expect("a free port");
    server.when(usize::MAX, |_| true, Fault::Instead(Reply::json(BODY)));
    let proxy = FaultProxy::before(server.address()).await.expect("a free port");
    (server, proxy)
}

/// Status and body as a plain client gets them; nothing when the connection closed before a head.
async fn ask(proxy: &FaultProxy, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    let request = format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("it closes");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

#[tokio::test]
async fn what_no_rule_matches_passes_unchanged() {
    let (server, proxy) = pair().await;
    proxy.next("/other", Fault::Refuse);
    assert_eq!(ask(&proxy, "/a?b").await, Some((200, BODY.to_owned())));
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str(), seen[0].text().as_str()), ("POST", "/a?b", "abc"));
}

#[tokio::test]
async fn each_fault_does_what_it_says_and_the_server_saw_what_it_should() {
    let cases = [
        (Fault::Refuse, 0, None),
        (Fault::CutBeforeAnswer, 1, None),
        (Fault::CutAnswer(4), 1, Some((200, BODY[..4].to_owned()))),
        (Fault::CutAnswer(4_000), 1, Some((200, BODY[..BODY.len() - 1].to_owned()))),
        (Fault::Truncate(5), 1, Some((200, BODY[..5].to_owned()))),
        (Fault::Delay(Duration::from_millis(1)), 1, Some((200, BODY.to_owned()))),
        (Fault::Body(b"<p>".to_vec()), 1, Some((200, "<p>".to_owned()))),
        (Fault::Instead(Reply::too_many(7)), 0, Some((429, String::new()))),
        (Fault::After(Reply::status(502)), 1, Some((502, String::new()))),
        (Fault::Duplicate, 2, Some((200, BODY.to_owned()))),
    ];
    for (fault, calls, expected) in cases {
        let (server, proxy) = pair().await;
        let name = format!("{fault:?}");
        proxy.next("/", fault);
        assert_eq!(ask(&proxy, "/").await, expected, "{name}");
        assert_eq!(server.count("/"), calls, "{name}");
        assert_eq!(ask(&proxy, "/").await, Some((200, BODY.to_owned())), "only once: {name}");
    }
}

#[tokio::test]
async fn corruption_follows_its_seed() {
    let (_server, proxy) = pair().await;
    let mut bodies = Vec::new();
    for seed in [1, 1, 2] {
        proxy.next("/", Fault::Corrupt(seed));
        bodies.push(ask(&proxy, "/").await.expect("an answer").1);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_ne!(bodies[0], bodies[2]);
    assert_ne!(bodies[0], BODY);
}

#[tokio::test]
async fn a_stream_arrives_piece_by_piece_and_stays_open() {
    let server = FaultProxy::alone().await.expect("a free port");
    server.next("/", Fault::Instead(Reply::status(200).piece(Duration::ZERO, "one\n").held_open()));
    let proxy = FaultProxy::before(server.address()).await.expect("a free port");
    let mut stream = TcpStream::connect(proxy.address()).await.expect("it listens");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it reads");
    let mut text = String::new();
    let mut buffer = [0; 256];
    while !text.ends_with("one\n") {
        let read = stream.read(&mut buffer).await.expect("it stays open");
        assert!(read > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let more = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut buffer)).await;
    assert!(more.is_err(), "nothing more comes, and it is not closed: {more:?}");
}
