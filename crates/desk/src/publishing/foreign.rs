//! Posts on our own profiles that were not sent from here: somebody posted on the network itself, or somebody else can.
//!
//! [`Watch`] follows the changes of capture. Invariants: what capture brings from one of our accounts and we did not send raises an alert
//! with its place in the record; nothing is called foreign while an attempt on that profile has an unknown outcome, because it may
//! be its effect; each message alarms once.

use std::{collections::HashMap, time::Duration};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    access,
    store::{foreign as store, parts},
};
use crate::{
    act::Object,
    actor::Actor,
    capture::{self, Message, connections},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{MessageId, PersonId, ProfileId, Time},
    metric_names,
    rights::{Operation, Target},
};

/// Messages looked at in one step.
const BATCH: u32 = 500;
/// How often it is looked when nothing is announced.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Candidates looked at in one step.
const CANDIDATES_MAX: i64 = 200;
/// Characters of a note.
const NOTE_MAX: usize = 2_000;
/// Foreign posts that are shown.
const SHOWN_MAX: i64 = 500;

/// A post on an own profile that was not sent from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignPost {
    /// The captured message.
    pub message: MessageId,
    /// On which profile.
    pub profile: ProfileId,
    /// The network's id.
    pub native_id: String,
    /// Its number among the captured messages.
    pub message_number: i64,
    /// Its entry in the ledger: the evidence.
    pub entry: Option<i64>,
    /// When it was posted, by the network's clock.
    pub posted_at: Time,
    /// When it was found.
    pub found_at: Time,
    /// Who took note of it.
    pub seen_by: Option<PersonId>,
    /// When.
    pub seen_at: Option<Time>,
    /// What they said.
    pub note: Option<String>,
}

/// Watches what capture brings from our own accounts.
#[derive(Debug, Clone)]
pub struct Watch {
    desk: Desk,
}

impl Watch {
    /// Of this desk. One is enough; several do no harm.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Watches until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut updates = self.desk.live();
        while !stop.is_cancelled() {
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "nobody can see whether something was posted that was not sent from here"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = news(&mut updates) => {}
            }
        }
    }

    /// Looks at the next changes of capture and at what is not decided yet; whether there may be more.
    ///
    /// # Errors
    /// Our own failures.
    pub async fn step(&self) -> Result<bool> {
        let more = self.take_candidates().await?;
        self.decide_candidates().await?;
        Ok(more)
    }

    /// Notes every message of our own accounts as a candidate. Nothing is called foreign yet.
    async fn take_candidates(&self) -> Result<bool> {
        let mut reader = self.desk.db().read().await?;
        let after = store::cursor(&mut reader).await?;
        drop(reader);
        let changes = capture::changes(&self.desk, after, BATCH).await?;
        let Some(last) = changes.iter().map(|message| message.changed).max() else { return Ok(false) };
        let mut own = HashMap::new();
        let mut found = Vec::new();
        for message in changes {
            let since = match own.get(&message.profile) {
                Some(known) => known,
                None => own.entry(message.profile).or_insert(self.account(message.profile).await?),
            };
            if since.as_ref().is_some_and(|account| is_candidate(&message, account)) {
                found.push(message);
            }
        }
        let now = self.desk.now();
        let mut tx = self.desk.db().begin().await?;
        for message in &found {
            store::insert(&mut tx, message, now).await?;
        }
        store::advance(&mut tx, last).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Our account on a profile's network and since when it is connected.
    async fn account(&self, profile: ProfileId) -> Result<Option<(String, Time)>> {
        let opened = connections::open(&self.desk, profile).await?;
        Ok(opened.map(|opened| (opened.session.account.native_id.clone(), opened.connection.connected_at)))
    }

    /// What was sent from here is dropped, what may be is left, and what was not alarms.
    async fn decide_candidates(&self) -> Result<()> {
        let mut reader = self.desk.db().read().await?;
        let candidates = store::candidates(&mut reader, CANDIDATES_MAX).await?;
        drop(reader);
        for candidate in candidates {
            let mut tx = self.desk.db().begin().await?;
            if parts::is_ours(&mut tx, candidate.profile, &candidate.native_id).await? {
                store::drop_candidate(&mut tx, candidate.message).await?;
                tx.commit().await?;
                continue;
            }
            let open = parts::any_open(&mut tx, candidate.profile).await?;
            drop(tx);
            if !open {
                self.alarm(&candidate).await?;
            }
        }
        let open = store::open(&mut self.desk.db().read().await?).await?;
        #[expect(clippy::cast_precision_loss, reason = "a handful of alarms")]
        metrics::gauge!(metric_names::PUBLISHING_FOREIGN.name).set(open as f64);
        Ok(())
    }

    async fn alarm(&self, candidate: &ForeignPost) -> Result<()> {
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::ForeignNote, Target::Workspace).await?;
        // Asked again under the transaction: it may have been settled in this moment.
        let ours = parts::is_ours(act.tx(), candidate.profile, &candidate.native_id).await?;
        let now = act.now();
        if ours
            || parts::any_open(act.tx(), candidate.profile).await?
            || !store::confirm(act.tx(), candidate.message, now).await?
        {
            return Ok(());
        }
        act.record(Object::new("profile", candidate.profile))
            .detail("message", candidate.message.to_string())
            .detail("entry", candidate.entry)
            .detail("posted_at_ms", candidate.posted_at.0);
        act.announce(Topic::Publishing);
        act.commit().await?;
        tracing::error!(profile = %candidate.profile, entry = candidate.entry, "a post on an own profile was not sent from here");
        Ok(())
    }
}

/// Whether a message is one that our account wrote since it is connected here.
fn is_candidate(message: &Message, (account, since): &(String, Time)) -> bool {
    let is_own = message.author.as_ref().is_some_and(|author| author.native_id == *account);
    // A canary is the desk's own, though it goes by a door of its own.
    is_own
        && !capture::canary::says(&message.text)
        && message.posted_at >= *since
        && message.deleted_at.is_none()
        && message.first_entry.is_some()
}

/// Posts on own profiles that were not sent from here, the newest first: open ones, or all.
pub async fn foreign_posts(desk: &Desk, actor: &Actor, with_seen: bool) -> Result<Vec<ForeignPost>> {
    let readable = access::allowed(desk, actor, Operation::PostsRead).await?;
    let mut reader = desk.view(actor, Operation::PublishingRead, Target::Workspace).await?;
    let mut found = store::confirmed(&mut reader, with_seen, SHOWN_MAX).await?;
    found.retain(|post| readable.iter().any(|profile| profile.id == post.profile));
    Ok(found)
}

/// Takes note of one: somebody knows what it is.
///
/// # Errors
/// [`Error::Invalid`] without a note.
pub async fn seen_foreign(desk: &Desk, actor: &Actor, message: MessageId, note: &str) -> Result<()> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        return Err(Invalid::field("note", format!("say what it is, in at most {NOTE_MAX} characters")));
    }
    let known = store::get(&mut desk.db().read().await?, message).await?.ok_or(Error::NotFound("alert"))?;
    let profiles = access::may(desk, actor, Operation::ForeignSeen, &[known.profile]).await?;
    let mut act = access::act_on(desk, actor, Operation::ForeignSeen, &profiles).await?;
    let now = act.now();
    if !store::seen(act.tx(), message, actor.person(), note, now).await? {
        return Err(Error::Conflict("somebody took note of it already".to_owned()));
    }
    act.record(Object::new("profile", known.profile)).detail("message", message.to_string());
    act.announce(Topic::Publishing);
    act.commit().await
}

/// Waits until messages were captured or posts changed.
async fn news(updates: &mut tokio::sync::broadcast::Receiver<Topic>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match updates.recv().await {
            Ok(Topic::Messages) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
