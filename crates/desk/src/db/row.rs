//! A row of either engine, read column by column into the program's own types.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::{DbError, Result};

/// One result row.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// Reads one column by name.
    ///
    /// # Errors
    /// [`DbError::Corrupt`] when the value has another type or the id or number is out of its range.
    pub fn get<T: Column>(&self, name: &str) -> Result<T> {
        T::read(self, name)
    }
}

/// A type that can stand in a column.
pub trait Column: Sized {
    /// Reads the value of the named column.
    fn read(row: &Row, name: &str) -> Result<Self>;
}

macro_rules! plain_column {
    ($($type:ty),* $(,)?) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(name)?,
                    Row::Postgres(row) => row.try_get(name)?,
                })
            }
        }
    )*};
}

plain_column!(i64, String, Vec<u8>, bool, Option<i64>, Option<String>, Option<Vec<u8>>, Option<bool>);

macro_rules! narrow_column {
    ($($type:ty),* $(,)?) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self> {
                let wide: i64 = row.get(name)?;
                Self::try_from(wide).map_err(|_| corrupt(name, format!("{wide} is out of range")))
            }
        }
    )*};
}

narrow_column!(u16, u32, i32);

/// A [`DbError::Corrupt`] for a column.
pub(crate) fn corrupt(column: &str, reason: impl Into<String>) -> DbError {
    DbError::Corrupt { column: column.to_owned(), reason: reason.into() }
}
