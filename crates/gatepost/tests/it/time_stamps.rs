//! Time stamps while the server runs: a real authority, and one behind a go-between that makes it fail in every way there is.
//!
//! Whatever the second authority does, the first is stamped by, acts are recorded, and the record says why a stamp is missing.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use desk::records::AUDIT_STREAM;
use ledger::{
    context::Clock,
    engine::{Environment, Ledger, NewEntry, Options, Reader, create},
    entry::EntryKind,
    governance::{Act, recent::Recent},
    ids::{RecordId, StreamId},
    store::files::RING_BYTES_MIN,
};
use testkit::process::{Process, get};

use crate::{
    beside::{Beside, WAIT_MAX, master},
    peers::TimeAuthority,
    program::Place,
};

/// What the go-between does with the next question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Hands it on and answers with what comes.
    Honest,
    /// Hangs up.
    Down,
    /// Answers with an error page.
    ErrorPage,
    /// Answers with an earlier answer: another nonce.
    OldAnswer,
    /// Has something else stamped: the right nonce, another imprint.
    OtherMessage,
    /// Has it stamped by somebody else: another chain.
    OtherAuthority,
    /// Hands on nonsense, which a real authority rejects in due form.
    Rejected,
    /// Answers with more than anybody reads.
    TooLarge,
    /// Never answers.
    Slow,
}

struct GoBetween {
    manner: Arc<Mutex<Manner>>,
    address: SocketAddr,
}

impl GoBetween {
    fn start(honest: SocketAddr, other: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("bound");
        let manner = Arc::new(Mutex::new(Manner::Honest));
        let (shared, earlier) = (manner.clone(), Arc::new(Mutex::new(Vec::new())));
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manner, earlier) = (shared.clone(), earlier.clone());
                std::thread::spawn(move || {
                    // A client that hangs up is its own business.
                    let _answered = answer(stream, &manner, &earlier, honest, other);
                });
            }
        });
        Self { manner, address }
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().expect("no holder panics") = manner;
    }
}

fn answer(
    mut stream: TcpStream,
    manner: &Mutex<Manner>,
    earlier: &Mutex<Vec<u8>>,
    honest: SocketAddr,
    other: SocketAddr,
) -> std::io::Result<()> {
    let mut query = read_query(&mut stream)?;
    let now = *manner.lock().expect("no holder panics");
    let reply = match now {
        Manner::Honest => {
            let reply = ask(honest, &query)?;
            earlier.lock().expect("no holder panics").clone_from(&reply);
            reply
        }
        Manner::Down => return Ok(()),
        Manner::ErrorPage => return stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        Manner::OldAnswer => earlier.lock().expect("no holder panics").clone(),
        Manner::OtherMessage => {
            let imprint = query.windows(2).position(|two| two == [0x04, 0x20]).expect("a SHA-256 imprint") + 2;
            query[imprint] ^= 1;
            ask(honest, &query)?
        }
        Manner::OtherAuthority => ask(other, &query)?,
        Manner::Rejected => ask(honest, b"nonsense")?,
        Manner::TooLarge => vec![0x30; 200_000],
        Manner::Slow => {
            while *manner.lock().expect("no holder panics") == Manner::Slow {
                std::thread::sleep(Duration::from_millis(20));
            }
            return Ok(());
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\r\n", reply.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(&reply)
}

fn read_query(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
        if read == 0 || length.is_some_and(|length| bytes.len() >= end + 4 + length) {
            return Ok(bytes.split_off(end + 4));
        }
    }
}

/// Puts a question to a real authority.
fn ask(authority: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority)?;
    let path = TimeAuthority::PATH;
    let head =
        format!("POST {path} HTTP/1.0\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\n\r\n", query.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(query)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    Ok(bytes.split_off(end + 4))
}

/// The newest outcome of asking an authority: the size that was stamped, or why not.
fn newest(reader: &Reader, authority: &str) -> Option<Result<u64, String>> {
    let recent = Recent::read(reader, &["first", "second"]).expect("readable");
    match recent.stamps.get(authority)?.act.clone()? {
        Act::TimestampAnchored { size, .. } => Some(Ok(size)),
        Act::TimestampFailed { reason, .. } => Some(Err(reason)),
        _ => None,
    }
}

fn configure(place: &Place, first: &TimeAuthority, second: SocketAddr, root: &Path) {
    let text = format!(
        "[timestamps]\ninterval_seconds = 1\nfirst_url = \"{}\"\nfirst_roots = \"{}\"\nsecond_url = \"http://{second}/tsa\"\n\
         second_roots = \"{}\"\nsecond_policy = \"1.3.6.1.4.1.99999.2\"\n",
        first.url(),
        first.root().display(),
        root.display()
    );
    std::fs::write(place.path("data/gatepost.toml"), text).expect("written");
}

#[test]
fn checkpoints_are_stamped_and_nothing_an_authority_does_stops_the_record() {
    let place = Place::with_workspace();
    let first = TimeAuthority::start(&place.path("first"), "rsa");
    let second = TimeAuthority::start(&place.path("second"), "ec");
    let other = TimeAuthority::start(&place.path("other"), "ec");
    let between = GoBetween::start(second.address, other.address);
    configure(&place, &first, between.address, &second.root());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
    let mut command = place.command(&["serve", "--listen", &address.to_string()]);
    let mut server = Process::start(&mut command).expect("it starts");
    server.answers(address, "/readyz", WAIT_MAX).expect("it comes up");
    let beside = Beside(&place);
    for authority in ["first", "second"] {
        beside.until(authority, &server, |reader| newest(reader, authority)?.ok());
    }
    for (number, (manner, said)) in [
        (Manner::Down, "the authority could not be reached"),
        (Manner::ErrorPage, "HTTP status 503"),
        (Manner::OldAnswer, "nonce"),
        (Manner::OtherMessage, "imprint"),
        (Manner::OtherAuthority, "does not lead to a configured root"),
        (Manner::Rejected, "the authority refused"),
        (Manner::TooLarge, "more than the 65536 bytes"),
        (Manner::Slow, "took too long"),
    ]
    .into_iter()
    .enumerate()
    {
        between.set(manner);
        let before = beside.audit_entries();
        let email = format!("person{number}@example.test");
        place.gatepost(&["user", "create", &email, "--name", "Somebody"]).done();
        beside.until("the act", &server, |reader| (reader.stream_len(AUDIT_STREAM).expect("readable") > before).then_some(()));
        beside.until(said, &server, |reader| newest(reader, "second")?.err().filter(|reason| reason.contains(said)));
        let stamped = beside.reader().newest_stamp("first").expect("readable").expect("stamped").size;
        beside.until("a stamp by the first", &server, |reader| newest(reader, "first")?.ok().filter(|size| *size > stamped));
    }
    between.set(Manner::Honest);
    let size = beside.until("the second, honest again", &server, |reader| newest(reader, "second")?.ok());
    let metrics = get(address, "/metrics").expect("answers").body;
    let counted = |outcome: &str| {
        let begin = format!("gatepost_ledger_timestamps_total{{authority=\"second\",outcome=\"{outcome}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&begin)?.parse::<u64>().ok()).unwrap_or(0)
    };
    assert!(counted("failed") >= 8 && counted("stamped") >= 2, "{metrics}");
    assert!(metrics.contains("gatepost_ledger_timestamps_missing{authority=\"first\"} 0"), "{metrics}");
    server.ask_to_end().expect("asked");
    assert!(server.ends(WAIT_MAX).expect("it stops").success(), "{}", server.said());
    openssl_accepts(&place, size, &second);
    let verified = place.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
    let checked = place.gatepost(&["check"]).done();
    assert!(checked.contains("signed, stamped 20"), "{checked}");
}

/// The token that was stored, judged by a program that knows nothing of ours.
fn openssl_accepts(place: &Place, size: u64, authority: &TimeAuthority) {
    let checkpoints = place.path("data/ledger/checkpoints");
    let note = std::fs::read_to_string(checkpoints.join(format!("{size}.note"))).expect("kept beside the stamp");
    let (text, _signatures) = note.split_once("\n\n").expect("a signed note");
    std::fs::write(place.path("message"), format!("{text}\n")).expect("written");
    let verified = Command::new("openssl")
        .args(["ts", "-verify", "-in"])
        .arg(checkpoints.join(format!("{size}.second.tsr")))
        .arg("-data")
        .arg(place.path("message"))
        .arg("-CAfile")
        .arg(authority.root())
        .output()
        .expect("openssl runs");
    assert!(verified.status.success(), "{verified:?}");
}

struct LongAgo;

impl Clock for LongAgo {
    fn now_ms(&self) -> i64 {
        1_770_000_000_000
    }
}

#[test]
fn missing_stamps_and_an_overdue_scrub_are_found_by_the_doctor() {
    let place = Place::with_workspace();
    let authority = TimeAuthority::start(&place.path("authority"), "ec");
    configure(&place, &authority, authority.address, &authority.root());
    let master = master(&place);
    let environment = Environment { clock: Arc::new(LongAgo), ..Environment::default() };
    let root = place.path("data/ledger");
    create(&environment, &root, "desk.example.test/log", &master, &[], RING_BYTES_MIN).expect("created");
    let ledger = Ledger::open(environment, &root, &master, Options { reserve_bytes: 0, ..Options::default() }).expect("opens");
    let entry = NewEntry {
        kind: EntryKind::Capture,
        record_id: RecordId([1; 16]),
        stream: StreamId([1; 16]),
        subjects: Vec::new(),
        retention_class: 1,
        refers_to: RecordId::NONE,
        source_time_ms: 0,
        body: b"long ago".to_vec(),
    };
    ledger.append(entry).expect("accepted").wait().expect("durable");
    ledger.close().expect("closes");
    let checked = place.gatepost(&["check", "--json"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    let json = checked.json();
    let found: Vec<&str> = json["findings"].as_array().expect("a list").iter().filter_map(|one| one["found"].as_str()).collect();
    for part in
        ["time stamps of authority `first` are missing: there is none", "authority `second`", "a scrub of the record is overdue"]
    {
        assert!(found.iter().any(|words| words.contains(part)), "{part}: {found:?}");
    }
    std::fs::write(place.path("data/gatepost.toml"), "timestamps.first_url = \"http://127.0.0.1:9/tsa\"\n").expect("written");
    let said = place.gatepost(&["serve", "--listen", "127.0.0.1:0"]).failed();
    assert!(said.contains("timestamps.first_*"), "{said}");
}
