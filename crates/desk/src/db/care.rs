//! Looking after the database as a whole: a consistent copy while others write, and whether it is sound.

use std::path::Path;

use super::{Db, DbError, Result, sql};

impl Db {
    /// Writes a consistent copy of a SQLite database to a new file, while others read and write.
    ///
    /// # Errors
    /// [`DbError::Open`] when the file exists or cannot be written, or the engine is PostgreSQL (its own tools make copies).
    pub async fn copy_to(&self, path: &Path) -> Result<()> {
        let refuse = |reason: &str| DbError::Open { place: path.display().to_string(), reason: reason.to_owned() };
        let Self::Sqlite { .. } = self else {
            return Err(refuse("a PostgreSQL database is copied with pg_dump"));
        };
        if path.exists() {
            return Err(refuse("the file exists already; choose another place"));
        }
        let text = path.to_str().ok_or_else(|| refuse("the path is not valid UTF-8"))?;
        let mut reader = self.read().await?;
        sql("VACUUM INTO $1").bind(text).execute(&mut reader).await?;
        Ok(())
    }

    /// Makes what was deleted or overwritten before leave the disk: SQLite's write-ahead file still has the pages as they were, until it is
    /// written back and cut to nothing. To be called after an erasure; `false` when somebody still reads an older state: call it again.
    /// PostgreSQL removes dead rows by its own vacuum.
    ///
    /// # Errors
    /// [`DbError::Engine`] when the file cannot be written.
    pub async fn forget_deleted(&self) -> Result<bool> {
        let Self::Sqlite { write, .. } = self else {
            return Ok(true);
        };
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(write).await?;
        Ok(busy == 0)
    }

    /// What is wrong with the file or its references; empty when it is sound. Reads everything: minutes on a large database.
    pub async fn problems(&self) -> Result<Vec<String>> {
        let mut reader = self.read().await?;
        let mut problems = Vec::new();
        if matches!(self, Self::Sqlite { .. }) {
            for row in sql("SELECT integrity_check AS found FROM pragma_integrity_check").all(&mut reader).await? {
                let found: String = row.get("found")?;
                if found != "ok" {
                    problems.push(found);
                }
            }
            for row in sql("SELECT \"table\" AS name FROM pragma_foreign_key_check").all(&mut reader).await? {
                problems.push(format!("a row of {} refers to something that is not there", row.get::<String>("name")?));
            }
        }
        let row = sql("SELECT (SELECT value FROM counters WHERE name = 'audit_log') AS counted, \
                       (SELECT COUNT(*) FROM audit_entries) AS present, \
                       (SELECT COALESCE(MAX(seq), 0) FROM audit_entries) AS newest")
        .one(&mut reader)
        .await?;
        let (counted, present, newest): (i64, i64, i64) = (row.get("counted")?, row.get("present")?, row.get("newest")?);
        if counted != present || counted != newest {
            problems.push(format!(
                "the audit log is not whole: {counted} entries were written, {present} are present, the newest has number {newest}"
            ));
        }
        Ok(problems)
    }
}
