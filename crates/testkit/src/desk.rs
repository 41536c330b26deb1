//! A desk on a disposable database, on each engine.

use std::{
    future::Future,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use desk::{
    Actor, Clock, Desk, DeskParts, SystemClock, SystemIds,
    db::{Db, DbOptions, Engine},
    jobs::{self, Registry, Worker, WorkerOptions},
    mail,
    sealed::Sealer,
};

use crate::{
    context::{ManualClock, SeededIds},
    peers::mail::{Behaviour, MailSink},
    postgres,
};

/// The master key of every test desk.
pub const TEST_MASTER_KEY: [u8; 32] = [42; 32];

/// The address at which people find a test's desk.
const PUBLIC_URL: &str = "https://desk.example.test";

const SQLITE_FILE: &str = "gatepost.db";

/// A desk with its manual clock. The database goes when this is dropped.
pub struct TestDesk {
    /// The desk.
    pub desk: Desk,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    people: AtomicU32,
    place: Place,
    jobs_left_expected: AtomicI64,
}

enum Place {
    Folder(tempfile::TempDir),
    Server(postgres::Database),
}

impl TestDesk {
    /// A desk on a fresh database of the engine, migrated.
    pub async fn on(engine: Engine) -> Self {
        Self::with_mail(engine, None).await
    }

    /// The same, writing its mail to a server.
    pub async fn with_mail(engine: Engine, mail: Option<mail::Server>) -> Self {
        let (db, place) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let db = Db::open_sqlite(&folder.path().join(SQLITE_FILE), DbOptions::default()).await.expect("SQLite opens");
                (db, Place::Folder(folder))
            }
            Engine::Postgres => {
                let database = postgres::Database::create().expect("a PostgreSQL database for the test");
                let db = Db::open_postgres(database.url(), DbOptions::default()).await.expect("PostgreSQL answers");
                (db, Place::Server(database))
            }
        };
        db.migrate().await.expect("the schema is created");
        let clock = Arc::new(ManualClock::default());
        Self {
            desk: assemble(db, clock.clone(), 1, PUBLIC_URL, mail),
            clock,
            people: AtomicU32::new(0),
            place,
            jobs_left_expected: AtomicI64::new(0),
        }
    }

    /// Numbers the people of this desk, from 1.
    pub(crate) fn next_person(&self) -> u32 {
        self.people.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A second desk on the same database and clock, as another process would have it. Give each its own seed, other than 1.
    pub async fn another_node(&self, seed: u64) -> Desk {
        self.another_node_with(seed, self.clock.clone()).await
    }

    /// The same with a clock of its own.
    pub async fn another_node_with(&self, seed: u64, clock: Arc<dyn Clock>) -> Desk {
        let db = match &self.place {
            Place::Folder(folder) => Db::open_sqlite(&folder.path().join(SQLITE_FILE), DbOptions::default()).await,
            Place::Server(database) => Db::open_postgres(database.url(), DbOptions::default()).await,
        };
        assemble(db.expect("the database opens once more"), clock, seed, PUBLIC_URL, None)
    }

    /// The same desk, found at another address: names below `.test` do not count as public everywhere.
    #[must_use]
    pub fn at_address(&self, public_url: &str) -> Desk {
        assemble(self.desk.db().clone(), self.clock.clone(), 2, public_url, None)
    }

    /// Works on the jobs of these kinds until none is due.
    pub async fn run_jobs(&self, registry: &Registry) {
        let mut worker = Worker::new(self.desk.clone(), registry.clone(), WorkerOptions::default());
        worker.work_until_idle().await.expect("the jobs are worked on");
    }

    /// Says that this many jobs may wait or run when the test ends. Otherwise a job left behind fails the test.
    pub fn expect_jobs_left(&self, jobs: i64) {
        self.jobs_left_expected.store(jobs, Ordering::SeqCst);
    }

    /// Fails when jobs wait or run that the test did not announce: work that nobody looked at.
    pub async fn check_jobs_left(&self) {
        let counts = jobs::counts(&self.desk, &Actor::operator()).await.expect("the jobs can be counted after the test");
        let left: i64 = counts.iter().map(|kind| kind.queued + kind.running).sum();
        let expected = self.jobs_left_expected.load(Ordering::SeqCst);
        assert_eq!(
            left, expected,
            "the test left {left} jobs behind instead of {expected}: run them (`run_jobs`) or say so (`expect_jobs_left`): {counts:?}"
        );
    }

    /// The file of a SQLite desk.
    pub fn sqlite_path(&self) -> Option<std::path::PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path().join(SQLITE_FILE)),
            Place::Server(_) => None,
        }
    }

    /// The URL of a PostgreSQL desk.
    pub fn postgres_url(&self) -> Option<&str> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Server(database) => Some(database.url()),
        }
    }
}

fn assemble(db: Db, clock: Arc<dyn Clock>, seed: u64, public_url: &str, mail: Option<mail::Server>) -> Desk {
    Desk::new(DeskParts {
        db,
        clock,
        ids: Arc::new(SeededIds::new(seed)),
        sealer: Sealer::new(&TEST_MASTER_KEY),
        public_url: public_url.to_owned(),
        mail,
    })
}

/// A desk on the data folder that the executable made, with its key; on SQLite, beside a server or alone.
///
/// # Panics
/// When there is no such folder, or its key is not in it.
pub async fn desk_in(data: &Path) -> Desk {
    desk_in_at(data, Arc::new(SystemClock)).await
}

/// The same with a clock of its own.
///
/// # Panics
/// As [`desk_in`].
pub async fn desk_in_at(data: &Path, clock: Arc<dyn Clock>) -> Desk {
    let text = std::fs::read_to_string(data.join("master.key")).expect("the key that `gatepost init` made");
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hexadecimal digits");
    }
    Desk::new(DeskParts {
        db: Db::open_sqlite(&data.join(SQLITE_FILE), DbOptions::default()).await.expect("SQLite opens"),
        clock,
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(&key),
        public_url: "http://localhost".to_owned(),
        mail: None,
    })
}

/// As [`on_both`], for desks that write mail: each has a server of its own that keeps it.
///
/// # Panics
/// When the mail sink is not installed.
pub async fn on_both_with_mail<F, T>(behaviour: Behaviour, test: F)
where
    F: Fn(Arc<TestDesk>, Arc<MailSink>) -> T,
    T: Future<Output = ()>,
{
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let sink = Arc::new(MailSink::start(behaviour).expect("a mail server"));
        let desk = Arc::new(TestDesk::with_mail(engine, Some(sink.server())).await);
        test(desk.clone(), sink).await;
        desk.check_jobs_left().await;
        desk.desk.db().close().await;
    }
}

/// Runs the same test on SQLite and on PostgreSQL, each on a fresh database. Fails when the test leaves a job behind.
pub async fn on_both<F, T>(test: F)
where
    F: Fn(Arc<TestDesk>) -> T,
    T: Future<Output = ()>,
{
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let desk = Arc::new(TestDesk::on(engine).await);
        test(desk.clone()).await;
        desk.check_jobs_left().await;
        desk.desk.db().close().await;
    }
}
