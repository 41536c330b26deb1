//! The whole server killed without warning under a load of acts, started again, killed again.
//!
//! What must hold after each kill: every act that was acknowledged is there, the audit log is gapless and the database undamaged.
//! What must hold at the end, after one orderly stop: the ledger verifies, and its audit stream is the audit log, entry for
//! entry, in the same order, none twice. `GATEPOST_FAULT_ROUNDS` and `GATEPOST_FAULT_SEED` make it a campaign.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use desk::{Actor, db::sql, people, records::AUDIT_STREAM};
use ledger::engine::{Environment, Reader};
use testkit::{
    desk::desk_in,
    people::open_session,
    process::{Moments, Process},
};

use crate::program::{Place, answer};

/// Kills in the short form, a part of every test run.
const ROUNDS: u64 = 4;
/// The longest life of a server after it answered.
const LIFE_MAX: Duration = Duration::from_millis(1_500);
/// A server that needs longer to start or to end hangs.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// Browsers that act at the same time.
const BROWSERS: usize = 3;

/// The load: browsers that invite people through the server, and a command line that creates them beside it.
struct Load<'a> {
    place: &'a Place,
    address: SocketAddr,
    cookie: &'a str,
    next: &'a AtomicU64,
    acknowledged: &'a Mutex<Vec<String>>,
    stop: &'a AtomicBool,
}

impl Load<'_> {
    fn fresh_address(&self) -> String {
        format!("person{}@example.test", self.next.fetch_add(1, Ordering::SeqCst))
    }

    fn acknowledge(&self, email: String) {
        self.acknowledged.lock().expect("no writer panicked").push(email);
    }

    fn browse(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            let email = self.fresh_address();
            match invite(self.address, self.cookie, &email) {
                Ok(200) => self.acknowledge(email),
                Ok(status) => panic!("inviting {email} was answered with {status}"),
                // Not up yet, or just killed: nothing was promised.
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn type_commands(&self) {
        while !self.stop.load(Ordering::SeqCst) {
            let email = self.fresh_address();
            let said = answer(&mut self.place.command(&["user", "create", &email, "--name", "Somebody"]));
            assert_eq!(said.code, 0, "{said:?}");
            self.acknowledge(email);
        }
    }
}

/// Posts the form of an invitation; the status of the answer when it came whole.
fn invite(address: SocketAddr, cookie: &str, email: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let form = format!("email={}&name=Somebody", email.replace('@', "%40"));
    let head = format!(
        "POST /people/invite HTTP/1.1\r\nHost: {address}\r\nCookie: __Host-gatepost={cookie}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all((head + &form).as_bytes())?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    let status = said.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no answer"))
}

fn serve(place: &Place) -> (Process, SocketAddr) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
    let mut command: Command = place.command(&["serve", "--listen", &address.to_string()]);
    (Process::start(command.env("GATEPOST_LOG_LEVEL", "warn")).expect("it starts"), address)
}

/// A fresh session of the owner, as if they had just signed in.
async fn sign_in(data: &Path) -> String {
    let desk = desk_in(data).await;
    let owner = people::find_for_operator(&desk, &Actor::operator(), "owner@example.test").await.expect("reads");
    let (_, cookie) = open_session(&desk, owner.expect("init made the owner").id).await;
    desk.db().close().await;
    cookie
}

/// Numbers, ids and objects of the audit log, and the addresses of everybody, as the database has them.
async fn look(data: &Path) -> (Vec<(i64, Vec<u8>)>, Vec<String>) {
    let desk = desk_in(data).await;
    let mut reader = desk.db().read().await.expect("reads");
    let rows = sql("SELECT seq, id FROM audit_entries ORDER BY seq").all(&mut reader).await.expect("the log");
    let log = rows.iter().map(|row| (row.get("seq").expect("a number"), row.get("id").expect("an id"))).collect();
    // Only people whose creation is on record count: an act without its entry would be missing here.
    let made = "SELECT email_key FROM people WHERE EXISTS (SELECT 1 FROM audit_entries WHERE object_id = people.id)";
    let rows = sql(made).all(&mut reader).await.expect("people");
    let people = rows.iter().map(|row| row.get("email_key").expect("an address")).collect();
    drop(reader);
    desk.db().close().await;
    (log, people)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

#[test]
fn a_server_killed_under_load_keeps_every_acknowledged_act_and_its_entry() {
    let (rounds, seed) = (number("GATEPOST_FAULT_ROUNDS", ROUNDS), number("GATEPOST_FAULT_SEED", 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let place = Place::with_workspace();
    let data = place.path("data");
    let (next, acknowledged) = (AtomicU64::new(1), Mutex::new(Vec::new()));
    let lives = Moments::new(seed, LIFE_MAX).take(usize::try_from(rounds).expect("not that many"));
    for (round, life) in lives.enumerate() {
        let what = format!("round {round}, killed after {life:?} (GATEPOST_FAULT_SEED={seed})");
        let cookie = runtime.block_on(sign_in(&data));
        let (mut process, address) = serve(&place);
        // Every third server is killed wherever its start has got to.
        if round % 3 != 2 {
            process.answers(address, "/readyz", WAIT_MAX).expect("it comes up after every kill");
        }
        let stop = AtomicBool::new(false);
        let load = Load { place: &place, address, cookie: &cookie, next: &next, acknowledged: &acknowledged, stop: &stop };
        std::thread::scope(|scope| {
            for _ in 0..BROWSERS {
                scope.spawn(|| load.browse());
            }
            if round % 3 != 2 {
                scope.spawn(|| load.type_commands());
            }
            std::thread::sleep(life);
            process.kill().expect("killed");
            stop.store(true, Ordering::SeqCst);
        });
        let (log, people) = runtime.block_on(look(&data));
        assert!(log.iter().zip(1..).all(|((seq, _), expected)| *seq == expected), "{what}: the audit log has a gap");
        for email in acknowledged.lock().expect("no writer panicked").iter() {
            assert!(people.contains(email), "{what}: {email} was acknowledged and is not there, or not on record");
        }
        place.gatepost(&["check", "--deep"]).done();
    }

    let (mut process, address) = serve(&place);
    process.answers(address, "/readyz", WAIT_MAX).expect("it comes up a last time");
    process.ask_to_end().expect("asked");
    assert!(process.ends(WAIT_MAX).expect("it stops when it is asked").success(), "{}", process.said());
    let verified = place.gatepost(&["--json", "ledger", "verify", "--deep"]);
    assert_eq!((verified.code, verified.json()["findings"].as_u64()), (0, Some(0)), "{verified:?}");
    let (log, _) = runtime.block_on(look(&data));
    let reader = Reader::open(&Environment::default(), &data.join("ledger"), None).expect("the ledger opens");
    let shipped = reader.stream(AUDIT_STREAM, 0).map(|entry| entry.expect("readable").record_id.0.to_vec());
    let shipped: Vec<Vec<u8>> = shipped.collect();
    let kept: Vec<Vec<u8>> = log.into_iter().map(|(_, id)| id).collect();
    assert_eq!(shipped.len(), kept.len(), "seed {seed}: the ledger's audit stream is not the audit log");
    assert_eq!(shipped, kept, "seed {seed}: the ledger's audit stream has another order");
    let acknowledged = acknowledged.into_inner().expect("no writer panicked").len();
    assert!(acknowledged > 0, "nothing was acknowledged in {rounds} rounds: the load does not reach the server");
    let summary = format!("{rounds} kills, {acknowledged} acknowledged acts, {} audit entries, all in the ledger\n", kept.len());
    std::io::stdout().write_all(summary.as_bytes()).expect("standard output is open");
}
