//! Following sources: for each connected profile one task that asks the network what is new, and one that looks after all of them.
//!
//! Invariants: only the node whose ledger is open for writing follows; a failure leads to what [`super::rules::consequence`] says and to
//! nothing else; a capture that falls silent is noticed whether or not its task still runs. What was missed while nothing could be
//! read is on record as a stretch, with its reason.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use networks::{
    Class, Cursor, Network, NetworkError,
    network::{Batch, Gap},
};
use tokio_util::sync::CancellationToken;

use super::{ConnectionState, Connectors, Opened, rules, sessions, store, streams};
use crate::{
    act::Object,
    actor::Actor,
    capture::{
        body::Via,
        intake::{Intake, Lot, Then},
        store::streams::Stream,
    },
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{ProfileId, Time},
    live, metric_names,
    profiles::{self, Profile, ProfileState},
    rights::{Operation, Target},
};

/// How long a network may keep a question open when it has nothing new: below the thirty seconds after which proxies cut.
pub const PULL_WAIT: Duration = Duration::from_secs(25);
/// The least time between two questions to a network that answers at once that it has nothing.
const IDLE_MIN: Duration = Duration::from_secs(1);
/// The least time between two questions to a network that had something, and may have more by now.
const BUSY_MIN: Duration = Duration::from_millis(100);
/// How often all connections are looked at when nothing is announced.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often "there was nothing new" goes on record.
const HEARTBEAT_MS: i64 = 5 * 60 * 1_000;
/// How often contact is written down when nothing else changes.
const CONTACT_MS: i64 = 30 * 1_000;
/// Wait after a failure of our own (database, ledger).
const OWN_FAILURE_WAIT: Duration = Duration::from_secs(5);
/// Longest message of a failure that is kept, in bytes.
const MESSAGE_MAX: usize = 500;

/// Follows every connected profile.
#[derive(Debug, Clone)]
pub struct Follower {
    intake: Intake,
    connectors: Connectors,
    wait: Duration,
}

/// How following goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more right now.
    Again,
    /// There was something, and no more at that moment.
    Busy,
    /// There was nothing.
    Idle,
    /// Not before this time has passed.
    Wait(Duration),
    /// Not until somebody does something.
    Stop,
}

/// Why a question brought nothing.
enum PullError {
    Network(NetworkError),
    Desk(Error),
    /// Told to stop while waiting.
    Stopped,
}

impl From<Error> for PullError {
    fn from(error: Error) -> Self {
        Self::Desk(error)
    }
}

impl Follower {
    /// Follows through an open ledger.
    pub fn new(intake: Intake, connectors: Connectors) -> Self {
        Self { intake, connectors, wait: PULL_WAIT }
    }

    /// With another longest wait for news.
    #[must_use]
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn desk(&self) -> &Desk {
        self.intake.desk()
    }

    /// Follows until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut updates = self.desk().live();
        let mut running: HashMap<ProfileId, (CancellationToken, tokio::task::JoinHandle<()>)> = HashMap::new();
        loop {
            running.retain(|_, (_, task)| !task.is_finished());
            match follow_able(self.desk(), &self.connectors).await {
                Ok(wanted) => {
                    running.iter().filter(|(profile, _)| !wanted.contains(profile)).for_each(|(_, (token, _))| token.cancel());
                    for profile in wanted.into_iter().filter(|profile| !running.contains_key(profile)).collect::<Vec<_>>() {
                        let (token, this) = (stop.child_token(), self.clone());
                        let task = tokio::spawn({
                            let token = token.clone();
                            async move { this.follow(profile, token).await }
                        });
                        running.insert(profile, (token, task));
                    }
                }
                Err(error) => tracing::error!(%error, "cannot read which profiles are to be captured"),
            }
            if let Err(error) = self.look_for_silence().await {
                tracing::error!(%error, "cannot look whether captures are silent");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = news(&mut updates) => {}
            }
        }
        for (token, task) in running.into_values() {
            token.cancel();
            // A lot under way is brought to its end by its own task.
            let _ = task.await;
        }
    }

    async fn follow(&self, profile: ProfileId, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let wait = match self.step(profile, &stop).await {
                Ok(Step::Again) => Duration::ZERO,
                Ok(Step::Busy) => BUSY_MIN.saturating_sub(begun.elapsed()),
                Ok(Step::Idle) => IDLE_MIN.saturating_sub(begun.elapsed()),
                Ok(Step::Wait(wait)) => wait.min(LOOK_EVERY),
                Ok(Step::Stop) => return,
                Err(error) => {
                    tracing::error!(%profile, %error, "capture cannot go on; trying again");
                    OWN_FAILURE_WAIT
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Asks a profile's network once what is new, and takes it in.
    ///
    /// # Errors
    /// Our own failures; those of the network are kept with the connection.
    pub async fn step(&self, profile: ProfileId, stop: &CancellationToken) -> Result<Step> {
        let desk = self.desk();
        let known = profiles::exists(&mut desk.db().read().await?, profile).await?;
        let Some(opened) = sessions::open(desk, profile).await? else { return Ok(Step::Stop) };
        let Some(network) = self.connectors.get(&known.network) else { return Ok(Step::Stop) };
        if known.state != ProfileState::Active || opened.connection.state == ConnectionState::NeedsAuthorisation {
            return Ok(Step::Stop);
        }
        let now = desk.now();
        if let Some(at) = opened.connection.next_try_at.filter(|at| *at > now) {
            return Ok(Step::Wait(Duration::from_millis(at.since_ms(now).unsigned_abs())));
        }
        let stream = streams::get(&mut desk.db().read().await?, profile).await?;
        let version = opened.connection.secrets_version;
        let outcome = match self.ask(network, &known, &opened, stream.as_ref(), stop).await {
            Err(PullError::Network(error)) if error.class == Class::Expired => {
                match sessions::renew(desk, network, &opened).await {
                    Ok(renewed) => {
                        let outcome = self.ask(network, &known, &renewed, stream.as_ref(), stop).await;
                        return self
                            .settle(&known, renewed.connection.secrets_version, renewed.connection.failures, outcome)
                            .await;
                    }
                    Err(sessions::NotRenewed::Network(error)) => Err(PullError::Network(error)),
                    Err(sessions::NotRenewed::Desk(error)) => return Err(error),
                }
            }
            outcome => outcome,
        };
        self.settle(&known, version, opened.connection.failures, outcome).await
    }

    async fn settle(
        &self,
        profile: &Profile,
        version: i64,
        failures: i64,
        outcome: std::result::Result<Step, PullError>,
    ) -> Result<Step> {
        match outcome {
            Ok(step) => Ok(step),
            Err(PullError::Stopped) => Ok(Step::Stop),
            Err(PullError::Desk(error)) => Err(error),
            Err(PullError::Network(error)) => self.failed(profile, version, failures, &error).await,
        }
    }

    /// One question for the past, when that was asked for, and one for what is new.
    async fn ask(
        &self,
        network: &dyn Network,
        profile: &Profile,
        opened: &Opened,
        stream: Option<&Stream>,
        stop: &CancellationToken,
    ) -> std::result::Result<Step, PullError> {
        let filling = stream.is_some_and(|stream| matches!(stream.back_fill_state.as_deref(), Some("asked" | "running")));
        if filling {
            self.back_fill(network, profile, opened, stream, stop).await?;
        }
        let cursor = stream.and_then(|stream| stream.cursor.clone()).map(Cursor);
        let wait = if filling { Duration::ZERO } else { self.wait };
        let batch = pull(network, opened, cursor.as_ref(), wait, stop).await?;
        let step = match &batch {
            batch if batch.more || filling => Step::Again,
            // A network that repeats itself without going on is not asked faster for it.
            batch if !batch.events.is_empty() && cursor.as_ref() != Some(&batch.cursor) => Step::Busy,
            _ => Step::Idle,
        };
        self.take(profile, opened, stream, cursor.as_ref(), batch).await?;
        Ok(step)
    }

    async fn back_fill(
        &self,
        network: &dyn Network,
        profile: &Profile,
        opened: &Opened,
        stream: Option<&Stream>,
        stop: &CancellationToken,
    ) -> std::result::Result<(), PullError> {
        let cursor = stream.and_then(|stream| stream.back_fill_cursor.clone()).map(Cursor);
        let batch = pull(network, opened, cursor.as_ref(), Duration::ZERO, stop).await?;
        let next = (batch.more && cursor.as_ref() != Some(&batch.cursor)).then_some(batch.cursor);
        let ended = next.is_none();
        let lot = Lot {
            via: Via::BackFill,
            connector: network.about().id,
            events: batch.events,
            gaps: Vec::new(),
            late: Vec::new(),
            then: Then::BackFill(next),
        };
        self.intake.take(profile.id, lot).await?;
        if ended {
            let desk = self.desk();
            let mut tx = desk.db().begin().await.map_err(Error::from)?;
            streams::close_gaps(&mut tx, profile.id, desk.now()).await?;
            live::notify(&mut tx, Topic::Connections).await.map_err(Error::from)?;
            tx.commit().await.map_err(Error::from)?;
            desk.announce(Topic::Connections);
        }
        Ok(())
    }

    async fn take(
        &self,
        profile: &Profile,
        opened: &Opened,
        stream: Option<&Stream>,
        cursor: Option<&Cursor>,
        batch: Batch,
    ) -> Result<()> {
        let desk = self.desk();
        let now = desk.now();
        let Batch { events, cursor: next, more, gaps } = batch;
        let newest = events.iter().filter_map(|event| event.source_time_ms).max().map(Time);
        let last_contact = opened.connection.last_contact_at;
        let late: Vec<_> = rules::stretch(last_contact, now)
            .map(|(from, until)| Gap {
                place: None,
                from_ms: Some(from.0),
                until_ms: Some(until.0),
                reason: why_late(opened, profile),
            })
            .into_iter()
            .collect();
        let beat_due = stream.and_then(|stream| stream.heartbeat_at).is_none_or(|at| now.since_ms(at) >= HEARTBEAT_MS);
        let beats = events.is_empty() && !more && beat_due;
        let count = events.len() as u64;
        let anything = count > 0 || !gaps.is_empty() || !late.is_empty() || beats || cursor != Some(&next);
        if anything {
            let then = if beats { Then::Beat(next) } else { Then::Cursor(next) };
            let connector = self.connectors.get(&profile.network).map_or("", |network| network.about().id);
            self.intake.take(profile.id, Lot { via: Via::Pull, connector, events, gaps, late, then }).await?;
        }
        metrics::counter!(metric_names::CAPTURE_EVENTS.name, "network" => profile.network.clone()).increment(count);
        let stale = last_contact.is_none_or(|at| now.since_ms(at) >= CONTACT_MS);
        if count > 0 || stale || opened.connection.state != ConnectionState::Connected || opened.connection.silent_since.is_some()
        {
            contacted(desk, profile.id, now, newest).await?;
        }
        Ok(())
    }

    async fn failed(&self, profile: &Profile, version: i64, failures: i64, error: &NetworkError) -> Result<Step> {
        let desk = self.desk();
        let class = error.class.id();
        metrics::counter!(metric_names::CAPTURE_FAILURES.name, "network" => profile.network.clone(), "class" => class)
            .increment(1);
        let consequence = rules::consequence(error, failures, desk.random());
        let now = desk.now();
        let wait_ms = consequence.wait.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let message = &error.message[..error.message.floor_char_boundary(MESSAGE_MAX)];
        let failed =
            store::Failed { state: consequence.state, class, message, next_try_at: wait_ms.map(|wait_ms| now.plus_ms(wait_ms)) };
        tracing::warn!(profile = %profile.id, class, wait_ms, "the network did not give what was asked for");
        let before = store::get(&mut desk.db().read().await?, profile.id).await?.map(|connection| connection.state);
        let alarming = !matches!(consequence.state, ConnectionState::Connected | ConnectionState::Failing);
        if alarming && before != Some(consequence.state) {
            let actor = Actor::desk("capture");
            let mut act = desk.act(&actor, Operation::CaptureState, Target::Workspace).await?;
            store::failed(act.tx(), profile.id, version, now, &failed).await?;
            act.record(Object::new("profile", profile.id)).detail("state", consequence.state.id()).detail("class", class);
            act.announce(Topic::Connections);
            act.commit().await?;
        } else {
            let mut tx = desk.db().begin().await?;
            store::failed(&mut tx, profile.id, version, now, &failed).await?;
            live::notify(&mut tx, Topic::Connections).await?;
            tx.commit().await?;
            desk.announce(Topic::Connections);
        }
        Ok(consequence.wait.map_or(Step::Stop, Step::Wait))
    }

    /// Notices captures that have become silent: on record, as a metric, and to whoever looks.
    pub async fn look_for_silence(&self) -> Result<()> {
        let desk = self.desk();
        let actor = Actor::desk("capture");
        let alarms = super::alarms(desk, &actor).await?;
        #[expect(clippy::cast_precision_loss, reason = "a handful of alarms")]
        metrics::gauge!(metric_names::CAPTURE_ALARMS.name).set(alarms.len() as f64);
        for alarm in alarms.iter().filter(|alarm| alarm.what == super::AlarmKind::Silent) {
            let known = store::get(&mut desk.db().read().await?, alarm.profile).await?;
            if known.is_none_or(|connection| connection.silent_since.is_some()) {
                continue;
            }
            let mut act = desk.act(&actor, Operation::CaptureState, Target::Workspace).await?;
            let now = act.now();
            if store::fell_silent(act.tx(), alarm.profile, now).await? {
                act.record(Object::new("profile", alarm.profile)).detail("state", "silent").detail("since_ms", alarm.since.0);
                act.announce(Topic::Connections);
                act.commit().await?;
                tracing::error!(profile = %alarm.profile, since = %alarm.since.rfc3339(), "nothing comes in from a connected profile");
            }
        }
        Ok(())
    }
}

/// The active profiles whose networks can be asked: connected, authorised, and on a network of this process.
pub(crate) async fn follow_able(desk: &Desk, connectors: &Connectors) -> Result<Vec<ProfileId>> {
    let mut reader = desk.db().read().await?;
    let active: Vec<_> =
        profiles::everything(&mut reader).await?.into_iter().filter(|profile| profile.state == ProfileState::Active).collect();
    let connections = store::all(&mut reader).await?;
    let runs = |connection: &super::Connection| {
        !matches!(connection.state, ConnectionState::Disconnected | ConnectionState::NeedsAuthorisation)
            && active.iter().any(|profile| profile.id == connection.profile && connectors.get(&profile.network).is_some())
    };
    Ok(connections.into_iter().filter(runs).map(|connection| connection.profile).collect())
}

/// Asks, with the limits that every answer has.
async fn pull(
    network: &dyn Network,
    opened: &Opened,
    cursor: Option<&Cursor>,
    wait: Duration,
    stop: &CancellationToken,
) -> std::result::Result<Batch, PullError> {
    let batch = tokio::select! {
        () = stop.cancelled() => return Err(PullError::Stopped),
        batch = network.pull(&opened.session, cursor, wait) => batch.map_err(PullError::Network)?,
    };
    if batch.events.len() > Batch::MAX || batch.cursor.0.len() > Cursor::MAX {
        return Err(PullError::Network(NetworkError::malformed("the connector gave more than a batch may hold")));
    }
    Ok(batch)
}

fn why_late(opened: &Opened, profile: &Profile) -> String {
    let last = opened.connection.last_contact_at;
    let why = match (&opened.connection.error_message, last.is_some_and(|last| profile.state_changed_at > last)) {
        (_, true) => "the profile was paused".to_owned(),
        (Some(message), _) => message[..message.floor_char_boundary(MESSAGE_MAX)].to_owned(),
        (None, _) => "capture did not run".to_owned(),
    };
    format!("{why}; what the source still had was read afterwards")
}

/// Notes that the network answered.
pub(super) async fn contacted(desk: &Desk, profile: ProfileId, now: Time, newest: Option<Time>) -> Result<()> {
    let lag_ms = newest.map(|newest| now.since_ms(newest).max(0));
    let mut tx = desk.db().begin().await?;
    store::contacted(&mut tx, profile, now, newest, lag_ms).await?;
    live::notify(&mut tx, Topic::Connections).await?;
    tx.commit().await?;
    desk.announce(Topic::Connections);
    Ok(())
}

/// Waits until profiles or rights to them changed. Connections change with every contact, so they are not waited for.
async fn news(updates: &mut tokio::sync::broadcast::Receiver<Topic>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match updates.recv().await {
            Ok(Topic::Profiles) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
