//! The lives of a server: when it is killed, and what it was doing then.
//!
//! A third are killed on their way up or just after, when what servers before them left is looked up; the others some time after they
//! answered. What was under way is read from the tables that a life left behind: an attempt without an end that it began, or one of an earlier life that it was asking the network about.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::AddAssign,
    time::Duration,
};

use desk::{
    Desk,
    db::sql,
    publishing::{CALL_MAX_MS, LOOK_AFTER_MS},
};
use testkit::process::{Moments, Process};

use crate::program::Place;

/// How long a server may live after it answered. Half of the lives last an eighth of this at most.
const LIFE_MAX: Duration = Duration::from_millis(1_600);
/// How long one may live that nobody waits for. A start takes about a third of a second on a free machine.
const EARLY_MAX: Duration = Duration::from_millis(900);
/// One of so many is killed early.
const ONE_EARLY_OF: usize = 3;
/// A server that needs longer to start hangs.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// When the lives of a season end.
pub(super) struct Lives {
    early: Moments,
    later: Moments,
    number: usize,
}

impl Lives {
    /// The same for the same seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { early: Moments::new(!seed, EARLY_MAX), later: Moments::new(seed, LIFE_MAX), number: 0 }
    }

    /// Starts a server and kills it when its time has come; whether it had answered before.
    pub(super) fn next(&mut self, place: &Place) -> bool {
        self.number += 1;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
        let mut command = place.command(&["serve", "--listen", &address.to_string()]);
        let mut process = Process::start(command.env("GATEPOST_LOG_LEVEL", "warn")).expect("it starts");
        let comes_up = !self.number.is_multiple_of(ONE_EARLY_OF);
        if comes_up {
            process.answers(address, "/readyz", WAIT_MAX).expect("it comes up after every kill");
        }
        let moments = if comes_up { &mut self.later } else { &mut self.early };
        std::thread::sleep(moments.next().expect("there is always another"));
        process.kill().expect("killed");
        comes_up
    }
}

/// How many servers were killed, and what they were doing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kills {
    /// On their way up or just after, with nothing under way.
    pub(super) early: u64,
    /// While a network was called, or between that and writing down its answer.
    pub(super) calling: u64,
    /// While a network was asked what became of an earlier attempt.
    pub(super) looking: u64,
    /// While neither was under way.
    pub(super) idle: u64,
}

impl Kills {
    pub(super) fn all(&self) -> u64 {
        self.early + self.calling + self.looking + self.idle
    }

    /// One more, that lived since a moment of the machine's clock.
    pub(super) async fn count(&mut self, desk: &Desk, since_ms: i64, answered: bool) {
        let open = "SELECT targets.due_ms, attempts.called_at_ms FROM targets \
                    JOIN attempts USING (post_id, profile_id, version) \
                    WHERE targets.state = 'sending' AND attempts.ended_at_ms IS NULL";
        let mut reader = desk.db().read().await.expect("reads");
        let open = sql(open).all(&mut reader).await.expect("the attempts without an end");
        let (mut calling, mut looking) = (false, false);
        for row in open {
            let called_at: i64 = row.get("called_at_ms").expect("a time");
            let due: i64 = row.get("due_ms").expect("a time");
            calling |= called_at >= since_ms;
            // Whoever asks keeps the others away for as long as that may take.
            looking |= called_at < since_ms && due >= since_ms + CALL_MAX_MS + LOOK_AFTER_MS;
        }
        let counted = match (calling, looking, answered) {
            (true, _, _) => &mut self.calling,
            (_, true, _) => &mut self.looking,
            (_, _, false) => &mut self.early,
            _ => &mut self.idle,
        };
        *counted += 1;
    }
}

impl AddAssign for Kills {
    fn add_assign(&mut self, other: Self) {
        self.early += other.early;
        self.calling += other.calling;
        self.looking += other.looking;
        self.idle += other.idle;
    }
}

impl std::fmt::Display for Kills {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { early, calling, looking, idle } = self;
        let all = self.all();
        write!(f, "{all} kills ({calling} in calls, {looking} in look-ups, {early} early, {idle} between)")
    }
}
