//! The way in: record first, then look, then show.
//!
//! ```text
//! lot of events ─► ledger (durable) ─► inspector ─► one transaction: messages, findings, cursor ─► live readers
//! ```
//! Invariants: nothing is inspected, stored or shown before its entry is durable; a source's cursor moves in the transaction that makes its
//! messages visible; what is in the record and not yet in the tables (a crash, a lost database) is read back from the record before
//! anything new is taken into that stream, so that tables are always a prefix of the stream. One lot of a stream is under way
//! at a time, or a row of them in order ([`Intake::run`]). This node holds the ledger open for writing; no other can.

mod beside;
mod read_back;
mod spent;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ledger::engine::{Ledger, NewEntry, StoredBlob};
use networks::{Cursor, Event, event::What, network::Gap};
use tokio::sync::{OwnedMutexGuard, mpsc};

use self::spent::Clocks;
pub use self::spent::Spent;
use super::{
    attachments::Settled,
    body::{self, Circumstances, Via},
    examine::{self, Examined, Examiner},
    imports::ImportStep,
    naming::Naming,
    notes::Note,
    projection::{self, Known, Looked},
    record::{self, Appended, Fresh, Named, Reach, Recorded, stream_of},
    store,
};
use crate::{
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{MessageId, PartyId, ProfileId, Time},
    live,
};

/// The most events of a lot: bounds memory, and the time a transaction holds the writer.
pub const LOT_MAX: usize = 1_000;
/// Lots of one stream under way in a row before others may use the stream: a few seconds of a fast import.
const ROW_MAX: usize = 64;

/// What arrives together.
#[derive(Debug)]
pub struct Lot {
    /// How it came.
    pub via: Via,
    /// The network whose connector or importer normalised it.
    pub connector: &'static str,
    /// The events, at most [`LOT_MAX`].
    pub events: Vec<Event>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Stretches in which nothing could be read, and which this lot and those after it make up for.
    pub late: Vec<Gap>,
    /// What moves with it.
    pub then: Then,
}

/// What moves in the transaction that makes a lot visible.
#[derive(Debug)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// The source's cursor.
    Cursor(Cursor),
    /// The source's cursor, and a heartbeat on record that says so.
    Beat(Cursor),
    /// Where back-filling goes on; nothing when it reached the present.
    BackFill(Option<Cursor>),
    /// How far an import is.
    Import(ImportStep),
}

/// What became of a lot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events new in the record.
    pub recorded: usize,
    /// Events that were there before.
    pub duplicates: usize,
}

impl std::ops::AddAssign for Taken {
    fn add_assign(&mut self, other: Self) {
        self.recorded += other.recorded;
        self.duplicates += other.duplicates;
    }
}

/// The way in. Cheap to clone; one for each ledger that is open for writing.
#[derive(Clone)]
pub struct Intake {
    inner: Arc<Inner>,
}

struct Inner {
    desk: Desk,
    ledger: Arc<Ledger>,
    examiner: Arc<Examiner>,
    /// For each stream used so far: how many entries are applied, unless something went wrong since.
    streams: Mutex<HashMap<ProfileId, Arc<tokio::sync::Mutex<Option<i64>>>>>,
    known: Mutex<HashMap<ProfileId, Arc<Mutex<Known>>>>,
    spent: Clocks,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Intake")
    }
}

/// A lot that is durable.
struct Durable {
    appended: Appended,
    attached: Vec<(i64, Settled)>,
    gaps: Vec<(i64, Note)>,
    beat_at: Option<Time>,
    then: Then,
}

/// A durable lot that was looked at.
struct Ready {
    lot: Vec<Looked>,
    order: Vec<Fresh>,
    reach: Reach,
    attached: Vec<(i64, Settled)>,
    gaps: Vec<(i64, Note)>,
    beat_at: Option<Time>,
    then: Then,
}

impl Intake {
    /// A way in to a ledger that is open for writing.
    pub fn new(desk: Desk, ledger: Arc<Ledger>, examiner: Arc<Examiner>) -> Self {
        Self {
            inner: Arc::new(Inner {
                desk,
                ledger,
                examiner,
                streams: Mutex::default(),
                known: Mutex::default(),
                spent: Clocks::default(),
            }),
        }
    }

    /// The desk it belongs to.
    pub fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// The ledger.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.inner.ledger
    }

    /// How long each stage has worked so far, waiting for other stages not counted.
    pub fn spent(&self) -> Spent {
        self.inner.spent.read()
    }

    /// Takes in what arrived together. When it answers, all of it is durable, inspected and visible.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an event that no record can hold; [`Error::Internal`] when the ledger refuses; a failed database. Nothing
    /// is lost: what the ledger took is made visible with the next lot, and the source's cursor has not moved.
    pub async fn take(&self, profile: ProfileId, lot: Lot) -> Result<Taken> {
        // A task of its own: whoever asked may go away, what has begun is brought to its end.
        let this = self.clone();
        tokio::spawn(async move { this.take_now(profile, lot).await })
            .await
            .map_err(|error| Error::Internal(error.to_string()))?
    }

    async fn take_now(&self, profile: ProfileId, lot: Lot) -> Result<Taken> {
        let mut stream = self.stream(profile).await?;
        // Until it is known to have gone well, the next one has to look what the ledger has.
        let mut applied = stream.take().expect("a stream that was opened is caught up");
        let mut ready = self.look(self.append(profile, lot).await?).await?;
        if !ready.reach.follows(applied) {
            // An earlier attempt, given up, reached the ledger after all: everything is read back in order, this lot with it.
            self.open(profile, &mut stream).await?;
            applied = stream.take().expect("a stream that was opened is caught up");
            ready = Ready { lot: Vec::new(), attached: Vec::new(), gaps: Vec::new(), reach: Reach::default(), ..ready };
        }
        let taken = self.apply(profile, ready, &mut applied).await?;
        *stream = Some(applied);
        Ok(taken)
    }

    /// Takes in one lot after the other, as they come, with recording, inspecting and storing each working on another lot. Ends when the
    /// other side of the channel is dropped, or at the first error.
    ///
    /// # Errors
    /// As [`Intake::take`].
    pub async fn run(&self, profile: ProfileId, mut lots: mpsc::Receiver<Lot>) -> Result<Taken> {
        let mut sum = Taken::default();
        while let Some(first) = lots.recv().await {
            let mut stream = self.stream(profile).await?;
            let mut applied = stream.take().expect("a stream that was opened is caught up");
            // Three stages at once make a large future; it is made once for many lots.
            sum += Box::pin(self.row(profile, first, &mut lots, &mut applied)).await?;
            *stream = Some(applied);
        }
        Ok(sum)
    }

    /// Up to [`ROW_MAX`] lots in a row.
    async fn row(&self, profile: ProfileId, first: Lot, lots: &mut mpsc::Receiver<Lot>, applied: &mut i64) -> Result<Taken> {
        let (to_look, mut from_append) = mpsc::channel::<Durable>(1);
        let (to_apply, mut from_look) = mpsc::channel::<Ready>(1);
        let append = async move {
            let mut next = Some(first);
            for _ in 0..ROW_MAX {
                let Some(lot) = next.take() else { break };
                if to_look.send(self.append(profile, lot).await?).await.is_err() {
                    break;
                }
                next = match lots.try_recv() {
                    Ok(lot) => Some(lot),
                    // A slow source: what is under way should not hold the stream.
                    Err(_) => tokio::time::timeout(std::time::Duration::from_millis(20), lots.recv()).await.ok().flatten(),
                };
            }
            Ok::<_, Error>(next)
        };
        let look = async move {
            while let Some(durable) = from_append.recv().await {
                if to_apply.send(self.look(durable).await?).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let apply = async move {
            let mut sum = Taken::default();
            while let Some(ready) = from_look.recv().await {
                sum += self.apply(profile, ready, applied).await?;
            }
            Ok((sum, applied))
        };
        let (left, (), (mut sum, applied)) = tokio::try_join!(append, look, apply)?;
        if let Some(left) = left {
            // The row was full: the lot in hand goes alone, and the stream is free after it.
            let ready = self.look(self.append(profile, left).await?).await?;
            sum += self.apply(profile, ready, applied).await?;
        }
        Ok(sum)
    }

    /// Makes visible what is in the record and not yet in the tables. Answers with how many entries that were.
    ///
    /// # Errors
    /// A failed ledger or database.
    pub async fn catch_up(&self, profile: ProfileId) -> Result<i64> {
        let lock = self.lock_of(profile);
        let mut stream = lock.lock_owned().await;
        *stream = None;
        self.open(profile, &mut stream).await
    }

    /// The same for every stream: what a crash left in the record only, and no source sends again. Answers with how many entries.
    ///
    /// # Errors
    /// As [`Intake::catch_up`].
    pub async fn catch_up_all(&self) -> Result<i64> {
        let profiles = store::streams::profiles(&mut self.inner.desk.db().read().await?).await?;
        let mut entries = 0;
        for profile in profiles {
            entries += self.catch_up(profile).await?;
        }
        Ok(entries)
    }

    /// Puts a note on record.
    ///
    /// # Errors
    /// As [`Intake::take`].
    pub(crate) async fn note(&self, profile: ProfileId, note: Note) -> Result<()> {
        let desk = &self.inner.desk;
        let entry = note.entry(desk.fresh(), stream_of(profile), desk.now().0);
        self.put_entries(profile, vec![(entry, None)]).await
    }

    /// Puts entries of a profile's stream on record that are no events, each with its blob if it has one, and makes them visible. One
    /// that is there already stays as it is.
    ///
    /// # Errors
    /// As [`Intake::take`].
    pub(crate) async fn put_entries(&self, profile: ProfileId, entries: Vec<(NewEntry, Option<StoredBlob>)>) -> Result<()> {
        let this = self.clone();
        let done = tokio::spawn(async move {
            let mut stream = this.stream(profile).await?;
            *stream = None;
            let ledger = this.inner.ledger.clone();
            blocking(move || record::append_entries(&ledger, entries)).await?;
            // Read back like everything else: one way into the tables.
            this.read_back(profile, &mut stream).await.map(|_| ())
        });
        done.await.map_err(|error| Error::Internal(error.to_string()))?
    }

    fn lock_of(&self, profile: ProfileId) -> Arc<tokio::sync::Mutex<Option<i64>>> {
        self.inner.streams.lock().unwrap_or_else(PoisonError::into_inner).entry(profile).or_default().clone()
    }

    /// The stream of a profile, for oneself and caught up.
    async fn stream(&self, profile: ProfileId) -> Result<OwnedMutexGuard<Option<i64>>> {
        let mut stream = self.lock_of(profile).lock_owned().await;
        if stream.is_none() {
            self.open(profile, &mut stream).await?;
        }
        Ok(stream)
    }

    async fn applied(&self, profile: ProfileId) -> Result<i64> {
        let mut reader = self.inner.desk.db().read().await?;
        Ok(store::streams::get(&mut reader, profile).await?.map_or(0, |stream| stream.applied))
    }

    /// Opens a stream; what an interruption left in the record only is worth a line.
    async fn open(&self, profile: ProfileId, stream: &mut Option<i64>) -> Result<i64> {
        let entries = self.read_back(profile, stream).await?;
        if entries > 0 {
            tracing::info!(%profile, entries, "read back what the record had and the database lacked");
        }
        Ok(entries)
    }

    /// Makes visible what the record has and the tables lack. Answers with how many entries that were.
    async fn read_back(&self, profile: ProfileId, stream: &mut Option<i64>) -> Result<i64> {
        let mut tx = self.inner.desk.db().begin().await?;
        store::streams::ensure(&mut tx, profile).await?;
        tx.commit().await?;
        let before = self.applied(profile).await?;
        let mut applied = before;
        loop {
            let ledger = self.inner.ledger.clone();
            let desk = self.inner.desk.clone();
            let back = blocking(move || read_back::read_back(&desk, &ledger, profile, applied)).await?;
            if back.appended.reach.count == 0 {
                break;
            }
            let ready = self.look(back).await?;
            self.apply(profile, ready, &mut applied).await?;
        }
        *stream = Some(applied);
        Ok(applied - before)
    }

    /// Names the events, finds out whom they concern, hands them to the ledger and waits until they are durable.
    async fn append(&self, profile: ProfileId, lot: Lot) -> Result<Durable> {
        self.inner.spent.record.time(self.append_now(profile, lot)).await
    }

    async fn append_now(&self, profile: ProfileId, lot: Lot) -> Result<Durable> {
        let Lot { via, connector, events, gaps, late, then } = lot;
        if events.len() > LOT_MAX {
            return Err(Error::Internal(format!("a lot has {} events; {LOT_MAX} are allowed", events.len())));
        }
        let desk = self.inner.desk.clone();
        let named = blocking(move || names(&desk, profile, events)).await?;
        let authors = self.authors(&named).await?;
        let (desk, ledger) = (self.inner.desk.clone(), self.inner.ledger.clone());
        blocking(move || {
            let now = desk.now();
            let about = Circumstances { via: &via, connector, inspector: inspect::VERSION, received_at_ms: now.0 };
            let stream = stream_of(profile);
            let mut naming = Naming::new(desk.sealer(), profile);
            let prepared = named
                .into_iter()
                .map(|named| {
                    let author = authors.get(&named.message).copied().filter(|author| Some(*author) != named.party);
                    record::prepare(named, stream, author, &about, &mut naming)
                })
                .collect();
            let mut appended = record::append(&ledger, prepared, &via)?;
            let (gaps, beat_at) = beside::append_notes(&desk, &ledger, profile, (gaps, late), &then, now, &mut appended)?;
            Ok(Durable { appended, attached: Vec::new(), gaps, beat_at, then })
        })
        .await
    }

    /// Authors of the messages that others act on: what is said about a message is erased with its author, too.
    async fn authors(&self, named: &[Named]) -> Result<HashMap<MessageId, PartyId>> {
        let acts = |named: &&Named| matches!(named.event.what, What::Edited(_) | What::Deleted | What::Reacted { .. });
        let ids: Vec<_> = named.iter().filter(acts).map(|named| named.message).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut reader = self.inner.desk.db().read().await?;
        let mut authors = store::projection::authors(&mut reader, &ids).await?;
        for posted in named.iter().filter(|named| matches!(named.event.what, What::Posted(_))) {
            authors.extend(posted.party.map(|party| (posted.message, party)));
        }
        Ok(authors)
    }

    async fn look(&self, durable: Durable) -> Result<Ready> {
        self.inner.spent.inspect.time(self.look_now(durable)).await
    }

    async fn look_now(&self, durable: Durable) -> Result<Ready> {
        let lists = self.inner.examiner.current();
        blocking(move || {
            let Durable { appended: Appended { recorded, order, reach }, attached, gaps, beat_at, then } = durable;
            let look = |recorded: Recorded| {
                let examined = match &recorded.named.event.what {
                    What::Posted(content) | What::Edited(content) => examine::examine(&lists, content),
                    _ => Examined::default(),
                };
                Looked { recorded, examined }
            };
            Ok(Ready { lot: recorded.into_iter().map(look).collect(), order, reach, attached, gaps, beat_at, then })
        })
        .await
    }

    /// The one transaction that makes a lot visible.
    async fn apply(&self, profile: ProfileId, ready: Ready, applied: &mut i64) -> Result<Taken> {
        self.inner.spent.store.time(self.apply_now(profile, ready, applied)).await
    }

    async fn apply_now(&self, profile: ProfileId, ready: Ready, applied: &mut i64) -> Result<Taken> {
        let desk = &self.inner.desk;
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner).entry(profile).or_default().clone();
        let taken = {
            let recorded = ready.order.iter().filter(|fresh| matches!(fresh, Fresh::New(_))).count();
            Taken { recorded, duplicates: ready.order.len() - recorded }
        };
        let snapshot = std::mem::take(&mut *known.lock().unwrap_or_else(PoisonError::into_inner));
        let mut tx = desk.db().begin().await?;
        let mut naming = Naming::new(desk.sealer(), profile);
        let (mut written, learnt) = projection::write(&mut tx, profile, ready.lot, &snapshot, &mut naming).await?;
        for (entry, settled) in &ready.attached {
            written.messages += usize::from(store::attachments::settle(&mut tx, *entry, settled).await?);
        }
        for (entry, note) in &ready.gaps {
            beside::add_gap(&mut tx, profile, *entry, note, desk.now()).await?;
        }
        if let Some(at) = ready.beat_at {
            store::streams::beat(&mut tx, profile, at).await?;
        }
        if !ready.reach.follows(*applied) {
            return Err(Error::Conflict("an earlier attempt reached the record after all; begin again".to_owned()));
        }
        let end = ready.reach.end(*applied);
        if end != *applied && !store::streams::advance(&mut tx, profile, *applied, end).await? {
            return Err(Error::Conflict("another process takes messages into this stream; this one stops".to_owned()));
        }
        beside::settle(&mut tx, profile, ready.then, &ready.order, desk.now()).await?;
        let mut topics = Vec::new();
        if written.messages > 0 || taken.recorded > 0 {
            topics.push(Topic::Messages);
        }
        for &topic in &topics {
            live::notify(&mut tx, topic).await?;
        }
        tx.commit().await?;
        *applied = end;
        let mut kept = known.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = snapshot;
        kept.keep(learnt);
        drop(kept);
        for topic in topics {
            desk.announce(topic);
        }
        Ok(taken)
    }
}

fn names(desk: &Desk, profile: ProfileId, events: Vec<Event>) -> Result<Vec<Named>> {
    let mut naming = Naming::new(desk.sealer(), profile);
    events
        .into_iter()
        .map(|mut event| {
            body::check(&event).map_err(|problem| crate::error::Invalid::field("event", problem))?;
            body::clean(&mut event);
            Ok(record::name(event, &mut naming))
        })
        .collect()
}

pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}
