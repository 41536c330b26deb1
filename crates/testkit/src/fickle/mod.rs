//! A network that takes posts and fails as it is told: before the effect, after it, with a limit, with an expired token, slowly.
//!
//! It does **not** recognise a repetition: whoever sends the same post twice has it there twice. What is there is what a test judges by. On
//! demand it misleads ([`Deceit`]), for tests of the tests.

mod network;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use desk::Clock as _;
use networks::{Class, Clock, NetworkError, Outgoing, Secrets, Session};

use crate::ManualClock;
use network::account_of;

/// What becomes of one call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It takes effect and says so.
    Takes,
    /// It takes effect and the answer is lost.
    AnswerLost,
    /// It never arrives, and nobody knows.
    NeverArrives,
    /// Refused for good.
    Refuses,
    /// Too many requests, for so many seconds.
    Busy(u32),
    /// A bad moment, without effect.
    BadMoment,
    /// The token ran out; renewing it helps.
    Expired,
    /// The network forgot the files.
    Forgot,
    /// It takes effect after so many milliseconds of the test's clock, and says so.
    Slow(i64),
    /// The answer is lost at once; the effect shows after so many milliseconds of the test's clock.
    Late(i64),
}

/// How it misleads whoever relies on it, whatever the [`Fate`] of a call: so that tests see a sender do what one without a rule would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deceit {
    /// Whatever it is asked for, it does not have it.
    FindsNothing,
    /// What is late shows later than anybody waits.
    ShowsLate,
    /// A call whose answer is lost certainly had no effect, it says.
    DeniesEffects,
    /// It has another text than it was given.
    Twists,
    /// It says that it took a post, and forgets it.
    Pretends,
}

/// How late something shows that nobody waits for any more.
const VERY_LATE_MS: i64 = 60 * 60 * 1_000;

/// A post as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// On which account.
    pub account: String,
    /// Under which key.
    pub key: String,
    /// The network's id.
    pub native_id: String,
    /// What was sent.
    pub post: Outgoing,
    /// When it was taken, by the test's clock.
    pub at_ms: i64,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Decides what becomes of a call.
pub type Decide = Box<dyn FnMut() -> Fate + Send>;

/// The network and its state. Make it with [`Fickle::new`], which lets it live as long as the test.
pub struct Fickle {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    there: Vec<There>,
    /// Posts taken so far.
    taken: u32,
    fates: VecDeque<Fate>,
    finds: VecDeque<Fate>,
    decide: Option<Decide>,
    deceit: Option<Deceit>,
    /// What shows later, with the moment.
    late: Vec<(i64, There)>,
    uploads: u32,
    sends: u32,
    token: u32,
    valid: u32,
    /// When each call to post began, and on which account.
    begun: Vec<(i64, String)>,
}

impl State {
    /// A post stands there from now on, under an id of its own.
    fn take(&mut self, mut there: There) -> There {
        there.native_id = format!("f-{}", self.taken);
        self.taken += 1;
        if self.deceit == Some(Deceit::Twists) {
            there.post.text.push_str(" and more");
        }
        if self.deceit != Some(Deceit::Pretends) {
            self.there.push(there.clone());
        }
        there
    }
}

impl Fickle {
    /// A network where all is well.
    pub fn new(clock: Arc<ManualClock>) -> &'static Self {
        Box::leak(Box::new(Self { clock, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = self.clock.now().0;
        while let Some(at) = state.late.iter().position(|(shows_ms, _)| *shows_ms <= now_ms) {
            let (_, there) = state.late.swap_remove(at);
            state.take(there);
        }
        state
    }

    /// A session of an account, as somebody has it who does not come through the desk.
    pub fn session(&self, account: &str, clock: Arc<ManualClock>) -> Session {
        Session {
            account: account_of(account),
            secrets: Secrets::default().with("token", self.state().valid.to_string()),
            settings: BTreeMap::new(),
            clock: Clock::new(move || clock.now().0),
        }
    }

    /// What becomes of the next calls that post, in order; all others are taken.
    pub fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state().fates.extend(fates);
    }

    /// What becomes of the next questions whether something is there.
    pub fn next_finds(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state().finds.extend(fates);
    }

    /// Decides about every call from now on.
    pub fn decide_by(&self, decide: Decide) {
        self.state().decide = Some(decide);
    }

    /// Misleads from now on.
    pub fn deceive(&self, deceit: Deceit) {
        self.state().deceit = Some(deceit);
    }

    /// What is there, oldest first, deleted ones included.
    pub fn there(&self) -> Vec<There> {
        self.state().there.clone()
    }

    /// How many files it was given, and how many posts.
    pub fn calls(&self) -> (u32, u32) {
        let state = self.state();
        (state.uploads, state.sends)
    }

    /// The calls to post after the first so many: when each began, and on which account.
    pub fn begun_since(&self, calls: usize) -> Vec<(i64, String)> {
        self.state().begun[calls..].to_vec()
    }

    fn fate(&self, of: impl FnOnce(&mut State) -> &mut VecDeque<Fate>) -> Fate {
        let mut state = self.state();
        if let Some(fate) = of(&mut state).pop_front() {
            return fate;
        }
        state.decide.as_mut().map_or(Fate::Takes, |decide| decide())
    }

    fn authorise(&self, session: &Session) -> Result<(), NetworkError> {
        let state = self.state();
        let shown: u32 = session.secrets.get("token").and_then(|token| token.parse().ok()).unwrap_or(0);
        if shown >= state.valid { Ok(()) } else { Err(NetworkError::new(Class::Expired, "the token is not known (401)")) }
    }

    /// Does what a call is to do, before or after what becomes of it.
    async fn happen<T>(&self, fate: Fate, effect: impl FnOnce(&mut State) -> T) -> Result<T, NetworkError> {
        // A place to be dropped at before anything happened.
        tokio::task::yield_now().await;
        let deceit = self.state().deceit;
        let unknown = || {
            let broke = NetworkError::retry("the connection broke");
            if deceit == Some(Deceit::DeniesEffects) { broke } else { broke.effect_unknown() }
        };
        if let Fate::Slow(ms) = fate {
            self.clock.advance_ms(ms);
        }
        match fate {
            Fate::NeverArrives => return Err(unknown()),
            Fate::Refuses => return Err(NetworkError::new(Class::RefusedContent, "the network does not want this")),
            Fate::Busy(seconds) => {
                return Err(NetworkError::retry("too many requests (429)").after(Duration::from_secs(seconds.into())));
            }
            Fate::BadMoment => return Err(NetworkError::retry("the network has a bad moment (503)")),
            Fate::Forgot => return Err(NetworkError::new(Class::Gone, "the network does not know these files")),
            Fate::Expired => {
                self.state().valid += 1;
                return Err(NetworkError::new(Class::Expired, "the token ran out (401)"));
            }
            Fate::Takes | Fate::AnswerLost | Fate::Slow(_) | Fate::Late(_) => {}
        }
        let done = effect(&mut self.state());
        // And one after it did.
        tokio::task::yield_now().await;
        if matches!(fate, Fate::AnswerLost | Fate::Late(_)) { Err(unknown()) } else { Ok(done) }
    }
}
