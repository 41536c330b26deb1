//! The house's figures: a real server over a large workspace, asked by a signed-in browser, beside a static route of the same server.
//!
//! Arguments: the executable, and optionally a part of a route's name, to ask only such routes. Everything is made in a temporary folder: a workspace, 100,000 people, 100,000 audit entries, 2,000 posts in this month, a session.
//! Prints one table; the goals are printed beside the figures, and whether they were met is left to the reader, because the
//! machine is. It is no test: nothing here fails because something was slow.

#![expect(
    clippy::cast_precision_loss,
    clippy::format_push_string,
    reason = "figures are printed with three digits, into a text that is made once"
)]

mod client;
mod fill;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use client::{Load, Wanted};
use testkit::{ports, process::Process};

/// People, and audit entries.
const ROWS: i64 = 100_000;
/// Connections of the load, as the goal says.
const CONNECTIONS: usize = 64;
/// How long each route is asked with all connections.
const LOAD_TIME: Duration = Duration::from_secs(5);
/// Questions of the single visitor, one after the other.
const VISITS: usize = 1_000;
/// A server that needs longer to start than this hangs.
const START_MAX: Duration = Duration::from_mins(1);
/// How long the ledger may take to ship the audit log that the bench made.
const SHIP_MAX: Duration = Duration::from_mins(5);
/// After its start a server is idle; after this long it has done what it does at the start.
const SETTLE: Duration = Duration::from_secs(3);

/// What is asked: name, path, whether the answer may come compressed. `{post}` is a post of the month.
const ROUTES: [(&str, &str, bool); 9] = [
    ("hello (/healthz)", "/healthz", false),
    ("people, 100,000 rows", "/people", false),
    ("people, 100,000 rows, gzip", "/people", true),
    ("audit log, 100,000 rows", "/audit-log", false),
    ("home", "/", false),
    ("calendar, month of 2,000", "/calendar", false),
    ("calendar, gzip", "/calendar", true),
    ("composer open", "/posts/{post}/edit", false),
    ("composer open, gzip", "/posts/{post}/edit", true),
];

fn main() {
    let executable =
        std::env::args().nth(1).unwrap_or_else(|| panic!("usage: house_bench <gatepost executable> [part of a route's name]"));
    let only = std::env::args().nth(2).unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let init = command(&executable, &data).args(["init", "--owner", "owner@example.test"]).output().expect("gatepost runs");
    assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
    let empty = start_figures(&executable, &data);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let filling = Instant::now();
    let made = runtime.block_on(fill::fill(&data, ROWS));
    let filled = filling.elapsed();
    // The whole log is shipped once, before anything is measured.
    let (process, address, _) = start(&executable, &data);
    let shipping = Instant::now();
    runtime.block_on(shipped(address));
    let shipped = shipping.elapsed();
    drop(process);
    let full = start_figures(&executable, &data);

    let (process, address, _) = start(&executable, &data);
    std::thread::sleep(SETTLE);
    let size = std::fs::metadata(&executable).expect("the executable").len();
    let mut out = String::from("\nthe house's figures\n");
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    out.push_str(&format!("binary size                    {:8.1} MiB\n", mib(size)));
    for (name, (first, memory)) in [("a fresh workspace", empty), ("100,000 people and entries", full)] {
        out.push_str(&format!("{name:30} {:8.1} ms to the first answer (goal: under 150)\n", first.as_secs_f64() * 1e3));
        out.push_str(&format!("{:30} {:8.1} MiB idle, resident (goal: under 60)\n", "", mib(memory)));
    }
    let (filling, took) = (filled.as_secs_f64(), shipped.as_secs_f64());
    out.push_str(&format!(
        "audit entries into the ledger  {:8.0} a second\n(rows made in {filling:.1} s)\n\n",
        ROWS as f64 / took
    ));
    out.push_str(&format!(
        "{:28} {:>9} {:>9} {:>9} {:>9} {:>11} {:>8} {:>9}\n",
        "route", "p50 ms", "p99 ms", "p50 ms", "p99 ms", "requests/s", "x hello", "bytes"
    ));
    out.push_str(&format!("{:28} {:>19} {:>19}\n", "", "one visitor", "64 at once"));
    let mut hello = 0.0;
    for (name, path, gzip) in ROUTES.iter().filter(|(name, _, _)| name.contains(&only)) {
        let path = path.replace("{post}", &made.post.to_string());
        let wanted = Wanted { address, path: &path, cookie: &made.cookie, gzip: *gzip };
        let alone = runtime.block_on(client::visit(&wanted, VISITS));
        let crowd = runtime.block_on(client::crowd(&wanted, CONNECTIONS, LOAD_TIME));
        let rate = crowd.per_second();
        if hello == 0.0 {
            hello = rate;
        }
        let ms = |load: &Load, per_cent| load.percentile(per_cent).as_secs_f64() * 1e3;
        out.push_str(&format!(
            "{name:28} {:9.2} {:9.2} {:9.2} {:9.2} {rate:11.0} {:8.2} {:9}\n",
            ms(&alone, 50),
            ms(&alone, 99),
            ms(&crowd, 50),
            ms(&crowd, 99),
            rate / hello,
            alone.bytes
        ));
    }
    out.push_str("goals: p99 of one visitor under 10 ms, a list page at least 0.20 x hello. The load shares the machine's cores with the server.\n");
    drop(process);
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes()).expect("standard output is open");
}

fn command(executable: &str, data: &Path) -> Command {
    let mut command = Command::new(executable);
    command.arg("--data").arg(data).env("GATEPOST_LOG_LEVEL", "warn");
    command
}

/// Starts the server and waits for its first answer: how long that took.
fn start(executable: &str, data: &Path) -> (Process, SocketAddr, Duration) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free().expect("a free port")));
    let started = Instant::now();
    let process = Process::start(command(executable, data).args(["serve", "--listen", &address.to_string()])).expect("it starts");
    while testkit::process::get(address, "/healthz").is_err() {
        assert!(started.elapsed() < START_MAX, "no answer; it said:\n{}", process.said());
        std::thread::sleep(Duration::from_millis(1));
    }
    (process, address, started.elapsed())
}

/// The best of five starts, and the memory after the last one came to rest.
fn start_figures(executable: &str, data: &Path) -> (Duration, u64) {
    let mut best = Duration::MAX;
    let mut memory = 0;
    for round in 0..5 {
        let (process, _, took) = start(executable, data);
        best = best.min(took);
        if round == 4 {
            std::thread::sleep(SETTLE);
            memory = resident(process.id());
        }
    }
    (best, memory)
}

/// Resident bytes of a process.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux says");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}

async fn shipped(address: SocketAddr) {
    let started = Instant::now();
    loop {
        let metrics = testkit::process::get(address, "/metrics").expect("metrics").body;
        let line = metrics.lines().find_map(|line| line.strip_prefix("gatepost_ledger_shipped_total "));
        if line.and_then(|number| number.parse::<f64>().ok()).is_some_and(|shipped| shipped >= ROWS as f64) {
            return;
        }
        assert!(started.elapsed() < SHIP_MAX, "the ledger did not take the audit log in time: {line:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
