//! Every change of a log in PostgreSQL, each in one transaction that starts by checking the epoch.

use std::collections::BTreeMap;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Connection as _, Postgres, Row as _, Transaction};

use super::{PgStore, SealedBatch, SegmentName, StoreError, io, signed, unknown_outcome};
use crate::damage::{Damage, DamageClass};
use crate::entry::{ENTRY_LEN, Entry};
use crate::tile::items_at;

/// Starts a transaction that holds the head row, when the epoch is still ours.
pub(super) async fn guarded(store: &PgStore) -> Result<Transaction<'_, Postgres>, StoreError> {
    store.check_not_fenced()?;
    let mut transaction = store.pool.begin().await.map_err(io("write to"))?;
    let held = sqlx::query("SELECT 1 FROM ledger_heads WHERE log = $1 AND epoch = $2 FOR UPDATE")
        .bind(&store.log)
        .bind(store.epoch)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(io("write to"))?;
    if held.is_none() {
        store.fenced.store(true, std::sync::atomic::Ordering::Release);
        return Err(StoreError::Fenced);
    }
    Ok(transaction)
}

/// Puts a batch behind the log: entries, hashes, bodies and the new head, together or not at all.
pub(super) async fn commit(store: &PgStore, batch: &SealedBatch) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let next_segment = batch.entries.iter().map(|entry| entry.segment + 1).max().unwrap_or(0);
    let moved = sqlx::query(
        "UPDATE ledger_heads
         SET size = $3, root = $4, next_batch_no = $5, next_segment = GREATEST(next_segment, $6)
         WHERE log = $1 AND size = $2 AND next_batch_no <= $7",
    )
    .bind(&store.log)
    .bind(signed(batch.head.first_seq))
    .bind(signed(batch.commit.size))
    .bind(batch.commit.root.to_vec())
    .bind(signed(batch.head.batch_no + 1))
    .bind(signed(next_segment))
    .bind(signed(batch.head.batch_no))
    .execute(&mut *transaction)
    .await
    .map_err(io("move the head of"))?;
    if moved.rows_affected() == 0 {
        // The epoch is ours but the log is not where we left it: an earlier commit of unknown outcome went through.
        return Err(StoreError::Stopped);
    }
    insert_batch(store, &mut transaction, batch).await.map_err(io("write a batch to"))?;
    insert_hashes(store, &mut transaction, batch).await.map_err(io("write hashes to"))?;
    insert_bodies(store, &mut transaction, batch).await.map_err(io("write bodies to"))?;
    super::blobs::adopt(store, &mut transaction, batch).await?;
    transaction.commit().await.map_err(unknown_outcome)
}

async fn insert_batch(store: &PgStore, connection: &mut PgConnection, batch: &SealedBatch) -> Result<(), sqlx::Error> {
    let mut entries = Vec::with_capacity(batch.entries.len() * ENTRY_LEN);
    for entry in &batch.entries {
        entries.extend_from_slice(&entry.encode());
    }
    sqlx::query(
        "INSERT INTO ledger_batches (log, first_seq, count, batch_no, epoch, root, keys, entries)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&store.log)
    .bind(signed(batch.head.first_seq))
    .bind(i32::try_from(batch.entries.len()).expect("batches are limited"))
    .bind(signed(batch.head.batch_no))
    .bind(store.epoch)
    .bind(batch.commit.root.to_vec())
    .bind(batch.keys().to_vec())
    .bind(entries)
    .execute(connection)
    .await
    .map(drop)
}

/// Level 0 is computed from the entries when it is read; only the levels above are stored.
async fn insert_hashes(store: &PgStore, connection: &mut PgConnection, batch: &SealedBatch) -> Result<(), sqlx::Error> {
    let mut next: BTreeMap<u8, u64> = BTreeMap::new();
    let (mut levels, mut positions, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for (level, hash) in batch.hashes.iter().filter(|(level, _)| *level > 0) {
        let position = next.entry(*level).or_insert_with(|| items_at(*level, batch.head.first_seq));
        levels.push(i16::from(*level));
        positions.push(signed(*position));
        hashes.push(hash.to_vec());
        *position += 1;
    }
    if levels.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO ledger_hashes (log, level, position, hash)
         SELECT $1, * FROM UNNEST($2::smallint[], $3::bigint[], $4::bytea[])",
    )
    .bind(&store.log)
    .bind(levels)
    .bind(positions)
    .bind(hashes)
    .execute(connection)
    .await
    .map(drop)
}

/// Sequence numbers, lengths and bytes of the bodies in one row.
type SegmentRow = (Vec<i64>, Vec<i32>, Vec<u8>);

/// One row per segment that the batch touches, so that a segment can be removed whole.
async fn insert_bodies(store: &PgStore, connection: &mut PgConnection, batch: &SealedBatch) -> Result<(), sqlx::Error> {
    let mut segments: BTreeMap<(u16, u64), SegmentRow> = BTreeMap::new();
    for (entry, place) in batch.entries.iter().zip(&batch.bodies) {
        let (seqs, lengths, sealed) = segments.entry((entry.retention_class, entry.segment)).or_default();
        seqs.push(signed(entry.seq));
        lengths.push(i32::try_from(place.len()).expect("bodies are limited"));
        sealed.extend_from_slice(&batch.bytes[place.clone()]);
    }
    for ((class, segment), (seqs, lengths, sealed)) in segments {
        sqlx::query(
            "INSERT INTO ledger_bodies (log, class, segment, first_seq, seqs, lengths, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&store.log)
        .bind(i32::from(class))
        .bind(signed(segment))
        .bind(seqs[0])
        .bind(&seqs)
        .bind(&lengths)
        .bind(sealed)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Overwrites a body with zeroes; one that lies in object storage is marked, because a locked object cannot change.
pub(super) async fn wipe_body(store: &PgStore, entry: &Entry) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        let place = super::read::locate(store, &mut transaction, entry).await?;
        if let Some(place) = place {
            sqlx::query(
                "UPDATE ledger_bodies SET sealed = overlay(sealed PLACING $5 FROM $6)
                 WHERE log = $1 AND class = $2 AND segment = $3 AND first_seq = $4",
            )
            .bind(&store.log)
            .bind(i32::from(entry.retention_class))
            .bind(signed(entry.segment))
            .bind(place.first_seq)
            .bind(vec![0_u8; usize::try_from(place.length).unwrap_or(0)])
            .bind(place.offset + 1)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("INSERT INTO ledger_wiped (log, seq) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&store.log)
            .bind(signed(entry.seq))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    run.await.map_err(io("wipe a body in"))
}

/// Removes the rows of a segment and marks its object as to be removed once its lock ends.
pub(super) async fn remove_segment(store: &PgStore, name: SegmentName) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        for statement in [
            "DELETE FROM ledger_bodies WHERE log = $1 AND class = $2 AND segment = $3",
            "UPDATE ledger_archives SET removed = true WHERE log = $1 AND class = $2 AND segment = $3",
        ] {
            sqlx::query(statement)
                .bind(&store.log)
                .bind(i32::from(name.class))
                .bind(signed(name.segment))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    };
    run.await.map_err(io("remove a segment from"))
}

pub(super) async fn add_checkpoint(store: &PgStore, size: u64, note: &str) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let added = sqlx::query(
        "INSERT INTO ledger_checkpoints (log, size, note)
         SELECT $1, $2, $3 FROM ledger_heads
         WHERE log = $1 AND size >= $2
           AND NOT EXISTS (SELECT 1 FROM ledger_checkpoints WHERE log = $1 AND size >= $2)",
    )
    .bind(&store.log)
    .bind(signed(size))
    .bind(note)
    .execute(&mut *transaction)
    .await
    .map_err(io("add a checkpoint to"))?;
    if added.rows_affected() == 0 {
        let detail = format!("a checkpoint of {size} entries is not newer than the newest, or covers more than is stored");
        return Err(Damage::new(DamageClass::CheckpointAltered, detail).into());
    }
    transaction.commit().await.map_err(unknown_outcome)
}

pub(super) async fn put_anchor(store: &PgStore, size: u64, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        sqlx::query(
            "INSERT INTO ledger_anchors (log, size, name, bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (log, size, name) DO UPDATE SET bytes = EXCLUDED.bytes",
        )
        .bind(&store.log)
        .bind(signed(size))
        .bind(name)
        .bind(bytes)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    };
    run.await.map_err(io("write an anchor to"))
}

pub(super) async fn put_description(store: &PgStore, text: &str) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        sqlx::query(
            "INSERT INTO ledger_descriptions (log, description) VALUES ($1, $2)
             ON CONFLICT (log) DO UPDATE SET description = EXCLUDED.description",
        )
        .bind(&store.log)
        .bind(text)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    };
    run.await.map_err(io("write the description of"))
}

/// The new generation in, all others and the additions sealed under them out, then the table written anew so that no dead row keeps them.
pub(super) async fn replace_generation(store: &PgStore, number: u64, bytes: &[u8]) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        sqlx::query("DELETE FROM ledger_generations WHERE log = $1").bind(&store.log).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO ledger_generations (log, number, bytes) VALUES ($1, $2, $3)")
            .bind(&store.log)
            .bind(signed(number))
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE ledger_batches SET keys = '' WHERE log = $1 AND length(keys) > 0")
            .bind(&store.log)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    run.await.map_err(unknown_outcome)?;
    rewrite(&store.pool).await.map_err(io("destroy old keys in"))
}

async fn rewrite(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    connection.ping().await?;
    sqlx::query("VACUUM FULL ledger_generations").execute(&mut *connection).await.map(drop)
}

/// Sets the archive row and drops the segment's rows, in one transaction, after the object was stored and locked.
pub(super) async fn archived(
    store: &PgStore,
    name: SegmentName,
    object: &crate::objects::StoredObject,
    seqs: Vec<i64>,
    lengths: Vec<i32>,
) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        let rows: i64 = sqlx::query(
            "WITH gone AS (DELETE FROM ledger_bodies WHERE log = $1 AND class = $2 AND segment = $3 RETURNING cardinality(seqs) AS n)
             SELECT COALESCE(sum(n), 0)::bigint FROM gone",
        )
        .bind(&store.log)
        .bind(i32::from(name.class))
        .bind(signed(name.segment))
        .fetch_one(&mut *transaction)
        .await?
        .try_get(0)?;
        if usize::try_from(rows) != Ok(seqs.len()) {
            // Something was added or removed meanwhile: the object is not the whole segment, so nothing moves.
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO ledger_archives
                (log, class, segment, key, version, sha256, bytes, retain_until_ms, seqs, lengths, removed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, false)",
        )
        .bind(&store.log)
        .bind(i32::from(name.class))
        .bind(signed(name.segment))
        .bind(&object.key)
        .bind(&object.version)
        .bind(object.sha256.to_vec())
        .bind(signed(object.bytes))
        .bind(object.retain_until_ms)
        .bind(seqs)
        .bind(lengths)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok::<bool, sqlx::Error>(true)
    };
    if run.await.map_err(unknown_outcome)? { Ok(()) } else { Err(StoreError::Stopped) }
}

/// Drops the archive row of a removed segment whose object is gone.
pub(super) async fn forget_archive(store: &PgStore, name: SegmentName) -> Result<(), StoreError> {
    let mut transaction = guarded(store).await?;
    let run = async {
        sqlx::query("DELETE FROM ledger_archives WHERE log = $1 AND class = $2 AND segment = $3 AND removed")
            .bind(&store.log)
            .bind(i32::from(name.class))
            .bind(signed(name.segment))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    run.await.map_err(io("remove a segment from"))
}
