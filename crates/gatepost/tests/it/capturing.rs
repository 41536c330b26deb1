//! The whole server killed without warning while it captures, started again, killed again.
//!
//! What must hold at the end: everything that happened at the source up to the cursor is in the record exactly once and visible, the
//! stream has no hole, what hangs on messages is stored once, and every stretch that was missed is explained and made up for.
//! `GATEPOST_FAULT_ROUNDS` and `GATEPOST_FAULT_SEED` make it a campaign.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use desk::{
    Actor, Desk,
    capture::{
        Connectors,
        connections::{self, Begun, NewConnection},
        stream_of,
    },
    db::sql,
    ids::ProfileId,
};
use ledger::{
    engine::{Environment, Reader},
    entry::EntryKind,
    keys::keystore::Opener,
};
use networks::{Account, Cursor, Secrets, Session};
use testkit::{
    desk::desk_in,
    process::{Moments, Process},
};

use crate::{beside::master, program::Place};

/// Kills in the short form, a part of every test run.
const ROUNDS: u64 = 5;
/// The longest life of a server after it answered.
const LIFE_MAX: Duration = Duration::from_millis(1_200);
/// A server that needs longer to start, to catch up or to end hangs.
const WAIT_MAX: Duration = Duration::from_mins(2);
/// How far back the source reaches: more than one life can read.
const PAST_MS: i64 = 4 * 24 * 3_600_000;
/// A slot of the sandbox's time.
const SLOT_MS: i64 = 10_000;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

fn serve(place: &Place) -> (Process, SocketAddr) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
    let mut command = place.command(&["serve", "--listen", &address.to_string()]);
    (Process::start(command.env("GATEPOST_LOG_LEVEL", "warn")).expect("it starts"), address)
}

/// Connects a sandbox whose past begins long ago.
async fn connect(desk: &Desk) -> ProfileId {
    let form = NewConnection {
        network: "sandbox".to_owned(),
        method: "sandbox".to_owned(),
        fields: BTreeMap::from([("handle".to_owned(), "kites".to_owned()), ("feed".to_owned(), "internal".to_owned())]),
        profile: None,
        title: String::new(),
        group: None,
        protected: false,
    };
    let begun = connections::begin(desk, &Connectors::all(), &Actor::desk("test"), form).await.expect("connects");
    let Begun::Connected(profile) = begun else { panic!("no round trip is needed") };
    let mut tx = desk.db().begin().await.expect("begins");
    let settings = settings(desk.now().0 - PAST_MS);
    let settings = serde_json::to_string(&settings).expect("texts are JSON");
    sql("UPDATE connections SET settings = $1").bind(settings).execute(&mut tx).await.expect("writes");
    tx.commit().await.expect("commits");
    profile
}

fn settings(since_ms: i64) -> BTreeMap<String, String> {
    BTreeMap::from([("feed".to_owned(), "internal".to_owned()), ("since_ms".to_owned(), since_ms.to_string())])
}

/// Everything that happened at the source before a slot: native id and revision.
async fn happened(since: &BTreeMap<String, String>, until_slot: i64) -> HashSet<(String, String)> {
    let account = Account {
        native_id: "sandbox:kites".to_owned(),
        handle: "kites".to_owned(),
        name: None,
        link: None,
        server: "sandbox".to_owned(),
    };
    let clock = networks::account::Clock::default();
    let session = Session { account, secrets: Secrets::default(), settings: since.clone(), clock };
    let network = networks::registry::network("sandbox").expect("it is there");
    let (mut seen, mut cursor): (HashSet<_>, Option<Cursor>) = (HashSet::new(), None);
    loop {
        let batch = network.pull(&session, cursor.as_ref(), Duration::ZERO).await.expect("the sandbox answers");
        let before = batch.events.into_iter().filter(|event| event.source_time_ms.is_some_and(|at| at / SLOT_MS < until_slot));
        for event in before {
            assert!(seen.insert((event.native_id, event.revision)), "the sandbox says something twice");
        }
        if !batch.more {
            return seen;
        }
        cursor = Some(batch.cursor);
    }
}

async fn count(desk: &Desk, text: &'static str) -> i64 {
    let mut reader = desk.db().read().await.expect("reads");
    sql(text).one(&mut reader).await.expect("a row").get("n").expect("a number")
}

/// The slot that capture has reached.
async fn slot(desk: &Desk) -> i64 {
    let mut reader = desk.db().read().await.expect("reads");
    let row = sql("SELECT cursor FROM capture_streams").optional(&mut reader).await.expect("reads");
    let cursor = row.and_then(|row| row.get::<Option<String>>("cursor").expect("a text or nothing"));
    let cursor: Option<serde_json::Value> = cursor.map(|cursor| serde_json::from_str(&cursor).expect("the sandbox's form"));
    cursor.map_or(0, |cursor| cursor["slot"].as_i64().expect("a number"))
}

/// What the record holds of the profile: events by what names them, stored and missing attachments by the text they hang on.
fn recorded(place: &Place, profile: ProfileId) -> (HashMap<(String, String), usize>, HashMap<String, usize>) {
    let master = master(place);
    let opener = Opener::Master(&master);
    let reader = Reader::open(&Environment::default(), &place.path("data/ledger"), Some(&opener)).expect("the ledger opens");
    let (mut events, mut attachments) = (HashMap::new(), HashMap::new());
    for (position, entry) in (0..).zip(reader.stream(stream_of(profile), 0)) {
        let entry = entry.expect("an entry");
        assert_eq!(entry.stream_seq, position, "the stream has a hole");
        let body = reader.read(entry.seq).expect("opens").body().expect("a body").bytes;
        let line = body.split(|byte| *byte == b'\n').next().expect("a line");
        let line: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        match entry.kind {
            EntryKind::Heartbeat | EntryKind::Gap => {}
            EntryKind::Attachment => {
                *attachments.entry(format!("{}/{}", line["attachment"]["entry"], line["attachment"]["part"])).or_insert(0) += 1;
            }
            _ => *events.entry((text(&line["event"]["native_id"]), text(&line["event"]["revision"]))).or_insert(0) += 1,
        }
    }
    (events, attachments)
}

#[test]
fn a_server_killed_while_it_captures_records_everything_once_and_shows_it() {
    let (rounds, seed) = (number("GATEPOST_FAULT_ROUNDS", ROUNDS), number("GATEPOST_FAULT_SEED", 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let place = Place::with_workspace();
    let data = place.path("data");
    // The desk of the test is closed whenever a server runs that is to be killed: it would hold the database's files open.
    let in_desk = async || desk_in(&data).await;
    let profile = runtime.block_on(async {
        let desk = in_desk().await;
        let profile = connect(&desk).await;
        desk.db().close().await;
        profile
    });
    let lives = Moments::new(seed, LIFE_MAX).take(usize::try_from(rounds).expect("not that many"));
    for (round, life) in lives.enumerate() {
        let (mut process, address) = serve(&place);
        // Every third server is killed wherever its start has got to.
        if round % 3 != 2 {
            process.answers(address, "/readyz", WAIT_MAX).expect("it comes up after every kill");
        }
        std::thread::sleep(life);
        process.kill().expect("killed");
    }
    let (mut process, address) = serve(&place);
    process.answers(address, "/readyz", WAIT_MAX).expect("it comes up a last time");
    runtime.block_on(async {
        let desk = in_desk().await;
        let goal = desk.now().0 / SLOT_MS;
        let begun = std::time::Instant::now();
        let waiting = "SELECT COUNT(*) AS n FROM attachments WHERE state = 'pending'";
        while slot(&desk).await < goal || count(&desk, waiting).await > 0 {
            assert!(begun.elapsed() < WAIT_MAX, "seed {seed}: it does not catch up: {}", process.said());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        desk.db().close().await;
    });
    process.ask_to_end().expect("asked");
    assert!(process.ends(WAIT_MAX).expect("it stops when it is asked").success(), "{}", process.said());

    let (events, attachments) = recorded(&place, profile);
    assert!(events.values().all(|count| *count == 1), "seed {seed}: an event is on record twice");
    assert!(
        !attachments.is_empty() && attachments.values().all(|count| *count == 1),
        "seed {seed}: an attachment is there twice"
    );
    runtime.block_on(check_tables(&data, &events, attachments.len(), seed));
    let verified = place.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
}

/// The tables are the projection of exactly what is on record, and that is exactly what happened.
async fn check_tables(data: &Path, events: &HashMap<(String, String), usize>, attachments: usize, seed: u64) {
    let desk = desk_in(data).await;
    let mut reader = desk.db().read().await.expect("reads");
    let row = sql("SELECT settings FROM connections").one(&mut reader).await.expect("a row");
    let since: BTreeMap<String, String> = serde_json::from_str(&row.get::<String>("settings").expect("a text")).expect("JSON");
    drop(reader);
    let happened = happened(&since, slot(&desk).await).await;
    let lost: Vec<_> = happened.iter().filter(|event| !events.contains_key(*event)).take(5).collect();
    assert!(lost.is_empty(), "seed {seed}: these happened and are not on record: {lost:?}");
    assert_eq!(events.len(), happened.len(), "seed {seed}: something on record never happened");
    let of_message = |revision: &str| revision.is_empty() || revision.starts_with("edit") || revision == "delete";
    let messages: HashSet<_> =
        happened.iter().filter(|(native_id, revision)| !native_id.starts_with("sbx-member") && of_message(revision)).collect();
    let messages: HashSet<_> = messages.into_iter().map(|(native_id, _)| native_id).collect();
    let number = async |text: &'static str| usize::try_from(count(&desk, text).await).expect("not negative");
    assert_eq!(number("SELECT COUNT(*) AS n FROM messages").await, messages.len());
    assert_eq!(number("SELECT COUNT(*) AS n FROM attachments WHERE state = 'stored'").await, attachments);
    assert_eq!(number("SELECT COUNT(*) AS n FROM attachments WHERE state = 'failed'").await, 0);
    assert_eq!(
        number("SELECT COUNT(*) AS n FROM gaps WHERE reason = '' OR back_filled_at_ms IS NULL").await,
        0,
        "an unexplained gap"
    );
    desk.db().close().await;
}
