//! What can go wrong between an operation and its tables, in words an operator can act on.

use thiserror::Error;

/// A failed database call.
#[derive(Debug, Error)]
pub enum DbError {
    /// The engine refused a row because it already exists. `constraint` is the engine's own name or message for it.
    #[error("the row already exists ({constraint})")]
    Duplicate {
        /// The violated constraint, as the engine names it.
        constraint: String,
    },
    /// A row refers to something that is not there, or something still refers to it.
    #[error("the row refers to something that does not exist, or is still referred to ({0})")]
    Reference(String),
    /// One row was expected and none was found.
    #[error("no such row")]
    Missing,
    /// A stored value does not have the shape the program expects: the file was changed by something else.
    #[error("column {column} holds a value that cannot be read: {reason}; run `gatepost check`")]
    Corrupt {
        /// The column's name.
        column: String,
        /// Why it could not be read.
        reason: String,
    },
    /// The database could not be opened.
    #[error("cannot open the database at {place}: {reason}")]
    Open {
        /// A path or a URL without its password.
        place: String,
        /// What the engine said and what to do.
        reason: String,
    },
    /// The schema is newer than this program, or a migration was changed after it ran.
    #[error("the database schema does not fit this version of gatepost: {0}")]
    Schema(String),
    /// Anything else the engine reported.
    #[error("database error: {0}")]
    Engine(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::Missing,
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::Duplicate { constraint: inner.constraint().unwrap_or_else(|| inner.message()).to_owned() }
            }
            sqlx::Error::Database(inner) if inner.is_foreign_key_violation() => Self::Reference(inner.message().to_owned()),
            sqlx::Error::ColumnDecode { index, source } => Self::Corrupt { column: index.clone(), reason: source.to_string() },
            _ => Self::Engine(error),
        }
    }
}

impl DbError {
    /// Whether the same call may succeed when tried again (lost connection, deadlock, serialisation failure).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Engine(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed) => true,
            Self::Engine(sqlx::Error::Database(inner)) => {
                matches!(inner.code().as_deref(), Some("40001" | "40P01" | "5" | "6" | "57P01" | "57P03"))
            }
            _ => false,
        }
    }
}
