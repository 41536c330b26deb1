//! Every question to a log in PostgreSQL.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use super::{PgStore, SegmentName, StoreError, io, signed, unsigned};
use crate::damage::{Damage, DamageClass};
use crate::entry::{ENTRY_LEN, Entry};
use crate::hash::{Hash, leaf_hash};
use crate::objects::StoredObject;

/// Checkpoints fetched at once.
const CHECKPOINTS_PER_PAGE: i64 = 1000;

/// Where a body lies in its row.
pub(super) struct Place {
    pub(super) first_seq: i64,
    pub(super) offset: i32,
    pub(super) length: i32,
}

/// One body of a segment.
pub(super) struct Body {
    pub(super) seq: u64,
    pub(super) sealed: Option<Vec<u8>>,
}

/// A segment's object and where each body lies in it.
pub(super) struct Archived {
    pub(super) object: StoredObject,
    pub(super) seqs: Vec<i64>,
    pub(super) lengths: Vec<i32>,
}

pub(super) async fn entries(store: &PgStore, first: u64, count: usize) -> Result<Vec<u8>, StoreError> {
    let end = first + count as u64;
    let rows = sqlx::query(
        "SELECT first_seq, entries FROM ledger_batches
         WHERE log = $1 AND first_seq < $3
           AND first_seq >= COALESCE((SELECT max(first_seq) FROM ledger_batches WHERE log = $1 AND first_seq <= $2), 0)
         ORDER BY first_seq",
    )
    .bind(&store.log)
    .bind(signed(first))
    .bind(signed(end))
    .fetch_all(&store.pool)
    .await
    .map_err(io("read entries from"))?;
    let mut entries = Vec::with_capacity(count * ENTRY_LEN);
    let mut next = first;
    for row in &rows {
        let (row_first, bytes): (i64, Vec<u8>) = pair(row).map_err(io("read entries from"))?;
        let row_first = unsigned(row_first);
        let row_end = row_first + (bytes.len() / ENTRY_LEN) as u64;
        if bytes.len() % ENTRY_LEN != 0 || !(row_first..row_end).contains(&next) {
            break;
        }
        let (from, to) = (at(next - row_first), at(end.min(row_end) - row_first));
        entries.extend_from_slice(&bytes[from * ENTRY_LEN..to * ENTRY_LEN]);
        next = end.min(row_end);
    }
    if next != end {
        return Err(Damage::at(DamageClass::EntryMissing, next, "no batch in the database holds it").into());
    }
    Ok(entries)
}

pub(super) async fn hashes(store: &PgStore, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, StoreError> {
    if level == 0 {
        let entries = entries(store, first, count).await?;
        return Ok(entries.chunks_exact(ENTRY_LEN).map(leaf_hash).collect());
    }
    let rows = sqlx::query(
        "SELECT position, hash FROM ledger_hashes
         WHERE log = $1 AND level = $2 AND position >= $3 AND position < $4 ORDER BY position",
    )
    .bind(&store.log)
    .bind(i16::from(level))
    .bind(signed(first))
    .bind(signed(first + count as u64))
    .fetch_all(&store.pool)
    .await
    .map_err(io("read hashes from"))?;
    let mut hashes = Vec::with_capacity(count);
    for row in &rows {
        let (_, hash): (i64, Vec<u8>) = pair(row).map_err(io("read hashes from"))?;
        hashes.extend(Hash::try_from(hash));
    }
    if hashes.len() == count {
        Ok(hashes)
    } else {
        let detail = format!("level {level} has {} of {count} hashes from {first} on", hashes.len());
        Err(Damage::new(DamageClass::TreeAltered, detail).into())
    }
}

/// Where an entry's body lies in the table, when it is there.
pub(super) async fn locate(store: &PgStore, connection: &mut PgConnection, entry: &Entry) -> Result<Option<Place>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT first_seq, seqs, lengths FROM ledger_bodies
         WHERE log = $1 AND class = $2 AND segment = $3 AND first_seq <= $4 ORDER BY first_seq DESC LIMIT 1",
    )
    .bind(&store.log)
    .bind(i32::from(entry.retention_class))
    .bind(signed(entry.segment))
    .bind(signed(entry.seq))
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (seqs, lengths): (Vec<i64>, Vec<i32>) = (row.try_get(1)?, row.try_get(2)?);
    let Ok(index) = seqs.binary_search(&signed(entry.seq)) else {
        return Ok(None);
    };
    Ok(Some(Place { first_seq: row.try_get(0)?, offset: lengths[..index].iter().sum(), length: lengths[index] }))
}

pub(super) async fn body(store: &PgStore, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
    if is_wiped(store, entry.seq).await? {
        return Ok(None);
    }
    let mut connection = store.pool.acquire().await.map_err(io("read a body from"))?;
    let Some(place) = locate(store, &mut connection, entry).await.map_err(io("read a body from"))? else {
        drop(connection);
        return archived_body(store, entry).await;
    };
    let row = sqlx::query(
        "SELECT substring(sealed FROM $5 FOR $6) FROM ledger_bodies
         WHERE log = $1 AND class = $2 AND segment = $3 AND first_seq = $4",
    )
    .bind(&store.log)
    .bind(i32::from(entry.retention_class))
    .bind(signed(entry.segment))
    .bind(place.first_seq)
    .bind(place.offset + 1)
    .bind(place.length)
    .fetch_optional(&mut *connection)
    .await
    .map_err(io("read a body from"))?;
    row.map(|row| row.try_get(0)).transpose().map_err(io("read a body from"))
}

async fn archived_body(store: &PgStore, entry: &Entry) -> Result<Option<Vec<u8>>, StoreError> {
    let name = SegmentName { class: entry.retention_class, segment: entry.segment };
    let Some(archived) = archived(store, name).await? else {
        return Ok(None);
    };
    let Ok(index) = archived.seqs.binary_search(&signed(entry.seq)) else {
        return Ok(None);
    };
    let start: u64 = archived.lengths[..index].iter().map(|length| unsigned(i64::from(*length))).sum();
    let length = unsigned(i64::from(archived.lengths[index]));
    store.archive.as_ref().ok_or_else(super::archive::not_configured)?.read(&archived.object, start, length).map(Some)
}

async fn is_wiped(store: &PgStore, seq: u64) -> Result<bool, StoreError> {
    sqlx::query("SELECT 1 FROM ledger_wiped WHERE log = $1 AND seq = $2")
        .bind(&store.log)
        .bind(signed(seq))
        .fetch_optional(&store.pool)
        .await
        .map(|row| row.is_some())
        .map_err(io("read a body from"))
}

/// A segment's object, unless the segment was removed.
pub(super) async fn archived(store: &PgStore, name: SegmentName) -> Result<Option<Archived>, StoreError> {
    let row = sqlx::query(
        "SELECT key, version, sha256, bytes, retain_until_ms, seqs, lengths FROM ledger_archives
         WHERE log = $1 AND class = $2 AND segment = $3 AND NOT removed",
    )
    .bind(&store.log)
    .bind(i32::from(name.class))
    .bind(signed(name.segment))
    .fetch_optional(&store.pool)
    .await
    .map_err(io("read the archive of"))?;
    row.as_ref().map(archived_of).transpose().map_err(io("read the archive of"))
}

fn archived_of(row: &PgRow) -> Result<Archived, sqlx::Error> {
    Ok(Archived { object: object_of(row)?, seqs: row.try_get(5)?, lengths: row.try_get(6)? })
}

fn object_of(row: &PgRow) -> Result<StoredObject, sqlx::Error> {
    let sha256: Vec<u8> = row.try_get(2)?;
    Ok(StoredObject {
        key: row.try_get(0)?,
        version: row.try_get(1)?,
        sha256: Hash::try_from(sha256).unwrap_or_default(),
        bytes: unsigned(row.try_get(3)?),
        retain_until_ms: row.try_get(4)?,
    })
}

/// Objects of removed segments that are still there.
pub(super) async fn removed_objects(store: &PgStore) -> Result<Vec<(SegmentName, StoredObject)>, StoreError> {
    let rows = sqlx::query(
        "SELECT key, version, sha256, bytes, retain_until_ms, class, segment FROM ledger_archives WHERE log = $1 AND removed",
    )
    .bind(&store.log)
    .fetch_all(&store.pool)
    .await
    .map_err(io("read the archive of"))?;
    rows.iter()
        .map(|row| Ok((name_of(row.try_get(5)?, row.try_get(6)?), object_of(row)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(io("read the archive of"))
}

pub(super) async fn segment(store: &PgStore, name: SegmentName) -> Result<Vec<Body>, StoreError> {
    let mut bodies = Vec::new();
    if let Some(archived) = archived(store, name).await? {
        let archive = store.archive.as_ref().ok_or_else(super::archive::not_configured)?;
        let bytes = archive.read_whole(&archived.object)?;
        split(&bytes, &archived.seqs, &archived.lengths, &mut bodies);
    }
    let rows = sqlx::query(
        "SELECT seqs, lengths, sealed FROM ledger_bodies
         WHERE log = $1 AND class = $2 AND segment = $3 ORDER BY first_seq",
    )
    .bind(&store.log)
    .bind(i32::from(name.class))
    .bind(signed(name.segment))
    .fetch_all(&store.pool)
    .await
    .map_err(io("read a segment from"))?;
    for row in &rows {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (seqs, lengths, sealed): (Vec<i64>, Vec<i32>, Vec<u8>) = read().map_err(io("read a segment from"))?;
        split(&sealed, &seqs, &lengths, &mut bodies);
    }
    let wiped = wiped_in(store, &bodies).await?;
    for body in &mut bodies {
        if wiped.contains(&body.seq) {
            body.sealed = None;
        }
    }
    Ok(bodies)
}

fn split(bytes: &[u8], seqs: &[i64], lengths: &[i32], bodies: &mut Vec<Body>) {
    let mut start = 0;
    for (seq, length) in seqs.iter().zip(lengths) {
        let end = start + usize::try_from(*length).unwrap_or(0);
        // What is shorter than announced is handed out as it is: its hash will not match.
        let sealed = bytes.get(start..end).unwrap_or_default().to_vec();
        bodies.push(Body { seq: unsigned(*seq), sealed: Some(sealed) });
        start = end;
    }
}

async fn wiped_in(store: &PgStore, bodies: &[Body]) -> Result<BTreeSet<u64>, StoreError> {
    let seqs: Vec<i64> = bodies.iter().map(|body| signed(body.seq)).collect();
    let rows = sqlx::query("SELECT seq FROM ledger_wiped WHERE log = $1 AND seq = ANY($2)")
        .bind(&store.log)
        .bind(seqs)
        .fetch_all(&store.pool)
        .await
        .map_err(io("read a segment from"))?;
    rows.iter().map(|row| row.try_get(0).map(unsigned)).collect::<Result<_, sqlx::Error>>().map_err(io("read a segment from"))
}

pub(super) async fn segments(store: &PgStore) -> Result<BTreeSet<SegmentName>, StoreError> {
    let rows = sqlx::query(
        "SELECT DISTINCT class, segment FROM ledger_bodies WHERE log = $1
         UNION SELECT class, segment FROM ledger_archives WHERE log = $1 AND NOT removed",
    )
    .bind(&store.log)
    .fetch_all(&store.pool)
    .await
    .map_err(io("list the segments of"))?;
    rows.iter()
        .map(|row| Ok(name_of(row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(io("list the segments of"))
}

/// Segments in the table that get no more records: their class has a newer one.
pub(super) async fn finished_segments(store: &PgStore) -> Result<Vec<SegmentName>, StoreError> {
    let rows = sqlx::query(
        "SELECT class, segment FROM (SELECT DISTINCT class, segment FROM ledger_bodies WHERE log = $1) AS stored
         WHERE EXISTS (SELECT 1 FROM ledger_bodies AS newer
                       WHERE newer.log = $1 AND newer.class = stored.class AND newer.segment > stored.segment)
         ORDER BY class, segment",
    )
    .bind(&store.log)
    .fetch_all(&store.pool)
    .await
    .map_err(io("list the segments of"))?;
    rows.iter()
        .map(|row| Ok(name_of(row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(io("list the segments of"))
}

fn name_of(class: i32, segment: i64) -> SegmentName {
    SegmentName { class: u16::try_from(class).unwrap_or(0), segment: unsigned(segment) }
}

pub(super) async fn checkpoint(store: &PgStore) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT note FROM ledger_checkpoints WHERE log = $1 ORDER BY size DESC LIMIT 1")
        .bind(&store.log)
        .fetch_optional(&store.pool)
        .await
        .map_err(io("read the checkpoint of"))?;
    row.map(|row| row.try_get(0)).transpose().map_err(io("read the checkpoint of"))
}

pub(super) async fn checkpoints_after(store: &PgStore, size: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = sqlx::query("SELECT size, note FROM ledger_checkpoints WHERE log = $1 AND size > $2 ORDER BY size LIMIT $3")
        .bind(&store.log)
        .bind(size)
        .bind(CHECKPOINTS_PER_PAGE)
        .fetch_all(&store.pool)
        .await
        .map_err(io("read the checkpoints of"))?;
    rows.iter().map(pair).collect::<Result<_, _>>().map_err(io("read the checkpoints of"))
}

pub(super) async fn anchors(store: &PgStore) -> Result<Vec<(u64, String)>, StoreError> {
    let rows = sqlx::query("SELECT size, name FROM ledger_anchors WHERE log = $1 ORDER BY size, name")
        .bind(&store.log)
        .fetch_all(&store.pool)
        .await
        .map_err(io("list the anchors of"))?;
    rows.iter()
        .map(|row| pair(row).map(|(size, name): (i64, String)| (unsigned(size), name)))
        .collect::<Result<_, _>>()
        .map_err(io("list the anchors of"))
}

pub(super) async fn newest_anchor(store: &PgStore, name: &str) -> Result<Option<u64>, StoreError> {
    let row = sqlx::query("SELECT size FROM ledger_anchors WHERE log = $1 AND name = $2 ORDER BY size DESC LIMIT 1")
        .bind(&store.log)
        .bind(name)
        .fetch_optional(&store.pool)
        .await
        .map_err(io("look for an anchor in"))?;
    row.map(|row| row.try_get(0).map(unsigned)).transpose().map_err(io("look for an anchor in"))
}

pub(super) async fn anchor(store: &PgStore, size: u64, name: &str) -> Result<Vec<u8>, StoreError> {
    let row = sqlx::query("SELECT bytes FROM ledger_anchors WHERE log = $1 AND size = $2 AND name = $3")
        .bind(&store.log)
        .bind(signed(size))
        .bind(name)
        .fetch_one(&store.pool)
        .await
        .map_err(io("read an anchor from"))?;
    row.try_get(0).map_err(io("read an anchor from"))
}

pub(super) async fn description(store: &PgStore) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT description FROM ledger_descriptions WHERE log = $1")
        .bind(&store.log)
        .fetch_optional(&store.pool)
        .await
        .map_err(io("read the description of"))?;
    row.map(|row| row.try_get(0)).transpose().map_err(io("read the description of"))
}

pub(super) async fn generations(store: &PgStore) -> Result<Vec<u64>, StoreError> {
    let rows = sqlx::query("SELECT number FROM ledger_generations WHERE log = $1 ORDER BY number")
        .bind(&store.log)
        .fetch_all(&store.pool)
        .await
        .map_err(io("list the keys of"))?;
    rows.iter().map(|row| row.try_get(0).map(unsigned)).collect::<Result<_, sqlx::Error>>().map_err(io("list the keys of"))
}

/// The generation's bytes, and the additions of every batch since, one after the other.
pub(super) async fn generation(store: &PgStore, number: u64) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let row = sqlx::query("SELECT bytes FROM ledger_generations WHERE log = $1 AND number = $2")
        .bind(&store.log)
        .bind(signed(number))
        .fetch_one(&store.pool)
        .await
        .map_err(io("read the keys of"))?;
    let additions = sqlx::query("SELECT keys FROM ledger_batches WHERE log = $1 AND length(keys) > 0 ORDER BY first_seq")
        .bind(&store.log)
        .fetch_all(&store.pool)
        .await
        .map_err(io("read the keys of"))?;
    let additions: Result<Vec<Vec<u8>>, sqlx::Error> = additions.iter().map(|row| row.try_get(0)).collect();
    Ok((row.try_get(0).map_err(io("read the keys of"))?, additions.map_err(io("read the keys of"))?.concat()))
}

fn pair<'r, A, B>(row: &'r PgRow) -> Result<(A, B), sqlx::Error>
where
    A: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    B: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok((row.try_get(0)?, row.try_get(1)?))
}

fn at(value: u64) -> usize {
    usize::try_from(value).expect("a batch fits memory")
}
