//! How fast messages come in: events that exist already, through ledger, inspector and database. `scripts/bench/intake.sh` runs it.
//!
//! Usage: intake FOLDER COUNT. Prints messages per second, processor time per message, and the peak of resident memory.

use std::{path::Path, sync::Arc, time::Instant};

use desk::{
    Actor, Desk, DeskParts, SystemClock, SystemIds,
    capture::{Examiner, Intake, Lot, Then, Via},
    db::{Db, DbOptions},
    profiles::{self, NewProfile},
    sealed::Sealer,
};
use ledger::{
    engine::{Environment, Ledger, OnFatal, Options, create},
    keys::master::LocalMasterKey,
};
use networks::{
    Cursor, Event,
    event::{Content, Party, Place, PlaceKind, Raw, What},
};
use tokio::sync::mpsc;

const WORDS: &[&str] = &[
    "the",
    "release",
    "is",
    "late",
    "again",
    "please",
    "look",
    "at",
    "this",
    "customer",
    "who",
    "waits",
    "since",
    "monday",
    "thanks",
    "for",
    "your",
    "help",
    "we",
    "shipped",
    "it",
    "yesterday",
    "and",
    "nobody",
    "told",
    "sales",
    "about",
    "the",
    "new",
    "price",
];

/// A message like those of an export: twenty words, sometimes a mail address, with the bytes around it.
fn event(n: u64) -> Event {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut text = String::new();
    for _ in 0..8 + next(25) {
        text.push_str(WORDS[usize::try_from(next(WORDS.len() as u64)).unwrap_or(0)]);
        text.push(' ');
    }
    if next(20) == 0 {
        text.push_str(&format!("person{}@example.test", next(1_000)));
    }
    let (channel, user, ts) = (format!("C{}", n / 5_000), format!("U{}", next(500)), format!("{}.000200", 1_700_000_000 + n));
    let raw = format!(
        r#"{{"type":"message","user":"{user}","ts":"{ts}","client_msg_id":"{n:032x}","text":"{text}","team":"T1","blocks":[{{"type":"rich_text","block_id":"b{n}","elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{text}"}}]}}]}}]}}"#
    );
    Event {
        native_id: format!("{channel}:{ts}"),
        revision: String::new(),
        what: What::Posted(Box::new(Content { text, ..Content::default() })),
        source_time_ms: Some(1_700_000_000_000 + i64::try_from(n).unwrap_or(0) * 1_000),
        posted_at_ms: None,
        place: Place { native_id: channel, name: Some("general".to_owned()), kind: PlaceKind::Workspace },
        by: Some(Party { native_id: user, handle: None, name: None, bot: false }),
        raw: Raw { media_type: "application/json".to_owned(), bytes: raw.into_bytes() },
    }
}

fn open_ledger(folder: &Path) -> Arc<Ledger> {
    let master = LocalMasterKey::from_hex(&"07".repeat(32), "the bench").expect("a key");
    create(&Environment::default(), folder, "bench.example.test/log", &master, &[], 32 * 1024 * 1024).expect("a new ledger");
    let options = Options { on_fatal: OnFatal::Stop, reserve_bytes: 0, ..Options::default() };
    Arc::new(Ledger::open(Environment::default(), folder, &master, options).expect("the ledger opens"))
}

/// A line of this process' status, in kB.
fn status_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

/// Processor time of this process, all threads, in seconds.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

async fn open_desk(folder: &Path) -> Desk {
    let db = Db::open_sqlite(&folder.join("gatepost.db"), DbOptions::default()).await.expect("opens");
    db.migrate().await.expect("migrates");
    Desk::new(DeskParts {
        db,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(&[7; 32]),
        public_url: "http://localhost".to_owned(),
        mail: None,
    })
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints approximate figures")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().expect("a folder"));
    let count: u64 = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(200_000);
    std::fs::create_dir_all(&folder).expect("a folder");
    let desk = open_desk(&folder).await;
    let new = NewProfile {
        network: "bench".to_owned(),
        handle: "bench".to_owned(),
        title: "Bench".to_owned(),
        group: None,
        protected: false,
    };
    let profile = profiles::add(&desk, &Actor::desk("bench"), &new).await.expect("a profile");
    let intake = Intake::new(desk, open_ledger(&folder.join("ledger")), Arc::new(Examiner::new().expect("compiles")));
    let (begun, cpu) = (Instant::now(), cpu_s());
    let (send, lots) = mpsc::channel(2);
    let producer = std::thread::spawn(move || {
        let mut at = 0;
        let mut busy = 0.0;
        while at < count {
            let end = (at + 1_000).min(count);
            let begun = Instant::now();
            let events = (at..end).map(event).collect();
            busy += begun.elapsed().as_secs_f64();
            let then = Then::Cursor(Cursor(end.to_string()));
            let lot = Lot { via: Via::BackFill, connector: "bench", events, gaps: Vec::new(), late: Vec::new(), then };
            send.blocking_send(lot).expect("goes in");
            at = end;
        }
        busy
    });
    let taken = intake.run(profile, lots).await.expect("goes well");
    let busy = producer.join().expect("no panic");
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_s() - cpu);
    assert_eq!(taken.recorded as u64, count);
    let per = |seconds: f64| seconds * 1e6 / count as f64;
    println!("messages {count}");
    println!("messages_per_s {:.0}", count as f64 / wall);
    println!("cpu_us_per_message {:.1} (of these {:.1} for making the events)", per(cpu), per(busy));
    println!("resident_peak_mb {}", status_kb("VmHWM") / 1024);
}
