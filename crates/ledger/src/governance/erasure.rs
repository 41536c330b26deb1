//! Erasing on request: single records, everything about a person, or a segment.
//!
//! Invariant: a hold that covers any of it refuses all of it, and the refusal is logged. What was captured about a person while the
//! erasure was being prepared goes with it.

use super::removal::{ABOUT_CHUNK, RANGES_MAX, Removed, empty_tombstone, ranges};
use super::state::State;
use super::{Act, GovernanceError, Responsible, Tombstone};
use crate::engine::{LEDGER_CLASS, Ledger};
use crate::entry::{Entry, EntryKind};
use crate::ids::{RecordId, SubjectId};
use crate::keys::master::MasterKey;

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Single records.
    Records(Vec<RecordId>),
    /// Everything about a person.
    Subject(SubjectId),
    /// A whole segment of bodies.
    Segment(u64),
}

impl Ledger {
    /// Erases on request. A hold that covers any of it refuses all of it, and the refusal is logged.
    pub fn erase(&self, target: &Target, responsible: &Responsible, master: &dyn MasterKey) -> Result<Removed, GovernanceError> {
        responsible.check()?;
        let _order = self.governing();
        if matches!(target, Target::Segment(_)) {
            self.end_open_segments()?;
        }
        let state = self.governance()?;
        let known = self.size();
        let (mut tombstone, held) = match target {
            Target::Records(records) => self.records_tombstone(records, &state),
            Target::Subject(subject) => self.subject_tombstone(*subject, &state),
            Target::Segment(segment) => self.segment_tombstone(*segment, &state),
        }?;
        tombstone.responsible = responsible.clone();
        let outcome = match &held.0 {
            Some(holding) => Err(holding.refusal()),
            // Whoever is captured while this is being prepared is looked at again when nothing is in flight any more.
            None => self.carry_out(EntryKind::ErasureTombstone, tombstone, master, |tombstone| match target {
                Target::Subject(subject) => self.add_later_records(*subject, known, &state, tombstone),
                Target::Records(_) | Target::Segment(_) => Ok(()),
            }),
        };
        if let Err(GovernanceError::Held { name, records }) = &outcome {
            let refused = Act::RemovalRefused {
                what: format!("{target:?}"),
                why: format!("hold `{name}` covers {records} of the records"),
                responsible: responsible.clone(),
            };
            self.act(EntryKind::RemovalRefused, RecordId::NONE, &refused)?;
        }
        outcome
    }

    fn records_tombstone(&self, records: &[RecordId], state: &State) -> Result<(Tombstone, Held), GovernanceError> {
        let reader = self.reader();
        let (mut seqs, mut held) = (Vec::new(), Held::default());
        for record in records {
            let missing = || GovernanceError::NotFound(format!("record {record}"));
            let entry = reader.entry(reader.find(*record)?.ok_or_else(missing)?)?;
            if entry.retention_class == LEDGER_CLASS {
                return Err(GovernanceError::NotFound(format!("removable record {record}")));
            }
            held.check(state, &entry, &reader.subjects(&entry)?);
            seqs.push(entry.seq);
        }
        let count = seqs.len() as u64;
        Ok((Tombstone { ranges: ranges(seqs), count, ..empty_tombstone() }, held))
    }

    fn subject_tombstone(&self, subject: SubjectId, state: &State) -> Result<(Tombstone, Held), GovernanceError> {
        let (all, held) = self.records_about(subject, 0, state)?;
        if all.is_empty() {
            return Err(GovernanceError::NotFound(format!("record about {subject}")));
        }
        let count = all.len() as u64;
        // An entry has room for so many; the subject itself names all of them to whoever holds the bodies.
        let mut covered = ranges(all);
        covered.truncate(RANGES_MAX);
        Ok((Tombstone { subjects: vec![subject], ranges: covered, count, ..empty_tombstone() }, held))
    }

    /// The records about a subject from this one on, and whether holds cover any of them.
    fn records_about(&self, subject: SubjectId, from: u64, state: &State) -> Result<(Vec<u64>, Held), GovernanceError> {
        let reader = self.reader();
        let (mut all, mut next, mut held) = (Vec::new(), from, Held::default());
        loop {
            let seqs = reader.about(subject, next, ABOUT_CHUNK)?;
            let Some(last) = seqs.last() else { return Ok((all, held)) };
            next = last + 1;
            for seq in seqs.iter().filter(|_| !state.holds.is_empty()) {
                let entry = reader.entry(*seq)?;
                // Co-subjects count: a hold on one person also keeps what is about two.
                let subjects = reader.subjects(&entry)?;
                held.check(state, &entry, if subjects.is_empty() { std::slice::from_ref(&subject) } else { &subjects });
            }
            all.extend(seqs);
        }
    }

    fn segment_tombstone(&self, segment: u64, state: &State) -> Result<(Tombstone, Held), GovernanceError> {
        let names = self.store().segments()?;
        let found = names.into_iter().find(|name| name.segment == segment && name.class != LEDGER_CLASS);
        let name = found.ok_or_else(|| GovernanceError::NotFound(format!("segment {segment} to remove")))?;
        let (mut count, mut held) = (0, Held::default());
        self.each_in(name, |entry, subjects| {
            count += 1;
            held.check(state, entry, subjects);
        })?;
        Ok((Tombstone { segments: vec![segment], count, ..empty_tombstone() }, held))
    }

    /// Adds what was captured about a subject since `known`; refuses when a hold covers any of it. Only while nothing is in flight.
    fn add_later_records(
        &self,
        subject: SubjectId,
        known: u64,
        state: &State,
        tombstone: &mut Tombstone,
    ) -> Result<(), GovernanceError> {
        let (later, held) = self.records_about(subject, known, state)?;
        if let Some(held) = &held.0 {
            return Err(held.refusal());
        }
        tombstone.count += later.len() as u64;
        let mut covered = std::mem::take(&mut tombstone.ranges);
        covered.extend(ranges(later));
        covered.truncate(RANGES_MAX);
        tombstone.ranges = covered;
        Ok(())
    }
}

/// What holds cover of something that was to go.
#[derive(Default)]
struct Held(Option<Holding>);

/// The first hold found and how many records holds cover.
struct Holding {
    name: String,
    records: u64,
}

impl Held {
    fn check(&mut self, state: &State, entry: &Entry, subjects: &[SubjectId]) {
        if let Some(hold) = state.holds.values().find(|hold| hold.covers(entry, subjects)) {
            self.0.get_or_insert_with(|| Holding { name: hold.name.clone(), records: 0 }).records += 1;
        }
    }
}

impl Holding {
    fn refusal(&self) -> GovernanceError {
        GovernanceError::Held { name: self.name.clone(), records: self.records }
    }
}
