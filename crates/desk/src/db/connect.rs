//! Opening the database, and the two ways into it: [`Db::read`] and [`Db::begin`].

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{DbError, Reader, Result, Tx};

/// How long a writer waits for another process (a command line beside a running server) before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request waits for a free connection before it is told that the desk is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite page cache per connection, in KiB (negative means KiB to SQLite).
const SQLITE_CACHE_KIB: &str = "-8192";

/// Which engine is behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// Past one machine.
    Postgres,
}

/// How many connections to open.
#[derive(Debug, Clone, Copy)]
pub struct DbOptions {
    /// Readers on SQLite, all connections on PostgreSQL.
    pub connections_max: u32,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self { connections_max: 8 }
    }
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// One file in the data folder, in WAL mode.
    Sqlite {
        /// Read-only connections.
        read: SqlitePool,
        /// The one writing connection.
        write: SqlitePool,
    },
    /// A PostgreSQL server.
    Postgres(PgPool),
}

impl Db {
    /// Opens (and creates when missing) the SQLite file.
    pub async fn open_sqlite(path: &Path, options: DbOptions) -> Result<Self> {
        let failed = |error: sqlx::Error| DbError::Open {
            place: path.display().to_string(),
            reason: format!("{error}; check that the folder exists and can be written by this user"),
        };
        let base = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .pragma("cache_size", SQLITE_CACHE_KIB)
            .pragma("temp_store", "memory")
            // What was deleted is overwritten: erasing a person must leave no byte of their text in free pages.
            .pragma("secure_delete", "on");
        // No statistics are gathered: taken while a table has one row, they would make SQLite scan it for ever after; without them it
        // goes by the indexes, which every statement here has one for.
        // The writer opens first: it creates the file and switches it to WAL, which a read-only connection cannot.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(BUSY_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(base.clone().create_if_missing(true))
            .await
            .map_err(failed)?;
        let read = SqlitePoolOptions::new()
            .max_connections(options.connections_max.max(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(base.read_only(true))
            .await
            .map_err(failed)?;
        Ok(Self::Sqlite { read, write })
    }

    /// Connects to a PostgreSQL server by URL.
    pub async fn open_postgres(url: &str, options: DbOptions) -> Result<Self> {
        let place = without_password(url);
        let failed = |error: sqlx::Error| DbError::Open {
            place: place.clone(),
            reason: format!("{error}; check database.url and that the server accepts connections"),
        };
        let connect = PgConnectOptions::from_str(url).map_err(failed)?.application_name("gatepost");
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max.max(2))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(connect)
            .await
            .map_err(failed)?;
        Ok(Self::Postgres(pool))
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Reader> {
        Ok(match self {
            Self::Sqlite { read, .. } => Reader::sqlite(read.acquire().await?),
            Self::Postgres(pool) => Reader::postgres(pool.acquire().await?),
        })
    }

    /// Begins a write transaction. On SQLite it waits for its turn and holds the write lock from the start.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::postgres(pool.begin().await?),
        })
    }

    /// Waits for open connections to be returned and closes them.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The URL as it may be shown: without user information.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_shown_url_has_no_password() {
        assert_eq!(without_password("postgres://ann:pw@db.example.test/desk"), "postgres://db.example.test/desk");
        assert_eq!(without_password("postgres:///desk"), "postgres:///desk");
    }
}
