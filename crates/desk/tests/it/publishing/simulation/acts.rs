//! What happens in the world, one act a step: people write, edit, submit, approve, move, cancel, pause, resume, are suspended and sort what is
//! held; the record ships; time passes; the sender works, and dies half of the time.

use std::{future::Future, pin::pin, task::Poll};

use desk::{
    Actor,
    approvals::{self, Ballot, LookAtSubmissions, Verdict},
    capture::Connectors,
    db::sql,
    ids::PostId,
    jobs::Registry,
    people,
    publishing::{self, Part, PauseMode, PauseScope, PostForm, Saved, Sender, Submitting, TargetKey},
    rights::{Given, Level},
};

use super::{
    HOUR, SECOND,
    mutants::Mutation,
    world::{Paused, World},
};
use crate::publishing::form;

/// The longest that the sender of a step may be polled before it is killed.
const POLLS_MAX: u64 = 40;

impl World {
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

    pub(super) async fn write(&mut self) {
        let (desk, actor, form) = (self.desk(), self.writer(), self.fresh_form());
        if let Ok(id) = publishing::create(&desk, &actor, &form).await {
            self.posts.push(id);
            self.say(&format!("write {id}"));
            self.submit_one(id, &actor).await;
        }
    }

    pub(super) async fn submit(&mut self) {
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

    pub(super) async fn edit(&mut self) {
        let (desk, actor, form) = (self.desk(), self.writer(), self.fresh_form());
        let Some(id) = self.some_post() else { return };
        let Ok(post) = publishing::get(&desk, &actor, id).await else { return };
        // Two people edit at once: one of them has an old revision.
        let revision = post.revision - i64::from(self.draw.below(3) == 0);
        if matches!(publishing::save(&desk, &actor, id, revision, &form).await, Ok(Saved::Done(_))) {
            self.say(&format!("edit {id}"));
        }
    }

    pub(super) async fn withdraw_or_cancel(&mut self) {
        let (desk, actor) = (self.desk(), self.writer());
        let Some(id) = self.some_post() else { return };
        let done = if self.draw.below(2) == 0 {
            publishing::withdraw(&desk, &actor, id).await.is_ok()
        } else {
            publishing::cancel(&desk, &actor, id, None, "typo").await.is_ok()
        };
        self.say(&format!("withdraw or cancel {id}: {done}"));
    }

    pub(super) async fn retime(&mut self) {
        let (desk, actor) = (self.desk(), self.writer());
        let Some(id) = self.some_post() else { return };
        let Ok(post) = publishing::get(&desk, &actor, id).await else { return };
        let slot = desk.now().plus_ms(self.draw.ms(2 * HOUR));
        let moved = publishing::retime(&desk, &actor, id, post.revision, Some(slot)).await;
        self.say(&format!("retime {id}: {moved:?}"));
    }

    pub(super) async fn pause(&mut self) {
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
            let from_ms = self.now_ms();
            let covered = if hard { covered } else { Vec::new() };
            let from = self.paused.len();
            for profile in covered {
                self.paused.push(Paused { account: self.account(profile), from_ms, until_ms: None });
            }
            self.pauses.push((id, from..self.paused.len()));
            self.say(&format!("pause {id} {mode:?}"));
            if self.mutation == Some(Mutation::ForgetsPauses) {
                publishing::resume(&desk, &self.boss, id).await.expect("it is in force");
            }
        }
    }

    pub(super) async fn resume(&mut self) {
        let desk = self.desk();
        let Some((id, covered)) = self.pauses.pop() else { return };
        if self.mutation != Some(Mutation::ForgetsPauses) {
            publishing::resume(&desk, &self.boss, id).await.expect("it is in force");
        }
        let now = self.now_ms();
        self.paused[covered].iter_mut().for_each(|paused| paused.until_ms = Some(now));
        self.say(&format!("resume {id}"));
    }

    pub(super) async fn suspend(&mut self) {
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

    /// Somebody who is asked decides about something that waits, now and then from an old page.
    pub(super) async fn decide(&mut self) {
        let desk = self.desk();
        let actor = self.draw.one(&self.approvers).expect("there are some").clone();
        let (waiting, _) = approvals::waiting_for_me(&desk, &actor).await.expect("the list");
        let Some(shown) = self.draw.one(&waiting).map(|one| one.shown.clone()) else { return };
        let last = self.page.replace(shown.preview.digest);
        let seen = if self.draw.below(6) == 0 { last.unwrap_or(shown.preview.digest) } else { shown.preview.digest };
        let reason = || "not like this".to_owned();
        let verdict = match self.draw.below(10) {
            0 => Verdict::Reject { reason: reason() },
            1 => Verdict::AskForChange { reason: reason() },
            _ => Verdict::Approve,
        };
        let approves = verdict == Verdict::Approve && seen == shown.preview.digest;
        let decided = approvals::decide(&desk, &actor, shown.kept.id, Ballot { seen, verdict, others: None }).await;
        if decided.is_ok() && approves && self.mutation != Some(Mutation::SendsUnapproved) {
            for target in &shown.preview.targets {
                let texts = target.content.parts.iter().map(|part| part.text.clone()).collect();
                let key = TargetKey { post: shown.preview.post, profile: target.profile };
                self.approved.entry(key).or_default().push(texts);
            }
        }
        self.say(&format!("decide about {}: {decided:?}", shown.kept.post));
    }

    /// What waited too long expires.
    async fn look_at_submissions(&self) {
        self.test.run_jobs(&Registry::new().with(LookAtSubmissions)).await;
    }

    /// At the end nobody waits for a decision any more.
    pub(super) async fn refuse_what_waits(&self) {
        self.look_at_submissions().await;
        let (desk, actor) = (self.desk(), &self.approvers[0]);
        loop {
            let (waiting, _) = approvals::waiting_for_me(&desk, actor).await.expect("the list");
            let Some(one) = waiting.first() else { return };
            let verdict = Verdict::Reject { reason: "the end".to_owned() };
            let ballot = Ballot { seen: one.shown.preview.digest, verdict, others: None };
            approvals::decide(&desk, actor, one.shown.kept.id, ballot).await.expect("decided");
        }
    }

    pub(super) async fn triage(&mut self) {
        let desk = self.desk();
        let held = publishing::held(&desk, &self.boss).await.expect("the list");
        let Some(waiting) = self.draw.one(&held).cloned() else { return };
        let key = waiting.target.key;
        let there = self.network.there();
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

    pub(super) async fn ship(&mut self) {
        // Now and then the record is away.
        if self.draw.below(4) > 0 {
            self.outbox.ship_all().await.expect("the ledger takes it");
            self.say("ship");
        }
    }

    pub(super) async fn pass_time(&mut self) {
        let ms = match self.draw.below(20) {
            0 => self.draw.ms(3 * HOUR),
            1..4 => self.draw.ms(4 * 60 * SECOND),
            _ => self.draw.ms(60 * SECOND),
        };
        self.test.clock.advance_ms(ms);
        self.say(&format!("{ms} ms pass"));
        if self.draw.below(4) == 0 {
            self.look_at_submissions().await;
        }
    }

    /// The sender claims and works, and half of the time it is killed somewhere and comes back as another process.
    pub(super) async fn send(&mut self) {
        let dies = self.draw.below(2) == 0;
        let polls = if dies { 1 + self.draw.below(POLLS_MAX) } else { u64::MAX };
        let sender = self.sender.clone();
        let lived = killed_after(polls, async move { sender.work_until_idle().await }).await;
        if let Some(done) = lived {
            done.expect("our own side is well");
        } else {
            if self.mutation == Some(Mutation::ForgetsIntents) {
                self.forget_intents().await;
            }
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

    /// What the tables would be after the death of a sender that calls before its intent is durable.
    async fn forget_intents(&self) {
        let now = self.now_ms();
        let mut tx = self.test.desk.db().begin().await.expect("begins");
        sql("DELETE FROM attempts WHERE ended_at_ms IS NULL").execute(&mut tx).await.expect("deletes");
        let back = "UPDATE targets SET state = 'scheduled', next_try_ms = $1, due_ms = $1 WHERE state = 'sending' AND NOT EXISTS \
                    (SELECT 1 FROM attempts WHERE attempts.post_id = targets.post_id AND attempts.profile_id = targets.profile_id \
                    AND attempts.version = targets.version AND attempts.outcome LIKE '%unknown%')";
        sql(back).bind(now).execute(&mut tx).await.expect("writes");
        tx.commit().await.expect("commits");
    }
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
