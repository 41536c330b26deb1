//! Sending: what was cleared, once, on time, or a stated result; whatever the network does.

use std::sync::Arc;

use desk::{
    Actor, Desk, Error,
    capture::{
        Connectors, Examiner,
        connections::{self, Begun, NewConnection},
    },
    ids::{PostId, ProfileId},
    people,
    publishing::{
        self, CALL_MAX_MS, Content, CorrectionState, HeldFor, LATE_MS_MAX, LOOK_AFTER_MS, Outcome, Part, PauseMode, PauseScope,
        PostForm, Sender, Sent, Submitting, Target, TargetKey, TargetState,
    },
    records::Outbox,
    rights::{Given, Level, Right, TokenScope},
    sign_in,
};
use ledger::engine::Ledger;
use testkit::{
    Fickle, TestDesk,
    fickle::{Fate, There},
    on_both,
    records::ledger_in,
};

use super::form;

const HOUR: i64 = 3_600_000;

/// A desk with one profile on a network that fails as told, a sender and a record.
pub struct Stage {
    pub test: Arc<TestDesk>,
    pub publisher: Actor,
    pub network: &'static Fickle,
    pub profile: ProfileId,
    pub sender: Sender,
    pub outbox: Outbox,
    pub examiner: Examiner,
    _folder: tempfile::TempDir,
}

pub async fn connect(desk: &Desk, actor: &Actor, network: &'static Fickle, account: &str) -> ProfileId {
    let new = NewConnection {
        network: "fickle".to_owned(),
        method: "token".to_owned(),
        fields: [("account".to_owned(), account.to_owned())].into(),
        profile: None,
        title: account.to_owned(),
        group: None,
        protected: false,
    };
    match connections::begin(desk, &Connectors::of(vec![network]), actor, new).await.expect("connects") {
        Begun::Connected(profile) => profile,
        Begun::Redirect(_) => unreachable!("no round trip is needed"),
    }
}

impl Stage {
    pub async fn on(test: Arc<TestDesk>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        test.workspace().await;
        let rights = [
            Given::Right(Right::Profiles),
            Given::Right(Right::StopSwitch),
            Given::Right(Right::People),
            Given::Level(Level::FullPublishing),
        ];
        let publisher = test.person_with(&rights).await.actor;
        let network = Fickle::new(test.clock.clone());
        let profile = connect(&test.desk, &publisher, network, "kites").await;
        let sender = Sender::new(test.desk.clone(), Connectors::of(vec![network]));
        let ledger: Arc<Ledger> = Arc::new(ledger_in(folder.path()));
        let outbox = Outbox::new(test.desk.clone(), ledger);
        let examiner = Examiner::new().expect("compiles");
        Self { test, publisher, network, profile, sender, outbox, examiner, _folder: folder }
    }

    pub fn desk(&self) -> &Desk {
        &self.test.desk
    }

    /// Scheduled an hour from now, and on record.
    pub async fn scheduled(&self, form: PostForm) -> TargetKey {
        let slot = form.slot.or(Some(self.desk().now().plus_ms(HOUR)));
        let id = publishing::create(self.desk(), &self.publisher, &PostForm { slot, ..form }).await.expect("begun");
        self.submit(id).await;
        self.outbox.ship_all().await.expect("on record");
        TargetKey { post: id, profile: self.profile }
    }

    pub async fn submit(&self, id: PostId) {
        let post = publishing::get(self.desk(), &self.publisher, id).await.expect("readable");
        let sent =
            publishing::submit(self.desk(), &self.publisher, &self.examiner, id, post.revision, &Submitting::default()).await;
        assert_eq!(sent.expect("submitted"), Sent::Scheduled);
    }

    pub async fn life(&self, key: TargetKey) -> Target {
        let post = publishing::get(self.desk(), &self.publisher, key.post).await.expect("readable");
        post.target(key.profile).expect("a target").life.clone()
    }

    /// So many milliseconds later: everything that is due then is done.
    pub async fn later(&self, ms: i64) {
        self.test.clock.advance_ms(ms);
        self.sender.work_until_idle().await.expect("our own side is well");
    }

    pub fn texts(&self) -> Vec<String> {
        self.network.there().into_iter().map(|there| there.post.text).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_out_once_at_its_time_and_is_on_record() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.later(HOUR - 1).await;
        assert!(stage.texts().is_empty(), "not before its time");
        stage.later(1).await;
        stage.later(HOUR).await;
        assert_eq!(stage.texts(), ["hello"]);
        let life = stage.life(key).await;
        assert_eq!((life.state, life.attempts.len(), life.native_id.as_deref()), (TargetState::Published, 1, Some("f-0")));
        stage.outbox.ship_all().await.expect("on record");
        let story = publishing::history(stage.desk(), &stage.publisher, key.post).await.expect("a story");
        let kinds: Vec<_> = story.record.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["post_version", "attempt", "answer", "state"]);
        assert!(story.record.iter().all(|entry| entry.entry.is_some()), "each has its place in the ledger");
        let permalink = story.parts[&stage.profile][0].permalink.as_deref();
        assert_eq!(permalink, Some("https://fickle.example.test/f-0"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_its_version_is_on_record() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let id = publishing::create(stage.desk(), &stage.publisher, &form("hello", &[stage.profile])).await.expect("begun");
        stage.submit(id).await;
        let key = TargetKey { post: id, profile: stage.profile };
        stage.later(1_000).await;
        assert!(stage.texts().is_empty());
        assert_eq!(stage.life(key).await.state, TargetState::Scheduled);
        stage.outbox.ship_all().await.expect("on record");
        stage.later(1_000).await;
        assert_eq!(stage.texts(), ["hello"]);
        let late = publishing::create(stage.desk(), &stage.publisher, &form("late", &[stage.profile])).await.expect("begun");
        stage.submit(late).await;
        for _ in 0..3 {
            stage.later(LATE_MS_MAX / 2).await;
        }
        let held = stage.life(TargetKey { post: late, profile: stage.profile }).await;
        assert_eq!(held.held_for, Some(HeldFor::Missed), "an outage of the record ends in the list, too");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_unknown_outcome_the_network_is_asked_and_nothing_is_there_twice() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        stage.network.next([Fate::AnswerLost, Fate::NeverArrives]);
        let taken = stage.scheduled(form("taken", &[stage.profile])).await;
        let lost = stage.scheduled(form("lost", &[stage.profile])).await;
        stage.later(HOUR).await;
        assert_eq!((stage.life(taken).await.state, stage.life(lost).await.state), (TargetState::Sending, TargetState::Sending));
        stage.later(LOOK_AFTER_MS).await;
        stage.later(1).await;
        assert_eq!(
            (stage.life(taken).await.state, stage.life(lost).await.state),
            (TargetState::Published, TargetState::Published)
        );
        let mut texts = stage.texts();
        texts.sort();
        assert_eq!(texts, ["lost", "taken"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_attempt_is_looked_up_by_another_process_after_the_longest_call_and_not_before() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.test.clock.advance_ms(HOUR);
        let claimed = stage.sender.claim().await.expect("claims");
        assert_eq!(claimed.len(), 1);
        drop(claimed);
        let other = Sender::new(stage.test.another_node(7).await, Connectors::of(vec![stage.network]));
        stage.test.clock.advance_ms(CALL_MAX_MS);
        assert_eq!(other.work_until_idle().await.expect("works"), 0, "it may be a slow call of a process that lives");
        stage.test.clock.advance_ms(LOOK_AFTER_MS);
        other.work_until_idle().await.expect("works");
        assert_eq!((stage.life(key).await.state, stage.texts().len()), (TargetState::Published, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_does_not_answer_leads_to_a_person() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        stage.network.next([Fate::AnswerLost]);
        stage.network.next_finds([Fate::BadMoment; 10]);
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.later(HOUR).await;
        for _ in 0..6 {
            stage.later(LOOK_AFTER_MS + CALL_MAX_MS).await;
        }
        assert_eq!(stage.life(key).await.held_for, Some(HeldFor::Uncertain));
        let cancelled = publishing::cancel(stage.desk(), &stage.publisher, key.post, None, "enough").await;
        assert!(matches!(cancelled, Err(Error::Conflict(_))), "it may be there");
        publishing::settle(stage.desk(), &stage.publisher, key, Some("f-0")).await.expect("somebody looked");
        assert_eq!(stage.life(key).await.state, TargetState::Published);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_the_network_has_its_end() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let refused = stage.scheduled(form("refused", &[stage.profile])).await;
        stage.network.next([Fate::Refuses]);
        stage.later(HOUR).await;
        let busy = stage.scheduled(form("busy", &[stage.profile])).await;
        stage.network.next([Fate::Busy(90)]);
        stage.later(HOUR).await;
        let waiting = stage.life(busy).await;
        assert_eq!(waiting.state, TargetState::Scheduled);
        assert!(waiting.next_try.is_some_and(|at| at.since_ms(stage.desk().now()) >= 90_000), "never sooner than it said");
        let slot = Some(stage.desk().now().plus_ms(1));
        let expired = stage.scheduled(PostForm { slot, ..form("expired", &[stage.profile]) }).await;
        stage.network.next([Fate::Expired]);
        stage.later(1).await;
        assert_eq!(stage.life(refused).await.state, TargetState::Failed);
        assert_eq!(stage.life(expired).await.state, TargetState::Published, "the token is renewed in mid-send");
        stage.later(90_000).await;
        assert_eq!(stage.life(busy).await.state, TargetState::Published);
        assert_eq!(stage.texts(), ["expired", "busy"]);
    })
    .await;
}

fn thread(texts: &[&str], profile: ProfileId) -> PostForm {
    let mut form = form("", &[profile]);
    form.draft.common.parts = texts.iter().map(|text| Part { text: (*text).to_owned(), media: Vec::new() }).collect();
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_goes_on_where_it_stopped() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        stage.network.next([Fate::Takes, Fate::AnswerLost, Fate::Busy(30)]);
        let key = stage.scheduled(thread(&["one", "two", "three"], stage.profile)).await;
        stage.later(HOUR).await;
        assert_eq!((stage.life(key).await.parts_there, stage.texts()), (1, vec!["one".to_owned(), "two".to_owned()]));
        stage.later(LOOK_AFTER_MS).await;
        assert_eq!(stage.life(key).await.parts_there, 2, "the second was found");
        stage.later(HOUR).await;
        let life = stage.life(key).await;
        assert_eq!((life.state, life.native_id.as_deref()), (TargetState::Published, Some("f-0")));
        let there = stage.network.there();
        let replies: Vec<_> = there.iter().map(|there| there.post.reply_to.as_deref()).collect();
        assert_eq!(replies, [None, Some("f-0"), Some("f-1")]);
        assert_eq!(stage.texts(), ["one", "two", "three"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_what_is_due_and_resuming_sends_nothing_by_itself() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        let rehearsed = publishing::rehearse(desk, &stage.publisher, &PauseScope::Everything).await.expect("rehearsed");
        assert_eq!(rehearsed.len(), 1);
        let pause =
            publishing::pause(desk, &stage.publisher, PauseScope::Profile(stage.profile), PauseMode::Hard, "outage").await;
        let pause = pause.expect("paused");
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.held_for, Some(HeldFor::Paused));
        assert!(matches!(publishing::release(desk, &stage.publisher, key, None).await, Err(Error::Conflict(_))));
        publishing::resume(desk, &stage.publisher, pause).await.expect("resumed");
        stage.later(HOUR).await;
        assert!(stage.texts().is_empty(), "nothing overdue goes out by itself");
        assert_eq!(publishing::held(desk, &stage.publisher).await.expect("the list").len(), 1);
        publishing::release(desk, &stage.publisher, key, None).await.expect("let go");
        stage.later(1).await;
        assert_eq!(stage.texts(), ["hello"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_between_two_parts_stops_the_rest() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let key = stage.scheduled(thread(&["one", "two"], stage.profile)).await;
        stage.test.clock.advance_ms(HOUR);
        let claimed = stage.sender.claim().await.expect("claims");
        publishing::pause(desk, &stage.publisher, PauseScope::Everything, PauseMode::Hard, "stop").await.expect("paused");
        for one in claimed {
            stage.sender.work(one).await;
        }
        let life = stage.life(key).await;
        assert_eq!((life.held_for, life.parts_there, stage.texts().len()), (Some(HeldFor::Paused), 1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_begin_in_time_is_not_made() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.test.clock.advance_ms(HOUR);
        let claimed = stage.sender.claim().await.expect("claims");
        // This process was asleep for a second; meanwhile somebody may have paused.
        stage.test.clock.advance_ms(1_000);
        for one in claimed {
            stage.sender.work(one).await;
        }
        assert!(stage.texts().is_empty());
        assert_eq!(stage.network.calls().1, 0, "nothing was called");
        stage.later(0).await;
        assert_eq!(stage.life(key).await.state, TargetState::Published);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_suspended_person_scheduled_waits_for_a_colleague() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let leaving = stage.test.person_with(&[Given::Level(Level::FullPublishing)]).await;
        let slot = Some(desk.now().plus_ms(HOUR));
        let id =
            publishing::create(desk, &leaving.actor, &PostForm { slot, ..form("hello", &[stage.profile]) }).await.expect("begun");
        publishing::submit(desk, &leaving.actor, &stage.examiner, id, 1, &Submitting::default()).await.expect("submitted");
        stage.outbox.ship_all().await.expect("on record");
        people::suspend(desk, &Actor::operator(), leaving.person).await.expect("suspended");
        let key = TargetKey { post: id, profile: stage.profile };
        assert_eq!(stage.life(key).await.held_for, Some(HeldFor::Orphaned));
        stage.later(HOUR / 2).await;
        assert!(matches!(publishing::release(desk, &stage.publisher, key, None).await, Err(Error::Conflict(_))));
        publishing::adopt(desk, &stage.publisher, key, None).await.expect("adopted");
        stage.later(HOUR / 2).await;
        assert_eq!(stage.texts(), ["hello"], "at the time it was approved for");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_lets_nothing_go_that_waits_for_people() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let new = sign_in::NewToken {
            name: "robot".to_owned(),
            scopes: ["publishing:write", "posts:read", "posts:write"]
                .map(|scope| TokenScope::parse(scope).expect("a scope"))
                .into(),
            expires_at: desk.now().plus_ms(1_000 * HOUR),
            agent: true,
        };
        let (_, secret) = sign_in::create_token(desk, &stage.publisher, &new).await.expect("a token");
        let agent = sign_in::actor_of_token(desk, secret.reveal(), None).await.expect("an agent");
        let pause = publishing::pause(desk, &stage.publisher, PauseScope::Everything, PauseMode::Hard, "a storm").await;
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.later(HOUR).await;
        assert_eq!(stage.life(key).await.held_for, Some(HeldFor::Paused));
        let pause = pause.expect("paused");
        assert!(matches!(publishing::resume(desk, &agent, pause).await, Err(Error::Conflict(_))));
        publishing::resume(desk, &stage.publisher, pause).await.expect("resumed");
        let refused = publishing::release(desk, &agent, key, None).await.expect_err("an agent");
        assert!(refused.to_string().contains("an agent can draft"), "{refused}");
        assert!(publishing::adopt(desk, &agent, key, None).await.is_err());
        assert!(publishing::settle(desk, &agent, key, None).await.is_err());
        let confirmed = Submitting { confirmed: true, ..Submitting::default() };
        assert!(publishing::submit(desk, &agent, &stage.examiner, key.post, 1, &confirmed).await.is_err());
        stage.later(HOUR).await;
        assert!(stage.texts().is_empty());
        publishing::release(desk, &stage.publisher, key, None).await.expect("a person may");
        stage.later(1_000).await;
        assert_eq!(stage.texts(), ["hello"]);
        assert!(publishing::delete_published(desk, &agent, key, "tidy").await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_time_waits_for_a_person_and_overdue_posts_are_seen() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.test.clock.advance_ms(HOUR + publishing::OVERDUE_MS + 1);
        assert_eq!(publishing::overdue(desk, &stage.publisher).await.expect("the watchdog").len(), 1);
        assert_eq!(publishing::look(desk).await.expect("the watchdog"), (1, 0));
        stage.later(LATE_MS_MAX).await;
        assert_eq!(stage.life(key).await.held_for, Some(HeldFor::Missed));
        assert_eq!(publishing::look(desk).await.expect("the watchdog"), (0, 1));
        assert!(stage.texts().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_posts_are_changed_and_deleted_and_that_is_read_back() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let key = stage.scheduled(form("hello", &[stage.profile])).await;
        stage.later(HOUR).await;
        let part = Part { text: "hello!".to_owned(), media: Vec::new() };
        let content = Content { parts: vec![part], ..Content::default() };
        let sent = publishing::edit_published(desk, &stage.publisher, &stage.examiner, key, &content, "typo").await;
        assert_eq!(sent.expect("asked for"), Sent::Scheduled);
        stage.outbox.ship_all().await.expect("on record");
        stage.later(1_000).await;
        assert_eq!(stage.texts(), ["hello!"]);
        let shown = publishing::published_content(desk, &stage.publisher, key).await.expect("it is out");
        assert_eq!(shown, content);
        let before = Content { parts: vec![Part { text: "hello".to_owned(), media: Vec::new() }], ..content.clone() };
        for (said, again) in [(&before, "it was right before"), (&content, "it was not")] {
            let sent = publishing::edit_published(desk, &stage.publisher, &stage.examiner, key, said, again).await;
            assert_eq!(sent.expect("what it said before is a change, too"), Sent::Scheduled);
            stage.outbox.ship_all().await.expect("on record");
            stage.later(1_000).await;
            assert_eq!(stage.texts(), [said.parts[0].text.as_str()]);
        }
        let same = publishing::edit_published(desk, &stage.publisher, &stage.examiner, key, &content, "nothing").await;
        assert!(matches!(same, Err(Error::Invalid(_))), "nothing differs");
        stage.network.next([Fate::BadMoment]);
        publishing::delete_published(desk, &stage.publisher, key, "wrong day").await.expect("asked for");
        assert!(publishing::delete_published(desk, &stage.publisher, key, "again").await.is_err(), "it is under way");
        stage.later(1_000).await;
        stage.later(HOUR).await;
        assert!(stage.network.there().iter().all(|there: &There| there.deleted));
        let done = publishing::corrections(desk, &stage.publisher, key.post).await.expect("corrections");
        assert_eq!(done.iter().map(|one| one.state).collect::<Vec<_>>(), [CorrectionState::Done; 4]);
        assert!(matches!(stage.life(key).await.attempts[0].ended, Some((_, Outcome::Published { .. }))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_or_disconnected_post_does_not_go_out() {
    on_both(|test| async move {
        let stage = Stage::on(test).await;
        let desk = stage.desk();
        let cancelled = stage.scheduled(form("cancelled", &[stage.profile])).await;
        let paused = stage.scheduled(form("paused", &[stage.profile])).await;
        publishing::cancel(desk, &stage.publisher, cancelled.post, Some(cancelled), "typo").await.expect("cancelled");
        desk::profiles::set_state(desk, &stage.publisher, stage.profile, desk::profiles::ProfileState::Paused)
            .await
            .expect("paused");
        stage.later(HOUR).await;
        assert!(stage.texts().is_empty());
        assert_eq!(stage.life(paused).await.held_for, Some(HeldFor::Paused));
    })
    .await;
}
