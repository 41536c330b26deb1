//! Erasing and disposing: tombstone, durable checkpoint, keys, bytes.
//!
//! Invariant: the holds are read and the tombstone is written under the same lock that setting a hold takes,
//! so that no hold can slip between. After the tombstone nothing is decided any more: a crash is finished by
//! [`Ledger::finish_removals`], which can be repeated; the newest one is finished when the ledger is opened.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::policy::{PolicyChange, PolicyInForce, expired};
use super::state::{State, Verdict};
use super::{Act, GovernanceError, Removals, Responsible, Tombstone};
use crate::blob::BlobName;
use crate::engine::{LEDGER_CLASS, LEDGER_STREAM, Ledger};
use crate::entry::{Entry, EntryKind};
use crate::frame::SealedBody;
use crate::ids::{RecordId, SubjectId};
use crate::keys::master::MasterKey;
use crate::store::{SegmentName, StoreError};

/// Records about a subject that are looked up at a time.
const ABOUT_CHUNK: usize = 1024;
/// Ranges of single records in one tombstone: its body is limited. What is left goes with the next run.
const RANGES_MAX: usize = 20_000;

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

/// What a removal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Seq of the tombstone.
    pub tombstone: u64,
    /// Records that went.
    pub count: u64,
}

/// What disposal would remove now, by class and rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisposalPlan {
    /// One lot per class and rule.
    pub lots: Vec<Lot>,
    /// Records whose time is over but which a hold keeps.
    pub held: u64,
}

/// Records of one class that go under one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The class.
    pub class: u16,
    /// Seq of the rule's entry.
    pub policy: u64,
    /// Segments that go as a whole.
    pub segments: Vec<u64>,
    /// Single records in segments that stay, as ranges of seq.
    pub records: Vec<(u64, u64)>,
    /// Records altogether.
    pub count: u64,
}

/// While one of these lives, nothing is disposed of.
pub struct ExportGuard(Arc<AtomicUsize>);

impl Drop for ExportGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Exports running in this process.
fn exports() -> &'static Arc<AtomicUsize> {
    static RUNNING: OnceLock<Arc<AtomicUsize>> = OnceLock::new();
    RUNNING.get_or_init(Arc::default)
}

impl Ledger {
    /// Announces an export: disposal is refused until the guard is dropped.
    pub fn begin_export(&self) -> ExportGuard {
        let _order = self.governing();
        exports().fetch_add(1, Ordering::AcqRel);
        ExportGuard(exports().clone())
    }

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

    /// What disposal would remove now.
    pub fn plan_disposal(&self) -> Result<DisposalPlan, GovernanceError> {
        let state = self.governance()?;
        self.plan(&state, &state.policies)
    }

    /// Disposes of everything whose time is over and that no hold keeps. `confirmed` is the count of the plan
    /// that was looked at. The first removal under a rule needs two people.
    pub fn dispose(
        &self,
        confirmed: u64,
        responsible: &Responsible,
        master: &dyn MasterKey,
    ) -> Result<Vec<Removed>, GovernanceError> {
        responsible.check()?;
        let _order = self.governing();
        if exports().load(Ordering::Acquire) > 0 {
            return Err(GovernanceError::ExportRunning);
        }
        self.end_open_segments()?;
        let state = self.governance()?;
        let plan = self.plan(&state, &state.policies)?;
        let found = plan.lots.iter().map(|lot| lot.count).sum();
        if found != confirmed {
            return Err(GovernanceError::CountChanged { confirmed, found });
        }
        let purged = |policy: u64| state.removals.tombstones().iter().any(|(_, t)| t.policy == Some(policy));
        if !responsible.are_two() && plan.lots.iter().any(|lot| !purged(lot.policy)) {
            return Err(GovernanceError::SecondPerson("the first removal under a rule"));
        }
        let mut removed = Vec::new();
        for lot in plan.lots {
            let base = Tombstone {
                policy: Some(lot.policy),
                class: Some(lot.class),
                responsible: responsible.clone(),
                ..empty_tombstone()
            };
            // What goes as a whole and what goes one by one are two acts.
            let single: u64 = lot.records.iter().map(|(first, last)| last - first + 1).sum();
            let whole = Tombstone { segments: lot.segments, count: lot.count - single, ..base.clone() };
            let rest = Tombstone { ranges: lot.records, count: single, ..base };
            for tombstone in [whole, rest].into_iter().filter(|tombstone| tombstone.count > 0) {
                removed.push(self.carry_out(EntryKind::DisposalTombstone, tombstone, master, |_| Ok(()))?);
            }
        }
        Ok(removed)
    }

    /// Finishes removals that a crash interrupted after their tombstone. Answers with how many there were.
    pub fn finish_removals(&self, master: &dyn MasterKey) -> Result<usize, GovernanceError> {
        let _order = self.governing();
        let removals = self.governance()?.removals;
        let mut open = Vec::new();
        for (seq, tombstone) in removals.tombstones() {
            if self.is_unfinished(*seq, tombstone)? {
                open.push((*seq, tombstone.clone()));
            }
        }
        for (seq, tombstone) in &open {
            self.remove(*seq, tombstone, master)?;
        }
        Ok(open.len())
    }

    /// Finishes the newest removal, which is the only one whose keys can be left over: one is carried out at a time. Called while the
    /// ledger is opened, so that nothing is sealed under a key that is about to go.
    pub(crate) fn finish_newest_removal(&self, master: &dyn MasterKey) -> Result<(), GovernanceError> {
        let _order = self.governing();
        let reader = self.reader();
        let mut end = reader.stream_len(LEDGER_STREAM)?;
        while end > 0 {
            let start = end.saturating_sub(ABOUT_CHUNK as u64);
            let count = usize::try_from(end - start).expect("a chunk is small");
            let acts: Vec<Entry> = reader.stream(LEDGER_STREAM, start).take(count).collect::<Result<_, _>>()?;
            let is_removal = |entry: &&Entry| matches!(entry.kind, EntryKind::ErasureTombstone | EntryKind::DisposalTombstone);
            let Some(newest) = acts.iter().rfind(is_removal) else {
                end = start;
                continue;
            };
            if let Act::Tombstone(tombstone) = super::state::act_of(&reader.read(newest.seq)?)?
                && self.is_unfinished(newest.seq, &tombstone)?
            {
                tracing::warn!(tombstone = newest.seq, "finishing a removal that was interrupted");
                self.remove(newest.seq, &tombstone, master)?;
            }
            return Ok(());
        }
        Ok(())
    }

    /// The verdict on a record.
    pub fn verdict(&self, seq: u64) -> Result<Verdict, GovernanceError> {
        let reader = self.reader();
        Ok(Verdict::of(&reader, &Removals::read(&reader)?, seq)?)
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

    /// Tombstone, durable checkpoint, keys, bytes. No record is taken in between `complete`, tombstone and keys: it would be sealed under a
    /// key that is about to go, and no tombstone would say so.
    fn carry_out(
        &self,
        kind: EntryKind,
        mut tombstone: Tombstone,
        master: &dyn MasterKey,
        complete: impl FnOnce(&mut Tombstone) -> Result<(), GovernanceError>,
    ) -> Result<Removed, GovernanceError> {
        let doomed = self.entries_of(&tombstone)?;
        let decide = || -> Result<_, GovernanceError> {
            complete(&mut tombstone)?;
            let act = Act::Tombstone(tombstone.clone());
            Ok((self.entry_of(self.new_record_id(), kind, RecordId::NONE, &act), tombstone))
        };
        let (seq, tombstone) = self.while_quiet_append(decide, |receipt, tombstone| {
            self.remove_keys(&doomed, &tombstone, &tombstone.subjects, master)?;
            Ok::<_, GovernanceError>((receipt.seq, tombstone))
        })?;
        self.remove_bytes(seq, &tombstone, &doomed)?;
        Ok(Removed { tombstone: seq, count: tombstone.count })
    }

    /// Nothing is added to the segments that are there now: what is planned about a whole segment stays true.
    fn end_open_segments(&self) -> Result<(), GovernanceError> {
        Ok(self.while_quiet(|| ())?)
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

    /// What a crash left undone. Repeating it changes nothing.
    fn remove(&self, seq: u64, tombstone: &Tombstone, master: &dyn MasterKey) -> Result<(), GovernanceError> {
        let doomed = self.entries_of(tombstone)?;
        let mut subjects = Vec::new();
        for subject in &tombstone.subjects {
            // Records captured after the tombstone have a new key, which stays.
            if self.old_key_is_there(*subject, seq)? {
                subjects.push(*subject);
            }
        }
        self.while_quiet(|| self.remove_keys(&doomed, tombstone, &subjects, master))??;
        self.remove_bytes(seq, tombstone, &doomed)
    }

    /// Only while nothing is in flight.
    fn remove_keys(
        &self,
        doomed: &[Entry],
        tombstone: &Tombstone,
        subjects: &[SubjectId],
        master: &dyn MasterKey,
    ) -> Result<(), GovernanceError> {
        self.with_ring(|ring| {
            for entry in doomed {
                if let Some(keys) = ring.segments.get_mut(&entry.segment) {
                    keys.tree.puncture(entry.slot);
                }
            }
            for segment in &tombstone.segments {
                ring.segments.remove(segment);
            }
            for subject in subjects {
                ring.subjects.remove(subject);
            }
        });
        self.renew_keystore(master)?;
        Ok(())
    }

    /// Attachments first: their names lie in the bodies.
    fn remove_bytes(&self, seq: u64, tombstone: &Tombstone, doomed: &[Entry]) -> Result<(), GovernanceError> {
        self.store().remove_blobs(&self.blobs_of(seq, tombstone, doomed)?)?;
        for entry in doomed {
            self.store().wipe_body(entry)?;
        }
        self.store().sync_bodies()?;
        for name in self.store().segments()? {
            if tombstone.segments.contains(&name.segment) {
                self.store().remove_segment(name)?;
            }
        }
        Ok(())
    }

    /// The entries that a tombstone removes one by one.
    fn entries_of(&self, tombstone: &Tombstone) -> Result<Vec<Entry>, GovernanceError> {
        let reader = self.reader();
        tombstone.single_records().map(|number| Ok(reader.entry(number)?)).collect()
    }

    /// The attachments that go with a tombstone, as far as stored bodies still name them.
    fn blobs_of(&self, seq: u64, tombstone: &Tombstone, doomed: &[Entry]) -> Result<Vec<BlobName>, GovernanceError> {
        let reader = self.reader();
        let mut names = Vec::new();
        for entry in doomed {
            names.extend(reader.blob_name(entry)?);
        }
        for subject in &tombstone.subjects {
            self.each_about(*subject, seq, |number| {
                names.extend(reader.blob_name(&reader.entry(number)?)?);
                Ok(true)
            })?;
        }
        for name in self.store().segments()?.into_iter().filter(|name| tombstone.segments.contains(&name.segment)) {
            self.store().scan_segment(name, &mut |_, sealed| {
                names.extend(sealed.and_then(|sealed| SealedBody::parse(sealed).ok()?.blob));
                Ok(())
            })?;
        }
        Ok(names)
    }

    /// Calls `each` with the number of every record about a subject before `end`, until it answers `false`.
    fn each_about(
        &self,
        subject: SubjectId,
        end: u64,
        mut each: impl FnMut(u64) -> Result<bool, GovernanceError>,
    ) -> Result<(), GovernanceError> {
        let (reader, mut next) = (self.reader(), 0);
        loop {
            let seqs = reader.about(subject, next, ABOUT_CHUNK)?;
            for seq in seqs.iter().filter(|seq| **seq < end) {
                if !each(*seq)? {
                    return Ok(());
                }
            }
            match seqs.last() {
                Some(last) if *last < end => next = last + 1,
                _ => return Ok(()),
            }
        }
    }

    /// Whether any record about a subject before `end` still opens with the key that the subject has now.
    fn old_key_is_there(&self, subject: SubjectId, end: u64) -> Result<bool, GovernanceError> {
        if !self.with_ring(|ring| ring.subjects.contains_key(&subject)) {
            return Ok(false);
        }
        let (reader, mut opens) = (self.reader(), false);
        self.each_about(subject, end, |seq| {
            opens = reader.read(seq).is_ok();
            Ok(!opens)
        })?;
        Ok(opens)
    }

    fn is_unfinished(&self, seq: u64, tombstone: &Tombstone) -> Result<bool, GovernanceError> {
        let stored = self.store().segments()?;
        if stored.iter().any(|name| tombstone.segments.contains(&name.segment)) {
            return Ok(true);
        }
        let doomed = self.entries_of(tombstone)?;
        for entry in &doomed {
            if self.store().body(entry)?.is_some() {
                return Ok(true);
            }
        }
        for subject in &tombstone.subjects {
            if self.old_key_is_there(*subject, seq)? {
                return Ok(true);
            }
        }
        for name in self.blobs_of(seq, tombstone, &doomed)? {
            if self.store().open_blob(name)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn count_removable(&self, change: Option<&PolicyChange>) -> Result<u64, GovernanceError> {
        let state = self.governance()?;
        let mut policies = state.policies.clone();
        policies.extend(change.map(|change| PolicyInForce { seq: self.size(), change: change.clone() }));
        Ok(self.plan(&state, &policies)?.lots.iter().map(|lot| lot.count).sum())
    }

    fn plan(&self, state: &State, policies: &[PolicyInForce]) -> Result<DisposalPlan, GovernanceError> {
        let now = self.environment().clock.now_ms();
        let mut plan = DisposalPlan::default();
        for name in self.store().segments()? {
            if !policies.iter().any(|policy| policy.change.class == name.class) {
                continue;
            }
            let (mut going, mut staying) = (Vec::new(), false);
            self.each_in(name, |entry, subjects| {
                if state.removals.of(entry, subjects).is_some() {
                    return;
                }
                match expired(policies, entry, now) {
                    None => staying = true,
                    Some(_) if state.holds.values().any(|hold| hold.covers(entry, subjects)) => {
                        staying = true;
                        plan.held += 1;
                    }
                    Some(policy) => going.push((policy, entry.seq)),
                }
            })?;
            // A whole segment goes under one rule; otherwise its records go one by one.
            let one_rule = going.windows(2).all(|pair| pair[0].0 == pair[1].0);
            let whole = !staying && one_rule;
            while let Some((policy, _)) = going.first().copied() {
                let (now_going, later): (Vec<_>, Vec<_>) = going.into_iter().partition(|(p, _)| *p == policy);
                going = later;
                plan.add(name, policy, whole, &now_going);
            }
        }
        Ok(plan)
    }

    /// Calls `each` with every entry of a segment that is stored, and whom its body is about.
    fn each_in(&self, name: SegmentName, mut each: impl FnMut(&Entry, &[SubjectId])) -> Result<(), GovernanceError> {
        let reader = self.reader();
        let mut failed = None;
        self.store()
            .scan_segment(name, &mut |seq, sealed| match (reader.entry(seq), sealed) {
                (Ok(entry), Some(sealed)) => {
                    let subjects = SealedBody::parse(sealed).map(|body| body.subjects).unwrap_or_default();
                    each(&entry, &subjects);
                    Ok(())
                }
                (Ok(_), None) => Ok(()),
                (Err(error), _) => {
                    failed = Some(error);
                    Err(StoreError::Stopped)
                }
            })
            .or_else(|error| failed.map_or(Err(GovernanceError::from(error)), |failed| Err(failed.into())))
    }
}

impl DisposalPlan {
    fn add(&mut self, name: SegmentName, policy: u64, whole: bool, going: &[(u64, u64)]) {
        let index = self.lots.iter().position(|lot| lot.class == name.class && lot.policy == policy);
        let index = index.unwrap_or_else(|| {
            let lot = Lot { class: name.class, policy, segments: Vec::new(), records: Vec::new(), count: 0 };
            self.lots.push(lot);
            self.lots.len() - 1
        });
        let lot = &mut self.lots[index];
        if whole {
            lot.segments.push(name.segment);
            lot.count += going.len() as u64;
            return;
        }
        for range in ranges(going.iter().map(|(_, seq)| *seq).collect()) {
            if lot.records.len() < RANGES_MAX {
                lot.count += range.1 - range.0 + 1;
                lot.records.push(range);
            }
        }
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

fn empty_tombstone() -> Tombstone {
    let responsible = Responsible { requested_by: String::new(), approved_by: String::new(), reason: String::new() };
    Tombstone { policy: None, class: None, segments: Vec::new(), ranges: Vec::new(), subjects: Vec::new(), count: 0, responsible }
}

/// Sorted numbers as ranges with both ends included.
fn ranges(mut seqs: Vec<u64>) -> Vec<(u64, u64)> {
    seqs.sort_unstable();
    seqs.dedup();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for seq in seqs {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == seq => *last = seq,
            _ => ranges.push((seq, seq)),
        }
    }
    ranges
}
