//! A fresh, empty PostgreSQL database for each test that asks for one.
//!
//! The databases live in one throw-away server per `target` folder ([`cluster`]), started by the first test that
//! needs it and shared by every test process after that; `GATEPOST_TEST_POSTGRES_URL` names an existing server
//! instead. Invariant: two calls never return the same database, in one process or in several.
//! It does not run migrations and does not pool connections: a test gets a URL and connects as the product does.

mod cluster;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Environment variable naming an existing server; its user must be allowed to create databases.
pub const URL_VARIABLE: &str = "GATEPOST_TEST_POSTGRES_URL";

/// Every database made here starts with this, so that clearing up can never touch another one.
const DATABASE_PREFIX: &str = "gatepost_test_";

/// How often creating a database is tried: once on the server found, once on one started anew, once more for a
/// server that its watchdog was shutting down in that very moment.
const CREATE_ATTEMPTS_MAX: u32 = 3;

/// Databases of ended test processes removed in one call, so that no single test pays for all of them.
const REAPED_PER_CALL_MAX: usize = 4;

/// Why a test database could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server programs were found.
    #[error(
        "PostgreSQL is not installed (looked for `initdb` on PATH and in /usr/lib/postgresql/*/bin): \
         install it with `apt-get install postgresql`, or set {URL_VARIABLE} to a server that may be used"
    )]
    NotInstalled,
    /// `psql` is needed for an existing server too.
    #[error("`psql` was not found: install it with `apt-get install postgresql-client`")]
    NoClient,
    /// The server refuses to run as root and there is no other user to run it as.
    #[error(
        "there is no user `postgres` to run the test server as (it refuses to run as root): create it with `useradd --system postgres`"
    )]
    NoServerUser,
    /// The URL in [`URL_VARIABLE`] is not one this module can put a database name into.
    #[error("{URL_VARIABLE} must look like postgres://user:password@host:5432/postgres, but is `{0}`")]
    BadUrl(String),
    /// The server could not be started or did not answer.
    #[error("test server in {folder} did not start: {reason}")]
    NotStarted {
        /// The server's folder, which holds its log until the next start.
        folder: String,
        /// What the server or its tools said.
        reason: String,
    },
    /// The server answered, but not to the statement.
    #[error("`{statement}` failed on the test server: {reason}")]
    Statement {
        /// The statement as sent.
        statement: String,
        /// What `psql` said.
        reason: String,
    },
    /// The server did not answer at all.
    #[error("no PostgreSQL answers there: {0}")]
    Unreachable(String),
    /// A folder, lock or program could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// Makes a fresh empty database and returns its URL, for example
/// `postgres:///gatepost_test_4711_0?host=/tmp/gatepost-pg-x&user=postgres`.
///
/// It lasts as long as this process; a later call from another process removes it. Use [`Database`] to have it
/// removed at the end of the test, which matters on a server named by [`URL_VARIABLE`]: nothing is reaped there.
///
/// # Errors
/// When PostgreSQL is missing, cannot start, or refuses; the text says what to do.
pub fn url() -> Result<String, PostgresError> {
    Database::create().map(Database::keep)
}

/// A database that is removed, with whatever is still connected to it, when this value is dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    name: String,
    admin: Admin,
    kept: bool,
}

impl Database {
    /// Makes a fresh empty database.
    ///
    /// # Errors
    /// As [`url`].
    pub fn create() -> Result<Self, PostgresError> {
        let name = fresh_name();
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0");
        let admin = match std::env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => {
                let admin = Admin::existing(url)?;
                admin.run(&statement)?;
                admin
            }
            _ => create_in_own_cluster(&statement)?,
        };
        let url = with_database(&admin.url, &name)?;
        Ok(Self { url, name, admin, kept: false })
    }

    /// Where to connect.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives up removing it at the end of this value's life and returns its URL.
    #[must_use]
    pub fn keep(mut self) -> String {
        self.kept = true;
        std::mem::take(&mut self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.kept {
            // A failure leaves a database behind on a throw-away server; the test's own outcome matters more.
            let _left_for_the_reaper = self.admin.remove(&self.name);
        }
    }
}

fn create_in_own_cluster(statement: &str) -> Result<Admin, PostgresError> {
    let mut attempt = 1;
    loop {
        let cluster = cluster::current_or_start(attempt > 1)?;
        let admin = Admin { psql: cluster.program("psql"), url: cluster.admin_url() };
        match admin.run(statement) {
            Ok(_) => {
                cluster.mark_used();
                admin.reap();
                return Ok(admin);
            }
            Err(PostgresError::Unreachable(_)) if attempt < CREATE_ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Statements that no test database can run about itself, sent through `psql` because a blocking client library
/// would be one more dependency to build.
#[derive(Debug)]
struct Admin {
    psql: std::path::PathBuf,
    url: String,
}

impl Admin {
    fn existing(url: String) -> Result<Self, PostgresError> {
        // Before `psql` guesses at a server of its own choice.
        with_database(&url, "postgres")?;
        let psql = cluster::client_program("psql").ok_or(PostgresError::NoClient)?;
        Ok(Self { psql, url })
    }

    fn run(&self, statement: &str) -> Result<String, PostgresError> {
        /// What `psql` exits with when it has no connection (its manual, "Exit Status").
        const NO_CONNECTION: i32 = 2;
        let mut command = Command::new(&self.psql);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password"]);
        command.args(["--dbname", &self.url, "--command", statement]).current_dir("/");
        let output = cluster::output_of(&mut command)?;
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        match output.status.code() {
            Some(0) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Some(NO_CONNECTION) => Err(PostgresError::Unreachable(reason)),
            _ => Err(PostgresError::Statement { statement: statement.to_owned(), reason }),
        }
    }

    fn remove(&self, name: &str) -> Result<String, PostgresError> {
        assert!(name.starts_with(DATABASE_PREFIX), "refusing to drop {name}: not made by this module");
        self.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    }

    /// Removes a few databases whose test process has ended.
    fn reap(&self) {
        let Ok(names) = self.run("SELECT datname FROM pg_database") else {
            return;
        };
        let ended = names.lines().filter(|name| maker_of(name).is_some_and(has_ended));
        for name in ended.take(REAPED_PER_CALL_MAX) {
            // Another test process may be removing the same one; whoever loses has nothing left to do.
            let _already_gone = self.remove(name);
        }
    }
}

/// A name no other call uses: process, a counter within it, and the time for machines that share one server.
fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() % 1_000_000_000);
    format!("{DATABASE_PREFIX}{}_{count}_{micros}", std::process::id())
}

/// The process that made the database, read from its name.
fn maker_of(database: &str) -> Option<u32> {
    database.strip_prefix(DATABASE_PREFIX)?.split('_').next()?.parse().ok()
}

/// False where there is no `/proc` to ask: then databases stay until the server is stopped.
fn has_ended(process: u32) -> bool {
    Path::new("/proc/self").exists() && !Path::new("/proc").join(process.to_string()).exists()
}

/// Puts a database name into a connection URL, whatever database it named before.
fn with_database(url: &str, database: &str) -> Result<String, PostgresError> {
    let bad = || PostgresError::BadUrl(url.to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(bad());
    }
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let authority = place.split_once('/').map_or(place, |(authority, _)| authority);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{database}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_put_into_any_shape_of_url() {
        let check = |url: &str, expected: &str| assert_eq!(with_database(url, "x").expect(url), expected);
        check("postgres://u:p@db.example.test:5432/postgres", "postgres://u:p@db.example.test:5432/x");
        check("postgresql://u@db.example.test", "postgresql://u@db.example.test/x");
        check("postgres://u@db.example.test?sslmode=require", "postgres://u@db.example.test/x?sslmode=require");
        check("postgres:///postgres?host=/run/pg&user=u", "postgres:///x?host=/run/pg&user=u");
    }

    #[test]
    fn a_url_of_another_database_system_is_refused() {
        for url in ["mysql://u@localhost/x", "localhost:5432", ""] {
            assert!(matches!(with_database(url, "x"), Err(PostgresError::BadUrl(_))), "{url}");
        }
    }

    #[test]
    fn only_our_own_databases_name_a_maker() {
        assert_eq!(maker_of(&fresh_name()), Some(std::process::id()));
        for other in ["postgres", "template0", "gatepost", "gatepost_test_", "gatepost_test_x_1", "my_gatepost_test_1_2"] {
            assert_eq!(maker_of(other), None, "{other}");
        }
    }
}
