//! One desk, its accounts on all networks, and what is scheduled on them between the lives of its servers.

use desk::{
    Actor, Desk,
    capture::Examiner,
    ids::PostId,
    people,
    publishing::{self, Content, Draft, Medium, Part, PostForm, Submitting},
    sign_in,
};
use testkit::{desk::desk_in, people::open_session, picture};
use tokio::runtime::Runtime;

use super::{
    lives::{Kills, Lives},
    network::{Account, Connecting, Servers},
};
use crate::program::Place;

/// Servers that live one after the other before something is scheduled again.
const LIVES_A_LOT: u64 = 4;
/// Posts scheduled at once, each on two profiles; every third of them is a thread, every fourth begins with a picture.
const POSTS_A_LOT: u64 = 10;
/// Every second of them goes as soon as it may. When the first of the others is due: later than a busy machine needs to submit them all.
const FIRST_MS: i64 = 3_000;
/// How far apart these are.
const APART_MS: i64 = 200;
/// Parts of a thread.
const THREAD: usize = 3;

/// A desk that lives through some kills.
pub(super) struct Season {
    pub(super) place: Place,
    pub(super) accounts: Vec<Box<dyn Account>>,
    pub(super) posts: Vec<PostId>,
    pub(super) seed: u64,
    picture: Medium,
    examiner: Examiner,
}

/// The owner, as if they had just signed in.
pub(super) async fn owner(desk: &Desk) -> Actor {
    let owner = people::find_for_operator(desk, &Actor::operator(), "owner@example.test").await.expect("reads");
    let (_, cookie) = open_session(desk, owner.expect("init made the owner").id).await;
    sign_in::resume(desk, &cookie, None, "").await.expect("the door answers").actor
}

impl Season {
    /// A fresh desk with a fresh account on every network.
    pub(super) async fn begin(servers: &Servers, seed: u64) -> Self {
        let place = Place::with_workspace();
        let data = place.path("data");
        let desk = desk_in(&data).await;
        let owner = owner(&desk).await;
        let connecting = Connecting { desk: &desk, owner: &owner, data: &data, name: format!("kites{seed}") };
        let accounts = servers.accounts(&connecting).await;
        let picture = picture::on_desk(&desk, &owner).await;
        desk.db().close().await;
        Self { place, accounts, posts: Vec::new(), seed, picture, examiner: Examiner::new().expect("compiles") }
    }

    /// So many servers live and are killed, one after the other.
    pub(super) fn live_through(&mut self, runtime: &Runtime, kills: u64) -> Kills {
        let mut lives = Lives::new(self.seed);
        let mut seen = Kills::default();
        for number in 0..kills {
            if number.is_multiple_of(LIVES_A_LOT) {
                runtime.block_on(self.schedule());
            }
            let (since_ms, answered) = (now_ms(), lives.next(&self.place));
            runtime.block_on(async {
                let desk = desk_in(&self.place.path("data")).await;
                seen.count(&desk, since_ms, answered).await;
                desk.db().close().await;
            });
        }
        seen
    }

    /// Schedules some posts around the servers' next lives.
    async fn schedule(&mut self) {
        let desk = desk_in(&self.place.path("data")).await;
        let owner = owner(&desk).await;
        for at in 0..POSTS_A_LOT {
            let slot = (at % 2 == 1).then(|| desk.now().plus_ms(FIRST_MS + i64::try_from(at).expect("few") * APART_MS));
            let form = PostForm { draft: self.draft(), slot, ..PostForm::default() };
            let id = publishing::create(&desk, &owner, &form).await.expect("begun");
            publishing::submit(&desk, &owner, &self.examiner, id, 1, &Submitting::default()).await.expect("submitted");
            self.posts.push(id);
        }
        desk.db().close().await;
    }

    /// Another post for the next two of the profiles.
    fn draft(&self) -> Draft {
        let number = self.posts.len();
        let text = |part| Part { text: format!("Season {} post {number} part {part} of it", self.seed), media: Vec::new() };
        let mut parts: Vec<Part> = (0..if number.is_multiple_of(3) { THREAD } else { 1 }).map(text).collect();
        if number.is_multiple_of(4) {
            parts[0].media.push(self.picture.clone());
        }
        let common = Content { parts, ..Content::default() };
        let targets = [number, number + 1].map(|at| {
            let account = &self.accounts[at % self.accounts.len()];
            let own = account.place().map(|place| Content { place: Some(place.to_owned()), ..common.clone() });
            (account.profile(), own)
        });
        Draft { targets: targets.into(), common }
    }
}

fn now_ms() -> i64 {
    desk::Clock::now(&desk::SystemClock).0
}
