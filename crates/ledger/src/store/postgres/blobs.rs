//! Attachments in the database: a row per chunk, so that every node reads them and a backup of the database has them.
//!
//! Invariant: the transaction that commits an entry also turns its finished upload into an attachment, or neither happens. An upload that
//! an earlier process left behind can never be committed, because its epoch is over; it is removed when the log is opened.

use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use tokio::runtime::Handle;

use super::{PgStore, SealedBatch, StoreError, io, signed, unknown_outcome, unsigned, wait_on};
use crate::blob::{BlobName, BlobSource, CHUNK_BYTES, FILE_HEAD, TAG_BYTES};
use crate::damage::{Damage, DamageClass};
use crate::store::BlobSink;

/// Created in this order; ledgers made by an earlier program do not have them, so they are made when a log is opened.
const STATEMENTS: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS ledger_uploads (
        log text NOT NULL,
        upload bytea NOT NULL,
        name bytea,
        bytes bigint NOT NULL,
        PRIMARY KEY (log, upload))",
    "CREATE TABLE IF NOT EXISTS ledger_blobs (
        log text NOT NULL,
        name bytea NOT NULL,
        upload bytea NOT NULL,
        bytes bigint NOT NULL,
        PRIMARY KEY (log, name))",
    "CREATE TABLE IF NOT EXISTS ledger_blob_chunks (
        log text NOT NULL,
        upload bytea NOT NULL,
        number integer NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (log, upload, number))",
    "ALTER TABLE ledger_blob_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL",
];

/// Makes the tables and removes what earlier processes did not finish. Only while holding the lease.
pub(super) async fn prepare(pool: &PgPool, log: &str) -> Result<(), StoreError> {
    for statement in STATEMENTS {
        sqlx::query(statement).execute(pool).await.map_err(io("create tables"))?;
    }
    sqlx::query(
        "WITH gone AS (DELETE FROM ledger_uploads WHERE log = $1 RETURNING upload)
         DELETE FROM ledger_blob_chunks WHERE log = $1 AND upload IN (SELECT upload FROM gone)",
    )
    .bind(log)
    .execute(pool)
    .await
    .map_err(io("clear unfinished attachments of"))?;
    Ok(())
}

/// Turns the uploads that a batch names into attachments, in the batch's transaction.
pub(super) async fn adopt(store: &PgStore, connection: &mut PgConnection, batch: &SealedBatch) -> Result<(), StoreError> {
    for (seq, name) in batch.blobs() {
        let adopted = sqlx::query(
            "WITH done AS (DELETE FROM ledger_uploads WHERE log = $1 AND name = $2 RETURNING upload, bytes)
             INSERT INTO ledger_blobs (log, name, upload, bytes) SELECT $1, $2, upload, bytes FROM done",
        )
        .bind(&store.log)
        .bind(&name.0[..])
        .execute(&mut *connection)
        .await
        .map_err(io("write an attachment to"))?;
        if adopted.rows_affected() != 1 {
            return Err(Damage::at(DamageClass::BlobMissing, seq, format!("attachment {name} is not there")).into());
        }
    }
    Ok(())
}

/// Starts an upload under a name of this process' own: its epoch and a number.
pub(super) fn begin(store: &PgStore, number: u64) -> Result<Upload, StoreError> {
    let id = [store.epoch.to_be_bytes(), number.to_be_bytes()].concat();
    let begun = sqlx::query("INSERT INTO ledger_uploads (log, upload, bytes) VALUES ($1, $2, 0)").bind(&store.log).bind(&id);
    store.block_on(begun.execute(&store.pool)).map_err(io("start an attachment in"))?;
    let handle = store.handle().clone();
    Ok(Upload { handle, pool: store.pool.clone(), log: store.log.clone(), id, next: 0, bytes: 0, is_done: false })
}

/// Removes an upload that no entry will name.
pub(super) async fn discard(pool: &PgPool, log: &str, name: BlobName) -> Result<(), sqlx::Error> {
    let removed = sqlx::query(
        "WITH gone AS (DELETE FROM ledger_uploads WHERE log = $1 AND name = $2 RETURNING upload)
         DELETE FROM ledger_blob_chunks WHERE log = $1 AND upload IN (SELECT upload FROM gone)",
    );
    removed.bind(log).bind(&name.0[..]).execute(pool).await.map(drop)
}

/// Opens an attachment; `None` when it is gone.
pub(super) fn open(store: &PgStore, name: BlobName) -> Result<Option<Box<dyn BlobSource>>, StoreError> {
    let found = sqlx::query_as::<_, (Vec<u8>, i64)>("SELECT upload, bytes FROM ledger_blobs WHERE log = $1 AND name = $2")
        .bind(&store.log)
        .bind(&name.0[..]);
    let found = store.block_on(found.fetch_optional(&store.pool)).map_err(io("look for an attachment in"))?;
    let handle = store.handle().clone();
    Ok(found.map(|(upload, bytes)| -> Box<dyn BlobSource> {
        Box::new(Chunks { handle, pool: store.pool.clone(), log: store.log.clone(), upload, bytes: unsigned(bytes) })
    }))
}

/// Removes attachments, in the given transaction. Those that are gone already are no error.
pub(super) async fn remove(store: &PgStore, connection: &mut PgConnection, names: &[BlobName]) -> Result<(), StoreError> {
    let names: Vec<Vec<u8>> = names.iter().map(|name| name.0.to_vec()).collect();
    sqlx::query(
        "WITH gone AS (DELETE FROM ledger_blobs WHERE log = $1 AND name = ANY($2) RETURNING upload)
         DELETE FROM ledger_blob_chunks WHERE log = $1 AND upload IN (SELECT upload FROM gone)",
    )
    .bind(&store.log)
    .bind(&names)
    .execute(connection)
    .await
    .map(drop)
    .map_err(io("remove attachments from"))
}

/// An attachment that is being written: one row per call, the head first.
pub(super) struct Upload {
    handle: Handle,
    pool: PgPool,
    log: String,
    id: Vec<u8>,
    next: i32,
    bytes: u64,
    is_done: bool,
}

impl BlobSink for Upload {
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let row = sqlx::query("INSERT INTO ledger_blob_chunks (log, upload, number, sealed) VALUES ($1, $2, $3, $4)")
            .bind(&self.log)
            .bind(&self.id)
            .bind(self.next)
            .bind(bytes);
        wait_on(&self.handle, row.execute(&self.pool)).map_err(io("write an attachment to"))?;
        self.next += 1;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>, name: BlobName) -> Result<(), StoreError> {
        let named = sqlx::query("UPDATE ledger_uploads SET name = $3, bytes = $4 WHERE log = $1 AND upload = $2")
            .bind(&self.log)
            .bind(&self.id)
            .bind(&name.0[..])
            .bind(signed(self.bytes));
        let named = wait_on(&self.handle, named.execute(&self.pool)).map_err(io("write an attachment to"))?;
        // Whoever took over removed it.
        if named.rows_affected() != 1 {
            return Err(StoreError::Fenced);
        }
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let gone = sqlx::query(
            "WITH gone AS (DELETE FROM ledger_uploads WHERE log = $1 AND upload = $2 RETURNING upload)
             DELETE FROM ledger_blob_chunks WHERE log = $1 AND upload IN (SELECT upload FROM gone)",
        )
        .bind(&self.log)
        .bind(&self.id);
        if let Err(error) = wait_on(&self.handle, gone.execute(&self.pool)) {
            tracing::warn!(%error, "an unfinished attachment could not be removed");
        }
    }
}

struct Chunks {
    handle: Handle,
    pool: PgPool,
    log: String,
    upload: Vec<u8>,
    bytes: u64,
}

impl BlobSource for Chunks {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.bytes)
    }

    /// Reads within one row: the head, or a part of one chunk.
    fn read_at(&self, out: &mut [u8], offset: u64) -> std::io::Result<()> {
        let (head, chunk) = (FILE_HEAD.len() as u64, (CHUNK_BYTES + TAG_BYTES) as u64);
        let (number, start) = match offset.checked_sub(head) {
            None => (0, offset),
            Some(after) => (1 + after / chunk, after % chunk),
        };
        let length = i32::try_from(out.len()).map_err(std::io::Error::other)?;
        let row = sqlx::query_scalar::<_, Vec<u8>>(
            "SELECT substring(sealed FROM $4 FOR $5) FROM ledger_blob_chunks WHERE log = $1 AND upload = $2 AND number = $3",
        )
        .bind(&self.log)
        .bind(&self.upload)
        .bind(i32::try_from(number).map_err(std::io::Error::other)?)
        .bind(i32::try_from(start + 1).map_err(std::io::Error::other)?)
        .bind(length);
        let found = wait_on(&self.handle, row.fetch_optional(&self.pool)).map_err(std::io::Error::other)?;
        let found = found.filter(|bytes| bytes.len() == out.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(&found);
        Ok(())
    }
}

impl PgStore {
    /// Removes attachments in a transaction of their own that checks the epoch.
    pub(super) fn remove_attachments(&self, names: &[BlobName]) -> Result<(), StoreError> {
        self.block_on(async {
            let mut transaction = super::write::guarded(self).await?;
            remove(self, &mut transaction, names).await?;
            transaction.commit().await.map_err(unknown_outcome)
        })
    }
}
