//! The database: SQLite in the data folder by default, PostgreSQL past one machine, one set of SQL for both.
//!
//! Invariants: every statement is written once, with `$1` placeholders, and runs on both engines; on SQLite there is one writing
//! connection and every write transaction begins with `BEGIN IMMEDIATE`, so writers queue instead of failing; times are
//! Unix milliseconds in `BIGINT`, ids are 16-byte `BYTEA`, JSON is opaque `TEXT`.
//! No statement lives here: SQL belongs to the `store.rs` of the subject that owns the table.

mod care;
mod connect;
mod error;
mod migrate;
mod query;
mod row;
mod value;

pub use connect::{Db, DbOptions, Engine};
pub use error::DbError;
pub use migrate::{MIGRATIONS, SchemaState};
pub use query::{Connection, Query, Reader, Tx, sql};
pub(crate) use row::corrupt;
pub use row::{Column, Row};
pub use value::Value;

/// What a database call returns.
pub type Result<T> = std::result::Result<T, DbError>;
