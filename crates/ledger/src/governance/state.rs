//! What is in force, read from the ledger's own stream; and the verdict on one entry.

use std::collections::{BTreeMap, HashMap};

use super::holds::Hold;
use super::policy::PolicyInForce;
use super::{Act, Tombstone};
use crate::damage::{Damage, DamageClass};
use crate::engine::{LEDGER_STREAM, Opened, ReadError, Reader};
use crate::entry::{Entry, EntryKind};
use crate::ids::{RecordId, SubjectId};

/// Everything that governs removal.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Holds in force, by the record id of the entry that set them.
    pub holds: BTreeMap<RecordId, Hold>,
    /// Policy changes in order.
    pub policies: Vec<PolicyInForce>,
    /// What was removed.
    pub removals: Removals,
}

impl State {
    /// Reads the ledger's own stream; fails when any of it cannot be read.
    pub fn read(reader: &Reader) -> Result<Self, ReadError> {
        let mut state = Self::default();
        for entry in reader.stream(LEDGER_STREAM, 0) {
            let entry = entry?;
            let opened = reader.read(entry.seq)?;
            state.apply(&entry, act_of(&opened)?);
        }
        Ok(state)
    }

    fn apply(&mut self, entry: &Entry, act: Act) {
        match act {
            Act::HoldSet { hold, .. } => {
                self.holds.insert(entry.record_id, hold);
            }
            Act::HoldReleased { hold, .. } => {
                self.holds.remove(&hold);
            }
            Act::PolicyChanged { change, .. } => self.policies.push(PolicyInForce { seq: entry.seq, change }),
            Act::Tombstone(tombstone) => self.removals.add(entry, tombstone),
            Act::RemovalRefused { .. }
            | Act::KeysRotated { .. }
            | Act::TimestampAnchored { .. }
            | Act::TimestampFailed { .. }
            | Act::ScrubDone { .. } => {}
        }
    }
}

pub(super) fn act_of(opened: &Opened) -> Result<Act, ReadError> {
    let seq = opened.entry.seq;
    let odd = |error: String| Damage::at(DamageClass::CommitmentWrong, seq, format!("the act is malformed: {error}"));
    let body = opened.body().map_err(|error| odd(error.to_string()))?;
    Ok(serde_json::from_slice(&body.bytes).map_err(|error| odd(error.to_string()))?)
}

/// Why something is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalKind {
    /// Its time was over.
    Disposed,
    /// Someone asked for it.
    Erased,
}

/// Which entry removed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Why.
    pub kind: RemovalKind,
    /// Seq of the tombstone.
    pub by: u64,
}

/// Everything that tombstones cover.
#[derive(Debug, Clone, Default)]
pub struct Removals {
    segments: HashMap<u64, Removal>,
    /// Last seq of a range: first seq and removal.
    records: BTreeMap<u64, (u64, Removal)>,
    subjects: HashMap<SubjectId, Vec<Removal>>,
    tombstones: Vec<(u64, Tombstone)>,
    unreadable: bool,
}

impl Removals {
    /// Reads the tombstones. Without keys nothing is known, and [`Removals::is_unknown`] says so.
    pub fn read(reader: &Reader) -> Result<Self, ReadError> {
        let mut removals = Self::default();
        for entry in reader.stream(LEDGER_STREAM, 0) {
            let entry = entry?;
            if !matches!(entry.kind, EntryKind::DisposalTombstone | EntryKind::ErasureTombstone) {
                continue;
            }
            match reader.read(entry.seq) {
                Ok(opened) => {
                    if let Act::Tombstone(tombstone) = act_of(&opened)? {
                        removals.add(&entry, tombstone);
                    }
                }
                Err(ReadError::Unreadable { .. }) => removals.unreadable = true,
                Err(error) => return Err(error),
            }
        }
        Ok(removals)
    }

    fn add(&mut self, entry: &Entry, tombstone: Tombstone) {
        let kind = match entry.kind {
            EntryKind::DisposalTombstone => RemovalKind::Disposed,
            _ => RemovalKind::Erased,
        };
        let removal = Removal { kind, by: entry.seq };
        for segment in &tombstone.segments {
            self.segments.entry(*segment).or_insert(removal);
        }
        for (first, last) in &tombstone.ranges {
            self.records.entry(*last).or_insert((*first, removal));
        }
        for subject in &tombstone.subjects {
            self.subjects.entry(*subject).or_default().push(removal);
        }
        self.tombstones.push((entry.seq, tombstone));
    }

    /// Which tombstone covers an entry, given whom its body is about.
    pub fn of(&self, entry: &Entry, subjects: &[SubjectId]) -> Option<Removal> {
        let by_record = || {
            let (_, (first, removal)) = self.records.range(entry.seq..).next()?;
            (*first <= entry.seq).then_some(*removal)
        };
        let by_subject = || {
            let about = subjects.iter().filter_map(|subject| self.subjects.get(subject)).flatten();
            about.filter(|removal| removal.by > entry.seq).min_by_key(|removal| removal.by).copied()
        };
        let by_segment = self.segments.get(&entry.segment).filter(|removal| removal.by > entry.seq).copied();
        by_segment.or_else(by_record).or_else(by_subject)
    }

    /// Whether there are tombstones that could not be read, so that "missing" cannot be told from "removed".
    pub fn is_unknown(&self) -> bool {
        self.unreadable
    }

    /// The tombstones with their seq.
    pub fn tombstones(&self) -> &[(u64, Tombstone)] {
        &self.tombstones
    }
}

/// What can be said about one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It can be read.
    Present,
    /// Its time was over; removed by this entry.
    Disposed(u64),
    /// Removed on request by this entry.
    Erased(u64),
    /// Covered by a tombstone, but still there: the removal has to be finished.
    TombstonedStillPresent(u64),
    /// Gone without a tombstone: a violation.
    Missing,
}

impl Verdict {
    /// The verdict on the entry with this number.
    pub fn of(reader: &Reader, removals: &Removals, seq: u64) -> Result<Self, ReadError> {
        let entry = reader.entry(seq)?;
        let subjects = reader.subjects(&entry)?;
        let removal = removals.of(&entry, &subjects);
        // Opens the body, and its attachment when it has one.
        match (reader.blob(seq), removal) {
            (Ok(_), None) => Ok(Self::Present),
            (Ok(_), Some(removal)) => Ok(Self::TombstonedStillPresent(removal.by)),
            // After an erasure the same subject may have a new key, under which old bodies do not open.
            (Err(ReadError::Unreadable { .. } | ReadError::Store(_)), Some(removal)) => Ok(match removal.kind {
                RemovalKind::Disposed => Self::Disposed(removal.by),
                RemovalKind::Erased => Self::Erased(removal.by),
            }),
            (Err(ReadError::Unreadable { .. }), None) => Ok(Self::Missing),
            (Err(error), _) => Err(error),
        }
    }
}
