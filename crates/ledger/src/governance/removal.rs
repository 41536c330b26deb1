//! Carrying a removal out: tombstone, durable checkpoint, keys, bytes.
//!
//! Invariant: the holds are read and the tombstone is written under the same lock that setting a hold takes,
//! so that no hold can slip between. After the tombstone nothing is decided any more: a crash is finished by
//! [`Ledger::finish_removals`], which can be repeated; the newest one is finished when the ledger is opened.

use super::state::Verdict;
use super::{Act, GovernanceError, Removals, Responsible, Tombstone};
use crate::blob::BlobName;
use crate::engine::{LEDGER_STREAM, Ledger};
use crate::entry::{Entry, EntryKind};
use crate::frame::SealedBody;
use crate::ids::{RecordId, SubjectId};
use crate::keys::master::MasterKey;
use crate::store::{SegmentName, StoreError};

/// Records about a subject that are looked up at a time.
pub(super) const ABOUT_CHUNK: usize = 1024;

/// Ranges of single records in one tombstone: its body is limited. What is left goes with the next run.
pub(super) const RANGES_MAX: usize = 20_000;

/// What a removal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Seq of the tombstone.
    pub tombstone: u64,
    /// Records that went.
    pub count: u64,
}

impl Ledger {
    /// Tombstone, durable checkpoint, keys, bytes. No record is taken in between `complete`, tombstone and keys: it would be sealed under a
    /// key that is about to go, and no tombstone would say so.
    pub(super) fn carry_out(
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

    /// Nothing is added to the segments that are there now: what is planned about a whole segment stays true.
    pub(super) fn end_open_segments(&self) -> Result<(), GovernanceError> {
        Ok(self.while_quiet(|| ())?)
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

    /// Calls `each` with every entry of a segment that is stored, and whom its body is about.
    pub(super) fn each_in(&self, name: SegmentName, mut each: impl FnMut(&Entry, &[SubjectId])) -> Result<(), GovernanceError> {
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

pub(super) fn empty_tombstone() -> Tombstone {
    let responsible = Responsible { requested_by: String::new(), approved_by: String::new(), reason: String::new() };
    Tombstone { policy: None, class: None, segments: Vec::new(), ranges: Vec::new(), subjects: Vec::new(), count: 0, responsible }
}

/// Sorted numbers as ranges with both ends included.
pub(super) fn ranges(mut seqs: Vec<u64>) -> Vec<(u64, u64)> {
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
