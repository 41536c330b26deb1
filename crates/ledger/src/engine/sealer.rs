//! Turns requests into a sealed batch: numbers, keys, encryption, hashes. Runs on one thread.
//!
//! Invariant: a (segment, slot) pair seals at most one body, ever: segments are not continued after a
//! restart, and slots only count up. Nothing here touches the disk, apart from index look-ups.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::pending::Answer;
use super::{AppendError, Options, Receipt, Request, Shared};
use crate::entry::{Entry, FLAG_BLOB, FLAG_ZSTD};
use crate::frame::{self, BATCH_HEAD, BatchHead, Commit};
use crate::ids::{RecordId, StreamId};
use crate::index::IndexRow;
use crate::keys::record::RecordKey;
use crate::keys::ring::{Addition, KeyRing};
use crate::keys::secret::Secret;
use crate::keys::tree::LeafCursor;
use crate::merkle::Frontier;
use crate::store::SealedBatch;

/// Streams whose last number is remembered; more are looked up again in the index.
const STREAMS_CACHED_MAX: usize = 1 << 18;

/// What comes out for one lot of requests.
pub(super) struct Sealed {
    /// The batch, when there was anything new.
    pub(super) batch: Option<SealedBatch>,
    /// Who waits for it.
    pub(super) answers: Vec<(Answer<Receipt>, Receipt)>,
    /// Requests whose record id is known already, with the seq of the first.
    pub(super) repeated: Vec<(Request, u64)>,
}

pub(super) struct Sealer {
    shared: Arc<Shared>,
    tree: Frontier,
    next_batch_no: u64,
    next_segment: u64,
    last_captured_at_ms: i64,
    streams: HashMap<StreamId, u64>,
    open: HashMap<u16, OpenSegment>,
}

struct OpenSegment {
    segment: u64,
    cursor: LeafCursor,
    bytes: u64,
    opened_at_ms: i64,
}

/// A batch being built.
struct Building {
    frames: Vec<u8>,
    additions: Vec<Addition>,
    entries: Vec<Entry>,
    bodies: Vec<std::ops::Range<usize>>,
    hashes: Vec<(u8, crate::hash::Hash)>,
    rows: Vec<IndexRow>,
    seen: HashMap<RecordId, u64>,
}

impl Sealer {
    pub(super) fn new(
        shared: Arc<Shared>,
        tree: Frontier,
        next_batch_no: u64,
        next_segment: u64,
        last_captured_at_ms: i64,
    ) -> Self {
        let (streams, open) = (HashMap::new(), HashMap::new());
        Self { shared, tree, next_batch_no, next_segment, last_captured_at_ms, streams, open }
    }

    /// Ends all open segments: after keys were removed, nothing more is sealed under the old trees.
    pub(super) fn end_segments(&mut self) {
        self.open.clear();
    }

    /// Seals what is new among the requests.
    pub(super) fn seal(&mut self, requests: Vec<Request>) -> Sealed {
        let count = requests.len();
        if self.streams.len() >= STREAMS_CACHED_MAX {
            // Between batches every row is in the index, so nothing is forgotten.
            self.streams.clear();
        }
        let mut building = Building {
            frames: Vec::with_capacity(requests.iter().map(|r| r.packed.len() + 320).sum()),
            additions: Vec::new(),
            entries: Vec::with_capacity(count),
            bodies: Vec::with_capacity(count),
            hashes: Vec::with_capacity(count + count / 128),
            rows: Vec::with_capacity(count),
            seen: HashMap::with_capacity(count),
        };
        let (mut answers, mut repeated) = (Vec::with_capacity(count), Vec::new());
        let shared = self.shared.clone();
        let mut ring = shared.ring.write().unwrap_or_else(PoisonError::into_inner);
        for mut request in requests {
            let record = request.entry.record_id;
            let known = match building.seen.get(&record) {
                Some(seq) => Ok(Some(*seq)),
                None => self.shared.index.find(record),
            };
            match known {
                Err(error) => request.answer.give(Err(AppendError::Index(error.to_string()))),
                Ok(Some(seq)) => repeated.push((request, seq)),
                Ok(None) => match self.seal_one(&mut request, &mut ring, &mut building) {
                    Ok(receipt) => answers.push((request.answer, receipt)),
                    Err(error) => request.answer.give(Err(error)),
                },
            }
        }
        drop(ring);
        let batch = (!building.entries.is_empty()).then(|| self.finish(building));
        Sealed { batch, answers, repeated }
    }

    fn seal_one(&mut self, request: &mut Request, ring: &mut KeyRing, building: &mut Building) -> Result<Receipt, AppendError> {
        let new = &request.entry;
        let stream_seq = self.next_in_stream(new.stream)?;
        let now = self.shared.environment.clock.now_ms().max(self.last_captured_at_ms);
        let (segment, slot, leaf) = self.next_slot(new.retention_class, now, ring, building);
        for subject in &new.subjects {
            if !ring.subjects.contains_key(subject) {
                let key = Secret::random(&*self.shared.environment.entropy);
                ring.subjects.insert(*subject, key.clone());
                building.additions.push(Addition::Subject { subject: *subject, key });
            }
        }
        let subjects = ring.subject_keys(&new.subjects).expect("missing ones were just added");
        let key = RecordKey::derive(&leaf, subjects, new.record_id);
        let start = building.frames.len();
        let body = start + frame::FRAME_HEAD + crate::entry::ENTRY_LEN;
        building.frames.resize(body, 0);
        let blob = request.blob.as_ref().map(|blob| blob.reference.name);
        key.seal(&new.subjects, blob, &request.packed, &mut building.frames);
        let sealed = &building.frames[body..];
        let entry = Entry {
            kind: new.kind,
            flags: if request.compressed { FLAG_ZSTD } else { 0 } | if blob.is_some() { FLAG_BLOB } else { 0 },
            body_len: u32::try_from(request.canonical.len()).expect("bodies are limited"),
            seq: self.tree.size(),
            captured_at_ms: now,
            record_id: new.record_id,
            stream_id: new.stream,
            stream_seq,
            retention_class: new.retention_class,
            sealed_len: u32::try_from(sealed.len()).expect("bodies are limited"),
            segment,
            slot,
            refers_to: new.refers_to,
            commitment: key.commit(&request.canonical),
            sealed_sha256: crate::hash::sha256(sealed),
        };
        let encoded = entry.encode();
        frame::fill_frame_head(&mut building.frames[start..], &encoded);
        let leaf_hash = crate::hash::leaf_hash(&encoded);
        let hashes = &mut building.hashes;
        self.tree.push(leaf_hash, |level, hash| hashes.push((level, hash)));
        if let Some(open) = self.open.get_mut(&new.retention_class) {
            open.bytes += (building.frames.len() - body) as u64;
        }
        self.last_captured_at_ms = now;
        self.streams.insert(new.stream, stream_seq + 1);
        building.seen.insert(new.record_id, entry.seq);
        building.bodies.push(body..building.frames.len());
        building.rows.push(IndexRow {
            seq: entry.seq,
            record: new.record_id,
            stream: new.stream,
            stream_seq,
            subjects: std::mem::take(&mut request.entry.subjects),
        });
        building.entries.push(entry);
        if let Some(blob) = request.blob.take() {
            blob.adopt();
        }
        Ok(Receipt { seq: entry.seq, record_id: entry.record_id, stream_seq, captured_at_ms: now, leaf_hash, repeated: false })
    }

    fn next_in_stream(&mut self, stream: StreamId) -> Result<u64, AppendError> {
        if let Some(next) = self.streams.get(&stream) {
            return Ok(*next);
        }
        let last = self.shared.index.stream_last(stream).map_err(|error| AppendError::Index(error.to_string()))?;
        Ok(last.map_or(0, |last| last + 1))
    }

    fn next_slot(&mut self, class: u16, now: i64, ring: &mut KeyRing, building: &mut Building) -> (u64, u32, Secret) {
        let Options { segment_bytes_max, segment_span_ms_max, .. } = self.shared.options;
        if let Some(open) = self.open.get_mut(&class) {
            let full = open.bytes >= segment_bytes_max || now - open.opened_at_ms >= segment_span_ms_max;
            if !full && let Some((slot, leaf)) = open.cursor.advance() {
                return (open.segment, slot, leaf);
            }
        }
        let (segment, seed) = (self.next_segment, Secret::random(&*self.shared.environment.entropy));
        self.next_segment += 1;
        let mut cursor = LeafCursor::new(seed.clone());
        let (slot, leaf) = cursor.advance().expect("a new segment has slots");
        let addition = Addition::Segment { segment, class, opened_at_ms: now, seed };
        ring.add(addition.clone());
        building.additions.push(addition);
        self.open.insert(class, OpenSegment { segment, cursor, bytes: 0, opened_at_ms: now });
        (segment, slot, leaf)
    }

    fn finish(&mut self, building: Building) -> SealedBatch {
        let Building { frames, additions, entries, mut bodies, hashes, rows, .. } = building;
        let keys = {
            let generation = self.shared.generation.lock().unwrap_or_else(PoisonError::into_inner);
            generation.seal_additions(&additions, &*self.shared.environment.entropy)
        };
        let head = BatchHead {
            batch_no: self.next_batch_no,
            first_seq: entries[0].seq,
            count: u32::try_from(entries.len()).expect("batches are limited"),
            keys_len: u32::try_from(keys.len()).expect("batches are limited"),
            frames_len: frames.len() as u64,
        };
        let mut bytes = Vec::with_capacity(head.total_len());
        bytes.extend_from_slice(&head.encode());
        bytes.extend_from_slice(&keys);
        bytes.extend_from_slice(&frames);
        let commit = Commit { batch_no: head.batch_no, size: self.tree.size(), root: self.tree.root() };
        frame::write_commit(&mut bytes, &commit);
        let shift = BATCH_HEAD + keys.len();
        for body in &mut bodies {
            *body = body.start + shift..body.end + shift;
        }
        self.next_batch_no += 1;
        self.shared.index.add(rows);
        SealedBatch { head, commit, bytes, entries, bodies, hashes }
    }
}
