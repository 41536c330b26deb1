//! The columns of one segment: what is looked up message by message.

use std::{collections::BTreeMap, io, sync::Arc};

use tantivy::{
    DocId, SegmentReader,
    columnar::{BytesColumn, ColumnValues, StrColumn},
};

use super::{document::whole, fields::column, plan::Sieve};
use crate::message::{ProfileKey, RecordId};

/// Messages looked up at a time; the engine hands out blocks of 64.
const BLOCK: usize = 64;

/// The columns of a segment that order and identify.
pub(super) struct Columns {
    pub(super) time: Arc<dyn ColumnValues<i64>>,
    id_high: Arc<dyn ColumnValues<u64>>,
    id_low: Arc<dyn ColumnValues<u64>>,
}

impl Columns {
    pub(super) fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(Self {
            time: fast.column_first_or_default(column::TIME)?,
            id_high: fast.column_first_or_default(column::ID_HIGH)?,
            id_low: fast.column_first_or_default(column::ID_LOW)?,
        })
    }

    pub(super) fn id(&self, doc: DocId) -> RecordId {
        RecordId(whole(self.id_high.get_val(doc), self.id_low.get_val(doc)))
    }
}

/// A sieve, prepared for one segment.
pub(super) struct Filter<'a> {
    reader: &'a SegmentReader,
    /// Nothing when every profile of the segment is admitted.
    profiles: Option<(Arc<dyn ColumnValues<u64>>, Vec<bool>)>,
    /// Nothing when every message of the segment is within the bounds.
    times: Option<(Arc<dyn ColumnValues<i64>>, i64, i64)>,
    admits_none: bool,
}

impl<'a> Filter<'a> {
    pub(super) fn new(reader: &'a SegmentReader, columns: &Columns, sieve: &Sieve) -> tantivy::Result<Self> {
        let mut filter = Self { reader, profiles: None, times: None, admits_none: false };
        let (oldest, newest) = (columns.time.min_value(), columns.time.max_value());
        filter.admits_none = newest < sieve.from_ms || oldest >= sieve.until_ms;
        if oldest < sieve.from_ms || newest >= sieve.until_ms {
            filter.times = Some((columns.time.clone(), sieve.from_ms, sieve.until_ms));
        }
        let Some(profiles) = reader.fast_fields().bytes(column::PROFILE)? else {
            // A message without a profile is in nobody's scope.
            filter.admits_none = true;
            return Ok(filter);
        };
        let admitted: Vec<bool> =
            keys(&profiles)?.iter().map(|key| profile_key(key).is_some_and(|key| sieve.admits(key))).collect();
        filter.admits_none |= !admitted.contains(&true);
        let every_message_has_one = profiles.ords().get_cardinality().is_full();
        if !every_message_has_one || admitted.contains(&false) {
            // An ordinal that does not exist stands for "no profile", which is not admitted.
            filter.profiles = Some((profiles.ords().clone().first_or_default_col(u64::MAX), admitted));
        }
        Ok(filter)
    }

    /// Whether no message of the segment can be in the answer.
    pub(super) fn admits_none(&self) -> bool {
        self.admits_none
    }

    /// Whether every message of the segment that is not deleted may be in the answer.
    pub(super) fn admits_all(&self) -> bool {
        self.profiles.is_none() && self.times.is_none()
    }

    /// Whether a message may be in the answer.
    pub(super) fn passes(&self, doc: DocId) -> bool {
        let is_alive = self.reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc));
        is_alive
            && self.profiles.as_ref().is_none_or(|(profile, admitted)| is_admitted(admitted, profile.get_val(doc)))
            && self.times.as_ref().is_none_or(|(time, from, until)| (*from..*until).contains(&time.get_val(doc)))
    }

    /// Those of a block of messages that may be in the answer.
    pub(super) fn passing<'b>(&self, docs: &'b [DocId], kept: &'b mut Vec<DocId>) -> &'b [DocId] {
        if self.reader.alive_bitset().is_none() && self.admits_all() {
            return docs;
        }
        kept.clear();
        kept.extend_from_slice(docs);
        if let Some(alive) = self.reader.alive_bitset() {
            kept.retain(|doc| alive.is_alive(*doc));
        }
        if let Some((profile, admitted)) = &self.profiles {
            retain(kept, profile.as_ref(), |ordinal| is_admitted(admitted, ordinal));
        }
        if let Some((time, from, until)) = &self.times {
            retain(kept, time.as_ref(), |time_ms| (*from..*until).contains(&time_ms));
        }
        kept
    }
}

/// Keeps the messages whose value fits, reading values in blocks.
fn retain<T: PartialOrd + Copy + Default + 'static>(
    kept: &mut Vec<DocId>,
    column: &dyn ColumnValues<T>,
    fits: impl Fn(T) -> bool,
) {
    let mut values = [T::default(); BLOCK];
    let (mut read, mut written) = (0, 0);
    while read < kept.len() {
        let length = BLOCK.min(kept.len() - read);
        column.get_vals(&kept[read..read + length], &mut values[..length]);
        for (offset, value) in values[..length].iter().enumerate() {
            kept[written] = kept[read + offset];
            written += usize::from(fits(*value));
        }
        read += length;
    }
    kept.truncate(written);
}

fn is_admitted(admitted: &[bool], ordinal: u64) -> bool {
    usize::try_from(ordinal).ok().and_then(|ordinal| admitted.get(ordinal)).copied().unwrap_or(false)
}

pub(super) fn profile_key(bytes: &[u8]) -> Option<ProfileKey> {
    bytes.try_into().ok().map(ProfileKey)
}

/// The values of a column's dictionary, in the order of their ordinals.
fn keys(column: &BytesColumn) -> io::Result<Vec<Vec<u8>>> {
    let mut keys = Vec::with_capacity(column.num_terms());
    let mut stream = column.dictionary().stream()?;
    while stream.advance() {
        keys.push(stream.key().to_vec());
    }
    Ok(keys)
}

/// Counts messages by the value of a column, one segment at a time.
pub(super) struct Tally {
    column: Option<BytesColumn>,
    counts: Vec<u64>,
}

impl Tally {
    pub(super) fn of_labels(column: Option<StrColumn>) -> Self {
        Self::new(column.map(|column| BytesColumn::clone(&column)))
    }

    pub(super) fn new(column: Option<BytesColumn>) -> Self {
        let length = column.as_ref().map_or(0, BytesColumn::num_terms);
        Self { column, counts: vec![0; length] }
    }

    pub(super) fn add(&mut self, docs: &[DocId]) {
        let Some(column) = &self.column else { return };
        let ords = column.ords();
        for doc in docs {
            for ordinal in ords.values_for_doc(*doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|ordinal| self.counts.get_mut(ordinal)) {
                    *count += 1;
                }
            }
        }
    }

    pub(super) fn into_map<K: Ord>(self, into: &mut BTreeMap<K, u64>, key: impl Fn(&[u8]) -> Option<K>) -> io::Result<()> {
        let Some(column) = &self.column else { return Ok(()) };
        for (bytes, count) in keys(column)?.iter().zip(self.counts) {
            if count > 0
                && let Some(key) = key(bytes)
            {
                *into.entry(key).or_default() += count;
            }
        }
        Ok(())
    }
}
