//! The schema: numbered migrations, the same files for both engines, applied in order and never changed once released.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Db, DbError, Result, sql};

/// Every migration: version, name, SQL. Append only.
pub const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "house", include_str!("../../migrations/0001_house.sql")),
    (2, "capture", include_str!("../../migrations/0002_capture.sql")),
    (3, "publishing", include_str!("../../migrations/0003_publishing.sql")),
    (4, "approvals", include_str!("../../migrations/0004_approvals.sql")),
    (5, "intake", include_str!("../../migrations/0005_intake.sql")),
    (6, "word_lists", include_str!("../../migrations/0006_word_lists.sql")),
    (7, "pictures", include_str!("../../migrations/0007_pictures.sql")),
];

/// How the schema in the database relates to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Nothing there yet.
    Empty,
    /// Older: this many migrations are still to be applied.
    Behind(usize),
    /// As this program expects.
    Current,
    /// Written by a newer program.
    Ahead(i64),
}

impl Db {
    /// Applies what is missing. Safe to call from several processes at once on PostgreSQL (it takes a lock there).
    ///
    /// # Errors
    /// [`DbError::Schema`] when the database is newer than this program or an applied migration was altered.
    pub async fn migrate(&self) -> Result<()> {
        let migrator = migrator();
        let done = match self {
            Self::Sqlite { write, .. } => migrator.run(write).await,
            Self::Postgres(pool) => migrator.run(pool).await,
        };
        done.map_err(|error| DbError::Schema(format!("{error}; use the version of gatepost that wrote it, or a newer one")))
    }

    /// Compares the schema with this program without changing anything.
    pub async fn schema_state(&self) -> Result<SchemaState> {
        let mut reader = self.read().await?;
        let applied =
            match sql("SELECT version FROM _sqlx_migrations WHERE success = TRUE ORDER BY version").all(&mut reader).await {
                Ok(rows) => rows.iter().map(|row| row.get::<i64>("version")).collect::<Result<Vec<_>>>()?,
                Err(DbError::Engine(sqlx::Error::Database(_))) => return Ok(SchemaState::Empty),
                Err(error) => return Err(error),
            };
        let newest = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
        Ok(match applied.last() {
            None => SchemaState::Empty,
            Some(version) if *version > newest => SchemaState::Ahead(*version),
            Some(_) if applied.len() < MIGRATIONS.len() => SchemaState::Behind(MIGRATIONS.len() - applied.len()),
            Some(_) => SchemaState::Current,
        })
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, text)| {
            Migration::new(
                *version,
                Cow::Borrowed(*name),
                MigrationType::Simple,
                AssertSqlSafe((*text).to_owned()).into_sql_str(),
                false,
            )
        })
        .collect::<Vec<_>>();
    Migrator::with_migrations(migrations)
}
