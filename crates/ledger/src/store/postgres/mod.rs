//! A log in PostgreSQL: for more than one machine, where the database decides who writes.
//!
//! One row per batch, one `ledger_heads` row per log. Every change first locks the head row and compares the fencing epoch there with the
//! one this process was given, in the same transaction. Invariant: after another process took the log over, nothing of this one gets in;
//! size and root move in one compare-and-swap, so there are never two roots for one size.
//!
//! The lease only decides when another process may take over (by the database's clock, never by ours); correctness rests on the epoch.
//! Sealed segments can move on to object storage (`archive.rs`). PostgreSQL keeps removed rows for a while (dead rows, write-ahead log,
//! its backups): what makes erasure final is that the keys are gone, and old keystore generations are vacuumed away at once.

mod archive;
mod blobs;
mod bodies;
mod lease;
mod read;
mod schema;
mod write;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

use self::archive::Archive;
use super::{BlobSink, Description, EachBody, Recovered, SealedBatch, SegmentName, Store, StoreError, StoredTree, Tidied};
use crate::blob::{BlobName, BlobSource};
use crate::damage::{Damage, DamageClass};
use crate::entry::Entry;
use crate::hash::{EMPTY_ROOT, Hash};
use crate::merkle::Frontier;

pub use self::archive::ArchiveTo;
pub use self::lease::Holder;

/// How long a writer that fell silent keeps the log. Long enough for a database restart, short enough to take over within a minute.
pub const LEASE: Duration = Duration::from_secs(30);
/// The epoch of those who only read: no lease ever has it.
const READ_ONLY: i64 = -1;
/// Connections: one to commit, one for the lease, the rest to read.
const CONNECTIONS_MAX: u32 = 6;
/// A statement that takes longer is given up: the writer must not hang on a lost connection.
const CONNECT_SECONDS_MAX: u64 = 15;

/// A log in a database.
pub struct PgStore {
    runtime: Option<Runtime>,
    pool: PgPool,
    log: String,
    epoch: i64,
    fenced: Arc<AtomicBool>,
    size: AtomicU64,
    archive: Option<Archive>,
    /// Numbers this process' uploads.
    next_upload: AtomicU64,
    /// Prolongs the lease; none when opened for reading or given back.
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// The row that is the lock.
#[derive(Debug, Clone)]
struct Head {
    size: i64,
    root: Vec<u8>,
    next_batch_no: i64,
    next_segment: i64,
    epoch: i64,
}

impl PgStore {
    /// Lays out an empty log. Fails when there is one of that name.
    pub fn create(url: &str, log: &str) -> Result<(), StoreError> {
        if Self::create_if_missing(url, log)? { Ok(()) } else { Err(StoreError::Exists(place())) }
    }

    /// Lays out tables and an empty log where there are none; answers with whether there was none. Any number of processes may do it at
    /// the same time.
    pub fn create_if_missing(url: &str, log: &str) -> Result<bool, StoreError> {
        let (runtime, pool) = connect(url)?;
        let work = async {
            let mut transaction = pool.begin().await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(schema::LOCK).execute(&mut *transaction).await?;
            for statement in schema::STATEMENTS {
                sqlx::query(statement).execute(&mut *transaction).await?;
            }
            let created = sqlx::query(
                "INSERT INTO ledger_heads (log, size, root, next_batch_no, next_segment, epoch, owner, lease_until)
                 VALUES ($1, 0, $2, 0, 0, 0, '', now()) ON CONFLICT (log) DO NOTHING",
            )
            .bind(log)
            .bind(EMPTY_ROOT.to_vec())
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            pool.close().await;
            Ok(created.rows_affected() == 1)
        };
        let created = runtime.block_on(work).map_err(io("create tables in"));
        runtime.shutdown_background();
        created
    }

    /// Opens for writing: takes the lease under a new epoch. [`StoreError::Locked`] while another process holds it. `owner` is shown to
    /// operators and may be anything that names this process.
    pub fn open(url: &str, log: &str, owner: &str, archive: Option<ArchiveTo>) -> Result<(Self, Recovered), StoreError> {
        Self::open_for(url, log, owner, LEASE, archive)
    }

    /// The same with a lease of another length: so long does a writer that fell silent keep others from writing.
    pub fn open_for(
        url: &str,
        log: &str,
        owner: &str,
        lease: Duration,
        archive: Option<ArchiveTo>,
    ) -> Result<(Self, Recovered), StoreError> {
        let (runtime, pool) = connect(url)?;
        let taken = runtime.block_on(async {
            let head = lease::take(&pool, log, owner, lease).await?;
            blobs::prepare(&pool, log).await.map(|()| head)
        });
        let head = match taken {
            Ok(head) => head,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let fenced = Arc::new(AtomicBool::new(false));
        let keeper = runtime.spawn(lease::keep(pool.clone(), log.to_owned(), head.epoch, lease, fenced.clone()));
        let store = Self {
            runtime: Some(runtime),
            pool,
            log: log.to_owned(),
            epoch: head.epoch,
            fenced,
            size: AtomicU64::new(unsigned(head.size)),
            archive: archive.map(Archive::new),
            next_upload: AtomicU64::new(0),
            keeper: Mutex::new(Some(keeper)),
        };
        let recovered = store.recovered(&head)?;
        Ok((store, recovered))
    }

    /// Opens for reading only, beside whoever writes; sees what was there then, and what came since after [`Store::refresh`].
    pub fn open_read_only(url: &str, log: &str, archive: Option<ArchiveTo>) -> Result<Self, StoreError> {
        let (runtime, pool) = connect(url)?;
        let size = match runtime.block_on(lease::holder(&pool, log)) {
            Ok((_, size)) => size,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        Ok(Self {
            runtime: Some(runtime),
            pool,
            log: log.to_owned(),
            epoch: READ_ONLY,
            fenced: Arc::new(AtomicBool::new(true)),
            size: AtomicU64::new(size),
            archive: archive.map(Archive::new),
            next_upload: AtomicU64::new(0),
            keeper: Mutex::new(None),
        })
    }

    /// Who writes this log now.
    pub fn holder(&self) -> Result<Holder, StoreError> {
        self.block_on(lease::holder(&self.pool, &self.log)).map(|(holder, _)| holder)
    }

    /// Whether this process may not write any more: another one took over, or it gave the lease back itself.
    pub fn is_fenced(&self) -> bool {
        self.fenced.load(Ordering::Acquire)
    }

    /// The tree as stored, compared with the head's root: a database that was restored halfway is found out here.
    fn recovered(&self, head: &Head) -> Result<Recovered, StoreError> {
        let tree = Frontier::load(&StoredTree(self), unsigned(head.size))?;
        if tree.root()[..] != head.root[..] {
            return Err(Damage::new(DamageClass::TreeAltered, "the stored hashes do not lead to the root of the head").into());
        }
        Ok(Recovered {
            tree,
            next_batch_no: unsigned(head.next_batch_no),
            next_segment: unsigned(head.next_segment),
            replayed: 0,
            torn: false,
        })
    }

    /// The fencing epoch of this process.
    pub fn epoch(&self) -> u64 {
        unsigned(self.epoch)
    }

    fn block_on<F: Future<Output: Send> + Send>(&self, future: F) -> F::Output {
        wait_on(self.handle(), future)
    }

    fn handle(&self) -> &Handle {
        self.runtime.as_ref().expect("taken only when dropped").handle()
    }

    fn check_not_fenced(&self) -> Result<(), StoreError> {
        if self.fenced.load(Ordering::Acquire) { Err(StoreError::Fenced) } else { Ok(()) }
    }
}

impl Drop for PgStore {
    /// Gives the lease back, so that the next process need not wait for its end.
    fn drop(&mut self) {
        self.retire();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Store for PgStore {
    fn commit(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.check_not_fenced()?;
        self.block_on(write::commit(self, batch))
    }

    fn apply(&self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.size.store(batch.commit.size, Ordering::Release);
        Ok(())
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.check_not_fenced()
    }

    fn wants_settle(&self) -> bool {
        false
    }

    fn retire(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.fenced.store(true, Ordering::Release);
        if let Some(keeper) = keeper {
            keeper.abort();
            self.block_on(lease::give_back(&self.pool, &self.log, self.epoch));
        }
    }

    fn tidy(&self) -> Result<Tidied, StoreError> {
        self.tidy_archive()
    }

    fn refresh(&self) -> Result<(), StoreError> {
        if self.epoch == READ_ONLY {
            let (_, size) = self.block_on(lease::holder(&self.pool, &self.log))?;
            self.size.store(size, Ordering::Release);
        }
        Ok(())
    }

    fn description(&self) -> Result<Description, StoreError> {
        Ok(self.block_on(read::description(self))?.map_or(Description::NotYet, Description::Here))
    }

    fn put_description(&self, text: &str) -> Result<(), StoreError> {
        self.block_on(write::put_description(self, text))
    }

    /// The database guards its own disk; its refusal of a commit is what counts.
    fn free_bytes(&self) -> Result<u64, StoreError> {
        Ok(u64::MAX)
    }

    fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    fn entries(&self, first: u64, count: usize) -> Result<Vec<u8>, StoreError> {
        self.block_on(read::entries(self, first, count))
    }

    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
        self.block_on(read::hashes(self, level, first, count))
    }

    fn body(&self, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
        self.block_on(read::body(self, entry))
    }

    /// One question per segment instead of three per body.
    fn bodies(&self, entries: &[Entry]) -> Vec<Result<Option<Vec<u8>>, StoreError>> {
        bodies::many(self, entries)
    }

    fn scan_segment(&self, name: SegmentName, each: &mut EachBody<'_>) -> Result<(), StoreError> {
        for body in self.block_on(read::segment(self, name))? {
            each(body.seq, body.sealed.as_deref())?;
        }
        Ok(())
    }

    fn segments(&self) -> Result<Vec<SegmentName>, StoreError> {
        let names: BTreeSet<SegmentName> = self.block_on(read::segments(self))?;
        Ok(names.into_iter().collect())
    }

    fn wipe_body(&self, entry: &Entry) -> Result<(), StoreError> {
        self.block_on(write::wipe_body(self, entry))
    }

    /// Each wiping is a transaction of its own.
    fn sync_bodies(&self) -> Result<(), StoreError> {
        self.check_not_fenced()
    }

    fn remove_segment(&self, name: SegmentName) -> Result<(), StoreError> {
        self.block_on(write::remove_segment(self, name))
    }

    fn begin_blob(&self) -> Result<Box<dyn BlobSink>, StoreError> {
        self.check_not_fenced()?;
        Ok(Box::new(blobs::begin(self, self.next_upload.fetch_add(1, Ordering::Relaxed))?))
    }

    fn discard_blob(&self, name: BlobName) {
        if let Err(error) = self.block_on(blobs::discard(&self.pool, &self.log, name)) {
            tracing::warn!(%error, "an attachment that nobody wants any more could not be removed");
        }
    }

    fn open_blob(&self, name: BlobName) -> Result<Option<Box<dyn BlobSource>>, StoreError> {
        blobs::open(self, name)
    }

    fn remove_blobs(&self, names: &[BlobName]) -> Result<(), StoreError> {
        if names.is_empty() { Ok(()) } else { self.remove_attachments(names) }
    }

    fn add_checkpoint(&self, size: u64, note: &str) -> Result<(), StoreError> {
        self.block_on(write::add_checkpoint(self, size, note))
    }

    fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.block_on(read::checkpoint(self))
    }

    fn each_checkpoint(&self, each: &mut dyn FnMut(&str) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut after = -1;
        loop {
            let page = self.block_on(read::checkpoints_after(self, after))?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = *last;
            for (_, note) in &page {
                each(note)?;
            }
        }
    }

    fn put_anchor(&self, size: u64, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.block_on(write::put_anchor(self, size, name, bytes))
    }

    fn anchors(&self) -> Result<Vec<(u64, String)>, StoreError> {
        self.block_on(read::anchors(self))
    }

    fn newest_anchor(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.block_on(read::newest_anchor(self, name))
    }

    fn anchor(&self, size: u64, name: &str) -> Result<Vec<u8>, StoreError> {
        self.block_on(read::anchor(self, size, name))
    }

    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        self.block_on(read::generations(self))
    }

    fn read_generation(&self, number: u64) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        self.block_on(read::generation(self, number))
    }

    fn replace_generation(&self, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.block_on(write::replace_generation(self, number, bytes))
    }
}

fn connect(url: &str) -> Result<(Runtime, PgPool), StoreError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("ledger-postgres")
        .enable_all()
        .build()
        .map_err(|source| StoreError::Io { doing: "start the threads for", path: place(), source })?;
    // An acknowledgement means durable, whatever the server's own setting.
    let options: PgConnectOptions = url.parse().map_err(io("read the address of"))?;
    let options = options.options([("synchronous_commit", "on"), ("client_min_messages", "warning")]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(Duration::from_secs(CONNECT_SECONDS_MAX));
    let pool = runtime.block_on(pool.connect_with(options)).map_err(io("connect to"))?;
    Ok((runtime, pool))
}

/// Waits for the database. Inside a task of another runtime, which must not be entered twice, a thread of its own waits.
fn wait_on<F: Future<Output: Send> + Send>(runtime: &Handle, future: F) -> F::Output {
    if Handle::try_current().is_err() {
        return runtime.block_on(future);
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| runtime.block_on(future));
        waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What stands in the errors where the embedded store names a file.
fn place() -> PathBuf {
    PathBuf::from("the ledger's database")
}

fn io(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| StoreError::Io { doing, path: place(), source: std::io::Error::other(error) }
}

/// A commit whose outcome is unknown: the process stops, and the next one reads what is there.
fn unknown_outcome(error: sqlx::Error) -> StoreError {
    StoreError::Sync { path: place(), source: std::io::Error::other(error) }
}

/// Counts in the database are never negative; a negative one was put there by hand.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Sequence numbers stay far below 2^63.
fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("logs do not reach 2^63 entries")
}
