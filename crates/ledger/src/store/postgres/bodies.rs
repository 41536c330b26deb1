//! The bodies of many entries at once, for whoever reads the whole log: scrubs and verification.
//!
//! Entries come in order, so those of one segment lie side by side: one question to the table, or one range of one object. Invariant: what
//! cannot be had this way is answered as [`Store::body`] answers it, one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::Row as _;

use super::{PgStore, SegmentName, Store as _, StoreError, io, read, signed, unsigned};
use crate::entry::Entry;

/// Most bytes of an object that are asked for at once; entries of the longest kind come in several parts.
const RANGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bodies by entry; `None` when wiped.
type Found = HashMap<u64, Option<Vec<u8>>>;

pub(super) fn many(store: &PgStore, entries: &[Entry]) -> Vec<Result<Option<Vec<u8>>, StoreError>> {
    let mut segments: BTreeMap<SegmentName, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        let name = SegmentName { class: entry.retention_class, segment: entry.segment };
        segments.entry(name).or_default().push(entry);
    }
    let mut found = Found::new();
    for (name, of_segment) in segments {
        // A segment that fails as a whole is asked for again below, body by body, so that each gets its own answer.
        if let Err(error) = segment(store, name, &of_segment, &mut found) {
            tracing::debug!(%error, "a segment is read body by body");
        }
    }
    entries.iter().map(|entry| found.remove(&entry.seq).map_or_else(|| store.body(entry), Ok)).collect()
}

fn segment(store: &PgStore, name: SegmentName, entries: &[&Entry], found: &mut Found) -> Result<(), StoreError> {
    let wanted: HashSet<u64> = entries.iter().map(|entry| entry.seq).collect();
    let (Some(first), Some(last)) = (wanted.iter().min(), wanted.iter().max()) else { return Ok(()) };
    let wiped = store.block_on(wiped(store, *first, *last))?;
    match store.block_on(read::archived(store, name))? {
        None => {
            for (seq, sealed) in store.block_on(rows(store, name, *first, *last))? {
                if wanted.contains(&seq) {
                    found.insert(seq, (!wiped.contains(&seq)).then_some(sealed));
                }
            }
        }
        Some(archived) => {
            let (mut places, mut at) = (Vec::new(), 0);
            for (seq, length) in archived.seqs.iter().zip(&archived.lengths) {
                let (seq, length) = (unsigned(*seq), unsigned(i64::from(*length)));
                if wanted.contains(&seq) {
                    places.push((seq, at, length));
                }
                at += length;
            }
            let (Some((_, start, _)), Some((_, tail, length))) = (places.first(), places.last()) else { return Ok(()) };
            let span = tail + length - start;
            if span > RANGE_BYTES_MAX {
                return Ok(());
            }
            let archive = store.archive.as_ref().ok_or_else(super::archive::not_configured)?;
            let bytes = archive.read(&archived.object, *start, span)?;
            for (seq, at, length) in &places {
                let (from, to) = (at - start, at - start + length);
                let part = bytes.get(usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(usize::MAX));
                // What is shorter than announced is handed out as it is: its hash will not match.
                found.insert(*seq, (!wiped.contains(seq)).then(|| part.unwrap_or_default().to_vec()));
            }
        }
    }
    Ok(())
}

async fn wiped(store: &PgStore, first: u64, last: u64) -> Result<HashSet<u64>, StoreError> {
    let rows = sqlx::query("SELECT seq FROM ledger_wiped WHERE log = $1 AND seq BETWEEN $2 AND $3")
        .bind(&store.log)
        .bind(signed(first))
        .bind(signed(last))
        .fetch_all(&store.pool)
        .await
        .map_err(io("read bodies from"))?;
    rows.iter().map(|row| row.try_get(0).map(unsigned)).collect::<Result<_, sqlx::Error>>().map_err(io("read bodies from"))
}

async fn rows(store: &PgStore, name: SegmentName, first: u64, last: u64) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows = sqlx::query(
        "SELECT seqs, lengths, sealed FROM ledger_bodies
         WHERE log = $1 AND class = $2 AND segment = $3 AND first_seq <= $5
           AND first_seq >= COALESCE((SELECT max(first_seq) FROM ledger_bodies
                                      WHERE log = $1 AND class = $2 AND segment = $3 AND first_seq <= $4), 0)
         ORDER BY first_seq",
    )
    .bind(&store.log)
    .bind(i32::from(name.class))
    .bind(signed(name.segment))
    .bind(signed(first))
    .bind(signed(last))
    .fetch_all(&store.pool)
    .await
    .map_err(io("read bodies from"))?;
    let mut bodies = Vec::new();
    for row in &rows {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (seqs, lengths, sealed): (Vec<i64>, Vec<i32>, Vec<u8>) = read().map_err(io("read bodies from"))?;
        let mut start = 0;
        for (seq, length) in seqs.iter().zip(&lengths) {
            let end = start + usize::try_from(*length).unwrap_or(0);
            bodies.push((unsigned(*seq), sealed.get(start..end).unwrap_or_default().to_vec()));
            start = end;
        }
    }
    Ok(bodies)
}
