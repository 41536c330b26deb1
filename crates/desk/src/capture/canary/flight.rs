//! Letting canaries fly: beside following, on the node that writes.
//!
//! Invariants: a step is written down before the network hears of it, with the key that makes it happen once; what arrived is read from the
//! record, where the platform's bytes are. A round that was interrupted goes on where it was.

use std::time::Duration;

use networks::{Class, Network, NetworkError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Step, door,
    rules::{self, ACT_MAX_MS, ARRIVAL_MAX_MS, Verdict},
    shape::{Shape, shape_of},
    store::{self, Stored},
};
use crate::{
    act::Object,
    actor::Actor,
    capture::{
        Connectors, Intake, RecordReader,
        connections::{Opened, follow_able, sessions},
        naming::Naming,
        store::reading,
    },
    desk::{Desk, Topic},
    error::Result,
    ids::{MessageId, ProfileId},
    live, metric_names, profiles,
    rights::{Operation, Target},
};

/// How often it is looked whether something is due or has arrived.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// Entries of a canary's message: a post, an edit, a deletion, and room for what a platform adds.
const ENTRIES_MAX: i64 = 20;
/// Longest problem that is kept, in bytes.
const PROBLEM_MAX: usize = 1_000;

/// Lets the canaries of all profiles fly.
#[derive(Debug, Clone)]
pub struct Canaries {
    intake: Intake,
    connectors: Connectors,
}

impl Canaries {
    /// Through an open ledger.
    pub fn new(intake: Intake, connectors: Connectors) -> Self {
        Self { intake, connectors }
    }

    fn desk(&self) -> &Desk {
        self.intake.desk()
    }

    /// Lets them fly until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let looking = self.look();
            tokio::select! {
                // A network that does not answer must not hold up the end; the step goes on after the next start.
                () = stop.cancelled() => return,
                looked = looking => if let Err(error) = looked {
                    tracing::error!(%error, "canaries cannot be looked after; trying again");
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&self) -> Result<()> {
        let all = store::all(&mut self.desk().db().read().await?).await?;
        if all.is_empty() {
            return Ok(());
        }
        let able = follow_able(self.desk(), &self.connectors).await?;
        for stored in all.into_iter().filter(|stored| able.contains(&stored.canary.profile)) {
            let profile = stored.canary.profile;
            if let Err(error) = self.step(profile).await {
                tracing::error!(%profile, %error, "a canary cannot go on; trying again");
            }
        }
        Ok(())
    }

    /// Does what is due of a profile's canary: one act, or one look whether something arrived. Answers with where it stands.
    ///
    /// # Errors
    /// Our own failures; those of the network are the canary's.
    pub async fn step(&self, profile: ProfileId) -> Result<Option<Step>> {
        let desk = self.desk();
        let mut reader = desk.db().read().await?;
        let Some(mut stored) = store::get(&mut reader, profile).await? else { return Ok(None) };
        let known = profiles::exists(&mut reader, profile).await?;
        drop(reader);
        let Some(network) = self.connectors.get(&known.network) else { return Ok(None) };
        let step = stored.canary.step;
        if step == Step::Idle {
            if stored.canary.next_at > desk.now() {
                return Ok(Some(step));
            }
            (stored.seen, stored.native_id) = Default::default();
            return self.go_to(stored, Step::Posting).await.map(Some);
        }
        if let Some(what) = step.awaits() {
            return self.await_arrival(network, stored, what).await.map(Some);
        }
        let Some(opened) = sessions::open(desk, profile).await? else { return Ok(Some(step)) };
        match act(network, &opened, &mut stored).await {
            Ok(()) => self.go_to(stored, step.next(network.limits(&opened.session).edit)).await.map(Some),
            Err(error) => self.failed(stored, &known.network, &error).await.map(Some),
        }
    }

    /// Writes down the next step, with a key for its act.
    async fn go_to(&self, mut stored: Stored, step: Step) -> Result<Step> {
        let desk = self.desk();
        stored.canary.step = step;
        stored.canary.step_at = desk.now();
        stored.key = Some(desk.fresh::<Uuid>().to_string());
        let mut tx = desk.db().begin().await?;
        store::save(&mut tx, &stored).await?;
        live::notify(&mut tx, Topic::Connections).await?;
        tx.commit().await?;
        desk.announce(Topic::Connections);
        Ok(step)
    }

    async fn await_arrival(&self, network: &dyn Network, mut stored: Stored, what: &str) -> Result<Step> {
        let waited = self.desk().now().since_ms(stored.canary.step_at);
        match self.arrived(&stored).await? {
            Some(shape) => stored.seen.note(what, shape),
            None if waited < ARRIVAL_MAX_MS => return Ok(stored.canary.step),
            None => {}
        }
        let next = stored.canary.step.next(network.about().capabilities.edit);
        if next == Step::Idle { self.land(stored, None).await } else { self.go_to(stored, next).await }
    }

    /// The shape of what the step under way waits for, once it is in the record.
    async fn arrived(&self, stored: &Stored) -> Result<Option<Shape>> {
        let Some(native_id) = &stored.native_id else { return Ok(None) };
        let id: MessageId = Naming::new(self.desk().sealer(), stored.canary.profile).message(native_id);
        let mut reader = self.desk().db().read().await?;
        let Some(message) = reading::by_id(&mut reader, &[id]).await?.into_iter().next() else { return Ok(None) };
        let kind = match stored.canary.step {
            Step::Edited => "edited",
            Step::Deleted => "deleted",
            _ => "posted",
        };
        let entry = if kind == "posted" {
            message.first_entry
        } else {
            let revisions = reading::revisions(&mut reader, message.number, ENTRIES_MAX).await?;
            revisions.iter().find(|revision| revision.kind == kind).map(|revision| revision.entry)
        };
        drop(reader);
        let Some(entry) = entry else { return Ok(None) };
        let captured = RecordReader::new(self.intake.ledger()).captured(entry).await?;
        Ok(captured.ok().as_ref().map(shape_of))
    }

    /// An act failed: tried again for a while when that may help; else the round goes on as it can.
    async fn failed(&self, stored: Stored, network: &str, error: &NetworkError) -> Result<Step> {
        let class = error.class.id();
        metrics::counter!(metric_names::CAPTURE_FAILURES.name, "network" => network.to_owned(), "class" => class).increment(1);
        let step = stored.canary.step;
        let passes = matches!(error.class, Class::RetryLater | Class::Expired | Class::Reauthorise);
        if passes && self.desk().now().since_ms(stored.canary.step_at) < ACT_MAX_MS {
            return Ok(step);
        }
        match step {
            // What was posted has to go, changed or not.
            Step::Editing => self.go_to(stored, Step::Deleting).await,
            Step::Deleting => {
                let said = format!("it could not be taken back ({}): delete it by hand", error.message);
                self.land(stored, Some(said)).await
            }
            _ => self.land(stored, Some(format!("it could not be posted: {}", error.message))).await,
        }
    }

    /// Ends a round and says what it came to; a new problem is on record.
    async fn land(&self, mut stored: Stored, failed: Option<String>) -> Result<Step> {
        let desk = self.desk();
        let now = desk.now();
        let verdict = failed.map_or_else(|| rules::judge(stored.baseline.as_ref(), &stored.seen), Verdict::Problem);
        let had_problem = stored.canary.problem.is_some();
        let outcome = match verdict {
            Verdict::Problem(said) => {
                stored.canary.problem = Some(said[..said.floor_char_boundary(PROBLEM_MAX)].to_owned());
                stored.canary.problem_since.get_or_insert(now);
                "problem"
            }
            Verdict::Baseline | Verdict::Same => {
                if verdict == Verdict::Baseline {
                    stored.baseline = Some(stored.seen.clone());
                }
                (stored.canary.problem, stored.canary.problem_since) = (None, None);
                "well"
            }
        };
        let profile = stored.canary.profile;
        metrics::counter!(metric_names::CAPTURE_CANARIES.name, "outcome" => outcome).increment(1);
        stored.canary.rounds += 1;
        stored.canary.next_at = now.plus_ms(stored.canary.every_ms);
        (stored.canary.step, stored.canary.step_at, stored.key) = (Step::Idle, now, None);
        if stored.canary.problem.is_some() == had_problem {
            let mut tx = desk.db().begin().await?;
            store::save(&mut tx, &stored).await?;
            live::notify(&mut tx, Topic::Connections).await?;
            tx.commit().await?;
            desk.announce(Topic::Connections);
            return Ok(Step::Idle);
        }
        let actor = Actor::desk("canary");
        let mut act = desk.act(&actor, Operation::CaptureState, Target::Workspace).await?;
        store::save(act.tx(), &stored).await?;
        act.record(Object::new("profile", profile)).detail("state", "canary").detail("outcome", outcome);
        act.announce(Topic::Connections);
        act.commit().await?;
        if had_problem {
            tracing::info!(%profile, "a canary is well again");
        } else {
            tracing::error!(%profile, "a canary came back different, or not at all; the profile's page says how");
        }
        Ok(Step::Idle)
    }
}

/// The act of a step.
async fn act(network: &dyn Network, opened: &Opened, stored: &mut Stored) -> std::result::Result<(), NetworkError> {
    let key = stored.key.clone().unwrap_or_default();
    let (place, native_id) = (stored.canary.place.as_deref(), stored.native_id.clone().unwrap_or_default());
    match stored.canary.step {
        Step::Editing => door::change(network, &opened.session, &key, (place, &native_id)).await,
        Step::Deleting => door::take_back(network, &opened.session, &key, &native_id).await,
        _ => {
            let published = door::post(network, &opened.session, &key, place).await?;
            stored.native_id = Some(published.native_id);
            Ok(())
        }
    }
}
