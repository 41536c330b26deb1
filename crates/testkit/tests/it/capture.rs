//! A capturing process killed without warning, again and again: everything is in the record once, in order, and visible.

use std::{
    collections::HashSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use desk::{
    Actor, Ids as _,
    capture::stream_of,
    db::{Engine, sql},
    ids::ProfileId,
    profiles::{self, NewProfile},
};
use testkit::{
    SeededIds, TestDesk,
    records::{feed_event, intake_in},
};

/// Kills in the short form, a part of every test run.
const ROUNDS: u64 = 12;
/// Environment variables that make it a campaign, or another one.
const ROUNDS_VARIABLE: &str = "GATEPOST_FAULT_ROUNDS";
const SEED_VARIABLE: &str = "GATEPOST_FAULT_SEED";
/// Milliseconds of capturing before the kill.
const MS_TO_KILL: u64 = 120;
/// Events for each round: more than one life can read, so that most kills fall into the work.
const EVENTS_PER_ROUND: usize = 200;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a whole number"))
}

/// A capturing process; ended with the test at the latest.
struct Process(Child, BufReader<std::process::ChildStdout>);

impl Process {
    fn start(folder: &Path, profile: ProfileId, count: usize) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_capture_worker"));
        command.arg(folder).arg(profile.to_string()).arg(count.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the process starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("the process speaks");
        assert_eq!(line, "capturing\n");
        Self(child, lines)
    }

    fn kill(mut self) {
        self.0.kill().expect("our own process can be killed");
        self.0.wait().expect("our own process can be waited for");
    }

    fn end(mut self) {
        let mut line = String::new();
        self.1.read_line(&mut line).expect("the process speaks");
        assert_eq!(line, "done\n");
        assert!(self.0.wait().expect("our own process can be waited for").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended, except when the test failed.
        let _already_ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_recorded_once_and_visible_however_often_capture_is_killed() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let folder = test.sqlite_path().expect("a file").parent().expect("a folder").to_owned();
    let new = NewProfile {
        network: "scripted".to_owned(),
        handle: "ours".to_owned(),
        title: "Ours".to_owned(),
        group: None,
        protected: false,
    };
    let profile = profiles::add(&test.desk, &Actor::desk("test"), &new).await.expect("a profile");
    let (rounds, chance) = (number(ROUNDS_VARIABLE, ROUNDS), SeededIds::new(number(SEED_VARIABLE, 1)));
    let mut count = 0;
    for _ in 0..rounds {
        count += EVENTS_PER_ROUND;
        let mut bytes = [0; 8];
        chance.random(&mut bytes);
        let (folder, delay_ms) = (folder.clone(), u64::from_le_bytes(bytes) % MS_TO_KILL);
        let life = tokio::task::spawn_blocking(move || {
            let process = Process::start(&folder, profile, count);
            std::thread::sleep(Duration::from_millis(delay_ms));
            process.kill();
        });
        life.await.expect("the round ends");
    }
    let last = folder.clone();
    tokio::task::spawn_blocking(move || Process::start(&last, profile, count).end()).await.expect("it ends");
    check(&test, &folder, profile, count).await;
}

async fn check(test: &TestDesk, folder: &Path, profile: ProfileId, count: usize) {
    let intake = intake_in(&test.desk, &folder.join("ledger"));
    let reader = intake.ledger().reader();
    // Each event once, the stream without gaps, and every body there.
    let mut seen = HashSet::new();
    for (position, entry) in (0..).zip(reader.stream(stream_of(profile), 0)) {
        let entry = entry.expect("an entry");
        assert_eq!(entry.stream_seq, position);
        let body = reader.read(entry.seq).expect("opens").body().expect("a body");
        let end = body.bytes.iter().position(|byte| *byte == b'\n').expect("a line");
        let raw: serde_json::Value = serde_json::from_slice(&body.bytes[end + 1..]).expect("the bytes as received");
        assert!(seen.insert(format!("{}/{}", raw["id"], raw["revision"])), "{} is there twice", raw["id"]);
    }
    assert_eq!(seen.len(), count);
    // The tables are the projection of exactly that.
    let expected: HashSet<_> = (0..count)
        .map(feed_event)
        .filter(|event| !event.revision.starts_with("react"))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|event| event.native_id)
        .collect();
    let mut database = test.desk.db().read().await.expect("reads");
    let mut one = async |text: &'static str| {
        let row = sql(text).one(&mut database).await.expect("a row");
        usize::try_from(row.get::<i64>("n").expect("a number")).expect("not negative")
    };
    assert_eq!(one("SELECT COUNT(*) AS n FROM messages").await, expected.len());
    assert_eq!(one("SELECT COUNT(DISTINCT changed) AS n FROM messages").await, expected.len());
    assert_eq!(one("SELECT applied AS n FROM capture_streams").await, count);
    let edits = (0..count).filter(|n| n % 5 == 4).count();
    assert_eq!(one("SELECT CAST(SUM(edits) AS BIGINT) AS n FROM messages").await, edits);
    assert_eq!(one("SELECT COUNT(*) AS n FROM revisions").await, edits);
    let reactions = (0..count).filter(|n| n % 5 != 4 && n % 7 == 6 && n % 5 != 0).count();
    assert_eq!(one("SELECT COUNT(*) AS n FROM reactions").await, reactions);
    assert_eq!(one("SELECT COUNT(*) AS n FROM findings WHERE kind = 'EMAIL_ADDRESS'").await, edits);
}
