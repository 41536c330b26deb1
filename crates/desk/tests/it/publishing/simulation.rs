//! The simulation: a seeded world of posts, people and a network that fails in every way, in which the sender is killed at any await.
//!
//! Each step draws one thing that happens (somebody writes, edits, submits, moves, cancels, pauses, resumes, is suspended; time
//! passes; the record ships or does not; the sender claims and works and is dropped after some polls) and then looks at everything with
//! the pure [`judge`]. The same seed draws the same steps. Where exactly a dropped future was depends on the database's thread, so a failing
//! seed is shown with its last steps. `GATEPOST_SIMULATION_STEPS` and `GATEPOST_SIMULATION_SEED` set length and seed.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    io::Write as _,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Instant,
};

use desk::{
    Actor, Desk,
    capture::{Connectors, Examiner},
    db::Engine,
    ids::{PauseId, PostId, ProfileId},
    people,
    publishing::{
        self, Part, PauseMode, PauseScope, Post, PostForm, Saved, Sender, Submitting, TargetKey, TargetState, broken_invariant,
    },
    records::Outbox,
    rights::{Given, Level, Right},
};
use testkit::{
    Fickle, TestDesk,
    fickle::{Fate, There},
    records::ledger_in,
};

use super::{form, sending::connect};

/// Steps of the short form.
const STEPS: u64 = 600;
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600_000;
/// The longest that the sender of a step may be polled before it is killed.
const POLLS_MAX: u64 = 40;

/// Numbers that are the same in every run (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn one<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = usize::try_from(self.below(all.len() as u64)).expect("small");
        all.get(at)
    }

    fn ms(&mut self, most: i64) -> i64 {
        i64::try_from(self.below(most.unsigned_abs())).expect("small")
    }

    fn fate(&mut self) -> Fate {
        match self.below(100) {
            0..55 => Fate::Takes,
            55..65 => Fate::AnswerLost,
            65..73 => Fate::NeverArrives,
            73..79 => Fate::BadMoment,
            79..84 => Fate::Busy(u32::try_from(self.below(120)).expect("small")),
            84..88 => Fate::Refuses,
            88..92 => Fate::Expired,
            _ => Fate::Slow(self.ms(30 * SECOND)),
        }
    }
}

struct World {
    test: Arc<TestDesk>,
    draw: Draw,
    network: &'static Fickle,
    profiles: Vec<ProfileId>,
    boss: Actor,
    writers: Vec<(desk::ids::PersonId, Actor)>,
    sender: Sender,
    outbox: Outbox,
    examiner: Examiner,
    posts: Vec<PostId>,
    pauses: Vec<(PauseId, Vec<ProfileId>, i64)>,
    /// Every stretch in which a hard pause covered a profile.
    paused: Vec<(ProfileId, i64, Option<i64>)>,
    /// What was approved last: the text of each part, by post and profile.
    submitted: BTreeMap<TargetKey, Vec<Vec<String>>>,
    trace: VecDeque<String>,
    texts: u64,
    nodes: u64,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(seed: u64) -> Self {
        let test = Arc::new(TestDesk::on(Engine::Sqlite).await);
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let rights = [
            Given::Right(Right::Profiles),
            Given::Right(Right::StopSwitch),
            Given::Right(Right::People),
            Given::Level(Level::FullPublishing),
        ];
        let boss = test.person_with(&rights).await.actor;
        let network = Fickle::new(test.clock.clone());
        let fates = Arc::new(Mutex::new(Draw(seed ^ 0x5eed)));
        network.decide_by(Box::new(move || fates.lock().expect("one at a time").fate()));
        let mut profiles = Vec::new();
        for account in ["one", "two", "three"] {
            profiles.push(connect(&test.desk, &boss, network, account).await);
        }
        let mut writers = Vec::new();
        for _ in 0..4 {
            let person = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
            writers.push((person.person, person.actor));
        }
        let outbox = Outbox::new(test.desk.clone(), Arc::new(ledger_in(folder.path())));
        Self {
            sender: Sender::new(test.desk.clone(), Connectors::of(vec![network])),
            test,
            draw: Draw(seed),
            network,
            profiles,
            boss,
            writers,
            outbox,
            examiner: Examiner::new().expect("compiles"),
            posts: Vec::new(),
            pauses: Vec::new(),
            paused: Vec::new(),
            submitted: BTreeMap::new(),
            trace: VecDeque::new(),
            texts: 0,
            nodes: 1,
            _folder: folder,
        }
    }

    fn desk(&self) -> Desk {
        self.test.desk.clone()
    }

    fn now_ms(&self) -> i64 {
        self.test.desk.now().0
    }

    fn say(&mut self, what: &str) {
        if self.trace.len() >= 40 {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{} {what}", self.now_ms()));
    }

    fn writer(&mut self) -> Actor {
        self.draw.one(&self.writers).map_or_else(|| self.boss.clone(), |(_, actor)| actor.clone())
    }

    fn some_post(&mut self) -> Option<PostId> {
        let recent = self.posts.len().saturating_sub(12);
        self.draw.one(&self.posts[recent..]).copied()
    }

    fn fresh_form(&mut self) -> PostForm {
        self.texts += 1;
        let count = 1 + usize::try_from(self.draw.below(3)).expect("small");
        let mut form = form("", &self.profiles[..count]);
        let parts = if self.draw.below(4) == 0 { 3 } else { 1 };
        form.draft.common.parts =
            (0..parts).map(|part| Part { text: format!("text {} part {part}", self.texts), media: Vec::new() }).collect();
        if self.draw.below(5) > 0 {
            form.slot = Some(self.test.desk.now().plus_ms(1 + self.draw.ms(5 * 60 * SECOND)));
        }
        form
    }

    async fn step(&mut self) {
        match self.draw.below(100) {
            0..14 => self.write().await,
            14..18 => self.submit().await,
            18..22 => self.edit().await,
            22..24 => self.withdraw_or_cancel().await,
            24..26 => self.retime().await,
            26..28 => self.pause().await,
            28..32 => self.resume().await,
            32..33 => self.suspend().await,
            33..38 => self.triage().await,
            38..52 => self.ship().await,
            52..66 => self.pass_time(),
            _ => self.send().await,
        }
    }

    async fn write(&mut self) {
        let (desk, actor, form) = (self.desk(), self.writer(), self.fresh_form());
        if let Ok(id) = publishing::create(&desk, &actor, &form).await {
            self.posts.push(id);
            self.say(&format!("write {id}"));
            self.submit_one(id, &actor).await;
        }
    }

    async fn submit(&mut self) {
        let actor = self.writer();
        if let Some(id) = self.some_post() {
            self.submit_one(id, &actor).await;
        }
    }

    async fn submit_one(&mut self, id: PostId, actor: &Actor) {
        let desk = self.desk();
        let Ok(post) = publishing::get(&desk, actor, id).await else { return };
        let with = Submitting { note: String::new(), confirmed: self.draw.below(2) == 0 };
        if publishing::submit(&desk, actor, &self.examiner, id, post.revision, &with).await.is_ok() {
            for &profile in post.draft.targets.keys() {
                let content = post.draft.content_for(profile).expect("a target");
                let texts = content.parts.iter().map(|part| part.text.clone()).collect();
                self.submitted.entry(TargetKey { post: id, profile }).or_default().push(texts);
            }
            self.say(&format!("submit {id}"));
        }
    }

    async fn edit(&mut self) {
        let (desk, actor, form) = (self.desk(), self.writer(), self.fresh_form());
        let Some(id) = self.some_post() else { return };
        let Ok(post) = publishing::get(&desk, &actor, id).await else { return };
        // Two people edit at once: one of them has an old revision.
        let revision = post.revision - i64::from(self.draw.below(3) == 0);
        if matches!(publishing::save(&desk, &actor, id, revision, &form).await, Ok(Saved::Done(_))) {
            self.say(&format!("edit {id}"));
        }
    }

    async fn withdraw_or_cancel(&mut self) {
        let (desk, actor) = (self.desk(), self.writer());
        let Some(id) = self.some_post() else { return };
        let done = if self.draw.below(2) == 0 {
            publishing::withdraw(&desk, &actor, id).await.is_ok()
        } else {
            publishing::cancel(&desk, &actor, id, None, "typo").await.is_ok()
        };
        self.say(&format!("withdraw or cancel {id}: {done}"));
    }

    async fn retime(&mut self) {
        let (desk, actor) = (self.desk(), self.writer());
        let Some(id) = self.some_post() else { return };
        let Ok(post) = publishing::get(&desk, &actor, id).await else { return };
        let slot = desk.now().plus_ms(self.draw.ms(2 * HOUR));
        let moved = publishing::retime(&desk, &actor, id, post.revision, Some(slot)).await;
        self.say(&format!("retime {id}: {moved:?}"));
    }

    async fn pause(&mut self) {
        let desk = self.desk();
        let profile = *self.draw.one(&self.profiles).expect("there are some");
        let (scope, covered) = match self.draw.below(3) {
            0 => (PauseScope::Everything, self.profiles.clone()),
            1 => (PauseScope::Network("fickle".to_owned()), self.profiles.clone()),
            _ => (PauseScope::Profile(profile), vec![profile]),
        };
        let hard = self.draw.below(3) > 0;
        let mode = if hard { PauseMode::Hard } else { PauseMode::Soft };
        if let Ok(id) = publishing::pause(&desk, &self.boss, scope, mode, "stop").await {
            let now = self.now_ms();
            if hard {
                self.paused.extend(covered.iter().map(|&profile| (profile, now, None)));
            }
            self.pauses.push((id, if hard { covered } else { Vec::new() }, now));
            self.say(&format!("pause {id} {mode:?}"));
        }
    }

    async fn resume(&mut self) {
        let desk = self.desk();
        let Some((id, covered, since)) = self.pauses.pop() else { return };
        publishing::resume(&desk, &self.boss, id).await.expect("it is in force");
        let now = self.now_ms();
        for profile in covered {
            let open = self.paused.iter_mut().find(|(on, from, until)| (*on, *from, *until) == (profile, since, None));
            open.expect("it was noted").2 = Some(now);
        }
        self.say(&format!("resume {id}"));
    }

    async fn suspend(&mut self) {
        if self.writers.len() < 2 {
            let person = self.test.person_with(&[Given::Level(Level::FullPublishing)]).await;
            self.writers.push((person.person, person.actor));
            return;
        }
        let at = usize::try_from(self.draw.below(self.writers.len() as u64)).expect("small");
        let (person, _) = self.writers.remove(at);
        people::suspend(&self.desk(), &Actor::operator(), person).await.expect("suspended");
        self.say(&format!("suspend {person}"));
    }

    async fn triage(&mut self) {
        let desk = self.desk();
        let held = publishing::held(&desk, &self.boss).await.expect("the list");
        let Some(waiting) = self.draw.one(&held).cloned() else { return };
        let key = waiting.target.key;
        let there: Vec<There> = self.network.there();
        let said = match self.draw.below(4) {
            0 => publishing::release(&desk, &self.boss, key, None).await.is_ok(),
            1 => publishing::adopt(&desk, &self.boss, key, None).await.is_ok(),
            2 => publishing::cancel(&desk, &self.boss, key.post, Some(key), "too late").await.is_ok(),
            _ => {
                // Somebody looks at the network itself.
                let story = publishing::history(&desk, &self.boss, key.post).await.expect("a story");
                let life = &story.post.target(key.profile).expect("a target").life;
                let texts = self.submitted.get(&key).and_then(|all| all.last()).expect("it was submitted");
                let wanted = &texts[life.parts_there as usize % texts.len()];
                let found = there.iter().find(|there| there.post.text == *wanted && self.account(key.profile) == there.account);
                publishing::settle(&desk, &self.boss, key, found.map(|there| there.native_id.as_str())).await.is_ok()
            }
        };
        self.say(&format!("triage {key:?}: {said}"));
    }

    fn account(&self, profile: ProfileId) -> &'static str {
        let at = self.profiles.iter().position(|known| *known == profile).expect("a profile");
        ["one", "two", "three"][at]
    }

    async fn ship(&mut self) {
        // Now and then the record is away.
        if self.draw.below(4) > 0 {
            self.outbox.ship_all().await.expect("the ledger takes it");
            self.say("ship");
        }
    }

    fn pass_time(&mut self) {
        let ms = match self.draw.below(20) {
            0 => self.draw.ms(3 * HOUR),
            1..4 => self.draw.ms(4 * 60 * SECOND),
            _ => self.draw.ms(60 * SECOND),
        };
        self.test.clock.advance_ms(ms);
        self.say(&format!("{ms} ms pass"));
    }

    /// The sender claims and works, and half of the time it is killed somewhere and comes back as another process.
    async fn send(&mut self) {
        let dies = self.draw.below(2) == 0;
        let polls = if dies { 1 + self.draw.below(POLLS_MAX) } else { u64::MAX };
        let sender = self.sender.clone();
        let lived = killed_after(polls, async move { sender.work_until_idle().await }).await;
        if let Some(done) = lived {
            done.expect("our own side is well");
        } else {
            self.nodes += 1;
            // Another process on the same database: nothing but the tables is left of the first.
            self.sender = if self.nodes.is_multiple_of(16) {
                Sender::new(self.test.another_node(self.nodes).await, Connectors::of(vec![self.network]))
            } else {
                Sender::new(self.desk(), Connectors::of(vec![self.network]))
            };
        }
        self.say(&format!("send{}", if dies { " and die" } else { "" }));
    }

    async fn look(&self) -> Result<(), String> {
        let desk = self.desk();
        let there = self.network.there();
        for &id in self.posts.iter().rev().take(12) {
            let post = publishing::get(&desk, &self.boss, id).await.map_err(|error| error.to_string())?;
            judge(&post, &there, &self.submitted, |profile| self.account(profile))?;
        }
        for (at, begun) in self.network.begun_ms().iter().zip(self.network.begun_on()) {
            let broken = self.paused.iter().find(|(profile, from, until)| {
                self.account(*profile) == begun && *at > from + SECOND && until.is_none_or(|until| *at < until)
            });
            if let Some((_, from, _)) = broken {
                return Err(format!("a call began at {at}, {} ms after a hard pause", at - from));
            }
        }
        Ok(())
    }

    /// Lets everything come to its end, then looks at everything.
    async fn finish(&mut self) -> Result<(), String> {
        while !self.pauses.is_empty() {
            self.resume().await;
        }
        // The network is well again: what it cannot tell, it does not tell.
        self.network.decide_by(Box::new(|| Fate::Takes));
        for _ in 0..40 {
            self.outbox.ship_all().await.expect("the ledger takes it");
            self.test.clock.advance_ms(20 * 60 * SECOND);
            self.sender.work_until_idle().await.map_err(|error| error.to_string())?;
        }
        let desk = self.desk();
        let (overdue, _) = publishing::look(&desk).await.map_err(|error| error.to_string())?;
        if overdue > 0 {
            return Err(format!("{overdue} posts are past their time and neither out nor held"));
        }
        let there = self.network.there();
        for &id in &self.posts {
            let post = publishing::get(&desk, &self.boss, id).await.map_err(|error| error.to_string())?;
            judge(&post, &there, &self.submitted, |profile| self.account(profile))?;
            let lost = post.targets.iter().find(|target| {
                !target.life.state.is_final() && !matches!(target.life.state, TargetState::Draft | TargetState::Held)
            });
            if let Some(target) = lost {
                return Err(format!("{:?} never came to an end: {:?}", target.key, target.life));
            }
        }
        Ok(())
    }
}

/// What must be true of a post at any moment, given what is on the network. Pure.
fn judge(
    post: &Post,
    there: &[There],
    submitted: &BTreeMap<TargetKey, Vec<Vec<String>>>,
    account: impl Fn(ProfileId) -> &'static str,
) -> Result<(), String> {
    for target in &post.targets {
        let (key, life) = (target.key, &target.life);
        if let Some(broken) = broken_invariant(life) {
            return Err(format!("{key:?}: {broken}: {life:?}"));
        }
        let versions = submitted.get(&key).map(Vec::as_slice).unwrap_or_default();
        let all: Vec<&String> = versions.iter().flatten().collect();
        let here: Vec<_> =
            there.iter().filter(|one| one.account == account(key.profile) && all.contains(&&one.post.text)).collect();
        for (at, one) in here.iter().enumerate() {
            if here[..at].iter().any(|other| other.post.text == one.post.text) {
                return Err(format!("{key:?}: “{}” is there twice", one.post.text));
            }
        }
        let count = u32::try_from(here.len()).expect("a few");
        let may_be_more = u32::from(life.open_attempt().is_some());
        if count < life.parts_there || count > life.parts_there + may_be_more {
            return Err(format!("{key:?}: {count} parts are there, and we say {} ({life:?})", life.parts_there));
        }
        let is_one_version = versions.iter().any(|texts| here.iter().map(|one| &one.post.text).eq(texts.iter().take(here.len())));
        if count > 0 && !is_one_version {
            return Err(format!("{key:?}: what is there is no version that was cleared, in its order"));
        }
    }
    Ok(())
}

/// Runs a future and drops it after so many polls; nothing when it was dropped.
async fn killed_after<T>(polls: u64, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

async fn simulate(seed: u64, steps: u64) -> f64 {
    let mut world = World::new(seed).await;
    let begun = Instant::now();
    for step in 0..steps {
        world.step().await;
        if let Err(broken) = world.look().await {
            panic!("seed {seed}, step {step}: {broken}\n{}", Vec::from(world.trace).join("\n"));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 steps")]
    let rate = steps as f64 / begun.elapsed().as_secs_f64();
    let posts = world.posts.len();
    tell(&format!("{posts} posts, {} processes, {} parts sent", world.nodes, world.network.there().len()));
    if let Err(broken) = world.finish().await {
        panic!("seed {seed}, after {steps} steps: {broken}\n{}", Vec::from(world.trace).join("\n"));
    }
    let there = world.network.there().len() as u64;
    assert!(there > steps / 30, "a simulation in which little is sent shows little: {there} in {steps} steps");
    rate
}

fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_nothing_is_there_twice_and_nothing_is_lost() {
    let steps = setting("GATEPOST_SIMULATION_STEPS").unwrap_or(STEPS);
    let seed = setting("GATEPOST_SIMULATION_SEED").unwrap_or(1);
    let rate = simulate(seed, steps).await;
    // Shown by `make bench`; a test's output is kept when it passes as well.
    tell(&format!("simulation: {steps} steps, seed {seed}: {rate:.0} steps/s"));
}
