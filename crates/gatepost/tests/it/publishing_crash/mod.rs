//! The whole server killed without warning while it publishes: to the sandbox, and to four real servers or stand-ins that we did not
//! write (snac, Bluesky's own server, Synapse, the Slack stand-in).
//!
//! What must hold at the end: every part of every post stands on each network once at most, what we call published stands there, nothing that was
//! scheduled is without a final or held state, and nothing of ours is taken for somebody else's. `GATEPOST_FAULT_ROUNDS` (kills) and
//! `GATEPOST_FAULT_SEED` make it a campaign, which goes in seasons with a desk and accounts of their own: a season that fails is named by its seed.

mod lives;
mod network;
mod season;
mod verdict;

use std::io::Write as _;

use lives::Kills;
use network::Servers;
use season::Season;
use verdict::Verdict;

/// Kills in the short form, a part of every test run.
const ROUNDS: u64 = 3;
/// Kills of one desk: long enough that servers look up what servers before them left (after three quarters of a minute), short enough to
/// look at when it fails.
const KILLS_A_SEASON: u64 = 100;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

fn tell(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output is open");
}

#[test]
fn a_server_killed_while_it_publishes_posts_nothing_twice_and_loses_nothing() {
    let (rounds, first) = (number("GATEPOST_FAULT_ROUNDS", ROUNDS), number("GATEPOST_FAULT_SEED", 1));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let servers = Servers::start(&runtime);
    let (mut kills, mut all) = (Kills::default(), Verdict::default());
    for seed in first.. {
        let left = rounds - kills.all();
        if left == 0 {
            break;
        }
        let mut season = runtime.block_on(Season::begin(&servers, seed));
        kills += season.live_through(&runtime, left.min(KILLS_A_SEASON));
        all += runtime.block_on(season.end());
        tell(&format!("seed {seed}: {kills}; {all}"));
    }
    assert!(all.published > 0, "nothing was published: the test tests nothing");
}
