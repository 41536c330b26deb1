//! The world: a desk with three profiles on a network that fails in every way, one of them under a workflow; people who write and people who
//! approve; a record, a sender; and what is looked at in it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
    sync::{Arc, Mutex},
};

use desk::{
    Actor, Desk,
    approvals::{
        Approver, ContentDigest, Need,
        workflows::{self, Cover, Workflow},
    },
    capture::{Connectors, Examiner},
    db::Engine,
    ids::{PauseId, PersonId, PostId, ProfileId},
    publishing::{self, Sender, TargetKey},
    records::Outbox,
    rights::{Given, Level, Right},
};
use testkit::{Fickle, TestDesk, fickle::Fate, records::ledger_in};

use super::{
    SECOND,
    draw::Draw,
    judge::{Known, has_its_end, judge, no_call_is_paused},
    mutants::Mutation,
};
use crate::{
    approvals::workflows::{step, workflow},
    publishing::sending::connect,
};

/// The accounts on the network, one for each profile.
const ACCOUNTS: [&str; 3] = ["one", "two", "three"];
/// Posts that are looked at after each step: the newest ones, as steps are about these.
const LOOKED_AT: usize = 12;
/// Steps that are shown when something is broken.
const TOLD: usize = 40;

/// A stretch in which a hard pause covers an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paused {
    pub(super) account: &'static str,
    pub(super) from_ms: i64,
    pub(super) until_ms: Option<i64>,
}

/// The text of each part, by post and profile, version after version.
pub(super) type Texts = BTreeMap<TargetKey, Vec<Vec<String>>>;

pub(super) struct World {
    pub(super) test: Arc<TestDesk>,
    pub(super) mutation: Option<Mutation>,
    pub(super) draw: Draw,
    pub(super) network: &'static Fickle,
    pub(super) profiles: Vec<ProfileId>,
    pub(super) boss: Actor,
    pub(super) writers: Vec<(PersonId, Actor)>,
    pub(super) sender: Sender,
    pub(super) outbox: Outbox,
    pub(super) examiner: Examiner,
    pub(super) posts: Vec<PostId>,
    /// Those in force, with the stretches in `paused` that began with them.
    pub(super) pauses: Vec<(PauseId, Range<usize>)>,
    pub(super) paused: Vec<Paused>,
    /// Who is asked about posts for the last of the profiles.
    pub(super) approvers: Vec<Actor>,
    /// What somebody saw on the last page about a decision.
    pub(super) page: Option<ContentDigest>,
    pub(super) submitted: Texts,
    pub(super) approved: Texts,
    pub(super) texts: u64,
    pub(super) nodes: u64,
    trace: VecDeque<String>,
    /// Calls that were looked at already.
    calls_seen: usize,
    _folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new(seed: u64, mutation: Option<Mutation>) -> Self {
        let test = Arc::new(TestDesk::on(Engine::Sqlite).await);
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let rights = [
            Given::Right(Right::Profiles),
            Given::Right(Right::StopSwitch),
            Given::Right(Right::People),
            Given::Right(Right::Workflows),
            Given::Level(Level::FullPublishing),
        ];
        let boss = test.person_with(&rights).await.actor;
        let network = Fickle::new(test.clock.clone());
        let fates = Arc::new(Mutex::new(Draw(seed ^ 0x5eed)));
        network.decide_by(Box::new(move || fates.lock().expect("one at a time").fate()));
        if let Some(deceit) = mutation.and_then(Mutation::deceit) {
            network.deceive(deceit);
        }
        let mut profiles = Vec::new();
        for account in ACCOUNTS {
            profiles.push(connect(&test.desk, &boss, network, account).await);
        }
        let mut writers = Vec::new();
        for _ in 0..4 {
            let person = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
            writers.push((person.person, person.actor));
        }
        let mut approvers = Vec::new();
        let mut asked = BTreeSet::new();
        for _ in 0..2 {
            let person = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
            asked.insert(Approver::Person(person.person));
            approvers.push(person.actor);
        }
        let cover = Cover { profiles: profiles.last().copied().into_iter().collect(), ..Cover::default() };
        let covered = Workflow { cover, ..workflow("Last", vec![step("Legal", asked, Need::Any)]) };
        workflows::create(&test.desk, &boss, covered).await.expect("a workflow");
        let outbox = Outbox::new(test.desk.clone(), Arc::new(ledger_in(folder.path())));
        Self {
            sender: Sender::new(test.desk.clone(), Connectors::of(vec![network])),
            test,
            mutation,
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
            approvers,
            page: None,
            submitted: Texts::new(),
            approved: Texts::new(),
            texts: 0,
            nodes: 1,
            trace: VecDeque::new(),
            calls_seen: 0,
            _folder: folder,
        }
    }

    pub(super) fn desk(&self) -> Desk {
        self.test.desk.clone()
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.test.desk.now().0
    }

    pub(super) fn say(&mut self, what: &str) {
        if self.trace.len() >= TOLD {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{} {what}", self.now_ms()));
    }

    /// What happened last.
    pub(super) fn told(self) -> String {
        Vec::from(self.trace).join("\n")
    }

    pub(super) fn account(&self, profile: ProfileId) -> &'static str {
        ACCOUNTS[self.profiles.iter().position(|known| *known == profile).expect("a profile")]
    }

    /// Where somebody has to approve.
    fn covered(&self) -> ProfileId {
        self.profiles[self.profiles.len() - 1]
    }

    /// How often somebody approved something.
    pub(super) fn approvals(&self) -> usize {
        self.approved.iter().filter(|(key, _)| key.profile == self.covered()).map(|(_, versions)| versions.len()).sum()
    }

    pub(super) async fn step(&mut self) {
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
            38..48 => self.ship().await,
            48..53 => self.decide().await,
            53..66 => self.pass_time().await,
            _ => self.send().await,
        }
    }

    /// Looks at what the last step may have broken.
    pub(super) async fn look(&mut self) -> Result<(), String> {
        let recent = self.posts.len().saturating_sub(LOOKED_AT);
        self.judge_from(recent, false).await?;
        let calls = self.network.begun_since(self.calls_seen);
        self.calls_seen += calls.len();
        no_call_is_paused(&calls, &self.paused)
    }

    async fn judge_from(&self, first: usize, have_ended: bool) -> Result<(), String> {
        let desk = self.desk();
        let there = self.network.there();
        let (submitted, approved) = (&self.submitted, &self.approved);
        let known = Known { there: &there, submitted, approved, covered: self.covered() };
        for &id in &self.posts[first..] {
            let post = publishing::get(&desk, &self.boss, id).await.map_err(|error| error.to_string())?;
            judge(&post, &known, |profile| self.account(profile))?;
            if have_ended {
                has_its_end(&post)?;
            }
        }
        Ok(())
    }

    /// Lets everything come to its end, then looks at everything.
    pub(super) async fn finish(&mut self) -> Result<(), String> {
        while !self.pauses.is_empty() {
            self.resume().await;
        }
        self.refuse_what_waits().await;
        // The network is well again: what it cannot tell, it does not tell.
        self.network.decide_by(Box::new(|| Fate::Takes));
        for _ in 0..40 {
            self.outbox.ship_all().await.expect("the ledger takes it");
            self.test.clock.advance_ms(20 * 60 * SECOND);
            if self.mutation != Some(Mutation::NeverComesBack) {
                self.sender.work_until_idle().await.map_err(|error| error.to_string())?;
            }
        }
        let (overdue, _) = publishing::look(&self.desk()).await.map_err(|error| error.to_string())?;
        if overdue > 0 {
            return Err(format!("{overdue} posts are past their time and neither out nor held"));
        }
        self.judge_from(0, true).await
    }
}
