//! The keys that are known right now: segments, subjects, signing keys; and their encoding.
//!
//! Invariant: what `encode` writes `decode` reads back; additions can be replayed in any number without
//! change. Erasing takes effect here at once; it is the keystore that makes it last.

use std::collections::{BTreeMap, HashMap};

use zeroize::Zeroizing;

use crate::ids::SubjectId;
use crate::keys::secret::Secret;
use crate::keys::tree::{SLOTS, SegmentTree};

/// Most signing keys one log can have had.
const SIGNING_KEYS_MAX: u32 = 1000;
const PAYLOAD_VERSION: u8 = 1;

/// Stored keys could not be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored keys are malformed: {0}")]
pub struct BadKeys(pub &'static str);

/// The keys of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentKeys {
    /// Retention class whose records it holds.
    pub class: u16,
    /// When it was opened, Unix milliseconds.
    pub opened_at_ms: i64,
    /// What is left of its tree.
    pub tree: SegmentTree,
}

/// A key that was created and has to survive: written with the batch that first needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// A new segment.
    Segment {
        /// Its number.
        segment: u64,
        /// Its retention class.
        class: u16,
        /// When it was opened, Unix milliseconds.
        opened_at_ms: i64,
        /// Its seed.
        seed: Secret,
    },
    /// A new subject.
    Subject {
        /// Who.
        subject: SubjectId,
        /// Its key.
        key: Secret,
    },
}

/// All keys known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRing {
    /// Ed25519 seeds with the log size from which each signs; the last one is in use.
    pub signing: Vec<(u64, Secret)>,
    /// Segments by number.
    pub segments: BTreeMap<u64, SegmentKeys>,
    /// Subjects' keys.
    pub subjects: HashMap<SubjectId, Secret>,
}

impl KeyRing {
    /// Applies an addition.
    pub fn add(&mut self, addition: Addition) {
        match addition {
            Addition::Segment { segment, class, opened_at_ms, seed } => {
                self.segments.entry(segment).or_insert_with(|| SegmentKeys { class, opened_at_ms, tree: SegmentTree::new(seed) });
            }
            Addition::Subject { subject, key } => {
                self.subjects.entry(subject).or_insert(key);
            }
        }
    }

    /// The keys of all `subjects` in order, or the first one that is missing.
    pub fn subject_keys(&self, subjects: &[SubjectId]) -> Result<Vec<&Secret>, SubjectId> {
        subjects.iter().map(|subject| self.subjects.get(subject).ok_or(*subject)).collect()
    }

    /// The keystore's plaintext.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(64 + self.subjects.len() * 48 + self.segments.len() * 60));
        out.push(PAYLOAD_VERSION);
        put32(&mut out, self.signing.len());
        for (from_size, seed) in &self.signing {
            out.extend_from_slice(&from_size.to_be_bytes());
            out.extend_from_slice(seed.expose());
        }
        put32(&mut out, self.segments.len());
        for (segment, keys) in &self.segments {
            out.extend_from_slice(&segment.to_be_bytes());
            out.extend_from_slice(&keys.class.to_be_bytes());
            out.extend_from_slice(&keys.opened_at_ms.to_be_bytes());
            put32(&mut out, keys.tree.nodes().len());
            for (first, height, seed) in keys.tree.nodes() {
                out.extend_from_slice(&first.to_be_bytes());
                out.push(height);
                out.extend_from_slice(seed.expose());
            }
        }
        put32(&mut out, self.subjects.len());
        let mut subjects: Vec<_> = self.subjects.iter().collect();
        subjects.sort_unstable_by_key(|(subject, _)| **subject);
        for (subject, key) in subjects {
            out.extend_from_slice(&subject.0);
            out.extend_from_slice(key.expose());
        }
        out
    }

    /// Reads the keystore's plaintext.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadKeys> {
        let mut reader = Reader(bytes);
        if reader.array::<1>()? != [PAYLOAD_VERSION] {
            return Err(BadKeys("their version is unknown; use a newer program"));
        }
        let mut ring = Self::default();
        let count = u32::from_be_bytes(reader.array()?);
        if count > SIGNING_KEYS_MAX {
            return Err(BadKeys("too many signing keys"));
        }
        for _ in 0..count {
            let from_size = u64::from_be_bytes(reader.array()?);
            ring.signing.push((from_size, Secret::new(reader.array()?)));
        }
        for _ in 0..u32::from_be_bytes(reader.array()?) {
            let segment = u64::from_be_bytes(reader.array()?);
            let class = u16::from_be_bytes(reader.array()?);
            let opened_at_ms = i64::from_be_bytes(reader.array()?);
            let count = u32::from_be_bytes(reader.array()?);
            if count > SLOTS {
                return Err(BadKeys("a segment has more parts than slots"));
            }
            let mut nodes = Vec::new();
            for _ in 0..count {
                let first = u32::from_be_bytes(reader.array()?);
                let [height] = reader.array::<1>()?;
                nodes.push((first, height, Secret::new(reader.array()?)));
            }
            let tree = SegmentTree::from_nodes(nodes).ok_or(BadKeys("a segment's parts overlap"))?;
            ring.segments.insert(segment, SegmentKeys { class, opened_at_ms, tree });
        }
        for _ in 0..u32::from_be_bytes(reader.array()?) {
            let subject = SubjectId(reader.array()?);
            ring.subjects.insert(subject, Secret::new(reader.array()?));
        }
        if reader.0.is_empty() { Ok(ring) } else { Err(BadKeys("bytes are left over")) }
    }
}

/// Encodes additions for sealing.
pub fn encode_additions(additions: &[Addition]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::new());
    for addition in additions {
        match addition {
            Addition::Segment { segment, class, opened_at_ms, seed } => {
                out.push(1);
                out.extend_from_slice(&segment.to_be_bytes());
                out.extend_from_slice(&class.to_be_bytes());
                out.extend_from_slice(&opened_at_ms.to_be_bytes());
                out.extend_from_slice(seed.expose());
            }
            Addition::Subject { subject, key } => {
                out.push(2);
                out.extend_from_slice(&subject.0);
                out.extend_from_slice(key.expose());
            }
        }
    }
    out
}

/// Reads additions back.
pub fn decode_additions(bytes: &[u8]) -> Result<Vec<Addition>, BadKeys> {
    let mut reader = Reader(bytes);
    let mut additions = Vec::new();
    while !reader.0.is_empty() {
        additions.push(match reader.array::<1>()? {
            [1] => Addition::Segment {
                segment: u64::from_be_bytes(reader.array()?),
                class: u16::from_be_bytes(reader.array()?),
                opened_at_ms: i64::from_be_bytes(reader.array()?),
                seed: Secret::new(reader.array()?),
            },
            [2] => Addition::Subject { subject: SubjectId(reader.array()?), key: Secret::new(reader.array()?) },
            _ => {
                return Err(BadKeys("an addition has an unknown kind; use a newer program"));
            }
        });
    }
    Ok(additions)
}

fn put32(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).expect("counts are far below four billion").to_be_bytes());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadKeys> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(BadKeys("they are cut short"))?;
        self.0 = rest;
        Ok(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> KeyRing {
        let mut ring = KeyRing::default();
        ring.signing.push((0, Secret::new([1; 32])));
        for addition in additions() {
            ring.add(addition);
        }
        ring.segments.get_mut(&3).expect("added").tree.puncture(77);
        ring
    }

    fn additions() -> Vec<Addition> {
        vec![
            Addition::Segment { segment: 3, class: 9, opened_at_ms: 5, seed: Secret::new([2; 32]) },
            Addition::Subject { subject: SubjectId([4; 16]), key: Secret::new([5; 32]) },
        ]
    }

    #[test]
    fn ring_and_additions_read_back() {
        assert_eq!(KeyRing::decode(&sample().encode()), Ok(sample()));
        assert_eq!(decode_additions(&encode_additions(&additions())), Ok(additions()));
    }

    #[test]
    fn replaying_an_addition_does_not_undo_a_puncture() {
        let mut ring = sample();
        for addition in additions() {
            ring.add(addition);
        }
        assert_eq!(ring, sample());
    }

    #[test]
    fn cut_keys_are_refused() {
        let bytes = sample().encode();
        for at in 0..bytes.len() {
            assert!(KeyRing::decode(&bytes[..at]).is_err());
        }
    }
}
