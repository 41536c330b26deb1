//! One statement, its parameters, and the connections it can run on.

use std::{borrow::Cow, fmt::Write as _};

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Sqlite, SqliteConnection, pool::PoolConnection};

use super::{DbError, Result, Row, Value};

/// A write transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: TxInner,
}

enum TxInner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn sqlite(inner: sqlx::Transaction<'static, Sqlite>) -> Self {
        Self { inner: TxInner::Sqlite(inner) }
    }

    pub(super) fn postgres(inner: sqlx::Transaction<'static, Postgres>) -> Self {
        Self { inner: TxInner::Postgres(inner) }
    }

    /// Makes everything done in this transaction durable at once.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.commit().await?,
            TxInner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Waits until no other transaction holds the named lock, and holds it until this one ends. On SQLite there is only one
    /// writer, so it is already held. Use it where a decision depends on rows that another transaction could change.
    pub async fn lock(&mut self, name: &str) -> Result<()> {
        if matches!(self.inner, TxInner::Postgres(_)) {
            sql("SELECT CAST(1 AS BIGINT) AS one FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS held")
                .bind(name)
                .all(self)
                .await?;
        }
        Ok(())
    }

    /// Tells every process that listens on the channel, once this transaction is durable. On SQLite there is only one process.
    pub async fn notify(&mut self, channel: &str, payload: &str) -> Result<()> {
        if matches!(self.inner, TxInner::Postgres(_)) {
            sql("SELECT CAST(pg_notify($1, $2) AS TEXT) AS sent").bind(channel).bind(payload).all(self).await?;
        }
        Ok(())
    }

    /// The clause that skips rows another transaction works on; empty on SQLite, where there is only one writer.
    pub fn skip_locked(&self) -> &'static str {
        match self.inner {
            TxInner::Sqlite(_) => "",
            TxInner::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// The parameters of many rows, `($1,$2),($3,$4)`. On SQLite they have no numbers: it takes `$n` for a name, and binding each of some
    /// thousand names walks through all of them, which was four fifths of an import's time.
    pub fn tuples(&self, rows: usize, columns: usize) -> String {
        tuples(rows, columns, matches!(self.inner, TxInner::Postgres(_)))
    }

    /// The clause that keeps the rows read from being changed by anybody else until this transaction ends; empty on SQLite,
    /// where there is only one writer.
    pub fn for_update(&self) -> &'static str {
        match self.inner {
            TxInner::Sqlite(_) => "",
            TxInner::Postgres(_) => "FOR UPDATE",
        }
    }
}

fn tuples(rows: usize, columns: usize, numbered: bool) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            if numbered {
                // Into the text itself: thousands of these are written for each statement.
                write!(text, "${}", row * columns + column + 1).expect("memory takes it");
            } else {
                text.push('?');
            }
        }
        text.push(')');
    }
    text
}

/// A connection for reading. On SQLite it cannot write.
pub struct Reader {
    inner: ReaderInner,
}

enum ReaderInner {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    pub(super) fn sqlite(inner: PoolConnection<Sqlite>) -> Self {
        Self { inner: ReaderInner::Sqlite(inner) }
    }

    pub(super) fn postgres(inner: PoolConnection<Postgres>) -> Self {
        Self { inner: ReaderInner::Postgres(inner) }
    }
}

/// The engine's own connection behind a [`Tx`] or a [`Reader`].
pub enum Raw<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Anything a [`Query`] can run on.
pub trait Connection: Send {
    /// The engine's own connection.
    fn raw(&mut self) -> Raw<'_>;
}

impl Connection for Tx {
    fn raw(&mut self) -> Raw<'_> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => Raw::Sqlite(tx),
            TxInner::Postgres(tx) => Raw::Postgres(tx),
        }
    }
}

impl Connection for Reader {
    fn raw(&mut self) -> Raw<'_> {
        match &mut self.inner {
            ReaderInner::Sqlite(connection) => Raw::Sqlite(connection),
            ReaderInner::Postgres(connection) => Raw::Postgres(connection),
        }
    }
}

/// A statement with its parameters.
#[must_use = "a query does nothing until it is run"]
pub struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// Starts a statement. Parameters are `$1`, `$2`, …; a value never becomes part of the text.
pub fn sql(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), values: Vec::new() }
}

macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Query {
    /// Adds the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs a statement that returns no rows; the answer is the number of rows it changed.
    pub async fn execute(self, on: &mut dyn Connection) -> Result<u64> {
        match on.raw() {
            Raw::Sqlite(connection) => {
                let query = bound!(sqlx::query::<Sqlite>(AssertSqlSafe(self.text.as_ref())), self.values);
                Ok(query.execute(connection).await?.rows_affected())
            }
            Raw::Postgres(connection) => {
                let query = bound!(sqlx::query::<Postgres>(AssertSqlSafe(self.text.as_ref())), self.values);
                Ok(query.execute(connection).await?.rows_affected())
            }
        }
    }

    /// All rows. The statement itself has to bound how many that can be.
    pub async fn all(self, on: &mut dyn Connection) -> Result<Vec<Row>> {
        match on.raw() {
            Raw::Sqlite(connection) => {
                let query = bound!(sqlx::query::<Sqlite>(AssertSqlSafe(self.text.as_ref())), self.values);
                Ok(query.fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect())
            }
            Raw::Postgres(connection) => {
                let query = bound!(sqlx::query::<Postgres>(AssertSqlSafe(self.text.as_ref())), self.values);
                Ok(query.fetch_all(connection).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row, if there is one.
    pub async fn optional(self, on: &mut dyn Connection) -> Result<Option<Row>> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The first row.
    ///
    /// # Errors
    /// [`DbError::Missing`] when there is none.
    pub async fn one(self, on: &mut dyn Connection) -> Result<Row> {
        self.optional(on).await?.ok_or(DbError::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::tuples;

    #[test]
    fn placeholders_count_through() {
        assert_eq!(tuples(2, 2, true), "($1,$2),($3,$4)");
        assert_eq!(tuples(2, 2, false), "(?,?),(?,?)");
    }
}
