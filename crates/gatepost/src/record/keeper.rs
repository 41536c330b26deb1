//! Keeping the record while the server runs: who writes, what runs beside it, and giving it up.
//!
//! On a single machine this process writes from the start to the end. Beside PostgreSQL it writes while it holds the lease: the loser
//! waits, reads what the writer wrote, and takes over when the lease ends. Invariants: [`Record`] shows a ledger for writing only while it
//! may be written to; everything that writes on its behalf is stopped before it is closed; a ledger that has stopped for whatever reason is
//! let go and opened again, never written to.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use desk::{
    Desk,
    records::{Outbox, Record, Stamping, Upkeep, Watched, WriterState, look, measure, measure_writer},
};
use ledger::{
    engine::{Environment, Ledger, OnFatal, OpenError, Reader},
    keys::{keystore::Opener, master::LocalMasterKey},
    store::{StoreError, postgres::PgStore},
    timestamp::{Authorities, Transport},
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Opened, Place, Seat};

/// How often a writer looks whether it still is one, and a waiting node whether the lease is free.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a waiting node takes up what the writer wrote.
const CATCH_UP_EVERY: Duration = Duration::from_secs(2);
/// How long until a ledger that did not open is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often it is looked how the record does.
const WATCH_EVERY: Duration = Duration::from_secs(5);
/// How long what runs beside a ledger may take to end; the outbox ships a last time in it.
const DUTIES_END_MAX: Duration = Duration::from_millis(1_500);

/// Keeps the record of one server.
pub(crate) struct Keeper {
    /// For the outbox and the time.
    pub(crate) desk: Desk,
    /// What everybody else reaches the record by.
    pub(crate) record: Record,
    /// Where it lies.
    pub(crate) place: Arc<Place>,
    /// Opens the keystore.
    pub(crate) master: Arc<LocalMasterKey>,
    /// Who stamps.
    pub(crate) authorities: Authorities,
    /// How they are asked.
    pub(crate) transport: Arc<dyn Transport>,
    /// What is expected to happen.
    pub(crate) watched: Watched,
    /// Whether this process may write beside PostgreSQL.
    pub(crate) may_write: bool,
    /// This process's corner of the ledger's folder, beside PostgreSQL.
    pub(crate) seat: Option<Seat>,
    /// Who writes, as far as this process knows.
    pub(crate) writer: Arc<Mutex<WriterState>>,
}

/// A node that reads beside the writer.
struct Beside {
    store: Arc<PgStore>,
    reader: Option<Reader>,
}

impl Keeper {
    /// Keeps the record until told to stop, beginning with a ledger that was opened already, if it was; what was done until then is on
    /// record when it returns, as far as time allows.
    pub(crate) async fn run(self: Arc<Self>, opened: Option<Opened>, stop: CancellationToken) {
        let watching = tokio::spawn(self.clone().watch(stop.clone()));
        if let Some(opened) = opened {
            self.write_with(opened, &stop).await;
        }
        while !stop.is_cancelled() {
            if self.place.is_shared() && !self.wait_for_lease(&stop).await {
                break;
            }
            let this = self.clone();
            match off(move || this.open()).await {
                Ok(opened) => self.write_with(opened, &stop).await,
                Err(OpenError::Store(StoreError::Locked(_))) => {}
                Err(error) => {
                    self.set_writer(WriterState::Nobody);
                    tracing::error!(%error, "the ledger does not open for writing; `gatepost ledger verify` says what is wrong with it");
                    pause(RETRY_AFTER, &stop).await;
                }
            }
        }
        // It looks at the record at most; nothing is lost when it does not end in time.
        let _ended = tokio::time::timeout(DUTIES_END_MAX, watching).await;
    }

    /// Opens for writing. Losing a database is no reason to end the process: it is opened again, and shows what got through.
    pub(crate) fn open(&self) -> Result<Opened, OpenError> {
        let on_fatal = if self.place.is_shared() { OnFatal::Stop } else { OnFatal::Abort };
        self.place.write(&self.master, on_fatal, self.seat.as_ref())
    }

    /// Writes with an open ledger until told to stop or until it may not be written to any more.
    async fn write_with(&self, opened: Opened, stop: &CancellationToken) {
        let Opened { ledger, database } = opened;
        self.set_writer(WriterState::Here);
        self.record.write_with(ledger.clone());
        tracing::info!(entries = ledger.size(), "this node writes the record");
        let term = CancellationToken::new();
        let duties = self.start_duties(&ledger, &term);
        while !stop.is_cancelled() && ledger.stop_reason().is_none() && !database.as_ref().is_some_and(|store| store.is_fenced())
        {
            pause(LOOK_EVERY, stop).await;
        }
        if !stop.is_cancelled() {
            let reason = ledger.stop_reason().unwrap_or_else(|| "another node took over".to_owned());
            tracing::warn!(reason, "this node does not write the record any more");
            // First of all: nobody else is to begin something with it.
            self.record.stop_writing();
        }
        term.cancel();
        duties.close();
        if tokio::time::timeout(DUTIES_END_MAX, duties.wait()).await.is_err() {
            tracing::info!("what is not shipped yet waits in the database for the next writer");
        }
        self.record.stop_writing();
        self.set_writer(WriterState::Nobody);
        let ended = ledger.clone();
        if let Err(error) = off(move || ended.end()).await {
            tracing::warn!(%error, "the ledger did not close cleanly; the next writer recovers it");
        }
    }

    fn start_duties(&self, ledger: &Arc<Ledger>, term: &CancellationToken) -> TaskTracker {
        let duties = TaskTracker::new();
        duties.spawn(Outbox::new(self.desk.clone(), ledger.clone()).run(term.clone()));
        for authority in self.authorities.iter() {
            let stamping = Stamping {
                desk: self.desk.clone(),
                ledger: ledger.clone(),
                authority: authority.clone(),
                transport: self.transport.clone(),
                interval: self.watched.stamp_interval,
            };
            duties.spawn(stamping.run(term.clone()));
        }
        let derived = self.seat.as_ref().map_or(self.place.folder.as_path(), Seat::path);
        let upkeep = Upkeep {
            desk: self.desk.clone(),
            ledger: ledger.clone(),
            master: self.master.clone(),
            scrub_interval: self.watched.scrub_interval,
            progress_file: derived.join("scrub.json"),
        };
        duties.spawn(upkeep.run(term.clone()));
        duties
    }

    /// Reads beside the writer until the lease is free; `false` when told to stop.
    async fn wait_for_lease(self: &Arc<Self>, stop: &CancellationToken) -> bool {
        let mut beside: Option<Beside> = None;
        let mut caught_up = Instant::now();
        while !stop.is_cancelled() {
            let (this, was) = (self.clone(), beside.take());
            let catch_up = was.is_none() || caught_up.elapsed() >= CATCH_UP_EVERY;
            match off(move || this.look_beside(was, catch_up)).await {
                Ok(Waiting::Free) if self.may_write => return true,
                Ok(Waiting::Free) => {}
                Ok(Waiting::Held(now)) => beside = Some(now),
                Err(error) => {
                    self.set_writer(WriterState::Unknown);
                    tracing::warn!(%error, "the record cannot be read beside its writer; trying again");
                    pause(RETRY_AFTER, stop).await;
                }
            }
            if catch_up {
                caught_up = Instant::now();
            }
            pause(LOOK_EVERY, stop).await;
        }
        false
    }

    /// One look of a waiting node: who writes, and what did it write?
    fn look_beside(&self, was: Option<Beside>, catch_up: bool) -> Result<Waiting, OpenError> {
        let Some(database) = &self.place.database else { return Ok(Waiting::Free) };
        let opener = Opener::Master(&*self.master);
        let mut beside = match was {
            Some(was) => was,
            None if !self.place.exists()? => {
                self.set_writer(WriterState::Nobody);
                return Ok(Waiting::Free);
            }
            None => Beside { store: database.beside()?, reader: None },
        };
        let holder = beside.store.holder()?;
        self.set_writer(if holder.is_free { WriterState::Nobody } else { WriterState::Elsewhere(holder.owner) });
        if holder.is_free && self.may_write {
            return Ok(Waiting::Free);
        }
        match &beside.reader {
            None => {
                let seat = self.seat.as_ref().map_or(self.place.folder.as_path(), Seat::path);
                let reader = Reader::open_in(&Environment::default(), seat, beside.store.clone(), Some(&opener))?;
                self.record.read_with(reader.clone());
                beside.reader = Some(reader);
            }
            Some(reader) if catch_up => reader.catch_up(&opener)?,
            Some(_) => {}
        }
        Ok(Waiting::Held(beside))
    }

    fn set_writer(&self, state: WriterState) {
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Looks how the record does, for pages and metrics.
    async fn watch(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let this = self.clone();
            off(move || this.look_once()).await;
            pause(WATCH_EVERY, &stop).await;
        }
    }

    fn look_once(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        measure_writer(&writer);
        let Some(reader) = self.record.reader() else { return };
        match look(&reader, &self.watched, writer, self.desk.now()) {
            Ok(state) => {
                measure(&state);
                self.record.publish(state);
            }
            // While a writer ends or a database restarts; the alarm on a missing writer covers what lasts.
            Err(error) => tracing::warn!(%error, "how the record does cannot be seen"),
        }
    }
}

/// What a waiting node found.
enum Waiting {
    /// The lease can be taken, or there is no ledger yet.
    Free,
    /// Somebody holds it, or this process may not write.
    Held(Beside),
}

/// Sleeps, unless told to stop.
async fn pause(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

/// Runs what waits for disk or database where that harms nobody.
async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
