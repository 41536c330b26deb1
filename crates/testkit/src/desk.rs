//! A desk on a disposable database, on each engine.

use std::{future::Future, sync::Arc};

use desk::{
    Desk, DeskParts,
    db::{Db, DbOptions, Engine},
    sealed::Sealer,
};

use crate::{
    context::{ManualClock, SeededIds},
    postgres,
};

/// The master key of every test desk.
pub const TEST_MASTER_KEY: [u8; 32] = [42; 32];

/// A desk with its manual clock. The database goes when this is dropped.
pub struct TestDesk {
    /// The desk.
    pub desk: Desk,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    place: Place,
}

enum Place {
    Folder(tempfile::TempDir),
    Server(postgres::Database),
}

impl TestDesk {
    /// A desk on a fresh database of the engine, migrated.
    pub async fn on(engine: Engine) -> Self {
        let (db, place) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let db = Db::open_sqlite(&folder.path().join("gatepost.db"), DbOptions::default()).await.expect("SQLite opens");
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
        let desk = Desk::new(DeskParts {
            db,
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
            sealer: Sealer::new(&TEST_MASTER_KEY),
            public_url: "https://desk.example.test".to_owned(),
        });
        Self { desk, clock, place }
    }

    /// The file of a SQLite desk.
    pub fn sqlite_path(&self) -> Option<std::path::PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path().join("gatepost.db")),
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

/// Runs the same test on SQLite and on PostgreSQL, each on a fresh database.
pub async fn on_both<F, T>(test: F)
where
    F: Fn(Arc<TestDesk>) -> T,
    T: Future<Output = ()>,
{
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let desk = Arc::new(TestDesk::on(engine).await);
        test(desk.clone()).await;
        desk.desk.db().close().await;
    }
}
