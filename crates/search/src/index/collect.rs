//! Walks through the matches: the best, or the newest and how many.
//!
//! Invariant: nothing gets past a [`Filter`], which holds the scope.

use std::{cmp::Reverse, collections::BinaryHeap};

use tantivy::{
    DocId, Searcher, SegmentReader,
    query::{EnableScoring, Query, Weight},
};

use super::{
    columns::{Columns, Filter, Tally, profile_key},
    fields::column,
    plan::Sieve,
};
use crate::{
    answer::{Counts, Hit},
    message::RecordId,
    request::Counting,
};

/// A segment, ready to be searched.
struct Part<'a> {
    reader: &'a SegmentReader,
    columns: Columns,
    filter: Filter<'a>,
}

/// The segments that can hold an answer, the newest messages first.
fn parts<'a>(searcher: &'a Searcher, sieve: &Sieve) -> tantivy::Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    for reader in searcher.segment_readers() {
        let columns = Columns::open(reader)?;
        let filter = Filter::new(reader, &columns, sieve)?;
        if !filter.admits_none() {
            parts.push(Part { reader, columns, filter });
        }
    }
    parts.sort_by_key(|part| (Reverse(part.columns.time.max_value()), part.reader.segment_id()));
    Ok(parts)
}

/// A ranked match: better ones are greater, and among equals the one that was met first.
#[derive(PartialEq)]
struct Ranked {
    score: f32,
    part: usize,
    doc: DocId,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then_with(|| (other.part, other.doc).cmp(&(self.part, self.doc)))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The best matches, best first, without the first `skip`; at most `wanted`.
pub(super) fn best(
    searcher: &Searcher,
    query: &dyn Query,
    sieve: &Sieve,
    skip: usize,
    wanted: usize,
) -> tantivy::Result<Vec<Hit>> {
    let weight = query.weight(EnableScoring::enabled_from_searcher(searcher))?;
    let parts = parts(searcher, sieve)?;
    let room = skip + wanted;
    let mut heap: BinaryHeap<Reverse<Ranked>> = BinaryHeap::with_capacity(room + 1);
    for (number, part) in parts.iter().enumerate() {
        // What cannot beat the worst of the best is not even scored; a segment begins where the one before it ended.
        let threshold = if heap.len() < room { f32::MIN } else { heap.peek().map_or(f32::MIN, |worst| worst.0.score) };
        weight.for_each_pruning(threshold, part.reader, &mut |doc, score| {
            if part.filter.passes(doc) {
                heap.push(Reverse(Ranked { score, part: number, doc }));
                if heap.len() > room {
                    heap.pop();
                }
            }
            if heap.len() < room { f32::MIN } else { heap.peek().map_or(f32::MIN, |worst| worst.0.score) }
        })?;
    }
    // Reversed once more: the greatest first.
    let best = heap.into_sorted_vec();
    Ok(best.iter().skip(skip).map(|Reverse(ranked)| hit(&parts[ranked.part], ranked.doc, ranked.score)).collect())
}

fn hit(part: &Part<'_>, doc: DocId, score: f32) -> Hit {
    Hit { id: part.columns.id(doc), time_ms: part.columns.time.get_val(doc), score }
}

/// What [`newest`] found.
pub(super) struct Newest {
    pub(super) hits: Vec<Hit>,
    pub(super) total: u64,
    pub(super) counts: Option<Counts>,
}

/// The newest matches after a place, at most `wanted`, and how many there are in all.
pub(super) fn newest(
    searcher: &Searcher,
    query: &dyn Query,
    sieve: &Sieve,
    after: Option<(i64, RecordId)>,
    wanted: usize,
    counting: Counting,
) -> tantivy::Result<Newest> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut found = Latest { heap: BinaryHeap::with_capacity(wanted + 1), wanted, after };
    let mut counts = (counting == Counting::Everything).then(Counts::default);
    let mut total = 0;
    for part in parts(searcher, sieve)? {
        total += walk(&part, weight.as_ref(), &mut found, counts.as_mut())?;
    }
    let hits = found.heap.into_sorted_vec();
    Ok(Newest { hits: hits.into_iter().map(|Reverse((time_ms, id))| Hit { id, time_ms, score: 0.0 }).collect(), total, counts })
}

/// The newest so far.
struct Latest {
    heap: BinaryHeap<Reverse<(i64, RecordId)>>,
    wanted: usize,
    after: Option<(i64, RecordId)>,
}

impl Latest {
    /// The oldest time that can still get in.
    fn floor(&self) -> i64 {
        if self.heap.len() < self.wanted { i64::MIN } else { self.heap.peek().map_or(i64::MAX, |oldest| oldest.0.0) }
    }

    fn offer(&mut self, time_ms: i64, id: RecordId) {
        if self.after.is_none_or(|after| (time_ms, id) < after) {
            self.heap.push(Reverse((time_ms, id)));
            if self.heap.len() > self.wanted {
                self.heap.pop();
            }
        }
    }
}

/// Goes through one segment, and answers with how many match in it.
fn walk(part: &Part<'_>, weight: &dyn Weight, found: &mut Latest, counts: Option<&mut Counts>) -> tantivy::Result<u64> {
    let time = &part.columns.time;
    let is_too_old = time.max_value() < found.floor();
    if is_too_old && counts.is_none() && part.filter.admits_all() {
        return weight.count(part.reader).map(u64::from);
    }
    let ceiling = found.after.map_or(i64::MAX, |(time_ms, _)| time_ms);
    let mut tallies = counts.is_some().then(|| Tallies::open(part.reader)).transpose()?;
    let (mut total, mut kept, mut times, mut floor) = (0, Vec::new(), [0; 64], found.floor());
    weight.for_each_no_score(part.reader, &mut |docs| {
        let docs = part.filter.passing(docs, &mut kept);
        total += docs.len() as u64;
        if let Some(tallies) = &mut tallies {
            tallies.add(docs);
        }
        if is_too_old {
            return;
        }
        for block in docs.chunks(times.len()) {
            let times = &mut times[..block.len()];
            time.get_vals(block, times);
            for (doc, time_ms) in block.iter().zip(times) {
                if *time_ms >= floor && *time_ms <= ceiling {
                    found.offer(*time_ms, part.columns.id(*doc));
                    floor = found.floor();
                }
            }
        }
    })?;
    if let (Some(tallies), Some(counts)) = (tallies, counts) {
        tallies.add_to(counts)?;
    }
    Ok(total)
}

struct Tallies {
    networks: Tally,
    profiles: Tally,
    findings: Tally,
}

impl Tallies {
    fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(Self {
            networks: Tally::of_labels(fast.str(column::NETWORK)?),
            profiles: Tally::new(fast.bytes(column::PROFILE)?),
            findings: Tally::of_labels(fast.str(column::FINDING)?),
        })
    }

    fn add(&mut self, docs: &[DocId]) {
        self.networks.add(docs);
        self.profiles.add(docs);
        self.findings.add(docs);
    }

    fn add_to(self, counts: &mut Counts) -> tantivy::Result<()> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        self.networks.into_map(&mut counts.networks, text)?;
        self.profiles.into_map(&mut counts.profiles, profile_key)?;
        self.findings.into_map(&mut counts.findings, text)?;
        Ok(())
    }
}
