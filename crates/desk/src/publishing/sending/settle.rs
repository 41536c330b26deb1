//! Writing down what became of a call.
//!
//! Invariant: what the network answered becomes durable in one transaction with the state that follows from it and its entry for the
//! record; an answer about an older attempt changes nothing.

use std::time::Duration;

use networks::outgoing::Published;
use serde_json::json;

use super::{Sender, call::Calling, claim::stands};
use crate::{
    act::Object,
    actor::Actor,
    desk::Topic,
    error::Result,
    metric_names,
    publishing::{
        model::{Outcome, TargetKey, TargetState},
        posts::lengths,
        rules::{Event, Found, apply},
        store::{parts, posts, targets},
    },
    records::RecordEntry,
    rights::{Operation, Target as Place},
};

/// How often writing an answer down is tried: losing it costs a look-up.
const TRIES: u32 = 5;
/// Wait between two of them.
const TRY_AGAIN: Duration = Duration::from_millis(200);

impl Sender {
    /// Writes down what happened, and where a part is now.
    pub(super) async fn settle(&self, key: TargetKey, event: Event, there: Option<(u32, &Published)>) -> Result<()> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.settle_once(key, &event, there).await {
                Err(error) if tries < TRIES => {
                    tracing::warn!(%error, "an answer of a network cannot be written down; trying again");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                done => return done,
            }
        }
    }

    async fn settle_once(&self, key: TargetKey, event: &Event, there: Option<(u32, &Published)>) -> Result<()> {
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::PostSend, Place::Workspace).await?;
        let now = act.now();
        // The post first, as everybody who changes one does, so that no two wait for each other.
        posts::lock(act.tx(), key.post).await?;
        let Some(mut target) = targets::lock(act.tx(), key).await? else { return Ok(()) };
        let before = target.life.attempts.clone();
        let (life, _) = match apply(&target.life, event.clone(), now) {
            Ok(applied) => applied,
            Err(why) => {
                tracing::info!(post = %key.post, profile = %key.profile, %why, "an answer came too late to count");
                return Ok(());
            }
        };
        target.life = life;
        if let Some((part, published)) = there {
            parts::is_there(act.tx(), key, part, published, now).await?;
            if part == 0 {
                target.permalink.clone_from(&published.permalink);
            }
        }
        if target.life.state == TargetState::Published {
            target.published_at = Some(now);
        }
        targets::write(act.tx(), &target, &before, now).await?;
        if target.life.state == TargetState::Published {
            posts::show_at(act.tx(), key.post, target.life.slot.or(Some(now))).await?;
        }
        count(event);
        let answer = json!({ "event": said(event), "part": there.map(|(part, _)| part), "published": there.map(|(_, published)| published) });
        act.put_on_record(RecordEntry::new("answer", key.post, &answer)?.happened_on(key.profile));
        if target.life.state.is_final() || target.life.state == TargetState::Held {
            act.put_on_record(stands(&target)?);
        }
        act.record(Object::new("post", key.post))
            .detail("profile", key.profile.to_string())
            .detail("state", target.life.state.id())
            .detail("attempt", target.life.attempts.len());
        act.announce(Topic::Posts);
        act.commit().await
    }

    /// The network does not know a post's files any more: they are given to it again, and then it is tried again.
    pub(super) async fn files_forgotten(&self, calling: &Calling) -> Result<()> {
        let key = calling.approved.key;
        let mut tx = self.desk.db().begin().await?;
        parts::forget_uploads(&mut tx, key).await?;
        let has: usize = parts::all(&mut tx, key).await?.iter().map(|part| part.media.len()).sum();
        tx.commit().await?;
        let (_, all) = lengths(&calling.approved.draft, key.profile);
        let uploads_left = all.saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        self.settle(key, Event::FilesForgotten { attempt: calling.attempt, uploads_left }, None).await
    }
}

/// What happened, for the record.
fn said(event: &Event) -> serde_json::Value {
    match event {
        Event::Ended { attempt, outcome } => json!({ "ended": attempt, "outcome": outcome }),
        Event::PartThere { attempt } => json!({ "part_of": attempt }),
        Event::Looked { attempt, found } => {
            let found = match found {
                Found::There { native_id } => json!({ "there": native_id }),
                Found::NotThere => json!("not_there"),
                Found::NoAnswer => json!("no_answer"),
            };
            json!({ "looked": attempt, "found": found })
        }
        Event::FilesForgotten { attempt, uploads_left } => json!({ "files_forgotten": attempt, "files_left": uploads_left }),
        Event::NotPrepared { next, message, .. } => json!({ "files_refused": message, "next": next }),
        Event::Prepared { uploads_left } => json!({ "files_left": uploads_left }),
        _ => serde_json::Value::Null,
    }
}

fn count(event: &Event) {
    let outcome = match event {
        Event::Ended { outcome: Outcome::Published { .. }, .. } | Event::Looked { found: Found::There { .. }, .. } => "published",
        Event::Ended { outcome: Outcome::Unknown { .. }, .. } | Event::Looked { found: Found::NoAnswer, .. } => "unknown",
        Event::Ended { outcome: Outcome::NoEffect { .. }, .. }
        | Event::Looked { found: Found::NotThere, .. }
        | Event::NotPrepared { .. } => "no_effect",
        _ => return,
    };
    metrics::counter!(metric_names::PUBLISHING_ATTEMPTS.name, "outcome" => outcome).increment(1);
}
