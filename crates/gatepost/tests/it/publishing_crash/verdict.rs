//! The end of a season: one more process looks up what the killed ones left, then what the desk says is compared with the networks.

use std::{
    ops::AddAssign,
    sync::Arc,
    time::{Duration, Instant},
};

use desk::{
    Actor, Clock, Desk, SystemClock, Time,
    capture::Connectors,
    ids::PostId,
    publishing::{self, PostTarget, Sender, TargetState, Watch},
};
use testkit::desk::desk_in_at;

use super::{
    network::Standing,
    season::{Season, owner},
};

/// How far ahead the last process lives: every attempt of the killed ones may be looked up then, and what nobody began is late.
const AHEAD_MS: i64 = 10 * 60 * 1_000;
/// How long the networks have to be quiet before nothing of the killed processes can be under way any more.
const QUIET: Duration = Duration::from_secs(3);
/// A network that goes on longer than this takes posts of somebody who lives.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// Rounds of the last process; one of them is enough for most seasons, a network with a bad moment takes some more.
const WORK_ROUNDS: u32 = 60;

/// The machine's clock, ahead.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Time {
        SystemClock.now().plus_ms(AHEAD_MS)
    }
}

/// What became of the posts of all seasons.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdict {
    pub(super) posts: u64,
    pub(super) parts_there: u64,
    pub(super) published: u64,
    pub(super) held: u64,
    pub(super) failed: u64,
    pub(super) further_attempts: u64,
}

impl AddAssign for Verdict {
    fn add_assign(&mut self, other: Self) {
        self.posts += other.posts;
        self.parts_there += other.parts_there;
        self.published += other.published;
        self.held += other.held;
        self.failed += other.failed;
        self.further_attempts += other.further_attempts;
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { posts, parts_there, published, held, failed, further_attempts } = self;
        write!(
            f,
            "{posts} posts on two profiles each: {published} published, {held} held, {failed} failed; {parts_there} parts there, \
             none twice, none lost; {further_attempts} attempts after the first"
        )
    }
}

impl Season {
    /// Brings everything to its end and compares.
    pub(super) async fn end(&self) -> Verdict {
        let data = self.place.path("data");
        networks::sandbox::keep_in(&data.join("sandbox"));
        self.quiet().await;
        let desk = desk_in_at(&data, Arc::new(Ahead)).await;
        let owner = owner(&desk).await;
        let sender = Sender::new(desk.clone(), Connectors::all());
        for _ in 0..WORK_ROUNDS {
            sender.work_until_idle().await.expect("our own side is well");
            let (overdue, _) = publishing::look(&desk).await.expect("looked");
            if overdue == 0 && open_targets(&desk, &owner, &self.posts).await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let verdict = self.compare(&desk, &owner).await;
        self.nothing_is_foreign(&desk, &owner).await;
        desk.db().close().await;
        verdict
    }

    async fn standing(&self) -> Vec<Standing> {
        let mut all = Vec::new();
        for account in &self.accounts {
            all.push(account.standing().await);
        }
        all
    }

    /// Waits until the networks have taken everything that killed processes left in their queues. The clock of the last process is set
    /// ahead, so the minutes after which an attempt is looked up do not pass; this is what they are for.
    async fn quiet(&self) {
        let end = Instant::now() + WAIT_MAX;
        let (mut known, mut since) = (self.standing().await, Instant::now());
        while since.elapsed() < QUIET {
            assert!(Instant::now() < end, "seed {}: the networks go on taking posts with nobody there to send any", self.seed);
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.standing().await;
            if now != known {
                (known, since) = (now, Instant::now());
            }
        }
    }

    async fn compare(&self, desk: &Desk, owner: &Actor) -> Verdict {
        let standing = self.standing().await;
        let mut verdict = Verdict { posts: self.posts.len() as u64, ..Verdict::default() };
        for &id in &self.posts {
            let post = publishing::get(desk, owner, id).await.expect("readable");
            for target in &post.targets {
                let at = self.accounts.iter().position(|account| account.profile() == target.key.profile);
                let at = at.expect("one of the profiles");
                let texts = post.draft.common.parts.iter().map(|part| part.text.as_str());
                verdict.parts_there += self.compare_one(target, texts, self.accounts[at].network(), &standing[at]);
                verdict.published += u64::from(target.life.state == TargetState::Published);
                verdict.held += u64::from(target.life.state == TargetState::Held);
                verdict.failed += u64::from(target.life.state == TargetState::Failed);
                verdict.further_attempts += (target.life.attempts.len() as u64).saturating_sub(1);
            }
        }
        verdict
    }

    /// Compares what we say of a post with what a network has of it; how many parts are there.
    fn compare_one<'a>(
        &self,
        target: &PostTarget,
        texts: impl Iterator<Item = &'a str>,
        network: &str,
        standing: &Standing,
    ) -> u64 {
        let (seed, life) = (self.seed, &target.life);
        let mut there = 0;
        for (number, text) in (0..).zip(texts) {
            let count = standing.get(text).copied().unwrap_or(0);
            assert!(count <= 1, "seed {seed}: “{text}” is on {network} {count} times ({life:?})");
            if number < life.parts_there {
                assert_eq!(count, 1, "seed {seed}: we say “{text}” is on {network} ({life:?})");
            } else if life.open_attempt().is_none() {
                assert_eq!(count, 0, "seed {seed}: “{text}” is on {network} and we do not know ({life:?})");
            }
            there += u64::from(count);
        }
        let ended = life.state.is_final() || life.state == TargetState::Held;
        assert!(ended, "seed {seed}: {:?} on {network} has no end: {life:?}", target.key);
        there
    }

    /// Whatever the killed servers captured of what the killed servers sent: none of it is somebody else's.
    async fn nothing_is_foreign(&self, desk: &Desk, owner: &Actor) {
        let watch = Watch::new(desk.clone());
        while watch.step().await.expect("our own side is well") {}
        let foreign = publishing::foreign_posts(desk, owner, true).await.expect("readable");
        assert!(foreign.is_empty(), "seed {}: these were sent from here: {foreign:#?}", self.seed);
    }
}

async fn open_targets(desk: &Desk, owner: &Actor, posts: &[PostId]) -> usize {
    let mut open = 0;
    for &id in posts {
        let post = publishing::get(desk, owner, id).await.expect("readable");
        let is_open = |target: &&PostTarget| matches!(target.life.state, TargetState::Sending | TargetState::Scheduled);
        open += post.targets.iter().filter(is_open).count();
    }
    open
}
